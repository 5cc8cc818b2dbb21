//! Who may read and change a page. Reading is open until somebody restricts it, changing is for administrators.

use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, Block, Denied, Resource, Rights, Viewer, decide};
use stagedoor_model::names;
use stagedoor_query::Catalog;

use super::stored::stored;
use super::{Page, find};
use crate::error::PortalError;
use crate::people;
use crate::writer::Draft;
use crate::{Portal, audit};

const OPERATIONS: [&str; 2] = ["read", "update"];

fn default(operation: &str) -> Value {
    let roles: &[&str] = if operation == "read" { &["Admin", "Member"] } else { &["Admin"] };
    json!({ "users": [], "roles": roles, "teams": [] })
}

/// The permissions of a page, complete.
pub(super) fn shown(page: &Page) -> Value {
    let mut all = Map::new();
    for operation in OPERATIONS {
        let mut block = default(operation);
        for (key, value) in page.permissions.get(operation).and_then(Value::as_object).into_iter().flatten() {
            block[key] = value.clone();
        }
        all.insert(operation.into(), block);
    }
    Value::Object(all)
}

/// The block that decides; none where reading is open.
fn block(page: &Page, action: Action, catalog: &Catalog) -> Option<Block> {
    let operation = if action == Action::ReadPage { "read" } else { "update" };
    let changed = page.permissions.get(operation);
    if changed.is_none() && operation == "read" {
        return None;
    }
    let standard = Block::parse(&default(operation), &Block::default());
    let mut block = changed.map_or_else(|| standard.clone(), |changed| Block::parse(changed, &standard));
    // Port's clients name teams as people do.
    for team in &mut block.teams {
        if !names::is_entity_identifier(team)
            && let Some(identifier) = people::team_called(catalog, team)
        {
            *team = identifier;
        }
    }
    // Neither has a meaning for a page.
    (block.owned_by_team, block.policy) = (false, None);
    Some(block)
}

/// Whether these rights suffice, without a trace.
pub(super) fn may(rights: &Rights, action: Action, page: &Page, catalog: &Catalog) -> Result<(), Denied> {
    let block = block(page, action, catalog);
    decide(rights, action, &Resource::Guarded { name: page.identifier(), block: block.as_ref(), facts: None })
}

/// Refuses what no permissions can be.
pub(super) fn check(body: &Value) -> Result<(), PortalError> {
    let map = body.as_object().ok_or_else(|| PortalError::invalid("body must be object"))?;
    for (operation, block) in map {
        if !OPERATIONS.contains(&operation.as_str()) {
            let text = format!("body must NOT have additional properties, additional property: {operation}");
            return Err(PortalError::invalid(text));
        }
        match block {
            Value::Null => {}
            Value::Object(block) => check_block(operation, block)?,
            _ => return Err(PortalError::invalid(format!("\"{operation}\" must be object"))),
        }
    }
    Ok(())
}

fn check_block(operation: &str, block: &Map<String, Value>) -> Result<(), PortalError> {
    for (key, value) in block {
        if !["users", "roles", "teams"].contains(&key.as_str()) {
            let text =
                format!("\"{operation}\" must NOT have additional properties, additional property: {key}");
            return Err(PortalError::invalid(text));
        }
        let texts = value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
        if !texts && !value.is_null() {
            return Err(PortalError::invalid(format!("\"{operation}/{key}\" must be array of strings")));
        }
    }
    Ok(())
}

impl Portal {
    /// The same as [`may`]; a refusal is written into the audit journal.
    pub(super) fn may_page(
        &self,
        viewer: &Viewer,
        action: Action,
        page: &Page,
        catalog: &Catalog,
    ) -> Result<(), PortalError> {
        may(&self.rights_in(viewer, catalog), action, page, catalog).map_err(|denied| {
            let resource = Resource::Named(page.identifier());
            audit::denied(&self.shared.denials, viewer, &denied, audit::name_of(&resource));
            PortalError::Forbidden(denied.to_string())
        })
    }
}

impl Draft {
    pub(super) fn patch_page_permissions(&mut self, id: &str, body: &Value) -> Result<Page, PortalError> {
        let page = find(&self.catalog, id)?;
        let mut changed = page.permissions.as_object().cloned().unwrap_or_default();
        for (operation, block) in body.as_object().into_iter().flatten() {
            let Value::Object(block) = block else {
                changed.shift_remove(operation);
                continue;
            };
            let over = changed.entry(operation.clone()).or_insert_with(|| json!({}));
            for (key, value) in block.iter().filter(|(_, value)| !value.is_null()) {
                over[key] = value.clone();
            }
        }
        let mut stored = stored(&self.catalog, id).unwrap_or_default();
        stored.permissions = if changed.is_empty() { Value::Null } else { Value::Object(changed) };
        self.put_page(id, &stored);
        find(&self.catalog, id)
    }
}
