use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::TemplateProgram;
use crate::{
    Call, Description, Effect, Failure, Next, Outcome, Performer, Performers, Program, Report, Run, Scope,
    Services, Step, StepState,
};

struct Fake;

#[async_trait]
impl Performer for Fake {
    fn id(&self) -> &'static str {
        "fake:do"
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn describe(&self) -> Description {
        let input = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
        Description { input, ..Description::default() }
    }

    async fn perform(&self, call: &Call<'_>, _: &Services) -> Result<Outcome, Failure> {
        Ok(Outcome::Done { output: call.input.clone(), report: Report::default() })
    }
}

/// Executes a template by a performer whose output is its input, and fails the steps that are named.
struct Trial {
    run: Run,
    secrets: Map<String, Value>,
    /// Members of outputs of this name are secret.
    secret: Option<&'static str>,
    step_secrets: Map<String, Value>,
    failing: &'static [&'static str],
    hidden: Vec<String>,
    skipped: Vec<String>,
}

impl Trial {
    fn of(inputs: Value) -> Self {
        let inputs = inputs.as_object().cloned().unwrap();
        let context = json!({ "user": { "ref": "user:default/elsa" } }).as_object().cloned().unwrap();
        let run = Run { id: "task".into(), inputs, context, ..Run::default() };
        let (secrets, step_secrets) = (Map::new(), Map::new());
        Self {
            run,
            secrets,
            secret: None,
            step_secrets,
            failing: &[],
            hidden: Vec::new(),
            skipped: Vec::new(),
        }
    }

    fn execute(&mut self, template: &Value) -> Result<Value, String> {
        let fakes: Performers = [Arc::new(Fake) as Arc<dyn Performer>].into_iter().collect();
        let program = TemplateProgram::new(template, fakes);
        let jq = stagedoor_jq::Jq::in_process();
        loop {
            let secrets = self.secrets.clone();
            let step_secrets = self.step_secrets.clone();
            let scope = Scope {
                jq: &jq,
                secrets: &|_| None,
                secret_names: &[],
                run_secrets: &secrets,
                step_secrets: &step_secrets,
                hosts: &[],
            };
            match program.next(&self.run, &scope)? {
                Next::Perform(steps) => {
                    for planned in steps {
                        self.hidden.extend(planned.hidden.clone());
                        let failed = self.failing.contains(&planned.id.as_str());
                        let state = if failed { StepState::Failed } else { StepState::Done };
                        let error = failed.then(|| format!("{} broke", planned.id));
                        let mut output = planned.input;
                        // As the engine keeps it.
                        if let Some(name) = self.secret
                            && let Some(value) =
                                output.get_mut(name).map(|v| std::mem::replace(v, json!("[redacted]")))
                        {
                            self.step_secrets.insert(planned.id.clone(), json!({ name: value }));
                        }
                        self.run.steps.push(Step { id: planned.id, state, error, output, ..Step::default() });
                    }
                }
                Next::Skip(steps) => {
                    for (planned, why) in steps {
                        self.skipped.push(why);
                        self.run.steps.push(Step {
                            id: planned.id,
                            state: StepState::Skipped,
                            ..Step::default()
                        });
                    }
                }
                Next::Wait => panic!("nothing is under way"),
                Next::Succeed(output) => return Ok(output),
                Next::Fail(why) => return Err(why),
            }
        }
    }

    fn ids(&self) -> Vec<&str> {
        self.run.steps.iter().map(|step| step.id.as_str()).collect()
    }

    fn output(&self, id: &str) -> &Value {
        &self.run.steps.iter().find(|step| step.id == id).unwrap().output
    }
}

#[test]
fn steps_read_what_was_before_them() {
    let mut trial = Trial::of(json!({ "name": "orders", "n": 3 }));
    let output = trial.execute(&json!({
        "steps": [
            { "id": "a", "action": "fake:do", "input": { "name": "x-${{ parameters.name }}", "n": "${{ parameters.n }}" } },
            { "id": "b-c", "action": "fake:do", "input": { "of": "${{ steps.a.output.name }}", "by": "${{ user.ref }}", "in": "${{ context.task.id }}" } },
        ],
        "output": { "links": [
            { "title": "${{ steps['b-c'].output.of }}", "url": "https://x" },
            { "if": "${{ parameters.missing }}", "title": "no", "url": "https://x" },
            { "if": false, "title": "no", "url": "https://x" },
        ], "all": "${{ steps.a.output }}" },
    })).unwrap();
    assert_eq!(trial.output("a"), &json!({ "name": "x-orders", "n": 3 }));
    assert_eq!(trial.output("b-c"), &json!({ "of": "x-orders", "by": "user:default/elsa", "in": "task" }));
    assert_eq!(output["links"], json!([{ "title": "x-orders", "url": "https://x" }]));
    assert_eq!(output["all"], json!({ "name": "x-orders", "n": 3 }));
}

