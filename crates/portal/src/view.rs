//! The one way to entities: a snapshot seen by a viewer.

use std::sync::Arc;

use stagedoor_auth::{Rights, Viewer};
use stagedoor_model::{EntityRef, Revision};
use stagedoor_query::dialect::port::Caller;
use stagedoor_query::graph::{Around, Neighbourhood, Step};
use stagedoor_query::page::Selection;
use stagedoor_query::standing::Standing;
use stagedoor_query::{Blueprints, Catalog, Entity, Expr, NodeId, Relation, Subject};
use uuid::Uuid;

use crate::problems::{Problem, Problems};

/// Which entities a dialect shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    Everything,
    /// Those of blueprints that have a Backstage face.
    Backstage,
}

/// A consistent snapshot as one viewer may see it. Cheap to make; do not hold one across a write to a socket.
#[derive(Clone)]
pub struct View {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) problems: Arc<Problems>,
    viewer: Viewer,
    rights: Rights,
}

impl View {
    pub(crate) fn new(
        catalog: Arc<Catalog>,
        problems: Arc<Problems>,
        viewer: Viewer,
        rights: Rights,
    ) -> Self {
        Self { catalog, problems, viewer, rights }
    }

    /// The same eyes on another state.
    pub(crate) fn over(&self, catalog: Arc<Catalog>) -> Self {
        Self { catalog, ..self.clone() }
    }

    /// Who looks.
    #[must_use]
    pub fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// What the viewer may do, by this snapshot.
    #[must_use]
    pub fn rights(&self) -> &Rights {
        &self.rights
    }

    /// What rules with a context compare with.
    #[must_use]
    pub fn caller(&self) -> Caller<'_> {
        Caller::new(&self.catalog, self.viewer.email())
            .in_teams(|| self.rights.teams().map(str::to_owned).collect())
    }

    /// The commit that the snapshot shows.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.catalog.revision
    }

    /// The blueprints, with their faces.
    #[must_use]
    pub fn blueprints(&self) -> &Blueprints {
        self.catalog.blueprints()
    }

    /// Number of entities of a blueprint.
    #[must_use]
    pub fn count(&self, blueprint: &str) -> u64 {
        self.catalog.count(blueprint)
    }

    /// The entity at a node, if there is one that the viewer may see.
    #[must_use]
    pub fn entity(&self, node: NodeId) -> Option<&Arc<Entity>> {
        self.catalog.entity(node)
    }

    /// The entity of a lower-case reference.
    #[must_use]
    pub fn by_ref(&self, reference: &str) -> Option<NodeId> {
        self.catalog.node_of_ref(reference).filter(|n| self.entity(*n).is_some())
    }

    /// The entity of kind, namespace and name, in any case.
    #[must_use]
    pub fn by_name(&self, kind: &str, namespace: &str, name: &str) -> Option<NodeId> {
        let reference = EntityRef { kind: kind.into(), namespace: namespace.into(), name: name.into() };
        self.by_ref(&reference.key())
    }

    /// The entity of a uid.
    #[must_use]
    pub fn by_uid(&self, uid: &str) -> Option<NodeId> {
        self.catalog.node_of_uid(Uuid::parse_str(uid).ok()?)
    }

    /// The entity of a blueprint and an exact identifier.
    #[must_use]
    pub fn by_key(&self, blueprint: &str, identifier: &str) -> Option<NodeId> {
        self.catalog.node_of_key(blueprint, &crate::people::key(blueprint, identifier))
    }

    /// The entities that satisfy a query.
    #[must_use]
    pub fn select(&self, expr: &Expr, scope: Scope) -> Selection<'_> {
        self.catalog.select(expr, scope == Scope::Backstage)
    }

    /// Whether Backstage's dialect shows the entity at a node.
    #[must_use]
    pub fn in_backstage(&self, node: NodeId) -> bool {
        self.catalog.is_visible(node)
    }

    /// Relations in both directions, sorted as Backstage answers them. Other ends may dangle.
    #[must_use]
    pub fn relations(&self, node: NodeId) -> Vec<Relation<'_>> {
        self.catalog.relations_sorted(node)
    }

    /// What is around a node, both ends of every edge included.
    #[must_use]
    pub fn around(&self, around: &Around) -> Neighbourhood<'_> {
        self.catalog.around(around)
    }

    /// The nodes after each step of a path of relations; the last are its ends.
    #[must_use]
    pub fn follow(&self, node: NodeId, steps: &[Step]) -> Vec<Vec<NodeId>> {
        self.catalog.follow_path(node, steps)
    }

    /// The node of a lower-case reference that is an entity or that something points at.
    #[must_use]
    pub fn pointed_at(&self, reference: &str) -> Option<NodeId> {
        let at = |reference: &str| {
            self.catalog.node_of_ref(reference).filter(|node| self.catalog.is_in_graph(*node))
        };
        // What Backstage does not show is answered without its mark.
        at(reference).or_else(|| at(&format!("!{reference}")))
    }

    /// The same by blueprint and exact identifier.
    #[must_use]
    pub fn pointed_at_key(&self, blueprint: &str, identifier: &str) -> Option<NodeId> {
        self.catalog.node_pointed_at(blueprint, identifier)
    }

    /// Whether a relation of this type or Port key is used or declared anywhere.
    #[must_use]
    pub fn knows_relation(&self, name: &str) -> bool {
        self.catalog.knows_relation(name)
    }

    /// The lower-case reference a node stands for.
    #[must_use]
    pub fn reference(&self, node: NodeId) -> &str {
        self.catalog.reference(node)
    }

    /// The Port identifier of what is, or would be, at a node.
    #[must_use]
    pub fn identifier(&self, node: NodeId) -> String {
        self.catalog.identifier_at(node).into_owned()
    }

    /// The title as Port shows it.
    #[must_use]
    pub fn title(&self, node: NodeId) -> Option<String> {
        self.catalog.title(node)
    }

    /// The levels of a scorecard with who is there, or what one of its rules says of whom.
    #[must_use]
    pub fn standing(&self, subject: &Subject) -> Vec<Standing> {
        self.catalog.standing_of(subject)
    }

    /// Owning teams.
    #[must_use]
    pub fn teams(&self, node: NodeId) -> Vec<String> {
        self.catalog.teams(node)
    }

    /// What is wrong with the source of an entity, by its lower-case reference.
    #[must_use]
    pub fn problems(&self, reference: &str) -> &[Problem] {
        self.problems.of(reference)
    }
}

