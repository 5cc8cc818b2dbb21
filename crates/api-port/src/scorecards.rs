//! Scorecards of blueprints.
#![allow(dead_code, reason = "some types are only described")]

use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use axum::{Json, Router};
use http::StatusCode;
use http::request::Parts;
use serde_json::{Value, json};
use stagedoor_portal::{Portal, StoredScorecard};
use utoipa::{OpenApi, ToSchema};

use crate::App;
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, OfBlueprint, decode};
use crate::openapi::{Done, Refusal};

/// The routes of this noun.
pub(crate) fn routes() -> Router<App> {
    let routes: [(&str, MethodRouter<App>); 3] = [
        ("/scorecards", get(list)),
        ("/blueprints/{blueprint}/scorecards", get(of_blueprint).post(create).put(replace_all)),
        (
            "/blueprints/{blueprint}/scorecards/{scorecard}",
            get(read).put(replace).patch(patch).delete(delete),
        ),
    ];
    routes.into_iter().fold(Router::new(), |router, (path, methods)| {
        router.route(&format!("{path}/"), methods.clone()).route(path, methods)
    })
}

/// The scorecard in `/blueprints/{blueprint}/scorecards/{scorecard}`.
pub(crate) struct OfScorecard(String);

impl<S: Sync> FromRequestParts<S> for OfScorecard {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let rest = parts.uri.path().trim_end_matches('/').rsplit_once("/scorecards/").map_or("", |(_, r)| r);
        Ok(Self(decode(rest, false)))
    }
}

/// Conditions, and how they combine.
#[derive(ToSchema)]
pub(crate) struct ScorecardQuery {
    /// `and` or `or`.
    combinator: String,
    /// `{property | relation, operator, value?, not?}`, or `{jq}`: a program of which true passes.
    #[schema(min_items = 1, max_items = 100)]
    conditions: Vec<BTreeMap<String, Value>>,
}

/// A rule of a scorecard.
#[derive(ToSchema)]
pub(crate) struct ScorecardRule {
    /// Letters, digits and `@_=-`; the slug of the title where it is left out.
    #[schema(max_length = 100)]
    identifier: Option<String>,
    title: String,
    description: Option<String>,
    /// Title of a level other than the first.
    level: String,
    query: ScorecardQuery,
    /// How to make it pass: `{text?, url?, action?}`.
    fix: Option<BTreeMap<String, Value>>,
}

/// A step of a scorecard.
#[derive(ToSchema)]
pub(crate) struct ScorecardLevel {
    title: String,
    color: String,
}

/// A scorecard. Its keys come back as they were sent.
#[derive(ToSchema)]
pub(crate) struct ScorecardBody {
    /// Letters of any script, digits and `@_.+:=-`; the slug of the title where it is left out.
    #[schema(max_length = 100)]
    identifier: Option<String>,
    title: String,
    filter: Option<ScorecardQuery>,
    #[schema(max_items = 100)]
    rules: Vec<ScorecardRule>,
    /// The first is where everything starts. Basic, Bronze, Silver and Gold where they are left out.
    #[schema(max_items = 20)]
    levels: Option<Vec<ScorecardLevel>>,
}

/// A scorecard as it is kept.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = Scorecard)]
pub(crate) struct ScorecardShown {
    #[schema(inline)]
    #[serde(flatten)]
    body: ScorecardBody,
    id: String,
    blueprint: String,
    created_at: String,
    created_by: String,
    updated_at: String,
    updated_by: String,
}

#[derive(ToSchema)]
pub(crate) struct ScorecardReply {
    ok: bool,
    scorecard: ScorecardShown,
}

#[derive(ToSchema)]
pub(crate) struct ScorecardsReply {
    ok: bool,
    scorecards: Vec<ScorecardShown>,
}

#[derive(OpenApi)]
#[openapi(paths(list, of_blueprint, create, replace_all, read, replace, patch, delete))]
struct Document;

/// These routes, described.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

fn reply(status: StatusCode, scorecard: &StoredScorecard) -> Response {
    (status, Json(json!({ "ok": true, "scorecard": scorecard.to_port() }))).into_response()
}

fn replies(scorecards: &[StoredScorecard]) -> Response {
    let all: Vec<Value> = scorecards.iter().map(StoredScorecard::to_port).collect();
    Json(json!({ "ok": true, "scorecards": all })).into_response()
}

/// Lists the scorecards of all blueprints.
#[utoipa::path(
    get,
    path = "/scorecards",
    tag = "Scorecards",
    operation_id = "list_scorecards",
    responses(
        (status = 200, description = "The scorecards, blueprint by blueprint", body = ScorecardsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
    )
)]
pub(crate) async fn list(State(portal): State<Portal>, Caller(viewer): Caller) -> Answer {
    Ok(replies(&portal.scorecards(&viewer, None)?))
}

