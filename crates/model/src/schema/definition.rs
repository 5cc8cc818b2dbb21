//! Is the definition of a property itself legal?

use serde_json::{Map, Value};

use crate::blueprint::Invalid;

const TYPES: [&str; 6] = ["string", "number", "integer", "boolean", "object", "array"];
const COUNTS: [&str; 4] = ["minLength", "maxLength", "minItems", "maxItems"];
const NUMBERS: [&str; 4] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
const TEXTS: [&str; 5] = ["format", "title", "description", "spec", "icon"];
/// How deep definitions may nest (`items.items...`).
const DEPTH: usize = 20;

/// Checks that a property definition is itself legal. `path` is the JSON pointer of the definition.
///
/// # Errors
/// The first illegal keyword, by path.
pub fn check_definition(definition: &Value, path: &str) -> Result<(), Invalid> {
    level(definition, path, 0)
}

fn level(definition: &Value, path: &str, depth: usize) -> Result<(), Invalid> {
    let Some(map) = definition.as_object() else { return Err(wrong(path, "", "must be object")) };
    if depth > DEPTH {
        return Err(wrong(path, "", &format!("must NOT nest more than {DEPTH} levels")));
    }
    kind(map, path)?;
    for key in COUNTS {
        if map.get(key).is_some_and(|v| !v.is_null() && v.as_u64().is_none()) {
            return Err(wrong(path, key, "must be a non-negative integer"));
        }
    }
    for key in NUMBERS {
        if map.get(key).is_some_and(|v| !v.is_null() && !v.is_number()) {
            return Err(wrong(path, key, "must be number"));
        }
    }
    for key in TEXTS {
        if map.get(key).is_some_and(|v| !v.is_null() && !v.is_string()) {
            return Err(wrong(path, key, "must be string"));
        }
    }
    if map.get("uniqueItems").is_some_and(|v| !v.is_null() && !v.is_boolean()) {
        return Err(wrong(path, "uniqueItems", "must be boolean"));
    }
    choices(map, path)?;
    pattern(map, path)?;
    match map.get("items") {
        None | Some(Value::Null) => Ok(()),
        Some(items) => level(items, &format!("{path}/items"), depth + 1),
    }
}

fn kind(map: &Map<String, Value>, path: &str) -> Result<(), Invalid> {
    let known = match map.get("type") {
        None => true,
        Some(Value::String(name)) => TYPES.contains(&name.as_str()) || name == "enum",
        Some(_) => false,
    };
    if known {
        return Ok(());
    }
    let list = TYPES.join(", ");
    Err(wrong(path, "type", &format!("must be equal to one of the allowed values: {list}")))
}

fn choices(map: &Map<String, Value>, path: &str) -> Result<(), Invalid> {
    match map.get("enum") {
        None | Some(Value::Null) => Ok(()),
        // A dynamic list: {"jqQuery": ...}.
        Some(Value::Object(_)) => Ok(()),
        Some(Value::Array(list)) if list.is_empty() => {
            Err(wrong(path, "enum", "must NOT have fewer than 1 items"))
        }
        Some(Value::Array(_)) => Ok(()),
        Some(_) => Err(wrong(path, "enum", "must be array")),
    }
}

fn pattern(map: &Map<String, Value>, path: &str) -> Result<(), Invalid> {
    let text = match map.get("pattern") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::String(text)) => text,
        Some(_) => return Err(wrong(path, "pattern", "must be string")),
    };
    if super::compile(text).is_ok() {
        return Ok(());
    }
    let around = ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|sign| text.contains(sign));
    let reason = if around {
        "must NOT use look-around ((?=, (?!, (?<=, (?<!), which this server does not support"
    } else {
        "must be a valid regular expression (back-references are not supported)"
    };
    Err(wrong(path, "pattern", reason))
}

fn wrong(path: &str, key: &str, message: &str) -> Invalid {
    let path = if key.is_empty() { path.to_owned() } else { format!("{path}/{key}") };
    let message = format!("\"{}\" {message}", path.trim_start_matches('/'));
    Invalid::new(path, message)
}
