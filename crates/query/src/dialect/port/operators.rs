//! The operators: one row each.

use serde_json::{Map, Value};
use stagedoor_model::blueprint::Invalid;
use stagedoor_model::{Timestamp, Zone};

use super::columns::Column;
use super::{PRESETS, Scope, graph, join, presets, search, wrong};
use crate::expr::{Expr, Order, Test};
use crate::index::term::Scalar;

/// An operator of Port's rules.
pub struct Operator {
    /// As rules name it.
    pub name: &'static str,
    /// What its `value` may be.
    pub takes: Takes,
    /// What it demands, for people.
    pub meaning: &'static str,
    /// Whether it matches what `test` does not, entities without the property included.
    pub(super) negates: bool,
    pub(super) rule: Rule,
}

/// Reads a rule that stands at a place.
type ReadRule = fn(&Map<String, Value>, &str, &Scope<'_>) -> Result<Expr, Invalid>;

/// How an operator's rule is read.
pub(super) enum Rule {
    /// A property, and a value that it is compared with.
    Compare(fn(&[Column], &Operand) -> Expr),
    /// Otherwise.
    Other(ReadRule),
}

/// What an operator's `value` may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A string, number, boolean or null; `{"preset"}` for dates.
    Value,
    /// A string (also a date) or a number.
    Ordered,
    /// A string, number or boolean.
    Member,
    /// A string.
    Text,
    /// An array of strings, numbers, booleans and nulls.
    List,
    /// `{"from", "to"}` (dates, numbers or strings) or `{"preset"}`.
    Range,
    /// Nothing; a value is ignored.
    Nothing,
    /// Nothing: it compares with now.
    Now,
    /// An identifier or several.
    Identifiers,
}

/// Every operator, in the order of the documentation.
pub static OPERATORS: [Operator; 24] = [
    is("=", Takes::Value, equal, "is this value; has it as a member, where the property is an array"),
    not("!=", Takes::Value, equal, "the opposite of `=`"),
    is(
        ">",
        Takes::Ordered,
        |c, o| order(c, o, Order::Greater),
        "is greater: dates by time, texts by character",
    ),
    is(">=", Takes::Ordered, |c, o| order(c, o, Order::GreaterOrEqual), "is greater or equal"),
    is("<", Takes::Ordered, |c, o| order(c, o, Order::Less), "is less"),
    is("<=", Takes::Ordered, |c, o| order(c, o, Order::LessOrEqual), "is less or equal"),
    is(
        "contains",
        Takes::Member,
        contains,
        "has this text in it; has it as a member, where the property is an array",
    ),
    not("doesNotContains", Takes::Member, contains, "the opposite of `contains`"),
    is("beginsWith", Takes::Text, |c, o| text(c, o, Test::Prefix), "begins with this text"),
    not("doesNotBeginsWith", Takes::Text, |c, o| text(c, o, Test::Prefix), "the opposite of `beginsWith`"),
    is("endsWith", Takes::Text, |c, o| text(c, o, Test::Suffix), "ends with this text"),
    not("doesNotEndsWith", Takes::Text, |c, o| text(c, o, Test::Suffix), "the opposite of `endsWith`"),
    is("in", Takes::List, one_of, "is one of these values"),
    not("notIn", Takes::List, one_of, "the opposite of `in`"),
    is("containsAny", Takes::List, one_of, "has one of these values as a member"),
    not(
        "isEmpty",
        Takes::Nothing,
        valued,
        "is null, or not there; an empty text, array or object is not empty",
    ),
    is("isNotEmpty", Takes::Nothing, valued, "is there and not null"),
    is("between", Takes::Range, between, "lies in the range, both ends included"),
    not("notBetween", Takes::Range, between, "the opposite of `between`"),
    is("isExpired", Takes::Now, |c, o| time(c, o, Order::Less), "is a date or timer that lies before now"),
    is(
        "isNotExpired",
        Takes::Now,
        |c, o| time(c, o, Order::GreaterOrEqual),
        "is a date or timer that is still to come",
    ),
    other(
        "relatedTo",
        graph::related_to,
        "relations lead there, from or to the entities of `blueprint` that `value` names",
    ),
    other(
        "matchAny",
        graph::match_any,
        "the relations of `property.path` lead there, from or to an entity that `value` names",
    ),
    Operator {
        takes: Takes::Text,
        ..other(
            "search",
            search::read,
            "is not asked for: the title, name, identifier, description or a tag has this text in it, in any case",
        )
    },
];

type TestOf = fn(&[Column], &Operand) -> Expr;

