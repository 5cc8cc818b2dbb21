//! Who is in a team. That is said by the people, one by one; here it is changed for a team as a whole.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_model::{Change, EntityRecord, JsonText, Record};
use stagedoor_query::{Catalog, Expr, Meta, NodeId, Scalar, Subject, Test};

use super::users::no_user;
use super::{TEAMS, USERS};
use crate::WriteMode;
use crate::error::PortalError;
use crate::writer::Draft;

/// Collection of records: in which order a client listed the members of a team, by the team's identifier. Only the
/// order: who is in it, the people say.
const ORDER: &str = "team_order";

/// Puts the members of a team into the order in which a client last listed them; others come last, as they are.
pub(super) fn in_order(catalog: &Catalog, team: &str, addresses: &mut [String]) {
    let Some(record) = catalog.record(ORDER, team) else { return };
    let body = record.body.value();
    let listed: Vec<&str> =
        body["users"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let place = |address: &String| listed.iter().position(|l| l == address).unwrap_or(usize::MAX);
    addresses.sort_by_key(place);
}

impl Draft {
    /// Puts these people into a team and takes everybody else out of it.
    pub(super) fn set_members(
        &mut self,
        team: &str,
        addresses: &[String],
        skip_strangers: bool,
    ) -> Result<(), PortalError> {
        let mut wanted: Vec<String> = Vec::new();
        for address in addresses {
            let address = address.to_lowercase();
            match self.catalog.node_of_key(USERS, &address) {
                None if skip_strangers => {}
                None => return Err(no_user(&address)),
                Some(_) if wanted.contains(&address) => {}
                Some(_) => wanted.push(address),
            }
        }
        for node in self.saying(USERS, team) {
            let address = self.catalog.identifier_at(node).into_owned();
            if !wanted.contains(&address) {
                let mut teams = self.teams_said(node);
                teams.retain(|other| other != team);
                self.write_user(WriteMode::Patch(address), &json!({ "team": teams }))?;
            }
        }
        for address in &wanted {
            let Some(node) = self.catalog.node_of_key(USERS, address) else { continue };
            let mut teams = self.teams_said(node);
            if !teams.iter().any(|other| other == team) {
                teams.push(team.to_owned());
                self.write_user(WriteMode::Patch(address.clone()), &json!({ "team": teams }))?;
            }
        }
        self.note_order(team, &wanted);
        Ok(())
    }

    fn note_order(&mut self, team: &str, addresses: &[String]) {
        let old = self.catalog.record(ORDER, team).cloned();
        let body = JsonText::of(&json!({ "users": addresses }));
        if addresses.len() < 2 {
            return self.forget_order(team);
        }
        if old.as_ref().is_some_and(|old| old.body == body) {
            return;
        }
        let mut stamps = old.map_or_else(|| self.new_stamps(None), |old| old.stamps.clone());
        (stamps.updated_at, stamps.updated_by) = (self.at, self.actor.name.as_str().into());
        let record = Record { collection: ORDER.into(), key: team.to_owned(), body, stamps };
        self.put(Change::PutRecord(Arc::new(record)));
    }

    fn forget_order(&mut self, team: &str) {
        if self.catalog.record(ORDER, team).is_some() {
            self.put(Change::DeleteRecord(ORDER.into(), team.to_owned()));
        }
    }

    /// What an entity itself says of its teams.
    fn teams_said(&self, node: NodeId) -> Vec<String> {
        self.catalog.entity(node).and_then(|e| e.record.contributed().team).unwrap_or_default()
    }

    /// The entities, of one blueprint or (empty) of all, that name a team themselves.
    fn saying(&self, blueprint: &str, team: &str) -> Vec<NodeId> {
        let named = Expr::exact(Subject::Meta(Meta::Team), Test::In(vec![Scalar::text(team)]));
        let named = match blueprint {
            "" => named,
            blueprint => Expr::And(vec![Expr::of_blueprint(blueprint), named]),
        };
        let found: Vec<NodeId> = self.catalog.select(&named, false).nodes().iter().collect();
        found.into_iter().filter(|node| self.teams_said(*node).iter().any(|t| t == team)).collect()
    }

    /// After a team is gone nobody is in it: whoever makes one of the same name gets no members with it.
    pub(crate) fn team_is_gone(&mut self, record: &EntityRecord) {
        if record.blueprint != TEAMS {
            return;
        }
        self.rewrite_teams(USERS, &record.identifier, None);
        self.forget_order(&record.identifier);
    }

    /// Members and owned entities follow a team to its other identifier.
    pub(crate) fn team_is_renamed(&mut self, blueprint: &str, from: &str, to: &str) {
        if blueprint == TEAMS {
            self.rewrite_teams("", from, Some(to));
            self.forget_order(from);
        }
    }

    fn rewrite_teams(&mut self, blueprint: &str, from: &str, to: Option<&str>) {
        for node in self.saying(blueprint, from) {
            let Some(old) = self.catalog.entity(node).map(|e| Arc::clone(&e.record)) else { continue };
            let mut fields = old.contributed();
            let teams = fields.team.take().unwrap_or_default();
            let kept: Vec<String> = teams
                .into_iter()
                .filter_map(|team| if team == from { to.map(str::to_owned) } else { Some(team) })
                .collect();
            fields.team = (!kept.is_empty()).then_some(kept);
            self.put_if_changed(EntityRecord { fields: Some(fields.to_json()), ..old.as_ref().clone() });
        }
    }
}
