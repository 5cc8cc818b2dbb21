//! A template that was read once and can be evaluated often.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use crate::derived::Derived;
use crate::error::{Error, Fault};
use crate::options::{Limits, Options, Syntax};
use crate::parse::plan::plan;
use crate::run::Run;
use crate::tree::{Body, Names};

/// A template, read.
#[derive(Debug)]
pub struct Template {
    source: String,
    pub(crate) body: Body,
    pub(crate) names: Names,
    pub(crate) slots: u32,
}

/// A result, and what it owes to secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered<T> {
    /// The result.
    pub value: T,
    /// What of it was made of something secret.
    pub derived: Derived,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// The first thing in the text that is no template, with its place.
    pub fn parse(source: &str, syntax: Syntax, limits: &Limits) -> Result<Template, Error> {
        let parsed = if source.len() > limits.source.min(u32::MAX as usize) {
            Err(Fault::limit("the template is too long"))
        } else {
            crate::parse::parse(source, syntax)
        };
        let (mut body, names) = parsed.map_err(|fault| fault.within(source))?;
        let slots = plan(&mut body);
        Ok(Template { source: source.to_owned(), body, names, slots })
    }

    /// The text that it makes of a context.
    ///
    /// # Errors
    /// What went wrong first, with its place in the template.
    pub fn render(
        &self,
        context: &Map<String, Json>,
        options: &Options<'_>,
    ) -> Result<Rendered<String>, Error> {
        let run = Run::new(self, context, options);
        let value = run.text().map_err(|fault| fault.within(&self.source))?;
        let derived = run.tracker.finish(Some(&value));
        Ok(Rendered { value, derived })
    }

    /// Its value: of a template that is one interpolation and nothing else what that evaluates to, where `None` is
    /// undefined; of any other its text.
    ///
    /// # Errors
    /// What went wrong first, with its place in the template.
    pub fn value(
        &self,
        context: &Map<String, Json>,
        options: &Options<'_>,
    ) -> Result<Rendered<Option<Json>>, Error> {
        let run = Run::new(self, context, options);
        let value = run.native().map_err(|fault| fault.within(&self.source))?;
        let derived = run.tracker.finish(value.as_ref().and_then(Json::as_str));
        Ok(Rendered { value, derived })
    }

    /// The paths of the context that it reads, as far as they stand in the text: `steps.build.output.url` is one, of
    /// `steps[name]` only `steps` is.
    pub fn reads(&self) -> BTreeSet<Vec<String>> {
        crate::names::reads(self)
    }
}
