//! What happened to one entity.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stagedoor_portal::{EntityEvent, FeedAction, FieldChange};
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

/// Commits on a page.
const MOST: usize = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    blueprint: String,
    identifier: String,
    /// Go on after a page: its `next`.
    before: Option<u64>,
    /// Commits, 1..100; 20 when absent.
    limit: Option<usize>,
}

/// A page of an entity's history.
#[derive(Serialize, ToSchema)]
pub(crate) struct History {
    /// Newest first. May be empty although there is more.
    events: Vec<HistoryEvent>,
    /// The `before` to go on with; null at the beginning of the history.
    next: Option<u64>,
}

/// One commit that changed the entity.
#[derive(Serialize, ToSchema)]
struct HistoryEvent {
    /// Its number; undo names it.
    revision: u64,
    at: String,
    /// Who: a person, a credential, or the id of a source.
    actor: String,
    /// Through what: `port`, `backstage`, `native` or `source`.
    through: String,
    /// The program that wrote it, where it told its name.
    agent: Option<String>,
    /// `created`, `updated` or `deleted`.
    action: &'static str,
    /// What is different. Derived values have no history.
    fields: Vec<HistoryField>,
}

/// A field before and after.
#[derive(Serialize, ToSchema)]
struct HistoryField {
    /// `title`, `properties.<key>`, `relations.<key>`, `source` (the place that states the entity), ...
    field: String,
    before: Value,
    after: Value,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/entity/history", get(history))
}

/// What happened to an entity, newest first: each field before and after.
#[utoipa::path(
    get, path = "/entity/history", params(HistoryQuery),
    responses(
        (status = 200, body = History), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn history(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<Json<History>, ApiError> {
    let Query(query) = query?;
    let limit = match query.limit.unwrap_or(20) {
        limit @ 1..=MOST => limit,
        other => return Err(ApiError::invalid(format!("limit is {other}: expected 1 to {MOST}"))),
    };
    let found = api.portal.entity_history(&viewer, &query.blueprint, &query.identifier, query.before, limit);
    let found = found.await?;
    Ok(Json(History { events: found.events.into_iter().map(event).collect(), next: found.next }))
}

fn event(event: EntityEvent) -> HistoryEvent {
    HistoryEvent {
        revision: event.revision,
        at: event.at.to_string(),
        actor: event.actor.name,
        through: event.actor.through,
        agent: event.agent,
        action: match event.action {
            FeedAction::Created => "created",
            FeedAction::Updated => "updated",
            FeedAction::Deleted => "deleted",
        },
        fields: event.fields.into_iter().map(field).collect(),
    }
}

fn field(change: FieldChange) -> HistoryField {
    HistoryField { field: change.field, before: change.before, after: change.after }
}
