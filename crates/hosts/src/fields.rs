//! Reading a part of the configuration key by key, so that every problem is told with its place.

use serde_json::{Map, Value};

use crate::config::ConfigProblem;

/// A value of the configuration, where it stands, and the problems found so far.
pub(crate) struct Fields<'a> {
    value: Option<&'a Value>,
    path: Vec<String>,
}

impl<'a> Fields<'a> {
    /// The value at `path`, which is where it stands in the whole configuration.
    pub(crate) fn at(value: Option<&'a Value>, path: &[&str]) -> Self {
        Self { value: value.filter(|v| !v.is_null()), path: path.iter().map(|p| (*p).to_owned()).collect() }
    }

    /// Where it stands.
    pub(crate) fn path(&self) -> &[String] {
        &self.path
    }

    /// Whether there is anything.
    pub(crate) fn is_there(&self) -> bool {
        self.value.is_some()
    }

    /// The value as it is.
    pub(crate) fn value(&self) -> Option<&'a Value> {
        self.value
    }

    /// One key of an object; absent in anything else.
    pub(crate) fn get(&self, key: &str) -> Fields<'a> {
        let value = self.value.and_then(|v| v.get(key)).filter(|v| !v.is_null());
        Fields { value, path: self.path.iter().cloned().chain([key.to_owned()]).collect() }
    }

    /// The entries of a list; a single object counts as a list of one.
    pub(crate) fn list(&self) -> Vec<Fields<'a>> {
        match self.value {
            Some(Value::Array(items)) => {
                items.iter().enumerate().map(|(n, item)| self.below(&n.to_string(), item)).collect()
            }
            Some(_) => vec![Fields { value: self.value, path: self.path.clone() }],
            None => Vec::new(),
        }
    }

    /// The entries of an object by their names.
    pub(crate) fn entries(&self) -> Vec<(&'a str, Fields<'a>)> {
        let map = self.value.and_then(Value::as_object);
        map.into_iter().flatten().map(|(key, value)| (key.as_str(), self.below(key, value))).collect()
    }

    fn below(&self, key: &str, value: &'a Value) -> Fields<'a> {
        let path = self.path.iter().cloned().chain([key.to_owned()]).collect();
        Fields { value: Some(value), path }
    }

    /// As an object, if it is one.
    pub(crate) fn object(&self) -> Option<&'a Map<String, Value>> {
        self.value.and_then(Value::as_object)
    }

    /// A text; numbers count as their digits, as environment variables are put in as either.
    pub(crate) fn text(&self, problems: &mut Vec<ConfigProblem>) -> Option<String> {
        match self.value? {
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            _ => {
                self.wrong(problems, "a text is expected");
                None
            }
        }
    }

    /// A text that has to be there.
    pub(crate) fn required(&self, problems: &mut Vec<ConfigProblem>) -> Option<String> {
        let before = problems.len();
        let text = self.text(problems);
        if text.is_none() && problems.len() == before {
            self.wrong(problems, "this is required");
        }
        text
    }

    /// True or false, also as a text.
    pub(crate) fn flag(&self, default: bool, problems: &mut Vec<ConfigProblem>) -> bool {
        match self.value {
            None => default,
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) if text == "true" => true,
            Some(Value::String(text)) if text == "false" => false,
            Some(_) => {
                self.wrong(problems, "true or false is expected");
                default
            }
        }
    }

    /// A number above zero, also as a text.
    pub(crate) fn count(&self, default: u64, problems: &mut Vec<ConfigProblem>) -> u64 {
        let number = match self.value {
            None => return default,
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        number.filter(|n| *n > 0).unwrap_or_else(|| {
            self.wrong(problems, "a whole number above zero is expected");
            default
        })
    }

    /// A list of texts; a single text counts as a list of one.
    pub(crate) fn texts(&self, problems: &mut Vec<ConfigProblem>) -> Vec<String> {
        self.list().iter().filter_map(|item| item.text(problems)).collect()
    }

    /// A problem here.
    pub(crate) fn wrong(&self, problems: &mut Vec<ConfigProblem>, message: impl Into<String>) {
        problems.push(ConfigProblem { path: self.path.clone(), message: message.into() });
    }
}
