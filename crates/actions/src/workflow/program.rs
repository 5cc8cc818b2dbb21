//! How a run of a workflow goes: from its trigger along the connections.

use serde_json::{Map, Value, json};
use stagedoor_jq::Jq;

use super::definition::{Node, Workflow};
use super::walk::{Walk, Way, node_run_id};
use crate::port::templating::Templating;
use crate::{Next, Planned, Program, Run, Scope, StepState};

/// Why a node is left out.
const PASSED_BY: &str = "no way that was taken leads here";

/// A workflow, to be run.
pub struct WorkflowProgram {
    workflow: Workflow,
}

impl WorkflowProgram {
    /// Of a definition that was checked when it was stored.
    #[must_use]
    pub fn new(definition: Value) -> Self {
        Self { workflow: Workflow::stored(definition) }
    }

    /// What the nodes of a run have given back so far, by their identifiers: what templates read as `.outputs`.
    #[must_use]
    pub fn outputs(&self, run: &Run, jq: &Jq) -> Value {
        let walk = Walk::of(&self.workflow, run);
        walk.outputs(&|node, given, outputs| variables(node, given, outputs, jq))
    }
}

impl Program for WorkflowProgram {
    fn next(&self, run: &Run, scope: &Scope<'_>) -> Result<Next, String> {
        let mut walk = Walk::of(&self.workflow, run);
        let (mut open, mut passed_by, mut waits) = (Vec::new(), Vec::new(), false);
        for node in self.workflow.nodes() {
            let state = walk.step(node.identifier()).map(|step| &step.state);
            match (walk.reached(node), state) {
                (_, Some(StepState::Failed)) if !node.goes_on() => {
                    let step = walk.step(node.identifier());
                    let why = step.and_then(|step| step.error.as_deref()).unwrap_or("it failed");
                    return Ok(Next::Fail(format!("\"{}\": {why}", node.name())));
                }
                (Way::Taken, None | Some(StepState::Open)) => open.push(node),
                (Way::Taken, Some(state)) => waits |= !state.has_ended(),
                (Way::Never, None) if !node.is_trigger() => passed_by.push(node),
                (Way::Open, _) => waits = true,
                (Way::Never, _) => {}
            }
        }
        let outputs = walk.outputs(&|node, given, outputs| variables(node, given, outputs, scope.jq));
        if !open.is_empty() {
            let planned = open.into_iter().map(|node| self.planned(node, run, &outputs, scope));
            return planned.collect::<Result<_, _>>().map(Next::Perform);
        }
        if !passed_by.is_empty() {
            let skipped = passed_by.into_iter().map(|node| (bare(node, Value::Null), PASSED_BY.to_owned()));
            return Ok(Next::Skip(skipped.collect()));
        }
        match waits {
            true => Ok(Next::Wait),
            false => Ok(Next::Succeed(walk.ends(&outputs))),
        }
    }
}

/// A node as a step.
fn bare(node: Node<'_>, input: Value) -> Planned {
    Planned {
        id: node.identifier().to_owned(),
        name: node.name().to_owned(),
        performer: node.kind().to_owned(),
        input,
        hidden: Vec::new(),
    }
}

/// A node's `variables` over what it gave back. A program that is wrong gives null.
fn variables(node: Node<'_>, given: &Value, outputs: &Value, jq: &Jq) -> Value {
    let mut context = given.clone();
    if let Some(context) = context.as_object_mut() {
        context.entry("outputs").or_insert_with(|| outputs.clone());
        context.entry("output").or_insert_with(|| given.clone());
    }
    let templating = Templating::new(jq, &context);
    templating.render(node.get("variables")).unwrap_or_else(|error| json!({ "error": error }))
}

