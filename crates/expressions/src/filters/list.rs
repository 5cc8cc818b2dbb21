//! Filters of lists.

use std::hash::{BuildHasher, Hasher, RandomState};

use super::Input;
use super::project::{attribute, indexed, key, mapped, project, sequence};
use crate::error::Fault;
use crate::value::convert::{numeric, printed, string};
use crate::value::{Kind, Record, Value, text};

fn refuse_nullish(input: &Input<'_, '_>) -> Result<(), Fault> {
    if input.value.is_nullish() {
        return Err(Fault::new(format!("it needs a list, not {}", input.value.name())));
    }
    Ok(())
}

/// A count of rows or columns.
fn count(input: &Input<'_, '_>) -> Result<usize, Fault> {
    let count = numeric(&input.argument(0), input.meter())?.trunc();
    if count > 0.0 && count <= 9_007_199_254_740_991.0 {
        return Ok(count as usize);
    }
    Err(Fault::new("it needs a number above 0"))
}

pub(crate) fn default(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let missing = if input.flag(1) { !input.value.is_truthy() } else { input.value.is_undefined() };
    Ok(if missing { input.argument(0) } else { input.value.clone() })
}

pub(crate) fn batch(input: &Input<'_, '_>) -> Result<Value, Fault> {
    refuse_nullish(input)?;
    let width = count(input)?;
    let values = match &input.value.kind {
        Kind::Record(record) => indexed(input, record)?,
        _ => sequence(input)?.unwrap_or_default(),
    };
    let fill = input.argument(1);
    let mut rows: Vec<Vec<Value>> = values.chunks(width).map(<[Value]>::to_vec).collect();
    if let Some(last) = rows.last_mut().filter(|last| last.len() < width && fill.is_truthy()) {
        input.run.check_length(width)?;
        input.meter().steps(width)?;
        last.resize(width, fill);
    }
    Ok(Value::list(rows.into_iter().map(Value::list).collect()))
}

pub(crate) fn slice(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let Some(values) = sequence(input)? else {
        return Err(Fault::new(format!("it needs a list or a string, not {}", input.value.name())));
    };
    let rows = count(input)?;
    input.run.check_length(rows)?;
    input.meter().steps(rows)?;
    let (base, extra) = (values.len() / rows, values.len() % rows);
    let fill = input.argument(1);
    let is_text = input.value.as_text().is_some();
    let mut left = values.into_iter();
    let mut result = Vec::with_capacity(rows);
    for row in 0..rows {
        let mut part: Vec<Value> = left.by_ref().take(base + usize::from(row < extra)).collect();
        let fills = fill.is_truthy() && row >= extra;
        if is_text {
            if fills {
                return Err(Fault::new("nothing can be filled into a string"));
            }
            let pieces: String = part.iter().filter_map(Value::as_text).map(|piece| &**piece).collect();
            result.push(Value::text(pieces));
            continue;
        }
        if fills {
            part.push(fill.clone());
        }
        result.push(Value::list(part));
    }
    Ok(Value::list(result))
}

pub(crate) fn first(input: &Input<'_, '_>) -> Result<Value, Fault> {
    refuse_nullish(input)?;
    Ok(edge(input, |_| Ok("0".to_owned()), 0)?.unwrap_or(Value::UNDEFINED))
}

pub(crate) fn last(input: &Input<'_, '_>) -> Result<Value, Fault> {
    refuse_nullish(input)?;
    let key = |length: &Value| {
        let index = Value::from(numeric(length, input.meter())? - 1.0);
        Ok(string(&index, input.meter())?.into_owned())
    };
    let length = match &input.value.kind {
        Kind::List(list) => list.len(),
        Kind::Text(text) | Kind::Safe(text) => text::length(text),
        _ => 1,
    };
    match length.checked_sub(1) {
        Some(at) => Ok(edge(input, key, at)?.unwrap_or(Value::UNDEFINED)),
        None => Ok(Value::UNDEFINED),
    }
}

fn edge(
    input: &Input<'_, '_>,
    key: impl Fn(&Value) -> Result<String, Fault>,
    at: usize,
) -> Result<Option<Value>, Fault> {
    Ok(match &input.value.kind {
        Kind::List(list) => list.get(at),
        Kind::Text(text) | Kind::Safe(text) => text::unit(text, at).map(Value::text),
        Kind::Record(record) => {
            let length = record.get("length").cloned().unwrap_or(Value::UNDEFINED);
            record.get(&key(&length)?).cloned()
        }
        _ => None,
    })
}

