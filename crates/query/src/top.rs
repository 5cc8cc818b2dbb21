//! The first entities by several properties, from a place on.
//!
//! The place is keys, not a position: the values of the entity it follows, and its identifier. So pages neither
//! repeat nor skip what stays as it is while other entities come, change and go.

use std::cmp::Ordering;

use stagedoor_model::Timestamp;

use crate::catalog::NodeId;
use crate::expr::Subject;
use crate::index::term::{Scalar, fold_cmp};
use crate::page::Selection;

/// Longer texts are sorted by so many characters.
const SORTED_CHARS: usize = 200;
/// The rank of what has no value.
const NONE: u32 = u32::MAX;

/// What to sort by.
#[derive(Clone, Copy, Debug)]
pub struct By<'s> {
    /// The property. Of several values the first in the order counts.
    pub subject: &'s Subject,
    /// It is one of the entities at the other end of this relation.
    pub through: Option<&'s str>,
    /// From the greatest down. What has no value comes last either way.
    pub descending: bool,
    /// Texts are dates.
    pub time: bool,
}

/// The place behind an entity: its sort values and its identifier.
#[derive(Clone, Debug, PartialEq)]
pub struct After {
    /// One for each property that is sorted by; `None` where it has no value.
    pub values: Vec<Option<Scalar>>,
    /// Decides where all values are equal.
    pub identifier: String,
}

/// The ranks of the values of one property: odd for those that occur, even for places between them.
struct Ranks {
    sorted: Vec<Scalar>,
    of: Vec<u32>,
    descending: bool,
    time: bool,
}

impl Ranks {
    fn new(selection: &Selection<'_>, by: &By<'_>) -> Self {
        let values = selection.values_of(by.subject, by.through);
        let mut order: Vec<u32> = (0..values.distinct.len() as u32).collect();
        let value = |at: &u32| &values.distinct[*at as usize];
        order.sort_by(|a, b| compare(value(a), value(b), by.time));
        let (mut rank_of, mut sorted) = (vec![NONE; order.len()], Vec::new());
        for group in order.chunk_by(|a, b| compare(value(a), value(b), by.time).is_eq()) {
            group.iter().for_each(|at| rank_of[*at as usize] = sorted.len() as u32 * 2 + 1);
            sorted.extend(group.first().map(|at| value(at).clone()));
        }
        let mut of = vec![NONE; selection.catalog().nodes.len()];
        for (node, at) in &values.pairs {
            let (slot, rank) = (&mut of[*node as usize], rank_of[*at as usize]);
            let better = if by.descending { rank > *slot } else { rank < *slot };
            if *slot == NONE || better {
                *slot = rank;
            }
        }
        Self { sorted, of, descending: by.descending, time: by.time }
    }

    fn of(&self, node: NodeId) -> u32 {
        self.of.get(node as usize).copied().unwrap_or(NONE)
    }

    /// The rank that a value has or would have.
    fn rank(&self, value: Option<&Scalar>) -> u32 {
        let Some(value) = value else { return NONE };
        // A level is written as its title and ranked by its number.
        let ranked = |v: &Scalar| v.is_text && v.number.is_some() && v.text == value.text;
        if let Some(at) = self.sorted.iter().position(ranked).filter(|_| value.number.is_none()) {
            return at as u32 * 2 + 1;
        }
        match self.sorted.binary_search_by(|v| compare(v, value, self.time)) {
            Ok(at) => at as u32 * 2 + 1,
            Err(at) => at as u32 * 2,
        }
    }

    fn compare(&self, a: u32, b: u32) -> Ordering {
        match (a == NONE, b == NONE) {
            (false, false) if self.descending => b.cmp(&a),
            (false, false) => a.cmp(&b),
            (a, b) => a.cmp(&b),
        }
    }