impl WorkflowProgram {
    fn planned(
        &self,
        node: Node<'_>,
        run: &Run,
        outputs: &Value,
        scope: &Scope<'_>,
    ) -> Result<Planned, String> {
        let context = self.context(node, run, outputs);
        let templating = Templating::new(scope.jq, &context).with_secrets(scope.secret_names, scope.secrets);
        let at = format!("/nodes/{}/config", node.at);
        let mut input = match node.kind() {
            "CONDITION" => return Ok(bare(node, condition(node, &context, &templating, scope))),
            "SELF_SERVE_TRIGGER" | "EVENT_TRIGGER" | "SCHEDULE_TRIGGER" => Value::Null,
            _ => templating.render_at(&at, &Value::Object(completed(node)))?,
        };
        let links = node.get("links");
        if links.as_array().is_some_and(|links| !links.is_empty()) && input.is_object() {
            input["links"] = templating.render_at(&format!("/nodes/{}/links", node.at), links)?;
        }
        Ok(Planned { hidden: templating.hidden(), ..bare(node, input) })
    }

    /// What templates of a node read.
    fn context(&self, node: Node<'_>, run: &Run, outputs: &Value) -> Value {
        let mut context = Map::new();
        for key in ["trigger", "event", "entity"] {
            context.insert(key.into(), run.context.get(key).cloned().unwrap_or_default());
        }
        context.insert("outputs".into(), outputs.clone());
        context.insert("inputs".into(), Value::Object(run.inputs.clone()));
        context.insert("run".into(), json!({ "id": run.id }));
        context.insert("workflowRun".into(), json!({ "identifier": run.id }));
        let node_run = node_run_id(&run.id, node.identifier());
        context.insert("nodeRun".into(), json!({ "identifier": node_run }));
        context.insert("node".into(), json!({ "identifier": node.identifier(), "title": node.get("title") }));
        let workflow = &self.workflow;
        let about = json!({ "identifier": workflow.identifier(), "title": workflow.text("title") });
        context.insert("workflow".into(), about);
        Value::Object(context)
    }
}

/// What a node is given, with what it leaves to us written out.
fn completed(node: Node<'_>) -> Map<String, Value> {
    let mut config = node.config().as_object().cloned().unwrap_or_default();
    let context = json!({
        "workflowRunId": "{{ .workflowRun.identifier }}", "nodeRunId": "{{ .nodeRun.identifier }}",
        "workflow": "{{ .workflow.identifier }}", "node": "{{ .node.identifier }}",
    });
    let parts = match node.kind() {
        "WEBHOOK" => vec![
            ("agent", json!(false)),
            // Other than an action's: a node that does not wait for its answer has nothing to give to the next one.
            ("synchronized", json!(true)),
            ("method", json!("POST")),
            ("headers", json!({})),
            ("body", json!({ "context": context })),
        ],
        "INTEGRATION_ACTION" => {
            vec![("integrationActionExecutionProperties", json!({})), ("integrationProvider", json!(""))]
        }
        "KAFKA" => {
            let payload = config.get("payload").cloned().unwrap_or_default();
            config.insert("payload".into(), json!({ "context": context, "payload": payload }));
            Vec::new()
        }
        _ => Vec::new(),
    };
    for (key, value) in parts {
        if config.get(key).is_none_or(Value::is_null) {
            config.insert(key.into(), value);
        }
    }
    config
}

/// The outlet by which a condition is left: the first whose expression is true. It is found out once, and kept with the
/// step's intent.
fn condition(node: Node<'_>, context: &Value, templating: &Templating<'_>, scope: &Scope<'_>) -> Value {
    for (number, outlet) in node.outlets().iter().enumerate() {
        let expression = outlet.get("expression").and_then(Value::as_str).unwrap_or_default();
        let answer = match expression.contains("{{") {
            true => templating.render(&outlet["expression"]),
            false => scope
                .jq
                .first(expression, std::slice::from_ref(context))
                .pop()
                .unwrap_or(Ok(None))
                .map(Option::unwrap_or_default)
                .map_err(|error| error.to_string()),
        };
        match answer {
            Ok(Value::Bool(true)) => {
                let selected = json!({ "identifier": outlet["identifier"], "title": outlet.get("title") });
                return json!({
                    "selectedOutlet": selected,
                    "statusLabel": outlet.get("statusLabel"),
                    "workflowStatusLabel": outlet.get("workflowStatusLabel"),
                });
            }
            Ok(_) => {}
            Err(error) => {
                let place = format!("nodes/{}/config/outlets/{number}/expression", node.at);
                return json!({ "error": format!("\"{place}\": {error}") });
            }
        }
    }
    json!({ "selectedOutlet": null })
}

#[cfg(test)]
mod tests;
