//! `/api/events/http/<topic>`: where hosts knock when something has changed.
//!
//! Hosts have no credential of ours. They prove who they are by the secret of their topic.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest as _, Path, Request, State};
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::post;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use stagedoor_portal::{Portal, RefusedWebhook};
use utoipa::ToSchema;

use crate::error::{self, ApiError};
use crate::openapi::Refusal;
use crate::{answer, unknown};

/// A delivery was taken.
#[derive(Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// `accepted`
    status: &'static str,
}

/// A delivery was not taken. Backstage's modules say it so, without the body of other refusals.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusedDelivery {
    message: &'static str,
}

/// The routes, to be nested under `/api/events`.
pub fn router(portal: Portal) -> Router {
    Router::new()
        .route("/http/{topic}", post(receive))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(from_fn(error::shape))
        .with_state(portal)
}

/// Takes a delivery of a host: a push, a repository that was made, people who came or went. What it is about is read
/// again soon.
#[utoipa::path(
    post,
    path = "/api/events/http/{topic}",
    tag = "events",
    operation_id = "receiveEvent",
    params(("topic" = String, Path, description = "`github`, `gitlab`, `bitbucketCloud`, `bitbucketServer`, `gitea` or `azureDevOps`")),
    request_body(content = serde_json::Value, description = "As the host sends it, up to 5 MB"),
    responses(
        (status = 202, description = "Taken", body = Accepted),
        (status = 400, description = "No JSON, or too large", body = Refusal),
        (status = 403, description = "It does not prove that it knows the secret of the topic", body = RefusedDelivery),
        (status = 404, description = "No such topic is configured", body = Refusal),
        (status = 415, description = "Not sent as `application/json`", body = Refusal),
    ),
    security(()),
)]
pub(crate) async fn receive(
    State(portal): State<Portal>,
    topic: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, ApiError> {
    // Before the body is read.
    let topic =
        topic.ok().map(|Path(topic)| topic).filter(|topic| portal.hears(topic)).ok_or_else(no_topic)?;
    is_json(request.headers())?;
    let headers = request.headers().clone();
    let body = Bytes::from_request(request, &()).await.map_err(|rejection| {
        let too_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        ApiError::input(if too_large { "request entity too large".into() } else { rejection.body_text() })
    })?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    match portal.receive_webhook(&topic, &header, &body) {
        Ok(()) => Ok(said(StatusCode::ACCEPTED, &Accepted { status: "accepted" })),
        Err(RefusedWebhook::Forged(message)) => Ok(said(StatusCode::FORBIDDEN, &RefusedDelivery { message })),
        Err(RefusedWebhook::Unreadable(why)) => Err(ApiError::input(why)),
        Err(RefusedWebhook::Unknown) => Err(no_topic()),
    }
}

/// Whoever sets up a webhook sees this answer at the host.
fn no_topic() -> ApiError {
    ApiError::not_found(
        "No webhooks are taken under this topic: it needs events.modules.<topic>.webhookSecret",
    )
}

fn said(status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = answer::json(serde_json::to_vec(body).unwrap_or_default());
    *response.status_mut() = status;
    response
}

/// GitHub sends forms unless it is told otherwise.
fn is_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let shown = if essence.is_empty() { "unknown" } else { essence };
    Err(ApiError::unsupported(format!(
        "Unsupported media type: {shown}; webhooks are sent as application/json"
    )))
}
