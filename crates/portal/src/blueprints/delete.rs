//! Removing blueprints.

use std::collections::BTreeSet;

use stagedoor_model::{Blueprint, Change};

use super::system::refuse_system;
use super::{PERMISSIONS, no_blueprint};
use crate::error::PortalError;
use crate::writer::Draft;

impl Draft {
    pub(super) fn delete_blueprint(&mut self, identifier: &str) -> Result<(), PortalError> {
        self.may_delete_blueprints(&BTreeSet::from([identifier]))?;
        self.drop_blueprint(identifier);
        Ok(())
    }

    /// Whether blueprints may go together: they are empty, and no other one points at them.
    pub(crate) fn may_delete_blueprints(&self, doomed: &BTreeSet<&str>) -> Result<(), PortalError> {
        for identifier in doomed {
            if self.catalog.blueprints().get(identifier).is_none() {
                return Err(no_blueprint(identifier));
            }
            refuse_system(identifier, "deleted")?;
            let count = self.catalog.count(identifier);
            if count > 0 {
                let text =
                    format!("blueprint \"{identifier}\" has_dependents: {count} entities; delete them first");
                return Err(PortalError::refused("has_dependents", text));
            }
            let points_here = |b: &Blueprint| {
                !doomed.contains(b.identifier.as_str())
                    && b.relations.values().any(|r| r.target == *identifier)
            };
            if let Some(other) = self.catalog.blueprints().iter().find(|e| points_here(&e.blueprint)) {
                let other = &other.blueprint.identifier;
                let text = format!(
                    "blueprint \"{identifier}\" has_dependents: a relation of blueprint \"{other}\" targets it"
                );
                return Err(PortalError::refused("has_dependents", text));
            }
        }
        Ok(())
    }

    /// Removes a blueprint and what is kept about it.
    pub(crate) fn drop_blueprint(&mut self, identifier: &str) {
        self.put(Change::DeleteBlueprint(identifier.to_owned()));
        self.drop_pages_of(identifier);
        self.drop_actions_of(identifier);
        self.drop_scorecards_of(identifier);
        if self.catalog.record(PERMISSIONS, identifier).is_some() {
            self.put(Change::DeleteRecord(PERMISSIONS.into(), identifier.to_owned()));
        }
    }
}
