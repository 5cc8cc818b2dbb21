//! What a definition would say of all entities, before it is published.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::entity::{EntityScorecardItem, item};
use super::{DefinitionProblem, StatusCounts, problem};
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScorecardTrial {
    /// Identifier of the blueprint.
    blueprint: String,
    /// A scorecard as Port's API has it.
    #[schema(value_type = BTreeMap<String, Value>)]
    definition: Value,
    /// An entity whose results are wanted.
    entity: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TrialLevel {
    title: String,
    color: String,
    count: u64,
    /// How many are now at the level of this title.
    before: u64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TrialRule {
    identifier: String,
    #[serde(flatten)]
    counts: StatusCounts,
    /// Of the rule of this identifier now.
    before: Option<StatusCounts>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TrialEntity {
    identifier: String,
    title: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TrialChange {
    entity: TrialEntity,
    /// Null: the scorecard is not about it.
    from: Option<String>,
    to: Option<String>,
}

/// Whose level would be another.
#[derive(Serialize, ToSchema)]
pub(crate) struct TrialChanges {
    up: u64,
    down: u64,
    total: u64,
    examples: Vec<TrialChange>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ScorecardTrialResult {
    /// Everything that is wrong; then the rest is empty.
    problems: Vec<DefinitionProblem>,
    levels: Vec<TrialLevel>,
    rules: Vec<TrialRule>,
    applies: u64,
    changes: TrialChanges,
    entity: Option<EntityScorecardItem>,
}

/// What a definition would say. Nothing is written.
#[utoipa::path(
    post, path = "/scorecards/preview", operation_id = "preview_scorecard", request_body = ScorecardTrial,
    responses(
        (status = 200, body = ScorecardTrialResult), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn preview(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<ScorecardTrial>, JsonRejection>,
) -> Result<Json<ScorecardTrialResult>, ApiError> {
    let Json(ScorecardTrial { blueprint, definition, entity }) = body?;
    let entity = entity.filter(|entity| !entity.is_empty());
    let found = api.portal.preview_scorecard(&viewer, &blueprint, definition, entity).await?;
    let level = |(title, color, count, before)| TrialLevel { title, color, count, before };
    let examples = found.examples.into_iter().map(|example| TrialChange {
        entity: TrialEntity { identifier: example.identifier, title: example.title },
        from: example.from,
        to: example.to,
    });
    let (up, down, total) = found.moves;
    Ok(Json(ScorecardTrialResult {
        problems: found.problems.iter().map(problem).collect(),
        levels: found.levels.into_iter().map(level).collect(),
        rules: found
            .rules
            .into_iter()
            .map(|(identifier, counts, before)| TrialRule {
                identifier,
                counts: counts.into(),
                before: before.map(StatusCounts::from),
            })
            .collect(),
        applies: found.applies,
        changes: TrialChanges { up, down, total, examples: examples.collect() },
        entity: found.entity.and_then(item),
    }))
}
