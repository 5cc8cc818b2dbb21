//! The twin without a disk.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use stagedoor_model::{
    Blueprint, Change, ChangeSet, Commit, EntityRecord, JournalLine, JsonText, Record, Revision,
    SourceRecord, Timestamp, WaitingClaim,
};
use uuid::Uuid;

use crate::{LogQuery, LoggedChange, Store, StoreError, Thing, check_references};

/// A store in memory. It keeps every commit and forgets everything with the process.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for MemoryStore {
    fn commit(&self, base: Revision, sets: &[ChangeSet]) -> Result<Revision, StoreError> {
        let mut state = self.state.lock();
        let head = state.head();
        if base != head {
            return Err(StoreError::Behind { head });
        }
        check_references(sets, &|reference| state.references.get(reference).copied())?;
        for set in sets {
            state.apply(set);
            let revision = state.head() + 1;
            state.log.push(Commit { revision, change_set: Arc::new(set.clone()) });
        }
        Ok(state.head())
    }

    fn head(&self) -> Result<Revision, StoreError> {
        Ok(self.state.lock().head())
    }

    fn load(&self, sink: &mut dyn FnMut(Change)) -> Result<Revision, StoreError> {
        let state = self.state.lock();
        state.blueprints.values().for_each(|b| sink(Change::PutBlueprint(b.clone())));
        state.sources.values().for_each(|s| sink(Change::PutSource(s.clone())));
        state.entities.values().for_each(|e| sink(Change::PutEntity(e.clone())));
        state.waiting.values().for_each(|w| sink(Change::PutWaitingClaim(w.clone())));
        state.records.values().for_each(|r| sink(Change::PutRecord(r.clone())));
        Ok(state.head())
    }

    fn commits_since(&self, after: Revision, limit: usize) -> Result<Vec<Commit>, StoreError> {
        let state = self.state.lock();
        let first = state.log.partition_point(|commit| commit.revision <= after);
        Ok(state.log[first..].iter().take(limit).cloned().collect())
    }

    fn history(
        &self,
        thing: Thing<'_>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Commit>, StoreError> {
        let state = self.state.lock();
        let earlier = state.log.iter().rev().filter(|c| before.is_none_or(|b| c.revision < b));
        let of_thing = earlier.filter_map(|commit| {
            let set = &commit.change_set;
            let changes: Vec<_> = set.changes.iter().filter(|c| thing.is_of(c)).cloned().collect();
            let set = ChangeSet { actor: set.actor.clone(), at: set.at, changes };
            (!set.changes.is_empty()).then(|| Commit { revision: commit.revision, change_set: Arc::new(set) })
        });
        Ok(of_thing.take(limit).collect())
    }

    fn changes_before(&self, query: &LogQuery<'_>) -> Result<Vec<LoggedChange>, StoreError> {
        let state = self.state.lock();
        let mut id =
            1 + state.log.iter().map(|c| c.change_set.changes.len().cast_signed() as i64).sum::<i64>();
        let mut found = Vec::new();
        for commit in state.log.iter().rev() {
            let set = &commit.change_set;
            for change in set.changes.iter().rev() {
                id -= 1;
                if found.len() == query.limit {
                    return Ok(found);
                }
                if query.before.is_some_and(|before| id >= before) || !query.only.has(change, &set.actor) {
                    continue;
                }
                found.push(LoggedChange {
                    id,
                    revision: commit.revision,
                    at: set.at,
                    actor: set.actor.clone(),
                    change: change.clone(),
                });
            }
        }
        Ok(found)
    }

    fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(self.state.lock().settings.get(name).cloned())
    }

    fn put_setting_if_absent(&self, name: &str, value: &str) -> Result<String, StoreError> {
        let mut state = self.state.lock();
        Ok(state.settings.entry(name.to_owned()).or_insert_with(|| value.to_owned()).clone())
    }

    fn put_setting(&self, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        let settings = &mut self.state.lock().settings;
        match value {
            Some(value) => settings.insert(name.to_owned(), value.to_owned()),
            None => settings.remove(name),
        };
        Ok(())
    }

    fn append_journal(
        &self,
        journal: &str,
        at: Timestamp,
        bodies: &[JsonText],
        keep: usize,
    ) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        let first = state.journal_lines + 1;
        state.journal_lines += bodies.len().cast_signed() as i64;
        let lines = state.journals.entry(journal.to_owned()).or_default();
        lines.extend((first..).zip(bodies).map(|(id, body)| JournalLine { id, at, body: body.clone() }));
        let surplus = lines.len().saturating_sub(keep);
        lines.drain(..surplus);
        Ok(())
    }

    fn journal(
        &self,
        journal: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<JournalLine>, StoreError> {
        let state = self.state.lock();
        let lines = state.journals.get(journal).map(Vec::as_slice).unwrap_or_default();
        let earlier = lines.iter().rev().filter(|line| before.is_none_or(|b| line.id < b));
        Ok(earlier.take(limit).cloned().collect())
    }
}

