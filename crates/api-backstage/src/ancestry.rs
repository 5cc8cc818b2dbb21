//! Where an entity comes from.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Uri};
use serde_json::json;
use stagedoor_portal::Portal;
use utoipa::ToSchema;

use crate::answer;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::openapi::{EntityDocument, Refusal};
use crate::query::{Query, segments};

/// An entity and all that led to it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "only described")]
pub(crate) struct Ancestry {
    /// The entity that was asked for.
    root_entity_ref: String,
    /// It and its ancestors, from near to far.
    items: Vec<Ancestor>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "only described")]
struct Ancestor {
    entity: EntityDocument,
    /// What led to it directly.
    parent_entity_refs: Vec<String>,
}

/// The locations that led to an entity.
#[utoipa::path(
    get,
    path = "/api/catalog/entities/by-name/{kind}/{namespace}/{name}/ancestry",
    operation_id = "entity_ancestry",
    tag = "entities",
    params(
        ("kind" = String, Path, description = "Kind, such as `Component`", min_length = 1),
        ("namespace" = String, Path, description = "Namespace, such as `default`", min_length = 1),
        ("name" = String, Path, description = "Name", min_length = 1),
    ),
    responses(
        (status = 200, description = "The entity and its ancestors", body = Ancestry),
        (status = 304, description = "Not changed"),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 404, description = "No such entity", body = Refusal),
    )
)]
pub(crate) async fn get(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let view = portal.view(&viewer)?;
    let parts = segments(&uri);
    let [_, _, kind, namespace, name, _] = parts.as_slice() else { return Err(ApiError::not_found("")) };
    let node = view.by_name(kind, namespace, name).filter(|node| view.in_backstage(*node));
    let node = node.ok_or_else(|| {
        let asked = format!("{kind}:{namespace}/{name}").to_lowercase();
        ApiError::not_found(format!("No such entity {asked}"))
    })?;
    let mut body = format!("{{\"rootEntityRef\":{},\"items\":[", json!(view.reference(node))).into_bytes();
    for (at, ancestor) in view.ancestry(node, &portal).into_iter().enumerate() {
        body.extend_from_slice(if at == 0 { b"{\"entity\":" } else { b",{\"entity\":" });
        view.append_backstage(ancestor.node, &mut body);
        let parents = format!(",\"parentEntityRefs\":{}}}", json!(ancestor.parents));
        body.extend_from_slice(parents.as_bytes());
    }
    body.extend_from_slice(b"]}");
    Ok(answer::tagged(body, &headers))
}
