//! Refusals that come before any route, in the shape of the dialect that was asked.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, StatusCode, Uri, header};

/// What was asked.
pub(crate) struct Asked {
    method: Method,
    uri: Uri,
}

/// Why it is refused.
#[derive(Clone, Copy)]
pub(crate) enum Why {
    /// The body came too slowly.
    SlowBody,
    /// The answer took too long.
    TooLong,
    /// A compressed body: it could be far larger than it looks.
    Encoded,
    /// A body of more than so many MiB.
    TooLarge(usize),
    /// A page of another site made it, with a cookie that is not its own.
    CrossSite(&'static str),
    /// Too many requests; another may be made after so many seconds.
    TooMany(u64),
}

impl Why {
    /// Status, the code of Port's and the native API, and words.
    fn parts(self) -> (StatusCode, &'static str, String) {
        match self {
            Self::SlowBody => (
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                "the body of the request came too slowly".into(),
            ),
            Self::TooLong => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "the answer took too long: ask for less, or try again".into(),
            ),
            Self::Encoded => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_encoding",
                "compressed request bodies are not read: send it without Content-Encoding".into(),
            ),
            Self::TooLarge(limit) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "payload_too_large",
                format!("Request body is too large (limit is {limit}MiB)"),
            ),
            Self::CrossSite(why) => (StatusCode::FORBIDDEN, "cross_site", why.into()),
            Self::TooMany(seconds) => (
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limit_exceeded",
                format!("too many requests: try again in {seconds} s"),
            ),
        }
    }
}

impl Asked {
    pub(crate) fn of(method: &Method, uri: &Uri) -> Self {
        Self { method: method.clone(), uri: uri.clone() }
    }

    pub(crate) fn refuse(&self, why: Why) -> Response {
        let (mut status, code, mut message) = why.parts();
        if matches!(why, Why::TooLarge(_)) && is_backstage(self.uri.path()) {
            // As Backstage has it.
            (status, message) = (StatusCode::BAD_REQUEST, "request entity too large".into());
        }
        let mut response = refuse(&self.method, &self.uri, status, code, &message);
        if let Why::TooMany(seconds) = why {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A refusal in the shape of the dialect at this path; a line of text where there is none.
fn refuse(method: &Method, uri: &Uri, status: StatusCode, code: &'static str, message: &str) -> Response {
    let path = uri.path();
    if is_port(path) {
        stagedoor_api_port::refusal(status, code, message)
    } else if path.starts_with("/api/stagedoor/") {
        stagedoor_api_native::refusal(status, code, message)
    } else if let Some((_, url)) = path.strip_prefix("/api/").and_then(|rest| rest.split_once('/')) {
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let url = format!("/{url}{query}");
        stagedoor_api_backstage::refusal(method, &url, status, backstage_name(status), message)
    } else {
        (status, format!("{message}\n")).into_response()
    }
}

/// The name of an error in Backstage's dialect.
fn backstage_name(status: StatusCode) -> &'static str {
    match status {
        StatusCode::FORBIDDEN => "NotAllowedError",
        StatusCode::REQUEST_TIMEOUT => "RequestTimeoutError",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "UnsupportedMediaTypeError",
        StatusCode::TOO_MANY_REQUESTS => "TooManyRequestsError",
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailableError",
        _ => "InputError",
    }
}

/// Whether a path is Port's.
pub(super) fn is_port(path: &str) -> bool {
    path.strip_prefix("/v1").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_backstage(path: &str) -> bool {
    path.starts_with("/api/") && !path.starts_with("/api/stagedoor/")
}

/// Whether a path is of any API, and no page.
pub(super) fn is_api(path: &str) -> bool {
    is_port(path) || path.starts_with("/api/")
}
