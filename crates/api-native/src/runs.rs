//! Runs of actions, automations, templates and workflows: lists, one with all that its page shows, what people do with
//! it, and the approvals that wait for the caller.

pub(crate) mod doing;
pub(crate) mod events;
pub(crate) mod inputs;
mod shape;

use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use stagedoor_portal::{RunKind, RunOrigin, RunQuery, RunStatus};
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
pub(crate) use inputs::InboxRow;
pub(crate) use shape::{Run, RunRow};

/// Runs on a page where nobody says.
const PAGE: usize = 50;
const MOST: usize = 1_000;

/// Runs, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunList {
    runs: Vec<RunRow>,
    /// How many there are on all pages.
    total: usize,
}

/// What waits for the caller's word, oldest first. A run of which two nodes ask is there twice.
#[derive(Serialize, ToSchema)]
pub(crate) struct Inbox {
    runs: Vec<InboxRow>,
    total: usize,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct RunsAsk {
    /// Only those that the caller has set going.
    mine: Option<bool>,
    /// In these states, separated by commas: `WAITING_FOR_APPROVAL`, `IN_PROGRESS`, `SUCCESS`, `FAILURE`, `DECLINED`,
    /// `CANCELLED`.
    status: Option<String>,
    /// Those that have not ended, or those that have.
    active: Option<bool>,
    /// Of these sorts, separated by commas: `action`, `automation`, `template`, `workflow`.
    kind: Option<String>,
    /// Of this action or workflow, or the template of this reference.
    of: Option<String>,
    /// About something of this blueprint.
    blueprint: Option<String>,
    /// About the entity of this identifier.
    entity: Option<String>,
    /// Set going by whoever has this address or name.
    starter: Option<String>,
    /// `UI`, `API` or `AUTOMATION`.
    origin: Option<String>,
    /// Set going by this run's doings.
    caused_by: Option<String>,
    /// Only those for which a person has to look.
    attention: Option<bool>,
    /// Words in id, title, entity or starter.
    q: Option<String>,
    /// So many are left out at the beginning.
    offset: Option<usize>,
    /// At most so many, 1 to 1000; 50 when absent.
    limit: Option<usize>,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/runs", get(runs))
        .route("/runs/{id}", get(run))
        .route("/runs/{id}/events", get(events::events))
        .route("/runs/{id}/cancel", post(doing::cancel))
        .route("/runs/{id}/rerun", post(doing::rerun))
        .route("/runs/{id}/retry", post(doing::retry))
        .route("/runs/{id}/approval", post(doing::approve))
        .route("/runs/{id}/steps/{step}/settle", post(doing::settle))
        .route("/runs/{id}/inputs/{node}", post(inputs::answer))
        .route("/runs/{id}/inputs/{node}/form", post(inputs::input_form))
        .route("/approvals", get(approvals))
}

/// Runs that the caller may see, newest first.
#[utoipa::path(
    get, path = "/runs", params(RunsAsk),
    responses(
        (status = 200, body = RunList), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)
    )
)]
pub(crate) async fn runs(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<RunsAsk>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<RunList>, ApiError> {
    let Query(ask) = query?;
    let limit = match ask.limit.unwrap_or(PAGE) {
        limit @ 1..=MOST => limit,
        other => return Err(ApiError::invalid(format!("limit is {other}: expected 1 to {MOST}"))),
    };
    let own = || viewer.email().unwrap_or(viewer.name()).to_owned();
    let query = RunQuery {
        kinds: list("kind", ask.kind.as_deref(), kind)?,
        of: ask.of,
        statuses: list("status", ask.status.as_deref(), status)?,
        active: ask.active,
        blueprint: ask.blueprint,
        entity: ask.entity,
        starter: if ask.mine == Some(true) { Some(own()) } else { ask.starter },
        source: list("origin", ask.origin.as_deref(), origin)?.into_iter().next(),
        caused_by: ask.caused_by,
        attention: ask.attention == Some(true),
        text: ask.q,
        offset: ask.offset.unwrap_or(0),
        limit,
        ..RunQuery::default()
    };
    let page = api.portal.runs(&viewer, &query)?;
    Ok(Json(RunList { runs: page.runs.iter().map(|run| RunRow::of(run)).collect(), total: page.total }))
}

/// One run, with its steps, inputs, approval, and what the caller may do with it.
#[utoipa::path(
    get, path = "/runs/{id}", params(("id" = String, Path, description = "Id of the run")),
    responses(
        (status = 200, body = Run), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn run(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
) -> Result<Json<Run>, ApiError> {
    let run = api.portal.run(&viewer, &id)?;
    Ok(Json(Run::of(&api.portal, &viewer, &run).await))
}

/// What waits for the caller's word, oldest first: runs to be approved, nodes of workflows to be answered.
#[utoipa::path(
    get, path = "/approvals",
    responses((status = 200, body = Inbox), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub(crate) async fn approvals(
    State(api): State<Api>,
    Caller(viewer): Caller,
) -> Result<Json<Inbox>, ApiError> {
    let runs: Vec<InboxRow> = api.portal.inbox_of(&viewer)?.iter().map(InboxRow::of).collect();
    Ok(Json(Inbox { total: runs.len(), runs }))
}

fn list<T>(key: &str, text: Option<&str>, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, ApiError> {
    let words = text.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty());
    let read = |word: &str| {
        let shown: String = word.chars().take(100).collect();
        read(word).ok_or_else(|| ApiError::invalid(format!("{key} has no \"{shown}\"")))
    };
    words.map(read).collect()
}

fn kind(word: &str) -> Option<RunKind> {
    match word {
        "action" => Some(RunKind::Action),
        "automation" => Some(RunKind::Automation),
        "template" => Some(RunKind::Template),
        "workflow" => Some(RunKind::Workflow),
        _ => None,
    }
}

fn status(word: &str) -> Option<RunStatus> {
    match word {
        "WAITING_FOR_APPROVAL" => Some(RunStatus::WaitingForApproval),
        "IN_PROGRESS" => Some(RunStatus::InProgress),
        "SUCCESS" => Some(RunStatus::Success),
        "FAILURE" => Some(RunStatus::Failure),
        "DECLINED" => Some(RunStatus::Declined),
        "CANCELLED" => Some(RunStatus::Cancelled),
        _ => None,
    }
}

fn origin(word: &str) -> Option<RunOrigin> {
    match word {
        "UI" => Some(RunOrigin::Ui),
        "API" => Some(RunOrigin::Api),
        "AUTOMATION" => Some(RunOrigin::Automation),
        _ => None,
    }
}
