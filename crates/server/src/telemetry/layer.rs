//! Around every request: its name, its count, its line in the log, its trace.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::{Method, StatusCode, Uri};
use tower::{Layer, Service};

use super::Telemetry;
use super::request_id::{CURRENT, RequestId, X_REQUEST_ID, X_TRACE_ID};

/// An answer that takes longer is worth a line in the log.
const SLOW: Duration = Duration::from_secs(1);

/// Makes [`Observed`] services.
#[derive(Clone)]
pub(crate) struct Observe(pub(crate) Arc<Telemetry>);

/// A service that is watched.
#[derive(Clone)]
pub(crate) struct Observed<S> {
    inner: S,
    telemetry: Arc<Telemetry>,
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed { inner, telemetry: Arc::clone(&self.0) }
    }
}

impl<S, B> Service<Request> for Observed<S>
where
    S: Service<Request, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let started = Instant::now();
        let id = RequestId::of(request.headers());
        let seen = Seen {
            id,
            started,
            method: request.method().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            uri: request.uri().clone(),
            span: self.telemetry.traces.as_ref().and_then(|t| t.begin(&id, request.headers())),
        };
        let telemetry = Arc::clone(&self.telemetry);
        let answer = CURRENT.scope(id, self.inner.call(request));
        Box::pin(async move {
            let mut response = answer.await?;
            seen.done(&telemetry, &mut response);
            Ok(response)
        })
    }
}

struct Seen {
    id: RequestId,
    started: Instant,
    method: Method,
    route: Option<MatchedPath>,
    uri: Uri,
    span: Option<super::otlp::Begun>,
}

impl Seen {
    fn done<B>(mut self, telemetry: &Telemetry, response: &mut Response<B>) {
        let took = self.started.elapsed();
        let status = response.status();
        let route = self.route.as_ref().map_or("other", MatchedPath::as_str);
        telemetry.requests.add(route, &self.method, status, took);
        if let (Some(traces), Some(span)) = (&telemetry.traces, self.span.take()) {
            traces.end(span, &self.method, route, status);
        }
        self.log(status, took);
        if let Some(id) = self.id.header() {
            if self.uri.path().starts_with("/v1/") {
                response.headers_mut().insert(X_TRACE_ID, id.clone());
            }
            response.headers_mut().insert(X_REQUEST_ID, id);
        }
    }

    /// One line: what failed, was refused or was slow; everything where the level is `debug`. Never the query of an
    /// address, nor a header: tokens may stand there.
    fn log(&self, status: StatusCode, took: Duration) {
        let (id, method, path) = (self.id.as_str(), self.method.as_str(), self.uri.path());
        let (status, took) = (status.as_u16(), u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: "stagedoor::access",
                    method, path, status, micros = took, request_id = id, "request"
                )
            };
        }
        match status {
            500.. => line!(warn),
            401 | 403 | 429 => line!(info),
            _ if u128::from(took) >= SLOW.as_micros() => line!(info),
            _ => line!(debug),
        }
    }
}
