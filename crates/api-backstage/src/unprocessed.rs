//! `/entities/unprocessed`: documents that are not in the catalog as their sources say them.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use serde::Serialize;
use serde_json::Value;
use stagedoor_portal::{Portal, Unprocessed};
use utoipa::{IntoParams, ToSchema};

use crate::answer;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::openapi::{EntityDocument, Refusal};
use crate::query::{Kind, Parameter, Query, segments};
use crate::validate::Fault;

const KNOWN: &[Parameter] = &[Parameter::optional("owner", Kind::Text)];

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct OwnerParams {
    /// Only documents whose `spec.owner` is this.
    owner: Option<String>,
}

/// Documents with problems.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnprocessedList {
    /// `failed` or `pending`.
    r#type: &'static str,
    entities: Vec<UnprocessedEntity>,
}

/// A document with problems.
#[derive(Serialize, ToSchema)]
struct UnprocessedEntity {
    /// Of the entity, or one that stands for the document.
    entity_id: String,
    entity_ref: String,
    /// What it said when it was last taken; of one that never was, what can be told.
    #[schema(value_type = EntityDocument)]
    unprocessed_entity: Value,
    errors: Vec<Fault>,
    /// The source.
    location_key: String,
    /// When the source was last read.
    last_discovery_at: Option<String>,
}

impl From<Unprocessed> for UnprocessedEntity {
    fn from(one: Unprocessed) -> Self {
        Self {
            entity_id: one.id,
            entity_ref: one.reference,
            unprocessed_entity: one.document,
            errors: one.problems.iter().map(|p| Fault::new(&p.name, &p.message)).collect(),
            location_key: one.source,
            last_discovery_at: one.read_at,
        }
    }
}

/// Entities whose newest documents were refused: the catalog has what they said before.
#[utoipa::path(
    get,
    path = "/api/catalog/entities/unprocessed/failed",
    operation_id = "failed_entities",
    tag = "unprocessed",
    params(OwnerParams),
    responses(
        (status = 200, description = "The documents", body = UnprocessedList),
        (status = 304, description = "Not changed"),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
    )
)]
pub(crate) async fn failed(
    State(portal): State<Portal>,
    caller: Caller,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    list("failed", &portal, caller, &headers, &uri)
}

/// Documents that were refused and never taken.
#[utoipa::path(
    get,
    path = "/api/catalog/entities/unprocessed/pending",
    operation_id = "pending_entities",
    tag = "unprocessed",
    params(OwnerParams),
    responses(
        (status = 200, description = "The documents", body = UnprocessedList),
        (status = 304, description = "Not changed"),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
    )
)]
pub(crate) async fn pending(
    State(portal): State<Portal>,
    caller: Caller,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    list("pending", &portal, caller, &headers, &uri)
}

/// Has the source of such a document read again: one that it says no more is forgotten.
#[utoipa::path(
    delete,
    path = "/api/catalog/entities/unprocessed/delete/{id}",
    operation_id = "delete_unprocessed_entity",
    tag = "unprocessed",
    params(("id" = String, Path, description = "`entity_id`", min_length = 1)),
    responses(
        (status = 204, description = "Read again, or unknown"),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn delete(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let id = segments(&uri).pop().unwrap_or_default();
    portal.forget_unprocessed(&viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn list(
    kind: &'static str,
    portal: &Portal,
    Caller(viewer): Caller,
    headers: &HeaderMap,
    uri: &Uri,
) -> Result<Response, ApiError> {
    let query = Query::of(uri, KNOWN)?;
    let mut all = portal.unprocessed(&viewer)?;
    all.retain(|one| one.taken == (kind == "failed"));
    if let Some(owner) = query.one("owner") {
        all.retain(|one| one.document.pointer("/spec/owner").and_then(Value::as_str) == Some(owner));
    }
    let list = UnprocessedList { r#type: kind, entities: all.into_iter().map(Into::into).collect() };
    Ok(answer::tagged(serde_json::to_vec(&list).unwrap_or_default(), headers))
}
