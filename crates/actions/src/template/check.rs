//! What an editor of templates is told before anything is executed: actions that are not there, inputs that they do not
//! take, expressions that cannot be read, and values and steps that nobody has.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use stagedoor_expressions::{Syntax, check as check_text, names};
use stagedoor_model::schema as model;

use super::definition::{StepDefinition, steps_of};
use super::render::Renderer;
use super::schema;
use crate::Performers;

/// Names that every expression has.
const NAMES: [&str; 12] = [
    "parameters",
    "steps",
    "user",
    "context",
    "environment",
    "always",
    "failure",
    "range",
    "cycler",
    "joiner",
    "true",
    "false",
];
/// Texts of one template that are looked at.
const MOST_TEXTS: usize = 5_000;

/// Something to be told about a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// JSON pointer into the document.
    pub path: String,
    /// What.
    pub message: String,
    /// It can be executed all the same.
    pub warning: bool,
}

/// What is to be told about a template's steps, form and output. The rest of the document is Backstage's schema.
#[must_use]
pub fn check(document: &Value, performers: &Performers) -> Vec<Finding> {
    let spec = document.get("spec").unwrap_or(&Value::Null);
    let mut known = BTreeSet::new();
    properties_of(spec.get("parameters").unwrap_or(&Value::Null), &mut known, 0);
    let mut check = Check { known, steps: Vec::new(), found: Vec::new(), texts: 0 };
    check.pages(spec.get("parameters").unwrap_or(&Value::Null));
    for (index, step) in steps_of(spec).into_iter().enumerate() {
        check.step(&format!("/spec/steps/{index}"), &step, performers);
        check.steps.push(step.id);
    }
    if let Some(output) = spec.get("output") {
        check.texts("/spec/output", output, Place::Output);
    }
    check.found
}

/// Where an expression stands: not everything can be read everywhere.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Input { each: bool },
    If { each: bool },
    Each,
    Output,
}

struct Check {
    /// What the form asks for.
    known: BTreeSet<String>,
    /// Steps so far.
    steps: Vec<String>,
    found: Vec<Finding>,
    texts: usize,
}

impl Check {
    fn tell(&mut self, path: &str, message: String, warning: bool) {
        self.found.push(Finding { path: path.to_owned(), message, warning });
    }

    fn pages(&mut self, parameters: &Value) {
        let pages = match parameters {
            Value::Array(pages) => {
                pages.iter().enumerate().map(|(i, page)| (format!("/spec/parameters/{i}"), page)).collect()
            }
            Value::Null => Vec::new(),
            page => vec![("/spec/parameters".to_owned(), page)],
        };
        for (path, page) in pages {
            let required = page.get("required").and_then(Value::as_array);
            for (index, key) in required.into_iter().flatten().enumerate() {
                let key = key.as_str().unwrap_or_default();
                if !self.known.contains(key) {
                    let text = format!("\"{key}\" is required, and no page asks for it");
                    self.tell(&format!("{path}/required/{index}"), text, false);
                }
            }
            self.patterns(&path, page, 0);
        }
    }

    /// Patterns that are not tested on the server.
    fn patterns(&mut self, path: &str, schema: &Value, depth: usize) {
        let Some(map) = schema.as_object().filter(|_| depth < 30) else { return };
        if let Some(pattern @ Value::String(text)) = map.get("pattern")
            && model::check_definition(&serde_json::json!({ "pattern": pattern }), "").is_err()
        {
            let text =
                format!("the pattern {text} is tested in the browser only: look-around is not tested here");
            self.tell(&format!("{path}/pattern"), text, true);
        }
        for (key, below) in map.get("properties").and_then(Value::as_object).into_iter().flatten() {
            self.patterns(&format!("{path}/properties/{}", escaped(key)), below, depth + 1);
        }
        if let Some(items) = map.get("items") {
            self.patterns(&format!("{path}/items"), items, depth + 1);
        }
    }

