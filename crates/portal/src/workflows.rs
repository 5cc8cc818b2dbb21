//! Port's workflows: definitions kept as they were sent, who may run them, and how a run of one begins.
//!
//! A workflow is a record of the collection `workflow`. What it means is read by `stagedoor_actions::workflow`; its runs
//! go on the engine of all runs. Who may run it stands in its trigger; who may not, and is no administrator, does not
//! see it either.

mod start;
mod triggers;
mod write;

use serde_json::{Map, Value, json};
use stagedoor_actions::workflow::{Node, Workflow};
use stagedoor_auth::{Action, Block, Resource, Rights, Viewer};
use stagedoor_model::{Record, Stamps};
use stagedoor_query::{Catalog, stable_hash};

use crate::Portal;
use crate::actions::block_of;
use crate::error::PortalError;

pub use start::WorkflowCall;
pub(crate) use triggers::{Schedules, new_run, of_events};

/// Collection of records: workflows by identifier.
pub(crate) const WORKFLOWS: &str = "workflow";

/// A workflow as it is kept.
#[derive(Clone, Debug)]
pub struct StoredWorkflow {
    /// What it says.
    pub definition: Workflow,
    /// Who and when.
    pub stamps: Stamps,
}

impl StoredWorkflow {
    pub(crate) fn of(record: &Record) -> Self {
        Self { definition: Workflow::stored(record.body.value()), stamps: record.stamps.clone() }
    }

    /// As Port's clients read it: as it was sent, with who and when.
    #[must_use]
    pub fn to_port(&self) -> Value {
        let mut body: Map<String, Value> = self.definition.body().clone();
        let id = stable_hash(self.definition.identifier().as_bytes());
        body.insert("id".into(), json!(format!("wf_{id:016x}")));
        let stamps = &self.stamps;
        body.insert("createdAt".into(), json!(stamps.created_at.to_string()));
        body.insert("createdBy".into(), json!(stamps.created_by));
        body.insert("updatedAt".into(), json!(stamps.updated_at.to_string()));
        body.insert("updatedBy".into(), json!(stamps.updated_by));
        Value::Object(body)
    }
}

/// A workflow by its identifier.
pub(crate) fn find(catalog: &Catalog, identifier: &str) -> Result<StoredWorkflow, PortalError> {
    catalog
        .record(WORKFLOWS, identifier)
        .map(|record| StoredWorkflow::of(record))
        .ok_or_else(|| missing(identifier))
}

fn missing(identifier: &str) -> PortalError {
    let shown: String = identifier.chars().take(100).collect();
    PortalError::NotFound(format!("Workflow with identifier \"{shown}\" was not found"))
}

/// Who may begin a run by a trigger: administrators, unless it names others.
fn block(catalog: &Catalog, trigger: Node<'_>) -> Block {
    block_of(catalog, trigger.config().get("permissions").unwrap_or(&Value::Null))
}

/// Whether a workflow is shown: to administrators, and to whoever may run it, as far as that can be told.
fn sees(rights: &Rights, catalog: &Catalog, workflow: &Workflow) -> bool {
    rights.is_administrator()
        || workflow.forms().any(|trigger| {
            let block = block(catalog, trigger);
            block.names(rights) || block.policy.is_some()
        })
}

impl Portal {
    /// Workflows that the caller may run, by identifier; administrators get all.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn workflows(&self, viewer: &Viewer) -> Result<Vec<StoredWorkflow>, PortalError> {
        self.may(viewer, Action::ReadWorkflows, Resource::Any)?;
        let catalog = self.shared.catalog.load();
        let rights = self.rights_in(viewer, &catalog);
        let all = catalog.records(WORKFLOWS).map(|record| StoredWorkflow::of(record));
        Ok(all.filter(|workflow| sees(&rights, &catalog, &workflow.definition)).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound` where there is none, or none that the caller may run; `Forbidden`.
    pub fn workflow(&self, viewer: &Viewer, identifier: &str) -> Result<StoredWorkflow, PortalError> {
        self.may(viewer, Action::ReadWorkflows, Resource::Named(identifier))?;
        self.visible_workflow(viewer, identifier)
    }

    /// Whether there is a workflow of this identifier: runs outlive theirs.
    #[must_use]
    pub fn knows_workflow(&self, identifier: &str) -> bool {
        self.shared.catalog.load().record(WORKFLOWS, identifier).is_some()
    }

    fn visible_workflow(&self, viewer: &Viewer, identifier: &str) -> Result<StoredWorkflow, PortalError> {
        let catalog = self.shared.catalog.load();
        let found = find(&catalog, identifier)?;
        match sees(&self.rights_in(viewer, &catalog), &catalog, &found.definition) {
            true => Ok(found),
            false => Err(missing(identifier)),
        }
    }
}