pub(crate) fn random(input: &Input<'_, '_>) -> Result<Value, Fault> {
    refuse_nullish(input)?;
    let values = match &input.value.kind {
        Kind::Record(record) => indexed(input, record)?,
        _ => sequence(input)?.unwrap_or_default(),
    };
    if values.is_empty() {
        return Ok(Value::UNDEFINED);
    }
    // Keys of a hash map are as random as a template needs.
    let chance = RandomState::new().build_hasher().finish() as usize;
    Ok(values[chance % values.len()].clone())
}

pub(crate) fn length(input: &Input<'_, '_>) -> Result<Value, Fault> {
    Ok(match &input.value.kind {
        Kind::List(list) => list.len().into(),
        Kind::Record(record) => record.len().into(),
        Kind::Text(_) | Kind::Safe(_) => text::length(&input.text()?).into(),
        Kind::Undefined | Kind::Null | Kind::Bool(false) => 0.0.into(),
        _ => Value::UNDEFINED,
    })
}

pub(crate) fn list(input: &Input<'_, '_>) -> Result<Value, Fault> {
    match &input.value.kind {
        Kind::List(_) => Ok(input.value.clone()),
        Kind::Record(record) => {
            input.meter().steps(record.len())?;
            let pair = |key: &std::sync::Arc<str>, value: &Value| {
                let entries = [("key".into(), Value::text(key.clone())), ("value".into(), value.clone())];
                Value::from(Kind::Record(Record::new(entries)))
            };
            Ok(Value::list(record.entries().map(|(key, value)| pair(key, value)).collect()))
        }
        _ => match sequence(input)? {
            Some(values) => Ok(Value::list(values)),
            None => Err(Fault::new(format!("{} cannot become a list", input.value.name()))),
        },
    }
}

pub(crate) fn reverse(input: &Input<'_, '_>) -> Result<Value, Fault> {
    if input.value.as_text().is_some() {
        let mut units = text::units(&input.text()?);
        units.reverse();
        return input.like(input.value, units.concat());
    }
    let mut values = match &input.value.kind {
        Kind::List(list) => list.items(),
        Kind::Record(record) => mapped(input, record)?,
        _ => Vec::new(),
    };
    values.reverse();
    Ok(Value::list(values))
}

/// The members, or their attribute if one is asked for.
fn members(input: &Input<'_, '_>, of: &Value) -> Result<Vec<Value>, Fault> {
    if of.is_truthy() {
        return project(input, &key(input, of)?);
    }
    match &input.value.kind {
        Kind::List(list) => Ok(list.items()),
        _ => Err(Fault::new(format!("it needs a list, not {}", input.value.name()))),
    }
}

pub(crate) fn join(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let given = input.argument(0);
    let separator =
        if given.is_truthy() { string(&given, input.meter())?.into_owned() } else { String::new() };
    let mut joined = String::new();
    for (index, member) in members(input, &input.argument(1))?.iter().enumerate() {
        input.meter().step()?;
        let text = printed(member, input.meter())?;
        input.meter().grow(text.len() + separator.len())?;
        if index > 0 {
            joined.push_str(&separator);
        }
        joined.push_str(&text);
    }
    Ok(Value::text(joined))
}

pub(crate) fn sum(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let mut sum = Value::from(0.0);
    for member in members(input, &input.argument(0))? {
        input.meter().step()?;
        sum = input.run.add(&sum, &member)?;
    }
    let start = input.argument(1);
    input.run.add(&if start.is_undefined() { Value::from(0.0) } else { start }, &sum)
}

/// Members whose attribute is true, or is not.
pub(crate) fn by_attribute(input: &Input<'_, '_>, wanted: bool) -> Result<Value, Fault> {
    let Kind::List(list) = &input.value.kind else {
        return Err(Fault::new(format!("it needs a list, not {}", input.value.name())));
    };
    let key = key(input, &input.argument(0))?;
    let mut kept = Vec::new();
    for member in list.items() {
        input.meter().step()?;
        if attribute(&member, &key)?.is_truthy() == wanted {
            kept.push(member);
        }
    }
    Ok(Value::list(kept))
}
