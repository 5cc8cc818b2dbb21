//! A name that two sources claim.

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use stagedoor_portal::ClaimOf;
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConflictQuery {
    /// Reference of the entity, in any case.
    #[serde(rename = "ref")]
    reference: String,
}

/// What every source says that claims one name.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConflictDetail {
    #[serde(rename = "ref")]
    reference: String,
    blueprint: String,
    identifier: String,
    /// Who holds it; null where its claim has just ended.
    holder: Option<ConflictClaim>,
    /// Who waits, the next one first.
    waiting: Vec<ConflictClaim>,
}

#[derive(Serialize, ToSchema)]
struct ConflictClaim {
    /// Id of the source.
    source: String,
    /// File or address.
    file: String,
    /// From 1; 0 where the whole file is meant.
    line: u32,
    /// Since when it waits.
    since: Option<String>,
    /// YAML.
    document: String,
}

/// Both sides of a conflict about a name.
#[utoipa::path(
    get, path = "/sources/conflict", operation_id = "source_conflict", params(ConflictQuery),
    responses(
        (status = 200, body = ConflictDetail), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody, description = "There is no conflict about it")
    )
)]
pub(crate) async fn conflict(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<ConflictQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<ConflictDetail>, ApiError> {
    let found = api.portal.name_conflict(&viewer, &query?.reference)?;
    Ok(Json(ConflictDetail {
        reference: found.reference,
        blueprint: found.blueprint,
        identifier: found.identifier,
        holder: found.holder.map(claim),
        waiting: found.waiting.into_iter().map(claim).collect(),
    }))
}

fn claim(claim: ClaimOf) -> ConflictClaim {
    let ClaimOf { source, file, line, since, document } = claim;
    ConflictClaim { source, file, line, since: since.map(|at| at.to_string()), document }
}
