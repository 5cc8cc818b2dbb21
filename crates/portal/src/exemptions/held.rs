//! Which exemptions hold at some time, for whoever evaluates rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use stagedoor_model::{Record, Timestamp};
use stagedoor_query::{Catalog, NodeId};
use uuid::Uuid;

use super::{EXEMPTIONS, ExemptionState, Stored};

/// Blueprint, scorecard, rule.
type Of = (String, String, String);

/// The exemptions that hold at a time.
#[derive(Debug, Default)]
pub(crate) struct Held {
    by: BTreeMap<Of, Vec<(Uuid, String)>>,
    /// When the next of them expires: until then the same hold.
    pub(crate) next: Option<Timestamp>,
}

impl Held {
    /// Of a collection as it is.
    fn of(records: Option<&BTreeMap<String, Arc<Record>>>, now: Timestamp) -> Self {
        let mut held = Self::default();
        for record in records.into_iter().flat_map(BTreeMap::values) {
            let Some(stored) = Stored::of(record) else { continue };
            if stored.state_at(now) != ExemptionState::Granted {
                continue;
            }
            held.next = Some(held.next.map_or(stored.until, |next| next.min(stored.until)));
            let of = (stored.blueprint, stored.scorecard, stored.rule);
            held.by.entry(of).or_default().push((stored.entity, record.key.clone()));
        }
        held
    }

    /// The entities that need not pass a rule, each with the exemption's id.
    pub(crate) fn entities<'h>(
        &'h self,
        catalog: &'h Catalog,
        blueprint: &str,
        scorecard: &str,
        rule: &str,
    ) -> impl Iterator<Item = (NodeId, &'h str)> + use<'h> {
        let of = (blueprint.to_owned(), scorecard.to_owned(), rule.to_owned());
        let all = self.by.get(&of).into_iter().flatten();
        all.filter_map(|(uid, id)| Some((catalog.node_of_uid(*uid)?, id.as_str())))
    }
}

/// A collection, by identity, and what holds of it.
type Remembered = (Option<Arc<BTreeMap<String, Arc<Record>>>>, Timestamp, Arc<Held>);

/// What was asked last. Asked with the same collection, and before the next one expires, the answer is the same.
#[derive(Default)]
pub(crate) struct Memory(Mutex<Option<Remembered>>);

/// The exemptions that hold at `now`.
pub(crate) fn held(memory: &Memory, catalog: &Catalog, now: Timestamp) -> Arc<Held> {
    let records = catalog.collection(EXEMPTIONS);
    let mut last = memory.0.lock();
    if let Some((known, at, held)) = last.as_ref() {
        let same = match (known, records) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        if same && *at <= now && held.next.is_none_or(|next| now < next) {
            return Arc::clone(held);
        }
    }
    let held = Arc::new(Held::of(records.map(AsRef::as_ref), now));
    *last = Some((records.cloned(), now, Arc::clone(&held)));
    held
}
