//! One attempt at one step: with what it may use, for as long as it may take, and what is known of it afterwards.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use stagedoor_actions::{
    Call, Effect, Failure, Level, Log, Outcome, Performer, Planned, Probe, Run, RunKind, Services, Status,
    Step, StepState,
};
use stagedoor_auth::Secret;
use stagedoor_model::Timestamp;

use super::access::Access;
use super::drive::back_off;
use super::engine::Counters;
use super::limits::RunLimits;
use super::logs::Line;
use super::report::merge;
use super::secrets::Clean;
use crate::Portal;

/// A back end that is asked what became of something, or to end it, answers within this time.
const ASKED: Duration = Duration::from_secs(20);
/// Bytes of what a step gives back.
const LARGEST: usize = 512 * 1024;

/// How a step is gone about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum How {
    /// It is begun.
    Perform,
    /// Its intent was found after a crash.
    Recover,
    /// It goes on outside.
    Follow(Value),
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub(super) struct Came {
    pub(super) step: String,
    following: bool,
    pub(super) result: Result<Outcome, Failure>,
    /// Members of its output that later steps alone read: in the output itself they are masked.
    pub(super) secret: Vec<(String, Secret)>,
}

impl Came {
    /// It cannot be gone on with.
    pub(super) fn failed(step: &str, why: &str) -> Self {
        Self { step: step.to_owned(), following: false, result: Err(Failure::new(why)), secret: Vec::new() }
    }

    /// Its task has ended without a word.
    pub(super) fn broken(step: &str) -> Self {
        let failure = Failure::unclear("the program that performs this step broke down");
        Self { step: step.to_owned(), following: false, result: Err(failure), secret: Vec::new() }
    }

    /// Without secrets.
    pub(super) fn clean(&self, clean: &Clean) -> Self {
        let mut cleaned = self.clone();
        let report = match &mut cleaned.result {
            Ok(Outcome::Done { output, report }) => {
                *output = clean.value(std::mem::take(output));
                report
            }
            Ok(Outcome::Following { report, .. } | Outcome::Reported { report }) => report,
            Ok(Outcome::Cancelled) => return cleaned,
            Err(failure) => {
                failure.message = clean.text(&failure.message);
                &mut failure.report
            }
        };
        for text in
            [&mut report.status_label, &mut report.summary, &mut report.external_run_id].into_iter().flatten()
        {
            *text = clean.text(text);
        }
        for link in report.link.iter_mut().flatten() {
            *link = clean.text(link);
        }
        for value in [&mut report.response, &mut report.payload].into_iter().flatten() {
            *value = clean.value(std::mem::take(value));
        }
        cleaned
    }

    /// Makes it so in the run.
    pub(super) fn apply(&self, run: &mut Run, limits: &RunLimits, at: Timestamp) {
        let attempts = run.limits.attempts.unwrap_or(limits.attempts);
        let Some(step) = run.steps.iter_mut().find(|step| step.id == self.step) else { return };
        if step.state.has_ended() {
            return;
        }
        step.wake_at = None;
        match &self.result {
            Ok(Outcome::Done { output, .. }) => {
                (step.state, step.output) = (StepState::Done, output.clone());
                (step.ended_at, step.error) = (Some(at), None);
            }
            Ok(Outcome::Following { handle, again, .. }) => {
                step.state = StepState::Following { handle: handle.clone() };
                step.wake_at = Some(after(at, *again));
            }
            Ok(Outcome::Reported { .. }) => step.state = StepState::Reported,
            Ok(Outcome::Cancelled) => {
                (step.state, step.ended_at) = (StepState::Failed, Some(at));
                step.error = Some("it was ended outside".into());
                run.status = Status::Cancelled;
            }
            Err(failure) => match failure.retry {
                Some(pause) if self.following => {
                    step.wake_at = Some(after(at, pause.max(Duration::from_secs(1))))
                }
                Some(pause) if step.attempts < attempts => {
                    step.state = StepState::Open;
                    step.wake_at = Some(back_off(step.attempts, pause, at));
                    step.error = Some(failure.message.clone());
                }
                _ if failure.unclear => {
                    step.state = StepState::Unclear;
                    step.error = Some(failure.message.clone());
                    let text =
                        format!("it is not known whether \"{}\" happened: {}", step.name, failure.message);
                    run.attention = Some(text);
                }
                _ => {
                    (step.state, step.ended_at) = (StepState::Failed, Some(at));
                    step.error = Some(failure.message.clone());
                }
            },
        }
        match &self.result {
            Ok(
                Outcome::Done { report, .. }
                | Outcome::Following { report, .. }
                | Outcome::Reported { report },
            ) => {
                // A workflow has several that are handed over: each keeps what is its own.
                if run.of.kind == RunKind::Workflow
                    && let Some(step) = run.steps.iter_mut().find(|step| step.id == self.step)
                {
                    merge(&mut step.report, report.clone());
                }
                merge(&mut run.report, report.clone());
            }
            Ok(Outcome::Cancelled) => {}
            Err(failure) => merge(&mut run.report, failure.report.clone()),
        }
    }
}

