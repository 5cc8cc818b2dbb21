//! The methods of strings, and the one of regular expressions.

use std::sync::Arc;

use super::{ANY, Method, method};
use crate::error::Fault;
use crate::regexes;
use crate::run::Run;
use crate::value::convert::{numeric, optional_integer, string};
use crate::value::number::to_uint32;
use crate::value::text::{self, byte_of, is_space, length, units_before};
use crate::value::{Kind, Value};

pub(super) static METHODS: [Method; 17] = [
    method("charAt", 0, 1, |run, value, arguments| {
        let at = position(run, arguments.first())?.unwrap_or(0.0);
        Ok(Value::text(unit(&text_of(run, value)?, at).unwrap_or_default()))
    }),
    method("charCodeAt", 0, 1, |run, value, arguments| {
        let at = position(run, arguments.first())?.unwrap_or(0.0);
        let text = text_of(run, value)?;
        let code = if at < 0.0 { None } else { text.encode_utf16().nth(at as usize) };
        Ok(code.map_or(f64::NAN, f64::from).into())
    }),
    method("concat", 0, ANY, |run, value, arguments| {
        let mut joined = text_of(run, value)?.to_string();
        for argument in arguments {
            let text = string(argument, &run.meter)?;
            run.meter.grow(joined.len() + text.len())?;
            joined.push_str(&text);
        }
        Ok(Value::text(joined))
    }),
    method("endsWith", 1, 2, |run, value, arguments| {
        let text = text_of(run, value)?;
        let end = position(run, arguments.get(1))?.map_or(text.len(), |end| byte_of(&text, clamp(end)));
        Ok(text[..end].ends_with(&*string(&arguments[0], &run.meter)?).into())
    }),
    method("includes", 1, 2, |run, value, arguments| Ok(found(run, value, arguments)?.is_some().into())),
    method("indexOf", 1, 2, |run, value, arguments| {
        Ok(found(run, value, arguments)?.map_or(-1.0, |at| at as f64).into())
    }),
    method("lastIndexOf", 1, 2, last_index_of),
    method("replace", 2, 2, replace),
    method("slice", 0, 2, |run, value, arguments| {
        let text = text_of(run, value)?;
        let (start, end) = range(run, arguments, length(&text))?;
        Ok(Value::text(text::slice(&text, start, end)))
    }),
    method("split", 0, 2, split),
    method("startsWith", 1, 2, |run, value, arguments| {
        let text = text_of(run, value)?;
        let start = position(run, arguments.get(1))?.map_or(0, |start| byte_of(&text, clamp(start)));
        Ok(text[start..].starts_with(&*string(&arguments[0], &run.meter)?).into())
    }),
    method("substring", 0, 2, |run, value, arguments| {
        let text = text_of(run, value)?;
        let count = length(&text);
        let start = clamp(position(run, arguments.first())?.unwrap_or(0.0)).min(count);
        let end = position(run, arguments.get(1))?.map_or(count, |end| clamp(end).min(count));
        Ok(Value::text(text::slice(&text, start.min(end), start.max(end))))
    }),
    method("toLowerCase", 0, 0, |run, value, _| Ok(Value::text(text_of(run, value)?.to_lowercase()))),
    method("toUpperCase", 0, 0, |run, value, _| Ok(Value::text(text_of(run, value)?.to_uppercase()))),
    method("trim", 0, 0, |run, value, _| Ok(Value::text(text_of(run, value)?.trim_matches(is_space)))),
    method("trimEnd", 0, 0, |run, value, _| Ok(Value::text(text_of(run, value)?.trim_end_matches(is_space)))),
    method("trimStart", 0, 0, |run, value, _| {
        Ok(Value::text(text_of(run, value)?.trim_start_matches(is_space)))
    }),
];

pub(super) static REGEX: [Method; 1] = [method("test", 1, 1, |run, value, arguments| match &value.kind {
    Kind::Regex(regex) => Ok(regexes::test(regex, &string(&arguments[0], &run.meter)?, &run.meter)?.into()),
    _ => Err(Fault::new("it needs a regular expression")),
})];

