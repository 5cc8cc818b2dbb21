//! Scorecards to begin with.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use stagedoor_portal::ScorecardStarter;
use utoipa::ToSchema;

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::may::May;

#[derive(Serialize, ToSchema)]
pub(crate) struct StarterList {
    starters: Vec<StarterItem>,
}

/// A scorecard that can be installed.
#[derive(Serialize, ToSchema)]
struct StarterItem {
    identifier: String,
    title: String,
    /// What it asks.
    description: String,
    /// Of the entities that it is about.
    blueprint: String,
    /// How many it has.
    rules: usize,
    /// There is a scorecard of this identifier.
    installed: bool,
    /// `true`, or why it does not fit this catalog.
    fits: May,
}

impl From<ScorecardStarter> for StarterItem {
    fn from(starter: ScorecardStarter) -> Self {
        let ScorecardStarter { identifier, title, description, blueprint, rules, installed, why_not } =
            starter;
        Self { identifier, title, description, blueprint, rules, installed, fits: why_not.into() }
    }
}

/// Scorecards to begin with, and whether they fit.
#[utoipa::path(
    get, path = "/scorecards/starters", operation_id = "scorecard_starters",
    responses((status = 200, body = StarterList), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub(crate) async fn starters(
    State(api): State<Api>,
    Caller(viewer): Caller,
) -> Result<Json<StarterList>, ApiError> {
    let starters = api.portal.starters(&viewer)?;
    Ok(Json(StarterList { starters: starters.into_iter().map(StarterItem::from).collect() }))
}

/// Makes a scorecard of one, and answers it in Port's form.
#[utoipa::path(
    post, path = "/scorecards/starters/{identifier}", operation_id = "install_scorecard_starter",
    params(("identifier" = String, Path)),
    responses(
        (status = 201, body = Object), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn install(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(identifier): Path<String>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let made = api.portal.install_starter(&viewer, &identifier).await?;
    Ok((StatusCode::CREATED, Json(made.to_port())))
}
