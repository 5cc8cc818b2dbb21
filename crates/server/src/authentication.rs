//! From a request to a viewer: the one place where credentials are looked at.
//!
//! A request without a good credential goes on without a viewer; each dialect then answers 401 in its
//! own shape, and no handler can reach an entity without one. Which credentials there are is one list,
//! [`Authority::with`]; each is an [`Authenticator`].

mod backstage;
mod badge;
mod clients;
mod external;
mod origin;
mod session;
mod site;
mod token;

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Uri, header};
use pin_project_lite::pin_project;
use stagedoor_api_backstage::Frontend;
use stagedoor_api_port::{Issued, NotIssued, TokenIssuer};
use stagedoor_auth::{Credentials, Tokens, Viewer, Visitor, bearer, secret_digest};
use stagedoor_model::Timestamp;
use stagedoor_portal::Portal;
use tokio::sync::watch;
use tower::{Layer, Service};

pub(crate) use self::backstage::Backstage;
use self::clients::Clients;
pub(crate) use self::external::External;
pub use self::origin::{Peer, TrustedProxies};
pub(crate) use self::session::Sessions;
use self::site::{Site, Way};
pub(crate) use self::token::SecretTokens;
use crate::wire::{Asked, Why};

/// What a request brings that may prove who calls.
#[derive(Clone, Copy)]
pub struct Presented<'r> {
    /// All headers, cookies among them.
    pub headers: &'r HeaderMap,
    /// The token of `Authorization: Bearer`.
    pub bearer: Option<&'r str>,
    /// What is asked for: a cookie alone is not enough to change something from another site.
    pub method: &'r Method,
    /// Whether it came over TLS, as far as the browser is concerned.
    pub secure: bool,
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
    /// It can be said in a moment, when keys have been read from elsewhere: to be asked again then, once.
    Later(Waiting),
}

/// The end of something that was begun: keys of another system are being read.
#[derive(Clone, Debug)]
pub struct Waiting(watch::Receiver<bool>);

impl Waiting {
    async fn end(mut self) {
        // An error means that it ended without a word.
        let _ = self.0.wait_for(|ended| *ended).await;
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.0.same_channel(&other.0)
    }
}

impl Eq for Waiting {}

/// One way to prove an identity. It does not wait for anything: a hash and a look-up in the newest snapshot must do,
/// but for [`Verdict::Later`].
pub trait Authenticator: Send + Sync {
    /// Who calls, if this way is used.
    fn authenticate(&self, presented: &Presented<'_>) -> Verdict;
}

/// Knows who callers are.
pub struct Authority {
    tokens: Arc<Tokens>,
    clients: Clients,
    ways: Vec<Box<dyn Authenticator>>,
    proxies: TrustedProxies,
    site: Site,
    dev: bool,
    frontend: Option<Frontend>,
}

impl Authority {
    /// `credentials` are the administrator's API credential; with `dev` everyone is administrator.
    #[must_use]
    pub fn new(tokens: Tokens, credentials: Option<Credentials>, dev: bool) -> Self {
        let tokens = Arc::new(tokens);
        let ways: Vec<Box<dyn Authenticator>> = Vec::new();
        let clients = Clients::new(credentials);
        Self {
            tokens,
            clients,
            ways,
            proxies: TrustedProxies::default(),
            site: Site::default(),
            dev,
            frontend: None,
        }
    }

    /// The same with more ways to prove an identity, which are asked in this order, before access tokens. A way has
    /// to answer [`Verdict::NotMine`] for a credential that it does not know by its form.
    #[must_use]
    pub fn with(mut self, ways: impl IntoIterator<Item = Box<dyn Authenticator>>) -> Self {
        self.ways.extend(ways);
        self
    }

    /// The same for clients that a portal knows: apps, service accounts, people.
    #[must_use]
    pub fn knowing(mut self, portal: &Portal) -> Self {
        self.clients = self.clients.of(portal);
        self
    }

