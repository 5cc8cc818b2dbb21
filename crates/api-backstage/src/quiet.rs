//! Lists of the scaffolder, which is not there: what its pages of the stock frontend show at once. They are empty because
//! there is nothing, and everything else under `/api/scaffolder` is unknown.

use axum::Router;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::get;

use crate::caller::Caller;
use crate::{answer, error, unknown};

/// Path and answer.
const LISTS: [(&str, &str); 3] = [
    ("/v2/actions", "[]"),
    ("/v2/tasks", r#"{"tasks":[],"totalTasks":0}"#),
    ("/v2/templating-extensions", r#"{"filters":{},"globals":{"functions":{},"values":{}}}"#),
];

/// The routes, to be nested under `/api/scaffolder`.
pub fn scaffolder() -> Router {
    let list = |router: Router, (path, body): (&'static str, &'static str)| {
        router.route(path, get(async move |_: Caller| -> Response { answer::json(body) }))
    };
    let routes = LISTS.into_iter().fold(Router::new(), list);
    routes.fallback(unknown).method_not_allowed_fallback(unknown).layer(from_fn(error::shape))
}
