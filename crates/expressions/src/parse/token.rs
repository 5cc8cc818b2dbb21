//! The tokens of an expression.

use std::borrow::Cow;

use crate::error::Fault;

/// The longest regular expression literal, in UTF-16 units.
const LONGEST_REGEX: usize = 16_384;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Name,
    Number,
    Text,
    Regex,
    Operator,
    End,
}

#[derive(Clone, Debug)]
pub(crate) struct Token<'s> {
    pub(crate) kind: TokenKind,
    /// What it says; of a text what it means, of a regular expression `source/flags`.
    pub(crate) text: Cow<'s, str>,
    pub(crate) at: usize,
    pub(crate) end: usize,
}

const OPERATORS: [&str; 8] = ["===", "!==", "**", "//", "==", "!=", "<=", ">="];

/// White space between tokens; other white space is no part of the language.
pub(crate) fn is_code_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{a0}')
}

/// The source without white space of code at both ends, as a range of it.
pub(crate) fn trim(source: &str, start: usize, end: usize) -> (usize, usize) {
    let text = &source[start..end.max(start)];
    let trimmed = text.trim_start_matches(is_code_space);
    let start = start + text.len() - trimmed.len();
    (start, start + trimmed.trim_end_matches(is_code_space).len())
}

fn is_name_start(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphabetic()
}

/// The end of the name that begins here, if one does. With `digits` it may begin with some.
pub(crate) fn name_end(source: &str, start: usize, digits: bool) -> Option<usize> {
    let bytes = source.as_bytes();
    let mut at = start;
    while digits && bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    if !bytes.get(at).copied().is_some_and(is_name_start) {
        return None;
    }
    let rest = bytes[at..].iter().take_while(|byte| **byte == b'_' || byte.is_ascii_alphanumeric()).count();
    Some(at + rest)
}

/// The end of the string that begins here, if one does: the end of the source if it is not closed.
fn string_end(source: &str, start: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    let quote = *bytes.get(start)?;
    if quote != b'"' && quote != b'\'' {
        return None;
    }
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
    Some(source.len())
}

/// The end of what may hold a delimiter without meaning it: a string, a name, digits, a regular expression.
fn opaque_end(source: &str, start: usize) -> Result<Option<usize>, Fault> {
    if let Some(end) = string_end(source, start) {
        return Ok(Some(end));
    }
    if let Some(end) = name_end(source, start, true) {
        if &source[start..end] == "r" && source.as_bytes().get(end) == Some(&b'/') {
            return regex_end(source, start).map(Some);
        }
        return Ok(Some(end));
    }
    let digits = source.as_bytes()[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    Ok((digits > 0).then_some(start + digits))
}

/// Where the code that begins at `start` ends: at the first `closing` outside strings and regular expressions.
pub(crate) fn code_end(source: &str, start: usize, closing: &str) -> Result<Option<usize>, Fault> {
    let mut at = start;
    while at < source.len() {
        if let Some(end) = opaque_end(source, at)? {
            at = end;
        } else if source.as_bytes()[at..].starts_with(closing.as_bytes()) {
            return Ok(Some(at));
        } else {
            at += 1;
            while !source.is_char_boundary(at) {
                at += 1;
            }
        }
    }
    Ok(None)
}

/// `r/source/flags` from its `r` on.
fn regex_end(source: &str, start: usize) -> Result<usize, Fault> {
    let bytes = source.as_bytes();
    let mut backslashes = 0;
    let mut at = start + 2;
    loop {
        match bytes.get(at) {
            None => return Err(Fault::syntax("a regular expression is not closed", start)),
            Some(_) if at - start > LONGEST_REGEX => {
                return Err(Fault::syntax("a regular expression is too long", start));
            }
            Some(b'\\') => backslashes += 1,
            Some(b'/') if backslashes == 0 => break,
            Some(b'/') if backslashes % 2 == 0 => {
                return Err(Fault::syntax("it is not clear where the regular expression ends", start));
            }
            Some(_) => backslashes = 0,
        }
        at += 1;
    }
    let mut end = at + 1;
    while let Some(flag) = bytes.get(end).filter(|byte| byte.is_ascii_alphabetic()) {
        if !b"gimy".contains(flag) {
            return Err(Fault::syntax("an unknown flag of a regular expression", end));
        }
        if bytes[at + 1..end].contains(flag) {
            return Err(Fault::syntax("a flag of a regular expression is there twice", end));
        }
        end += 1;
    }
    Ok(end)
}

/// The tokens from `start` to `end`; the last one is [`TokenKind::End`].
pub(crate) fn tokenize(source: &str, start: usize, end: usize) -> Result<Vec<Token<'_>>, Fault> {
    let code = &source[..end];
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut at = start;
    while at < end {
        let c = code[at..].chars().next().unwrap_or(' ');
        if is_code_space(c) {
            at += c.len_utf8();
            continue;
        }
        let token = next(code, at, c, tokens.last())?;
        at = token.end;
        tokens.push(token);
    }
    tokens.push(Token { kind: TokenKind::End, text: Cow::Borrowed(""), at: end, end });
    Ok(tokens)
}