    fn step(&mut self, path: &str, step: &StepDefinition, performers: &Performers) {
        if self.steps.contains(&step.id) {
            let text = format!(
                "there is a step \"{}\" before this one: only the output of the last can be read",
                step.id
            );
            self.tell(&format!("{path}/id"), text, true);
        }
        let each = step.each.is_some();
        match performers.get(&step.action) {
            None => {
                let near = nearest(&step.action, performers);
                let near = near.map(|id| format!("; did you mean {id}?")).unwrap_or_default();
                self.tell(
                    &format!("{path}/action"),
                    format!("there is no action \"{}\"{near}", step.action),
                    false,
                );
            }
            Some(performer) => {
                let input = step.input.clone().unwrap_or_else(|| Value::Object(Map::new()));
                for error in schema::errors(&performer.describe().input, &input) {
                    // What an expression will be is not known yet.
                    if error.instance.as_ref().is_some_and(is_expression) {
                        continue;
                    }
                    let below: String =
                        error.path.iter().map(|key| format!("/{}", escaped(&plain(key)))).collect();
                    let place = error.property.trim_start_matches("instance").trim_start_matches('.');
                    let place = if place.is_empty() { "the input".to_owned() } else { place.to_owned() };
                    self.tell(&format!("{path}/input{below}"), format!("{place} {}", error.message), false);
                }
            }
        }
        if let Some(condition) = &step.condition {
            self.texts(&format!("{path}/if"), condition, Place::If { each });
        }
        if let Some(list) = &step.each {
            if matches!(list, Value::Bool(_) | Value::Number(_))
                || list.as_str().is_some_and(|t| !t.contains("${{"))
            {
                self.tell(
                    &format!("{path}/each"),
                    "each must be a list, an object or an expression".into(),
                    false,
                );
            }
            self.texts(&format!("{path}/each"), list, Place::Each);
        }
        if let Some(input) = &step.input {
            self.texts(&format!("{path}/input"), input, Place::Input { each });
        }
    }

    /// Every text of a value.
    fn texts(&mut self, path: &str, value: &Value, place: Place) {
        match value {
            Value::String(text) if text.contains("${{") || text.contains("{%") => {
                self.texts += 1;
                if self.texts <= MOST_TEXTS {
                    self.text(path, text, place);
                }
            }
            Value::Array(items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(i, item)| self.texts(&format!("{path}/{i}"), item, place));
            }
            Value::Object(map) => {
                map.iter()
                    .for_each(|(key, item)| self.texts(&format!("{path}/{}", escaped(key)), item, place));
            }
            _ => {}
        }
    }

    fn text(&mut self, path: &str, text: &str, place: Place) {
        if let Some(problem) = check_text(text, Syntax::default()).into_iter().next() {
            let message = format!("this cannot be read, and stays as it is: {}", problem.message);
            return self.tell(path, message, false);
        }
        for name in names(text, Syntax::default()) {
            if let Some(message) = self.unknown(&name, place) {
                self.tell(path, message, true);
            }
        }
        for problem in Renderer::new(&[], false).problems(text) {
            // Without values most else goes wrong, too.
            if problem.starts_with("there is no filter") || problem.starts_with("there is no test") {
                self.tell(path, format!("{problem}: this stays as it is"), false);
            }
        }
    }

    /// What is wrong with reading a path, if anything is.
    fn unknown(&self, name: &[String], place: Place) -> Option<String> {
        let part = |at: usize| name.get(at).map(String::as_str);
        match part(0)? {
            "parameters" => {
                let key = part(1)?;
                (!self.known.contains(key)).then(|| format!("no page asks for \"{key}\""))
            }
            "steps" => {
                let id = part(1)?;
                let text = || format!("there is no step \"{id}\" before this one");
                (!self.steps.iter().any(|known| known == id)).then(text)
            }
            "secrets" => match place {
                Place::Input { .. } | Place::Each => None,
                _ => Some("secrets can be read in input and each only".into()),
            },
            "each" => match place {
                Place::Input { each: true } | Place::If { each: true } => None,
                _ => Some("there is no each here".into()),
            },
            other if NAMES.contains(&other) => None,
            other => Some(format!("nothing is called \"{other}\"")),
        }
    }
}

/// Every property that a form asks for, wherever it stands.
fn properties_of(schema: &Value, into: &mut BTreeSet<String>, depth: usize) {
    if depth > 30 {
        return;
    }
    match schema {
        Value::Array(items) => items.iter().for_each(|item| properties_of(item, into, depth + 1)),
        Value::Object(map) => {
            into.extend(
                map.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned(),
            );
            map.values().for_each(|below| properties_of(below, into, depth + 1));
        }
        _ => {}
    }
}