#[test]
fn conditions_leave_steps_out() {
    let mut trial = Trial::of(json!({ "yes": true, "none": [] }));
    let step = |id: &str, condition: Value| json!({ "id": id, "action": "fake:do", "if": condition });
    let steps = [
        step("a", json!("${{ parameters.yes }}")),
        step("b", json!("${{ not parameters.yes }}")),
        step("c", json!("${{ parameters.none }}")),
        step("d", json!("${{ parameters.missing }}")),
        step("e", json!(false)),
        step("f", json!("${{ parameters.yes and 1 }}")),
    ];
    trial.execute(&json!({ "steps": steps })).unwrap();
    let skipped: Vec<&str> =
        trial.run.steps.iter().filter(|s| s.state == StepState::Skipped).map(|s| s.id.as_str()).collect();
    assert_eq!(skipped, ["b", "c", "d", "e"]);
    assert_eq!(trial.skipped[0], "Skipping step b because its if condition was false");
}

#[test]
fn after_a_failure_only_what_asks_for_it_is_done() {
    let mut trial = Trial::of(json!({}));
    trial.failing = &["a"];
    let template = json!({ "steps": [
        { "id": "a", "action": "fake:do" },
        { "id": "b", "action": "fake:do" },
        { "id": "c", "action": "fake:do", "if": "${{ always() }}" },
        { "id": "d", "action": "fake:do", "if": "${{ failure() }}" },
        { "id": "e", "action": "fake:do", "if": true },
    ] });
    assert_eq!(trial.execute(&template), Err("a broke".to_owned()));
    let done: Vec<&str> =
        trial.run.steps.iter().filter(|s| s.state == StepState::Done).map(|s| s.id.as_str()).collect();
    assert_eq!(done, ["c", "d"]);
    assert_eq!(trial.skipped[0], "Skipping step b because a previous step failed");
    let mut trial = Trial::of(json!({}));
    trial.execute(&template).unwrap();
    assert_eq!(trial.skipped, ["Skipping step d because its if condition was false"]);
}

#[test]
fn a_step_is_done_for_each() {
    let mut trial = Trial::of(json!({ "list": ["x", "y", "z"], "map": { "k": { "v": 1 } } }));
    let output = trial.execute(&json!({
        "steps": [
            { "id": "a", "action": "fake:do", "each": "${{ parameters.list }}", "if": "${{ each.value !== 'y' }}",
              "input": { "name": "${{ each.key }}-${{ each.value }}" } },
            { "id": "b", "action": "fake:do", "each": "${{ parameters.map }}", "input": { "v": "${{ each.value.v }}" } },
            { "id": "c", "action": "fake:do", "each": [], "input": {} },
        ],
        "output": { "names": "${{ steps.a.output.name }}", "vs": "${{ steps.b.output.v }}" },
    })).unwrap();
    assert_eq!(trial.ids(), ["a[0]", "a[1]", "a[2]", "b[k]"]);
    assert_eq!(output, json!({ "names": ["0-x", "2-z"], "vs": [1] }));
    let wrong = json!({ "steps": [{ "action": "fake:do", "each": "text" }] });
    let error = Trial::of(json!({})).execute(&wrong).unwrap_err();
    assert_eq!(error, "Invalid value on action fake:do.each parameter, must resolve to an array or object");
}

#[test]
fn all_iterations_are_valid_before_the_first_is_done() {
    let mut trial = Trial::of(json!({ "list": ["x", 7] }));
    let error = trial.execute(&json!({ "steps": [
        { "id": "a", "action": "fake:do", "each": "${{ parameters.list }}", "input": { "name": "${{ each.value }}" } },
    ] })).unwrap_err();
    assert_eq!(error, "Invalid input passed to action fake:do, instance.name is not of a type(s) string");
    assert!(trial.run.steps.is_empty());
}

