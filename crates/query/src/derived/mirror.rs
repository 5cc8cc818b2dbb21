//! Mirrors: values of other entities, and how a value of an entity is read by name.

use serde_json::{Value, json};
use stagedoor_model::json as text;

use super::definition::{Last, Mirror, What};
use super::state::{Part, Reads};
use crate::catalog::{Catalog, Entity, NodeId};
use crate::expr::Meta;

impl Catalog {
    /// The value at the end of a mirror's path. Over a list: an array of the values of all, each entity once, nulls
    /// left out, arrays spread.
    pub(super) fn mirror(&self, node: NodeId, mirror: &Mirror, reads: &mut Reads) -> Value {
        let ends = self.at_end(node, &mirror.hops, reads);
        if !mirror.many {
            return ends.first().map_or(Value::Null, |end| self.read(*end, &mirror.last, reads));
        }
        let mut values = Vec::new();
        for end in ends {
            match self.read(end, &mirror.last, reads) {
                Value::Null => {}
                Value::Array(list) => values.extend(list.into_iter().filter(|v| !v.is_null())),
                value => values.push(value),
            }
        }
        Value::Array(values)
    }

    pub(super) fn prepare_mirrors(&self, nodes: &[NodeId], mirror: &Mirror) {
        let Last::Derived(key) = &mirror.last else { return };
        let reads = &mut Reads::none();
        let mut ends: Vec<NodeId> =
            nodes.iter().flat_map(|node| self.at_end(*node, &mirror.hops, reads)).collect();
        ends.sort_unstable();
        ends.dedup();
        self.prepare(&ends, key);
    }

    /// A value of an entity in Port's form, null where there is none.
    pub(super) fn read(&self, node: NodeId, last: &Last, reads: &mut Reads) -> Value {
        reads.note(node, Part::Content);
        let Some(entity) = self.entity(node) else { return Value::Null };
        match last {
            Last::Property(key) => self.stored(entity, key).unwrap_or(Value::Null),
            Last::Meta(Meta::Team) => self.owners(node, reads).into(),
            Last::Meta(meta) => self.meta_values(node, *meta).into_iter().next().unwrap_or(Value::Null),
            Last::Derived(key) => {
                let Some(entry) = self.entry(node, key) else { return Value::Null };
                reads.extend(&entry);
                entry.value.clone()
            }
        }
    }

    /// One property as it is stored, read without taking the document apart.
    fn stored(&self, entity: &Entity, key: &str) -> Option<Value> {
        let record = &entity.record;
        let contributed = || {
            let value = text::member(record.fields.as_ref()?.as_str(), ["properties", key])?;
            serde_json::from_str::<Value>(value).ok()
        };
        if record.document.is_none() {
            return contributed();
        }
        let entry = self.blueprint_of(entity)?;
        let stated = || {
            let path = entry.face.properties.get(key)?;
            let value = text::member(entity.document.as_str(), path.split('.'))?;
            let value = serde_json::from_str::<Value>(value).ok()?;
            let fits = entry.blueprint.properties.get(key)?.kind.accepts(&value);
            Some(if fits { value } else { Value::Null })
        };
        stated().or_else(contributed)
    }

    /// A mirror of titles with the identifiers beside them: `{identifier, title}`, or a list of them. `None` when
    /// the property is no such mirror.
    #[must_use]
    pub fn mirrored_titles(&self, node: NodeId, key: &str) -> Option<Value> {
        let What::Mirror(mirror) = &self.definition(node, key)?.what else { return None };
        if mirror.last != Last::Meta(Meta::Title) {
            return None;
        }
        let ends = self.at_end(node, &mirror.hops, &mut Reads::none());
        let mut titled = ends
            .into_iter()
            .map(|end| json!({ "identifier": self.identifier_at(end), "title": self.title(end) }));
        Some(if mirror.many { titled.collect() } else { titled.next().unwrap_or(Value::Null) })
    }
}