    /// The same behind proxies whose `X-Forwarded-For` is believed.
    #[must_use]
    pub fn behind(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// The same where browsers find it: by TLS on every connection, under the configured address.
    #[must_use]
    pub fn at(mut self, tls: bool, base_url: Option<&str>) -> Self {
        self.site = Site::new(tls, base_url);
        self
    }

    /// The same with what Backstage's frontend is answered with.
    #[must_use]
    pub fn answering(mut self, frontend: Frontend) -> Self {
        self.frontend = Some(frontend);
        self
    }

    /// What Backstage's frontend is answered with.
    #[must_use]
    pub fn frontend(&self) -> Option<&Frontend> {
        self.frontend.as_ref()
    }

    /// The access tokens of this installation.
    #[must_use]
    pub fn tokens(&self) -> &Arc<Tokens> {
        &self.tokens
    }

    /// The viewer of a request, or what it has to wait for.
    fn viewer(&self, presented: &Presented<'_>) -> Result<Option<Viewer>, Waiting> {
        let mut verdicts = self.ways.iter().map(|way| way.authenticate(presented));
        let verdict = verdicts.find(|verdict| *verdict != Verdict::NotMine);
        match verdict.unwrap_or_else(|| self.access_token(presented)) {
            Verdict::Viewer(viewer) => Ok(Some(viewer)),
            Verdict::Later(waiting) => Err(waiting),
            // A bad token is an error even where none is needed: silence would hide a broken client.
            Verdict::Refused if !self.dev => Ok(None),
            Verdict::Refused | Verdict::NotMine => Ok(self.dev.then(Viewer::development)),
        }
    }

    /// The last of the ways: whatever stands behind `Bearer` and is nobody else's.
    fn access_token(&self, presented: &Presented<'_>) -> Verdict {
        match presented.bearer.map(|token| self.tokens.verify(token, presented.now)) {
            Some(Ok(viewer)) if self.clients.stand_behind(&viewer, presented.now) => Verdict::Viewer(viewer),
            Some(_) => Verdict::Refused,
            None => Verdict::NotMine,
        }
    }

    /// The viewer of a request, with where it comes from.
    fn identify(&self, head: &RequestHead<'_>) -> Result<Option<Viewer>, Waiting> {
        let bearer = head.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(bearer);
        let secure = self.site.is_secure(head.way(), &self.proxies);
        let in_address = badge::token(head.method, head.uri);
        let presented = match in_address {
            Some(token) => Presented {
                headers: badge::nothing(),
                bearer: Some(token),
                method: head.method,
                secure,
                now: now(),
            },
            None => Presented { headers: head.headers, bearer, method: head.method, secure, now: now() },
        };
        let Some(viewer) = self.viewer(&presented)? else { return Ok(None) };
        if in_address.is_some() && !badge::is_harmless(&viewer) {
            return Ok(None);
        }
        let address = self.proxies.client(head.peer, head.headers);
        // Reading leaves no trace, so the name of the program is not needed.
        Ok(Some(viewer.from(address, head.agent().filter(|_| !head.reads()))))
    }

    /// The viewer of a request that has been taken apart, as far as that can be said at once.
    #[must_use]
    pub fn viewer_of(&self, parts: &Parts) -> Option<Viewer> {
        let peer = peer(&parts.extensions);
        let head = RequestHead { headers: &parts.headers, method: &parts.method, uri: &parts.uri, peer };
        self.identify(&head).ok().flatten()
    }

    /// Where a request comes from that may sign in or out: those are the native API's.
    fn visitor(&self, head: &RequestHead<'_>) -> Option<Visitor> {
        if head.reads() || !head.uri.path().starts_with("/api/stagedoor/") {
            return None;
        }
        let secure = self.site.is_secure(head.way(), &self.proxies);
        let session = session::cookie(head.headers, secure).and_then(secret_digest);
        let address = self.proxies.client(head.peer, head.headers);
        Some(Visitor { address, agent: None, secure, session }.with_agent(head.agent()))
    }
}

/// What of a request is looked at.
struct RequestHead<'r> {
    headers: &'r HeaderMap,
    method: &'r Method,
    uri: &'r Uri,
    peer: Option<Peer>,
}

impl RequestHead<'_> {
    fn way(&self) -> Way<'_> {
        Way { peer: self.peer, headers: self.headers, authority: self.uri.authority() }
    }

    fn reads(&self) -> bool {
        matches!(*self.method, Method::GET | Method::HEAD)
    }

    fn agent(&self) -> Option<&str> {
        self.headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok())
    }
}

impl TokenIssuer for Authority {
    fn issue(
        &self,
        client_id: &str,
        client_secret: &str,
        address: Option<IpAddr>,
    ) -> Result<Issued, NotIssued> {
        let now = now();
        let viewer = self.clients.viewer(client_id, client_secret, address, now)?;
        self.tokens.issue(&viewer, now).map_err(|_| NotIssued::Wrong)
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

impl<S> Service<Request> for Authenticated<S>
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Answering<S::Future, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let (method, uri, headers) = (request.method(), request.uri(), request.headers());
        let head = RequestHead { headers, method, uri, peer: peer(request.extensions()) };
        let authority = &self.authority;
        if let Some(why) = authority.site.refusal(method, uri.path(), head.way(), &authority.proxies) {
            let response = Asked::of(method, uri).refuse(Why::CrossSite(why));
            return Answering::Refused { response: Some(response) };
        }
        let (viewer, visitor) = (authority.identify(&head), authority.visitor(&head));
        if let Some(visitor) = visitor {
            request.extensions_mut().insert(visitor);
        }
        match viewer {
            Ok(Some(viewer)) => drop(request.extensions_mut().insert(viewer)),
            Ok(None) => {}
            Err(waiting) => return Answering::Waiting { future: self.later(request, waiting) },
        }
        Answering::Coming { future: self.inner.call(request) }
    }
}

impl<S> Authenticated<S>
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    /// The answer to a request whose caller can only be told in a moment.
    fn later(&mut self, mut request: Request, waiting: Waiting) -> Boxed<S::Error> {
        // The one that is ready is the one to be called.
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let authority = Arc::clone(&self.authority);
        Box::pin(async move {
            waiting.end().await;
            let (method, uri, headers) = (request.method(), request.uri(), request.headers());
            let head = RequestHead { headers, method, uri, peer: peer(request.extensions()) };
            if let Ok(Some(viewer)) = authority.identify(&head) {
                request.extensions_mut().insert(viewer);
            }
            inner.call(request).await
        })
    }
}

type Boxed<E> = Pin<Box<dyn Future<Output = Result<Response, E>> + Send>>;

pin_project! {
    /// An answer, or the refusal of a request that another site has made.
    #[project = Answers]
    pub(crate) enum Answering<F, E> {
        Refused { response: Option<Response> },
        Coming { #[pin] future: F },
        Waiting { future: Boxed<E> },
    }
}

impl<E, F: Future<Output = Result<Response, E>>> Future for Answering<F, E> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        match self.project() {
            Answers::Refused { response } => Poll::Ready(Ok(response.take().unwrap_or_default())),
            Answers::Coming { future } => future.poll(context),
            Answers::Waiting { future } => future.as_mut().poll(context),
        }
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
