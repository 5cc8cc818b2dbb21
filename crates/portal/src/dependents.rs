//! What deleting an entity would do, told before anybody does it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use stagedoor_auth::{Action, Viewer};
use stagedoor_model::Claim;
use stagedoor_query::{Catalog, NodeId};

use crate::entities::requires;
use crate::error::PortalError;
use crate::{Portal, View};

/// What becomes of a relation when its target is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is required: the deletion is refused, or goes on to the entity that has it.
    Required,
    /// It was written through Port: it becomes null, or loses the target.
    Nulled,
    /// A document states it: it stays, and leads to nothing.
    Dangling,
}

/// Relations of one kind that lead to the entity.
#[derive(Clone, Debug)]
pub struct Pointing {
    /// Of entities of this blueprint,
    pub blueprint: String,
    /// by this relation: its key, or its type where the blueprint has no such relation.
    pub relation: String,
    /// What becomes of them.
    pub fate: Fate,
    /// Whose they are.
    pub nodes: Vec<NodeId>,
}

/// What deleting an entity would do.
#[derive(Clone, Debug)]
pub struct Dependents {
    /// Why the viewer may not delete it.
    pub forbidden: Option<String>,
    /// The claim of its source: it cannot be deleted while that states it.
    pub claim: Option<Claim>,
    /// Relations that lead here, as far as the viewer sees them.
    pub pointing: Vec<Pointing>,
    /// What would be deleted with it, where that is asked for.
    pub with_it: Vec<NodeId>,
    /// Why it cannot be deleted even together with what requires it.
    pub blocked: Option<String>,
}

impl Portal {
    /// What deleting an entity would do, as far as the viewer may know.
    ///
    /// # Errors
    /// When there is no such entity that the viewer may see.
    pub fn dependents(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        identifier: &str,
    ) -> Result<(View, Dependents), PortalError> {
        let view = self.view(viewer)?;
        let missing = || PortalError::NotFound(format!("there is no {blueprint} \"{identifier}\""));
        let node = view.by_key(blueprint, identifier).ok_or_else(missing)?;
        let entity = Arc::clone(view.entity(node).ok_or_else(missing)?);
        let could = |node| self.could_with(&view, Action::UnregisterEntity, node);
        let forbidden = could(node).and_then(Result::err).map(|denied| denied.to_string());
        let with_it = requiring(&view.catalog, node);
        let blocked = match forbidden {
            // Whoever may not delete it anyway learns nothing of what is hidden.
            Some(_) => None,
            None => blocked(self, &view, node, &with_it),
        };
        let found = Dependents {
            forbidden,
            claim: entity.record.claim.clone(),
            pointing: pointing(&view, node, &entity.record.identifier),
            with_it,
            blocked,
        };
        Ok((view, found))
    }
}

fn pointing(view: &View, node: NodeId, identifier: &str) -> Vec<Pointing> {
    let mut groups: BTreeMap<(String, String, Fate), Vec<NodeId>> = BTreeMap::new();
    for (blueprint, relation, other) in view.incoming_links(node) {
        if other == node {
            continue;
        }
        let Some(entity) = view.entity(other) else { continue };
        let is_required = view
            .blueprints()
            .get(&blueprint)
            .and_then(|entry| entry.blueprint.relations.get(&relation))
            .is_some_and(|relation| relation.required);
        let contributed = entity.record.contributed().relations;
        let names = |value: &serde_json::Value| {
            value == identifier || value.as_array().is_some_and(|all| all.iter().any(|one| one == identifier))
        };
        let fate = match (is_required, contributed.get(&relation).is_some_and(names)) {
            (true, _) => Fate::Required,
            (false, true) => Fate::Nulled,
            (false, false) => Fate::Dangling,
        };
        groups.entry((blueprint, relation, fate)).or_default().push(other);
    }
    let group = |((blueprint, relation, fate), nodes)| Pointing { blueprint, relation, fate, nodes };
    groups.into_iter().map(group).collect()
}

/// Everything that requires an entity, directly or not.
fn requiring(catalog: &Catalog, node: NodeId) -> Vec<NodeId> {
    let (mut found, mut known, mut at) = (vec![node], HashSet::from([node]), 0);
    while let Some(target) = found.get(at).copied() {
        at += 1;
        for relation in catalog.relations(target).into_iter().filter(|r| r.emitted_by_other) {
            let other = relation.other;
            if !known.contains(&other) && requires(catalog, other, target) {
                known.insert(other);
                found.push(other);
            }
        }
    }
    found.remove(0);
    found
}

fn blocked(portal: &Portal, view: &View, node: NodeId, with_it: &[NodeId]) -> Option<String> {
    let whole = portal.shared.catalog.load();
    if whole.revision == view.revision() && requiring(&whole, node).len() > with_it.len() {
        return Some("an entity that you may not see requires it".to_owned());
    }
    for node in with_it {
        let entity = view.entity(*node)?;
        if let Some(claim) = &entity.record.claim {
            let identifier = &entity.record.identifier;
            return Some(format!("\"{identifier}\" requires it and belongs to its source {}", claim.item));
        }
        if let Some(Err(denied)) = portal.could_with(view, Action::UnregisterEntity, *node) {
            return Some(denied.to_string());
        }
    }
    None
}
