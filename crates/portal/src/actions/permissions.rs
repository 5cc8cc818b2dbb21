//! Who may execute an action and who approves its runs, as Port's clients read and write it. What nobody has changed is
//! not stored: everybody executes, administrators approve.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Change, JsonText, Record};
use stagedoor_query::Catalog;

use super::{PERMISSIONS, find};
use crate::Portal;
use crate::error::PortalError;
use crate::writer::Draft;

const BLOCKS: [&str; 2] = ["execute", "approve"];

fn standard(block: &str) -> Value {
    match block {
        "execute" => json!({ "users": [], "roles": ["Admin", "Member"], "teams": [], "ownedByTeam": false }),
        _ => json!({ "users": [], "roles": [], "teams": [] }),
    }
}

/// The permissions of an action, complete.
pub(super) fn read(catalog: &Catalog, action: &str) -> Value {
    let changed = catalog.record(PERMISSIONS, action).map(|record| record.body.value()).unwrap_or_default();
    let mut all = Map::new();
    for name in BLOCKS {
        let mut block = standard(name);
        for (key, value) in changed.get(name).and_then(Value::as_object).into_iter().flatten() {
            block[key] = value.clone();
        }
        all.insert(name.into(), block);
    }
    Value::Object(all)
}

impl Portal {
    /// Who may execute an action and who approves: `{execute, approve}`.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub fn action_permissions(&self, viewer: &Viewer, identifier: &str) -> Result<Value, PortalError> {
        self.action(viewer, identifier)?;
        Ok(read(&self.shared.catalog.load(), identifier))
    }

    /// Sets who may execute an action and who approves, key by key; null gives the default back.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` naming the place; `Forbidden`.
    pub async fn patch_action_permissions(
        &self,
        viewer: &Viewer,
        identifier: &str,
        body: Value,
    ) -> Result<Value, PortalError> {
        self.may(viewer, Action::UpdateAction, Resource::Named(identifier))?;
        find(&self.shared.catalog.load(), identifier)?;
        check(&body)?;
        let identifier = identifier.to_owned();
        let patch = move |draft: &mut Draft| {
            find(&draft.catalog, &identifier)?;
            draft.patch_action_permissions(&identifier, &body);
            Ok(read(&draft.catalog, &identifier))
        };
        self.commit(viewer.actor("port"), false, patch).await
    }
}

impl Draft {
    fn patch_action_permissions(&mut self, identifier: &str, body: &Value) {
        let old = self.catalog.record(PERMISSIONS, identifier).cloned();
        let mut changed = match old.as_ref().map(|old| old.body.value()) {
            Some(Value::Object(changed)) => changed,
            _ => Map::new(),
        };
        for (name, block) in body.as_object().into_iter().flatten() {
            let Value::Object(block) = block else {
                changed.shift_remove(name);
                continue;
            };
            let over = changed.entry(name.clone()).or_insert_with(|| json!({}));
            let Some(over) = over.as_object_mut() else { continue };
            for (key, value) in block {
                match value {
                    Value::Null => drop(over.shift_remove(key)),
                    value => drop(over.insert(key.clone(), value.clone())),
                }
            }
        }
        let body = JsonText::of(&Value::Object(changed));
        if old.as_ref().is_none_or(|old| old.body != body) {
            let mut stamps = old.map_or_else(|| self.new_stamps(None), |old| old.stamps.clone());
            (stamps.updated_at, stamps.updated_by) = (self.at, self.actor.name.as_str().into());
            let (collection, key) = (PERMISSIONS.to_owned(), identifier.to_owned());
            self.put(Change::PutRecord(Arc::new(Record { collection, key, body, stamps })));
        }
    }
}

/// Refuses what no permissions can be.
fn check(body: &Value) -> Result<(), PortalError> {
    let map = body.as_object().ok_or_else(|| PortalError::invalid("body must be object"))?;
    for (name, block) in map {
        if !BLOCKS.contains(&name.as_str()) {
            let text = format!("body must NOT have additional properties, additional property: {name}");
            return Err(PortalError::invalid(text));
        }
        match block {
            Value::Null => {}
            Value::Object(block) => check_block(name, block)?,
            _ => return Err(PortalError::invalid(format!("\"{name}\" must be object"))),
        }
    }
    Ok(())
}

fn check_block(name: &str, block: &Map<String, Value>) -> Result<(), PortalError> {
    for (key, value) in block {
        let place = format!("{name}/{key}");
        let expected = match (key.as_str(), value) {
            (_, Value::Null) => continue,
            ("users" | "roles" | "teams", value) => {
                let texts = value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
                if texts { continue } else { "array of strings" }
            }
            ("ownedByTeam" | "ownRuns", Value::Bool(_)) => continue,
            ("ownedByTeam" | "ownRuns", _) => "boolean",
            ("policy", Value::Object(policy)) => {
                check_policy(&place, policy)?;
                continue;
            }
            ("policy", _) => "object",
            _ => {
                let text =
                    format!("\"{name}\" must NOT have additional properties, additional property: {key}");
                return Err(PortalError::invalid(text));
            }
        };
        return Err(PortalError::invalid(format!("\"{place}\" must be {expected}")));
    }
    Ok(())
}

fn check_policy(place: &str, policy: &Map<String, Value>) -> Result<(), PortalError> {
    let wrong = |at: &str, what: &str| Err(PortalError::invalid(format!("\"{place}/{at}\" must be {what}")));
    match policy.get("conditions") {
        Some(Value::Array(list)) if list.iter().all(Value::is_string) => {}
        Some(_) => return wrong("conditions", "array of strings"),
        None => {
            let text = format!("\"{place}\" must have required property 'conditions'");
            return Err(PortalError::invalid(text));
        }
    }
    match policy.get("queries") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Object(queries)) => {
            let bad = queries.iter().find(|(_, query)| !query.get("rules").is_some_and(Value::is_array));
            bad.map_or(Ok(()), |(name, _)| {
                wrong(&format!("queries/{name}"), "{\"rules\": array, \"combinator\"}")
            })
        }
        Some(_) => wrong("queries", "object"),
    }
}
