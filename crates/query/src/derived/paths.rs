//! How two blueprints are related, where an aggregation names no path.
//!
//! Related is what a chain of relations leads to that are all followed forward (upstream), or all backward
//! (downstream). A chain passes each blueprint once, so that "issues of a service" are not also those of every
//! service that depends on it. Short chains come first; there are limits to their length and number.

use std::collections::{HashMap, HashSet, VecDeque};

use indexmap::IndexMap;
use stagedoor_model::face::RelationFace;

use super::walk::{Hop, Paths};
use crate::blueprints::BlueprintEntry;

/// Relations in a chain, at most.
pub const MAX_HOPS: usize = 8;
/// Chains between two blueprints in one direction, at most; the shortest count.
pub const MAX_PATHS: usize = 64;
/// Beginnings of chains that are looked at, at most.
const MAX_TRIED: usize = 4_096;

/// The relations of all blueprints.
pub(super) struct Web<'b> {
    /// Types of edges that the other end may state.
    mutual: HashSet<&'b str>,
    /// The steps from each blueprint.
    forward: HashMap<&'b str, Vec<Hop>>,
    back: HashMap<&'b str, Vec<Hop>>,
}

impl<'b> Web<'b> {
    pub(super) fn new(entries: &'b IndexMap<String, BlueprintEntry>) -> Self {
        let fields = entries.values().flat_map(|e| &e.face.fields);
        let mutual = fields.map(|f| f.reverse.as_str()).collect();
        let mut web = Self { mutual, forward: HashMap::new(), back: HashMap::new() };
        for (source, entry) in entries {
            for relation in entry.face.relations.values() {
                let step = web.forward(relation);
                let back = Hop { to: source.clone(), back: true, ..step.clone() };
                web.forward.entry(source.as_str()).or_default().push(step);
                web.back.entry(relation.target.as_str()).or_default().push(back);
            }
        }
        web
    }

    /// Whether the other end may state a relation of this type.
    pub(super) fn is_mutual(&self, relation: &str) -> bool {
        self.mutual.contains(relation)
    }

    /// The step along a relation.
    pub(super) fn forward(&self, relation: &RelationFace) -> Hop {
        Hop {
            relation: relation.relation.clone(),
            target_kind: relation.target_kind.clone(),
            to: relation.target.clone(),
            many: relation.many,
            back: false,
            mutual: self.is_mutual(&relation.relation),
        }
    }

    /// The steps from a blueprint, in one direction.
    fn steps(&self, from: &str, back: bool) -> &[Hop] {
        let steps = if back { &self.back } else { &self.forward };
        steps.get(from).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every chain between two blueprints.
    pub(super) fn all(&self, from: &str, to: &str) -> Paths {
        let mut paths = Paths::default();
        for back in [false, true] {
            let useful = self.reachable(to, !back);
            let (mut found, mut tried) = (0, 0);
            let mut queue = VecDeque::from([Vec::<&Hop>::new()]);
            while let Some(path) = queue.pop_front()
                && tried < MAX_TRIED
                && found < MAX_PATHS
            {
                tried += 1;
                let at = path.last().map_or(from, |h| h.to.as_str());
                for step in self.steps(at, back) {
                    let again = step.to == from || path.iter().any(|h| h.to == step.to);
                    let longer = || path.iter().copied().chain([step]);
                    if step.to == to {
                        paths.add(&longer().cloned().collect::<Vec<_>>());
                        found += 1;
                    } else if !again && path.len() + 1 < MAX_HOPS && useful.contains(step.to.as_str()) {
                        queue.push_back(longer().collect());
                    }
                }
            }
        }
        paths
    }

    /// The blueprints that steps lead to.
    fn reachable<'s>(&'s self, from: &'s str, back: bool) -> HashSet<&'s str> {
        let mut seen = HashSet::from([from]);
        let mut stack = vec![from];
        while let Some(at) = stack.pop() {
            stack.extend(self.steps(at, back).iter().map(|s| s.to.as_str()).filter(|to| seen.insert(to)));
        }
        seen
    }
}
