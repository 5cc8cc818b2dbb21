//! The web UI, built into the binary.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use rust_embed::RustEmbed;

/// `ui/dist`. A build without it (the server alone) answers with a line of text instead of pages.
#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Ui;

/// A file of the UI; any other path without a dot is one of its pages.
pub(crate) async fn page(request: Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return StatusCode::NOT_FOUND.into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    if matches!(path.split('/').next(), Some("api" | "v1")) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match Ui::get(path) {
        Some(file) => send(path, file),
        None if path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.contains('.') && path.starts_with("assets/")) =>
        {
            StatusCode::NOT_FOUND.into_response()
        }
        None => match Ui::get("index.html") {
            Some(file) => send("index.html", file),
            None => (
                StatusCode::OK,
                "This build of Stagedoor holds no web UI: run `make build`. The APIs are at /v1 and /api.\n",
            )
                .into_response(),
        },
    }
}

fn send(path: &str, file: rust_embed::EmbeddedFile) -> Response {
    // Files under assets/ carry a hash of their content in their name.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = file.data.into_response();
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(file.metadata.mimetype()) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}
