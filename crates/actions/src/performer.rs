//! What performs a step: a back end of Port's actions, an action of Backstage's scaffolder.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::run::Run;
use crate::services::Services;

/// Performs steps of one sort. One file each, one line in `registry.rs`.
#[async_trait]
pub trait Performer: Send + Sync {
    /// Its name in definitions: `WEBHOOK`, `fetch:plain`.
    fn id(&self) -> &'static str;

    /// What it touches.
    fn effect(&self) -> Effect;

    /// Whether it works on the run's files, or only reads them. Its folder is then there.
    fn needs_workspace(&self) -> bool {
        self.effect() == Effect::Workspace
    }

    /// For people, editors and `GET /api/scaffolder/v2/actions`.
    fn describe(&self) -> Description;

    /// Members of its input whose texts are secret wherever they come from: they are masked in all that the run tells.
    fn secret_inputs(&self) -> &'static [&'static str] {
        &[]
    }

    /// Members of its output that are secret texts: later steps of the run read them, nobody else does, and nothing is
    /// left of them when the run ends.
    fn secret_outputs(&self) -> &'static [&'static str] {
        &[]
    }

    /// Does it. What goes wrong is a [`Failure`], never a panic.
    ///
    /// # Errors
    /// Why it did not work, and whether to try again.
    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure>;

    /// What a client that takes the step on is given, with secrets in clear; `None` where the step is no client's. It
    /// is what [`Performer::perform`] reports as its payload.
    fn handed(&self, _call: &Call<'_>) -> Option<Value> {
        None
    }

    /// After a crash between intent and outcome: whether it happened. Asked only where the effect is outside.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Unknown
    }

    /// How something is doing that [`Performer::perform`] began with [`Outcome::Following`].
    ///
    /// # Errors
    /// Why it failed there; with [`Failure::retry`] it is asked again later.
    async fn follow(
        &self,
        _call: &Call<'_>,
        _handle: &Value,
        _services: &Services,
    ) -> Result<Outcome, Failure> {
        Err(Failure::new("there is nothing to follow"))
    }

    /// Ends what was begun, as far as the other side allows.
    ///
    /// # Errors
    /// Why it goes on.
    async fn cancel(
        &self,
        _call: &Call<'_>,
        _handle: Option<&Value>,
        _services: &Services,
    ) -> Result<(), Failure> {
        Ok(())
    }
}

/// What a performer touches, and so whether a step may be performed twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it reads, computes or waits.
    None,
    /// Files of the run's workspace, which can be made again by performing such steps once more.
    Workspace,
    /// Something outside, or the catalog: performed once.
    Outside,
}

/// One step of one run, ready to be performed.
pub struct Call<'a> {
    /// The run, as kept.
    pub run: &'a Run,
    /// Its id within the run.
    pub step: &'a str,
    /// Rendered input, with secrets in clear.
    pub input: &'a Value,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The same for all attempts of this step: for back ends that can tell a repetition.
    pub key: &'a str,
    /// Nothing outside may be touched.
    pub dry_run: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is done.
    Done {
        /// What later steps may read.
        output: Value,
        /// What the run says from now on.
        report: Report,
    },
    /// It goes on outside: ask again.
    Following {
        /// What is needed to find it again.
        handle: Value,
        /// After this time.
        again: Duration,
        /// What the run says meanwhile.
        report: Report,
    },
    /// It was handed over: a client will report its end.
    Reported {
        /// What the run says meanwhile.
        report: Report,
    },
    /// It was seen to have been ended by somebody outside.
    Cancelled,
}

/// What back ends and clients say of a run; absent parts leave what was said before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Report {
    /// A word of the back end's own for how it is doing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_label: Option<String>,
    /// Addresses where more can be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<Vec<String>>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// What the run is called outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_run_id: Option<String>,
    /// What the back end answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Value>,
    /// What was handed over, for whoever claims it: Port's `payload` of a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
}

/// Why a step did not work.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// For people: what happened and what to do.
    pub message: String,
    /// Try again, not before this time has passed; nothing has happened outside.
    pub retry: Option<Duration>,
    /// Nobody can tell whether it happened outside.
    pub unclear: bool,
    /// What the run says of it.
    pub report: Report,
}

impl Failure {
    /// A failure for good.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), retry: None, unclear: false, report: Report::default() }
    }

    /// One that may go away.
    #[must_use]
    pub fn again(message: impl Into<String>, after: Duration) -> Self {
        Self { retry: Some(after), ..Self::new(message) }
    }

    /// One after which nobody can tell what happened outside.
    #[must_use]
    pub fn unclear(message: impl Into<String>) -> Self {
        Self { unclear: true, ..Self::new(message) }
    }
}

/// What is found out after a crash.
#[derive(Clone, Debug, PartialEq)]
pub enum Probe {
    /// It happened, with this outcome.
    Happened(Box<Outcome>),
    /// It surely did not: perform it.
    DidNot,
    /// The back end itself takes care that a repetition does nothing: perform it again with the same key.
    Repeat,
    /// Nobody can tell.
    Unknown,
}

/// A performer for people and editors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    /// A sentence.
    pub text: &'static str,
    /// JSON schema of its input.
    pub input: Value,
    /// JSON schema of its output.
    pub output: Value,
    /// Title and YAML of examples.
    pub examples: Vec<(&'static str, &'static str)>,
    /// It can be performed in a dry run.
    pub dry_run: bool,
}
