//! Searching by rules, everywhere or in one blueprint.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use stagedoor_model::Timestamp;
use stagedoor_portal::{Portal, Scope, View};
use stagedoor_query::dialect::port;
use stagedoor_query::{Expr, NodeId};

use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, OfBlueprint, json_text};
use crate::flags::Parameters;
use crate::openapi::{PageReply, Query, ReadParameters, Refusal, SearchBody, SearchReply};
use crate::shape::Shape;
use crate::stream::{self, aside};

const DEFAULT_LIMIT: usize = 200;
const LIMIT: usize = 1000;

/// Searches all blueprints. Not paged.
#[utoipa::path(
    post,
    path = "/entities/search",
    tag = "Entities",
    operation_id = "search_entities",
    params(ReadParameters),
    request_body = Query,
    responses(
        (status = 200, description = "By blueprint, then by identifier", body = SearchReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The query is not legal, or uses what is not supported yet", body = Refusal),
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
        let expr = compile(&view, &query, "", None)?;
        let (blueprints, nodes) = found(&view, &expr);
        let matching = [("matchingBlueprints", Value::from(blueprints))];
        Ok(stream::entities(&view, nodes.into_iter(), &Shape::of_query(&parameters), &matching))
    });
    Ok(json_text(body.await?))
}

/// The hits, by blueprint and identifier, and the blueprints that have any.
fn found(view: &View, expr: &Expr) -> (Vec<String>, Vec<NodeId>) {
    let hits = view.select(expr, Scope::Everything);
    let mut blueprints: Vec<String> =
        view.blueprints().iter().map(|e| e.blueprint.identifier.clone()).collect();
    blueprints.sort();
    let mut nodes = Vec::new();
    blueprints.retain(|blueprint| {
        let before = nodes.len();
        nodes.extend(hits.by_identifier(blueprint, None));
        nodes.len() > before
    });
    (blueprints, nodes)
}

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
        (status = 422, description = "The query is not legal, or uses what is not supported yet", body = Refusal),
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
    let body = aside(move || {
        view.blueprints().get(&blueprint).ok_or_else(|| Failure::no_blueprint(&blueprint))?;
        page(&view, &blueprint, &body, Shape::of_query(&parameters))
    });
    Ok(json_text(body.await?))
}

fn page(view: &View, blueprint: &str, body: &Value, shape: Shape) -> Result<Vec<u8>, Failure> {
    let body = body.as_object().ok_or_else(|| Failure::invalid("body must be object"))?;
    let shape = shape.or_of_body(body)?;
    let expr = match body.get("query") {
        None | Some(Value::Null) => Expr::of_blueprint(blueprint),
        Some(query) => compile(view, query, "query", Some(blueprint))?,
    };
    let (limit, after) = (limit(body)?, cursor(body)?);
    let hits = view.select(&expr, Scope::Everything);
    let mut nodes: Vec<NodeId> = hits.by_identifier(blueprint, after.as_deref()).take(limit + 1).collect();
    let more = nodes.len() > limit;
    nodes.truncate(limit);
    let last = nodes.last().filter(|_| more).map(|n| URL_SAFE_NO_PAD.encode(view.identifier(*n)));
    Ok(stream::entities(view, nodes.into_iter(), &shape, &[("next", last.into())]))
}

fn compile(view: &View, query: &Value, place: &str, only: Option<&str>) -> Result<Expr, Failure> {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX));
    let scope = port::Scope { blueprints: view.blueprints(), only, now, caller: None };
    Ok(port::compile(query, place, &scope)?)
}

fn limit(body: &Map<String, Value>) -> Result<usize, Failure> {
    let value = match body.get("limit") {
        None | Some(Value::Null) => return Ok(DEFAULT_LIMIT),
        Some(value) => value,
    };
    match value.as_f64() {
        Some(n) if n < 1.0 => Err(Failure::invalid("\"limit\" must be >= 1")),
        Some(n) if n > LIMIT as f64 => Err(Failure::invalid(format!("\"limit\" must be <= {LIMIT}"))),
        Some(n) if n.fract() == 0.0 => Ok(n as usize),
        _ => Err(Failure::invalid("\"limit\" must be integer")),
    }
}

/// Where to go on: after this identifier. An empty cursor is the beginning.
fn cursor(body: &Map<String, Value>) -> Result<Option<String>, Failure> {
    let text = match body.get("from") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::String(text)) => text,
        Some(_) => return Err(Failure::invalid("\"from\" must be string")),
    };
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let identifier = bytes.and_then(|b| String::from_utf8(b).ok());
    identifier.map(Some).ok_or_else(|| Failure::invalid("\"from\" must be the \"next\" of an earlier reply"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{cursor, limit};

    #[test]
    fn limits_and_cursors_are_checked() {
        let map = |value: Value| value.as_object().cloned().unwrap_or_default();
        assert_eq!(limit(&map(json!({}))).unwrap(), 200);
        assert_eq!(limit(&map(json!({"limit": 1000}))).unwrap(), 1000);
        for (value, message) in [
            (json!(0), "\"limit\" must be >= 1"),
            (json!(1001), "\"limit\" must be <= 1000"),
            (json!(1.5), "\"limit\" must be integer"),
            (json!("5"), "\"limit\" must be integer"),
        ] {
            assert_eq!(limit(&map(json!({ "limit": value }))).unwrap_err().message, message);
        }
        assert_eq!(cursor(&map(json!({"from": "YS9i"}))).unwrap().as_deref(), Some("a/b"));
        assert_eq!(cursor(&map(json!({"from": ""}))).unwrap(), None);
        assert!(cursor(&map(json!({"from": "*"}))).is_err());
        assert!(cursor(&map(json!({"from": 7}))).is_err());
    }
}
