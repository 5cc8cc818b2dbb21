//! Up to twenty entities at once, each on its own.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use stagedoor_portal::{Portal, PortalError, Written};

use crate::entities::{post_mode, request};
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, OfBlueprint};
use crate::flags::Parameters;
use crate::openapi::{BulkBody, BulkReply, Refusal, WriteParameters};

/// Port's limit.
const MOST: usize = 20;

/// Writes up to 20 entities. One that is refused does not hold back the others.
#[utoipa::path(
    post,
    path = "/blueprints/{blueprint}/entities/bulk",
    tag = "Entities",
    operation_id = "write_entities",
    params(
        ("blueprint" = String, Path, description = "Identifier of the blueprint"),
        ("upsert" = Option<bool>, Query, description = "Replace entities that exist"),
        ("merge" = Option<bool>, Query, description = "With `upsert`: keep what the body does not name"),
        WriteParameters,
    ),
    request_body = BulkBody,
    responses(
        (status = 200, description = "All were written", body = BulkReply),
        (status = 207, description = "Some were refused", body = BulkReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "Not a list of 1 to 20 entities", body = Refusal),
    )
)]
pub(crate) async fn write(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
    parameters: Parameters,
    headers: HeaderMap,
    Body(body): Body,
) -> Answer {
    let entities = list(body)?;
    let named: Vec<String> = entities.iter().map(name).collect();
    let request = request(blueprint, post_mode(&parameters), &parameters, &headers, entities);
    let outcomes = portal.write_entities(&viewer, request).await?;
    let (status, reply) = report(outcomes, &named);
    Ok((status, Json(reply)).into_response())
}

fn list(mut body: Value) -> Result<Vec<Value>, Failure> {
    let map = body.as_object_mut().ok_or_else(|| Failure::invalid("body must be object"))?;
    match map.remove("entities") {
        None => Err(Failure::invalid("body must have required property 'entities'")),
        Some(Value::Array(list)) if list.is_empty() => {
            Err(Failure::invalid("\"entities\" must NOT have fewer than 1 items"))
        }
        Some(Value::Array(list)) if list.len() > MOST => {
            Err(Failure::invalid(format!("\"entities\" must NOT have more than {MOST} items")))
        }
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(Failure::invalid("\"entities\" must be array")),
    }
}

/// How a refused entity is named in the reply.
fn name(entity: &Value) -> String {
    entity.get("identifier").and_then(Value::as_str).unwrap_or("unknown").to_owned()
}

fn report(outcomes: Vec<Result<Written, PortalError>>, named: &[String]) -> (StatusCode, Value) {
    let (mut entities, mut errors) = (Vec::new(), Vec::new());
    for (index, outcome) in outcomes.into_iter().enumerate() {
        match outcome {
            Ok(w) => {
                entities.push(json!({ "identifier": w.identifier, "index": index, "created": w.created }))
            }
            Err(error) => {
                let failure = Failure::from(error);
                errors.push(json!({
                    "identifier": named.get(index),
                    "index": index,
                    "statusCode": failure.status.as_u16(),
                    "error": failure.code,
                    "message": failure.message,
                }));
            }
        }
    }
    let ok = errors.is_empty();
    let status = if ok { StatusCode::OK } else { StatusCode::MULTI_STATUS };
    (status, json!({ "ok": ok, "entities": entities, "errors": errors }))
}
