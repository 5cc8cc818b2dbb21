//! Arrays and objects, where a definition in JQ would copy what it has at each step.

use std::rc::Rc;
use std::sync::Arc;

use jaq_core::native::{bome, unary, v};
use jaq_core::{ValR, ValT as _};

use super::{Builtin, list};
use crate::guard;
use crate::value::{Error, Map, NUMBER, Val};

pub(super) fn all() -> Vec<Builtin> {
    vec![
        ("reverse", v(0), |cv| bome(reverse(cv.1))),
        ("add", v(0), |cv| bome(add(cv.1))),
        ("flatten", v(0), |cv| bome(flatten(&cv.1, f64::INFINITY))),
        ("flatten", v(1), |cv| {
            unary(cv, |value, depth| match depth {
                Val::Num(depth) if depth.as_f64() < 0.0 => {
                    Err(Error::str("flatten depth must not be negative"))
                }
                Val::Num(depth) => flatten(&value, depth.as_f64()),
                other => Err(other.fault("is no depth")),
            })
        }),
        ("keys_unsorted", v(0), |cv| bome(keys(cv.1))),
        ("keys", v(0), |cv| bome(sorted_keys(cv.1))),
        ("to_entries", v(0), |cv| bome(to_entries(cv.1))),
        ("from_entries", v(0), |cv| bome(from_entries(&cv.1))),
    ]
}

/// The weight of an entry with a number for its key, without its value.
const ENTRY: f64 = 36.0;

fn add(value: Val) -> ValR<Val> {
    let mut sum = Val::Null;
    for item in value.values() {
        sum = (sum + item?)?;
    }
    Ok(sum)
}

fn reverse(value: Val) -> ValR<Val> {
    match value {
        Val::Null => Ok(Val::from_iter([])),
        Val::Str(text) => Ok(Val::str(text.chars().rev().collect::<String>())),
        Val::Arr(mut items) => {
            Rc::make_mut(&mut items).reverse();
            Ok(Val::Arr(items))
        }
        other => Err(other.fault("cannot be reversed, as it is not an array")),
    }
}

fn flatten(value: &Val, depth: f64) -> ValR<Val> {
    let mut flat = Vec::new();
    let items: Vec<Val> = value.clone().values().collect::<Result<_, _>>()?;
    flatten_into(&items, depth, &mut flat);
    Ok(flat.into_iter().collect())
}

fn flatten_into(items: &[Val], depth: f64, flat: &mut Vec<Val>) {
    for item in items {
        match item {
            Val::Arr(items) if depth > 0.0 => flatten_into(items, depth - 1.0, flat),
            other => flat.push(other.clone()),
        }
    }
}

/// What is made for each member of an array can be much larger than the member. `bound` does not take that into
/// account.
fn guard_array(value: &Val, each: f64) -> Result<(), Error> {
    match value {
        Val::Arr(items) => guard::length(each * items.len() as f64).map_err(Error::str),
        _ => Ok(()),
    }
}

fn keys(value: Val) -> ValR<Val> {
    if !matches!(value, Val::Arr(_) | Val::Obj(_)) {
        return Err(value.fault("has no keys"));
    }
    guard_array(&value, NUMBER as f64)?;
    value.key_values().map(|entry| entry.map(|(key, _)| key)).collect()
}

fn sorted_keys(value: Val) -> ValR<Val> {
    let Val::Arr(mut keys) = keys(value)? else { return Ok(Val::Null) };
    Rc::make_mut(&mut keys).sort();
    Ok(Val::Arr(keys))
}

fn to_entries(value: Val) -> ValR<Val> {
    guard_array(&value, ENTRY)?;
    let entries = value.key_values().map(|entry| {
        let (key, value) = entry?;
        Ok(Val::record([("key", key), ("value", value)]))
    });
    entries.collect()
}

/// Entries name their key and their value in several ways.
fn from_entries(value: &Val) -> ValR<Val> {
    let mut map = Map::default();
    for entry in list(value, "is no list of entries")? {
        let member = |name: &str| entry.clone().index(&Val::str(name));
        let mut key = member("key")?;
        if matches!(key, Val::Null) {
            for name in ["k", "name", "Name", "K", "Key"] {
                key = member(name)?;
                if key.as_bool() {
                    break;
                }
            }
        }
        let key = match key {
            Val::Str(key) => key,
            Val::Arr(_) | Val::Obj(_) => return Err(key.fault("is no key")),
            other => Rc::new(other.to_string()),
        };
        let Val::Obj(fields) = entry else { continue };
        let value = ["value", "v", "Value"].iter().find_map(|name| fields.get(*name));
        map.insert(Arc::from(key.as_str()), value.cloned().unwrap_or_default());
    }
    Ok(Val::obj(map))
}
