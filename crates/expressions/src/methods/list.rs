//! The methods of lists. Those that change the list change it for the whole template.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::string::range;
use super::{ANY, Method, hands_on, method};
use crate::error::Fault;
use crate::filters::stable;
use crate::run::Run;
use crate::value::compare::same;
use crate::value::convert::{integer, join, optional_integer, string};
use crate::value::{Kind, List, Value, text};

pub(super) static METHODS: [Method; 17] = [
    hands_on("at", 1, 1, |run, value, arguments| {
        let list = list(value)?;
        let at = from_end(integer(&arguments[0], &run.meter)?, list.len());
        Ok(at.and_then(|at| list.get(at)).unwrap_or(Value::UNDEFINED))
    }),
    hands_on("concat", 0, ANY, |run, value, arguments| {
        let mut items = list(value)?.items();
        for argument in arguments {
            match &argument.kind {
                Kind::List(list) => {
                    let mark = argument.marked;
                    items.extend(list.items().into_iter().map(|item| item.with_mark(mark)));
                }
                _ => items.push(argument.clone()),
            }
            run.check_length(items.len())?;
        }
        run.meter.steps(items.len())?;
        Ok(Value::list(items))
    }),
    hands_on("copyWithin", 1, 3, copy_within),
    hands_on("fill", 1, 3, |run, value, arguments| {
        let list = list(value)?;
        let (start, end) = range(run, &arguments[1..], list.len())?;
        let with = &arguments[0];
        contain(run, list, &arguments[..1])?;
        run.meter.steps(list.len())?;
        list.change(|items| items.iter_mut().take(end).skip(start).for_each(|item| *item = with.clone()));
        Ok(value.clone())
    }),
    hands_on("flat", 0, 1, |run, value, arguments| {
        let depth = optional_integer(arguments.first(), &run.meter)?.unwrap_or(1.0).max(0.0);
        let mut flat = Vec::new();
        flatten(run, list(value)?, depth.min(256.0) as u32, &mut flat)?;
        Ok(Value::list(flat))
    }),
    hands_on("includes", 1, 2, |run, value, arguments| {
        let wanted = &arguments[0];
        let is_nan = |value: &Value| matches!(value.kind, Kind::Number(number) if number.is_nan());
        let list = list(value)?;
        run.meter.steps(list.len())?;
        let (start, _) = range(run, &arguments[1..], list.len())?;
        let items = list.items();
        let found = run.position(items.iter().skip(start), wanted)?.is_some();
        Ok((found || (is_nan(wanted) && items.iter().skip(start).any(is_nan))).into())
    }),
    hands_on("indexOf", 1, 2, |run, value, arguments| {
        let list = list(value)?;
        run.meter.steps(list.len())?;
        let (start, _) = range(run, &arguments[1..], list.len())?;
        let at = run.position(list.items().iter().skip(start), &arguments[0])?;
        Ok(at.map_or(-1.0, |at| (start + at) as f64).into())
    }),
    method("join", 0, 1, |run, value, arguments| {
        let separator = match arguments.first().filter(|separator| !separator.is_undefined()) {
            Some(separator) => string(separator, &run.meter)?,
            None => ",".into(),
        };
        let mut joined = String::new();
        join(value, &separator, &mut joined, &run.meter, 0)?;
        Ok(Value::text(joined))
    }),
    hands_on("lastIndexOf", 1, 2, |run, value, arguments| {
        let list = list(value)?;
        run.meter.steps(list.len())?;
        let from = optional_integer(arguments.get(1), &run.meter)?.unwrap_or(f64::INFINITY);
        let last = if from < 0.0 { list.len() as f64 + from } else { from };
        if last < 0.0 {
            return Ok((-1.0).into());
        }
        let reach = (last as usize).saturating_add(1).min(list.len());
        let at = run.position(list.items()[..reach].iter().rev(), &arguments[0])?;
        Ok(at.map_or(-1.0, |at| (reach - 1 - at) as f64).into())
    }),
    hands_on("pop", 0, 0, |run, value, arguments| {
        let list = list(value)?;
        match arguments.first().filter(|at| !at.is_undefined()) {
            Some(at) => {
                run.meter.steps(list.len() / 8)?;
                let at = from_end(integer(at, &run.meter)?, list.len());
                Ok(at.map_or(Value::UNDEFINED, |at| list.change(|items| items.remove(at))))
            }
            None => Ok(list.change(Vec::pop).unwrap_or(Value::UNDEFINED)),
        }
    }),
    hands_on("push", 0, ANY, push),
    hands_on("reverse", 0, 0, |run, value, _| {
        let list = list(value)?;
        run.meter.steps(list.len())?;
        list.change(|items| items.reverse());
        Ok(value.clone())
    }),
    hands_on("shift", 0, 0, |run, value, _| {
        let list = list(value)?;
        run.meter.steps(list.len() / 8)?;
        Ok(list.change(|items| if items.is_empty() { Value::UNDEFINED } else { items.remove(0) }))
    }),
    hands_on("slice", 0, 2, |run, value, arguments| {
        let items = list(value)?.items();
        let (start, end) = range(run, arguments, items.len())?;
        run.meter.steps(items.len())?;
        Ok(Value::list(items.into_iter().take(end).skip(start).collect()))
    }),
    hands_on("sort", 0, 0, sort),
    hands_on("splice", 0, ANY, splice),
    hands_on("unshift", 0, ANY, |run, value, arguments| {
        let list = list(value)?;
        contain(run, list, arguments)?;
        run.meter.steps(list.len() / 8)?;
        list.change(|items| items.splice(0..0, arguments.iter().cloned()).for_each(drop));
        Ok(list.len().into())
    }),
];

