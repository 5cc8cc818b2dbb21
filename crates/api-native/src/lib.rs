//! The native API, `/api/stagedoor/v1`: only what neither dialect has. The web UI is its first client.
//!
//! One file per noun: wire types, a handler that calls the portal, the conversion between them.

mod blueprints;
mod changes;
mod documents;
mod entity;
mod error;
mod graph;
mod link;
mod session;
mod sources;
mod suggest;
mod tables;

use axum::Router;
use stagedoor_portal::Portal;
use utoipa::OpenApi;

pub use session::PortalInfo;

/// What handlers share.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) portal: Portal,
    pub(crate) info: PortalInfo,
}

/// The routes, relative to `/api/stagedoor/v1`.
pub fn router(portal: Portal, info: PortalInfo) -> Router {
    let routes = Router::new()
        .merge(session::routes())
        .merge(blueprints::routes())
        .merge(tables::routes())
        .merge(entity::routes())
        .merge(graph::routes())
        .merge(suggest::routes())
        .merge(sources::routes())
        .merge(documents::routes())
        .merge(changes::routes());
    routes
        .fallback(error::no_route)
        .method_not_allowed_fallback(error::no_method)
        .with_state(Api { portal, info })
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Stagedoor native API", description = "What neither dialect has: session, tables, sources, documents, the change feed.", version = "1"),
    servers((url = "/api/stagedoor/v1")),
    paths(
        session::session, blueprints::blueprints, tables::tables, entity::entity, graph::graph, suggest::suggest,
        sources::sources, sources::confirm, documents::documents,
        changes::changes
    )
)]
struct Document;

/// The OpenAPI description of these routes.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
