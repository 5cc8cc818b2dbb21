//! The blueprints of what is computed, as it is made into entities, and as clients read them.

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value, json};
use stagedoor_model::{Blueprint, system};
use stagedoor_query::BlueprintEntry;

use crate::error::PortalError;

use super::{COMPUTED, RESULTS};

/// The maps of what a blueprint derives, and the type of what ships there.
const DERIVED: [&str; 3] = ["mirrorProperties", "calculationProperties", "aggregationProperties"];
/// The type of relations that the server adds.
const TARGET: &str = "rule_result_target";

/// The blueprint with what it derives as plain properties, and with a relation to every blueprint that has scorecards.
/// Aggregations over results are left out: not all results are there to be aggregated.
pub(super) fn flat(entry: &BlueprintEntry, scored: &[String]) -> Option<Arc<Blueprint>> {
    let blueprint = &entry.blueprint;
    let mut body = described(blueprint, scored);
    let shipped = system::by_identifier(&blueprint.identifier)?.body.value();
    for part in DERIVED {
        let base = shipped.get(part).and_then(Value::as_object);
        let mut moved: Vec<(String, Value)> = Vec::new();
        if let Some(map) = body.get_mut(part).and_then(Value::as_object_mut) {
            for key in base.into_iter().flat_map(Map::keys) {
                moved.extend(map.shift_remove(key).map(|old| (key.clone(), plain(part, &old))));
            }
            map.retain(|_, definition| definition.get("target").is_none_or(|target| target != RESULTS));
        }
        if let Some(properties) = body.pointer_mut("/schema/properties").and_then(Value::as_object_mut) {
            properties.extend(moved);
        }
    }
    Some(Arc::new(Blueprint::parse(&body, blueprint.stamps.clone(), None).ok()?))
}

fn plain(part: &str, derived: &Value) -> Value {
    let of_type = derived.get("type").and_then(Value::as_str);
    let kind = of_type.unwrap_or(if part == "mirrorProperties" { "string" } else { "number" });
    json!({ "title": derived.get("title"), "type": kind })
}

/// What the computed blueprints that ship derive: blueprint and key.
static KEYS: LazyLock<Vec<(&'static str, String)>> = LazyLock::new(|| {
    let of = |blueprint: &&'static str| {
        let body = system::by_identifier(blueprint).map(|b| b.body.value()).unwrap_or_default();
        let maps = DERIVED.iter().filter_map(|part| body.get(*part)?.as_object());
        maps.flat_map(Map::keys).map(|key| (*blueprint, key.clone())).collect::<Vec<_>>()
    };
    COMPUTED.iter().flat_map(of).collect()
});

/// Whether a blueprint that ships derives a property.
pub(super) fn derives(blueprint: &str, key: &str) -> bool {
    KEYS.iter().any(|(of, known)| *of == blueprint && known == key)
}

/// The blueprint in Port's form. That of results has a relation to every blueprint that has scorecards, under its
/// identifier, where that is free.
pub(super) fn described(blueprint: &Blueprint, scored: &[String]) -> Value {
    let mut body = blueprint.to_port();
    if blueprint.identifier != RESULTS {
        return body;
    }
    if let Some(relations) = body.get_mut("relations").and_then(Value::as_object_mut) {
        for target in scored.iter().filter(|target| !blueprint.relations.contains_key(*target)) {
            let relation = json!({ "title": target, "target": target, "required": false, "many": false, "type": TARGET });
            relations.insert(target.clone(), relation);
        }
    }
    body
}

/// Leaves out what the server adds to the blueprint of results, or refuses it.
///
/// # Errors
/// `protected_resource` where it is to be refused: whoever replaces the whole would own it.
pub(crate) fn leave_out_targets(name: &str, body: &mut Value, refuse: bool) -> Result<(), PortalError> {
    let relations = body.get_mut("relations").and_then(Value::as_object_mut).filter(|_| name == RESULTS);
    let Some(relations) = relations else { return Ok(()) };
    let is_target = |relation: &Value| relation.get("type").is_some_and(|kind| kind == TARGET);
    if let Some((key, _)) = relations.iter().find(|(_, relation)| refuse && is_target(relation)) {
        let text = format!(
            "\"relations/{key}\" is the server's: it follows the scorecards that there are. Use PATCH, or leave it out"
        );
        return Err(PortalError::refused("protected_resource", text));
    }
    relations.retain(|_, relation| !is_target(relation));
    Ok(())
}

/// Whether results can have a relation of a blueprint's name, to that blueprint.
pub(super) fn is_free(results: &Blueprint, name: &str) -> bool {
    let body = results.body.value();
    let derived = DERIVED.iter().any(|part| body.get(*part).is_some_and(|map| map.get(name).is_some()));
    let other = results.relations.get(name).is_some_and(|relation| relation.target != name);
    !derived && !other && !results.properties.contains_key(name)
}
