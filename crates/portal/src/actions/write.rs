//! Making, changing and removing actions.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_actions::port::PortAction;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Change, JsonText, Record};

use super::{ACTIONS, PERMISSIONS, StoredAction, condition, find, follow};
use crate::Portal;
use crate::blueprints::no_blueprint;
use crate::error::PortalError;
use crate::writer::Draft;

impl Portal {
    /// Makes an action or automation from Port's JSON, in today's form or an older one.
    ///
    /// # Errors
    /// `identifier_taken`; `Invalid` naming the place; `NotFound` for its blueprint; `Forbidden`.
    pub async fn create_action(&self, viewer: &Viewer, body: Value) -> Result<StoredAction, PortalError> {
        self.may(viewer, Action::CreateAction, Resource::Any)?;
        let action = PortAction::parse(body)?;
        self.commit(viewer.actor("port"), false, move |draft| {
            let identifier = action.identifier();
            if draft.catalog.record(ACTIONS, identifier).is_some() {
                return Err(taken(identifier));
            }
            draft.check_action(&action)?;
            draft.put_action(&action)
        })
        .await
    }

    /// Replaces an action as a whole. Another identifier in the body renames it, and what names it follows.
    ///
    /// # Errors
    /// As [`Portal::create_action`]; `NotFound`.
    pub async fn replace_action(
        &self,
        viewer: &Viewer,
        identifier: &str,
        mut body: Value,
    ) -> Result<StoredAction, PortalError> {
        self.may(viewer, Action::UpdateAction, Resource::Named(identifier))?;
        find(&self.shared.catalog.load(), identifier)?;
        if let Some(body) = body.as_object_mut() {
            body.entry("identifier").or_insert_with(|| identifier.into());
        }
        let action = PortAction::parse(body)?;
        let from = identifier.to_owned();
        self.commit(viewer.actor("port"), false, move |draft| {
            find(&draft.catalog, &from)?;
            draft.check_action(&action)?;
            if action.identifier() != from {
                if draft.catalog.record(ACTIONS, action.identifier()).is_some() {
                    return Err(taken(action.identifier()));
                }
                draft.rename_action(&from, action.identifier());
            }
            draft.put_action(&action)
        })
        .await
    }

    /// Removes an action. Its runs stay.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn delete_action(&self, viewer: &Viewer, identifier: &str) -> Result<(), PortalError> {
        self.may(viewer, Action::DeleteAction, Resource::Named(identifier))?;
        let identifier = identifier.to_owned();
        self.commit(viewer.actor("port"), false, move |draft| {
            find(&draft.catalog, &identifier)?;
            draft.drop_action(&identifier);
            Ok(())
        })
        .await
    }
}

fn taken(identifier: &str) -> PortalError {
    let message = format!("Action with identifier \"{identifier}\" is already taken");
    PortalError::Conflict { code: "identifier_taken", message }
}

impl Draft {
    /// What an action says of the rest of the catalog has to be so.
    fn check_action(&self, action: &PortAction) -> Result<(), PortalError> {
        let Some(blueprint) = action.blueprint() else { return Ok(()) };
        if self.catalog.blueprints().get(blueprint).is_none() {
            return Err(no_blueprint(blueprint));
        }
        if action.is_automation() {
            return Ok(());
        }
        condition::check(action, blueprint, &self.catalog, self.at)
    }

    /// Stores what an action says, unless it says so already.
    fn put_action(&mut self, action: &PortAction) -> Result<StoredAction, PortalError> {
        let identifier = action.identifier();
        let old = self.catalog.record(ACTIONS, identifier).cloned();
        let body = JsonText::of(&Value::Object(action.body().clone()));
        if old.as_ref().is_none_or(|old| old.body != body) {
            let mut stamps = old.map_or_else(|| self.new_stamps(None), |old| old.stamps.clone());
            (stamps.updated_at, stamps.updated_by) = (self.at, self.actor.name.as_str().into());
            let (collection, key) = (ACTIONS.to_owned(), identifier.to_owned());
            self.put(Change::PutRecord(Arc::new(Record { collection, key, body, stamps })));
        }
        find(&self.catalog, identifier)
    }

    /// Removes an action and what is kept about it.
    pub(super) fn drop_action(&mut self, identifier: &str) {
        for collection in [ACTIONS, PERMISSIONS] {
            if self.catalog.record(collection, identifier).is_some() {
                self.put(Change::DeleteRecord(collection.into(), identifier.to_owned()));
            }
        }
    }

    /// Moves what is kept of an action to another identifier, and lets those follow that name it.
    fn rename_action(&mut self, from: &str, to: &str) {
        for collection in [ACTIONS, PERMISSIONS] {
            if let Some(record) = self.catalog.record(collection, from).cloned() {
                self.put(Change::DeleteRecord(collection.into(), from.to_owned()));
                let record = Record { key: to.to_owned(), ..record.as_ref().clone() };
                self.put(Change::PutRecord(Arc::new(record)));
            }
        }
        self.follow_actions(&|body| follow::action(body, from, to));
        self.follow_pages(&|body| follow::in_pages(body, from, to));
    }
}
