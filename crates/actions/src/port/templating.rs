//! Port's templates: `{{ <jq> }}` within any text of a JSON value, as its library `jq-node-bindings` renders them.
//!
//! A text that is one block keeps the type of its result; within a longer text results are written as JSON. Keys are
//! rendered, too; `{{ spreadValue() }}` as a key puts the entries of its value in its place. A program that is wrong, or
//! fails, gives null.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value};
use stagedoor_jq::{Jq, JqError};

use super::javascript::{is_blank, stringify, trim};

/// Programs that took too long, after which no more are run.
const PATIENCE: u8 = 3;
/// Blocks that one rendering may run.
const MOST_BLOCKS: u32 = 5_000;

/// Looks up a secret by its name.
pub type SecretOf<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What templates are rendered against.
pub struct Templating<'a> {
    jq: &'a Jq,
    context: &'a Value,
    secrets: Option<(&'a [String], SecretOf<'a>)>,
    hidden: RefCell<BTreeSet<String>>,
    faults: RefCell<Vec<Fault>>,
    slow: Cell<u8>,
    left: Cell<u32>,
}

/// A block that gave null because its program is wrong or failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer of the text that it stands in.
    pub path: String,
    /// Its program.
    pub program: String,
    /// What is wrong with it.
    pub message: String,
}

impl<'a> Templating<'a> {
    /// Over a context.
    #[must_use]
    pub fn new(jq: &'a Jq, context: &'a Value) -> Self {
        Self {
            jq,
            context,
            secrets: None,
            hidden: RefCell::default(),
            faults: RefCell::default(),
            slow: Cell::new(0),
            left: Cell::new(MOST_BLOCKS),
        }
    }

    /// The same with secrets, which a program gets as `.secrets` where it says that word: those that it names, or all
    /// where it names none.
    #[must_use]
    pub fn with_secrets(mut self, names: &'a [String], secret: SecretOf<'a>) -> Self {
        self.secrets = Some((names, secret));
        self
    }

    /// Renders every text of a value. What is undefined as a whole is null.
    ///
    /// # Errors
    /// Braces that do not match; a key that is no text; a `spreadValue` that is no object; programs that take too long.
    pub fn render(&self, template: &Value) -> Result<Value, String> {
        Ok(self.any(template, &mut String::new())?.unwrap_or_default())
    }