const fn is(name: &'static str, takes: Takes, test: TestOf, meaning: &'static str) -> Operator {
    Operator { name, takes, meaning, negates: false, rule: Rule::Compare(test) }
}

const fn not(name: &'static str, takes: Takes, test: TestOf, meaning: &'static str) -> Operator {
    Operator { name, takes, meaning, negates: true, rule: Rule::Compare(test) }
}

const fn other(name: &'static str, rule: ReadRule, meaning: &'static str) -> Operator {
    Operator { name, takes: Takes::Identifiers, meaning, negates: false, rule: Rule::Other(rule) }
}

/// The operator that a rule names.
pub(super) fn named(name: &Value, place: &str) -> Result<&'static Operator, Invalid> {
    let known = name.as_str().and_then(|name| OPERATORS.iter().find(|o| o.name == name));
    known.ok_or_else(|| wrong(place, &one_of_names(OPERATORS.iter().map(|o| o.name))))
}

pub(super) fn one_of_names<'n>(names: impl Iterator<Item = &'n str>) -> String {
    format!("must be equal to one of the allowed values: {}", names.collect::<Vec<_>>().join(", "))
}

impl Operator {
    /// What becomes of entities that lack the property, for people.
    #[must_use]
    pub fn without(&self) -> &'static str {
        match (self.name, self.takes, self.negates) {
            (_, Takes::Identifiers, _) => "-",
            ("isEmpty", ..) => "match",
            (_, Takes::Value, false) => "match `null` only",
            (_, Takes::Value, true) => "match all but `null`",
            ("in" | "containsAny", ..) => "match where the list has null",
            ("notIn", ..) => "match unless the list has null",
            (.., true) => "match",
            (.., false) => "do not match",
        }
    }
}

/// A rule's value, read.
#[derive(Debug)]
pub(super) enum Operand {
    Nothing,
    Null,
    One(Scalar),
    /// `None` is a null among the others.
    Many(Vec<Option<Scalar>>),
    Range(Scalar, Scalar),
}

impl Takes {
    /// In words, for people.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Value => "string, number, boolean or null; `{preset}` for dates",
            Self::Ordered => "string, date or number",
            Self::Member => "string, number or boolean",
            Self::Text => "string",
            Self::List => "array of strings, numbers, booleans and nulls",
            Self::Range => "`{from, to}` of dates, numbers or strings; `{preset}`",
            Self::Nothing | Self::Now => "none",
            Self::Identifiers => "an identifier, or an array of them",
        }
    }

    /// Whether dates are read as times, not as texts.
    pub(super) fn is_ordinal(self) -> bool {
        matches!(self, Self::Value | Self::Ordered | Self::List | Self::Range | Self::Now)
    }

    /// Whether it takes values that a context object may stand for.
    pub(super) fn is_comparison(self) -> bool {
        matches!(self, Self::Value | Self::Ordered | Self::Member | Self::Text | Self::List)
    }

    /// Reads a rule's `value`.
    pub(super) fn read(self, value: Option<&Value>, place: &str, now: Timestamp) -> Result<Operand, Invalid> {
        match self {
            Self::Nothing => return Ok(Operand::Nothing),
            Self::Now => return Ok(Operand::One(Scalar::text(now.to_string()))),
            _ => {}
        }
        let value = value.ok_or_else(|| wrong(place, "must have required property 'value'"))?;
        let place = &join(place, "value");
        match (self, value) {
            (Self::Value, Value::Null) => Ok(Operand::Null),
            (Self::Value | Self::Range, Value::Object(map)) if map.contains_key("preset") => {
                preset(map.get("preset"), &join(place, "preset"), now)
            }
            (Self::Range, Value::Object(map)) => {
                let end = |key: &str| match map.get(key) {
                    Some(value) => {
                        ordered(value).ok_or_else(|| wrong(&join(place, key), "must be string,number"))
                    }
                    None => Err(wrong(place, &format!("must have required property '{key}'"))),
                };
                Ok(Operand::Range(end("from")?, end("to")?))
            }
            (Self::Range, _) => Err(wrong(place, "must be object")),
            (Self::List, Value::Array(list)) => list_of(list, place),
            (Self::List, _) => Err(wrong(place, "must be array")),
            (Self::Text, Value::String(text)) => Ok(Operand::One(Scalar::text(text.as_str()))),
            (Self::Text, _) => Err(wrong(place, "must be string")),
            (Self::Ordered, _) => {
                ordered(value).map(Operand::One).ok_or_else(|| wrong(place, "must be string,number"))
            }
            (_, _) => {
                let allowed =
                    if self == Self::Value { "string,number,boolean,null" } else { "string,number,boolean" };
                Scalar::of(value).map(Operand::One).ok_or_else(|| wrong(place, &format!("must be {allowed}")))
            }
        }
    }
}

