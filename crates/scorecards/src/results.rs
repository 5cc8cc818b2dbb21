//! One entity's results, with the values that decided.

use serde_json::Value;

use crate::definition::Fix;
use crate::status::Status;

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
