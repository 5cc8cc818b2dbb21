//! Which program is for which sort of definition: the one place that knows.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_actions::port::PortProgram;
use stagedoor_actions::template::TemplateProgram;
use stagedoor_actions::workflow::WorkflowProgram;
use stagedoor_actions::{Performers, Program, RunKind};

use crate::Portal;

impl Portal {
    /// What performs steps.
    pub(crate) fn performers(&self) -> &Performers {
        &self.shared.runs.performers
    }
}

/// A definition made ready to be executed.
pub(super) fn of(
    kind: RunKind,
    definition: &Value,
    performers: &Performers,
) -> Result<Arc<dyn Program>, String> {
    match kind {
        RunKind::Action | RunKind::Automation => Ok(Arc::new(PortProgram::new(definition.clone()))),
        RunKind::Template => Ok(Arc::new(TemplateProgram::new(definition, performers.clone()))),
        RunKind::Workflow => Ok(Arc::new(WorkflowProgram::new(definition.clone()))),
    }
}
