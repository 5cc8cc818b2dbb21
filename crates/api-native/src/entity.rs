//! Everything an entity page shows, in one call.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stagedoor_portal::View;
use stagedoor_query::NodeId;
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::link::Link;
use crate::sources::{SourceProblem, problem};
use crate::tables::Row;

/// Links listed of one incoming group; `total` counts all.
const INCOMING: usize = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EntityQuery {
    blueprint: String,
    identifier: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct EntityPage {
    entity: EntityDetail,
    /// Who points here, by blueprint and relation.
    incoming: Vec<Incoming>,
    /// Backstage relations, both directions.
    edges: Vec<Edge>,
    /// Where it comes from.
    source: Option<EntitySource>,
    problems: Vec<SourceProblem>,
    /// Why derived properties have no value, by their keys.
    #[serde(rename = "derivedProblems")]
    derived_problems: BTreeMap<String, String>,
    /// In Port's form.
    port: Value,
    /// In Backstage's form; null where Backstage has no such kind.
    backstage: Option<Value>,
    /// The document as YAML, without what the server adds.
    yaml: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EntityDetail {
    #[serde(flatten)]
    row: Row,
    created_by: String,
    updated_by: String,
    uid: String,
}

#[derive(Serialize, ToSchema)]
struct Incoming {
    blueprint: String,
    relation: String,
    title: String,
    links: Vec<Link>,
    total: usize,
}

#[derive(Serialize, ToSchema)]
struct Edge {
    #[serde(rename = "type")]
    relation: String,
    link: Link,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EntitySource {
    /// `location`, or `api` for what nothing but writers made.
    kind: String,
    /// The source as configured; the client that last wrote it, or who made it.
    target: String,
    /// Empty where there is none.
    file: String,
    /// First line of the document, from 1.
    line: Option<u32>,
    state: Option<String>,
    /// End of the source's last reading.
    last_seen: Option<String>,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/entity", get(entity))
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
    query: Result<Query<EntityQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<EntityPage>, ApiError> {
    let Query(query) = query?;
    let view = api.portal.view(&viewer)?;
    let missing = || ApiError::not_found(format!("there is no {} \"{}\"", query.blueprint, query.identifier));
    let node = view.by_key(&query.blueprint, &query.identifier).ok_or_else(missing)?;
    let found = view.entity(node).ok_or_else(missing)?;
    let record = &found.record;
    let backstage = view.in_backstage(node).then(|| view.backstage_value(node));
    let page = EntityPage {
        entity: EntityDetail {
            row: Row::of(&view, node).ok_or_else(missing)?,
            created_by: record.stamps.created_by.clone().to_string(),
            updated_by: record.stamps.updated_by.clone().to_string(),
            uid: record.uid.to_string(),
        },
        incoming: incoming(&view, node),
        edges: edges(&view, node),
        source: source(&api, &viewer, &view, node),
        problems: view.problems(&record.entity_ref).iter().map(problem).collect(),
        derived_problems: view.derived_problems(node),
        port: view.port_entity(node),
        yaml: backstage.is_some().then(|| stagedoor_portal::to_yaml(&found.document.value())),
        backstage,
    };
    Ok(Json(page))
}

fn edges(view: &View, node: NodeId) -> Vec<Edge> {
    let relations = view.relations(node);
    relations
        .into_iter()
        .map(|r| Edge { relation: r.name.to_owned(), link: Link::to(view, r.other) })
        .collect()
}

fn incoming(view: &View, node: NodeId) -> Vec<Incoming> {
    let mut groups: BTreeMap<(String, String), Vec<NodeId>> = BTreeMap::new();
    for (blueprint, relation, from) in view.incoming_links(node) {
        groups.entry((blueprint, relation)).or_default().push(from);
    }
    let group = |((blueprint, relation), nodes): ((String, String), Vec<NodeId>)| {
        let definition = view.blueprints().get(&blueprint).and_then(|e| e.blueprint.relations.get(&relation));
        Incoming {
            title: definition.and_then(|d| d.title.clone()).unwrap_or_else(|| relation.clone()),
            total: nodes.len(),
            links: nodes.into_iter().take(INCOMING).map(|n| Link::to(view, n)).collect(),
            blueprint,
            relation,
        }
    };
    groups.into_iter().map(group).collect()
}

fn source(api: &Api, viewer: &stagedoor_auth::Viewer, view: &View, node: NodeId) -> Option<EntitySource> {
    let record = &view.entity(node)?.record;
    let Some(claim) = record.claim.clone() else {
        return Some(EntitySource {
            kind: "api".into(),
            target: record
                .stamps
                .datasource
                .clone()
                .unwrap_or_else(|| record.stamps.created_by.clone())
                .to_string(),
            file: String::new(),
            line: None,
            state: None,
            last_seen: None,
        });
    };
    let report = api.portal.sources(viewer).unwrap_or_default().into_iter().find(|s| s.id == claim.source);
    let state = report.as_ref().and_then(|r| r.state).and_then(|s| serde_json::to_value(s).ok());
    Some(EntitySource {
        kind: "location".into(),
        file: claim.item.rsplit_once('#').map_or(claim.item.clone(), |(file, _)| file.to_owned()),
        target: claim.source.to_string(),
        line: Some(claim.line),
        state: state.and_then(|v| v.as_str().map(str::to_owned)),
        last_seen: report.and_then(|r| r.last_run),
    })
}
