//! What a node asks of people, for whoever looks at the run; and everything that waits for somebody's word.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use stagedoor_actions::port::user_inputs::Form;
use stagedoor_actions::workflow::{INPUT, node_run_id};
use stagedoor_actions::{Run, RunKind, Step, StepState};
use stagedoor_auth::Viewer;

use super::NodeRun;
use super::answer::{as_action, form_of};
use crate::Portal;
use crate::actions::aside;
use crate::error::PortalError;

/// A node that waits for people.
#[derive(Clone, Debug)]
pub struct WaitingInput {
    /// Its identifier.
    pub node: String,
    /// Its title.
    pub title: String,
    /// What it says, with templates filled in.
    pub description: Option<String>,
    /// Its form, as it is before anything is filled in.
    pub form: InputForm,
    /// Its buttons as the definition has them: `identifier`, `label`, `variant`, `icon`.
    pub buttons: Vec<Value>,
    /// By how many people each button has to be pressed, and by how many it has been.
    pub presses: Vec<(u64, u64)>,
    /// Why the caller cannot answer.
    pub may: Result<(), String>,
    /// Who has answered.
    pub answered: Vec<NodePress>,
}

/// An answer to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePress {
    /// Whose.
    pub by: String,
    /// When, as it was kept.
    pub at: String,
    /// Which button.
    pub button: String,
}

/// The form of a node with what is filled in so far.
#[derive(Clone, Debug, Default)]
pub struct InputForm {
    /// `userInputs` in which nothing is a program any more.
    pub inputs: Value,
    /// What is filled in, with defaults.
    pub values: Map<String, Value>,
    /// What is wrong with the values, by input.
    pub errors: BTreeMap<String, Vec<String>>,
    /// What is wrong with the definition.
    pub problems: Vec<String>,
}

/// Something that waits for somebody's word.
#[derive(Clone, Debug)]
pub struct InboxItem {
    /// The run.
    pub run: Arc<Run>,
    /// The step that asks, with what it says; the run itself waits for a yes or no where there is none.
    pub node: Option<(Step, Option<String>)>,
}

/// Steps of a run that wait for people now.
fn asking(run: &Run) -> impl Iterator<Item = &Step> {
    let live = run.of.kind == RunKind::Workflow && !run.status.has_ended() && !run.cancelling;
    let waits = move |step: &&Step| live && step.performer == INPUT && step.state == StepState::Reported;
    run.steps.iter().filter(waits)
}

fn description(step: &Step) -> Option<String> {
    let text = step.input.get("description").and_then(Value::as_str)?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}

fn missing(node: &str) -> PortalError {
    let shown: String = node.chars().take(100).collect();
    PortalError::NotFound(format!("the run has no node \"{shown}\" that asks people"))
}

impl InputForm {
    fn of(form: Form, definition: &Value) -> Self {
        let action = as_action(&Step::default(), definition.clone());
        let wrong = form.fields.iter().filter(|field| !field.errors.is_empty());
        Self {
            inputs: form.plain(action.inputs()),
            errors: wrong.map(|field| (field.id.clone(), field.errors.clone())).collect(),
            problems: form.fields.iter().flat_map(|field| field.problems.clone()).collect(),
            values: form.values,
        }
    }
}

impl Portal {
    /// What a run asks of people now, and whether the caller is one of them.
    ///
    /// # Errors
    /// `Forbidden` for a token that reads nothing.
    pub async fn waiting_inputs(
        &self,
        viewer: &Viewer,
        run: &Arc<Run>,
    ) -> Result<Vec<WaitingInput>, PortalError> {
        if asking(run).next().is_none() {
            return Ok(Vec::new());
        }
        let (portal, viewer, run) = (self.clone(), viewer.clone(), Arc::clone(run));
        aside(move || asking(&run).map(|step| portal.waiting(&viewer, &run, step)).collect()).await
    }

    fn waiting(&self, viewer: &Viewer, run: &Run, step: &Step) -> Result<WaitingInput, PortalError> {
        let answered = presses(step);
        let (_, buttons) = form_of(step);
        let counts = |button: &Value| {
            let is = |press: &&NodePress| button.get("identifier").is_some_and(|name| *name == press.button);
            (needed(step, button), answered.iter().filter(is).count() as u64)
        };
        Ok(WaitingInput {
            node: step.id.clone(),
            title: step.name.clone(),
            description: description(step),
            form: self.input_form_now(viewer, step, &Map::new())?,
            presses: buttons.iter().map(counts).collect(),
            buttons,
            may: self.may_answer_node(viewer, run, step).map_err(|error| error.to_string()),
            answered,
        })
    }