fn ordered(value: &Value) -> Option<Scalar> {
    Scalar::of(value).filter(|s| s.is_text || s.number.is_some())
}

fn list_of(list: &[Value], place: &str) -> Result<Operand, Invalid> {
    let mut values = Vec::with_capacity(list.len());
    for (i, value) in list.iter().enumerate() {
        let scalar = Scalar::of(value);
        if scalar.is_none() && !value.is_null() {
            return Err(wrong(&format!("{place}/{i}"), "must be string,number,boolean,null"));
        }
        values.push(scalar);
    }
    Ok(Operand::Many(values))
}

fn preset(name: Option<&Value>, place: &str, now: Timestamp) -> Result<Operand, Invalid> {
    let range = name.and_then(Value::as_str).and_then(|name| presets::preset_range(name, now, &Zone::utc()));
    let (from, to) = range.ok_or_else(|| wrong(place, &one_of_names(PRESETS.iter().map(|p| p.name))))?;
    Ok(Operand::Range(Scalar::text(from.to_string()), Scalar::text(to.to_string())))
}

/// A condition that holds in one of the columns.
fn any(columns: &[Column], test: impl Fn(&Column) -> Expr) -> Expr {
    let mut parts: Vec<Expr> = columns.iter().map(|c| c.guarded(test(c))).collect();
    if parts.len() == 1 { parts.remove(0) } else { Expr::Or(parts) }
}

fn equal(columns: &[Column], operand: &Operand) -> Expr {
    match operand {
        Operand::One(value) => any(columns, |c| same(c, value)),
        Operand::Range(..) => between(columns, operand),
        _ => valued(columns, operand).negate(),
    }
}

/// Dates are equal when they are the same time, however they are written.
fn same(column: &Column, value: &Scalar) -> Expr {
    let is_time = column.time && value.is_text && Timestamp::parse(&value.text).is_some();
    if is_time { in_range(column, value, value) } else { column.is(Test::In(vec![value.clone()])) }
}

fn order(columns: &[Column], operand: &Operand, order: Order) -> Expr {
    let Operand::One(value) = operand else { return Expr::nothing() };
    any(columns, |c| c.is(Test::Compare(order, value.clone())))
}

/// Compares dates and timers only: other texts are not late.
fn time(columns: &[Column], operand: &Operand, how: Order) -> Expr {
    let dates: Vec<Column> = columns.iter().filter(|c| c.time).cloned().collect();
    order(&dates, operand, how)
}

fn contains(columns: &[Column], operand: &Operand) -> Expr {
    let Operand::One(value) = operand else { return Expr::nothing() };
    any(columns, |c| match (c.many, value.is_text) {
        (true, _) => c.is(Test::In(vec![value.clone()])),
        (false, true) => c.is(Test::Contains(value.text.clone())),
        (false, false) => Expr::nothing(),
    })
}

fn text(columns: &[Column], operand: &Operand, test: fn(String) -> Test) -> Expr {
    let Operand::One(value) = operand else { return Expr::nothing() };
    any(columns, |c| c.is(test(value.text.clone())))
}

fn one_of(columns: &[Column], operand: &Operand) -> Expr {
    let Operand::Many(list) = operand else { return Expr::nothing() };
    let values: Vec<Scalar> = list.iter().flatten().cloned().collect();
    let found = any(columns, |c| {
        if c.time {
            return Expr::Or(values.iter().map(|v| same(c, v)).collect());
        }
        c.is(Test::In(values.clone()))
    });
    if list.contains(&None) { Expr::Or(vec![found, valued(columns, operand).negate()]) } else { found }
}

fn valued(columns: &[Column], _: &Operand) -> Expr {
    any(columns, |c| c.is(Test::Valued))
}

fn between(columns: &[Column], operand: &Operand) -> Expr {
    let Operand::Range(from, to) = operand else { return Expr::nothing() };
    any(columns, |c| in_range(c, from, to))
}

fn in_range(column: &Column, from: &Scalar, to: &Scalar) -> Expr {
    Expr::And(vec![
        column.is(Test::Compare(Order::GreaterOrEqual, from.clone())),
        column.is(Test::Compare(Order::LessOrEqual, to.clone())),
    ])
}
