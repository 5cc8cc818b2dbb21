//! The past of a scorecard: how many stood where each day, and what moved.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use stagedoor_portal::{ScoreHistory, ScoreMove, ScorePoint};
use utoipa::{IntoParams, ToSchema};

use super::Titled;
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

/// Days that are told of where nothing is said.
const USUAL: u32 = 30;

#[derive(Serialize, ToSchema)]
pub(crate) struct ScorecardHistory {
    /// The oldest first; the last is now. Empty for whoever does not see all entities of the blueprint.
    points: Vec<HistoryPoint>,
    /// Levels that became others, or the results of `rule`; the newest first, at most 500.
    moved: Vec<HistoryMove>,
    /// When recording began; null where it has not.
    since: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct HistoryPoint {
    /// `2026-11-23`, in UTC.
    date: String,
    applies: u64,
    /// By the title of a level.
    levels: BTreeMap<String, u64>,
    /// By the identifier of a rule.
    rules: BTreeMap<String, HistoryCounts>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HistoryCounts {
    passed: u64,
    failed: u64,
    not_measured: u64,
    exempt: u64,
}

#[derive(Serialize, ToSchema)]
struct HistoryMove {
    entity: Titled,
    /// Absent where the level moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// A level, or a status; null where the scorecard was not about the entity.
    from: Option<String>,
    to: Option<String>,
    at: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// How many days, up to 400; 30 where nothing is said.
    days: Option<u32>,
    /// Tell of the results of this rule, not of levels.
    rule: Option<String>,
}

impl From<ScorePoint> for HistoryPoint {
    fn from(point: ScorePoint) -> Self {
        let counts = |(rule, [passed, failed, not_measured, exempt]): (String, [u64; 4])| {
            (rule, HistoryCounts { passed, failed, not_measured, exempt })
        };
        let ScorePoint { date, applies, levels, rules } = point;
        Self { date, applies, levels, rules: rules.into_iter().map(counts).collect() }
    }
}

impl From<ScoreMove> for HistoryMove {
    fn from(moved: ScoreMove) -> Self {
        let ScoreMove { entity, title, rule, from, to, at } = moved;
        Self { entity: Titled::of((entity, title)), rule, from, to, at: at.to_string() }
    }
}

/// How many entities stood where on each day, and which moved.
#[utoipa::path(
    get, path = "/scorecards/{blueprint}/{scorecard}/history", operation_id = "scorecard_history",
    params(("blueprint" = String, Path), ("scorecard" = String, Path), HistoryQuery),
    responses(
        (status = 200, body = ScorecardHistory), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn history(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path((blueprint, scorecard)): Path<(String, String)>,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<Json<ScorecardHistory>, ApiError> {
    let Query(HistoryQuery { days, rule }) = query?;
    let days = days.unwrap_or(USUAL);
    let read = api.portal.score_history(&viewer, &blueprint, &scorecard, days, rule).await?;
    let ScoreHistory { points, moved, since } = read;
    Ok(Json(ScorecardHistory {
        points: points.into_iter().map(HistoryPoint::from).collect(),
        moved: moved.into_iter().map(HistoryMove::from).collect(),
        since: since.map(|at| at.to_string()),
    }))
}
