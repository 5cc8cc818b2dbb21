//! JSON schemas of inputs. Violations read as the `jsonschema` package of npm words them, which is what authors of
//! templates know: `instance requires property "url"`.

use std::fmt::Write as _;

use serde_json::Value;

/// What is wrong with a value, each with its place.
#[must_use]
pub fn problems(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, value, "instance", &mut found);
    found
}

fn check(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let Some(schema) = schema.as_object() else { return };
    let before = found.len();
    if let Some(kinds) = schema.get("type") {
        let kinds: Vec<&str> = match kinds {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if !kinds.is_empty() && !kinds.iter().any(|kind| is_of(kind, value)) {
            found.push(format!("{at} is not of a type(s) {}", kinds.join(",")));
        }
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
        && !allowed.contains(value)
    {
        let list: Vec<String> = allowed.iter().map(plain).collect();
        found.push(format!("{at} is not one of enum values: {}", list.join(",")));
    }
    if let Some(wanted) = schema.get("const").filter(|wanted| *wanted != value) {
        found.push(format!("{at} does not exactly match expected constant: {}", plain(wanted)));
    }
    if found.len() > before {
        return;
    }
    sizes(schema, value, at, found);
    match value {
        Value::Object(fields) => object(schema, fields, at, found),
        Value::Array(items) => {
            if let Some(of) = schema.get("items") {
                items.iter().enumerate().for_each(|(n, item)| check(of, item, &format!("{at}[{n}]"), found));
            }
        }
        _ => {}
    }
    choices(schema, value, at, found);
}

fn object(
    schema: &serde_json::Map<String, Value>,
    fields: &serde_json::Map<String, Value>,
    at: &str,
    found: &mut Vec<String>,
) {
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        if let Some(name) = name.as_str().filter(|name| !fields.contains_key(*name)) {
            found.push(format!("{at} requires property \"{name}\""));
        }
    }
    let known = schema.get("properties").and_then(Value::as_object);
    for (name, value) in fields {
        match (known.and_then(|known| known.get(name)), schema.get("additionalProperties")) {
            (Some(of), _) => check(of, value, &below(at, name), found),
            (None, Some(Value::Bool(false))) => {
                found.push(format!("{at} is not allowed to have the additional property \"{name}\""));
            }
            (None, Some(of)) => check(of, value, &below(at, name), found),
            (None, None) => {}
        }
    }
}

fn sizes(schema: &serde_json::Map<String, Value>, value: &Value, at: &str, found: &mut Vec<String>) {
    let limit = |key: &str| schema.get(key).and_then(Value::as_f64);
    let length = match value {
        // As JavaScript counts.
        Value::String(text) => Some((text.encode_utf16().count(), "minLength", "maxLength")),
        Value::Array(items) => Some((items.len(), "minItems", "maxItems")),
        _ => None,
    };
    if let Some((length, least, most)) = length {
        #[allow(clippy::cast_precision_loss)]
        let length = length as f64;
        if let Some(least) = limit(least).filter(|least| length < *least) {
            found.push(format!("{at} does not meet minimum length of {least}"));
        }
        if let Some(most) = limit(most).filter(|most| length > *most) {
            found.push(format!("{at} does not meet maximum length of {most}"));
        }
    }
    if let Some(number) = value.as_f64() {
        if let Some(least) = limit("minimum").filter(|least| number < *least) {
            found.push(format!("{at} must be greater than or equal to {least}"));
        }
        if let Some(most) = limit("maximum").filter(|most| number > *most) {
            found.push(format!("{at} must be less than or equal to {most}"));
        }
    }
}

fn choices(schema: &serde_json::Map<String, Value>, value: &Value, at: &str, found: &mut Vec<String>) {
    let named = |of: &[Value]| {
        of.iter().enumerate().fold(String::new(), |mut text, (n, schema)| {
            let comma = if n == 0 { "" } else { "," };
            let _ = match schema.get("title").and_then(Value::as_str) {
                Some(title) => write!(text, "{comma}\"{title}\""),
                None => write!(text, "{comma}[subschema {n}]"),
            };
            text
        })
    };
    let matching = |of: &[Value]| of.iter().filter(|schema| problems(schema, value).is_empty()).count();
    for of in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        check(of, value, at, found);
    }
    if let Some(of) = schema.get("anyOf").and_then(Value::as_array)
        && matching(of) == 0
    {
        found.push(format!("{at} is not any of {}", named(of)));
    }
    if let Some(of) = schema.get("oneOf").and_then(Value::as_array)
        && matching(of) != 1
    {
        found.push(format!("{at} is not exactly one from {}", named(of)));
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        _ => true,
    }
}

fn below(at: &str, name: &str) -> String {
    let is_word = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
    if is_word { format!("{at}.{name}") } else { format!("{at}[{}]", Value::from(name)) }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
