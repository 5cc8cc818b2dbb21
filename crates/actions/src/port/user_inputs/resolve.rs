//! A form as it is with the values that it has so far.

use std::cell::Cell;

use serde_json::{Map, Value, json};
use stagedoor_jq::{Jq, JqError};
use stagedoor_model::schema;

use super::{UserInputs, is_dynamic, is_encrypted, program_of};
use crate::port::check::{fixed, refusal};

/// Programs that took too long, after which no more are run.
const PATIENCE: u8 = 2;

/// What a form is filled in with, and by whom.
pub struct Scope<'a> {
    /// Runs the programs.
    pub jq: &'a Jq,
    /// The entity that the action is about, or null.
    pub entity: &'a Value,
    /// Who fills it in.
    pub user: &'a Value,
    /// A value as programs see it: an entity in the place of its identifier.
    pub expand: &'a dyn Fn(&Map<String, Value>, &Value) -> Value,
}

/// A form, resolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    /// Its inputs, in the order of the definition.
    pub fields: Vec<Field>,
    /// What is filled in: what was given, and defaults.
    pub values: Map<String, Value>,
    /// The same as programs see it.
    pub expanded: Map<String, Value>,
    /// Its pages, if it has any.
    pub steps: Vec<FormStep>,
    /// Headings, with whether each is shown.
    pub titles: Map<String, Value>,
}

/// A page of a form.
#[derive(Clone, Debug, PartialEq)]
pub struct FormStep {
    /// What stands over it.
    pub title: String,
    /// Identifiers of the inputs on it.
    pub order: Vec<String>,
    /// Whether it is shown.
    pub visible: bool,
}

/// One input as it is now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Field {
    /// Its identifier.
    pub id: String,
    /// Whether it is shown.
    pub visible: bool,
    /// Whether it cannot be filled in.
    pub disabled: bool,
    /// Whether it has to be.
    pub required: bool,
    /// Inputs that have to be filled in before.
    pub waits_for: Vec<String>,
    /// What it holds where nothing is given.
    pub default: Option<Value>,
    /// Its definition with everything found out: `enum`, `pattern`, `minItems` and so on are plain.
    pub schema: Map<String, Value>,
    /// Search rules for the entities that may be chosen, with everything found out.
    pub dataset: Option<Value>,
    /// What is wrong with its definition.
    pub problems: Vec<String>,
    /// What is wrong with its value.
    pub errors: Vec<String>,
}

impl Form {
    /// What a form is with these values.
    #[must_use]
    pub fn resolve(inputs: UserInputs<'_>, given: &Map<String, Value>, scope: &Scope<'_>) -> Self {
        let programs = Programs { scope, slow: Cell::new(0) };
        let mut form = Self { values: given.clone(), ..Self::default() };
        for (id, value) in given {
            let value = inputs.get(id).map_or_else(|| value.clone(), |input| (scope.expand)(input, value));
            form.expanded.insert(id.clone(), value);
        }
        let defaults: Vec<_> = inputs.iter().map(|(id, input)| form.fill_in(id, input, &programs)).collect();
        let context = form.context(scope);
        let required = required(inputs.part("required"), &programs, &context);
        for ((id, input), (default, problem)) in inputs.iter().zip(defaults) {
            let mut field = Field { id: id.to_owned(), default, ..Field::default() };
            field.problems.extend(problem);
            field.required = required.iter().any(|name| name == id);
            field.find_out(input, &form.values, &programs, &context);
            let value = form.values.get(id).filter(|value| !value.is_null());
            field.check(input, value, given.contains_key(id));
            form.fields.push(field);
        }
        form.steps = steps(inputs.part("steps"), &programs, &context);
        for (id, title) in inputs.part("titles").as_object().into_iter().flatten() {
            let mut title = title.as_object().cloned().unwrap_or_default();
            let (visible, _) = programs.flag(title.get("visible"), true, &context);
            title.insert("visible".into(), visible.into());
            form.titles.insert(id.clone(), Value::Object(title));
        }
        form
    }

