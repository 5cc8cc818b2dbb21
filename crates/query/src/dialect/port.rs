//! Port's search rules: `{"combinator", "rules"}`, nested freely, each rule a property, an operator and a value.
//!
//! What an operator takes and means is one row of [`OPERATORS`]; how a property is found is in `columns`.
//! Two things are ours: the combinator `not` over one rule, and the operator `search` without a property.
//! A rule looks at every blueprint that declares its property. Where none does, nothing matches, and so
//! everything matches the opposite rule (`!=`, `isEmpty`, ...). Texts are compared exactly, numbers and
//! booleans are no texts.

mod caller;
mod columns;
mod graph;
mod operators;
mod presets;
mod search;

use serde_json::{Map, Value};
use stagedoor_model::Timestamp;
use stagedoor_model::blueprint::Invalid;

use crate::Blueprints;
use crate::expr::Expr;
use crate::index::term::Scalar;

use self::operators::{Operand, Rule, one_of_names};

pub use self::caller::Caller;
pub use self::columns::{Column, META_PROPERTIES, named, of_relation, of_scorecard};
pub use self::graph::{MAX_HOPS, MAX_PATH};
pub use self::operators::{OPERATORS, Operator, Takes};
pub use self::presets::{PRESETS, preset_range};
pub use self::search::containing;

/// Groups inside groups, at most.
pub const MAX_DEPTH: usize = 50;
/// Rules in all groups together, at most.
pub const MAX_RULES: usize = 1_000;

/// Operators of a rule by `propertySchema`.
const BY_SCHEMA: [&str; 3] = ["=", "!=", "contains"];

/// What a query is compiled against.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// All blueprints.
    pub blueprints: &'a Blueprints,
    /// The one that the search is restricted to.
    pub only: Option<&'a str>,
    /// The time that presets such as `lastWeek` count from.
    pub now: Timestamp,
    /// Who asks; rules with a context match nothing when `None`.
    pub caller: Option<&'a Caller<'a>>,
}

/// Compiles a query. `place` is where it stands in the request body (`""`, `query`), for messages.
///
/// # Errors
/// The first rule that is not legal or not supported, named by its place.
pub fn compile(query: &Value, place: &str, scope: &Scope<'_>) -> Result<Expr, Invalid> {
    let mut compiler = Compiler { scope, rules: 0 };
    let query = compiler.group(query, place, 1)?;
    Ok(match scope.only {
        Some(blueprint) => Expr::And(vec![Expr::of_blueprint(blueprint), query]),
        None => query,
    })
}

/// Compiles a single rule.
///
/// # Errors
/// As [`compile`].
pub fn compile_rule(rule: &Value, place: &str, scope: &Scope<'_>) -> Result<Expr, Invalid> {
    Compiler { scope, rules: 0 }.rule(object(rule, place)?, place)
}

/// The columns that a rule looks at.
///
/// # Errors
/// When it names none, or in a form that is not legal.
pub fn columns_of_rule(rule: &Value, place: &str, scope: &Scope<'_>) -> Result<Vec<Column>, Invalid> {
    columns::of_rule(object(rule, place)?, place, scope)
}

struct Compiler<'a> {
    scope: &'a Scope<'a>,
    rules: usize,
}

