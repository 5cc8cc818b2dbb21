//! The tests after `is`.

use std::cmp::Ordering;

use crate::error::Fault;
use crate::run::Run;
use crate::value::compare::{order, same};
use crate::value::convert::numeric;
use crate::value::{Kind, Value};

type Apply = fn(&Run<'_>, &Value, &[Value]) -> Result<bool, Fault>;

/// A test.
pub(crate) struct Test {
    name: &'static str,
    /// How many arguments it takes.
    count: usize,
    /// Whether functions may be tested.
    functions: bool,
    apply: Apply,
}

const fn test(name: &'static str, count: usize, apply: Apply) -> Test {
    Test { name, count, functions: false, apply }
}

const fn any(name: &'static str, count: usize, apply: Apply) -> Test {
    Test { name, count, functions: true, apply }
}

static TESTS: [Test; 26] = [
    any("callable", 0, |_, value, _| Ok(matches!(value.kind, Kind::Function(_)))),
    test("defined", 0, |_, value, _| Ok(!value.is_undefined())),
    test("divisibleby", 1, |run, value, arguments| {
        Ok(numeric(value, &run.meter)? % numeric(&arguments[0], &run.meter)? == 0.0)
    }),
    test("escaped", 0, |_, value, _| Ok(matches!(value.kind, Kind::Safe(_)))),
    any("eq", 1, |run, value, arguments| same(value, &arguments[0], &run.meter)),
    any("equalto", 1, |run, value, arguments| same(value, &arguments[0], &run.meter)),
    any("sameas", 1, |run, value, arguments| same(value, &arguments[0], &run.meter)),
    any("ne", 1, |run, value, arguments| Ok(!same(value, &arguments[0], &run.meter)?)),
    test("even", 0, |run, value, _| Ok(numeric(value, &run.meter)? % 2.0 == 0.0)),
    test("odd", 0, |run, value, _| Ok(numeric(value, &run.meter)? % 2.0 == 1.0)),
    test("falsy", 0, |_, value, _| Ok(!value.is_truthy())),
    test("truthy", 0, |_, value, _| Ok(value.is_truthy())),
    test("ge", 1, |run, value, arguments| is(run, value, arguments, &[Ordering::Greater, Ordering::Equal])),
    test("greaterthan", 1, |run, value, arguments| is(run, value, arguments, &[Ordering::Greater])),
    test("gt", 1, |run, value, arguments| is(run, value, arguments, &[Ordering::Greater])),
    test("le", 1, |run, value, arguments| is(run, value, arguments, &[Ordering::Less, Ordering::Equal])),
    test("lessthan", 1, |run, value, arguments| is(run, value, arguments, &[Ordering::Less])),
    test("lt", 1, |run, value, arguments| is(run, value, arguments, &[Ordering::Less])),
    test("iterable", 0, |_, value, _| match value.kind {
        Kind::Undefined | Kind::Null => Err(Fault::new(format!("it is {}", value.name()))),
        _ => Ok(matches!(value.kind, Kind::Text(_) | Kind::Safe(_) | Kind::List(_))),
    }),
    test("lower", 0, |_, value, _| same_after(value, |text| text.to_lowercase())),
    test("upper", 0, |_, value, _| same_after(value, |text| text.to_uppercase())),
    test("mapping", 0, |_, value, _| {
        Ok(matches!(value.kind, Kind::Record(_) | Kind::Safe(_) | Kind::Regex(_)))
    }),
    test("null", 0, |_, value, _| Ok(matches!(value.kind, Kind::Null))),
    test("number", 0, |_, value, _| Ok(matches!(value.kind, Kind::Number(_)))),
    test("string", 0, |_, value, _| Ok(matches!(value.kind, Kind::Text(_)))),
    test("undefined", 0, |_, value, _| Ok(value.is_undefined())),
];

pub(crate) fn find(name: &str) -> Option<&'static Test> {
    TESTS.iter().find(|test| test.name == name)
}

impl Test {
    pub(crate) fn check_count(&self, count: usize) -> Result<(), Fault> {
        if count == self.count {
            return Ok(());
        }
        Err(Fault::new(format!("the test {:?} takes {} arguments, not {count}", self.name, self.count)))
    }

    pub(crate) fn apply(&self, run: &Run<'_>, value: &Value, arguments: &[Value]) -> Result<bool, Fault> {
        self.check_count(arguments.len())?;
        if !self.functions {
            run.refuse_functions(value)?;
            arguments.iter().try_for_each(|argument| run.refuse_functions(argument))?;
        }
        (self.apply)(run, value, arguments)
    }
}

fn is(run: &Run<'_>, value: &Value, arguments: &[Value], wanted: &[Ordering]) -> Result<bool, Fault> {
    Ok(order(value, &arguments[0], &run.meter)?.is_some_and(|order| wanted.contains(&order)))
}

fn same_after(value: &Value, change: fn(&str) -> String) -> Result<bool, Fault> {
    match &value.kind {
        Kind::Text(text) => Ok(change(text) == **text),
        Kind::Safe(_) => Ok(false),
        _ => Err(Fault::new(format!("it is {}, not a string", value.name()))),
    }
}
