//! What ships with the program and is not for the taking: Port's system blueprints.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_model::{Blueprint, system};

use crate::error::PortalError;

/// The maps of a system blueprint's base.
const MAPS: [&str; 5] = [
    "/schema/properties",
    "/relations",
    "/mirrorProperties",
    "/calculationProperties",
    "/aggregationProperties",
];

/// A system blueprint as it ships, whatever was added to it.
#[must_use]
pub fn structure(identifier: &str) -> Option<Arc<Blueprint>> {
    system::by_identifier(identifier).map(Arc::clone)
}

/// Whether it is a system blueprint that nobody has stored an extension of.
pub(super) fn is_as_shipped(blueprint: &Arc<Blueprint>) -> bool {
    system::by_identifier(&blueprint.identifier).is_some_and(|shipped| Arc::ptr_eq(shipped, blueprint))
}

/// The refusal to touch what ships with the program.
pub(super) fn protected(message: String, details: Option<Value>) -> PortalError {
    PortalError::Invalid { code: "protected_resource", message, details }
}

/// Refuses to remove or rename a system blueprint.
pub(super) fn refuse_system(identifier: &str, what: &str) -> Result<(), PortalError> {
    if system::by_identifier(identifier).is_none() {
        return Ok(());
    }
    Err(protected(format!("\"{identifier}\" is a system blueprint and cannot be {what}"), None))
}

/// Whether something belongs to the base of a system blueprint.
pub(super) fn is_base(blueprint: &str, part: &str, key: &str) -> bool {
    let base = system::by_identifier(blueprint).map(|b| b.body.value());
    base.is_some_and(|base| base.pointer(part).is_some_and(|map| map.get(key).is_some()))
}

/// Refuses a successor that lacks, or says otherwise, what the base of a system blueprint says.
pub(super) fn refuse_changes(old: &Blueprint, new: &Blueprint) -> Result<(), PortalError> {
    let Some(shipped) = system::by_identifier(&old.identifier) else { return Ok(()) };
    let (base, now) = (shipped.to_port(), new.to_port());
    for part in MAPS {
        for (key, definition) in base.pointer(part).and_then(Value::as_object).into_iter().flatten() {
            let kept = now.pointer(part).and_then(|map| map.get(key)) == Some(definition);
            if !kept {
                let place = part.trim_start_matches('/');
                let text = format!(
                    "\"{place}/{key}\" belongs to the system blueprint \"{}\" and cannot be changed or removed",
                    old.identifier
                );
                return Err(protected(text, Some(json!({ "path": format!("{part}/{key}") }))));
            }
        }
    }
    Ok(())
}
