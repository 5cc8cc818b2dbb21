//! What people fill in before an action runs: its inputs, and what is found out of them as the form is filled in.
//!
//! A default, the choices, whether an input is shown, open or required may be `{"jqQuery": "<jq>"}`, over `.form`,
//! `.entity` and `.user`. Port's own page finds that out in the browser; here it is found out once, for the browser and
//! for the check at the start alike.

mod plain;
mod resolve;

use serde_json::{Map, Value};

pub use resolve::{Field, Form, FormStep, Scope};

/// The inputs of an action.
#[derive(Clone, Copy, Debug)]
pub struct UserInputs<'a>(&'a Value);

impl<'a> UserInputs<'a> {
    /// Those of a `userInputs`; null has none.
    #[must_use]
    pub fn of(inputs: &'a Value) -> Self {
        Self(inputs)
    }

    /// Each by its identifier, in the order of the definition.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a Map<String, Value>)> {
        let properties = self.0.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().filter_map(|(id, input)| Some((id.as_str(), input.as_object()?)))
    }

    /// One of them.
    #[must_use]
    pub fn get(self, id: &str) -> Option<&'a Map<String, Value>> {
        self.0.get("properties")?.get(id)?.as_object()
    }

    /// Identifiers of those whose values are encrypted.
    #[must_use]
    pub fn encrypted(self) -> Vec<&'a str> {
        self.iter().filter(|(_, input)| is_encrypted(input)).map(|(id, _)| id).collect()
    }

    fn part(self, key: &str) -> &'a Value {
        self.0.get(key).unwrap_or(&Value::Null)
    }
}

/// Whether the values of an input are encrypted, by us or by who fills them in.
#[must_use]
pub fn is_encrypted(input: &Map<String, Value>) -> bool {
    input.get("encryption").is_some_and(|encryption| !encryption.is_null())
}

/// Whether something is `{"jqQuery": "<jq>"}`.
#[must_use]
pub fn is_dynamic(value: &Value) -> bool {
    program_of(value).is_some()
}

fn program_of(value: &Value) -> Option<&str> {
    value.as_object()?.get("jqQuery")?.as_str()
}

/// What an input names: the format of its value, or of each item of it, with the blueprint of entities.
#[must_use]
pub fn names_of(input: &Map<String, Value>) -> Option<(&str, Option<&str>)> {
    let map = match input.contains_key("format") {
        true => input,
        false => input.get("items")?.as_object()?,
    };
    let format = map.get("format")?.as_str()?;
    let blueprint = map.get("blueprint").or_else(|| input.get("blueprint")).and_then(Value::as_str);
    matches!(format, "entity" | "user" | "team").then_some((format, blueprint))
}

#[cfg(test)]
mod tests;
