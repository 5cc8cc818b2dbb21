//! Searching all blueprints.

use std::time::Duration;

use axum::extract::State;
use serde_json::Value;
use stagedoor_portal::{Portal, Scope, View};
use stagedoor_query::NodeId;

use super::schemas::{PartialParameters, Query, SearchReply};
use super::{Ask, TIME_LIMIT, computed, limited, too_long};
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, json_text};
use crate::flags::Parameters;
use crate::openapi::{ReadParameters, Refusal};
use crate::shape::Shape;
use crate::stream::{self, aside};

/// The hits in order, the blueprints that have any, and those that were not searched to the end.
#[derive(Default)]
struct Found {
    nodes: Vec<NodeId>,
    matching: Vec<String>,
    failed: Vec<String>,
}

/// Searches all blueprints. Not paged.
#[utoipa::path(
    post,
    path = "/entities/search",
    tag = "Entities",
    operation_id = "search_entities",
    params(ReadParameters, PartialParameters),
    request_body = Query,
    responses(
        (status = 200, description = "By blueprint, then by identifier", body = SearchReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The query is not legal, or takes too long", body = Refusal),
    )
)]
pub(crate) async fn everywhere(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    parameters: Parameters,
    Body(query): Body,
) -> Answer {
    let view = portal.view(&viewer)?;
    let body = aside(move || {
        let view = computed::named(&portal, view, &query, "")?;
        let partial = parameters.flag("allow_partial_results");
        let found = match limited(TIME_LIMIT, || search(&view, &query, None)) {
            Err(failure) if partial && failure.code == too_long(TIME_LIMIT).code => {
                one_by_one(&view, &query, TIME_LIMIT)?
            }
            found => found?,
        };
        let failed = if partial { found.failed.into() } else { Value::Null };
        let more = [("matchingBlueprints", found.matching.into()), ("failedBlueprints", failed)];
        Ok(stream::entities(&view, found.nodes.into_iter(), &Shape::of_query(&parameters), &more))
    });
    Ok(json_text(body.await?))
}

fn search(view: &View, query: &Value, only: Option<&str>) -> Result<Found, Failure> {
    let expr = Ask::new(view).compile(query, "", only)?;
    let hits = view.select(&expr, Scope::Everything);
    let mut found = Found { matching: blueprints(view), ..Found::default() };
    found.matching.retain(|blueprint| {
        let before = found.nodes.len();
        found.nodes.extend(hits.by_identifier(blueprint, None));
        found.nodes.len() > before
    });
    Ok(found)
}

fn blueprints(view: &View) -> Vec<String> {
    let mut all: Vec<String> = view.blueprints().iter().map(|e| e.blueprint.identifier.clone()).collect();
    all.sort();
    all
}

/// What is found in time when each blueprint gets its share of it.
fn one_by_one(view: &View, query: &Value, limit: Duration) -> Result<Found, Failure> {
    let mut found = Found::default();
    let all = blueprints(view);
    let share = limit / u32::try_from(all.len()).unwrap_or(u32::MAX).max(1);
    for blueprint in all {
        match limited(share, || search(view, query, Some(&blueprint))) {
            Ok(part) => {
                found.nodes.extend(part.nodes);
                found.matching.extend(part.matching);
            }
            Err(failure) if failure.code == too_long(limit).code => found.failed.push(blueprint),
            Err(failure) => return Err(failure),
        }
    }
    Ok(found)
}
