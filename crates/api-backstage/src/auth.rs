//! Backstage's auth API under `/api/auth`, as far as its frontend needs it to start.
//!
//! There is one provider, `guest`. Whoever is signed in to the portal with a browser gets a token for himself by it,
//! anybody else one for the guest, where guests may come in. Other ways to sign in are the portal's own.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri, header};
use serde::Serialize;
use serde_json::{Value, json};
use stagedoor_auth::{Principal, Via, Viewer, bearer};
use stagedoor_portal::BackstageUser;
use utoipa::ToSchema;

use crate::answer;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::frontend::Frontend;
use crate::openapi::Refusal;

/// Providers that Backstage has modules for.
const KNOWN: [&str; 21] = [
    "atlassian",
    "auth0",
    "awsalb",
    "azure-easyauth",
    "bitbucket",
    "bitbucketServer",
    "cfaccess",
    "gcp-iap",
    "github",
    "gitlab",
    "google",
    "guest",
    "microsoft",
    "oauth2",
    "oauth2Proxy",
    "oidc",
    "okta",
    "onelogin",
    "openshift",
    "pinniped",
    "vmwareCloudServices",
];
const NOT_IN_DEVELOPMENT: &str = "The guest provider cannot be used outside of a development environment unless \
    'auth.providers.guest.dangerouslyAllowOutsideDevelopment' is enabled";

/// Who has signed in, as Backstage's frontend takes it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedIn {
    profile: Profile,
    backstage_identity: Identity,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Profile {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    picture: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Identity {
    /// A JWT of type `vnd.backstage.user`, to be sent as `Authorization: Bearer`.
    token: String,
    expires_in_seconds: i64,
    identity: UserIdentity,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UserIdentity {
    /// `user`.
    r#type: &'static str,
    user_entity_ref: String,
    /// The user and the groups that it is directly a member of.
    ownership_entity_refs: Vec<String>,
}

/// What a token says of its user.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserInfo {
    claims: UserClaims,
}

#[derive(Serialize, ToSchema)]
struct UserClaims {
    sub: String,
    ent: Vec<String>,
    /// Of the token, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    exp: Option<i64>,
}

/// A token for whoever is signed in to the portal in this browser, else for the guest.
#[utoipa::path(
    get,
    path = "/api/auth/guest/refresh",
    operation_id = "guest_refresh",
    tag = "auth",
    security(()),
    responses(
        (status = 200, description = "A token", body = SignedIn),
        (status = 401, description = "Signed in, and the header `X-Requested-With: XMLHttpRequest` is missing", body = Refusal),
        (status = 403, description = "Guests may not come in here", body = Refusal),
        (status = 404, description = "There is no such provider", body = Refusal),
    )
)]
pub(crate) async fn refresh(
    State(frontend): State<Frontend>,
    viewer: Option<Extension<Viewer>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let viewer = viewer.map(|Extension(viewer)| viewer);
    let person = viewer.as_ref().and_then(|viewer| match (viewer.principal(), viewer.via()) {
        (Principal::Person(_), Via::Session(session)) => Some((viewer, session.as_str())),
        _ => None,
    });
    let Some((person, session)) = person else { return guest(&frontend) };
    // No page of another origin can send it without having been let in.
    let by_script = headers.get("x-requested-with").is_some_and(|v| v.as_bytes() == b"XMLHttpRequest");
    if !by_script {
        return Err(ApiError::unauthenticated_because("Invalid X-Requested-With header"));
    }
    let user = frontend.portal.backstage_user(person).ok_or_else(ApiError::unauthenticated)?;
    signed_in(&frontend, user, Some(session))
}

/// The same by `POST`.
#[utoipa::path(
    post,
    path = "/api/auth/guest/refresh",
    operation_id = "guest_refresh_posted",
    tag = "auth",
    security(()),
    responses(
        (status = 200, description = "A token", body = SignedIn),
        (status = 401, description = "Signed in, and the header `X-Requested-With: XMLHttpRequest` is missing", body = Refusal),
        (status = 403, description = "Guests may not come in here", body = Refusal),
        (status = 404, description = "There is no such provider", body = Refusal),
    )
)]
pub(crate) async fn refresh_posted(
    state: State<Frontend>,
    viewer: Option<Extension<Viewer>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    refresh(state, viewer, headers).await
}