    /// Everything that is wrong with the values.
    pub fn errors(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().flat_map(|field| field.errors.iter().map(String::as_str))
    }

    /// Fills a default in where nothing is given.
    fn fill_in(
        &mut self,
        id: &str,
        input: &Map<String, Value>,
        programs: &Programs<'_>,
    ) -> (Option<Value>, Option<String>) {
        let Some(stated) = input.get("default").filter(|default| !default.is_null()) else {
            return (None, None);
        };
        let (default, problem) = match program_of(stated) {
            Some(program) => match programs.run(program, &self.context(programs.scope)) {
                Ok(value) => (value, None),
                Err(problem) => (None, Some(format!("\"{id}/default\": {problem}"))),
            },
            None => (Some(stated.clone()), None),
        };
        let default = default.filter(|default| !default.is_null());
        if let Some(default) = default.as_ref().filter(|_| !self.values.contains_key(id)) {
            self.values.insert(id.to_owned(), default.clone());
            self.expanded.insert(id.to_owned(), (programs.scope.expand)(input, default));
        }
        (default, problem)
    }

    fn context(&self, scope: &Scope<'_>) -> Value {
        json!({ "form": self.expanded, "entity": scope.entity, "user": scope.user })
    }
}

/// Runs the programs of a form.
struct Programs<'a> {
    scope: &'a Scope<'a>,
    slow: Cell<u8>,
}

impl Programs<'_> {
    fn run(&self, program: &str, context: &Value) -> Result<Option<Value>, String> {
        if self.slow.get() >= PATIENCE {
            return Err("it was not found out: programs before it took longer than they may".into());
        }
        let outcome = self.scope.jq.first(program, std::slice::from_ref(context)).pop();
        outcome.unwrap_or(Ok(None)).map_err(|error| {
            if matches!(error, JqError::Time | JqError::Memory | JqError::Unavailable(_)) {
                self.slow.set(self.slow.get() + 1);
            }
            error.to_string()
        })
    }

    /// A yes or no; `otherwise` where nothing is said or it cannot be found out.
    fn flag(&self, stated: Option<&Value>, otherwise: bool, context: &Value) -> (bool, Option<String>) {
        match stated {
            Some(Value::Bool(flag)) => (*flag, None),
            Some(stated) => match program_of(stated) {
                Some(program) => match self.run(program, context) {
                    Ok(Some(Value::Bool(flag))) => (flag, None),
                    Ok(found) => (truthy(found.as_ref()), None),
                    Err(problem) => (otherwise, Some(problem)),
                },
                None => (otherwise, None),
            },
            None => (otherwise, None),
        }
    }
}

fn truthy(value: Option<&Value>) -> bool {
    !matches!(value, None | Some(Value::Null | Value::Bool(false)))
}