fn after(at: Timestamp, pause: Duration) -> Timestamp {
    Timestamp(at.0.saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)))
}

/// Lines of one run.
struct RunLog {
    portal: Portal,
    run: String,
}

impl Log for RunLog {
    fn line(&self, level: Level, step: Option<&str>, message: &str) {
        let line = Line { level, step: step.map(str::to_owned), ..Line::said(message) };
        self.portal.tell_run(&self.run, line);
    }
}

/// Lines that were told before.
struct Silence;

impl Log for Silence {
    fn line(&self, _: Level, _: Option<&str>, _: &str) {}
}

impl Portal {
    /// Goes about a step.
    pub(super) async fn perform_step(self, run: Arc<Run>, planned: Planned, step: Step, how: How) -> Came {
        let following = matches!(how, How::Follow(_));
        self.hide_planned(&run.id, &planned);
        let mut result = match self.attempt(&run, &planned, &step, how).await {
            Ok(Outcome::Done { output, .. }) if output.to_string().len() > LARGEST => {
                Err(Failure::new(format!("it gave back more than {} KiB", LARGEST / 1024)))
            }
            result => result,
        };
        if result.as_ref().is_err_and(|failure| failure.retry.is_some()) {
            Counters::add(&self.shared.runs.counters.retried);
        }
        let secret = self.taken_out(&run.id, &planned.performer, &mut result);
        Came { step: step.id, following, result, secret }
    }

    async fn attempt(
        &self,
        run: &Arc<Run>,
        planned: &Planned,
        step: &Step,
        how: How,
    ) -> Result<Outcome, Failure> {
        let Some(performer) = self.shared.runs.performers.get(&planned.performer).cloned() else {
            return Err(Failure::new(format!("nothing here performs \"{}\"", planned.performer)));
        };
        self.can_keep_secrets_of(performer.as_ref())?;
        let folder = self.folder_for(run, step, performer.as_ref()).await?;
        let services = self.services(run, folder, false)?;
        let call = call(run, planned, step);
        let limit = run.limits.step_seconds.unwrap_or(self.shared.runs.config.limits.step_seconds);
        let limit = Duration::from_secs(limit);
        let outside = performer.effect() == Effect::Outside;
        if let How::Follow(handle) = &how {
            let looked = tokio::time::timeout(limit, performer.follow(&call, handle, &services)).await;
            let late = |_| Failure::again("its back end did not answer in time", Duration::from_secs(10));
            return looked.map_err(late)?;
        }
        if how == How::Recover {
            let text = "this step was begun before a restart: looking what became of it";
            services.log.line(Level::Info, Some(&step.id), text);
            if outside && let Some(known) = self.ask_performer(performer.as_ref(), &call, &services).await {
                return known;
            }
        }
        let done = tokio::time::timeout(limit, performer.perform(&call, &services)).await;
        let result = done.unwrap_or_else(|_| Err(late(outside, limit)));
        match &result {
            Err(failure) if failure.unclear && outside => {
                match performer_says(&performer, &call, &services).await {
                    Probe::Happened(outcome) => Ok(*outcome),
                    Probe::DidNot | Probe::Repeat => Err(Failure {
                        unclear: false,
                        retry: Some(Duration::from_secs(1)),
                        ..failure.clone()
                    }),
                    Probe::Unknown => result,
                }
            }
            _ => result,
        }
    }

    /// What became of a step that was begun; `None`: it is to be performed.
    async fn ask_performer(
        &self,
        performer: &dyn Performer,
        call: &Call<'_>,
        services: &Services,
    ) -> Option<Result<Outcome, Failure>> {
        let asked = tokio::time::timeout(ASKED, performer.probe(call, services)).await;
        match asked.unwrap_or(Probe::Unknown) {
            Probe::Happened(outcome) => Some(Ok(*outcome)),
            Probe::DidNot | Probe::Repeat => None,
            Probe::Unknown => {
                let text = "it was being performed when the process ended, and its back end cannot be asked";
                Some(Err(Failure::unclear(text)))
            }
        }
    }

