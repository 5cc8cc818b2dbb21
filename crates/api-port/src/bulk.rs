//! Many entities at once, each on its own: up to twenty to write, up to a hundred to remove.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use stagedoor_portal::{Portal, PortalError, Written};

use crate::apps;
use crate::entities::{post_mode, request};
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, OfBlueprint};
use crate::flags::Parameters;
use crate::openapi::{BulkBody, BulkReply, DeleteBody, DeletedReply, Refusal, WriteParameters};

/// Port's limit for writing.
const MOST: usize = 20;
/// Port's limit for removing.
const MOST_REMOVED: usize = 100;

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
    let viewer = portal.in_run(&viewer, parameters.one("run_id"));
    let entities = list(body, MOST)?;
    let named: Vec<String> = entities.iter().map(name).collect();
    let request = request(blueprint, post_mode(&parameters), &parameters, &headers, entities);
    let outcomes = portal.write_entities(&viewer, request).await?;
    let (status, reply) = report(outcomes, &named);
    Ok((status, Json(reply)).into_response())
}

/// The `entities` of a body, at least one.
fn list(mut body: Value, most: usize) -> Result<Vec<Value>, Failure> {
    let map = body.as_object_mut().ok_or_else(|| Failure::invalid("body must be object"))?;
    match map.remove("entities") {
        None => Err(Failure::invalid("body must have required property 'entities'")),
        Some(Value::Array(list)) if list.is_empty() => {
            Err(Failure::invalid("\"entities\" must NOT have fewer than 1 items"))
        }
        Some(Value::Array(list)) if list.len() > most => {
            Err(Failure::invalid(format!("\"entities\" must NOT have more than {most} items")))
        }
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(Failure::invalid("\"entities\" must be array")),
    }
}

/// How a refused entity is named in the reply: one whose search found nothing, or nothing legal, is `unknown`.
fn name(entity: &Value) -> String {
    match entity.get("identifier") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => "unknown".to_owned(),
    }
}

/// Removes up to 100 entities. The reply names those that are really gone: one that its source owns, that
/// another one requires, or that is not there does not hold back the others.
#[utoipa::path(
    post,
    path = "/blueprints/{blueprint}/bulk/entities/delete",
    tag = "Entities",
    operation_id = "delete_entities",
    params(
        ("blueprint" = String, Path, description = "Identifier of the blueprint"),
        ("delete_dependents" = Option<bool>, Query, description = "Remove the entities that require them, too"),
        ("run_id" = Option<String>, Query, description = "The run for which it is done, while that is under way: the audit log names it"),
    ),
    request_body = DeleteBody,
    responses(
        (status = 200, description = "What is gone", body = DeletedReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "Not a list of 1 to 100 identifiers", body = Refusal),
    )
)]
pub(crate) async fn delete(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
    parameters: Parameters,
    Body(body): Body,
) -> Answer {
    let viewer = portal.in_run(&viewer, parameters.one("run_id"));
    let identifiers = identifiers(list(body, MOST_REMOVED)?)?;
    let dependents = parameters.flag("delete_dependents");
    let gone = portal.delete_entities(&viewer, &blueprint, identifiers, dependents).await?;
    Ok(Json(json!({ "ok": true, "deletedEntities": gone })).into_response())
}

fn identifiers(list: Vec<Value>) -> Result<Vec<String>, Failure> {
    let one = |(at, value): (usize, Value)| match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(Failure::invalid(format!("\"entities/{at}\" must be string"))),
    };
    list.into_iter().enumerate().map(one).collect()
}

fn report(outcomes: Vec<Result<Written, PortalError>>, named: &[String]) -> (StatusCode, Value) {
    let (mut entities, mut errors) = (Vec::new(), Vec::new());
    for (index, outcome) in outcomes.into_iter().enumerate() {
        match outcome {
            Ok(w) => {
                let mut item = json!({ "identifier": w.identifier, "index": index, "created": w.created });
                if let Some(client) = &w.client {
                    item["additionalData"] = json!({ "credentials": apps::credentials(client) });
                }
                entities.push(item);
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
