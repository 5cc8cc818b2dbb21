//! Values that are computed and never stored: mirror, calculation and aggregation properties, inherited teams.
//!
//! They are pulled: a change marks the nodes it touches, and whoever reads a value next finds out whether what
//! it was computed from is still the same ([`state`]). What a definition reads of others is followed by
//! definition: one that leads back to itself is null ([`reads`]).

mod aggregation;
mod ask;
mod calculation;
pub(crate) mod compile;
mod cycles;
mod definition;
mod form;
mod meaning;
mod mirror;
mod owners;
pub mod paths;
mod reads;
mod select;
pub(crate) mod state;
pub(crate) mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use stagedoor_model::Timestamp;

use self::definition::{Definition, What};
use self::state::{Entry, Part, Reads};
use crate::catalog::{Catalog, NodeId};

pub use self::ask::Asked;
pub use self::definition::{Definitions, Shape};
pub use self::state::Basis;

/// Runs calculations, and tells the time, which this crate does not look up.
pub trait Calculator: Send + Sync {
    /// The first output of a program for each input, null where it has none; or why it failed.
    fn calculate(&self, program: &str, inputs: &[Value]) -> Vec<Result<Value, String>>;

    /// Whether the outputs may change with the time alone.
    fn reads_clock(&self, program: &str) -> bool;

    /// Now.
    fn now(&self) -> Timestamp;
}

/// How long a value that depends on the time in ways unknown is taken for current, in milliseconds.
const MOMENT: i64 = 1_000;

impl Catalog {
    /// Has calculations run, and the time told, by this. Successors of the snapshot inherit it.
    pub fn set_calculator(&mut self, calculator: Arc<dyn Calculator>) {
        self.derived.calculator = Some(calculator);
        self.derived.blueprints_changed();
    }

    /// The value of a derived property, null where there is none. `None` when the entity's blueprint has no
    /// derived property of this name.
    #[must_use]
    pub fn derived(&self, node: NodeId, key: &str) -> Option<Value> {
        self.entry(node, key).map(|entry| entry.value.clone())
    }

    /// Why a derived property has no value, where something is wrong with its definition or its program.
    #[must_use]
    pub fn derived_problem(&self, node: NodeId, key: &str) -> Option<String> {
        self.entry(node, key)?.problem.clone()
    }

    /// Every derived property of an entity that something is wrong with, and what.
    #[must_use]
    pub fn derived_problems(&self, node: NodeId) -> BTreeMap<String, String> {
        let entry = self.entity(node).and_then(|e| self.blueprint_of(e));
        let keys = entry.into_iter().flat_map(|e| e.derived.keys());
        keys.filter_map(|key| Some((key.to_owned(), self.derived_problem(node, key)?))).collect()
    }

    /// All derived properties of an entity.
    #[must_use]
    pub fn derived_all(&self, node: NodeId) -> Map<String, Value> {
        self.derived_where(node, &|_| true)
    }

    /// The derived properties of an entity that are wanted; the others are not computed.
    #[must_use]
    pub fn derived_where(&self, node: NodeId, wanted: &dyn Fn(&str) -> bool) -> Map<String, Value> {
        let entry = self.entity(node).and_then(|e| self.blueprint_of(e));
        let Some(entry) = entry else { return Map::new() };
        let value = |key: &str| Some((key.to_owned(), self.derived(node, key)?));
        entry.derived.keys().filter(|key| wanted(key)).filter_map(value).collect()
    }

    /// Computes the derived properties of many entities that a reader is about to ask for: a calculation is
    /// then run once for all of them.
    pub fn prepare_derived(&self, nodes: &[NodeId], wanted: &dyn Fn(&str) -> bool) {
        let mut by_blueprint: BTreeMap<&str, Vec<NodeId>> = BTreeMap::new();
        for node in nodes {
            if let Some(entity) = self.entity(*node) {
                by_blueprint.entry(&entity.record.blueprint).or_default().push(*node);
            }
        }
        for (blueprint, nodes) in by_blueprint {
            let Some(entry) = self.blueprints().get(blueprint) else { continue };
            entry.derived.keys().filter(|key| wanted(key)).for_each(|key| self.prepare(&nodes, key));
        }
    }

    fn definition(&self, node: NodeId, key: &str) -> Option<&Definition> {
        self.blueprint_of(self.entity(node)?)?.derived.list.get(key)
    }

    /// The value, remembered or computed.
    fn entry(&self, node: NodeId, key: &str) -> Option<Arc<Entry>> {
        let definition = self.definition(node, key)?;
        if let Some(entry) = self.remembered(node, definition.id) {
            return Some(entry);
        }
        let mut reads = Reads::default();
        reads.note(node, Part::Content);
        let (value, problem) = match &definition.what {
            What::Mirror(mirror) => (self.mirror(node, mirror, &mut reads), None),
            What::Calculation(calculation) => self.calculation(node, calculation, &mut reads),
            What::Aggregation(aggregation) => self.aggregation(node, aggregation, &mut reads),
            What::Nothing(problem) => (Value::Null, Some(problem.clone())),
        };
        Some(self.remember(node, definition.id, value, problem, reads))
    }

    /// Has the values of many entities of one blueprint remembered, calculations run in batches.
    fn prepare(&self, nodes: &[NodeId], key: &str) {
        let Some(definition) = nodes.first().and_then(|n| self.definition(*n, key)) else { return };
        let missing = |n: &NodeId| self.remembered(*n, definition.id).is_none();
        let missing: Vec<NodeId> = nodes.iter().copied().filter(missing).collect();
        match &definition.what {
            _ if missing.len() < 2 => {}
            What::Calculation(calculation) => self.calculate_all(&missing, definition.id, calculation),
            What::Mirror(mirror) => self.prepare_mirrors(&missing, mirror),
            What::Aggregation(aggregation) => self.prepare_aggregations(&missing, aggregation),
            What::Nothing(_) => {}
        }
    }
}
