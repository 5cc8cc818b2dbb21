//! A level as a picture for pages outside: READMEs, wikis.
//!
//! It is asked for by browsers that bring no credential of the portal's. So, and only here, a personal token may stand
//! in the address; the server takes none there that may do anything else than this.

mod svg;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderName, HeaderValue, header};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/badges/{blueprint}/{entity}/{file}", get(badge))
}

/// An entity's level in a scorecard as an SVG. `file` is the scorecard's identifier with `.svg`.
#[utoipa::path(
    get, path = "/badges/{blueprint}/{entity}/{file}", operation_id = "badge",
    params(
        ("blueprint" = String, Path), ("entity" = String, Path),
        ("file" = String, Path, description = "Identifier of the scorecard, with `.svg`"),
        ("token" = Option<String>, Query, description = "A token limited to the scope `read:badges`")
    ),
    responses(
        (status = 200, description = "The badge", content_type = "image/svg+xml", body = String),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn badge(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path((blueprint, entity, file)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let scorecard =
        file.strip_suffix(".svg").ok_or_else(|| ApiError::not_found("there is nothing at this address"))?;
    let badge = api.portal.badge(&viewer, &blueprint, &entity, scorecard)?;
    let svg = svg::badge(&badge.label, &badge.value, &badge.color);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml; charset=utf-8")),
        // Whoever shows it asks again after a minute.
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=60")),
        // The address has a token in it.
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (RESOURCE_POLICY, HeaderValue::from_static("cross-origin")),
    ];
    Ok((headers, svg).into_response())
}
