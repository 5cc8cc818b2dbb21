//! Taking changes back, and what was removed lately.

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use stagedoor_model::Timestamp;
use stagedoor_portal::{
    NotUndone, PortalError, Removal, RemovedThing, UndoEffect, UndoReport, UndoSelection, Undone,
};
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RemovalsQuery {
    /// Only by this actor; the name of a source is its id.
    by: Option<String>,
    /// Go on after a page: its `next`.
    before: Option<i64>,
    /// Removals on a page, 1..100; 20 when absent.
    limit: Option<usize>,
}

/// What was removed lately, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Removals {
    /// May be empty although there is more.
    removals: Vec<RemovalEntry>,
    /// The `before` to go on with; null at the end.
    next: Option<i64>,
}

/// One commit that removed something. What a source drops in one run goes in one commit.
#[derive(Serialize, ToSchema)]
struct RemovalEntry {
    /// To be taken back as a whole by naming it in `changes`.
    revision: u64,
    at: String,
    actor: RemovalActor,
    /// Entities that it removed.
    count: usize,
    /// Those of them that are not there now.
    gone: usize,
    /// Up to five of them.
    examples: Vec<RemovalExample>,
}

/// Who removed it.
#[derive(Serialize, ToSchema)]
struct RemovalActor {
    /// The id of a source, the address of a person, ...
    name: String,
    /// `port`, `backstage`, `native` or `source`.
    through: String,
}

/// An entity that was removed.
#[derive(Serialize, ToSchema)]
struct RemovalExample {
    blueprint: String,
    identifier: String,
    #[serde(rename = "ref")]
    reference: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UndoQuery {
    /// Answer what would happen and write nothing.
    #[serde(default)]
    dry_run: bool,
}

/// What is to be taken back: either `changes`, or `by` and `since`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UndoBody {
    /// Revisions (`"41"`, everything in that commit) and ids of single changes (`"41-3"`, as the change feed has them).
    changes: Option<Vec<String>>,
    /// Everything that this actor did; the name of a source is its id.
    by: Option<String>,
    /// Not before this time.
    since: Option<String>,
    /// Not after this time; now when absent.
    until: Option<String>,
}

/// What became of each change.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UndoAnswer {
    dry_run: bool,
    /// The commit that it made, by which this can be taken back in turn; null where nothing was written.
    revision: Option<u64>,
    /// Entities that are there again.
    restored: Vec<UndoneEntity>,
    /// Entities that are what they were.
    reverted: Vec<UndoneEntity>,
    /// Entities that had been made and are gone.
    removed: Vec<UndoneEntity>,
    /// Registered locations that are there again, `<type>:<target>`.
    locations: Vec<String>,
    /// What was left alone, and why.
    refused: Vec<RefusedUndo>,
}

/// Either shape of a 422.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only described")]
pub(crate) enum NothingUndone {
    /// All was left alone.
    Answer(UndoAnswer),
    /// The body is refused.
    Refusal(ErrorBody),
}

/// One entity.
#[derive(Serialize, ToSchema)]
struct UndoneEntity {
    blueprint: String,
    identifier: String,
    #[serde(rename = "ref")]
    reference: Option<String>,
    /// The source that had claimed it. It does so no more until it says the entity again.
    source: Option<String>,
}

/// What was left alone.
#[derive(Serialize, ToSchema)]
struct RefusedUndo {
    /// Null for a location.
    blueprint: Option<String>,
    identifier: String,
    #[serde(rename = "ref")]
    reference: Option<String>,
    /// `made_anew`, `changed_since`, `claimed`, `blueprint_gone`, `has_dependents`, `forbidden`, `protected_entity`,
    /// `revision_gone` or `location`.
    code: String,
    message: String,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/removals", get(removals)).route("/undo", post(undo))
}

