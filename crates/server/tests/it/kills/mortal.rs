//! A database whose process dies at a write that a test names.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use stagedoor_model::{Change, ChangeSet, Commit, JournalLine, JsonText, Revision, Timestamp};
use stagedoor_portal::Portal;
use stagedoor_store::{LogQuery, LoggedChange, Store, StoreError, Thing};

/// On which side of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Death {
    /// It was never made.
    Before,
    /// It was made, and nobody has heard of it.
    After,
}

/// Once dead, it takes nothing more: a process that is gone writes nothing.
pub(super) struct Mortal {
    left: Arc<dyn Store>,
    portal: OnceLock<Portal>,
    fuse: Mutex<Option<(usize, Death)>>,
    counting: AtomicBool,
    writes: AtomicUsize,
    dead: AtomicBool,
}

impl Mortal {
    pub(super) fn over(left: Arc<dyn Store>) -> Self {
        Self {
            left,
            portal: OnceLock::new(),
            fuse: Mutex::default(),
            counting: AtomicBool::new(false),
            writes: AtomicUsize::new(0),
            dead: AtomicBool::new(false),
        }
    }

    pub(super) fn belongs_to(&self, portal: &Portal) {
        assert!(self.portal.set(portal.clone()).is_ok());
    }

    /// Counts from now on.
    pub(super) fn dies_at(&self, fuse: Option<(usize, Death)>) {
        *self.fuse.lock().unwrap() = fuse;
        self.counting.store(true, Ordering::SeqCst);
    }

    pub(super) fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    fn die(&self) -> StoreError {
        self.dead.store(true, Ordering::SeqCst);
        if let Some(portal) = self.portal.get() {
            portal.halt_runs();
        }
        gone()
    }

    fn alive(&self) -> Result<(), StoreError> {
        if self.is_dead() { Err(gone()) } else { Ok(()) }
    }
}

fn gone() -> StoreError {
    StoreError::Taken("the process is gone".into())
}

/// Whether anything of it is of a run, or done by one: other commits come when they like.
fn is_of_a_run(set: &ChangeSet) -> bool {
    let by_run =
        set.actor.through == "run" || set.actor.from.as_deref().is_some_and(|from| from.contains(" run="));
    let of_run = |change: &Change| match change {
        Change::PutRecord(record) => record.collection.starts_with("run"),
        _ => false,
    };
    by_run || set.changes.iter().any(of_run)
}

impl Store for Mortal {
    fn commit(&self, base: Revision, sets: &[ChangeSet]) -> Result<Revision, StoreError> {
        self.alive()?;
        if !self.counting.load(Ordering::SeqCst) || !sets.iter().any(is_of_a_run) {
            return self.left.commit(base, sets);
        }
        let number = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        let fuse = *self.fuse.lock().unwrap();
        match fuse {
            Some((at, Death::Before)) if at == number => Err(self.die()),
            Some((at, Death::After)) if at == number => {
                self.left.commit(base, sets)?;
                Err(self.die())
            }
            _ => self.left.commit(base, sets),
        }
    }

    fn head(&self) -> Result<Revision, StoreError> {
        self.left.head()
    }

    fn load(&self, sink: &mut dyn FnMut(Change)) -> Result<Revision, StoreError> {
        self.left.load(sink)
    }

    fn commits_since(&self, after: Revision, limit: usize) -> Result<Vec<Commit>, StoreError> {
        self.left.commits_since(after, limit)
    }

    fn history(
        &self,
        thing: Thing<'_>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Commit>, StoreError> {
        self.left.history(thing, before, limit)
    }

    fn changes_before(&self, query: &LogQuery<'_>) -> Result<Vec<LoggedChange>, StoreError> {
        self.left.changes_before(query)
    }

    fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.left.setting(name)
    }

    fn put_setting_if_absent(&self, name: &str, value: &str) -> Result<String, StoreError> {
        self.alive()?;
        self.left.put_setting_if_absent(name, value)
    }

    fn put_setting(&self, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        self.alive()?;
        self.left.put_setting(name, value)
    }

    fn append_journal(
        &self,
        journal: &str,
        at: Timestamp,
        bodies: &[JsonText],
        keep: usize,
    ) -> Result<(), StoreError> {
        self.alive()?;
        self.left.append_journal(journal, at, bodies, keep)
    }

    fn append_journals(&self, at: Timestamp, lines: &[(String, Vec<JsonText>)]) -> Result<(), StoreError> {
        self.alive()?;
        self.left.append_journals(at, lines)
    }

    fn journal(
        &self,
        journal: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<JournalLine>, StoreError> {
        self.left.journal(journal, before, limit)
    }
}
