//! A run: one execution of an action, an automation, a template or a workflow, as it is kept.
//!
//! A run is a journalled state machine. Before a step that touches something outside is performed, its intent is kept;
//! after it, what came of it. So whoever finds a run after a crash knows what surely happened, what surely did not, and
//! for which step it has to ask.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stagedoor_model::Timestamp;

/// One execution.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// `r_` and 16 letters or digits for Port's dialect; a UUID for a task of Backstage's scaffolder.
    pub id: String,
    /// Of what.
    pub of: RunOf,
    /// Digest of the definition as it was when the run began; the engine keeps definitions by it.
    pub definition: String,
    /// Who set it going, and how.
    pub starter: Starter,
    /// What it is about, if it is about an entity or a blueprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// What it was given, as checked at the start: it is never changed afterwards.
    #[serde(default)]
    pub inputs: Map<String, Value>,
    /// What templates may read besides the inputs (`trigger`, `event`, `entity`, `user`...), as it was at the start.
    #[serde(default)]
    pub context: Map<String, Value>,
    /// How it is doing.
    pub status: Status,
    /// What back ends and clients say of it: a label, links, a summary.
    #[serde(default)]
    pub report: crate::Report,
    /// Where it has to be approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// Its steps, in the order in which they were planned.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// What it gives back.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub output: Value,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Somebody wants it to end.
    #[serde(default)]
    pub cancelling: bool,
    /// What may have happened is not known: a person has to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<String>,
    /// The run that this one repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerun_of: Option<String>,
    /// Which process has it, so that another one keeps off while that one lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Not before this time is anything to be done for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Timestamp>,
    /// Whether everybody who may read runs at all may see it; else whoever set it going, approvers and administrators.
    #[serde(default)]
    pub anyone: bool,
    /// How long it may take, and how many may be under way at once.
    #[serde(default, skip_serializing_if = "Limits::are_none")]
    pub limits: Limits,
    /// The run by which an event came about that set this one going.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<String>,
    /// How many runs stand before it in that chain.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub depth: u32,
    /// Which client has taken it on, where it was handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// Who has to be told outside that it waits, and has not been yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub announcements: Vec<Announcement>,
    /// How often it was begun anew after it had failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: u32,
    /// When its first step was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_at: Option<Timestamp>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Limits of one run; what is absent is as the installation has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Limits {
    /// Seconds that it may take, time for its approval left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// Seconds that one attempt at a step may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_seconds: Option<u64>,
    /// Runs of the same definition that may be under way at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_once: Option<u32>,
    /// Runs about the same entity that may be under way at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_once_per_entity: Option<u32>,
    /// Attempts at a step whose failure may go away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
}

impl Limits {
    fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

/// A client's promise to take care of a run that was handed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Claim {
    /// Which installation; `_PORT_EXEC_AGENT` is Port's agent.
    pub installation: String,
    /// Until then nobody else gets it; without an acknowledgement it is then free again.
    pub until: Timestamp,
    /// The client has begun.
    pub acknowledged: bool,
}

/// Something that has to be told outside. What and to whom is in the definition, which may hold secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Announcement {
    /// The step that waits for people; the run itself waits for its approval where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Which of the step's notifications, from 0.
    pub number: usize,
    /// Since when it has to be told.
    pub since: Timestamp,
}

/// What a run is an execution of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunOf {
    /// Which sort of definition.
    pub kind: RunKind,
    /// An action's identifier, a template's entity reference, a workflow's identifier.
    pub identifier: String,
    /// Its title then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its icon then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
}

/// Sorts of definitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunKind {
    /// A self-service action.
    #[default]
    Action,
    /// Set going by an event.
    Automation,
    /// A scaffolder template.
    Template,
    /// A workflow.
    Workflow,
}

/// Who set a run going.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Starter {
    /// The caller's name as the change log has it.
    pub actor: String,
    /// E-mail address of the person, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The machine that ran it in that person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impersonated_by: Option<String>,
    /// By which way.
    pub origin: Origin,
    /// What the token was limited to by which it was set going; none where it was not limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
}

/// By which way a run was set going.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Origin {
    /// The web UI.
    Ui,
    /// A program.
    #[default]
    Api,
    /// An event.
    Automation,
}

/// What a run is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Identifier of the blueprint.
    pub blueprint: String,
    /// Identifier of the entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// Its title then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// How a run is doing. Port's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Somebody has to say yes.
    WaitingForApproval,
    /// On its way, or waiting for its turn.
    #[default]
    InProgress,
    /// Ended well.
    Success,
    /// Ended badly.
    Failure,
    /// Somebody said no.
    Declined,
    /// Ended because somebody wished so.
    Cancelled,
}

impl Status {
    /// Whether nothing more will happen.
    #[must_use]
    pub fn has_ended(self) -> bool {
        !matches!(self, Self::WaitingForApproval | Self::InProgress)
    }
}

/// Who has to approve a run, and who has answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// One of them, or all.
    pub mode: ApprovalMode,
    /// E-mail addresses of those who may answer, in lower case, as they were found at the start; administrators where
    /// there are none.
    #[serde(default)]
    pub approvers: Vec<String>,
    /// Whoever set the run going may answer, too.
    #[serde(default)]
    pub own: bool,
    /// What has been answered.
    #[serde(default)]
    pub answers: Vec<Answer>,
}

/// How many have to approve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ApprovalMode {
    /// The first to approve.
    #[default]
    Any,
    /// Each of them.
    All,
}

/// An approver's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Whose.
    pub email: String,
    /// Yes or no.
    pub verdict: Verdict,
    /// In their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// It may go on.
    Approve,
    /// It may not.
    Decline,
}

/// A part of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Unique within the run; an iteration of `each` is `id[0]`.
    pub id: String,
    /// For people.
    pub name: String,
    /// What does it: the name of a [`crate::Performer`].
    pub performer: String,
    /// How it is doing.
    pub state: StepState,
    /// How often it was begun.
    #[serde(default)]
    pub attempts: u32,
    /// What it was given, with secrets masked: for people. The performer gets it rendered anew.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub input: Value,
    /// What it gave back.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub output: Value,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Not before this time is anything to be done for it: another attempt, another look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Timestamp>,
    /// When it was first begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What was said of this step alone, where the run has several that are handed over: a workflow's.
    #[serde(default, skip_serializing_if = "is_silent")]
    pub report: crate::Report,
    /// Which client has taken this step on, in such a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
}

fn is_silent(report: &crate::Report) -> bool {
    *report == crate::Report::default()
}

/// How a step is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum StepState {
    /// Planned.
    #[default]
    Open,
    /// About to be performed, or being performed: what it does outside may have happened.
    Intent {
        /// Names this attempt to back ends that can tell a repetition.
        key: String,
    },
    /// Begun outside; looked after from time to time.
    Following {
        /// What the performer needs to find it again.
        handle: Value,
    },
    /// Handed over; a client will report how it ended.
    Reported,
    /// Ended well.
    Done,
    /// Ended badly.
    Failed,
    /// Not performed: its condition was false, or one before it failed.
    Skipped,
    /// It may have happened, and cannot be asked for: a person decides.
    Unclear,
}

impl StepState {
    /// Whether nothing more will happen by itself.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Skipped)
    }
}
