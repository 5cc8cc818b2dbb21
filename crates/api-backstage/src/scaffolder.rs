//! Backstage's scaffolder: forms of templates, tasks, their events, dry runs.
//!
//! A task is a run of a template; whose it is, who may see and end it, is decided where runs are.

pub(crate) mod autocomplete;
pub(crate) mod dry_run;
pub(crate) mod events;
pub(crate) mod tasks;
pub(crate) mod templates;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use stagedoor_portal::Portal;

use crate::{error, permission, unknown};

/// The routes, to be nested under `/api/scaffolder`.
pub fn router(portal: Portal) -> Router {
    Router::new()
        .route("/v2/templates/{namespace}/{kind}/{name}/parameter-schema", get(templates::parameter_schema))
        .route("/v2/actions", get(templates::actions))
        .route("/v2/templating-extensions", get(templates::extensions))
        .route("/v2/tasks", get(tasks::list).post(tasks::create))
        .route("/v2/tasks/{id}", get(tasks::one))
        .route("/v2/tasks/{id}/cancel", post(tasks::cancel))
        .route("/v2/tasks/{id}/retry", post(tasks::retry))
        .route("/v2/tasks/{id}/events", get(events::list))
        .route("/v2/tasks/{id}/eventstream", get(events::stream))
        .route("/v2/dry-run", post(dry_run::post))
        .route("/v2/autocomplete/{provider}/{resource}", post(autocomplete::post))
        .route("/.well-known/backstage/permissions/metadata", get(permission::scaffolder_metadata))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(from_fn(error::shape))
        .with_state(portal)
}
