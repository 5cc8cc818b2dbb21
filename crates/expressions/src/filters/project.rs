//! Attributes of members, and objects that look like lists: what several filters share.

use super::Input;
use crate::error::Fault;
use crate::run::own_member;
use crate::value::convert::{numeric, string};
use crate::value::{Kind, Record, Value, is_reserved, text};

/// The members of a list or text; `None` for anything else.
pub(crate) fn sequence(input: &Input<'_, '_>) -> Result<Option<Vec<Value>>, Fault> {
    Ok(match &input.value.kind {
        Kind::List(list) => {
            input.meter().steps(list.len() / 8)?;
            Some(list.items())
        }
        Kind::Text(text) | Kind::Safe(text) => {
            input.meter().steps(text.len())?;
            Some(text::units(text).into_iter().map(Value::text).collect())
        }
        _ => None,
    })
}

/// The members `0` to `length` of an object that looks like a list.
pub(crate) fn indexed(input: &Input<'_, '_>, record: &Record) -> Result<Vec<Value>, Fault> {
    let length = record.get("length").cloned().unwrap_or(Value::UNDEFINED);
    input.run.indexed(record, numeric(&length, input.meter())?.ceil())
}

/// The same, but a number that is no length is refused.
pub(crate) fn mapped(input: &Input<'_, '_>, record: &Record) -> Result<Vec<Value>, Fault> {
    if let Some(Kind::Number(length)) = record.get("length").map(|length| &length.kind)
        && !length.is_nan()
        && (length.fract() != 0.0 || *length < 0.0 || *length > f64::from(u32::MAX))
    {
        return Err(Fault::new("the object's length is none"));
    }
    indexed(input, record)
}

/// The name of an attribute.
pub(crate) fn key(input: &Input<'_, '_>, value: &Value) -> Result<String, Fault> {
    let key = string(value, input.meter())?.into_owned();
    refuse_reserved(&key)?;
    Ok(key)
}

/// A path of attributes, empty if there is none.
pub(crate) fn path(input: &Input<'_, '_>, value: &Value) -> Result<Vec<String>, Fault> {
    if !value.is_truthy() {
        return Ok(Vec::new());
    }
    let path: Vec<String> = match &value.kind {
        Kind::Text(text) => text.split('.').map(str::to_owned).collect(),
        _ => vec![string(value, input.meter())?.into_owned()],
    };
    path.iter().try_for_each(|segment| refuse_reserved(segment))?;
    Ok(path)
}

fn refuse_reserved(key: &str) -> Result<(), Fault> {
    if is_reserved(key) {
        return Err(Fault::new(format!("the name {key:?} is reserved")));
    }
    Ok(())
}

/// An attribute of a value, which may not be undefined or null.
pub(crate) fn attribute(value: &Value, key: &str) -> Result<Value, Fault> {
    if value.is_nullish() {
        return Err(Fault::new(format!("{} has no attribute {key:?}", value.name())));
    }
    Ok(own_member(value, key).unwrap_or(Value::UNDEFINED).with_mark(value.marked))
}

/// What the path leads to.
pub(crate) fn follow(value: &Value, path: &[String]) -> Result<Value, Fault> {
    let mut current = value.clone();
    for segment in path {
        current = attribute(&current, segment)?;
        if current.is_undefined() {
            return Ok(current);
        }
    }
    Ok(current)
}

/// The attribute of every member.
pub(crate) fn project(input: &Input<'_, '_>, key: &str) -> Result<Vec<Value>, Fault> {
    let members = match &input.value.kind {
        Kind::List(_) | Kind::Text(_) => sequence(input)?.unwrap_or_default(),
        Kind::Record(record) => mapped(input, record)?,
        Kind::Safe(text) if !text.is_empty() => vec![Value::UNDEFINED],
        _ => Vec::new(),
    };
    members.iter().map(|member| attribute(member, key)).collect()
}
