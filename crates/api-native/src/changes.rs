//! The change feed: what happened, as a stream that goes on or as pages.

mod live;

use axum::Json;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stagedoor_portal::{FeedAction, FeedEvent, FeedFilter, FeedKind, FeedPage, PortalError, Position};
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

const STREAM: &str = "text/event-stream";

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangesQuery {
    /// Go on after this revision or event id. Absent: a stream begins now, pages begin with the oldest change.
    since: Option<String>,
    /// Events on a page, 1..1000; 100 when absent. Not for streams.
    limit: Option<usize>,
    /// Only of these blueprints, separated by commas.
    blueprint: Option<String>,
    /// Only `entity`, only `blueprint` or only `record`.
    kind: Option<Kind>,
    /// True tells of pages, saved views and other small things, too: kind `record`, the collection as `blueprint`.
    records: Option<bool>,
    /// False leaves out `before` and `after`.
    values: Option<bool>,
}

#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Entity,
    Blueprint,
    Record,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Action {
    Created,
    Updated,
    Deleted,
}

/// A page of the feed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Changes {
    /// Oldest first.
    events: Vec<ChangeEvent>,
    /// The `since` to go on with.
    next: String,
    /// Whether there is more already.
    more: bool,
    /// The newest revision.
    revision: u64,
}

/// One change of one thing.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeEvent {
    /// `<revision>-<index within the commit>`: unique, and a place to go on from. For callers who may not see everything
    /// the revision alone.
    id: String,
    /// Number of the commit.
    revision: u64,
    at: String,
    actor: ChangeActor,
    kind: Kind,
    action: Action,
    /// The blueprint, or the collection of a record.
    blueprint: String,
    /// Null: something of the blueprint changed, or is gone from what the caller sees; what it is, is not said.
    identifier: Option<String>,
    /// Lower-case reference of an entity; null where Backstage has no such kind.
    #[serde(rename = "ref")]
    reference: Option<String>,
    /// What it was: an entity in Port's form, or the blueprint. Null for what is new.
    before: Option<Value>,
    /// What it is since. Null for what is gone.
    after: Option<Value>,
}

/// Who made a change.
#[derive(Serialize, ToSchema)]
struct ChangeActor {
    name: String,
    /// `port`, `native` or `source`.
    through: String,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/changes", get(changes))
}

/// What has changed, oldest first: a page, or with `Accept: text/event-stream` a stream that goes on.
///
/// Administrators get every change with what was and what is. Others get, without values, changes of what they see now;
/// what is gone from their sight is told in streams, by its blueprint.
#[utoipa::path(
    get, path = "/changes", params(
        ChangesQuery,
        ("last-event-id" = Option<String>, Header, description = "As `since`, which it overrules; for streams.")
    ),
    responses(
        (status = 200, description = "a page, or server-sent events whose data are its `events`", content(
            (Changes = "application/json"), (String = "text/event-stream")
        )),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 410, description = "the log does not reach back that far", body = ErrorBody),
        (status = 422, description = "there is no such revision yet", body = ErrorBody),
        (status = 503, description = "too many streams", body = ErrorBody)
    )
)]
pub(crate) async fn changes(
    State(api): State<Api>,
    Caller(viewer): Caller,
    headers: HeaderMap,
    query: Result<Query<ChangesQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query?;
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let stream = accept.split(',').any(|kind| kind.trim().starts_with(STREAM));
    let last = headers.get("last-event-id").filter(|_| stream).map(|v| v.to_str().unwrap_or("?"));
    let since = last.or(query.since.as_deref()).filter(|text| !text.is_empty());
    let since: Option<Position> =
        since.map(str::parse).transpose().map_err(|e: PortalError| ApiError::invalid(e.to_string()))?;
    let filter = FeedFilter { resumes: stream && since.is_some(), ..filter(&query) };
    if stream {
        let feed = api.portal.feed(&viewer, since, filter).await?;
        return Ok(live::stream(feed));
    }
    let limit = match query.limit.unwrap_or(100) {
        limit @ 1..=1000 => limit,
        other => return Err(ApiError::invalid(format!("limit is {other}: expected 1 to 1000"))),
    };
    let since = since.unwrap_or(Position::after(0));
    let mut feed = api.portal.feed(&viewer, Some(since), filter).await?;
    Ok(Json(page(feed.page(limit).await?)).into_response())
}

fn filter(query: &ChangesQuery) -> FeedFilter {
    let blueprints = query.blueprint.as_deref().unwrap_or_default().split(',').map(str::trim);
    FeedFilter {
        blueprints: blueprints.filter(|b| !b.is_empty()).map(str::to_owned).collect(),
        kind: query.kind.map(|kind| match kind {
            Kind::Entity => FeedKind::Entity,
            Kind::Blueprint => FeedKind::Blueprint,
            Kind::Record => FeedKind::Record,
        }),
        without_values: query.values == Some(false),
        records: query.records == Some(true) || query.kind.is_some_and(|kind| matches!(kind, Kind::Record)),
        resumes: false,
    }
}

fn page(page: FeedPage) -> Changes {
    Changes {
        events: page.events.into_iter().map(event).collect(),
        next: page.next.to_string(),
        more: page.more,
        revision: page.head,
    }
}

fn event(event: FeedEvent) -> ChangeEvent {
    ChangeEvent {
        id: event.position.to_string(),
        revision: event.position.revision,
        at: event.at.to_string(),
        actor: ChangeActor { name: event.actor.name, through: event.actor.through },
        kind: match event.kind {
            FeedKind::Entity => Kind::Entity,
            FeedKind::Blueprint => Kind::Blueprint,
            FeedKind::Record => Kind::Record,
        },
        action: match event.action {
            FeedAction::Created => Action::Created,
            FeedAction::Updated => Action::Updated,
            FeedAction::Deleted => Action::Deleted,
        },
        blueprint: event.blueprint,
        identifier: event.identifier,
        reference: event.reference,
        before: event.before,
        after: event.after,
    }
}
