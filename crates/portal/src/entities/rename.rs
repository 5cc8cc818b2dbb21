//! Giving an entity another identifier. It stays the same thing, with the same uid; relations that were written
//! through Port follow it, and what documents say of the old name stays what they say.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_model::face::IDENTIFIER_ANNOTATION;
use stagedoor_model::json::set;
use stagedoor_model::{EntityRecord, EntityRef, JsonText};
use stagedoor_query::{BlueprintEntry, NodeId};

use super::draft::taken;
use crate::error::PortalError;
use crate::writer::Draft;

/// What becomes of a relation's target, by blueprint and identifier: it stays (`None`), goes (`Some(None)`) or has
/// another identifier.
pub(super) type Rewrite<'f> = &'f dyn Fn(&str, &str) -> Option<Option<&'f str>>;

impl Draft {
    /// Whether an entity may get another identifier.
    ///
    /// # Errors
    /// `identifier_taken`; `protected_entity` for an entity whose name its source or Backstage gives it.
    pub(super) fn may_rename(
        &self,
        record: &EntityRecord,
        entry: &BlueprintEntry,
        to: &str,
    ) -> Result<(), PortalError> {
        let refused = |message: String, details: Option<Value>| {
            Err(PortalError::Invalid { code: "protected_entity", message, details })
        };
        if let Some(claim) = &record.claim {
            let text = format!(
                "\"{}\" is named by its source {} (line {}); rename it there",
                record.identifier, claim.item, claim.line
            );
            return refused(
                text,
                Some(json!({ "source": claim.source, "item": claim.item, "field": "identifier" })),
            );
        }
        if entry.face.shipped {
            let text = format!(
                "\"{}\" is a Backstage reference, which an entity keeps; create \"{to}\" and delete this one",
                record.identifier
            );
            return refused(text, None);
        }
        if self.catalog.node_of_key(&entry.blueprint.identifier, to).is_some() {
            return Err(taken(&entry.blueprint, to));
        }
        Ok(())
    }

    /// Writes another identifier into a record: its reference, its document's name and its relations to itself follow.
    pub(super) fn rename_record(&self, record: &mut EntityRecord, entry: &BlueprintEntry, to: &str) {
        let (blueprint, from) = (&record.blueprint, &record.identifier);
        let own = self.rewritten(record, &|b, id| (b == blueprint && id == from).then_some(Some(to)));
        if let Some(own) = own {
            *record = own;
        }
        record.entity_ref = self.catalog.reference_for(&entry.face, record.uid, to).into();
        record.identifier = to.to_owned().into();
        let Some(document) = &record.document else { return };
        let mut document = document.value();
        let plain = entry.face.reference_of(to).is_some_and(|r| r == record.entity_ref);
        let (namespace, name) = if plain {
            let (namespace, name) = to.split_once('/').unwrap_or(("default", to));
            (namespace.to_owned(), name.to_owned())
        } else {
            let shown = EntityRef::parse(&record.entity_ref, None, "default");
            shown.map_or_else(|_| ("default".to_owned(), to.to_owned()), |r| (r.namespace, r.name))
        };
        set(&mut document, "metadata.name", Some(name.into()));
        set(&mut document, "metadata.namespace", Some(namespace.into()));
        note_identifier(&mut document, (!plain).then_some(to));
        record.document = Some(JsonText::of(&document));
    }

    /// The entities whose relations name an entity, as its contributors wrote them.
    pub(super) fn pointing_at(&self, node: NodeId) -> Vec<NodeId> {
        let mut seen = HashSet::new();
        let relations = self.catalog.relations(node);
        let others = relations.iter().filter(|r| r.emitted_by_other && r.other != node).map(|r| r.other);
        others.filter(|other| seen.insert(*other)).collect()
    }

    /// Lets relations that were written through Port follow an entity to its other identifier.
    pub(super) fn retarget(&mut self, sources: &[NodeId], blueprint: &str, from: &str, to: &str) {
        self.rewrite_relations(sources, &|b, id| (b == blueprint && id == from).then_some(Some(to)));
    }

    /// Writes relations of entities anew: see [`Draft::rewritten`].
    pub(super) fn rewrite_relations(&mut self, sources: &[NodeId], change: Rewrite<'_>) {
        for source in sources {
            let Some(record) = self.catalog.entity(*source).map(|e| Arc::clone(&e.record)) else { continue };
            if let Some(changed) = self.rewritten(&record, change) {
                self.put_if_changed(changed);
            }
        }
    }

    /// A record whose contributed relations name other targets, or fewer. `None` when nothing of it changes.
    fn rewritten(&self, source: &EntityRecord, change: Rewrite<'_>) -> Option<EntityRecord> {
        let relations = &self.catalog.blueprints().get(&source.blueprint)?.blueprint.relations;
        let mut fields = source.contributed();
        let mut changed = false;
        for (key, value) in &mut fields.relations {
            let Some(relation) = relations.get(key) else { continue };
            let mut replace = |id: &mut Value| {
                let to = id.as_str().and_then(|id| change(&relation.target, id));
                changed |= to.is_some();
                if let Some(to) = to {
                    *id = to.map_or(Value::Null, Value::from);
                }
            };
            match value {
                Value::Array(ids) => {
                    ids.iter_mut().for_each(replace);
                    ids.retain(|id| !id.is_null());
                }
                one => replace(one),
            }
        }
        changed.then(|| EntityRecord { fields: Some(fields.to_json()), ..source.clone() })
    }
}

/// Backstage shows an identifier that is no name of its own as an annotation.
fn note_identifier(document: &mut Value, identifier: Option<&str>) {
    let Some(metadata) = document.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    match (metadata.get_mut("annotations").and_then(Value::as_object_mut), identifier) {
        (Some(annotations), Some(identifier)) => {
            annotations.insert(IDENTIFIER_ANNOTATION.to_owned(), identifier.into());
        }
        (Some(annotations), None) => drop(annotations.shift_remove(IDENTIFIER_ANNOTATION)),
        (None, Some(identifier)) => {
            metadata.insert("annotations".into(), json!({ IDENTIFIER_ANNOTATION: identifier }));
        }
        (None, None) => {}
    }
}
