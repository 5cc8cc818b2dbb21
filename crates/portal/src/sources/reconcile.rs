//! From what a source says to changes: who owns what, conflicts, and going away.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;
use stagedoor_model::{
    Change, Claim, EntityRecord, Fields, JsonText, SourceRecord, SourceState, Timestamp, WaitingClaim,
};
use stagedoor_query::Catalog;

use super::budget::{Agreed, is_held};
use super::departed::Departed;
use super::forget::ABANDONED;
use super::item::{Content, Item};
use super::kept::Kept;
use super::reading::TARGET_MARK;
use crate::entities::Stated;
use crate::error::PortalError;
use crate::writer::Draft;

/// Losses of a source that wait for a person.
pub(crate) struct Held {
    /// What it would lose.
    pub(crate) lost: HashSet<String>,
    /// How many it has.
    pub(crate) all: usize,
}

/// What a source said in one reading, as far as ownership is concerned.
#[derive(Clone, Default)]
pub(crate) struct Spoken {
    /// Every item, with the reference that it claims where that can be told.
    pub(crate) items: HashMap<String, Option<String>>,
    /// What could not be understood.
    pub(crate) kept: Kept,
}

impl Spoken {
    /// Whether the reading still stands behind a claim. Another item's claim of the same reference is
    /// another claim: it waits, and takes over.
    pub(crate) fn stands(&self, reference: &str, item: &str) -> bool {
        let says = self.items.get(item).and_then(Option::as_deref) == Some(reference);
        says || self.kept.holds(reference, item)
    }

    /// Whether an item has let go of a reference.
    fn has_left(&self, reference: &str, item: &str) -> bool {
        match self.items.get(item) {
            Some(Some(now)) => now != reference,
            Some(None) => false,
            None => !self.kept.place(item),
        }
    }
}

impl Draft {
    /// Lets a source claim what one of its items says; returns the reference. Where another claim holds
    /// it, this one waits.
    pub(crate) fn claim(
        &mut self,
        source: &str,
        item: &Item,
        spoken: &Spoken,
        departed: &Departed,
    ) -> Result<String, PortalError> {
        let (reference, document, value, extras) = match &item.content {
            Content::Document { reference, document } => {
                (reference.clone(), document.clone(), document.value(), Fields::default())
            }
            Content::Port(body) => {
                let (reference, value, extras) = self.document_of_port(body)?;
                (reference, JsonText::of(&value), value, extras)
            }
            Content::Unchanged { reference } => return Ok(reference.clone()),
        };
        let old = self
            .catalog
            .node_of_ref(&reference)
            .and_then(|n| self.catalog.entity(n))
            .map(|e| Arc::clone(&e.record));
        let held = old.as_ref().and_then(|o| o.claim.as_ref());
        let waits = self.catalog.waiting().get(&(source.to_owned(), item.item.clone()));
        let since = waits.filter(|w| w.entity_ref == reference).map_or(self.at, |w| w.since);
        let is_free = |h: &Claim| {
            may_take(h, source, item, &reference, spoken) || self.yields(&h.source, &h.item, since)
        };
        if let Some(holder) = held.filter(|h| !is_free(h)) {
            let waits = WaitingClaim {
                source: source.to_owned(),
                item: item.item.clone(),
                line: item.line,
                entity_ref: reference.clone(),
                document,
                since: self.at,
            };
            tracing::warn!(
                reference = waits.entity_ref,
                holder = holder.item,
                claimer = waits.item,
                "two sources claim one name"
            );
            self.wait(waits);
            return Ok(reference);
        }
        let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
        let back = old.is_none().then(|| self.departed(departed, &reference, kind)).flatten();
        let mut record = self.document_record(&reference, &value, old.as_deref().or(back.as_ref()))?;
        if back.is_some() {
            (record.stamps.updated_at, record.stamps.updated_by) = (self.at, self.actor.name.as_str().into());
        }
        let adopted = match (held, &old) {
            (Some(holder), _) => holder.adopted,
            // One that came back by being taken back is no contributor's.
            (None, Some(free)) => !self.take_restored(free.uid),
            (None, None) => false,
        };
        record.claim = Some(Claim {
            source: source.to_owned().into(),
            item: item.item.clone(),
            line: item.line,
            adopted,
        });
        self.state(&mut record, (&value, document), extras);
        self.put_if_changed(record);
        self.end_waiting(source, &item.item);
        Ok(reference)
    }

    /// Writes the claimer's document into a record; contributed fields that it states now give way.
    pub(crate) fn state(
        &self,
        record: &mut EntityRecord,
        (value, document): (&Value, JsonText),
        extras: Fields,
    ) {
        let mut fields = record.contributed();
        if !fields.is_empty()
            && let Some(entry) = self.catalog.blueprints().get(&record.blueprint)
        {
            Stated::of(value, entry).remove_from(&mut fields);
        }
        fields.team = extras.team.or(fields.team);
        fields.icon = extras.icon.or(fields.icon);
        record.fields = (!fields.is_empty()).then(|| fields.to_json());
        record.document = Some(document);
    }

    /// Whether what holds a claim gives way to one that was first made at a moment: it is no longer read, or it, or the
    /// target that it stands in, is authoritatively absent and was so before. Whoever says the same elsewhere from
    /// then on has moved it there; a rival from before waits for the end of the grace.
    fn yields(&self, source: &str, item: &str, since: Timestamp) -> bool {
        let place = item.rsplit_once('#').map_or(item, |(place, _)| place);
        let yields = |id: &str| {
            let state = self.catalog.sources().get(id).filter(|s| s.state == SourceState::Gone);
            state.is_some_and(|s| s.reason.as_deref() == Some(ABANDONED) || s.since < since)
        };
        yields(source) || yields(&format!("{source}{TARGET_MARK}{place}"))
    }

