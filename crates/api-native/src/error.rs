//! Refusals: `{"error":{"code","message"}}`.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::extract::rejection::{BytesRejection, JsonRejection, QueryRejection};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use stagedoor_auth::Viewer;
use stagedoor_portal::{PortalError, Refusal};
use utoipa::ToSchema;

/// Body of every refusal.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Serialize, ToSchema)]
struct ErrorDetail {
    /// `not_found`, `invalid_request`, ...
    code: String,
    /// What is wrong and what to do.
    message: String,
}

/// A refusal on its way out.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: String,
    message: String,
    /// Seconds until it may be tried again.
    retry_after: Option<u64>,
}

impl ApiError {
    fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), retry_after: None }
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", message)
    }

    /// What is wrong and what to do, for an answer of which this is a part.
    pub(crate) fn into_message(self) -> String {
        self.message
    }
}

impl From<PortalError> for ApiError {
    fn from(error: PortalError) -> Self {
        let (status, code) = match &error {
            PortalError::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "unauthorized"),
            PortalError::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden"),
            PortalError::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            PortalError::Conflict { code, .. } => (StatusCode::CONFLICT, *code),
            PortalError::Invalid { code: code @ "revision_gone", .. } => (StatusCode::GONE, *code),
            PortalError::Invalid { code, .. } => (StatusCode::UNPROCESSABLE_ENTITY, *code),
            PortalError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            PortalError::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        };
        let internal = matches!(error, PortalError::Internal(_));
        let message = if internal {
            "something went wrong; the server's log says what".into()
        } else {
            error.to_string()
        };
        Self::new(status, code, message)
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::Portal(error) => error.into(),
            Refusal::Wait(seconds) => {
                let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", message);
                Self { retry_after: Some(seconds), ..error }
            }
        }
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), "invalid_request", rejection.body_text())
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        let code = if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            "payload_too_large"
        } else {
            "invalid_request"
        };
        Self::new(rejection.status(), code, rejection.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::invalid(rejection.body_text())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = ErrorDetail { code: self.code, message: self.message };
        let mut response = (self.status, Json(ErrorBody { error })).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A refusal by the server itself, before any route: too many requests, a body that does not come.
#[must_use]
pub fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    ApiError::new(status, code, message).into_response()
}

pub(crate) async fn no_method(method: http::Method) -> ApiError {
    let message = format!("{method} is not for this address");
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}

pub(crate) async fn no_route() -> ApiError {
    ApiError::not_found("there is nothing at this address")
}

/// The caller, whom the server's authentication put into the request. Without one the answer is 401.
pub(crate) struct Caller(pub(crate) Viewer);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let viewer = parts.extensions.get::<Viewer>().cloned();
        viewer.map(Caller).ok_or_else(|| PortalError::Unauthenticated("sign in first".into()).into())
    }
}
