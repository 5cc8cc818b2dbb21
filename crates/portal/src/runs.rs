//! Runs: executions of actions, automations, templates and workflows, kept and brought to their end.
//!
//! A run is a record of the private collection `run`; its definition as it was then, and what was given to it in secret,
//! are records beside it. Every step of the way is one [`Portal::commit`], judged against the newest state and made only
//! by the process that holds the run ([`hold`]). So a crash at any point leaves what is known, and whoever comes next
//! goes on from there ([`drive`]). What a run tells is a journal ([`logs`]).

mod access;
mod again;
mod announce;
mod approve;
mod ask;
mod book;
mod cancel;
mod claim;
mod commits;
mod drive;
mod engine;
mod events;
mod folders;
mod hold;
mod limits;
mod logs;
mod nodes;
mod notice;
mod own_api;
mod perform;
mod plan;
mod program;
mod record;
mod report;
mod retention;
mod secrets;
mod start;

use std::sync::Arc;

use serde_json::{Map, Value};
use stagedoor_actions::{Approval, Level, Limits, Origin, Run, RunKind, RunOf, Starter, Status, Target};
use stagedoor_model::Timestamp;

pub use ask::RunDoings;
pub(crate) use engine::Runs;
pub use engine::{RunStats, RunsConfig};
pub use events::RunEvents;
pub use limits::RunLimits;
pub use nodes::{
    InboxItem, InputForm, NodePress, NodeResult, NodeRun, NodeRunPatch, NodeRunQuery, WaitingInput,
};
pub use own_api::OwnApi;
pub use plan::ProgramMaker;
pub(crate) use secrets::reseal;
pub(crate) use start::limits_of;
pub use start::starter;

/// Collection of runs.
pub(crate) const RUNS: &str = "run";
/// Collection of definitions as they were when a run began.
pub(crate) const DEFINITIONS: &str = "run_definition";
/// Collection of what runs were given in secret.
pub(crate) const SECRETS: &str = "run_secret";

/// A run to be started. Whether its starter may, and whether its inputs are right, has been decided.
#[derive(Clone, Debug, Default)]
pub struct NewRun {
    /// Its id; `r_` and 16 letters or digits are made up where there is none.
    pub id: Option<String>,
    /// Of what.
    pub of: RunOf,
    /// The definition as it is now: the run keeps to it, whatever becomes of it later.
    pub definition: Value,
    /// Who set it going: see [`starter`].
    pub starter: Starter,
    /// The same as a caller, for the audit log; the name alone where nobody called.
    pub by: Option<stagedoor_auth::Viewer>,
    /// What it is about.
    pub target: Option<Target>,
    /// What it is given.
    pub inputs: Map<String, Value>,
    /// What templates may read besides.
    pub context: Map<String, Value>,
    /// What it is given in secret: sealed, and gone with its end.
    pub secrets: Map<String, Value>,
    /// Where it has to be approved.
    pub approval: Option<Approval>,
    /// Who may see it.
    pub visibility: Visibility,
    /// The run that this one repeats.
    pub rerun_of: Option<String>,
    /// Its limits, where they are others than the installation's.
    pub limits: Limits,
    /// The run by which the event came about that set this one going.
    pub caused_by: Option<String>,
    /// How many runs stand before it in that chain.
    pub depth: u32,
}

/// Who may see a run besides whoever set it going, its approvers and administrators.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Visibility {
    /// Everybody.
    pub anyone: bool,
}

/// Which runs are wanted: those that satisfy everything that is said.
#[derive(Clone, Debug, Default)]
pub struct RunQuery {
    /// Of these sorts; of all where empty.
    pub kinds: Vec<RunKind>,
    /// Of this action, template or workflow.
    pub of: Option<String>,
    /// In one of these states; in any where empty.
    pub statuses: Vec<Status>,
    /// Those that have not ended, or those that have.
    pub active: Option<bool>,
    /// About something of this blueprint.
    pub blueprint: Option<String>,
    /// About this entity.
    pub entity: Option<String>,
    /// Set going by whoever has this address or name.
    pub starter: Option<String>,
    /// Set going in this way.
    pub source: Option<Origin>,
    /// Called this outside.
    pub external_run_id: Option<String>,
    /// Set going by this run's doings.
    pub caused_by: Option<String>,
    /// For which a person has to look.
    pub attention: bool,
    /// With these words in id, title, entity or starter.
    pub text: Option<String>,
    /// Without these.
    pub exclude: Vec<String>,
    /// So many are left out at the beginning.
    pub offset: usize,
    /// At most so many.
    pub limit: usize,
}

/// Runs, newest first.
#[derive(Clone, Debug, Default)]
pub struct RunsPage {
    /// Those of the page.
    pub runs: Vec<Arc<Run>>,
    /// How many there are on all pages.
    pub total: usize,
}

/// What a client reports of a run.
#[derive(Clone, Debug, Default)]
pub struct RunPatch {
    /// How it ended: [`Status::Success`] or [`Status::Failure`].
    pub status: Option<Status>,
    /// A word for how it is doing.
    pub status_label: Option<String>,
    /// Addresses where more can be seen.
    pub link: Option<Vec<String>>,
    /// For people.
    pub summary: Option<String>,
    /// What it is called outside.
    pub external_run_id: Option<String>,
    /// What the back end answered.
    pub response: Option<Value>,
}

/// A line for a run's log.
#[derive(Clone, Debug, Default)]
pub struct NewLine {
    /// How loud.
    pub level: Level,
    /// Of which step.
    pub step: Option<String>,
    /// What.
    pub message: String,
    /// The run ends with this line: [`Status::Success`] or [`Status::Failure`].
    pub termination: Option<Status>,
    /// A word for how the run is doing from now on.
    pub status_label: Option<String>,
}

/// A line of a run's log, as it is kept: secrets are out of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunLine {
    /// Ascending within a run; the same on every replica.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// How loud.
    pub level: Level,
    /// Of which step.
    pub step: Option<String>,
    /// What.
    pub message: String,
    /// What became of the step with this line: `processing`, `completed`, `failed`, `skipped`, `cancelled`; Backstage's
    /// words.
    pub step_status: Option<String>,
    /// Who wrote it; the engine where nobody is named.
    pub by: Option<String>,
    /// The run ended with this line.
    pub termination: Option<Status>,
    /// The word for how the run is doing that came with it.
    pub status_label: Option<String>,
}

/// Something that happened to a run, for whoever watches it.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// A line of its log.
    Line(RunLine),
    /// It changed: how it is now.
    Changed(Arc<Run>),
    /// It has ended, and all lines so far have been told: the last event.
    Ended(Arc<Run>),
}

/// What a person decides about a step of which nobody can tell whether it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It did not: perform it.
    Repeat,
    /// It did.
    Done,
    /// The run cannot go on.
    Failed,
}

/// Which handed-over runs a client wants to take on.
#[derive(Clone, Debug, Default)]
pub struct ClaimQuery {
    /// Whose: an installation's id, or `_PORT_EXEC_AGENT`.
    pub installation: String,
    /// At most so many.
    pub limit: usize,
    /// Without these.
    pub exclude: Vec<String>,
    /// Milliseconds after which one that was not acknowledged is free again.
    pub visibility_timeout: i64,
    /// Only those of this back end.
    pub method: Option<String>,
}

/// Who may answer for a run, and what they have said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    /// Address.
    pub email: String,
    /// What; `None` while nothing has been said.
    pub answer: Option<stagedoor_actions::Answer>,
}
