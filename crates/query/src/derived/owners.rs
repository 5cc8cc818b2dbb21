//! Owning teams: own ones, or those of another entity.

use stagedoor_model::json;

use super::definition::Owners;
use super::state::{Part, Reads};
use super::walk::Hop;
use crate::catalog::{Catalog, NodeId};

impl Catalog {
    /// Owning teams: inherited ones, where the blueprint says so; else those contributed; on shipped kinds the
    /// owning groups by name.
    #[must_use]
    pub fn teams(&self, node: NodeId) -> Vec<String> {
        self.owners(node, &mut Reads::none())
    }

    /// The same, with the nodes that it was read from: while none of them is touched, nor the blueprints are, it holds.
    #[must_use]
    pub fn teams_and_basis(&self, node: NodeId) -> (Vec<String>, Vec<NodeId>) {
        let mut reads = Reads::default();
        let teams = self.owners(node, &mut reads);
        (teams, reads.nodes())
    }

    pub(super) fn owners(&self, node: NodeId, reads: &mut Reads) -> Vec<String> {
        reads.note(node, Part::Content);
        let Some(entity) = self.entity(node) else { return Vec::new() };
        let entry = self.blueprint_of(entity);
        match entry.map(|e| &e.derived.owners) {
            Some(Owners::At(hops)) => return self.inherited(node, hops, reads),
            Some(Owners::Nobody) => return Vec::new(),
            _ => {}
        }
        let contributed = || {
            let team = entity.record.fields.as_ref().and_then(|f| json::member(f.as_str(), ["team"]));
            team.and_then(|team| serde_json::from_str(team).ok()).unwrap_or_default()
        };
        if !entry.is_some_and(|e| e.face.shipped) {
            return contributed();
        }
        if entry.is_some_and(|e| e.derived.owned_by_others) {
            reads.note(node, Part::Incoming);
        }
        let name = |reference: &str| {
            let name = reference.split_once(':').map_or(reference, |(_, n)| n);
            name.strip_prefix("default/").unwrap_or(name).to_owned()
        };
        let owners: Vec<String> =
            self.related(node, "ownedBy", "group").map(|n| name(self.reference(n))).collect();
        if owners.is_empty() { contributed() } else { owners }
    }

    /// The teams at the end of a path, or the owners of what is there. Each once.
    fn inherited(&self, node: NodeId, hops: &[Hop], reads: &mut Reads) -> Vec<String> {
        let are_teams = hops.last().is_some_and(|h| h.to == "_team");
        let mut teams: Vec<String> = Vec::new();
        for end in self.at_end(node, hops, reads) {
            let here =
                if are_teams { vec![self.identifier_at(end).into_owned()] } else { self.owners(end, reads) };
            here.into_iter().for_each(|team| {
                if !teams.contains(&team) {
                    teams.push(team);
                }
            });
        }
        teams
    }
}
