//! Everything an entity page shows first, in one call. What its tabs show besides has calls of its own.

mod dependents;
mod fields;
mod groups;
mod raw;
mod related;

use std::collections::BTreeMap;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stagedoor_auth::Action;
use stagedoor_portal::View;
use stagedoor_query::NodeId;
use utoipa::{IntoParams, ToSchema};

pub(crate) use self::dependents::{__path_dependents, dependents};
use self::fields::{FieldOrigin, file_of};
use self::groups::{Incoming, Other, Outgoing};
pub(crate) use self::raw::{__path_raw, raw};
pub(crate) use self::related::{__path_related, related};
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::link::Link;
use crate::sources::{SourceProblem, problem};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EntityQuery {
    blueprint: String,
    identifier: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntityPage {
    entity: EntityDetail,
    /// The teams and the entities that own it.
    owners: Vec<Link>,
    /// Its relations.
    relations: Vec<Outgoing>,
    /// Who points here, by blueprint and relation.
    incoming: Vec<Incoming>,
    /// What its document states besides.
    others: Vec<Other>,
    /// Where each stored value comes from: `title`, `icon`, `team`, `properties.<key>`, `relations.<key>`.
    fields: BTreeMap<String, FieldOrigin>,
    /// Where it comes from.
    source: Option<EntitySource>,
    problems: Vec<SourceProblem>,
    /// Sources that claim it too, and wait for the one that has it.
    conflicts: Vec<WaitingSource>,
    /// Why derived properties have no value, by their keys.
    derived_problems: BTreeMap<String, String>,
    /// Widgets of the blueprint's entity page, `<blueprint>Entity`, where somebody has made one of their own: its tabs
    /// and what the overview shows besides.
    #[schema(value_type = Option<Vec<Object>>)]
    page: Option<Vec<Value>>,
    may: EntityRights,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EntityDetail {
    identifier: String,
    title: String,
    icon: Option<String>,
    blueprint: String,
    /// Lower-case Backstage reference.
    #[serde(rename = "ref")]
    reference: String,
    /// Backstage kind, if it has one.
    kind: Option<String>,
    uid: String,
    team: Vec<String>,
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    properties: Map<String, Value>,
    created_at: String,
    created_by: String,
    updated_at: String,
    updated_by: String,
    /// The program that last wrote it through Port's API.
    datasource: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EntitySource {
    /// `location`, or `api` for what nothing but writers made.
    kind: String,
    /// Id of the source; null where it is not told.
    id: Option<String>,
    /// The source as configured; the client that last wrote it, or who made it.
    target: String,
    /// Empty where there is none.
    file: String,
    /// First line of the document, from 1.
    line: Option<u32>,
    state: Option<String>,
    /// Why it is not fresh.
    reason: Option<String>,
    /// End of the source's last reading.
    last_seen: Option<String>,
}

/// A claim that waits.
#[derive(Serialize, ToSchema)]
struct WaitingSource {
    source: String,
    file: String,
    line: u32,
    since: String,
}

/// What the viewer may do with it: true, or why not.
#[derive(Serialize, ToSchema)]
struct EntityRights {
    update: Permitted,
    delete: Permitted,
}

/// Whether something is allowed.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum Permitted {
    /// True.
    Yes(bool),
    /// The right that is missing, in words.
    No(String),
}

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/entity", get(entity))
        .route("/entity/raw", get(raw))
        .route("/entity/related", get(related))
        .route("/entity/dependents", get(dependents))
}

/// One entity with everything around it.
#[utoipa::path(
    get, path = "/entity", params(EntityQuery),
    responses(
        (status = 200, body = EntityPage), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn entity(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<EntityQuery>, QueryRejection>,
) -> Result<Json<EntityPage>, ApiError> {
    let Query(query) = query?;
    let view = api.portal.view(&viewer)?;
    let node = query.find(&view)?;
    let found = view.entity(node).ok_or_else(|| query.missing())?;
    let record = &found.record;
    let origins = api.portal.provenance(&view, node).await?;
    Ok(Json(EntityPage {
        entity: detail(&view, node).ok_or_else(|| query.missing())?,
        owners: owners(&view, node),
        relations: groups::outgoing(&view, node),
        incoming: groups::incoming(&view, node),
        others: groups::others(&view, node),
        fields: fields::origins(&view, record.claim.as_ref(), origins),
        source: source(&api, &view, node),
        problems: view.problems(&record.entity_ref).iter().map(problem).collect(),
        conflicts: conflicts(&view, node),
        derived_problems: view.derived_problems(node),
        page: page(&api, &viewer, &record.blueprint),
        may: EntityRights {
            update: permitted(&api, &view, Action::UpdateEntity, node),
            delete: permitted(&api, &view, Action::UnregisterEntity, node),
        },
    }))
}

impl EntityQuery {
    /// The entity that it names.
    fn find(&self, view: &View) -> Result<NodeId, ApiError> {
        view.by_key(&self.blueprint, &self.identifier).ok_or_else(|| self.missing())
    }

    fn missing(&self) -> ApiError {
        ApiError::not_found(format!("there is no {} \"{}\"", self.blueprint, self.identifier))
    }
}

fn detail(view: &View, node: NodeId) -> Option<EntityDetail> {
    let record = &view.entity(node)?.record;
    let entry = view.blueprints().get(&record.blueprint);
    Some(EntityDetail {
        identifier: record.identifier.to_string(),
        title: view.title(node).unwrap_or_else(|| record.identifier.to_string()),
        icon: record.contributed().icon,
        blueprint: record.blueprint.to_string(),
        reference: record.entity_ref.trim_start_matches('!').to_owned(),
        kind: entry.filter(|e| e.visible).map(|e| e.face.kind.clone()),
        uid: record.uid.to_string(),
        team: view.teams(node),
        properties: view.port_properties(node),
        created_at: record.stamps.created_at.to_string(),
        created_by: record.stamps.created_by.to_string(),
        updated_at: record.stamps.updated_at.to_string(),
        updated_by: record.stamps.updated_by.to_string(),
        datasource: record.stamps.datasource.as_deref().map(str::to_owned),
    })
}

/// What somebody has made of the blueprint's entity page, for whoever may read it.
fn page(api: &Api, viewer: &stagedoor_auth::Viewer, blueprint: &str) -> Option<Vec<Value>> {
    let page = api.portal.entity_page(viewer, blueprint)?;
    (!page.standard).then(|| page.widgets().to_vec())
}

/// What Backstage calls its owners; teams by their names where it has none.
fn owners(view: &View, node: NodeId) -> Vec<Link> {
    let relations = view.relations(node);
    let owners = relations.iter().filter(|r| r.name == "ownedBy").map(|r| Link::to(view, r.other));
    let owners: Vec<Link> = owners.collect();
    if !owners.is_empty() {
        return owners;
    }
    let team = |name: &String| view.by_key("_team", name).map(|node| Link::to(view, node));
    view.teams(node).iter().filter_map(team).collect()
}

fn permitted(api: &Api, view: &View, action: Action, node: NodeId) -> Permitted {
    match api.portal.could_with(view, action, node) {
        Some(Err(denied)) => Permitted::No(denied.to_string()),
        _ => Permitted::Yes(true),
    }
}

fn conflicts(view: &View, node: NodeId) -> Vec<WaitingSource> {
    let claims = view.waiting_for(node).into_iter();
    claims
        .map(|claim| WaitingSource {
            source: claim.source.clone(),
            file: file_of(&claim.item),
            line: claim.line,
            since: claim.since.to_string(),
        })
        .collect()
}

fn source(api: &Api, view: &View, node: NodeId) -> Option<EntitySource> {
    let record = &view.entity(node)?.record;
    let none = EntitySource {
        kind: "api".into(),
        id: None,
        target: record.stamps.datasource.as_ref().unwrap_or(&record.stamps.created_by).to_string(),
        file: String::new(),
        line: None,
        state: None,
        reason: None,
        last_seen: None,
    };
    let Some(claim) = &record.claim else { return Some(none) };
    let told = api.portal.source_of(view, node);
    let state = told.as_ref().and_then(|s| s.state).and_then(|s| serde_json::to_value(s).ok());
    Some(EntitySource {
        kind: "location".into(),
        id: told.as_ref().map(|source| source.id.clone()),
        file: file_of(&claim.item),
        target: claim.source.to_string(),
        line: Some(claim.line),
        state: state.and_then(|v| v.as_str().map(str::to_owned)),
        last_seen: told.as_ref().and_then(|source| source.last_run).map(|at| at.to_string()),
        reason: told.and_then(|source| source.reason),
    })
}
