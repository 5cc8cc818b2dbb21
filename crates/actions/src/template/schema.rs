//! Values against JSON schemas, with the errors of the npm package `jsonschema` 1.5, which Backstage's scaffolder passes
//! on to its clients as they are. Keywords are looked at in the schema's order, as there.

mod containers;

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use stagedoor_model::schema as model;

/// Levels of a value and of its schema; deeper ones are not looked at.
const DEEPEST: usize = 60;
/// Schemas that are looked at for one value: one that leads to itself twice has no other end.
const MOST_LOOKS: usize = 50_000;
/// Errors that one answer holds.
const MOST_ERRORS: usize = 100;

/// One way in which a value breaks its schema.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaError {
    /// Keys and indexes from the value down.
    pub path: Vec<Value>,
    /// The same as JavaScript writes it: `instance.list[0]`.
    pub property: String,
    /// `requires property "name"`.
    pub message: String,
    /// The schema that was broken.
    pub schema: Value,
    /// The value that broke it; absent where there is none.
    pub instance: Option<Value>,
    /// The keyword.
    pub name: &'static str,
    /// What the keyword demands.
    pub argument: Option<Value>,
}

impl SchemaError {
    /// Property and message.
    #[must_use]
    pub fn stack(&self) -> String {
        format!("{} {}", self.property, self.message)
    }

    /// As the package serializes it: path, property, message, schema, instance, name, argument, stack.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut out = Map::new();
        out.insert("path".into(), Value::Array(self.path.clone()));
        out.insert("property".into(), self.property.clone().into());
        out.insert("message".into(), self.message.clone().into());
        out.insert("schema".into(), self.schema.clone());
        if let Some(instance) = &self.instance {
            out.insert("instance".into(), instance.clone());
        }
        out.insert("name".into(), self.name.into());
        if let Some(argument) = &self.argument {
            out.insert("argument".into(), argument.clone());
        }
        out.insert("stack".into(), self.stack().into());
        Value::Object(out)
    }
}

/// Every way in which a value breaks a schema.
#[must_use]
pub fn errors(schema: &Value, value: &Value) -> Vec<SchemaError> {
    let mut walk = Walk { root: schema, path: Vec::new(), found: Vec::new(), depth: 0, looks: 0 };
    walk.value(schema, Some(value));
    walk.found.truncate(MOST_ERRORS);
    walk.found
}

struct Walk<'a> {
    root: &'a Value,
    path: Vec<Value>,
    found: Vec<SchemaError>,
    depth: usize,
    looks: usize,
}

impl<'a> Walk<'a> {
    fn value(&mut self, schema: &'a Value, value: Option<&Value>) {
        self.looks += 1;
        if self.depth >= DEEPEST || self.looks > MOST_LOOKS || self.found.len() >= MOST_ERRORS {
            return;
        }
        self.depth += 1;
        match schema {
            Value::Bool(false) => self.report(schema, value, "type", Some(json!([])), "is not of a type(s) "),
            Value::Object(map) => match map.get("$ref").and_then(Value::as_str) {
                Some(target) => {
                    if let Some(found) = target.strip_prefix('#').and_then(|p| self.root.pointer(p)) {
                        self.value(found, value);
                    }
                }
                None => map.keys().for_each(|keyword| self.keyword(keyword, map, schema, value)),
            },
            _ => {}
        }
        self.depth -= 1;
    }

    fn report(
        &mut self,
        schema: &Value,
        instance: Option<&Value>,
        name: &'static str,
        argument: Option<Value>,
        message: &str,
    ) {
        let property = property_of(&self.path);
        self.found.push(SchemaError {
            path: self.path.clone(),
            property,
            message: message.to_owned(),
            schema: schema.clone(),
            instance: instance.cloned(),
            name,
            argument,
        });
    }

    /// What a schema finds, without keeping it.
    fn trial(&mut self, schema: &'a Value, value: Option<&Value>) -> Vec<SchemaError> {
        let kept = std::mem::take(&mut self.found);
        self.value(schema, value);
        std::mem::replace(&mut self.found, kept)
    }

    fn below(&mut self, key: Value, schema: &'a Value, value: Option<&Value>) {
        self.path.push(key);
        self.value(schema, value);
        self.path.pop();
    }

    fn keyword(
        &mut self,
        keyword: &str,
        map: &'a Map<String, Value>,
        schema: &'a Value,
        value: Option<&Value>,
    ) {
        let rule = &map[keyword];
        match (keyword, value) {
            ("required", _) => self.required(rule, schema, value),
            ("properties", Some(Value::Object(given))) => {
                for (key, below) in rule.as_object().into_iter().flatten() {
                    self.below(key.clone().into(), below, given.get(key));
                }
            }
            (_, None) => {}
            ("type" | "enum" | "const" | "not" | "disallow" | "format", Some(value)) => {
                self.kind(keyword, rule, schema, value);
            }
            ("anyOf" | "oneOf" | "allOf", Some(value)) => self.combined(keyword, rule, schema, value),
            ("if", Some(value)) => {
                let branch = if self.trial(rule, Some(value)).is_empty() { "then" } else { "else" };
                if let Some(below) = map.get(branch) {
                    self.value(below, Some(value));
                }
            }
            (_, Some(Value::Number(number))) => self.number(keyword, map, schema, number),
            (_, Some(Value::String(text))) => self.text(keyword, rule, schema, text),
            (_, Some(Value::Array(items))) => self.array(keyword, map, schema, items),
            (_, Some(Value::Object(given))) => self.object(keyword, map, schema, given),
            _ => {}
        }
    }

