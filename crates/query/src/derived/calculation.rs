//! Calculations: what a JQ program makes of an entity.

use serde_json::Value;
use stagedoor_model::Timestamp;
use stagedoor_model::blueprint::PropertyType;

use super::MOMENT;
use super::definition::Calculation;
use super::state::Reads;
use crate::budget::spend;
use crate::catalog::{Catalog, NodeId};

/// Inputs that a program is given at a time.
const BATCH: usize = 256;

type Outcome = (Value, Option<String>);

impl Catalog {
    pub(super) fn calculation(&self, node: NodeId, of: &Calculation, reads: &mut Reads) -> Outcome {
        let input = self.input(node, of, reads);
        self.run(of, &[input], &mut std::slice::from_mut(reads).iter_mut()).pop().unwrap_or_default()
    }

    /// Computes and remembers the values of many entities of one blueprint.
    pub(super) fn calculate_all(&self, nodes: &[NodeId], id: u32, of: &Calculation) {
        for (key, _) in of.mentions.iter().filter(|(_, told)| *told) {
            self.prepare(nodes, key);
        }
        for nodes in nodes.chunks(BATCH) {
            let mut reads: Vec<Reads> = nodes.iter().map(|_| Reads::default()).collect();
            let inputs: Vec<Value> =
                nodes.iter().zip(&mut reads).map(|(node, reads)| self.input(*node, of, reads)).collect();
            if !spend(nodes.len() as u32 * 64) {
                return;
            }
            let outcomes = self.run(of, &inputs, &mut reads.iter_mut());
            for ((node, reads), (value, problem)) in nodes.iter().zip(reads).zip(outcomes) {
                self.remember(*node, id, value, problem, reads);
            }
        }
    }

    /// The entity with the derived properties that the program mentions.
    fn input(&self, node: NodeId, of: &Calculation, reads: &mut Reads) -> Value {
        let mut input = self.calculation_input(node, of.relations, reads);
        let Some(properties) = input.get_mut("properties").and_then(Value::as_object_mut) else {
            return input;
        };
        for (key, told) in &of.mentions {
            let entry = if *told { self.entry(node, key) } else { None };
            let value = entry.map_or(Value::Null, |entry| {
                reads.extend(&entry);
                entry.value.clone()
            });
            properties.insert(key.clone(), value);
        }
        input
    }

    fn run(
        &self,
        of: &Calculation,
        inputs: &[Value],
        reads: &mut dyn Iterator<Item = &mut Reads>,
    ) -> Vec<Outcome> {
        let Some(calculator) = &self.derived.calculator else {
            let problem = "nothing here runs JQ".to_owned();
            return inputs.iter().map(|_| (Value::Null, Some(problem.clone()))).collect();
        };
        let clock = calculator.reads_clock(&of.program);
        let outputs = calculator.calculate(&of.program, inputs);
        let moment = Timestamp(calculator.now().0.saturating_add(MOMENT));
        reads.filter(|_| clock).for_each(|reads| reads.until(moment));
        let outcome = |output: Result<Value, String>| match output {
            Ok(Value::Null) => (Value::Null, None),
            Ok(value) if of.kind.accepts(&value) => (value, None),
            Ok(value) => {
                let problem = format!("the result is {}, not {}", article(&value), name(of.kind));
                (Value::Null, Some(problem))
            }
            Err(problem) => (Value::Null, Some(problem)),
        };
        outputs.into_iter().map(outcome).collect()
    }
}

fn article(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => name(PropertyType::Boolean),
        Value::Number(_) => name(PropertyType::Number),
        Value::String(_) => name(PropertyType::String),
        Value::Array(_) => name(PropertyType::Array),
        Value::Object(_) => name(PropertyType::Object),
    }
}

fn name(kind: PropertyType) -> &'static str {
    match kind {
        PropertyType::String => "a string",
        PropertyType::Number => "a number",
        PropertyType::Boolean => "a boolean",
        PropertyType::Object => "an object",
        PropertyType::Array => "an array",
    }
}
