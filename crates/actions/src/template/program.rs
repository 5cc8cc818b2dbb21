//! What comes next in a run of a template: its steps one after the other, each when its `if` holds, once for everything in
//! its `each`; at the end the output.

use serde_json::{Map, Value, json};

use super::definition::{StepDefinition, steps_of};
use super::render::{Rendered, Renderer};
use super::schema;
use crate::{Next, Performers, Planned, Program, Run, Scope, Step, StepState};

/// Things that one step may be done for.
const MOST_ITERATIONS: usize = 1_000;
/// Key of the run's secrets under which those of the configuration are kept; no run may bring one of this name.
pub const ENVIRONMENT_SECRETS: &str = "environment.secrets";

/// A frozen template, ready to be executed.
pub struct TemplateProgram {
    steps: Vec<Numbered>,
    output: Value,
    performers: Performers,
}

/// A step and what it is called in the run: two of the same id are kept apart.
struct Numbered {
    definition: StepDefinition,
    id: String,
}

/// What the steps so far leave behind.
struct State {
    context: Map<String, Value>,
    outputs: Map<String, Value>,
    /// Secret members of them in clear, by step and name.
    secret: Map<String, Value>,
    failed: Option<String>,
}

impl TemplateProgram {
    /// Of what [`super::Template::frozen`] made.
    #[must_use]
    pub fn new(frozen: &Value, performers: Performers) -> Self {
        let mut steps: Vec<Numbered> = Vec::new();
        for definition in steps_of(frozen) {
            let before = steps.iter().filter(|step| step.definition.id == definition.id).count();
            let id = match before {
                0 => definition.id.clone(),
                before => format!("{}#{}", definition.id, before + 1),
            };
            steps.push(Numbered { definition, id });
        }
        Self { steps, output: frozen.get("output").cloned().unwrap_or_else(|| json!({})), performers }
    }

    /// How many steps it has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.steps.len()
    }
}

impl Program for TemplateProgram {
    fn next(&self, run: &Run, scope: &Scope<'_>) -> Result<Next, String> {
        let mut state =
            State { context: context_of(run), outputs: Map::new(), secret: Map::new(), failed: None };
        for step in &self.steps {
            let turn = Turn { program: self, step, run, scope };
            if let Some(next) = turn.next(&mut state)? {
                return Ok(next);
            }
        }
        match state.failed {
            Some(error) => Ok(Next::Fail(error)),
            None => Ok(Next::Succeed(self.output_of(&state, scope))),
        }
    }
}

/// What templates may read, without secrets.
fn context_of(run: &Run) -> Map<String, Value> {
    let mut context = Map::new();
    context.insert("parameters".into(), Value::Object(run.inputs.clone()));
    context.insert("user".into(), run.context.get("user").cloned().unwrap_or_else(|| json!({})));
    context.insert("context".into(), json!({ "task": { "id": run.id } }));
    let environment = run.context.get("environment").cloned();
    context.insert("environment".into(), environment.unwrap_or_else(|| json!({ "parameters": {} })));
    context
}

impl State {
    fn context(&self) -> Map<String, Value> {
        let mut context = self.context.clone();
        context.insert("steps".into(), Value::Object(self.outputs.clone()));
        context
    }

    fn with_secrets(&self, scope: &Scope<'_>) -> Map<String, Value> {
        let mut context = self.context();
        let mut secrets = scope.run_secrets.clone();
        if let Some(own) = secrets.shift_remove(ENVIRONMENT_SECRETS)
            && let Some(environment) = context.get_mut("environment").and_then(Value::as_object_mut)
        {
            environment.insert("secrets".into(), own);
        }
        context.insert("secrets".into(), Value::Object(secrets));
        for (step, members) in &self.secret {
            let output = context.get_mut("steps").and_then(|steps| steps.get_mut(step)?.get_mut("output"));
            if let (Some(Value::Object(output)), Value::Object(members)) = (output, members) {
                output.extend(members.clone());
            }
        }
        context
    }

    /// What a step gave back; of two of the same id it is the later one's.
    fn leave(&mut self, step: &Numbered, output: Value, secret: Option<Value>) {
        let id = &step.definition.id;
        self.outputs.insert(id.clone(), json!({ "output": output }));
        match secret {
            Some(secret) => drop(self.secret.insert(id.clone(), secret)),
            None => drop(self.secret.shift_remove(id)),
        }
    }

