//! Who calls. No route answers without a viewer.

use axum::extract::FromRequestParts;
use http::request::Parts;
use stagedoor_auth::Viewer;

use crate::error::ApiError;

/// The viewer that the server's authentication put into the request; without one the answer is 401.
pub(crate) struct Caller(pub(crate) Viewer);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Viewer>().cloned().map(Self).ok_or_else(ApiError::unauthenticated)
    }
}
