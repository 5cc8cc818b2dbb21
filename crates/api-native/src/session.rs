//! Who is looking, and at what installation; signing in and out.

use std::collections::BTreeMap;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use stagedoor_auth::{Action, Principal, Resource, Rule, Viewer, Visitor};
use stagedoor_portal::{Names, Portal, SignedIn};
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::blueprints::{self, BlueprintList};
use crate::error::{ApiError, ErrorBody};
use crate::may::May;
use crate::visitor::{Visit, no_cookie, session_cookie, small_body};

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
    /// `stagedoor.frames`: origins whose pages may be embedded.
    pub frames: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    /// Null when nobody is signed in.
    viewer: Option<SessionViewer>,
    /// No administrator can sign in yet: the link that the server printed is needed.
    setup: bool,
    /// Local try-out mode: everyone is administrator.
    dev_mode: bool,
    /// `app.title`.
    title: String,
    organization: Organization,
    /// Version of the program; null when nobody is signed in.
    version: Option<String>,
    /// Origins whose pages may be embedded, `https://*.example.com` among them. Empty when nobody is signed in.
    frames: Vec<String>,
    /// Number of the newest commit; null when nobody is signed in.
    revision: Option<u64>,
    /// How much waits for the viewer's word: runs to be approved, nodes of workflows to be answered.
    approvals: usize,
    /// Every action by name: true, or why not. Empty when nobody is signed in.
    may: BTreeMap<&'static str, May>,
    /// The data model, as `GET /blueprints` answers it: where it was asked for and somebody is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<BlueprintList>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SessionQuery {
    /// With the data model: all that a page needs beside its own content, in one answer.
    #[serde(default)]
    model: bool,
}

/// Whose installation it is.
#[derive(Serialize, ToSchema)]
struct Organization {
    /// `organization.name`.
    name: Option<String>,
    /// What the portal is called.
    title: String,
}

/// Who calls.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionViewer {
    /// What it is shown as.
    name: String,
    /// Lower-case address; null for the operator's credential.
    email: Option<String>,
    /// `person`, `serviceAccount`, `credential`, `development` or `guest`.
    principal: &'static str,
    first_name: Option<String>,
    last_name: Option<String>,
    /// `Admin` or `Member`.
    role: &'static str,
    /// Blueprints whose entities it looks after.
    moderated: Vec<String>,
    /// Identifiers of its teams.
    teams: Vec<String>,
    /// How it proved who it is: `session`, `access_token`, `token`, `external` or `none`.
    via: &'static str,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    email: String,
    password: String,
}

/// Somebody has signed in; the cookie is in the header.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedInBody {
    viewer: SessionViewer,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/session", get(session).post(sign_in).delete(sign_out).layer(small_body()))
}

