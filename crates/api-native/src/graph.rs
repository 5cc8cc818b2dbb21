//! What is around an entity, or around all that a query finds, in one call.

mod query;

use std::time::{Duration, Instant};

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use stagedoor_model::entity_ref::kind_of;
use stagedoor_portal::{PortalError, View};
use stagedoor_query::budget;
use stagedoor_query::graph::{Connection, Neighbour};
use utoipa::ToSchema;

use self::query::GraphQuery;
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

/// Longer than any walk takes, unless the machine is overwhelmed.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// What is around an entity.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Graph {
    /// The entity asked for, then what is one step away, and so on.
    nodes: Vec<GraphNode>,
    /// Every relation between these nodes, once.
    edges: Vec<GraphEdge>,
    /// How many more nodes are within the depth, beyond the limit.
    hidden_nodes: u64,
    /// How many nodes that are not here are one step from those that are.
    beyond: u64,
    /// How many nodes the walk set out from.
    starts: usize,
    /// The commit that this shows.
    revision: u64,
}

#[derive(Serialize, ToSchema)]
struct GraphNode {
    /// Lower-case reference.
    #[serde(rename = "ref")]
    reference: String,
    /// Empty when no blueprint has the kind of a dangling reference.
    blueprint: String,
    identifier: String,
    title: String,
    /// Backstage kind, if it has one.
    kind: Option<String>,
    /// Steps from the entity asked for.
    hops: usize,
    hidden: Hidden,
    /// It has not been passed through: it is a hub, or was to be left closed.
    #[serde(skip_serializing_if = "is_false")]
    collapsed: bool,
    /// There is no such entity: relations point at it all the same. Absent when there is one.
    #[serde(skip_serializing_if = "is_false")]
    missing: bool,
}

/// Neighbours that are not among the nodes, by the relations and blueprints asked for, each counted once.
#[derive(Serialize, ToSchema)]
struct Hidden {
    /// Those that lead here.
    #[serde(rename = "in")]
    incoming: u32,
    /// Those that this leads to.
    #[serde(rename = "out")]
    outgoing: u32,
    /// All of them: one may lead both ways.
    all: u32,
}

#[derive(Serialize, ToSchema)]
struct GraphEdge {
    /// Place in `nodes`, from 0.
    from: u32,
    /// Place in `nodes`, from 0.
    to: u32,
    /// Its type, as `from` has it.
    relation: String,
    /// Its key in the blueprint of `from`; absent where that has no such relation.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_false(value: &bool) -> bool {
    !value
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/graph", get(graph))
}

/// What is around an entity: everything within some steps, nearest first, and every relation between.
#[utoipa::path(
    get, path = "/graph", params(GraphQuery),
    responses(
        (status = 200, body = Graph), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 422, description = "it took too long", body = ErrorBody)
    )
)]
pub(crate) async fn graph(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<Vec<(String, String)>>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Graph>, ApiError> {
    let around = GraphQuery::read(query?.0)?;
    let view = api.portal.view(&viewer)?;
    // Large ones hold up nobody else.
    let answer = tokio::task::spawn_blocking(move || answer(&view, around)).await;
    answer.map_err(|error| PortalError::Internal(error.to_string()))?.map(Json)
}

fn answer(view: &View, query: GraphQuery) -> Result<Graph, ApiError> {
    let end = Instant::now() + TIME_LIMIT;
    let walk = || {
        let around = query.resolve(view)?;
        Ok::<_, ApiError>((view.around(&around), around.starts.len()))
    };
    let (found, starts) = budget::limited(move || Instant::now() >= end, walk).map_err(|_| {
        let text = format!("it took longer than {} seconds and was stopped", TIME_LIMIT.as_secs());
        PortalError::refused("query_too_long", text)
    })??;
    Ok(Graph {
        nodes: found.nodes.iter().map(|neighbour| node(view, neighbour)).collect(),
        edges: found.edges.iter().map(edge).collect(),
        hidden_nodes: found.hidden_nodes,
        beyond: found.beyond,
        starts,
        revision: view.revision(),
    })
}

fn node(view: &View, neighbour: &Neighbour) -> GraphNode {
    let node = neighbour.node;
    let reference = view.reference(node).trim_start_matches('!');
    let identifier = view.identifier(node);
    let entity = view.entity(node);
    let entry = match entity {
        Some(entity) => view.blueprints().get(&entity.record.blueprint),
        None => view.blueprints().by_kind(kind_of(view.reference(node))),
    };
    GraphNode {
        reference: reference.to_owned(),
        blueprint: entry.map(|e| e.blueprint.identifier.clone()).unwrap_or_default(),
        title: view.title(node).unwrap_or_else(|| identifier.clone()),
        identifier,
        kind: entry.filter(|e| e.visible).map(|e| e.face.kind.clone()),
        hops: neighbour.hops,
        hidden: Hidden {
            incoming: neighbour.hidden_in,
            outgoing: neighbour.hidden_out,
            all: neighbour.hidden,
        },
        collapsed: neighbour.collapsed,
        missing: entity.is_none(),
    }
}

fn edge(edge: &Connection<'_>) -> GraphEdge {
    GraphEdge {
        from: edge.from,
        to: edge.to,
        relation: edge.relation.to_owned(),
        key: edge.key.map(str::to_owned),
    }
}
