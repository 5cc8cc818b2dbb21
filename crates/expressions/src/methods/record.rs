//! Jinja's methods of objects, where the object has no member of that name.

use super::{Method, hands_on};
use crate::error::Fault;
use crate::value::convert::string;
use crate::value::{Kind, Record, Value};

pub(super) static JINJA: [Method; 5] = [
    hands_on("get", 1, 2, |run, value, arguments| {
        let found = record(value)?.get(&string(&arguments[0], &run.meter)?).cloned();
        Ok(found.or_else(|| arguments.get(1).cloned()).unwrap_or(Value::UNDEFINED))
    }),
    hands_on("has_key", 1, 1, |run, value, arguments| {
        Ok(record(value)?.get(&string(&arguments[0], &run.meter)?).is_some().into())
    }),
    hands_on("items", 0, 0, |run, value, _| {
        let record = record(value)?;
        run.meter.steps(record.len())?;
        let pair = |(key, value): (&std::sync::Arc<str>, &Value)| {
            Value::list(vec![Value::text(key.clone()), value.clone()])
        };
        Ok(Value::list(record.entries().map(pair).collect()))
    }),
    hands_on("keys", 0, 0, |run, value, _| {
        run.meter.steps(record(value)?.len())?;
        Ok(Value::list(record(value)?.entries().map(|(key, _)| Value::text(key.clone())).collect()))
    }),
    hands_on("values", 0, 0, |run, value, _| {
        run.meter.steps(record(value)?.len())?;
        Ok(Value::list(record(value)?.entries().map(|(_, value)| value.clone()).collect()))
    }),
];

fn record(value: &Value) -> Result<&Record, Fault> {
    match &value.kind {
        Kind::Record(record) => Ok(record),
        _ => Err(Fault::new("it needs an object")),
    }
}
