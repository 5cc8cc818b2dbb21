//! What templates, policies and forms read besides the inputs: who, when, and which entity.

use serde_json::{Map, Value, json};
use stagedoor_actions::Origin;
use stagedoor_actions::port::PortAction;
use stagedoor_actions::port::user_inputs::{is_encrypted, names_of};
use stagedoor_auth::Viewer;
use stagedoor_query::NodeId;

use crate::{Person, View, clock};

/// Keys of an entity in the place of its identifier.
const OF_ENTITY: [&str; 7] = ["identifier", "title", "icon", "blueprint", "team", "properties", "relations"];

/// Who fills a form in, as its programs and policies see it.
pub(crate) fn user(viewer: &Viewer, view: &View) -> Value {
    let Some(person) = viewer.email().and_then(|email| view.person(email)) else {
        return json!({
            "userId": viewer.name(), "email": viewer.email(), "name": viewer.name(), "picture": null,
            "mainRole": "Admin", "roles": [{ "name": "Admin" }], "teams": [], "teamsIdentifiers": [],
        });
    };
    let roles: Vec<Value> = person.roles().iter().map(|name| json!({ "name": name })).collect();
    let team = |team: &crate::TeamName| json!({ "name": team.name, "identifier": team.identifier, "provider": "port" });
    let identifiers: Vec<&str> = person.teams.iter().map(|team| team.identifier.as_str()).collect();
    json!({
        "userId": person.email, "email": person.email, "name": full_name(&person), "picture": person.picture,
        "firstName": person.first_name, "lastName": person.last_name, "mainRole": person.role, "roles": roles,
        "teams": person.teams.iter().map(team).collect::<Vec<_>>(), "teamsIdentifiers": identifiers,
    })
}

fn full_name(person: &Person) -> String {
    let name = format!("{} {}", person.first_name, person.last_name);
    let name = name.trim();
    if name.is_empty() { person.email.clone() } else { name.to_owned() }
}

/// The `trigger` of a run that somebody begins.
pub(crate) fn trigger(
    viewer: &Viewer,
    view: &View,
    action: &PortAction,
    origin: Origin,
    organization: &str,
) -> Value {
    let user = match viewer.email().and_then(|email| view.person(email)) {
        Some(person) => json!({
            "id": person.email, "email": person.email, "firstName": person.first_name, "lastName": person.last_name,
            "phoneNumber": "", "picture": person.picture, "providers": ["port"],
            "status": person.status.name().to_uppercase(),
            "createdAt": person.created_at.to_string(), "updatedAt": person.updated_at.to_string(),
        }),
        None => json!({ "id": viewer.name(), "email": viewer.email().unwrap_or(viewer.name()) }),
    };
    let origin = match origin {
        Origin::Ui => "UI",
        Origin::Api => "API",
        Origin::Automation => "AUTOMATION",
    };
    json!({
        "by": { "orgId": organization, "userId": viewer.email().unwrap_or(viewer.name()), "user": user },
        "origin": origin,
        "at": clock::now().to_string(),
        "operation": action.operation(),
        "type": "self-service",
    })
}

/// The `action` that templates read.
pub(super) fn action(action: &PortAction) -> Value {
    json!({
        "identifier": action.identifier(),
        "title": action.text("title"),
        "blueprint": action.blueprint(),
        "encryptedProperties": action.inputs().encrypted(),
    })
}

/// The value of an input as programs and templates see it: entities in the place of their identifiers.
pub(super) fn expanded(view: &View, input: &Map<String, Value>, value: &Value) -> Value {
    let Some(("entity", Some(blueprint))) = names_of(input) else { return value.clone() };
    if is_encrypted(input) {
        return value.clone();
    }
    let one = |value: &Value| match value.as_str().and_then(|id| view.by_key(blueprint, id)) {
        Some(node) => entity(view, node),
        None => value.clone(),
    };
    match value {
        Value::Array(list) => Value::Array(list.iter().map(one).collect()),
        value => one(value),
    }
}

/// An entity as a value.
fn entity(view: &View, node: NodeId) -> Value {
    let Value::Object(mut whole) = view.port_entity(node) else { return Value::Null };
    whole.retain(|key, _| OF_ENTITY.contains(&key.as_str()));
    Value::Object(whole)
}
