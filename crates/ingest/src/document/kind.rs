//! What holds for entities of one kind: the schema of the kind, and references that can be read.

use std::cmp::Ordering;

use serde_json::Value;
use stagedoor_model::entity_ref::RefError;
use stagedoor_model::json::{at, set};
use stagedoor_model::kinds::{EdgeField, ShippedKind};
use stagedoor_model::{EntityRef, schema};

use super::{CustomKinds, Fault, text_at};

/// Lists that are stored sorted in documents of any kind.
const SORTED: [&str; 7] = [
    "spec.providesApis",
    "spec.consumesApis",
    "spec.dependsOn",
    "spec.dependencyOf",
    "spec.memberOf",
    "spec.children",
    "spec.members",
];

/// Sorts lists of references, whose order means nothing, so that a source which changes it changes nothing.
pub(super) fn sort_lists(value: &mut Value, more: &[String]) {
    for path in SORTED.into_iter().chain(more.iter().map(String::as_str)) {
        let Some(Value::Array(list)) = at(value, path) else { continue };
        let mut texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        if texts.len() != list.len() || texts.is_sorted_by(|a, b| utf16_order(a, b) != Ordering::Greater) {
            continue;
        }
        texts.sort_by(|a, b| utf16_order(a, b));
        let sorted = texts.into_iter().map(Value::from).collect();
        set(value, path, Some(Value::Array(sorted)));
    }
}

/// The order of texts in JavaScript.
fn utf16_order(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

/// Checks a document against its kind: a shipped one has a schema, a custom one has to exist.
pub(super) fn check(
    value: &Value,
    shipped: Option<&'static ShippedKind>,
    custom: &dyn CustomKinds,
    entity_ref: &str,
) -> Result<(), Fault> {
    let kind = text_at(value, "/kind");
    let Some(shipped) = shipped else {
        return if custom.is_known(kind) { Ok(()) } else { Err(foreign(entity_ref, "/kind")) };
    };
    let face = &shipped.backstage;
    if !face.api_versions.iter().any(|v| v == text_at(value, "/apiVersion")) {
        return Err(foreign(entity_ref, "/apiVersion"));
    }
    let spec_type = text_at(value, "/spec/type");
    let variant = face.variants.get(spec_type);
    let processor = processor_of(kind, variant.is_some());
    check_schema(value, variant.unwrap_or(&face.schema), processor, entity_ref)?;
    for field in &face.fields {
        if field.only_types.is_empty() || field.only_types.iter().any(|t| t == spec_type) {
            check_references(value, field, processor)?;
        }
    }
    Ok(())
}

/// The part of Backstage that looks after a kind; it is named in messages.
fn processor_of(kind: &str, variant: bool) -> &'static str {
    match kind {
        "Template" => "ScaffolderEntitiesProcessor",
        "AiResource" => "ModelProcessor",
        "API" if variant => "ModelProcessor",
        _ => "BuiltinKindsEntityProcessor",
    }
}

fn foreign(entity_ref: &str, pointer: &str) -> Fault {
    let message = format!(
        "No processor recognized the entity {entity_ref} as valid, possibly caused by a foreign kind or apiVersion"
    );
    Fault::new(pointer, "InputError", message)
}

fn check_schema(value: &Value, rules: &Value, processor: &str, entity_ref: &str) -> Result<(), Fault> {
    let Some(first) = schema::check(rules, value) else { return Ok(()) };
    let cause = if processor == "ModelProcessor" {
        let all: Vec<String> = schema::check_all(rules, value).iter().map(schema::Violation::text).collect();
        format!("Validation of {} entity failed: {}", text_at(value, "/kind"), all.join("; "))
    } else {
        first.text()
    };
    let message = format!(
        "Processor {processor} threw an error while validating the entity {entity_ref}; caused by TypeError: {cause}"
    );
    Err(Fault::new(first.path, "InputError", message))
}

fn check_references(value: &Value, field: &EdgeField, processor: &str) -> Result<(), Fault> {
    let namespace = text_at(value, "/metadata/namespace");
    let pointer = format!("/{}", field.field.replace('.', "/"));
    let (texts, listed): (Vec<&Value>, bool) = match at(value, &field.field) {
        Some(Value::Array(list)) => (list.iter().collect(), true),
        Some(one) => (vec![one], false),
        None => return Ok(()),
    };
    for (index, text) in texts.into_iter().enumerate() {
        let Some(cause) = reference_error(text, field, namespace).filter(|_| listed || !is_empty(text))
        else {
            continue;
        };
        let pointer = if listed { format!("{pointer}/{index}") } else { pointer };
        let message = format!("Processor {processor} threw an error while postprocessing; caused by {cause}");
        return Err(Fault::new(pointer, "InputError", message));
    }
    Ok(())
}

/// Why a value is no reference. Only lists that the kind's schema does not mention can hold anything but texts.
fn reference_error(value: &Value, field: &EdgeField, namespace: &str) -> Option<String> {
    if is_empty(value) {
        return Some("Error: Entity reference must not be empty".to_owned());
    }
    let Some(text) = value.as_str() else {
        let whole = ["kind", "name"].iter().all(|key| value.get(key).is_some_and(Value::is_string));
        let missing = "had missing or empty kind (e.g. did not start with \"component:\" or similar)";
        return (!whole).then(|| format!("Error: Entity reference {value} {missing}"));
    };
    match EntityRef::parse(text, field.default_kind.as_deref(), namespace) {
        Ok(_) => None,
        Err(error @ RefError::NoKind(_)) => Some(format!("Error: {error}")),
        Err(error) => Some(format!("TypeError: {error}")),
    }
}

/// What JavaScript takes for false.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        _ => false,
    }
}
