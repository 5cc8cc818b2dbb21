//! What may come next in a text, from the blueprints' fields, the operators and the values that there are.

mod scored;

use indexmap::IndexMap;
use serde_json::{Map, Value};

pub use self::scored::KnownScorecard;
use super::fields::{Field, Shape, fields, meta_shape};
use super::lexer::{Kind, Token, is_one_word, tokens};
use super::parse::{Wanted, wanted};
use super::print::{print_value, quoted};
use super::words::{CONTEXTS, functions};
use crate::dialect::port::{Column, META_PROPERTIES, PRESETS, Scope, named, of_relation};

/// Suggestions, at most.
const MOST: usize = 50;

/// What completion needs to know of the catalog.
pub trait Known {
    /// Values that a field has and that contain this part, without case; each with the number of entities.
    fn values(&self, columns: &[Column], part: &str) -> Vec<(Value, u64)>;
    /// Entities of a blueprint whose title or identifier contains this part: identifier and title.
    fn entities(&self, blueprint: &str, part: &str) -> Vec<(String, String)>;
    /// The scorecards of the blueprints in scope.
    fn scorecards(&self) -> Vec<KnownScorecard> {
        Vec::new()
    }
}

/// What a suggestion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    /// A property.
    Property,
    /// A relation.
    Relation,
    /// A meta-property.
    Meta,
    /// An operator.
    Operator,
    /// A value.
    Value,
    /// `and`, `not`, `empty`, ...
    Keyword,
    /// `upstreamOf`, ...
    Function,
    /// A blueprint.
    Blueprint,
    /// An entity.
    Entity,
}

/// One suggestion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What is inserted.
    pub insert: String,
    /// What it is.
    pub kind: CompletionKind,
    /// What else there is to know: a title, a count.
    pub detail: Option<String>,
}

/// Suggestions for a place in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// What is replaced begins at this byte.
    pub from: usize,
    /// And ends in front of this one.
    pub to: usize,
    /// The best first.
    pub items: Vec<Completion>,
}

/// What may stand at a byte of a text.
#[must_use]
pub fn complete(text: &str, at: usize, scope: &Scope<'_>, known: &dyn Known) -> Completions {
    let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    let mut before = tokens(&text[..at]);
    let touching = before.pop_if(|t| t.span.end == at && matches!(t.kind, Kind::Word(_) | Kind::Dynamic(_)));
    let from = touching.as_ref().map_or(at, |t| t.span.start);
    let whole = tokens(text).into_iter().find(|t| t.span.start == from && touching.is_some());
    let to = whole.map_or(at, |t| t.span.end.max(at));
    let part = touching.as_ref().map(typed).unwrap_or_default();
    let wanted = wanted(before, from);
    let closed = text.get(to..).is_some_and(|behind| behind.trim_start().starts_with(')'));
    let mut offer = Offer { scope, known, part: part.to_lowercase(), closed, items: Vec::new() };
    offer.all(&wanted);
    Completions { from, to, items: offer.ranked() }
}

/// What has been typed of a word, without its quotes.
fn typed(token: &Token) -> String {
    let (sign, parts) = match &token.kind {
        Kind::Word(parts) => ("", parts),
        Kind::Dynamic(parts) => ("@", parts),
        _ => return String::new(),
    };
    let parts: Vec<&str> = parts.iter().map(|p| p.text.as_str()).collect();
    format!("{sign}{}", parts.join("."))
}

struct Offer<'s> {
    scope: &'s Scope<'s>,
    known: &'s dyn Known,
    /// What has been typed of it, lower-case.
    part: String,
    /// There is a closing parenthesis behind it.
    closed: bool,
    items: Vec<Completion>,
}

