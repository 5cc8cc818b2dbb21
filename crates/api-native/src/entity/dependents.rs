//! What deleting an entity would do.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Serialize;
use stagedoor_portal::{Fate, Pointing, View};
use utoipa::ToSchema;

use super::EntityQuery;
use super::fields::file_of;
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::link::Link;

/// Links listed of one group.
const SHOWN: usize = 20;

/// What deleting an entity would do, as far as the viewer may know.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DependentsPreview {
    /// Why it cannot be deleted as it is; null where it can.
    refused: Option<String>,
    /// The source that states it. While it does, the entity cannot be deleted, and one that goes comes back.
    claim: Option<ClaimPlace>,
    /// Relations that lead here.
    pointing: Vec<PointingGroup>,
    /// How many relations these are.
    total: usize,
    /// What `delete_dependents` would delete with it.
    with_it: WithIt,
}

/// Where a source states the entity.
#[derive(Serialize, ToSchema)]
struct ClaimPlace {
    source: String,
    file: String,
    line: u32,
}

/// Relations of one kind that lead here, and what becomes of them.
#[derive(Serialize, ToSchema)]
struct PointingGroup {
    blueprint: String,
    relation: String,
    title: String,
    /// `nulled`: it loses the target; `dangling`: it stays, for a document states it, and leads to nothing; `required`:
    /// it may not lose it.
    fate: &'static str,
    links: Vec<Link>,
    total: usize,
}

/// What would be deleted, too.
#[derive(Serialize, ToSchema)]
struct WithIt {
    links: Vec<Link>,
    total: usize,
    /// Why even that would be refused.
    blocked: Option<String>,
}

/// What deleting an entity would do: nothing is written.
#[utoipa::path(
    get, path = "/entity/dependents", params(EntityQuery),
    responses(
        (status = 200, body = DependentsPreview), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn dependents(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<EntityQuery>, QueryRejection>,
) -> Result<Json<DependentsPreview>, ApiError> {
    let Query(query) = query?;
    let (view, found) = api.portal.dependents(&viewer, &query.blueprint, &query.identifier)?;
    let claim = found.claim.map(|claim| ClaimPlace {
        source: claim.source.to_string(),
        file: file_of(&claim.item),
        line: claim.line,
    });
    let held = claim.as_ref().map(|claim| {
        format!("it belongs to its source {} (line {}); remove it there", claim.file, claim.line)
    });
    Ok(Json(DependentsPreview {
        refused: found.forbidden.or(held),
        claim,
        total: found.pointing.iter().map(|group| group.nodes.len()).sum(),
        pointing: found.pointing.iter().map(|pointing| group(&view, pointing)).collect(),
        with_it: WithIt {
            links: links(&view, &found.with_it),
            total: found.with_it.len(),
            blocked: found.blocked,
        },
    }))
}

fn group(view: &View, pointing: &Pointing) -> PointingGroup {
    let entry = view.blueprints().get(&pointing.blueprint);
    let definition = entry.and_then(|e| e.blueprint.relations.get(&pointing.relation));
    PointingGroup {
        blueprint: pointing.blueprint.clone(),
        relation: pointing.relation.clone(),
        title: definition.and_then(|d| d.title.clone()).unwrap_or_else(|| pointing.relation.clone()),
        fate: match pointing.fate {
            Fate::Required => "required",
            Fate::Nulled => "nulled",
            Fate::Dangling => "dangling",
        },
        links: links(view, &pointing.nodes),
        total: pointing.nodes.len(),
    }
}

fn links(view: &View, nodes: &[stagedoor_query::NodeId]) -> Vec<Link> {
    nodes.iter().take(SHOWN).map(|node| Link::to(view, *node)).collect()
}
