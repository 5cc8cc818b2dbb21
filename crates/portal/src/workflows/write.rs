//! Making, changing and removing workflows.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_actions::workflow::Workflow;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Change, JsonText, Record};

use super::{StoredWorkflow, WORKFLOWS, find};
use crate::Portal;
use crate::blueprints::no_blueprint;
use crate::error::PortalError;
use crate::sources::cron::Cron;
use crate::writer::Draft;

impl Portal {
    /// Makes a workflow from Port's JSON.
    ///
    /// # Errors
    /// `identifier_taken`; `Invalid` naming the place; `NotFound` for a blueprint of its events; `Forbidden`.
    pub async fn create_workflow(&self, viewer: &Viewer, body: Value) -> Result<StoredWorkflow, PortalError> {
        self.may(viewer, Action::CreateWorkflow, Resource::Any)?;
        let workflow = parse(body)?;
        self.commit(viewer.actor("port"), false, move |draft| {
            let identifier = workflow.identifier();
            if draft.catalog.record(WORKFLOWS, identifier).is_some() {
                return Err(taken(identifier));
            }
            draft.check_workflow(&workflow)?;
            draft.put_workflow(&workflow)
        })
        .await
    }

    /// Replaces a workflow as a whole; another identifier in the body renames it. Runs that are under way keep to the
    /// definition that they began with.
    ///
    /// # Errors
    /// As [`Portal::create_workflow`]; `NotFound`.
    pub async fn replace_workflow(
        &self,
        viewer: &Viewer,
        identifier: &str,
        mut body: Value,
    ) -> Result<StoredWorkflow, PortalError> {
        self.may(viewer, Action::UpdateWorkflow, Resource::Named(identifier))?;
        find(&self.shared.catalog.load(), identifier)?;
        if let Some(body) = body.as_object_mut() {
            body.entry("identifier").or_insert_with(|| identifier.into());
        }
        let workflow = parse(body)?;
        let from = identifier.to_owned();
        self.commit(viewer.actor("port"), false, move |draft| {
            let old = find(&draft.catalog, &from)?;
            draft.check_workflow(&workflow)?;
            if workflow.identifier() != from {
                if draft.catalog.record(WORKFLOWS, workflow.identifier()).is_some() {
                    return Err(taken(workflow.identifier()));
                }
                draft.put(Change::DeleteRecord(WORKFLOWS.into(), from.clone()));
                let record = Record {
                    collection: WORKFLOWS.to_owned(),
                    key: workflow.identifier().to_owned(),
                    body: JsonText::of(&Value::Object(old.definition.body().clone())),
                    stamps: old.stamps,
                };
                draft.put(Change::PutRecord(Arc::new(record)));
            }
            draft.put_workflow(&workflow)
        })
        .await
    }

    /// Removes a workflow. Its runs stay, and go on.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn delete_workflow(&self, viewer: &Viewer, identifier: &str) -> Result<(), PortalError> {
        self.may(viewer, Action::DeleteWorkflow, Resource::Named(identifier))?;
        let identifier = identifier.to_owned();
        self.commit(viewer.actor("port"), false, move |draft| {
            find(&draft.catalog, &identifier)?;
            draft.put(Change::DeleteRecord(WORKFLOWS.into(), identifier.clone()));
            Ok(())
        })
        .await
    }
}

fn parse(body: Value) -> Result<Workflow, PortalError> {
    let workflow = Workflow::parse(body)?;
    for node in workflow.nodes().filter(|node| node.kind() == "SCHEDULE_TRIGGER") {
        let cron = node.config().get("cron").and_then(Value::as_str).unwrap_or_default();
        if Cron::parse(cron).is_none() {
            let text = format!(
                "\"nodes/{}/config/cron\" must be minute, hour, day, month and weekday, such as \"0 3 * * mon-fri\"",
                node.at
            );
            return Err(PortalError::invalid(text));
        }
    }
    Ok(workflow)
}

fn taken(identifier: &str) -> PortalError {
    let message = format!("Workflow with identifier \"{identifier}\" is already taken");
    PortalError::Conflict { code: "identifier_taken", message }
}

impl Draft {
    /// What a workflow says of the rest of the catalog has to be so. An entity's blueprint may be a template, or come
    /// later: the node that writes it says then what is wrong.
    fn check_workflow(&self, workflow: &Workflow) -> Result<(), PortalError> {
        for node in workflow.nodes().filter(|node| node.kind() == "EVENT_TRIGGER") {
            let blueprint = node.config().pointer("/event/blueprintIdentifier").and_then(Value::as_str);
            if let Some(blueprint) = blueprint.filter(|b| self.catalog.blueprints().get(b).is_none()) {
                return Err(no_blueprint(blueprint));
            }
        }
        Ok(())
    }

    /// Stores what a workflow says, unless it says so already.
    fn put_workflow(&mut self, workflow: &Workflow) -> Result<StoredWorkflow, PortalError> {
        let identifier = workflow.identifier();
        let old = self.catalog.record(WORKFLOWS, identifier).cloned();
        let body = JsonText::of(&Value::Object(workflow.body().clone()));
        if old.as_ref().is_none_or(|old| old.body != body) {
            let mut stamps = old.map_or_else(|| self.new_stamps(None), |old| old.stamps.clone());
            (stamps.updated_at, stamps.updated_by) = (self.at, self.actor.name.as_str().into());
            let (collection, key) = (WORKFLOWS.to_owned(), identifier.to_owned());
            self.put(Change::PutRecord(Arc::new(Record { collection, key, body, stamps })));
        }
        find(&self.catalog, identifier)
    }
}
