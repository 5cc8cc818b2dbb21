//! Entities that sources have let go of lately: one that another source says within a day, or the same one elsewhere,
//! is still the same entity. So it keeps its uid, its history and what contributors have set.
//!
//! Known in memory alone, for what was published by this process, whoever wrote it. After a restart, what went before
//! it comes back as a new entity.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use stagedoor_model::{EntityRecord, Timestamp};
use stagedoor_query::Catalog;

use crate::clock;
use crate::writer::Draft;

/// How long they are known, in milliseconds.
const GRACE: i64 = 24 * 60 * 60 * 1000;
/// Of more the oldest are forgotten.
const MOST: usize = 50_000;

/// Those that have gone, by reference.
#[derive(Default)]
pub(crate) struct Departed(Mutex<Known>);

#[derive(Default)]
struct Known {
    records: HashMap<String, (Timestamp, Arc<EntityRecord>)>,
    /// When they went, oldest first.
    order: VecDeque<(Timestamp, String)>,
}

impl Departed {
    /// Learns what has gone between two snapshots.
    pub(crate) fn learn(&self, before: &Catalog, after: &Catalog) {
        let Some(touched) = after.touched_since(before.place()) else { return };
        let gone = touched.into_iter().filter(|node| after.entity(*node).is_none());
        let records = gone.filter_map(|node| Some(Arc::clone(&before.entity(node)?.record)));
        let claimed: Vec<Arc<EntityRecord>> = records.filter(|record| record.claim.is_some()).collect();
        if !claimed.is_empty() {
            self.0.lock().add(claimed, clock::now());
        }
    }

    /// The one that had this reference, if it went a short while ago.
    fn of(&self, reference: &str, now: Timestamp) -> Option<Arc<EntityRecord>> {
        let known = self.0.lock();
        let (since, record) = known.records.get(reference)?;
        (now.0 - since.0 < GRACE).then(|| Arc::clone(record))
    }
}

impl Known {
    fn add(&mut self, records: Vec<Arc<EntityRecord>>, now: Timestamp) {
        for record in records {
            let reference = record.entity_ref.to_string();
            // What it said is what makes it large, and is said anew.
            let kept = Arc::new(EntityRecord { document: None, claim: None, ..record.as_ref().clone() });
            self.order.push_back((now, reference.clone()));
            self.records.insert(reference, (now, kept));
        }
        let is_over = |(since, _): &(Timestamp, String)| now.0 - since.0 >= GRACE;
        while self.order.len() > MOST || self.order.front().is_some_and(is_over) {
            let Some((since, reference)) = self.order.pop_front() else { return };
            // It may have come back and gone again since.
            if self.records.get(&reference).is_some_and(|(newer, _)| *newer == since) {
                self.records.remove(&reference);
            }
        }
    }
}

impl Draft {
    /// The entity that had a reference until lately, where it can be that again.
    pub(super) fn departed(&self, departed: &Departed, reference: &str, kind: &str) -> Option<EntityRecord> {
        let record = departed.of(reference, self.at)?;
        let blueprint = &self.catalog.blueprints().by_kind(kind)?.blueprint.identifier;
        let is_there = |node| self.catalog.entity(node).is_some();
        let by_uid = self.catalog.node_of_uid(record.uid).is_some_and(is_there);
        let by_key = self.catalog.node_of_key(&record.blueprint, &record.identifier).is_some_and(is_there);
        let fits = record.blueprint.as_str() == blueprint && !by_uid && !by_key;
        fits.then(|| record.as_ref().clone())
    }
}
