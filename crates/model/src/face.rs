//! How one entity looks in both dialects: the translation between a Backstage document and Port's fields.
//!
//! A [`Face`] is compiled from a blueprint. Shipped kinds bring theirs as data ([`crate::kinds`]);
//! any other blueprint gets an automatic one: `title`, `description`, `tags`, `links`, `labels` and
//! `annotations` live in `metadata`, every other property `k` is `spec.k`, a relation `r` is `spec.r`
//! and emits relation type `r` (reverse `rOf`).

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value, json};

use crate::blueprint::{Blueprint, Property, PropertyType};
use crate::entity::{EntityRecord, Fields};
use crate::entity_ref::EntityRef;
use crate::json::{at, set};
use crate::kinds::{self, EdgeField};
use crate::names;

/// `apiVersion` of documents made for blueprints that are not Backstage's own.
pub const API_VERSION: &str = "stagedoor.io/v1alpha1";
/// Annotation holding the Port identifier where the Backstage name had to differ.
pub const IDENTIFIER_ANNOTATION: &str = "stagedoor.io/identifier";
/// Properties that an automatic face keeps in `metadata`.
const METADATA_KEYS: [&str; 5] = ["description", "tags", "links", "labels", "annotations"];

/// The end of an edge, before it is looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A lower-case reference, from a document.
    Ref(String),
    /// Blueprint and exact identifier, from a Port relation.
    Key(String, String),
}

/// A relation that an entity's own content emits. The reverse on the target is derived, never stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edge {
    /// Type on the emitter, `ownedBy`.
    pub relation: String,
    /// Type on the target, `ownerOf`.
    pub reverse: String,
    /// Where it points; need not exist.
    pub target: Target,
}

/// The Backstage face of a blueprint.
#[derive(Clone, Debug)]
pub struct Face {
    /// `Component`.
    pub kind: String,
    /// `component`.
    pub kind_lower: String,
    /// Written into documents made from Port fields.
    pub api_version: String,
    /// Whether Backstage's own rules hold (names, identifiers that are references).
    pub shipped: bool,
    /// Declared property key -> document path.
    pub properties: IndexMap<String, String>,
    /// Relation key -> how to find it among an entity's edges.
    pub relations: IndexMap<String, RelationFace>,
    /// Document fields that emit edges.
    pub fields: Vec<EdgeField>,
}

/// A Port relation as a selection of edges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationFace {
    /// Relation type, `dependsOn`.
    pub relation: String,
    /// Kind of the targets, lower-case.
    pub target_kind: String,
    /// Target blueprint.
    pub target: String,
    /// Holds a list.
    pub many: bool,
    /// Document field that supplies it.
    pub field: String,
}

impl Face {
    /// Compiles a blueprint's face. `kind` is the name it may use, `kind_of_target` the lower-case kind of
    /// another blueprint.
    #[must_use]
    pub fn compile(blueprint: &Blueprint, kind: &str, kind_of_target: &dyn Fn(&str) -> String) -> Self {
        let shipped = blueprint.shipped_kind.as_deref().and_then(kinds::by_identifier).map(|k| &k.backstage);
        let mut properties = IndexMap::with_capacity(blueprint.properties.len());
        for (key, property) in &blueprint.properties {
            let special =
                property.field.as_ref().or_else(|| shipped.and_then(|s| s.properties.get(key))).cloned();
            properties.insert(key.clone(), special.unwrap_or_else(|| automatic_path(blueprint, key)));
        }
        let mut fields = shipped.map(|s| s.fields.clone()).unwrap_or_default();
        let mut relations = IndexMap::with_capacity(blueprint.relations.len());
        for (key, definition) in &blueprint.relations {
            let target_kind = kind_of_target(&definition.target);
            let field = relation_field(blueprint, key, definition.field.as_deref());
            if !fields.iter().any(|f| f.field == field) {
                let relation = names::relation_type(key);
                let reverse = format!("{relation}Of");
                fields.push(EdgeField {
                    field: field.clone(),
                    relation,
                    reverse,
                    default_kind: Some(target_kind.clone()),
                    allowed_kinds: Vec::new(),
                    only_types: Vec::new(),
                });
            }
            let relation =
                fields.iter().find(|f| f.field == field).map(|f| f.relation.clone()).unwrap_or_default();
            let target = definition.target.clone();
            relations.insert(
                key.clone(),
                RelationFace { relation, target_kind, target, many: definition.many, field },
            );
        }
        Self {
            kind: shipped.map_or_else(|| kind.to_owned(), |s| s.kind.clone()),
            kind_lower: shipped.map_or_else(|| kind.to_lowercase(), |s| s.kind.to_lowercase()),
            api_version: shipped
                .and_then(|s| s.api_versions.first().cloned())
                .unwrap_or_else(|| API_VERSION.to_owned()),
            shipped: shipped.is_some(),
            properties,
            relations,
            fields,
        }
    }

