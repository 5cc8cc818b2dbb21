//! One entity as each dialect writes it.

use std::collections::BTreeMap;
use std::io::Write as _;

use serde_json::{Map, Value};
use stagedoor_query::graph::Written;
use stagedoor_query::{Entity, NodeId, Relation, stable_hash};
use uuid::Uuid;

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
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(if head.ends_with('{') { b"\"uid\":\"" } else { b",\"uid\":\"" });
        out.extend_from_slice(
            entity.record.uid.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes(),
        );
        out.extend_from_slice(b"\",\"etag\":\"");
        // The etag tells about what comes later: it is filled in at the end.
        let etag = out.len();
        out.extend_from_slice(&[b'0'; ETAG]);
        out.push(b'"');
        out.extend_from_slice(tail.strip_suffix('}').unwrap_or(tail).as_bytes());
        let text = self.append_surroundings(node, entity, out);
        if let Some(place) = out.get_mut(etag..etag + ETAG) {
            place.copy_from_slice(&text);
        }
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
        let Some(entity) = self.entity(node) else { return String::new() };
        let etag = self.append_surroundings(node, entity, &mut Vec::with_capacity(1024));
        String::from_utf8_lossy(&etag).into_owned()
    }

    /// Appends relations and status; the etag of the whole.
    fn append_surroundings(&self, node: NodeId, entity: &Entity, out: &mut Vec<u8>) -> [u8; ETAG] {
        let start = out.len();
        let relations = self.catalog.relations_text(node, |relations| self.written(relations));
        out.extend_from_slice(relations.as_deref().map_or(&[], Written::text));
        let end = out.len();
        self.append_status(&entity.record.entity_ref, out);
        match relations {
            Some(relations) if out.len() == end => etag_of(entity, relations.hash()),
            _ => etag_of(entity, stable_hash(out.get(start..).unwrap_or_default())),
        }
    }

    fn written(&self, relations: &[Relation<'_>]) -> Vec<u8> {
        let mut out = b",\"relations\":[".to_vec();
        let mut first = true;
        for relation in relations {
            let target = self.reference(relation.other);
            if target.starts_with('!') {
                continue;
            }
            out.extend_from_slice(if first { b"{\"type\":" } else { b",{\"type\":" });
            first = false;
            append_text(relation.name, &mut out);
            out.extend_from_slice(b",\"targetRef\":");
            append_text(target, &mut out);
            out.push(b'}');
        }
        out.push(b']');
        out
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
                    "error": error(&p.name, &p.message),
                })
            })
            .collect();
        let _ = write!(out, ",\"status\":{{\"items\":{}}}", Value::Array(items));
    }

    /// The entity in Port's form. Every declared relation is there (null or `[]` when unset), and so is every
    /// derived property (null where it has no value); a declared property is there when something said it, null
    /// included. With what scorecards say of it, where its blueprint has any.
    #[must_use]
    pub fn port_entity(&self, node: NodeId) -> Value {
        let mut entity = self.port_entity_alone(node);
        if let (Some(entity), Some(scorecards)) = (entity.as_object_mut(), self.port_scorecards(node)) {
            entity.insert("scorecards".to_owned(), scorecards);
        }
        entity
    }

    /// The same without what scorecards say of it.
    #[must_use]
    pub fn port_entity_alone(&self, node: NodeId) -> Value {
        self.port_entity_where(node, &|_| true)
    }

    /// As [`View::port_entity`], with those derived properties that are wanted: the others are not computed.
    #[must_use]
    pub fn port_entity_where(&self, node: NodeId, wanted: &dyn Fn(&str) -> bool) -> Value {
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
            "properties": self.port_properties_where(node, wanted),
            "relations": self.port_relations(node),
            "createdAt": stamps.created_at.to_string(),
            "createdBy": stamps.created_by,
            "updatedAt": stamps.updated_at.to_string(),
            "updatedBy": stamps.updated_by,
        })
    }

    /// Property values in Port's form, derived ones last.
    #[must_use]
    pub fn port_properties(&self, node: NodeId) -> Map<String, Value> {
        self.port_properties_where(node, &|_| true)
    }

    /// As [`View::port_properties`], with those derived properties that are wanted: the others are not computed.
    #[must_use]
    pub fn port_properties_where(&self, node: NodeId, wanted: &dyn Fn(&str) -> bool) -> Map<String, Value> {
        let Some(entity) = self.entity(node) else { return Map::new() };
        let mut properties = self.catalog.stored_properties(entity);
        properties.extend(self.catalog.derived_where(node, wanted));
        properties
    }

    /// The derived properties whose definition or program something is wrong with, and what.
    #[must_use]
    pub fn derived_problems(&self, node: NodeId) -> BTreeMap<String, String> {
        self.catalog.derived_problems(node)
    }

    /// A mirror of titles with the identifiers beside them; `None` when the property is no such mirror.
    #[must_use]
    pub fn mirrored_titles(&self, node: NodeId, key: &str) -> Option<Value> {
        self.catalog.mirrored_titles(node, key)
    }

    /// Has derived properties of many entities computed together, before they are asked for one by one.
    pub fn prepare_derived(&self, nodes: &[NodeId], wanted: &dyn Fn(&str) -> bool) {
        self.catalog.prepare_derived(nodes, wanted);
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
        let links = |(key, r): (&String, _)| (key.clone(), r, self.catalog.linked(node, r));
        entry.face.relations.iter().map(links).map(|(key, r, nodes)| (key, r.many, nodes)).collect()
    }
}

/// Length of an etag.
const ETAG: usize = 32;

/// The same on every replica and after a restart.
fn etag_of(entity: &Entity, relations_and_status: u64) -> [u8; ETAG] {
    let hashes = (u128::from(entity.document_hash()) << 64) | u128::from(relations_and_status);
    let digit = |at: usize| b"0123456789abcdef"[(hashes >> (4 * (ETAG - 1 - at))) as usize & 15];
    std::array::from_fn(digit)
}

/// An error as Backstage serializes it: with what caused it, which its text ends with.
fn error(name: &str, message: &str) -> Value {
    let mut error = serde_json::json!({ "name": name, "message": message });
    let cause = message.split_once("; caused by ").and_then(|(_, cause)| cause.split_once(": "));
    if let (Some((name, text)), Some(map)) = (cause, error.as_object_mut()) {
        map.insert("cause".into(), self::error(name, text));
    }
    error
}

/// A JSON string. Names and references hardly ever need an escape.
fn append_text(text: &str, out: &mut Vec<u8>) {
    if text.bytes().any(|b| b < b' ' || b == b'"' || b == b'\\') {
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut *out, text);
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}
