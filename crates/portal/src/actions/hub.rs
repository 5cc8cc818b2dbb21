//! Everything that somebody could execute, with the reason where it may not.

use std::sync::Arc;

use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_query::NodeId;

use super::form::not_offered;
use super::{ACTIONS, StoredAction, condition, rights};
use crate::error::PortalError;
use crate::{Portal, View};

/// One action of the hub.
#[derive(Clone, Debug)]
pub struct HubAction {
    /// The action.
    pub action: StoredAction,
    /// Whether it runs only after an approval.
    pub needs_approval: bool,
}

/// An action with what the caller may do.
#[derive(Clone, Debug)]
pub struct HubEntry {
    /// The action.
    pub action: HubAction,
    /// Why it cannot be executed by this caller, for this entity; nothing where it can.
    pub why_not: Option<String>,
}

impl Portal {
    /// Every self-service action, and why not where the caller may not execute it. With an entity: those that are about
    /// it; without: all.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for the entity.
    pub fn action_hub(
        &self,
        viewer: &Viewer,
        entity: Option<(&str, &str)>,
    ) -> Result<Vec<HubEntry>, PortalError> {
        self.may(viewer, Action::ReadActions, Resource::Any)?;
        let view = self.view(viewer)?;
        let node = match entity {
            Some((blueprint, identifier)) => {
                let node = view.by_key(blueprint, identifier);
                Some((blueprint, node.ok_or_else(|| crate::entities::missing(blueprint, identifier))?))
            }
            None => None,
        };
        let catalog = self.shared.catalog.load_full();
        let entry = |record: &Arc<stagedoor_model::Record>| {
            let action = StoredAction::of(record);
            let definition = &action.definition;
            if definition.is_automation() || !is_about(&action, node) {
                return None;
            }
            let why_not = why_not(&view, &action, &catalog, node.map(|(_, node)| node));
            let needs_approval = definition.approval().is_some();
            Some(HubEntry { action: HubAction { action, needs_approval }, why_not })
        };
        Ok(catalog.records(ACTIONS).filter_map(entry).collect())
    }
}

/// Whether an action is offered where this entity is looked at.
fn is_about(action: &StoredAction, entity: Option<(&str, NodeId)>) -> bool {
    let Some((blueprint, _)) = entity else { return true };
    action.definition.needs_entity() && action.definition.blueprint().is_none_or(|own| own == blueprint)
}

fn why_not(
    view: &View,
    action: &StoredAction,
    catalog: &stagedoor_query::Catalog,
    node: Option<NodeId>,
) -> Option<String> {
    let definition = &action.definition;
    if let Err(denied) = rights::could_execute(view.rights(), definition.identifier(), catalog, node) {
        return Some(denied.to_string());
    }
    node.filter(|node| !condition::holds(definition, view, *node)).map(|_| not_offered(definition))
}
