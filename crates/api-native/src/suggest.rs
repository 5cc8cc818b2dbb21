//! Entities and pages by a few typed letters.

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use stagedoor_portal::View;
use stagedoor_portal::suggest::fits;
use stagedoor_query::NodeId;
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::link::Link;

/// Pages that are answered.
const MOST_PAGES: usize = 10;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SuggestQuery {
    /// Part of a name or title. Without one the answer is what the caller looked at last.
    #[serde(default)]
    q: String,
    /// At most this many entities, 1..100; 20 when absent.
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Suggestions {
    links: Vec<Suggestion>,
    /// How many match in all.
    total: u64,
    /// Nothing contains the text: these are one or two letters away from it.
    near: bool,
    pages: Vec<PageSuggestion>,
}

#[derive(Serialize, ToSchema)]
struct Suggestion {
    #[serde(flatten)]
    link: Link,
    description: Option<String>,
}

/// A page that the caller may read.
#[derive(Serialize, ToSchema)]
struct PageSuggestion {
    identifier: String,
    title: String,
    icon: Option<String>,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/suggest", get(suggest))
}

/// Entities and pages that a few letters may mean: first what is called so, then what begins with it, what has a word
/// that does, what contains it, and what is one or two letters away.
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
    let limit = query.limit.unwrap_or(20).clamp(1, 100);
    let text = query.q.trim();
    if text.is_empty() {
        let viewed = api.portal.viewed(&viewer).await?;
        let view = api.portal.view(&viewer)?;
        let nodes = viewed.iter().filter_map(|v| view.by_key(&v.blueprint, &v.identifier));
        let links: Vec<Suggestion> = nodes.take(limit).map(|n| Suggestion::to(&view, n)).collect();
        let total = links.len() as u64;
        return Ok(Json(Suggestions { links, total, near: false, pages: Vec::new() }));
    }
    let view = api.portal.view(&viewer)?;
    let found = view.suggest(text, limit);
    let links = found.nodes.into_iter().map(|n| Suggestion::to(&view, n)).collect();
    Ok(Json(Suggestions { links, total: found.total, near: found.near, pages: pages(&api, &viewer, text) }))
}

impl Suggestion {
    fn to(view: &View, node: NodeId) -> Self {
        let description =
            view.entity(node).and_then(|e| e.document.value().pointer("/metadata/description").cloned());
        let description = description.and_then(|d| d.as_str().map(str::to_owned));
        Self { link: Link::to(view, node), description }
    }
}

/// The pages whose titles fit. Who may read none finds none.
fn pages(api: &Api, viewer: &stagedoor_auth::Viewer, text: &str) -> Vec<PageSuggestion> {
    let pages = api.portal.pages(viewer).unwrap_or_default();
    let rank = |page: &stagedoor_portal::Page| {
        let of = |key: &str| fits(page.text(key), text);
        Some((of("title").or_else(|| of("identifier"))?, page.text("title").to_owned()))
    };
    let mut found: Vec<_> = pages.iter().filter_map(|page| Some((rank(page)?, page))).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let suggestion = |page: &stagedoor_portal::Page| PageSuggestion {
        identifier: page.identifier().to_owned(),
        title: Some(page.text("title")).filter(|t| !t.is_empty()).unwrap_or(page.identifier()).to_owned(),
        icon: Some(page.text("icon")).filter(|icon| !icon.is_empty()).map(str::to_owned),
    };
    found.into_iter().take(MOST_PAGES).map(|(_, page)| suggestion(page)).collect()
}
