//! JSON Schema, the subset that entity formats use, with ajv's messages (clients show and match them).
//!
//! Known keywords: `type`, `enum`, `const`, `required`, `properties`, `additionalProperties`, `items`,
//! the limits of numbers, texts and arrays, `pattern`, `format`, `not`, `anyOf`, `oneOf`, `allOf` and
//! `if`/`then`/`else`. Any other keyword is ignored. Violations come in ajv's order.

mod definition;
mod format;

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

pub use definition::check_definition;

/// One way in which a value breaks its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer into the value, `/spec/owner`; empty for the value itself.
    pub path: String,
    /// ajv's text: `must be string`.
    pub message: String,
    /// The keyword that was broken.
    pub keyword: &'static str,
    /// ajv's parameters as Backstage writes them: `missingProperty: owner`.
    pub detail: String,
}

impl Violation {
    /// The line that Backstage makes of it: `/spec must be object - type: object`.
    #[must_use]
    pub fn text(&self) -> String {
        let place = if self.path.is_empty() { "<root>" } else { &self.path };
        format!("{place} {} - {}", self.message, self.detail)
    }
}

/// The first violation, if there is one.
#[must_use]
pub fn check(schema: &Value, value: &Value) -> Option<Violation> {
    let mut walk = Walk { path: String::new(), found: Vec::new(), all: false };
    walk.value(schema, value);
    walk.found.into_iter().next()
}

/// Every violation, in ajv's order.
#[must_use]
pub fn check_all(schema: &Value, value: &Value) -> Vec<Violation> {
    let mut walk = Walk { path: String::new(), found: Vec::new(), all: true };
    walk.value(schema, value);
    walk.found
}

/// Checks a value against the definition of a property of a blueprint. Null always passes.
#[must_use]
pub fn check_property(definition: &Value, value: &Value) -> Option<Violation> {
    if value.is_null() { None } else { check(definition, value) }
}

/// Whether a number keeps a limit.
type Comparison = fn(f64, f64) -> bool;

struct Walk {
    path: String,
    found: Vec<Violation>,
    all: bool,
}

impl Walk {
    fn report(&mut self, keyword: &'static str, message: impl Into<String>, detail: impl Into<String>) {
        let path = self.path.clone();
        self.found.push(Violation { path, message: message.into(), keyword, detail: detail.into() });
    }

    /// Whether nothing more needs to be looked at.
    fn done(&self) -> bool {
        !self.all && !self.found.is_empty()
    }

    fn value(&mut self, schema: &Value, value: &Value) {
        let schema = match schema {
            Value::Object(schema) => schema,
            Value::Bool(false) => return self.report("false schema", "boolean schema is false", ""),
            _ => return,
        };
        if !self.kind(schema, value) {
            return;
        }
        match value {
            Value::Number(number) => self.number(schema, number.as_f64().unwrap_or(0.0)),
            Value::String(text) => self.text(schema, text),
            _ => {}
        }
        self.any(schema, value);
        match value {
            Value::Array(items) => self.array(schema, items),
            Value::Object(map) => self.object(schema, map),
            _ => {}
        }
    }

    /// Checks `type`. A value of the wrong type is not looked at any further.
    fn kind(&mut self, schema: &Map<String, Value>, value: &Value) -> bool {
        let names = match schema.get("type") {
            Some(Value::String(name)) if is_type(name, value) => return true,
            Some(Value::String(name)) => name.clone(),
            Some(Value::Array(list)) => {
                let names = || list.iter().filter_map(Value::as_str);
                if names().next().is_none() || names().any(|name| is_type(name, value)) {
                    return true;
                }
                names().collect::<Vec<_>>().join(",")
            }
            _ => return true,
        };
        self.report("type", format!("must be {names}"), format!("type: {names}"));
        false
    }