/// What was removed lately, commit by commit. Whoever is no administrator sees its own doings.
#[utoipa::path(
    get, path = "/removals", params(RemovalsQuery),
    responses(
        (status = 200, body = Removals), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)
    )
)]
pub(crate) async fn removals(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<RemovalsQuery>, QueryRejection>,
) -> Result<Json<Removals>, ApiError> {
    let Query(query) = query?;
    let limit = match query.limit.unwrap_or(20) {
        limit @ 1..=100 => limit,
        other => return Err(ApiError::invalid(format!("limit is {other}: expected 1 to 100"))),
    };
    let page = api.portal.removals(&viewer, query.by, query.before, limit).await?;
    Ok(Json(Removals { removals: page.removals.into_iter().map(entry).collect(), next: page.next }))
}

fn entry(removal: Removal) -> RemovalEntry {
    let example = |thing: RemovedThing| RemovalExample {
        blueprint: thing.blueprint,
        identifier: thing.identifier,
        reference: thing.reference,
    };
    RemovalEntry {
        revision: removal.revision,
        at: removal.at.to_string(),
        actor: RemovalActor { name: removal.actor.name, through: removal.actor.through },
        count: removal.count,
        gone: removal.gone,
        examples: removal.examples.into_iter().map(example).collect(),
    }
}

/// Takes changes of entities back, all that can be in one commit, which can be taken back in turn.
#[utoipa::path(
    post, path = "/undo", params(UndoQuery), request_body = UndoBody,
    responses(
        (status = 200, description = "all taken back", body = UndoAnswer),
        (status = 207, description = "some left alone", body = UndoAnswer),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, description = "no such change, or none that the caller may take back", body = ErrorBody),
        (status = 415, body = ErrorBody),
        (status = 422, description = "all left alone, or the body is refused", body = NothingUndone)
    )
)]
pub(crate) async fn undo(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<UndoQuery>, QueryRejection>,
    body: Result<Json<UndoBody>, JsonRejection>,
) -> Result<Response, ApiError> {
    let (Query(query), Json(body)) = (query?, body?);
    let report = api.portal.undo(&viewer, selection(body)?, query.dry_run).await?;
    let status = match (report.done.len() + report.locations.len(), report.refused.len()) {
        (_, 0) => StatusCode::OK,
        (0, _) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::MULTI_STATUS,
    };
    Ok((status, Json(answer(report))).into_response())
}

fn selection(body: UndoBody) -> Result<UndoSelection, ApiError> {
    match (body.changes, body.by, body.since) {
        (Some(changes), None, None) if body.until.is_none() => {
            let places: Result<Vec<_>, PortalError> = changes.iter().map(|place| place.parse()).collect();
            let places = places.map_err(|error| ApiError::invalid(format!("changes: {error}")))?;
            Ok(UndoSelection::Changes(places))
        }
        (None, Some(actor), Some(since)) => {
            let until = body.until.as_deref().map(|text| time("until", text)).transpose()?;
            Ok(UndoSelection::By { actor, since: time("since", &since)?, until })
        }
        _ => Err(ApiError::invalid("expected either \"changes\", or \"by\" and \"since\" (and \"until\")")),
    }
}

fn time(key: &str, text: &str) -> Result<Timestamp, ApiError> {
    let wrong = || ApiError::invalid(format!("{key} is no time such as 2026-01-31T09:00:00Z"));
    Timestamp::parse(text).ok_or_else(wrong)
}

fn answer(report: UndoReport) -> UndoAnswer {
    let of = |wanted: UndoEffect| {
        let entity = |one: &Undone| UndoneEntity {
            blueprint: one.blueprint.clone(),
            identifier: one.identifier.clone(),
            reference: one.reference.clone(),
            source: one.source.clone(),
        };
        report.done.iter().filter(|one| one.effect == wanted).map(entity).collect()
    };
    let refused = |one: &NotUndone| RefusedUndo {
        blueprint: one.blueprint.clone(),
        identifier: one.identifier.clone(),
        reference: one.reference.clone(),
        code: one.code.to_owned(),
        message: one.message.clone(),
    };
    UndoAnswer {
        dry_run: report.dry_run,
        revision: report.revision,
        restored: of(UndoEffect::Restored),
        reverted: of(UndoEffect::Reverted),
        removed: of(UndoEffect::Removed),
        refused: report.refused.iter().map(refused).collect(),
        locations: report.locations,
    }
}
