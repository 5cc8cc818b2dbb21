//! The data model with live counts.

mod derived;
pub(crate) mod preview;
pub(crate) mod templates;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;
use stagedoor_auth::Viewer;
use stagedoor_portal::{Portal, View};
use stagedoor_query::BlueprintEntry;
use utoipa::ToSchema;

use self::derived::DerivedProperty;
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::views::ViewItem;

#[derive(Serialize, ToSchema)]
pub(crate) struct BlueprintList {
    blueprints: Vec<BlueprintSummary>,
    /// Links between entities, counted by the relation that states them.
    edges: Vec<ModelEdge>,
    /// The lines of the sidebar from top to bottom, as `GET /v1/sidebars/catalog` answers them.
    #[schema(value_type = Vec<Object>)]
    sidebar: Vec<Value>,
    /// The caller's own saved views and the shared ones, by title.
    views: Vec<ViewItem>,
}

#[derive(Serialize, ToSchema)]
struct BlueprintSummary {
    identifier: String,
    title: String,
    icon: Option<String>,
    description: Option<String>,
    /// Backstage kind, if its entities are visible there.
    kind: Option<String>,
    /// Whether it is one of Backstage's kinds.
    shipped: bool,
    /// Number of entities.
    count: u64,
    /// Property definitions in Port's form, in order.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    properties: IndexMap<String, Value>,
    required: Vec<String>,
    /// Properties whose values are derived, by key.
    #[schema(value_type = std::collections::HashMap<String, DerivedProperty>)]
    derived: IndexMap<String, DerivedProperty>,
    #[schema(value_type = std::collections::HashMap<String, RelationSummary>)]
    relations: IndexMap<String, RelationSummary>,
    /// Derived properties that are null whatever the entity.
    problems: Vec<CalculationProblem>,
}

#[derive(Serialize, ToSchema)]
struct CalculationProblem {
    /// Key of the property.
    property: String,
    message: String,
}

#[derive(Serialize, ToSchema)]
struct RelationSummary {
    title: Option<String>,
    /// Target blueprint.
    target: String,
    required: bool,
    many: bool,
}

#[derive(Serialize, ToSchema)]
struct ModelEdge {
    from: String,
    relation: String,
    to: String,
    count: u64,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/blueprints", get(blueprints))
        .route("/blueprints/preview", post(preview::preview))
        .route("/blueprint-templates", get(templates::templates))
}

/// All blueprints with counts of entities and of links between them. System blueprints are listed once they have
/// entities.
#[utoipa::path(get, path = "/blueprints", responses((status = 200, body = BlueprintList), (status = 401, body = ErrorBody)))]
pub(crate) async fn blueprints(
    State(api): State<Api>,
    Caller(viewer): Caller,
) -> Result<Json<BlueprintList>, ApiError> {
    Ok(Json(list(&api, &viewer)?))
}

/// The data model as a viewer sees it.
pub(crate) fn list(api: &Api, viewer: &Viewer) -> Result<BlueprintList, ApiError> {
    let view = api.portal.view(viewer)?;
    let listed = |e: &&BlueprintEntry| !e.blueprint.is_system() || view.count(&e.blueprint.identifier) > 0;
    let entries = view.blueprints().iter().filter(listed);
    let mut blueprints: Vec<_> = entries.map(|e| summary(&api.portal, &view, e)).collect();
    blueprints.sort_by_cached_key(|b| b.title.to_lowercase());
    // Whoever may not read pages has none in the sidebar.
    let sidebar = api.portal.sidebar(viewer).unwrap_or_default().into_iter().map(|item| item.body).collect();
    let views = api.portal.views(viewer, None).unwrap_or_default().into_iter().map(ViewItem::from).collect();
    Ok(BlueprintList { blueprints, edges: edges(&view), sidebar, views })
}

fn summary(portal: &Portal, view: &View, entry: &BlueprintEntry) -> BlueprintSummary {
    let b = &entry.blueprint;
    let relation = |r: &stagedoor_model::RelationDefinition| RelationSummary {
        title: r.title.clone(),
        target: r.target.clone(),
        required: r.required,
        many: r.many,
    };
    BlueprintSummary {
        identifier: b.identifier.clone(),
        title: b.title.clone().unwrap_or_else(|| b.identifier.clone()),
        icon: b.icon.clone(),
        description: b.body.value().get("description").and_then(Value::as_str).map(str::to_owned),
        kind: entry.visible.then(|| entry.face.kind.clone()),
        shipped: entry.face.shipped,
        count: view.count(&b.identifier),
        properties: b.properties.iter().map(|(k, p)| (k.clone(), p.definition.clone())).collect(),
        required: b.required.clone(),
        derived: derived::properties(entry),
        relations: b.relations.iter().map(|(k, r)| (k.clone(), relation(r))).collect(),
        problems: portal
            .calculation_problems(b)
            .into_iter()
            .chain(entry.derived.problems().map(|(key, problem)| (key.to_owned(), problem.to_owned())))
            .map(|(property, message)| CalculationProblem { property, message })
            .collect(),
    }
}

fn edges(view: &View) -> Vec<ModelEdge> {
    let mut counts: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    for (from, relation, to, count) in view.model_edges() {
        *counts.entry((from, relation, to)).or_default() += count;
    }
    counts.into_iter().map(|((from, relation, to), count)| ModelEdge { from, relation, to, count }).collect()
}
