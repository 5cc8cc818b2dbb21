//! The routers of all dialects and what lies around them.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Extension, Router};
use http::header;
use stagedoor_api_backstage::Frontend;
use stagedoor_api_native::PortalInfo;
use stagedoor_portal::{OwnApi, Portal};
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate as _, SizeAbove};

use crate::authentication::{Authenticate, Authority};
use crate::config::WireConfig;
use crate::own_api::Routes;
use crate::telemetry::{Observe, Telemetry};
use crate::wire::{Guard, Meter};
use crate::{assets, local_only, telemetry};

/// Bodies of both public dialects; Port documents 1 MiB.
const BODY_LIMIT: usize = 1024 * 1024;
/// Bodies of the native API, which takes whole files.
const DOCUMENTS_LIMIT: usize = 10 * 1024 * 1024;
/// Deliveries of hosts.
const WEBHOOK_LIMIT: usize = stagedoor_portal::LARGEST_WEBHOOK;
/// No route takes more.
pub(crate) const LARGEST_BODY: usize = DOCUMENTS_LIMIT;

/// The largest body that is read at a path. One that says it is larger is refused before it comes.
pub(crate) fn body_limit(path: &str) -> usize {
    if path.starts_with("/api/stagedoor/") || path.starts_with("/api/scaffolder/") {
        DOCUMENTS_LIMIT
    } else if path.starts_with("/api/events/http/") {
        WEBHOOK_LIMIT
    } else {
        BODY_LIMIT
    }
}

/// The whole application, with metrics and log lines but no traces.
pub fn app(portal: Portal, authority: Arc<Authority>, info: PortalInfo) -> Router {
    let telemetry = Telemetry::new(portal.clone(), None);
    watched_app(portal, authority, info, telemetry)
}

/// The same with traces.
pub fn watched_app(
    portal: Portal,
    authority: Arc<Authority>,
    info: PortalInfo,
    telemetry: Arc<Telemetry>,
) -> Router {
    configured_app(portal, authority, info, telemetry, &WireConfig::default())
}

/// The whole application.
pub fn configured_app(
    portal: Portal,
    authority: Arc<Authority>,
    info: PortalInfo,
    telemetry: Arc<Telemetry>,
    wire: &WireConfig,
) -> Router {
    let dev = info.dev_mode;
    let issuer: Arc<dyn stagedoor_api_port::TokenIssuer> = Arc::clone(&authority) as _;
    let port = stagedoor_api_port::router(portal.clone(), issuer).layer(DefaultBodyLimit::max(BODY_LIMIT));
    let frontend = authority.frontend().cloned();
    let catalog = stagedoor_api_backstage::router(portal.clone());
    let catalog = match &frontend {
        Some(frontend) => catalog.merge(frontend.cookie()),
        None => catalog,
    };
    let catalog = catalog.layer(DefaultBodyLimit::max(BODY_LIMIT));
    let events = stagedoor_api_backstage::events_router(portal.clone());
    let events = events.layer(DefaultBodyLimit::max(WEBHOOK_LIMIT));
    let permission = stagedoor_api_backstage::permission_router(portal.clone());
    let permission = permission.layer(DefaultBodyLimit::max(BODY_LIMIT));
    let search = stagedoor_api_backstage::search_router(portal.clone());
    // A dry run brings the files beside its template along.
    let scaffolder = stagedoor_api_backstage::scaffolder_router(portal.clone());
    let scaffolder = scaffolder.layer(DefaultBodyLimit::max(DOCUMENTS_LIMIT));
    let insights = stagedoor_api_backstage::insights_router(portal.clone());
    let insights = insights.layer(DefaultBodyLimit::max(BODY_LIMIT));
    let own: Arc<dyn OwnApi> = Arc::new(Routes::of(&catalog, &search, &scaffolder, &insights));
    portal.answered_by(&own);
    let native = stagedoor_api_native::router(portal, info).layer(DefaultBodyLimit::max(DOCUMENTS_LIMIT));
    let app = Router::new()
        .nest("/v1", port)
        .nest("/api/catalog", catalog)
        .nest("/api/permission", permission)
        .nest("/api/events", events)
        .nest("/api/search", search)
        .nest("/api/scaffolder", scaffolder)
        .nest("/api/tech-insights", insights)
        .merge(frontend.as_ref().map(plugins).unwrap_or_default())
        .nest("/api/stagedoor/v1", native)
        // The portal holds on to what answers its runs only weakly; a route does it, as long as the application is there.
        .route("/metrics", get(telemetry::metrics).with_state(Arc::clone(&telemetry)).layer(Extension(own)))
        .fallback(assets::page);
    // From the outermost to the innermost, as one layer: each that is added on its own is a box per request.
    let layers = ServiceBuilder::new()
        .layer(Observe(telemetry))
        .layer(CompressionLayer::new().compress_when(SizeAbove::new(1024).and(not_compressed_yet)))
        .layer(Guard::new(wire))
        .layer(Authenticate(authority))
        .layer(Meter::new(wire));
    // Within the headers: its refusal must not be framed either.
    let local = local_only::Local::new(wire);
    let app = if dev { app.layer(from_fn_with_state(local, local_only::local_only)) } else { app };
    app.layer(layers)
}

/// What Backstage's frontend asks besides the catalog. Of TechDocs and the app itself there is nothing but the cookie.
fn plugins(frontend: &Frontend) -> Router {
    Router::new()
        .nest("/api/auth", frontend.auth())
        .nest("/api/user-settings", frontend.user_settings())
        .nest("/api/notifications", frontend.notifications())
        .nest("/api/signals", frontend.signals())
        .nest("/api/app", frontend.cookie_only())
        .nest("/api/techdocs", frontend.cookie_only())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

/// Fonts and images are compressed already; events would wait for the block they are compressed in.
fn not_compressed_yet(
    _: http::StatusCode,
    _: http::Version,
    headers: &http::HeaderMap,
    _: &http::Extensions,
) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let raster = kind.starts_with("image/") && !kind.starts_with("image/svg");
    !raster && !kind.starts_with("font/") && !kind.starts_with("text/event-stream")
}
