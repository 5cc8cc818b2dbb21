//! Why a template gave no result, and where.

/// What sort of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is no template.
    Syntax,
    /// A value was of the wrong sort, a name of a filter or test is unknown, a filter of the caller refused.
    Evaluation,
    /// A limit of [`crate::Limits`] was reached.
    Limit,
}

/// A template that gave no result. Line and column count from one; a column is a UTF-16 unit, as in editors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct Error {
    /// What sort of failure it was.
    pub kind: ErrorKind,
    /// The line, from one.
    pub line: u32,
    /// The column, from one.
    pub column: u32,
    /// What is wrong, without the place.
    pub message: String,
}

/// A fault on its way up: it learns its place from the innermost node that has one.
#[derive(Debug)]
pub(crate) struct Fault(Box<Body>);

#[derive(Debug)]
struct Body {
    kind: ErrorKind,
    message: String,
    at: Option<u32>,
}

impl Fault {
    /// The evaluation went wrong.
    pub(crate) fn new(message: impl Into<String>) -> Fault {
        Fault(Box::new(Body { kind: ErrorKind::Evaluation, message: message.into(), at: None }))
    }

    /// A limit was reached.
    pub(crate) fn limit(message: impl Into<String>) -> Fault {
        Fault(Box::new(Body { kind: ErrorKind::Limit, message: message.into(), at: None }))
    }

    /// The text at this byte is no template.
    pub(crate) fn syntax(message: impl Into<String>, at: usize) -> Fault {
        Fault(Box::new(Body { kind: ErrorKind::Syntax, message: message.into(), at: Some(at as u32) }))
    }

    /// Adds the place, unless a deeper one is known.
    pub(crate) fn at(mut self, at: u32) -> Fault {
        self.0.at.get_or_insert(at);
        self
    }

    /// Says what was being done, unless it was a limit.
    pub(crate) fn while_doing(mut self, what: &str) -> Fault {
        if self.0.kind != ErrorKind::Limit {
            self.0.message = format!("{what}: {}", self.0.message);
        }
        self
    }

    /// The same for the caller, with line and column.
    pub(crate) fn within(self, source: &str) -> Error {
        let Body { kind, message, at } = *self.0;
        let (line, column) = place(source, at.unwrap_or(0) as usize);
        Error { kind, line, column, message }
    }
}

/// Line and column of a byte, from one.
pub(crate) fn place(source: &str, at: usize) -> (u32, u32) {
    let mut end = at.min(source.len());
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    let before = &source[..end];
    let line = before.bytes().filter(|byte| *byte == b'\n').count();
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column: usize = before[start..].chars().map(char::len_utf16).sum();
    (line as u32 + 1, column as u32 + 1)
}