/// Whether an expression stands anywhere in it.
fn is_expression(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("${{") || text.contains("{%"))
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The action whose name is nearest to one that is not there.
fn nearest(action: &str, performers: &Performers) -> Option<&'static str> {
    let ids = performers.iter().map(|performer| performer.id()).filter(|id| id.contains(':'));
    let near = ids.map(|id| (distance(action, id), id)).min()?;
    (near.0 <= 3.max(action.len() / 4)).then_some(near.1)
}

/// How many characters have to be changed to make one text of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(100).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(100).enumerate() {
        let mut before = row.first().copied().unwrap_or(0);
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, y) in b.iter().enumerate() {
            let (left, above) = (row.get(j).copied().unwrap_or(0), row.get(j + 1).copied().unwrap_or(0));
            let least = (before + usize::from(x != *y)).min(left + 1).min(above + 1);
            before = above;
            if let Some(here) = row.get_mut(j + 1) {
                *here = least;
            }
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(document: &Value) -> Vec<(String, String, bool)> {
        let found = check(document, &crate::performers());
        found.into_iter().map(|f| (f.path, f.message, f.warning)).collect()
    }

    #[test]
    fn a_good_template_is_told_nothing() {
        let document = json!({ "spec": {
            "parameters": [{ "required": ["name"], "properties": { "name": { "type": "string", "pattern": "^a" } } }],
            "steps": [
                { "id": "say", "action": "debug:log", "input": { "message": "${{ parameters.name | upper }} ${{ user.ref }}" } },
                { "id": "all", "action": "debug:log", "each": ["a"], "if": "${{ always() and each.value }}", "input": { "message": "${{ each.key }}${{ secrets.x }}${{ steps.say.output.y }}" } },
            ],
            "output": { "text": [{ "title": "T", "content": "${{ steps.say.output.z }}" }] },
        } });
        assert_eq!(told(&document), []);
    }

    #[test]
    fn each_fault_is_told_with_its_place() {
        let document = json!({ "spec": {
            "parameters": { "required": ["gone"], "properties": { "name": { "pattern": "^(?!x)" } } },
            "steps": [
                { "action": "debug:lgo" },
                { "id": "a", "action": "fetch:plain", "input": { "targetPath": 7 } },
                { "id": "b", "action": "debug:log", "input": { "message": "${{ parameters.nme }} ${{ steps.c.output.x }}" }, "if": "${{ secrets.x" },
                { "id": "b", "action": "debug:log", "each": "text", "input": { "message": "${{ 'a' | nope }} ${{ thing }}" } },
            ],
            "output": { "x": "${{ secrets.key }}" },
        } });
        let found = told(&document);
        let expect = [
            ("/spec/parameters/required/0", "\"gone\" is required, and no page asks for it", false),
            ("/spec/parameters/properties/name/pattern", "the pattern ^(?!x) is tested", true),
            ("/spec/steps/0/action", "there is no action \"debug:lgo\"; did you mean debug:log?", false),
            ("/spec/steps/1/input", "the input requires property \"url\"", false),
            ("/spec/steps/1/input/targetPath", "targetPath is not of a type(s) string", false),
            ("/spec/steps/2/if", "this cannot be read", false),
            ("/spec/steps/2/input/message", "no page asks for \"nme\"", true),
            ("/spec/steps/2/input/message", "there is no step \"c\" before this one", true),
            ("/spec/steps/3/id", "there is a step \"b\" before this one", true),
            ("/spec/steps/3/each", "each must be a list", false),
            ("/spec/steps/3/input/message", "nothing is called \"thing\"", true),
            ("/spec/steps/3/input/message", "there is no filter \"nope\"", false),
            ("/spec/output/x", "secrets can be read in input and each only", true),
        ];
        for (path, message, warning) in expect {
            let is = |f: &&(String, String, bool)| f.0 == path && f.1.starts_with(message) && f.2 == warning;
            assert!(found.iter().any(|f| is(&f)), "{path} {message}: {found:#?}");
        }
        assert_eq!(found.len(), expect.len(), "{found:#?}");
    }
}
