//! Who may do what with the entities of a blueprint, as Port's clients read and write it. What nobody has
//! changed is not stored: it follows the blueprint.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_auth::moderator_role as moderator;
use stagedoor_model::{Blueprint, Change, JsonText, Record};
use stagedoor_query::Catalog;

use super::attribute::rename_key;
use super::no_blueprint;
use crate::error::PortalError;
use crate::writer::Draft;

/// Collection of records: what was changed of a blueprint's permissions, by its identifier.
pub(crate) const PERMISSIONS: &str = "blueprint_permissions";
/// What may be done with an entity as a whole.
const OPERATIONS: [&str; 4] = ["register", "update", "unregister", "read"];
/// What may be updated besides properties.
const META: [&str; 4] = ["$title", "$identifier", "$icon", "$team"];

/// The permissions of a blueprint, complete.
pub(super) fn read(catalog: &Catalog, blueprint: &str) -> Result<Value, PortalError> {
    let Some(entry) = catalog.blueprints().get(blueprint) else { return Err(no_blueprint(blueprint)) };
    let mut entities = defaults(&entry.blueprint);
    let changed = catalog.record(PERMISSIONS, blueprint).map(|r| r.body.value()).unwrap_or_default();
    overlay(&mut entities, &changed, &block(&entry.blueprint));
    Ok(json!({ "entities": entities }))
}

/// What holds for an operation unless somebody says otherwise.
fn block(blueprint: &Blueprint) -> Value {
    let moderator = moderator(&blueprint.identifier);
    json!({ "roles": ["Admin", moderator], "users": [], "teams": [], "ownedByTeam": false })
}

/// What was changed of a blueprint's permissions, with the role that it has under its new name.
pub(super) fn with_moderators(changed: &JsonText, from: &str, to: &str) -> JsonText {
    fn replace(value: &mut Value, from: &str, to: &str) {
        match value {
            Value::String(text) if text == from => *text = to.to_owned(),
            Value::Array(list) => list.iter_mut().for_each(|v| replace(v, from, to)),
            Value::Object(map) => map.values_mut().for_each(|v| replace(v, from, to)),
            _ => {}
        }
    }
    let mut body = changed.value();
    replace(&mut body, &moderator(from), &moderator(to));
    JsonText::of(&body)
}

fn defaults(blueprint: &Blueprint) -> Value {
    let block = block(blueprint);
    let all = |keys: &mut dyn Iterator<Item = &str>| {
        keys.map(|key| (key.to_owned(), block.clone())).collect::<Map<_, _>>()
    };
    let properties = all(&mut META.into_iter().chain(blueprint.properties.keys().map(String::as_str)));
    let relations = all(&mut blueprint.relations.keys().map(String::as_str));
    json!({
        "register": block,
        "update": block,
        "unregister": block,
        "updateProperties": properties,
        "updateRelations": relations,
    })
}

/// Lays changed blocks over complete ones. What the blueprint no longer has is left out.
fn overlay(entities: &mut Value, changed: &Value, default: &Value) {
    let lay = |over: &mut Value, block: &Value| {
        for (key, value) in block.as_object().into_iter().flatten() {
            over[key] = value.clone();
        }
    };
    for (key, value) in changed.as_object().into_iter().flatten() {
        match entities.get_mut(key).and_then(Value::as_object_mut) {
            Some(map) if key.starts_with("update") && key != "update" => {
                for (name, block) in value.as_object().into_iter().flatten() {
                    map.get_mut(name).into_iter().for_each(|over| lay(over, block));
                }
            }
            _ => {
                let over = &mut entities[key];
                if over.is_null() {
                    *over = if key == "read" { open(default) } else { default.clone() };
                }
                lay(over, value);
            }
        }
    }
}

/// `read` is open to everybody until it is restricted, and so has no default; a restriction starts with nobody.
fn open(default: &Value) -> Value {
    let mut block = default.clone();
    block["roles"] = json!([]);
    block
}

