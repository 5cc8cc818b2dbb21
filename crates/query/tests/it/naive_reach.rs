//! Where relations lead, by trying every pair of ends until nothing new is found.

use std::collections::BTreeSet;

use stagedoor_model::entity_ref::kind_of;
use stagedoor_query::reach::{Direction, Hop, Reach, Route, Start};

use crate::naive::Naive;

type Refs = BTreeSet<String>;
/// From here to there in one step.
type Pairs = BTreeSet<(String, String)>;

impl Naive<'_> {
    /// The references, of entities or not, that a walk reaches.
    pub(crate) fn reached(&self, reach: &Reach) -> Refs {
        let start = self.start(&reach.from);
        match &reach.route {
            Route::Related { direction, required } => {
                let forward = self.forward_pairs(*required);
                let backward = forward.iter().map(|(a, b)| (b.clone(), a.clone())).collect();
                let up = || steps(&start, &forward, usize::MAX);
                let down = || steps(&start, &backward, usize::MAX);
                match direction {
                    Some(Direction::Upstream) => up(),
                    Some(Direction::Downstream) => down(),
                    None => up().union(&down()).cloned().collect(),
                }
            }
            Route::Path { hops, backward } => {
                let mut hops: Vec<&Hop> = hops.iter().collect();
                if *backward {
                    hops.reverse();
                }
                hops.into_iter().fold(start, |at, hop| {
                    let mut pairs = self.relation_pairs(hop.relation.as_deref());
                    if *backward {
                        pairs = pairs.into_iter().map(|(a, b)| (b, a)).collect();
                    }
                    steps(&at, &pairs, usize::from(hop.max))
                })
            }
        }
    }

    fn start(&self, start: &Start) -> Refs {
        match start {
            Start::Matching(expr) => {
                let hits = (0..self.records.len()).filter(|i| self.holds(*i, expr));
                hits.map(|i| self.records[i].entity_ref.to_string()).collect()
            }
            Start::Named { blueprint, identifiers } => {
                let mut refs = Refs::new();
                for entry in self.blueprints.iter() {
                    let name = &entry.blueprint.identifier;
                    if blueprint.as_ref().is_some_and(|only| only != name) {
                        continue;
                    }
                    for identifier in identifiers {
                        let exact = |r: &&_| is_named(r, name, identifier);
                        match self.records.iter().map(AsRef::as_ref).find(exact) {
                            Some(record) => drop(refs.insert(record.entity_ref.to_string().to_string())),
                            None => {
                                let reference = entry.face.reference_of(identifier);
                                let free = |r: &String| self.records.iter().all(|o| o.entity_ref != *r);
                                refs.extend(reference.filter(free));
                            }
                        }
                    }
                }
                refs
            }
        }
    }

    /// The Port relations of whatever is at `from` that an edge of this type to `to` belongs to: key, required.
    pub(crate) fn keys(&self, from: &str, relation: &str, to: &str) -> Vec<(String, bool)> {
        let Some(record) = self.records.iter().find(|r| r.entity_ref == from) else { return Vec::new() };
        let entry = self.blueprints.get(&record.blueprint).unwrap();
        let fits = entry
            .face
            .relations
            .iter()
            .filter(|(_, f)| f.relation == relation && f.target_kind == kind_of(to));
        fits.map(|(key, _)| (key.clone(), entry.blueprint.relations[key].required)).collect()
    }

    fn forward_pairs(&self, required: Option<bool>) -> Pairs {
        let mut pairs = Pairs::new();
        for (from, relation, reverse, to) in self.stated() {
            let (there, back) = (self.keys(&from, &relation, &to), self.keys(&to, &reverse, &from));
            let counts = |keys: &[(String, bool)]| keys.iter().any(|(_, r)| required.is_none_or(|q| q == *r));
            let bare = there.is_empty() && back.is_empty() && required != Some(true);
            if counts(&there) || bare {
                pairs.insert((from.clone(), to.clone()));
            }
            if counts(&back) {
                pairs.insert((to, from));
            }
        }
        pairs
    }

    fn relation_pairs(&self, key: Option<&str>) -> Pairs {
        let mut pairs = Pairs::new();
        let fits = |keys: &[(String, bool)]| keys.iter().any(|(k, _)| key.is_none_or(|sought| sought == k));
        for (from, relation, reverse, to) in self.stated() {
            if fits(&self.keys(&from, &relation, &to)) {
                pairs.insert((from.clone(), to.clone()));
            }
            if fits(&self.keys(&to, &reverse, &from)) {
                pairs.insert((to, from));
            }
        }
        pairs
    }

    /// Every edge: from, type, type of the reverse, to.
    pub(crate) fn stated(&self) -> impl Iterator<Item = (String, String, String, String)> {
        self.records.iter().zip(&self.edges).flat_map(|(record, edges)| {
            let edge = |(t, r, to): &(String, String, String)| {
                (record.entity_ref.to_string(), t.clone(), r.clone(), to.clone())
            };
            edges.iter().map(edge).collect::<Vec<_>>()
        })
    }
}

fn is_named(record: &stagedoor_model::EntityRecord, blueprint: &str, identifier: &str) -> bool {
    record.blueprint == blueprint && record.identifier == identifier
}

/// What one to `times` steps lead to.
fn steps(start: &Refs, pairs: &Pairs, times: usize) -> Refs {
    let mut found = Refs::new();
    let mut at = start.clone();
    for _ in 0..times {
        at = pairs.iter().filter(|(a, _)| at.contains(a)).map(|(_, b)| b.clone()).collect();
        let before = found.len();
        found.extend(at.iter().cloned());
        if found.len() == before {
            break;
        }
    }
    found
}
