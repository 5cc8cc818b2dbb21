//! The audit log: who did and tried what, newest first.

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stagedoor_model::Timestamp;
use stagedoor_portal::{AuditAction, AuditEntry, AuditQuery, PortalError};
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditParameters {
    /// Text within identifiers, names, addresses or messages, in any case.
    q: Option<String>,
    /// Whose doing: the exact name.
    actor: Option<String>,
    /// What was done, separated by commas: `create`, `update`, `delete`, `read`, `execute`, `sign_in`, `sign_out`, `use`.
    action: Option<String>,
    /// To which kinds of thing, separated by commas: `entity`, `blueprint`, `permissions`, `secret`, `session`, ...
    kind: Option<String>,
    /// Of this blueprint.
    blueprint: Option<String>,
    /// With this identifier.
    identifier: Option<String>,
    /// `success` or `failure`.
    status: Option<Status>,
    /// Not before this time (RFC 3339, or a date).
    from: Option<String>,
    /// Not after this time.
    to: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// Lines on a page, 1..500; 50 when absent.
    limit: Option<usize>,
    /// False leaves out `before` and `after`.
    values: Option<bool>,
}

#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AuditStatus)]
enum Status {
    Success,
    Failure,
}

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditLog {
    /// Newest first. A page may be empty and have a next one.
    events: Vec<AuditEvent>,
    /// The `cursor` to go on with; null at the end.
    next: Option<String>,
    /// How far back was looked; null at the end.
    searched_back_to: Option<String>,
}

/// Something that was done, or tried.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEvent {
    /// Unique, and for ever the same.
    id: String,
    at: String,
    status: Status,
    /// `create`, `update`, `delete`, `read`, `execute`, `sign_in`, `sign_out` or `use`.
    action: String,
    /// In particular: the right that was missing, such as `UpdateEntity`, or the event, such as `SignIn`.
    name: Option<String>,
    /// Of the thing: `entity`, `blueprint`, `permissions`, `secret`, `session`, `token`, ...
    kind: String,
    blueprint: Option<String>,
    identifier: Option<String>,
    actor: AuditActor,
    /// In words.
    message: Option<String>,
    /// Particulars of an event; null where there are none.
    details: Value,
    /// Number of the commit of a change.
    revision: Option<u64>,
    /// What it was: an entity in Port's form, the body of anything else. Null for what is new.
    before: Option<Value>,
    /// What it is since. Null for what is gone.
    after: Option<Value>,
    /// Whether `before` and `after` are kept back, as those of secrets are.
    hidden: bool,
}

/// Who, through what, from where.
#[derive(Serialize, ToSchema)]
struct AuditActor {
    /// Null where nobody had proved who it was.
    name: Option<String>,
    /// `port`, `backstage`, `native` or `source`, for changes.
    through: Option<String>,
    /// `session`, `access_token`, `token` or `external`.
    via: Option<String>,
    /// Which session, token or credential, by its public id.
    credential: Option<String>,
    address: Option<String>,
    agent: Option<String>,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/audit", get(audit))
}

/// Who did and tried what, newest first: changes, sign-ins, tokens, refused attempts.
#[utoipa::path(
    get, path = "/audit", params(AuditParameters),
    responses(
        (status = 200, description = "a page", body = AuditLog),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, description = "administrators only", body = ErrorBody)
    )
)]
pub(crate) async fn audit(
    State(api): State<Api>,
    Caller(viewer): Caller,
    parameters: Result<Query<AuditParameters>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<AuditLog>, ApiError> {
    let Query(parameters) = parameters?;
    let limit = match parameters.limit.unwrap_or(50) {
        limit @ 1..=500 => limit,
        other => return Err(ApiError::invalid(format!("limit is {other}: expected 1 to 500"))),
    };
    let page = api.portal.audit(&viewer, query(parameters)?, limit).await?;
    Ok(Json(AuditLog {
        events: page.entries.into_iter().map(event).collect(),
        next: page.next.map(|place| place.to_string()),
        searched_back_to: page.searched_back_to.map(|at| at.to_string()),
    }))
}

fn query(parameters: AuditParameters) -> Result<AuditQuery, ApiError> {
    let words = |list: Option<String>| -> Vec<String> {
        let list = list.unwrap_or_default();
        list.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    let action = |word: &String| {
        AuditAction::parse(word).ok_or_else(|| {
            let known = AuditAction::ALL.map(AuditAction::as_str).join(", ");
            ApiError::invalid(format!("action is {word:?}: expected one of {known}"))
        })
    };
    let cursor = text(parameters.cursor).map(|cursor| cursor.parse()).transpose();
    Ok(AuditQuery {
        text: text(parameters.q),
        actor: text(parameters.actor),
        actions: words(parameters.action).iter().map(action).collect::<Result<_, _>>()?,
        kinds: words(parameters.kind),
        blueprint: text(parameters.blueprint),
        identifier: text(parameters.identifier),
        success: parameters.status.map(|status| matches!(status, Status::Success)),
        from: time("from", text(parameters.from))?,
        to: time("to", text(parameters.to))?,
        after: cursor.map_err(|error: PortalError| ApiError::invalid(format!("cursor: {error}")))?,
        without_values: parameters.values == Some(false),
        ..AuditQuery::default()
    })
}

fn time(name: &str, text: Option<String>) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let shown: String = text.chars().take(40).collect();
    let wrong =
        || ApiError::invalid(format!("{name} is {shown:?}: expected a time such as 2026-11-01T09:30:00Z"));
    Timestamp::parse(&text).ok_or_else(wrong).map(Some)
}

fn event(entry: AuditEntry) -> AuditEvent {
    AuditEvent {
        id: entry.id,
        at: entry.at.to_string(),
        status: if entry.success { Status::Success } else { Status::Failure },
        action: entry.action.as_str().to_owned(),
        name: entry.name,
        kind: entry.kind,
        blueprint: entry.blueprint,
        identifier: entry.identifier,
        actor: AuditActor {
            name: entry.actor,
            through: entry.through,
            via: entry.via,
            credential: entry.credential,
            address: entry.address,
            agent: entry.agent,
        },
        message: entry.message,
        details: entry.details,
        revision: entry.revision,
        before: entry.before,
        after: entry.after,
        hidden: entry.hidden,
    }
}
