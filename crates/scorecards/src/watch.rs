//! Who has to be looked at again: what values were read from, and when they stop to hold.

use std::collections::BTreeSet;

use hashbrown::{HashMap, HashSet};
use roaring::RoaringBitmap;
use stagedoor_model::Timestamp;
use stagedoor_query::derived::Basis;
use stagedoor_query::{Catalog, NodeId, NodeSet};

use crate::compile::Reads;

/// A value that says it holds for no longer than this depends on the time in ways unknown.
const MOMENT: i64 = 1_000;
/// Such values are asked again after this long at most.
const LONGEST_PAUSE: i64 = 60_000;
/// Notes are made anew when there are so many times as many as at first, and these besides.
const GROWTH: usize = 4;
const SLACK: usize = 100_000;

/// Those who read a node.
enum Readers {
    One(NodeId),
    Many(RoaringBitmap),
}

/// What the values of many entities rest on.
#[derive(Default)]
pub(crate) struct Watch {
    /// What of others is read.
    reads: Vec<Reads>,
    readers: HashMap<NodeId, Readers>,
    /// Who may change with anything.
    volatile: RoaringBitmap,
    /// When to look at whom.
    timers: BTreeSet<(i64, NodeId)>,
    notes: usize,
    first: usize,
    /// Programs that took too long: they are not asked again.
    pub(crate) slow: HashSet<String>,
    /// Programs that have told somebody true or false.
    pub(crate) answering: HashSet<String>,
    /// Programs that have failed, and how they did first.
    pub(crate) failing: HashMap<String, String>,
}

impl Watch {
    /// Notes what came of a program: whether it told anybody anything, and how it failed.
    pub(crate) fn outcome(&mut self, program: &str, answers: bool, failure: Option<String>) {
        if answers && !self.answering.contains(program) {
            self.answering.insert(program.to_owned());
        }
        if let Some(failure) = failure.filter(|_| !self.failing.contains_key(program)) {
            self.failing.insert(program.to_owned(), failure);
        }
    }
}

impl Watch {
    pub(crate) fn new(mut reads: Vec<Reads>) -> Self {
        reads.retain(|read| *read != Reads::Itself);
        let mut seen: Vec<Reads> = Vec::new();
        for read in reads {
            if !seen.contains(&read) {
                seen.push(read);
            }
        }
        Self { reads: seen, ..Self::default() }
    }

    /// Notes what the values of these entities rest on. They must have been computed.
    pub(crate) fn note(&mut self, catalog: &Catalog, nodes: &NodeSet, now: Timestamp) {
        for read in self.reads.clone() {
            match read {
                Reads::Itself | Reads::Neighbours => {}
                Reads::Teams => {
                    for node in nodes {
                        let (_, read) = catalog.teams_and_basis(node);
                        self.add(node, &Basis { nodes: read, ..Basis::default() }, now);
                    }
                }
                Reads::Derived(key) => {
                    for node in nodes {
                        if let Some(basis) = catalog.derived_basis(node, &key) {
                            self.add(node, &basis, now);
                        }
                    }
                }
            }
        }
    }

    /// Notes what a value of an entity rests on.
    pub(crate) fn add(&mut self, node: NodeId, basis: &Basis, now: Timestamp) {
        if basis.everything {
            self.volatile.insert(node);
        }
        if let Some(until) = basis.until {
            let pause = (self.timers.len() as i64).clamp(MOMENT, LONGEST_PAUSE);
            let soon = until.0 <= now.0.saturating_add(MOMENT);
            self.timers.insert((if soon { now.0.saturating_add(pause) } else { until.0 }, node));
        }
        for read in basis.nodes.iter().filter(|read| **read != node) {
            self.notes += 1;
            match self.readers.get_mut(read) {
                None => {
                    self.readers.insert(*read, Readers::One(node));
                }
                Some(Readers::One(one)) if *one == node => {}
                Some(readers @ Readers::One(_)) => {
                    let Readers::One(one) = *readers else { continue };
                    *readers = Readers::Many(RoaringBitmap::from_iter([one.min(node), one.max(node)]));
                }
                Some(Readers::Many(many)) => {
                    many.insert(node);
                }
            }
        }
    }

    /// The first notes are made.
    pub(crate) fn settle(&mut self) {
        self.first = self.notes;
    }

    /// Whether there are so many old notes that all should be made anew.
    pub(crate) fn is_full(&self) -> bool {
        self.notes > self.first * GROWTH + SLACK
    }

    /// Who has to be looked at after these were touched: they themselves, and who reads them.
    pub(crate) fn dirty(&self, catalog: &Catalog, touched: &NodeSet) -> NodeSet {
        let mut dirty = touched.clone();
        if touched.is_empty() {
            return dirty;
        }
        dirty |= &self.volatile;
        let neighbours = self.reads.contains(&Reads::Neighbours);
        for node in touched {
            match self.readers.get(&node) {
                Some(Readers::One(one)) => {
                    dirty.insert(*one);
                }
                Some(Readers::Many(many)) => dirty |= many,
                None => {}
            }
            if neighbours {
                dirty.extend(catalog.relations(node).into_iter().map(|relation| relation.other));
            }
        }
        dirty
    }

    /// Whose time is over by now.
    pub(crate) fn due(&mut self, now: Timestamp) -> NodeSet {
        let later = self.timers.split_off(&(now.0.saturating_add(1), 0));
        let due = std::mem::replace(&mut self.timers, later);
        due.into_iter().map(|(_, node)| node).collect()
    }

    /// When the next time is over.
    pub(crate) fn next(&self) -> Option<i64> {
        self.timers.first().map(|(at, _)| *at)
    }
}
