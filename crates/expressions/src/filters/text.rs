//! Filters of texts.

use std::cmp::Ordering;

use super::Input;
use crate::error::Fault;
use crate::regexes;
use crate::run::own_member;
use crate::value::compare::order;
use crate::value::convert::{self, numeric, printed};
use crate::value::text::{self, is_space};
use crate::value::{Kind, Value};

/// The most spaces that are put in at once.
const WIDEST: f64 = 16_777_216.0;

pub(crate) fn capitalize(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let lower = input.text_of(&input.normal())?.to_lowercase();
    input.like(input.value, text::capitalized(&lower))
}

pub(crate) fn lower(input: &Input<'_, '_>) -> Result<Value, Fault> {
    input.plain(input.text_of(&input.normal())?.to_lowercase())
}

pub(crate) fn upper(input: &Input<'_, '_>) -> Result<Value, Fault> {
    input.plain(input.text_of(&input.normal())?.to_uppercase())
}

pub(crate) fn title(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let text = input.text_of(&input.normal())?;
    let words: Vec<String> = text.split(' ').map(|word| text::capitalized(&word.to_lowercase())).collect();
    input.like(input.value, words.join(" "))
}

pub(crate) fn trim(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let text = input.text()?;
    input.like(input.value, text.trim_matches(is_space))
}

pub(crate) fn string(input: &Input<'_, '_>) -> Result<Value, Fault> {
    if input.value.is_nullish() {
        return Err(Fault::new(format!("it needs a value, not {}", input.value.name())));
    }
    match input.value.kind {
        Kind::Safe(_) => Ok(input.value.clone()),
        _ => input.plain(&*printed(input.value, input.meter())?),
    }
}

pub(crate) fn wordcount(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let normal = input.normal();
    if !normal.is_truthy() {
        return Ok(Value::NULL);
    }
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let text = input.text_of(&normal)?;
    let count = text.as_bytes().split(|byte| !is_word(byte)).filter(|word| !word.is_empty()).count();
    Ok(if count == 0 { Value::NULL } else { count.into() })
}

/// The length of a text or list, or the member `length` of an object.
fn length_of(input: &Input<'_, '_>, value: &Value) -> Result<Value, Fault> {
    input.run.scan_text(value)?;
    Ok(own_member(value, "length").unwrap_or(Value::UNDEFINED))
}

/// Spaces, as many as start below the bound.
fn spaces(bound: f64) -> Result<String, Fault> {
    if bound.is_nan() || bound <= 0.0 {
        return Ok(String::new());
    }
    if bound > WIDEST {
        return Err(Fault::limit("so many spaces are too many"));
    }
    Ok(" ".repeat(bound.ceil() as usize))
}

pub(crate) fn center(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let normal = input.normal();
    let width = if input.flag(0) { input.argument(0) } else { Value::from(80.0) };
    let length = length_of(input, &normal)?;
    if matches!(order(&length, &width, input.meter())?, Some(Ordering::Greater | Ordering::Equal)) {
        return Ok(normal);
    }
    let room = numeric(&width, input.meter())? - numeric(&length, input.meter())?;
    if room > 0.0 && room < WIDEST {
        input.meter().grow(room as usize)?;
    }
    let (left, right) = (spaces(room / 2.0 - room % 2.0)?, spaces(room / 2.0)?);
    let text = convert::string(&normal, input.meter())?;
    input.like(&normal, format!("{left}{text}{right}"))
}

pub(crate) fn indent(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let normal = input.normal();
    let text = input.text_of(&normal)?;
    let width = if input.flag(0) { numeric(&input.argument(0), input.meter())? } else { 4.0 };
    if matches!(normal.kind, Kind::Text(_)) && text.is_empty() {
        return Ok(Value::text(""));
    }
    let indentation = spaces(width)?;
    let mut indented = String::new();
    for (index, line) in text.split('\n').enumerate() {
        input.meter().grow(indentation.len() + line.len())?;
        if index > 0 {
            indented.push('\n');
        }
        if index > 0 || input.flag(1) {
            indented.push_str(&indentation);
        }
        indented.push_str(line);
    }
    input.like(&normal, indented)
}

pub(crate) fn truncate(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let normal = input.normal();
    let limit = if input.flag(0) { input.argument(0) } else { Value::from(255.0) };
    if matches!(
        order(&length_of(input, &normal)?, &limit, input.meter())?,
        Some(Ordering::Less | Ordering::Equal)
    ) {
        return Ok(normal);
    }
    let text = input.text_of(&normal)?;
    let limit = numeric(&limit, input.meter())?;
    let cut = |limit: f64| text::slice(&text, 0, limit.max(0.0) as usize);
    let kept = if input.flag(1) {
        cut(limit)
    } else {
        let reach = if limit.is_nan() { text.len() } else { text::byte_of(&text, limit.max(0.0) as usize) };
        let within = text[reach..].chars().next().map_or(reach, |c| reach + c.len_utf8());
        match text[..within].rfind(' ') {
            Some(space) => text[..space].to_owned(),
            None => cut(limit),
        }
    };
    let end = input.argument(2);
    let end = if end.is_nullish() { "...".into() } else { convert::string(&end, input.meter())? };
    input.like(input.value, format!("{kept}{end}"))
}

pub(crate) fn replace(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let (search, replacement) = (input.argument(0), input.argument(1));
    let meter = input.meter();
    let needle = match &search.kind {
        Kind::Regex(regex) => {
            let text = input.text()?;
            let with = convert::string(&replacement, meter)?;
            return Ok(Value::text(regexes::replace(regex, &text, &with, false, meter)?));
        }
        Kind::Text(_) | Kind::Number(_) => convert::string(&search, meter)?,
        _ => return Ok(input.value.clone()),
    };
    let given = match &input.value.kind {
        Kind::Number(_) => Value::text(&*convert::string(input.value, meter)?),
        Kind::Text(_) | Kind::Safe(_) => input.value.clone(),
        _ => return Ok(input.value.clone()),
    };
    let text = input.text_of(&given)?;
    let with = convert::string(&replacement, meter)?;
    if needle.is_empty() {
        let between = if replacement.is_undefined() { "," } else { &*with };
        let units = text::units(&text);
        meter.grow(units.len().saturating_mul(between.len()) + text.len() + 2 * with.len())?;
        return input.like(&given, format!("{with}{}{with}", units.join(between)));
    }
    let most = match &input.argument(2).kind {
        Kind::Undefined => f64::INFINITY,
        Kind::Number(most) if *most == -1.0 => f64::INFINITY,
        _ => numeric(&input.argument(2), meter)?,
    };
    if !text.contains(&*needle) || matches!(input.argument(2).kind, Kind::Number(most) if most == 0.0) {
        return Ok(given);
    }
    let mut result = String::new();
    let mut left = &*text;
    let mut done = 0.0;
    while done < most
        && let Some((before, after)) = left.split_once(&*needle)
    {
        meter.step()?;
        meter.grow(before.len() + with.len())?;
        result.push_str(before);
        result.push_str(&with);
        left = after;
        done += 1.0;
    }
    result.push_str(left);
    input.like(input.value, result)
}
