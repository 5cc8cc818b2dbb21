//! The definition of an action or automation: the body as it was sent, and what it says.

use serde_json::{Map, Value};
use stagedoor_model::blueprint::Invalid;

use super::user_inputs::UserInputs;
use super::{check, upgrade};
use crate::ApprovalMode;

/// What the server sets, and a body may repeat without effect.
const AUDIT_KEYS: [&str; 5] = ["id", "createdAt", "createdBy", "updatedAt", "updatedBy"];

/// A definition. Its body is kept as it was sent, key by key, so that it comes back the same.
#[derive(Clone, Debug, PartialEq)]
pub struct PortAction {
    body: Map<String, Value>,
}

impl PortAction {
    /// Takes a body as a client sends it. One in an older form is brought into today's.
    ///
    /// # Errors
    /// The first thing that makes it illegal, with its place, in ajv's words.
    pub fn parse(body: Value) -> Result<Self, Invalid> {
        let mut body = upgrade::upgraded(body);
        check::check(&body)?;
        let Some(map) = body.as_object_mut() else { return Err(Invalid::new("", "body must be object")) };
        for key in AUDIT_KEYS {
            map.shift_remove(key);
        }
        Ok(Self { body: std::mem::take(map) })
    }

    /// One that was checked before.
    #[must_use]
    pub fn stored(body: Value) -> Self {
        match body {
            Value::Object(body) => Self { body },
            _ => Self { body: Map::new() },
        }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Map<String, Value> {
        &self.body
    }

    /// The body, to be changed by who follows renames.
    pub fn body_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.body
    }

    /// Its identifier.
    #[must_use]
    pub fn identifier(&self) -> &str {
        self.text("identifier").unwrap_or_default()
    }

    /// Its title; where it has none, its identifier.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text("title").filter(|title| !title.is_empty()).unwrap_or_else(|| self.identifier())
    }

    /// A text of its top level.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.body.get(key).and_then(Value::as_str)
    }

    /// What sets it going.
    #[must_use]
    pub fn trigger(&self) -> &Value {
        self.body.get("trigger").unwrap_or(&Value::Null)
    }

    /// Whether an event sets it going, and no person.
    #[must_use]
    pub fn is_automation(&self) -> bool {
        self.trigger().get("type").is_some_and(|kind| kind == "automation")
    }

    /// Whether it may run: an automation may be turned off.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.body.get("publish") != Some(&Value::Bool(false)) || !self.is_automation()
    }

    /// `CREATE`, `DAY-2` or `DELETE`; empty for an automation.
    #[must_use]
    pub fn operation(&self) -> &str {
        self.trigger().get("operation").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it is about an entity that is there.
    #[must_use]
    pub fn needs_entity(&self) -> bool {
        matches!(self.operation(), "DAY-2" | "DELETE")
    }

    /// The blueprint that it is about: of the trigger, or of the event.
    #[must_use]
    pub fn blueprint(&self) -> Option<&str> {
        let trigger = self.trigger();
        let stated = trigger.get("blueprintIdentifier").or_else(|| self.event()?.get("blueprintIdentifier"));
        stated.and_then(Value::as_str).filter(|blueprint| !blueprint.is_empty())
    }

    /// The event of an automation.
    #[must_use]
    pub fn event(&self) -> Option<&Value> {
        self.trigger().get("event")
    }

    /// For which entities it is offered, or which events set it going.
    #[must_use]
    pub fn condition(&self) -> Option<&Value> {
        self.trigger().get("condition").filter(|condition| !condition.is_null())
    }

    /// What is asked before it runs.
    #[must_use]
    pub fn inputs(&self) -> UserInputs<'_> {
        UserInputs::of(self.trigger().get("userInputs").unwrap_or(&Value::Null))
    }

    /// What is done.
    #[must_use]
    pub fn method(&self) -> &Value {
        self.body.get("invocationMethod").unwrap_or(&Value::Null)
    }

    /// The name of the back end.
    #[must_use]
    pub fn back_end(&self) -> &str {
        self.method().get("type").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether somebody has to say yes, and how many.
    #[must_use]
    pub fn approval(&self) -> Option<ApprovalMode> {
        match self.body.get("requiredApproval") {
            Some(Value::Bool(true)) => Some(ApprovalMode::Any),
            Some(Value::Object(how)) if how.get("type").is_some_and(|mode| mode == "ALL") => {
                Some(ApprovalMode::All)
            }
            Some(Value::Object(_)) => Some(ApprovalMode::Any),
            _ => None,
        }
    }

    /// Whether everybody may see its runs.
    #[must_use]
    pub fn shows_runs(&self) -> bool {
        self.body.get("allowAnyoneToViewRuns") != Some(&Value::Bool(false))
    }
}

#[cfg(test)]
mod tests;
