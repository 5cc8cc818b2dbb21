//! Whether the conditions of a scorecard can be evaluated over its blueprint.

use serde_json::Value;
use stagedoor_model::Timestamp;
use stagedoor_model::blueprint::{Invalid, PropertyType};
use stagedoor_query::dialect::port::{Column, OPERATORS, Takes};
use stagedoor_query::{Catalog, Subject};

use crate::compile::compile;
use crate::definition::{Query, Scorecard};

/// Operators that walk over more than the entity and its values.
const NOT_HERE: [&str; 3] = ["relatedTo", "matchAny", "search"];
/// Operators on parts of texts.
const ON_TEXTS: [&str; 6] =
    ["contains", "doesNotContains", "beginsWith", "doesNotBeginsWith", "endsWith", "doesNotEndsWith"];
/// Operators that compare the greatness.
const ORDERED: [&str; 6] = [">", ">=", "<", "<=", "between", "notBetween"];

/// Everything in the conditions of a scorecard that its blueprint has no answer to, with places as JSON pointers.
#[must_use]
pub fn check(scorecard: &Scorecard, blueprint: &str, catalog: &Catalog, now: Timestamp) -> Vec<Invalid> {
    let mut problems = Vec::new();
    let mut look = |query: &Query, place: &str| {
        for (i, condition) in query.conditions.iter().enumerate() {
            let place = format!("{place}/conditions/{i}");
            problems.extend(compile(condition, &place, blueprint, catalog, now).err());
        }
    };
    if let Some(filter) = &scorecard.filter {
        look(filter, "filter");
    }
    for (i, rule) in scorecard.rules.iter().enumerate() {
        look(&rule.query, &format!("rules/{i}/query"));
    }
    problems
}

/// An error at a place that is written without a slash in front.
pub(crate) fn at(place: &str, what: &str) -> Invalid {
    Invalid::new(format!("/{place}"), format!("\"{place}\" {what}"))
}

/// Whether it is a condition of a scorecard at all.
pub(crate) fn form(condition: &Value, place: &str) -> Result<(), Invalid> {
    for key in ["combinator", "rules", "conditions"] {
        if condition.get(key).is_some() {
            return Err(at(
                place,
                "must be a condition: there are no groups within the conditions of a rule",
            ));
        }
    }
    for key in ["scorecard", "scorecardRule", "propertySchema", "targetProperty"] {
        if condition.get(key).is_some() {
            return Err(at(place, &format!("must NOT have additional property '{key}'")));
        }
    }
    for key in ["property", "relation"] {
        if condition.get(key).is_some_and(|name| !name.is_string()) {
            return Err(at(&format!("{place}/{key}"), "must be string"));
        }
    }
    let standing = condition.get("property").and_then(Value::as_str).unwrap_or_default();
    if standing.starts_with("$scorecards.") {
        return Err(at(
            &format!("{place}/property"),
            "must not be a scorecard's: rules do not rest on rules",
        ));
    }
    if condition.get("value").is_some_and(|value| value.get("context").is_some()) {
        return Err(at(&format!("{place}/value"), "must not depend on who asks"));
    }
    let operator = condition.get("operator").and_then(Value::as_str).unwrap_or_default();
    if NOT_HERE.contains(&operator) {
        let known = OPERATORS.iter().map(|o| o.name).filter(|name| !NOT_HERE.contains(name));
        let names = known.collect::<Vec<_>>().join(", ");
        let text = format!("must be equal to one of the allowed values: {names}");
        return Err(at(&format!("{place}/operator"), &text));
    }
    Ok(())
}

/// Whether the blueprint has what is asked for, and the operator means something for it.
pub(crate) fn columns(
    condition: &Value,
    columns: &[Column],
    place: &str,
    blueprint: &str,
    catalog: &Catalog,
) -> Result<(), Invalid> {
    let key = if condition.get("relation").is_some() { "relation" } else { "property" };
    let name = condition.get(key).and_then(Value::as_str).unwrap_or_default();
    let Some(column) = columns.first() else {
        let text = format!("must be a {key} of blueprint \"{blueprint}\": it has no \"{name}\"");
        return Err(at(&format!("{place}/{key}"), &text));
    };
    let operator = condition.get("operator").and_then(Value::as_str).unwrap_or_default();
    let Some(takes) = OPERATORS.iter().find(|o| o.name == operator).map(|o| o.takes) else { return Ok(()) };
    let preset = condition.get("value").and_then(|value| value.get("preset")).is_some();
    let wrong = |what: &str| {
        Err(at(
            &format!("{place}/operator"),
            &format!("\"{operator}\" must not be used on {what} (\"{name}\")"),
        ))
    };
    if (takes == Takes::Now || preset) && !column.is_time() {
        return wrong("what is no date");
    }
    let kind = kind(column, name, blueprint, catalog);
    let fits = match kind {
        Some(PropertyType::Number) => !ON_TEXTS.contains(&operator) && operator != "containsAny",
        Some(PropertyType::Boolean) => {
            !ON_TEXTS.contains(&operator) && !ORDERED.contains(&operator) && operator != "containsAny"
        }
        Some(PropertyType::Object) => matches!(operator, "isEmpty" | "isNotEmpty"),
        Some(PropertyType::String) => operator != "containsAny",
        Some(PropertyType::Array) | None => true,
    };
    if !fits {
        return wrong(kind_name(kind));
    }
    value(condition, kind, &format!("{place}/value"))
}

/// What a column holds, as far as that is known.
fn kind(column: &Column, name: &str, blueprint: &str, catalog: &Catalog) -> Option<PropertyType> {
    let entry = catalog.blueprints().get(blueprint)?;
    match column.subject() {
        Subject::Derived(key) => entry.derived.shape(key).filter(|shape| !shape.many)?.kind,
        Subject::Field(_) => Some(entry.blueprint.properties.get(name)?.kind),
        _ => None,
    }
}

fn kind_name(kind: Option<PropertyType>) -> &'static str {
    match kind {
        Some(PropertyType::Number) => "a number",
        Some(PropertyType::Boolean) => "a boolean",
        Some(PropertyType::Object) => "an object",
        Some(PropertyType::String) => "a string",
        Some(PropertyType::Array) => "an array",
        None => "this",
    }
}

/// A number is compared with numbers, a boolean with booleans.
fn value(condition: &Value, kind: Option<PropertyType>, place: &str) -> Result<(), Invalid> {
    let wanted = match kind {
        Some(PropertyType::Number) => "number",
        Some(PropertyType::Boolean) => "boolean",
        _ => return Ok(()),
    };
    let fits = |value: &Value| match wanted {
        "number" => value.is_number() || value.is_null(),
        _ => value.is_boolean() || value.is_null(),
    };
    match condition.get("value") {
        None => Ok(()),
        Some(Value::Array(list)) => match list.iter().position(|value| !fits(value)) {
            Some(i) => Err(at(&format!("{place}/{i}"), &format!("must be {wanted}"))),
            None => Ok(()),
        },
        Some(Value::Object(range)) => match range.iter().find(|(_, value)| !fits(value)) {
            Some((key, _)) => Err(at(&format!("{place}/{key}"), &format!("must be {wanted}"))),
            None => Ok(()),
        },
        // The operators that take none ignore it.
        Some(_)
            if matches!(
                condition.get("operator").and_then(Value::as_str),
                Some("isEmpty" | "isNotEmpty")
            ) =>
        {
            Ok(())
        }
        Some(value) if fits(value) => Ok(()),
        Some(_) => Err(at(place, &format!("must be {wanted}"))),
    }
}
