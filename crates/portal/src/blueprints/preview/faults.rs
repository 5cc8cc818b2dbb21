//! Everything that is wrong with a body, not only the first thing. The rules stop at the first; so what it found is
//! mended in a copy, and they are asked again.

use serde_json::{Value, json};
use stagedoor_model::Blueprint;
use stagedoor_query::Catalog;

use super::super::BlueprintMode;
use super::super::references::Known;
use crate::error::PortalError;
use crate::writer::Draft;

/// So many are told at once.
const MOST: usize = 30;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// It can be saved all the same.
    pub warning: bool,
    /// `invalid_request`, `forbidden_format_change`, ...
    pub code: &'static str,
    /// JSON pointer of the place; empty where the whole is meant.
    pub pointer: String,
    /// What and why.
    pub message: String,
}

impl Fault {
    pub(super) fn error(code: &'static str, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { warning: false, code, pointer: pointer.into(), message: message.into() }
    }

    pub(super) fn warning(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { warning: true, ..Self::error("never_a_value", pointer, message) }
    }

    fn of(error: &PortalError) -> Self {
        let message = error.to_string();
        let (code, detail) = match error {
            PortalError::Invalid { code, details, .. } => (*code, details.as_ref()),
            PortalError::Conflict { code, .. } => (*code, None),
            PortalError::NotFound(_) => ("not_found", None),
            _ => ("refused", None),
        };
        let text = |key: &str| detail.and_then(|d| d.get(key)).and_then(Value::as_str);
        let pointer = match (code, text("path"), text("property")) {
            ("identifier_taken", ..) => "/identifier".to_owned(),
            (_, Some(path), _) => path.trim_end_matches('/').to_owned(),
            (_, None, Some(property)) => format!("/schema/properties/{property}/type"),
            _ => quoted_place(&message).unwrap_or_default(),
        };
        Self::error(code, pointer, message)
    }
}

/// The place that a message begins with: `"relations/owner/target": ...`.
fn quoted_place(message: &str) -> Option<String> {
    let (place, _) = message.strip_prefix('"')?.split_once('"')?;
    place.contains('/').then(|| format!("/{place}"))
}

impl Draft {
    /// What is wrong with a body as the successor of a blueprint, or as a new one; the blueprint where nothing is.
    pub(super) fn faults(
        &mut self,
        identifier: Option<&str>,
        body: &Value,
    ) -> (Option<Blueprint>, Vec<Fault>) {
        let mut faults: Vec<Fault> = Vec::new();
        let mode = if identifier.is_some() { BlueprintMode::Replace } else { BlueprintMode::Create };
        let mut body = body.clone();
        if let Some(identifier) = identifier {
            match body.get("identifier").and_then(Value::as_str) {
                Some(stated) if stated != identifier => {
                    let text = "is another one: a blueprint is renamed on its own, not with other changes";
                    faults.push(Fault::error("invalid_request", "/identifier", text));
                }
                _ => {}
            }
            if let Some(map) = body.as_object_mut() {
                map.insert("identifier".into(), identifier.into());
            }
        }
        let mut targets_are_known = true;
        while faults.len() < MOST {
            let prepared = self.prepare_blueprint(identifier, &body, mode).and_then(|new| {
                let missing = self.missing_targets_of(&new);
                if targets_are_known && !missing.is_empty() {
                    targets_are_known = false;
                    faults.extend(missing);
                }
                if targets_are_known {
                    self.check_references(&new, &Known::default())?;
                }
                Ok(new)
            });
            match prepared {
                Ok(new) => return (faults.is_empty().then_some(new), faults),
                Err(error) => {
                    let fault = Fault::of(&error);
                    let own = identifier.unwrap_or_default();
                    let mended = !faults.iter().any(|f| f.pointer == fault.pointer)
                        && mend(&mut body, &fault.pointer, own);
                    targets_are_known &= !fault.pointer.starts_with("/relations/");
                    faults.push(fault);
                    if !mended {
                        break;
                    }
                }
            }
        }
        (None, faults)
    }

    fn missing_targets_of(&self, new: &Blueprint) -> Vec<Fault> {
        let missing =
            |target: &str| target != new.identifier && self.catalog.blueprints().get(target).is_none();
        let missing = new.relations.iter().filter(|(_, relation)| missing(&relation.target));
        missing
            .map(|(key, relation)| {
                let text = format!("there is no blueprint \"{}\"", relation.target);
                Fault::error("not_found", format!("/relations/{key}/target"), text)
            })
            .collect()
    }
}

/// Takes what is wrong out of a body, so that the rest can be looked at. False where that is not possible.
fn mend(body: &mut Value, pointer: &str, own: &str) -> bool {
    let steps: Vec<&str> = pointer.split('/').skip(1).collect();
    let object = |body: &mut Value, path: &str, key: &str| {
        let map = body.pointer_mut(path).and_then(Value::as_object_mut);
        map.is_some_and(|map| map.shift_remove(key).is_some())
    };
    match steps.as_slice() {
        ["title"] => {
            body["title"] = "title".into();
            true
        }
        ["schema", "properties", key, ..] => {
            let required = body.pointer_mut("/schema/required").and_then(Value::as_array_mut);
            required.into_iter().for_each(|list| list.retain(|name| name != *key));
            object(body, "/schema/properties", key)
        }
        ["schema", "required", ..] => object(body, "/schema", "required"),
        ["relations", key, ..] => {
            let Some(relation) = body.pointer_mut("/relations").and_then(|r| r.get_mut(*key)) else {
                return false;
            };
            let target = relation.get("target").and_then(Value::as_str).unwrap_or(own).to_owned();
            *relation = json!({ "target": target });
            !target.is_empty()
        }
        [part @ ("mirrorProperties" | "calculationProperties" | "aggregationProperties"), key, ..] => {
            object(body, &format!("/{part}"), key)
        }
        [key] if !matches!(*key, "identifier" | "schema" | "") => object(body, "", key),
        [key @ ("ownership" | "teamInheritance" | "changelogDestination"), ..] => object(body, "", key),
        _ => false,
    }
}

/// Definitions that never have a value in a state: a warning, for they may be written.
pub(super) fn derived(after: &Catalog, blueprint: &str) -> Vec<Fault> {
    let Some(entry) = after.blueprints().get(blueprint) else { return Vec::new() };
    let body = entry.blueprint.body.value();
    let place = |key: &str| {
        let parts = ["mirrorProperties", "calculationProperties", "aggregationProperties"];
        let part = parts.iter().find(|part| body[**part].get(key).is_some());
        part.map_or_else(String::new, |part| format!("/{part}/{key}"))
    };
    entry.derived.problems().map(|(key, problem)| Fault::warning(place(key), problem)).collect()
}
