//! A template cut into texts, interpolations and block tags.

use super::token::{code_end, is_code_space, name_end, trim};
use crate::error::Fault;
use crate::options::Syntax;
use crate::value::text::is_space;

/// A piece of a template. Ranges are bytes of the source.
#[derive(Debug)]
pub(crate) enum Piece {
    Text {
        text: String,
        at: usize,
    },
    Variable {
        start: usize,
        end: usize,
        at: usize,
    },
    /// A block tag: its name, and what follows it.
    Tag {
        name: (usize, usize),
        rest: (usize, usize),
        at: usize,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Opening {
    Variable,
    Block,
    Comment,
}

/// Whether the text has anything in it that a template would act on.
pub(crate) fn is_plain(source: &str, syntax: Syntax) -> bool {
    let variable = if syntax.cookiecutter { "{{" } else { "${{" };
    !source.contains(variable) && !source.contains("{%") && !source.contains("{#")
}

struct Scanner<'s> {
    source: &'s str,
    syntax: Syntax,
    at: usize,
    pending: String,
    pending_at: usize,
    /// Whether the line has anything but white space so far.
    busy: bool,
    /// The next `#}`, and from where on that is known.
    comment_end: Option<usize>,
    pieces: Vec<Piece>,
}

/// Cuts the template.
pub(crate) fn scan(source: &str, syntax: Syntax) -> Result<Vec<Piece>, Fault> {
    let comment_end = source.find("#}");
    let mut scanner = Scanner {
        source,
        syntax,
        at: 0,
        pending: String::new(),
        pending_at: 0,
        busy: false,
        comment_end,
        pieces: Vec::new(),
    };
    while scanner.at < source.len() {
        scanner.next()?;
    }
    scanner.flush();
    Ok(scanner.pieces)
}

impl Scanner<'_> {
    fn next(&mut self) -> Result<(), Fault> {
        let opening = self.opening();
        self.stray_comment_end(opening.map_or(self.source.len(), |(at, _)| at))?;
        let Some((at, kind)) = opening else {
            self.append(self.source.len());
            return Ok(());
        };
        self.append(at);
        if kind == Opening::Block && self.syntax.lstrip_blocks && !self.busy {
            let line = self.pending.rfind('\n').map_or(0, |newline| newline + 1);
            if self.pending[line..].chars().all(is_space) {
                self.pending.truncate(line);
            }
        }
        let width = if kind == Opening::Variable && !self.syntax.cookiecutter { 3 } else { 2 };
        self.advance(at + width);
        let trims = self.source[self.at..].starts_with('-');
        if trims {
            self.pending.truncate(self.pending.trim_end_matches(is_space).len());
            self.advance(self.at + 1);
        }
        self.flush();
        self.tag(at, kind)
    }

    /// Reads from after the opening to after the closing.
    fn tag(&mut self, at: usize, kind: Opening) -> Result<(), Fault> {
        let start = self.at;
        let (closing, what) = match kind {
            Opening::Variable => ("}}", "an interpolation"),
            Opening::Block => ("%}", "a block tag"),
            Opening::Comment => ("#}", "a comment"),
        };
        let end = match kind {
            Opening::Comment => self.source[start..].find(closing).map(|offset| start + offset),
            _ => code_end(self.source, start, closing)?,
        };
        let Some(end) = end else {
            return Err(Fault::syntax(format!("{what} is not closed"), at));
        };
        let trims = self.source.as_bytes()[end - 1] == b'-';
        let content_end = if trims { (end - 1).max(start) } else { end };
        self.advance(end + closing.len());
        match kind {
            Opening::Comment => {}
            Opening::Variable => {
                let (from, _) = trim(self.source, start, content_end);
                self.pieces.push(Piece::Variable { start: from, end: content_end.max(from), at });
            }
            Opening::Block => {
                if self.block(at, start, content_end)? {
                    self.after(trims, false);
                    return Ok(());
                }
            }
        }
        self.after(trims, kind == Opening::Block && self.syntax.trim_blocks);
        Ok(())
    }

    /// Leaves out white space, or one line break, after a tag.
    fn after(&mut self, trims: bool, one_line: bool) {
        let rest = &self.source[self.at..];
        let skipped = if trims {
            rest.len() - rest.trim_start_matches(is_space).len()
        } else if one_line {
            self.line_break()
        } else {
            0
        };
        self.advance(self.at + skipped);
    }

