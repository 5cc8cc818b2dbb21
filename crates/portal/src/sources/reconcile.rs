//! From what a source says to changes: who owns what, conflicts, and going away.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;
use stagedoor_model::{Change, Claim, EntityRecord, Fields, JsonText, SourceRecord, SourceState, WaitingClaim};
use stagedoor_query::{BlueprintEntry, Catalog};

use super::reading::{Content, Item};
use crate::error::PortalError;
use crate::writer::Draft;

/// A source of at least this many entities that loses over half of them is held for a person.
const HELD_FROM: usize = 20;

/// What a source said in one reading, as far as ownership is concerned.
#[derive(Clone, Default)]
pub(crate) struct Spoken {
    /// First item that claims each reference.
    pub(crate) holder_of: HashMap<String, String>,
    /// Every item that claims something.
    pub(crate) items: HashSet<String>,
    /// Files that could not be read or parsed: what they said before still counts.
    pub(crate) kept_files: HashSet<String>,
    /// References whose document has turned bad: the last good one still counts.
    pub(crate) kept_refs: HashSet<String>,
}

impl Spoken {
    /// Whether the reading still stands behind a claim.
    fn stands(&self, reference: &str, item: &str) -> bool {
        let file = item.rsplit_once('#').map_or(item, |(file, _)| file);
        self.holder_of.contains_key(reference) || self.kept_refs.contains(reference) || self.kept_files.contains(file)
    }
}

impl Draft {
    /// Lets a source claim what one of its items says; returns the reference. Where another claim holds
    /// it, this one waits.
    pub(crate) fn claim(&mut self, source: &str, item: &Item, spoken: &Spoken) -> Result<String, PortalError> {
        let (reference, value, extras) = match &item.content {
            Content::Document { reference, value } => (reference.clone(), value.clone(), Fields::default()),
            Content::Port(body) => self.document_of_port(body)?,
            Content::Unchanged { reference } => return Ok(reference.clone()),
        };
        let old = self.catalog.node_of_ref(&reference).and_then(|n| self.catalog.entity(n)).map(|e| Arc::clone(&e.record));
        let held = old.as_ref().and_then(|o| o.claim.as_ref());
        if let Some(holder) = held.filter(|h| !self.may_take(h, source, item, &reference, spoken)) {
            let waits = WaitingClaim {
                source: source.to_owned(),
                item: item.item.clone(),
                line: item.line,
                entity_ref: reference.clone(),
                document: JsonText::of(&value),
                since: self.at,
            };
            tracing::warn!(reference = waits.entity_ref, holder = holder.item, claimer = waits.item, "two sources claim one name");
            self.wait(waits);
            return Ok(reference);
        }
        let mut record = self.document_record(&reference, &value, old.as_deref())?;
        let adopted = held.map_or(old.is_some(), |h| h.adopted);
        record.claim = Some(Claim { source: source.to_owned(), item: item.item.clone(), line: item.line, adopted });
        self.state(&mut record, &value, extras);
        self.put_if_changed(record);
        self.end_waiting(source, &item.item);
        Ok(reference)
    }

    /// A claim passes within its source when the item that held it no longer says so (a moved document).
    fn may_take(&self, holder: &Claim, source: &str, item: &Item, reference: &str, spoken: &Spoken) -> bool {
        if holder.source != source {
            return false;
        }
        holder.item == item.item || !spoken.items.contains(&holder.item) || spoken.holder_of.get(reference) == Some(&item.item)
    }

    /// Writes the claimer's document into a record; contributed fields that it states now give way.
    fn state(&self, record: &mut EntityRecord, value: &Value, extras: Fields) {
        let mut fields = record.contributed();
        if let Some(entry) = self.catalog.blueprints().get(&record.blueprint) {
            drop_stated(&mut fields, value, entry);
        }
        fields.team = extras.team.or(fields.team);
        fields.icon = extras.icon.or(fields.icon);
        record.fields = (!fields.is_empty()).then(|| fields.to_json());
        record.document = Some(JsonText::of(value));
    }

    fn wait(&mut self, claim: WaitingClaim) {
        let key = (claim.source.clone(), claim.item.clone());
        let known = self.catalog.waiting().get(&key);
        if known.is_none_or(|k| (&k.entity_ref, &k.document, k.line) != (&claim.entity_ref, &claim.document, claim.line)) {
            self.put(Change::PutWaitingClaim(Arc::new(claim)));
        }
    }

    fn end_waiting(&mut self, source: &str, item: &str) {
        if self.catalog.waiting().contains_key(&(source.to_owned(), item.to_owned())) {
            self.put(Change::DeleteWaitingClaim(source.to_owned(), item.to_owned()));
        }
    }

    /// Ends the claims that a complete reading of a source no longer makes. Returns false when they are
    /// so many that a person must confirm.
    pub(crate) fn end_claims(&mut self, source: &str, spoken: &Spoken, confirmed: bool) -> bool {
        let ended: Vec<_> = self
            .catalog
            .waiting()
            .keys()
            .filter(|(s, item)| s == source && !spoken.items.contains(item))
            .cloned()
            .collect();
        for (source, item) in ended {
            self.put(Change::DeleteWaitingClaim(source, item));
        }
        let claimed = claimed_by(&self.catalog, source);
        let all = claimed.len();
        let lost: Vec<_> = claimed.into_iter().filter(|(r, item)| !spoken.stands(r, item)).collect();
        if all >= HELD_FROM && lost.len() * 2 > all && !confirmed {
            return false;
        }
        for (reference, _) in lost {
            self.end_claim(&reference);
        }
        true
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
            record.claim = Some(Claim { source: next.source.clone(), item: next.item.clone(), line: next.line, adopted });
            self.state(&mut record, &next.document.value(), Fields::default());
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
    let claimed = catalog.entities().filter_map(|(_, e)| {
        let claim = e.record.claim.as_ref().filter(|c| c.source == source)?;
        Some((e.record.entity_ref.clone(), claim.item.clone()))
    });
    claimed.collect()
}

/// Takes out of contributed fields what a claimer's document states.
fn drop_stated(fields: &mut Fields, document: &Value, entry: &BlueprintEntry) {
    if stagedoor_model::json::at(document, "metadata.title").is_some() {
        fields.title = None;
    }
    let stated = entry.face.properties_of(document, &entry.blueprint);
    fields.properties.retain(|key, _| !stated.contains_key(key));
    fields.relations.retain(|key, _| {
        let field = entry.face.relations.get(key).map(|r| r.field.as_str());
        field.is_none_or(|f| stagedoor_model::json::at(document, f).is_none())
    });
}
