//! From a request to a viewer: the one place where credentials are looked at.
//!
//! A request without a good credential goes on without a viewer; each dialect then answers 401 in its
//! own shape, and no handler can reach an entity without one. Which credentials there are is one list,
//! [`Authority::with`]; each is an [`Authenticator`].

mod origin;

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{ConnectInfo, Request};
use http::request::Parts;
use http::{Extensions, HeaderMap, Method, header};
use stagedoor_api_port::{Issued, TokenIssuer};
use stagedoor_auth::{Credentials, Tokens, Viewer, bearer};
use stagedoor_model::Timestamp;
use tower::{Layer, Service};

pub use self::origin::{Peer, TrustedProxies};

/// What a request brings that may prove who calls.
#[derive(Clone, Copy)]
pub struct Presented<'r> {
    /// All headers, cookies among them.
    pub headers: &'r HeaderMap,
    /// The token of `Authorization: Bearer`.
    pub bearer: Option<&'r str>,
    /// What is asked for: a cookie alone is not enough to change something from another site.
    pub method: &'r Method,
    /// When.
    pub now: Timestamp,
}

/// What a way to prove an identity says of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This is the caller.
    Viewer(Viewer),
    /// There is a credential of this kind, and it is not good. Nobody else is asked.
    Refused,
    /// No credential of this kind.
    NotMine,
}

/// One way to prove an identity. It does not wait for anything: a hash and a look-up in the newest snapshot must do.
pub trait Authenticator: Send + Sync {
    /// Who calls, if this way is used.
    fn authenticate(&self, presented: &Presented<'_>) -> Verdict;
}

/// Knows who callers are.
pub struct Authority {
    tokens: Arc<Tokens>,
    credentials: Option<Credentials>,
    ways: Vec<Box<dyn Authenticator>>,
    proxies: TrustedProxies,
    dev: bool,
}

impl Authority {
    /// `credentials` are the administrator's API credential; with `dev` everyone is administrator.
    #[must_use]
    pub fn new(tokens: Tokens, credentials: Option<Credentials>, dev: bool) -> Self {
        let tokens = Arc::new(tokens);
        let ways: Vec<Box<dyn Authenticator>> = Vec::new();
        Self { tokens, credentials, ways, proxies: TrustedProxies::default(), dev }
    }

    /// The same with more ways to prove an identity, which are asked in this order, before access tokens. A way has
    /// to answer [`Verdict::NotMine`] for a credential that it does not know by its form.
    #[must_use]
    pub fn with(mut self, ways: impl IntoIterator<Item = Box<dyn Authenticator>>) -> Self {
        self.ways.extend(ways);
        self
    }

    /// The same behind proxies whose `X-Forwarded-For` is believed.
    #[must_use]
    pub fn behind(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// The access tokens of this installation.
    #[must_use]
    pub fn tokens(&self) -> &Arc<Tokens> {
        &self.tokens
    }

    /// The viewer of a request.
    fn viewer(&self, presented: &Presented<'_>) -> Option<Viewer> {
        let mut verdicts = self.ways.iter().map(|way| way.authenticate(presented));
        let verdict = verdicts.find(|verdict| *verdict != Verdict::NotMine);
        match verdict.unwrap_or_else(|| self.access_token(presented)) {
            Verdict::Viewer(viewer) => Some(viewer),
            // A bad token is an error even where none is needed: silence would hide a broken client.
            Verdict::Refused if !self.dev => None,
            Verdict::Refused | Verdict::NotMine => self.dev.then(Viewer::development),
        }
    }

    /// The last of the ways: whatever stands behind `Bearer` and is nobody else's.
    fn access_token(&self, presented: &Presented<'_>) -> Verdict {
        match presented.bearer.map(|token| self.tokens.verify(token, presented.now)) {
            Some(Ok(viewer)) => Verdict::Viewer(viewer),
            Some(Err(_)) => Verdict::Refused,
            None => Verdict::NotMine,
        }
    }

    /// The viewer of a request, with where it comes from.
    fn identify(&self, parts: &RequestHead<'_>) -> Option<Viewer> {
        let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(bearer);
        let presented = Presented { headers: parts.headers, bearer, method: parts.method, now: now() };
        let viewer = self.viewer(&presented)?;
        let address = self.proxies.client(parts.peer, parts.headers);
        // Reading leaves no trace, so the name of the program is not needed.
        let reads = matches!(*parts.method, Method::GET | Method::HEAD);
        let agent = parts.headers.get(header::USER_AGENT).filter(|_| !reads);
        Some(viewer.from(address, agent.and_then(|v| v.to_str().ok())))
    }

    /// The viewer of a request that has been taken apart.
    #[must_use]
    pub fn viewer_of(&self, parts: &Parts) -> Option<Viewer> {
        let peer = peer(&parts.extensions);
        self.identify(&RequestHead { headers: &parts.headers, method: &parts.method, peer })
    }
}

/// What of a request is looked at.
struct RequestHead<'r> {
    headers: &'r HeaderMap,
    method: &'r Method,
    peer: Option<Peer>,
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
        let peer = peer(request.extensions());
        let head = RequestHead { headers: request.headers(), method: request.method(), peer };
        if let Some(viewer) = self.authority.identify(&head) {
            request.extensions_mut().insert(viewer);
        }
        self.inner.call(request)
    }
}

/// The other end of the connection; none in a test without a socket.
fn peer(extensions: &Extensions) -> Option<Peer> {
    extensions.get::<ConnectInfo<Peer>>().map(|ConnectInfo(peer)| *peer)
}

fn now() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}
