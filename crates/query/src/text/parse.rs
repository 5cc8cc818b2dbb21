//! Text to rules: a parser by recursive descent.

mod function;
mod subject;
pub(super) mod value;

use serde_json::{Map, Value};

use super::lexer::{Kind, Part, Span, Token, is_one_word, tokens};
use super::tree::{Node, Parsed, Rule};
use super::words::{self, reserved};
use super::{MAX_TEXT, Problem};
use crate::dialect::port::MAX_DEPTH;

type Parse<T> = Result<T, Problem>;

/// What could stand where a text ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wanted {
    /// A condition, a word or a group.
    Term,
    /// `and`, `or`, a further term.
    More,
    /// An operator behind this subject; the keys of a rule.
    Operator(Map<String, Value>),
    /// What follows `not` behind a subject.
    Negated(Map<String, Value>),
    /// `empty`, `expired`.
    State,
    /// A value of this subject, compared so.
    Value(Map<String, Value>, &'static str),
    /// A list behind this subject, or what stands for several values.
    Several(Map<String, Value>),
    /// A blueprint, as of `upstreamOf(`.
    Blueprint,
    /// An identifier of this blueprint, of any when it is empty.
    Entity(String),
    /// A key of a relation.
    Relation,
    /// A scorecard, and a rule of it behind a dot.
    Scorecard,
}

/// The rules that a text says.
///
/// # Errors
/// What is wrong first, and where.
pub fn parse(text: &str) -> Result<Parsed, Problem> {
    if text.len() > MAX_TEXT {
        let message = format!("the query is too long: it has {} bytes, and {MAX_TEXT} may be", text.len());
        return Err(Problem::new(&(0..text.len()), message));
    }
    let mut parser = Parser::new(tokens(text), text.len());
    if parser.tokens.is_empty() {
        return Ok(Parsed::everything());
    }
    let node = parser.any_of()?;
    match parser.peek() {
        None => Ok(node.into_rules()),
        Some(_) => Err(parser.unexpected("this")),
    }
}

/// The subject that a text names, `owner.size`, as the keys of a rule: `{"relation", "targetProperty"}`.
///
/// # Errors
/// What is wrong with it.
pub fn parse_subject(text: &str) -> Result<Map<String, Value>, Problem> {
    let mut parser = Parser::new(tokens(text), text.len());
    let mut rule = Rule::new(0..0);
    parser.subject(&mut rule)?;
    match parser.peek() {
        None => Ok(rule.body),
        Some(_) => Err(parser.unexpected("this")),
    }
}

/// What could stand behind some tokens that end at a byte.
pub(super) fn wanted(tokens: Vec<Token>, end: usize) -> Wanted {
    let mut parser = Parser::new(tokens, end);
    let outcome = parser.any_of();
    match (parser.wanted, outcome) {
        (Some(wanted), _) => wanted,
        (None, _) => Wanted::Term,
    }
}

pub(super) struct Parser {
    tokens: Vec<Token>,
    at: usize,
    /// Where the text ends.
    end: usize,
    depth: usize,
    wanted: Option<Wanted>,
}

