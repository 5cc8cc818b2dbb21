//! Removing entities.

use std::collections::HashSet;
use std::sync::Arc;

use stagedoor_model::Change;
use stagedoor_query::NodeId;
use uuid::Uuid;

use super::draft::missing;
use crate::error::PortalError;
use crate::writer::Draft;

impl Draft {
    pub(super) fn delete_entity(
        &mut self,
        blueprint: &str,
        identifier: &str,
        dependents: bool,
    ) -> Result<(), PortalError> {
        let node =
            self.catalog.node_of_key(blueprint, identifier).ok_or_else(|| missing(blueprint, identifier))?;
        // Checked first as a whole: a refusal half-way would leave a part deleted.
        let doomed = self.with_dependents(node, dependents)?;
        // Those that need an entity go before it, so that none is written once more to lose a relation.
        for node in doomed.into_iter().rev() {
            self.remove_entity(node);
        }
        Ok(())
    }

    /// Removes what may be removed; the identifiers that are gone afterwards, in the order asked.
    pub(super) fn delete_entities(
        &mut self,
        blueprint: &str,
        identifiers: &[String],
        dependents: bool,
    ) -> Result<Vec<String>, PortalError> {
        if self.catalog.blueprints().get(blueprint).is_none() {
            return Err(crate::blueprints::no_blueprint(blueprint));
        }
        let mut asked: Vec<&String> = Vec::with_capacity(identifiers.len());
        for id in identifiers {
            if self.catalog.node_of_key(blueprint, id).is_some() && !asked.contains(&id) {
                asked.push(id);
            }
        }
        let mut left = asked.clone();
        loop {
            let before = left.len();
            left.retain(|id| self.delete_entity(blueprint, id, dependents).is_err());
            // Without dependents, what another one of the list needed may go once that one is gone.
            if dependents || left.is_empty() || left.len() == before {
                break;
            }
        }
        let gone = |id: &&String| self.catalog.node_of_key(blueprint, id).is_none();
        Ok(asked.into_iter().filter(gone).cloned().collect())
    }

    pub(super) fn delete_by_uid(&mut self, uid: &str) -> Result<(), PortalError> {
        let node = Uuid::parse_str(uid).ok().and_then(|uid| self.catalog.node_of_uid(uid));
        if let Some(node) = node
            && self.catalog.entity(node).is_some_and(|e| e.record.claim.is_none())
        {
            self.remove_entity(node);
        }
        Ok(())
    }

    /// The entity and, where allowed, everything that requires it, transitively.
    fn with_dependents(&self, node: NodeId, allowed: bool) -> Result<Vec<NodeId>, PortalError> {
        let mut doomed = vec![node];
        let mut known = HashSet::from([node]);
        let mut at = 0;
        while let Some(node) = doomed.get(at).copied() {
            at += 1;
            self.refuse_claimed(node)?;
            for dependent in self.pointing_at(node) {
                if known.contains(&dependent) || !self.requires(dependent, node) {
                    continue;
                }
                if !allowed {
                    let text = format!(
                        "entity has_dependents: \"{}\" requires it; delete that one first or set delete_dependents",
                        self.catalog.identifier_at(dependent)
                    );
                    return Err(PortalError::refused("has_dependents", text));
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

    /// Whether an entity has a required relation, by its own content, to another.
    fn requires(&self, source: NodeId, target: NodeId) -> bool {
        let Some(entity) = self.catalog.entity(source) else { return false };
        let Some(entry) = self.catalog.blueprint_of(entity) else { return false };
        let required = entry.blueprint.relations.iter().filter(|(_, r)| r.required);
        let names =
            required.filter_map(|(key, _)| entry.face.relations.get(key)).map(|r| r.relation.as_str());
        let names: Vec<&str> = names.collect();
        !names.is_empty()
            && self
                .catalog
                .relations(source)
                .iter()
                .any(|r| !r.emitted_by_other && r.other == target && names.contains(&r.name))
    }

    /// Removes the entity at a node, and nulls relations that were written through Port and point at it.
    pub(crate) fn remove_entity(&mut self, node: NodeId) {
        let Some(record) = self.catalog.entity(node).map(|e| Arc::clone(&e.record)) else { return };
        let sources = self.pointing_at(node);
        self.retarget(&sources, &record.blueprint, &record.identifier, None);
        self.put(Change::DeleteEntity(record.uid));
    }
}