impl Offer<'_> {
    fn all(&mut self, wanted: &Wanted) {
        match wanted {
            Wanted::Term => self.terms(),
            Wanted::More => {
                self.words(&["and", "or"], CompletionKind::Keyword);
                self.terms();
            }
            Wanted::Operator(rule) => {
                let operators = scored::operators(rule).unwrap_or_else(|| operators(self.shape(rule)));
                self.words(operators, CompletionKind::Operator);
                self.words(&["and", "or"], CompletionKind::Keyword);
            }
            Wanted::Negated(_) => {
                self.words(
                    &["in", "contains", "beginsWith", "endsWith", "between"],
                    CompletionKind::Operator,
                );
            }
            Wanted::State => self.words(&["empty", "not", "expired"], CompletionKind::Keyword),
            Wanted::Value(rule, operator) => {
                if !self.standings(rule) {
                    self.values(rule, operator);
                }
            }
            Wanted::Several(rule) if rule.contains_key("scorecard") => {
                self.words(&["("], CompletionKind::Keyword);
            }
            Wanted::Several(rule) => {
                self.words(&["("], CompletionKind::Keyword);
                self.dynamic(self.shape(rule) == Shape::Date, true);
            }
            Wanted::Blueprint => self.blueprints(),
            Wanted::Entity(blueprint) => self.entities(blueprint),
            Wanted::Scorecard => self.scorecards(),
            Wanted::Relation => self.fields(|f| !f.targets.is_empty()),
        }
    }

    fn push(&mut self, insert: impl Into<String>, kind: CompletionKind, detail: Option<String>) {
        self.items.push(Completion { insert: insert.into(), kind, detail });
    }

    fn words(&mut self, words: &[&str], kind: CompletionKind) {
        words.iter().for_each(|word| self.push(*word, kind, None));
    }

    fn terms(&mut self) {
        let relation = self.part.split_once('.').map(|(relation, _)| relation.to_owned());
        match relation {
            Some(relation) => self.at_the_other_end(&relation),
            None => self.fields(|_| true),
        }
        for (name, _) in META_PROPERTIES {
            self.push(name, CompletionKind::Meta, None);
        }
        self.words(&["not"], CompletionKind::Keyword);
        functions().for_each(|name| self.push(format!("{name}("), CompletionKind::Function, None));
        self.scorecard_terms();
        self.push("@me.", CompletionKind::Value, Some("a property of yourself".into()));
    }

    fn fields(&mut self, fits: impl Fn(&Field) -> bool) {
        for (key, field) in fields(self.scope).into_iter().filter(|(_, f)| fits(f)) {
            let kind = match field.shape {
                Shape::Relation => CompletionKind::Relation,
                _ => CompletionKind::Property,
            };
            self.push(quoted(&key), kind, field.title);
        }
    }

    /// `owner.` → `owner.size`
    fn at_the_other_end(&mut self, relation: &str) {
        let all: IndexMap<String, Field> = fields(self.scope);
        let Some((key, field)) = all.iter().find(|(key, _)| key.eq_ignore_ascii_case(relation)) else {
            return;
        };
        for target in &field.targets {
            for (there, field) in fields(&Scope { only: Some(target), ..*self.scope }) {
                let insert = format!("{}.{}", quoted(key), quoted(&there));
                if !self.items.iter().any(|i| i.insert == insert) {
                    self.push(insert, CompletionKind::Property, field.title);
                }
            }
        }
        for (meta, _) in META_PROPERTIES {
            self.push(format!("{}.{meta}", quoted(key)), CompletionKind::Meta, None);
        }
    }

    /// The columns that the subject of a rule looks at.
    fn columns(&self, rule: &Map<String, Value>) -> Vec<Column> {
        let text = |key: &str| rule.get(key).and_then(Value::as_str);
        let columns = match (text("relation"), text("property")) {
            (Some(relation), _) => {
                of_relation(relation, text("targetProperty").unwrap_or("$identifier"), "", self.scope)
            }
            (None, Some(property)) => named(property, "", self.scope),
            (None, None) => return Vec::new(),
        };
        columns.unwrap_or_default()
    }

    fn field(&self, rule: &Map<String, Value>) -> Option<Field> {
        let text = |key: &str| rule.get(key).and_then(Value::as_str);
        match (text("relation"), text("targetProperty")) {
            (Some(relation), Some(target)) => {
                let targets = fields(self.scope).shift_remove(relation)?.targets;
                let there = |b: &String| fields(&Scope { only: Some(b), ..*self.scope }).shift_remove(target);
                targets.iter().find_map(there)
            }
            (Some(relation), None) => fields(self.scope).shift_remove(relation),
            (None, _) => fields(self.scope).shift_remove(text("property")?),
        }
    }

    fn shape(&self, rule: &Map<String, Value>) -> Shape {
        let text = |key: &str| rule.get(key).and_then(Value::as_str);
        let meta = text("targetProperty").or_else(|| text("property")).and_then(meta_shape);
        meta.or_else(|| self.field(rule).map(|f| f.shape)).unwrap_or(Shape::Text)
    }

    fn values(&mut self, rule: &Map<String, Value>, operator: &str) {
        let field = self.field(rule);
        let shape = self.shape(rule);
        if rule.get("property") == Some(&"$blueprint".into()) {
            return self.blueprints();
        }
        if shape == Shape::Boolean {
            self.words(&["true", "false"], CompletionKind::Value);
        }
        for choice in field.iter().flat_map(|f| &f.choices) {
            self.push(print_value(choice), CompletionKind::Value, None);
        }
        if shape != Shape::Date && shape != Shape::Boolean {
            for (value, count) in self.known.values(&self.columns(rule), self.part.as_str()) {
                let insert = print_value(&value);
                let detail = Some(count.to_string());
                match self.items.iter_mut().find(|i| i.insert == insert) {
                    Some(item) => item.detail = detail,
                    None => self.push(insert, CompletionKind::Value, detail),
                }
            }
        }
        self.dynamic(
            shape == Shape::Date && matches!(operator, "=" | "!=" | "between"),
            operator != "between",
        );
    }

    fn dynamic(&mut self, ranges: bool, caller: bool) {
        if ranges {
            PRESETS.iter().for_each(|p| self.push(format!("@{}", p.name), CompletionKind::Value, None));
        }
        if caller {
            for (name, detail) in CONTEXTS.iter().zip(["yourself", "the teams that you are in"]) {
                self.push(format!("@{}", name.0), CompletionKind::Value, Some(detail.into()));
            }
        }
    }

    fn blueprints(&mut self) {
        for entry in self.scope.blueprints.iter() {
            let insert = print_value(&Value::String(entry.blueprint.identifier.clone()));
            self.push(insert, CompletionKind::Blueprint, entry.blueprint.title.clone());
        }
    }

    fn entities(&mut self, blueprint: &str) {
        for (identifier, title) in self.known.entities(blueprint, self.part.as_str()) {
            let plain = is_one_word(&identifier);
            let insert = if plain { identifier } else { Value::String(identifier).to_string() };
            let detail = Some(title).filter(|t| *t != insert);
            self.push(insert, CompletionKind::Entity, detail);
        }
        self.dynamic(false, true);
    }

    /// What fits what has been typed: what begins with it, then what has it in it, then what has it in its title.
    fn ranked(self) -> Vec<Completion> {
        let part = self.part.as_str();
        let rank = |item: &Completion| {
            let insert = item.insert.to_lowercase();
            let bare = insert.trim_start_matches(['"', '$', '@']);
            let title = item.detail.as_deref().unwrap_or_default().to_lowercase();
            match part {
                "" => Some(0),
                part if insert.starts_with(part) => Some(0),
                part if bare.starts_with(part) => Some(1),
                part if insert.contains(part) => Some(2),
                part if title.contains(part) => Some(3),
                _ => None,
            }
        };
        let mut items: Vec<(i32, Completion)> =
            self.items.into_iter().filter_map(|i| Some((rank(&i)?, i))).collect();
        items.sort_by_key(|(rank, _)| *rank);
        items.into_iter().map(|(_, item)| item).take(MOST).collect()
    }
}

fn operators(shape: Shape) -> &'static [&'static str] {
    match shape {
        Shape::Text | Shape::Relation => &[
            "=",
            "!=",
            "in",
            "not in",
            "contains",
            "not contains",
            "beginsWith",
            "endsWith",
            "is empty",
            "is not empty",
        ],
        Shape::Number => &["=", "!=", ">", ">=", "<", "<=", "between", "in", "is empty", "is not empty"],
        Shape::Boolean => &["=", "!=", "is empty", "is not empty"],
        Shape::Date => &[
            "in",
            "not in",
            ">",
            ">=",
            "<",
            "<=",
            "between",
            "is expired",
            "is not expired",
            "is empty",
            "is not empty",
        ],
        Shape::List => {
            &["contains", "not contains", "containsAny", "in", "not in", "is empty", "is not empty"]
        }
        Shape::Object => &["is empty", "is not empty"],
    }
}