impl View {
    /// How many links there are between entities of two blueprints, by the relation that states them:
    /// (from, relation key, to, count). Every link is counted where its emitter's own content states it.
    #[must_use]
    pub fn model_edges(&self) -> Vec<(String, String, String, u64)> {
        let mut counts: std::collections::HashMap<(&str, &str, &str), u64> = std::collections::HashMap::new();
        for (node, entity) in self.catalog.entities() {
            let Some(entry) = self.catalog.blueprint_of(entity) else { continue };
            for edge in self.catalog.relations(node).iter().filter(|r| !r.emitted_by_other) {
                let kind = stagedoor_model::entity_ref::kind_of(self.reference(edge.other));
                let key = entry
                    .face
                    .relations
                    .iter()
                    .find(|(_, r)| r.relation == edge.name && r.target_kind == kind);
                if let Some((key, relation)) = key {
                    *counts.entry((&entity.record.blueprint, key, &relation.target)).or_default() += 1;
                }
            }
        }
        let owned = |((a, b, c), n): ((&str, &str, &str), u64)| (a.to_owned(), b.to_owned(), c.to_owned(), n);
        counts.into_iter().map(owned).collect()
    }

    /// Who points at a node: (blueprint, relation key or type, entity), for edges that the others' own content states.
    #[must_use]
    pub fn incoming_links(&self, node: NodeId) -> Vec<(String, String, NodeId)> {
        let kind = stagedoor_model::entity_ref::kind_of(self.reference(node)).to_owned();
        let mut links = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for back in self.catalog.relations(node).iter().filter(|r| r.emitted_by_other) {
            let Some(entity) = self.entity(back.other) else { continue };
            let Some(entry) = self.catalog.blueprint_of(entity) else { continue };
            for forward in
                self.catalog.relations(back.other).iter().filter(|r| !r.emitted_by_other && r.other == node)
            {
                let key = entry
                    .face
                    .relations
                    .iter()
                    .find(|(_, r)| r.relation == forward.name && r.target_kind == kind);
                let key = key.map_or(forward.name, |(key, _)| key.as_str());
                let link = (entity.record.blueprint.to_string(), key.to_owned(), back.other);
                if seen.insert(link.clone()) {
                    links.push(link);
                }
            }
        }
        links
    }
}
