//! What the parser makes before it makes JSON: the same tree with the place of everything in the text.

use serde_json::{Map, Value, json};

use super::Problem;
use super::lexer::Span;

/// A text as rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// Port's search rules: always a group.
    pub rules: Value,
    /// Where the parts of the rules stand in the text: `rules/0/value` and the like.
    places: Vec<(String, Span)>,
}

/// A part of a query.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Group { all: bool, parts: Vec<Node>, span: Span },
    Not(Box<Node>, Span),
    Rule(Rule),
}

/// One rule, and where its keys stand.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) body: Map<String, Value>,
    pub(super) span: Span,
    /// `value`, `value/1`, `property`, ...
    pub(super) places: Vec<(String, Span)>,
}

impl Rule {
    pub(super) fn new(span: Span) -> Self {
        Self { body: Map::new(), span, places: Vec::new() }
    }

    /// Sets a key whose value stands at a place.
    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>, span: Span) {
        self.span = self.span.start.min(span.start)..self.span.end.max(span.end);
        self.body.insert(key.to_owned(), value.into());
        self.places.push((key.to_owned(), span));
    }

    pub(super) fn operator(&self) -> &str {
        self.body.get("operator").and_then(Value::as_str).unwrap_or_default()
    }
}

impl Node {
    pub(super) fn span(&self) -> &Span {
        match self {
            Self::Group { span, .. } | Self::Not(_, span) => span,
            Self::Rule(rule) => &rule.span,
        }
    }

    /// As a whole query.
    pub(super) fn into_rules(self) -> Parsed {
        let span = self.span().clone();
        let group = match self {
            Self::Rule(_) => Self::Group { all: true, parts: vec![self], span },
            group => group,
        };
        let mut places = Vec::new();
        let rules = group.json("", &mut places);
        Parsed { rules, places }
    }

    fn json(self, at: &str, places: &mut Vec<(String, Span)>) -> Value {
        places.push((at.to_owned(), self.span().clone()));
        let below = |rest: &str| if at.is_empty() { rest.to_owned() } else { format!("{at}/{rest}") };
        match self {
            Self::Group { all, parts, .. } => {
                let part = |(i, part): (usize, Self)| part.json(&below(&format!("rules/{i}")), places);
                let rules: Vec<Value> = parts.into_iter().enumerate().map(part).collect();
                json!({"combinator": if all { "and" } else { "or" }, "rules": rules})
            }
            Self::Not(part, _) => {
                let part = part.json(&below("rules/0"), places);
                json!({"combinator": "not", "rules": [part]})
            }
            Self::Rule(rule) => {
                places.extend(rule.places.into_iter().map(|(key, span)| (below(&key), span)));
                Value::Object(rule.body)
            }
        }
    }
}

impl Parsed {
    /// Everything.
    pub(super) fn everything() -> Self {
        Self { rules: json!({"combinator": "and", "rules": []}), places: vec![(String::new(), 0..0)] }
    }

    /// Where a part of the rules stands in the text; what holds it, where it does not stand there itself.
    #[must_use]
    pub fn place(&self, path: &str) -> (usize, usize) {
        let mut path = path.trim_start_matches('/');
        loop {
            if let Some((_, span)) = self.places.iter().find(|(at, _)| at == path) {
                return (span.start, span.end);
            }
            if path.is_empty() {
                return (0, 0);
            }
            path = path.rsplit_once('/').map_or("", |(head, _)| head);
        }
    }

    /// What the compiler says of the rules, said of the text.
    #[must_use]
    pub fn problem(&self, invalid: &stagedoor_model::blueprint::Invalid) -> Problem {
        let (from, to) = self.place(&invalid.path);
        let subject = format!("\"{}\" ", invalid.path.trim_start_matches('/'));
        let message =
            invalid.message.strip_prefix(&subject).or_else(|| invalid.message.strip_prefix("body "));
        let message = message.map_or_else(|| invalid.message.clone(), |what| format!("this {what}"));
        Problem { message, hint: None, from, to }
    }
}
