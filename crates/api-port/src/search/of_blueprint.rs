//! Searching one blueprint, page by page.

use axum::extract::State;
use serde_json::Value;
use stagedoor_portal::{Portal, View};
use stagedoor_query::NodeId;

use super::schemas::SearchBody;
use super::{Ask, computed, fields, searching};
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, OfBlueprint, json_text};
use crate::flags::Parameters;
use crate::openapi::{PageReply, ReadParameters, Refusal};
use crate::shape::Shape;
use crate::stream;

/// Searches one blueprint, page by page.
#[utoipa::path(
    post,
    path = "/blueprints/{blueprint}/entities/search",
    tag = "Entities",
    operation_id = "search_entities_of_blueprint",
    params(("blueprint" = String, Path, description = "Identifier of the blueprint"), ReadParameters),
    request_body = SearchBody,
    responses(
        (status = 200, description = "By identifier; `next` goes into `from` of the request for the next page", body = PageReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The query is not legal, or takes too long", body = Refusal),
    )
)]
pub(crate) async fn of_blueprint(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
    parameters: Parameters,
    Body(body): Body,
) -> Answer {
    let view = portal.view(&viewer)?;
    let body = searching(move || {
        view.blueprints().get(&blueprint).ok_or_else(|| Failure::no_blueprint(&blueprint))?;
        let shape = Shape::of_query(&parameters);
        if blueprint == computed::RESULTS {
            return computed::page(&portal.computed(&view), &body, shape);
        }
        let view = computed::of(&portal, view, &blueprint, None)?;
        page(&view, &blueprint, &body, shape)
    });
    Ok(json_text(body.await?))
}

fn page(view: &View, blueprint: &str, body: &Value, shape: Shape) -> Result<Vec<u8>, Failure> {
    let body = fields::object(body)?;
    let shape = shape.or_of_body(body)?;
    let limit = fields::limit(body)?;
    let after = fields::cursor(body)?;
    let after = after.map(String::from_utf8).transpose().map_err(|_| fields::no_cursor())?;
    let hits = Ask::new(view).select(body.get("query"), Some(blueprint))?;
    let mut nodes: Vec<NodeId> = hits.by_identifier(blueprint, after.as_deref()).take(limit + 1).collect();
    let more = nodes.len() > limit;
    nodes.truncate(limit);
    let last = nodes.last().filter(|_| more).map(|n| fields::next(view.identifier(*n)));
    Ok(stream::entities(view, nodes.into_iter(), &shape, &[("next", last.into())]))
}
