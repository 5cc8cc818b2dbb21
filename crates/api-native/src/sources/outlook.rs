//! What registering a location would do.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use serde::{Deserialize, Serialize};
use stagedoor_portal::{OutlookFault, Outlooked};
use utoipa::ToSchema;

use crate::Api;
use crate::documents::Difference;
use crate::error::{ApiError, Caller, ErrorBody};

#[derive(Deserialize, ToSchema)]
pub(crate) struct LocationPreviewRequest {
    /// Web address of a file.
    target: String,
}

/// Everything that an address leads to, beside what is stored.
#[derive(Serialize, ToSchema)]
pub(crate) struct LocationPreview {
    /// It is registered already.
    exists: bool,
    created: Vec<PreviewedDocument>,
    changed: Vec<PreviewedDocument>,
    unchanged: Vec<PreviewedDocument>,
    /// Another source holds these names: they would wait.
    conflicts: Vec<PreviewedDocument>,
    rejected: Vec<RejectedPlace>,
}

#[derive(Serialize, ToSchema)]
struct PreviewedDocument {
    /// Lower-case; of an entity in Port's form `blueprint identifier`, of a blueprint its identifier.
    #[serde(rename = "ref")]
    reference: String,
    /// `Component`, `Blueprint`, `Entity`, ...
    kind: String,
    title: Option<String>,
    /// Address of its file.
    file: String,
    /// Its first line there, from 1.
    line: u32,
    /// Who holds its name.
    holder: Option<String>,
    /// Of the first fifty that change.
    difference: Option<Difference>,
}

#[derive(Serialize, ToSchema)]
struct RejectedPlace {
    message: String,
    /// Empty where that cannot be told.
    file: String,
    /// From 1; 0 where the whole file is meant.
    line: u32,
    /// From 1; 0 where there is no line.
    column: u32,
    #[serde(rename = "ref")]
    reference: Option<String>,
}

/// Reads an address and says what would be created, changed and rejected if it were registered. Nothing is written.
#[utoipa::path(
    post, path = "/locations/preview", operation_id = "preview_location", request_body = LocationPreviewRequest,
    responses(
        (status = 200, body = LocationPreview), (status = 400, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 422, body = ErrorBody, description = "No web address")
    )
)]
pub(crate) async fn preview(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<LocationPreviewRequest>, JsonRejection>,
) -> Result<Json<LocationPreview>, ApiError> {
    let Json(LocationPreviewRequest { target }) = body?;
    let found = api.portal.location_outlook(&viewer, target.trim()).await?;
    let documents = |list: Vec<Outlooked>| list.into_iter().map(document).collect();
    Ok(Json(LocationPreview {
        exists: found.exists,
        created: documents(found.created),
        changed: documents(found.changed),
        unchanged: documents(found.unchanged),
        conflicts: documents(found.conflicts),
        rejected: found.rejected.into_iter().map(rejected).collect(),
    }))
}

fn document(of: Outlooked) -> PreviewedDocument {
    PreviewedDocument {
        reference: of.reference,
        kind: of.kind,
        title: of.title,
        file: of.file,
        line: of.line,
        holder: of.holder,
        difference: of.difference.map(Difference::of),
    }
}

fn rejected(fault: OutlookFault) -> RejectedPlace {
    let OutlookFault { message, file, line, column, reference } = fault;
    RejectedPlace { message, file, line, column, reference }
}
