//! The text form of queries: `tier = gold and $team in (a, b) and not lifecycle = deprecated`.
//!
//! It says what Port's search rules say ([`crate::dialect::port`]), and nothing more: [`parse`] makes rules of a
//! text, [`print`] a text of rules, and each gives back what the other was given. Everything that takes or shows a
//! filter for people uses these two. The grammar is in `docs/reference/query-language.md`.

mod check;
mod complete;
mod fields;
mod lexer;
mod parse;
mod print;
mod tree;
mod words;

pub use self::check::{Unknown, check};
pub use self::complete::{Completion, CompletionKind, Completions, Known, KnownScorecard, complete};
pub use self::parse::{parse, parse_subject};
pub use self::print::{NoText, is_plain, print, print_subject, print_value, quoted};
pub use self::tree::Parsed;

/// Bytes that a query may have.
pub const MAX_TEXT: usize = 20_000;

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
    /// First byte of what is wrong.
    pub from: usize,
    /// The byte behind it.
    pub to: usize,
}

impl Problem {
    fn new(span: &lexer::Span, message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, from: span.start, to: span.end }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

#[cfg(test)]
mod tests;
