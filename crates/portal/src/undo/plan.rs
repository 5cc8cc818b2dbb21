//! From the log: what each thing was before the changes that are to be taken back, and what it has been since.

use std::collections::BTreeSet;
use std::sync::Arc;

use stagedoor_model::{Change, Commit, EntityRecord, Record, Revision};
use stagedoor_store::{Store, Thing};
use uuid::Uuid;

use super::selection::Selected;
use super::{NotUndone, UndoReport};
use crate::error::PortalError;
use crate::writer::internal;

/// The collection of registered locations.
pub(super) const LOCATIONS: &str = "location";
/// Commits of one thing that are read at a time.
const PAGE: usize = 16;

/// What is to be done, as far as the log can tell. The writer looks at each thing again.
#[derive(Default)]
pub(super) struct Plan {
    /// Each with what it was, and what it has been since; never neither.
    pub(super) entities: Vec<Step>,
    /// Registered locations that are to be there again.
    pub(super) locations: Vec<Arc<Record>>,
    /// What cannot be done.
    pub(super) refused: Vec<NotUndone>,
}

/// One entity.
pub(super) enum Step {
    /// It was removed.
    Restore(Arc<EntityRecord>),
    /// It was changed: what it was, what it is.
    Revert(Arc<EntityRecord>, Arc<EntityRecord>),
    /// It was made.
    Remove(Arc<EntityRecord>),
}

impl Step {
    /// What it was, or what it is where it was nothing.
    pub(super) fn record(&self) -> &EntityRecord {
        match self {
            Self::Restore(record) | Self::Revert(record, _) | Self::Remove(record) => record,
        }
    }
}

impl Plan {
    /// A report that has what cannot be done, and nothing yet of what can.
    pub(super) fn report(&self) -> UndoReport {
        UndoReport { refused: self.refused.clone(), ..UndoReport::default() }
    }
}

pub(super) fn plan(store: &dyn Store, selected: Selected) -> Result<Plan, PortalError> {
    let mut plan = Plan::default();
    for (uid, revisions) in &selected.entities {
        let past = past_of(store, *uid, revisions)?;
        plan.add(past);
    }
    for (key, revisions) in &selected.locations {
        let Some(first) = revisions.first() else { continue };
        let thing = Thing::Record(LOCATIONS, key);
        let last = |before| -> Result<Option<Arc<Record>>, PortalError> {
            let commits = store.history(thing, before, 1).map_err(internal)?;
            Ok(commits.first().and_then(|c| match c.change_set.changes.last() {
                Some(Change::PutRecord(record)) => Some(Arc::clone(record)),
                _ => None,
            }))
        };
        match (last(Some(*first))?, last(None)?) {
            (Some(was), None) => plan.locations.push(was),
            (_, Some(is)) => plan.refused.push(NotUndone {
                blueprint: None,
                identifier: location_of(&is),
                reference: None,
                code: "location",
                message: "a registered location is not taken back; delete it".into(),
            }),
            (None, None) => {}
        }
    }
    Ok(plan)
}

/// `<type>:<target>` of a registered location.
pub(super) fn location_of(record: &Record) -> String {
    let body = record.body.value();
    let text = |key: &str| body.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    format!("{}:{}", text("type"), text("target"))
}

/// What the log says of one entity.
struct Past {
    /// Before the first of the changes.
    before: Option<Arc<EntityRecord>>,
    /// Whether the log has what was before.
    is_known: bool,
    /// Now.
    now: Option<Arc<EntityRecord>>,
    /// The newest state that it ever had.
    newest: Option<Arc<EntityRecord>>,
    /// A change after the first that is not to be taken back.
    since: Option<Commit>,
}

fn past_of(store: &dyn Store, uid: Uuid, revisions: &BTreeSet<Revision>) -> Result<Past, PortalError> {
    let first = revisions.first().copied().unwrap_or_default();
    let (commits, before) = commits_from(store, uid, first)?;
    let now = commits.first().and_then(state_of);
    // Newest first: those before it came after all that is to be taken back.
    let newest_of_these = commits.iter().position(|commit| revisions.contains(&commit.revision));
    let (later, among) = commits.split_at(newest_of_these.unwrap_or_default());
    let after = among.first().and_then(state_of);
    let other = among.iter().find(|commit| !revisions.contains(&commit.revision));
    // What came later may have come to nothing, such as something that was taken back and then that too.
    let since = match is_same(after.as_deref(), now.as_deref()) {
        true => other,
        false => later.first().or(other),
    };
    Ok(Past {
        is_known: before.is_some() || commits.last().is_some_and(is_made_by),
        before: before.as_ref().and_then(state_of),
        newest: commits.iter().find_map(state_of),
        since: since.cloned(),
        now,
    })
}

/// The commits of an entity from one on, newest first, and the one before them, if the log has it.
fn commits_from(
    store: &dyn Store,
    uid: Uuid,
    first: Revision,
) -> Result<(Vec<Commit>, Option<Commit>), PortalError> {
    let (mut found, mut place) = (Vec::new(), None);
    loop {
        let commits = store.history(Thing::Entity(uid), place, PAGE).map_err(internal)?;
        let ended = commits.len() < PAGE;
        for commit in commits {
            if commit.revision < first {
                return Ok((found, Some(commit)));
            }
            place = Some(commit.revision);
            found.push(commit);
        }
        if ended {
            return Ok((found, None));
        }
    }
}

fn is_same(a: Option<&EntityRecord>, b: Option<&EntityRecord>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.same_content(b),
        (None, None) => true,
        _ => false,
    }
}

/// What an entity was after a commit.
fn state_of(commit: &Commit) -> Option<Arc<EntityRecord>> {
    match commit.change_set.changes.last() {
        Some(Change::PutEntity(record)) => Some(Arc::clone(record)),
        _ => None,
    }
}

/// Whether an entity's first change in a commit was its first ever.
fn is_made_by(commit: &Commit) -> bool {
    match commit.change_set.changes.first() {
        Some(Change::PutEntity(record)) => record.stamps.created_at == commit.change_set.at,
        _ => false,
    }
}

impl Plan {
    fn add(&mut self, past: Past) {
        let Some(shown) = past.before.as_ref().or(past.now.as_ref()).or(past.newest.as_ref()).cloned() else {
            return;
        };
        if let Some(refusal) = refusal(&past, &shown) {
            return self.refused.push(refusal);
        }
        match (past.before, past.now) {
            (Some(was), None) => self.entities.push(Step::Restore(was)),
            (Some(was), Some(is)) => self.entities.push(Step::Revert(was, is)),
            (None, Some(is)) => self.entities.push(Step::Remove(is)),
            // Made and removed again, both within the changes.
            (None, None) => {}
        }
    }
}

fn refusal(past: &Past, shown: &EntityRecord) -> Option<NotUndone> {
    if shown.blueprint.starts_with('_') {
        let text = "people and teams are not taken back: add them again, or change them";
        return Some(NotUndone::of(shown, "protected_entity", text));
    }
    if let Some(since) = &past.since {
        let (at, revision) = (since.change_set.at, since.revision);
        let what = if past.now.is_some() { "changed" } else { "removed" };
        let text = format!("it was {what} again at {at} (revision {revision}); take that back first");
        return Some(NotUndone::of(shown, "changed_since", text));
    }
    if !past.is_known {
        return Some(NotUndone::of(shown, "revision_gone", "the change log has no more what it was before"));
    }
    None
}
