//! Rules about where relations lead: `relatedTo` and `matchAny` with a path.

use serde_json::{Map, Value};
use stagedoor_model::blueprint::Invalid;

use super::{Scope, caller, join, object, required, wrong};
use crate::expr::Expr;
use crate::reach::{Direction, Hop, Route, Start};

/// Parts of a path, at most.
pub const MAX_PATH: usize = 15;
/// How often one part of a path is repeated, at most.
pub const MAX_HOPS: u64 = 15;

/// `{"operator": "relatedTo", "blueprint", "value", "direction"?, "required"?}`.
pub(super) fn related_to(rule: &Map<String, Value>, place: &str, scope: &Scope<'_>) -> Result<Expr, Invalid> {
    let blueprint = blueprint(rule, "blueprint", place, scope)?;
    let direction = match rule.get("direction") {
        None | Some(Value::Null) => None,
        Some(Value::String(d)) if d == "upstream" => Some(Direction::Upstream),
        Some(Value::String(d)) if d == "downstream" => Some(Direction::Downstream),
        Some(_) => {
            let text = "must be equal to one of the allowed values: upstream, downstream";
            return Err(wrong(&join(place, "direction"), text));
        }
    };
    let required = match rule.get("required") {
        None | Some(Value::Null) => None,
        Some(Value::Bool(required)) => Some(*required),
        Some(_) => return Err(wrong(&join(place, "required"), "must be boolean")),
    };
    let from =
        Start::Named { blueprint: Some(blueprint.to_owned()), identifiers: identifiers(rule, place, scope)? };
    Ok(Expr::reach(from, Route::Related { direction, required }))
}

/// `{"operator": "matchAny", "property": {"path", "fromBlueprint"?}, "value"}`.
pub(super) fn match_any(rule: &Map<String, Value>, place: &str, scope: &Scope<'_>) -> Result<Expr, Invalid> {
    let at = join(place, "property");
    let property = object(required(rule, "property", place)?, &at)?;
    let hops = hops(required(property, "path", &at)?, &join(&at, "path"))?;
    let from = match property.get("fromBlueprint") {
        None | Some(Value::Null) => None,
        Some(_) => Some(blueprint(property, "fromBlueprint", &at, scope)?),
    };
    let route = Route::Path { hops, backward: from.is_none() };
    let from =
        Start::Named { blueprint: from.map(str::to_owned), identifiers: identifiers(rule, place, scope)? };
    Ok(Expr::reach(from, route))
}

fn blueprint<'v>(
    map: &'v Map<String, Value>,
    key: &str,
    place: &str,
    scope: &Scope<'_>,
) -> Result<&'v str, Invalid> {
    let at = join(place, key);
    let name = required(map, key, place)?.as_str().ok_or_else(|| wrong(&at, "must be string"))?;
    match scope.blueprints.get(name) {
        Some(_) => Ok(name),
        None => Err(wrong(&at, &format!("names a blueprint that does not exist: \"{name}\""))),
    }
}

/// One identifier, several, or those that a context stands for.
fn identifiers(rule: &Map<String, Value>, place: &str, scope: &Scope<'_>) -> Result<Vec<String>, Invalid> {
    let at = join(place, "value");
    match required(rule, "value", place)? {
        Value::String(one) => Ok(vec![one.clone()]),
        Value::Array(list) => {
            let one = |(i, v): (usize, &Value)| match v {
                Value::String(text) => Ok(text.clone()),
                _ => Err(wrong(&format!("{at}/{i}"), "must be string")),
            };
            list.iter().enumerate().map(one).collect()
        }
        value if caller::is_context(Some(value)) => {
            Ok(caller::values(value, &at, scope)?.into_iter().map(|s| s.text).collect())
        }
        _ => Err(wrong(&at, "must be string,array")),
    }
}

fn hops(path: &Value, at: &str) -> Result<Vec<Hop>, Invalid> {
    let parts = path.as_array().ok_or_else(|| wrong(at, "must be array"))?;
    match parts.len() {
        0 => return Err(wrong(at, "must NOT have fewer than 1 items")),
        n if n > MAX_PATH => return Err(wrong(at, &format!("must NOT have more than {MAX_PATH} items"))),
        _ => {}
    }
    parts.iter().enumerate().map(|(i, part)| hop(part, &format!("{at}/{i}"))).collect()
}

/// The key of a relation, or `{"relation"?, "maxHops"}`: without a relation, any.
fn hop(part: &Value, at: &str) -> Result<Hop, Invalid> {
    let map = match part {
        Value::String(key) => return Ok(Hop { relation: Some(key.clone()), max: 1 }),
        Value::Object(map) => map,
        _ => return Err(wrong(at, "must be string,object")),
    };
    let relation = match map.get("relation") {
        None | Some(Value::Null) => None,
        Some(Value::String(key)) => Some(key.clone()),
        Some(_) => return Err(wrong(&join(at, "relation"), "must be string")),
    };
    let max = match map.get("maxHops").map(Value::as_u64) {
        None => 1,
        Some(Some(n)) if (1..=MAX_HOPS).contains(&n) => n as u8,
        Some(_) => {
            let text = format!("must be an integer from 1 to {MAX_HOPS}");
            return Err(wrong(&join(at, "maxHops"), &text));
        }
    };
    Ok(Hop { relation, max })
}