    /// Ends a step outside, as far as that is possible.
    pub(super) async fn cancel_step(&self, run: &Arc<Run>, step: &Step) -> Result<(), String> {
        let Some(performer) = self.shared.runs.performers.get(&step.performer).cloned() else {
            return Ok(());
        };
        let planned = self.planned_again(run, &step.id).await?;
        let services = self.services(run, None, false).map_err(|failure| failure.message)?;
        let handle = match &step.state {
            StepState::Following { handle } => Some(handle),
            _ => None,
        };
        let call = call(run, &planned, step);
        match tokio::time::timeout(ASKED, performer.cancel(&call, handle, &services)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(failure)) => Err(failure.message),
            Err(_) => Err("its back end did not answer".into()),
        }
    }

    /// The folder of a run's files, as it was: made again where this process has not made it, by performing once more
    /// the finished steps that worked on it.
    async fn folder_for(
        &self,
        run: &Arc<Run>,
        step: &Step,
        performer: &dyn Performer,
    ) -> Result<Option<std::path::PathBuf>, Failure> {
        if !performer.needs_workspace() {
            return Ok(None);
        }
        let (folder, new) = self.open_folder(&run.id).await.map_err(Failure::new)?;
        if !new {
            return Ok(Some(folder));
        }
        let before = run.steps.iter().take_while(|known| known.id != step.id);
        let mut again = 0;
        for known in before.filter(|known| known.state == StepState::Done) {
            let Some(performer) = self.shared.runs.performers.get(&known.performer).cloned() else {
                continue;
            };
            if performer.effect() != Effect::Workspace {
                continue;
            }
            let planned = self.planned_again(run, &known.id).await.map_err(Failure::new)?;
            let services = self.services(run, Some(folder.clone()), true)?;
            let done = performer.perform(&call(run, &planned, known), &services).await;
            if let Err(failure) = done {
                self.forget_folder(&run.id);
                let text =
                    format!("its files could not be made again: \"{}\": {}", known.name, failure.message);
                return Err(Failure { message: text, ..failure });
            }
            again += 1;
        }
        if again > 0 {
            let text = format!("the run's files were made again by {again} of its steps");
            self.tell_run(&run.id, Line::said(&text));
        }
        Ok(Some(folder))
    }

    fn services(
        &self,
        run: &Arc<Run>,
        workspace: Option<std::path::PathBuf>,
        silent: bool,
    ) -> Result<Services, Failure> {
        let log: Arc<dyn Log> = match silent {
            true => Arc::new(Silence),
            false => Arc::new(RunLog { portal: self.clone(), run: run.id.clone() }),
        };
        self.services_telling(run, workspace, log)
    }

    /// What a step may use, with a log of the caller's.
    pub(crate) fn services_telling(
        &self,
        run: &Arc<Run>,
        workspace: Option<std::path::PathBuf>,
        log: Arc<dyn Log>,
    ) -> Result<Services, Failure> {
        let egress = self.egress().ok_or_else(|| Failure::new("this portal has no way out"))?;
        let identity = self.identity();
        Ok(Services {
            egress,
            hosts: self.hosts(),
            catalog: Arc::new(Access::new(self.clone(), run)),
            log,
            organization: identity.organization_id.clone(),
            signing_secret: self.shared.runs.config.signing_secret.clone(),
            base_url: identity.base_url.clone().unwrap_or_else(|| "http://127.0.0.1:7007".into()),
            workspace,
            back_ends: Arc::clone(&self.shared.runs.config.back_ends),
        })
    }

    /// Tells what came of a step.
    pub(super) fn tell_outcome(&self, run: &Run, came: &Came) {
        let Some(step) = run.steps.iter().find(|step| step.id == came.step) else { return };
        let name = &step.name;
        let line = match (&step.state, &came.result) {
            (StepState::Done, _) => {
                Line::of_step(&step.id, "completed", Level::Info, &format!("Finished step {name}"))
            }
            (StepState::Open, Err(failure)) => {
                let text = format!("{}: tried again", failure.message);
                Line { step: Some(step.id.clone()), level: Level::Warn, ..Line::said(&text) }
            }
            (StepState::Following { .. }, Err(failure)) => {
                let text = format!("{}: asked again", failure.message);
                Line { step: Some(step.id.clone()), level: Level::Warn, ..Line::said(&text) }
            }
            (StepState::Unclear, Err(failure)) => {
                let text = format!("{}: somebody has to decide whether it happened", failure.message);
                Line { step: Some(step.id.clone()), level: Level::Error, ..Line::said(&text) }
            }
            (_, Err(failure)) => Line::of_step(&step.id, "failed", Level::Error, &failure.message),
            (StepState::Failed, Ok(_)) => {
                Line::of_step(&step.id, "cancelled", Level::Warn, "it was ended outside")
            }
            _ => return,
        };
        self.tell_run(&run.id, line);
    }
}

fn call<'a>(run: &'a Run, planned: &'a Planned, step: &'a Step) -> Call<'a> {
    let key = match &step.state {
        StepState::Intent { key } => key.as_str(),
        _ => "",
    };
    Call { run, step: &step.id, input: &planned.input, attempt: step.attempts, key, dry_run: false }
}

async fn performer_says(performer: &Arc<dyn Performer>, call: &Call<'_>, services: &Services) -> Probe {
    let asked = tokio::time::timeout(ASKED, performer.probe(call, services)).await;
    asked.unwrap_or(Probe::Unknown)
}

fn late(outside: bool, limit: Duration) -> Failure {
    let text = format!("it took longer than {} s", limit.as_secs());
    if outside { Failure::unclear(text) } else { Failure::new(text) }
}
