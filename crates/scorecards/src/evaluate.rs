//! What conditions say of some entities, as sets.

use std::collections::BTreeSet;

use serde_json::Value;
use stagedoor_model::Timestamp;
use stagedoor_query::{Catalog, Expr, NodeId, NodeSet};

use crate::compile::{Comparison, Condition, Conditions, What};
use crate::watch::Watch;

/// So many entities are looked at one by one; of more, the index is asked.
const FEW: u64 = 48;
/// Inputs that a program is given first, and at most.
const FIRST: usize = 2;
const MOST: usize = 1_024;
/// A program that has taken longer is not asked any more: these milliseconds, and one for so many entities.
const PATIENCE: i64 = 900;
const PER_MILLISECOND: i64 = 10;

/// Of the entities that were asked about: for whom it holds, and for whom a missing value could still make it hold.
/// For everyone else it does not hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Truth {
    pub(crate) yes: NodeSet,
    pub(crate) open: NodeSet,
}

/// Evaluation at one time.
pub(crate) struct Evaluation<'e> {
    pub(crate) catalog: &'e Catalog,
    pub(crate) blueprint: &'e str,
    pub(crate) now: Timestamp,
    /// What programs read is noted here.
    pub(crate) watch: &'e mut Watch,
}

impl Evaluation<'_> {
    /// What conditions together say.
    pub(crate) fn query(&mut self, query: &Conditions, nodes: &NodeSet) -> Truth {
        let mut parts: Vec<Truth> = query.list.iter().map(|c| self.condition(c, nodes)).collect();
        if parts.len() == 1 {
            return parts.pop().unwrap_or_default();
        }
        if !query.all {
            let mut any = Truth::default();
            for part in parts {
                any.yes |= part.yes;
                any.open |= part.open;
            }
            any.open -= &any.yes;
            return any;
        }
        let mut yes = nodes.clone();
        let mut no = NodeSet::new();
        for part in parts {
            no |= nodes - &part.yes - &part.open;
            yes &= part.yes;
        }
        let open = nodes - &yes - no;
        Truth { yes, open }
    }

    pub(crate) fn condition(&mut self, condition: &Condition, nodes: &NodeSet) -> Truth {
        match &condition.what {
            What::Broken(_) => Truth { yes: NodeSet::new(), open: nodes.clone() },
            What::Jq(program) => self.program(program, nodes),
            What::Rule(comparison) => {
                let holds = condition.holds_at(comparison, self.blueprint, self.catalog, self.now);
                let yes = self.satisfying(&holds, nodes);
                let open = match &comparison.valued {
                    Some(valued) => nodes - &yes - self.satisfying(valued, nodes),
                    None => NodeSet::new(),
                };
                Truth { yes, open }
            }
        }
    }

    fn satisfying(&self, expr: &Expr, nodes: &NodeSet) -> NodeSet {
        if nodes.len() > FEW {
            return self.catalog.satisfying(expr, nodes);
        }
        nodes.iter().filter(|node| self.catalog.holds(expr, *node)).collect()
    }

    /// True is yes, false is no, anything else is not known.
    fn program(&mut self, program: &str, nodes: &NodeSet) -> Truth {
        let asked: Vec<NodeId> = nodes.iter().collect();
        let mut truth = Truth::default();
        let (mut rest, mut size, begun) = (asked.as_slice(), FIRST, self.catalog.now());
        while !rest.is_empty() && !self.watch.slow.contains(program) {
            let (chunk, others) = rest.split_at(size.min(rest.len()));
            (rest, size) = (others, (size * 2).min(MOST));
            let (mut answers, mut failure) = (false, None);
            for (node, (output, basis)) in chunk.iter().zip(self.catalog.ask(program, chunk)) {
                self.watch.add(*node, &basis, self.now);
                match output {
                    Ok(Value::Bool(holds)) => {
                        answers = true;
                        if holds {
                            truth.yes.insert(*node);
                        }
                    }
                    Ok(_) => {
                        truth.open.insert(*node);
                    }
                    Err(problem) => {
                        failure = failure.or(Some(problem));
                        truth.open.insert(*node);
                    }
                }
            }
            self.watch.outcome(program, answers, failure);
            // What one entity takes is limited; so is what all of them take together.
            let allowed = PATIENCE + (asked.len() - rest.len()) as i64 / PER_MILLISECOND;
            if self.catalog.now().0.saturating_sub(begun.0) > allowed {
                self.watch.slow.insert(program.to_owned());
            }
        }
        truth.open.extend(rest.iter().copied());
        truth
    }
}

/// The dates that a condition is about, in order: who is passed by the time is looked at again.
#[derive(Debug, Default)]
pub(crate) struct Dates {
    by_date: BTreeSet<(i64, NodeId)>,
    first: usize,
}

impl Dates {
    /// Notes the dates of some entities.
    pub(crate) fn note(&mut self, catalog: &Catalog, comparison: &Comparison, nodes: &NodeSet) {
        let Some(clock) = &comparison.clock else { return };
        let mut found: Vec<(i64, NodeId)> = Vec::new();
        for column in &comparison.columns {
            if nodes.len() > FEW {
                let values = column.values(&catalog.those(nodes));
                let parsed: Vec<Option<i64>> = values.distinct.iter().map(|v| date(&v.text)).collect();
                let dated = |(node, at): &(NodeId, u32)| Some((parsed.get(*at as usize).copied()??, *node));
                found.extend(values.pairs.iter().filter_map(dated));
            } else {
                for node in nodes {
                    let values = catalog.values_at(node, column.subject());
                    found.extend(values.iter().filter_map(|v| Some((date(&v.text)?, node))));
                }
            }
        }
        let keyed = found.into_iter().map(|(at, node)| (clock.key(at), node));
        if self.by_date.is_empty() {
            self.by_date = keyed.collect();
            self.first = self.by_date.len();
        } else {
            self.by_date.extend(keyed);
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.by_date.len() > self.first * 2 + 10_000
    }

    /// Whom the time has passed, after `from` and up to `to`.
    pub(crate) fn passed(&self, edges: &[i64], from: Timestamp, to: Timestamp, out: &mut NodeSet) {
        for edge in edges {
            let (from, to) = (from.0.saturating_sub(*edge), to.0.saturating_sub(*edge));
            let range = (from.saturating_add(1), 0)..(to.saturating_add(1), 0);
            out.extend(self.by_date.range(range).map(|(_, node)| *node));
        }
    }

    /// When the time passes the next.
    pub(crate) fn next(&self, edges: &[i64], now: Timestamp) -> Option<i64> {
        let next = |edge: &i64| {
            let from = now.0.saturating_sub(*edge).saturating_add(1);
            Some(self.by_date.range((from, 0)..).next()?.0.saturating_add(*edge))
        };
        edges.iter().filter_map(next).min()
    }
}

fn date(text: &str) -> Option<i64> {
    Timestamp::parse(text).map(|at| at.0)
}
