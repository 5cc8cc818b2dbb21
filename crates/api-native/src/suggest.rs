//! Entities by a few typed letters.

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use stagedoor_portal::Scope;
use stagedoor_query::{Expr, NodeId, Subject, Test};
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::link::Link;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SuggestQuery {
    /// Part of a name or title.
    #[serde(default)]
    q: String,
    /// At most this many, 1..100; 20 when absent.
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Suggestions {
    links: Vec<Suggestion>,
    /// How many match in all.
    total: u64,
}

#[derive(Serialize, ToSchema)]
struct Suggestion {
    #[serde(flatten)]
    link: Link,
    description: Option<String>,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/suggest", get(suggest))
}

/// Entities whose name or title contains a text; those that begin with it come first.
#[utoipa::path(
    get, path = "/suggest", params(SuggestQuery),
    responses((status = 200, body = Suggestions), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody))
)]
pub(crate) async fn suggest(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<SuggestQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Suggestions>, ApiError> {
    let Query(query) = query?;
    let view = api.portal.view(&viewer)?;
    let limit = query.limit.unwrap_or(20).clamp(1, 100);
    let text = query.q.trim().to_lowercase();
    let by = |test: &dyn Fn(String) -> Test| {
        let field = |path: &str| Expr::folded(Subject::Field(path.into()), test(text.clone()));
        Expr::Or(vec![field("metadata.name"), field("metadata.title"), field("spec.profile.displayName")])
    };
    let all = view.select(&by(&Test::Contains), Scope::Everything);
    let first = view.select(&by(&Test::Prefix), Scope::Everything);
    let rest = all.by_ref(None, false).filter(|n| !first.contains(*n));
    let nodes: Vec<NodeId> = first.by_ref(None, false).chain(rest).take(limit).collect();
    let describe = |node: NodeId| {
        let description =
            view.entity(node).and_then(|e| e.document.value().pointer("/metadata/description").cloned());
        description.and_then(|d| d.as_str().map(str::to_owned))
    };
    let links = nodes.into_iter().map(|n| Suggestion { link: Link::to(&view, n), description: describe(n) });
    Ok(Json(Suggestions { links: links.collect(), total: all.len() }))
}
