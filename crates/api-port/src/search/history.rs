//! The values that properties of an entity have had.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde_json::{Map, Value};
use stagedoor_model::Interval;
use stagedoor_portal::{Portal, Version};

use super::schemas::{HistoryBody, SeriesReply};
use super::series::Series;
use super::{Ask, fields};
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller};
use crate::openapi::Refusal;

/// Properties of one series, at most.
const MAX_PROPERTIES: usize = 20;

/// Tells which values properties of an entity had at the end of each interval.
#[utoipa::path(
    post,
    path = "/entities/properties-history",
    tag = "Entities",
    operation_id = "properties_history",
    request_body = HistoryBody,
    responses(
        (status = 200, description = "A point for each interval; null where there was no value yet", body = SeriesReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 404, description = "No such blueprint or entity", body = Refusal),
        (status = 422, description = "The body is not legal", body = Refusal),
    )
)]
pub(crate) async fn properties_history(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Body(body): Body,
) -> Answer {
    let body = fields::object(&body)?;
    let blueprint = fields::required(body, "blueprintIdentifier", "")?;
    let identifier = fields::required(body, "entityIdentifier", "")?;
    let view = portal.view(&viewer)?;
    let entry = view.blueprints().get(blueprint).ok_or_else(|| Failure::no_blueprint(blueprint))?;
    let names = fields::texts(body, "propertyNames")?.ok_or_else(|| fields::missing("propertyNames", ""))?;
    if names.is_empty() || names.len() > MAX_PROPERTIES {
        return Err(Failure::invalid(format!("\"propertyNames\" must have 1 to {MAX_PROPERTIES} items")));
    }
    if let Some(at) = names.iter().position(|name| !entry.blueprint.properties.contains_key(name)) {
        return Err(Failure::invalid(format!(
            "\"propertyNames/{at}\" names a property that blueprint \"{blueprint}\" does not have: \"{}\"",
            names[at]
        )));
    }
    let series = Series::read(&Ask::new(&view), body, Some(("lastMonth", Interval::Day)))?;
    let versions = portal.property_history(&viewer, blueprint, identifier, series.from).await?;
    let reply = series.reply(|place| values(&versions, &series, place, &names));
    Ok(Json(reply).into_response())
}

/// The values at the end of an interval.
fn values(versions: &[Version], series: &Series, place: usize, names: &[String]) -> Map<String, Value> {
    let end = series.end(place);
    let last = versions.partition_point(|version| version.at <= end).checked_sub(1);
    let properties = last.and_then(|at| versions.get(at)?.properties.as_ref());
    let value = |name: &String| properties.and_then(|p| p.get(name)).cloned().unwrap_or_default();
    names.iter().map(|name| (name.clone(), value(name))).collect()
}
