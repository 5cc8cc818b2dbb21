use serde_json::{Value, json};
use stagedoor_jq::Jq;

use super::WorkflowProgram;
use crate::{Next, Planned, Program, Run, Scope, Step, StepState};

/// One node after the other, from conditions by their outlets.
fn program() -> WorkflowProgram {
    WorkflowProgram::new(json!({
        "identifier": "w", "title": "W",
        "nodes": [
            {"identifier": "form", "config": {"type": "SELF_SERVE_TRIGGER"}},
            {"identifier": "other", "config": {"type": "SCHEDULE_TRIGGER", "cron": "* * * * *"}},
            {"identifier": "env", "config": {"type": "CONDITION", "outlets": [
                {"identifier": "prod", "expression": ".outputs.form.env == \"prod\"", "workflowStatusLabel": {"text": "to production"}},
                {"identifier": "odd", "expression": "{{ .inputs.env }}"}]}},
            {"identifier": "call", "title": "Call it", "variables": {"n": "{{ .response.data.n }}"}, "links": ["https://example.com/{{ .run.id }}"],
                "config": {"type": "WEBHOOK", "url": "https://example.com/{{ .outputs.form.env }}", "onFailure": "continue"}},
            {"identifier": "else", "config": {"type": "UPSERT_ENTITY", "blueprintIdentifier": "service", "mapping": {"identifier": "{{ .outputs.form.env }}"}}},
            {"identifier": "last", "config": {"type": "KAFKA", "payload": {"n": "{{ .outputs.call.n }}", "all": "{{ .outputs | keys }}"}}},
        ],
        "connections": [
            {"sourceIdentifier": "form", "targetIdentifier": "env"}, {"sourceIdentifier": "other", "targetIdentifier": "last"},
            {"sourceIdentifier": "env", "targetIdentifier": "call", "sourceOutletIdentifier": "prod"},
            {"sourceIdentifier": "env", "targetIdentifier": "else", "fallback": true},
            {"sourceIdentifier": "call", "targetIdentifier": "last"}, {"sourceIdentifier": "else", "targetIdentifier": "last"},
        ],
    }))
}

fn run(env: Value) -> Run {
    let context = json!({"workflow": {"trigger": "form"}});
    Run {
        id: "wfr_0123456789abcdef".into(),
        inputs: json!({"env": env}).as_object().unwrap().clone(),
        context: context.as_object().unwrap().clone(),
        ..Run::default()
    }
}

fn next(run: &Run) -> Result<Next, String> {
    let scope = Scope {
        jq: &Jq::in_process(),
        secrets: &|_| None,
        secret_names: &[],
        run_secrets: &serde_json::Map::new(),
        step_secrets: &serde_json::Map::new(),
        hosts: &[],
    };
    program().next(run, &scope)
}

/// The only step that comes next.
fn one(run: &Run) -> Planned {
    match next(run) {
        Ok(Next::Perform(mut steps)) if steps.len() == 1 => steps.remove(0),
        other => panic!("{other:?}"),
    }
}

/// It has been performed, with this.
fn done(run: &mut Run, planned: &Planned, output: Value) {
    push(run, planned, StepState::Done, output);
}

fn push(run: &mut Run, planned: &Planned, state: StepState, output: Value) {
    let (id, performer) = (planned.id.clone(), planned.performer.clone());
    run.steps.push(Step { id, performer, state, output, ..Step::default() });
}

/// The run after its condition.
fn chosen(env: Value) -> (Run, Planned) {
    let mut run = run(env);
    let trigger = one(&run);
    assert_eq!((trigger.id.as_str(), trigger.performer.as_str()), ("form", "SELF_SERVE_TRIGGER"));
    done(&mut run, &trigger, Value::Null);
    let condition = one(&run);
    done(&mut run, &condition, json!({ "selectedOutlet": condition.input["selectedOutlet"] }));
    (run, condition)
}

