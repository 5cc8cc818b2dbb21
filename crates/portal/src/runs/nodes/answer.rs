//! People answer a node that waits for them: they fill in its form and press a button. The first outlet that has as many
//! as it needs is taken.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_actions::port::PortAction;
use stagedoor_actions::workflow::{INPUT, checked_responses};
use stagedoor_actions::{Run, Step, StepState};
use stagedoor_auth::{Action, Block, Denied, Resource, Rights, Viewer, Why};
use stagedoor_model::Timestamp;

use super::super::ask::{answers_as, is_email};
use super::super::logs::Line;
use super::{NodeRun, step_of};
use crate::actions::{aside, block_of, results};
use crate::backstage_users::reference_of;
use crate::error::PortalError;
use crate::rights::account_of;
use crate::writer::Draft;
use crate::{Person, Portal, UserStatus, audit};

/// Bytes of what one person fills in.
const LARGEST: usize = 64 * 1024;
/// People that are told of one node: where more may answer, each would hear of every run.
const MOST_TOLD: usize = 200;
/// Errors that are told at once.
const MOST_ERRORS: usize = 20;

impl Portal {
    /// Whether a run waits, or waited, for an answer of somebody with these rights: then it is shown.
    pub(in crate::runs) fn is_asked(&self, rights: &Rights, run: &Run) -> bool {
        let Some(email) = rights.email() else { return false };
        let mut inputs = run.steps.iter().filter(|step| step.performer == INPUT && !step.input.is_null());
        inputs.any(|step| has_answered(step, email) || self.responders(step, rights).names(rights))
    }

    /// Who may answer, as the catalog is now; administrators where nobody is named.
    fn responders(&self, step: &Step, rights: &Rights) -> Block {
        let said = step.input.get("responders").cloned().unwrap_or_default();
        let mut block = block_of(&self.shared.catalog.load(), &said);
        // A template may give one address, or a list.
        if let Some(Value::String(users)) = said.get("users") {
            block.users = users.split(',').map(|user| user.trim().to_lowercase()).collect();
        }
        let waits = step.state == StepState::Reported;
        if let Some(query) = said.get("usersQuery").filter(|query| waits && query.is_object()) {
            let people = json!({ "property": "$blueprint", "operator": "=", "value": "_user" });
            let query = json!({ "combinator": "and", "rules": [people, query] });
            let found = results(self, &json!({ "queries": { "users": query } }), &json!({}), rights);
            let found = found.pointer("/users/entities").and_then(Value::as_array).into_iter().flatten();
            let emails = found.filter_map(|user| user.get("identifier")?.as_str().map(str::to_lowercase));
            block.users.extend(emails);
        }
        block.policy = None;
        block.owned_by_team = false;
        block
    }

    /// Addresses of the people whom a node of a run asks; nobody's where it asks nobody now.
    pub(in crate::runs) async fn asked_by(&self, run: Arc<Run>, step: &str) -> Vec<String> {
        let waits = |known: &&Step| {
            known.id == step && known.performer == INPUT && known.state == StepState::Reported
        };
        let Some(step) = run.steps.iter().find(waits).cloned() else { return Vec::new() };
        let portal = self.clone();
        let asked = aside(move || Ok(portal.people_asked(&run, &step))).await;
        asked.unwrap_or_else(|error| {
            tracing::warn!(%error, "people are not told that a workflow waits for them");
            Vec::new()
        })
    }

    /// Addresses of the people whom a node asks.
    fn people_asked(&self, run: &Run, step: &Step) -> Vec<String> {
        let block = self.responders(step, &Rights::all());
        let catalog = self.shared.catalog.load_full();
        let nobody = block.users.is_empty() && block.roles.is_empty() && block.teams.is_empty();
        let wanted = |person: &Person| {
            let account = account_of(&person.email, &catalog);
            let is_meant = block.users.contains(&person.email)
                || block.roles.iter().any(|role| account.roles.contains(role))
                || block.teams.iter().any(|team| account.teams.contains(team))
                || (nobody && person.role == "Admin");
            let began = is_email(run.starter.email.as_deref(), &person.email);
            is_meant && (!began || named(step, &person.email))
        };
        let people = self.whole_view().people().into_iter();
        let active = people.filter(|p| p.status == UserStatus::Active && !p.is_service_account);
        active.filter(wanted).map(|person| person.email).collect()
    }

