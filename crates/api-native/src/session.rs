//! Who is looking, and at what installation.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use stagedoor_auth::{Action, Resource};
use utoipa::ToSchema;

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

/// What the installation says of itself.
#[derive(Clone, Debug)]
pub struct PortalInfo {
    /// `app.title`.
    pub title: String,
    /// `organization.name`.
    pub organization: Option<String>,
    /// Version of the program.
    pub version: String,
    /// Everyone is administrator.
    pub dev_mode: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    viewer: SessionViewer,
    /// Local try-out mode: everyone is administrator.
    dev_mode: bool,
    title: String,
    organization: Option<String>,
    version: String,
    /// Number of the newest commit.
    revision: u64,
}

#[derive(Serialize, ToSchema)]
struct SessionViewer {
    name: String,
    /// `administrator` or `member`.
    role: String,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/session", get(session))
}

/// Who is signed in.
#[utoipa::path(get, path = "/session", responses((status = 200, body = Session), (status = 401, body = ErrorBody)))]
pub(crate) async fn session(
    State(api): State<Api>,
    Caller(viewer): Caller,
) -> Result<Json<Session>, ApiError> {
    let own = Resource::Of(viewer.email().unwrap_or_default());
    let view = api.portal.view_for(&viewer, Action::ReadAccount, own)?;
    let revision = view.revision();
    Ok(Json(Session {
        viewer: SessionViewer {
            name: viewer.name().to_owned(),
            role: view.rights().role().as_str().to_owned(),
        },
        dev_mode: api.info.dev_mode,
        title: api.info.title,
        organization: api.info.organization,
        version: api.info.version,
        revision,
    }))
}
