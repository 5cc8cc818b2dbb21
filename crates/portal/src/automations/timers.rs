//! Times in properties: one ordered index for all of them, so that a clock looks at the next one only.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;
use stagedoor_model::Timestamp;
use stagedoor_query::Catalog;

use super::events::Event;
use super::rules::Rules;
use crate::{Portal, View};

/// Blueprint and property.
type Watched = (String, String);

/// Which entity's which timer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due {
    at: Timestamp,
    watched: Watched,
    identifier: String,
}

/// The times that are still to come.
#[derive(Default)]
pub(super) struct Timers {
    /// When each of these began to be watched.
    watched: BTreeMap<Watched, Timestamp>,
    ahead: BTreeSet<Due>,
    of: HashMap<(Watched, String), Timestamp>,
}

impl Timers {
    /// Watches what the rules ask for. Of what is watched already the index is kept; times up to `checked` have been
    /// acted on.
    pub(super) fn watch(&mut self, portal: &Portal, rules: &Rules, checked: Timestamp) {
        let mut wanted: BTreeMap<Watched, Timestamp> = BTreeMap::new();
        for (blueprint, property, since) in rules.timers() {
            let first = wanted.entry((blueprint.to_owned(), property.to_owned())).or_insert(since);
            *first = (*first).min(since);
        }
        let gone: Vec<Watched> = self.watched.keys().filter(|w| !wanted.contains_key(*w)).cloned().collect();
        for watched in gone {
            self.watched.remove(&watched);
            self.ahead.retain(|due| due.watched != watched);
            self.of.retain(|(known, _), _| *known != watched);
        }
        let catalog = portal.shared.catalog.load_full();
        let new: Vec<(Watched, Timestamp)> =
            wanted.into_iter().filter(|(watched, _)| !self.watched.contains_key(watched)).collect();
        for (watched, since) in new {
            self.watched.insert(watched.clone(), since);
            let floor = since.max(checked);
            let Ok(view) = portal.view(&super::viewer()) else { continue };
            for entity in entities(&catalog, &view, &watched.0) {
                self.set(&watched, &entity, floor);
            }
        }
    }

    fn set(&mut self, watched: &Watched, entity: &Value, floor: Timestamp) {
        let Some(identifier) = entity.get("identifier").and_then(Value::as_str) else { return };
        let at = entity.get("properties").and_then(|all| all.get(&watched.1)).and_then(Value::as_str);
        self.forget(watched, identifier);
        if let Some(at) = at.and_then(Timestamp::parse).filter(|at| *at > floor) {
            self.of.insert((watched.clone(), identifier.to_owned()), at);
            self.ahead.insert(Due { at, watched: watched.clone(), identifier: identifier.to_owned() });
        }
    }

    fn forget(&mut self, watched: &Watched, identifier: &str) {
        if let Some(at) = self.of.remove(&(watched.clone(), identifier.to_owned())) {
            self.ahead.remove(&Due { at, watched: watched.clone(), identifier: identifier.to_owned() });
        }
    }

    /// Entities have changed.
    pub(super) fn learn(&mut self, events: &[Event]) {
        if self.watched.is_empty() {
            return;
        }
        for event in events.iter().filter(|event| event.property().is_none() && event.of_action().is_none()) {
            let of_blueprint = |(blueprint, _): &&Watched| event.blueprint() == Some(blueprint.as_str());
            let mine: Vec<Watched> = self.watched.keys().filter(of_blueprint).cloned().collect();
            let (before, after) = event.sides();
            for watched in mine {
                if let Some(identifier) = before.get("identifier").and_then(Value::as_str) {
                    self.forget(&watched, identifier);
                }
                // A time that was past when it was written has not expired: it never ran.
                self.set(&watched, after, event.at());
            }
        }
    }

    /// What has come due.
    pub(super) fn due(&self, now: Timestamp) -> Vec<Due> {
        self.ahead.iter().take_while(|due| due.at <= now).cloned().collect()
    }

    /// What was due has been acted on.
    pub(super) fn passed(&mut self, now: Timestamp) {
        while self.ahead.first().is_some_and(|due| due.at <= now) {
            if let Some(due) = self.ahead.pop_first() {
                self.of.remove(&(due.watched, due.identifier));
            }
        }
    }

    /// When the next one comes due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.ahead.first().map(|due| due.at)
    }
}

/// The events of timers that have come due, for entities that still say so.
pub(super) fn events(portal: &Portal, rules: &Rules, due: Vec<Due>) -> Vec<Event> {
    let Ok(view) = portal.view(&super::viewer()) else { return Vec::new() };
    let known: BTreeSet<(&str, &str)> = rules.timers().map(|(b, p, _)| (b, p)).collect();
    let event = |due: Due| {
        let (blueprint, property) = &due.watched;
        known.contains(&(blueprint.as_str(), property.as_str())).then_some(())?;
        let entity = view.port_entity(view.by_key(blueprint, &due.identifier)?);
        let at = entity.get("properties")?.get(property)?.as_str().and_then(Timestamp::parse)?;
        (at == due.at).then(|| Event::expired(property, at, entity))
    };
    due.into_iter().filter_map(event).collect()
}

fn entities<'v>(
    catalog: &'v Catalog,
    view: &'v View,
    blueprint: &'v str,
) -> impl Iterator<Item = Value> + 'v {
    let of = catalog.entities().filter(move |(_, entity)| &*entity.record.blueprint == blueprint);
    of.map(|(node, _)| view.port_entity(node))
}
