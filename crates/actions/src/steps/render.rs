//! Rendering names and contents of files: the one place where steps meet the template language.

use serde_json::{Map, Value};
use stagedoor_expressions::{Options, Syntax};

use crate::performer::Failure;

/// What files are rendered with.
pub(super) struct Renderer {
    context: Map<String, Value>,
    syntax: Syntax,
}

impl Renderer {
    /// `values`, or under cookiecutter's name for them.
    pub(super) fn new(values: Option<Map<String, Value>>, syntax: Syntax) -> Self {
        let values = Value::Object(values.unwrap_or_default());
        let name = if syntax.cookiecutter { "cookiecutter" } else { "values" };
        let context = Map::from_iter([(name.to_owned(), values)]);
        Self { context, syntax }
    }

    /// A text rendered. Unlike an input, a file with a fault in it fails the step; `path` says which.
    pub(super) fn text(&self, path: &str, template: &str) -> Result<String, Failure> {
        // Most names and many files have nothing to render, and no delimiter.
        if !template.contains('{') {
            return Ok(template.to_owned());
        }
        let options = Options { syntax: self.syntax, ..Options::default() };
        let rendered = stagedoor_expressions::render(template, &self.context, &options);
        rendered.map(|rendered| rendered.value).map_err(|error| Failure::new(format!("{path}: {error}")))
    }
}

/// Whether a content is no text: it is copied as it is.
pub(super) fn is_binary(content: &[u8]) -> bool {
    content[..content.len().min(8000)].contains(&0) || std::str::from_utf8(content).is_err()
}
