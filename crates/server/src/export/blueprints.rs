//! The blueprints that a reader needs besides those that ship with the program.

use serde_json::{Map, Value};
use stagedoor_model::kinds;

use crate::catalog_api::Door;

const BLUEPRINTS: &str = "/v1/blueprints";
/// What a server adds to a body.
const STAMPS: [&str; 4] = ["createdAt", "createdBy", "updatedAt", "updatedBy"];
/// Where a blueprint has definitions by key.
const DEFINITIONS: [&str; 5] = [
    "/schema/properties",
    "/relations",
    "/mirrorProperties",
    "/calculationProperties",
    "/aggregationProperties",
];

/// Bodies of blueprints: whole ones of kinds that do not ship, and what has been added to those that do. None where
/// the catalog has no such thing.
///
/// # Errors
/// When they cannot be read.
pub(super) async fn needed(door: &Door) -> anyhow::Result<Vec<Value>> {
    let answer = door.get(BLUEPRINTS).await?;
    // A Backstage has none.
    if !(200..300).contains(&answer.status) {
        return Ok(Vec::new());
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let all = body.get("blueprints").and_then(Value::as_array).cloned().unwrap_or_default();
    Ok(all.into_iter().filter_map(written).collect())
}

fn written(mut body: Value) -> Option<Value> {
    let identifier = body.get("identifier")?.as_str()?.to_owned();
    // The portal's own.
    if identifier.starts_with('_') {
        return None;
    }
    if let Some(shipped) = kinds::by_identifier(&identifier) {
        return additions(&identifier, &body, &shipped.blueprint);
    }
    let all = body.as_object_mut()?;
    STAMPS.iter().for_each(|key| drop(all.shift_remove(*key)));
    Some(body)
}

/// What a blueprint has that the shipped one has not; `None` where that is nothing.
fn additions(identifier: &str, body: &Value, shipped: &Value) -> Option<Value> {
    let mut added = Map::new();
    for path in DEFINITIONS {
        let known = shipped.pointer(path).and_then(Value::as_object);
        let Some(all) = body.pointer(path).and_then(Value::as_object) else { continue };
        let new = all.iter().filter(|(key, _)| !known.is_some_and(|known| known.contains_key(*key)));
        let new: Map<String, Value> = new.map(|(key, value)| (key.clone(), value.clone())).collect();
        if new.is_empty() {
            continue;
        }
        match path.trim_start_matches('/').split_once('/') {
            Some((outer, inner)) => {
                let mut nested = Map::new();
                nested.insert(inner.to_owned(), Value::Object(new));
                added.insert(outer.to_owned(), Value::Object(nested));
            }
            None => drop(added.insert(path.trim_start_matches('/').to_owned(), Value::Object(new))),
        }
    }
    if added.is_empty() {
        return None;
    }
    let mut all = Map::new();
    all.insert("identifier".into(), identifier.into());
    all.extend(added);
    Some(Value::Object(all))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::written;

    #[test]
    fn only_what_a_reader_lacks_is_written() {
        let database =
            json!({"identifier": "database", "title": "Database", "createdAt": "x", "updatedBy": "y"});
        assert_eq!(written(database), Some(json!({"identifier": "database", "title": "Database"})));
        assert_eq!(written(json!({"identifier": "_user", "schema": {}})), None);
        let shipped = stagedoor_model::kinds::by_identifier("component").unwrap().blueprint.clone();
        assert_eq!(written(shipped.clone()), None);
        let mut more = shipped;
        more["schema"]["properties"]["tier"] = json!({"type": "string"});
        more["relations"]["database"] = json!({"target": "database"});
        assert_eq!(
            written(more),
            Some(json!({
                "identifier": "component", "schema": {"properties": {"tier": {"type": "string"}}},
                "relations": {"database": {"target": "database"}}
            }))
        );
    }
}
