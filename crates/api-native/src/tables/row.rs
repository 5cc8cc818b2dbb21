//! One entity as a table shows it.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};
use stagedoor_portal::View;
use stagedoor_query::NodeId;
use utoipa::ToSchema;

use crate::link::Link;

/// An entity with its relations as links.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    identifier: String,
    title: String,
    icon: Option<String>,
    blueprint: String,
    /// Lower-case Backstage reference.
    #[serde(rename = "ref")]
    reference: String,
    team: Vec<String>,
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    properties: Map<String, Value>,
    #[schema(value_type = std::collections::HashMap<String, Vec<Link>>)]
    relations: IndexMap<String, Vec<Link>>,
    created_at: String,
    updated_at: String,
    /// Problems of its source that concern it.
    problems: usize,
}

impl Row {
    pub(crate) fn of(view: &View, node: NodeId) -> Option<Self> {
        let entity = view.entity(node)?;
        let record = &entity.record;
        let links = view
            .port_links(node)
            .into_iter()
            .map(|(key, _, nodes)| (key, nodes.into_iter().map(|n| Link::to(view, n)).collect()));
        Some(Self {
            identifier: record.identifier.clone().to_string(),
            title: view.title(node).unwrap_or_else(|| record.identifier.clone().to_string()),
            icon: record.contributed().icon,
            blueprint: record.blueprint.clone().to_string(),
            reference: record.entity_ref.trim_start_matches('!').to_owned(),
            team: view.teams(node),
            properties: view.port_properties(node),
            relations: links.collect(),
            created_at: record.stamps.created_at.to_string(),
            updated_at: record.stamps.updated_at.to_string(),
            problems: view.problems(&record.entity_ref).len(),
        })
    }
}
