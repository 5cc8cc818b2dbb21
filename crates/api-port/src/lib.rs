//! Port's dialect: blueprints and entities under `/v1`, as Port's clients expect them.
//!
//! Handlers translate and hold no rules: those are in `portal`. One file per noun. What was chosen where
//! Port's own behaviour is not known is written down in `docs/reference/compat-port.md`.

mod actions;
mod apps;
mod audit;
mod auth;
mod blueprints;
mod bulk;
mod datasource;
mod entities;
mod error;
mod extract;
mod fields;
mod flags;
mod integrations;
mod migrations;
mod openapi;
mod organization;
mod pages;
mod permissions;
mod quiet;
mod runs;
mod scorecards;
mod search;
mod secrets;
mod shape;
mod sidebars;
mod stream;
mod teams;
mod users;
mod workflows;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::routing::{MethodRouter, get, post};
use stagedoor_portal::Portal;

pub use auth::{NotIssued, TokenIssuer};
pub use error::refusal;
pub use openapi::openapi;
pub use stagedoor_auth::Issued;

/// Port documents 1 MiB.
const BODY_LIMIT: usize = 1024 * 1024;

/// What handlers share.
#[derive(Clone)]
struct App {
    portal: Portal,
    tokens: Arc<dyn TokenIssuer>,
}

impl FromRef<App> for Portal {
    fn from_ref(app: &App) -> Self {
        app.portal.clone()
    }
}

/// The routes, to be nested under `/v1`. All but `POST /auth/access_token` demand that authentication has
/// put a `Viewer` into the extensions of the request.
pub fn router(portal: Portal, auth: Arc<dyn TokenIssuer>) -> Router {
    let entity =
        || get(entities::read).put(entities::replace).patch(entities::patch).delete(entities::delete);
    let routes: [(&str, MethodRouter<App>); 11] = [
        ("/auth/access_token", post(auth::access_token)),
        ("/blueprints", get(blueprints::list).post(blueprints::create)),
        (
            "/blueprints/{blueprint}",
            get(blueprints::read)
                .put(blueprints::replace)
                .patch(blueprints::patch)
                .delete(blueprints::delete),
        ),
        ("/blueprints/{blueprint}/entities", get(entities::list).post(entities::create)),
        ("/blueprints/{blueprint}/entities-count", get(entities::count)),
        ("/blueprints/{blueprint}/bulk/entities/delete", post(bulk::delete)),
        ("/blueprints/entities/datasource-entities", post(datasource::list)),
        // `search` and `bulk` are legal identifiers too: other methods than POST mean those entities.
        ("/blueprints/{blueprint}/entities/search", entity().post(search::of_blueprint)),
        ("/blueprints/{blueprint}/entities/search/count", entity().post(search::count_found)),
        ("/blueprints/{blueprint}/entities/top-search", entity().post(search::top_search)),
        ("/blueprints/{blueprint}/entities/bulk", entity().post(bulk::write)),
    ];
    let mut router = Router::new();
    for (path, methods) in routes {
        router = router.route(&format!("{path}/"), methods.clone()).route(path, methods);
    }
    router
        // Some clients do not encode the slash in an identifier.
        .route("/blueprints/{blueprint}/entities/{*identifier}", entity())
        .merge(search::routes())
        .merge(blueprints::routes())
        .merge(integrations::routes())
        .merge(migrations::routes())
        .merge(organization::routes())
        .merge(pages::routes())
        .merge(sidebars::routes())
        .merge(permissions::routes())
        .merge(apps::routes())
        .merge(teams::routes())
        .merge(users::routes())
        .merge(audit::routes())
        .merge(secrets::routes())
        .merge(actions::routes())
        .merge(runs::routes())
        .merge(scorecards::routes())
        .merge(workflows::routes())
        .merge(quiet::routes())
        .fallback(error::unknown_route)
        .method_not_allowed_fallback(error::unknown_route)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(App { portal, tokens: auth })
}
