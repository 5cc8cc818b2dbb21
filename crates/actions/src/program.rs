//! What comes next in a run: the one question that all sorts of definitions answer.

use serde_json::Value;

use crate::run::Run;

/// A definition made ready to be executed: an action, a template, a workflow. Pure: the same run gives the same answer,
/// so a run that was interrupted goes on as if nothing had happened.
pub trait Program: Send + Sync {
    /// What is to be done, given what has happened. It may block for as long as a JQ program may take.
    ///
    /// # Errors
    /// What is wrong with the definition or its inputs, for a person: the run fails with it.
    fn next(&self, run: &Run, scope: &Scope<'_>) -> Result<Next, String>;
}

/// What a program may read besides the run.
pub struct Scope<'a> {
    /// Runs JQ programs.
    pub jq: &'a stagedoor_jq::Jq,
    /// The organization's secrets, and those that were given with the run, by name. Read only where a template names one.
    pub secrets: &'a dyn Fn(&str) -> Option<String>,
    /// Names of the secrets that there are.
    pub secret_names: &'a [String],
    /// Secrets given with this run alone (a template's `secrets`).
    pub run_secrets: &'a serde_json::Map<String, Value>,
    /// Secret members of outputs, by step and name: in the run itself they are masked.
    pub step_secrets: &'a serde_json::Map<String, Value>,
    /// Code hosts that the configuration names, as host and kind (`github`, `gitlab`...).
    pub hosts: &'a [(String, String)],
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// These steps, which do not wait for each other; each is new or open in the run.
    Perform(Vec<Planned>),
    /// Steps that are not performed, with the reason that the log gives.
    Skip(Vec<(Planned, String)>),
    /// Nothing before one of the steps under way has ended.
    Wait,
    /// It has ended; with its output.
    Succeed(Value),
    /// It has ended; why.
    Fail(String),
}

/// A step to be performed.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// As in [`crate::Step`].
    pub id: String,
    /// For people.
    pub name: String,
    /// Name of a [`crate::Performer`].
    pub performer: String,
    /// What it is given, rendered, with secrets in clear: never kept.
    pub input: Value,
    /// Texts that hold secrets or were made of them, to be masked wherever they show up.
    pub hidden: Vec<String>,
}