    /// Where secrets of steps are in the context.
    fn secret_paths(&self) -> Vec<String> {
        let members = |(step, members): (&String, &Value)| {
            let names = members.as_object().into_iter().flat_map(Map::keys);
            // A dot in a name would be taken for a step of the path: all steps are followed then.
            let path = |name: &String| match step.contains('.') || name.contains('.') {
                true => "steps".to_owned(),
                false => format!("steps.{step}.output.{name}"),
            };
            names.map(path).collect::<Vec<_>>()
        };
        self.secret.iter().flat_map(members).collect()
    }

    /// The values of a template with all secrets, and how they are followed.
    fn rendered(&self, turn: &Turn<'_>, value: &Value, iteration: Option<&Iteration>) -> Rendered {
        let mut context = self.with_secrets(turn.scope);
        let paths = self.secret_paths();
        let mut secret: Vec<&str> = paths.iter().map(String::as_str).collect();
        if let Some(iteration) = iteration {
            iteration.add_to(&mut context);
            secret.extend(iteration.secret.then_some("each"));
        }
        turn.renderer(self).value(value, &context, &secret)
    }
}

/// One step's turn.
struct Turn<'a> {
    program: &'a TemplateProgram,
    step: &'a Numbered,
    run: &'a Run,
    scope: &'a Scope<'a>,
}

impl Turn<'_> {
    /// What is to be done for this step; nothing where it has ended, which the state then shows.
    fn next(&self, state: &mut State) -> Result<Option<Next>, String> {
        let whole = self.known(&self.step.id);
        if whole.is_none() && state.failed.is_some() && !self.wants_to_clean_up() {
            let reason = format!("Skipping step {} because a previous step failed", self.step.definition.id);
            return Ok(Some(Next::Skip(vec![(self.unrendered(&self.step.id), reason)])));
        }
        if self.step.definition.each.is_some() && whole.is_none() {
            return self.iterations(state);
        }
        let iteration = Iteration { id: self.step.id.clone(), each: None, secret: false };
        match whole {
            Some(step) => self.under_way(step, &iteration, state),
            None => self.begin(&iteration, state).map(Some),
        }
    }

    fn known(&self, id: &str) -> Option<&Step> {
        self.run.steps.iter().find(|step| step.id == id)
    }

    /// Whether it is for the time after a failure.
    fn wants_to_clean_up(&self) -> bool {
        let condition = self.step.definition.condition.as_ref().and_then(Value::as_str).unwrap_or_default();
        let condition: String = condition.chars().filter(|c| !c.is_whitespace()).collect();
        condition.contains("always()") || condition.contains("failure()")
    }

    fn renderer(&self, state: &State) -> Renderer {
        Renderer::new(self.scope.hosts, state.failed.is_some())
    }

    /// A step that the run knows.
    fn under_way(
        &self,
        step: &Step,
        iteration: &Iteration,
        state: &mut State,
    ) -> Result<Option<Next>, String> {
        match step.state {
            StepState::Open => self.plan(iteration, state).map(|planned| Some(Next::Perform(vec![planned]))),
            StepState::Done => {
                let output = if step.output.is_null() { json!({}) } else { step.output.clone() };
                state.leave(self.step, output, self.scope.step_secrets.get(&step.id).cloned());
                Ok(None)
            }
            StepState::Failed => {
                state.fail(step);
                Ok(None)
            }
            StepState::Skipped => Ok(None),
            _ => Ok(Some(Next::Wait)),
        }
    }

    /// A step that the run does not know yet.
    fn begin(&self, iteration: &Iteration, state: &State) -> Result<Next, String> {
        if self.holds(iteration, state) {
            return Ok(Next::Perform(vec![self.plan(iteration, state)?]));
        }
        let reason = format!("Skipping step {} because its if condition was false", self.step.definition.id);
        Ok(Next::Skip(vec![(self.unrendered(&iteration.id), reason)]))
    }

    /// Whether its `if` lets it be done.
    fn holds(&self, iteration: &Iteration, state: &State) -> bool {
        let mut context = state.context();
        iteration.add_to(&mut context);
        let condition = self.step.definition.condition.as_ref();
        condition.is_none_or(|condition| self.renderer(state).holds(condition, &context))
    }

    /// One thing of `each` after the other; all are rendered before the first is done.
    fn iterations(&self, state: &mut State) -> Result<Option<Next>, String> {
        let all = self.each(state)?;
        let begun = all.iter().any(|iteration| self.known(&iteration.id).is_some());
        if !begun {
            for iteration in all.iter().filter(|iteration| self.holds(iteration, state)) {
                self.plan(iteration, state)?;
            }
        }
        let (mut outputs, mut secret) = (Map::new(), Map::new());
        for iteration in &all {
            let Some(step) = self.known(&iteration.id) else { return self.begin(iteration, state).map(Some) };
            match step.state {
                StepState::Done => {
                    gather(&mut outputs, Some(&step.output));
                    gather(&mut secret, self.scope.step_secrets.get(&step.id));
                }
                StepState::Skipped => {}
                StepState::Failed => {
                    state.fail(step);
                    return Ok(None);
                }
                _ => return self.under_way(step, iteration, state),
            }
        }
        let secret = (!secret.is_empty()).then_some(Value::Object(secret));
        state.leave(self.step, outputs.into(), secret);
        Ok(None)
    }

    fn each(&self, state: &State) -> Result<Vec<Iteration>, String> {
        let each = self.step.definition.each.as_ref().unwrap_or(&Value::Null);
        let rendered = state.rendered(self, each, None);
        let action = &self.step.definition.action;
        let entries: Vec<(String, Value)> = match rendered.value {
            Some(Value::Array(items)) => {
                items.into_iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
            }
            Some(Value::Object(map)) => map.into_iter().collect(),
            _ => {
                let text = "must resolve to an array or object";
                return Err(format!("Invalid value on action {action}.each parameter, {text}"));
            }
        };
        if entries.len() > MOST_ITERATIONS {
            return Err(format!("{action}.each has more than {MOST_ITERATIONS} items"));
        }
        let iteration = |(key, value): (String, Value)| Iteration {
            id: format!("{}[{key}]", self.step.id),
            each: Some(json!({ "key": key, "value": value })),
            secret: rendered.derived,
        };
        Ok(entries.into_iter().map(iteration).collect())
    }

    /// The step with its input, valid for whoever performs it.
    fn plan(&self, iteration: &Iteration, state: &State) -> Result<Planned, String> {
        let action = &self.step.definition.action;
        let Some(performer) = self.program.performers.get(action) else {
            let text = "GET /api/scaffolder/v2/actions lists those that are. Actions of other plugins cannot be added: \
                        have fetch:template make files, and a workflow do the rest that github:actions:dispatch or \
                        gitlab:pipeline:trigger starts";
            return Err(format!("Template action with ID '{action}' is not registered; {text}"));
        };
        let mut planned = self.unrendered(&iteration.id);
        if let Some(input) = &self.step.definition.input {
            let rendered = state.rendered(self, input, Some(iteration));
            planned.input = rendered.value.unwrap_or_else(|| json!({}));
            planned.hidden = rendered.hidden;
        }
        let wrong = schema::errors(&performer.describe().input, &planned.input);
        if !wrong.is_empty() {
            let wrong: Vec<String> = wrong.iter().map(schema::SchemaError::stack).collect();
            return Err(format!("Invalid input passed to action {action}, {}", wrong.join(",")));
        }
        Ok(planned)
    }

    fn unrendered(&self, id: &str) -> Planned {
        Planned {
            id: id.to_owned(),
            name: self.step.definition.name.clone(),
            performer: self.step.definition.action.clone(),
            input: json!({}),
            hidden: Vec::new(),
        }
    }
}

