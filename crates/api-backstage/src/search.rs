//! Backstage's search under `/api/search`: the catalog as its caller sees it, looked through when somebody asks.
//!
//! There is no index to be built and none to wait for. Of documents of other types there are none, so `techdocs`
//! finds nothing.

mod asked;
mod found;
mod marks;

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, Uri};
use serde::Serialize;
use serde_json::Value;
use stagedoor_portal::{Portal, PortalError};
use stagedoor_query::budget;
use utoipa::{IntoParams, ToSchema};

use crate::caller::Caller;
use crate::error::{self, ApiError};
use crate::openapi::Refusal;
use crate::{answer, unknown};
use asked::Asked;
use found::Found;

/// Entities of the catalog.
const CATALOG: &str = "software-catalog";
/// What `types` may name. Of the second there is nothing yet.
const TYPES: [&str; 2] = [CATALOG, "techdocs"];

/// Searches that take longer are refused.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// The routes, to be nested under `/api/search`.
pub fn router(portal: Portal) -> Router {
    Router::new()
        .route("/query", get(query))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(from_fn(error::shape))
        .with_state(portal)
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct SearchParams {
    /// Words, all of which must be somewhere in an entity's name, title, text or the other fields of its document. At
    /// most 100 characters. Without one everything is found.
    term: Option<String>,
    /// `types[0]=software-catalog`; `techdocs` finds nothing.
    #[param(rename = "types[0]")]
    types: Option<String>,
    /// `filters[kind]=Component`, `filters[lifecycle][0]=production`: one of the values of a field of the document.
    #[param(rename = "filters[kind]")]
    filters: Option<String>,
    /// At most 100; 25 when absent. With 0 only `numberOfResults` is told.
    page_limit: Option<u64>,
    /// From the answer before.
    page_cursor: Option<String>,
}

/// A page of what was found, the best first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SearchPage {
    results: Vec<SearchResult>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_page_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    previous_page_cursor: Option<String>,
    /// How many there are in all.
    number_of_results: usize,
}

#[derive(Serialize, ToSchema)]
struct SearchResult {
    #[serde(rename = "type")]
    kind: &'static str,
    document: SearchDocument,
    /// The place of the result, from 1.
    rank: u64,
    highlight: SearchHighlight,
}

/// What the search knows of an entity.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SearchDocument {
    title: String,
    text: String,
    component_type: String,
    #[serde(rename = "type")]
    kind_of: String,
    namespace: String,
    kind: String,
    /// As the entity says it; empty where it does not.
    lifecycle: Value,
    /// As the entity says it, so it may be short; empty where there is none.
    owner: Value,
    /// A path of the frontend.
    location: String,
}

/// Fields in which words of the term are, with tags around each.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SearchHighlight {
    pre_tag: String,
    post_tag: String,
    fields: std::collections::BTreeMap<&'static str, String>,
}

/// Searches the catalog.
#[utoipa::path(
    get,
    path = "/api/search/query",
    operation_id = "search",
    tag = "search",
    params(SearchParams),
    responses(
        (status = 200, description = "A page", body = SearchPage),
        (status = 304, description = "Not changed"),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn query(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let asked = Asked::of(&uri)?;
    let view = portal.view(&viewer)?;
    let end = Instant::now() + TIME_LIMIT;
    let search = || Found::by(&view, &asked).page(&view, &asked);
    let page = budget::limited(move || Instant::now() >= end, search);
    let page = page.map_err(|_| PortalError::Unavailable("The search took too long: ask for less".into()))?;
    Ok(answer::tagged(serde_json::to_vec(&page).unwrap_or_default(), &headers))
}
