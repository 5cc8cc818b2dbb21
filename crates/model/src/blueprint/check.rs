//! What a blueprint that is being written must keep beyond what reading one needs: lengths, colours, shapes.
//! Stored blueprints are not held against these rules again, so that a rule may be added later.

use serde_json::{Map, Value};

use super::Invalid;
use crate::derived::Derived;
use crate::schema::check_property;

/// Colours of enum values and of calculated values.
pub const COLORS: [&str; 17] = [
    "blue",
    "turquoise",
    "orange",
    "purple",
    "pink",
    "yellow",
    "green",
    "red",
    "gold",
    "silver",
    "paleBlue",
    "darkGray",
    "lightGray",
    "bronze",
    "lime",
    "olive",
    "brown",
];
/// How a property is shown, where its type does not say.
const SPECS: [&str; 3] = ["embedded-url", "open-api", "async-api"];
/// The maps of what is computed.
const DERIVED: [&str; 3] = ["mirrorProperties", "calculationProperties", "aggregationProperties"];
const TITLE: usize = 100;
const DESCRIPTION: usize = 200;

/// Checks the body of a blueprint, which [`super::Blueprint::parse`] has understood.
///
/// # Errors
/// The first rule that it breaks, with its place.
pub fn check(body: &Value) -> Result<(), Invalid> {
    let Some(map) = body.as_object() else { return Ok(()) };
    at_least_one(map, "", "title")?;
    text(map, "", "description", Some(DESCRIPTION))?;
    boolean(map, "", "includeInGlobalSearch")?;
    changelog(map)?;
    Derived::parse(body)?;
    unique_keys(map)?;
    for (key, definition) in each(map.get("schema").and_then(|s| s.get("properties"))) {
        property(&format!("/schema/properties/{key}"), definition)?;
    }
    for (key, definition) in each(map.get("relations")) {
        relation(&format!("/relations/{key}"), definition)?;
    }
    for name in DERIVED {
        for (key, definition) in each(map.get(name)) {
            derived(&format!("/{name}/{key}"), definition)?;
        }
    }
    Ok(())
}

fn each(map: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    map.and_then(Value::as_object).into_iter().flatten()
}

/// An error at a place, in ajv's manner: the place without its first slash, quoted, and what it must be.
fn wrong(path: &str, message: &str) -> Invalid {
    Invalid::new(path, format!("\"{}\" {message}", path.trim_start_matches('/')))
}

fn one_of(path: &str, allowed: &[&str]) -> Invalid {
    wrong(path, &format!("must be equal to one of the allowed values: {}", allowed.join(", ")))
}

fn object<'a>(path: &str, value: &'a Value) -> Result<&'a Map<String, Value>, Invalid> {
    value.as_object().ok_or_else(|| wrong(path, "must be object"))
}

fn text<'a>(
    map: &'a Map<String, Value>,
    path: &str,
    key: &str,
    max: Option<usize>,
) -> Result<Option<&'a str>, Invalid> {
    let path = format!("{path}/{key}");
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => match max {
            Some(max) if text.chars().count() > max => {
                Err(wrong(&path, &format!("must NOT have more than {max} characters")))
            }
            _ => Ok(Some(text)),
        },
        Some(_) => Err(wrong(&path, "must be string")),
    }
}

fn required<'a>(map: &'a Map<String, Value>, path: &str, key: &str) -> Result<&'a str, Invalid> {
    match text(map, path, key, None)? {
        Some("") => Err(wrong(&format!("{path}/{key}"), "must NOT have fewer than 1 characters")),
        Some(text) => Ok(text),
        None => Err(wrong(path, &format!("must have required property '{key}'"))),
    }
}

fn at_least_one(map: &Map<String, Value>, path: &str, key: &str) -> Result<(), Invalid> {
    if text(map, path, key, Some(TITLE))? == Some("") && path.is_empty() {
        return Err(wrong(&format!("{path}/{key}"), "must NOT have fewer than 1 characters"));
    }
    Ok(())
}

fn boolean(map: &Map<String, Value>, path: &str, key: &str) -> Result<bool, Invalid> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(wrong(&format!("{path}/{key}"), "must be boolean")),
    }
}

fn changelog(map: &Map<String, Value>) -> Result<(), Invalid> {
    let path = "/changelogDestination";
    let Some(value) = map.get("changelogDestination").filter(|v| !v.is_null()) else { return Ok(()) };
    let destination = object(path, value)?;
    if destination.is_empty() {
        return Ok(());
    }
    match required(destination, path, "type")? {
        "KAFKA" => Ok(()),
        "WEBHOOK" => {
            required(destination, path, "url")?;
            boolean(destination, path, "agent").map(drop)
        }
        _ => Err(one_of(&format!("{path}/type"), &["KAFKA", "WEBHOOK"])),
    }
}

