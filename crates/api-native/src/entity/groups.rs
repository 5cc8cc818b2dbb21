//! The relations of an entity, in both directions, each with its exact number and its first ends.

use std::collections::BTreeMap;

use serde::Serialize;
use stagedoor_model::entity_ref::kind_of;
use stagedoor_portal::View;
use stagedoor_query::NodeId;
use utoipa::ToSchema;

use crate::link::Link;

/// Links listed of one group; `total` counts all.
const SHOWN: usize = 10;

/// A relation of the entity.
#[derive(Serialize, ToSchema)]
pub(super) struct Outgoing {
    /// Its key.
    key: String,
    title: String,
    /// Blueprint of its ends.
    target: String,
    many: bool,
    required: bool,
    links: Vec<Link>,
    total: usize,
}

/// Who points here by one relation.
#[derive(Serialize, ToSchema)]
pub(super) struct Incoming {
    blueprint: String,
    /// Its key, or its type where the blueprint has no such relation.
    relation: String,
    title: String,
    links: Vec<Link>,
    total: usize,
}

/// What the entity's document states by a type that is no relation of its blueprint.
#[derive(Serialize, ToSchema)]
pub(super) struct Other {
    #[serde(rename = "type")]
    relation: String,
    links: Vec<Link>,
    total: usize,
}

pub(super) fn outgoing(view: &View, node: NodeId) -> Vec<Outgoing> {
    let entry = view.entity(node).and_then(|e| view.blueprints().get(&e.record.blueprint));
    let Some(entry) = entry else { return Vec::new() };
    let group = |(key, many, nodes): (String, bool, Vec<NodeId>)| {
        let definition = entry.blueprint.relations.get(&key);
        Outgoing {
            title: definition.and_then(|d| d.title.clone()).unwrap_or_else(|| key.clone()),
            target: entry.face.relations.get(&key).map(|r| r.target.clone()).unwrap_or_default(),
            required: definition.is_some_and(|d| d.required),
            total: nodes.len(),
            links: shown(view, &nodes),
            many,
            key,
        }
    };
    view.port_links(node).into_iter().map(group).collect()
}

pub(super) fn incoming(view: &View, node: NodeId) -> Vec<Incoming> {
    let mut groups: BTreeMap<(String, String), Vec<NodeId>> = BTreeMap::new();
    for (blueprint, relation, from) in view.incoming_links(node) {
        groups.entry((blueprint, relation)).or_default().push(from);
    }
    let group = |((blueprint, relation), nodes): ((String, String), Vec<NodeId>)| {
        let definition = view.blueprints().get(&blueprint).and_then(|e| e.blueprint.relations.get(&relation));
        Incoming {
            title: definition.and_then(|d| d.title.clone()).unwrap_or_else(|| relation.clone()),
            total: nodes.len(),
            links: shown(view, &nodes),
            blueprint,
            relation,
        }
    };
    groups.into_iter().map(group).collect()
}

pub(super) fn others(view: &View, node: NodeId) -> Vec<Other> {
    let entry = view.entity(node).and_then(|e| view.blueprints().get(&e.record.blueprint));
    let Some(entry) = entry else { return Vec::new() };
    let mut groups: BTreeMap<&str, Vec<NodeId>> = BTreeMap::new();
    let relations = view.relations(node);
    for relation in relations.iter().filter(|r| !r.emitted_by_other) {
        let kind = kind_of(view.reference(relation.other));
        let mut faces = entry.face.relations.values();
        if !faces.any(|face| face.relation == relation.name && face.target_kind == kind) {
            groups.entry(relation.name).or_default().push(relation.other);
        }
    }
    let group = |(relation, nodes): (&str, Vec<NodeId>)| Other {
        relation: relation.to_owned(),
        total: nodes.len(),
        links: shown(view, &nodes),
    };
    groups.into_iter().map(group).collect()
}

fn shown(view: &View, nodes: &[NodeId]) -> Vec<Link> {
    nodes.iter().take(SHOWN).map(|node| Link::to(view, *node)).collect()
}
