//! Refusals in Backstage's shape: `{error: {name, message}, request: {method, url}, response: {statusCode}}`.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde::Serialize;
use sha1::{Digest, Sha1};
use stagedoor_portal::PortalError;
use stagedoor_query::dialect::backstage::Refused;

use crate::answer;

/// A refusal. Its name is part of the contract: Backstage's clients test it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) name: &'static str,
    pub(crate) message: String,
}

impl ApiError {
    /// 400.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InputError", message)
    }

    /// 404.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFoundError", message)
    }

    /// 401.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "AuthenticationError", "Missing credentials")
    }

    /// 415.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaTypeError", message)
    }

    /// 401 with what is wrong.
    pub(crate) fn unauthenticated_because(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "AuthenticationError", message)
    }

    /// 403.
    pub(crate) fn not_allowed(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "NotAllowedError", message)
    }

    /// 501.
    pub(crate) fn not_implemented() -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplementedError", "Not implemented")
    }

    /// 426.
    pub(crate) fn upgrade_required() -> Self {
        let message = "this is a WebSocket: ask for it with Upgrade: websocket";
        Self::new(StatusCode::UPGRADE_REQUIRED, "UpgradeRequiredError", message)
    }

    fn new(status: StatusCode, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, name, message: message.into() }
    }

    /// The particulars of our own faults are for the log, where the caller's number finds them.
    fn internal(message: &str) -> Self {
        let digest = Sha1::digest(message.as_bytes());
        let log_id: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        tracing::error!(log_id, "{message}");
        let message = format!("An internal error occurred logId={log_id}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Error", message)
    }
}

impl From<PortalError> for ApiError {
    fn from(error: PortalError) -> Self {
        match error {
            PortalError::Unauthenticated(message) => {
                Self::new(StatusCode::UNAUTHORIZED, "AuthenticationError", message)
            }
            PortalError::Forbidden(message) => Self::new(StatusCode::FORBIDDEN, "NotAllowedError", message),
            PortalError::NotFound(message) => Self::not_found(message),
            PortalError::Conflict { message, .. } => {
                Self::new(StatusCode::CONFLICT, "ConflictError", message)
            }
            PortalError::Invalid { message, .. } => Self::input(message),
            PortalError::Unavailable(message) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableError", message)
            }
            PortalError::Internal(message) => Self::internal(&message),
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        Self::input(refused.0)
    }
}

impl IntoResponse for ApiError {
    /// Without a body: that names the request, which only [`shape`] knows.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    error: Particulars<'a>,
    request: Requested<'a>,
    response: Answered,
}

#[derive(Serialize)]
struct Particulars<'a> {
    name: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct Requested<'a> {
    method: &'a str,
    url: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    status_code: u16,
}

/// Gives refusals their body. The URL in it is relative to the mount and has the query string.
pub(crate) async fn shape(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let url = request.uri().path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let response = next.run(request).await;
    match response.extensions().get::<ApiError>() {
        Some(error) if method != Method::HEAD => {
            let mut shaped = answer::json(error.body(&method, &url));
            *shaped.status_mut() = error.status;
            shaped
        }
        _ => response,
    }
}

impl ApiError {
    fn body(&self, method: &Method, url: &str) -> Vec<u8> {
        let body = Body {
            error: Particulars { name: self.name, message: &self.message },
            request: Requested { method: method.as_str(), url },
            response: Answered { status_code: self.status.as_u16() },
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

/// A refusal by the server itself, before any route: too many requests, a body that does not come. `url` is
/// relative to the mount of the plugin.
#[must_use]
pub fn refusal(
    method: &Method,
    url: &str,
    status: StatusCode,
    name: &'static str,
    message: &str,
) -> Response {
    let mut response = answer::json(ApiError::new(status, name, message).body(method, url));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_statuses_are_backstages() {
        let cases = [
            (PortalError::Unauthenticated("m".into()), 401, "AuthenticationError"),
            (PortalError::Forbidden("m".into()), 403, "NotAllowedError"),
            (PortalError::NotFound("m".into()), 404, "NotFoundError"),
            (PortalError::Conflict { code: "identifier_taken", message: "m".into() }, 409, "ConflictError"),
            (PortalError::invalid("m"), 400, "InputError"),
            (PortalError::Unavailable("m".into()), 503, "ServiceUnavailableError"),
        ];
        for (error, status, name) in cases {
            let error = ApiError::from(error);
            assert_eq!((error.status.as_u16(), error.name, error.message.as_str()), (status, name, "m"));
        }
    }

    #[test]
    fn internal_particulars_stay_in_the_log() {
        let error = ApiError::from(PortalError::Internal("disk full at /secret".into()));
        assert_eq!((error.status.as_u16(), error.name), (500, "Error"));
        assert!(
            error.message.starts_with("An internal error occurred logId=")
                && !error.message.contains("secret")
        );
    }

    #[test]
    fn body_has_backstages_shape() {
        let error = ApiError::not_found("No \"x\"");
        assert_eq!(
            String::from_utf8(error.body(&Method::GET, "/entities?limit=1")).unwrap(),
            r#"{"error":{"name":"NotFoundError","message":"No \"x\""},"request":{"method":"GET","url":"/entities?limit=1"},"response":{"statusCode":404}}"#
        );
    }
}