pub(super) static JINJA: [Method; 6] = [
    hands_on("append", 1, 1, push),
    hands_on("count", 1, 1, |run, value, arguments| {
        let items = list(value)?.items();
        run.meter.steps(items.len())?;
        let mut count = 0;
        for item in &items {
            count += usize::from(same(item, &arguments[0], &run.meter)?);
        }
        Ok(count.into())
    }),
    hands_on("find", 1, 1, index_of),
    hands_on("index", 1, 1, index_of),
    hands_on("insert", 2, 2, |run, value, arguments| {
        let list = list(value)?;
        contain(run, list, &arguments[1..])?;
        run.meter.steps(list.len() / 8)?;
        let at = integer(&arguments[0], &run.meter)?;
        let at = if at < 0.0 { (list.len() as f64 + at).max(0.0) } else { at };
        let at = (at as usize).min(list.len());
        list.change(|items| items.insert(at, arguments[1].clone()));
        Ok(Value::list(Vec::new()))
    }),
    hands_on("remove", 1, 1, |run, value, arguments| {
        let list = list(value)?;
        run.meter.steps(list.len())?;
        let at = run.position(list.items().iter(), &arguments[0])?;
        Ok(Value::list(at.map(|at| list.change(|items| items.remove(at))).into_iter().collect()))
    }),
];

fn list(value: &Value) -> Result<&List, Fault> {
    match &value.kind {
        Kind::List(list) => Ok(list),
        _ => Err(Fault::new("it needs a list")),
    }
}

/// A position as an index, counted from the end if it is negative.
fn from_end(at: f64, count: usize) -> Option<usize> {
    let at = if at < 0.0 { count as f64 + at } else { at };
    (at >= 0.0 && at < count as f64).then_some(at as usize)
}

fn index_of(run: &Run<'_>, value: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    let items = list(value)?.items();
    run.meter.steps(items.len())?;
    let at = run.position(items.iter(), &arguments[0])?;
    Ok(at.map_or(-1.0, |at| at as f64).into())
}

fn push(run: &Run<'_>, value: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    let list = list(value)?;
    contain(run, list, arguments)?;
    list.change(|items| items.extend(arguments.iter().cloned()));
    Ok(list.len().into())
}

/// Refuses to put a list into itself, by whatever way round, and lists that would be too long.
fn contain(run: &Run<'_>, list: &List, values: &[Value]) -> Result<(), Fault> {
    run.check_length(list.len() + values.len())?;
    let mut left: Vec<Value> = values.to_vec();
    let mut seen = HashSet::new();
    while let Some(value) = left.pop() {
        match &value.kind {
            Kind::List(inner) => {
                if inner.is_same(list) {
                    return Err(Fault::new("a list cannot contain itself"));
                }
                if seen.insert(inner.identity()) {
                    run.meter.steps(inner.len() + 1)?;
                    left.extend(inner.items());
                }
            }
            Kind::Record(inner) if seen.insert(inner.identity()) => {
                run.meter.steps(inner.len() + 1)?;
                left.extend(inner.entries().map(|(_, value)| value.clone()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn flatten(run: &Run<'_>, list: &List, depth: u32, into: &mut Vec<Value>) -> Result<(), Fault> {
    for item in list.items() {
        run.meter.step()?;
        match &item.kind {
            Kind::List(inner) if depth > 0 => flatten(run, inner, depth - 1, into)?,
            _ => into.push(item),
        }
        run.check_length(into.len())?;
    }
    Ok(())
}

fn sort(run: &Run<'_>, value: &Value, _: &[Value]) -> Result<Value, Fault> {
    let list = list(value)?;
    let (undefined, items): (Vec<Value>, Vec<Value>) =
        list.items().into_iter().partition(Value::is_undefined);
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        let key = string(&item, &run.meter)?.into_owned();
        keyed.push((item, key));
    }
    let sorted = stable(keyed, &mut |left, right| {
        run.meter.steps(1 + left.1.len().min(right.1.len()) / 64)?;
        Ok::<Ordering, Fault>(text::compare(&left.1, &right.1))
    })?;
    let sorted = sorted.into_iter().map(|(item, _)| item).chain(undefined).collect();
    list.change(|items| *items = sorted);
    Ok(value.clone())
}

fn splice(run: &Run<'_>, value: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    let list = list(value)?;
    let Some(start) = arguments.first().filter(|start| !start.is_undefined()) else {
        return Ok(Value::list(Vec::new()));
    };
    let count = list.len() as f64;
    let start = integer(start, &run.meter)?;
    let start = if start < 0.0 { (count + start).max(0.0) } else { start.min(count) };
    let removed = optional_integer(arguments.get(1), &run.meter)?.unwrap_or(f64::INFINITY);
    let end = start + removed.max(0.0).min(count - start);
    let added =
        if arguments.get(1).is_some_and(|count| !count.is_undefined()) { &arguments[2..] } else { &[] };
    contain(run, list, added)?;
    run.meter.steps(list.len() / 8)?;
    let removed =
        list.change(|items| items.splice(start as usize..end as usize, added.iter().cloned()).collect());
    Ok(Value::list(removed))
}

fn copy_within(run: &Run<'_>, value: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    let list = list(value)?;
    let items = list.items();
    run.meter.steps(items.len())?;
    let (target, _) = range(run, &arguments[..1], items.len())?;
    let (start, end) = range(run, &arguments[1..], items.len())?;
    let copied: Vec<Value> = items.into_iter().take(end).skip(start).collect();
    list.change(|items| {
        for (place, item) in items.iter_mut().skip(target).zip(copied) {
            *place = item;
        }
    });
    Ok(value.clone())
}
