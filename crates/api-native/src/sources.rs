//! Where entities come from.

pub(crate) mod conflict;
pub(crate) mod outlook;

use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use stagedoor_auth::Viewer;
use stagedoor_model::Timestamp;
use stagedoor_portal::{Budget, SourceReport};
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

#[derive(Serialize, ToSchema)]
pub(crate) struct SourceList {
    sources: Vec<Source>,
    /// What is known of the limits of the hosts that this process has asked.
    budgets: Vec<HostBudget>,
}

/// What a host allows, and what is left of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HostBudget {
    /// With its port where that is not the scheme's own.
    host: String,
    /// Requests in each of its periods, where it says so.
    limit: Option<u64>,
    /// What is left of them.
    remaining: Option<u64>,
    /// When there will be all of them again.
    reset_at: Option<String>,
    /// Requests sent since the start.
    sent: u64,
    /// Of these, answered with "nothing has changed".
    unchanged: u64,
    /// Requests that were not sent, for the rest was kept for what is more urgent.
    held_back: u64,
    /// Nothing is sent before.
    blocked_until: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Source {
    /// `<type>:<target>`, or the provider's own, such as `github-provider:acme`.
    id: String,
    /// `file`, `url`, or `provider:<key in catalog.providers>`.
    #[serde(rename = "type")]
    kind: String,
    /// As configured or registered; of a provider, what it looks at.
    target: String,
    /// Somebody has registered it; it is not in the configuration.
    registered: bool,
    /// When it is read by itself, in words: `every 2 minutes`, `when a file changes`, `when asked`.
    schedule: String,
    /// When it is read next by itself; null where that is not known to this process.
    next_run: Option<String>,
    /// This process is reading it.
    running: bool,
    /// `fresh`, `stale`, `gone` or `held`; null before its first reading.
    state: Option<String>,
    /// Why it is not fresh.
    reason: Option<String>,
    /// End of its last reading.
    last_run: Option<String>,
    /// Entities that it owns.
    entities: usize,
    problems: Vec<SourceProblem>,
    conflicts: Vec<SourceConflict>,
}

/// Something in a source that a person should mend.
#[derive(Serialize, ToSchema)]
pub(crate) struct SourceProblem {
    level: String,
    file: String,
    /// From 1; 0 when the whole file is meant.
    line: u32,
    #[serde(rename = "ref")]
    reference: Option<String>,
    message: String,
}

/// Two sources claim one name; the first keeps it.
#[derive(Serialize, ToSchema)]
struct SourceConflict {
    #[serde(rename = "ref")]
    reference: String,
    holder: String,
    claimer: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConfirmQuery {
    /// Id of the source.
    id: String,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/sources", get(sources))
        .route("/sources/confirm", post(confirm))
        .route("/sources/conflict", get(conflict::conflict))
        .route("/locations/preview", post(outlook::preview))
        .route("/sources/{id}/read", post(read))
}

/// All sources and how they are doing: configured, registered, providers.
#[utoipa::path(get, path = "/sources", responses((status = 200, body = SourceList), (status = 401, body = ErrorBody)))]
pub(crate) async fn sources(
    State(api): State<Api>,
    Caller(viewer): Caller,
) -> Result<Json<SourceList>, ApiError> {
    list(&api, &viewer)
}

/// Reads a source now, and answers at its end, or after ten seconds with `running`.
#[utoipa::path(
    post, path = "/sources/{id}/read", params(("id" = String, Path, description = "Id of the source, escaped")),
    responses(
        (status = 200, body = SourceList), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn read(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
) -> Result<Json<SourceList>, ApiError> {
    api.portal.trigger_source(&viewer, &id).await?;
    list(&api, &viewer)
}

/// Lets a held source lose what it no longer says.
#[utoipa::path(
    post, path = "/sources/confirm", params(ConfirmQuery),
    responses(
        (status = 200, body = SourceList), (status = 400, body = ErrorBody, description = "No id"),
        (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn confirm(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<ConfirmQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<SourceList>, ApiError> {
    api.portal.confirm_source(&viewer, &query?.id).await?;
    list(&api, &viewer)
}

fn list(api: &Api, viewer: &Viewer) -> Result<Json<SourceList>, ApiError> {
    let sources = api.portal.sources(viewer)?.into_iter().map(source).collect();
    Ok(Json(SourceList { sources, budgets: api.portal.budgets().into_iter().map(budget).collect() }))
}

fn budget(budget: Budget) -> HostBudget {
    let moment = |at: i64| Timestamp(at.saturating_mul(1000)).to_string();
    HostBudget {
        host: budget.host,
        limit: budget.limit,
        remaining: budget.remaining,
        reset_at: budget.reset_at.map(moment),
        sent: budget.sent,
        unchanged: budget.unchanged,
        held_back: budget.held_back,
        blocked_until: budget.blocked_until.map(moment),
    }
}

fn source(report: SourceReport) -> Source {
    let state =
        report.state.and_then(|s| serde_json::to_value(s).ok()).and_then(|v| v.as_str().map(str::to_owned));
    let conflicts = report.conflicts.into_iter();
    Source {
        id: report.id,
        kind: report.kind,
        target: report.target,
        registered: report.registered,
        schedule: report.schedule,
        next_run: report.next_run,
        running: report.running,
        state,
        reason: report.reason,
        last_run: report.last_run,
        entities: report.entities,
        problems: report.problems.iter().map(problem).collect(),
        conflicts: conflicts
            .map(|c| SourceConflict { reference: c.reference, holder: c.holder, claimer: c.claimer })
            .collect(),
    }
}

pub(crate) fn problem(p: &stagedoor_portal::Problem) -> SourceProblem {
    SourceProblem {
        level: p.level.to_owned(),
        file: p.file.clone(),
        line: p.line,
        reference: p.reference.clone(),
        message: p.message.clone(),
    }
}
