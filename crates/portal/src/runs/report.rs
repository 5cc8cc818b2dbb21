//! What clients report of runs that they take care of.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_actions::{Level, Report, Run, RunKind, Status, StepState};
use stagedoor_auth::Viewer;

use super::{NewLine, RunLine, RunPatch, logs::Line, record};
use crate::error::PortalError;
use crate::writer::Draft;
use crate::{Portal, clock};

/// Characters of a label or a name.
const LABEL: usize = 200;
/// Characters of a summary.
const SUMMARY: usize = 20_000;
/// Addresses of a run, and characters of one.
const LINKS: usize = 50;
const LINK: usize = 4_000;
/// Bytes of a response.
const RESPONSE: usize = 256 * 1024;
/// Lines in one call.
const LINES: usize = 1_000;

impl Portal {
    /// Takes what a client says of a run. With a status the run of an action ends.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` for whoever neither set it going nor is a machine or an administrator; `run_ended`;
    /// `not_approved`; `Invalid` naming the place.
    pub async fn report_run(
        &self,
        viewer: &Viewer,
        id: &str,
        patch: RunPatch,
    ) -> Result<Arc<Run>, PortalError> {
        let run = self.changeable_run(viewer, id)?;
        check(&patch)?;
        let clean = self.clean(&run.id);
        let label = patch.status_label.as_deref().map(|text| clean.text(text));
        let report = Report {
            status_label: label,
            link: patch.link.map(|all| all.iter().map(|link| clean.text(link)).collect()),
            summary: patch.summary.as_deref().map(|text| clean.text(text)),
            external_run_id: patch.external_run_id,
            response: patch.response.map(|value| clean.value(value)),
            payload: None,
        };
        let (key, status) = (id.to_owned(), patch.status);
        let change = move |draft: &mut Draft| {
            draft.change_run(&key, |run, _| {
                // A response may come late: what a run has answered is kept beside how it ended.
                if run.status.has_ended() && (status.is_some() || report.response.is_none()) {
                    return Err(ended(run));
                }
                merge(&mut run.report, report.clone());
                status.map_or(Ok(()), |status| end(run, status))
            })
        };
        let ((), run) = self.commit(viewer.actor("run"), false, change).await?;
        if let Some(status) = status {
            let text = format!("reported as {}", record::word(status));
            self.tell_run(id, Line { by: Some(viewer.name().to_owned()), ..Line::said(&text) });
        }
        self.wake_run(&run);
        Ok(run)
    }

    /// Adds lines to a run's log. One with a termination ends the run, once; plain lines may come after that.
    ///
    /// # Errors
    /// As [`Portal::report_run`]; `Invalid` where there are too many.
    pub async fn log_run(
        &self,
        viewer: &Viewer,
        id: &str,
        lines: Vec<NewLine>,
    ) -> Result<Vec<RunLine>, PortalError> {
        let run = self.changeable_run(viewer, id)?;
        if lines.len() > LINES {
            return Err(PortalError::invalid(format!(
                "there must NOT be more than {LINES} lines in one call"
            )));
        }
        if run.status == Status::WaitingForApproval {
            return Err(not_approved());
        }
        let by = viewer.name().to_owned();
        let told: Vec<Line> = lines.iter().map(|line| Line::of_client(line, &by)).collect();
        let mut end = RunPatch::default();
        for line in &lines {
            end.status = line.termination.or(end.status);
            end.status_label = line.status_label.clone().or(end.status_label);
        }
        if end.status.is_some() && run.status.has_ended() {
            return Err(ended(&run));
        }
        let kept = self.keep_lines(id, told).await?;
        let ending = end.status.is_some();
        if ending || (end.status_label.is_some() && !run.status.has_ended()) {
            self.report_run(viewer, id, end).await?;
        }
        Ok(kept)
    }
}

