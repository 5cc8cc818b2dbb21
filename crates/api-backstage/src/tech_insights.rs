//! Backstage's Tech Insights under `/api/tech-insights`: checks and facts, as the community's plugin (3.1) answers them.
//!
//! Facts are what the catalog says now; nothing is collected. So the facts of a range are those of now, if now is in it.

use axum::Router;
use axum::extract::{Path, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{StatusCode, Uri};
use serde_json::{Map, Value, json};
use stagedoor_model::{EntityRef, Timestamp};
use stagedoor_portal::{Checked, Portal, PortalError};
use utoipa::ToSchema;

use crate::body::{JsonBody, must};
use crate::caller::Caller;
use crate::error::{self, ApiError};
use crate::openapi::Refusal;
use crate::query::pairs;
use crate::{answer, unknown};

/// The routes, to be nested under `/api/tech-insights`.
pub fn router(portal: Portal) -> Router {
    Router::new()
        .route("/checks", get(checks))
        .route("/checks/run/{namespace}/{kind}/{name}", post(run_one))
        .route("/checks/run", post(run))
        .route("/fact-schemas", get(schemas))
        .route("/facts/latest", get(latest))
        .route("/facts/range", get(range))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(from_fn(error::shape))
        .with_state(portal)
}

/// Which checks to run; all where nothing is said.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct ChecksAsked {
    checks: Option<Vec<String>>,
}

/// The same for several entities, of which none stands for all.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct RunAsked {
    checks: Option<Vec<String>>,
    /// References, or objects of `kind`, `namespace` and `name`.
    #[schema(value_type = Vec<Object>)]
    entities: Vec<Value>,
}

/// What is not said as it should be.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct Unreadable {
    /// Where no retriever is named.
    #[schema(nullable = false)]
    error: Option<String>,
    /// Where a time is none.
    #[schema(nullable = false)]
    message: Option<String>,
    /// Its parameter.
    #[schema(nullable = false)]
    field: Option<String>,
    /// Always null.
    value: Option<Value>,
}

fn reply(value: &Value) -> Response {
    answer::json(value.to_string())
}

fn unreadable(body: &Value) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, reply(body)).into_response()
}

/// Runs what may take a while.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PortalError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| PortalError::Internal(error.to_string()))??)
}

