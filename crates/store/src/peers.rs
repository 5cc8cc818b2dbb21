//! Several processes on one database: each follows what the others write, and a writer waits for all of them.

use std::collections::BTreeSet;
use std::time::Duration;

use stagedoor_model::Revision;

use crate::StoreError;

/// A process counts as living for so long after it last said so.
pub const LEASE: Duration = Duration::from_secs(3);

/// What a process learns while it waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// The newest revision known.
    pub head: Revision,
    /// What others have asked for with [`Peers::ask`], oldest first.
    pub asked: Vec<String>,
    /// Work has become free, or there is more or less for this process than it should do: call [`Peers::share`].
    pub share: bool,
}

/// The processes that share a database, seen from one of them. One thread calls [`Peers::wait`] and
/// [`Peers::report`], any thread the others. All calls block.
pub trait Peers: Send + Sync + 'static {
    /// Takes a lease: from now on every writer waits until this process has applied what it writes. Say it
    /// before the first reader is let in, and then apply what has come since the catalog was loaded.
    ///
    /// # Errors
    /// When the database cannot be reached.
    fn join(&self, applied: Revision) -> Result<(), StoreError>;

    /// Waits until there is more than `applied`, or something asked for; at most about a quarter of a second.
    /// Renews the lease when it is time.
    ///
    /// # Errors
    /// When the database cannot be reached; the next call connects again.
    fn wait(&self, applied: Revision) -> Result<Notice, StoreError>;

    /// Tells the others that everything up to a revision is applied and visible here.
    ///
    /// # Errors
    /// When the database cannot be reached.
    fn report(&self, applied: Revision) -> Result<(), StoreError>;

    /// Waits until every other living process has applied a revision. False when the time was not enough.
    fn wait_applied(&self, revision: Revision, timeout: Duration) -> bool;

    /// Whether this process is the one that does what only one may do, such as reading sources. Another one
    /// takes over when its lease ends.
    fn leads(&self) -> bool;

    /// Says which pieces of work there are, by name, and takes an equal part of them; what is too much of what this
    /// process holds is given up. Nothing may be under way for a piece that it is not sure to keep: what has been
    /// given up may be done by another process before this returns. Where a process dies, what it held is free a few
    /// seconds later; a [`Notice`] tells.
    ///
    /// # Errors
    /// When the database cannot be reached: this process then holds nothing.
    fn share(&self, work: &BTreeSet<String>) -> Result<(), StoreError>;

    /// Whether this process holds a piece of work, and nobody else can.
    fn holds(&self, work: &str) -> bool;

    /// Whether the lease held a moment ago: false when the database has not answered for too long.
    fn is_current(&self) -> bool;

    /// Asks all others for something, in a few words. It is a hint: whoever is not listening misses it.
    ///
    /// # Errors
    /// When the database cannot be reached.
    fn ask(&self, what: &str) -> Result<(), StoreError>;

    /// The name of this process among the others: another one at every start.
    fn id(&self) -> String;

    /// The names of all processes whose lease holds, or may hold: whoever is not among them is gone for good.
    ///
    /// # Errors
    /// When the database cannot be reached.
    fn living(&self) -> Result<BTreeSet<String>, StoreError>;

    /// Gives the lease back, so that nobody waits for this process any more.
    fn leave(&self);
}
