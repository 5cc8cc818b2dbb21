//! Refusals in Port's envelope: `{"ok":false,"error","message","details"?}`.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, Uri, header};
use serde_json::{Value, json};
use stagedoor_model::blueprint::Invalid;
use stagedoor_portal::PortalError;

/// A refusal on its way out.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    /// Boxed to keep the results small that carry it.
    details: Option<Box<Value>>,
}

pub(crate) type Answer = Result<Response, Failure>;

impl Failure {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), details: None }
    }

    /// 422 `invalid_request`.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", message)
    }

    /// 404 in the words that Port's clients know.
    pub(crate) fn no_blueprint(identifier: &str) -> Self {
        let message = format!("Blueprint with identifier \"{identifier}\" was not found");
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 404 in the words that Port's clients know; the Kubernetes exporter looks for "was not found".
    pub(crate) fn no_entity(blueprint: &str, identifier: &str) -> Self {
        let message = format!(
            "Entity with identifier \"{identifier}\" does not exist in the blueprint \"{blueprint}\": it was not found"
        );
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 404.
    pub(crate) fn no_user(email: &str) -> Self {
        let message = format!("User with email \"{email}\" was not found");
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 404.
    pub(crate) fn no_team(name: &str) -> Self {
        let message = format!("Team with name \"{name}\" was not found");
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "a valid access token is required")
    }
}

impl From<PortalError> for Failure {
    fn from(error: PortalError) -> Self {
        match error {
            PortalError::Unauthenticated(text) => Self::new(StatusCode::UNAUTHORIZED, "unauthorized", text),
            PortalError::Forbidden(text) => Self::new(StatusCode::FORBIDDEN, "forbidden", text),
            PortalError::NotFound(text) => Self::new(StatusCode::NOT_FOUND, "not_found", text),
            PortalError::Conflict { code, message } => Self::new(StatusCode::CONFLICT, code, message),
            PortalError::Invalid { code: code @ "after_item_not_in_parent", message, .. } => {
                Self::new(StatusCode::FORBIDDEN, code, message)
            }
            PortalError::Invalid { code, message, details } => Self {
                details: details.map(Box::new),
                ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
            },
            PortalError::Unavailable(text) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", text),
            PortalError::Internal(text) => {
                tracing::error!(error = text, "a request failed");
                let message =
                    "something went wrong here; the log has the details under this reply's X-Trace-Id";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
            }
        }
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        PortalError::from(invalid).into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut body = json!({ "ok": false, "error": self.code, "message": self.message });
        if let (Some(details), Some(map)) = (self.details, body.as_object_mut()) {
            map.insert("details".into(), *details);
        }
        let mut response = (self.status, axum::Json(body)).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// A refusal by the server itself, before any route: too many requests, a body that does not come.
#[must_use]
pub fn refusal(status: StatusCode, code: &'static str, message: &str) -> Response {
    Failure::new(status, code, message).into_response()
}

/// No such route, or not with this method.
pub(crate) async fn unknown_route(method: Method, uri: Uri) -> Failure {
    let message = format!("Route {method} /v1{} was not found", uri.path());
    Failure::new(StatusCode::NOT_FOUND, "not_found", message)
}