/// What is computed may not have the name of what is stored.
fn unique_keys(map: &Map<String, Value>) -> Result<(), Invalid> {
    let stored = map.get("schema").and_then(|s| s.get("properties"));
    for name in DERIVED {
        let taken = |key: &String| stored.is_some_and(|s| s.get(key).is_some());
        if let Some((key, _)) = each(map.get(name)).find(|(key, _)| taken(key)) {
            return Err(wrong(&format!("/{name}/{key}"), "must NOT have the identifier of another property"));
        }
    }
    Ok(())
}

fn property(path: &str, definition: &Value) -> Result<(), Invalid> {
    let map = object(path, definition)?;
    display(map, path)?;
    choices(map, path)?;
    if let Some(items) = map.get("items").and_then(Value::as_object) {
        let path = format!("{path}/items");
        choices(items, &path)?;
        display(items, &path)?;
    }
    if map.get("format").and_then(Value::as_str) == Some("labeled-url")
        && map.get("type") != Some(&"object".into())
    {
        return Err(wrong(&format!("{path}/format"), "must be of type object to be \"labeled-url\""));
    }
    document_field(map, path)?;
    match map.get("default").and_then(|value| check_property(definition, value)) {
        None => Ok(()),
        Some(violation) => Err(wrong(&format!("{path}/default{}", violation.path), &violation.message)),
    }
}

/// What all kinds of properties have in common.
fn display(map: &Map<String, Value>, path: &str) -> Result<(), Invalid> {
    text(map, path, "title", Some(TITLE))?;
    for key in ["description", "icon", "format", "dateFormat"] {
        text(map, path, key, None)?;
    }
    if text(map, path, "spec", None)?.is_some_and(|spec| !SPECS.contains(&spec)) {
        return Err(one_of(&format!("{path}/spec"), &SPECS));
    }
    let Some(authentication) = map.get("specAuthentication").filter(|v| !v.is_null()) else { return Ok(()) };
    let path = format!("{path}/specAuthentication");
    let authentication = object(&path, authentication)?;
    for key in ["clientId", "authorizationUrl", "tokenUrl"] {
        required(authentication, &path, key)?;
    }
    match authentication.get("authorizationScope") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Array(list)) if list.iter().all(Value::is_string) => Ok(()),
        Some(_) => Err(wrong(&format!("{path}/authorizationScope"), "must be array of strings")),
    }
}

fn choices(map: &Map<String, Value>, path: &str) -> Result<(), Invalid> {
    let kind = map.get("type").and_then(Value::as_str);
    for (at, value) in map.get("enum").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let fits = match kind {
            Some("string") => value.is_string(),
            Some("number" | "integer") => value.is_number(),
            _ => true,
        };
        if !fits {
            return Err(wrong(
                &format!("{path}/enum/{at}"),
                &format!("must be {}", kind.unwrap_or_default()),
            ));
        }
    }
    colors(map, path, "enumColors")
}

fn colors(map: &Map<String, Value>, path: &str, key: &str) -> Result<(), Invalid> {
    let Some(value) = map.get(key).filter(|v| !v.is_null()) else { return Ok(()) };
    let path = format!("{path}/{key}");
    for (value, color) in object(&path, value)? {
        if !color.as_str().is_some_and(|c| COLORS.contains(&c)) {
            return Err(one_of(&format!("{path}/{value}"), &COLORS));
        }
    }
    Ok(())
}

/// `backstage.field`: where in a Backstage document the value stands. What names the entity is not to be had.
fn document_field(map: &Map<String, Value>, path: &str) -> Result<(), Invalid> {
    let Some(backstage) = map.get("backstage").filter(|v| !v.is_null()) else { return Ok(()) };
    let path = format!("{path}/backstage");
    let Some(field) = text(object(&path, backstage)?, &path, "field", None)? else { return Ok(()) };
    let (part, rest) = field.split_once('.').unwrap_or((field, ""));
    let named = ["title", "description", "tags", "links", "labels", "annotations"];
    let legal = match part {
        "spec" => !rest.is_empty() && rest.split('.').all(|step| !step.is_empty()),
        "metadata" => named.contains(&rest.split('.').next().unwrap_or_default()),
        _ => false,
    };
    if legal {
        return Ok(());
    }
    Err(wrong(
        &format!("{path}/field"),
        "must be a path below \"spec\", or one of metadata's texts and lists",
    ))
}

fn relation(path: &str, definition: &Value) -> Result<(), Invalid> {
    let map = object(path, definition)?;
    text(map, path, "title", Some(TITLE))?;
    text(map, path, "description", None)?;
    boolean(map, path, "required")?;
    boolean(map, path, "many")?;
    document_field(map, path)
}

/// What [`Derived::parse`] does not look at.
fn derived(path: &str, definition: &Value) -> Result<(), Invalid> {
    let map = object(path, definition)?;
    display(map, path)?;
    let unfit = |f: &&str| matches!(*f, "timer" | "blueprints");
    if let Some(format) = text(map, path, "format", None)?.filter(unfit) {
        return Err(wrong(&format!("{path}/format"), &format!("must NOT be \"{format}\" in a calculation")));
    }
    boolean(map, path, "colorized")?;
    colors(map, path, "colors")
}

#[cfg(test)]
mod tests;
