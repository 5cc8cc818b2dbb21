//! Who owns the entities of a blueprint, by team: read once for all callers.

use std::collections::HashMap;

use stagedoor_query::{Catalog, NodeId, NodeSet, Place};

/// The entities of a blueprint by owning team.
#[derive(Default)]
pub(super) struct Owners {
    place: Option<Place>,
    teams: HashMap<Box<str>, u32>,
    /// By number of the team.
    owned: Vec<NodeSet>,
    of: HashMap<NodeId, Box<[u32]>>,
}

impl Owners {
    /// Brings it up to a published state.
    pub(super) fn follow(&mut self, catalog: &Catalog, blueprint: &str) {
        if self.place == Some(catalog.place()) {
            return;
        }
        let all = catalog.set_of(blueprint);
        let inherits = catalog.blueprints().get(blueprint).is_some_and(|e| e.derived.inherits_teams());
        let touched = self.place.filter(|_| !inherits).and_then(|place| catalog.touched_since(place));
        let again = match touched {
            Some(touched) => touched,
            None => {
                *self = Self::default();
                all.as_ref().clone()
            }
        };
        for node in again {
            self.take(node);
            if all.contains(node) {
                self.put(node, &catalog.teams(node));
            }
        }
        self.place = Some(catalog.place());
    }

    fn take(&mut self, node: NodeId) {
        for team in self.of.remove(&node).unwrap_or_default() {
            if let Some(owned) = self.owned.get_mut(team as usize) {
                owned.remove(node);
            }
        }
    }

    fn put(&mut self, node: NodeId, teams: &[String]) {
        if teams.is_empty() {
            return;
        }
        let Self { teams: numbers, owned, of, .. } = self;
        let mut number = |team: &String| match numbers.get(team.as_str()) {
            Some(number) => *number,
            None => {
                owned.push(NodeSet::new());
                let number = owned.len() as u32 - 1;
                numbers.insert(team.as_str().into(), number);
                number
            }
        };
        let teams: Box<[u32]> = teams.iter().map(&mut number).collect();
        for team in &teams {
            if let Some(owned) = owned.get_mut(*team as usize) {
                owned.insert(node);
            }
        }
        of.insert(node, teams);
    }

    /// Adds what a team owns.
    pub(super) fn add(&self, team: &str, to: &mut NodeSet) {
        if let Some(owned) = self.teams.get(team).and_then(|number| self.owned.get(*number as usize)) {
            *to |= owned;
        }
    }
}
