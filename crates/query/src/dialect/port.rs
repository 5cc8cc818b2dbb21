//! Port's search rules: `{"combinator", "rules"}`, nested freely, each rule a property, an operator and a value.
//!
//! What an operator takes and means is one row of [`OPERATORS`]; how a property is found is in `columns`.
//! A rule looks at every blueprint that declares its property. Where none does, nothing matches, and so
//! everything matches the opposite rule (`!=`, `isEmpty`, ...). Texts are compared exactly, numbers and
//! booleans are no texts.

mod columns;
mod operators;
mod presets;

use serde_json::{Map, Value};
use stagedoor_model::Timestamp;
use stagedoor_model::blueprint::Invalid;

use crate::Blueprints;
use crate::expr::Expr;

pub use self::columns::META_PROPERTIES;
pub use self::operators::{OPERATORS, Operator, Takes};
pub use self::presets::PRESETS;

/// Groups inside groups, at most.
pub const MAX_DEPTH: usize = 50;
/// Rules in all groups together, at most.
pub const MAX_RULES: usize = 1_000;

/// Operators that Port has and this dialect refuses for now.
pub const NOT_YET: [&str; 4] = ["relatedTo", "matchAny", "isExpired", "isNotExpired"];

/// What a query is compiled against.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// All blueprints.
    pub blueprints: &'a Blueprints,
    /// The one that the search is restricted to.
    pub only: Option<&'a str>,
    /// The time that presets such as `lastWeek` count from.
    pub now: Timestamp,
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
        refuse_what_comes_later(rule, place)?;
        let operator = operators::named(required(rule, "operator", place)?, &join(place, "operator"))?;
        let columns = columns::of_rule(rule, place, self.scope)?;
        let operand = operator.takes.read(rule.get("value"), place, self.scope.now)?;
        if operator.takes.is_ordinal() {
            columns::check(&columns, &operand, &join(place, "value"))?;
        }
        Ok(operator.compile(&columns, &operand))
    }
}

/// Rules of Port's language that need what is not built yet: refused rather than answered wrongly.
fn refuse_what_comes_later(rule: &Map<String, Value>, place: &str) -> Result<(), Invalid> {
    let not_yet =
        |key: &str, what: &str| Err(wrong(&join(place, key), &format!("{what} is not supported yet")));
    if let Some(name) = rule.get("operator").and_then(Value::as_str)
        && NOT_YET.contains(&name)
    {
        return not_yet("operator", &format!("operator {name}"));
    }
    for key in ["propertySchema", "scorecard", "scorecardRule"] {
        if rule.contains_key(key) {
            return not_yet(key, &format!("a rule by {key}"));
        }
    }
    for key in ["property", "value"] {
        let Some(map) = rule.get(key).and_then(Value::as_object) else { continue };
        if map.contains_key("context") {
            return not_yet(key, "a context object");
        }
        if map.contains_key("path") {
            return not_yet(key, "a path of relations");
        }
    }
    Ok(())
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