    fn required(&mut self, rule: &Value, schema: &Value, value: Option<&Value>) {
        match (rule, value) {
            // The form of draft 3.
            (Value::Bool(true), None) => self.report(schema, None, "required", None, "is required"),
            (Value::Array(keys), Some(Value::Object(given))) => {
                for key in keys.iter().filter_map(Value::as_str).filter(|key| !given.contains_key(*key)) {
                    let message = format!("requires property {}", Value::from(key));
                    self.report(schema, value, "required", Some(key.into()), &message);
                }
            }
            _ => {}
        }
    }

    fn kind(&mut self, keyword: &str, rule: &'a Value, schema: &Value, value: &Value) {
        match keyword {
            "type" => {
                let types: Vec<&'a Value> = list_of(rule);
                if !types.iter().any(|kind| self.is_of(kind, value)) {
                    let names: Vec<String> = types.iter().map(|kind| plain(kind)).collect();
                    let message = format!("is not of a type(s) {}", names.join(","));
                    self.report(schema, Some(value), "type", Some(names.into()), &message);
                }
            }
            "enum" => {
                let all = rule.as_array().map(Vec::as_slice).unwrap_or_default();
                if !all.iter().any(|one| equal(one, value)) {
                    let names: Vec<String> = all.iter().map(plain).collect();
                    let message = format!("is not one of enum values: {}", names.join(","));
                    self.report(schema, Some(value), "enum", Some(rule.clone()), &message);
                }
            }
            "const" if !equal(rule, value) => {
                let message = format!("does not exactly match expected constant: {}", plain(rule));
                self.report(schema, Some(value), "const", Some(rule.clone()), &message);
            }
            "format" => {
                let Some(format) = rule.as_str() else { return };
                if value.is_string() && model::check(&json!({ "format": format }), value).is_some() {
                    let message = format!("does not conform to the {rule} format");
                    self.report(schema, Some(value), "format", Some(rule.clone()), &message);
                }
            }
            "not" | "disallow" => {
                let all: Vec<&'a Value> = list_of(rule);
                for one in all.into_iter().filter(|one| !one.is_null()) {
                    if self.is_of(one, value) {
                        let message = format!("is of prohibited type {}", plain(one));
                        self.report(schema, Some(value), "not", Some(one.clone()), &message);
                    }
                }
            }
            _ => {}
        }
    }

    /// An entry of `type`; names that nobody knows are of any type, as in the package.
    fn is_of(&mut self, kind: &'a Value, value: &Value) -> bool {
        match kind.as_str() {
            Some("string") => value.is_string(),
            Some("number") => value.is_number(),
            Some("integer") => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Some("boolean") => value.is_boolean(),
            Some("array") => value.is_array(),
            Some("null") => value.is_null(),
            Some("object") => value.is_object(),
            Some("date") => false,
            Some(_) => true,
            None => !kind.is_object() || self.trial(kind, Some(value)).is_empty(),
        }
    }

    fn combined(&mut self, keyword: &str, rule: &'a Value, schema: &Value, value: &Value) {
        let Some(all) = rule.as_array() else { return };
        let names: Vec<String> =
            all.iter().enumerate().map(|(index, one)| sub_name(index, one, keyword == "anyOf")).collect();
        let results: Vec<Vec<SchemaError>> = all.iter().map(|one| self.trial(one, Some(value))).collect();
        let holding = results.iter().filter(|found| found.is_empty()).count();
        match keyword {
            "anyOf" if holding == 0 => {
                let message = format!("is not any of {}", names.join(","));
                self.report(schema, Some(value), "anyOf", Some(names.into()), &message);
            }
            "oneOf" if holding != 1 => {
                let message = format!("is not exactly one from {}", names.join(","));
                self.report(schema, Some(value), "oneOf", Some(names.into()), &message);
            }
            "allOf" => {
                for (name, found) in names.iter().zip(results).filter(|(_, found)| !found.is_empty()) {
                    let message =
                        format!("does not match allOf schema {name} with {} error[s]:", found.len());
                    let argument = json!({ "id": name, "length": found.len() });
                    self.report(schema, Some(value), "allOf", Some(argument), &message);
                    self.found.extend(found);
                }
            }
            _ => {}
        }
    }