fn next<'s>(code: &'s str, at: usize, c: char, previous: Option<&Token<'s>>) -> Result<Token<'s>, Fault> {
    let token = |kind, end| Token { kind, text: Cow::Borrowed(&code[at..end]), at, end };
    let is =
        |text: &str| previous.is_some_and(|token| token.kind == TokenKind::Operator && token.text == text);
    if let Some(end) = name_end(code, at, is(".")) {
        if &code[at..end] == "r" && code.as_bytes().get(end) == Some(&b'/') {
            let end = regex_end(code, at)?;
            return Ok(Token { kind: TokenKind::Regex, text: Cow::Borrowed(&code[at + 2..end]), at, end });
        }
        return Ok(token(TokenKind::Name, end));
    }
    let bytes = code.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let operand = previous.is_some_and(|token| match token.kind {
        TokenKind::Operator => matches!(&*token.text, ")" | "]" | "}"),
        kind => kind != TokenKind::End,
    });
    if c == '.' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) && !operand {
        return Err(Fault::syntax("a number cannot begin with a point", at));
    }
    if c.is_ascii_digit() {
        let mut end = at + digits(at);
        if bytes.get(end) == Some(&b'.') {
            end += 1 + digits(end + 1);
        }
        if bytes.get(end).copied().is_some_and(is_name_start) {
            return Err(Fault::syntax("this is no number", at));
        }
        return Ok(token(TokenKind::Number, end));
    }
    if c == '"' || c == '\'' {
        return read_string(code, at);
    }
    if let Some(operator) = OPERATORS.iter().find(|operator| code[at..].starts_with(**operator)) {
        return Ok(token(TokenKind::Operator, at + operator.len()));
    }
    if !"()[]{}.,:|~+-*/%<>=".contains(c) {
        return Err(Fault::syntax(format!("the character {c:?} has no meaning here"), at));
    }
    Ok(token(TokenKind::Operator, at + 1))
}

fn read_string(code: &str, at: usize) -> Result<Token<'_>, Fault> {
    let quote = code.as_bytes()[at];
    let mut text = String::new();
    let mut chars = code[at + 1..].char_indices();
    while let Some((offset, c)) = chars.next() {
        if c as u32 == u32::from(quote) {
            let end = at + 2 + offset;
            return Ok(Token { kind: TokenKind::Text, text: Cow::Owned(text), at, end });
        }
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some((_, 'n')) => text.push('\n'),
            Some((_, 'r')) => text.push('\r'),
            Some((_, 't')) => text.push('\t'),
            Some((_, other)) => text.push(other),
            None => break,
        }
    }
    Err(Fault::syntax("a string is not closed", at))
}
