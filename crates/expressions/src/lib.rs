//! The expressions of Backstage's software templates: `${{ parameters.name | upper }}`.
//!
//! The language is the subset of nunjucks that Backstage's own engine takes, with JavaScript's values, so that
//! templates written for Backstage print the same here. `docs/reference/template-language.md` has it whole, with the
//! differences. A template reaches nothing but the context and what the caller adds; every step, byte and level is
//! counted against [`Limits`], so that none can hang the process or exhaust its memory.
//!
//! [`render`] is for files, [`render_value`] for the JSON of a step's input. [`Template`] is a text read once and
//! evaluated often.

pub mod backstage;
mod check;
mod derived;
mod error;
mod filters;
mod globals;
mod meter;
mod methods;
mod names;
mod options;
mod parse;
mod regexes;
mod run;
mod template;
mod tests;
mod tree;
mod value;
mod values;

use serde_json::{Map, Value as Json};

pub use check::{Problem, check, names};
pub use derived::Derived;
pub use error::{Error, ErrorKind};
pub use options::{Extension, Limits, Options, Registry, Syntax};
pub use template::{Rendered, Template};
pub use values::{RenderedValue, ValueProblem, ValueTemplate, is_truthy, render_value};

/// Renders a template that is a file, or the path of one.
///
/// # Errors
/// What is wrong with the template, or went wrong in it, with line and column.
pub fn render(
    template: &str,
    context: &Map<String, Json>,
    options: &Options<'_>,
) -> Result<Rendered<String>, Error> {
    Template::parse(template, options.syntax, &options.limits)?.render(context, options)
}