impl Compiler<'_> {
    fn group(&mut self, group: &Value, place: &str, depth: usize) -> Result<Expr, Invalid> {
        let map = object(group, place)?;
        if depth > MAX_DEPTH {
            return Err(wrong(place, &format!("must NOT be nested deeper than {MAX_DEPTH} groups")));
        }
        let all = match required(map, "combinator", place)?.as_str() {
            Some("and") => true,
            Some("or") => false,
            Some("not") => return self.negation(map, place, depth),
            _ => {
                return Err(wrong(
                    &join(place, "combinator"),
                    "must be equal to one of the allowed values: and, or",
                ));
            }
        };
        let rules_at = join(place, "rules");
        let rules =
            required(map, "rules", place)?.as_array().ok_or_else(|| wrong(&rules_at, "must be array"))?;
        let mut parts = Vec::with_capacity(rules.len());
        for (i, rule) in rules.iter().enumerate() {
            parts.push(self.part(rule, &format!("{rules_at}/{i}"), depth)?);
        }
        Ok(match parts.is_empty() {
            true => Expr::All,
            false if all => Expr::And(parts),
            false => Expr::Or(parts),
        })
    }

    /// `{"combinator": "not", "rules": [rule]}`: what the rule does not match.
    fn negation(&mut self, map: &Map<String, Value>, place: &str, depth: usize) -> Result<Expr, Invalid> {
        let at = join(place, "rules");
        match required(map, "rules", place)?.as_array().map(Vec::as_slice) {
            Some([rule]) => Ok(self.part(rule, &format!("{at}/0"), depth)?.negate()),
            Some(_) => Err(wrong(&at, "must have exactly 1 item, for the combinator is not")),
            None => Err(wrong(&at, "must be array")),
        }
    }

    fn part(&mut self, part: &Value, place: &str, depth: usize) -> Result<Expr, Invalid> {
        let map = object(part, place)?;
        if map.contains_key("combinator") || map.contains_key("rules") {
            return self.group(part, place, depth + 1);
        }
        self.rules += 1;
        if self.rules > MAX_RULES {
            return Err(wrong(place, &format!("is one rule too many: a query has at most {MAX_RULES}")));
        }
        self.rule(map, place)
    }

    fn rule(&self, rule: &Map<String, Value>, place: &str) -> Result<Expr, Invalid> {
        let operator = operators::named(required(rule, "operator", place)?, &join(place, "operator"))?;
        let test = match operator.rule {
            Rule::Other(read) => return read(rule, place, self.scope),
            Rule::Compare(test) => test,
        };
        if rule.contains_key("propertySchema") && !BY_SCHEMA.contains(&operator.name) {
            return Err(wrong(&join(place, "operator"), &one_of_names(BY_SCHEMA.iter().copied())));
        }
        let compare = |columns: &[Column], operand: &Operand| {
            let positive = test(columns, operand);
            if operator.negates { positive.negate() } else { positive }
        };
        if caller::is_context(rule.get("property")) {
            let operand = operator.takes.read(rule.get("value"), place, self.scope.now)?;
            let (property, at) = (required(rule, "property", place)?, join(place, "property"));
            return caller::about_caller(property, &at, self.scope, |name, scope| {
                let columns = columns::named(name, &join(&at, "property"), scope)?;
                columns::check(&columns, &operand, &join(place, "value"))?;
                Ok(compare(&columns, &operand))
            });
        }
        let columns = columns::of_rule(rule, place, self.scope)?;
        if operator.takes.is_comparison() && caller::is_context(rule.get("value")) {
            let at = join(place, "value");
            let values = caller::values(required(rule, "value", place)?, &at, self.scope)?;
            return Ok(with_values(operator, values, test, &columns));
        }
        let operand = operator.takes.read(rule.get("value"), place, self.scope.now)?;
        if operator.takes.is_ordinal() {
            columns::check(&columns, &operand, &join(place, "value"))?;
        }
        Ok(compare(&columns, &operand))
    }
}

/// A comparison with what a context stands for: with any of several values. Where there is none, nothing matches,
/// not even a negation: who the caller is decides, and nobody is known.
fn with_values(
    operator: &Operator,
    values: Vec<Scalar>,
    test: fn(&[Column], &Operand) -> Expr,
    columns: &[Column],
) -> Expr {
    if values.is_empty() {
        return Expr::nothing();
    }
    let positive = match operator.takes {
        Takes::List => test(columns, &Operand::Many(values.into_iter().map(Some).collect())),
        _ => Expr::Or(values.into_iter().map(|v| test(columns, &Operand::One(v))).collect()),
    };
    if operator.negates { positive.negate() } else { positive }
}

/// An error in the words that Port's clients show: the quoted place, then what is wrong with it.
fn wrong(place: &str, what: &str) -> Invalid {
    let subject = if place.is_empty() { "body".to_owned() } else { format!("\"{place}\"") };
    Invalid::new(format!("/{place}"), format!("{subject} {what}"))
}

fn join(place: &str, key: &str) -> String {
    if place.is_empty() { key.to_owned() } else { format!("{place}/{key}") }
}

fn object<'v>(value: &'v Value, place: &str) -> Result<&'v Map<String, Value>, Invalid> {
    value.as_object().ok_or_else(|| wrong(place, "must be object"))
}

fn required<'v>(map: &'v Map<String, Value>, key: &str, place: &str) -> Result<&'v Value, Invalid> {
    map.get(key).ok_or_else(|| wrong(place, &format!("must have required property '{key}'")))
}

#[cfg(test)]
mod tests;
