//! Runs at rest: what a record holds, and the one way in which a run is changed.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_actions::{Run, Status, StepState};
use stagedoor_auth::digest;
use stagedoor_model::{Actor, Change, JsonText, Record, Stamps};
use stagedoor_query::Catalog;

use super::{DEFINITIONS, RUNS, SECRETS};
use crate::error::PortalError;
use crate::writer::Draft;

/// A run out of its record; `None` where that was written by something else.
pub(super) fn read(record: &Record) -> Option<Run> {
    match serde_json::from_str(record.body.as_str()) {
        Ok(run) => Some(run),
        Err(error) => {
            tracing::error!(run = record.key, %error, "a run cannot be read");
            None
        }
    }
}

/// The run of an id in a state of the catalog.
pub(super) fn find(catalog: &Catalog, id: &str) -> Result<Run, PortalError> {
    catalog.record(RUNS, id).and_then(|record| read(record)).ok_or_else(|| missing(id))
}

/// What is said of a run that is not there, or not for this caller.
pub(super) fn missing(id: &str) -> PortalError {
    let shown: String = id.chars().take(100).collect();
    PortalError::NotFound(format!("Run with identifier \"{shown}\" was not found"))
}

/// A state in a sentence.
pub(super) fn word(status: Status) -> &'static str {
    match status {
        Status::WaitingForApproval => "waiting for approval",
        Status::InProgress => "in progress",
        Status::Success => "finished with success",
        Status::Failure => "finished with a failure",
        Status::Declined => "declined",
        Status::Cancelled => "cancelled",
    }
}

/// What a definition is found by.
pub(super) fn digest_of(definition: &Value) -> String {
    digest(&definition.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The definition of a run.
pub(super) fn definition(catalog: &Catalog, run: &Run) -> Option<Value> {
    catalog.record(DEFINITIONS, &run.definition).map(|record| record.body.value())
}

/// Whoever moves runs on, in the change log.
pub(super) fn engine() -> Actor {
    Actor::new("runs", "system")
}

impl Draft {
    /// Changes a run: the only way. Where nothing becomes different nothing is written.
    pub(super) fn change_run<T>(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Run, &mut Self) -> Result<T, PortalError>,
    ) -> Result<(T, Arc<Run>), PortalError> {
        let before = find(&self.catalog, id)?;
        let mut run = before.clone();
        let done = change(&mut run, self)?;
        super::announce::forget_answered(&mut run);
        if run == before {
            return Ok((done, Arc::new(before)));
        }
        if run.status.has_ended() && !before.status.has_ended() {
            self.end_run(&mut run);
        }
        run.updated_at = self.at;
        Ok((done, self.put_run(run)))
    }

    /// Keeps a run as it is.
    pub(super) fn put_run(&mut self, run: Run) -> Arc<Run> {
        let stamps = match self.catalog.record(RUNS, &run.id) {
            Some(old) => Stamps {
                updated_at: self.at,
                updated_by: self.actor.name.as_str().into(),
                ..old.stamps.clone()
            },
            None => self.new_stamps(None),
        };
        let body = JsonText::of(&serde_json::to_value(&run).unwrap_or_default());
        let (collection, key) = (RUNS.to_owned(), run.id.clone());
        self.put(Change::PutRecord(Arc::new(Record { collection, key, body, stamps })));
        Arc::new(run)
    }

    /// What goes with a run's end: secrets, places in queues, what waited.
    fn end_run(&mut self, run: &mut Run) {
        run.ended_at = Some(self.at);
        (run.wake_at, run.attention) = (None, None);
        for step in &mut run.steps {
            step.wake_at = None;
            if !step.state.has_ended() {
                let begun = !matches!(step.state, StepState::Open);
                step.state = if begun && run.status == Status::Success {
                    StepState::Done
                } else if begun {
                    StepState::Failed
                } else {
                    StepState::Skipped
                };
                step.ended_at = Some(self.at);
            }
        }
        if self.catalog.record(SECRETS, &run.id).is_some() {
            self.put(Change::DeleteRecord(SECRETS.into(), run.id.clone()));
        }
        self.leave_queues(run);
    }

    /// Keeps a definition by its digest.
    pub(super) fn put_definition(&mut self, definition: &Value) -> String {
        let key = digest_of(definition);
        if self.catalog.record(DEFINITIONS, &key).is_none() {
            let body = JsonText::of(definition);
            let stamps = self.new_stamps(None);
            let record = Record { collection: DEFINITIONS.into(), key: key.clone(), body, stamps };
            self.put(Change::PutRecord(Arc::new(record)));
        }
        key
    }
}
