//! What a task tells: the lines of its run's log, and its end, as Backstage's clients follow them.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Uri};
use serde_json::{Map, Value, json};
use stagedoor_auth::Viewer;
use stagedoor_portal::{Portal, Run, RunEvent, RunEvents, RunLine, TaskState};
use tokio::sync::mpsc;

use crate::answer;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::openapi::Refusal;
use crate::query::{Kind, Parameter, Query};

/// How long a question for news waits for some.
const PATIENCE: Duration = Duration::from_secs(30);
/// An open connection says this often that it is.
const BEAT: Duration = Duration::from_secs(15);
const AFTER: &[Parameter] = &[Parameter::optional("after", Kind::Integer)];

/// The events of one task, in Backstage's form.
struct Events {
    run: String,
    inner: RunEvents,
    last: i64,
    /// What is told before anything else.
    first: Option<Value>,
    over: bool,
    /// It had ended before: all there is will come.
    settled: bool,
}

impl Events {
    fn of(portal: &Portal, viewer: &Viewer, id: &str, after: Option<i64>) -> Result<Self, ApiError> {
        let run = portal.template_task(viewer, id)?;
        let inner = portal.run_events(viewer, id, after)?;
        let first = after.is_none().then(|| {
            let steps = portal.template_task_spec(&run)["steps"].as_array().map_or(0, Vec::len);
            let message = format!("Starting up task with {steps} steps");
            event(&run.id, 0, "log", &run.created_at.to_string(), json!({ "message": message }))
        });
        let (run, settled) = (run.id.clone(), run.status.has_ended());
        Ok(Self { settled, run, inner, last: after.unwrap_or(0), first, over: false })
    }

    /// What comes next; empty after the last.
    async fn next(&mut self) -> Vec<Value> {
        if let Some(first) = self.first.take() {
            return vec![first];
        }
        while !self.over {
            match self.inner.next().await {
                None => self.over = true,
                Some(RunEvent::Changed(_)) => {}
                Some(RunEvent::Line(line)) => {
                    self.last = line.id;
                    return vec![self.line(&line)];
                }
                Some(RunEvent::Ended(run)) => {
                    self.over = true;
                    return self.end(&run);
                }
            }
        }
        Vec::new()
    }

    fn line(&self, line: &RunLine) -> Value {
        let mut body = Map::new();
        body.insert("message".into(), line.message.clone().into());
        if let Some(step) = &line.step {
            body.insert("stepId".into(), step.clone().into());
        }
        if let Some(status) = &line.step_status {
            body.insert("status".into(), status.clone().into());
        }
        event(&self.run, line.id, "log", &line.at.to_string(), Value::Object(body))
    }

    /// The end, behind all lines.
    fn end(&self, run: &Run) -> Vec<Value> {
        let at = run.ended_at.unwrap_or(run.updated_at).to_string();
        let state = TaskState::of(run);
        let mut events = Vec::new();
        if state == TaskState::Cancelled {
            let body = json!({ "message": "The task was cancelled", "status": "cancelled" });
            events.push(event(&self.run, self.last + 1, "cancelled", &at, body));
        }
        let mut body = json!({ "message": format!("Run completed with status: {}", state.as_str()) });
        if !run.output.is_null() {
            body["output"] = run.output.clone();
        }
        if let Some(error) = &run.error {
            body["error"] = json!({ "name": "Error", "message": error });
        }
        let id = self.last + 1 + i64::try_from(events.len()).unwrap_or(0);
        events.push(event(&self.run, id, "completion", &at, body));
        events
    }
}

fn event(task: &str, id: i64, kind: &str, at: &str, body: Value) -> Value {
    json!({ "id": id, "isTaskRecoverable": false, "taskId": task, "type": kind, "createdAt": at, "body": body })
}

/// The events of a task behind one, or from the beginning. Waits half a minute for the first.
#[utoipa::path(
    get,
    path = "/api/scaffolder/v2/tasks/{id}/events",
    operation_id = "list_task_events",
    tag = "scaffolder",
    params(
        ("id" = String, Path, description = "Of the task"),
        ("after" = Option<u64>, Query, description = "Id of the last event that is known"),
    ),
    responses(
        (status = 200, description = "The events; none where nothing happened in time", body = Vec<Object>),
        (status = 400, description = "Refused parameter", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 404, description = "No such task, or none that the caller may see", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let after = after(&uri)?;
    let mut events = Events::of(&portal, &viewer, &id, after)?;
    let mut all = Vec::new();
    // The first may be waited for; then comes what is there already.
    let mut patience = PATIENCE;
    while let Ok(next) = tokio::time::timeout(patience, events.next()).await {
        if next.is_empty() {
            break;
        }
        all.extend(next);
        patience = if events.settled { PATIENCE } else { Duration::from_millis(50) };
    }
    Ok(answer::json(Value::Array(all).to_string()))
}

fn after(uri: &Uri) -> Result<Option<i64>, ApiError> {
    let query = Query::of(uri, AFTER)?;
    Ok(query.integer("after").map(|after| i64::try_from(after).unwrap_or(i64::MAX - 2)))
}

/// The events of a task as they come, to its end.
#[utoipa::path(
    get,
    path = "/api/scaffolder/v2/tasks/{id}/eventstream",
    operation_id = "stream_task_events",
    tag = "scaffolder",
    params(
        ("id" = String, Path, description = "Of the task"),
        ("after" = Option<u64>, Query, description = "Id of the last event that is known"),
    ),
    responses(
        (status = 200, description = "Server-sent events: `log`, `cancelled`, `completion`", body = String, content_type = "text/event-stream"),
        (status = 400, description = "Refused parameter", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 404, description = "No such task, or none that the caller may see", body = Refusal),
    )
)]
pub(crate) async fn stream(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let inbox = followed(Events::of(&portal, &viewer, &id, after(&uri)?)?);
    let chunks = stream::unfold(inbox, |mut inbox| async move {
        let chunk = match tokio::time::timeout(BEAT, inbox.recv()).await {
            // A comment: clients leave it out.
            Err(_) => ":\n\n".to_owned(),
            Ok(None) => return None,
            Ok(Some(next)) => next.iter().map(sent).collect(),
        };
        Some((Ok::<_, Infallible>(Bytes::from(chunk)), inbox))
    });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        // Proxies would keep events back until there are enough of them.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

/// Events as they come, until the last or until nobody wants them any more. A task of its own waits for them: a wait that
/// is broken off for a comment could lose one.
fn followed(mut events: Events) -> mpsc::Receiver<Vec<Value>> {
    let (outbox, inbox) = mpsc::channel(16);
    tokio::spawn(async move {
        loop {
            let next = tokio::select! {
                next = events.next() => next,
                () = outbox.closed() => return,
            };
            if next.is_empty() || outbox.send(next).await.is_err() {
                return;
            }
        }
    });
    inbox
}

fn sent(event: &Value) -> String {
    format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or("log"))
}
