//! From a request to a viewer: the one place where credentials are looked at.
//!
//! A request without a good credential goes on without a viewer; each dialect then answers 401 in its
//! own shape, and no handler can reach an entity without one.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::Request;
use http::header;
use stagedoor_api_port::{Issued, TokenIssuer};
use stagedoor_auth::{Credentials, Tokens, Viewer, bearer};
use stagedoor_model::Timestamp;
use tower::{Layer, Service};

/// Knows who callers are.
pub struct Authority {
    tokens: Tokens,
    credentials: Option<Credentials>,
    dev: bool,
}

impl Authority {
    /// `credentials` are the administrator's API credential; with `dev` everyone is administrator.
    #[must_use]
    pub fn new(tokens: Tokens, credentials: Option<Credentials>, dev: bool) -> Self {
        Self { tokens, credentials, dev }
    }

    /// The viewer of an `Authorization` header.
    fn viewer(&self, header: Option<&str>) -> Option<Viewer> {
        let token = header.and_then(bearer);
        match token.map(|t| self.tokens.verify(t, now())) {
            Some(Ok(viewer)) => Some(viewer),
            // A bad token is an error even where none is needed: silence would hide a broken client.
            Some(Err(_)) if !self.dev => None,
            _ => self.dev.then(Viewer::development),
        }
    }
}

impl TokenIssuer for Authority {
    fn issue(&self, client_id: &str, client_secret: &str) -> Option<Issued> {
        let viewer = self.credentials.as_ref()?.authenticate(client_id, client_secret).ok()?;
        let issued = self.tokens.issue(&viewer, now()).ok()?;
        Some(Issued { token: issued.token, expires_in: issued.expires_in })
    }
}

/// Puts the viewer into the request. A service of its own and no function: it waits for nothing, so it needs no future.
#[derive(Clone)]
pub(crate) struct Authenticate(pub(crate) Arc<Authority>);

/// A service whose requests have a viewer.
#[derive(Clone)]
pub(crate) struct Authenticated<S> {
    inner: S,
    authority: Arc<Authority>,
}

impl<S> Layer<S> for Authenticate {
    type Service = Authenticated<S>;

    fn layer(&self, inner: S) -> Authenticated<S> {
        Authenticated { inner, authority: Arc::clone(&self.0) }
    }
}

impl<S: Service<Request>> Service<Request> for Authenticated<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> S::Future {
        let header = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        if let Some(viewer) = self.authority.viewer(header) {
            request.extensions_mut().insert(viewer);
        }
        self.inner.call(request)
    }
}

fn now() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}
