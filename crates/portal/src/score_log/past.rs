//! Since when entities stand where they do, and how many stood where.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use stagedoor_model::{Revision, Timestamp};
use stagedoor_scorecards::Board;
use tokio::sync::watch;
use uuid::Uuid;

use super::compare::Moved;

/// Under which name a level is remembered: no rule has it.
const LEVEL: &str = "";

/// What is remembered of a scorecard's past.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    /// When recording began.
    pub(super) began: Option<Timestamp>,
    /// When it began for a rule that was made later.
    pub(super) rules: BTreeMap<String, Timestamp>,
    /// By rule.
    pub(super) since: BTreeMap<String, HashMap<Uuid, Timestamp>>,
}

impl Past {
    pub(super) fn beginning(board: &Board, now: Timestamp) -> Self {
        let mut past = Self { began: Some(now), ..Self::default() };
        past.know(board, now);
        past
    }

    /// Learns of new rules and forgets those that are gone.
    pub(super) fn know(&mut self, board: &Board, now: Timestamp) {
        let rules = &board.scorecard.rules;
        for rule in rules {
            self.rules.entry(rule.identifier.clone()).or_insert(now);
        }
        self.rules.retain(|known, _| board.scorecard.rule(known).is_some());
        self.since.retain(|known, _| known == LEVEL || board.scorecard.rule(known).is_some());
    }

    /// Something moved. Whoever is new stands where it does since it was made, which need not be remembered.
    pub(super) fn moved(&mut self, uid: Uuid, moved: &Moved, at: Timestamp) {
        self.set(uid, moved.rule.as_deref(), moved.to.is_some() && moved.was_there, at);
    }

    pub(super) fn set(&mut self, uid: Uuid, rule: Option<&str>, remember: bool, at: Timestamp) {
        let rule = rule.unwrap_or(LEVEL);
        if remember {
            self.since.entry(rule.to_owned()).or_default().insert(uid, at);
        } else if let Some(since) = self.since.get_mut(rule) {
            since.remove(&uid);
        }
    }

    /// Since when a result is what it is; `None` where it has been so since before recording began.
    pub(super) fn since(&self, uid: Uuid, rule: Option<&str>, made: Timestamp) -> Option<Timestamp> {
        if let Some(at) = self.since.get(rule.unwrap_or(LEVEL)).and_then(|all| all.get(&uid)) {
            return Some(*at);
        }
        let began = self.began?;
        let from = rule.and_then(|rule| self.rules.get(rule).copied()).unwrap_or(began);
        if made > from {
            return Some(made);
        }
        (from > began).then_some(from)
    }
}

/// How many stood where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(super) applies: u64,
    pub(super) levels: BTreeMap<String, u64>,
    /// Passed, failed, not measured, exempt.
    pub(super) rules: BTreeMap<String, [u64; 4]>,
}

impl Totals {
    pub(super) fn of(board: &Board) -> Self {
        let levels = board.scorecard.levels.iter().zip(board.level_counts(None));
        let rule = |(place, rule): (usize, &stagedoor_scorecards::Rule)| {
            let counts = board.counts(place, None);
            (rule.identifier.clone(), [counts.passed, counts.failed, counts.not_measured, counts.exempt])
        };
        Self {
            applies: board.applies.len(),
            levels: levels.map(|(level, count)| (level.title.clone(), count)).collect(),
            rules: board.scorecard.rules.iter().enumerate().map(rule).collect(),
        }
    }
}

/// A past and the id of its scorecard.
pub(super) type Known = (String, Arc<RwLock<Past>>);

/// The pasts of all scorecards.
#[derive(Default)]
pub(crate) struct Pasts {
    /// By id; of the replica that follows the boards.
    own: Mutex<BTreeMap<String, Arc<RwLock<Past>>>>,
    /// The ids by `<blueprint>/<identifier>`.
    keys: Mutex<BTreeMap<String, String>>,
    /// What other replicas wrote, and when it was read.
    others: Mutex<BTreeMap<String, (Instant, Known)>>,
    /// The newest commit whose results have been written down.
    seen: watch::Sender<Revision>,
    /// How often results moved without a commit.
    by_time: watch::Sender<u64>,
}

impl Pasts {
    pub(super) fn have_seen(&self, revision: Revision) {
        self.seen.send_replace(revision);
    }

    pub(super) fn moved_by_time(&self) {
        self.by_time.send_modify(|times| *times += 1);
    }

    /// Tells when results have moved without a commit.
    pub(crate) fn by_time(&self) -> watch::Receiver<u64> {
        self.by_time.subscribe()
    }

    pub(super) fn seen(&self) -> watch::Receiver<Revision> {
        self.seen.subscribe()
    }

    pub(super) fn get(&self, id: &str) -> Option<Arc<RwLock<Past>>> {
        self.own.lock().get(id).cloned()
    }

    pub(super) fn put(&self, id: &str, past: Past) {
        self.own.lock().insert(id.to_owned(), Arc::new(RwLock::new(past)));
    }

    /// Forgets all but those of these keys.
    pub(super) fn are(&self, keys: BTreeMap<String, String>) {
        self.own.lock().retain(|id, _| keys.values().any(|known| known == id));
        *self.keys.lock() = keys;
        self.others.lock().clear();
    }

    pub(super) fn by_key(&self, key: &str) -> Option<Known> {
        let id = self.keys.lock().get(key).cloned()?;
        let past = self.get(&id)?;
        Some((id, past))
    }

    pub(super) fn read_before(&self, key: &str, now: Instant, fresh: Duration) -> Option<Known> {
        let others = self.others.lock();
        let (at, known) = others.get(key)?;
        (now.duration_since(*at) < fresh).then(|| known.clone())
    }

    pub(super) fn have_read(&self, key: &str, now: Instant, known: Known) {
        self.others.lock().insert(key.to_owned(), (now, known));
    }
}
