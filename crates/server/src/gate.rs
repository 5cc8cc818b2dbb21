//! Health, and the doors that stay shut until the catalog is loaded.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use tower::ServiceExt as _;

/// Why an application that can answer should get no requests all the same, if there is a reason.
type Unready = Box<dyn Fn() -> Option<&'static str> + Send + Sync>;

/// Holds the application once it can answer.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    app: Arc<OnceLock<Router>>,
    unready: Arc<OnceLock<Unready>>,
}

impl Gate {
    /// Has readiness ask this, once the gate is open.
    pub(crate) fn watch(&self, unready: impl Fn() -> Option<&'static str> + Send + Sync + 'static) {
        // Said once, at start.
        let _ = self.unready.set(Box::new(unready));
    }

    /// Opens: from now on requests reach the application.
    pub(crate) fn open(&self, app: Router) {
        // Opened once, at start.
        let _ = self.app.set(app);
    }

    /// The outermost router: health is always answered, everything else only when open.
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route(
                "/.backstage/health/v1/liveness",
                get(|| async { health(StatusCode::OK, r#"{"status":"ok"}"#) }),
            )
            .route("/.backstage/health/v1/readiness", get(readiness))
            .fallback(pass)
            .with_state(self.clone())
    }
}

async fn readiness(State(gate): State<Gate>) -> Response {
    let unready = match gate.app.get() {
        Some(_) => gate.unready.get().and_then(|unready| unready()),
        None => Some("Backend has not started yet"),
    };
    match unready {
        None => health(StatusCode::OK, r#"{"status":"ok"}"#),
        Some(reason) => {
            let body = format!(r#"{{"message":"{reason}","status":"error"}}"#);
            health(StatusCode::SERVICE_UNAVAILABLE, body)
        }
    }
}

async fn pass(State(gate): State<Gate>, request: Request) -> Response {
    match gate.app.get() {
        Some(app) => match app.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        None => health(
            StatusCode::SERVICE_UNAVAILABLE,
            r#"{"ok":false,"error":"unavailable","message":"the catalog is being loaded"}"#,
        ),
    }
}

fn health(status: StatusCode, body: impl Into<axum::body::Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, body.into()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn status(router: &Router, path: &str) -> u16 {
        let request = Request::get(path).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn only_health_answers_before_the_catalog_is_loaded() {
        let gate = Gate::default();
        let router = gate.router();
        let (live, ready) = ("/.backstage/health/v1/liveness", "/.backstage/health/v1/readiness");
        let all =
            async || [status(&router, live).await, status(&router, ready).await, status(&router, "/x").await];
        assert_eq!(all().await, [200, 503, 503]);
        gate.open(Router::new().route("/x", get(|| async { "x" })));
        assert_eq!(all().await, [200, 200, 200]);
        let behind = Arc::new(std::sync::atomic::AtomicBool::new(true));
        let seen = Arc::clone(&behind);
        gate.watch(move || seen.load(std::sync::atomic::Ordering::Relaxed).then_some("behind"));
        assert_eq!(all().await, [200, 503, 200], "it answers all the same");
        behind.store(false, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(all().await, [200, 200, 200]);
    }
}
