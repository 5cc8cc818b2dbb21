//! Values: words, numbers, texts, lists, ranges, and what stands for values that are not known yet.

use serde_json::{Number, Value, json};

use super::super::lexer::{Kind, Part, Span};
use super::super::tree::Rule;
use super::super::{Problem, words};
use super::subject::context;
use super::{Parse, Parser, Wanted, single};
use crate::dialect::port::PRESETS;

impl Parser {
    /// One value behind an operator.
    pub(super) fn value_of(&mut self, rule: &mut Rule, operator: &'static str) -> Parse<()> {
        self.wants(|| Wanted::Value(rule.body.clone(), operator));
        if operator == "=" && self.peek() == Some(&Kind::Operator("=")) {
            return Err(self.unexpected("a second `=`"));
        }
        let span = self.here();
        let value = match self.dynamic()? {
            Some(value) => value,
            None => self.scalar()?,
        };
        rule.set("value", value, span);
        Ok(())
    }

    /// `in (a, b)`, `in @myTeams`, `in @lastWeek`
    pub(super) fn membership(&mut self, rule: &mut Rule, not: bool, span: Span) -> Parse<()> {
        self.wants(|| Wanted::Several(rule.body.clone()));
        let at = self.here();
        let dynamic = self.dynamic()?;
        let is_range = dynamic.as_ref().is_some_and(|v| v.get("preset").is_some());
        let name = match (is_range, not) {
            (true, false) => "between",
            (true, true) => "notBetween",
            (false, false) => "in",
            (false, true) => "notIn",
        };
        rule.set("operator", name, span);
        match dynamic {
            Some(value) => rule.set("value", value, at),
            None => self.list(rule)?,
        }
        Ok(())
    }

    /// A list, or what stands for several values.
    pub(super) fn several(&mut self, rule: &mut Rule) -> Parse<()> {
        self.wants(|| Wanted::Several(rule.body.clone()));
        let at = self.here();
        match self.dynamic()? {
            Some(value) => rule.set("value", value, at),
            None => self.list(rule)?,
        }
        Ok(())
    }

    /// `(a, b, null)`
    pub(super) fn list(&mut self, rule: &mut Rule) -> Parse<()> {
        let from = self.here().start;
        if !self.is_sign('(') {
            return Err(self.expected("a list").hint("a list is written `(a, b)`"));
        }
        self.at += 1;
        let subject = rule.body.clone();
        let mut list = Vec::new();
        let mut places = Vec::new();
        while !self.is_sign(')') {
            if !list.is_empty() {
                self.sign(',')?;
            }
            self.wants(|| Wanted::Value(subject.clone(), "in"));
            let span = self.here();
            list.push(self.scalar()?);
            places.push(span);
        }
        let end = self.sign(')')?.end;
        rule.set("value", list, from..end);
        rule.places.extend(places.into_iter().enumerate().map(|(i, span)| (format!("value/{i}"), span)));
        Ok(())
    }

    /// `between 1 and 5`, `between @lastWeek`
    pub(super) fn range(&mut self, rule: &mut Rule, not: bool, span: Span) -> Parse<()> {
        rule.set("operator", if not { "notBetween" } else { "between" }, span);
        self.wants(|| Wanted::Value(rule.body.clone(), "between"));
        let at = self.here();
        if let Some(value) = self.dynamic()? {
            if value.get("preset").is_none() {
                return Err(
                    Problem::new(&at, "this is no range").hint("a range is `@lastWeek`, or `1 and 5`")
                );
            }
            rule.set("value", value, at);
            return Ok(());
        }
        let from = self.scalar()?;
        if !self.take("and") {
            return Err(self.expected("`and`").hint("a range is written `between 1 and 5`"));
        }
        self.wants(|| Wanted::Value(rule.body.clone(), "between"));
        let end = self.here();
        let to = self.scalar()?;
        rule.set("value", json!({"from": from, "to": to}), at.start..end.end);
        rule.places.extend([("value/from".to_owned(), at), ("value/to".to_owned(), end)]);
        Ok(())
    }

    /// `@lastWeek`, `@me`, `@myTeams.size`; nothing where no `@` comes.
    pub(super) fn dynamic(&mut self) -> Parse<Option<Value>> {
        let Some(Kind::Dynamic(parts)) = self.peek() else { return Ok(None) };
        let parts = parts.clone();
        let span = self.here();
        self.at += 1;
        if let [Part { text, quoted: false, .. }] = parts.as_slice()
            && let Some(preset) = PRESETS.iter().find(|p| p.name.eq_ignore_ascii_case(text))
        {
            return Ok(Some(json!({ "preset": preset.name })));
        }
        context(&parts, &span).map(Some)
    }

    /// A word, a number, a text between quotes, `true`, `false`, `null`.
    pub(super) fn scalar(&mut self) -> Parse<Value> {
        let span = self.here();
        match self.peek() {
            Some(Kind::Word(_)) if self.word_at(0).is_some() => Err(self.expected("a value")),
            Some(Kind::Word(parts)) => {
                let bare = matches!(parts.as_slice(), [Part { quoted: false, .. }]);
                let text = single(parts, &span)?;
                self.at += 1;
                Ok(if bare { plain(&text) } else { Value::String(text) })
            }
            Some(Kind::Sign('(')) => Err(self.expected("a value").hint("write `in` in front of a list")),
            _ => Err(self.expected("a value")),
        }
    }
}

/// What a word without quotes is.
pub(in crate::text) fn plain(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

/// A number as JSON writes it.
fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let leading_zero = digits.len() > 1
        && digits.starts_with('0')
        && digits.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if leading_zero || !digits.bytes().next().is_some_and(|b| b.is_ascii_digit()) {
        return None;
    }
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        return text
            .parse::<i64>()
            .ok()
            .map(Number::from)
            .or_else(|| text.parse::<u64>().ok().map(Number::from));
    }
    let is_json = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
        && !digits.ends_with('.')
        && !digits.contains(".e")
        && !digits.contains(".E");
    // Not by serde_json, whose last digit may differ from that of what was printed.
    is_json.then(|| text.parse::<f64>().ok().filter(|f| f.is_finite()).and_then(Number::from_f64)).flatten()
}

/// Whether a word without quotes would be this text.
pub(in crate::text) fn is_text(text: &str) -> bool {
    plain(text).is_string() && words::reserved(text).is_none()
}