    fn input_form_now(
        &self,
        viewer: &Viewer,
        step: &Step,
        values: &Map<String, Value>,
    ) -> Result<InputForm, PortalError> {
        let (form, _) = form_of(step);
        let view = self.view(viewer)?;
        let resolved = self.resolve(viewer, &view, &as_action(step, form.clone()), None, values);
        Ok(InputForm::of(resolved, &form))
    }

    /// The form of a node with these values. Nothing is kept.
    ///
    /// # Errors
    /// `NotFound` where the caller sees no such run, or it has no such node.
    pub async fn input_form(
        &self,
        viewer: &Viewer,
        run: &str,
        node: &str,
        values: Map<String, Value>,
    ) -> Result<InputForm, PortalError> {
        let asked = self.asked_node(viewer, run, node)?;
        let (portal, viewer) = (self.clone(), viewer.clone());
        aside(move || portal.input_form_now(&viewer, &asked.step, &values)).await
    }

    /// Answers a node of a run by its identifier.
    ///
    /// # Errors
    /// As [`Portal::answer_node_run`].
    pub async fn answer_input(
        &self,
        viewer: &Viewer,
        run: &str,
        node: &str,
        button: &str,
        inputs: Map<String, Value>,
    ) -> Result<Arc<Run>, PortalError> {
        let asked = self.asked_node(viewer, run, node)?;
        self.answer_node_run(viewer, &asked.id, button, inputs).await.map(|answered| answered.run)
    }

    fn asked_node(&self, viewer: &Viewer, run: &str, node: &str) -> Result<NodeRun, PortalError> {
        let run = self.run(viewer, run)?;
        let known = run.of.kind == RunKind::Workflow
            && run.steps.iter().any(|step| step.id == node && step.performer == INPUT);
        match known {
            true => self.node_run(viewer, &node_run_id(&run.id, node)),
            false => Err(missing(node)),
        }
    }

    /// Everything that waits for the caller's word, oldest first: runs that have to be approved, nodes that ask.
    ///
    /// # Errors
    /// `Forbidden` for a token without `read:runs`.
    pub fn inbox_of(&self, viewer: &Viewer) -> Result<Vec<InboxItem>, PortalError> {
        let approvals = self.approvals_of(viewer)?.into_iter().map(|run| InboxItem { run, node: None });
        let mut all: Vec<InboxItem> = approvals.collect();
        let catalog = self.shared.catalog.load();
        let asks = |run: &&Arc<Run>| asking(run).next().is_some();
        let runs: Vec<Arc<Run>> =
            self.shared.runs.book.read(&catalog, |pages| pages.active().filter(asks).cloned().collect());
        let onlooker = self.onlooker(viewer)?;
        for run in runs.into_iter().filter(|run| onlooker.sees(run)) {
            let mine = asking(&run).filter(|step| self.may_answer_node(viewer, &run, step).is_ok());
            let mine = mine.map(|step| Some((step.clone(), description(step))));
            all.extend(mine.map(|node| InboxItem { run: Arc::clone(&run), node }));
        }
        all.sort_by(|a, b| (a.run.created_at, &a.run.id).cmp(&(b.run.created_at, &b.run.id)));
        Ok(all)
    }
}

fn presses(step: &Step) -> Vec<NodePress> {
    let said = step.output.get("responses").and_then(Value::as_array).into_iter().flatten();
    let text = |said: &Value, pointer: &str| {
        said.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    said.map(|said| NodePress {
        by: text(said, "/submitterInfo/submittedBy"),
        at: text(said, "/submitterInfo/submittedAt"),
        button: text(said, "/button"),
    })
    .collect()
}

/// How many people have to press a button; one where no outlet belongs to it.
fn needed(step: &Step, button: &Value) -> u64 {
    let outlets = step.input.get("outlets").and_then(Value::as_array).into_iter().flatten();
    let of = outlets.into_iter().find(|outlet| outlet.get("identifier") == button.get("identifier"));
    of.and_then(|outlet| outlet.get("numOfResponders")?.as_u64()).unwrap_or(1).max(1)
}
