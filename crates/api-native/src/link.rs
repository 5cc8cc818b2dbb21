//! A reference to an entity, with what a screen needs to show it.

use serde::Serialize;
use stagedoor_model::entity_ref::kind_of;
use stagedoor_portal::View;
use stagedoor_query::NodeId;
use utoipa::ToSchema;

/// One end of a relation. It need not exist.
#[derive(Serialize, ToSchema)]
pub(crate) struct Link {
    /// Its blueprint; empty when no blueprint has the kind of a dangling reference.
    blueprint: String,
    identifier: String,
    title: String,
    /// Lower-case reference.
    #[serde(rename = "ref")]
    reference: String,
    /// Backstage kind, if it has one.
    kind: Option<String>,
    icon: Option<String>,
    /// False for a dangling relation.
    exists: bool,
}

impl Link {
    pub(crate) fn to(view: &View, node: NodeId) -> Self {
        let reference = view.reference(node).trim_start_matches('!').to_owned();
        let identifier = view.identifier(node);
        let entity = view.entity(node);
        let entry = match entity {
            Some(entity) => view.blueprints().get(&entity.record.blueprint),
            None => view.blueprints().by_kind(kind_of(&reference)),
        };
        Self {
            blueprint: entry.map(|e| e.blueprint.identifier.clone()).unwrap_or_default(),
            title: view.title(node).unwrap_or_else(|| identifier.clone()),
            kind: entry.filter(|e| e.visible).map(|e| e.face.kind.clone()),
            icon: entity
                .and_then(|e| e.record.contributed().icon)
                .or_else(|| entry.and_then(|e| e.blueprint.icon.clone())),
            exists: entity.is_some(),
            identifier,
            reference,
        }
    }
}