/// The checks: those of the configuration, and a check for each rule of a scorecard.
#[utoipa::path(
    get,
    path = "/api/tech-insights/checks",
    operation_id = "insight_checks",
    tag = "tech-insights",
    responses(
        (status = 200, description = "The checks", body = Vec<Object>),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn checks(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
) -> Result<Response, ApiError> {
    Ok(reply(&Value::Array(portal.insight_checks(&viewer)?)))
}

fn ids_of(body: Option<&Map<String, Value>>) -> Result<Option<Vec<String>>, ApiError> {
    let Some(list) = body.and_then(|body| body.get("checks")).filter(|list| !list.is_null()) else {
        return Ok(None);
    };
    let texts = list.as_array().map(|list| list.iter().map(|id| id.as_str().map(str::to_owned)));
    let texts = texts.and_then(Iterator::collect::<Option<Vec<_>>>);
    texts.map(Some).ok_or_else(|| must("/checks", "be array of strings"))
}

fn shown(checked: Checked) -> Value {
    let Checked { entity, results, error } = checked;
    let mut shown = json!({ "entity": entity, "results": results });
    if let Some(error) = error {
        shown["error"] = json!({ "name": "Error", "message": error });
    }
    shown
}

/// Runs checks on one entity. A check whose facts are not there has no result.
#[utoipa::path(
    post,
    path = "/api/tech-insights/checks/run/{namespace}/{kind}/{name}",
    operation_id = "run_insight_checks",
    tag = "tech-insights",
    params(("namespace" = String, Path), ("kind" = String, Path), ("name" = String, Path)),
    request_body = ChecksAsked,
    responses(
        (status = 200, description = "The results", body = Vec<Object>),
        (status = 400, description = "Refused body", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn run_one(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Path((namespace, kind, name)): Path<(String, String, String)>,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let ids = ids_of(body.as_ref())?;
    let reference = EntityRef { kind, namespace, name }.key();
    let run = move || portal.run_checks(&viewer, vec![reference], ids.as_deref());
    let results = aside(run).await?.pop().map(|checked| checked.results).unwrap_or_default();
    Ok(reply(&Value::Array(results)))
}

/// Runs checks on several entities; on all where none is named.
#[utoipa::path(
    post,
    path = "/api/tech-insights/checks/run",
    operation_id = "run_insight_checks_on_many",
    tag = "tech-insights",
    request_body = RunAsked,
    responses(
        (status = 200, description = "The results of each", body = Vec<Object>),
        (status = 400, description = "Refused body, or too many entities", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn run(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let ids = ids_of(body.as_ref())?;
    let entities = body.as_ref().and_then(|body| body.get("entities")).and_then(Value::as_array);
    let entities = entities.ok_or_else(|| must("/entities", "be array"))?;
    let each = entities.iter().enumerate().map(|(n, entity)| reference_of(entity, n));
    let references = each.collect::<Result<Vec<_>, _>>()?;
    let run = move || portal.run_checks(&viewer, references, ids.as_deref());
    Ok(reply(&aside(run).await?.into_iter().map(shown).collect()))
}

fn reference_of(entity: &Value, n: usize) -> Result<String, ApiError> {
    if let Some(text) = entity.as_str() {
        return Ok(text.to_owned());
    }
    let text = |key: &str| entity.get(key).and_then(Value::as_str).map(str::to_owned);
    let parts = text("kind").zip(text("name"));
    let (kind, name) =
        parts.ok_or_else(|| must(&format!("/entities/{n}"), "be a reference or an object of one"))?;
    let namespace = text("namespace").unwrap_or_else(|| "default".to_owned());
    Ok(EntityRef { kind, namespace, name }.key())
}

/// Values of `ids` or `ids[]`.
fn ids_asked(uri: &Uri) -> Option<Vec<String>> {
    let all = pairs(uri.query().unwrap_or_default()).into_iter();
    let ids: Vec<String> =
        all.filter(|(name, _)| matches!(name.as_str(), "ids" | "ids[]")).map(|(_, id)| id).collect();
    (!ids.is_empty()).then_some(ids)
}

fn one(uri: &Uri, wanted: &str) -> Option<String> {
    pairs(uri.query().unwrap_or_default())
        .into_iter()
        .find(|(name, _)| name == wanted)
        .map(|(_, value)| value)
}

/// What retrievers find out: each fact with its type.
#[utoipa::path(
    get,
    path = "/api/tech-insights/fact-schemas",
    operation_id = "fact_schemas",
    tag = "tech-insights",
    params(("ids" = Option<Vec<String>>, Query, description = "Of these retrievers only")),
    responses(
        (status = 200, description = "The schemas", body = Vec<Object>),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn schemas(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
) -> Result<Response, ApiError> {
    Ok(reply(&Value::Array(portal.fact_schemas(&viewer, ids_asked(&uri).as_deref())?)))
}

/// The facts of an entity as they are now, by retriever.
#[utoipa::path(
    get,
    path = "/api/tech-insights/facts/latest",
    operation_id = "latest_facts",
    tag = "tech-insights",
    params(("entity" = String, Query), ("ids" = Vec<String>, Query, description = "Of these retrievers")),
    responses(
        (status = 200, description = "The facts", body = Object),
        (status = 400, description = "No reference", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 422, description = "No retriever is named", body = Unreadable),
    )
)]
pub(crate) async fn latest(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
) -> Result<Response, ApiError> {
    let entity =
        one(&uri, "entity").ok_or_else(|| ApiError::input("Missing required query parameter 'entity'"))?;
    let Some(ids) = ids_asked(&uri) else {
        portal.view(&viewer)?;
        return Ok(unreadable(&json!({ "error": "Failed to parse ids from request" })));
    };
    let facts = aside(move || portal.latest_facts(&viewer, &entity, &ids)).await?;
    Ok(reply(&Value::Object(facts)))
}

/// The facts of an entity in a range of time: those of now, if now is in it.
#[utoipa::path(
    get,
    path = "/api/tech-insights/facts/range",
    operation_id = "facts_in_range",
    tag = "tech-insights",
    params(
        ("entity" = String, Query), ("ids" = Vec<String>, Query, description = "Of these retrievers"),
        ("startDatetime" = String, Query), ("endDatetime" = String, Query)
    ),
    responses(
        (status = 200, description = "Lists of facts", body = Object),
        (status = 400, description = "No reference", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 422, description = "No retriever is named, or a time is none", body = Unreadable),
    )
)]
pub(crate) async fn range(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
) -> Result<Response, ApiError> {
    let entity =
        one(&uri, "entity").ok_or_else(|| ApiError::input("Missing required query parameter 'entity'"))?;
    portal.view(&viewer)?;
    let Some(ids) = ids_asked(&uri) else {
        return Ok(unreadable(&json!({ "error": "Failed to parse ids from request" })));
    };
    let time = |name: &str| one(&uri, name).and_then(|text| Timestamp::parse(&text));
    let (Some(start), Some(end)) = (time("startDatetime"), time("endDatetime")) else {
        let wrong = if time("startDatetime").is_none() { "startDateTime" } else { "endDateTime" };
        let body = json!({"message": "Failed to parse datetime from request", "field": wrong, "value": null});
        return Ok(unreadable(&body));
    };
    let facts = aside(move || portal.latest_facts(&viewer, &entity, &ids)).await?;
    let within = |facts: &Value| {
        let at = facts.get("timestamp").and_then(Value::as_str).and_then(Timestamp::parse);
        at.is_some_and(|at| start <= at && at <= end)
    };
    let facts = facts.into_iter().filter(|(_, facts)| within(facts));
    Ok(reply(&facts.map(|(id, facts)| (id, json!([facts]))).collect::<Map<_, _>>().into()))
}
