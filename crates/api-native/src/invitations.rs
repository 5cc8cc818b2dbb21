//! Letting others in: invitations, and links for a new password. Stagedoor sends no mail: the link is in the answer,
//! once.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use stagedoor_portal::{Invitation, OpenInvitation};
use utoipa::ToSchema;

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::visitor::{Visit, page_address, small_body};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invite {
    email: String,
    /// `Admin` or `Member`.
    role: String,
    /// Names or identifiers of teams; without them those there are.
    teams: Option<Vec<String>>,
    /// Blueprints whose entities the person looks after; without them those there are.
    moderated: Option<Vec<String>>,
}

/// An invitation that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Invited {
    id: String,
    /// To be handed to the person. It is shown this once.
    link: String,
    expires_at: String,
}

/// A link that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResetLink {
    /// To be handed to the person. It is shown this once.
    link: String,
    expires_at: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationList {
    invitations: Vec<InvitationBody>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct InvitationBody {
    id: String,
    email: String,
    /// Who invited.
    by: String,
    created_at: String,
    expires_at: String,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/invitations", get(invitations).post(invite).layer(small_body()))
        .route("/invitations/{id}", delete(revoke))
        .route("/people/{email}/reset-link", post(reset_link))
}

/// Invitations that have not been used yet.
#[utoipa::path(
    get, path = "/invitations",
    responses((status = 200, body = InvitationList), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub(crate) async fn invitations(
    State(api): State<Api>,
    Caller(viewer): Caller,
) -> Result<Json<InvitationList>, ApiError> {
    let all = api.portal.invitations(&viewer)?;
    Ok(Json(InvitationList { invitations: all.into_iter().map(body).collect() }))
}

/// Invites somebody; earlier links of the same person are void.
#[utoipa::path(
    post, path = "/invitations", request_body = Invite,
    responses(
        (status = 201, body = Invited), (status = 400, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 409, body = ErrorBody, description = "In already, or disabled"),
        (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn invite(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Visit(visitor): Visit,
    headers: HeaderMap,
    body: Result<Json<Invite>, JsonRejection>,
) -> Result<(StatusCode, Json<Invited>), ApiError> {
    let Json(Invite { email, role, teams, moderated }) = body?;
    let made = api.portal.invite(&viewer, Invitation { email, role, teams, moderated }).await?;
    let page = format!("/welcome#{}", made.secret.reveal());
    let link = page_address(&api.portal, &headers, &visitor, &page);
    Ok((StatusCode::CREATED, Json(Invited { id: made.id, link, expires_at: made.expires_at.to_string() })))
}

/// Takes an invitation back.
#[utoipa::path(
    delete, path = "/invitations/{id}", params(("id" = String, Path)),
    responses(
        (status = 204, description = "Taken back"), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn revoke(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    api.portal.revoke_invitation(&viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A link by which a person gets another password.
#[utoipa::path(
    post, path = "/people/{email}/reset-link", params(("email" = String, Path)),
    responses(
        (status = 200, body = ResetLink), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody, description = "Not active")
    )
)]
pub(crate) async fn reset_link(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Visit(visitor): Visit,
    Path(email): Path<String>,
    headers: HeaderMap,
) -> Result<Json<ResetLink>, ApiError> {
    let made = api.portal.reset_link(&viewer, &email).await?;
    let page = format!("/welcome#{}", made.secret.reveal());
    let link = page_address(&api.portal, &headers, &visitor, &page);
    Ok(Json(ResetLink { link, expires_at: made.expires_at.to_string() }))
}

fn body(invitation: OpenInvitation) -> InvitationBody {
    InvitationBody {
        id: invitation.id,
        email: invitation.email,
        by: invitation.by,
        created_at: invitation.created_at.to_string(),
        expires_at: invitation.expires_at.to_string(),
    }
}
