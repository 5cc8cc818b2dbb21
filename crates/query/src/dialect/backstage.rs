//! Backstage's filters: the `filter` parameter, the predicate query and the full-text filter.
//!
//! Keys and values compare without case, whole values only. A path may be that of a field
//! (`spec.type`), of an item of a list (`metadata.tags.java`) or of a relation (`relations.ownedBy`).

use serde_json::{Map, Value};

use crate::expr::{Expr, Subject, Test};
use crate::index::term::Scalar;

/// A filter that Backstage refuses, in its words where clients have seen them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// What a path of Backstage's API looks at.
#[must_use]
pub fn subject(path: &str) -> Subject {
    const RELATIONS: &str = "relations.";
    match path.split_at_checked(RELATIONS.len()) {
        Some((root, name)) if root.eq_ignore_ascii_case(RELATIONS) && !name.is_empty() => {
            Subject::Relation { name: name.to_owned(), target_kind: None, by_identifier: false }
        }
        _ => Subject::Field(path.to_owned()),
    }
}

/// Reads the values of the `filter` parameter: each a set of conditions joined by commas, all of which
/// must hold; one of the sets must. `key`, `key=` and `key=value`; a key given twice takes either value.
///
/// # Errors
/// When a condition has no key.
pub fn filter<S: AsRef<str>>(sets: &[S]) -> Result<Expr, Refused> {
    let sets = sets.iter().map(|set| filter_set(set.as_ref())).filter_map(Result::transpose);
    let mut sets = sets.collect::<Result<Vec<_>, _>>()?;
    Ok(match sets.len() {
        0 => Expr::All,
        1 => sets.remove(0),
        _ => Expr::Or(sets),
    })
}

/// One set; `None` when it has no condition.
fn filter_set(text: &str) -> Result<Option<Expr>, Refused> {
    let mut keys: Vec<(&str, Vec<Scalar>)> = Vec::new();
    for statement in text.split(',').map(str::trim).filter(|s| !s.is_empty()) {
        let (key, value) = match statement.split_once('=') {
            Some((key, value)) => (key.trim(), Some(value.trim())),
            None => (statement, None),
        };
        if key.is_empty() {
            return Err(Refused(format!(
                "Invalid filter, '{statement}' is not a valid statement (expected a string on the form a=b or a= or a)"
            )));
        }
        let at = keys.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            keys.push((key, Vec::new()));
            keys.len() - 1
        });
        if let (Some(value), Some((_, values))) = (value, keys.get_mut(at)) {
            values.push(Scalar::text(value));
        }
    }
    let condition = |(key, values): (&str, Vec<Scalar>)| {
        let test = if values.is_empty() { Test::Exists } else { Test::In(values) };
        Expr::folded(subject(key), test)
    };
    let mut parts: Vec<Expr> = keys.into_iter().map(condition).collect();
    Ok(match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(Expr::And(parts)),
    })
}

/// The full-text filter: the term, without blanks around it, somewhere in one of the fields; they default to the
/// sort field, else the uid. `%` and `_` are ordinary characters.
#[must_use]
pub fn full_text(term: &str, fields: Option<&[String]>, sort_field: Option<&str>) -> Expr {
    let term = term.trim().to_lowercase();
    if term.is_empty() {
        return Expr::All;
    }
    let condition = |field: &str| Expr::folded(subject(field.trim()), Test::Contains(term.clone()));
    match fields {
        Some(fields) => Expr::Or(fields.iter().map(|f| condition(f)).collect()),
        None => condition(sort_field.unwrap_or("metadata.uid")),
    }
}

/// Reads a predicate query.
///
/// # Errors
/// When it is none, or uses `$contains` in a way that only Backstage's in-memory evaluation knows.
pub fn predicate(query: &Value) -> Result<Expr, Refused> {
    let Value::Object(map) = query else {
        return match query {
            Value::Null | Value::Array(_) => Err(invalid("a predicate must be an object")),
            primitive => Err(Refused(format!(
                "Invalid filter predicate: top-level primitive values are not supported. \
                 Wrap the value in a field expression, e.g. {{ \"kind\": {primitive} }}"
            ))),
        };
    };
    match operator(map, "the predicate")? {
        None => {
            Ok(Expr::And(map.iter().map(|(path, value)| condition(path, value)).collect::<Result<_, _>>()?))
        }
        Some(("$all", list)) => Ok(Expr::And(predicates("$all", list)?)),
        Some(("$any", list)) => Ok(Expr::Or(predicates("$any", list)?)),
        Some(("$not", inner)) => Ok(predicate(inner)?.negate()),
        Some((unknown, _)) => Err(invalid(&format!("unknown operator \"{unknown}\""))),
    }
}

fn predicates(operator: &str, list: &Value) -> Result<Vec<Expr>, Refused> {
    let list = list.as_array().ok_or_else(|| invalid(&format!("\"{operator}\" must be an array")))?;
    list.iter().map(predicate).collect()
}

