//! What holds for `_user` and `_team` entities beyond other entities, whichever way they are written.
//!
//! - A person is known by its lower-case address and keeps it.
//! - Nobody gets or loses a right because a write does not mention it.
//! - There is always an administrator once there is one.
//! - A team's name is its title, and no other team's name or identifier.

use std::borrow::Cow;
use std::sync::Arc;

use indexmap::IndexSet;
use serde_json::{Map, Value, json};
use stagedoor_model::EntityRecord;
use stagedoor_query::{Expr, NodeId};

use super::teams::team_of;
use super::{TEAMS, USERS, UserStatus};
use crate::WriteMode;
use crate::error::PortalError;
use crate::writer::Draft;

/// The properties of a person by which it has rights, with what holds until somebody says otherwise.
const RIGHTS: [(&str, &str); 3] = [("status", "Staged"), ("port_role", "Member"), ("port_type", "Standard")];
const MODERATED: &str = "moderated_blueprints";

/// The identifier that a name stands for: addresses of people are lower-case.
pub(crate) fn key<'i>(blueprint: &str, identifier: &'i str) -> Cow<'i, str> {
    match blueprint {
        USERS if identifier.chars().any(char::is_uppercase) => Cow::Owned(identifier.to_lowercase()),
        _ => Cow::Borrowed(identifier),
    }
}

impl Draft {
    /// The body of a write of a person or a team, with what it means without saying so. Others stay as they are.
    pub(crate) fn people_body<'b>(
        &self,
        blueprint: &str,
        mode: &WriteMode,
        body: Cow<'b, Value>,
    ) -> Cow<'b, Value> {
        if !matches!(blueprint, USERS | TEAMS) {
            return body;
        }
        let Value::Object(mut map) = body.into_owned() else { return Cow::Owned(Value::Null) };
        if let Some(Value::String(identifier)) = map.get_mut("identifier") {
            *identifier = key(blueprint, identifier).into_owned();
        }
        let named = match mode {
            WriteMode::Replace(path) | WriteMode::Patch(path) => Some(path.as_str()),
            _ => map.get("identifier").and_then(Value::as_str),
        };
        let identifier = named.map(|named| key(blueprint, named).into_owned());
        let node = identifier.as_deref().and_then(|id| self.catalog.node_of_key(blueprint, id));
        let old = node.and_then(|node| self.catalog.entity(node)).map(|e| Arc::clone(&e.record));
        let merges = old.is_some() && matches!(mode, WriteMode::Patch(_) | WriteMode::UpsertMerge);
        match blueprint {
            USERS => complete_user(&mut map, old.as_deref(), merges),
            _ => complete_team(&mut map, identifier, merges),
        }
        Cow::Owned(Value::Object(map))
    }

    /// Whether a person or a team may be written as it is to be.
    ///
    /// # Errors
    /// `protected_entity`, `last_administrator`, `identifier_taken`.
    pub(crate) fn people_rules(
        &self,
        old: Option<&EntityRecord>,
        new: &EntityRecord,
        renamed: Option<&str>,
    ) -> Result<(), PortalError> {
        if new.blueprint == USERS {
            if let Some(to) = renamed {
                let text = format!(
                    "\"{}\" is the address of a person, which it keeps; add \"{to}\" and delete this one",
                    new.identifier
                );
                return Err(PortalError::refused("protected_entity", text));
            }
            if old.is_some_and(is_administrator) && !is_administrator(new) {
                return self.keep_an_administrator(&|record| record.uid == new.uid);
            }
        }
        if new.blueprint == TEAMS {
            return self.own_name(old, new, renamed);
        }
        Ok(())
    }

    /// No other team may be found by what this one is called.
    fn own_name(
        &self,
        old: Option<&EntityRecord>,
        new: &EntityRecord,
        renamed: Option<&str>,
    ) -> Result<(), PortalError> {
        let identifier = renamed.unwrap_or(&new.identifier);
        let title = |record: &EntityRecord| record.contributed().title;
        let name = title(new).unwrap_or_else(|| identifier.to_owned());
        if renamed.is_none() && old.is_some_and(|old| title(old) == title(new)) {
            return Ok(());
        }
        for called in [name.as_str(), identifier] {
            let other = team_of(&self.catalog, called).and_then(|node| self.catalog.entity(node));
            if other.is_some_and(|other| other.record.uid != new.uid) {
                let message = format!("Team with name \"{called}\" is already taken");
                return Err(PortalError::Conflict { code: "identifier_taken", message });
            }
        }
        Ok(())
    }

    /// Refuses to let go of the last administrator.
    ///
    /// # Errors
    /// `last_administrator`.
    pub(crate) fn keep_an_administrator(
        &self,
        leaves: &dyn Fn(&EntityRecord) -> bool,
    ) -> Result<(), PortalError> {
        let administrators = self.administrators();
        let last = administrators.iter().find(|(_, record)| leaves(record));
        match last {
            Some((_, last)) if administrators.iter().all(|(_, record)| leaves(record)) => {
                let text = format!(
                    "\"{}\" is the last administrator; make somebody else one first",
                    last.identifier
                );
                Err(PortalError::refused("last_administrator", text))
            }
            _ => Ok(()),
        }
    }

    /// As [`Draft::keep_an_administrator`], for entities that are to be deleted.
    pub(crate) fn keep_an_administrator_of(&self, doomed: &[NodeId]) -> Result<(), PortalError> {
        if !doomed.iter().any(|node| self.is_user(*node)) {
            return Ok(());
        }
        let doomed = |record: &EntityRecord| {
            let node = self.catalog.node_of_uid(record.uid);
            node.is_some_and(|node| doomed.contains(&node))
        };
        self.keep_an_administrator(&doomed)
    }

    /// Takes the last administrator out of a set of entities that are to be deleted, and says so.
    pub(crate) fn spare_an_administrator(
        &self,
        doomed: &mut IndexSet<NodeId>,
        refused: &mut Vec<(String, PortalError)>,
    ) {
        let Some(last) = doomed.iter().rev().copied().find(|node| self.is_administrator_at(*node)) else {
            return;
        };
        let nodes: Vec<NodeId> = doomed.iter().copied().collect();
        if let Err(error) = self.keep_an_administrator_of(&nodes) {
            doomed.shift_remove(&last);
            refused.push((self.catalog.identifier_at(last).into_owned(), error));
        }
    }

    fn is_user(&self, node: NodeId) -> bool {
        self.catalog.entity(node).is_some_and(|entity| entity.record.blueprint == USERS)
    }

    fn is_administrator_at(&self, node: NodeId) -> bool {
        self.is_user(node) && self.catalog.entity(node).is_some_and(|e| is_administrator(&e.record))
    }

    /// People who are administrators and can sign in. Programs do not count: nobody could sign in by one.
    fn administrators(&self) -> Vec<(NodeId, Arc<EntityRecord>)> {
        let people = self.catalog.select(&Expr::of_blueprint(USERS), false);
        let records = people.nodes().iter().filter_map(|node| {
            let record = Arc::clone(&self.catalog.entity(node)?.record);
            is_administrator(&record).then_some((node, record))
        });
        records.collect()
    }
}