    /// The lower-case reference that an identifier of this blueprint has, when it is a legal Backstage name.
    #[must_use]
    pub fn reference_of(&self, identifier: &str) -> Option<String> {
        if self.shipped {
            let r = EntityRef::parse(identifier, None, "default").ok()?;
            let legal = r.kind == self.kind_lower
                && names::is_backstage_name(&r.name)
                && names::is_backstage_namespace(&r.namespace)
                && r.to_string() == identifier;
            return legal.then(|| identifier.to_owned());
        }
        let (namespace, name) = identifier.split_once('/').unwrap_or(("default", identifier));
        let legal = names::is_backstage_name(name) && names::is_backstage_namespace(namespace);
        legal.then(|| format!("{}:{}/{}", self.kind_lower, namespace, name.to_lowercase()))
    }

    /// The reference of an identifier that has none of its own, because it is no Backstage name or another entity has
    /// that reference.
    #[must_use]
    pub fn stand_in(&self, identifier: &str) -> String {
        format!("{}:default/{}", self.kind_lower, names::stand_in(identifier))
    }

    /// The identifier of a document of this kind: the full reference for shipped kinds, else `name`,
    /// or `namespace/name` outside the default namespace.
    #[must_use]
    pub fn identifier_of(&self, namespace: &str, name: &str) -> String {
        if self.shipped {
            return format!("{}:{}/{}", self.kind_lower, namespace.to_lowercase(), name.to_lowercase());
        }
        if namespace == "default" { name.to_owned() } else { format!("{namespace}/{name}") }
    }

    /// The identifier that a dangling reference to this kind would have.
    #[must_use]
    pub fn identifier_of_ref(&self, reference: &str) -> String {
        match EntityRef::parse(reference, None, "default") {
            Ok(r) => self.identifier_of(&r.namespace, &r.name),
            Err(_) => reference.to_owned(),
        }
    }

    /// The Backstage document of an entity: its own, with what contributors said laid over the mapped fields.
    /// Relations, uid and etag are not in it.
    #[must_use]
    pub fn document(&self, record: &EntityRecord) -> Value {
        let fields = record.contributed();
        let mut document = match &record.document {
            Some(text) => text.value(),
            None => self.empty_document(record),
        };
        if !fields.is_empty() {
            self.overlay(&mut document, &fields);
        }
        document
    }

    fn empty_document(&self, record: &EntityRecord) -> Value {
        let (namespace, name) = self.name_of(record);
        let mut metadata = Map::new();
        if self.reference_of(&record.identifier).is_none_or(|r| r != record.entity_ref) {
            let note = json!({ IDENTIFIER_ANNOTATION: record.identifier });
            metadata.insert("annotations".into(), note);
        }
        metadata.insert("name".into(), name.into());
        metadata.insert("namespace".into(), namespace.into());
        json!({ "apiVersion": self.api_version, "kind": self.kind, "metadata": metadata, "spec": {} })
    }

    fn name_of(&self, record: &EntityRecord) -> (String, String) {
        if !self.shipped && self.reference_of(&record.identifier).is_some_and(|r| r == record.entity_ref) {
            let (namespace, name) =
                record.identifier.split_once('/').unwrap_or(("default", &record.identifier));
            return (namespace.to_owned(), name.to_owned());
        }
        match EntityRef::parse(&record.entity_ref, None, "default") {
            Ok(r) => (r.namespace, r.name),
            Err(_) => ("default".to_owned(), names::slug(&record.identifier, 63)),
        }
    }

    fn overlay(&self, document: &mut Value, fields: &Fields) {
        if let Some(title) = &fields.title {
            set(document, "metadata.title", Some(title.clone().into()));
        }
        for (key, value) in &fields.properties {
            let path = self.properties.get(key).cloned().unwrap_or_else(|| format!("spec.{key}"));
            set(document, &path, Some(value.clone()));
        }
        for (key, value) in &fields.relations {
            // A target that Backstage does not show has no reference to write down.
            let visible = |r: &&RelationFace| !r.target_kind.starts_with('!');
            let Some(relation) = self.relations.get(key).filter(visible) else { continue };
            let refs: Vec<Value> =
                targets(value).map(|id| Value::String(reference_text(&relation.target_kind, id))).collect();
            overlay_relation(document, &relation.field, relation.many, refs);
        }
    }

