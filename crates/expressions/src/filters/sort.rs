//! Order: `sort`, `dictsort`, `groupby`.

use std::cmp::Ordering;
use std::sync::Arc;

use indexmap::IndexMap;

use super::Input;
use super::project::{follow, indexed, mapped, path, sequence};
use crate::error::Fault;
use crate::value::compare::{order, same};
use crate::value::convert::string;
use crate::value::{Kind, Record, Value, is_reserved};

/// From this length on a list is sorted in halves.
const HALVED: usize = 64;

/// A stable sort that also ends, in the order of V8's, when the comparison contradicts itself, as JavaScript's do with
/// values of several kinds.
pub(crate) fn stable<T>(
    mut values: Vec<T>,
    compare: &mut dyn FnMut(&T, &T) -> Result<Ordering, Fault>,
) -> Result<Vec<T>, Fault> {
    if values.len() >= HALVED {
        let right = values.split_off(values.len() / 2);
        let (left, right) = (stable(values, compare)?, stable(right, compare)?);
        return merge(left, right, compare);
    }
    if values.len() < 2 {
        return Ok(values);
    }
    let descending = compare(&values[1], &values[0])? == Ordering::Less;
    let mut run = 2;
    while run < values.len() && (compare(&values[run], &values[run - 1])? == Ordering::Less) == descending {
        run += 1;
    }
    if descending {
        values[..run].reverse();
    }
    for at in run..values.len() {
        let (mut low, mut high) = (0, at);
        while low < high {
            let middle = low + (high - low) / 2;
            if compare(&values[at], &values[middle])? == Ordering::Less {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        values[low..=at].rotate_right(1);
    }
    Ok(values)
}

fn merge<T>(
    left: Vec<T>,
    right: Vec<T>,
    compare: &mut dyn FnMut(&T, &T) -> Result<Ordering, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let takes_right = compare(b, a)? == Ordering::Less;
        merged.extend(if takes_right { right.next() } else { left.next() });
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

pub(crate) fn sort(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let values = match &input.value.kind {
        Kind::Record(record) => Some(mapped(input, record)?),
        _ => sequence(input)?,
    };
    let Some(values) = values else {
        return Ok(Value::list(Vec::new()));
    };
    let (reverse, case_sensitive) = (input.flag(0), input.flag(1));
    let path = path(input, &input.argument(2))?;
    // Undefined members come last, whatever the order is.
    let (undefined, values): (Vec<Value>, Vec<Value>) = values.into_iter().partition(Value::is_undefined);
    if values.len() < 2 {
        return Ok(Value::list(values.into_iter().chain(undefined).collect()));
    }
    let mut keyed = Vec::with_capacity(values.len());
    for value in values {
        input.meter().step()?;
        let key = follow(&value, &path)?;
        let lower = key.as_text().filter(|_| !case_sensitive).map(|text| Value::text(text.to_lowercase()));
        keyed.push((value, key, lower));
    }
    let sorted = stable(keyed, &mut |left, right| {
        input.meter().step()?;
        let ordered = match (&left.2, &right.2) {
            (Some(a), Some(b)) => order(a, b, input.meter())?,
            _ => order(&left.1, &right.1, input.meter())?,
        };
        let ordered = ordered.unwrap_or(Ordering::Equal);
        Ok(if reverse { ordered.reverse() } else { ordered })
    })?;
    Ok(Value::list(sorted.into_iter().map(|(value, ..)| value).chain(undefined).collect()))
}

pub(crate) fn dictsort(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let Kind::Record(record) = &input.value.kind else {
        return Err(Fault::new(format!("it needs an object, not {}", input.value.name())));
    };
    let by_value = match &input.argument(1).kind {
        Kind::Undefined => false,
        Kind::Text(by) if &**by == "key" => false,
        Kind::Text(by) if &**by == "value" => true,
        _ => return Err(Fault::new("it sorts by \"key\" or \"value\"")),
    };
    let upper = |value: &Value| match value.as_text() {
        Some(text) if !input.flag(0) => Value::text(text.to_uppercase()),
        _ => value.clone(),
    };
    let mut entries = Vec::with_capacity(record.len());
    for (key, value) in record.entries() {
        input.meter().step()?;
        let key = Value::text(key.clone());
        entries.push((upper(if by_value { value } else { &key }), key, value.clone()));
    }
    let sorted = stable(entries, &mut |left, right| {
        input.meter().step()?;
        Ok(match order(&left.0, &right.0, input.meter())? {
            Some(Ordering::Greater) => Ordering::Greater,
            _ if same(&left.0, &right.0, input.meter())? => Ordering::Equal,
            _ => Ordering::Less,
        })
    })?;
    let pair = |(_, key, value): (Value, Value, Value)| Value::list(vec![key, value]);
    Ok(Value::list(sorted.into_iter().map(pair).collect()))
}

pub(crate) fn groupby(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let values = match &input.value.kind {
        Kind::Undefined | Kind::Null => {
            return Err(Fault::new(format!("it needs a list, not {}", input.value.name())));
        }
        Kind::Record(record) => indexed(input, record)?,
        _ => match sequence(input)? {
            Some(values) => values,
            None => return Ok(Kind::Record(Record::new([])).into()),
        },
    };
    let path = path(input, &input.argument(0))?;
    let mut groups: IndexMap<Arc<str>, Vec<Value>> = IndexMap::new();
    for value in values {
        input.meter().step()?;
        let found = follow(&value, &path)?;
        let key = string(&found, input.meter())?;
        if is_reserved(&key) {
            return Err(Fault::new(format!("the name {key:?} is reserved")));
        }
        groups.entry(Arc::from(&*key)).or_default().push(value);
    }
    Ok(Kind::Record(Record::new(groups.into_iter().map(|(key, values)| (key, Value::list(values))))).into())
}
