//! What an editor of templates asks: what is wrong, and what is read.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::options::{Limits, Syntax};
use crate::template::Template;

/// Something wrong in a template. Line and column count from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line.
    pub line: u32,
    /// The column, in UTF-16 units.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        Problem { line: error.line, column: error.column, message: error.message }
    }
}

/// What is wrong with the text of a template: at most one problem, for what follows the first cannot be told.
pub fn check(template: &str, syntax: Syntax) -> Vec<Problem> {
    match Template::parse(template, syntax, &Limits::default()) {
        Ok(_) => Vec::new(),
        Err(error) => vec![error.into()],
    }
}

/// The paths of the context that a template reads; none of one that is wrong. See [`Template::reads`].
pub fn names(template: &str, syntax: Syntax) -> BTreeSet<Vec<String>> {
    Template::parse(template, syntax, &Limits::default())
        .map_or_else(|_| BTreeSet::new(), |template| template.reads())
}
