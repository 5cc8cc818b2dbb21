//! Where a blueprint differs from what is stored.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use stagedoor_model::Blueprint;

/// A part that is new, gone or another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `added`, `removed` or `changed`.
    pub what: &'static str,
    /// Its JSON pointer: a property, a relation, a top-level key.
    pub pointer: String,
}

/// Parts whose members are compared one by one.
const MAPS: [&str; 5] = [
    "/schema/properties",
    "/relations",
    "/mirrorProperties",
    "/calculationProperties",
    "/aggregationProperties",
];

/// Keys that nobody writes.
const STAMPS: [&str; 4] = ["createdAt", "createdBy", "updatedAt", "updatedBy"];

/// All differences, in the order of the body.
pub(super) fn between(old: Option<&Blueprint>, new: &Blueprint) -> Vec<Place> {
    // As both are answered: what an answer fills in is no difference.
    let before = old.map_or(Value::Null, Blueprint::to_port);
    let after = new.to_port();
    let mut places = Vec::new();
    let none = Map::new();
    let members = |body: &Value, path: &str| {
        let map =
            if path.is_empty() { body.as_object() } else { body.pointer(path).and_then(Value::as_object) };
        map.unwrap_or(&none).clone()
    };
    for path in MAPS {
        compare(&members(&before, path), &members(&after, path), path, &mut places, &|_| true);
    }
    let required = |body: &Value| {
        let list = body.pointer("/schema/required").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    if required(&before) != required(&after) {
        places.push(Place { what: "changed", pointer: "/schema/required".into() });
    }
    let single =
        |key: &str| key != "schema" && !STAMPS.contains(&key) && !MAPS.contains(&format!("/{key}").as_str());
    compare(&members(&before, ""), &members(&after, ""), "", &mut places, &single);
    places
}

fn compare(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    path: &str,
    places: &mut Vec<Place>,
    wanted: &dyn Fn(&str) -> bool,
) {
    let mut add = |what, key: &str| {
        if wanted(key) {
            places.push(Place { what, pointer: format!("{path}/{key}") });
        }
    };
    for (key, value) in after {
        match before.get(key) {
            None => add("added", key),
            Some(old) if old != value => add("changed", key),
            Some(_) => {}
        }
    }
    before.keys().filter(|key| !after.contains_key(*key)).for_each(|key| add("removed", key));
}
