//! What every store has to do, as a suite: `run` panics at the first thing that one doesn't.

// A suite of tests that happens to live in the library, so that each implementation can run it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod content;
mod journal;
pub mod leases;
mod log;
mod newest;
mod references;
pub mod samples;

use stagedoor_model::{Change, ChangeSet, Revision};

use crate::Store;

/// A store under test.
pub trait Fixture {
    /// The open store.
    fn store(&self) -> &dyn Store;
    /// Closes it and opens what is on disk again, as a restart does.
    fn reopen(&mut self);
}

type Case = (&'static str, fn(&mut dyn Fixture));

const CASES: &[Case] = &[
    ("starts empty", content::starts_empty),
    ("every kind of change makes the round trip", content::every_kind_makes_the_round_trip),
    ("order of first appearance", content::order_of_first_appearance),
    ("absent is absent", content::absent_is_absent),
    ("awkward text", content::awkward_text),
    ("awkward JSON", content::awkward_json),
    ("large documents", content::large_documents),
    ("rename", content::rename),
    ("unknown things can be deleted", content::unknown_things_can_be_deleted),
    ("the last change of a set wins", content::the_last_change_of_a_set_wins),
    ("settings", content::settings),
    ("journals", journal::newest_lines_are_kept),
    ("one revision per set", log::one_revision_per_set),
    ("pages of the log", log::pages),
    ("behind", log::behind),
    ("history of one thing", log::history_of_one_thing),
    ("the log newest first", newest::newest_first),
    ("the log of one actor", newest::of_one_actor),
    ("empty commits", log::empty_commits),
    ("a refused commit leaves nothing", log::a_refused_commit_leaves_nothing),
    ("readers beside a writer", log::readers_beside_a_writer),
    ("writers race", log::writers_race),
    ("references pass within a set", references::pass_within_a_set),
    ("references are unique after a set", references::unique_after_a_set),
    ("same as the twin", references::same_as_the_twin),
];

/// Runs every case against a fresh store of its own.
pub fn run(fresh: &mut dyn FnMut() -> Box<dyn Fixture>) {
    for (name, case) in CASES {
        let mut fixture = fresh();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| case(fixture.as_mut())));
        assert!(outcome.is_ok(), "conformance case failed: {name}");
    }
}

/// The current state in words, for comparisons.
#[must_use]
pub fn state(store: &dyn Store) -> (Revision, Vec<String>) {
    let mut lines = Vec::new();
    let revision = store.load(&mut |change| lines.push(format!("{change:?}"))).unwrap();
    assert_eq!(revision, store.head().unwrap());
    (revision, lines)
}

/// The whole log in words, for comparisons.
#[must_use]
pub fn log(store: &dyn Store) -> Vec<String> {
    store.commits_since(0, usize::MAX).unwrap().iter().map(|commit| format!("{commit:?}")).collect()
}

fn words(changes: &[Change]) -> Vec<String> {
    changes.iter().map(|change| format!("{change:?}")).collect()
}

/// Commits one set of these changes on top of the head.
fn put(store: &dyn Store, changes: Vec<Change>) -> Revision {
    let head = store.head().unwrap();
    store.commit(head, &[samples::set(changes)]).unwrap()
}

fn commit(store: &dyn Store, sets: &[ChangeSet]) -> Result<Revision, crate::StoreError> {
    store.commit(store.head().unwrap(), sets)
}