    /// Answers a node that waits for people.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` for whoever is not asked, or set the run going without being asked by name;
    /// `not_waiting`; `already_answered`; `Invalid` for the button or what is filled in.
    pub async fn answer_node_run(
        &self,
        viewer: &Viewer,
        id: &str,
        button: &str,
        inputs: Map<String, Value>,
    ) -> Result<NodeRun, PortalError> {
        let node = self.node_run(viewer, id)?;
        // Whether it waits is looked at in the commit: what is sent is wrong or right whatever the node does.
        self.may_respond(viewer, &node.run, &node.step).inspect_err(|error| {
            if let PortalError::Forbidden(why) = error {
                let why = Why::Guard { name: format!("{id}: {why}"), holders: "its responders".into() };
                let denied = Denied { action: Action::AnswerWorkflow, why };
                audit::denied(&self.shared.denials, viewer, &denied, Some(&node.run.of.identifier));
            }
        })?;
        let (portal, asker) = (self.clone(), viewer.clone());
        let (step, pressed) = (node.step.clone(), button.to_owned());
        let inputs = aside(move || portal.filled_in(&asker, &step, &pressed, inputs)).await?;
        let clean = self.clean(&node.run.id);
        let inputs = clean.value(Value::Object(inputs));
        let (portal, asker, name) = (self.clone(), viewer.clone(), answers_as(viewer));
        let (key, id_of, button) = (node.run.id.clone(), id.to_owned(), button.to_owned());
        let pressed = button.clone();
        let answer = move |draft: &mut Draft| {
            let at = draft.at;
            draft.change_run(&key, |run, _| {
                let before = run.clone();
                let step = step_of(run, &id_of)?;
                portal.may_answer_node(&asker, &before, step)?;
                let label = take(step, &button, inputs.clone(), &name, at);
                if let Some(label) = label {
                    run.report.status_label = Some(label);
                }
                Ok(())
            })
        };
        let ((), run) = self.commit(viewer.actor("run"), false, answer).await?;
        self.note_doing(
            viewer,
            &run,
            "AnswerRun",
            &format!("answered \"{}\" with {pressed}", node.step.name),
        );
        let text = format!("{} answered with {pressed}", answers_as(viewer));
        self.tell_run(&run.id, Line { step: Some(node.step.id.clone()), ..Line::said(&text) });
        self.wake_run(&run);
        self.node_run(viewer, id)
    }

    /// Whether a caller may answer a node now. Leaves no trace.
    pub(super) fn may_answer_node(&self, viewer: &Viewer, run: &Run, step: &Step) -> Result<(), PortalError> {
        self.may_respond(viewer, run, step)?;
        let refused = |text: &str| Err(PortalError::refused("not_waiting", text));
        if matches!(step.state, StepState::Open | StepState::Intent { .. }) && !run.status.has_ended() {
            return refused("this node does not wait for an answer yet");
        }
        if step.state != StepState::Reported || run.status.has_ended() || run.cancelling {
            return refused("this node does not wait for an answer any more");
        }
        if has_answered(step, &answers_as(viewer)) {
            return Err(PortalError::refused("already_answered", "you have answered already"));
        }
        Ok(())
    }

    /// Whether a caller is one of those whom a node asks.
    fn may_respond(&self, viewer: &Viewer, run: &Run, step: &Step) -> Result<(), PortalError> {
        if step.performer != INPUT {
            return Err(PortalError::refused("not_waiting", "this node waits for nobody's answer"));
        }
        let rights = self.rights(viewer);
        let block = self.responders(step, &rights);
        let guarded = Resource::Guarded { name: &run.of.identifier, block: Some(&block), facts: None };
        self.could(viewer, Action::AnswerWorkflow, guarded)
            .map_err(|denied| PortalError::Forbidden(denied.to_string()))?;
        let name = answers_as(viewer);
        let by_starter = is_email(run.starter.email.as_deref(), &name)
            || run.starter.actor.eq_ignore_ascii_case(&name)
            || is_email(run.starter.impersonated_by.as_deref(), &name);
        let nobody = block.users.is_empty() && block.roles.is_empty() && block.teams.is_empty();
        if by_starter && !nobody && !named(step, &name) {
            let text = "you set this run going, and are not asked by name: somebody else has to answer";
            return Err(PortalError::Forbidden(text.into()));
        }
        Ok(())
    }

    /// What somebody filled in, with defaults, checked as the form of an action is.
    fn filled_in(
        &self,
        viewer: &Viewer,
        step: &Step,
        button: &str,
        inputs: Map<String, Value>,
    ) -> Result<Map<String, Value>, PortalError> {
        let (form, buttons) = form_of(step);
        let names: Vec<&str> =
            buttons.iter().filter_map(|button| button.get("identifier")?.as_str()).collect();
        if !names.contains(&button) {
            let text = format!("\"button\" must be equal to one of the allowed values: {}", names.join(", "));
            return Err(PortalError::invalid(text));
        }
        checked_responses(&form, &inputs)?;
        let action = as_action(step, form);
        let view = self.view(viewer)?;
        let form = self.resolve(viewer, &view, &action, None, &inputs);
        let errors: Vec<String> = form
            .errors()
            .take(MOST_ERRORS)
            .map(|error| error.replacen("\"properties", "\"inputs", 1))
            .collect();
        if !errors.is_empty() {
            return Err(PortalError::invalid(errors.join("; ")));
        }
        if Value::Object(form.values.clone()).to_string().len() > LARGEST {
            let text = format!("\"inputs\" must NOT be larger than {} KiB", LARGEST / 1024);
            return Err(PortalError::invalid(text));
        }
        Ok(form.values)
    }
}

