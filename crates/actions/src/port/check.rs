//! What a definition of an action must look like, in ajv's words, which Port's clients look for.

use std::sync::LazyLock;

use serde_json::{Map, Value};
use stagedoor_model::blueprint::Invalid;
use stagedoor_model::schema::{self, Violation};

use super::user_inputs::is_dynamic;

/// Schemas of the parts, as data.
static SCHEMAS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("action.json")).unwrap_or_default());

/// Keys of an input whose value may be `{"jqQuery"}`.
pub(super) const DYNAMIC: [&str; 8] =
    ["default", "enum", "pattern", "minItems", "maxItems", "visible", "disabled", "required"];

/// Whether a definition in today's form is legal.
///
/// # Errors
/// The first thing that is not, with its place.
pub(super) fn check(body: &Value) -> Result<(), Invalid> {
    part("action", "", body)?;
    let identifier = body.get("identifier").and_then(Value::as_str).unwrap_or_default();
    if !is_identifier(identifier) {
        let text = "must be letters, digits or any of @ _ . + : = -, and not \".\" or \"..\"";
        return Err(at("/identifier", text));
    }
    approval_notification(body.get("approvalNotification"))?;
    let trigger = body.get("trigger").unwrap_or(&Value::Null);
    match text_at(trigger, "type") {
        "self-service" => self_service(trigger)?,
        _ => automation(trigger)?,
    }
    let method = body.get("invocationMethod").unwrap_or(&Value::Null);
    let kind = text_at(method, "type");
    let Some(schema) = SCHEMAS.pointer("/invocation").and_then(|all| all.get(kind)) else {
        let all = SCHEMAS.get("invocation").and_then(Value::as_object);
        let names: Vec<&str> = all.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let text = format!("must be equal to one of the allowed values: {}", names.join(", "));
        return Err(at("/invocationMethod/type", &text));
    };
    by(schema, "/invocationMethod", method)
}

/// A webhook needs an address.
fn approval_notification(value: Option<&Value>) -> Result<(), Invalid> {
    let Some(value) = value.filter(|value| text_at(value, "type") == "webhook") else { return Ok(()) };
    match text_at(value, "url") {
        "" => Err(at("/approvalNotification", "must have required property 'url'")),
        url if url.starts_with("https://") || url.starts_with("http://") => Ok(()),
        _ => Err(at("/approvalNotification/url", "must be an address of http or https")),
    }
}

/// Letters of any script, digits and `@_.+:=-`, and not only dots.
pub(crate) fn is_identifier(id: &str) -> bool {
    let legal = |c: char| {
        c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '@' | '_' | '.' | '+' | ':' | '=' | '-')
    };
    !id.is_empty() && id != "." && id != ".." && id.chars().all(legal)
}

fn self_service(trigger: &Value) -> Result<(), Invalid> {
    part("trigger:self-service", "/trigger", trigger)?;
    let condition = trigger.get("condition").is_some_and(|condition| !condition.is_null());
    if condition && text_at(trigger, "operation") == "CREATE" {
        return Err(at("/trigger/condition", "is for the operations DAY-2 and DELETE"));
    }
    match trigger.get("userInputs") {
        None => Ok(()),
        Some(inputs) => user_inputs(inputs, "/trigger/userInputs"),
    }
}

fn automation(trigger: &Value) -> Result<(), Invalid> {
    part("trigger:automation", "/trigger", trigger)?;
    let event = trigger.get("event").unwrap_or(&Value::Null);
    let sort = match text_at(event, "type") {
        "TIMER_PROPERTY_EXPIRED" => "event:timer",
        "RUN_CREATED" | "RUN_UPDATED" | "ANY_RUN_CHANGE" => "event:run",
        _ => "event:entity",
    };
    part(sort, "/trigger/event", event)
}