/// Lists the scorecards of a blueprint, in their order.
#[utoipa::path(
    get,
    path = "/blueprints/{blueprint}/scorecards",
    tag = "Scorecards",
    operation_id = "list_blueprint_scorecards",
    params(("blueprint" = String, Path, description = "Identifier of the blueprint")),
    responses(
        (status = 200, description = "The scorecards", body = ScorecardsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
    )
)]
pub(crate) async fn of_blueprint(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
) -> Answer {
    Ok(replies(&portal.scorecards(&viewer, Some(&blueprint))?))
}

/// Makes a scorecard.
#[utoipa::path(
    post,
    path = "/blueprints/{blueprint}/scorecards",
    tag = "Scorecards",
    operation_id = "create_scorecard",
    params(("blueprint" = String, Path, description = "Identifier of the blueprint")),
    request_body = ScorecardBody,
    responses(
        (status = 201, description = "The scorecard", body = ScorecardReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The scorecard is not legal; `details.problems` has everything that is wrong", body = Refusal),
    )
)]
pub(crate) async fn create(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
    Body(body): Body,
) -> Answer {
    Ok(reply(StatusCode::CREATED, &portal.create_scorecard(&viewer, &blueprint, body).await?))
}

/// Makes these the scorecards of a blueprint, in this order. Those that are not among them go.
#[utoipa::path(
    put,
    path = "/blueprints/{blueprint}/scorecards",
    tag = "Scorecards",
    operation_id = "replace_scorecards",
    params(("blueprint" = String, Path, description = "Identifier of the blueprint")),
    request_body = Vec<ScorecardBody>,
    responses(
        (status = 200, description = "The scorecards", body = ScorecardsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
        (status = 409, description = "Two have the same identifier", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "One of them is not legal", body = Refusal),
    )
)]
pub(crate) async fn replace_all(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
    Body(body): Body,
) -> Answer {
    let Value::Array(bodies) = body else { return Err(Failure::invalid("body must be array")) };
    Ok(replies(&portal.replace_scorecards(&viewer, &blueprint, bodies).await?))
}

/// One scorecard.
#[utoipa::path(
    get,
    path = "/blueprints/{blueprint}/scorecards/{scorecard}",
    tag = "Scorecards",
    operation_id = "get_scorecard",
    params(
        ("blueprint" = String, Path, description = "Identifier of the blueprint"),
        ("scorecard" = String, Path, description = "Identifier of the scorecard"),
    ),
    responses(
        (status = 200, description = "The scorecard", body = ScorecardReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint or scorecard", body = Refusal),
    )
)]
pub(crate) async fn read(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
    OfScorecard(scorecard): OfScorecard,
) -> Answer {
    Ok(reply(StatusCode::OK, &portal.scorecard(&viewer, &blueprint, &scorecard)?))
}

/// Replaces a scorecard as a whole; another `identifier` renames it.
#[utoipa::path(
    put,
    path = "/blueprints/{blueprint}/scorecards/{scorecard}",
    tag = "Scorecards",
    operation_id = "replace_scorecard",
    params(
        ("blueprint" = String, Path, description = "Identifier of the blueprint"),
        ("scorecard" = String, Path, description = "Identifier of the scorecard"),
    ),
    request_body = ScorecardBody,
    responses(
        (status = 200, description = "The scorecard", body = ScorecardReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint or scorecard", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The scorecard is not legal", body = Refusal),
    )
)]
pub(crate) async fn replace(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
    OfScorecard(scorecard): OfScorecard,
    Body(body): Body,
) -> Answer {
    let scorecard = portal.replace_scorecard(&viewer, &blueprint, &scorecard, body, false).await?;
    Ok(reply(StatusCode::OK, &scorecard))
}

/// Changes the keys of a scorecard that the body has.
#[utoipa::path(
    patch,
    path = "/blueprints/{blueprint}/scorecards/{scorecard}",
    tag = "Scorecards",
    operation_id = "patch_scorecard",
    params(
        ("blueprint" = String, Path, description = "Identifier of the blueprint"),
        ("scorecard" = String, Path, description = "Identifier of the scorecard"),
    ),
    request_body = ScorecardBody,
    responses(
        (status = 200, description = "The scorecard", body = ScorecardReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint or scorecard", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The scorecard is not legal", body = Refusal),
    )
)]
pub(crate) async fn patch(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
    OfScorecard(scorecard): OfScorecard,
    Body(body): Body,
) -> Answer {
    let scorecard = portal.replace_scorecard(&viewer, &blueprint, &scorecard, body, true).await?;
    Ok(reply(StatusCode::OK, &scorecard))
}

/// Removes a scorecard.
#[utoipa::path(
    delete,
    path = "/blueprints/{blueprint}/scorecards/{scorecard}",
    tag = "Scorecards",
    operation_id = "delete_scorecard",
    params(
        ("blueprint" = String, Path, description = "Identifier of the blueprint"),
        ("scorecard" = String, Path, description = "Identifier of the scorecard"),
    ),
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint or scorecard", body = Refusal),
    )
)]
pub(crate) async fn delete(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
    OfScorecard(scorecard): OfScorecard,
) -> Answer {
    portal.delete_scorecard(&viewer, &blueprint, &scorecard).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}
