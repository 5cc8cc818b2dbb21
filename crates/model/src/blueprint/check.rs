//! What a blueprint that is being written must keep beyond what reading one needs: lengths, colours, shapes.
//! Stored blueprints are not held against these rules again, so that a rule may be added later.

use serde_json::{Map, Value};

use super::Invalid;
use crate::names::is_property_key;
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
/// The maps whose keys are names of values of an entity: no key may be in two of them.
const VALUES: [&str; 3] = ["mirrorProperties", "calculationProperties", "aggregationProperties"];
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
    ownership(map)?;
    unique_keys(map)?;
    for (key, definition) in each(map.get("schema").and_then(|s| s.get("properties"))) {
        property(&format!("/schema/properties/{key}"), definition)?;
    }
    for (key, definition) in each(map.get("relations")) {
        relation(&format!("/relations/{key}"), definition)?;
    }
    for (key, definition) in each(map.get("mirrorProperties")) {
        mirror(map, &format!("/mirrorProperties/{key}"), definition)?;
    }
    for (key, definition) in each(map.get("calculationProperties")) {
        calculation(&format!("/calculationProperties/{key}"), definition)?;
    }
    for (key, definition) in each(map.get("aggregationProperties")) {
        aggregation(&format!("/aggregationProperties/{key}"), definition)?;
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

fn ownership(map: &Map<String, Value>) -> Result<(), Invalid> {
    if let Some(value) = map.get("teamInheritance").filter(|v| !v.is_null()) {
        required(object("/teamInheritance", value)?, "/teamInheritance", "path")?;
    }
    let Some(value) = map.get("ownership").filter(|v| !v.is_null()) else { return Ok(()) };
    let ownership = object("/ownership", value)?;
    text(ownership, "/ownership", "title", Some(TITLE))?;
    match required(ownership, "/ownership", "type")? {
        "Direct" => Ok(()),
        "Inherited" => required(ownership, "/ownership", "path").map(drop),
        _ => Err(one_of("/ownership/type", &["Direct", "Inherited"])),
    }
}

fn unique_keys(map: &Map<String, Value>) -> Result<(), Invalid> {
    let properties = map.get("schema").and_then(|s| s.get("properties"));
    let mut seen: Vec<&str> = each(properties).map(|(key, _)| key.as_str()).collect();
    for name in VALUES {
        for (key, _) in each(map.get(name)) {
            let path = format!("/{name}/{key}");
            if !is_property_key(key) {
                return Err(wrong(&path, "must match pattern \"^[A-Za-z0-9@_=\\\\-]+$\""));
            }
            if seen.contains(&key.as_str()) {
                return Err(wrong(&path, "must NOT have the identifier of another property"));
            }
            seen.push(key);
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

fn mirror(body: &Map<String, Value>, path: &str, definition: &Value) -> Result<(), Invalid> {
    let map = object(path, definition)?;
    text(map, path, "title", Some(TITLE))?;
    let steps = required(map, path, "path")?;
    let place = format!("{path}/path");
    let legal = |step: &str| !step.is_empty() && is_property_key(step.strip_prefix('$').unwrap_or(step));
    let Some((first, _)) = steps.split_once('.').filter(|_| steps.split('.').all(legal)) else {
        return Err(wrong(&place, "must be relations and a property joined by dots, \"relation.property\""));
    };
    if body.get("relations").and_then(|r| r.get(first)).is_some() {
        return Ok(());
    }
    Err(wrong(
        &place,
        &format!("must begin with a relation of the blueprint: there is no relation \"{first}\""),
    ))
}

fn calculation(path: &str, definition: &Value) -> Result<(), Invalid> {
    let map = object(path, definition)?;
    display(map, path)?;
    required(map, path, "calculation")?;
    let types = ["string", "number", "boolean", "object", "array"];
    if !types.contains(&required(map, path, "type")?) {
        return Err(one_of(&format!("{path}/type"), &types));
    }
    if let Some(format) = text(map, path, "format", None)?.filter(|f| matches!(*f, "timer" | "blueprints")) {
        return Err(wrong(&format!("{path}/format"), &format!("must NOT be \"{format}\" in a calculation")));
    }
    boolean(map, path, "colorized")?;
    colors(map, path, "colors")
}

fn aggregation(path: &str, definition: &Value) -> Result<(), Invalid> {
    let map = object(path, definition)?;
    display(map, path)?;
    required(map, path, "target")?;
    if text(map, path, "type", None)?.is_some_and(|t| t != "number") {
        return Err(one_of(&format!("{path}/type"), &["number"]));
    }
    let place = format!("{path}/calculationSpec");
    let spec = map
        .get("calculationSpec")
        .ok_or_else(|| wrong(path, "must have required property 'calculationSpec'"))?;
    let spec = object(&place, spec)?;
    let functions: &[&str] = match required(spec, &place, "calculationBy")? {
        "entities" => &["count", "average"],
        "property" => {
            required(spec, &place, "property")?;
            &["sum", "min", "max", "median", "average"]
        }
        _ => return Err(one_of(&format!("{place}/calculationBy"), &["entities", "property"])),
    };
    let function = required(spec, &place, "func")?;
    if !functions.contains(&function) {
        return Err(one_of(&format!("{place}/func"), functions));
    }
    let spans = ["hour", "day", "week", "month", "total"];
    if function == "average" && !spans.contains(&required(spec, &place, "averageOf")?) {
        return Err(one_of(&format!("{place}/averageOf"), &spans));
    }
    text(spec, &place, "measureTimeBy", None)?;
    if let Some(query) = map.get("query").filter(|v| !v.is_null()) {
        object(&format!("{path}/query"), query)?;
    }
    path_filter(map, path)
}

fn path_filter(map: &Map<String, Value>, path: &str) -> Result<(), Invalid> {
    let Some(filter) = map.get("pathFilter").filter(|v| !v.is_null()) else { return Ok(()) };
    let path = format!("{path}/pathFilter");
    let list = filter.as_array().ok_or_else(|| wrong(&path, "must be array"))?;
    if list.len() > 1 {
        return Err(wrong(&path, "must NOT have more than 1 items"));
    }
    for (at, item) in list.iter().enumerate() {
        let path = format!("{path}/{at}");
        let item = object(&path, item)?;
        text(item, &path, "fromBlueprint", None)?;
        let steps = item.get("path").and_then(Value::as_array).filter(|l| !l.is_empty());
        if !steps.is_some_and(|steps| steps.iter().all(Value::is_string)) {
            return Err(wrong(&format!("{path}/path"), "must be array of relation identifiers"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
