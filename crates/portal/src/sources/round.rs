//! From readings to changes: blueprints first, then every claim before any ends, then how it went.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use stagedoor_model::{Actor, Blueprint, SourceState};
use stagedoor_query::Catalog;
use tokio::runtime::Handle;

use super::budget::{self, Agreed};
use super::item::{Content, Item};
use super::reading::{GONE_GRACE, Outcome, Reading, TARGET_MARK};
use super::reconcile::{Spoken, claimed_by};
use super::settle::keep_unsettled;
use super::source::Source;
use crate::error::PortalError;
use crate::problems::{Problem, Problems};
use crate::writer::Draft;
use crate::{Portal, clock};

/// Claims per operation, so that other writers get their turn during a large reading.
const CHUNK: usize = 500;

/// A reading that has ended.
pub(super) struct Read {
    pub(super) source: Source,
    pub(super) reading: Reading,
    /// What a person has agreed that it may lose.
    pub(super) agreed: Agreed,
}

/// What the catalog holds of each source: reference and item.
type Claims = HashMap<String, Vec<(String, String)>>;

/// How readings get into the catalog.
pub(super) struct Round<'a> {
    pub(super) portal: &'a Portal,
    pub(super) runtime: &'a Handle,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Done {
    /// Something is being written while it is read: what it no longer says was kept.
    pub(super) settling: bool,
    /// Sources that have to be read again, for what they were believed to have said is not there.
    pub(super) mistaken: Vec<String>,
    /// Sources whose news could not be written.
    pub(super) failed: Vec<String>,
    /// What each source that is held would lose.
    pub(super) held: HashMap<String, Arc<HashSet<String>>>,
}

