//! Removing entities.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_model::{Change, EntityRecord};
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
        for node in doomed {
            self.remove_entity(node);
        }
        Ok(())
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
        let mut at = 0;
        while let Some(node) = doomed.get(at).copied() {
            at += 1;
            self.refuse_claimed(node)?;
            for dependent in self.requiring(node) {
                if doomed.contains(&dependent) {
                    continue;
                }
                if !allowed {
                    let text = format!(
                        "entity has_dependents: \"{}\" requires it; delete that one first or set delete_dependents",
                        self.catalog.identifier_at(dependent)
                    );
                    return Err(PortalError::refused("has_dependents", text));
                }
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

    /// Entities with a required relation, written through Port, to a node.
    fn requiring(&self, node: NodeId) -> Vec<NodeId> {
        let sources =
            self.catalog.relations(node).into_iter().filter(|r| r.emitted_by_other).map(|r| r.other);
        sources.filter(|s| self.requires(*s, node)).collect()
    }

    fn requires(&self, source: NodeId, target: NodeId) -> bool {
        let Some(entity) = self.catalog.entity(source) else { return false };
        let Some(entry) = self.catalog.blueprint_of(entity) else { return false };
        let required = entry.blueprint.relations.iter().filter(|(_, r)| r.required);
        let names =
            required.filter_map(|(key, _)| entry.face.relations.get(key)).map(|r| r.relation.as_str());
        let names: Vec<&str> = names.collect();
        self.catalog
            .relations(source)
            .iter()
            .any(|r| !r.emitted_by_other && r.other == target && names.contains(&r.name))
    }

    /// Removes the entity at a node, and nulls relations that were written through Port and point at it.
    pub(crate) fn remove_entity(&mut self, node: NodeId) {
        let Some(record) = self.catalog.entity(node).map(|e| Arc::clone(&e.record)) else { return };
        for relation in self
            .catalog
            .relations(node)
            .iter()
            .filter(|r| r.emitted_by_other)
            .map(|r| r.other)
            .collect::<Vec<_>>()
        {
            let Some(source) = self.catalog.entity(relation).map(|e| Arc::clone(&e.record)) else { continue };
            if let Some(without) = self.without_target(&source, &record) {
                self.put_if_changed(without);
            }
        }
        self.put(Change::DeleteEntity(record.uid));
    }

    fn without_target(&self, source: &EntityRecord, target: &EntityRecord) -> Option<EntityRecord> {
        let blueprint = Arc::clone(&self.catalog.blueprints().get(&source.blueprint)?.blueprint);
        let mut fields = source.contributed();
        let mut changed = false;
        for (key, value) in &mut fields.relations {
            if blueprint.relations.get(key).is_none_or(|r| r.target != target.blueprint) {
                continue;
            }
            match value {
                Value::String(id) if *id == target.identifier => {
                    *value = Value::Null;
                    changed = true;
                }
                Value::Array(ids) => {
                    let before = ids.len();
                    ids.retain(|id| id.as_str() != Some(&target.identifier));
                    changed |= ids.len() != before;
                }
                _ => {}
            }
        }
        changed.then(|| EntityRecord { fields: Some(fields.to_json()), ..source.clone() })
    }
}
