//! From conditions to what is evaluated: queries over the index, programs, and what their meaning depends on.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_model::blueprint::Invalid;
use stagedoor_model::{Timestamp, Zone};
use stagedoor_query::dialect::port::{self, Column, Scope};
use stagedoor_query::{Catalog, Expr, Meta, NodeId, Subject, Test};

use crate::check;
use crate::definition::{Query, Scorecard};

/// Milliseconds of a day.
pub(crate) const DAY: i64 = 86_400_000;

/// Operators that say something of what has no value, too.
const ABOUT_NOTHING: [&str; 8] = [
    "isEmpty",
    "isNotEmpty",
    "!=",
    "doesNotContains",
    "doesNotBeginsWith",
    "doesNotEndsWith",
    "notIn",
    "notBetween",
];

/// A scorecard over the blueprints of one state of the catalog.
#[derive(Debug)]
pub struct Compiled {
    /// As it is written.
    pub scorecard: Arc<Scorecard>,
    /// Identifier of its blueprint.
    pub blueprint: Arc<str>,
    pub(crate) filter: Option<Conditions>,
    pub(crate) rules: Vec<Conditions>,
}

#[derive(Debug)]
pub(crate) struct Conditions {
    pub(crate) all: bool,
    pub(crate) list: Vec<Condition>,
}

/// A condition, ready to be evaluated.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) written: Value,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    /// A comparison.
    Rule(Box<Comparison>),
    /// A JQ program.
    Jq(String),
    /// Nothing that can be evaluated, and why.
    Broken(String),
}

#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) columns: Vec<Column>,
    /// What satisfies it; as of the time of compiling, where it depends on that.
    holds: Expr,
    /// Who has a value; `None` where the operator is about those without, too.
    pub(crate) valued: Option<Expr>,
    pub(crate) clock: Option<Clock>,
}

/// When a condition may change its mind about a date: whenever the date, moved by one of these, is passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    /// It is about whole days in UTC.
    pub(crate) days: bool,
    /// In milliseconds, added to the date.
    pub(crate) edges: Vec<i64>,
}

impl Clock {
    fn of(condition: &Value) -> Option<Self> {
        let operator = condition.get("operator").and_then(Value::as_str).unwrap_or_default();
        if matches!(operator, "isExpired" | "isNotExpired") {
            return Some(Self { days: false, edges: vec![1] });
        }
        let preset = condition.get("value")?.get("preset")?.as_str()?;
        // In the middle of a day, long after the beginning of time.
        let now = Timestamp(40_000 * DAY + DAY / 2);
        let (from, to) = port::preset_range(preset, now, &Zone::utc())?;
        if matches!(preset, "today" | "yesterday" | "tomorrow") {
            let shift = (now.0 - DAY / 2) - from.0;
            return Some(Self { days: true, edges: vec![shift, shift + DAY] });
        }
        // It holds while now + (from - now) <= date <= now + (to - now).
        Some(Self { days: false, edges: vec![now.0 - to.0, now.0 - from.0 + 1] })
    }

    /// The date as the edges count from it.
    pub(crate) fn key(&self, date: i64) -> i64 {
        if self.days { date.div_euclid(DAY) * DAY } else { date }
    }
}

impl Compiled {
    /// Compiles a definition. What cannot be evaluated (a property is gone) holds for nobody, and nobody is measured.
    #[must_use]
    pub fn new(scorecard: Arc<Scorecard>, blueprint: &str, catalog: &Catalog, now: Timestamp) -> Self {
        let conditions = |query: &Query, place: &str| {
            let one = |(i, written): (usize, &Value)| {
                let what = compile(written, &format!("{place}/conditions/{i}"), blueprint, catalog, now)
                    .unwrap_or_else(|invalid| What::Broken(invalid.message));
                Condition { written: written.clone(), what }
            };
            Conditions { all: query.all, list: query.conditions.iter().enumerate().map(one).collect() }
        };
        let filter = scorecard.filter.as_ref().map(|query| conditions(query, "filter"));
        let rules = scorecard.rules.iter().enumerate();
        let rules = rules.map(|(i, rule)| conditions(&rule.query, &format!("rules/{i}/query"))).collect();
        Self { scorecard, blueprint: blueprint.into(), filter, rules }
    }