impl State {
    fn fail(&mut self, step: &Step) {
        let error = || step.error.clone().unwrap_or_else(|| format!("step {} failed", step.id));
        self.failed.get_or_insert_with(error);
    }
}

/// Members of an output, as lists over all iterations.
fn gather(lists: &mut Map<String, Value>, output: Option<&Value>) {
    for (key, value) in output.and_then(Value::as_object).into_iter().flatten() {
        let list = lists.entry(key.clone()).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(value.clone());
        }
    }
}

/// One execution of a step.
struct Iteration {
    id: String,
    each: Option<Value>,
    /// What it is done for was made of a secret.
    secret: bool,
}

impl Iteration {
    fn add_to(&self, context: &mut Map<String, Value>) {
        if let Some(each) = &self.each {
            context.insert("each".into(), each.clone());
        }
    }
}

impl TemplateProgram {
    /// Links and texts whose `if` is false are left out.
    fn output_of(&self, state: &State, scope: &Scope<'_>) -> Value {
        let renderer = Renderer::new(scope.hosts, false);
        let context = state.context();
        let mut output = self.output.clone();
        for key in ["links", "text"] {
            if let Some(items) = output.get_mut(key).and_then(Value::as_array_mut) {
                items.retain_mut(|item| {
                    let condition = item.as_object_mut().and_then(|item| item.shift_remove("if"));
                    condition.is_none_or(|condition| renderer.holds(&condition, &context))
                });
            }
        }
        renderer.value(&output, &context, &[]).value.unwrap_or_else(|| json!({}))
    }
}

#[cfg(test)]
#[path = "program_tests.rs"]
mod tests;
