//! The portal's API as steps of runs call it: the same routes, without a socket and without what looks at credentials.
//! The viewer is given, so there is no token that could get lost.

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderName, Request};
use stagedoor_actions::{ApiAnswer, ApiRequest, Failure};
use stagedoor_auth::Viewer;
use stagedoor_portal::OwnApi;
use tower::ServiceExt as _;

/// Bytes of an answer. Outputs of steps are kept, so that they are limited, too.
const LARGEST: usize = 480 * 1024;
/// Headers of an answer that are passed on.
const PASSED: [HeaderName; 6] = [
    http::header::CONTENT_TYPE,
    http::header::CONTENT_LENGTH,
    http::header::ETAG,
    http::header::LAST_MODIFIED,
    http::header::LINK,
    http::header::LOCATION,
];

/// Routes that steps of runs may call.
pub(crate) struct Routes(Router);

impl Routes {
    /// Those of Backstage's plugins that such steps call there.
    pub(crate) fn of(catalog: &Router, search: &Router, scaffolder: &Router, insights: &Router) -> Self {
        let plugins = Router::new()
            .nest("/catalog", catalog.clone())
            .nest("/search", search.clone())
            .nest("/scaffolder", scaffolder.clone())
            .nest("/tech-insights", insights.clone());
        Self(Router::new().nest("/api", plugins))
    }
}

#[async_trait]
impl OwnApi for Routes {
    async fn answer(&self, viewer: Viewer, request: ApiRequest) -> Result<ApiAnswer, Failure> {
        let wrong = |error: http::Error| Failure::new(format!("this is no request: {error}"));
        let mut asked = Request::builder().method(request.method.as_str()).uri(&request.path);
        for (name, value) in &request.headers {
            asked = asked.header(name, value);
        }
        let mut asked = asked.body(Body::from(request.body)).map_err(wrong)?;
        asked.extensions_mut().insert(viewer);
        let answer = self.0.clone().oneshot(asked).await.unwrap_or_else(|never| match never {});
        let (parts, body) = answer.into_parts();
        let too_large = |_| {
            let text = format!("the answer is larger than {} KiB: ask for less of it", LARGEST / 1024);
            Failure::new(text)
        };
        let body = to_bytes(body, LARGEST).await.map_err(too_large)?.to_vec();
        let headers = PASSED.iter().filter_map(|name| {
            let value = parts.headers.get(name)?.to_str().ok()?;
            Some((name.as_str().to_owned(), value.to_owned()))
        });
        Ok(ApiAnswer { code: parts.status.as_u16(), headers: headers.collect(), body })
    }
}