impl Round<'_> {
    /// Writes the blueprints of all readings. True when any changed, so that documents must be judged again.
    pub(super) fn declare_blueprints(&self, reads: &mut [Read]) -> bool {
        let bodies = reads.iter().flat_map(|r| r.reading.blueprints.iter().map(|b| b.body.clone()));
        let all: Vec<_> = bodies.collect();
        if all.is_empty() {
            return false;
        }
        let declare = move |draft: &mut Draft| {
            let before = draft.catalog.clone();
            let results = draft.declare_blueprints_of_files(&all);
            let is_new = |b: &Blueprint| {
                before.blueprints().get(&b.identifier).is_none_or(|old| old.blueprint.body != b.body)
            };
            let changed = results.iter().flatten().any(|b| is_new(b));
            Ok((changed, results.into_iter().map(|r| r.err().map(|e| e.to_string())).collect::<Vec<_>>()))
        };
        let commit = self.portal.commit(source_actor("catalog.locations"), false, declare);
        let (changed, errors) = self.runtime.block_on(commit).unwrap_or_default();
        let mut errors = errors.into_iter();
        for read in reads {
            for blueprint in &read.reading.blueprints {
                let Some(message) = errors.next().flatten() else { continue };
                read.reading.problems.push(Problem {
                    level: "error",
                    name: "InputError".into(),
                    message,
                    file: blueprint.file.clone(),
                    line: blueprint.line,
                    reference: None,
                    owner: None,
                });
            }
        }
        changed
    }

    /// Brings what was read into the catalog. The `last` round takes files as they are, however busy.
    pub(super) fn conclude(&self, mut reads: Vec<Read>, last: bool) -> (Done, Vec<Read>) {
        let mut done = Done::default();
        // Every claim before any ends, so that a document that moves between sources is not lost on the way.
        let mut spoken = Vec::with_capacity(reads.len());
        for read in &mut reads {
            spoken.push(self.claim_all(read, &mut done));
        }
        let catalog = self.portal.shared.catalog.load_full();
        let claims = claims_of(&reads, &catalog);
        for (read, spoken) in reads.iter_mut().zip(spoken) {
            let claimed = claims.get(&read.source.id).map_or(&[][..], Vec::as_slice);
            let mut spoken = spoken;
            if spoken.is_none() && matches!(read.reading.outcome, Outcome::Read) {
                done.failed.push(read.source.id.clone());
            }
            if let Some(spoken) = spoken.as_mut().filter(|_| !last) {
                done.settling |= keep_unsettled(spoken, claimed);
            }
            if let Some(lost) = self.finish(read, spoken, claimed, &catalog) {
                done.held.insert(read.source.id.clone(), Arc::new(lost));
            }
        }
        self.tell_problems(&mut reads);
        (done, reads)
    }

    /// Claims everything the reading says that the catalog does not say already. None when nothing may
    /// be concluded from what it does not say.
    fn claim_all(&self, read: &mut Read, done: &mut Done) -> Option<Spoken> {
        let Outcome::Read = read.reading.outcome else { return None };
        let id = &read.source.id;
        let catalog = self.portal.shared.catalog.load_full();
        let spoken = Arc::new(read.reading.spoken(id, &catalog, &self.portal.shared.sources.code_hosts));
        let mut complete = spoken.as_ref().clone();
        let unchanged = |i: &&Item| matches!(i.content, Content::Unchanged { .. });
        if read.reading.items.iter().filter(unchanged).any(|i| !i.stands(&catalog, id)) {
            done.mistaken.push(id.clone());
        }
        let news: Vec<Item> = read.reading.items.iter().filter(|i| !i.is_in(&catalog, id)).cloned().collect();
        drop(catalog);
        for chunk in news.chunks(CHUNK) {
            let (items, source, said) = (chunk.to_vec(), id.clone(), Arc::clone(&spoken));
            let portal = self.portal.clone();
            let claim = move |draft: &mut Draft| {
                let departed = &portal.shared.sources.departed;
                Ok(items.iter().map(|item| draft.claim(&source, item, &said, departed)).collect::<Vec<_>>())
            };
            let results = self.commit(&read.source, claim)?;
            for (item, result) in chunk.iter().zip(results) {
                match result {
                    // An entity in Port's form has a reference only now.
                    Ok(reference) => drop(complete.items.insert(item.item.clone(), Some(reference))),
                    Err(error) => {
                        complete.kept.references.extend(spoken.items.get(&item.item).cloned().flatten());
                        complete.kept.items.insert(item.item.clone());
                        read.reading.problems.push(item.problem(&error.to_string()));
                    }
                }
            }
        }
        Some(complete)
    }

    /// Ends the claims that a reading no longer makes, and remembers how it went. Answers what is held.
    fn finish(
        &self,
        read: &Read,
        spoken: Option<Spoken>,
        claimed: &[(String, String)],
        catalog: &Catalog,
    ) -> Option<HashSet<String>> {
        let (source, reading) = (&read.source, &read.reading);
        let mut held = None;
        match (&reading.outcome, spoken) {
            (Outcome::Read, Some(spoken)) => {
                if !reading.partial {
                    self.remember_targets(source, &reading.gone, catalog);
                }
                held = self.end_claims(read, spoken, claimed, catalog);
                if let Some(reason) = reading.unreached.as_ref().filter(|_| reading.partial) {
                    self.part_is_stale(source, reason);
                }
            }
            (Outcome::Read, None) => {}
            (Outcome::Unreachable(_) | Outcome::Gone(_), _) if reading.partial => {}
            (Outcome::Unreachable(reason), _) => self.set_state(source, SourceState::Stale, reason),
            (Outcome::Gone(reason), _) => {
                self.set_state(source, SourceState::Gone, reason);
                let catalog = self.portal.shared.catalog.load();
                let since = catalog.sources().get(&source.id).map(|s| s.since.0);
                let is_over = since.is_some_and(|since| clock::now().0 - since > GONE_GRACE);
                drop(catalog);
                // Who agreed to the losses of a reading has not agreed to lose the rest, should it be absent just now.
                if is_over || matches!(read.agreed, Agreed::Absent) {
                    let id = source.id.clone();
                    let end = move |d: &mut Draft| {
                        d.end_claims(&id, &Spoken::default(), &Agreed::All);
                        Ok(())
                    };
                    self.commit(source, end);
                }
            }
        }
        held
    }

    /// Remembers which targets of a source are gone, since when, and forgets those that are back.
    fn remember_targets(&self, source: &Source, gone: &BTreeMap<String, String>, catalog: &Catalog) {
        let prefix = format!("{}{TARGET_MARK}", source.id);
        let known = |catalog: &Catalog| -> Vec<String> {
            let after = catalog.sources().range(prefix.clone()..).map(|(id, _)| id);
            after.take_while(|id| id.starts_with(&prefix)).cloned().collect()
        };
        let before = known(catalog);
        if gone.is_empty() && before.is_empty() {
            return;
        }
        let (gone, id) = (gone.clone(), source.id.clone());
        self.commit(source, move |draft| {
            for back in before.iter().filter(|k| !gone.contains_key(*k)) {
                draft.set_source_state(back, SourceState::Fresh, None);
            }
            for (target, reason) in &gone {
                draft.set_source_state(target, SourceState::Gone, Some(reason.clone()));
            }
            draft.pass_on(&id);
            Ok(())
        });
    }

    fn end_claims(
        &self,
        read: &Read,
        spoken: Spoken,
        claimed: &[(String, String)],
        catalog: &Catalog,
    ) -> Option<HashSet<String>> {
        let (unreached, partial, agreed) =
            (read.reading.unreached.clone(), read.reading.partial, read.agreed.clone());
        let id = read.source.id.clone();
        let lost = claimed.iter().any(|(reference, item)| !spoken.stands(reference, item));
        let waits = catalog.waiting().range((id.clone(), String::new())..).take_while(|((s, _), _)| *s == id);
        let waiting_ends = waits.map(|((_, item), _)| item);
        let over = |item: &String| !spoken.items.contains_key(item) && !spoken.kept.place(item);
        let state = catalog.sources().get(&id).is_some() || unreached.is_some();
        // Most readings end nothing: then there is nothing to ask of the writer.
        if !lost && !waiting_ends.into_iter().any(over) && (partial || !state) {
            return None;
        }
        let end = move |draft: &mut Draft| {
            let held = draft.end_claims(&id, &spoken, &agreed);
            let (state, reason) = match (&held, &unreached) {
                (Some(held), _) => (SourceState::Held, Some(budget::words(held.lost.len(), held.all))),
                (None, _) if partial => return Ok(None),
                (None, Some(reason)) => (SourceState::Stale, Some(reason.clone())),
                (None, None) => (SourceState::Fresh, None),
            };
            draft.set_source_state(&id, state, reason);
            Ok(held.map(|held| held.lost))
        };
        self.commit(&read.source, end).flatten()
    }

    /// A source is stale where a part of it could not be reached; only a reading of all of it knows better.
    fn part_is_stale(&self, source: &Source, reason: &str) {
        if !self.portal.shared.catalog.load().sources().contains_key(&source.id) {
            self.set_state(source, SourceState::Stale, reason);
        }
    }

    /// Remembers the state of a source.
    pub(super) fn set_state(&self, source: &Source, state: SourceState, reason: &str) {
        let (id, reason) = (source.id.clone(), reason.to_owned());
        self.commit(source, move |draft| {
            draft.set_source_state(&id, state, Some(reason.clone()));
            draft.pass_on(&id);
            Ok(())
        });
    }

    /// Publishes the problems of readings, where they are not what they were.
    fn tell_problems(&self, reads: &mut [Read]) {
        let known = self.portal.shared.problems.load_full();
        let mut problems: Option<Problems> = None;
        for read in reads {
            let id = read.source.id.clone();
            let mut now = std::mem::take(&mut read.reading.problems);
            if let Some(part) = read.reading.kept.part.as_ref().filter(|_| read.reading.partial) {
                let kind = read.source.place_kind();
                let of_rest = |p: &&Problem| !part.has(&format!("{kind}:{}", p.file));
                now.extend(known.of_source(&id).iter().filter(of_rest).cloned());
            }
            if known.of_source(&id) == now.as_slice() {
                continue;
            }
            if self.portal.shared.replication.is_some() {
                let (source, shared) = (id.clone(), now.clone());
                self.commit(&read.source, move |draft| {
                    draft.share_problems(&source, &shared);
                    Ok(())
                });
            }
            problems.get_or_insert_with(|| known.as_ref().clone()).replace(&id, now);
        }
        if let Some(problems) = problems {
            self.portal.shared.problems.store(Arc::new(problems));
        }
    }

    /// Changes what belongs to a source, unless the record that it lives by is gone, or another replica reads it now.
    pub(super) fn commit<T: Send + 'static>(
        &self,
        source: &Source,
        operation: impl Fn(&mut Draft) -> Result<T, PortalError> + Send + 'static,
    ) -> Option<T> {
        let record = source.record().map(str::to_owned);
        let (portal, ours) = (self.portal.clone(), source.clone());
        let checked = move |draft: &mut Draft| {
            if !portal.reads(&ours) {
                return Ok(None);
            }
            if record.as_deref().is_some_and(|key| !Portal::has_record(draft, key)) {
                return Ok(None);
            }
            operation(draft).map(Some)
        };
        let result = self.runtime.block_on(self.portal.commit(source_actor(&source.id), false, checked));
        let result = result.inspect_err(
            |error| tracing::error!(%error, source = source.id, "a source could not be brought up to date"),
        );
        result.ok().flatten()
    }
}

/// What the catalog holds of these sources.
fn claims_of(reads: &[Read], catalog: &Catalog) -> Claims {
    let ids = reads.iter().map(|read| &read.source.id);
    ids.map(|id| (id.clone(), claimed_by(catalog, id))).collect()
}

pub(super) fn source_actor(id: &str) -> Actor {
    Actor::new(id, "source")
}
