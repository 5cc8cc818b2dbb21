//! Backstage's dialect: the catalog API under `/api/catalog`, as Backstage's clients expect it, and what its frontend asks
//! besides ([`Frontend`]).
//!
//! Handlers read the request as Backstage does, down to the texts of refusals, ask the portal and write its
//! entities out as stored. Where the original has a flaw that no client can depend on, this dialect does
//! better; `docs/reference/compat-backstage.md` lists every such place.

mod analyze;
mod ancestry;
mod answer;
mod auth;
mod body;
mod by_query;
mod by_refs;
mod caller;
mod conditions;
mod cookie;
mod cursor;
mod entities;
mod error;
mod events;
mod facets;
mod fields;
mod frontend;
mod items;
mod locations;
mod notifications;
mod openapi;
mod permission;
mod query;
mod refresh;
mod scaffolder;
mod search;
mod signals;
mod socket;
mod stream;
mod tech_insights;
mod unprocessed;
mod user_settings;
mod validate;
mod walk;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{delete, get, post};
use http::StatusCode;
use stagedoor_portal::Portal;

use crate::caller::Caller;

pub use error::refusal;
pub use events::router as events_router;
pub use frontend::{Frontend, Guests};
pub use openapi::openapi;
pub use permission::{catalog_permissions, router as permission_router, scaffolder_permissions};
pub use scaffolder::router as scaffolder_router;
pub use search::router as search_router;
pub use tech_insights::router as insights_router;

/// The routes, to be nested under `/api/catalog`. Each demands that authentication has put a `Viewer`
/// into the extensions of the request.
pub fn router(portal: Portal) -> Router {
    Router::new()
        .route("/entities", get(entities::list))
        .route("/entities/by-query", get(by_query::get).post(by_query::post))
        .route("/entities/by-refs", post(by_refs::post))
        .route("/entities/by-uid/{uid}", get(entities::by_uid).delete(entities::delete_by_uid))
        .route("/entities/by-name/{kind}/{namespace}/{name}", get(entities::by_name))
        .route("/entities/by-name/{kind}/{namespace}/{name}/ancestry", get(ancestry::get))
        .route("/entities/unprocessed/failed", get(unprocessed::failed))
        .route("/entities/unprocessed/pending", get(unprocessed::pending))
        .route("/entities/unprocessed/delete/{id}", delete(unprocessed::delete))
        .route("/entity-facets", get(facets::get).post(facets::post))
        .route("/refresh", post(refresh::post))
        .route("/validate-entity", post(validate::post))
        .route("/locations", get(locations::list).post(locations::create))
        .route("/locations/by-query", post(locations::by_query::post))
        .route("/locations/{id}", get(locations::get).put(locations::update).delete(locations::delete))
        .route("/locations/by-entity/{kind}/{namespace}/{name}", get(locations::by_entity))
        .route("/analyze-location", post(analyze::post))
        .route("/.well-known/backstage/permissions/metadata", get(permission::metadata))
        .route("/.well-known/backstage/permissions/apply-conditions", post(conditions::post))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(from_fn(error::shape))
        .with_state(portal)
}

/// An unknown path, or a known one with another method: 404 without a body.
async fn unknown(_: Caller) -> StatusCode {
    StatusCode::NOT_FOUND
}
