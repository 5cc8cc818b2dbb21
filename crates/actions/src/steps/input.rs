//! What every step does first: reading its input, and opening the workspace.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::schema::problems;
use crate::performer::{Call, Effect, Failure, Outcome, Performer, Report};
use crate::services::{Level, Services};
use crate::workspace::{Limits, Workspace};

/// What is wrong with an input of a step, in Backstage's words; `None` where it is good.
#[must_use]
pub fn invalid_input(performer: &dyn Performer, input: &Value) -> Option<String> {
    let found = problems(&performer.describe().input, input);
    let text = || format!("Invalid input passed to action {}, {}", performer.id(), found.join(", "));
    (!found.is_empty()).then(text)
}

/// The input of a step, once it is good.
pub(crate) fn read<T: DeserializeOwned>(performer: &dyn Performer, call: &Call<'_>) -> Result<T, Failure> {
    let empty = Value::Object(serde_json::Map::new());
    let input = if call.input.is_null() { &empty } else { call.input };
    if let Some(text) = invalid_input(performer, input) {
        return Err(Failure::new(text));
    }
    if call.dry_run && performer.effect() == Effect::Outside && !performer.describe().dry_run {
        return Err(Failure::new(format!("{} is not performed in a dry run", performer.id())));
    }
    T::deserialize(input)
        .map_err(|error| Failure::new(format!("Invalid input passed to action {}, {error}", performer.id())))
}

/// The run's files.
pub(crate) fn workspace(services: &Services) -> Result<Workspace, Failure> {
    let none = || Failure::new("this run has no workspace: only templates have one");
    let path = services.workspace.as_deref().ok_or_else(none)?;
    Ok(Workspace::open(path, Limits::default())?)
}

/// Work on files, where nobody waits for the thread.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Failure::new("the step ended unexpectedly")))
}

/// It is done, with this output.
pub(crate) fn done(output: Value) -> Result<Outcome, Failure> {
    Ok(Outcome::Done { output, report: Report::default() })
}

/// A line of the run's log.
pub(crate) fn say(services: &Services, call: &Call<'_>, message: &str) {
    services.log.line(Level::Info, Some(call.step), message);
}

/// A warning in the run's log.
pub(crate) fn warn(services: &Services, call: &Call<'_>, message: &str) {
    services.log.line(Level::Warn, Some(call.step), message);
}
