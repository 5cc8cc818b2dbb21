//! Which fields an integration may have, and what is legal in each.

use serde_json::{Map, Value};

use crate::error::PortalError;

/// Names that stand for something else in the same place of a path.
const RESERVED: [&str; 3] = ["metadata", "provision-enabled", "register"];
/// The server's own, ignored where a client sends back what it got.
const OURS: [&str; 15] = [
    "_id",
    "_orgId",
    "identifier",
    "integrationType",
    "resyncState",
    "resyncRequest",
    "logAttributes",
    "metricAttributes",
    "ingestAttributes",
    "logIngestId",
    "clientId",
    "createdAt",
    "createdBy",
    "updatedAt",
    "updatedBy",
];

/// What a client sends as null where it has nothing to say.
const UNSAID: [&str; 4] = ["config", "installationAppType", "installationType", "version"];

/// The body, if each field is of the type that it should be. Keys that nobody knows are stored as they come.
pub(super) fn checked(body: Value, create: bool) -> Result<Map<String, Value>, PortalError> {
    let Value::Object(mut body) = body else { return Err(PortalError::invalid("body must be object")) };
    let unsaid = |key: &str, value: &Value| value.is_null() && UNSAID.contains(&key);
    body.retain(|key, value| !OURS.contains(&key.as_str()) && !unsaid(key, value));
    if create && !body.contains_key("installationId") {
        return Err(PortalError::invalid("body must have required property 'installationId'"));
    }
    for (key, value) in &body {
        let legal = match key.as_str() {
            "title" => value.is_string() || value.is_null(),
            "installationId"
            | "installationAppType"
            | "version"
            | "createPortResourcesOrigin"
            | "processingMode"
            | "installationType" => value.is_string(),
            "config" | "spec" => value.is_object(),
            "changelogDestination" => value.is_object() || value.is_null(),
            "actionsProcessingEnabled" | "incrementalSyncEnabled" | "arePortResourcesInitialized" => {
                value.is_boolean()
            }
            _ => true,
        };
        if !legal {
            return Err(PortalError::invalid(format!("\"{key}\" must be {}", type_of(key))));
        }
    }
    if let Some(id) = body.get("installationId").and_then(Value::as_str) {
        identifier(id)?;
    }
    if let Some(destination) = body.get("changelogDestination") {
        changelog_destination(destination)?;
    }
    Ok(body)
}

fn type_of(key: &str) -> &'static str {
    match key {
        "config" | "spec" | "changelogDestination" => "object",
        "actionsProcessingEnabled" | "incrementalSyncEnabled" | "arePortResourcesInitialized" => "boolean",
        _ => "string",
    }
}

fn identifier(id: &str) -> Result<(), PortalError> {
    if id.is_empty() || id.chars().count() > 255 || id.chars().any(char::is_control) {
        let text = "\"installationId\" must have 1 to 255 characters, none of them a control character";
        return Err(PortalError::invalid(text));
    }
    if RESERVED.contains(&id) || id == "." || id == ".." {
        return Err(PortalError::invalid(format!(
            "\"installationId\" must not be \"{id}\": the name is reserved"
        )));
    }
    Ok(())
}

fn changelog_destination(destination: &Value) -> Result<(), PortalError> {
    let get = |key: &str| destination.get(key).filter(|v| !v.is_null());
    match get("type") {
        None => return Ok(()),
        Some(kind) if !kind.is_string() => {
            return Err(PortalError::invalid("\"changelogDestination/type\" must be string"));
        }
        Some(kind) if kind != "WEBHOOK" => return Ok(()),
        Some(_) => {}
    }
    let url = get("url").and_then(Value::as_str).unwrap_or_default();
    if !url.starts_with("http://") && !url.starts_with("https://") {
        let text = "\"changelogDestination/url\" must be an http or https address";
        return Err(PortalError::invalid(text));
    }
    Ok(())
}

/// The identifier is the key of everything an integration has reported, so it stays.
pub(super) fn same_identifier(body: &Map<String, Value>, key: &str) -> Result<(), PortalError> {
    match body.get("installationId").and_then(Value::as_str) {
        Some(other) if other != key => {
            Err(PortalError::invalid(format!("\"installationId\" cannot be changed: it is \"{key}\"")))
        }
        _ => Ok(()),
    }
}
