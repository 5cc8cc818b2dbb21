//! Values, counts by value, and pages in any order, as a scan gives them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use stagedoor_model::Timestamp;
use stagedoor_model::entity_ref::kind_of;
use stagedoor_query::top::By;
use stagedoor_query::{Catalog, Expr, Meta, Scalar, Subject};

use crate::naive::Naive;
use crate::random::{Op, RELATIONS, expr, op, subject};
use crate::{World, config, references};

/// A value: its text, and whether it was one.
type Value = (String, bool);

/// What to sort by, owned.
#[derive(Clone, Debug)]
struct Key {
    subject: Subject,
    through: Option<&'static str>,
    descending: bool,
    time: bool,
}

impl Key {
    fn by(&self) -> By<'_> {
        By { subject: &self.subject, through: self.through, descending: self.descending, time: self.time }
    }
}

fn key() -> impl Strategy<Value = Key> {
    let through = option::weighted(0.3, select(&RELATIONS[..]));
    (subject(), through, any::<bool>(), any::<bool>()).prop_map(|(subject, through, descending, time)| Key {
        subject,
        through,
        descending,
        time,
    })
}

impl Naive<'_> {
    /// The values of an entity, once each.
    fn values(&self, i: usize, subject: &Subject, through: Option<&str>) -> BTreeSet<Value> {
        let Some(key) = through else { return self.exact(i, subject) };
        let face = &self.blueprints.get(&self.records[i].blueprint).unwrap().face;
        let Some(relation) = face.relations.get(key) else { return BTreeSet::new() };
        let is_end = |(name, end): &(String, String)| {
            *name == relation.relation && kind_of(end) == relation.target_kind
        };
        let ends: Vec<String> = self.relations(i).into_iter().filter(is_end).map(|(_, end)| end).collect();
        let mut values = BTreeSet::new();
        for end in ends {
            match self.records.iter().position(|r| r.entity_ref == end) {
                Some(there) => values.extend(self.exact(there, subject)),
                None if *subject == Subject::Meta(Meta::Identifier) => {
                    values.insert((self.identifier(&end), true));
                }
                None => {}
            }
        }
        values
    }

    /// The value that counts in an order, comparable.
    fn rank(&self, i: usize, key: &Key) -> Option<Rank> {
        let ranks = self.values(i, &key.subject, key.through).into_iter().map(|v| Rank::new(v, key.time));
        if key.descending { ranks.max() } else { ranks.min() }
    }

    fn compare(&self, a: usize, b: usize, keys: &[Key]) -> Ordering {
        for key in keys {
            let order = match (self.rank(a, key), self.rank(b, key)) {
                (Some(a), Some(b)) if key.descending => b.cmp(&a),
                (Some(a), Some(b)) => a.cmp(&b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            };
            if order.is_ne() {
                return order;
            }
        }
        self.records[a].identifier.cmp(&self.records[b].identifier)
    }

    fn members(&self, blueprint: &str, query: &Expr) -> Vec<usize> {
        let fits = |i: &usize| self.records[*i].blueprint == blueprint && self.holds(*i, query);
        (0..self.records.len()).filter(fits).collect()
    }

    fn in_order(&self, blueprint: &str, query: &Expr, keys: &[Key]) -> Vec<String> {
        let mut all = self.members(blueprint, query);
        all.sort_by(|a, b| self.compare(*a, *b, keys));
        all.into_iter().map(|i| self.records[i].entity_ref.to_string()).collect()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Number(Bits),
    Time(i64),
    Text(String, String),
    Bool(String),
}

/// A float in its total order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Bits(i64);

impl Rank {
    fn new((text, is_text): Value, time: bool) -> Self {
        let short: String = text.chars().take(200).collect();
        match (is_text, text.parse::<f64>()) {
            (false, Ok(number)) => {
                let bits = number.to_bits() as i64;
                Self::Number(Bits(bits ^ (((bits >> 63) as u64) >> 1) as i64))
            }
            (false, Err(_)) => Self::Bool(text),
            (true, _) => match Timestamp::parse(&text).filter(|_| time) {
                Some(at) => Self::Time(at.0),
                None => Self::Text(short.to_lowercase(), short),
            },
        }
    }
}

fn in_blueprint(blueprint: &str, query: &Expr) -> Expr {
    Expr::And(vec![Expr::of_blueprint(blueprint), query.clone()])
}

/// All pages, and how they were cut.
fn pages(catalog: &Catalog, query: &Expr, keys: &[Key], limit: usize) -> Vec<String> {
    let found = catalog.select(query, false);
    let by: Vec<By<'_>> = keys.iter().map(Key::by).collect();
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (nodes, next) = found.top(&by, after.as_ref(), limit);
        assert!(nodes.len() == limit || next.is_none(), "a page that is not full is the last");
        all.extend(references(catalog, nodes.into_iter()));
        match next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

fn check(catalog: &Catalog, naive: &Naive<'_>, query: &Expr, keys: &[Key]) -> Result<(), TestCaseError> {
    for blueprint in ["alpha", "component"] {
        let query_here = in_blueprint(blueprint, query);
        let expected = naive.in_order(blueprint, query, keys);
        prop_assert_eq!(&pages(catalog, &query_here, keys, 100), &expected, "{:?}", keys);
        prop_assert_eq!(&pages(catalog, &query_here, keys, 2), &expected, "by two: {:?}", keys);
    }
    let found = catalog.select(query, false);
    for Key { subject, through, .. } in keys {
        let mut expected = BTreeSet::new();
        let mut counts: BTreeMap<Value, u64> = BTreeMap::new();
        let mut missing = 0;
        for i in (0..naive.records.len()).filter(|i| naive.holds(*i, query)) {
            let values = naive.values(i, subject, *through);
            missing += u64::from(values.is_empty());
            for value in values {
                *counts.entry(value.clone()).or_default() += 1;
                expected.insert((naive.records[i].entity_ref.to_string(), value));
            }
        }
        let values = found.values_of(subject, *through);
        let owned = |s: &Scalar| (s.text.clone(), s.is_text);
        let pairs: Vec<_> = values.iter().map(|(n, s)| (catalog.reference(n).to_owned(), owned(s))).collect();
        prop_assert_eq!(pairs.len(), expected.len(), "a pair twice: {:?} {:?}", subject, pairs);
        prop_assert_eq!(pairs.into_iter().collect::<BTreeSet<_>>(), expected, "{:?} {:?}", subject, through);
        prop_assert!(values.distinct.iter().all(|s| s.is_text || s.number == s.text.parse().ok()));
        let (groups, none) = found.groups(subject, *through);
        let groups: BTreeMap<Value, u64> = groups.iter().map(|(s, n)| (owned(s), *n)).collect();
        prop_assert_eq!((groups, none), (counts, missing), "{:?} {:?}", subject, through);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn values_counts_and_orders_are_those_of_a_scan(
        ops in vec(op(), 0..40),
        queries in vec(expr(), 2),
        keys in vec(key(), 0..3),
    ) {
        let mut world = World::new();
        ops.iter().for_each(|op| world.apply(op));
        let naive = world.naive();
        for query in queries.iter().chain([&Expr::All]) {
            check(&world.catalog, &naive, query, &keys)?;
        }
    }

    /// What stays as it is comes exactly once, whatever happens to the others between two pages.
    #[test]
    fn pages_hold_while_others_come_and_go(
        before in vec(op(), 10..40),
        between in vec(op(), 1..25),
        keys in vec(key(), 0..3),
        limit in 1_usize..4,
    ) {
        let mut world = World::new();
        before.iter().for_each(|op| world.apply(op));
        // Another face is another place of a property: that is no change of an entity.
        let changes: Vec<&Op> = between.iter().filter(|op| !matches!(op, Op::Define(..) | Op::Clash(_))).collect();
        let ranks = |world: &World| -> BTreeMap<String, Vec<Option<Rank>>> {
            let naive = world.naive();
            let of = |i: usize| keys.iter().map(|key| naive.rank(i, key)).collect();
            naive.members("alpha", &Expr::All).into_iter().map(|i| (naive.records[i].identifier.to_string(), of(i))).collect()
        };
        let mut stayed = ranks(&world);
        let by: Vec<By<'_>> = keys.iter().map(Key::by).collect();
        let (mut seen, mut after, mut changes) = (Vec::new(), None, changes.into_iter());
        loop {
            let found = world.catalog.select(&Expr::of_blueprint("alpha"), false);
            let (nodes, next) = found.top(&by, after.as_ref(), limit);
            seen.extend(nodes.into_iter().map(|n| world.catalog.identifier_at(n).into_owned()));
            after = next;
            if after.is_none() {
                break;
            }
            if let Some(op) = changes.next() {
                world.apply(op);
                let now = ranks(&world);
                stayed.retain(|identifier, ranks| now.get(identifier) == Some(ranks));
            }
        }
        for identifier in stayed.keys() {
            prop_assert_eq!(seen.iter().filter(|s| *s == identifier).count(), 1, "{} in {:?}", identifier, seen);
        }
    }
}