    /// The same for a part of a definition: errors name their place, which is below `at`, a JSON pointer.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn render_at(&self, at: &str, template: &Value) -> Result<Value, String> {
        let mut path = at.to_owned();
        let rendered = self.any(template, &mut path);
        // Where it stopped is left in the path.
        let named = |error| format!("\"{}\": {error}", path.trim_start_matches('/'));
        Ok(rendered.map_err(named)?.unwrap_or_default())
    }

    /// Secrets that were read, and texts that were made of them.
    #[must_use]
    pub fn hidden(&self) -> Vec<String> {
        self.hidden.borrow().iter().cloned().collect()
    }

    /// Blocks that gave null because they are wrong.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.faults.borrow().clone()
    }

    /// `None` is JavaScript's undefined.
    fn any(&self, template: &Value, path: &mut String) -> Result<Option<Value>, String> {
        match template {
            Value::String(text) => self.text(text, path),
            Value::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    let rendered = below(path, &at.to_string(), |path| self.any(item, path))?;
                    list.push(rendered.unwrap_or_default());
                }
                Ok(Some(Value::Array(list)))
            }
            Value::Object(map) => {
                let mut out = Map::new();
                for (key, value) in map {
                    below(path, key, |path| self.entry(key, value, path, &mut out))?;
                }
                Ok(Some(Value::Object(out)))
            }
            scalar => Ok(Some(scalar.clone())),
        }
    }

    fn entry(
        &self,
        key: &str,
        value: &Value,
        path: &mut String,
        out: &mut Map<String, Value>,
    ) -> Result<(), String> {
        if is_spread(key) {
            match self.any(value, path)? {
                Some(Value::Object(map)) => out.extend(map),
                Some(Value::Array(items)) => {
                    out.extend(items.into_iter().enumerate().map(|(at, item)| (at.to_string(), item)));
                }
                other => {
                    let original = match value {
                        Value::String(text) => text.clone(),
                        other => stringify(other),
                    };
                    return Err(format!(
                        "Evaluated value should be an object if the key is {key}. Original value: {original}, evaluated to: {}",
                        shown(other.as_ref())
                    ));
                }
            }
            return Ok(());
        }
        match self.text(key, path)? {
            None | Some(Value::Null) => {}
            Some(Value::String(name)) if name.is_empty() => {}
            Some(Value::String(name)) => {
                if let Some(value) = self.any(value, path)? {
                    out.insert(name, value);
                }
            }
            Some(other) => {
                return Err(format!(
                    "Evaluated object key should be undefined, null or string. Original key: {key}, evaluated to: {}",
                    stringify(&other)
                ));
            }
        }
        Ok(())
    }

    fn text(&self, text: &str, path: &str) -> Result<Option<Value>, String> {
        let blocks = blocks(text)?;
        let [first, rest @ ..] = blocks.as_slice() else { return Ok(Some(text.into())) };
        let whole = trim(text);
        if rest.is_empty() && whole.starts_with("{{") && whole.ends_with("}}") {
            return self.run(text.get(first.0..first.1).unwrap_or_default(), path);
        }
        let mut out = text.get(..first.0 - 2).unwrap_or_default().to_owned();
        for (at, (start, end)) in blocks.iter().enumerate() {
            let result = self.run(text.get(*start..*end).unwrap_or_default(), path)?;
            match &result {
                Some(Value::String(result)) => out.push_str(result),
                result => out.push_str(&shown(result.as_ref())),
            }
            let next = blocks.get(at + 1).map_or(text.len(), |next| next.0 - 2);
            out.push_str(text.get(end + 2..next).unwrap_or_default());
        }
        Ok(Some(Value::String(out)))
    }

    /// The first output of a program.
    fn run(&self, program: &str, path: &str) -> Result<Option<Value>, String> {
        let Some(left) = self.left.get().checked_sub(1) else {
            return Err(format!("there are more than {MOST_BLOCKS} templates to be rendered"));
        };
        self.left.set(left);
        let (context, secret) = self.context_of(program);
        let output = match self
            .jq
            .first(program, std::slice::from_ref(context.as_ref().unwrap_or(self.context)))
            .pop()
        {
            Some(Ok(output)) => output,
            Some(Err(error)) => {
                self.failed(program, path, &error)?;
                Some(Value::Null)
            }
            None => Some(Value::Null),
        };
        if secret && let Some(output) = &output {
            self.hide(output);
        }
        Ok(output)
    }

    fn failed(&self, program: &str, path: &str, error: &JqError) -> Result<(), String> {
        let program = trim(program).to_owned();
        if matches!(error, JqError::Time | JqError::Memory | JqError::Unavailable(_)) {
            self.slow.set(self.slow.get() + 1);
            if self.slow.get() >= PATIENCE {
                return Err(error.to_string());
            }
        }
        self.faults.borrow_mut().push(Fault { path: path.to_owned(), program, message: error.to_string() });
        Ok(())
    }

    /// The context with the secrets that a program names, where it names any.
    fn context_of(&self, program: &str) -> (Option<Value>, bool) {
        let Some((names, secret)) = self.secrets.filter(|_| program.contains("secrets")) else {
            return (None, false);
        };
        let named: Vec<&String> = names.iter().filter(|name| program.contains(name.as_str())).collect();
        let wanted = if named.is_empty() { names.iter().collect() } else { named };
        let mut given = Map::new();
        for name in wanted {
            if let Some(value) = secret(name) {
                self.hidden.borrow_mut().insert(value.clone());
                given.insert(name.clone(), value.into());
            }
        }
        let used = !given.is_empty();
        let mut context = self.context.clone();
        if let Some(map) = context.as_object_mut() {
            map.insert("secrets".into(), Value::Object(given));
        }
        (Some(context), used)
    }

    /// Notes every text of something that was made of secrets.
    fn hide(&self, made: &Value) {
        match made {
            Value::String(text) => drop(self.hidden.borrow_mut().insert(text.clone())),
            Value::Number(number) => drop(self.hidden.borrow_mut().insert(number.to_string())),
            Value::Array(items) => items.iter().for_each(|item| self.hide(item)),
            Value::Object(map) => {
                for (key, value) in map {
                    self.hidden.borrow_mut().insert(key.clone());
                    self.hide(value);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }
}

/// Does something one step further down. After an error the path stays where that was.
fn below<T>(
    path: &mut String,
    step: &str,
    work: impl FnOnce(&mut String) -> Result<T, String>,
) -> Result<T, String> {
    let length = path.len();
    // Writing to memory cannot fail.
    let _ = write!(path, "/{}", step.replace('~', "~0").replace('/', "~1"));
    let result = work(path)?;
    path.truncate(length);
    Ok(result)
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "undefined".to_owned(), stringify)
}

/// `{{ spreadValue() }}`, with white space or without.
fn is_spread(key: &str) -> bool {
    let blanks = |text: &'_ str| text.trim_start_matches(is_blank).len();
    let skip = |text: &str| text.len() - blanks(text);
    let Some(rest) = trim(key).strip_prefix("{{") else { return false };
    let Some(rest) = rest[skip(rest)..].strip_prefix("spreadValue(") else { return false };
    let Some(rest) = rest[skip(rest)..].strip_prefix(')') else { return false };
    &rest[skip(rest)..] == "}}"
}

/// Whether a text holds anything to be rendered.
#[must_use]
pub fn is_template(text: &str) -> bool {
    blocks(text).map_or(true, |blocks| !blocks.is_empty())
}

/// The programs in a text.
///
/// # Errors
/// Braces that do not match.
pub fn programs(text: &str) -> Result<Vec<&str>, String> {
    Ok(blocks(text)?.into_iter().filter_map(|(start, end)| text.get(start..end)).collect())
}

/// Where the programs of a text begin and end. Braces within quotes within a block do not count; a third brace belongs
/// to the two before it.
fn blocks(text: &str) -> Result<Vec<(usize, usize)>, String> {
    let bytes = text.as_bytes();
    let (mut quote, mut open, mut found) = (None, None::<usize>, Vec::new());
    // JavaScript counts in units of UTF-16.
    let index = |at: usize| text.get(..at).map_or(at, |before| before.encode_utf16().count());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let doubled = at > 0 && bytes[at - 1] == byte;
        let third = bytes.get(at + 1) == Some(&byte);
        match (byte, open) {
            (b'\\', Some(_)) => at += 1,
            (b'"' | b'\'', Some(_)) => match quote {
                None => quote = Some(byte),
                Some(mark) if mark == byte => quote = None,
                Some(_) => {}
            },
            (b'{', open_at) if quote.is_none() && doubled => {
                if let Some(start) = open_at {
                    let (inner, outer) = (index(at - 1), index(start - 2));
                    return Err(format!(
                        "Found double braces in index {inner} inside other one in index {outer}"
                    ));
                }
                open = Some(at + 1);
                at += usize::from(third);
            }
            (b'}', open_at) if quote.is_none() && doubled => {
                let Some(start) = open_at else {
                    let place = index(at - 1);
                    return Err(format!(
                        "Found closing double braces in index {place} without opening double braces"
                    ));
                };
                found.push((start, (at - 1).max(start)));
                open = None;
                at += usize::from(third);
            }
            _ => {}
        }
        at += 1;
    }
    match open {
        Some(start) => {
            let place = index(start - 2);
            Err(format!("Found opening double braces in index {place} without closing double braces"))
        }
        None => Ok(found),
    }
}

#[cfg(test)]
mod tests;