/// The status of a run that its client has brought to an end.
fn end(run: &mut Run, status: Status) -> Result<(), PortalError> {
    match (run.status, status) {
        // One that waits may be ended, but not to its good.
        (Status::WaitingForApproval, Status::Success) => Err(not_approved()),
        (_, Status::Success | Status::Failure)
            if matches!(run.of.kind, RunKind::Action | RunKind::Automation) =>
        {
            run.status = status;
            if status == Status::Failure && run.error.is_none() {
                let said = run.report.summary.clone();
                run.error = Some(said.unwrap_or_else(|| "its back end reported a failure".into()));
            }
            Ok(())
        }
        (_, Status::Success | Status::Failure) if run.of.kind == RunKind::Workflow => {
            let text = "a workflow ends with its nodes: report on the run of a node";
            Err(PortalError::refused("not_handed_over", text))
        }
        (_, Status::Success | Status::Failure) => end_step(run, status),
        _ => Err(PortalError::invalid(
            "\"status\" must be equal to one of the allowed values: SUCCESS, FAILURE",
        )),
    }
}

/// Of what has several steps, the one that was handed over ends.
fn end_step(run: &mut Run, status: Status) -> Result<(), PortalError> {
    let summary = run.report.summary.clone();
    let handed = run.steps.iter_mut().find(|step| step.state == StepState::Reported);
    let step = handed
        .ok_or_else(|| PortalError::refused("not_handed_over", "no step of this run was handed over"))?;
    step.ended_at = Some(clock::now());
    match status {
        Status::Success => step.state = StepState::Done,
        _ => {
            step.state = StepState::Failed;
            step.error = Some(summary.unwrap_or_else(|| "its client reported a failure".into()));
        }
    }
    Ok(())
}

/// What is said anew replaces what was said before; a payload stays.
pub(super) fn merge(old: &mut Report, new: Report) {
    old.status_label = new.status_label.or(old.status_label.take());
    old.link = new.link.or(old.link.take());
    old.summary = new.summary.or(old.summary.take());
    old.external_run_id = new.external_run_id.or(old.external_run_id.take());
    old.response = new.response.or(old.response.take());
    old.payload = new.payload.or(old.payload.take());
}

pub(super) fn ended(run: &Run) -> PortalError {
    PortalError::refused("run_ended", format!("the run has ended: it is {}", record::word(run.status)))
}

fn not_approved() -> PortalError {
    PortalError::refused("not_approved", "the run waits for an approval: there is nothing to report yet")
}

pub(super) fn check(patch: &RunPatch) -> Result<(), PortalError> {
    let long = |key: &str, text: &Option<String>, most: usize| match text {
        Some(text) if text.chars().count() > most => {
            Err(PortalError::invalid(format!("\"{key}\" must NOT have more than {most} characters")))
        }
        _ => Ok(()),
    };
    long("statusLabel", &patch.status_label, LABEL)?;
    long("externalRunId", &patch.external_run_id, LABEL * 5)?;
    long("summary", &patch.summary, SUMMARY)?;
    for (at, link) in patch.link.iter().flatten().enumerate() {
        if at >= LINKS {
            return Err(PortalError::invalid(format!("\"link\" must NOT have more than {LINKS} items")));
        }
        long(&format!("link/{at}"), &Some(link.clone()), LINK)?;
    }
    let size = patch.response.as_ref().map_or(0, |value: &Value| value.to_string().len());
    if size > RESPONSE {
        let text = format!("\"response\" must NOT be larger than {} KiB", RESPONSE / 1024);
        return Err(PortalError::invalid(text));
    }
    Ok(())
}

impl Line {
    fn of_client(line: &NewLine, by: &str) -> Self {
        Self {
            level: line.level,
            step: line.step.clone(),
            message: line.message.clone(),
            by: Some(by.to_owned()),
            termination: line.termination,
            status_label: line.status_label.clone(),
            ..Self::default()
        }
    }

    /// A line of the engine's own.
    pub(super) fn said(message: &str) -> Self {
        Self { level: Level::Info, message: message.to_owned(), ..Self::default() }
    }
}
