//! The entities of a blueprint by team, by what a relation leads to, or by the value of a property.

use std::sync::Arc;

use hashbrown::HashMap;
use indexmap::IndexMap;
use stagedoor_model::Timestamp;
use stagedoor_query::dialect::port::{self, Column, Scope};
use stagedoor_query::{Catalog, Meta, NodeId, NodeSet, Place, Subject};

use crate::compile::Reads;
use crate::engine::Model;
use crate::watch::Watch;

/// What entities are grouped by.
#[derive(Clone, Debug)]
pub struct GroupBy {
    column: Column,
}

impl GroupBy {
    /// `$team`, a meta-property, or the key of a property or relation of the blueprint.
    #[must_use]
    pub fn of(name: &str, blueprint: &str, catalog: &Catalog, now: Timestamp) -> Option<Self> {
        let scope = Scope { blueprints: catalog.blueprints(), only: Some(blueprint), now, caller: None };
        Some(Self { column: port::named(name, "by", &scope).ok()?.into_iter().next()? })
    }
}

/// The groups of one state of the catalog, which follow it.
pub struct Groups {
    blueprint: Arc<str>,
    by: GroupBy,
    watch: Watch,
    sets: IndexMap<String, NodeSet>,
    /// The groups of an entity, by place.
    of: HashMap<NodeId, Vec<u32>>,
    none: NodeSet,
    place: Place,
    model: Model,
    state: u64,
    at: Timestamp,
}

impl Groups {
    /// Groups every entity of a blueprint.
    #[must_use]
    pub fn new(by: GroupBy, blueprint: &str, catalog: &Catalog, now: Timestamp) -> Self {
        let reads = Reads::of(by.column.subject(), blueprint, catalog);
        let model = Model::of(catalog, blueprint, matches!(reads, Reads::Teams | Reads::Derived(_)));
        let watch = Watch::new(vec![reads]);
        let mut groups = Self {
            blueprint: blueprint.into(),
            by,
            watch,
            sets: IndexMap::new(),
            of: HashMap::new(),
            none: NodeSet::new(),
            place: catalog.place(),
            model,
            state: catalog.state_mark(),
            at: now,
        };
        groups.look_at(catalog, catalog.set_of(blueprint).as_ref(), now);
        groups.watch.settle();
        groups
    }

    /// The groups that have anybody in them: the value and who has it. An entity may be in several.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &NodeSet)> {
        self.sets.iter().filter(|(_, set)| !set.is_empty()).map(|(key, set)| (key.as_str(), set))
    }

    /// Who has a value.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&NodeSet> {
        self.sets.get(key)
    }

    /// Who has none.
    #[must_use]
    pub fn none(&self) -> &NodeSet {
        &self.none
    }

    /// Goes on to a later state. False when that cannot be done from here.
    #[must_use]
    pub fn advance(&mut self, catalog: &Catalog, now: Timestamp) -> bool {
        if now < self.at || self.watch.is_full() || !self.model.holds(catalog, &self.blueprint) {
            return false;
        }
        let Some(touched) = catalog.touched_since(self.place) else { return false };
        if self.state != catalog.state_mark() || self.watch.next().is_some() {
            let mut dirty = self.watch.dirty(catalog, &touched);
            dirty |= self.watch.due(now);
            self.look_at(catalog, &dirty, now);
        }
        (self.place, self.state, self.at) = (catalog.place(), catalog.state_mark(), now);
        true
    }

    fn look_at(&mut self, catalog: &Catalog, dirty: &NodeSet, now: Timestamp) {
        let members = catalog.set_of(&self.blueprint);
        for node in dirty {
            for group in self.of.remove(&node).unwrap_or_default() {
                if let Some((_, set)) = self.sets.get_index_mut(group as usize) {
                    set.remove(node);
                }
            }
            self.none.remove(node);
        }
        let nodes = dirty & members.as_ref();
        let all: Vec<NodeId> = nodes.iter().collect();
        if let Subject::Derived(key) = self.by.column.subject() {
            catalog.prepare_derived(&all, &|wanted| wanted == key);
        }
        for node in all {
            let values: Vec<String> = match self.by.column.subject() {
                Subject::Meta(Meta::Team) => catalog.teams(node),
                subject => catalog.values_at(node, subject).into_iter().map(|v| v.text).collect(),
            };
            if values.is_empty() {
                self.none.insert(node);
                continue;
            }
            let groups: Vec<u32> = values.into_iter().map(|value| self.place_of(value)).collect();
            for group in &groups {
                if let Some((_, set)) = self.sets.get_index_mut(*group as usize) {
                    set.insert(node);
                }
            }
            self.of.insert(node, groups);
        }
        self.watch.note(catalog, &nodes, now);
    }

    fn place_of(&mut self, value: String) -> u32 {
        let entry = self.sets.entry(value);
        let place = entry.index() as u32;
        entry.or_default();
        place
    }
}
