//! What computed values rest on, and programs that are asked of entities without being a property of them.

use serde_json::Value;
use stagedoor_model::Timestamp;

use super::reads::mentions;
use super::state::{Basis, Reads};
use crate::budget::spend;
use crate::catalog::{Catalog, NodeId};

/// Inputs that a program is given at a time.
const BATCH: usize = 256;

/// What a program makes of an entity: its first output, null where it has none, or why it failed.
pub type Asked = (Result<Value, String>, Basis);

impl Catalog {
    /// What the value of a derived property rests on; `None` when the entity has no such property.
    #[must_use]
    pub fn derived_basis(&self, node: NodeId, key: &str) -> Option<Basis> {
        Some(self.entry(node, key)?.basis())
    }

    /// Asks a JQ program about entities of one blueprint. Its input is that of a calculation: the entity with the
    /// derived properties that the program names.
    #[must_use]
    pub fn ask(&self, program: &str, nodes: &[NodeId]) -> Vec<Asked> {
        let Some(calculator) = &self.derived.calculator else {
            let problem = || (Err("nothing here runs JQ".to_owned()), Basis::default());
            return nodes.iter().map(|_| problem()).collect();
        };
        let entry = nodes.first().and_then(|n| self.blueprint_of(self.entity(*n)?));
        let keys: Vec<&str> =
            entry.into_iter().flat_map(|e| e.derived.keys()).filter(|key| mentions(program, key)).collect();
        keys.iter().for_each(|key| self.prepare(nodes, key));
        let relations = program.contains("relations");
        let clock = calculator.reads_clock(program);
        let mut out = Vec::with_capacity(nodes.len());
        for nodes in nodes.chunks(BATCH) {
            let mut reads: Vec<Reads> = nodes.iter().map(|_| Reads::default()).collect();
            let input = |(node, reads): (&NodeId, &mut Reads)| self.asked_of(*node, &keys, relations, reads);
            let inputs: Vec<Value> = nodes.iter().zip(&mut reads).map(input).collect();
            let outputs = match spend(nodes.len() as u32 * 64) {
                true => calculator.calculate(program, &inputs),
                false => nodes.iter().map(|_| Err("there was no time for it".to_owned())).collect(),
            };
            let until = Timestamp(calculator.now().0.saturating_add(super::MOMENT));
            for (output, mut reads) in outputs.into_iter().zip(reads) {
                if clock {
                    reads.until(until);
                }
                out.push((output, reads.basis()));
            }
        }
        out
    }

    fn asked_of(&self, node: NodeId, keys: &[&str], relations: bool, reads: &mut Reads) -> Value {
        let mut input = self.calculation_input(node, relations, reads);
        if let Some(properties) = input.get_mut("properties").and_then(Value::as_object_mut) {
            for key in keys {
                let Some(entry) = self.entry(node, key) else { continue };
                reads.extend(&entry);
                properties.insert((*key).to_owned(), entry.value.clone());
            }
        }
        input
    }
}
