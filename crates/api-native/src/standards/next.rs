//! What to fix next, by what it is worth.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use stagedoor_portal::{NextFix, ScoreFix};
use utoipa::{IntoParams, ToSchema};

use super::Titled;
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

/// Items where nothing is said.
const USUAL: usize = 50;

#[derive(Serialize, ToSchema)]
pub(crate) struct NextList {
    /// The most worthy first.
    items: Vec<NextItem>,
    /// How many there are.
    total: u64,
}

/// A result that does not pass.
#[derive(Serialize, ToSchema)]
struct NextItem {
    blueprint: String,
    entity: Titled,
    scorecard: Titled,
    rule: Titled,
    /// `failed` or `notMeasured`.
    status: &'static str,
    /// Absent where it has been so since before recording began.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<NextHow>,
    gain: NextGain,
}

/// How a rule is made to pass.
#[derive(Serialize, ToSchema)]
struct NextHow {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Identifier of an action that does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct NextGain {
    /// Reached by this alone.
    level: Option<String>,
    /// Rules that are missing to the next level.
    missing: usize,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NextQuery {
    /// Of what this team owns; of what the caller's teams own where nothing is said.
    team: Option<String>,
    /// At most 500; 50 where nothing is said.
    limit: Option<usize>,
}

impl From<NextFix> for NextItem {
    fn from(fix: NextFix) -> Self {
        let how = |ScoreFix { text, url, action }| NextHow { text, url, action };
        Self {
            blueprint: fix.blueprint,
            entity: Titled::of(fix.entity),
            scorecard: Titled::of(fix.scorecard),
            rule: Titled::of(fix.rule),
            status: fix.status.name(),
            since: fix.since.map(|at| at.to_string()),
            fix: fix.fix.map(how),
            gain: NextGain { level: fix.level, missing: fix.missing },
        }
    }
}

/// What to fix next of what a team owns.
#[utoipa::path(
    get, path = "/scorecards/next", operation_id = "next_fixes", params(NextQuery),
    responses(
        (status = 200, body = NextList), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)
    )
)]
pub(crate) async fn next(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<NextQuery>, QueryRejection>,
) -> Result<Json<NextList>, ApiError> {
    let Query(NextQuery { team, limit }) = query?;
    let team = team.filter(|team| !team.is_empty());
    let found = api.portal.next_fixes(&viewer, team, limit.unwrap_or(USUAL)).await?;
    Ok(Json(NextList { items: found.items.into_iter().map(NextItem::from).collect(), total: found.total }))
}
