//! The methods of numbers.

use super::{Method, method};
use crate::error::Fault;
use crate::run::Run;
use crate::value::convert::numeric;
use crate::value::{Kind, Value, number};

pub(super) static METHODS: [Method; 4] = [
    method("toExponential", 0, 1, |run, value, arguments| {
        print(run, value, arguments, number::to_exponential)
    }),
    method("toFixed", 0, 1, |run, value, arguments| {
        print(run, value, arguments, |number, digits| number::to_fixed(number, digits.unwrap_or(0.0)))
    }),
    method("toPrecision", 0, 1, |run, value, arguments| {
        print(run, value, arguments, |number, digits| match digits {
            Some(digits) => number::to_precision(number, digits),
            None => Some(number::print(number)),
        })
    }),
    method("toString", 0, 1, |run, value, arguments| {
        print(run, value, arguments, |number, radix| match radix {
            Some(radix) => number::to_radix(number, radix),
            None => Some(number::print(number)),
        })
    }),
];

fn print(
    run: &Run<'_>,
    value: &Value,
    arguments: &[Value],
    print: fn(f64, Option<f64>) -> Option<String>,
) -> Result<Value, Fault> {
    let Kind::Number(number) = value.kind else {
        return Err(Fault::new("it needs a number"));
    };
    let argument = match arguments.first().filter(|argument| !argument.is_undefined()) {
        Some(argument) => Some(numeric(argument, &run.meter)?),
        None => None,
    };
    run.meter.steps(16)?;
    match print(number, argument) {
        Some(text) => Ok(Value::text(text)),
        None => Err(Fault::new("so many digits, or this radix, are not possible")),
    }
}
