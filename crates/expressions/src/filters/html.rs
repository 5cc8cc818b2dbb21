//! Filters of HTML. Nothing is escaped unless a template asks for it.

use std::sync::Arc;

use super::Input;
use crate::error::Fault;
use crate::value::convert::printed;
use crate::value::text::is_space;
use crate::value::{Kind, Value};

/// How often tags are taken out of what is left.
const PASSES: usize = 8;

pub(crate) fn escape(input: &Input<'_, '_>) -> Result<Value, Fault> {
    match input.value.kind {
        Kind::Safe(_) => Ok(input.value.clone()),
        _ => forceescape(input),
    }
}

pub(crate) fn forceescape(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let text = printed(input.value, input.meter())?;
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' => escaped.push_str("&#92;"),
            c => escaped.push(c),
        }
    }
    make_safe(input, escaped)
}

pub(crate) fn safe(input: &Input<'_, '_>) -> Result<Value, Fault> {
    match input.value.kind {
        Kind::Safe(_) => Ok(input.value.clone()),
        _ => make_safe(input, printed(input.value, input.meter())?.into_owned()),
    }
}

/// Every safe text is an object of its own, so the text is never shared.
fn make_safe(input: &Input<'_, '_>, text: String) -> Result<Value, Fault> {
    input.meter().grow(text.len())?;
    Ok(Kind::Safe(Arc::from(text)).into())
}

pub(crate) fn nl2br(input: &Input<'_, '_>) -> Result<Value, Fault> {
    if input.value.is_nullish() {
        return Ok(Value::text(""));
    }
    let text = input.text()?;
    input.meter().grow(text.matches('\n').count() * 6)?;
    input.like(input.value, text.replace("\r\n", "\n").replace('\n', "<br />\n"))
}

pub(crate) fn striptags(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let mut text = input.text_of(&input.normal())?.to_string();
    let mut passes = 0;
    while let Some(stripped) = without_tags(&text) {
        passes += 1;
        if passes > PASSES {
            return Err(Fault::new("tags are hidden within tags"));
        }
        input.meter().grow(stripped.len())?;
        text = stripped;
    }
    let trimmed = text.trim_matches(is_space);
    let result = if input.flag(0) { keep_lines(trimmed) } else { one_line(trimmed) };
    input.like(input.value, result)
}

/// The text without tags and comments; `None` if it has none.
fn without_tags(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut result = String::new();
    let (mut copied, mut at) = (0, 0);
    // Once there is no end left, nothing more can be a tag or comment.
    let (mut tags, mut comments) = (true, true);
    while (tags || comments)
        && let Some(offset) = text[at..].find('<')
    {
        let start = at + offset;
        let mut end = None;
        if comments && text[start..].starts_with("<!--") {
            end = text[start + 4..].find("-->").map(|offset| start + 7 + offset);
            comments = end.is_some();
        }
        let name = start + 1 + usize::from(bytes.get(start + 1) == Some(&b'/'));
        if tags && let Some(after) = tag_name_end(bytes, name) {
            end = text[after..].find('>').map(|offset| after + offset + 1);
            tags = end.is_some();
        }
        at = match end {
            Some(end) => {
                result.push_str(&text[copied..start]);
                copied = end;
                end
            }
            None => start + 1,
        };
    }
    if copied == 0 {
        return None;
    }
    result.push_str(&text[copied..]);
    Some(result)
}

/// Where the name of a tag ends, if one begins here: letters and digits, then anything but a letter, digit or `_`.
fn tag_name_end(bytes: &[u8], start: usize) -> Option<usize> {
    if !bytes.get(start)?.is_ascii_alphabetic() {
        return None;
    }
    let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    (bytes.get(start + length) != Some(&b'_')).then_some(start + length)
}

fn one_line(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars() {
        if !is_space(c) {
            result.push(c);
        } else if !space {
            result.push(' ');
        }
        space = is_space(c);
    }
    result
}

/// Spaces at the edges of lines go, several become one, and more than one empty line becomes one.
fn keep_lines(text: &str) -> String {
    let is_break = |c: char| matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
    let mut result = String::with_capacity(text.len());
    for line in text.split_inclusive(is_break) {
        let content = line.trim_end_matches(is_break);
        let mut space = false;
        for c in content.trim_matches(' ').chars() {
            if c != ' ' || !space {
                result.push(c);
            }
            space = c == ' ';
        }
        result.push_str(&line[content.len()..]);
    }
    let mut lines = String::with_capacity(result.len());
    let mut breaks = 0;
    for c in result.replace("\r\n", "\n").chars() {
        breaks = if c == '\n' { breaks + 1 } else { 0 };
        if breaks <= 2 {
            lines.push(c);
        }
    }
    lines
}
