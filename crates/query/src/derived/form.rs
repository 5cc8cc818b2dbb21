//! An entity in Port's form, as far as it is stored.

use serde_json::{Map, Value, json};

use super::state::{Part, Reads};
use crate::catalog::{Catalog, Entity, NodeId};

impl Catalog {
    /// Stored property values in Port's form. What stands under the key of a derived property is left out.
    #[must_use]
    pub fn stored_properties(&self, entity: &Entity) -> Map<String, Value> {
        let Some(entry) = self.blueprint_of(entity) else { return Map::new() };
        let contributed = entity.record.contributed().properties;
        let mut properties = match &entity.record.document {
            None => contributed,
            Some(_) => {
                let mut properties = entry.face.properties_of(&entity.document.value(), &entry.blueprint);
                for (key, value) in contributed {
                    properties.entry(key).or_insert(value);
                }
                properties
            }
        };
        if !entry.derived.is_empty() {
            properties.retain(|key, _| !entry.derived.has(key));
        }
        properties
    }

    /// What a calculation is told of an entity; derived properties are the caller's.
    pub(super) fn calculation_input(&self, node: NodeId, relations: bool, reads: &mut Reads) -> Value {
        reads.note(node, Part::Content);
        let Some(entity) = self.entity(node) else { return Value::Null };
        let (record, stamps) = (&entity.record, &entity.record.stamps);
        let relations = if relations { self.relation_values(node, reads) } else { Map::new() };
        json!({
            "identifier": record.identifier,
            "title": self.title(node),
            "icon": record.contributed().icon,
            "blueprint": record.blueprint,
            "team": self.owners(node, reads),
            "properties": self.stored_properties(entity),
            "relations": relations,
            "createdAt": stamps.created_at.to_string(),
            "createdBy": stamps.created_by,
            "updatedAt": stamps.updated_at.to_string(),
            "updatedBy": stamps.updated_by,
        })
    }

    /// Relations by exact identifier.
    fn relation_values(&self, node: NodeId, reads: &mut Reads) -> Map<String, Value> {
        let Some(entry) = self.entity(node).and_then(|e| self.blueprint_of(e)) else { return Map::new() };
        reads.note(node, Part::Incoming);
        let mut out = Map::new();
        for (key, relation) in &entry.face.relations {
            let mut ends = self.linked(node, relation);
            if !relation.many {
                ends.truncate(1);
            }
            ends.iter().for_each(|end| reads.note(*end, Part::Content));
            let mut ids = ends.into_iter().map(|end| Value::String(self.identifier_at(end).into_owned()));
            let value =
                if relation.many { Value::Array(ids.collect()) } else { ids.next().unwrap_or(Value::Null) };
            out.insert(key.clone(), value);
        }
        out
    }
}
