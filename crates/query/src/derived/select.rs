//! Derived properties in queries: conditions, and the values to sort and group by.

use std::collections::HashMap;

use roaring::RoaringBitmap;
use serde_json::Value;

use crate::budget::spend;
use crate::catalog::{Catalog, NodeId};
use crate::expr::{Candidate, Collation, Test};
use crate::facet::Bucket;
use crate::index::term::{Scalar, fold_cmp};
use crate::page::Selection;

impl Catalog {
    /// The nodes whose derived property has a value that satisfies a test; a member of an array is one.
    pub(crate) fn derived_condition(
        &self,
        key: &str,
        test: &Test,
        collation: Collation,
        universe: &RoaringBitmap,
    ) -> RoaringBitmap {
        let nodes = self.with_derived(key, universe);
        let fits = |node: &NodeId| {
            self.entry(*node, key).is_some_and(|entry| accepts(test, &entry.value, collation))
        };
        nodes.into_iter().take_while(|_| spend(8)).filter(fits).collect()
    }

    /// The nodes whose blueprint derives a property, their values prepared.
    fn with_derived(&self, key: &str, universe: &RoaringBitmap) -> Vec<NodeId> {
        let mut all = Vec::new();
        for entry in self.blueprints().iter().filter(|e| e.derived.has(key)) {
            let Some(members) = self.members(&entry.blueprint.identifier) else { continue };
            let nodes: Vec<NodeId> = (members.set.as_ref() & universe).iter().collect();
            self.prepare(&nodes, key);
            all.extend(nodes);
        }
        all
    }

    /// Has the values of a derived property of many entities computed.
    pub(crate) fn prepare_values(&self, key: &str, universe: &RoaringBitmap) {
        self.with_derived(key, universe);
    }

    /// The texts to sort by a derived property.
    pub(crate) fn derived_sort_keys(&self, node: NodeId, key: &str) -> Vec<String> {
        self.derived_scalars(node, key).iter().map(sort_key).collect()
    }

    /// The scalars of a derived property's value: itself, or the members of an array.
    #[must_use]
    pub fn derived_scalars(&self, node: NodeId, key: &str) -> Vec<Scalar> {
        let mut out = Vec::new();
        if let Some(entry) = self.entry(node, key) {
            each(&entry.value, &mut |value| out.extend(Scalar::of(value)));
        }
        out
    }
}

impl Selection<'_> {
    /// The buckets of a derived property.
    pub(crate) fn facet_derived(&self, key: &str) -> Vec<Bucket> {
        let catalog = self.catalog();
        catalog.prepare_values(key, self.nodes());
        let mut buckets: HashMap<String, Bucket> = HashMap::new();
        for node in self.nodes() {
            let mut values = catalog.derived_scalars(node, key);
            values.sort_by(|a, b| a.text.cmp(&b.text));
            values.dedup_by(|a, b| a.text == b.text);
            for value in values {
                let new = || Bucket { value: value.clone(), count: 0 };
                buckets.entry(value.text.clone()).or_insert_with(new).count += 1;
            }
        }
        let mut buckets: Vec<Bucket> = buckets.into_values().collect();
        buckets.sort_by(|a, b| {
            fold_cmp(&a.value.text, &b.value.text).then_with(|| a.value.text.cmp(&b.value.text))
        });
        buckets
    }
}

/// A value and, where it is an array, its members.
fn each(value: &Value, sink: &mut dyn FnMut(&Value)) {
    sink(value);
    if let Value::Array(list) = value {
        list.iter().for_each(|v| each(v, sink));
    }
}

fn accepts(test: &Test, value: &Value, collation: Collation) -> bool {
    if matches!(test, Test::Filled) {
        return match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(list) => !list.is_empty(),
            Value::Object(map) => !map.is_empty(),
            _ => true,
        };
    }
    let mut found = false;
    each(value, &mut |value| {
        found |= match value {
            Value::Null => matches!(test, Test::Exists),
            Value::Array(_) | Value::Object(_) => matches!(test, Test::Valued),
            Value::String(text) => test.accepts(Candidate { text, is_text: true }, collation),
            other => Scalar::of(other)
                .is_some_and(|s| test.accepts(Candidate { text: &s.text, is_text: false }, collation)),
        };
    });
    found
}

/// A text that sorts as the value does: numbers by size.
pub(crate) fn sort_key(value: &Scalar) -> String {
    let Some(number) = value.number else { return value.text.clone() };
    let bits = (number + 0.0).to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    format!("{ordered:016x}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Scalar, sort_key};

    #[test]
    fn numbers_sort_by_size() {
        let numbers = [-1e9, -2.5, -1.0, 0.0, 1e-9, 1.0, 9.0, 10.0, 2e20];
        let keys: Vec<String> = numbers.iter().map(|n| sort_key(&Scalar::of(&json!(n)).unwrap())).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        assert_eq!(sort_key(&Scalar::text("b")), "b");
    }
}
