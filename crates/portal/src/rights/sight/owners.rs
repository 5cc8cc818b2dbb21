//! Who owns the entities of a blueprint, by team: read once for all callers.

use std::collections::HashMap;

use stagedoor_auth::Rights;
use stagedoor_query::{Catalog, NodeId, NodeSet, Place};

/// What is known of ownership, by blueprint.
pub(super) enum Known<'k> {
    /// Of published states: it is brought up to date.
    Published(&'k mut HashMap<String, Owners>),
    /// The same, for a state that may never be published.
    Draft(&'k HashMap<String, Owners>),
}

impl Known<'_> {
    /// The entities of a blueprint that somebody's teams own.
    pub(super) fn owned(&mut self, catalog: &Catalog, blueprint: &str, rights: &Rights) -> NodeSet {
        let owners = match self {
            Self::Published(all) => {
                let owners = all.entry(blueprint.to_owned()).or_default();
                owners.follow(catalog, blueprint);
                Some(&*owners)
            }
            Self::Draft(all) => all.get(blueprint),
        };
        let since = owners.and_then(|owners| Some((owners, owners.changed(catalog)?)));
        let all = catalog.set_of(blueprint);
        let Some((owners, changed)) = since else {
            return all.iter().filter(|node| is_own(catalog, *node, rights)).collect();
        };
        let mut owned = NodeSet::new();
        rights.teams().for_each(|team| owners.add(team, &mut owned));
        owned -= &changed;
        owned.extend((changed & all.as_ref()).iter().filter(|node| is_own(catalog, *node, rights)));
        owned
    }
}

/// Whether any of somebody's teams owns an entity.
pub(super) fn is_own(catalog: &Catalog, node: NodeId, rights: &Rights) -> bool {
    catalog.teams(node).iter().any(|team| rights.is_in(team))
}

/// The entities of a blueprint by owning team.
#[derive(Default)]
pub(super) struct Owners {
    place: Option<Place>,
    teams: HashMap<Box<str>, u32>,
    /// By number of the team.
    owned: Vec<NodeSet>,
    of: HashMap<NodeId, Owned>,
    /// Whose teams were read from a node, besides its own.
    heirs: HashMap<NodeId, NodeSet>,
}

/// Who owns an entity, and which others say so.
struct Owned {
    teams: Box<[u32]>,
    basis: Box<[NodeId]>,
}

impl Owners {
    /// Whose teams may be others than in the state that is known; `None` where that cannot be told.
    fn changed(&self, catalog: &Catalog) -> Option<NodeSet> {
        let touched = catalog.touched_since(self.place?)?;
        let mut changed = touched.clone();
        if !self.heirs.is_empty() {
            touched.iter().filter_map(|node| self.heirs.get(&node)).for_each(|heirs| changed |= heirs);
        }
        Some(changed)
    }

    /// Brings it up to a published state.
    fn follow(&mut self, catalog: &Catalog, blueprint: &str) {
        if self.place == Some(catalog.place()) {
            return;
        }
        let all = catalog.set_of(blueprint);
        let again = match self.changed(catalog) {
            Some(changed) => changed,
            None => {
                *self = Self::default();
                all.as_ref().clone()
            }
        };
        for node in again {
            self.take(node);
            if all.contains(node) {
                let (teams, basis) = catalog.teams_and_basis(node);
                self.put(node, &teams, basis);
            }
        }
        self.place = Some(catalog.place());
    }

    fn take(&mut self, node: NodeId) {
        let Some(Owned { teams, basis }) = self.of.remove(&node) else { return };
        for team in teams {
            if let Some(owned) = self.owned.get_mut(team as usize) {
                owned.remove(node);
            }
        }
        for other in basis {
            let heirs = self.heirs.get_mut(&other);
            if heirs.is_some_and(|heirs| heirs.remove(node) && heirs.is_empty()) {
                self.heirs.remove(&other);
            }
        }
    }

    fn put(&mut self, node: NodeId, teams: &[String], mut basis: Vec<NodeId>) {
        basis.retain(|other| *other != node);
        if teams.is_empty() && basis.is_empty() {
            return;
        }
        let teams: Box<[u32]> = teams.iter().map(|team| self.number(team)).collect();
        for team in &teams {
            if let Some(owned) = self.owned.get_mut(*team as usize) {
                owned.insert(node);
            }
        }
        for other in &basis {
            self.heirs.entry(*other).or_default().insert(node);
        }
        self.of.insert(node, Owned { teams, basis: basis.into() });
    }

    fn number(&mut self, team: &str) -> u32 {
        if let Some(number) = self.teams.get(team) {
            return *number;
        }
        let number = self.owned.len() as u32;
        self.owned.push(NodeSet::new());
        self.teams.insert(team.into(), number);
        number
    }

    fn add(&self, team: &str, to: &mut NodeSet) {
        if let Some(owned) = self.teams.get(team).and_then(|number| self.owned.get(*number as usize)) {
            *to |= owned;
        }
    }
}