#[test]
fn an_action_that_is_not_there_is_named() {
    let error = Trial::of(json!({})).execute(&json!({ "steps": [{ "action": "no:such" }] })).unwrap_err();
    assert!(error.starts_with("Template action with ID 'no:such' is not registered"), "{error}");
}

#[test]
fn what_is_made_of_secrets_is_to_be_hidden() {
    let mut trial = Trial::of(json!({}));
    trial.secrets = json!({ "token": "hunter2-hunter2", "environment.secrets": { "key": "deploy-key-1" } })
        .as_object()
        .cloned()
        .unwrap();
    let output = trial.execute(&json!({
        "steps": [
            { "id": "a", "action": "fake:do", "input": { "name": "${{ secrets.token | upper }}", "other": "open" } },
            { "id": "b", "action": "fake:do", "each": ["${{ secrets.token }}!"], "input": { "v": "<${{ each.value | reverse }}>" } },
            { "id": "c", "action": "fake:do", "input": { "v": "${{ environment.secrets.key | replace('deploy', 'ploy') }}" } },
        ],
        "output": { "leak": "${{ secrets.token }}", "more": "${{ environment.secrets.key }}" },
    })).unwrap();
    let hidden = trial.hidden.join("\n");
    for made in ["HUNTER2-HUNTER2", "!2retnuh-2retnuh", "ploy-key-1"] {
        assert!(hidden.contains(made), "{made}: {hidden}");
    }
    assert!(!trial.hidden.iter().any(|text| text.contains("open")), "{hidden}");
    assert_eq!(output, json!({}), "secrets are for inputs");
}

/// Inputs of later steps have them, and what is made of them is to be hidden; conditions and the output do not.
#[test]
fn secrets_of_steps_are_for_inputs_of_later_ones() {
    let mut trial = Trial::of(json!({}));
    trial.secret = Some("token");
    let output = trial.execute(&json!({
        "steps": [
            { "id": "a", "action": "fake:do", "input": { "token": "hunter2-hunter2", "user": "u" } },
            { "id": "b", "action": "fake:do", "if": "${{ steps.a.output.token == 'hunter2-hunter2' }}", "input": {} },
            { "id": "c", "action": "fake:do", "input": { "v": "${{ steps.a.output.token | upper }} ${{ steps.a.output.user }}" } },
            { "id": "d.e", "action": "fake:do", "input": { "token": "dotted-hunter" } },
            { "id": "f", "action": "fake:do", "each": "${{ [steps.a.output.token, steps['d.e'].output.token] }}", "input": { "w": "<${{ each.value | reverse }}>" } },
            { "id": "g", "action": "fake:do", "each": ["1", "2"], "input": { "token": "secret-of-${{ each.value }}" } },
            { "id": "h", "action": "fake:do", "input": { "x": "${{ steps.g.output.token | join('+') }}" } },
        ],
        "output": { "leak": "${{ steps.a.output.token }}", "user": "${{ steps.a.output.user }}", "all": "${{ steps.a.output | dump }}" },
    })).unwrap();
    let of = |id: &str| trial.run.steps.iter().find(|step| step.id == id).unwrap();
    assert_eq!(of("b").state, StepState::Skipped);
    assert_eq!(of("c").output, json!({ "v": "HUNTER2-HUNTER2 u" }));
    assert_eq!(of("h").output, json!({ "x": "secret-of-1+secret-of-2" }));
    let hidden = trial.hidden.join("\n");
    for made in ["HUNTER2-HUNTER2", "2retnuh-2retnuh", "retnuh-dettod", "secret-of-1+secret-of-2"] {
        assert!(hidden.contains(made), "{made}: {hidden}");
    }
    assert_eq!(output["leak"], "[redacted]");
    assert_eq!(output["user"], "u");
    assert!(!output.to_string().contains("hunter2"), "{output}");
}

#[test]
fn two_steps_of_one_id_are_both_done() {
    let mut trial = Trial::of(json!({}));
    let output = trial
        .execute(&json!({
            "steps": [
                { "id": "a", "action": "fake:do", "input": { "n": 1 } },
                { "id": "a", "action": "fake:do", "input": { "n": 2 } },
            ],
            "output": { "n": "${{ steps.a.output.n }}" },
        }))
        .unwrap();
    assert_eq!(trial.ids(), ["a", "a#2"]);
    assert_eq!(output, json!({ "n": 2 }));
}
