//! Counts by value over a selection.

use std::collections::HashMap;
use std::sync::Arc;

use roaring::RoaringBitmap;

use crate::expr::{Collation, Meta, Subject};
use crate::index::field::FieldIndex;
use crate::index::postings::{Holders, Postings};
use crate::index::term::{Scalar, TermKind, TermRef, fold_cmp};
use crate::index::terms::Entry;
use crate::page::Selection;
use crate::related::Related;

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
            Subject::Derived(key) => self.facet_derived(key),
            Subject::Standing { .. } => self.facet_standing(subject),
            Subject::Relation { .. } => {
                let related = Related::of(self.catalog(), subject, Collation::Folded);
                related.map(|r| r.facet(self)).unwrap_or_default()
            }
            Subject::Meta(_) => self.facet_values(subject),
        }
    }

    fn facet_field(&self, path: &str) -> Vec<Bucket> {
        let index = &self.catalog().index;
        let mut items = RoaringBitmap::new();
        index.item_fields(path).for_each(|(field, item)| items |= field.items(item));
        let here = |e: &Entry<'_>| self.has_any(e.holders());
        let fields: Vec<&FieldIndex> = index.folded(path).collect();
        let entries = fields.iter().flat_map(|field| field.terms.iter().filter(here));
        let mut terms: Vec<(TermRef<'_>, Holders<'_>)> = entries.map(|e| (e.term(), e.holders())).collect();
        let item_postings = Postings::Many(Arc::new(items));
        if !item_postings.is_empty() || fields.len() > 1 {
            terms.push((TermRef { text: "true", kind: TermKind::Bool }, (&item_postings).into()));
            terms.sort_by_key(|(term, _)| *term);
        }
        let groups = terms.chunk_by(|(a, _), (b, _)| a.text == b.text);
        groups.filter_map(|group| bucket(group, self.nodes())).collect()
    }

    /// Whether anything of the selection may be among these. Most values of a field have one node.
    fn has_any(&self, holders: Holders<'_>) -> bool {
        match holders {
            Holders::One(one) => self.nodes().contains(one),
            Holders::Several(_) => true,
        }
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
        let mut buckets: Vec<_> =
            counts.into_iter().map(|(t, count)| Bucket { value: Scalar::text(t), count }).collect();
        buckets.sort_by(|a, b| {
            fold_cmp(&a.value.text, &b.value.text).then_with(|| a.value.text.cmp(&b.value.text))
        });
        buckets
    }

    /// How many entities of the selection have no value for a subject.
    #[must_use]
    pub fn missing(&self, subject: &Subject) -> u64 {
        self.len() - self.count_sortable(subject).min(self.len())
    }
}

/// One bucket of terms with the same text, whatever they were before: an entity that has several counts once.
fn bucket(group: &[(TermRef<'_>, Holders<'_>)], nodes: &RoaringBitmap) -> Option<Bucket> {
    // The first that anything here has tells the type.
    let first = group.iter().find(|(_, holders)| group.len() == 1 || holders.count_in(nodes) > 0);
    let (term, holders) = first?;
    let count = if group.len() == 1 {
        holders.count_in(nodes)
    } else {
        let mut all = RoaringBitmap::new();
        group.iter().for_each(|(_, p)| p.add_to(&mut all));
        all.intersection_len(nodes)
    };
    let is_text = matches!(term.kind, TermKind::Text | TermKind::Item);
    let number = (term.kind == TermKind::Number).then(|| term.text.parse().ok()).flatten();
    (count > 0).then(|| Bucket { value: Scalar { text: term.text.to_string(), number, is_text }, count })
}
