//! An entity as each dialect writes it.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::EntityQuery;
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

/// The forms of one entity.
#[derive(Serialize, ToSchema)]
pub(crate) struct RawEntity {
    /// In Port's form.
    port: Value,
    /// In Backstage's form; null where Backstage has no such kind.
    backstage: Option<Value>,
    /// The document as YAML, without what the server adds.
    yaml: Option<String>,
}

/// One entity in every form.
#[utoipa::path(
    get, path = "/entity/raw", params(EntityQuery),
    responses(
        (status = 200, body = RawEntity), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn raw(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<EntityQuery>, QueryRejection>,
) -> Result<Json<RawEntity>, ApiError> {
    let Query(query) = query?;
    let view = api.portal.view(&viewer)?;
    let node = query.find(&view)?;
    let found = view.entity(node).ok_or_else(|| query.missing())?;
    let backstage = view.in_backstage(node).then(|| view.backstage_value(node));
    Ok(Json(RawEntity {
        port: view.port_entity(node),
        yaml: backstage.is_some().then(|| stagedoor_portal::to_yaml(&found.document.value())),
        backstage,
    }))
}
