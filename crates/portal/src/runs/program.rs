//! Which program is for which sort of definition: the one place that knows.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_actions::port::PortProgram;
use stagedoor_actions::{Program, RunKind};

/// A definition made ready to be executed.
pub(super) fn of(kind: RunKind, definition: &Value) -> Result<Arc<dyn Program>, String> {
    match kind {
        RunKind::Action | RunKind::Automation => Ok(Arc::new(PortProgram::new(definition.clone()))),
        RunKind::Template | RunKind::Workflow => Err("nothing executes this sort of definition".into()),
    }
}
