//! The functions that every template has: `range`, `cycler`, `joiner`.

use std::cell::Cell;
use std::cmp::Ordering;
use std::rc::Rc;

use crate::error::Fault;
use crate::run::{Function, Run};
use crate::value::compare::order;
use crate::value::{Kind, Value};

/// A built-in function.
pub(crate) struct Global {
    name: &'static str,
    /// The most arguments it takes.
    pub(crate) most: usize,
    pub(crate) call: fn(&Run<'_>, &[Value]) -> Result<Value, Fault>,
}

static GLOBALS: [Global; 3] = [
    Global { name: "range", most: 3, call: range },
    Global { name: "cycler", most: usize::MAX, call: cycler },
    Global { name: "joiner", most: 1, call: joiner },
];

pub(crate) fn find(name: &str) -> Option<&'static Global> {
    GLOBALS.iter().find(|global| global.name == name)
}

fn range(run: &Run<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let argument = |index: usize| arguments.get(index).cloned().unwrap_or(Value::UNDEFINED);
    let (mut start, mut stop, mut step) = (argument(0), argument(1), argument(2));
    if stop.is_undefined() {
        (start, stop, step) = (Value::from(0.0), start, Value::from(1.0));
    } else if !step.is_truthy() {
        step = Value::from(1.0);
    }
    let upwards = order(&step, &Value::from(0.0), &run.meter)? == Some(Ordering::Greater);
    let wanted = if upwards { Ordering::Less } else { Ordering::Greater };
    let mut items = Vec::new();
    let mut value = start;
    while order(&value, &stop, &run.meter)? == Some(wanted) {
        run.meter.step()?;
        items.push(value.clone());
        run.check_length(items.len())?;
        value = run.add(&value, &step)?;
    }
    Ok(Value::list(items))
}

fn cycler(_: &Run<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let cycler = crate::run::Cycler { values: arguments.to_vec(), at: Cell::new(None) };
    Ok(Kind::Function(Rc::new(Function::Cycler(Rc::new(cycler)))).into())
}

fn joiner(_: &Run<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let given = arguments.first().filter(|separator| separator.is_truthy());
    let separator = given.cloned().unwrap_or_else(|| Value::text(","));
    Ok(Kind::Function(Rc::new(Function::Joiner { separator, used: Cell::new(false) })).into())
}
