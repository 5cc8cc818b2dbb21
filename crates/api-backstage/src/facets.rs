//! `/entity-facets`: the values of fields, and how many entities have each.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Uri};
use serde::Serialize;
use serde_json::{Map, Value};
use stagedoor_portal::{Portal, Scope, View};
use stagedoor_query::Expr;
use stagedoor_query::dialect::backstage;
use stagedoor_query::page::Selection;

use crate::answer;
use crate::body::{self, JsonBody};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::openapi::{FacetParams, FacetsAnswer, FacetsBody, Refusal};
use crate::query::{Kind, Parameter, Query};
use crate::walk;

const KNOWN: &[Parameter] =
    &[Parameter::required("facet", Kind::Texts), Parameter::optional("filter", Kind::Texts)];

/// The values of facets among the entities that pass a filter.
#[utoipa::path(
    get,
    path = "/api/catalog/entity-facets",
    operation_id = "entity_facets",
    tag = "entities",
    params(FacetParams),
    responses(
        (status = 200, description = "By facet as given", body = FacetsAnswer),
        (status = 304, description = "Not changed"),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
    )
)]
pub(crate) async fn get(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let query = Query::of(&uri, KNOWN)?;
    let condition = walk::condition(&query.texts("filter"), None)?;
    let facets: Vec<&str> = query.all("facet").into_iter().filter(|facet| !facet.is_empty()).collect();
    Ok(answer::tagged(answer(&portal.view(&viewer)?, &facets, &condition), &headers))
}

/// The same with a predicate query.
#[utoipa::path(
    post,
    path = "/api/catalog/entity-facets",
    operation_id = "entity_facets_by_predicate",
    tag = "entities",
    request_body = FacetsBody,
    responses(
        (status = 200, description = "By facet as given", body = FacetsAnswer),
        (status = 400, description = "Refused body", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
    )
)]
pub(crate) async fn post(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let (facets, condition) = of_body(body)?;
    let facets: Vec<&str> = facets.iter().map(String::as_str).collect();
    Ok(answer::json(answer(&portal.view(&viewer)?, &facets, &condition)))
}

fn of_body(body: Option<Map<String, Value>>) -> Result<(Vec<String>, Expr), ApiError> {
    let body = body.ok_or_else(|| ApiError::input("unsupported media type undefined"))?;
    let mut facets = body::texts(&body, "", "facets")?.ok_or_else(|| body::lacks("", "facets"))?;
    let query = body::query(&body)?;
    facets.retain(|facet| !facet.is_empty());
    if facets.is_empty() {
        return Err(ApiError::input("Missing or empty facets parameter"));
    }
    Ok((facets, walk::condition(&[], query.as_ref())?))
}

/// One value of a facet.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Count {
    value: String,
    count: u64,
}

fn answer(view: &View, facets: &[&str], condition: &Expr) -> Vec<u8> {
    let selection = view.select(condition, Scope::Backstage);
    let mut out = b"{\"facets\":{".to_vec();
    let mut seen: Vec<&str> = Vec::new();
    for facet in facets {
        if seen.contains(facet) {
            continue;
        }
        if !seen.is_empty() {
            out.push(b',');
        }
        seen.push(facet);
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut out, facet);
        out.push(b':');
        let _ = serde_json::to_writer(&mut out, &counts(&selection, facet));
    }
    out.extend_from_slice(b"}}");
    out
}

/// The values as they are spelled, in the order of their bytes.
fn counts(selection: &Selection<'_>, facet: &str) -> Vec<Count> {
    let buckets = selection.facet(&backstage::subject(facet)).into_iter();
    let mut counts: Vec<Count> = buckets.map(|b| Count { value: b.value.text, count: b.count }).collect();
    counts.sort_by(|a, b| a.value.cmp(&b.value));
    // Keys that differ in case only are one facet.
    counts.dedup_by(|later, first| {
        let same = later.value == first.value;
        if same {
            first.count += later.count;
        }
        same
    });
    counts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn malformed_bodies() {
        let refusal = |body: Value| of_body(body.as_object().cloned()).map_err(|e| e.message).unwrap_err();
        for (body, message) in [
            (json!({}), "request/body must have required property 'facets'"),
            (json!({"facets": "kind"}), "request/body/facets must be array"),
            (json!({"facets": []}), "Missing or empty facets parameter"),
            (json!({"facets": [""]}), "Missing or empty facets parameter"),
            (json!({"facets": ["kind"], "query": "x"}), "request/body/query must be object"),
            (json!(null), "unsupported media type undefined"),
        ] {
            assert_eq!(refusal(body), message);
        }
    }
}
