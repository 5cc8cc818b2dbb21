//! Where entities come from.

use axum::extract::{Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use stagedoor_portal::SourceReport;
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

#[derive(Serialize, ToSchema)]
pub(crate) struct SourceList {
    sources: Vec<Source>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Source {
    /// `<type>:<target>`.
    id: String,
    /// `file` or `url`.
    #[serde(rename = "type")]
    kind: String,
    target: String,
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
    Router::new().route("/sources", get(sources)).route("/sources/confirm", post(confirm))
}

/// All configured sources and how they are doing.
#[utoipa::path(get, path = "/sources", responses((status = 200, body = SourceList), (status = 401, body = ErrorBody)))]
pub(crate) async fn sources(
    State(api): State<Api>,
    Caller(viewer): Caller,
) -> Result<Json<SourceList>, ApiError> {
    Ok(Json(SourceList { sources: api.portal.sources(&viewer)?.into_iter().map(source).collect() }))
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
    Ok(Json(SourceList { sources: api.portal.sources(&viewer)?.into_iter().map(source).collect() }))
}

fn source(report: SourceReport) -> Source {
    let state =
        report.state.and_then(|s| serde_json::to_value(s).ok()).and_then(|v| v.as_str().map(str::to_owned));
    let conflicts = report.conflicts.into_iter();
    Source {
        id: report.id,
        kind: report.kind,
        target: report.target,
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
