//! `POST /analyze-location`: what stands behind the address of a repository.

use axum::extract::State;
use axum::response::Response;
use http::Uri;
use serde_json::{Value, json};
use stagedoor_portal::{Analysis, Portal};
use utoipa::ToSchema;

use crate::answer;
use crate::body::{self, JsonBody, lacks, map};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::locations::{LocationInput, input_at, typed};
use crate::openapi::{EntityDocument, Refusal};
use crate::query::Query;

/// Where to look, and for what.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "only described")]
pub(crate) struct AnalyzeBody {
    location: LocationInput,
    /// `catalog-info.yaml` where nothing is said.
    #[schema(nullable = false)]
    catalog_filename: Option<String>,
}

/// What is there.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "only described")]
pub(crate) struct AnalyzeAnswer {
    existing_entity_files: Vec<ExistingEntity>,
    /// What one could start with, where there is nothing.
    generate_entities: Vec<GeneratedEntity>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "only described")]
struct ExistingEntity {
    /// The file.
    location: LocationInput,
    is_registered: bool,
    entity: EntityDocument,
}

#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
struct GeneratedEntity {
    entity: EntityDocument,
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    fields: Vec<Value>,
}

/// Looks for files of a catalog in a repository.
#[utoipa::path(
    post,
    path = "/api/catalog/analyze-location",
    operation_id = "analyze_location",
    tag = "locations",
    request_body = AnalyzeBody,
    responses(
        (status = 200, description = "What is there", body = AnalyzeAnswer),
        (status = 400, description = "Refused, or something is wrong with a file there", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 503, description = "The host wants no requests for a while", body = Refusal),
    )
)]
pub(crate) async fn post(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let body = typed(body)?;
    let location = map(&body, "location")?.ok_or_else(|| lacks("", "location"))?;
    let (_, target) = input_at(location, "/location")?;
    // The description of Backstage and its code write the key differently.
    let name = match body::text(&body, "", "catalogFilename")? {
        Some(name) => Some(name),
        None => body::text(&body, "", "catalogFileName")?,
    };
    let Analysis { files, suggestion } = portal.analyze_location(&viewer, &target, name).await?;
    let of_file = |file: stagedoor_portal::KnownFile| {
        let (target, registered) = (file.target, file.registered);
        let entity = move |entity| {
            json!({
                "location": { "type": "url", "target": target.clone() }, "isRegistered": registered, "entity": entity
            })
        };
        file.entities.into_iter().map(entity).collect::<Vec<_>>()
    };
    let existing: Vec<Value> = files.into_iter().flat_map(of_file).collect();
    let generated: Vec<Value> =
        suggestion.into_iter().map(|entity| json!({ "entity": entity, "fields": [] })).collect();
    let answer = json!({ "existingEntityFiles": existing, "generateEntities": generated });
    Ok(answer::json(answer.to_string()))
}
