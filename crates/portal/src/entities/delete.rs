//! Removing entities.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexSet;
use stagedoor_model::{Change, EntityRecord};
use stagedoor_query::{Catalog, NodeId};
use uuid::Uuid;

use super::draft::missing;
use crate::error::PortalError;
use crate::people::key;
use crate::rights::Judge;
use crate::writer::Draft;

impl Draft {
    pub(crate) fn delete_entity(
        &mut self,
        blueprint: &str,
        identifier: &str,
        dependents: bool,
        judge: &Judge,
    ) -> Result<(), PortalError> {
        let node = self.catalog.node_of_key(blueprint, &key(blueprint, identifier));
        let node = node.ok_or_else(|| missing(blueprint, identifier))?;
        // Checked first as a whole: a refusal half-way would leave a part deleted.
        let doomed = self.with_dependents(node, dependents, judge)?;
        self.keep_an_administrator_of(&doomed)?;
        self.remove_entities(&doomed);
        Ok(())
    }

    /// Removes what may be removed; the identifiers that are gone afterwards, in the order asked.
    pub(super) fn delete_entities(
        &mut self,
        blueprint: &str,
        identifiers: &[String],
        dependents: bool,
        judge: &Judge,
    ) -> Result<Vec<String>, PortalError> {
        if self.catalog.blueprints().get(blueprint).is_none() {
            return Err(crate::blueprints::no_blueprint(blueprint));
        }
        let mut seen = HashSet::new();
        let asked: Vec<String> = identifiers.iter().filter(|id| seen.insert(id.as_str())).cloned().collect();
        let refused: HashSet<String> =
            self.delete_all(blueprint, &asked, dependents, judge).into_iter().map(|(id, _)| id).collect();
        Ok(asked.into_iter().filter(|id| !refused.contains(id)).collect())
    }

    /// Removes entities of a blueprint together: what only others of them require may go. Answers those that may
    /// not, and why.
    pub(crate) fn delete_all(
        &mut self,
        blueprint: &str,
        identifiers: &[String],
        dependents: bool,
        judge: &Judge,
    ) -> Vec<(String, PortalError)> {
        let mut refused = Vec::new();
        let mut doomed = IndexSet::new();
        for id in identifiers {
            let node = self.catalog.node_of_key(blueprint, &key(blueprint, id));
            let node = node.ok_or_else(|| missing(blueprint, id));
            let checked = node.and_then(|node| match dependents {
                true if doomed.contains(&node) => Ok(Vec::new()),
                true => self.with_dependents(node, true, judge),
                false => {
                    judge.unregister(self, node)?;
                    self.refuse_claimed(node).map(|()| vec![node])
                }
            });
            match checked {
                Ok(nodes) => doomed.extend(nodes),
                Err(error) => refused.push((id.clone(), error)),
            }
        }
        self.spare_an_administrator(&mut doomed, &mut refused);
        if !dependents {
            self.keep_required(&mut doomed, &mut refused, judge);
        }
        self.remove_entities(&doomed.into_iter().collect::<Vec<_>>());
        refused
    }

    /// Takes out of a set what entities outside of it require, and then what those that were taken out require.
    fn keep_required(
        &self,
        doomed: &mut IndexSet<NodeId>,
        refused: &mut Vec<(String, PortalError)>,
        judge: &Judge,
    ) {
        let outside = |node: NodeId| {
            let mut others = self.pointing_at(node).into_iter();
            others.find(|other| !doomed.contains(other) && self.requires(*other, node))
        };
        let mut kept: Vec<_> = doomed.iter().filter_map(|n| Some((*n, outside(*n)?))).collect();
        while let Some((node, dependent)) = kept.pop() {
            if !doomed.swap_remove(&node) {
                continue;
            }
            let identifier = self.catalog.identifier_at(node).into_owned();
            refused.push((identifier, self.has_dependents(dependent, judge)));
            let own = self.catalog.relations(node).into_iter().filter(|r| !r.emitted_by_other);
            let needed = own.map(|r| r.other).filter(|n| doomed.contains(n) && self.requires(node, *n));
            kept.extend(needed.map(|n| (n, node)));
        }
    }

    fn has_dependents(&self, dependent: NodeId, judge: &Judge) -> PortalError {
        let which = match judge.sees(self, dependent) {
            true => format!("\"{}\"", self.catalog.identifier_at(dependent)),
            false => "an entity that you may not see".to_owned(),
        };
        let text = format!(
            "entity has_dependents: {which} requires it; delete that one first or set delete_dependents"
        );
        PortalError::refused("has_dependents", text)
    }