impl Parser {
    fn new(tokens: Vec<Token>, end: usize) -> Self {
        Self { tokens, at: 0, end, depth: 0, wanted: None }
    }

    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.at).map(|t| &t.kind)
    }

    fn behind(&self, n: usize) -> Option<&Token> {
        self.tokens.get(self.at + n)
    }

    /// Where the next token stands; the end of the text behind the last.
    fn here(&self) -> Span {
        self.behind(0).map_or(self.end..self.end, |t| t.span.clone())
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    /// Remembers what could stand here if the text ends here. What is nearest to the end counts.
    fn wants(&mut self, wanted: impl FnOnce() -> Wanted) {
        if self.peek().is_none() && self.wanted.is_none() {
            self.wanted = Some(wanted());
        }
    }

    fn is_sign(&self, sign: char) -> bool {
        self.peek() == Some(&Kind::Sign(sign))
    }

    fn sign(&mut self, sign: char) -> Parse<Span> {
        if self.is_sign(sign) {
            let span = self.here();
            self.at += 1;
            return Ok(span);
        }
        Err(self.expected(&format!("`{sign}`")))
    }

    /// The reserved word that comes `n` tokens further on.
    fn word_at(&self, n: usize) -> Option<&'static str> {
        match self.behind(n).map(|t| &t.kind) {
            Some(Kind::Word(parts)) => match parts.as_slice() {
                [Part { text, quoted: false, .. }] => reserved(text),
                _ => None,
            },
            _ => None,
        }
    }

    fn is_word(&self, word: &str) -> bool {
        self.word_at(0) == Some(word)
    }

    fn take(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        self.at += usize::from(is);
        is
    }

    fn expected(&self, what: &str) -> Problem {
        match self.behind(0) {
            Some(token) => self.hinted(token, Problem::new(&token.span, format!("{what} is missing here"))),
            None => Problem::new(&self.here(), format!("{what} is missing at the end")),
        }
    }

    fn unexpected(&self, what: &str) -> Problem {
        match self.behind(0) {
            Some(token) if token.kind == Kind::Sign(')') => {
                Problem::new(&token.span, format!("{what} cannot stand here"))
                    .hint("there is no `(` that this closes")
            }
            Some(token) => self.hinted(token, Problem::new(&token.span, format!("{what} cannot stand here"))),
            None => self.expected("something"),
        }
    }

    /// With what is usually meant by a token that means something else elsewhere.
    fn hinted(&self, token: &Token, problem: Problem) -> Problem {
        let hint = match &token.kind {
            Kind::Strange('&') => "write `and`",
            Kind::Strange('|') => "write `or`",
            Kind::Strange('!') => "write `not`",
            Kind::Strange('~') => "write `contains`",
            Kind::Strange('[' | ']') => "a list is written in parentheses: `(a, b)`",
            Kind::Strange(_) => "put it between quotes",
            Kind::Operator("=") => "one `=` compares",
            Kind::Sign('*') => "for a part of a text write `contains` or `beginsWith`",
            Kind::Word(_) if self.word_at(0).is_some() => "to mean the word itself, put it between quotes",
            _ => return problem,
        };
        problem.hint(hint)
    }

    /// Counts what is inside what.
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.depth >= MAX_DEPTH {
            return Err(Problem::new(&self.here(), format!("this is nested deeper than {MAX_DEPTH} groups")));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// `a or b or c`
    fn any_of(&mut self) -> Parse<Node> {
        let mut parts = vec![self.all_of()?];
        while self.take("or") {
            parts.push(self.all_of()?);
        }
        Ok(group(false, parts))
    }

    /// `a and b c`: what stands side by side must all hold.
    fn all_of(&mut self) -> Parse<Node> {
        let mut parts = vec![self.negated()?];
        loop {
            self.wants(|| Wanted::More);
            if !self.take("and") && (self.peek().is_none() || self.is_sign(')') || self.is_word("or")) {
                return Ok(group(true, parts));
            }
            parts.push(self.negated()?);
        }
    }

    fn negated(&mut self) -> Parse<Node> {
        let from = self.here();
        if !self.take("not") {
            return self.term();
        }
        let part = self.deeper(Self::negated)?;
        Ok(negate(part, from.start))
    }

    fn term(&mut self) -> Parse<Node> {
        self.wants(|| Wanted::Term);
        match self.peek() {
            Some(Kind::Sign('(')) => {
                let from = self.here().start;
                self.at += 1;
                let inner = self.deeper(Self::any_of)?;
                let end = self.sign(')')?.end;
                Ok(widened(inner, from..end))
            }
            Some(Kind::Sign('*')) => {
                let span = self.here();
                self.at += 1;
                Ok(Node::Group { all: true, parts: Vec::new(), span })
            }
            Some(Kind::Word(_) | Kind::Dynamic(_)) if self.word_at(0).is_none() => self.condition(),
            _ => Err(self.expected("a condition")),
        }
    }

    /// `tier = gold`, `upstreamOf(…)`, or words to find.
    fn condition(&mut self) -> Parse<Node> {
        if let Some(function) = self.function()? {
            return Ok(function);
        }
        let start = self.at;
        let span = self.here();
        let mut rule = Rule::new(span.clone());
        let read = self.subject(&mut rule);
        if read.is_ok() {
            self.wants(|| Wanted::Operator(rule.body.clone()));
        }
        if self.is_operator() {
            read?;
            self.comparison(&mut rule)?;
            return Ok(Node::Rule(rule));
        }
        let plain = matches!(self.tokens.get(start).map(|t| &t.kind), Some(Kind::Word(_)));
        let is_call =
            self.tokens.get(start + 1).is_some_and(|t| t.kind == Kind::Sign('(') && t.span.start == span.end);
        if !plain || is_call {
            read?;
            return Err(self.expected("an operator"));
        }
        self.at = start;
        self.search(span)
    }

    /// Whether an operator comes next.
    fn is_operator(&self) -> bool {
        let follows = |n| self.word_at(n).is_some_and(|w| !matches!(w, "and" | "or" | "not"));
        matches!(self.peek(), Some(Kind::Operator(_))) || follows(0) || self.is_word("not") && follows(1)
    }

    /// A word, or a text between quotes, that is found anywhere.
    fn search(&mut self, span: Span) -> Parse<Node> {
        let text = match self.next().map(|t| t.kind) {
            Some(Kind::Word(parts)) => single(&parts, &span)?,
            _ => return Err(Problem::new(&span, "a word is missing here")),
        };
        let quoted = self.tokens.get(self.at - 1).is_some_and(|t| t.span.len() != text.len());
        if !quoted && text.starts_with('-') && text.len() > 1 && is_one_word(&text[1..]) {
            let problem = Problem::new(&span, "a word to find cannot begin with `-`");
            return Err(problem.hint(format!("to leave out what matches write `not {}`", &text[1..])));
        }
        let mut rule = Rule::new(span.clone());
        rule.body.insert("operator".into(), "search".into());
        rule.set("value", text, span);
        Ok(Node::Rule(rule))
    }
}

/// The only part of a word.
fn single(parts: &[Part], span: &Span) -> Parse<String> {
    match parts {
        [part] if part.closed => Ok(part.text.clone()),
        [_] => Err(Problem::new(span, "the quote at the beginning has none at the end")),
        _ => {
            Err(Problem::new(span, "this is neither a word nor a text").hint("put all of it between quotes"))
        }
    }
}

fn group(all: bool, mut parts: Vec<Node>) -> Node {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let from = parts.first().map_or(0, |p| p.span().start);
    let to = parts.last().map_or(from, |p| p.span().end);
    Node::Group { all, parts, span: from..to }
}

/// A group is as wide as its parentheses.
fn widened(node: Node, span: Span) -> Node {
    match node {
        Node::Group { all, parts, .. } => Node::Group { all, parts, span },
        node => node,
    }
}

/// The opposite. A rule whose operator has an exact opposite takes that.
fn negate(node: Node, from: usize) -> Node {
    let span = from..node.span().end;
    match node {
        Node::Not(inner, _) => *inner,
        Node::Rule(mut rule) => match words::opposite(rule.operator()) {
            Some(opposite) => {
                rule.body.insert("operator".into(), opposite.into());
                rule.span = span;
                Node::Rule(rule)
            }
            None => Node::Not(Box::new(Node::Rule(rule)), span),
        },
        node => Node::Not(Box::new(node), span),
    }
}
