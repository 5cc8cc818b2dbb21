//! Searches, run: which entities, in which order.

use std::collections::HashMap;
use std::sync::Arc;

use stagedoor_portal::{Scope, View};
use stagedoor_query::dialect::backstage;
use stagedoor_query::page::{self, Selection, Sort};
use stagedoor_query::{Expr, NodeId, NodeSet};

use crate::cursor::{Direction, OrderField, Place, Search};
use crate::error::ApiError;

/// A search made ready once, to be run on as many snapshots as it takes.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    expr: Expr,
    sort: Option<Sort>,
    /// A full-text term that looks at the sort field alone. It chooses among the values of a list, too.
    term: Option<String>,
}

/// One step of a walk.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) node: NodeId,
    value: Option<Arc<str>>,
}

impl Row {
    /// Where the row stands.
    pub(crate) fn place(&self, view: &View) -> Place {
        let reference = view.reference(self.node).to_owned();
        match &self.value {
            Some(value) => Place::Sorted(folded(value), reference),
            None => Place::ByRef([reference]),
        }
    }
}

/// The lower-case form that values are ordered by: character by character, whatever stands around them (the
/// standard library's own minds whether a sigma ends a word).
fn folded(value: &str) -> String {
    value.chars().flat_map(char::to_lowercase).collect()
}

/// The condition of filters and a predicate query together.
pub(crate) fn condition(filter: &[String], query: Option<&serde_json::Value>) -> Result<Expr, ApiError> {
    let filter = backstage::filter(filter)?;
    Ok(match (filter, query.map(backstage::predicate).transpose()?) {
        (filter, None) => filter,
        (Expr::All, Some(query)) => query,
        (filter, Some(query)) => Expr::And(vec![filter, query]),
    })
}

fn sort_by(order: &OrderField) -> Sort {
    Sort { subject: backstage::subject(&order.field), descending: order.order == Direction::Desc }
}

impl Walk {
    /// Compiles a search.
    pub(crate) fn new(search: &Search) -> Result<Self, ApiError> {
        let order = search.order_fields.first();
        let sort_field = order.map(|o| o.field.as_str());
        let mut expr = condition(&search.filter, search.query.as_ref())?;
        let mut term = None;
        if let Some(text) = &search.full_text_filter {
            let fields = text.fields.as_deref();
            match backstage::full_text(&text.term, fields, sort_field) {
                Expr::All => {}
                wanted => {
                    expr = Expr::And(vec![expr, wanted]);
                    let sort_field_alone = match fields {
                        None => sort_field.is_some(),
                        Some([one]) => sort_field.is_some_and(|f| f.eq_ignore_ascii_case(one)),
                        Some(_) => false,
                    };
                    term = sort_field_alone.then(|| text.term.trim().to_lowercase());
                }
            }
        }
        Ok(Self { expr, sort: order.map(sort_by), term })
    }

    /// The entities sought.
    pub(crate) fn select<'v>(&self, view: &'v View) -> Selection<'v> {
        view.select(&self.expr, Scope::Backstage)
    }

    /// How many entities the walk shows; one that it shows several times counts once.
    pub(crate) fn total(&self, selection: &Selection<'_>) -> u64 {
        let Some(sort) = &self.sort else { return selection.len() };
        match selection.count_sortable(&sort.subject) {
            // A path that names the item of a list has no field of its own to count.
            0 => selection.sorted(sort, None).map(|step| step.node).collect::<NodeSet>().len(),
            total => total,
        }
    }

    /// Whether there may be entities that the sorted walk leaves out.
    pub(crate) fn leaves_out(&self) -> bool {
        self.sort.is_some()
    }

    /// The entities that the sorted walk leaves out, behind a reference.
    pub(crate) fn left_out(&self, selection: &Selection<'_>, from: Option<&Place>) -> Vec<Row> {
        let Some(sort) = &self.sort else { return Vec::new() };
        let mut nodes = selection.unsortable(&sort.subject);
        if let Some(Place::ByRef([after])) = from {
            let catalog = selection.by_ref(Some(after), false).collect::<NodeSet>();
            nodes.retain(|n| catalog.contains(*n));
        }
        nodes.into_iter().map(|node| Row { node, value: None }).collect()
    }

    /// The rows behind a place, or those before it, the nearest first.
    pub(crate) fn rows<'s>(
        &'s self,
        selection: &'s Selection<'_>,
        from: Option<&Place>,
        backwards: bool,
    ) -> Box<dyn Iterator<Item = Row> + 's> {
        let Some(sort) = &self.sort else {
            let after = from.map(|place| match place {
                Place::ByRef([reference]) | Place::Sorted(_, reference) => reference.as_str(),
            });
            return Box::new(selection.by_ref(after, backwards).map(|node| Row { node, value: None }));
        };
        let sort = Sort { subject: sort.subject.clone(), descending: sort.descending != backwards };
        let after = from.and_then(|place| match place {
            Place::Sorted(value, reference) => {
                Some(page::Place { value: value.clone(), reference: reference.clone() })
            }
            Place::ByRef(_) => None,
        });
        let steps = selection.sorted(&sort, after.as_ref());
        let shown =
            move |value: &str| self.term.as_ref().is_none_or(|t| value.to_lowercase().contains(t.as_str()));
        let steps = steps.filter(move |step| shown(&step.value));
        Box::new(steps.map(|step| Row { node: step.node, value: Some(step.value) }))
    }
}

/// The order of `GET /entities` with paging: entities that lack the field come last, however it is sorted.
pub(crate) fn ordered<'s>(
    selection: &'s Selection<'_>,
    order: &[OrderField],
) -> Box<dyn Iterator<Item = NodeId> + 's> {
    match order {
        [] => selection.by_ref(None, false),
        [one] => {
            let sort = sort_by(one);
            let last = selection.unsortable(&sort.subject);
            Box::new(selection.sorted(&sort, None).map(|step| step.node).chain(last))
        }
        several => Box::new(by_several(selection, several).into_iter()),
    }
}

/// Sorts by several fields. Each entity comes once, with the first of its values in each order.
fn by_several(selection: &Selection<'_>, order: &[OrderField]) -> Vec<NodeId> {
    let ranks: Vec<HashMap<NodeId, usize>> = order.iter().map(|field| ranks(selection, field)).collect();
    let mut nodes: Vec<NodeId> = selection.by_ref(None, false).collect();
    let key = |node: &NodeId| -> Vec<usize> {
        ranks.iter().map(|ranks| ranks.get(node).copied().unwrap_or(usize::MAX)).collect()
    };
    // The sort is stable, so equal entities stay in the order of references.
    nodes.sort_by_cached_key(key);
    nodes
}

/// Which distinct value, counted from the first in the order, each entity has.
fn ranks(selection: &Selection<'_>, order: &OrderField) -> HashMap<NodeId, usize> {
    let mut ranks = HashMap::new();
    let mut rank = 0;
    let mut last: Option<String> = None;
    for step in selection.sorted(&sort_by(order), None) {
        let value = folded(&step.value);
        if last.as_ref().is_some_and(|last| *last != value) {
            rank += 1;
        }
        last = Some(value);
        ranks.entry(step.node).or_insert(rank);
    }
    ranks
}
