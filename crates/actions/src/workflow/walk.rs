//! How far a run has come: which nodes have been reached, which never will be, and what those that ended gave back.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use stagedoor_auth::digest;

use super::definition::{Connection, Node, Workflow};
use crate::{Run, Step, StepState};

/// Letters of ids.
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// What ids of runs of workflows begin with, and those of runs of their nodes.
const RUN: &str = "wfr_";
const NODE_RUN: &str = "wfnr_";
/// Letters of a run's own in the id of a run of its nodes.
const OWN: usize = 16;

/// Whether a node or connection is part of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Not known yet.
    Open,
    /// It is.
    Taken,
    /// It is not, and never will be.
    Never,
}

/// A run on its workflow.
pub(super) struct Walk<'a> {
    workflow: &'a Workflow,
    run: &'a Run,
    start: &'a str,
    known: HashMap<&'a str, Way>,
}

impl<'a> Walk<'a> {
    pub(super) fn of(workflow: &'a Workflow, run: &'a Run) -> Self {
        Self { workflow, run, start: trigger_of(run), known: HashMap::new() }
    }

    /// The step of a node, once it has begun.
    pub(super) fn step(&self, node: &str) -> Option<&'a Step> {
        self.run.steps.iter().find(|step| step.id == node)
    }

    /// Whether a node is reached. Where several connections lead to it, all of them are known first: it is performed once,
    /// after all that goes before it.
    pub(super) fn reached(&mut self, node: Node<'a>) -> Way {
        let name = node.identifier();
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let way = if name == self.start {
            Way::Taken
        } else if node.is_trigger() {
            Way::Never
        } else {
            let to: Vec<Connection<'a>> =
                self.workflow.connections().filter(|one| one.target == name).collect();
            let ways: Vec<Way> = to.into_iter().map(|one| self.goes(one)).collect();
            if ways.contains(&Way::Open) {
                Way::Open
            } else if ways.contains(&Way::Taken) {
                Way::Taken
            } else {
                Way::Never
            }
        };
        self.known.insert(name, way);
        way
    }

    /// Whether a connection is taken.
    fn goes(&mut self, one: Connection<'a>) -> Way {
        let Some(source) = self.workflow.node(one.source) else { return Way::Never };
        match self.reached(source) {
            Way::Taken => {}
            other => return other,
        }
        let taken = |taken: bool| if taken { Way::Taken } else { Way::Never };
        match self.step(one.source).map(|step| (&step.state, &step.output)) {
            Some((StepState::Done, output)) if source.branches() => match chosen(output) {
                Some(outlet) => taken(one.outlet == Some(outlet)),
                None => taken(one.fallback),
            },
            Some((StepState::Done, _)) => Way::Taken,
            Some((StepState::Failed, _)) => taken(source.goes_on() && (!source.branches() || one.fallback)),
            Some((StepState::Skipped, _)) => Way::Never,
            _ => Way::Open,
        }
    }

    /// What nodes gave back so far, as `.outputs` has it. `variables` of a node take the place of what it gave back.
    pub(super) fn outputs(&self, variables: &dyn Fn(Node<'a>, &Value, &Value) -> Value) -> Value {
        let mut outputs = json!({});
        for step in &self.run.steps {
            let Some(node) = self.workflow.node(&step.id) else { continue };
            if !matches!(step.state, StepState::Done | StepState::Failed) {
                continue;
            }
            let given = output_of(self.run, step);
            let given = match node.get("variables").as_object().is_some_and(|all| !all.is_empty()) {
                true => variables(node, &given, &outputs),
                false => given,
            };
            outputs[node.identifier()] = given;
        }
        outputs
    }

    /// What the nodes at the ends gave back: the run's output.
    pub(super) fn ends(&self, outputs: &Value) -> Value {
        let is_end = |node: &str| {
            !self.workflow.connections().any(|one| {
                one.source == node
                    && self.step(one.target).is_some_and(|step| step.state != StepState::Skipped)
            })
        };
        let all = outputs.as_object().into_iter().flatten();
        let ends = all.filter(|(node, _)| *node != self.start && is_end(node));
        Value::Object(ends.map(|(node, output)| (node.clone(), output.clone())).collect())
    }
}

/// The outlet by which a condition or an input was left.
fn chosen(output: &Value) -> Option<&str> {
    output.pointer("/selectedOutlet/identifier").and_then(Value::as_str)
}

/// The trigger that began a run.
pub(super) fn trigger_of(run: &Run) -> &str {
    run.context
        .get("workflow")
        .and_then(|known| known.get("trigger"))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// What a step of a run gave back, as later nodes read it: Port's shapes, whatever back end it was.
#[must_use]
pub fn output_of(run: &Run, step: &Step) -> Value {
    if step.id == trigger_of(run) {
        return match run.context.get("event") {
            Some(event) if !event.is_null() => event.clone(),
            _ => Value::Object(run.inputs.clone()),
        };
    }
    if step.state == StepState::Failed {
        return json!({ "error": step.error });
    }
    match (step.performer.as_str(), &step.output) {
        ("WEBHOOK", Value::Object(output)) if is_answer(output) => {
            json!({ "response": { "status": output["status"], "data": output["response"] } })
        }
        ("UPSERT_ENTITY", Value::Object(output)) => match output.get("entity") {
            Some(entity) => json!({ "response": { "status": 200, "data": entity } }),
            None => step.output.clone(),
        },
        (_, Value::Null) => json!({}),
        (_, output) => output.clone(),
    }
}

/// What our own webhook gives back; a client's report says it in Port's shape.
fn is_answer(output: &Map<String, Value>) -> bool {
    output.len() == 2 && output.get("status").is_some_and(Value::is_number) && output.contains_key("response")
}

/// The id of the run of a node: `wfnr_`, what the run's id has of its own, and eight letters for the node.
#[must_use]
pub fn node_run_id(run: &str, node: &str) -> String {
    let own = run.strip_prefix(RUN).unwrap_or(run);
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().map_or('0', char::from);
    let rest: String = digest(node).iter().take(8).map(letter).collect();
    format!("{NODE_RUN}{own}{rest}")
}

/// The id of the run that the run of a node belongs to; `None` where it is no such id.
#[must_use]
pub fn run_of_node_run(id: &str) -> Option<String> {
    let own = id.strip_prefix(NODE_RUN)?.get(..OWN)?;
    own.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(())?;
    Some(format!("{RUN}{own}"))
}
