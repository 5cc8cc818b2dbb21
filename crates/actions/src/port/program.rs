//! How a run of an action or automation goes: one step, its back end, with what its templates give.

use serde_json::{Map, Value, json};

use super::PortAction;
use super::templating::Templating;
use crate::{Next, Planned, Program, Run, Scope, StepState};

/// The id of the only step.
const STEP: &str = "invoke";

/// An action or automation, to be run.
pub struct PortProgram {
    action: PortAction,
}

impl PortProgram {
    /// Of a definition that was checked when it was stored.
    #[must_use]
    pub fn new(definition: Value) -> Self {
        Self { action: PortAction::stored(definition) }
    }
}

impl Program for PortProgram {
    fn next(&self, run: &Run, scope: &Scope<'_>) -> Result<Next, String> {
        if let Some(step) = run.steps.iter().find(|step| step.id == STEP) {
            match &step.state {
                StepState::Done => return Ok(Next::Succeed(step.output.clone())),
                StepState::Failed => {
                    let why = step.error.clone();
                    return Ok(Next::Fail(why.unwrap_or_else(|| "the back end failed".into())));
                }
                StepState::Skipped => return Ok(Next::Succeed(Value::Null)),
                StepState::Open => {}
                _ => return Ok(Next::Wait),
            }
        }
        let context = context(run);
        let templating = Templating::new(scope.jq, &context).with_secrets(scope.secret_names, scope.secrets);
        let input = invocation(&self.action, &templating)?;
        Ok(Next::Perform(vec![Planned {
            id: STEP.into(),
            name: self.action.name().to_owned(),
            performer: self.action.back_end().to_owned(),
            input,
            hidden: templating.hidden(),
        }]))
    }
}

/// What templates read: what was kept at the start, with the inputs and the run.
fn context(run: &Run) -> Value {
    let mut context = run.context.clone();
    context.entry("inputs").or_insert_with(|| Value::Object(run.inputs.clone()));
    context.insert("run".into(), json!({ "id": run.id }));
    Value::Object(context)
}

/// An action's `invocationMethod` with its templates rendered, and what it leaves to Port written out.
///
/// # Errors
/// What is wrong with a template.
pub fn invocation(action: &PortAction, templating: &Templating<'_>) -> Result<Value, String> {
    let mut method = action.method().as_object().cloned().unwrap_or_default();
    if action.back_end() == "WEBHOOK" {
        complete_webhook(&mut method);
    }
    let mut rendered = Map::new();
    for (key, value) in method {
        let value = templating.render_at(&format!("/invocationMethod/{key}"), &value)?;
        rendered.insert(key, value);
    }
    Ok(Value::Object(rendered))
}

/// Clients that make the call themselves need every part of it.
fn complete_webhook(method: &mut Map<String, Value>) {
    let parts = [
        ("agent", json!(false)),
        ("synchronized", json!(false)),
        ("method", json!("POST")),
        ("headers", json!({})),
        // What Port's own page writes where nobody says what to send.
        (
            "body",
            json!({ "{{ spreadValue() }}": "{{ .inputs }}", "port_context": { "runId": "{{ .run.id }}" } }),
        ),
    ];
    for (key, value) in parts {
        if method.get(key).is_none_or(Value::is_null) {
            method.insert(key.into(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use stagedoor_jq::Jq;

    use super::super::PortAction;
    use super::super::templating::Templating;
    use super::invocation;

    fn rendered(method: Value, context: &Value) -> Result<Value, String> {
        let action = PortAction::stored(json!({ "identifier": "a", "invocationMethod": method }));
        invocation(&action, &Templating::new(&Jq::in_process(), context))
    }

    #[test]
    fn a_webhook_is_complete() {
        let context = json!({"inputs": {"n": 3, "deep": {"x": [1]}}, "run": {"id": "r_1"}});
        let got =
            rendered(json!({"type": "WEBHOOK", "url": "https://example.com/{{ .inputs.n }}"}), &context);
        assert_eq!(
            got,
            Ok(
                json!({"type": "WEBHOOK", "url": "https://example.com/3", "agent": false, "synchronized": false,
                "method": "POST", "headers": {}, "body": {"n": 3, "deep": {"x": [1]}, "port_context": {"runId": "r_1"}}})
            )
        );
    }

    #[test]
    fn a_broken_template_is_named_with_its_place() {
        let got = rendered(json!({"type": "KAFKA", "payload": {"a": ["ok", "{{ .x"]}}), &json!({}));
        assert_eq!(
            got.unwrap_err(),
            "\"invocationMethod/payload/a/1\": Found opening double braces in index 0 without closing double braces"
        );
    }
}
