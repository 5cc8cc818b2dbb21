//! Who sees which runs, and what they may do with them.

use std::sync::Arc;

use stagedoor_actions::{Run, Status, StepState};
use stagedoor_auth::{Action, Block, Resource, Viewer};

use super::{RunQuery, RunsPage, record};
use crate::error::PortalError;
use crate::{Portal, View};

/// Runs on one page.
const MOST: usize = 1_000;

/// What a caller may do with a run, each with the reason where it is not allowed or would do nothing.
#[derive(Clone, Debug)]
pub struct RunDoings {
    /// End it before its time.
    pub cancel: Result<(), String>,
    /// Say yes or no.
    pub approve: Result<(), String>,
    /// Set another one like it going; whether they may is asked then.
    pub rerun: Result<(), String>,
    /// Begin it anew where it failed.
    pub retry: Result<(), String>,
    /// Decide about a step of which nobody knows whether it happened.
    pub settle: Result<(), String>,
    /// Report on it.
    pub report: Result<(), String>,
}

/// A caller, ready to be asked about many runs.
pub(super) struct Onlooker {
    view: View,
    everything: bool,
    email: Option<String>,
    name: String,
    portal: Portal,
}

impl Onlooker {
    /// Whether this run is shown to the caller.
    pub(super) fn sees(&self, run: &Run) -> bool {
        self.everything
            || self.is_part(run)
            || (run.anyone && self.sees_target(run))
            || self.portal.is_asked(self.view.rights(), run)
    }

    /// Whoever set it going, and whoever may approve it.
    fn is_part(&self, run: &Run) -> bool {
        let Some(email) = self.email.as_deref() else { return run.starter.actor == self.name };
        is_email(run.starter.email.as_deref(), email)
            || run.approval.as_ref().is_some_and(|a| a.approvers.iter().any(|known| known == email))
    }

    /// Whether what it is about is to be seen: else the run would tell that it is there.
    fn sees_target(&self, run: &Run) -> bool {
        let Some(target) = &run.target else { return true };
        let Some(entity) = &target.entity else { return true };
        self.view.by_key(&target.blueprint, entity).is_some()
            || self.portal.sees_all_of(&self.view, &target.blueprint)
    }
}

pub(super) fn is_email(known: Option<&str>, email: &str) -> bool {
    known.is_some_and(|known| known.eq_ignore_ascii_case(email))
}

impl Portal {
    /// A run.
    ///
    /// # Errors
    /// `NotFound` where there is none that this caller may see; `Forbidden` for a token without `read:runs`.
    pub fn run(&self, viewer: &Viewer, id: &str) -> Result<Arc<Run>, PortalError> {
        let onlooker = self.onlooker(viewer)?;
        let catalog = self.shared.catalog.load();
        let run = self.shared.runs.book.read(&catalog, |pages| pages.get(id).cloned());
        run.filter(|run| onlooker.sees(run)).ok_or_else(|| record::missing(id))
    }

    /// Runs that the caller may see, newest first.
    ///
    /// # Errors
    /// `Forbidden` for a token without `read:runs`.
    pub fn runs(&self, viewer: &Viewer, query: &RunQuery) -> Result<RunsPage, PortalError> {
        let onlooker = self.onlooker(viewer)?;
        let wanted = Wanted::of(query);
        let limit = query.limit.min(MOST);
        let catalog = self.shared.catalog.load();
        Ok(self.shared.runs.book.read(&catalog, |pages| {
            let mut page = RunsPage::default();
            let mut take = |run: &Arc<Run>| {
                if !wanted.has(run) || !onlooker.sees(run) {
                    return;
                }
                if page.total >= query.offset && page.runs.len() < limit {
                    page.runs.push(Arc::clone(run));
                }
                page.total += 1;
            };
            if query.active == Some(true) {
                let mut active: Vec<&Arc<Run>> = pages.active().collect();
                active.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
                active.into_iter().for_each(&mut take);
            } else {
                pages.newest().for_each(&mut take);
            }
            page
        }))
    }

    /// Runs that wait for the caller's yes or no, oldest first.
    ///
    /// # Errors
    /// `Forbidden` for a token without `read:runs`.
    pub fn approvals_of(&self, viewer: &Viewer) -> Result<Vec<Arc<Run>>, PortalError> {
        let onlooker = self.onlooker(viewer)?;
        let catalog = self.shared.catalog.load();
        let waiting = |run: &&Arc<Run>| run.status == Status::WaitingForApproval && onlooker.sees(run);
        let mut all: Vec<Arc<Run>> =
            self.shared.runs.book.read(&catalog, |pages| pages.active().filter(waiting).cloned().collect());
        all.retain(|run| self.may_answer(viewer, run).is_ok());
        all.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(all)
    }

    pub(super) fn onlooker(&self, viewer: &Viewer) -> Result<Onlooker, PortalError> {
        self.may(viewer, Action::ReadRuns, Resource::Any)?;
        let view = self.view(viewer)?;
        Ok(Onlooker {
            everything: view.rights().is_administrator(),
            email: viewer.email().map(str::to_lowercase),
            name: viewer.name().to_owned(),
            view,
            portal: self.clone(),
        })
    }