#[test]
fn the_first_outlet_that_is_true_is_taken_and_the_rest_is_passed_by() {
    let (mut run, condition) = chosen(json!("prod"));
    assert_eq!(condition.input["workflowStatusLabel"]["text"], "to production");
    let call = one(&run);
    assert_eq!(
        (call.id.as_str(), &call.input["url"], &call.input["synchronized"]),
        ("call", &json!("https://example.com/prod"), &json!(true))
    );
    assert_eq!(call.input["body"]["context"]["workflowRunId"], run.id);
    assert_eq!(call.input["body"]["context"]["nodeRunId"], super::node_run_id(&run.id, "call"));
    assert_eq!(call.input["links"], json!(["https://example.com/wfr_0123456789abcdef"]));
    done(&mut run, &call, json!({"status": 200, "response": {"n": 3}}));
    let last = one(&run);
    assert_eq!(last.input["payload"]["payload"]["n"], 3, "variables take the place of the answer");
    assert_eq!(last.input["payload"]["payload"]["all"], json!(["call", "env", "form"]));
    done(&mut run, &last, Value::Null);
    // Skipping comes after what is to be done; the trigger that did not begin it is no part of it.
    let Ok(Next::Skip(steps)) = next(&run) else { panic!("something is passed by") };
    assert_eq!(steps.iter().map(|(step, _)| step.id.as_str()).collect::<Vec<_>>(), ["else"]);
    push(&mut run, &steps[0].0.clone(), StepState::Skipped, Value::Null);
    assert_eq!(next(&run), Ok(Next::Succeed(json!({"last": {}}))));
}

#[test]
fn without_a_true_outlet_it_is_the_fallback() {
    let (run, condition) = chosen(json!("dev"));
    assert_eq!(condition.input["selectedOutlet"], Value::Null);
    assert_eq!(one(&run).id, "else");
}

#[test]
fn an_expression_that_fails_fails_its_node() {
    let mut run = run(json!("x"));
    run.inputs.insert("env".into(), json!({"a": 1}));
    let trigger = one(&run);
    done(&mut run, &trigger, Value::Null);
    let mut broken = program().workflow.body().clone();
    broken["nodes"][2]["config"]["outlets"][0]["expression"] = json!(".inputs.env + 1");
    let scope = Scope {
        jq: &Jq::in_process(),
        secrets: &|_| None,
        secret_names: &[],
        run_secrets: &serde_json::Map::new(),
        step_secrets: &serde_json::Map::new(),
        hosts: &[],
    };
    let Ok(Next::Perform(steps)) = WorkflowProgram::new(Value::Object(broken)).next(&run, &scope) else {
        panic!("it is planned all the same")
    };
    let error = steps[0].input["error"].as_str().unwrap();
    assert!(error.starts_with("\"nodes/2/config/outlets/0/expression\": "), "{error}");
}

#[test]
fn a_node_that_fails_ends_the_run_unless_it_says_otherwise() {
    let (mut run, _) = chosen(json!("prod"));
    let call = one(&run);
    push(&mut run, &call, StepState::Failed, Value::Null);
    run.steps.last_mut().unwrap().error = Some("it answered 500".into());
    let last = one(&run);
    assert_eq!((last.id.as_str(), &last.input["payload"]["payload"]["n"]), ("last", &Value::Null));
    let (mut run, _) = chosen(json!("dev"));
    let other = one(&run);
    push(&mut run, &other, StepState::Failed, Value::Null);
    run.steps.last_mut().unwrap().error = Some("no such blueprint".into());
    assert_eq!(next(&run), Ok(Next::Fail("\"else\": no such blueprint".into())));
}

#[test]
fn what_was_planned_before_a_crash_is_planned_again() {
    let (mut run, _) = chosen(json!("prod"));
    let call = one(&run);
    push(&mut run, &call, StepState::Open, Value::Null);
    assert_eq!(one(&run), call, "the same step with the same input");
    run.steps.last_mut().unwrap().state = StepState::Intent { key: "k".into() };
    assert!(matches!(next(&run), Ok(Next::Skip(_))), "what is passed by is known already");
}

#[test]
fn ids_of_node_runs_lead_to_their_run() {
    let id = super::node_run_id("wfr_0123456789abcdef", "call");
    assert_eq!(crate::workflow::run_of_node_run(&id).as_deref(), Some("wfr_0123456789abcdef"));
    assert_ne!(id, super::node_run_id("wfr_0123456789abcdef", "last"));
    for bad in ["", "wfnr_", "wfnr_short", "r_0123456789abcdef", "wfnr_ééééééééé"] {
        assert_eq!(crate::workflow::run_of_node_run(bad), None, "{bad}");
    }
}
