//! Regular expressions: JavaScript's syntax, matched in linear time. What cannot be matched so (looking around, going
//! back to a group) is refused.

mod translate;

use crate::error::Fault;
use crate::meter::Meter;
use crate::value::text::{byte_of, units_before};
use crate::value::{Regex, Value};

/// The most a compiled expression may take.
const LARGEST: usize = 1 << 20;
/// How many bytes one step may look at, for each match.
const BYTES_PER_STEP: usize = 1024;

/// A regular expression that was checked and compiled.
#[derive(Debug)]
pub(crate) struct Pattern {
    source: String,
    flags: String,
    regex: regex::Regex,
}

impl Pattern {
    /// Compiles one; what is wrong with it, if anything.
    pub(crate) fn new(source: &str, flags: &str) -> Result<Pattern, String> {
        let multiline = flags.contains('m');
        let translated = translate::translate(source, multiline)?;
        let regex = regex::RegexBuilder::new(&translated)
            .case_insensitive(flags.contains('i'))
            .size_limit(LARGEST)
            .dfa_size_limit(LARGEST)
            .build()
            .map_err(|_| "this is no regular expression, or one that is too large".to_owned())?;
        Ok(Pattern { source: source.to_owned(), flags: flags.to_owned(), regex })
    }

    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    /// As JavaScript prints it.
    pub(crate) fn text(&self) -> String {
        let source = if self.source.is_empty() {
            "(?:)".to_owned()
        } else {
            self.source
                .replace('\n', "\\n")
                .replace('\r', "\\r")
                .replace('\u{2028}', "\\u2028")
                .replace('\u{2029}', "\\u2029")
        };
        let flags: String = "gimy".chars().filter(|flag| self.has(*flag)).collect();
        format!("/{source}/{flags}")
    }

    /// The first match from this byte on; for a sticky one, at this very byte.
    fn find<'h>(
        &self,
        text: &'h str,
        from: usize,
        meter: &Meter,
    ) -> Result<Option<regex::Captures<'h>>, Fault> {
        meter.steps(1 + (text.len() - from) / BYTES_PER_STEP)?;
        let found = self.regex.captures_at(text, from);
        Ok(found.filter(|found| !self.has('y') || found.get(0).is_some_and(|whole| whole.start() == from)))
    }
}

/// As `regex.test(text)`.
pub(crate) fn test(regex: &Regex, text: &str, meter: &Meter) -> Result<bool, Fault> {
    let pattern = &regex.pattern;
    let keeps = pattern.has('g') || pattern.has('y');
    let from = if keeps { byte_of(text, regex.last.get()) } else { 0 };
    if keeps && regex.last.get() > crate::value::text::length(text) {
        regex.last.set(0);
        return Ok(false);
    }
    let found = pattern.find(text, from, meter)?;
    if keeps {
        let end =
            found.as_ref().and_then(|found| found.get(0)).map_or(0, |whole| units_before(text, whole.end()));
        regex.last.set(end);
    }
    Ok(found.is_some())
}

/// As `text.replace(regex, with)`; with `remembers` a sticky one goes on where it was and remembers where it ended.
pub(crate) fn replace(
    regex: &Regex,
    text: &str,
    with: &str,
    remembers: bool,
    meter: &Meter,
) -> Result<String, Fault> {
    let pattern = &regex.pattern;
    let (global, sticky) = (pattern.has('g'), pattern.has('y'));
    let start = if sticky && !global && remembers { byte_of(text, regex.last.get()) } else { 0 };
    let (mut result, mut copied, mut from) = (String::new(), 0, start);
    let mut last = 0;
    while from <= text.len()
        && let Some(found) = pattern.find(text, from, meter)?
    {
        let Some(whole) = found.get(0) else { break };
        meter.grow(whole.start() - copied)?;
        result.push_str(&text[copied..whole.start()]);
        expand(with, text, &found, &mut result, meter)?;
        copied = whole.end();
        last = copied;
        if !global {
            break;
        }
        from = if whole.is_empty() { next_char(text, whole.end()) } else { whole.end() };
    }
    if remembers && (global || sticky) {
        regex.last.set(if global { 0 } else { units_before(text, last) });
    }
    meter.grow(text.len() - copied)?;
    result.push_str(&text[copied..]);
    Ok(result)
}

