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

pub use error::StoreError;
pub use memory::MemoryStore;

use stagedoor_model::{Change, ChangeSet, Commit, Revision};

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
    /// have one reference, others when the database fails. Nothing is written in any of these cases.
    fn commit(&self, base: Revision, sets: &[ChangeSet]) -> Result<Revision, StoreError>;

    /// The revision of the last commit, 0 when there is none.
    ///
    /// # Errors
    /// When the database fails.
    fn head(&self) -> Result<Revision, StoreError>;

    /// Feeds the current state as `Put*` changes: blueprints, sources, entities, waiting claims, in this
    /// order and each of them in the order of first appearance. Returns the revision it belongs to.
    ///
    /// # Errors
    /// When the database fails or holds something unreadable; `sink` has then seen a part.
    fn load(&self, sink: &mut dyn FnMut(Change)) -> Result<Revision, StoreError>;

    /// The change log after a revision, oldest first, at most `limit` commits.
    ///
    /// # Errors
    /// When the database fails or holds something unreadable.
    fn commits_since(&self, after: Revision, limit: usize) -> Result<Vec<Commit>, StoreError>;

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
}
