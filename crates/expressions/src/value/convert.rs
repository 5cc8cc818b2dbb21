//! Values as texts and numbers, as JavaScript converts them.

use std::borrow::Cow;

use super::{Kind, Value, number};
use crate::error::Fault;
use crate::meter::Meter;

/// How deep a list of lists may be before it is refused.
const DEEPEST: u32 = 256;

/// A value without objects.
pub(crate) enum Primitive<'v> {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'v, str>),
}

/// What is printed for a value: nothing for undefined and null.
pub(crate) fn printed<'v>(value: &'v Value, meter: &Meter) -> Result<Cow<'v, str>, Fault> {
    match &value.kind {
        Kind::Undefined | Kind::Null => Ok(Cow::Borrowed("")),
        _ => string(value, meter),
    }
}

/// As `String(value)`.
pub(crate) fn string<'v>(value: &'v Value, meter: &Meter) -> Result<Cow<'v, str>, Fault> {
    Ok(match primitive(value, meter)? {
        Primitive::Undefined => Cow::Borrowed("undefined"),
        Primitive::Null => Cow::Borrowed("null"),
        Primitive::Bool(flag) => Cow::Borrowed(if flag { "true" } else { "false" }),
        Primitive::Number(number) => Cow::Owned(number::print(number)),
        Primitive::Text(text) => text,
    })
}

/// As `Number(value)`.
pub(crate) fn numeric(value: &Value, meter: &Meter) -> Result<f64, Fault> {
    Ok(primitive_number(&primitive(value, meter)?))
}

pub(crate) fn primitive_number(value: &Primitive<'_>) -> f64 {
    match value {
        Primitive::Undefined => f64::NAN,
        Primitive::Null => 0.0,
        Primitive::Bool(flag) => f64::from(u8::from(*flag)),
        Primitive::Number(number) => *number,
        Primitive::Text(text) => number::read(text),
    }
}

pub(crate) fn primitive<'v>(value: &'v Value, meter: &Meter) -> Result<Primitive<'v>, Fault> {
    Ok(match &value.kind {
        Kind::Undefined => Primitive::Undefined,
        Kind::Null => Primitive::Null,
        Kind::Bool(flag) => Primitive::Bool(*flag),
        Kind::Number(number) => Primitive::Number(*number),
        Kind::Text(text) | Kind::Safe(text) => Primitive::Text(Cow::Borrowed(text)),
        Kind::List(_) => {
            let mut joined = String::new();
            join(value, ",", &mut joined, meter, 0)?;
            Primitive::Text(Cow::Owned(joined))
        }
        Kind::Record(record) => {
            refuse_functions(record.entries().map(|(_, value)| value))?;
            Primitive::Text(Cow::Borrowed("[object Object]"))
        }
        Kind::Regex(regex) => Primitive::Text(Cow::Owned(regex.pattern.text())),
        Kind::Function(_) => {
            return Err(Fault::new("a function is no value that can be printed or compared"));
        }
    })
}

fn refuse_functions<'v>(mut values: impl Iterator<Item = &'v Value>) -> Result<(), Fault> {
    if values.any(|value| matches!(value.kind, Kind::Function(_))) {
        return Err(Fault::new("a function is no value that can be printed or compared"));
    }
    Ok(())
}

/// A list as `list.join(separator)`, appended to `into`.
pub(crate) fn join(
    value: &Value,
    separator: &str,
    into: &mut String,
    meter: &Meter,
    depth: u32,
) -> Result<(), Fault> {
    let Kind::List(list) = &value.kind else {
        let text = printed(value, meter)?;
        meter.grow(text.len())?;
        into.push_str(&text);
        return Ok(());
    };
    if depth > DEEPEST {
        return Err(Fault::limit("lists are nested too deeply"));
    }
    for index in 0..list.len() {
        meter.step()?;
        if index > 0 {
            meter.grow(separator.len())?;
            into.push_str(separator);
        }
        let item = list.get(index).unwrap_or(Value::UNDEFINED);
        join(&item, ",", into, meter, depth + 1)?;
    }
    Ok(())
}

/// As JavaScript's ToIntegerOrInfinity.
pub(crate) fn integer(value: &Value, meter: &Meter) -> Result<f64, Fault> {
    let number = numeric(value, meter)?;
    Ok(if number.is_nan() { 0.0 } else { number.trunc() + 0.0 })
}

/// The same, `None` for undefined.
pub(crate) fn optional_integer(value: Option<&Value>, meter: &Meter) -> Result<Option<f64>, Fault> {
    match value {
        None => Ok(None),
        Some(value) if value.is_undefined() => Ok(None),
        Some(value) => integer(value, meter).map(Some),
    }
}