    fn number(&mut self, schema: &Map<String, Value>, number: f64) {
        let rules: [(&'static str, &str, Comparison); 4] = [
            ("maximum", "<=", |a, b| a <= b),
            ("minimum", ">=", |a, b| a >= b),
            ("exclusiveMaximum", "<", |a, b| a < b),
            ("exclusiveMinimum", ">", |a, b| a > b),
        ];
        for (keyword, sign, holds) in rules {
            if let Some(limit) = schema.get(keyword).and_then(Value::as_f64)
                && !holds(number, limit)
                && !self.done()
            {
                let limit = &schema[keyword];
                self.report(
                    keyword,
                    format!("must be {sign} {limit}"),
                    format!("comparison: {sign}, limit: {limit}"),
                );
            }
        }
    }

    fn text(&mut self, schema: &Map<String, Value>, text: &str) {
        self.size(schema, ("maxLength", "minLength"), || text.chars().count(), "characters");
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
            && !self.done()
            && !matches(pattern, text)
        {
            self.report(
                "pattern",
                format!("must match pattern \"{pattern}\""),
                format!("pattern: {pattern}"),
            );
        }
        if let Some(name) = schema.get("format").and_then(Value::as_str)
            && !self.done()
            && !format::accepts(name, text)
        {
            self.report("format", format!("must match format \"{name}\""), format!("format: {name}"));
        }
    }

    fn size(
        &mut self,
        schema: &Map<String, Value>,
        (max, min): (&'static str, &'static str),
        size: impl Fn() -> usize,
        unit: &str,
    ) {
        for (keyword, word) in [(max, "more"), (min, "fewer")] {
            let Some(limit) = schema.get(keyword).and_then(Value::as_u64) else { continue };
            let size = size() as u64;
            if (if word == "more" { size > limit } else { size < limit }) && !self.done() {
                let message = format!("must NOT have {word} than {limit} {unit}");
                self.report(keyword, message, format!("limit: {limit}"));
            }
        }
    }

    fn any(&mut self, schema: &Map<String, Value>, value: &Value) {
        if let Some(only) = schema.get("const")
            && !equal(only, value)
            && !self.done()
        {
            self.report("const", "must be equal to constant", format!("allowedValue: {}", plain(only)));
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
            && !allowed.iter().any(|a| equal(a, value))
            && !self.done()
        {
            let list = allowed.iter().map(plain).collect::<Vec<_>>().join(",");
            self.report(
                "enum",
                "must be equal to one of the allowed values",
                format!("allowedValues: {list}"),
            );
        }
        for keyword in ["not", "anyOf", "oneOf", "allOf", "if"] {
            if self.done() {
                return;
            }
            if let Some(sub) = schema.get(keyword) {
                self.combination(keyword, sub, schema, value);
            }
        }
    }

    fn combination(&mut self, keyword: &str, sub: &Value, schema: &Map<String, Value>, value: &Value) {
        let holds = |schema: &Value| check(schema, value).is_none();
        let list = sub.as_array().map(Vec::as_slice).unwrap_or_default();
        match keyword {
            "not" if holds(sub) => self.report("not", "must NOT be valid", ""),
            "anyOf" if !list.is_empty() && !list.iter().any(holds) => {
                // As in ajv, what the branches say comes before the summary.
                for branch in list {
                    self.value(branch, value);
                }
                self.report("anyOf", "must match a schema in anyOf", "");
            }
            "oneOf" => {
                let passing: Vec<usize> = (0..list.len()).filter(|i| holds(&list[*i])).collect();
                if passing.len() == 1 {
                    return;
                }
                if passing.is_empty() {
                    for branch in list {
                        self.value(branch, value);
                    }
                }
                let which = match passing.as_slice() {
                    [first, second, ..] => format!("{first},{second}"),
                    _ => "null".to_owned(),
                };
                let message = "must match exactly one schema in oneOf";
                self.report("oneOf", message, format!("passingSchemas: {which}"));
            }
            "allOf" => list.iter().for_each(|branch| self.value(branch, value)),
            "if" => {
                let branch = if holds(sub) { "then" } else { "else" };
                let before = self.found.len();
                if let Some(branch) = schema.get(branch) {
                    self.value(branch, value);
                }
                if self.found.len() > before && self.all {
                    self.report(
                        "if",
                        format!("must match \"{branch}\" schema"),
                        format!("failingKeyword: {branch}"),
                    );
                }
            }
            _ => {}
        }
    }

    fn array(&mut self, schema: &Map<String, Value>, items: &[Value]) {
        self.size(schema, ("maxItems", "minItems"), || items.len(), "items");
        if schema.get("uniqueItems") == Some(&Value::Bool(true))
            && !self.done()
            && let Some((i, j)) = last_repeat(items)
        {
            let message = format!("must NOT have duplicate items (items ## {j} and {i} are identical)");
            self.report("uniqueItems", message, format!("i: {i}, j: {j}"));
        }
        let Some(each) = schema.get("items").filter(|s| s.is_object()) else { return };
        for (index, item) in items.iter().enumerate() {
            if self.done() {
                return;
            }
            self.below(&index.to_string(), each, item);
        }
    }

    fn object(&mut self, schema: &Map<String, Value>, map: &Map<String, Value>) {
        if schema.get("format").is_some_and(|f| f == "labeled-url") {
            self.value(&format::LABELED_URL, &Value::Object(map.clone()));
        }
        let required =
            schema.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for name in required.iter().filter_map(Value::as_str) {
            if !map.contains_key(name) && !self.done() {
                let message = format!("must have required property '{name}'");
                self.report("required", message, format!("missingProperty: {name}"));
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        if let Some(rest) = schema.get("additionalProperties") {
            for (key, value) in map {
                if properties.is_some_and(|p| p.contains_key(key)) || self.done() {
                    continue;
                }
                if rest == &Value::Bool(false) {
                    let message = "must NOT have additional properties";
                    self.report("additionalProperties", message, format!("additionalProperty: {key}"));
                } else {
                    self.below(key, rest, value);
                }
            }
        }
        for (key, schema) in properties.into_iter().flatten() {
            if self.done() {
                return;
            }
            if let Some(value) = map.get(key) {
                self.below(key, schema, value);
            }
        }
    }

    fn below(&mut self, step: &str, schema: &Value, value: &Value) {
        let length = self.path.len();
        self.path.push('/');
        match step.contains(['~', '/']) {
            true => self.path.push_str(&step.replace('~', "~0").replace('/', "~1")),
            false => self.path.push_str(step),
        }
        self.value(schema, value);
        self.path.truncate(length);
    }
}

fn is_type(name: &str, value: &Value) -> bool {
    match name {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        // No type of JSON Schema, but some integrations of Port's say so; the keyword `enum` tells.
        "enum" => true,
        _ => false,
    }
}

/// Equality of JSON values, in which 1 and 1.0 are the same number.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

/// A value as JavaScript puts it into a text.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The repeat that stands last: its index, and that of the equal item before it.
fn last_repeat(items: &[Value]) -> Option<(usize, usize)> {
    let mut last = HashMap::with_capacity(items.len());
    let mut found = None;
    for (i, item) in items.iter().enumerate() {
        if let Some(j) = last.insert(item.to_string(), i) {
            found = Some((i, j));
        }
    }
    found
}

/// How many compiled patterns are remembered.
const REMEMBERED: usize = 1000;

static PATTERNS: LazyLock<RwLock<HashMap<String, Option<Regex>>>> = LazyLock::new(RwLock::default);

/// Whether a pattern is found in a text. A pattern that does not compile matches nothing; definitions
/// that hold one are refused.
fn matches(pattern: &str, text: &str) -> bool {
    if let Some(regex) = PATTERNS.read().unwrap_or_else(PoisonError::into_inner).get(pattern) {
        return regex.as_ref().is_some_and(|r| r.is_match(text));
    }
    let regex = compile(pattern).ok();
    let result = regex.as_ref().is_some_and(|r| r.is_match(text));
    let mut patterns = PATTERNS.write().unwrap_or_else(PoisonError::into_inner);
    if patterns.len() >= REMEMBERED {
        patterns.clear();
    }
    patterns.insert(pattern.to_owned(), regex);
    result
}

fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(1 << 20).build()
}

#[cfg(test)]
mod tests;
