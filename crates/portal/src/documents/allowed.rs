//! What documents bring besides entities, and whether it may be brought.

use serde_json::Value;
use stagedoor_auth::{Action, Resource};
use stagedoor_model::kinds;

use crate::error::PortalError;
use crate::rights::Judge;
use crate::writer::Draft;

impl Draft {
    /// Whether a blueprint may be declared: made, or changed where it is there.
    pub(super) fn may_declare(&self, body: &Value, judge: &Judge) -> Result<(), PortalError> {
        let name = body.get("identifier").and_then(Value::as_str).unwrap_or_default();
        match self.catalog.blueprints().get(name) {
            None => judge.may(Action::CreateBlueprint, Resource::Any),
            Some(_) => judge.may(Action::UpdateBlueprint, Resource::Named(name)),
        }
    }

    /// Whether the shipped kind of a document may be installed, where it is not there yet.
    pub(super) fn may_install(&self, value: &Value, judge: &Judge) -> Result<(), PortalError> {
        let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
        let Some(shipped) = kinds::by_kind(kind) else { return Ok(()) };
        let there = self.catalog.blueprints().get(shipped.identifier());
        match there.is_some_and(|entry| entry.blueprint.shipped_kind.is_some()) {
            true => Ok(()),
            false => judge.may(Action::CreateBlueprint, Resource::Any),
        }
    }
}