/// Identifiers of the inputs that have to be filled in.
fn required(stated: &Value, programs: &Programs<'_>, context: &Value) -> Vec<String> {
    let found =
        program_of(stated).map(|program| programs.run(program, context).ok().flatten().unwrap_or_default());
    let list = found.as_ref().unwrap_or(stated).as_array();
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn steps(stated: &Value, programs: &Programs<'_>, context: &Value) -> Vec<FormStep> {
    let step = |step: &Value| FormStep {
        title: step.get("title").and_then(Value::as_str).unwrap_or_default().to_owned(),
        order: texts(step.get("order")),
        visible: programs.flag(step.get("visible"), true, context).0,
    };
    stated.as_array().into_iter().flatten().map(step).collect()
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Field {
    fn find_out(
        &mut self,
        input: &Map<String, Value>,
        values: &Map<String, Value>,
        programs: &Programs<'_>,
        context: &Value,
    ) {
        let filled = |id: &&String| values.get(*id).is_none_or(Value::is_null);
        self.waits_for = texts(input.get("dependsOn")).iter().filter(filled).cloned().collect();
        let (visible, no_visible) = programs.flag(input.get("visible"), true, context);
        let (disabled, no_disabled) = programs.flag(input.get("disabled"), false, context);
        (self.visible, self.disabled) = (visible, disabled);
        let named =
            |key: &str, problem: Option<String>| problem.map(|p| format!("\"{}/{key}\": {p}", self.id));
        let found = [named("visible", no_visible), named("disabled", no_disabled)];
        self.problems.extend(found.into_iter().flatten());
        self.required |= input.get("required") == Some(&Value::Bool(true));
        self.schema = self.plain(input, programs, context);
        if let Some(Value::Object(items)) = input.get("items") {
            let items = self.plain(items, programs, context);
            self.schema.insert("items".into(), Value::Object(items));
        }
        let items = input.get("items");
        let dataset = input.get("dataset").or_else(|| items?.get("dataset")).filter(|d| d.is_object());
        self.dataset = dataset.map(|dataset| self.rules(dataset, programs, context));
        self.schema.shift_remove("dataset");
    }

    /// Keywords whose values are found out, and the others as they stand.
    fn plain(
        &mut self,
        input: &Map<String, Value>,
        programs: &Programs<'_>,
        context: &Value,
    ) -> Map<String, Value> {
        let mut plain = fixed(input);
        for key in ["visible", "disabled", "required", "default"] {
            plain.shift_remove(key);
        }
        for key in ["enum", "pattern", "minItems", "maxItems"] {
            let Some(program) = input.get(key).and_then(program_of) else { continue };
            match programs.run(program, context) {
                Ok(Some(found)) => place(&mut plain, key, found),
                Ok(None) => {}
                Err(problem) => self.problems.push(format!("\"{}/{key}\": {problem}", self.id)),
            }
        }
        plain
    }

    /// Search rules with the values that programs give.
    fn rules(&mut self, rules: &Value, programs: &Programs<'_>, context: &Value) -> Value {
        match rules {
            Value::Object(map) if is_dynamic(rules) => {
                let program = map.get("jqQuery").and_then(Value::as_str).unwrap_or_default();
                programs.run(program, context).map(Option::unwrap_or_default).unwrap_or_else(|problem| {
                    self.problems.push(format!("\"{}/dataset\": {problem}", self.id));
                    Value::Null
                })
            }
            Value::Object(map) => {
                map.iter().map(|(key, value)| (key.clone(), self.rules(value, programs, context))).collect()
            }
            Value::Array(list) => list.iter().map(|item| self.rules(item, programs, context)).collect(),
            other => other.clone(),
        }
    }

    fn check(&mut self, input: &Map<String, Value>, value: Option<&Value>, given: bool) {
        let id = self.id.clone();
        let Some(value) = value else {
            if self.required && self.visible {
                self.errors.push(format!("\"properties\" must have required property '{id}'"));
            }
            return;
        };
        let path = format!("/properties/{id}");
        if given && self.default.as_ref() != Some(value) {
            if self.disabled {
                self.errors.push(format!("\"properties/{id}\" is disabled and must NOT be given"));
                return;
            }
            if let Some(first) = self.waits_for.first() {
                self.errors.push(format!("\"properties/{id}\" must NOT be given before \"{first}\""));
                return;
            }
        }
        let schema = match is_encrypted(input) {
            true => json!({ "type": "string" }),
            false => Value::Object(self.schema.clone()),
        };
        if let Some(violation) = schema::check(&schema, value) {
            self.errors.push(refusal(&path, &violation).message);
        }
    }
}

/// Puts what was found out where it belongs. A pattern may be a list of what is allowed.
fn place(plain: &mut Map<String, Value>, key: &str, found: Value) {
    match (key, found) {
        ("pattern" | "enum", Value::Array(list)) => drop(plain.insert("enum".into(), Value::Array(list))),
        ("pattern", Value::String(pattern)) => drop(plain.insert("pattern".into(), pattern.into())),
        ("minItems" | "maxItems", Value::Number(count)) => {
            drop(plain.insert(key.into(), Value::Number(count)))
        }
        _ => {}
    }
}
