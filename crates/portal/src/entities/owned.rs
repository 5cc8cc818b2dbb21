//! Whose a field is: what a document states, what other entities state, and what a contributor may say.

use std::collections::HashSet;

use serde_json::{Map, Value};
use stagedoor_model::json::{at, set};
use stagedoor_model::{EntityRecord, Fields, JsonText, entity_ref};
use stagedoor_query::{BlueprintEntry, NodeId};

use super::fields::Said;
use crate::error::PortalError;
use crate::writer::Draft;

/// What a document states, in Port's terms.
pub(crate) struct Stated<'a> {
    document: &'a Value,
    entry: &'a BlueprintEntry,
    declared: Map<String, Value>,
}

impl<'a> Stated<'a> {
    pub(crate) fn of(document: &'a Value, entry: &'a BlueprintEntry) -> Self {
        Self { document, entry, declared: entry.face.properties_of(document, &entry.blueprint) }
    }

    /// The title that it states.
    pub(crate) fn title(&self) -> Option<&Value> {
        at(self.document, "metadata.title")
    }

    /// A declared property, or any other key: that is one of `spec`.
    fn property(&self, key: &str) -> Option<&Value> {
        if self.entry.blueprint.properties.contains_key(key) {
            return self.declared.get(key);
        }
        self.document.get("spec")?.get(key)
    }

    /// The references that the document gives a relation. None when it leaves the relation to others: a
    /// list can be shared by relations to several kinds, a single reference cannot.
    pub(crate) fn relation(&self, key: &str) -> Option<Vec<String>> {
        let field = &self.entry.face.relations.get(key)?.field;
        let value = at(self.document, field).filter(|v| !v.is_null())?;
        let texts = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let refs: Vec<String> = texts.iter().filter_map(|t| self.reference(key, t)).collect();
        (!refs.is_empty() || !value.is_array()).then_some(refs)
    }

    /// The lower-case reference that a text in a relation's field means, when it is one of that relation.
    fn reference(&self, key: &str, text: &Value) -> Option<String> {
        let relation = self.entry.face.relations.get(key)?;
        let field = self.entry.face.fields.iter().find(|f| f.field == relation.field)?;
        let says = |path| at(self.document, path).and_then(Value::as_str);
        let (namespace, spec_type) =
            (says("metadata.namespace").unwrap_or("default"), says("spec.type").unwrap_or(""));
        let target = field.target(text.as_str()?, namespace, spec_type)?;
        (entity_ref::kind_of(&target) == relation.target_kind).then_some(target)
    }

    /// Takes out of contributed fields what the document states.
    pub(crate) fn remove_from(&self, fields: &mut Fields) {
        if self.title().is_some() {
            fields.title = None;
        }
        fields.properties.retain(|key, _| self.property(key).is_none());
        fields.relations.retain(|key, _| self.relation(key).is_none());
    }

    /// The first field that a write says and the document states.
    fn contested(&self, said: &Said) -> Option<String> {
        if said.title.is_some() && self.title().is_some() {
            return Some("title".into());
        }
        let property = said.properties.keys().find(|k| self.property(k).is_some());
        let relation = || said.relations.keys().find(|k| self.relation(k).is_some());
        property.map(|k| format!("properties.{k}")).or_else(|| relation().map(|k| format!("relations.{k}")))
    }

    /// The document without what a write says otherwise. With `replace` also without whatever else Port
    /// knows of, but for what the write has `repeated`.
    fn without(&self, said: &Said, repeated: &Said, replace: bool) -> Value {
        let mut document = self.document.clone();
        if said.title.is_some() || (replace && repeated.title.is_none()) {
            remove(&mut document, "metadata.title");
        }
        for (key, path) in &self.entry.face.properties {
            if said.properties.contains_key(key) || (replace && !repeated.properties.contains_key(key)) {
                remove(&mut document, path);
            }
        }
        let declared = &self.entry.blueprint.properties;
        if let Some(spec) = document.get_mut("spec").and_then(Value::as_object_mut) {
            spec.retain(|key, _| declared.contains_key(key) || !said.properties.contains_key(key));
        }
        for (key, relation) in &self.entry.face.relations {
            if said.relations.contains_key(key) || (replace && !repeated.relations.contains_key(key)) {
                self.remove_relation(&mut document, key, &relation.field);
            }
        }
        document
    }

    /// A list keeps its references to other kinds.
    fn remove_relation(&self, document: &mut Value, key: &str, field: &str) {
        match at(document, field) {
            Some(Value::Array(list)) => {
                let rest = list.iter().filter(|t| self.reference(key, t).is_none()).cloned().collect();
                set(document, field, Some(Value::Array(rest)));
            }
            Some(one) if self.reference(key, one).is_some() => remove(document, field),
            _ => {}
        }
    }
}