/// Who is signed in, and what it may do. Answers without a credential, too.
#[utoipa::path(
    get, path = "/session", params(SessionQuery),
    responses((status = 200, body = Session), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub(crate) async fn session(
    State(api): State<Api>,
    viewer: Option<Extension<Viewer>>,
    query: Result<Query<SessionQuery>, QueryRejection>,
) -> Result<Json<Session>, ApiError> {
    let Query(query) = query?;
    let viewer = viewer.map(|Extension(viewer)| viewer);
    let known = viewer.is_some();
    // Before the revision: whoever follows the changes from there on misses none.
    let revision = known.then(|| api.portal.newest_revision());
    let model = match &viewer {
        Some(viewer) if query.model => Some(blueprints::list(&api, viewer)?),
        _ => None,
    };
    // Whoever may not read runs has none to approve.
    let waiting = viewer.as_ref().and_then(|viewer| api.portal.inbox_of(viewer).ok());
    Ok(Json(Session {
        model,
        approvals: waiting.map_or(0, |waiting| waiting.len()),
        setup: !api.info.dev_mode && !known && api.portal.needs_setup(),
        dev_mode: api.info.dev_mode,
        title: api.info.title.clone(),
        organization: Organization { name: api.info.organization, title: api.info.title },
        version: known.then_some(api.info.version),
        frames: if known { api.info.frames } else { Vec::new() },
        revision,
        may: viewer.as_ref().map(|viewer| all_rights(&api.portal, viewer)).unwrap_or_default(),
        viewer: viewer.as_ref().map(|viewer| described(&api.portal, viewer)),
    }))
}

/// Signs in by e-mail address and password. The session is in the cookie of the answer.
#[utoipa::path(
    post, path = "/session", request_body = SignIn,
    responses(
        (status = 200, body = SignedInBody), (status = 400, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 422, body = ErrorBody),
        (status = 401, body = ErrorBody, description = "Address or password is wrong: one text for every reason"),
        (status = 403, body = ErrorBody, description = "Made by a page of another site"),
        (status = 429, body = ErrorBody, description = "Too many attempts; Retry-After says how many seconds to wait")
    )
)]
pub(crate) async fn sign_in(
    State(api): State<Api>,
    Visit(visitor): Visit,
    body: Result<Json<SignIn>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(SignIn { email, password }) = body?;
    let signed_in = api.portal.sign_in(&email, &password, &visitor).await?;
    Ok(signed_in_answer(&api.portal, &signed_in, &visitor))
}

/// Ends the session of the cookie, if there is one, and takes the cookie back.
#[utoipa::path(
    delete, path = "/session",
    responses(
        (status = 204, description = "Signed out"),
        (status = 403, body = ErrorBody, description = "Made by a page of another site")
    )
)]
pub(crate) async fn sign_out(
    State(api): State<Api>,
    viewer: Option<Extension<Viewer>>,
    Visit(visitor): Visit,
) -> Result<Response, ApiError> {
    if let Some(Extension(viewer)) = viewer {
        api.portal.sign_out(&viewer, &visitor).await?;
    }
    Ok((StatusCode::NO_CONTENT, no_cookie(&visitor)).into_response())
}

/// The answer to whoever has just signed in.
pub(crate) fn signed_in_answer(portal: &Portal, signed_in: &SignedIn, visitor: &Visitor) -> Response {
    let body = SignedInBody { viewer: described(portal, &signed_in.viewer) };
    (session_cookie(signed_in, visitor), Json(body)).into_response()
}

fn described(portal: &Portal, viewer: &Viewer) -> SessionViewer {
    let rights = portal.rights(viewer);
    let Names { title, first, last } = viewer.email().map(|email| portal.names_of(email)).unwrap_or_default();
    SessionViewer {
        name: title.unwrap_or_else(|| viewer.name().to_owned()),
        email: viewer.email().map(str::to_owned),
        principal: match viewer.principal() {
            Principal::Person(_) => "person",
            Principal::ServiceAccount(_) => "serviceAccount",
            Principal::Credential(_) | Principal::System(_) => "credential",
            Principal::Development => "development",
            Principal::Guest(_) => "guest",
        },
        first_name: first,
        last_name: last,
        role: if rights.is_administrator() { "Admin" } else { "Member" },
        moderated: rights.account().moderates.iter().cloned().collect(),
        teams: rights.teams().map(str::to_owned).collect(),
        via: viewer.via().kind(),
    }
}

/// What a viewer may do, for controls that say why they are disabled.
fn all_rights(portal: &Portal, viewer: &Viewer) -> BTreeMap<&'static str, May> {
    let own = viewer.email().unwrap_or_default();
    let may = |action: &Action| {
        let resource = if action.rule() == Rule::Own { Resource::Of(own) } else { Resource::Any };
        match portal.could(viewer, *action, resource) {
            Ok(()) => May::Yes(true),
            Err(denied) => May::No(denied.to_string()),
        }
    };
    Action::ALL.iter().map(|action| (action.name(), may(action))).collect()
}
