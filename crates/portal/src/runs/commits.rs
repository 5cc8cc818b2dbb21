//! The steps of the way, as they are kept: each one commit, on the condition that this process still holds the run.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_actions::{Planned, Run, Status, Step, StepState};
use stagedoor_auth::Hex;
use stagedoor_model::Timestamp;

use super::engine::Counters;
use super::perform::Came;
use super::{announce, record};
use crate::Portal;
use crate::error::PortalError;
use crate::writer::Draft;

/// How a run ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum End {
    /// Well, with its output.
    Success(Value),
    /// Badly; why.
    Failure(String),
    /// Because somebody wished so.
    Cancelled,
}

impl End {
    fn apply(&self, run: &mut Run) {
        match self {
            Self::Success(output) => {
                run.status = Status::Success;
                run.output = output.clone();
            }
            Self::Failure(why) => {
                run.status = Status::Failure;
                run.error = Some(why.clone());
            }
            Self::Cancelled => run.status = Status::Cancelled,
        }
    }
}

impl Portal {
    /// One step of the way.
    async fn advance<T: Send + 'static>(
        &self,
        id: &str,
        change: impl Fn(&mut Run, &mut Draft) -> Result<T, PortalError> + Send + 'static,
    ) -> Result<(T, Arc<Run>), PortalError> {
        let (key, holder) = (id.to_owned(), self.shared.runs.holder().to_owned());
        let step = move |draft: &mut Draft| {
            draft.change_run(&key, |run, draft| {
                if run.holder.as_deref() != Some(holder.as_str()) {
                    let message = format!("the run \"{}\" is another process's", run.id);
                    return Err(PortalError::Conflict { code: "not_held", message });
                }
                change(run, draft)
            })
        };
        self.commit(record::engine(), false, step).await
    }

    /// Keeps the intent to perform steps. `None` where they are not to be performed now: the run has changed, or there is
    /// no place for it.
    pub(super) async fn begin_steps(
        &self,
        base: &Arc<Run>,
        steps: &[(Planned, Value)],
    ) -> Result<Option<Arc<Run>>, PortalError> {
        let (base, steps, limits) =
            (Arc::clone(base), steps.to_vec(), self.shared.runs.config.limits.clone());
        let id = base.id.clone();
        let begin = move |run: &mut Run, draft: &mut Draft| {
            if run.status != Status::InProgress || run.cancelling {
                return Ok(false);
            }
            if run.begun_at.is_none() {
                if !draft.enter_queues(run, &limits) {
                    // It is in a queue: from now on the ticker looks for a place.
                    run.wake_at.get_or_insert(draft.at);
                    return Ok(false);
                }
                (run.begun_at, run.wake_at) = (Some(draft.at), None);
            }
            for (planned, input) in &steps {
                let was = base.steps.iter().find(|step| step.id == planned.id);
                let attempts = was.map_or(0, |step| step.attempts) + 1;
                intend(run, planned, input, attempts, draft.at);
            }
            Ok(true)
        };
        let (begun, run) = self.advance(&id, begin).await?;
        Ok(begun.then_some(run))
    }

    /// Changes a run that this process holds, whatever it is doing.
    pub(super) async fn change_held(
        &self,
        id: &str,
        change: impl Fn(&mut Run) + Send + 'static,
    ) -> Result<(), PortalError> {
        let change = move |run: &mut Run, _: &mut Draft| {
            change(run);
            Ok(())
        };
        self.advance(id, change).await.map(|_| ())
    }

    /// Keeps what came of a step, with it the end of the run if nothing else has changed, and tells those whom it asks.
    pub(super) async fn keep_outcome(
        &self,
        base: &Arc<Run>,
        came: &Came,
        end: Option<&End>,
        asked: &[String],
    ) -> Result<(), PortalError> {
        let (base, came, end) = (Arc::clone(base), came.clean(&self.clean(&base.id)), end.cloned());
        let end = end.map(|end| self.clean_end(&base.id, end));
        let limits = self.shared.runs.config.limits.clone();
        let (id, asked, portal) = (base.id.clone(), asked.to_vec(), self.clone());
        let keep = move |run: &mut Run, draft: &mut Draft| {
            let unchanged = *run == *base;
            if run.status.has_ended() {
                return Ok(());
            }
            let goes_on = run.steps.iter().any(|step| step.id == came.step && !step.state.has_ended());
            came.apply(run, &limits, draft.at);
            if goes_on && !came.secret.is_empty() {
                draft.keep_step_secrets(&portal, &run.id, &came.step, &came.secret)?;
            }
            announce::add_of_step(run, &came.step, draft.at);
            draft.notify_asked(run, &came.step, &asked);
            if let (Some(end), true) = (&end, unchanged && run.status == Status::InProgress) {
                end.apply(run);
            }
            Ok(())
        };
        let ((), run) = self.advance(&id, keep).await?;
        self.count_end(&run);
        self.announce(&run);
        Ok(())
    }

    /// Keeps that steps are not performed.
    pub(super) async fn skip_steps(
        &self,
        base: &Arc<Run>,
        steps: &[(Planned, String)],
    ) -> Result<(), PortalError> {
        let steps = steps.to_vec();
        let skip = move |run: &mut Run, draft: &mut Draft| {
            for (planned, why) in &steps {
                let step = step_of(run, planned);
                if matches!(step.state, StepState::Open) {
                    (step.state, step.ended_at) = (StepState::Skipped, Some(draft.at));
                    step.error = Some(why.clone());
                }
            }
            Ok(())
        };
        self.advance(&base.id, skip).await.map(|_| ())
    }

    /// Keeps how a run ends. Another end that came first stays.
    pub(super) async fn end_run(&self, base: &Arc<Run>, end: &End) -> Result<Arc<Run>, PortalError> {
        let end = self.clean_end(&base.id, end.clone());
        let keep = move |run: &mut Run, _: &mut Draft| {
            // What somebody reported or decided meanwhile is looked at first.
            if !run.status.has_ended() && (!run.cancelling || end == End::Cancelled) {
                end.apply(run);
            }
            Ok(())
        };
        let ((), run) = self.advance(&base.id, keep).await?;
        self.count_end(&run);
        Ok(run)
    }

    fn clean_end(&self, id: &str, end: End) -> End {
        let clean = self.clean(id);
        match end {
            End::Success(output) => End::Success(clean.value(output)),
            End::Failure(why) => End::Failure(clean.text(&why)),
            End::Cancelled => End::Cancelled,
        }
    }

    fn count_end(&self, run: &Run) {
        if !run.status.has_ended() {
            return;
        }
        let counters = &self.shared.runs.counters;
        Counters::add(&counters.ended);
        if run.status == Status::Failure {
            Counters::add(&counters.failed);
        }
    }
}

/// The step of a plan, made where it is new.
fn step_of<'r>(run: &'r mut Run, planned: &Planned) -> &'r mut Step {
    let at = run.steps.iter().position(|step| step.id == planned.id).unwrap_or_else(|| {
        run.steps.push(Step {
            id: planned.id.clone(),
            name: planned.name.clone(),
            performer: planned.performer.clone(),
            ..Step::default()
        });
        run.steps.len() - 1
    });
    &mut run.steps[at]
}

fn intend(run: &mut Run, planned: &Planned, input: &Value, attempts: u32, at: Timestamp) {
    let key = key_of(run, &planned.id);
    let step = step_of(run, planned);
    step.state = StepState::Intent { key };
    step.attempts = attempts;
    step.input = input.clone();
    step.started_at.get_or_insert(at);
    (step.wake_at, step.error, step.ended_at) = (None, None, None);
}

/// The same for every attempt at a step; another one where the run was begun anew.
fn key_of(run: &Run, step: &str) -> String {
    let digest = stagedoor_auth::digest(&format!("{}\n{step}\n{}", run.id, run.retries));
    let hex = Hex::of(&digest);
    hex.as_str().get(..32).unwrap_or_default().to_owned()
}
