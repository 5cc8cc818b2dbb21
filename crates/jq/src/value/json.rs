//! From and to `serde_json`, and how heavy a value is.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use serde_json::Value;

use super::{Map, Number, Val};

/// How deep inputs and outputs may be nested: what serde_json reads back, with room for a frame around it.
pub(crate) const DEPTH: usize = 120;

/// The weight of an input, one for each value and each byte of text; `None` when it is nested deeper than this.
pub(crate) fn weigh_below(value: &Value, depth: usize) -> Option<usize> {
    Some(match value {
        Value::String(text) => 1 + text.len(),
        Value::Array(items) => {
            let depth = depth.checked_sub(1)?;
            items.iter().try_fold(1, |sum, item| Some(sum + weigh_below(item, depth)?))?
        }
        Value::Object(map) => {
            let depth = depth.checked_sub(1)?;
            map.iter()
                .try_fold(1, |sum, (key, value)| Some(sum + 1 + key.len() + weigh_below(value, depth)?))?
        }
        Value::Number(_) => NUMBER,
        Value::Null | Value::Bool(_) => 1,
    })
}

/// The weight of a number: its text is no longer.
pub(crate) const NUMBER: usize = 24;

/// What is left of a budget after this value.
pub(crate) fn weight(value: &Val, left: usize) -> Option<usize> {
    match value {
        Val::Null | Val::Bool(_) => left.checked_sub(1),
        Val::Num(_) => left.checked_sub(NUMBER),
        Val::Str(text) => left.checked_sub(1 + text.len()),
        Val::Arr(items) => items.iter().try_fold(left.checked_sub(1)?, |left, item| weight(item, left)),
        Val::Obj(map) => map.iter().try_fold(left.checked_sub(1)?, |left, (key, value)| {
            weight(value, left.checked_sub(1 + key.len())?)
        }),
    }
}

/// Recurses as deep as the value.
pub(crate) fn from_json(value: &Value) -> Val {
    match value {
        Value::Null => Val::Null,
        Value::Bool(value) => Val::Bool(*value),
        Value::Number(number) => Val::Num(
            number
                .as_i64()
                .map(Number::Int)
                .or_else(|| number.as_u64().map(Number::Large))
                .unwrap_or_else(|| Number::of_f64(number.as_f64().unwrap_or(f64::NAN))),
        ),
        Value::String(text) => Val::str(text),
        Value::Array(items) => items.iter().map(from_json).collect(),
        Value::Object(map) => {
            let mut entries = Map::with_capacity_and_hasher(map.len(), Default::default());
            entries.extend(map.iter().map(|(key, value)| (Arc::from(key.as_str()), from_json(value))));
            Val::obj(entries)
        }
    }
}

/// Whether a value is nested no deeper than [`DEPTH`].
pub(crate) fn is_shallow(value: &Val) -> bool {
    fn within(value: &Val, depth: usize) -> bool {
        let Some(below) = depth.checked_sub(1) else { return !matches!(value, Val::Arr(_) | Val::Obj(_)) };
        match value {
            Val::Arr(items) => items.iter().all(|item| within(item, below)),
            Val::Obj(map) => map.values().all(|value| within(value, below)),
            _ => true,
        }
    }
    within(value, DEPTH)
}

/// Recurses as deep as the value.
pub(crate) fn to_json(value: &Val) -> Value {
    match value {
        Val::Null => Value::Null,
        Val::Bool(value) => Value::Bool(*value),
        Val::Num(number) => number.to_json(),
        Val::Str(text) => Value::String(String::clone(text)),
        Val::Arr(items) => Value::Array(items.iter().map(to_json).collect()),
        Val::Obj(map) => {
            Value::Object(map.iter().map(|(key, value)| (key.to_string(), to_json(value))).collect())
        }
    }
}

fn quoted(out: &mut fmt::Formatter, text: &str) -> fmt::Result {
    let text = serde_json::to_string(text).map_err(|_| fmt::Error)?;
    out.write_str(&text)
}

impl fmt::Display for Val {
    /// Compact JSON.
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Bool(value) => value.fmt(out),
            Self::Num(number) => number.fmt(out),
            Self::Str(text) => quoted(out, text),
            Self::Arr(items) => {
                out.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.write_char(',')?;
                    }
                    item.fmt(out)?;
                }
                out.write_char(']')
            }
            Self::Obj(map) => {
                out.write_char('{')?;
                for (index, (key, value)) in map.iter().enumerate() {
                    if index > 0 {
                        out.write_char(',')?;
                    }
                    quoted(out, key)?;
                    out.write_char(':')?;
                    value.fmt(out)?;
                }
                out.write_char('}')
            }
        }
    }
}
