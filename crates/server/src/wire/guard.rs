//! What every answer says to browsers, and what no request may bring.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::extract::Request;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::cors::Policy;
use super::refusal::{Asked, Why, is_api};
use crate::config::WireConfig;
use crate::http_stack::body_limit;

/// Pages run their own scripts only. Styles are set by scripts at run time, so those may stand in the page.
const PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self' data:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; object-src 'none'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Anything else is no page, even if a browser is made to open it as one.
const NO_PAGE: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
);
const PERMISSIONS: HeaderValue = HeaderValue::from_static(
    "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), \
     magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()",
);
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
/// A year, without subdomains: those may be somebody else's.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Makes [`Guarded`] services.
#[derive(Clone)]
pub(crate) struct Guard(Arc<Rules>);

struct Rules {
    cors: Option<Policy>,
    /// The policy of pages.
    page: HeaderValue,
    secure: bool,
}

impl Guard {
    pub(crate) fn new(wire: &WireConfig) -> Self {
        let cors = wire.cors.as_ref().map(Policy::new);
        Self(Arc::new(Rules { cors, page: page_policy(&wire.frames), secure: wire.secure }))
    }
}

/// The policy of pages, with the origins that may be shown in frames.
fn page_policy(frames: &[String]) -> HeaderValue {
    let plain = HeaderValue::from_static(PAGE);
    if frames.is_empty() {
        return plain;
    }
    HeaderValue::from_str(&format!("{PAGE}; frame-src {}", frames.join(" "))).unwrap_or(plain)
}

/// A service whose answers carry the headers.
#[derive(Clone)]
pub(crate) struct Guarded<S> {
    inner: S,
    rules: Arc<Rules>,
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, rules: Arc::clone(&self.0) }
    }
}

impl<S: Service<Request, Response = Response>> Service<Request> for Guarded<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let api = is_api(request.uri().path());
        let rules = Arc::clone(&self.rules);
        let origin = rules.cors.as_ref().and_then(|cors| cors.allowed(request.headers()));
        let answer = match rules.refuse(&request) {
            Some(response) => Answer::Given { response: Some(response) },
            None => Answer::Coming { future: self.inner.call(request) },
        };
        Answering { answer, origin, rules, api }
    }
}

impl Rules {
    fn refuse(&self, request: &Request) -> Option<Response> {
        let headers = request.headers();
        let encoded = headers.get(CONTENT_ENCODING);
        if encoded.is_some_and(|e| !e.is_empty() && !e.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Some(Asked::of(request.method(), request.uri()).refuse(Why::Encoded));
        }
        let length =
            headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        let limit = body_limit(request.uri().path());
        if length.is_some_and(|length| length > limit) {
            let why = Why::TooLarge(limit / (1024 * 1024));
            return Some(Asked::of(request.method(), request.uri()).refuse(why));
        }
        self.cors.as_ref().and_then(|cors| cors.preflight(request.method(), headers))
    }

    fn finish(&self, origin: Option<HeaderValue>, api: bool, out: &mut HeaderMap) {
        let kind = out.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
        // A script may run as a worker, which has the policy that it came with.
        let page = kind.starts_with(b"text/html") || kind.starts_with(b"text/javascript");
        out.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        out.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        // Badges are for pages outside, and their addresses for nobody.
        out.entry(CROSS_ORIGIN_RESOURCE_POLICY).or_insert(SAME_ORIGIN);
        out.entry(REFERRER_POLICY).or_insert(SAME_ORIGIN);
        out.insert(CONTENT_SECURITY_POLICY, if page { self.page.clone() } else { NO_PAGE });
        if page {
            out.insert(CROSS_ORIGIN_OPENER_POLICY, SAME_ORIGIN);
            out.insert(PERMISSIONS_POLICY, PERMISSIONS);
        }
        if self.secure {
            out.insert(STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
        }
        // An answer is one caller's, and true now.
        if api && !out.contains_key(CACHE_CONTROL) {
            out.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if let Some(cors) = &self.cors
            && !out.contains_key(http::header::ACCESS_CONTROL_ALLOW_ORIGIN)
        {
            cors.allow(origin, out);
        }
    }
}

pin_project! {
    #[project = Answers]
    enum Answer<F> {
        Given { response: Option<Response> },
        Coming { #[pin] future: F },
    }
}

pin_project! {
    /// An answer that gets its headers when it is there.
    pub(crate) struct Answering<F> {
        #[pin]
        answer: Answer<F>,
        origin: Option<HeaderValue>,
        rules: Arc<Rules>,
        api: bool,
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
        this.rules.finish(this.origin.take(), *this.api, response.headers_mut());
        Poll::Ready(Ok(response))
    }
}
