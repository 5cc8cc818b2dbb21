//! Reading the body of a page, in ajv's words, which Port's clients look for.

use serde_json::{Map, Value};

use super::widgets;
use crate::error::PortalError;

/// What a page may say: key and JSON type.
const KEYS: [(&str, &str); 16] = [
    ("identifier", "string"),
    ("title", "string"),
    ("icon", "string"),
    ("type", "string"),
    ("blueprint", "string"),
    ("description", "string"),
    ("widgets", "array"),
    ("pageFilters", "array"),
    ("locked", "boolean"),
    ("protected", "boolean"),
    ("showInSidebar", "boolean"),
    ("section", "string"),
    ("sidebar", "string"),
    ("parent", "string"),
    ("after", "string"),
    ("requiredQueryParams", "array"),
];
/// What only a page in the sidebar may say.
const PLACE: [&str; 5] = ["sidebar", "parent", "after", "section", "showInSidebar"];
pub(super) const TYPES: [&str; 4] = ["dashboard", "blueprint-entities", "entity", "home"];

/// A text of a body that is not empty.
pub(super) fn text_of<'b>(body: &'b Map<String, Value>, key: &str) -> Option<&'b str> {
    body.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn surplus(key: &str) -> PortalError {
    PortalError::invalid(format!("body must NOT have additional properties, additional property: {key}"))
}

/// `$home`, or what may name a blueprint.
pub(super) fn check_identifier(id: &str) -> Result<(), PortalError> {
    let name = id.strip_prefix('$').unwrap_or(id);
    if stagedoor_model::names::is_blueprint_identifier(name) {
        return Ok(());
    }
    let text =
        "\"identifier\" must be 1 to 100 letters, digits or any of @ _ . + : \\ / -, and not \".\" or \"..\"";
    Err(PortalError::invalid(text))
}

pub(super) fn check_title(title: &str) -> Result<(), PortalError> {
    if title.chars().count() <= 100 {
        return Ok(());
    }
    Err(PortalError::invalid("\"title\" must NOT have more than 100 characters"))
}

/// A new page.
pub(super) fn created(body: Value) -> Result<Map<String, Value>, PortalError> {
    let body = known(body)?;
    if let Some(kind) = text_of(&body, "type") {
        let text = match kind {
            "entity" => "entity pages cannot be created: each blueprint has its own, \"<blueprint>Entity\"",
            "home" => "the home page cannot be created: it is \"$home\"",
            _ => "",
        };
        if !text.is_empty() {
            return Err(PortalError::invalid(format!("\"type\": {text}")));
        }
        may_say(&body, kind)?;
    }
    Ok(body)
}

/// A page in the place of another.
pub(super) fn replacing(body: Value) -> Result<Map<String, Value>, PortalError> {
    known(body)
}

/// Some keys of a page.
pub(super) fn patching(body: Value) -> Result<Map<String, Value>, PortalError> {
    if body.get("type").is_some() {
        return Err(surplus("type"));
    }
    known(body)
}

/// Refuses what a page of a type may not say.
pub(super) fn may_say(body: &Map<String, Value>, kind: &str) -> Result<(), PortalError> {
    let placed = matches!(kind, "dashboard" | "blueprint-entities");
    let foreign = |key: &&String| match key.as_str() {
        "requiredQueryParams" => placed,
        key => !placed && PLACE.contains(&key),
    };
    body.keys().find(foreign).map_or(Ok(()), |key| Err(surplus(key)))
}

fn known(body: Value) -> Result<Map<String, Value>, PortalError> {
    let Value::Object(body) = body else { return Err(PortalError::invalid("body must be object")) };
    for (key, value) in &body {
        let Some((_, kind)) = KEYS.iter().find(|(known, _)| known == key) else { return Err(surplus(key)) };
        let fits = match *kind {
            "string" => value.is_string(),
            "array" => value.is_array(),
            _ => value.is_boolean(),
        };
        if !fits && !value.is_null() {
            return Err(PortalError::invalid(format!("\"{key}\" must be {kind}")));
        }
    }
    if let Some(Value::String(id)) = body.get("identifier") {
        check_identifier(id)?;
    }
    if let Some(title) = text_of(&body, "title") {
        check_title(title)?;
    }
    if let Some(kind) = body.get("type").and_then(Value::as_str)
        && !TYPES.contains(&kind)
    {
        let text = format!("\"type\" must be equal to one of the allowed values: {}", TYPES.join(", "));
        return Err(PortalError::invalid(text));
    }
    if let Some(sidebar) = text_of(&body, "sidebar").filter(|sidebar| *sidebar != "catalog") {
        return Err(PortalError::invalid(format!("\"sidebar\" must be catalog, not \"{sidebar}\"")));
    }
    if let Some(Value::Array(widgets)) = body.get("widgets") {
        widgets::check(widgets)?;
    }
    if let Some(Value::Array(filters)) = body.get("pageFilters") {
        check_filters(filters)?;
    }
    Ok(body)
}

fn check_filters(filters: &[Value]) -> Result<(), PortalError> {
    for (at, filter) in filters.iter().enumerate() {
        let place = format!("pageFilters/{at}");
        let Some(filter) = filter.as_object() else {
            return Err(PortalError::invalid(format!("\"{place}\" must be object")));
        };
        if let Some(query) = filter.get("query")
            && !query.is_object()
        {
            return Err(PortalError::invalid(format!("\"{place}/query\" must be object")));
        }
    }
    Ok(())
}
