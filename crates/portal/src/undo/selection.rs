//! From what a person points at to things and the commits that changed them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use indexmap::IndexMap;
use stagedoor_model::{Actor, Change, Revision, Timestamp};
use stagedoor_store::{LogQuery, Only, Store};
use uuid::Uuid;

use super::UndoSelection;
use crate::error::PortalError;
use crate::feed::Position;
use crate::writer::internal;

/// Changes that are taken back at once.
const MOST: usize = 200_000;
/// Places that may be named at once.
const MOST_PLACES: usize = 10_000;
/// Lines that are read at a time.
const PAGE: usize = 500;
/// Clocks of replicas may differ by so much, in milliseconds.
const SKEW: i64 = 5 * 60 * 1000;

/// Things, each with the commits of which its change is to be taken back.
#[derive(Default)]
pub(super) struct Selected {
    /// In the order of the log.
    pub(super) entities: IndexMap<Uuid, BTreeSet<Revision>>,
    /// Keys of registered locations.
    pub(super) locations: IndexMap<String, BTreeSet<Revision>>,
}

impl Selected {
    fn add(&mut self, revision: Revision, change: &Change) {
        match change {
            Change::PutEntity(record) => drop(self.entities.entry(record.uid).or_default().insert(revision)),
            Change::DeleteEntity(uid) => drop(self.entities.entry(*uid).or_default().insert(revision)),
            Change::PutRecord(record) if record.collection == super::plan::LOCATIONS => {
                self.locations.entry(record.key.clone()).or_default().insert(revision);
            }
            Change::DeleteRecord(collection, key) if collection == super::plan::LOCATIONS => {
                self.locations.entry(key.clone()).or_default().insert(revision);
            }
            _ => {}
        }
    }

    fn is_empty(&self) -> bool {
        self.entities.is_empty() && self.locations.is_empty()
    }
}

/// What a selection means. With `own` only what that actor did is there.
///
/// # Errors
/// `NotFound`; `too_many_changes`; when the store fails.
pub(super) fn select(
    store: &dyn Store,
    selection: &UndoSelection,
    own: Option<&str>,
) -> Result<Selected, PortalError> {
    let selected = match selection {
        UndoSelection::Changes(places) => of_places(store, places, own)?,
        UndoSelection::By { actor, since, until } => {
            if own.is_some_and(|own| own != actor) {
                return Err(nothing());
            }
            of_actor(store, actor, *since, *until)?
        }
    };
    if selected.is_empty() { Err(nothing()) } else { Ok(selected) }
}

fn nothing() -> PortalError {
    PortalError::NotFound("there is no change of entities that you could take back".into())
}

fn too_many() -> PortalError {
    let text = format!("these are more than {MOST} changes: take back a shorter time");
    PortalError::refused("too_many_changes", text)
}

/// Whether an actor is a caller, and this one.
fn is_own(actor: &Actor, own: Option<&str>) -> bool {
    own.is_none_or(|own| actor.name == own && !matches!(actor.through.as_str(), "source" | "system"))
}

fn of_places(store: &dyn Store, places: &[Position], own: Option<&str>) -> Result<Selected, PortalError> {
    if places.len() > MOST_PLACES {
        return Err(PortalError::invalid(format!("at most {MOST_PLACES} changes can be named at once")));
    }
    // Of each commit everything, or these of its changes.
    let mut wanted: BTreeMap<Revision, Option<HashSet<usize>>> = BTreeMap::new();
    for place in places {
        let all = wanted.entry(place.revision).or_insert_with(|| Some(HashSet::new()));
        match (place.index, all.as_mut()) {
            (Some(index), Some(some)) => drop(some.insert(index)),
            _ => *all = None,
        }
    }
    let (mut selected, mut count) = (Selected::default(), 0);
    for (revision, some) in wanted {
        let commits = store.commits_since(revision.saturating_sub(1), 1).map_err(internal)?;
        let commit = commits.into_iter().find(|commit| commit.revision == revision);
        let commit = commit.filter(|commit| is_own(&commit.change_set.actor, own));
        let Some(commit) = commit else {
            return Err(PortalError::NotFound(format!(
                "there is no change {revision} that you could take back"
            )));
        };
        let changes = &commit.change_set.changes;
        if let Some(missing) = some.iter().flatten().find(|index| **index >= changes.len()) {
            return Err(PortalError::NotFound(format!("there is no change {revision}-{missing}")));
        }
        for (at, change) in changes.iter().enumerate() {
            if some.as_ref().is_none_or(|some| some.contains(&at)) {
                selected.add(revision, change);
                count += 1;
            }
        }
        if count > MOST {
            return Err(too_many());
        }
    }
    Ok(selected)
}

fn of_actor(
    store: &dyn Store,
    actor: &str,
    since: Timestamp,
    until: Option<Timestamp>,
) -> Result<Selected, PortalError> {
    let (mut selected, mut before, mut count) = (Selected::default(), None, 0);
    loop {
        let query = LogQuery { before, only: Only::By(actor), limit: PAGE };
        let lines = store.changes_before(&query).map_err(internal)?;
        let ended = lines.len() < PAGE;
        for line in lines {
            before = Some(line.id);
            if line.at.0 < since.0.saturating_sub(SKEW) {
                return Ok(in_order(selected));
            }
            if line.at < since || until.is_some_and(|until| line.at > until) {
                continue;
            }
            selected.add(line.revision, &line.change);
            count += 1;
            if count > MOST {
                return Err(too_many());
            }
        }
        if ended {
            return Ok(in_order(selected));
        }
    }
}

/// The log was read backwards.
fn in_order(mut selected: Selected) -> Selected {
    selected.entities.reverse();
    selected.locations.reverse();
    selected
}
