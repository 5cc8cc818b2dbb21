//! What holds for every entity, whatever its kind: the envelope, the schema of metadata, the annotations.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use stagedoor_model::schema;

use super::{Fault, ReadContext, place_of};
use crate::location::is_script;

/// The least that a document must have to be an entity at all.
static ENVELOPE: LazyLock<Value> = LazyLock::new(|| {
    let text = || json!({ "type": "string", "minLength": 1 });
    json!({
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "properties": {
            "apiVersion": text(),
            "kind": text(),
            "metadata": {
                "type": "object",
                "required": ["name"],
                "properties": { "name": text(), "namespace": text() },
            },
        },
    })
});

/// The schema of a whole entity.
static ENTITY: LazyLock<Value> = LazyLock::new(|| {
    let text = || json!({ "type": "string", "minLength": 1 });
    let texts = || json!({ "type": "object", "additionalProperties": { "type": "string" } });
    let link = json!({
        "type": "object",
        "required": ["url"],
        "properties": { "url": text(), "title": text(), "icon": text(), "type": text() },
    });
    json!({
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "additionalProperties": false,
        "properties": {
            "apiVersion": text(),
            "kind": text(),
            "metadata": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "uid": text(),
                    "etag": text(),
                    "name": text(),
                    "namespace": text(),
                    "title": text(),
                    "description": { "type": "string" },
                    "labels": texts(),
                    "annotations": texts(),
                    "tags": { "type": "array", "items": text() },
                    "links": { "type": "array", "items": link },
                },
            },
            "spec": { "type": "object" },
            "relations": { "type": "array", "items": { "type": "object", "required": ["type", "targetRef"] } },
            "status": { "type": "object" },
        },
    })
});

/// Refuses what is no entity.
pub(super) fn check(value: &Value) -> Result<(), Fault> {
    match schema::check(&ENVELOPE, value) {
        None => Ok(()),
        Some(violation) => {
            let message = violation.text();
            Err(Fault::new(violation.path, "TypeError", message))
        }
    }
}

/// Annotations may be null or an empty text, which count as none.
pub(super) fn check_annotations(value: &Value) -> Result<(), Fault> {
    match value.pointer("/metadata/annotations") {
        None | Some(Value::Object(_) | Value::Null | Value::Bool(false)) => Ok(()),
        Some(Value::String(text)) if text.is_empty() => Ok(()),
        Some(_) => {
            Err(Fault::new("/metadata/annotations", "Error", "metadata.annotations must be a valid object"))
        }
    }
}

/// Checks the schema of the entity and that it has no keys at its root which only the server may write.
pub(super) fn check_schema(value: &Value) -> Result<(), Fault> {
    if let Some(violation) = schema::check(&ENTITY, value) {
        let place = if violation.path.is_empty() { "<root>" } else { &violation.path };
        let message = format!("Malformed envelope, {place} {}", violation.message);
        let pointer = match violation.detail.strip_prefix("additionalProperty: ") {
            Some(key) => super::step(&violation.path, key),
            None => violation.path,
        };
        return Err(Fault::new(pointer, "InputError", message));
    }
    for key in value.as_object().into_iter().flat_map(Map::keys) {
        if !matches!(key.as_str(), "apiVersion" | "kind" | "metadata" | "spec") {
            return Err(Fault::new(super::step("", key), "InputError", format!("Unknown field {key}")));
        }
    }
    Ok(())
}

/// Writes the namespace that a document without one is in.
pub(super) fn write_namespace(value: &mut Value) {
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.entry("namespace").or_insert_with(|| "default".into());
    }
}

/// What stands in the place of a link that would run as a script when somebody follows it.
const NO_LINK: &str = "https://backstage.io/annotation-rejected-for-security-reasons";

/// Takes scripts out of the annotations that are shown as links.
pub(super) fn reject_scripts(value: &mut Value) {
    let Some(Value::Object(annotations)) = value.pointer_mut("/metadata/annotations") else { return };
    for key in ["backstage.io/view-url", "backstage.io/edit-url"] {
        if let Some(link) = annotations.get_mut(key).filter(|link| link.as_str().is_some_and(is_script)) {
            *link = NO_LINK.into();
        }
    }
}

/// Adds the annotations that say where the document comes from. Its own win, except over the two that
/// name the location.
pub(super) fn annotate(value: &mut Value, context: &ReadContext<'_>) {
    let Some((place, origin)) = context.place else { return };
    let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let annotations = metadata.entry("annotations").or_insert(Value::Null);
    if !annotations.is_object() {
        *annotations = Value::Object(Map::new());
    }
    let Some(annotations) = annotations.as_object_mut() else { return };
    annotations.insert("backstage.io/managed-by-location".into(), place.into());
    annotations.insert("backstage.io/managed-by-origin-location".into(), origin.into());
    for (key, text) in place_of(context).map(|p| p.annotations(context.hosts)).unwrap_or_default() {
        annotations.entry(key).or_insert_with(|| text.into());
    }
}