/// As `text.split(regex, limit)`.
pub(crate) fn split(regex: &Regex, text: &str, limit: usize, meter: &Meter) -> Result<Vec<Value>, Fault> {
    let pattern = &regex.pattern;
    let mut parts: Vec<Value> = Vec::new();
    if limit == 0 {
        return Ok(parts);
    }
    if text.is_empty() {
        return Ok(if pattern.find(text, 0, meter)?.is_some() { parts } else { vec![Value::text("")] });
    }
    let (mut start, mut from) = (0, 0);
    while from < text.len() {
        meter.steps(1 + (text.len() - from) / BYTES_PER_STEP)?;
        let Some(found) = pattern.regex.captures_at(text, from) else { break };
        let Some(whole) = found.get(0) else { break };
        if whole.start() >= text.len() {
            break;
        }
        if whole.end() == start || (whole.is_empty() && whole.start() == start) {
            from = next_char(text, from.max(whole.start()));
            continue;
        }
        parts.push(Value::text(&text[start..whole.start()]));
        start = whole.end();
        for group in found.iter().skip(1) {
            parts.push(group.map_or(Value::UNDEFINED, |group| Value::text(group.as_str())));
        }
        if parts.len() >= limit {
            parts.truncate(limit);
            return Ok(parts);
        }
        from = if whole.is_empty() { next_char(text, start) } else { start };
    }
    parts.push(Value::text(&text[start..]));
    Ok(parts)
}

fn next_char(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(text.len() + 1, |c| at + c.len_utf8())
}

/// The replacement for one match, with `$1`, `$&` and so on filled in.
fn expand(
    with: &str,
    text: &str,
    found: &regex::Captures<'_>,
    into: &mut String,
    meter: &Meter,
) -> Result<(), Fault> {
    let (start, end) = found.get(0).map_or((0, 0), |whole| (whole.start(), whole.end()));
    let group = |index: usize| found.get(index).map_or("", |group| group.as_str());
    expand_with(
        with,
        text,
        (start, end),
        found.len() - 1,
        group,
        |name| found.name(name).map(|name| name.as_str()),
        into,
        meter,
    )
}

/// The same, whatever the match was of.
#[allow(clippy::too_many_arguments)]
pub(crate) fn expand_with<'t>(
    with: &str,
    text: &'t str,
    (start, end): (usize, usize),
    groups: usize,
    group: impl Fn(usize) -> &'t str,
    named: impl Fn(&str) -> Option<&'t str>,
    into: &mut String,
    meter: &Meter,
) -> Result<(), Fault> {
    let mut left = with;
    while let Some(at) = left.find('$') {
        into.push_str(&left[..at]);
        let rest = &left[at + 1..];
        let digits = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let number = |count: usize| rest[..count].parse::<usize>().unwrap_or(0);
        let (piece, used) = match rest.chars().next() {
            Some('$') => ("$", 1),
            Some('&') => (&text[start..end], 1),
            Some('`') => (&text[..start], 1),
            Some('\'') => (&text[end..], 1),
            _ if digits == 2 && (1..=groups).contains(&number(2)) => (group(number(2)), 2),
            _ if digits >= 1 && (1..=groups).contains(&number(1)) => (group(number(1)), 1),
            Some('<') if groups > 0 => match rest.find('>') {
                Some(close) => (named(&rest[1..close]).unwrap_or(""), close + 1),
                None => ("$", 0),
            },
            _ => ("$", 0),
        };
        meter.grow(at + piece.len())?;
        into.push_str(piece);
        left = &rest[used..];
    }
    meter.grow(left.len())?;
    into.push_str(left);
    Ok(())
}