    /// Declared property values of a document, in the blueprint's order. A value of the wrong type is
    /// null; what the document does not have is absent.
    #[must_use]
    pub fn properties_of(&self, document: &Value, blueprint: &Blueprint) -> Map<String, Value> {
        let mut out = Map::new();
        for (key, path) in &self.properties {
            let Some(property) = blueprint.properties.get(key) else { continue };
            if let Some(value) = at(document, path) {
                out.insert(key.clone(), typed(value, property));
            }
        }
        out
    }

    /// Every edge that the entity's own content emits, in order, without repeats.
    #[must_use]
    pub fn edges(&self, document: Option<&Value>, fields: &Fields) -> Vec<Edge> {
        let mut edges = IndexSet::new();
        if let Some(document) = document {
            self.document_edges(document, &mut edges);
        }
        for (key, value) in &fields.relations {
            let Some(relation) = self.relations.get(key) else { continue };
            let Some(field) = self.fields.iter().find(|f| f.field == relation.field) else { continue };
            for id in targets(value) {
                let target = Target::Key(relation.target.clone(), id.to_owned());
                edges.insert(Edge {
                    relation: field.relation.clone(),
                    reverse: field.reverse.clone(),
                    target,
                });
            }
        }
        edges.into_iter().collect()
    }

    fn document_edges(&self, document: &Value, edges: &mut IndexSet<Edge>) {
        let text = |path| at(document, path).and_then(Value::as_str);
        let (namespace, spec_type) =
            (text("metadata.namespace").unwrap_or("default"), text("spec.type").unwrap_or(""));
        for field in &self.fields {
            for text in at(document, &field.field).map(targets).into_iter().flatten() {
                if let Some(reference) = field.target(text, namespace, spec_type) {
                    let (relation, reverse) = (field.relation.clone(), field.reverse.clone());
                    edges.insert(Edge { relation, reverse, target: Target::Ref(reference) });
                }
            }
        }
    }
}

/// The document field of a relation: as the definition says, as the shipped kind's relation of the same
/// key says (a blueprint that was there before the kind keeps its own definitions), or `spec.<key>`.
fn relation_field(blueprint: &Blueprint, key: &str, stated: Option<&str>) -> String {
    let shipped = || {
        let kind = kinds::by_identifier(blueprint.shipped_kind.as_deref()?)?;
        kind.blueprint.get("relations")?.get(key)?.get("backstage")?.get("field")?.as_str()
    };
    stated.or_else(shipped).map_or_else(|| format!("spec.{key}"), str::to_owned)
}

fn automatic_path(blueprint: &Blueprint, key: &str) -> String {
    if METADATA_KEYS.contains(&key) {
        format!("metadata.{key}")
    } else if blueprint.relations.contains_key(key) {
        format!("spec.properties.{key}")
    } else {
        format!("spec.{key}")
    }
}

/// The reference written into a document for a Port identifier: shipped kinds' identifiers are references already.
/// One that is no Backstage name is named as Backstage shows it.
fn reference_text(kind: &str, identifier: &str) -> String {
    if kinds::by_identifier(kind).is_some() {
        return identifier.to_owned();
    }
    let (namespace, name) = identifier.split_once('/').unwrap_or(("default", identifier));
    if names::is_backstage_name(name) && names::is_backstage_namespace(namespace) {
        return format!("{kind}:{identifier}");
    }
    format!("{kind}:default/{}", names::stand_in(identifier))
}

fn overlay_relation(document: &mut Value, field: &str, many: bool, refs: Vec<Value>) {
    if let Some(Value::Array(list)) = at(document, field) {
        let mut list = list.clone();
        for r in refs {
            if !list.contains(&r) {
                list.push(r);
            }
        }
        set(document, field, Some(Value::Array(list)));
    } else if many {
        set(document, field, Some(Value::Array(refs)));
    } else if let Some(one) = refs.into_iter().next() {
        set(document, field, Some(one));
    }
}

/// The strings of a reference field: one, or a list.
fn targets(value: &Value) -> impl Iterator<Item = &str> {
    let (one, many) = match value {
        Value::String(one) => (Some(one.as_str()), None),
        Value::Array(list) => (None, Some(list)),
        _ => (None, None),
    };
    one.into_iter().chain(many.into_iter().flatten().filter_map(Value::as_str))
}

fn typed(value: &Value, property: &Property) -> Value {
    let ok = property.kind.accepts(value) || (property.kind == PropertyType::Array && value.is_null());
    if ok { value.clone() } else { Value::Null }
}