#[derive(Default)]
struct State {
    blueprints: Table<String, Arc<Blueprint>>,
    sources: Table<String, Arc<SourceRecord>>,
    entities: Table<Uuid, Arc<EntityRecord>>,
    waiting: Table<(String, String), Arc<WaitingClaim>>,
    records: Table<(String, String), Arc<Record>>,
    journals: HashMap<String, Vec<JournalLine>>,
    journal_lines: i64,
    /// Entity reference -> entity.
    references: HashMap<String, Uuid>,
    settings: HashMap<String, String>,
    log: Vec<Commit>,
}

impl State {
    fn head(&self) -> Revision {
        self.log.last().map_or(0, |commit| commit.revision)
    }

    fn apply(&mut self, set: &ChangeSet) {
        let touched = |change: &Change| match change {
            Change::PutEntity(e) => Some(e.uid),
            Change::DeleteEntity(uid) => Some(*uid),
            _ => None,
        };
        // References pass from entity to entity within a set: all are let go of, then taken up.
        for uid in set.changes.iter().filter_map(touched) {
            if let Some(before) = self.entities.get(&uid) {
                self.references.remove(before.entity_ref.as_str());
            }
        }
        for change in &set.changes {
            self.apply_change(change);
        }
        for uid in set.changes.iter().filter_map(touched) {
            if let Some(after) = self.entities.get(&uid) {
                self.references.insert(after.entity_ref.clone().to_string(), uid);
            }
        }
    }

    fn apply_change(&mut self, change: &Change) {
        match change {
            Change::PutBlueprint(b) => self.blueprints.put(b.identifier.clone(), b.clone()),
            Change::DeleteBlueprint(identifier) => self.blueprints.delete(identifier),
            Change::PutEntity(e) => self.entities.put(e.uid, e.clone()),
            Change::DeleteEntity(uid) => self.entities.delete(uid),
            Change::PutSource(s) => self.sources.put(s.id.clone(), s.clone()),
            Change::DeleteSource(id) => self.sources.delete(id),
            Change::PutWaitingClaim(w) => self.waiting.put((w.source.clone(), w.item.clone()), w.clone()),
            Change::DeleteWaitingClaim(source, item) => self.waiting.delete(&(source.clone(), item.clone())),
            Change::PutRecord(r) => self.records.put((r.collection.clone(), r.key.clone()), r.clone()),
            Change::DeleteRecord(collection, key) => self.records.delete(&(collection.clone(), key.clone())),
        }
    }
}

/// A map that remembers the order of first appearance, at any size, deletions included.
struct Table<K, V> {
    places: HashMap<K, u64>,
    rows: BTreeMap<u64, V>,
    next: u64,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { places: HashMap::new(), rows: BTreeMap::new(), next: 0 }
    }
}

impl<K: Hash + Eq, V> Table<K, V> {
    fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(self.places.get(key)?)
    }

    fn put(&mut self, key: K, value: V) {
        let place = *self.places.entry(key).or_insert_with(|| {
            self.next += 1;
            self.next
        });
        self.rows.insert(place, value);
    }

    fn delete(&mut self, key: &K) {
        if let Some(place) = self.places.remove(key) {
            self.rows.remove(&place);
        }
    }

    fn values(&self) -> impl Iterator<Item = &V> {
        self.rows.values()
    }
}
