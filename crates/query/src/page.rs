//! Selections in order: sorted walks with keyset cursors, and pages of them.
//!
//! The order is always (value, reference), so that it is total, the same on every replica and after a
//! restart, and a cursor is a key and not a snapshot.

mod by_field;
mod by_ref;
mod ordered;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use roaring::RoaringBitmap;

use crate::catalog::{Catalog, NodeId};
use crate::expr::{Collation, Expr, Meta, Subject, Test};
use crate::index::term::{fold_cmp, fold_eq};
use crate::index::{rows_at, text_at};
use crate::reach::Bits;
use crate::related::Related;

pub use self::ordered::By;

/// The nodes that satisfy a query.
pub struct Selection<'a> {
    catalog: &'a Catalog,
    nodes: Cow<'a, RoaringBitmap>,
    /// The same, to look up many.
    bits: OnceLock<Bits>,
}

/// What to sort by.
#[derive(Clone, Debug, PartialEq)]
pub struct Sort {
    /// The sort field.
    pub subject: Subject,
    /// From the greatest down. References descend with it.
    pub descending: bool,
}

/// A place in a sorted walk: after this value and reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The sort value, lower-case.
    pub value: String,
    /// The reference.
    pub reference: String,
}

/// One step of a sorted walk.
#[derive(Clone, Debug)]
pub struct Step {
    /// The sort value.
    pub value: Arc<str>,
    /// The entity.
    pub node: NodeId,
}

type Walk<'w> = Box<dyn Iterator<Item = Step> + 'w>;

impl Catalog {
    /// Evaluates a query over all entities, or over those that Backstage's dialect shows.
    #[must_use]
    pub fn select(&self, expr: &Expr, only_visible_in_backstage: bool) -> Selection<'_> {
        let universe = if only_visible_in_backstage { &self.visible } else { &self.live };
        Selection { catalog: self, nodes: self.evaluate(expr, universe), bits: OnceLock::new() }
    }
}

impl Catalog {
    /// These entities.
    #[must_use]
    pub fn those(&self, nodes: &RoaringBitmap) -> Selection<'_> {
        Selection::of(self, nodes & self.live.as_ref())
    }
}

impl<'a> Selection<'a> {
    /// These nodes.
    pub(crate) fn of(catalog: &'a Catalog, nodes: RoaringBitmap) -> Self {
        Self { catalog, nodes: Cow::Owned(nodes), bits: OnceLock::new() }
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.nodes.len()
    }

    /// Whether nothing satisfies the query.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether a node is among them.
    #[must_use]
    pub fn contains(&self, node: NodeId) -> bool {
        self.nodes.contains(node)
    }

    /// The set itself.
    #[must_use]
    pub fn nodes(&self) -> &RoaringBitmap {
        &self.nodes
    }

    pub(crate) fn bits(&self) -> &Bits {
        self.bits.get_or_init(|| Bits::from_set(self.catalog, &self.nodes))
    }

