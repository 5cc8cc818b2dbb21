//! Backstage's kinds as data: `kinds/*.json` at the root of the repository, one file per kind.
//!
//! A file holds the kind's blueprint in Port's form and its Backstage face: accepted `apiVersion`s, the
//! JSON schema of its `spec`, which document fields supply which properties, and which emit relations.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::entity_ref::{EntityRef, kind_of};

/// One shipped kind.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShippedKind {
    /// The blueprint that is installed by the first document that needs it.
    pub blueprint: Value,
    /// Its Backstage side.
    pub backstage: KindFace,
}

/// The Backstage side of a shipped kind.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KindFace {
    /// `Component`.
    pub kind: String,
    /// Accepted values, the first one is written for entities made through Port.
    pub api_versions: Vec<String>,
    /// Property key -> document path, where it is not the automatic `spec.<key>` or `metadata.<key>`.
    #[serde(default)]
    pub properties: HashMap<String, String>,
    /// Spec fields that emit relations.
    #[serde(default)]
    pub fields: Vec<EdgeField>,
    /// Array fields that are stored sorted (Backstage's pre-processing).
    #[serde(default)]
    pub sorted: Vec<String>,
    /// JSON schema of the whole document, in the subset of [`crate::schema`]. With `variants`, the
    /// one whose `spec.type` matches counts instead.
    pub schema: Value,
    /// `spec.type` -> schema.
    #[serde(default)]
    pub variants: HashMap<String, Value>,
}

/// A document field whose references become relations.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EdgeField {
    /// Document path, `spec.owner`; holds a reference or a list of them.
    pub field: String,
    /// Relation type on this entity, `ownedBy`.
    #[serde(rename = "type")]
    pub relation: String,
    /// Relation type on the target, `ownerOf`.
    pub reverse: String,
    /// Kind of a reference that names none (lower-case); without it such a reference is an error.
    #[serde(default)]
    pub default_kind: Option<String>,
    /// References to other kinds than these (lower-case) are skipped; empty = any.
    #[serde(default)]
    pub allowed_kinds: Vec<String>,
    /// Only for documents whose `spec.type` is one of these; empty = all.
    #[serde(default)]
    pub only_types: Vec<String>,
}

impl EdgeField {
    /// The lower-case reference that a text of this field means, in a document of this namespace and
    /// `spec.type`; none where it makes no relation.
    #[must_use]
    pub fn target(&self, text: &str, namespace: &str, spec_type: &str) -> Option<String> {
        if !self.only_types.is_empty() && !self.only_types.iter().any(|t| t == spec_type) {
            return None;
        }
        let key = EntityRef::parse(text, self.default_kind.as_deref(), namespace).ok()?.key();
        let allowed = self.allowed_kinds.is_empty() || self.allowed_kinds.iter().any(|k| k == kind_of(&key));
        allowed.then_some(key)
    }
}

/// All shipped kinds, in the order of the data model from the top down.
pub static KINDS: LazyLock<Vec<ShippedKind>> =
    LazyLock::new(|| FILES.iter().filter_map(|text| read(text)).collect());

const FILES: [&str; 10] = [
    include_str!("../../../kinds/component.json"),
    include_str!("../../../kinds/api.json"),
    include_str!("../../../kinds/resource.json"),
    include_str!("../../../kinds/system.json"),
    include_str!("../../../kinds/domain.json"),
    include_str!("../../../kinds/group.json"),
    include_str!("../../../kinds/user.json"),
    include_str!("../../../kinds/location.json"),
    include_str!("../../../kinds/template.json"),
    include_str!("../../../kinds/airesource.json"),
];

fn read(text: &str) -> Option<ShippedKind> {
    serde_json::from_str(text).ok()
}

impl ShippedKind {
    /// Identifier of its blueprint, the lower-case kind.
    #[must_use]
    pub fn identifier(&self) -> &str {
        self.blueprint.get("identifier").and_then(Value::as_str).unwrap_or_default()
    }
}

/// The shipped kind whose blueprint has this identifier.
#[must_use]
pub fn by_identifier(identifier: &str) -> Option<&'static ShippedKind> {
    KINDS.iter().find(|k| k.identifier() == identifier)
}

/// The shipped kind of this name, exact case as in Backstage's schemas, or any case.
#[must_use]
pub fn by_kind(kind: &str) -> Option<&'static ShippedKind> {
    KINDS.iter().find(|k| k.backstage.kind.eq_ignore_ascii_case(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read() {
        for text in FILES {
            let kind: ShippedKind = serde_json::from_str(text).unwrap();
            assert_eq!(kind.identifier(), kind.backstage.kind.to_lowercase());
        }
        assert_eq!(KINDS.len(), FILES.len());
    }
}
