//! One entity as each dialect writes it.

use std::io::Write as _;

use serde_json::{Map, Value};
use stagedoor_query::{Entity, NodeId, Relation};

use crate::view::View;

impl View {
    /// The complete Backstage entity: document, `uid`, `etag`, relations of both directions, and
    /// `status` while its source has a problem. Empty when the node is no entity.
    #[must_use]
    pub fn backstage_text(&self, node: NodeId) -> String {
        let mut out = Vec::with_capacity(4096);
        self.append_backstage(node, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Appends what [`View::backstage_text`] gives, by splicing stored bytes: no tree is built.
    pub fn append_backstage(&self, node: NodeId, out: &mut Vec<u8>) {
        let Some(entity) = self.entity(node) else { return };
        let document = entity.document.as_str();
        let (head, tail) = document.split_at(entity.metadata_end());
        let relations = self.relations(node);
        out.extend_from_slice(head.as_bytes());
        let comma = if head.ends_with('{') { "" } else { "," };
        // Writing to memory cannot fail.
        let _ = write!(
            out,
            "{comma}\"uid\":\"{}\",\"etag\":\"{}\"",
            entity.record.uid,
            self.etag_of(entity, &relations)
        );
        out.extend_from_slice(tail.strip_suffix('}').unwrap_or(tail).as_bytes());
        self.append_relations(&relations, out);
        self.append_status(&entity.record.entity_ref, out);
        out.push(b'}');
    }

    /// The Backstage entity as a tree.
    #[must_use]
    pub fn backstage_value(&self, node: NodeId) -> Value {
        serde_json::from_str(&self.backstage_text(node)).unwrap_or(Value::Null)
    }

    /// Changes when anything that [`View::backstage_text`] shows changes, and only then.
    #[must_use]
    pub fn etag(&self, node: NodeId) -> String {
        self.entity(node).map(|e| self.etag_of(e, &self.relations(node))).unwrap_or_default()
    }

    fn etag_of(&self, entity: &Entity, relations: &[Relation<'_>]) -> String {
        let mut hash = Fnv::default();
        for relation in relations {
            hash.write(relation.name.as_bytes());
            hash.write(self.reference(relation.other).as_bytes());
        }
        for problem in self.problems(&entity.record.entity_ref) {
            hash.write(problem.message.as_bytes());
        }
        format!("{:016x}{:016x}", entity.document_hash(), hash.0)
    }

    fn append_relations(&self, relations: &[Relation<'_>], out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"relations\":[");
        let mut first = true;
        for relation in relations {
            let target = self.reference(relation.other);
            if target.starts_with('!') {
                continue;
            }
            out.extend_from_slice(if first { b"{\"type\":" } else { b",{\"type\":" });
            first = false;
            let _ = serde_json::to_writer(&mut *out, relation.name);
            out.extend_from_slice(b",\"targetRef\":");
            let _ = serde_json::to_writer(&mut *out, target);
            out.push(b'}');
        }
        out.push(b']');
    }

    fn append_status(&self, reference: &str, out: &mut Vec<u8>) {
        let problems = self.problems(reference);
        if problems.is_empty() {
            return;
        }
        let items: Vec<Value> = problems
            .iter()
            .map(|p| {
                serde_json::json!({
                    "type": "backstage.io/catalog-processing",
                    "level": p.level,
                    "message": format!("{}: {}", p.name, p.message),
                    "error": { "name": p.name, "message": p.message },
                })
            })
            .collect();
        let _ = write!(out, ",\"status\":{{\"items\":{}}}", Value::Array(items));
    }

    /// The entity in Port's form. Every declared relation is there (null or `[]` when unset); a declared
    /// property is there when something said it, null included.
    #[must_use]
    pub fn port_entity(&self, node: NodeId) -> Value {
        let Some(entity) = self.entity(node) else { return Value::Null };
        let record = &entity.record;
        let stamps = &record.stamps;
        let icon = record.contributed().icon;
        serde_json::json!({
            "identifier": record.identifier,
            "title": self.title(node),
            "icon": icon,
            "blueprint": record.blueprint,
            "team": self.teams(node),
            "properties": self.port_properties(entity),
            "relations": self.port_relations(node),
            "createdAt": stamps.created_at.to_string(),
            "createdBy": stamps.created_by,
            "updatedAt": stamps.updated_at.to_string(),
            "updatedBy": stamps.updated_by,
        })
    }

    /// Property values in Port's form.
    #[must_use]
    pub fn port_properties(&self, entity: &Entity) -> Map<String, Value> {
        let Some(entry) = self.catalog.blueprint_of(entity) else { return Map::new() };
        let contributed = entity.record.contributed().properties;
        if entity.record.document.is_none() {
            return contributed;
        }
        let mut properties = entry.face.properties_of(&entity.document.value(), &entry.blueprint);
        for (key, value) in contributed {
            properties.entry(key).or_insert(value);
        }
        properties
    }

    /// Relation values in Port's form, by exact identifier.
    #[must_use]
    pub fn port_relations(&self, node: NodeId) -> Map<String, Value> {
        let mut out = Map::new();
        for (key, many, nodes) in self.port_links(node) {
            let mut ids = nodes.into_iter().map(|n| Value::String(self.identifier(n)));
            let value = if many { Value::Array(ids.collect()) } else { ids.next().unwrap_or(Value::Null) };
            out.insert(key, value);
        }
        out
    }

    /// The Port relations of an entity: key, whether it is a list, and the other ends.
    #[must_use]
    pub fn port_links(&self, node: NodeId) -> Vec<(String, bool, Vec<NodeId>)> {
        let Some(entry) = self.entity(node).and_then(|e| self.catalog.blueprint_of(e)) else {
            return Vec::new();
        };
        let all = self.catalog.relations(node);
        let of = |relation: &stagedoor_model::face::RelationFace| {
            let fits = |r: &&Relation<'_>| {
                r.name == relation.relation
                    && stagedoor_model::entity_ref::kind_of(self.reference(r.other)) == relation.target_kind
            };
            all.iter().filter(fits).map(|r| r.other).collect()
        };
        entry.face.relations.iter().map(|(key, r)| (key.clone(), r.many, of(r))).collect()
    }
}

/// FNV-1a: the etag must be the same on every replica and after a restart, which the standard hasher does not promise.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&[0xff]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