    /// What a source does not hold any more passes to those who wait for it.
    pub(super) fn pass_on(&mut self, source: &str) {
        let waiting: HashMap<String, Timestamp> =
            self.catalog.waiting().values().map(|claim| (claim.entity_ref.clone(), claim.since)).collect();
        if waiting.is_empty() {
            return;
        }
        for (reference, item) in claimed_by(&self.catalog, source) {
            if waiting.get(&reference).is_some_and(|since| self.yields(source, &item, *since)) {
                self.end_claim(&reference);
            }
        }
    }

    fn wait(&mut self, mut claim: WaitingClaim) {
        let key = (claim.source.clone(), claim.item.clone());
        if let Some(known) = self.catalog.waiting().get(&key).filter(|k| k.entity_ref == claim.entity_ref) {
            if (&known.document, known.line) == (&claim.document, claim.line) {
                return;
            }
            // It keeps its place in the queue.
            claim.since = known.since;
        }
        self.put(Change::PutWaitingClaim(Arc::new(claim)));
    }

    fn end_waiting(&mut self, source: &str, item: &str) {
        if self.catalog.waiting().contains_key(&(source.to_owned(), item.to_owned())) {
            self.put(Change::DeleteWaitingClaim(source.to_owned(), item.to_owned()));
        }
    }

    /// Ends the claims that a complete reading of a source no longer makes; none where they are so many that a person
    /// must confirm, which is answered. What another claimer takes over is not lost.
    pub(crate) fn end_claims(&mut self, source: &str, spoken: &Spoken, agreed: &Agreed) -> Option<Held> {
        let ended: Vec<_> = self
            .catalog
            .waiting()
            .keys()
            .filter(|(s, item)| s == source && !spoken.items.contains_key(item) && !spoken.kept.place(item))
            .cloned()
            .collect();
        for (source, item) in ended {
            self.put(Change::DeleteWaitingClaim(source, item));
        }
        let claimed = claimed_by(&self.catalog, source);
        let all = claimed.len();
        let lost: Vec<_> = claimed.into_iter().filter(|(r, item)| !spoken.stands(r, item)).collect();
        let passes_on: HashSet<&str> =
            self.catalog.waiting().values().map(|claim| claim.entity_ref.as_str()).collect();
        let gone: Vec<&str> =
            lost.iter().map(|(r, _)| r.as_str()).filter(|r| !passes_on.contains(r)).collect();
        if is_held(source, all, &gone, agreed) {
            return Some(Held { lost: gone.into_iter().map(str::to_owned).collect(), all });
        }
        for (reference, _) in lost {
            self.end_claim(&reference);
        }
        None
    }

    /// The claim on a reference ends: the next claimer takes over, a contributor's entity stays, any other goes.
    fn end_claim(&mut self, reference: &str) {
        let Some(node) = self.catalog.node_of_ref(reference) else { return };
        let Some(old) = self.catalog.entity(node).map(|e| Arc::clone(&e.record)) else { return };
        let waiting = self.catalog.waiting().values().filter(|w| w.entity_ref == reference);
        let next = waiting.min_by_key(|w| (w.since, w.item.clone())).cloned();
        let mut record = old.as_ref().clone();
        let adopted = old.claim.as_ref().is_some_and(|c| c.adopted);
        if let Some(next) = next {
            record.claim = Some(Claim {
                source: next.source.clone().into(),
                item: next.item.clone(),
                line: next.line,
                adopted,
            });
            let document = next.document.clone();
            self.state(&mut record, (&document.value(), document.clone()), Fields::default());
            self.put_if_changed(record);
            self.end_waiting(&next.source, &next.item);
        } else if adopted {
            (record.claim, record.document) = (None, None);
            self.put_if_changed(record);
        } else {
            self.remove_entity(node);
        }
    }

    /// Remembers a source's state; a healthy one needs no memory.
    pub(crate) fn set_source_state(&mut self, source: &str, state: SourceState, reason: Option<String>) {
        let old = self.catalog.sources().get(source).cloned();
        if state == SourceState::Fresh {
            if old.is_some() {
                self.put(Change::DeleteSource(source.to_owned()));
            }
            return;
        }
        let since = old.as_ref().filter(|o| o.state == state).map_or(self.at, |o| o.since);
        let new = SourceRecord { id: source.to_owned(), state, since, reason };
        if old.is_none_or(|o| *o != new) {
            self.put(Change::PutSource(Arc::new(new)));
        }
    }
}

/// The references that a source has claimed, with their items.
pub(crate) fn claimed_by(catalog: &Catalog, source: &str) -> Vec<(String, String)> {
    let claimed = catalog.claimed_by(source);
    let claim =
        |entity: &EntityRecord| Some((entity.entity_ref.to_string(), entity.claim.as_ref()?.item.clone()));
    claimed.filter_map(|(_, entity)| claim(&entity.record)).collect()
}

/// A claim passes within its source when the item that held it no longer says so (a moved document).
fn may_take(holder: &Claim, source: &str, item: &Item, reference: &str, spoken: &Spoken) -> bool {
    holder.source == source && (holder.item == item.item || spoken.has_left(reference, &holder.item))
}
