//! JSON in, JSON out.

use std::sync::Arc;

use serde_json::{Map, Number, Value as Json};

use super::{Kind, List, Record, Value};
use crate::derived::Tracker;
use crate::error::Fault;
use crate::meter::Meter;

const DEEPEST: u32 = 256;

/// A JSON value as a value of ours. `secret` are the paths below it that are secret; an empty path is the value itself.
pub(crate) fn from_json(json: &Json, secret: &[&[&str]], meter: &Meter, depth: u32) -> Result<Value, Fault> {
    meter.step()?;
    if depth > DEEPEST {
        return Err(Fault::limit("a value of the context is nested too deeply"));
    }
    let marked = secret.iter().any(|path| path.is_empty());
    let below = |key: &str| -> Vec<&[&str]> {
        let under = |path: &&[&str]| path.first() == Some(&key);
        secret.iter().copied().filter(under).filter_map(|path| path.get(1..)).collect()
    };
    let kind = match json {
        Json::Null => Kind::Null,
        Json::Bool(flag) => Kind::Bool(*flag),
        Json::Number(number) => Kind::Number(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => {
            meter.grow(text.len())?;
            Kind::Text(Arc::from(text.as_str()))
        }
        Json::Array(items) => {
            let mut values = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                let secret = if secret.is_empty() { Vec::new() } else { below(&index.to_string()) };
                values.push(from_json(item, &secret, meter, depth + 1)?);
            }
            Kind::List(List::new(values))
        }
        Json::Object(entries) => {
            let mut values = Vec::with_capacity(entries.len());
            for (key, item) in entries {
                let secret = if secret.is_empty() { Vec::new() } else { below(key) };
                values.push((Arc::from(key.as_str()), from_json(item, &secret, meter, depth + 1)?));
            }
            Kind::Record(Record::new(values))
        }
    };
    Ok(Value { kind, marked })
}

/// A value as JSON; `None` is undefined. In lists undefined becomes null, in objects it is left out. What JSON cannot
/// say (NaN, infinities) is null, as `JSON.stringify` has it.
pub(crate) fn to_json(
    value: &Value,
    marked: bool,
    meter: &Meter,
    tracker: &Tracker,
    depth: u32,
) -> Result<Option<Json>, Fault> {
    meter.step()?;
    if depth > DEEPEST {
        return Err(Fault::limit("the value is nested too deeply"));
    }
    let marked = marked || value.marked;
    Ok(Some(match &value.kind {
        Kind::Undefined => return Ok(None),
        Kind::Null => Json::Null,
        Kind::Bool(flag) => {
            tracker.flag(marked);
            Json::Bool(*flag)
        }
        Kind::Number(number) => {
            if marked {
                tracker.record(&super::number::print(*number));
            }
            from_number(*number)
        }
        Kind::Text(text) | Kind::Safe(text) => {
            meter.grow(text.len())?;
            if marked {
                tracker.record(text);
            }
            Json::String(text.to_string())
        }
        Kind::Regex(regex) => Json::String(regex.pattern.text()),
        Kind::List(list) => {
            let mut items = Vec::with_capacity(list.len());
            for item in list.items() {
                items.push(to_json(&item, marked, meter, tracker, depth + 1)?.unwrap_or(Json::Null));
            }
            Json::Array(items)
        }
        Kind::Record(record) => {
            let mut entries = Map::new();
            for (key, item) in record.entries() {
                if marked {
                    tracker.record(key);
                }
                if let Some(item) = to_json(item, marked, meter, tracker, depth + 1)? {
                    entries.insert(key.to_string(), item);
                }
            }
            Json::Object(entries)
        }
        Kind::Function(_) => return Err(Fault::new("a function is no value")),
    }))
}

/// A number, whole ones without a point.
pub(crate) fn from_number(number: f64) -> Json {
    if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_991.0 {
        return Json::Number(Number::from(number as i64));
    }
    Number::from_f64(number).map_or(Json::Null, Json::Number)
}

/// As `JSON.stringify(text)`.
pub(crate) fn quote(text: &str, into: &mut String) {
    into.push('"');
    for c in text.chars() {
        match c {
            '"' => into.push_str("\\\""),
            '\\' => into.push_str("\\\\"),
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            '\t' => into.push_str("\\t"),
            '\u{8}' => into.push_str("\\b"),
            '\u{c}' => into.push_str("\\f"),
            c if c < ' ' => into.push_str(&format!("\\u{:04x}", c as u32)),
            c => into.push(c),
        }
    }
    into.push('"');
}