    /// What the caller may do with a run. Leaves no trace.
    #[must_use]
    pub fn run_doings(&self, viewer: &Viewer, run: &Run) -> RunDoings {
        let own = || {
            let owner = self.owner_for(viewer, run);
            self.could(viewer, Action::UpdateRuns, Resource::Of(&owner)).map_err(|denied| denied.to_string())
        };
        let live = || match run.status.has_ended() {
            true => Err("it has ended".to_owned()),
            false => Ok(()),
        };
        let retry = match run.status {
            Status::Failure | Status::Cancelled => own(),
            _ => Err("only a run that failed or was cancelled can be begun anew".to_owned()),
        };
        let unclear = run.steps.iter().any(|step| step.state == StepState::Unclear);
        let settle = match unclear {
            true => own(),
            false => Err("no step of it is unclear".to_owned()),
        };
        let cancel = match run.cancelling {
            true => Err("it is being cancelled".to_owned()),
            false => live().and_then(|()| own()),
        };
        let approve = match run.status {
            Status::WaitingForApproval => self.may_answer(viewer, run).map_err(|error| error.to_string()),
            _ => Err("it does not wait for an approval".to_owned()),
        };
        let rerun = super::again::repeatable(run);
        RunDoings { cancel, approve, rerun, retry, settle, report: live().and_then(|()| own()) }
    }

    /// Whose a run counts as when this caller wants to change it: a machine reports on all of them.
    fn owner_for(&self, viewer: &Viewer, run: &Run) -> String {
        let machine = viewer.is_machine().then(|| viewer.email()).flatten();
        machine.or(run.starter.email.as_deref()).unwrap_or_default().to_lowercase()
    }

    /// The run, if the caller may change it: whoever set it going, machines, administrators.
    pub(super) fn changeable_run(&self, viewer: &Viewer, id: &str) -> Result<Arc<Run>, PortalError> {
        let run = self.run(viewer, id)?;
        self.may(viewer, Action::UpdateRuns, Resource::Of(&self.owner_for(viewer, &run)))?;
        Ok(run)
    }

    /// The caller as one who does something for a run that is under way, which the changes then name. The caller itself
    /// where there is no such run, or not one that it may report on: what it may do does not depend on that.
    #[must_use]
    pub fn in_run(&self, viewer: &Viewer, run: Option<&str>) -> Viewer {
        let found = run.filter(|id| !id.is_empty()).and_then(|id| self.run(viewer, id).ok());
        let found = found.filter(|run| run.status == Status::InProgress);
        match found.filter(|run| self.run_doings(viewer, run).report.is_ok()) {
            Some(run) => viewer.clone().in_run(&run.id),
            None => viewer.clone(),
        }
    }

    /// Whether a caller may say yes or no to a run. Leaves no trace.
    ///
    /// # Errors
    /// `Forbidden` with the reason.
    pub(super) fn may_answer(&self, viewer: &Viewer, run: &Run) -> Result<(), PortalError> {
        let Some(approval) = &run.approval else {
            return Err(PortalError::refused("not_waiting", "this run needs no approval"));
        };
        let block = Block { users: approval.approvers.to_vec(), ..Block::default() };
        let guarded = Resource::Guarded { name: &run.of.identifier, block: Some(&block), facts: None };
        self.could(viewer, Action::ApproveRuns, guarded)
            .map_err(|denied| PortalError::Forbidden(denied.to_string()))?;
        let name = answers_as(viewer);
        let by_starter = is_email(run.starter.email.as_deref(), &name)
            || run.starter.actor.eq_ignore_ascii_case(&name)
            || is_email(run.starter.impersonated_by.as_deref(), &name);
        if by_starter && !approval.own {
            return Err(PortalError::Forbidden(
                "you set this run going: somebody else has to approve it".into(),
            ));
        }
        if approval.answers.iter().any(|answer| answer.email == name) {
            return Err(PortalError::refused("already_answered", "you have answered already"));
        }
        Ok(())
    }
}

/// The name under which a caller's answer is kept.
pub(super) fn answers_as(viewer: &Viewer) -> String {
    viewer.email().unwrap_or(viewer.name()).to_lowercase()
}

/// A query made ready.
struct Wanted<'q> {
    query: &'q RunQuery,
    text: Option<String>,
}

impl<'q> Wanted<'q> {
    fn of(query: &'q RunQuery) -> Self {
        let text = query.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        Self { query, text: text.map(str::to_lowercase) }
    }

    fn has(&self, run: &Run) -> bool {
        let q = self.query;
        let is = |wanted: &Option<String>, value: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| value == Some(wanted))
        };
        let target = run.target.as_ref();
        (q.kinds.is_empty() || q.kinds.contains(&run.of.kind))
            && is(&q.of, Some(&run.of.identifier))
            && (q.statuses.is_empty() || q.statuses.contains(&run.status))
            && q.active.is_none_or(|active| active != run.status.has_ended())
            && is(&q.blueprint, target.map(|t| t.blueprint.as_str()))
            && is(&q.entity, target.and_then(|t| t.entity.as_deref()))
            && self.is_by(run)
            && q.source.is_none_or(|source| run.starter.origin == source)
            && is(&q.external_run_id, run.report.external_run_id.as_deref())
            && is(&q.caused_by, run.caused_by.as_deref())
            && (!q.attention || run.attention.is_some())
            && !q.exclude.contains(&run.id)
            && self.text.as_deref().is_none_or(|text| mentions(run, text))
    }

    fn is_by(&self, run: &Run) -> bool {
        let Some(wanted) = self.query.starter.as_deref() else { return true };
        is_email(run.starter.email.as_deref(), wanted) || run.starter.actor.eq_ignore_ascii_case(wanted)
    }
}

fn mentions(run: &Run, text: &str) -> bool {
    let target = run.target.as_ref();
    let parts = [
        Some(run.id.as_str()),
        Some(run.of.identifier.as_str()),
        run.of.title.as_deref(),
        target.and_then(|target| target.entity.as_deref()),
        target.and_then(|target| target.title.as_deref()),
        Some(run.starter.actor.as_str()),
        run.starter.email.as_deref(),
        run.report.external_run_id.as_deref(),
    ];
    parts.into_iter().flatten().any(|part| part.to_lowercase().contains(text))
}
