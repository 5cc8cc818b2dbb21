//! Yes or no to a run that waits for it. What was asked for stands as it was: an answer is to the inputs that were there
//! when the run was started, and nothing changes them.

use std::sync::Arc;

use stagedoor_actions::{Answer, Approval, ApprovalMode, Run, Status, Verdict};
use stagedoor_auth::{Action, Denied, Viewer, Why};

use super::{Approver, ask, record};
use crate::Portal;
use crate::audit::{self, Event};
use crate::error::PortalError;
use crate::writer::Draft;

/// Characters of what somebody says with an answer.
const LONGEST: usize = 2_000;

impl Portal {
    /// Answers. The first no ends the run; as many yes as it takes set it going.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` for whoever is no approver, or set it going where that rules somebody out;
    /// `not_waiting` where it does not wait any more; `already_answered`.
    pub async fn answer_approval(
        &self,
        viewer: &Viewer,
        id: &str,
        verdict: Verdict,
        description: Option<String>,
    ) -> Result<Arc<Run>, PortalError> {
        let run = self.run(viewer, id)?;
        if description.as_deref().is_some_and(|text| text.chars().count() > LONGEST) {
            let text = format!("\"description\" must NOT have more than {LONGEST} characters");
            return Err(PortalError::invalid(text));
        }
        if let Err(PortalError::Forbidden(why)) = self.may_answer(viewer, &run) {
            self.refuse_answer(viewer, &run, &why);
            return Err(PortalError::Forbidden(why));
        }
        let (portal, asker, holder) = (self.clone(), viewer.clone(), self.shared.runs.holder().to_owned());
        let (key, email) = (id.to_owned(), ask::answers_as(viewer));
        let answer = move |draft: &mut Draft| {
            let answer =
                Answer { email: email.clone(), verdict, description: description.clone(), at: draft.at };
            draft.change_run(&key, |run, draft| {
                if run.status != Status::WaitingForApproval {
                    return Err(not_waiting(run));
                }
                portal.may_answer(&asker, run)?;
                take(run, answer, &holder);
                draft.notify_starter(run, &email);
                Ok(())
            })
        };
        let ((), run) = self.commit(viewer.actor("run"), false, answer).await?;
        let (action, word) = match verdict {
            Verdict::Approve => ("ApproveRun", "approved"),
            Verdict::Decline => ("DeclineRun", "declined"),
        };
        self.note_doing(viewer, &run, action, &format!("{word} the run"));
        self.tell_run(&run.id, super::logs::Line::said(&format!("{word} by {}", ask::answers_as(viewer))));
        self.wake_run(&run);
        Ok(run)
    }

    /// Who may answer; with those who have not, if `pending`.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn approvers(&self, viewer: &Viewer, id: &str, pending: bool) -> Result<Vec<Approver>, PortalError> {
        let run = self.run(viewer, id)?;
        let Some(approval) = &run.approval else { return Ok(Vec::new()) };
        let said = |email: &str| approval.answers.iter().find(|answer| answer.email == email).cloned();
        let mut all: Vec<Approver> = approval
            .approvers
            .iter()
            .map(|email| Approver { email: email.clone(), answer: said(email) })
            .filter(|one| pending || one.answer.is_some())
            .collect();
        // Administrators answer without being named.
        let others = approval.answers.iter().filter(|answer| !approval.approvers.contains(&answer.email));
        all.extend(
            others.map(|answer| Approver { email: answer.email.clone(), answer: Some(answer.clone()) }),
        );
        Ok(all)
    }

    /// What a person did with a run, for the audit log.
    pub(super) fn note_doing(&self, viewer: &Viewer, run: &Run, action: &'static str, message: &str) {
        let target = run.target.as_ref();
        let entity = target.and_then(|t| Some((t.blueprint.as_str(), t.entity.as_deref()?)));
        let event = Event::Run { action, id: &run.id, of: &run.of.identifier, entity, message };
        audit::event(&self.shared.denials, viewer, event);
    }

    fn refuse_answer(&self, viewer: &Viewer, run: &Run, why: &str) {
        let why = Why::Guard { name: format!("{}: {why}", run.id), holders: "its approvers".into() };
        let denied = Denied { action: Action::ApproveRuns, why };
        audit::denied(&self.shared.denials, viewer, &denied, Some(&run.of.identifier));
    }
}

fn not_waiting(run: &Run) -> PortalError {
    let text = format!("the run does not wait for an approval: it is {}", record::word(run.status));
    PortalError::refused("not_waiting", text)
}

/// What an answer does to the run.
fn take(run: &mut Run, answer: Answer, holder: &str) {
    let Some(approval) = &mut run.approval else { return };
    let verdict = answer.verdict;
    approval.answers.push(answer);
    match verdict {
        Verdict::Decline => run.status = Status::Declined,
        Verdict::Approve if is_enough(approval) => {
            run.status = Status::InProgress;
            run.holder = Some(holder.to_owned());
        }
        Verdict::Approve => {}
    }
}

/// One yes, or one of everybody who is named.
fn is_enough(approval: &Approval) -> bool {
    let yes = |email: &String| {
        approval.answers.iter().any(|answer| answer.email == *email && answer.verdict == Verdict::Approve)
    };
    match approval.mode {
        ApprovalMode::Any => true,
        ApprovalMode::All => approval.approvers.iter().all(yes),
    }
}
