//! What the portal counts of itself, for whoever watches it. Counting is a few atomic additions.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use stagedoor_auth::Viewer;

use crate::Portal;

/// Upper ends of the buckets of [`Timings`], in microseconds; one more bucket takes the rest.
pub const TIMING_BOUNDS: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000, 10_000_000];

/// How long something took, each time.
#[derive(Debug, Default)]
pub struct Timings {
    buckets: [AtomicU64; TIMING_BOUNDS.len() + 1],
    micros: AtomicU64,
}

impl Timings {
    /// Counts one.
    pub fn add(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = TIMING_BOUNDS.partition_point(|bound| *bound < micros);
        if let Some(bucket) = self.buckets.get(bucket) {
            bucket.fetch_add(1, Relaxed);
        }
        self.micros.fetch_add(micros, Relaxed);
    }

    /// How many fell into each bucket, the last being beyond all bounds.
    #[must_use]
    pub fn buckets(&self) -> [u64; TIMING_BOUNDS.len() + 1] {
        std::array::from_fn(|i| self.buckets.get(i).map_or(0, |b| b.load(Relaxed)))
    }

    /// All of them together.
    #[must_use]
    pub fn total(&self) -> Duration {
        Duration::from_micros(self.micros.load(Relaxed))
    }
}

/// Counters since the start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) queued: AtomicU64,
    pub(crate) taken: AtomicU64,
    pub(crate) commits: AtomicU64,
    pub(crate) changes: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) files_parsed: AtomicU64,
    pub(crate) transactions: Timings,
}

impl Counters {
    /// A transaction has ended; `None` when it failed.
    pub(crate) fn transaction(&self, took: Duration, stored: Option<(usize, usize)>) {
        match stored {
            Some((commits, changes)) => {
                self.commits.fetch_add(commits as u64, Relaxed);
                self.changes.fetch_add(changes as u64, Relaxed);
                self.transactions.add(took);
            }
            None => {
                self.errors.fetch_add(1, Relaxed);
            }
        }
    }
}

/// How the portal is doing.
#[derive(Debug)]
pub struct Stats<'a> {
    /// Commits of this process, and the changes in them.
    pub commits: u64,
    /// See [`Stats::commits`].
    pub changes: u64,
    /// How long its transactions took.
    pub transactions: &'a Timings,
    /// Transactions that the store refused or failed.
    pub store_errors: u64,
    /// Operations that wait for the writer.
    pub queued: u64,
    /// The newest commit.
    pub revision: u64,
    /// Entities by blueprint.
    pub entities: Vec<(String, u64)>,
    /// Sources by state; `unread` before their first reading.
    pub sources: Vec<(String, u64)>,
    /// Files that sources had to parse, each time.
    pub files_parsed: u64,
    /// Feeds that are being read.
    pub feeds: u64,
    /// Attempts that were refused for want of a right.
    pub denials: u64,
}

impl Portal {
    /// How the portal is doing, whoever asks: names of blueprints and numbers, nothing of any entity.
    #[must_use]
    pub fn stats(&self) -> Stats<'_> {
        let counters = &self.shared.counters;
        let catalog = self.shared.catalog.load();
        let mut sources: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
        for report in self.sources(&Viewer::system("metrics")).unwrap_or_default() {
            let state = report.state.and_then(|s| serde_json::to_value(s).ok());
            let state = state.and_then(|s| s.as_str().map(str::to_owned));
            *sources.entry(state.unwrap_or_else(|| "unread".into())).or_default() += 1;
        }
        let blueprints = catalog.blueprints().iter().map(|e| e.blueprint.identifier.clone());
        Stats {
            commits: counters.commits.load(Relaxed),
            changes: counters.changes.load(Relaxed),
            transactions: &counters.transactions,
            store_errors: counters.errors.load(Relaxed),
            queued: counters.queued.load(Relaxed).saturating_sub(counters.taken.load(Relaxed)),
            revision: catalog.revision,
            entities: blueprints
                .map(|b| {
                    let n = catalog.count(&b);
                    (b, n)
                })
                .collect(),
            sources: sources.into_iter().collect(),
            files_parsed: counters.files_parsed.load(Relaxed),
            feeds: self.open_feeds(),
            denials: self.shared.denials.total(),
        }
    }
}