fn remove(document: &mut Value, path: &str) {
    if at(document, path).is_some() {
        set(document, path, None);
    }
}

impl Draft {
    /// Holds a write against what others say of the entity. What repeats their values leaves the write;
    /// another value than a claimer's is refused, and from a document that nobody claims the write takes
    /// the field: the answer is what is left of that document.
    pub(super) fn respect_owners(
        &self,
        node: NodeId,
        record: &EntityRecord,
        entry: &BlueprintEntry,
        said: &mut Said,
        replace: bool,
    ) -> Result<Option<JsonText>, PortalError> {
        self.respect_emitters(node, entry, said)?;
        let Some(document) = record.document.as_ref().map(JsonText::value) else { return Ok(None) };
        let stated = Stated::of(&document, entry);
        let repeated = self.take_repeated(&stated, said);
        let Some(claim) = &record.claim else {
            return Ok(Some(JsonText::of(&stated.without(said, &repeated, replace))));
        };
        match stated.contested(said) {
            None => Ok(record.document.clone()),
            Some(field) => Err(PortalError::Invalid {
                code: "protected_entity",
                message: format!(
                    "{field} of \"{}\" is set by its source {} (line {}); change it there",
                    record.identifier, claim.item, claim.line
                ),
                details: Some(
                    serde_json::json!({ "source": claim.source, "item": claim.item, "field": field }),
                ),
            }),
        }
    }

    /// Moves out of a write what the document says already.
    fn take_repeated(&self, stated: &Stated<'_>, said: &mut Said) -> Said {
        let mut repeated = Said::default();
        let same_title = |title: &mut Option<String>| {
            stated.title().is_some() && title.as_deref() == stated.title().and_then(Value::as_str)
        };
        repeated.title = said.title.take_if(same_title);
        for (key, value) in std::mem::take(&mut said.properties) {
            let same = stated.property(&key) == Some(&value);
            if same { &mut repeated } else { &mut *said }.properties.insert(key, value);
        }
        for (key, targets) in std::mem::take(&mut said.relations) {
            let theirs = stated
                .relation(&key)
                .map(|refs| refs.iter().map(|r| self.identifier_of(r)).collect::<Vec<_>>());
            let same = theirs.is_some_and(|theirs| same_set(&theirs, &targets));
            if same { &mut repeated } else { &mut *said }.relations.insert(key, targets);
        }
        repeated
    }

    fn identifier_of(&self, reference: &str) -> String {
        match self.catalog.node_of_ref(reference) {
            Some(node) => self.catalog.identifier_at(node).into_owned(),
            None => reference.to_owned(),
        }
    }

    /// A write may not remove an edge that another entity emits (a group's `members` by its users), and
    /// need not state it again.
    fn respect_emitters(
        &self,
        node: NodeId,
        entry: &BlueprintEntry,
        said: &mut Said,
    ) -> Result<(), PortalError> {
        for (key, targets) in &mut said.relations {
            for other in self.emitters(node, entry, key) {
                let identifier = self.catalog.identifier_at(other).into_owned();
                if !targets.contains(&identifier) {
                    let text = format!(
                        "relations.{key} cannot lose \"{identifier}\": that entity states the relation; change it there"
                    );
                    return Err(PortalError::refused("protected_entity", text));
                }
                targets.retain(|t| *t != identifier);
            }
        }
        Ok(())
    }

    /// The entities whose own content gives an entity this relation to them.
    fn emitters(&self, node: NodeId, entry: &BlueprintEntry, key: &str) -> Vec<NodeId> {
        let Some(relation) = entry.face.relations.get(key) else { return Vec::new() };
        let Some(field) = entry.face.fields.iter().find(|f| f.field == relation.field) else {
            return Vec::new();
        };
        let all = self.catalog.relations(node);
        let of_key = all.iter().filter(|r| {
            r.name == relation.relation
                && entity_ref::kind_of(self.catalog.reference(r.other)) == relation.target_kind
        });
        of_key
            .filter(|r| r.emitted_by_other || self.emits(r.other, &field.reverse, node))
            .map(|r| r.other)
            .collect()
    }

    /// Whether an entity's own content relates it to `target`. Asked of few: most kinds cannot emit the relation.
    fn emits(&self, node: NodeId, relation: &str, target: NodeId) -> bool {
        let entry = self.catalog.entity(node).and_then(|e| self.catalog.blueprint_of(e));
        entry.is_some_and(|e| e.face.fields.iter().any(|f| f.relation == relation))
            && self
                .catalog
                .relations(node)
                .iter()
                .any(|r| !r.emitted_by_other && r.name == relation && r.other == target)
    }
}

fn same_set(a: &[String], b: &[String]) -> bool {
    a.iter().collect::<HashSet<_>>() == b.iter().collect::<HashSet<_>>()
}
