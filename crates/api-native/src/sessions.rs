//! Where somebody is signed in.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::routing::{delete, get};
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use stagedoor_portal::SessionInfo;
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfUser {
    /// E-mail address; one's own when absent.
    user: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SessionList {
    sessions: Vec<SessionBody>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SessionBody {
    id: String,
    user: String,
    created_at: String,
    /// Of the last request, to within half an hour.
    last_seen_at: String,
    /// When it ends, however busy it is.
    expires_at: String,
    /// From where it began.
    address: Option<String>,
    /// With which program it began.
    agent: Option<String>,
    /// Whether it is this one.
    current: bool,
}

/// How many there were.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ended {
    ended: usize,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/sessions", get(sessions).delete(end_all)).route("/sessions/{id}", delete(end))
}

/// Where one is signed in; administrators may ask for others.
#[utoipa::path(
    get, path = "/sessions", params(OfUser),
    responses((status = 200, body = SessionList), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub(crate) async fn sessions(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<OfUser>, QueryRejection>,
) -> Result<Json<SessionList>, ApiError> {
    let user = user(query?.0, &viewer);
    let sessions = api.portal.sessions(&viewer, &user)?;
    Ok(Json(SessionList { sessions: sessions.into_iter().map(body).collect() }))
}

/// Ends a session at once.
#[utoipa::path(
    delete, path = "/sessions/{id}", params(("id" = String, Path)),
    responses(
        (status = 204, description = "Ended"), (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody, description = "There is none, or it is somebody else's")
    )
)]
pub(crate) async fn end(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    api.portal.end_session(&viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all sessions of somebody, this one included.
#[utoipa::path(
    delete, path = "/sessions", params(OfUser),
    responses((status = 200, body = Ended), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub(crate) async fn end_all(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<OfUser>, QueryRejection>,
) -> Result<Json<Ended>, ApiError> {
    let user = user(query?.0, &viewer);
    Ok(Json(Ended { ended: api.portal.end_sessions(&viewer, &user).await? }))
}

fn user(of: OfUser, viewer: &stagedoor_auth::Viewer) -> String {
    let own = || viewer.email().unwrap_or_default().to_owned();
    of.user.map_or_else(own, |user| user.trim().to_lowercase())
}

fn body(session: SessionInfo) -> SessionBody {
    SessionBody {
        id: session.id,
        user: session.user,
        created_at: session.created_at.to_string(),
        last_seen_at: session.last_seen_at.to_string(),
        expires_at: session.expires_at.to_string(),
        address: session.address,
        agent: session.agent,
        current: session.current,
    }
}
