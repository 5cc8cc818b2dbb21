//! `==`, `===` and `<` as in JavaScript.

use std::cmp::Ordering;
use std::rc::Rc;
use std::sync::Arc;

use super::convert::{Primitive, primitive, primitive_number};
use super::{Kind, Value, number, text};
use crate::error::Fault;
use crate::meter::Meter;

/// As `===`, where comparing long texts takes steps.
pub(crate) fn same(left: &Value, right: &Value, meter: &Meter) -> Result<bool, Fault> {
    if let (Kind::Text(a), Kind::Text(b)) = (&left.kind, &right.kind)
        && a.len() == b.len()
    {
        meter.scan(a.len())?;
    }
    Ok(strict_equal(left, right))
}

/// As `===`.
fn strict_equal(left: &Value, right: &Value) -> bool {
    match (&left.kind, &right.kind) {
        (Kind::Undefined, Kind::Undefined) | (Kind::Null, Kind::Null) => true,
        (Kind::Bool(a), Kind::Bool(b)) => a == b,
        (Kind::Number(a), Kind::Number(b)) => a == b,
        (Kind::Text(a), Kind::Text(b)) => a == b,
        // An object around a text: only itself is equal to it.
        (Kind::Safe(a), Kind::Safe(b)) => Arc::ptr_eq(a, b),
        (Kind::List(a), Kind::List(b)) => a.is_same(b),
        (Kind::Record(a), Kind::Record(b)) => a.is_same(b),
        (Kind::Regex(a), Kind::Regex(b)) => Rc::ptr_eq(a, b),
        (Kind::Function(a), Kind::Function(b)) => Rc::ptr_eq(a, b),
        _ => false,
    }
}

fn is_primitive(value: &Value) -> bool {
    matches!(value.kind, Kind::Undefined | Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_))
}

/// As `==`.
pub(crate) fn loose_equal(left: &Value, right: &Value, meter: &Meter) -> Result<bool, Fault> {
    if same(left, right, meter)? {
        return Ok(true);
    }
    if !is_primitive(left) && !is_primitive(right) {
        return Ok(false);
    }
    Ok(primitives_equal(&primitive(left, meter)?, &primitive(right, meter)?))
}

fn primitives_equal(left: &Primitive<'_>, right: &Primitive<'_>) -> bool {
    use Primitive::{Bool, Null, Number, Text, Undefined};
    match (left, right) {
        (Undefined | Null, Undefined | Null) => true,
        (Undefined | Null, _) | (_, Undefined | Null) => false,
        (Bool(a), Bool(b)) => a == b,
        (Number(a), Number(b)) => a == b,
        (Text(a), Text(b)) => a == b,
        (Bool(flag), other) | (other, Bool(flag)) => primitive_number(other) == f64::from(u8::from(*flag)),
        (Number(a), Text(text)) | (Text(text), Number(a)) => *a == number::read(text),
    }
}

/// The order of two values; `None` if they have none, as with NaN.
pub(crate) fn order(left: &Value, right: &Value, meter: &Meter) -> Result<Option<Ordering>, Fault> {
    if let (Kind::Number(a), Kind::Number(b)) = (&left.kind, &right.kind) {
        return Ok(a.partial_cmp(b));
    }
    let (left, right) = (primitive(left, meter)?, primitive(right, meter)?);
    if let (Primitive::Text(a), Primitive::Text(b)) = (&left, &right) {
        meter.steps(a.len().min(b.len()) / 64)?;
        return Ok(Some(text::compare(a, b)));
    }
    Ok(primitive_number(&left).partial_cmp(&primitive_number(&right)))
}
