//! A run of a workflow begins by hand: rights, form and what its nodes read are decided here, once.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_actions::workflow::{Node, Workflow};
use stagedoor_actions::{Origin, Run, RunKind, RunOf, Starter, Target};
use stagedoor_auth::{Action, Block, Resource, Viewer, decide};

use super::block;
use crate::actions::{About, AboutRun, aside};
use crate::error::PortalError;
use crate::runs::{NewRun, Visibility};
use crate::{Portal, View, audit};

/// Errors that are told at once.
const MOST_ERRORS: usize = 20;

/// A workflow to be run.
#[derive(Clone, Debug)]
pub struct WorkflowCall {
    /// Its identifier.
    pub workflow: String,
    /// Identifier of the trigger, where it has several for people.
    pub trigger: Option<String>,
    /// What is filled in.
    pub inputs: Map<String, Value>,
    /// The person in whose name a machine runs it.
    pub run_as: Option<String>,
    /// By which way it was asked for.
    pub origin: Origin,
    /// The run that this one repeats.
    pub rerun_of: Option<String>,
}

impl Portal {
    /// Runs a workflow: checks rights and inputs as they are now, and begins a run with all of that frozen.
    ///
    /// # Errors
    /// `NotFound` for the workflow; `Forbidden`; `Invalid` with everything that is wrong with the inputs, or for a
    /// trigger that no person begins.
    pub async fn start_workflow(&self, viewer: &Viewer, call: WorkflowCall) -> Result<Arc<Run>, PortalError> {
        // Whether there is such a workflow at all is for those who may run it.
        self.may(viewer, Action::ExecuteWorkflow, Resource::Named(&call.workflow))?;
        let (portal, caller) = (self.clone(), viewer.clone());
        let new = aside(move || portal.prepare_workflow(&caller, &call)).await?;
        self.start_run(new).await
    }

    fn prepare_workflow(&self, caller: &Viewer, call: &WorkflowCall) -> Result<NewRun, PortalError> {
        let workflow = self.visible_workflow(caller, &call.workflow)?.definition;
        let trigger = trigger_of(&workflow, call.trigger.as_deref())?;
        let person = self.person_for(caller, call.run_as.as_deref())?;
        let view = self.view(&person)?;
        let action = workflow.as_action(trigger);
        let form = self.resolve(&person, &view, &action, None, &call.inputs);
        let about = self.about(&person, &view, &action, None, &form.expanded, call.origin);
        self.may_run(&person, &view, &workflow, trigger, &about)?;
        let errors: Vec<String> = form
            .errors()
            .take(MOST_ERRORS)
            .map(|error| error.replacen("\"properties", "\"inputs", 1))
            .collect();
        if !errors.is_empty() {
            return Err(PortalError::invalid(errors.join("; ")));
        }
        let target = target_of(&view, trigger, &form.values);
        let began = json!({ "identifier": workflow.identifier(), "trigger": trigger.identifier() });
        let context = [("trigger", about.0.get("trigger").cloned().unwrap_or_default()), ("workflow", began)];
        Ok(NewRun {
            of: run_of(&workflow),
            definition: Value::Object(workflow.body().clone()),
            starter: Starter {
                actor: person.name().to_owned(),
                email: person.email().map(str::to_owned),
                impersonated_by: call.run_as.as_ref().map(|_| caller.name().to_owned()),
                origin: call.origin,
                scopes: crate::runs::limits_of(caller),
            },
            target,
            inputs: form.values,
            context: context.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            visibility: Visibility { anyone: workflow.shows_runs() },
            rerun_of: call.rerun_of.clone(),
            ..NewRun::default()
        })
    }

    fn may_run(
        &self,
        person: &Viewer,
        view: &View,
        workflow: &Workflow,
        trigger: Node<'_>,
        about: &About,
    ) -> Result<(), PortalError> {
        let whole = self.shared.catalog.load_full();
        let mut block = block(&whole, trigger);
        if block.policy.is_some() {
            // The rest then only says who finds the workflow.
            block = Block { policy: block.policy, ..Block::default() };
        }
        let run = AboutRun { portal: self, catalog: &whole, node: None, about };
        let resource =
            Resource::Guarded { name: workflow.identifier(), block: Some(&block), facts: Some(&run) };
        decide(view.rights(), Action::ExecuteWorkflow, &resource).map_err(|denied| {
            audit::denied(&self.shared.denials, person, &denied, audit::name_of(&resource));
            PortalError::Forbidden(denied.to_string())
        })
    }
}

/// What a run says that it is of.
pub(super) fn run_of(workflow: &Workflow) -> RunOf {
    RunOf {
        kind: RunKind::Workflow,
        identifier: workflow.identifier().to_owned(),
        title: workflow.text("title").map(str::to_owned),
        icon: workflow.text("icon").map(str::to_owned),
    }
}

fn trigger_of<'w>(workflow: &'w Workflow, named: Option<&str>) -> Result<Node<'w>, PortalError> {
    let forms: Vec<Node<'w>> = workflow.forms().collect();
    let names = || forms.iter().map(|node| node.identifier()).collect::<Vec<_>>().join(", ");
    match (named, forms.as_slice()) {
        (Some(named), forms) => {
            forms.iter().copied().find(|node| node.identifier() == named).ok_or_else(|| {
                let shown: String = named.chars().take(100).collect();
                PortalError::invalid(format!(
                    "\"nodeIdentifier\" must be a trigger that people begin: \"{shown}\" is none of {}",
                    names()
                ))
            })
        }
        (None, [only]) => Ok(*only),
        (None, []) => Err(PortalError::invalid(format!(
            "\"{}\" has no trigger that people begin, or it is not published",
            workflow.name()
        ))),
        (None, _) => Err(PortalError::invalid(format!(
            "\"nodeIdentifier\" must be given: \"{}\" has the triggers {}",
            workflow.name(),
            names()
        ))),
    }
}

/// What a run is about: the entity that a context of its trigger names, or the blueprint whose entities it makes.
fn target_of(view: &View, trigger: Node<'_>, inputs: &Map<String, Value>) -> Option<Target> {
    let contexts = trigger.config().get("contexts").and_then(Value::as_array)?;
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let of = |context: &Value| match text(context, "on").as_deref() {
        Some("ENTITY") => {
            let input = text(context, "userInput")?;
            let form = trigger.config().pointer("/userInputs/properties")?.get(&input)?;
            let (blueprint, entity) = (text(form, "blueprint")?, inputs.get(&input)?.as_str()?.to_owned());
            let title = view.by_key(&blueprint, &entity).and_then(|node| view.title(node));
            Some(Target { blueprint, entity: Some(entity), title })
        }
        _ => Some(Target { blueprint: text(context, "blueprintIdentifier")?, entity: None, title: None }),
    };
    contexts.iter().find_map(of)
}