fn guest(frontend: &Frontend) -> Result<Response, ApiError> {
    let guests = &frontend.guests;
    if !guests.allowed {
        return Err(if guests.configured {
            ApiError::not_allowed(NOT_IN_DEVELOPMENT)
        } else {
            ApiError::not_found("No auth provider registered for 'guest'")
        });
    }
    let user = frontend.portal.backstage_user(&Viewer::guest(&guests.reference));
    let mut user = user.ok_or_else(ApiError::unauthenticated)?;
    if let Some(ownership) = &guests.ownership {
        user.ownership.clone_from(ownership);
    }
    signed_in(frontend, BackstageUser { email: None, ..user }, None)
}

fn signed_in(frontend: &Frontend, user: BackstageUser, session: Option<&str>) -> Result<Response, ApiError> {
    let now = frontend.portal.now();
    let issued = frontend
        .tokens
        .issue(&user.reference, session, now)
        .map_err(|error| stagedoor_portal::PortalError::Internal(format!("no user token: {error}")))?;
    let body = SignedIn {
        profile: Profile { email: user.email, display_name: user.display_name, picture: user.picture },
        backstage_identity: Identity {
            expires_in_seconds: (issued.expires.0 - now.0) / 1_000,
            token: issued.token,
            identity: UserIdentity {
                r#type: "user",
                user_entity_ref: user.reference,
                ownership_entity_refs: user.ownership,
            },
        },
    };
    Ok(answer::json(serde_json::to_vec(&body).unwrap_or_default()))
}

/// `start` and `handler/frame` of a provider that has no window to sign in with.
pub(crate) async fn not_implemented() -> ApiError {
    ApiError::not_implemented()
}

/// The user behind the caller's token, and its groups.
#[utoipa::path(
    get,
    path = "/api/auth/v1/userinfo",
    operation_id = "userinfo",
    tag = "auth",
    responses(
        (status = 200, description = "The user", body = UserInfo),
        (status = 400, description = "The caller is a program", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
    )
)]
pub(crate) async fn userinfo(
    State(frontend): State<Frontend>,
    Caller(viewer): Caller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let user = frontend.portal.backstage_user(&viewer).ok_or_else(|| {
        ApiError::input("Userinfo endpoint must be called with a token that represents a user principal")
    })?;
    let token = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(bearer);
    let claims = token.and_then(|token| frontend.tokens.verify(token, frontend.portal.now()).ok());
    let exp = claims.map(|claims| claims.expires.0 / 1_000);
    let claims = UserClaims { sub: user.reference, ent: user.ownership, exp };
    Ok(answer::json(serde_json::to_vec(&UserInfo { claims }).unwrap_or_default()))
}

/// The public key by which user tokens are verified.
#[utoipa::path(
    get,
    path = "/api/auth/.well-known/jwks.json",
    operation_id = "auth_keys",
    tag = "auth",
    security(()),
    responses((status = 200, description = "A JSON Web Key Set", body = Object))
)]
pub(crate) async fn key_set(State(frontend): State<Frontend>) -> Response {
    answer::json(frontend.tokens.key_set().to_string())
}

/// Where the keys and the user information are. There is no OAuth server behind it.
#[utoipa::path(
    get,
    path = "/api/auth/.well-known/openid-configuration",
    operation_id = "auth_configuration",
    tag = "auth",
    security(()),
    responses((status = 200, description = "OpenID provider metadata", body = Object))
)]
pub(crate) async fn openid_configuration(State(frontend): State<Frontend>) -> Response {
    let issuer = frontend.tokens.issuer();
    let body: Value = json!({
        "issuer": issuer,
        "userinfo_endpoint": format!("{issuer}/v1/userinfo"),
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "scopes_supported": ["openid"],
        "token_endpoint_auth_methods_supported": [],
        "claims_supported": ["sub", "ent"],
        "grant_types_supported": [],
    });
    answer::json(body.to_string())
}

/// Every other path names a provider first, as Backstage has it.
pub(crate) async fn unknown_provider(uri: Uri) -> Result<StatusCode, ApiError> {
    let provider = uri.path().trim_start_matches('/').split('/').next().unwrap_or_default();
    let shown: String = provider.chars().take(100).collect();
    Err(ApiError::not_found(match KNOWN.contains(&provider) && provider != "guest" {
        true => format!("No auth provider registered for '{shown}'"),
        false => format!("Unknown auth provider '{shown}'"),
    }))
}
