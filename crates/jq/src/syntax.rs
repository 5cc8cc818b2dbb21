//! What is wrong with a program's text, and where.

use jaq_core::compile::Undefined;
use jaq_core::load::lex::{self, Token};
use jaq_core::load::parse;

use crate::JqError;

/// Line and column of a part of the text, from 1; `None` when it is no part of it.
fn place(text: &str, part: &str) -> Option<String> {
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let before = text.get(..start)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Some(format!("line {line}, column {column}"))
}

fn error(text: &str, part: &str, what: &str) -> JqError {
    let place = place(text, part).map(|place| format!("{place}: ")).unwrap_or_default();
    JqError::Syntax(format!("{place}{what}"))
}

fn shown(found: &str) -> String {
    let line = found.lines().next().unwrap_or_default();
    if line.is_empty() {
        return "the end".into();
    }
    let cut: String = line.chars().take(20).collect();
    format!("`{cut}`")
}

pub(crate) fn lexical(text: &str, errors: &[lex::Error<&str>]) -> JqError {
    let Some((expected, found)) = errors.first() else { return error(text, text, "cannot be read") };
    error(text, found, &format!("expected {}, found {}", expected.as_str(), shown(found)))
}

pub(crate) fn grammatical(text: &str, errors: &[parse::TError<&str>]) -> JqError {
    let Some((expected, found)) = errors.first() else { return error(text, text, "cannot be read") };
    let found = Token::opt_as_str(*found, text);
    error(text, found, &format!("expected {}, found {}", expected.as_str(), shown(found)))
}

pub(crate) fn undefined(text: &str, name: &str, what: &Undefined) -> JqError {
    let what = match what {
        Undefined::Filter(arity) => format!("{name}/{arity} is not defined"),
        other => format!("{} {name} is not defined", other.as_str()),
    };
    error(text, name, &what)
}
