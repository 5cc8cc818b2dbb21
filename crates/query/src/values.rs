//! The values of a selection, one property at a time: what sorting, grouping and aggregating work on.
//!
//! Compared as Port does: exactly, by type, long texts included. What the index has is read from there, with
//! no look at a document.

use std::collections::HashMap;

use crate::budget::spend;
use crate::catalog::{Catalog, NodeId};
use crate::expr::Subject;
use crate::index::field::FieldIndex;
use crate::index::term::{Scalar, TermKind, TermRef, float_text};
use crate::index::walk::{Leaf, walk_text};
use crate::page::Selection;

/// The values of one property over a selection.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// Every value that occurs, once.
    pub distinct: Vec<Scalar>,
    /// Who has which: the entity, and the value's place in `distinct`. Each pair once.
    pub pairs: Vec<(NodeId, u32)>,
}

impl Values {
    /// The pairs with their values.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Scalar)> {
        self.pairs.iter().filter_map(|(node, at)| Some((*node, self.distinct.get(*at as usize)?)))
    }
}

/// Gathers values, each kept once.
#[derive(Default)]
pub(crate) struct Gather {
    pub(crate) values: Values,
    known: HashMap<(String, bool), u32>,
}

impl Gather {
    pub(crate) fn place(&mut self, value: Scalar) -> u32 {
        let next = self.values.distinct.len() as u32;
        let place = *self.known.entry((value.text.clone(), value.is_text)).or_insert(next);
        if place == next {
            self.values.distinct.push(value);
        }
        place
    }

    fn add(&mut self, node: NodeId, values: Vec<Scalar>) {
        let first = self.values.pairs.len();
        for value in values {
            let pair = (node, self.place(value));
            if !self.values.pairs.get(first..).is_some_and(|mine| mine.contains(&pair)) {
                self.values.pairs.push(pair);
            }
        }
    }
}

impl<'a> Selection<'a> {
    /// Those of some blueprints.
    #[must_use]
    pub fn of_blueprints(&self, blueprints: &[String]) -> Selection<'a> {
        let mut nodes = crate::NodeSet::new();
        for members in blueprints.iter().filter_map(|b| self.catalog().members(b)) {
            nodes |= members.set.as_ref() & self.nodes();
        }
        Selection::of(self.catalog(), nodes)
    }

    /// Those of some nodes.
    #[must_use]
    pub fn only(&self, nodes: impl Iterator<Item = NodeId>) -> Selection<'a> {
        let nodes: crate::NodeSet = nodes.filter(|n| self.contains(*n)).collect();
        Selection::of(self.catalog(), nodes)
    }

    /// The values of a subject; with `through`, those of the entities at the other end of this relation.
    #[must_use]
    pub fn values_of(&self, subject: &Subject, through: Option<&str>) -> Values {
        let index = &self.catalog().index;
        match (subject, through) {
            (_, Some(key)) => self.values_through(subject, key),
            (Subject::Field(path), None) => {
                index.exact(path).map(|f| self.values_of_field(f, subject)).unwrap_or_default()
            }
            (Subject::Standing { .. }, None) => self.values_of_standing(subject),
            _ => {
                let mut gather = Gather::default();
                if let Subject::Derived(key) = subject {
                    self.catalog().prepare_values(key, self.nodes());
                }
                for node in self.nodes().iter().take_while(|_| spend(4)) {
                    gather.add(node, self.catalog().values_at(node, subject));
                }
                gather.values
            }
        }
    }

    fn values_of_field(&self, field: &FieldIndex, subject: &Subject) -> Values {
        let mut gather = Gather::default();
        let (mut nodes, mut terms) = (Vec::new(), 0);
        for entry in field.terms.iter().take_while(|_| spend(1)) {
            entry.holders().collect_in(self.nodes(), &mut nodes);
            if !nodes.is_empty() {
                terms += 1;
                let place = gather.place(scalar(entry.term()));
                gather.values.pairs.extend(nodes.drain(..).map(|node| (node, place)));
            }
        }
        if gather.values.distinct.len() < terms {
            // A text that stands alone here and in an array there is two terms, and an entity may have both.
            gather.values.pairs.sort_unstable();
            gather.values.pairs.dedup();
        }
        for node in (field.long.as_ref() & self.nodes()).iter().take_while(|_| spend(64)) {
            let mut long = self.catalog().values_at(node, subject);
            long.retain(|v| v.is_text && v.text.chars().count() > crate::MAX_INDEXED_CHARS);
            gather.add(node, long);
        }
        gather.values
    }

    fn values_through(&self, subject: &Subject, key: &str) -> Values {
        let catalog = self.catalog();
        let mut gather = Gather::default();
        let mut ends: HashMap<NodeId, Vec<Scalar>> = HashMap::new();
        for node in self.nodes().iter().take_while(|_| spend(4)) {
            let here = catalog.ends_of(node, key);
            let values = here
                .into_iter()
                .flat_map(|end| ends.entry(end).or_insert_with(|| catalog.values_at(end, subject)).clone());
            let values = values.collect();
            gather.add(node, values);
        }
        gather.values
    }
}

impl Catalog {
    /// The values of a subject at an entity, exactly and by type; several where it is a list.
    #[must_use]
    pub fn values_at(&self, node: NodeId, subject: &Subject) -> Vec<Scalar> {
        match subject {
            Subject::Field(path) => self.field_at(node, path),
            // Also of what is only pointed at: its name is known, and nothing else.
            Subject::Meta(crate::Meta::Identifier) => vec![Scalar::text(self.identifier_at(node))],
            _ if self.entity(node).is_none() => Vec::new(),
            Subject::Meta(meta) => self.meta_values(node, *meta).iter().filter_map(Scalar::of).collect(),
            Subject::Derived(key) => self.derived_scalars(node, key),
            Subject::Standing { .. } => self.standing_at(node, subject).into_iter().collect(),
            Subject::Relation { name, target_kind, by_identifier } => {
                let kind_of = stagedoor_model::entity_ref::kind_of;
                let fits = |n| target_kind.as_deref().is_none_or(|k| k == kind_of(self.reference(n)));
                let ends = self.relations(node).into_iter().filter(|r| r.name == name && fits(r.other));
                let text = |end| match by_identifier {
                    true => Scalar::text(self.identifier_at(end)),
                    false => Scalar::text(self.reference(end)),
                };
                ends.map(|r| text(r.other)).collect()
            }
        }
    }

    fn field_at(&self, node: NodeId, path: &str) -> Vec<Scalar> {
        let mut values = Vec::new();
        let Some(entity) = self.entity(node) else { return values };
        walk_text(entity.document.as_str(), &mut |at, leaf, _| {
            if at == path {
                values.extend(match leaf {
                    Leaf::Text(text) => Some(Scalar::text(text)),
                    Leaf::Bool(b) => Some(Scalar { text: b.to_string(), number: None, is_text: false }),
                    Leaf::Integer(n) => Some(number(n.to_string())),
                    Leaf::Float(f) => Some(number(float_text(f))),
                    Leaf::Null | Leaf::Container => None,
                });
            }
        });
        values
    }
}

fn number(text: String) -> Scalar {
    Scalar { number: text.parse().ok(), text, is_text: false }
}

fn scalar(term: TermRef<'_>) -> Scalar {
    match term.kind {
        TermKind::Text | TermKind::Item => Scalar::text(term.text),
        TermKind::Number => number(term.text.to_string()),
        TermKind::Bool => Scalar { text: term.text.to_string(), number: None, is_text: false },
    }
}
