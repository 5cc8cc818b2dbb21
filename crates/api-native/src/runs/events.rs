//! A run as it goes, as server-sent events: `log` (a line), `run` (it changed: read it again), `end`.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use stagedoor_portal::{RunEvent, RunEvents, RunLine};
use tokio::time::{Instant, timeout};
use utoipa::{IntoParams, ToSchema};

use super::RunRow;
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

/// Silence longer than this makes proxies close a connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Then the reader has to come again, and show a credential that still holds. Browsers do so by themselves.
const LONGEST: Duration = Duration::from_secs(15 * 60);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsAsk {
    /// Only lines after the one of this number.
    after: Option<i64>,
}

/// A line of a run's log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogLine {
    /// Ascending; also the event's id.
    seq: i64,
    at: String,
    /// `debug`, `info`, `warn` or `error`.
    level: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    message: String,
    /// What became of the step with this line: `processing`, `completed`, `failed`, `skipped`, `cancelled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    step_status: Option<String>,
    /// Who wrote it, where it was not the portal.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

impl LogLine {
    fn of(line: RunLine) -> Self {
        let level = serde_json::to_value(line.level).unwrap_or_default();
        Self {
            seq: line.id,
            at: line.at.to_string(),
            level: level.as_str().unwrap_or("info").to_owned(),
            step: line.step,
            message: line.message,
            step_status: line.step_status,
            by: line.by,
        }
    }
}

struct Live {
    events: RunEvents,
    opened: Instant,
    begun: bool,
}

/// What happens to a run, as it happens: its lines so far first. The stream ends with the run.
#[utoipa::path(
    get, path = "/runs/{id}/events",
    params(
        ("id" = String, Path, description = "Id of the run"),
        EventsAsk,
        ("last-event-id" = Option<i64>, Header, description = "As `after`, which it overrules.")
    ),
    responses(
        (status = 200, description = "server-sent events: `log`, whose data are a line; `run` and `end`, whose data are the run as in a list", content(
            (LogLine = "text/event-stream")
        )),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 503, description = "too many streams", body = ErrorBody)
    )
)]
pub(crate) async fn events(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    query: Result<Query<EventsAsk>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query?;
    let last = match headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?")) {
        None | Some("") => query.after,
        Some(text) => {
            Some(text.parse().map_err(|_| ApiError::invalid("last-event-id must be the number of a line"))?)
        }
    };
    let events = api.portal.run_events(&viewer, &id, last)?;
    let live = Live { events, opened: Instant::now(), begun: false };
    let body = stream::unfold(live, |mut live| async move {
        let next = live.next().await?;
        Some((Ok::<_, Infallible>(next), live))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // nginx would hold events back until it has a page of them.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

impl Live {
    async fn next(&mut self) -> Option<Bytes> {
        if !self.begun {
            self.begun = true;
            return Some(Bytes::from_static(b"retry: 1000\n\n"));
        }
        if self.opened.elapsed() > LONGEST {
            return None;
        }
        match timeout(HEARTBEAT, self.events.next()).await {
            Ok(event) => event.map(text),
            Err(_) => Some(Bytes::from_static(b": nothing new\n\n")),
        }
    }
}

fn text(event: RunEvent) -> Bytes {
    let text = match event {
        RunEvent::Line(line) => {
            let id = line.id;
            format!("id: {id}\nevent: log\ndata: {}\n\n", json!(LogLine::of(line)))
        }
        RunEvent::Changed(run) => format!("event: run\ndata: {}\n\n", json!(RunRow::of(&run))),
        RunEvent::Ended(run) => format!("event: end\ndata: {}\n\n", json!(RunRow::of(&run))),
    };
    text.into()
}
