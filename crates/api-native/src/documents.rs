//! Handing over documents.

use axum::extract::rejection::BytesRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use stagedoor_portal::{DocumentResult, DocumentsReport};
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct DocumentsQuery {
    /// Answer what would happen and write nothing.
    #[serde(default)]
    dry_run: bool,
}

/// What became of each document.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Documents {
    dry_run: bool,
    created: Vec<Accepted>,
    changed: Vec<Accepted>,
    unchanged: Vec<Accepted>,
    rejected: Vec<Rejected>,
}

#[derive(Serialize, ToSchema)]
struct Accepted {
    /// Place in the batch, from 0.
    index: usize,
    /// Lower-case reference; null for a blueprint.
    #[serde(rename = "ref")]
    reference: Option<String>,
    blueprint: String,
    identifier: String,
    /// What would change it. Of a dry run only, and of the first hundred.
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Difference>,
}

/// A document that would change, as YAML.
#[derive(Serialize, ToSchema)]
pub(crate) struct Difference {
    before: String,
    after: String,
}

impl Difference {
    pub(crate) fn of((before, after): (String, String)) -> Self {
        Self { before, after }
    }
}

#[derive(Serialize, ToSchema)]
struct Rejected {
    index: usize,
    line: u32,
    column: u32,
    #[serde(rename = "ref")]
    reference: Option<String>,
    message: String,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/documents", post(documents))
}

/// Writes Backstage documents, or blueprints and entities in Port's form, as YAML or JSON.
#[utoipa::path(
    post, path = "/documents", params(DocumentsQuery),
    request_body(content((String = "application/yaml"), (String = "application/json"))),
    responses(
        (status = 200, description = "all accepted", body = Documents),
        (status = 207, description = "some rejected", body = Documents),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 422, description = "all rejected", body = Documents)
    )
)]
pub(crate) async fn documents(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<DocumentsQuery>, axum::extract::rejection::QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = body?;
    let text =
        String::from_utf8(body.to_vec()).map_err(|_| ApiError::invalid("the body is not UTF-8 text"))?;
    let report = api.portal.write_documents(&viewer, text, query?.dry_run).await?;
    let accepted = report.created.len() + report.changed.len() + report.unchanged.len();
    let status = match (accepted, report.rejected.len()) {
        (0, 0) => return Err(ApiError::invalid("the body holds no document")),
        (_, 0) => StatusCode::OK,
        (0, _) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::MULTI_STATUS,
    };
    Ok((status, Json(convert(report))).into_response())
}

fn convert(report: DocumentsReport) -> Documents {
    let accepted = |list: Vec<DocumentResult>| {
        let one = |r: DocumentResult| Accepted {
            index: r.index,
            reference: r.reference,
            blueprint: r.blueprint,
            identifier: r.identifier,
            difference: r.difference.map(Difference::of),
        };
        list.into_iter().map(one).collect()
    };
    let rejected = report.rejected.into_iter().map(|r| Rejected {
        index: r.index,
        line: r.line,
        column: r.column,
        reference: r.reference,
        message: r.message,
    });
    Documents {
        dry_run: report.dry_run,
        created: accepted(report.created),
        changed: accepted(report.changed),
        unchanged: accepted(report.unchanged),
        rejected: rejected.collect(),
    }
}
