//! Exemptions from rules of scorecards: asked for, granted or declined, ended.

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use stagedoor_portal::{Exemption, ExemptionQuery, ExemptionRequest, ExemptionState, Signed};
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::may::May;

/// Exemptions in one answer.
const MOST: usize = 500;

/// An exemption.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExemptionItem {
    id: String,
    /// `asked`, `granted`, `declined`, `ended` or `expired`.
    state: &'static str,
    blueprint: String,
    /// Identifier of the entity.
    entity: String,
    entity_title: String,
    /// Identifier of the scorecard.
    scorecard: String,
    /// Null where it is gone.
    scorecard_title: Option<String>,
    /// Identifier of the rule.
    rule: String,
    /// Null where it is gone.
    rule_title: Option<String>,
    reason: String,
    until: String,
    asked_by: String,
    asked_at: String,
    /// Who granted or declined it.
    answered_by: Option<String>,
    answered_at: Option<String>,
    /// What was said with the answer.
    note: Option<String>,
    /// Who ended it before its time.
    ended_by: Option<String>,
    ended_at: Option<String>,
    /// Whether the caller may grant or decline it.
    may_answer: May,
    may_end: May,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ExemptionList {
    /// The newest first, at most 500.
    exemptions: Vec<ExemptionItem>,
    /// How many there are.
    total: usize,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExemptionsQuery {
    /// Of this blueprint.
    blueprint: Option<String>,
    /// Of the entity of this identifier.
    entity: Option<String>,
    /// Of this scorecard.
    scorecard: Option<String>,
    /// Of this rule.
    rule: Option<String>,
    /// In this state.
    state: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExemptionAsk {
    blueprint: String,
    /// Identifier of the entity.
    entity: String,
    /// Identifier of the scorecard.
    scorecard: String,
    /// Identifier of the rule.
    rule: String,
    /// Why the entity need not pass it.
    reason: String,
    /// RFC 3339, or a date, whose end is meant.
    until: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum ExemptionVerdict {
    Grant,
    Decline,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExemptionAnswer {
    verdict: ExemptionVerdict,
    note: Option<String>,
}

impl From<Exemption> for ExemptionItem {
    fn from(e: Exemption) -> Self {
        let sign = |signed: Option<Signed>| signed.map(|s| (s.by, s.at.to_string())).unzip();
        let note = e.answered.as_ref().and_then(|signed| signed.note.clone());
        let (answered_by, answered_at) = sign(e.answered);
        let (ended_by, ended_at) = sign(e.ended);
        Self {
            id: e.id,
            state: e.state.name(),
            blueprint: e.blueprint,
            entity_title: e.entity.1.unwrap_or_else(|| e.entity.0.clone()),
            entity: e.entity.0,
            scorecard: e.scorecard.0,
            scorecard_title: e.scorecard.1,
            rule: e.rule.0,
            rule_title: e.rule.1,
            reason: e.reason,
            until: e.until.to_string(),
            asked_by: e.asked.by,
            asked_at: e.asked.at.to_string(),
            answered_by,
            answered_at,
            note,
            ended_by,
            ended_at,
            may_answer: e.why_not_answer.into(),
            may_end: e.why_not_end.into(),
        }
    }
}

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/exemptions", get(exemptions).post(ask))
        .route("/exemptions/{id}/answer", post(answer))
        .route("/exemptions/{id}", delete(end))
}

/// Exemptions of entities that the caller sees, the newest first.
#[utoipa::path(
    get, path = "/exemptions", operation_id = "list_exemptions", params(ExemptionsQuery),
    responses(
        (status = 200, body = ExemptionList), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)
    )
)]
pub(crate) async fn exemptions(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<ExemptionsQuery>, QueryRejection>,
) -> Result<Json<ExemptionList>, ApiError> {
    let Query(query) = query?;
    let state = |name: String| {
        let known = ExemptionState::of(&name);
        known.ok_or_else(|| ApiError::invalid("\"state\" must be asked, granted, declined, ended or expired"))
    };
    let ExemptionsQuery { blueprint, entity, scorecard, rule, .. } = query;
    let state = query.state.map(state).transpose()?;
    let wanted = ExemptionQuery { blueprint, entity, scorecard, rule, state };
    let all = api.portal.exemptions(&viewer, &wanted)?;
    let total = all.len();
    Ok(Json(ExemptionList {
        exemptions: all.into_iter().take(MOST).map(ExemptionItem::from).collect(),
        total,
    }))
}

/// Asks for an exemption; granted at once where the caller may grant it.
#[utoipa::path(
    post, path = "/exemptions", operation_id = "ask_exemption", request_body = ExemptionAsk,
    responses(
        (status = 201, body = ExemptionItem), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn ask(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<ExemptionAsk>, JsonRejection>,
) -> Result<(StatusCode, Json<ExemptionItem>), ApiError> {
    let Json(ExemptionAsk { blueprint, entity, scorecard, rule, reason, until }) = body?;
    let request = ExemptionRequest { blueprint, entity, scorecard, rule, reason, until };
    let made = api.portal.ask_exemption(&viewer, request).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Grants or declines an exemption: administrators and moderators of the blueprint.
#[utoipa::path(
    post, path = "/exemptions/{id}/answer", operation_id = "answer_exemption", params(("id" = String, Path)),
    request_body = ExemptionAnswer,
    responses(
        (status = 200, body = ExemptionItem), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn answer(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
    body: Result<Json<ExemptionAnswer>, JsonRejection>,
) -> Result<Json<ExemptionItem>, ApiError> {
    let Json(ExemptionAnswer { verdict, note }) = body?;
    let grant = matches!(verdict, ExemptionVerdict::Grant);
    Ok(Json(api.portal.answer_exemption(&viewer, &id, grant, note).await?.into()))
}

/// Ends an exemption before its time: whoever may grant it, and whoever asked for it.
#[utoipa::path(
    delete, path = "/exemptions/{id}", operation_id = "end_exemption", params(("id" = String, Path)),
    responses(
        (status = 200, body = ExemptionItem), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)
    )
)]
pub(crate) async fn end(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
) -> Result<Json<ExemptionItem>, ApiError> {
    Ok(Json(api.portal.end_exemption(&viewer, &id).await?.into()))
}
