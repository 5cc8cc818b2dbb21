//! What scorecards say of one entity, and why.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::Value;
use stagedoor_portal::{EntityScorecard, RuleShown};
use utoipa::ToSchema;

use super::RuleFix;
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

#[derive(Serialize, ToSchema)]
pub(crate) struct LevelItem {
    title: String,
    color: String,
}

/// A condition as it is for the entity.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConditionItem {
    /// In the words of the query language.
    text: String,
    /// The value that it looks at.
    value: Value,
    /// Null: a value is missing that would decide it.
    holds: Option<bool>,
    /// Why it could not be evaluated.
    problem: Option<String>,
    /// Who states the value.
    source: Option<String>,
    /// When it was set.
    at: Option<String>,
}

/// The exemption that holds.
#[derive(Serialize, ToSchema)]
pub(crate) struct HeldExemption {
    id: String,
    until: String,
    reason: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RuleResultItem {
    identifier: String,
    title: String,
    description: Option<String>,
    /// Title of its level.
    level: String,
    /// `passed`, `failed`, `notMeasured`, `exempt` or `notApplicable`.
    status: &'static str,
    /// Since when, as far as it was recorded.
    since: Option<String>,
    conditions: Vec<ConditionItem>,
    fix: Option<RuleFix>,
    exemption: Option<HeldExemption>,
}

/// The next level, and the rules that are missing.
#[derive(Serialize, ToSchema)]
pub(crate) struct NextLevel {
    level: String,
    rules: Vec<String>,
}

/// What a scorecard says of the entity.
#[derive(Serialize, ToSchema)]
pub(crate) struct EntityScorecardItem {
    identifier: String,
    title: String,
    level: String,
    levels: Vec<LevelItem>,
    next: Option<NextLevel>,
    rules: Vec<RuleResultItem>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct LeftOut {
    identifier: String,
    title: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntityScorecards {
    scorecards: Vec<EntityScorecardItem>,
    /// Scorecards of its blueprint that are not about it.
    not_applicable: Vec<LeftOut>,
}

impl From<RuleShown> for RuleResultItem {
    fn from(rule: RuleShown) -> Self {
        let conditions = rule.conditions.into_iter().map(|c| ConditionItem {
            text: c.text,
            value: c.value,
            holds: c.holds,
            problem: c.problem,
            source: c.source,
            at: c.at.map(|at| at.to_string()),
        });
        let held = |(id, until, reason): (String, stagedoor_model::Timestamp, String)| HeldExemption {
            id,
            until: until.to_string(),
            reason,
        };
        Self {
            identifier: rule.identifier,
            title: rule.title,
            description: rule.description,
            level: rule.level,
            status: rule.status.name(),
            since: rule.since.map(|at| at.to_string()),
            conditions: conditions.collect(),
            fix: rule.fix.map(RuleFix::from),
            exemption: rule.exemption.map(held),
        }
    }
}

/// What a scorecard says; `None` where it is not about the entity.
pub(crate) fn item(found: EntityScorecard) -> Option<EntityScorecardItem> {
    let level = found.levels.get(found.level?)?.title.clone();
    let levels = found.levels.into_iter().map(|l| LevelItem { title: l.title, color: l.color }).collect();
    Some(EntityScorecardItem {
        identifier: found.identifier,
        title: found.title,
        level,
        levels,
        next: found.next.map(|(level, rules)| NextLevel { level, rules }),
        rules: found.rules.into_iter().map(RuleResultItem::from).collect(),
    })
}

/// What the scorecards of its blueprint say of an entity.
#[utoipa::path(
    get, path = "/entities/{blueprint}/{identifier}/scorecards", operation_id = "entity_scorecards",
    params(("blueprint" = String, Path), ("identifier" = String, Path)),
    responses(
        (status = 200, body = EntityScorecards), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn entity(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path((blueprint, identifier)): Path<(String, String)>,
) -> Result<Json<EntityScorecards>, ApiError> {
    let all = api.portal.entity_scorecards(&viewer, &blueprint, &identifier).await?;
    let mut answer = EntityScorecards { scorecards: Vec::new(), not_applicable: Vec::new() };
    for found in all {
        let (identifier, title) = (found.identifier.clone(), found.title.clone());
        match item(found) {
            Some(item) => answer.scorecards.push(item),
            None => answer.not_applicable.push(LeftOut { identifier, title }),
        }
    }
    Ok(Json(answer))
}
