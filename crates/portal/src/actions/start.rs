//! A run of an action begins: everything is decided here that is decided once.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_actions::port::PortAction;
use stagedoor_actions::{Origin, Run, RunKind, RunOf, Starter, Target};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_query::NodeId;

use super::form::{aside, entity_of, not_offered};
use super::policy::About;
use super::rights::AboutRun;
use super::{condition, context, find};
use crate::error::PortalError;
use crate::runs::{NewRun, Visibility};
use crate::{Portal, UserStatus, View};

/// Errors that are told at once.
const MOST_ERRORS: usize = 20;

/// An action to be executed.
#[derive(Clone, Debug)]
pub struct ActionCall {
    /// Its identifier.
    pub action: String,
    /// Identifier of the entity that it is about.
    pub entity: Option<String>,
    /// Its blueprint, where the action does not say it.
    pub blueprint: Option<String>,
    /// What is filled in.
    pub inputs: Map<String, Value>,
    /// The person in whose name a machine executes it.
    pub run_as: Option<String>,
    /// By which way it was asked for.
    pub origin: Origin,
    /// The run that this one repeats.
    pub rerun_of: Option<String>,
}

impl Portal {
    /// Executes a self-service action: checks rights, condition and inputs as they are now, finds who has to approve,
    /// and begins a run with all of that frozen.
    ///
    /// # Errors
    /// `NotFound` for the action or the entity; `Forbidden`; `Invalid` with everything that is wrong with the inputs.
    pub async fn start_action(&self, viewer: &Viewer, call: ActionCall) -> Result<Arc<Run>, PortalError> {
        // Whether there is such an action at all is for everybody who may execute some.
        self.may(viewer, Action::ExecuteAction, Resource::Named(&call.action))?;
        let (portal, caller) = (self.clone(), viewer.clone());
        let new = aside(move || portal.prepare(&caller, &call)).await?;
        self.start_run(new).await
    }

    fn prepare(&self, caller: &Viewer, call: &ActionCall) -> Result<NewRun, PortalError> {
        let action = find(&self.shared.catalog.load(), &call.action)?.definition;
        if action.is_automation() {
            let text =
                format!("\"{}\" is an automation: an event sets it going, not a person", action.name());
            return Err(PortalError::invalid(text));
        }
        let person = self.person_for(caller, call.run_as.as_deref())?;
        let view = self.view(&person)?;
        let node = self.target(&view, &action, call)?;
        // Before anything else is told of the inputs.
        let whole = self.shared.catalog.load_full();
        let form = self.resolve(&person, &view, &action, node, &call.inputs);
        let about = self.about(&person, &view, &action, node, &form.expanded, call.origin);
        let run = AboutRun { portal: self, catalog: &whole, node, about: &about };
        self.may_execute(&person, view.rights(), action.identifier(), &run)?;
        if node.is_some_and(|node| !condition::holds(&action, &view, node)) {
            return Err(PortalError::refused("condition_not_met", not_offered(&action)));
        }
        let errors: Vec<&str> = form.errors().take(MOST_ERRORS).collect();
        if !errors.is_empty() {
            return Err(PortalError::invalid(errors.join("; ")));
        }
        let starter = Starter {
            actor: person.name().to_owned(),
            email: person.email().map(str::to_owned),
            impersonated_by: call.run_as.as_ref().map(|_| caller.name().to_owned()),
            origin: call.origin,
            scopes: crate::runs::limits_of(caller),
        };
        let approval =
            self.approval_for(&action, &view, &whole, &about, starter.email.as_deref().unwrap_or_default());
        let mut run_context = about.0;
        run_context.shift_remove("user");
        run_context.shift_remove("blueprint");
        Ok(NewRun {
            of: RunOf {
                kind: RunKind::Action,
                identifier: action.identifier().to_owned(),
                title: action.text("title").map(str::to_owned),
                icon: action.text("icon").map(str::to_owned),
            },
            definition: Value::Object(action.body().clone()),
            starter,
            target: target_of(&view, &action, node),
            inputs: form.values,
            context: run_context,
            approval,
            visibility: Visibility { anyone: action.shows_runs() },
            rerun_of: call.rerun_of.clone(),
            ..NewRun::default()
        })
    }

    /// Who executes: the caller, or the person in whose name a machine does.
    pub(crate) fn person_for(&self, caller: &Viewer, run_as: Option<&str>) -> Result<Viewer, PortalError> {
        let Some(email) = run_as.map(str::trim).filter(|email| !email.is_empty()) else {
            return Ok(caller.clone());
        };
        if !caller.is_machine() {
            let text = "only machines may execute something in the name of others (run_as)";
            return Err(PortalError::Forbidden(text.into()));
        }
        let view = self.view(caller)?;
        let known = view.person(&email.to_lowercase());
        match known.filter(|person| person.status == UserStatus::Active && !person.is_service_account) {
            Some(person) => Ok(Viewer::person(&person.email)),
            None => {
                let shown: String = email.chars().take(100).collect();
                Err(PortalError::invalid(format!("\"run_as\" must be an active user: \"{shown}\" is none")))
            }
        }
    }

    fn target(
        &self,
        view: &View,
        action: &PortAction,
        call: &ActionCall,
    ) -> Result<Option<NodeId>, PortalError> {
        match call.entity.as_deref().filter(|entity| !entity.is_empty()) {
            Some(entity)
                if action.needs_entity() || action.blueprint().is_some() || call.blueprint.is_some() =>
            {
                entity_of(view, action, call.blueprint.as_deref(), entity).map(Some)
            }
            Some(_) => Ok(None),
            None if action.needs_entity() => {
                let text = format!("\"entity\" must be given: \"{}\" is about an entity", action.name());
                Err(PortalError::invalid(text))
            }
            None => Ok(None),
        }
    }

    /// What policies, and later templates, read.
    pub(crate) fn about(
        &self,
        person: &Viewer,
        view: &View,
        action: &PortAction,
        node: Option<NodeId>,
        inputs: &Map<String, Value>,
        origin: Origin,
    ) -> About {
        let entity = node.map_or(Value::Null, |node| view.port_entity(node));
        let blueprint = entity.get("blueprint").cloned().or_else(|| action.blueprint().map(Into::into));
        let organization = &self.identity().organization_id;
        let parts = [
            ("inputs", Value::Object(inputs.clone())),
            ("trigger", context::trigger(person, view, action, origin, organization)),
            ("entity", entity),
            ("action", context::action(action)),
            ("user", context::user(person, view)),
            ("blueprint", json!(blueprint)),
        ];
        About(parts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }
}

fn target_of(view: &View, action: &PortAction, node: Option<NodeId>) -> Option<Target> {
    let entity = node.and_then(|node| Some((node, view.entity(node)?)));
    match entity {
        Some((node, entity)) => Some(Target {
            blueprint: entity.record.blueprint.to_string(),
            entity: Some(view.identifier(node)),
            title: view.title(node),
        }),
        None => action.blueprint().map(|blueprint| Target {
            blueprint: blueprint.to_owned(),
            entity: None,
            title: None,
        }),
    }
}
