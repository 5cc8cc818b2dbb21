//! Everything that somebody could execute, with the reason where it may not.

use serde_json::Value;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::json::at;
use stagedoor_query::{Catalog, Expr, NodeId};

use super::form::not_offered;
use super::{ACTIONS, StoredAction, condition, rights};
use crate::error::PortalError;
use crate::{Portal, RunKind, RunQuery, Scope, View};

/// Runs among which the newest ones of each action are looked for.
const RECENT: usize = 50;

/// Something that can be executed, and whether the caller may.
#[derive(Clone, Debug)]
pub enum Offer {
    /// An action.
    Action {
        /// It.
        action: Box<StoredAction>,
        /// Why it cannot be executed by this caller, for this entity; nothing where it can.
        why_not: Option<String>,
    },
    /// A template of the catalog.
    Template {
        /// Lower-case reference.
        reference: String,
        /// The document.
        document: Box<Value>,
        /// Why it cannot be executed by this caller.
        why_not: Option<String>,
    },
}

impl Portal {
    /// Every self-service action and template, and why not where the caller may not execute it. With an entity (blueprint
    /// and identifier): the actions that are about it.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for the entity.
    pub fn offers(&self, viewer: &Viewer, entity: Option<(&str, &str)>) -> Result<Vec<Offer>, PortalError> {
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
        let actions = catalog.records(ACTIONS).map(|record| StoredAction::of(record));
        let fits = |action: &StoredAction| !action.definition.is_automation() && is_about(action, node);
        let offer = |action: StoredAction| {
            let why_not = why_not(&view, &action, &catalog, node.map(|(_, node)| node));
            Offer::Action { action: Box::new(action), why_not }
        };
        let mut all: Vec<Offer> = actions.filter(fits).map(offer).collect();
        if node.is_none() {
            all.extend(self.template_offers(viewer, &view));
        }
        Ok(all)
    }

    fn template_offers(&self, viewer: &Viewer, view: &View) -> Vec<Offer> {
        let found = view.select(&Expr::of_blueprint("template"), Scope::Backstage);
        let one = |node: NodeId| {
            let document = view.backstage_value(node);
            at(&document, "spec.steps")?;
            let reference = view.reference(node).to_owned();
            let why_not =
                self.could_execute_template(viewer, &reference).err().map(|error| error.to_string());
            Some(Offer::Template { reference, document: Box::new(document), why_not })
        };
        found.by_identifier("template", None).filter_map(one).collect()
    }

    /// What the caller has executed last, each once: `action:<identifier>` and `template:<reference>`.
    #[must_use]
    pub fn recent_actions(&self, viewer: &Viewer) -> Vec<String> {
        let query = RunQuery {
            kinds: vec![RunKind::Action, RunKind::Template],
            starter: Some(viewer.email().unwrap_or(viewer.name()).to_owned()),
            limit: RECENT,
            ..RunQuery::default()
        };
        let mut names: Vec<String> = Vec::new();
        for run in self.runs(viewer, &query).map(|page| page.runs).unwrap_or_default() {
            let kind = if run.of.kind == RunKind::Template { "template" } else { "action" };
            let name = format!("{kind}:{}", run.of.identifier);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// Whether an action is offered where this entity is looked at.
fn is_about(action: &StoredAction, entity: Option<(&str, NodeId)>) -> bool {
    let Some((blueprint, _)) = entity else { return true };
    action.definition.needs_entity() && action.definition.blueprint().is_none_or(|own| own == blueprint)
}

fn why_not(view: &View, action: &StoredAction, catalog: &Catalog, node: Option<NodeId>) -> Option<String> {
    let definition = &action.definition;
    if let Err(denied) = rights::could_execute(view.rights(), definition.identifier(), catalog, node) {
        return Some(denied.to_string());
    }
    node.filter(|node| !condition::holds(definition, view, *node)).map(|_| not_offered(definition))
}