impl Draft {
    pub(super) fn patch_permissions(&mut self, blueprint: &str, body: &Value) -> Result<Value, PortalError> {
        let Some(entry) = self.catalog.blueprints().get(blueprint).cloned() else {
            return Err(no_blueprint(blueprint));
        };
        let patch = match body.get("entities") {
            None | Some(Value::Null) => return read(&self.catalog, blueprint),
            Some(Value::Object(patch)) => patch,
            Some(_) => return Err(PortalError::invalid("\"entities\" must be object")),
        };
        check(patch, &entry.blueprint)?;
        let old = self.catalog.record(PERMISSIONS, blueprint).cloned();
        let mut changed = old.as_ref().map_or_else(|| json!({}), |r| r.body.value());
        for (key, value) in patch {
            let nested = key.starts_with("update") && key != "update";
            merge(&mut changed, key, value, if nested { 2 } else { 1 });
        }
        let body = JsonText::of(&changed);
        if old.as_ref().is_none_or(|old| old.body != body) {
            let mut stamps = old.map_or_else(|| self.new_stamps(None), |old| old.stamps.clone());
            (stamps.updated_at, stamps.updated_by) = (self.at, self.actor.name.as_str().into());
            let (collection, key) = (PERMISSIONS.to_owned(), blueprint.to_owned());
            self.put(Change::PutRecord(Arc::new(Record { collection, key, body, stamps })));
        }
        read(&self.catalog, blueprint)
    }
}

/// Replaces by key, `depth` levels down; null gives the default back.
fn merge(base: &mut Value, key: &str, value: &Value, depth: usize) {
    let Some(map) = base.as_object_mut() else { return };
    match value {
        Value::Null => drop(map.shift_remove(key)),
        Value::Object(inner) if depth > 0 => {
            let below = map.entry(key.to_owned()).or_insert_with(|| json!({}));
            inner.iter().for_each(|(key, value)| merge(below, key, value, depth - 1));
        }
        _ => drop(map.insert(key.to_owned(), value.clone())),
    }
}

fn check(patch: &Map<String, Value>, blueprint: &Blueprint) -> Result<(), PortalError> {
    let (mut properties, mut relations) = (Vec::new(), Vec::new());
    for (key, value) in patch {
        let place = format!("entities/{key}");
        let map = match value {
            Value::Null => continue,
            Value::Object(map) => map,
            _ => return Err(PortalError::invalid(format!("\"{place}\" must be object"))),
        };
        if OPERATIONS.contains(&key.as_str()) {
            check_block(map, &place)?;
            continue;
        }
        let (known, unknown): (&dyn Fn(&str) -> bool, _) = match key.as_str() {
            "updateProperties" => {
                (&|k| blueprint.properties.contains_key(k) || META.contains(&k), &mut properties)
            }
            "updateRelations" => (&|k| blueprint.relations.contains_key(k), &mut relations),
            _ => {
                let text =
                    format!("\"entities\" must NOT have additional properties, additional property: {key}");
                return Err(PortalError::invalid(text));
            }
        };
        for (name, block) in map {
            match block {
                Value::Null => {}
                Value::Object(block) => check_block(block, &format!("{place}/{name}"))?,
                _ => return Err(PortalError::invalid(format!("\"{place}/{name}\" must be object"))),
            }
            if !known(name) {
                unknown.push(name.clone());
            }
        }
    }
    if properties.is_empty() && relations.is_empty() {
        return Ok(());
    }
    Err(PortalError::Invalid {
        code: "invalid_permissions",
        message: "You cannot update permissions on unknown fields".into(),
        details: Some(json!({ "invalidProperties": properties, "invalidRelations": relations })),
    })
}

fn check_block(block: &Map<String, Value>, place: &str) -> Result<(), PortalError> {
    for (key, value) in block {
        let fits = match (key.as_str(), value) {
            (_, Value::Null) => true,
            ("roles" | "users" | "teams", Value::Array(list)) => list.iter().all(Value::is_string),
            ("ownedByTeam", value) => value.is_boolean(),
            ("policy", value) => value.is_object(),
            ("roles" | "users" | "teams", _) => false,
            _ => {
                let text =
                    format!("\"{place}\" must NOT have additional properties, additional property: {key}");
                return Err(PortalError::invalid(text));
            }
        };
        if !fits {
            let kind = match key.as_str() {
                "ownedByTeam" => "boolean",
                "policy" => "object",
                _ => "array of strings",
            };
            return Err(PortalError::invalid(format!("\"{place}/{key}\" must be {kind}")));
        }
    }
    Ok(())
}

/// Lets what was changed follow a renamed property or relation.
pub(super) fn rename(draft: &mut Draft, blueprint: &str, part: &str, from: &str, to: &str) {
    let Some(record) = draft.catalog.record(PERMISSIONS, blueprint).cloned() else { return };
    let mut body = record.body.value();
    rename_key(&mut body, &format!("/{part}"), from, to);
    if JsonText::of(&body) != record.body {
        let record = Record { body: JsonText::of(&body), ..record.as_ref().clone() };
        draft.put(Change::PutRecord(Arc::new(record)));
    }
}