    fn value(&self, node: NodeId) -> Option<Scalar> {
        let rank = self.of(node);
        let value = self.sorted.get(rank as usize / 2).filter(|_| rank != NONE)?;
        let short = value.text.char_indices().nth(SORTED_CHARS).map_or(value.text.len(), |(at, _)| at);
        Some(Scalar { text: value.text[..short].to_owned(), ..value.clone() })
    }
}

impl Selection<'_> {
    /// The first `limit` entities behind a place, and the place behind the last of them where more follow. All of
    /// them of one blueprint: its identifiers decide between equals.
    #[must_use]
    pub fn top(&self, by: &[By<'_>], after: Option<&After>, limit: usize) -> (Vec<NodeId>, Option<After>) {
        let ranks: Vec<Ranks> = by.iter().map(|by| Ranks::new(self, by)).collect();
        let identifier = |n: NodeId| self.catalog().entity(n).map_or("", |e| e.record.identifier.as_str());
        let order = |a: &NodeId, b: &NodeId| {
            let ranked = ranks.iter().map(|r| r.compare(r.of(*a), r.of(*b))).find(|o| o.is_ne());
            ranked.unwrap_or_else(|| identifier(*a).cmp(identifier(*b)))
        };
        let mut nodes: Vec<NodeId> = match after {
            None => self.nodes().iter().collect(),
            Some(after) => {
                let at: Vec<u32> = ranks.iter().zip(&after.values).map(|(r, v)| r.rank(v.as_ref())).collect();
                let behind = |n: &NodeId| {
                    let mut ranked = ranks.iter().zip(&at).map(|(r, at)| r.compare(r.of(*n), *at));
                    let ranked = ranked.find(|o| o.is_ne());
                    ranked.unwrap_or_else(|| identifier(*n).cmp(&after.identifier)).is_gt()
                };
                self.nodes().iter().filter(behind).collect()
            }
        };
        let more = nodes.len() > limit;
        if more {
            nodes.select_nth_unstable_by(limit, order);
            nodes.truncate(limit);
        }
        nodes.sort_unstable_by(order);
        let place = |last: &NodeId| After {
            values: ranks.iter().map(|r| r.value(*last)).collect(),
            identifier: identifier(*last).to_owned(),
        };
        let next = nodes.last().filter(|_| more).map(place);
        (nodes, next)
    }

    /// How many entities have each value, and how many have none.
    #[must_use]
    pub fn groups(&self, subject: &Subject, through: Option<&str>) -> (Vec<(Scalar, u64)>, u64) {
        let values = self.values_of(subject, through);
        let mut counts = vec![0_u64; values.distinct.len()];
        let mut with = crate::NodeSet::new();
        for (node, at) in &values.pairs {
            counts[*at as usize] += 1;
            with.insert(*node);
        }
        (values.distinct.into_iter().zip(counts).collect(), self.len() - with.len())
    }
}

/// Numbers, then texts without case and then with it, then booleans. Where texts are dates, by time.
#[must_use]
pub fn compare(a: &Scalar, b: &Scalar, time: bool) -> Ordering {
    let class = |s: &Scalar| if s.number.is_some() { 0 } else { 2 - u8::from(s.is_text) };
    if let (Some(x), Some(y)) = (a.number, b.number) {
        return x.total_cmp(&y);
    }
    let date = |s: &Scalar| if time && s.is_text { Timestamp::parse(&s.text) } else { None };
    match (date(a), date(b)) {
        (Some(x), Some(y)) => return x.cmp(&y),
        (Some(_), None) if b.is_text => return Ordering::Less,
        (None, Some(_)) if a.is_text => return Ordering::Greater,
        _ => {}
    }
    let short = |text: &str| text.char_indices().nth(SORTED_CHARS).map_or(text.len(), |(at, _)| at);
    let (x, y) = (&a.text[..short(&a.text)], &b.text[..short(&b.text)]);
    class(a).cmp(&class(b)).then_with(|| fold_cmp(x, y)).then_with(|| x.cmp(y))
}
