//! Trying JQ programs out: what a calculation or a mapping would give, and where it is wrong.

use serde_json::Value;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_jq::JqError;

use crate::Portal;
use crate::error::PortalError;

/// Outputs that are shown.
const MOST_OUTPUTS: usize = 20;
/// Bytes of outputs that are shown.
const MOST_BYTES: usize = 256 * 1024;

/// A program and what it is run on.
#[derive(Clone, Debug)]
pub struct ProgramTrial {
    /// JQ.
    pub program: String,
    /// Blueprint and identifier of the entity that is the input.
    pub entity: Option<(String, String)>,
    /// The input, where it is no entity.
    pub input: Option<Value>,
}

/// What a program gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProgramRun {
    /// Its outputs, the first of which is what a calculation takes.
    pub outputs: Vec<Value>,
    /// There would be more of them.
    pub more: bool,
    /// Why there is none.
    pub problem: Option<ProgramProblem>,
    /// What it was run on.
    pub input: Value,
}

/// Why a program gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramProblem {
    /// `syntax`, `failed`, `time`, `memory` or `unavailable`.
    pub kind: &'static str,
    /// What is wrong.
    pub message: String,
    /// Line and column, from 1, where a place can be told.
    pub place: Option<(u32, u32)>,
}

impl Portal {
    /// Runs a program under the limits that hold for all programs, and writes nothing. It is for who defines
    /// blueprints: others could only keep the workers busy with it.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for an entity that is not there, or that the viewer may not see.
    pub async fn try_program(&self, viewer: &Viewer, trial: ProgramTrial) -> Result<ProgramRun, PortalError> {
        match &trial.entity {
            Some((blueprint, _)) => self.may(viewer, Action::UpdateBlueprint, Resource::Named(blueprint))?,
            None => self.may(viewer, Action::CreateBlueprint, Resource::Any)?,
        }
        let input = match &trial.entity {
            None => trial.input.unwrap_or(Value::Null),
            Some((blueprint, identifier)) => {
                let view = self.view(viewer)?;
                let node = view.by_key(blueprint, identifier);
                let node = node.ok_or_else(|| crate::entities::missing(blueprint, identifier))?;
                view.port_entity(node)
            }
        };
        let (jq, program) = (std::sync::Arc::clone(&self.shared.jq), trial.program);
        let running = tokio::task::spawn_blocking(move || {
            let inputs = [input];
            let result = jq.some(&program, &inputs, MOST_OUTPUTS + 1).pop();
            let [input] = inputs;
            run_of(result.unwrap_or_else(|| Ok(Vec::new())), input)
        });
        running.await.map_err(|_| PortalError::Internal("trying the program failed".into()))
    }
}

fn run_of(result: Result<Vec<Value>, JqError>, input: Value) -> ProgramRun {
    let mut run = ProgramRun { input, ..ProgramRun::default() };
    match result {
        Ok(mut outputs) => {
            run.more = outputs.len() > MOST_OUTPUTS;
            outputs.truncate(MOST_OUTPUTS);
            let mut left = MOST_BYTES;
            for output in outputs {
                let Some(rest) = left.checked_sub(output.to_string().len()) else {
                    run.more = true;
                    break;
                };
                left = rest;
                run.outputs.push(output);
            }
            if run.more && run.outputs.is_empty() {
                let message = format!("the result is longer than {} KiB and is not shown", MOST_BYTES / 1024);
                run.problem = Some(ProgramProblem { kind: "memory", message, place: None });
            }
        }
        Err(error) => run.problem = Some(problem_of(&error)),
    }
    run
}

fn problem_of(error: &JqError) -> ProgramProblem {
    let kind = match error {
        JqError::Syntax(_) => "syntax",
        JqError::Failed(_) => "failed",
        JqError::Time => "time",
        JqError::Memory => "memory",
        JqError::Unavailable(_) => "unavailable",
    };
    let text = error.to_string();
    let (place, message) = match (kind, placed(&text)) {
        ("syntax", Some((line, column, rest))) => (Some((line, column)), rest.to_owned()),
        _ => (None, text),
    };
    ProgramProblem { kind, message, place }
}

/// `line 1, column 4: expected term`.
fn placed(text: &str) -> Option<(u32, u32, &str)> {
    let (line, rest) = text.strip_prefix("line ")?.split_once(", column ")?;
    let (column, rest) = rest.split_once(": ")?;
    Some((line.parse().ok()?, column.parse().ok()?, rest))
}