    fn line_break(&self) -> usize {
        let rest = &self.source[self.at..];
        if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) }
    }

    /// A block tag; says whether it was a raw section, which is read to its end.
    fn block(&mut self, at: usize, start: usize, end: usize) -> Result<bool, Fault> {
        let (from, to) = trim(self.source, start, end);
        let name_stop = name_end(&self.source[..to], from, false).unwrap_or(from);
        let rest = trim(self.source, name_stop, to);
        let name = &self.source[from..name_stop];
        if name != "raw" && name != "verbatim" {
            self.pieces.push(Piece::Tag { name: (from, name_stop), rest, at });
            return Ok(false);
        }
        if rest.0 != rest.1 {
            return Err(Fault::syntax(format!("{name} takes nothing"), rest.0));
        }
        if self.syntax.trim_blocks {
            self.advance(self.at + self.line_break());
        }
        let Some((close, after)) = raw_end(self.source, self.at, name) else {
            return Err(Fault::syntax(format!("end{name} is missing"), at));
        };
        if self.source[close..after].contains('\n') {
            return Err(Fault::syntax(format!("end{name} has to be on one line"), close));
        }
        self.append(close);
        self.advance(after);
        Ok(true)
    }

    fn opening(&self) -> Option<(usize, Opening)> {
        let bytes = self.source.as_bytes();
        let mut from = self.at;
        while let Some(offset) = self.source[from..].find('{') {
            let brace = from + offset;
            match bytes.get(brace + 1) {
                Some(b'%') => return Some((brace, Opening::Block)),
                Some(b'#') => return Some((brace, Opening::Comment)),
                Some(b'{') if self.syntax.cookiecutter => return Some((brace, Opening::Variable)),
                Some(b'{') if brace > self.at && bytes[brace - 1] == b'$' => {
                    return Some((brace - 1, Opening::Variable));
                }
                _ => from = brace + 1,
            }
        }
        None
    }

    fn stray_comment_end(&mut self, before: usize) -> Result<(), Fault> {
        while let Some(end) = self.comment_end.filter(|end| *end < self.at) {
            self.comment_end = self.source[self.at..].find("#}").map(|offset| self.at + offset);
            debug_assert!(self.comment_end != Some(end));
        }
        match self.comment_end {
            Some(end) if end < before => Err(Fault::syntax("a comment ends here that did not begin", end)),
            _ => Ok(()),
        }
    }

    fn append(&mut self, to: usize) {
        if self.pending.is_empty() {
            self.pending_at = self.at;
        }
        self.pending.push_str(&self.source[self.at..to]);
        self.advance(to);
    }

    fn advance(&mut self, to: usize) {
        for c in self.source[self.at..to].chars() {
            self.busy = c != '\n' && (self.busy || !is_space(c));
        }
        self.at = to;
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            let text = std::mem::take(&mut self.pending);
            self.pieces.push(Piece::Text { text, at: self.pending_at });
        }
    }
}

/// Where a raw section ends: the beginning and the end of its closing tag. Sections may hold others of their kind.
fn raw_end(source: &str, start: usize, name: &str) -> Option<(usize, usize)> {
    let mut depth = 1;
    let mut at = start;
    while let Some(offset) = source[at..].find("{%") {
        let tag = at + offset;
        let inner = source[tag + 2..].trim_start_matches(is_space);
        let (closes, rest) = match inner.strip_prefix("end").and_then(|rest| rest.strip_prefix(name)) {
            Some(rest) => (true, Some(rest)),
            None => (false, inner.strip_prefix(name)),
        };
        let rest =
            rest.map(|rest| rest.trim_start_matches(is_space)).and_then(|rest| rest.strip_prefix("%}"));
        let Some(rest) = rest else {
            at = tag + 2;
            continue;
        };
        at = source.len() - rest.len();
        depth = if closes { depth - 1 } else { depth + 1 };
        if depth == 0 {
            return Some((tag, at));
        }
    }
    None
}

/// The white space that has to stand around the `in` of a loop.
pub(crate) fn is_between_spaces(source: &str, start: usize, end: usize, at: usize, after: usize) -> bool {
    let before = source[start..at].chars().next_back().is_none_or(is_code_space);
    before && source[after..end].chars().next().is_none_or(is_code_space)
}