    pub(super) fn delete_by_uid(&mut self, uid: &str, judge: &Judge) -> Result<(), PortalError> {
        let node = Uuid::parse_str(uid).ok().and_then(|uid| self.catalog.node_of_uid(uid));
        if let Some(node) = node
            && judge.sees(self, node)
        {
            judge.unregister(self, node)?;
            if self.catalog.entity(node).is_some_and(|e| e.record.claim.is_some()) {
                return Ok(());
            }
            self.keep_an_administrator_of(&[node])?;
            self.remove_entity(node);
        }
        Ok(())
    }

    /// The entity and, where allowed, everything that requires it, transitively.
    fn with_dependents(
        &self,
        node: NodeId,
        allowed: bool,
        judge: &Judge,
    ) -> Result<Vec<NodeId>, PortalError> {
        let mut doomed = vec![node];
        let mut known = HashSet::from([node]);
        let mut at = 0;
        while let Some(node) = doomed.get(at).copied() {
            at += 1;
            judge.unregister(self, node).map_err(|error| match at {
                1 => error,
                // Not by its name: it may be one that the asker may not see.
                _ => PortalError::Forbidden("you may not delete all entities that require it".into()),
            })?;
            self.refuse_claimed(node)?;
            for dependent in self.pointing_at(node) {
                if known.contains(&dependent) || !self.requires(dependent, node) {
                    continue;
                }
                if !allowed {
                    return Err(self.has_dependents(dependent, judge));
                }
                known.insert(dependent);
                doomed.push(dependent);
            }
        }
        Ok(doomed)
    }

    fn refuse_claimed(&self, node: NodeId) -> Result<(), PortalError> {
        let Some(record) = self.catalog.entity(node).map(|e| &e.record) else { return Ok(()) };
        let Some(claim) = &record.claim else { return Ok(()) };
        Err(PortalError::Invalid {
            code: "protected_entity",
            message: format!(
                "\"{}\" belongs to its source {} (line {}); remove it there",
                record.identifier, claim.item, claim.line
            ),
            details: Some(serde_json::json!({ "source": claim.source, "item": claim.item })),
        })
    }

    fn requires(&self, source: NodeId, target: NodeId) -> bool {
        requires(&self.catalog, source, target)
    }

    /// Removes the entity at a node, and nulls relations that were written through Port and point at it.
    pub(crate) fn remove_entity(&mut self, node: NodeId) {
        self.remove_entities(&[node]);
    }

    /// As [`Draft::remove_entity`], of many: one that points at several of them is written once.
    pub(crate) fn remove_entities(&mut self, nodes: &[NodeId]) {
        let record = |n: &NodeId| self.catalog.entity(*n).map(|e| Arc::clone(&e.record));
        let records: Vec<Arc<EntityRecord>> = nodes.iter().filter_map(record).collect();
        let mut known: HashSet<NodeId> = nodes.iter().copied().collect();
        let mut sources: Vec<NodeId> = nodes.iter().flat_map(|n| self.pointing_at(*n)).collect();
        sources.retain(|source| known.insert(*source));
        let gone: HashSet<(&str, &str)> =
            records.iter().map(|r| (r.blueprint.as_str(), r.identifier.as_str())).collect();
        self.rewrite_relations(&sources, &|b, id| gone.contains(&(b, id)).then_some(None));
        for record in &records {
            self.put(Change::DeleteEntity(record.uid));
            self.team_is_gone(record);
        }
    }
}

/// Whether an entity has a required relation, by its own content, to another.
pub(crate) fn requires(catalog: &Catalog, source: NodeId, target: NodeId) -> bool {
    let Some(entity) = catalog.entity(source) else { return false };
    let Some(entry) = catalog.blueprint_of(entity) else { return false };
    let required = entry.blueprint.relations.iter().filter(|(_, r)| r.required);
    let names = required.filter_map(|(key, _)| entry.face.relations.get(key)).map(|r| r.relation.as_str());
    let names: Vec<&str> = names.collect();
    let is_such = |r: &stagedoor_query::Relation<'_>| {
        !r.emitted_by_other && r.other == target && names.contains(&r.name)
    };
    !names.is_empty() && catalog.relations(source).iter().any(is_such)
}
