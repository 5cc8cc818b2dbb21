//! Reading the rendered input of a back end key by key, so that every problem names its place.

use serde_json::{Map, Value};

use crate::performer::Failure;

/// An object of the input, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    value: &'a Value,
    place: &'a str,
}

impl<'a> Input<'a> {
    /// The whole of it.
    pub(crate) fn of(value: &'a Value, place: &'a str) -> Self {
        Self { value, place }
    }

    /// One key; an absent one and null are none.
    pub(crate) fn get(self, key: &str) -> Option<&'a Value> {
        self.value.get(key).filter(|value| !value.is_null())
    }

    /// A text, where there is one; numbers count as their digits.
    pub(crate) fn text(self, key: &str) -> Result<Option<String>, Failure> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.wrong(key, "a text is expected")),
        }
    }

    /// A text that has to be there.
    pub(crate) fn required(self, key: &str) -> Result<String, Failure> {
        self.text(key)?.ok_or_else(|| self.wrong(key, "this is required"))
    }

    /// True or false, also as a text, as templates give it.
    pub(crate) fn flag(self, key: &str, default: bool) -> Result<bool, Failure> {
        match self.get(key) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) => match text.trim() {
                "true" => Ok(true),
                "false" => Ok(false),
                "" => Ok(default),
                _ => Err(self.wrong(key, "true or false is expected")),
            },
            Some(_) => Err(self.wrong(key, "true or false is expected")),
        }
    }

    /// An object, where there is one.
    pub(crate) fn object(self, key: &str) -> Result<Option<&'a Map<String, Value>>, Failure> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(self.wrong(key, "an object is expected")),
        }
    }

    /// A text that is one part of an address: no slash in it leads elsewhere, and no dots upwards.
    pub(crate) fn segment(self, key: &str) -> Result<String, Failure> {
        let text = self.required(key)?;
        let strange = |c: char| c.is_control() || c.is_whitespace() || "/\\?#%".contains(c);
        if text.chars().any(strange) || matches!(text.as_str(), "." | "..") {
            return Err(self.wrong(key, "a name is expected, without / \\ ? # % or blanks"));
        }
        Ok(text)
    }

    /// What is wrong with a key.
    pub(crate) fn wrong(self, key: &str, message: &str) -> Failure {
        Failure::new(format!("{}.{key}: {message}", self.place))
    }
}

/// A value as the text that systems want which know only texts.
pub(crate) fn stringified(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => super::signature::stringify(other),
    }
}