/// The text of the receiver, paid for as if it was copied: most methods return a part of it.
fn text_of(run: &Run<'_>, value: &Value) -> Result<Arc<str>, Fault> {
    let text = value.as_text().ok_or_else(|| Fault::new("it needs a string"))?;
    run.meter.grow(text.len())?;
    Ok(text.clone())
}

fn position(run: &Run<'_>, value: Option<&Value>) -> Result<Option<f64>, Fault> {
    optional_integer(value, &run.meter)
}

fn clamp(position: f64) -> usize {
    position.max(0.0) as usize
}

fn unit(text: &str, at: f64) -> Option<String> {
    if at < 0.0 { None } else { text::unit(text, at as usize) }
}

/// Start and end as `slice` counts them: from the end if they are negative.
pub(super) fn range(run: &Run<'_>, arguments: &[Value], count: usize) -> Result<(usize, usize), Fault> {
    let from_end =
        |position: f64| if position < 0.0 { clamp(count as f64 + position) } else { clamp(position) };
    let start = position(run, arguments.first())?.map_or(0, from_end).min(count);
    let end = position(run, arguments.get(1))?.map_or(count, from_end).min(count);
    Ok((start, end))
}

/// Where the first argument is found, from the second on.
fn found(run: &Run<'_>, value: &Value, arguments: &[Value]) -> Result<Option<usize>, Fault> {
    let text = text_of(run, value)?;
    let needle = string(&arguments[0], &run.meter)?;
    let start = position(run, arguments.get(1))?.map_or(0, |start| byte_of(&text, clamp(start)));
    Ok(text[start..].find(&*needle).map(|at| units_before(&text, start + at)))
}

fn last_index_of(run: &Run<'_>, value: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    let text = text_of(run, value)?;
    let needle = string(&arguments[0], &run.meter)?;
    let given = arguments.get(1).filter(|position| !position.is_undefined());
    let position = match given {
        Some(position) => numeric(position, &run.meter)?,
        None => f64::NAN,
    };
    let reach = if position.is_nan() { text.len() } else { byte_of(&text, clamp(position)) };
    let end = reach.saturating_add(needle.len()).min(text.len());
    let end = (end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    Ok(text[..end].rfind(&*needle).map_or(-1.0, |at| units_before(&text, at) as f64).into())
}

fn replace(run: &Run<'_>, value: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    let text = text_of(run, value)?;
    let with = string(&arguments[1], &run.meter)?;
    if let Kind::Regex(regex) = &arguments[0].kind {
        return Ok(Value::text(regexes::replace(regex, &text, &with, true, &run.meter)?));
    }
    let needle = string(&arguments[0], &run.meter)?;
    let Some(at) = text.find(&*needle) else {
        return Ok(Value::text(text));
    };
    let end = at + needle.len();
    let mut result = text[..at].to_owned();
    regexes::expand_with(&with, &text, (at, end), 0, |_| "", |_| None, &mut result, &run.meter)?;
    result.push_str(&text[end..]);
    Ok(Value::text(result))
}

fn split(run: &Run<'_>, value: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    let text = text_of(run, value)?;
    let limit = match arguments.get(1).filter(|limit| !limit.is_undefined()) {
        Some(limit) => to_uint32(numeric(limit, &run.meter)?) as usize,
        None => usize::MAX,
    };
    let separator = arguments.first().filter(|separator| !separator.is_undefined());
    let Some(separator) = separator else {
        return Ok(Value::list(if limit == 0 { Vec::new() } else { vec![Value::text(text)] }));
    };
    if let Kind::Regex(regex) = &separator.kind {
        return Ok(Value::list(regexes::split(regex, &text, limit, &run.meter)?));
    }
    let separator = string(separator, &run.meter)?;
    let parts: Vec<Value> = if separator.is_empty() {
        run.meter.steps(text.len())?;
        text::units(&text).into_iter().take(limit).map(Value::text).collect()
    } else {
        text.split(&*separator).take(limit).map(Value::text).collect()
    };
    run.meter.steps(parts.len())?;
    Ok(Value::list(parts))
}
