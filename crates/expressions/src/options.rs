//! What the caller decides: the delimiters, the limits, its own filters and functions, what is secret.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// How a template is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Syntax {
    /// `{{ }}` instead of `${{ }}`, `True`, `False` and `None`, Jinja's methods of lists and objects, `jsonify`.
    pub cookiecutter: bool,
    /// The line break right after a block tag is left out.
    pub trim_blocks: bool,
    /// The indentation of a block tag that begins its line is left out.
    pub lstrip_blocks: bool,
}

/// What one template may cost. Each is refused before it is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the template.
    pub source: usize,
    /// Steps of evaluation; handling long texts and lists takes as many as their length asks for.
    pub steps: u64,
    /// Bytes of all texts that are made on the way, together.
    pub memory: u64,
    /// Bytes of the result.
    pub output: usize,
    /// How deep values, expressions and calls may be nested while evaluating.
    pub depth: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { source: 4 << 20, steps: 1_000_000, memory: 64 << 20, output: 16 << 20, depth: 256 }
    }
}

/// A filter or function of the caller: its arguments, for a filter with the value before the bar as the first, where
/// `None` is undefined. What it refuses becomes the template's error.
pub type Extension = Box<dyn Fn(&[Option<Json>]) -> Result<Option<Json>, String> + Send + Sync>;

/// The filters, functions and values that the caller adds. They win over those built in; the context wins over
/// functions and values.
#[derive(Default)]
pub struct Registry {
    filters: BTreeMap<String, Extension>,
    functions: BTreeMap<String, Extension>,
    values: BTreeMap<String, Json>,
}

impl Registry {
    /// An empty one.
    pub fn new() -> Registry {
        Registry::default()
    }

    /// Adds a filter: `${{ value | name(argument) }}`.
    pub fn filter<F>(&mut self, name: &str, filter: F) -> &mut Registry
    where
        F: Fn(&[Option<Json>]) -> Result<Option<Json>, String> + Send + Sync + 'static,
    {
        self.filters.insert(name.to_owned(), Box::new(filter));
        self
    }

    /// Adds a function: `${{ name(argument) }}`.
    pub fn function<F>(&mut self, name: &str, function: F) -> &mut Registry
    where
        F: Fn(&[Option<Json>]) -> Result<Option<Json>, String> + Send + Sync + 'static,
    {
        self.functions.insert(name.to_owned(), Box::new(function));
        self
    }

    /// Adds a value that every template sees.
    pub fn value(&mut self, name: &str, value: Json) -> &mut Registry {
        self.values.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn find_filter(&self, name: &str) -> Option<&Extension> {
        self.filters.get(name)
    }

    pub(crate) fn find_function(&self, name: &str) -> Option<&Extension> {
        self.functions.get(name)
    }

    pub(crate) fn find_value(&self, name: &str) -> Option<&Json> {
        self.values.get(name)
    }
}

/// How templates are read and evaluated.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// How they are written.
    pub syntax: Syntax,
    /// What each may cost.
    pub limits: Limits,
    /// What the caller adds, if anything.
    pub registry: Option<&'a Registry>,
    /// Paths of the context, with dots (`secrets`, `environment.secrets`): what comes from there, and every value made
    /// of it, is told in [`crate::Derived`].
    pub secret: &'a [&'a str],
}