    fn number(
        &mut self,
        keyword: &str,
        map: &Map<String, Value>,
        schema: &Value,
        number: &serde_json::Number,
    ) {
        let given = number.as_f64().unwrap_or_default();
        let Some(limit) = map[keyword].as_f64() else { return };
        let exclusive = |key: &str| map.get(key) == Some(&Value::Bool(true));
        let shown = &map[keyword];
        let (name, broken, message) = match keyword {
            "minimum" if exclusive("exclusiveMinimum") => {
                ("minimum", given <= limit, format!("must be greater than {shown}"))
            }
            "minimum" => ("minimum", given < limit, format!("must be greater than or equal to {shown}")),
            "maximum" if exclusive("exclusiveMaximum") => {
                ("maximum", given >= limit, format!("must be less than {shown}"))
            }
            "maximum" => ("maximum", given > limit, format!("must be less than or equal to {shown}")),
            "exclusiveMinimum" => {
                ("exclusiveMinimum", given <= limit, format!("must be strictly greater than {shown}"))
            }
            "exclusiveMaximum" => {
                ("exclusiveMaximum", given >= limit, format!("must be strictly less than {shown}"))
            }
            "multipleOf" => (
                "multipleOf",
                !is_multiple(given, limit),
                format!("is not a multiple of (divisible by) {shown}"),
            ),
            _ => return,
        };
        if broken {
            let value = Value::Number(number.clone());
            self.report(schema, Some(&value), name, Some(shown.clone()), &message);
        }
    }

    fn text(&mut self, keyword: &str, rule: &Value, schema: &Value, text: &str) {
        let value = Value::from(text);
        match keyword {
            "minLength" | "maxLength" => {
                let length = text.chars().count();
                self.size(keyword, rule, schema, &value, length);
            }
            // One that cannot be tested here holds back nobody; the template's check tells of it.
            "pattern" => {
                let rules = json!({ "pattern": rule });
                let readable = model::check_definition(&rules, "").is_ok();
                if readable && model::check(&rules, &value).is_some() {
                    let message = format!("does not match pattern {rule}");
                    self.report(schema, Some(&value), "pattern", Some(rule.clone()), &message);
                }
            }
            _ => {}
        }
    }

    fn size(&mut self, keyword: &str, rule: &Value, schema: &Value, value: &Value, length: usize) {
        let Some(limit) = rule.as_f64() else { return };
        let length = length as f64;
        let (name, broken, word) = match keyword {
            "minLength" => ("minLength", length < limit, "minimum length"),
            "maxLength" => ("maxLength", length > limit, "maximum length"),
            "minItems" => ("minItems", length < limit, "minimum length"),
            "maxItems" => ("maxItems", length > limit, "maximum length"),
            "minProperties" => ("minProperties", length < limit, "minimum property length"),
            "maxProperties" => ("maxProperties", length > limit, "maximum property length"),
            _ => return,
        };
        if broken {
            let message = format!("does not meet {word} of {rule}");
            self.report(schema, Some(value), name, Some(rule.clone()), &message);
        }
    }
}

/// `instance`, then `.key`, `[0]`, `["odd key"]`.
fn property_of(path: &[Value]) -> String {
    path.iter().fold("instance".to_owned(), |mut out, part| {
        let key = plain(part);
        let starts_with_digit = key.starts_with(|c: char| c.is_ascii_digit());
        // Writing to memory cannot fail.
        let _ = if !key.contains(|c: char| matches!(c, '.' | '[' | ']') || c.is_whitespace())
            && !starts_with_digit
        {
            write!(out, ".{key}")
        } else if key.bytes().all(|b| b.is_ascii_digit()) {
            write!(out, "[{key}]")
        } else {
            write!(out, "[{}]", Value::from(key))
        };
        out
    })
}

fn sub_name(index: usize, schema: &Value, bracket_id: bool) -> String {
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    match (text("$id").or_else(|| text("id")), text("title"), text("$ref")) {
        (Some(id), ..) if bracket_id => format!("<{id}>"),
        (Some(id), ..) => id.to_owned(),
        (_, Some(title), _) => Value::from(title).to_string(),
        (_, _, Some(target)) => format!("<{target}>"),
        _ => format!("[subschema {index}]"),
    }
}

fn list_of(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(all) => all.iter().collect(),
        one => vec![one],
    }
}

/// As JavaScript turns a value into a text.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        Value::Object(_) => "[object Object]".to_owned(),
        other => other.to_string(),
    }
}

/// Equality of JSON values, where 1 is 1.0.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, one)| b.get(key).is_some_and(|other| equal(one, other)))
        }
        _ => a == b,
    }
}

/// Whether a number is a whole multiple of another, as far as decimal fractions can be told apart.
fn is_multiple(number: f64, of: f64) -> bool {
    if of == 0.0 {
        return true;
    }
    let times = number / of;
    (times - times.round()).abs() < 1e-9 * times.abs().max(1.0)
}

#[cfg(test)]
mod tests;