    pub(crate) fn catalog(&self) -> &'a Catalog {
        self.catalog
    }

    /// Sorted by a value; entities that lack it are not in the walk, one with several values comes once per value.
    /// `after` continues behind a place.
    #[must_use]
    pub fn sorted<'s>(&'s self, sort: &Sort, after: Option<&Place>) -> Walk<'s> {
        match &sort.subject {
            Subject::Field(path) if !path.eq_ignore_ascii_case("metadata.uid") => {
                let index = &self.catalog.index;
                let mut fields = index.folded(path);
                let field = fields.next();
                let several =
                    fields.next().is_some() || index.item_fields(path).any(|(f, item)| f.has_item(item));
                match field {
                    _ if several => self.sorted_by_value(sort, after),
                    Some(field) if self.is_small_for(field) => self.sorted_by_text(path, sort, after),
                    Some(field) => self.sorted_by_field(field, sort.descending, after.cloned()),
                    None => Box::new(std::iter::empty()),
                }
            }
            _ => self.sorted_by_value(sort, after),
        }
    }

    /// How many entities the sorted walk has (each counted once).
    #[must_use]
    pub fn count_sortable(&self, subject: &Subject) -> u64 {
        match subject {
            Subject::Field(path) if !path.eq_ignore_ascii_case("metadata.uid") => {
                self.catalog.index.count_sortable(path, &self.nodes)
            }
            Subject::Relation { .. } => self.related(subject).intersection_len(&self.nodes),
            Subject::Standing { .. } => self.on_any_step(subject).len(),
            _ => {
                self.ready(subject);
                self.nodes.iter().filter(|n| !self.values(*n, subject).is_empty()).count() as u64
            }
        }
    }

    /// The entities that the sorted walk leaves out, in the order of references.
    #[must_use]
    pub fn unsortable(&self, subject: &Subject) -> Vec<NodeId> {
        let missing: RoaringBitmap = match subject {
            Subject::Field(path) if !path.eq_ignore_ascii_case("metadata.uid") => {
                self.nodes.as_ref() - self.catalog.index.sortable(path)
            }
            Subject::Relation { .. } => self.nodes.as_ref() - self.related(subject),
            Subject::Standing { .. } => self.nodes.as_ref() - self.on_any_step(subject),
            _ => {
                self.ready(subject);
                self.nodes.iter().filter(|n| self.values(*n, subject).is_empty()).collect()
            }
        };
        self.in_ref_order(&missing, None, false).collect()
    }

    /// What has a relation; others may be among them.
    fn related(&self, subject: &Subject) -> RoaringBitmap {
        let related = Related::of(self.catalog, subject, Collation::Folded);
        related.map(|r| r.matching(&Test::Exists, Collation::Folded, &self.nodes)).unwrap_or_default()
    }

    /// Sorting few entities by a path that one field of the index stands for.
    fn sorted_by_text<'s>(&'s self, path: &str, sort: &Sort, after: Option<&Place>) -> Walk<'s> {
        let plain = path.matches('.').count() == 1;
        let mut keyed: Vec<(String, NodeId)> = Vec::new();
        for node in self.nodes.iter() {
            let entity = self.catalog.entity(node).filter(|_| plain);
            match entity.and_then(|e| text_at(e.document.as_str(), path)) {
                Some(text) => keyed.push((text.to_owned(), node)),
                None => keyed.extend(self.values(node, &sort.subject).into_iter().map(|v| (v, node))),
            }
        }
        self.in_order(keyed, sort.descending, after)
    }

    /// Sorting by what the index does not order: values are read from the entities.
    fn sorted_by_value<'s>(&'s self, sort: &Sort, after: Option<&Place>) -> Walk<'s> {
        let mut keyed: Vec<(String, NodeId)> = Vec::new();
        if let Subject::Standing { .. } = &sort.subject {
            let ranked = self.standing_ranks(&sort.subject);
            return self.in_order(ranked, sort.descending, after);
        }
        self.ready(&sort.subject);
        for node in self.nodes.iter() {
            let values = match &sort.subject {
                Subject::Derived(key) => self.catalog.derived_sort_keys(node, key),
                subject => self.values(node, subject),
            };
            keyed.extend(values.into_iter().map(|v| (v, node)));
        }
        self.in_order(keyed, sort.descending, after)
    }

    /// A walk over values that were read from the entities.
    fn in_order<'s>(
        &'s self,
        mut keyed: Vec<(String, NodeId)>,
        descending: bool,
        after: Option<&Place>,
    ) -> Walk<'s> {
        keyed.sort_by(|a, b| {
            fold_cmp(&a.0, &b.0).then_with(|| self.catalog.reference(a.1).cmp(self.catalog.reference(b.1)))
        });
        keyed.dedup_by(|a, b| a.1 == b.1 && fold_eq(&a.0, &b.0));
        if descending {
            keyed.reverse();
        }
        let after = after.cloned();
        let steps = keyed.into_iter().filter(move |(value, node)| {
            let Some(place) = &after else { return true };
            let order = fold_cmp(value, &place.value)
                .then_with(|| self.catalog.reference(*node).cmp(&place.reference));
            order == forward(descending)
        });
        Box::new(steps.map(|(value, node)| Step { value: value.into(), node }))
    }

    /// Has the values computed that are about to be read.
    fn ready(&self, subject: &Subject) {
        if let Subject::Derived(key) = subject {
            self.catalog.prepare_values(key, &self.nodes);
        }
    }

    /// The values of any subject, read from the entity.
    pub(crate) fn values(&self, node: NodeId, subject: &Subject) -> Vec<String> {
        let catalog = self.catalog;
        match subject {
            Subject::Meta(meta) => {
                let values = catalog.meta_values(node, *meta);
                values.into_iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()
            }
            Subject::Relation { name, target_kind, by_identifier } => {
                let hidden = |n: NodeId| !by_identifier && catalog.reference(n).starts_with('!');
                let fits = |n: NodeId| {
                    !hidden(n)
                        && target_kind
                            .as_deref()
                            .is_none_or(|k| k == stagedoor_model::entity_ref::kind_of(catalog.reference(n)))
                };
                let same = |n: &str| fold_eq(n, name);
                let others = catalog.relations(node).into_iter().filter(|r| same(r.name) && fits(r.other));
                let text = |n| {
                    if *by_identifier {
                        catalog.identifier_at(n).into_owned()
                    } else {
                        catalog.reference(n).to_owned()
                    }
                };
                others.map(|r| text(r.other)).collect()
            }
            Subject::Derived(key) => catalog.derived_scalars(node, key).into_iter().map(|s| s.text).collect(),
            Subject::Standing { .. } => {
                catalog.standing_at(node, subject).into_iter().map(|s| s.text).collect()
            }
            Subject::Field(path) if path.eq_ignore_ascii_case("metadata.uid") => {
                self.values(node, &Subject::Meta(Meta::Uid))
            }
            Subject::Field(path) => {
                catalog.entity(node).map(|e| rows_at(e.document.as_str(), path)).unwrap_or_default()
            }
        }
    }
}

/// How what comes later in the walk compares.
fn forward(descending: bool) -> Ordering {
    if descending { Ordering::Less } else { Ordering::Greater }
}
