//! How many entities a search finds.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde_json::json;
use stagedoor_portal::Portal;

use super::schemas::CountBody;
use super::{Ask, computed, fields, searching};
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, OfBlueprint};
use crate::openapi::{Count, Refusal};

/// Counts what a search of one blueprint finds.
#[utoipa::path(
    post,
    path = "/blueprints/{blueprint}/entities/search/count",
    tag = "Entities",
    operation_id = "count_entities_of_blueprint",
    params(("blueprint" = String, Path, description = "Identifier of the blueprint")),
    request_body = CountBody,
    responses(
        (status = 200, description = "How many there are", body = Count),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
        (status = 422, description = "The query is not legal, or takes too long", body = Refusal),
    )
)]
pub(crate) async fn count_found(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
    Body(body): Body,
) -> Answer {
    let view = portal.view(&viewer)?;
    let count = searching(move || {
        view.blueprints().get(&blueprint).ok_or_else(|| Failure::no_blueprint(&blueprint))?;
        let body = fields::object(&body)?;
        if blueprint == computed::RESULTS {
            return computed::count(&portal.computed(&view), body.get("query"));
        }
        let view = computed::of(&portal, view, &blueprint, None)?;
        Ok(Ask::new(&view).select(body.get("query"), Some(&blueprint))?.len())
    });
    Ok(Json(json!({ "ok": true, "count": count.await? })).into_response())
}