/// Whether a form is legal; Port's workflows have them, too.
///
/// # Errors
/// The first thing that is not, with its place below `path`.
pub fn user_inputs(inputs: &Value, path: &str) -> Result<(), Invalid> {
    if !inputs.is_object() {
        return Err(at(path, "must be object"));
    }
    part("userInputs", path, inputs)?;
    if let Some(Value::Object(required)) = inputs.get("required")
        && !required.get("jqQuery").is_some_and(Value::is_string)
    {
        return Err(at(&format!("{path}/required"), "must be array or {\"jqQuery\": string}"));
    }
    let filled = |key: &str| inputs.get(key).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    if filled("order") && filled("steps") {
        return Err(at(path, "must NOT have both order and steps"));
    }
    let properties = inputs.get("properties").and_then(Value::as_object);
    for (key, input) in properties.into_iter().flatten() {
        let path = format!("{path}/properties/{}", escaped(key));
        if key.is_empty() || key.chars().count() > 100 {
            return Err(at(&path, "must have a name of 1 to 100 characters"));
        }
        self::input(input, &path)?;
    }
    Ok(())
}

fn input(input: &Value, path: &str) -> Result<(), Invalid> {
    part("input", path, input)?;
    let Some(map) = input.as_object() else { return Ok(()) };
    for (key, value) in map {
        let is_switch = matches!(key.as_str(), "visible" | "disabled");
        if is_switch && !value.is_boolean() && !value.is_null() && !is_dynamic(value) {
            return Err(at(&format!("{path}/{key}"), "must be boolean or {\"jqQuery\": string}"));
        }
    }
    encryption(map.get("encryption"), path)?;
    let entities = map.get("format").is_some_and(|format| format == "entity");
    if entities && map.get("blueprint").is_none_or(|blueprint| !blueprint.is_string()) {
        return Err(at(path, "must have required property 'blueprint'"));
    }
    schema::check_definition(&Value::Object(fixed(map)), path)
}

fn encryption(value: Option<&Value>, path: &str) -> Result<(), Invalid> {
    let legal = match value {
        None | Some(Value::Null) => true,
        Some(Value::String(name)) => name == "aes256-gcm",
        Some(Value::Object(map)) => {
            map.get("algorithm").is_some_and(|a| a == "client-side")
                && map.get("key").is_some_and(Value::is_string)
        }
        Some(_) => false,
    };
    if legal {
        return Ok(());
    }
    let text = "must be \"aes256-gcm\" or {\"algorithm\": \"client-side\", \"key\": string}";
    Err(at(&format!("{path}/encryption"), text))
}

/// An input without what is found out when it is asked.
pub(super) fn fixed(input: &Map<String, Value>) -> Map<String, Value> {
    let dynamic = |key: &str, value: &Value| DYNAMIC.contains(&key) && (is_dynamic(value) || value.is_null());
    input.iter().filter(|(key, value)| !dynamic(key, value)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn part(name: &str, path: &str, value: &Value) -> Result<(), Invalid> {
    SCHEMAS.get(name).map_or(Ok(()), |schema| by(schema, path, value))
}

/// What a back end is given, as a schema; `None` where there is no such back end.
pub(crate) fn back_end(kind: &str) -> Option<&'static Value> {
    SCHEMAS.get("invocation")?.get(kind)
}

/// Checks a part against a schema.
pub(crate) fn by(schema: &Value, path: &str, value: &Value) -> Result<(), Invalid> {
    schema::check(schema, value).map_or(Ok(()), |violation| Err(refusal(path, &violation)))
}

/// A violation in the words of Port's refusals.
pub(super) fn refusal(path: &str, violation: &Violation) -> Invalid {
    let detail = match violation.keyword {
        "additionalProperties" => {
            format!(", additional property: {}", violation.detail.trim_start_matches("additionalProperty: "))
        }
        "enum" => format!(": {}", violation.detail.trim_start_matches("allowedValues: ").replace(',', ", ")),
        _ => String::new(),
    };
    at(&format!("{path}{}", violation.path), &format!("{}{detail}", violation.message))
}

/// What is wrong at a place.
pub(crate) fn at(path: &str, text: &str) -> Invalid {
    let shown = path.trim_start_matches('/');
    let message = if shown.is_empty() { format!("body {text}") } else { format!("\"{shown}\" {text}") };
    Invalid::new(path, message)
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn text_at<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
