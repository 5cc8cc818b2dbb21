//! Holds callers to their rate.
//!
//! Whoever is known is counted by name, whoever is not by address. What was refused for want of a good credential is
//! counted besides, so that guessing is slow.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use http::{HeaderMap, HeaderName, StatusCode};
use pin_project_lite::pin_project;
use stagedoor_auth::{Principal, Viewer};
use tower::{Layer, Service};

use super::rates::{Buckets, Rate, Standing};
use super::refusal::{Asked, Why, is_api, is_port};
use crate::authentication::{Peer, TrustedProxies};
use crate::config::{Rates, WireConfig};

const PERIOD: HeaderName = HeaderName::from_static("x-ratelimit-period");
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Makes [`Metered`] services.
#[derive(Clone)]
pub(crate) struct Meter(Arc<Counter>);

struct Counter {
    rates: Rates,
    proxies: TrustedProxies,
    buckets: Buckets,
}

/// Whose bucket.
#[derive(Hash)]
enum Who<'r> {
    Program(&'r str),
    Person(&'r str),
    Address(IpAddr),
    /// The same address, for what it was refused.
    Refused(IpAddr),
}

impl Meter {
    pub(crate) fn new(wire: &WireConfig) -> Self {
        let (rates, proxies) = (wire.rates, wire.proxies.clone());
        Self(Arc::new(Counter { rates, proxies, buckets: Buckets::default() }))
    }
}

impl Counter {
    /// Counts a request: where its caller stands, if that is counted, or a refusal.
    fn count(&self, request: &Request, address: Option<IpAddr>) -> Result<Option<Standing>, Standing> {
        let rate = |limit: Option<u32>| limit.map(|limit| Rate { limit, period: self.rates.period });
        let (who, limit) = match request.extensions().get::<Viewer>().map(Viewer::principal) {
            Some(Principal::Development | Principal::System(_)) => {
                return Ok(rate(self.rates.programs).map(Standing::new));
            }
            Some(Principal::Person(name) | Principal::Guest(name)) => (Who::Person(name), self.rates.people),
            Some(Principal::ServiceAccount(name) | Principal::Credential(name)) => {
                (Who::Program(name), self.rates.programs)
            }
            // Pages are the same for everybody and cost little.
            None if !is_api(request.uri().path()) => return Ok(None),
            None => {
                let Some(address) = address else { return Ok(rate(self.rates.addresses).map(Standing::new)) };
                if let Some(rate) = rate(self.rates.refusals)
                    && let Ok(standing) | Err(standing) = self.buckets.take(&Who::Refused(address), rate, 0)
                    && standing.remaining == 0
                {
                    return Err(standing);
                }
                (Who::Address(address), self.rates.addresses)
            }
        };
        rate(limit).map(|rate| self.buckets.take(&who, rate, 1)).transpose()
    }

    /// Counts an answer that refused somebody unknown.
    fn refused(&self, address: IpAddr) {
        if let Some(limit) = self.rates.refusals {
            let rate = Rate { limit, period: self.rates.period };
            let _ = self.buckets.take(&Who::Refused(address), rate, 1);
        }
    }

    /// Whom an address stands for. Whoever has one IPv6 address has all of its network.
    fn address(&self, request: &Request) -> Option<IpAddr> {
        if request.extensions().get::<Viewer>().is_some() {
            return None;
        }
        let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|ConnectInfo(peer)| *peer);
        self.proxies.client(peer, request.headers()).map(|address| match address {
            IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
            v4 => v4,
        })
    }
}

/// A service whose callers are held to their rate.
#[derive(Clone)]
pub(crate) struct Metered<S> {
    inner: S,
    counter: Arc<Counter>,
}

impl<S> Layer<S> for Meter {
    type Service = Metered<S>;

    fn layer(&self, inner: S) -> Metered<S> {
        Metered { inner, counter: Arc::clone(&self.0) }
    }
}

impl<S: Service<Request, Response = Response>> Service<Request> for Metered<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if self.counter.rates.is_off() {
            let answer = Answer::Coming { future: self.inner.call(request) };
            return Answering { answer, standing: None, refusable: None };
        }
        let counter = &self.counter;
        let address = counter.address(&request);
        let port = is_port(request.uri().path());
        // Whoever guesses a webhook's secret is answered 403, as Backstage does.
        let knocks = request.uri().path().starts_with("/api/events/http/");
        let refusal = if knocks { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
        let (standing, answer) = match counter.count(&request, address) {
            Ok(standing) => (standing, Answer::Coming { future: self.inner.call(request) }),
            Err(standing) => {
                let seconds = standing.next_in.as_secs() + 1;
                let response = Asked::of(request.method(), request.uri()).refuse(Why::TooMany(seconds));
                (Some(standing), Answer::Given { response: Some(response) })
            }
        };
        let refusable = address.map(|address| (Arc::clone(counter), address, refusal));
        Answering { answer, standing: standing.filter(|_| port), refusable }
    }
}

/// As Port's clients read it: `reset` is a time in seconds since 1970, at which all requests may be made again.
fn say(standing: &Standing, headers: &mut HeaderMap) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    headers.insert(PERIOD, standing.rate.period.as_secs().into());
    headers.insert(LIMIT, standing.rate.limit.into());
    headers.insert(REMAINING, standing.remaining.into());
    headers.insert(RESET, ((now + standing.full_in).as_secs() + 1).into());
}

pin_project! {
    #[project = Answers]
    enum Answer<F> {
        Given { response: Option<Response> },
        Coming { #[pin] future: F },
    }
}

pin_project! {
    /// An answer that says where its caller stands.
    pub(crate) struct Answering<F> {
        #[pin]
        answer: Answer<F>,
        standing: Option<Standing>,
        refusable: Option<(Arc<Counter>, IpAddr, StatusCode)>,
    }
}

impl<E, F: Future<Output = Result<Response, E>>> Future for Answering<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut response = match this.answer.project() {
            Answers::Given { response } => response.take().unwrap_or_default(),
            Answers::Coming { future } => match ready!(future.poll(context)) {
                Ok(response) => response,
                Err(error) => return Poll::Ready(Err(error)),
            },
        };
        if let Some(standing) = this.standing {
            say(standing, response.headers_mut());
        }
        if let Some((counter, address, refusal)) = this.refusable.take()
            && response.status() == refusal
        {
            counter.refused(address);
        }
        Poll::Ready(Ok(response))
    }
}
