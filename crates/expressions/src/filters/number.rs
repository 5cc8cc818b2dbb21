//! Filters of numbers.

use super::Input;
use crate::error::Fault;
use crate::value::convert::{numeric, string};
use crate::value::{Kind, Value, number};

pub(crate) fn abs(input: &Input<'_, '_>) -> Result<Value, Fault> {
    Ok(numeric(input.value, input.meter())?.abs().into())
}

pub(crate) fn float(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let parsed = number::read_prefix(&string(input.value, input.meter())?);
    Ok(if parsed.is_nan() { input.argument(0) } else { parsed.into() })
}

pub(crate) fn int(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let base = input.argument(1);
    let base = if base.is_undefined() { 10.0 } else { numeric(&base, input.meter())?.trunc() };
    let parsed = number::read_integer(&string(input.value, input.meter())?, base);
    Ok(if parsed.is_nan() { input.argument(0) } else { parsed.into() })
}

pub(crate) fn round(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let digits = if input.flag(0) { numeric(&input.argument(0), input.meter())? } else { 0.0 };
    let factor = 10f64.powf(digits);
    let scaled = numeric(input.value, input.meter())? * factor;
    let rounded = match &input.argument(1).kind {
        Kind::Text(method) if &**method == "ceil" => scaled.ceil(),
        Kind::Text(method) if &**method == "floor" => scaled.floor(),
        _ => number::round(scaled),
    };
    Ok((rounded / factor).into())
}
