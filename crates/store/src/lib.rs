//! The persistence port: what the one writer needs of a database, and nothing else.
//!
//! A [`Store`] keeps two things: the current state, to load at start, and the change log, to follow
//! and to look back. Both are written by [`Store::commit`], in one transaction. Queries are not its
//! business: they run on the live catalog in memory.
//!
//! [`MemoryStore`] is the twin without a disk, for tests and trials. [`conformance`] is the suite that
//! every implementation passes.

pub mod conformance;
mod error;
mod memory;
mod peers;
mod references;

pub use error::StoreError;
pub use memory::MemoryStore;
pub use peers::{LEASE, Notice, Peers};
pub use references::check_references;

use std::sync::Arc;

use stagedoor_model::{Actor, Change, ChangeSet, Commit, JournalLine, JsonText, Revision, Timestamp};
use uuid::Uuid;

/// Something that the change log knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing<'a> {
    /// An entity by its uid.
    Entity(Uuid),
    /// A blueprint by its identifier.
    Blueprint(&'a str),
    /// A record by collection and key.
    Record(&'a str, &'a str),
}

impl Thing<'_> {
    /// Whether a change is about it.
    #[must_use]
    pub fn is_of(&self, change: &Change) -> bool {
        match (self, change) {
            (Self::Entity(uid), Change::PutEntity(e)) => e.uid == *uid,
            (Self::Entity(uid), Change::DeleteEntity(deleted)) => deleted == uid,
            (Self::Blueprint(id), Change::PutBlueprint(b)) => b.identifier == *id,
            (Self::Blueprint(id), Change::DeleteBlueprint(deleted)) => deleted == id,
            (Self::Record(c, k), Change::PutRecord(r)) => r.collection == *c && r.key == *k,
            (Self::Record(c, k), Change::DeleteRecord(collection, key)) => collection == c && key == k,
            _ => false,
        }
    }
}

/// What is wanted of the log, newest first.
#[derive(Clone, Copy, Debug)]
pub struct LogQuery<'a> {
    /// Before this change; the newest when `None`.
    pub before: Option<i64>,
    /// Of which part.
    pub only: Only<'a>,
    /// At most so many.
    pub limit: usize,
}

/// Parts of the log that a store finds without going through the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only<'a> {
    /// All of it.
    All,
    /// Blueprints and records: what stands between the many changes of entities.
    Things,
    /// What one actor did, by its exact name.
    By(&'a str),
    /// What happened to one thing.
    Of(Thing<'a>),
}

impl Only<'_> {
    /// Whether a change belongs to it.
    #[must_use]
    pub fn has(&self, change: &Change, actor: &Actor) -> bool {
        match self {
            Self::All => true,
            Self::Things => matches!(
                change,
                Change::PutBlueprint(_)
                    | Change::DeleteBlueprint(_)
                    | Change::PutRecord(_)
                    | Change::DeleteRecord(..)
            ),
            Self::By(name) => actor.name == *name,
            Self::Of(thing) => thing.is_of(change),
        }
    }
}

/// A change in the log.
#[derive(Clone, Debug)]
pub struct LoggedChange {
    /// Its place: ascending within the log, unique, kept by backups.
    pub id: i64,
    /// The commit that it was part of.
    pub revision: Revision,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub change: Change,
}

/// A database, as the one writer sees it. All calls block; none may be made from a sink of [`Store::load`].
pub trait Store: Send + Sync + 'static {
    /// Stores `sets` in one transaction, durable on return; each set gets its own revision, `base` + 1,
    /// `base` + 2 and so on. Returns the new head. Nothing is written when `sets` is empty.
    ///
    /// References have to be unique after each set; within one they may pass from entity to entity in
    /// any order.
    ///
    /// # Errors
    /// [`StoreError::Behind`] when the head is not `base`, [`StoreError::Taken`] when two entities would
    /// have one reference, others when the database fails. Nothing is written in any of these cases but
    /// [`StoreError::Unknown`].
    ///
    /// After `Behind` a store may keep other processes from writing for a moment, so that a slower one gets its
    /// turn: come back soon, with nothing if nothing is left to write.
    fn commit(&self, base: Revision, sets: &[ChangeSet]) -> Result<Revision, StoreError>;

    /// The revision of the last commit, 0 when there is none.
    ///
    /// # Errors
    /// When the database fails.
    fn head(&self) -> Result<Revision, StoreError>;

    /// Feeds the current state as `Put*` changes: blueprints, sources, entities, waiting claims, records, in
    /// this order and each of them in the order of first appearance. Returns the revision it belongs to.
    ///
    /// # Errors
    /// When the database fails or holds something unreadable; `sink` has then seen a part.
    fn load(&self, sink: &mut dyn FnMut(Change)) -> Result<Revision, StoreError>;

    /// The change log after a revision, oldest first, at most `limit` commits.
    ///
    /// # Errors
    /// When the database fails or holds something unreadable.
    fn commits_since(&self, after: Revision, limit: usize) -> Result<Vec<Commit>, StoreError>;

    /// The log of one thing, newest first: commits before a revision (all when `None`), at most `limit`. Of
    /// each commit only the changes of that thing.
    ///
    /// # Errors
    /// When the database fails or holds something unreadable.
    fn history(
        &self,
        thing: Thing<'_>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Commit>, StoreError>;

    /// The log newest first, change by change: those before a place, at most so many. Its cost follows the number
    /// of changes that it returns, not the length of the log.
    ///
    /// # Errors
    /// When the database fails or holds something unreadable.
    fn changes_before(&self, query: &LogQuery<'_>) -> Result<Vec<LoggedChange>, StoreError>;

    /// A small named value of the installation, such as its signing key.
    ///
    /// # Errors
    /// When the database fails.
    fn setting(&self, name: &str) -> Result<Option<String>, StoreError>;

    /// Stores a value under a name that has none yet; returns what is stored afterwards. Not a commit:
    /// the head stays.
    ///
    /// # Errors
    /// When the database fails.
    fn put_setting_if_absent(&self, name: &str, value: &str) -> Result<String, StoreError>;

    /// Sets a value whether there is one or not; `None` removes it. Not a commit: the head stays.
    ///
    /// # Errors
    /// When the database fails.
    fn put_setting(&self, name: &str, value: Option<&str>) -> Result<(), StoreError>;

    /// Appends lines to a journal and forgets all but its newest `keep`. Not a commit: the head stays, other
    /// replicas see the lines when they read. Durable at some later commit: a crash may lose the newest.
    ///
    /// # Errors
    /// When the database fails.
    fn append_journal(
        &self,
        journal: &str,
        at: Timestamp,
        bodies: &[JsonText],
        keep: usize,
    ) -> Result<(), StoreError>;

    /// Appends lines to several journals, as [`Store::append_journal`] does, and forgets none: cheaper than one by one.
    ///
    /// # Errors
    /// When the database fails; some of them may have been appended then.
    fn append_journals(&self, at: Timestamp, lines: &[(String, Vec<JsonText>)]) -> Result<(), StoreError> {
        lines.iter().try_for_each(|(journal, bodies)| self.append_journal(journal, at, bodies, usize::MAX))
    }

    /// The lines of a journal, newest first: those before a line, at most `limit`. An unknown journal is empty.
    ///
    /// # Errors
    /// When the database fails or holds something unreadable.
    fn journal(
        &self,
        journal: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<JournalLine>, StoreError>;

    /// The other processes on this database; `None` when there can be none.
    fn peers(&self) -> Option<Arc<dyn Peers>> {
        None
    }
}
