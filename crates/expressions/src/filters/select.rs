//! `select`, `reject` and the same by an attribute.

use super::Input;
use super::list::by_attribute;
use super::project::sequence;
use crate::error::Fault;
use crate::tests;
use crate::value::convert::{numeric, string};
use crate::value::{Kind, Value};

pub(crate) fn select(input: &Input<'_, '_>) -> Result<Value, Fault> {
    by_test(input, true)
}

pub(crate) fn reject(input: &Input<'_, '_>) -> Result<Value, Fault> {
    by_test(input, false)
}

pub(crate) fn selectattr(input: &Input<'_, '_>) -> Result<Value, Fault> {
    by_attribute(input, true)
}

pub(crate) fn rejectattr(input: &Input<'_, '_>) -> Result<Value, Fault> {
    by_attribute(input, false)
}

fn by_test(input: &Input<'_, '_>, wanted: bool) -> Result<Value, Fault> {
    let given = input.argument(0);
    let name = if given.is_undefined() { "truthy".into() } else { string(&given, input.meter())? };
    let Some(test) = tests::find(&name) else {
        return Err(Fault::new(format!("there is no test {name:?}")));
    };
    if input.value.is_nullish() {
        return Err(Fault::new(format!("it needs a list, not {}", input.value.name())));
    }
    let values = match &input.value.kind {
        Kind::Record(record) => {
            let length = record.get("length").cloned().unwrap_or(Value::UNDEFINED);
            let count = numeric(&length, input.meter())?.floor();
            let present = |index: usize| record.get(&index.to_string()).cloned();
            // Not a number is no length; what is too long is refused before anything is made.
            let count = count.max(0.0) as usize;
            input.meter().steps(count)?;
            (0..count).filter_map(present).collect()
        }
        _ => match sequence(input)? {
            Some(values) => values,
            None => return Ok(Value::list(Vec::new())),
        },
    };
    let arguments = input.arguments.get(1..).unwrap_or_default();
    test.check_count(arguments.len())?;
    let mut kept = Vec::new();
    for value in values {
        input.meter().step()?;
        if test.apply(input.run, &value, arguments)? == wanted {
            kept.push(value);
        }
    }
    Ok(Value::list(kept))
}