/// The operator of an object; it must stand alone. `None` when the object has no operator.
fn operator<'a>(map: &'a Map<String, Value>, place: &str) -> Result<Option<(&'a str, &'a Value)>, Refused> {
    let Some((key, value)) = map.iter().find(|(key, _)| key.starts_with('$')) else { return Ok(None) };
    if map.len() > 1 {
        return Err(invalid(&format!("\"{key}\" must be the only key of {place}")));
    }
    Ok(Some((key, value)))
}

fn condition(path: &str, value: &Value) -> Result<Expr, Refused> {
    let equal_to = |values| Expr::folded(subject(path), Test::In(values));
    if let Some(scalar) = Scalar::of(value) {
        return Ok(equal_to(vec![scalar]));
    }
    let place = format!("the value of \"{path}\"");
    let expected =
        || invalid(&format!("{place} must be a string, number or boolean, or an object with one operator"));
    let map = value.as_object().ok_or_else(expected)?;
    match operator(map, &place)?.ok_or_else(expected)? {
        ("$exists", Value::Bool(true)) => Ok(Expr::folded(subject(path), Test::Exists)),
        ("$exists", Value::Bool(false)) => Ok(Expr::folded(subject(path), Test::Exists).negate()),
        ("$exists", _) => Err(invalid(&format!("\"$exists\" of {place} must be a boolean"))),
        ("$in", list) => {
            let scalars = list.as_array().and_then(|list| list.iter().map(Scalar::of).collect());
            Ok(equal_to(scalars.ok_or_else(|| {
                invalid(&format!("\"$in\" of {place} must be an array of strings, numbers and booleans"))
            })?))
        }
        ("$hasPrefix", Value::String(prefix)) => {
            Ok(Expr::folded(subject(path), Test::Prefix(prefix.to_lowercase())))
        }
        ("$hasPrefix", _) => Err(invalid(&format!("\"$hasPrefix\" of {place} must be a string"))),
        ("$contains", target) => contains(path, target, &place),
        (unknown, _) => Err(invalid(&format!("unknown operator \"{unknown}\" in {place}"))),
    }
}

/// `$contains`: a member of a list, or one of the relations.
fn contains(path: &str, target: &Value, place: &str) -> Result<Expr, Refused> {
    if let Some(scalar) = Scalar::of(target) {
        return Ok(Expr::folded(subject(path), Test::In(vec![scalar])));
    }
    let map =
        target.as_object().ok_or_else(|| invalid(&format!("\"$contains\" of {place} is not a predicate")))?;
    // What is no predicate at all is refused as such, whatever the field.
    predicate_shape(map, place)?;
    if !path.eq_ignore_ascii_case("relations") {
        let field = path.to_lowercase();
        return Err(Refused(format!("Object form of $contains is not supported for field \"{field}\"")));
    }
    related(map)
}

fn predicate_shape(map: &Map<String, Value>, place: &str) -> Result<(), Refused> {
    match operator(map, place)? {
        None | Some(("$all" | "$any" | "$not", _)) => Ok(()),
        Some((unknown, _)) => {
            Err(invalid(&format!("unknown operator \"{unknown}\" in \"$contains\" of {place}")))
        }
    }
}

/// `{type, targetRef}`: a relation of that type, to one of those targets if any is named.
fn related(map: &Map<String, Value>) -> Result<Expr, Refused> {
    let no_type =
        || Refused("The $contains operator for \"relations\" requires a \"type\" string property".into());
    let (mut name, mut targets) = (None, None);
    for (key, value) in map {
        let twice = match key.to_lowercase().as_str() {
            "type" => name.replace(value.as_str().ok_or_else(no_type)?).is_some(),
            "targetref" => targets.replace(target_refs(value)?).is_some(),
            _ => {
                return Err(Refused(format!(
                    "Unsupported key \"{key}\" in $contains for \"relations\". Only \"type\" and \"targetRef\" are supported"
                )));
            }
        };
        if twice {
            return Err(Refused(format!("Duplicate key \"{key}\" in $contains for \"relations\"")));
        }
    }
    let name = name.filter(|n| !n.is_empty()).ok_or_else(no_type)?;
    let subject = Subject::Relation { name: name.to_owned(), target_kind: None, by_identifier: false };
    Ok(Expr::folded(subject, targets.map_or(Test::Exists, Test::In)))
}

fn target_refs(value: &Value) -> Result<Vec<Scalar>, Refused> {
    let unsupported = || {
        Refused(format!(
            "Unsupported value in $contains for \"relations\": expected a string or {{ \"$in\": [strings] }}, but got {value}"
        ))
    };
    if let Value::String(reference) = value {
        return Ok(vec![Scalar::text(reference.as_str())]);
    }
    let list = value.as_object().filter(|m| m.len() == 1).and_then(|m| m.get("$in")?.as_array());
    let list = list.ok_or_else(unsupported)?;
    if list.is_empty() {
        return Err(Refused("Empty \"$in\" array for $contains on \"relations\" is not allowed".into()));
    }
    list.iter().map(|v| v.as_str().map(Scalar::text).ok_or_else(unsupported)).collect()
}

/// The beginning is what clients have seen; the rest names the place better than the original does.
fn invalid(message: &str) -> Refused {
    Refused(format!("Invalid query: Validation error: {message}"))
}

#[cfg(test)]
mod tests;
