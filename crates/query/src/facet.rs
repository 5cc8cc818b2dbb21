//! Counts by value over a selection.

use std::collections::HashMap;

use roaring::RoaringBitmap;

use crate::expr::{Meta, Subject};
use crate::index::term::{Scalar, TermKind};
use crate::page::Selection;

/// One value and how many entities of the selection have it.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    /// The value in its original spelling.
    pub value: Scalar,
    /// Entities, each counted once.
    pub count: u64,
}

impl Selection<'_> {
    /// The buckets of a subject, ordered by value; nulls and values too long for the index are in none.
    #[must_use]
    pub fn facet(&self, subject: &Subject) -> Vec<Bucket> {
        match subject {
            Subject::Field(path) if !path.eq_ignore_ascii_case("metadata.uid") => self.facet_field(path),
            Subject::Field(_) => self.facet_values(&Subject::Meta(Meta::Uid)),
            _ => self.facet_values(subject),
        }
    }

    fn facet_field(&self, path: &str) -> Vec<Bucket> {
        let mut buckets = Vec::new();
        for field in self.catalog().index.folded(path) {
            for (term, postings) in field.terms.iter() {
                let count = postings.count_in(self.nodes());
                if count == 0 {
                    continue;
                }
                let is_text = matches!(term.kind, TermKind::Text | TermKind::Item);
                let number = (term.kind == TermKind::Number).then(|| term.text.parse().ok()).flatten();
                buckets.push(Bucket { value: Scalar { text: term.text.to_string(), number, is_text }, count });
            }
        }
        let mut items = RoaringBitmap::new();
        for (field, item) in self.catalog().index.item_fields(path) {
            items |= field.items(item);
        }
        let count = items.intersection_len(self.nodes());
        if count > 0 {
            buckets.push(Bucket { value: Scalar { text: "true".into(), number: None, is_text: false }, count });
        }
        merge(buckets)
    }

    fn facet_values(&self, subject: &Subject) -> Vec<Bucket> {
        let mut counts: HashMap<String, u64> = HashMap::new();
        for node in self.nodes() {
            let mut values = self.values(node, subject);
            values.sort();
            values.dedup();
            for value in values {
                *counts.entry(value).or_default() += 1;
            }
        }
        let mut buckets: Vec<_> = counts.into_iter().map(|(t, count)| Bucket { value: Scalar::text(t), count }).collect();
        buckets.sort_by(|a, b| a.value.text.cmp(&b.value.text));
        buckets
    }

    /// How many entities of the selection have no value for a subject.
    #[must_use]
    pub fn missing(&self, subject: &Subject) -> u64 {
        self.len() - self.count_sortable(subject).min(self.len())
    }
}

/// The same text as item and as scalar is one value; so are `true` and `"true"` where both occur.
fn merge(buckets: Vec<Bucket>) -> Vec<Bucket> {
    let mut merged: Vec<Bucket> = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        match merged.last_mut() {
            Some(last) if last.value.text == bucket.value.text => {
                last.count += bucket.count;
            }
            _ => merged.push(bucket),
        }
    }
    merged
}
