//! One entity's results, with the values that decided.

use serde_json::Value;
use stagedoor_model::Timestamp;
use stagedoor_query::{Catalog, NodeId, NodeSet, Subject};

use crate::board::Board;
use crate::compile::{Compiled, Condition, Conditions, What};
use crate::definition::Fix;
use crate::evaluate::Evaluation;
use crate::status::Status;
use crate::watch::Watch;

/// What a scorecard says of one entity.
#[derive(Clone, Debug)]
pub struct EntityResult {
    /// Place of its level; `None` where the scorecard does not apply.
    pub level: Option<usize>,
    /// By rule, in the scorecard's order.
    pub rules: Vec<RuleResult>,
}

/// What a rule says of one entity, and why.
#[derive(Clone, Debug)]
pub struct RuleResult {
    /// Identifier of the rule.
    pub identifier: String,
    /// What it says.
    pub status: Status,
    /// Its conditions, as they are for this entity.
    pub conditions: Vec<ConditionResult>,
    /// How it is made to hold.
    pub fix: Option<Fix>,
}

/// One condition of a rule for one entity.
#[derive(Clone, Debug)]
pub struct ConditionResult {
    /// As written.
    pub condition: Value,
    /// The value that it looks at, null where there is none.
    pub value: Value,
    /// Whether it holds; `None` where a value is missing that could make it hold.
    pub holds: Option<bool>,
    /// Why it could not be evaluated.
    pub problem: Option<String>,
}

impl EntityResult {
    /// What a board says of an entity, with the reasons, evaluated in the catalog that the board is of.
    #[must_use]
    pub fn of(board: &Board, compiled: &Compiled, catalog: &Catalog, node: NodeId, now: Timestamp) -> Self {
        let rules = compiled.scorecard.rules.iter().zip(&compiled.rules).enumerate();
        let result = |(at, (rule, conditions)): (usize, (&crate::Rule, &Conditions))| RuleResult {
            identifier: rule.identifier.clone(),
            status: board.status(at, node),
            conditions: conditions.list.iter().map(|c| reason(c, compiled, catalog, node, now)).collect(),
            fix: rule.fix.clone(),
        };
        Self { level: board.level(node), rules: rules.map(result).collect() }
    }
}

fn reason(
    condition: &Condition,
    compiled: &Compiled,
    catalog: &Catalog,
    node: NodeId,
    now: Timestamp,
) -> ConditionResult {
    let written = condition.written.clone();
    let one = NodeSet::from_iter([node]);
    let mut result = ConditionResult { condition: written, value: Value::Null, holds: None, problem: None };
    match &condition.what {
        What::Broken(problem) => result.problem = Some(problem.clone()),
        What::Jq(program) => match catalog.ask(program, &[node]).pop().map(|(output, _)| output) {
            Some(Ok(value)) => {
                result.holds = value.as_bool();
                result.value = value;
            }
            Some(Err(problem)) => result.problem = Some(problem),
            None => {}
        },
        What::Rule(comparison) => {
            let blueprint = &compiled.blueprint;
            let mut watch = Watch::default();
            let mut evaluation = Evaluation { catalog, blueprint, now, watch: &mut watch };
            let truth = evaluation.condition(condition, &one);
            let open = truth.open.contains(node);
            result.holds = (!open).then(|| truth.yes.contains(node));
            let name = |key: &str| condition.written.get(key).and_then(Value::as_str);
            let key = name("property").or_else(|| name("relation")).unwrap_or_default();
            if let Some(column) = comparison.columns.first() {
                result.value = value_of(catalog, node, column.subject(), key);
            }
        }
    }
    result
}

/// A value in Port's form.
fn value_of(catalog: &Catalog, node: NodeId, subject: &Subject, key: &str) -> Value {
    match subject {
        Subject::Derived(key) => catalog.derived(node, key).unwrap_or_default(),
        Subject::Field(_) => {
            let stored = catalog.entity(node).map(|entity| catalog.stored_properties(entity));
            stored.and_then(|mut all| all.shift_remove(key)).unwrap_or_default()
        }
        Subject::Meta(stagedoor_query::Meta::Team) => catalog.teams(node).into(),
        Subject::Meta(meta) => catalog.meta_values(node, *meta).into_iter().next().unwrap_or_default(),
        Subject::Relation { .. } | Subject::Standing { .. } => {
            let ends: Vec<Value> =
                catalog.values_at(node, subject).into_iter().map(|v| Value::String(v.text)).collect();
            ends.into()
        }
    }
}
