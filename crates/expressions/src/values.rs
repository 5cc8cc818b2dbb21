//! Templates in the strings of a JSON value, as in the input of a step.

use serde_json::{Map, Value as Json};

use crate::check::Problem;
use crate::derived::Derived;
use crate::error::Error;
use crate::options::{Limits, Options, Syntax};
use crate::parse::scan::is_plain;
use crate::template::Template;

/// How deep a value may be nested. What is deeper stays as it is.
const DEEPEST: u32 = 256;

/// A string of the value that is no template, or could not be evaluated: it was left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueProblem {
    /// Where the string is, as a JSON pointer.
    pub pointer: String,
    /// What is wrong with it, and where in it.
    pub problem: Problem,
}

/// A value with its templates evaluated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RenderedValue {
    /// The value; `None` is undefined.
    pub value: Option<Json>,
    /// What was left as it is because of an error.
    pub problems: Vec<ValueProblem>,
    /// What of the value was made of something secret.
    pub derived: Derived,
}

/// Evaluates every string in a value; keys are no templates. A string that is one interpolation and nothing else
/// becomes what that evaluates to, and where that is undefined the property is left out (in a list it becomes null).
/// A string that is no template, or whose evaluation fails, stays as it is, and is told about.
pub fn render_value(value: &Json, context: &Map<String, Json>, options: &Options<'_>) -> RenderedValue {
    ValueTemplate::new(value, options.syntax, &options.limits).render(context, options)
}

/// A value whose strings were read once, to be evaluated often, as for each iteration of a step.
#[derive(Debug)]
pub struct ValueTemplate(Node);

#[derive(Debug)]
enum Node {
    /// Nothing in it is a template.
    Plain(Json),
    Text(String, Result<Box<Template>, Error>),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl ValueTemplate {
    /// Reads the strings of a value. What is wrong in them is told when it is rendered.
    pub fn new(value: &Json, syntax: Syntax, limits: &Limits) -> ValueTemplate {
        ValueTemplate(Node::new(value, syntax, limits, 0))
    }

    /// See [`render_value`].
    pub fn render(&self, context: &Map<String, Json>, options: &Options<'_>) -> RenderedValue {
        let mut walk = Walk { context, options, pointer: String::new(), rendered: RenderedValue::default() };
        let value = walk.value(&self.0);
        RenderedValue { value, ..walk.rendered }
    }
}

impl Node {
    fn new(value: &Json, syntax: Syntax, limits: &Limits, depth: u32) -> Node {
        let below = |value: &Json| Node::new(value, syntax, limits, depth + 1);
        match value {
            Json::String(text) if !is_plain(text, syntax) => {
                Node::Text(text.clone(), Template::parse(text, syntax, limits).map(Box::new))
            }
            Json::Array(items) if depth < DEEPEST => Node::List(items.iter().map(below).collect()),
            Json::Object(entries) if depth < DEEPEST => {
                Node::Object(entries.iter().map(|(key, item)| (key.clone(), below(item))).collect())
            }
            other => Node::Plain(other.clone()),
        }
    }
}

/// Whether a rendered `if` holds: false, undefined, null, an empty text, 0 and an empty list do not.
pub fn is_truthy(value: Option<&Json>) -> bool {
    match value {
        None | Some(Json::Null) => false,
        Some(Json::Bool(flag)) => *flag,
        Some(Json::Number(number)) => number.as_f64().is_some_and(|number| number != 0.0),
        Some(Json::String(text)) => !text.is_empty(),
        Some(Json::Array(items)) => !items.is_empty(),
        Some(Json::Object(_)) => true,
    }
}

struct Walk<'w, 'o> {
    context: &'w Map<String, Json>,
    options: &'w Options<'o>,
    pointer: String,
    rendered: RenderedValue,
}

impl Walk<'_, '_> {
    fn value(&mut self, node: &Node) -> Option<Json> {
        match node {
            Node::Plain(value) => Some(value.clone()),
            Node::Text(text, template) => self.text(text, template),
            Node::List(items) => {
                let items = items.iter().enumerate();
                let rendered = items.map(|(index, item)| self.below(&index.to_string(), item));
                Some(Json::Array(rendered.map(Option::unwrap_or_default).collect()))
            }
            Node::Object(entries) => {
                let mut rendered = Map::new();
                for (key, item) in entries {
                    if let Some(item) = self.below(key, item) {
                        rendered.insert(key.clone(), item);
                    }
                }
                Some(Json::Object(rendered))
            }
        }
    }

    fn below(&mut self, key: &str, item: &Node) -> Option<Json> {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        let rendered = self.value(item);
        self.pointer.truncate(length);
        rendered
    }

    fn text(&mut self, text: &str, template: &Result<Box<Template>, Error>) -> Option<Json> {
        let rendered = match template {
            Ok(template) => template.value(self.context, self.options),
            Err(error) => Err(error.clone()),
        };
        match rendered {
            Ok(rendered) => {
                self.rendered.derived.add(rendered.derived);
                rendered.value
            }
            Err(error) => {
                let problem = ValueProblem { pointer: self.pointer.clone(), problem: error.into() };
                self.rendered.problems.push(problem);
                Some(Json::String(text.to_owned()))
            }
        }
    }
}