/// Whether a record is that of an active administrator who is a person.
fn is_administrator(record: &EntityRecord) -> bool {
    let properties = record.contributed().properties;
    let says = |key: &str, value: &str| properties.get(key).and_then(Value::as_str) == Some(value);
    says("status", "Active") && says("port_role", "Admin") && !says("port_type", "Service Account")
}

/// Port's own clients write `STAGED` here; rights that a write does not mention stay, or are those of a newcomer.
fn complete_user(map: &mut Map<String, Value>, old: Option<&EntityRecord>, merges: bool) {
    let properties = map.entry("properties").or_insert_with(|| json!({}));
    if properties.is_null() {
        *properties = json!({});
    }
    let Some(properties) = properties.as_object_mut() else { return };
    for key in ["status", "port_role", "port_type"] {
        if let Some(Value::String(text)) = properties.get_mut(key)
            && let Some(known) = as_known(key, text)
        {
            *text = known.to_owned();
        }
    }
    if merges {
        return;
    }
    let before = old.map(EntityRecord::contributed);
    for key in RIGHTS.iter().map(|(key, _)| *key).chain([MODERATED]) {
        let default = RIGHTS.iter().find(|(k, _)| *k == key).map_or_else(|| json!([]), |(_, v)| json!(v));
        let value = match &before {
            Some(before) => before.properties.get(key).cloned(),
            None => Some(default),
        };
        if let (Some(value), false) = (value, properties.contains_key(key)) {
            properties.insert(key.to_owned(), value);
        }
    }
    if let Some(team) = before.and_then(|before| before.team) {
        map.entry("team").or_insert_with(|| json!(team));
    }
}

/// A value as the blueprint has it, whatever its case and whether it is written with `_` or a space.
fn as_known(key: &str, text: &str) -> Option<&'static str> {
    match key {
        "status" => UserStatus::parse(text).map(UserStatus::name),
        "port_role" => ["Admin", "Member"].into_iter().find(|known| known.eq_ignore_ascii_case(text)),
        _ => ["Standard", "Service Account"]
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(&text.replace('_', " "))),
    }
}

/// A team that is not called otherwise is called by its identifier.
fn complete_team(map: &mut Map<String, Value>, identifier: Option<String>, merges: bool) {
    let Some(identifier) = identifier else { return };
    let unsaid = match map.get("title") {
        None => !merges,
        Some(title) => title.is_null() || title.as_str() == Some(""),
    };
    if unsaid {
        map.insert("title".into(), identifier.into());
    }
}