/// The form of a node, and its buttons.
pub(super) fn form_of(step: &Step) -> (Value, Vec<Value>) {
    let mut form = step.input.get("userInputs").cloned().unwrap_or_default();
    let buttons = form.as_object_mut().and_then(|form| form.shift_remove("buttons")).unwrap_or_default();
    (form, buttons.as_array().cloned().unwrap_or_default())
}

/// A node as an action with this form, so that it is filled in and checked as one of those.
pub(super) fn as_action(step: &Step, form: Value) -> PortAction {
    let trigger = json!({ "type": "self-service", "operation": "CREATE", "userInputs": form });
    PortAction::stored(json!({ "identifier": step.id, "trigger": trigger }))
}

impl Draft {
    /// Tells those whom a node asks that it waits for them, in their notifications, in the commit that makes it wait.
    pub(in crate::runs) fn notify_asked(&mut self, run: &Run, step: &str, asked: &[String]) {
        let Some(step) = run.steps.iter().find(|known| known.id == step) else { return };
        if asked.is_empty() || step.state != StepState::Reported {
            return;
        }
        let users: BTreeSet<String> = asked
            .iter()
            .take(MOST_TOLD)
            .filter_map(|email| reference_of(&Viewer::person(email), "", &self.catalog))
            .collect();
        self.notify_users(&users, "stagedoor", notice(run, step));
    }
}

fn notice(run: &Run, step: &Step) -> Map<String, Value> {
    let of = run.of.title.as_deref().unwrap_or(&run.of.identifier);
    let said = step.input.get("description").and_then(Value::as_str).unwrap_or(&step.name);
    let all = [
        ("title", format!("{of} waits for your answer")),
        ("description", said.chars().take(500).collect()),
        ("link", format!("/runs/{}", run.id)),
        ("severity", "normal".to_owned()),
        ("topic", "approvals".to_owned()),
        ("scope", format!("run:{}:{}", run.id, step.id)),
    ];
    all.into_iter().map(|(key, text)| (key.to_owned(), text.into())).collect()
}

fn has_answered(step: &Step, name: &str) -> bool {
    let said = step.output.get("responses").and_then(Value::as_array).into_iter().flatten();
    said.filter_map(|said| said.pointer("/submitterInfo/submittedBy")).any(|by| by == name)
}

/// Whether somebody is asked by address, and not as one of many.
fn named(step: &Step, email: &str) -> bool {
    match step.input.pointer("/responders/users") {
        Some(Value::Array(users)) => {
            users.iter().filter_map(Value::as_str).any(|user| user.eq_ignore_ascii_case(email))
        }
        Some(Value::String(users)) => users.split(',').any(|user| user.trim().eq_ignore_ascii_case(email)),
        _ => false,
    }
}

/// Keeps an answer. Where an outlet has enough of them the step is done; the label that the run then gets.
fn take(step: &mut Step, button: &str, inputs: Value, name: &str, at: Timestamp) -> Option<String> {
    let said = json!({
        "button": button, "inputs": inputs,
        "submitterInfo": { "submittedBy": name, "submittedAt": at.to_string() },
    });
    let mut responses = step.output.get("responses").and_then(Value::as_array).cloned().unwrap_or_default();
    responses.push(said);
    let count = |identifier: &Value| responses.iter().filter(|said| said["button"] == *identifier).count();
    let outlets = step.input.get("outlets").and_then(Value::as_array).cloned().unwrap_or_default();
    let enough = |outlet: &&Value| {
        let needed = outlet.get("numOfResponders").and_then(Value::as_u64).unwrap_or(1);
        count(&outlet["identifier"]) as u64 >= needed.max(1)
    };
    let chosen = outlets.iter().find(enough);
    let selected =
        chosen.map(|outlet| json!({ "identifier": outlet["identifier"], "title": outlet.get("title") }));
    step.output = json!({ "selectedOutlet": selected, "responses": responses });
    let outlet = chosen?;
    (step.state, step.ended_at) = (StepState::Done, Some(at));
    step.report.status_label = text(outlet, "/statusLabel/text");
    text(outlet, "/workflowStatusLabel/text")
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}