    pub(crate) fn queries(&self) -> impl Iterator<Item = &Conditions> {
        self.filter.iter().chain(&self.rules)
    }
}

/// Compiles one condition. `place` is where it stands, without a slash in front.
pub(crate) fn compile(
    written: &Value,
    place: &str,
    blueprint: &str,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<What, Invalid> {
    if let Some(program) = written.get("jq") {
        let program = program.as_str().filter(|p| !p.trim().is_empty());
        let program = program.ok_or_else(|| check::at(&format!("{place}/jq"), "must be string"))?;
        return Ok(What::Jq(program.to_owned()));
    }
    let written = &plain(written);
    check::form(written, place)?;
    let scope = Scope { blueprints: catalog.blueprints(), only: Some(blueprint), now, caller: None };
    let columns = port::columns_of_rule(written, place, &scope)?;
    check::columns(written, &columns, place, blueprint, catalog)?;
    let holds = expr(written, place, &scope)?;
    let operator = written.get("operator").and_then(Value::as_str).unwrap_or_default();
    let valued = (!ABOUT_NOTHING.contains(&operator))
        .then(|| Expr::Or(columns.iter().map(|column| column.is(Test::Filled)).collect()));
    let clock = Clock::of(written);
    Ok(What::Rule(Box::new(Comparison { columns, holds, valued, clock })))
}

/// `{"operator": "isEmpty", "not": true}` is `isNotEmpty`.
fn plain(written: &Value) -> Value {
    let mut written = written.clone();
    let other = match written.get("operator").and_then(Value::as_str) {
        Some("isEmpty") => "isNotEmpty",
        Some("isNotEmpty") => "isEmpty",
        _ => return written,
    };
    if written.get("not") == Some(&Value::Bool(true)) {
        written["operator"] = other.into();
    }
    written
}

fn expr(written: &Value, place: &str, scope: &Scope<'_>) -> Result<Expr, Invalid> {
    let expr = port::compile_rule(written, place, scope)?;
    let empty = matches!(written.get("operator").and_then(Value::as_str), Some("isEmpty" | "isNotEmpty"));
    Ok(if empty { expr.filled() } else { expr })
}

impl Condition {
    /// What satisfies a comparison at a time.
    pub(crate) fn holds_at(
        &self,
        comparison: &Comparison,
        blueprint: &str,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Expr {
        if comparison.clock.is_none() {
            return comparison.holds.clone();
        }
        let scope = Scope { blueprints: catalog.blueprints(), only: Some(blueprint), now, caller: None };
        expr(&plain(&self.written), "", &scope).unwrap_or_else(|_| Expr::nothing())
    }
}

impl Comparison {
    /// Has the derived values computed that it looks at, together.
    pub(crate) fn prepare(&self, catalog: &Catalog, nodes: &[NodeId]) {
        let derived = |column: &Column| matches!(column.subject(), Subject::Derived(_));
        if nodes.len() > 1 && self.columns.iter().any(derived) {
            let wanted = |key: &str| {
                let is_it = |column: &Column| matches!(column.subject(), Subject::Derived(k) if k == key);
                self.columns.iter().any(is_it)
            };
            catalog.prepare_derived(nodes, &wanted);
        }
    }
}

/// What of others a column reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Nothing: its own entity.
    Itself,
    /// Who stands at the other end of its relations.
    Neighbours,
    /// Teams of others.
    Teams,
    /// Whatever a derived value rests on.
    Derived(String),
}

impl Reads {
    pub(crate) fn of(subject: &Subject, blueprint: &str, catalog: &Catalog) -> Self {
        match subject {
            Subject::Field(_) => Self::Itself,
            Subject::Relation { .. } | Subject::Standing { .. } => Self::Neighbours,
            Subject::Derived(key) => Self::Derived(key.clone()),
            Subject::Meta(Meta::Team) => {
                let inherits =
                    catalog.blueprints().get(blueprint).is_some_and(|e| e.derived.inherits_teams());
                if inherits { Self::Teams } else { Self::Itself }
            }
            Subject::Meta(_) => Self::Itself,
        }
    }
}
