//! What Backstage's stock frontend asks besides the catalog: who somebody is, settings, notifications, signals.

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::from_fn;
use axum::routing::{MethodRouter, get, post};
use http::StatusCode;
use stagedoor_auth::BackstageTokens;
use stagedoor_portal::Portal;

use crate::{auth, cookie, error, notifications, signals, unknown, user_settings};

/// `auth.providers.guest`: whoever may come in without proving anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guests {
    /// The configuration has it, so that a refusal says why.
    pub configured: bool,
    /// They may: in local try-out mode, and where `dangerouslyAllowOutsideDevelopment` says so.
    pub allowed: bool,
    /// `userEntityRef`, lower-case.
    pub reference: String,
    /// `ownershipEntityRefs`, where they are not to come from the catalog.
    pub ownership: Option<Vec<String>>,
}

/// What these plugins share.
#[derive(Clone)]
pub struct Frontend {
    /// The portal.
    pub portal: Portal,
    /// Signs and verifies user tokens.
    pub tokens: Arc<BackstageTokens>,
    /// Who may come in without proving anything.
    pub guests: Arc<Guests>,
    /// Browsers find the portal by `https`.
    pub secure: bool,
    /// Pages of other origins may send cookies along.
    pub cross_site: bool,
}

impl FromRef<Frontend> for Portal {
    fn from_ref(frontend: &Frontend) -> Self {
        frontend.portal.clone()
    }
}

impl Frontend {
    fn plugin<const N: usize>(&self, routes: [(&str, MethodRouter<Self>); N]) -> Router {
        let add =
            |router: Router<Self>, (path, methods): (&str, MethodRouter<Self>)| router.route(path, methods);
        let routes = routes.into_iter().fold(Router::new(), add);
        let routes = routes.fallback(unknown).method_not_allowed_fallback(unknown);
        routes.layer(from_fn(error::shape)).with_state(self.clone())
    }

    /// The routes of `/api/auth`. These answer everybody, but for `/v1/userinfo`.
    pub fn auth(&self) -> Router {
        let not_implemented = || get(auth::not_implemented);
        let routes = [
            ("/guest/refresh", get(auth::refresh).post(auth::refresh_posted)),
            ("/guest/start", not_implemented()),
            ("/guest/handler/frame", not_implemented().post(auth::not_implemented)),
            ("/v1/userinfo", get(auth::userinfo)),
            ("/.well-known/jwks.json", get(auth::key_set)),
            ("/.well-known/openid-configuration", get(auth::openid_configuration)),
        ];
        let routes = routes.into_iter().fold(Router::new(), |all, (path, methods)| all.route(path, methods));
        let routes =
            routes.fallback(auth::unknown_provider).method_not_allowed_fallback(auth::unknown_provider);
        routes.layer(from_fn(error::shape)).with_state(self.clone())
    }

    /// The routes of `/api/user-settings`.
    pub fn user_settings(&self) -> Router {
        let one = get(user_settings::read).put(user_settings::write).delete(user_settings::delete);
        self.plugin([("/buckets/{bucket}/keys/{key}", one), ("/multiget", post(user_settings::read_many))])
    }

    /// The routes of `/api/notifications`.
    pub fn notifications(&self) -> Router {
        self.plugin([
            ("/notifications", get(notifications::list).post(notifications::send)),
            ("/notifications/update", post(notifications::update)),
            ("/notifications/{id}", get(notifications::read)),
            ("/status", get(notifications::status)),
            ("/settings", get(notifications::settings).post(notifications::write_settings)),
            ("/topics", get(notifications::topics)),
        ])
    }

    /// The one route of `/api/signals`.
    pub fn signals(&self) -> Router {
        self.plugin([("/", get(signals::open))])
    }

    /// The routes of a plugin of which there is nothing but its cookie.
    pub fn cookie_only(&self) -> Router {
        self.plugin([(cookie::PATH, get(cookie::issue).delete(cookie::clear))])
    }

    /// The cookie of a plugin that has routes of its own.
    pub fn cookie(&self) -> Router {
        let routes = Router::new().route(cookie::PATH, get(cookie::issue).delete(cookie::clear));
        routes.layer(from_fn(error::shape)).with_state(self.clone())
    }
}

/// An answer without a body.
pub(crate) fn nothing() -> StatusCode {
    StatusCode::NO_CONTENT
}
