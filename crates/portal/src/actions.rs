//! Port's actions: definitions kept as they were sent, who may execute them, and how a run of one begins.
//!
//! An action is a record of the collection `action`, what was changed of its permissions one of `action_permissions`.
//! What they mean is read by `stagedoor_actions::port`. A run begins in [`start`], where everything is decided that is
//! decided once: rights, condition, inputs, approvers.

mod condition;
mod context;
mod favourites;
mod follow;
mod form;
mod hub;
mod permissions;
mod policy;
mod preview;
mod rights;
mod start;
mod write;

use serde_json::{Map, Value, json};
use stagedoor_actions::port::PortAction;
pub use stagedoor_actions::port::templating::Fault as TemplateFault;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Record, Stamps};
use stagedoor_query::{Catalog, stable_hash};

use crate::Portal;
use crate::error::PortalError;

pub(crate) use form::aside;
pub use form::{FormAnswer, FormQuestion};
pub use hub::Offer;
pub(crate) use policy::{About, results};
pub use preview::{PreviewAction, PreviewAnswer};
pub(crate) use rights::{AboutRun, block_of};
pub use start::ActionCall;

/// Collection of records: actions and automations by identifier.
pub(crate) const ACTIONS: &str = "action";
/// Collection of records: what was changed of an action's permissions, by its identifier.
pub(crate) const PERMISSIONS: &str = "action_permissions";

/// An action or automation as it is kept.
#[derive(Clone, Debug)]
pub struct StoredAction {
    /// What it says.
    pub definition: PortAction,
    /// Who and when.
    pub stamps: Stamps,
}

impl StoredAction {
    fn of(record: &Record) -> Self {
        Self { definition: PortAction::stored(record.body.value()), stamps: record.stamps.clone() }
    }

    /// As Port's clients read it: as it was sent, with who and when.
    #[must_use]
    pub fn to_port(&self) -> Value {
        let mut body: Map<String, Value> = self.definition.body().clone();
        let id = stable_hash(self.definition.identifier().as_bytes());
        body.insert("id".into(), json!(format!("action_{id:016x}")));
        let stamps = &self.stamps;
        body.insert("createdAt".into(), json!(stamps.created_at.to_string()));
        body.insert("createdBy".into(), json!(stamps.created_by));
        body.insert("updatedAt".into(), json!(stamps.updated_at.to_string()));
        body.insert("updatedBy".into(), json!(stamps.updated_by));
        Value::Object(body)
    }
}

/// Which actions are wanted: those that satisfy everything that is said. Empty lists say nothing.
#[derive(Clone, Debug, Default)]
pub struct ActionQuery {
    /// With one of these identifiers.
    pub identifiers: Vec<String>,
    /// About one of these blueprints.
    pub blueprints: Vec<String>,
    /// `CREATE`, `DAY-2` or `DELETE`.
    pub operation: Option<String>,
    /// Automations that are on, or off.
    pub published: Option<bool>,
    /// `self-service` or `automation`.
    pub trigger: Option<String>,
    /// Automations that one of these events sets going.
    pub events: Vec<String>,
    /// Automations that runs of one of these actions set going.
    pub of_actions: Vec<String>,
}

impl ActionQuery {
    fn wants(&self, action: &PortAction) -> bool {
        let one_of = |list: &[String], value: Option<&str>| {
            list.is_empty() || value.is_some_and(|value| list.iter().any(|wanted| wanted == value))
        };
        let event = |key: &str| action.event().and_then(|event| event.get(key)).and_then(Value::as_str);
        let kind = if action.is_automation() { "automation" } else { "self-service" };
        one_of(&self.identifiers, Some(action.identifier()))
            && one_of(&self.blueprints, action.blueprint())
            && self.operation.as_deref().is_none_or(|wanted| wanted == action.operation())
            && self.published.is_none_or(|wanted| wanted == action.is_published())
            && self.trigger.as_deref().is_none_or(|wanted| wanted == kind)
            && one_of(&self.events, event("type"))
            && one_of(&self.of_actions, event("actionIdentifier"))
    }
}

/// An action by its identifier.
pub(crate) fn find(catalog: &Catalog, identifier: &str) -> Result<StoredAction, PortalError> {
    catalog
        .record(ACTIONS, identifier)
        .map(|record| StoredAction::of(record))
        .ok_or_else(|| missing(identifier))
}

fn missing(identifier: &str) -> PortalError {
    let shown: String = identifier.chars().take(100).collect();
    PortalError::NotFound(format!("Action with identifier \"{shown}\" was not found"))
}

impl Portal {
    /// Actions and automations, by identifier.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn actions(&self, viewer: &Viewer, query: &ActionQuery) -> Result<Vec<StoredAction>, PortalError> {
        self.may(viewer, Action::ReadActions, Resource::Any)?;
        let catalog = self.shared.catalog.load();
        let all = catalog.records(ACTIONS).map(|record| StoredAction::of(record));
        Ok(all.filter(|action| query.wants(&action.definition)).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub fn action(&self, viewer: &Viewer, identifier: &str) -> Result<StoredAction, PortalError> {
        self.may(viewer, Action::ReadActions, Resource::Named(identifier))?;
        find(&self.shared.catalog.load(), identifier)
    }

    /// Whether there is an action of this identifier: runs outlive theirs.
    #[must_use]
    pub fn knows_action(&self, identifier: &str) -> bool {
        self.shared.catalog.load().record(ACTIONS, identifier).is_some()
    }
}
