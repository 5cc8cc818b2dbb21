//! Migrations: work over all entities of a blueprint, too much for one request. One deletes them, and with them
//! the blueprint where that is wished; the other maps each by JQ onto an entity of the same or another blueprint.
//!
//! A migration is a record. Each chunk of its work is one commit that also notes how far it is, so it goes on
//! where it was after a restart, and does no part twice.

mod delete;
mod map;
mod run;

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_jq::JqError;
use stagedoor_model::{Change, JsonText, Record, Timestamp, system};
use stagedoor_query::Catalog;
use uuid::Uuid;

use crate::Portal;
use crate::blueprints::no_blueprint;
use crate::error::PortalError;
use crate::writer::Draft;

pub(crate) use run::Runner;

/// Collection of records: migrations, by id.
pub(crate) const MIGRATIONS: &str = "migration";
/// How many that have ended are remembered.
const REMEMBERED: usize = 500;
/// How many may be under way.
const UNFINISHED: usize = 1_000;
/// How many refusals of single entities are kept of each.
const ERRORS: usize = 100;
/// What a mapping can say of an entity.
const PARTS: [&str; 6] = ["identifier", "title", "icon", "team", "properties", "relations"];

/// How a migration is doing, in Port's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Initializing,
    Running,
    Completed,
    Failure,
    PendingCancellation,
    Cancelled,
}

impl Status {
    const ALL: [Self; 6] = [
        Self::Initializing,
        Self::Running,
        Self::Completed,
        Self::Failure,
        Self::PendingCancellation,
        Self::Cancelled,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Initializing => "INITIALIZING",
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Failure => "FAILURE",
            Self::PendingCancellation => "PENDING_CANCELLATION",
            Self::Cancelled => "CANCELLED",
        }
    }

    fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failure | Self::Cancelled)
    }
}

/// A migration's record, open for changes.
struct Migration {
    record: Arc<Record>,
    body: Map<String, Value>,
}

impl Migration {
    fn of(record: &Arc<Record>) -> Self {
        let body = match record.body.value() {
            Value::Object(body) => body,
            _ => Map::new(),
        };
        Self { record: Arc::clone(record), body }
    }

    fn find(catalog: &Catalog, id: &str) -> Option<Self> {
        catalog.record(MIGRATIONS, id).map(Self::of)
    }

    fn text(&self, key: &str) -> &str {
        self.body.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn flag(&self, key: &str) -> bool {
        self.body.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    fn status(&self) -> Status {
        let name = self.text("status");
        Status::ALL.into_iter().find(|s| s.name() == name).unwrap_or(Status::Failure)
    }

    fn started(&self) -> Timestamp {
        self.record.stamps.created_at
    }

    /// The last entity that was done; none before the first one.
    fn cursor(&self) -> Option<&str> {
        self.body.get("cursor").and_then(Value::as_str)
    }

    fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.body.insert(key.to_owned(), value.into());
    }

    fn count(&mut self, key: &str, more: u64) {
        let so_far = self.body.get(key).and_then(Value::as_u64).unwrap_or(0);
        self.set(key, so_far + more);
    }

    fn end(&mut self, status: Status, message: Option<String>) {
        self.set("status", status.name());
        if let Some(message) = message {
            self.set("message", message);
        }
    }

    /// Notes an entity that was refused.
    fn refuse(&mut self, identifier: &str, error: &PortalError) {
        self.count("failureCount", 1);
        let list = self.body.entry("errors").or_insert_with(|| json!([])).as_array_mut();
        if let Some(list) = list.filter(|list| list.len() < ERRORS) {
            let message = error.to_string();
            list.push(json!({ "identifier": identifier, "error": code(error), "message": message }));
        }
    }

    /// As it is answered. How many entities there are and which were refused is for those who see all of them.
    fn to_port(&self, sees_all_of: &dyn Fn(&str) -> bool) -> Value {
        let mut body = self.body.clone();
        body.shift_remove("cursor");
        let target = self.body.get("mapping").and_then(|m| m.get("blueprint")).and_then(Value::as_str);
        let of = [Some(self.text("sourceBlueprint")), target];
        if !of.into_iter().flatten().all(sees_all_of) {
            body.retain(|key, _| key != "errors" && key != "message");
            body.values_mut().filter(|value| value.is_number()).for_each(|value| *value = 0.into());
        }
        let stamps = &self.record.stamps;
        body.insert("createdAt".into(), stamps.created_at.to_string().into());
        body.insert("updatedAt".into(), stamps.updated_at.to_string().into());
        body.into()
    }
}

fn code(error: &PortalError) -> &'static str {
    match error {
        PortalError::Unauthenticated(_) => "unauthorized",
        PortalError::Forbidden(_) => "forbidden",
        PortalError::NotFound(_) => "not_found",
        PortalError::Conflict { code, .. } | PortalError::Invalid { code, .. } => code,
        PortalError::Unavailable(_) => "unavailable",
        PortalError::Internal(_) => "internal_error",
    }
}

fn unknown(id: &str) -> PortalError {
    PortalError::NotFound(format!("Migration with identifier \"{id}\" was not found"))
}

impl Portal {
    /// Starts to delete all entities of a blueprint, and then the blueprint if `blueprint_too`. Entities of a
    /// source, and those that others require, stay. Answers the migration's id.
    ///
    /// # Errors
    /// `NotFound`; `protected_resource` when a system blueprint is to be deleted.
    pub async fn delete_all_entities(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        blueprint_too: bool,
    ) -> Result<String, PortalError> {
        self.may(viewer, Action::RunMigrations, Resource::Named(blueprint))?;
        if blueprint_too {
            self.may(viewer, Action::DeleteBlueprint, Resource::Named(blueprint))?;
        }
        let blueprint = blueprint.to_owned();
        let start = move |draft: &mut Draft| {
            if draft.catalog.blueprints().get(&blueprint).is_none() {
                return Err(no_blueprint(&blueprint));
            }
            if blueprint_too && system::by_identifier(&blueprint).is_some() {
                let text = format!("\"{blueprint}\" is a system blueprint and cannot be deleted");
                return Err(PortalError::refused("protected_resource", text));
            }
            let what = json!({
                "sourceBlueprint": blueprint, "mapping": {}, "deleteEntities": true, "deleteBlueprint": blueprint_too,
            });
            draft.start_migration(what)
        };
        let migration = self.commit(viewer.actor("port"), false, start).await?;
        self.run_migrations();
        Ok(migration["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Starts to map the entities of a blueprint: `{sourceBlueprint, mapping: {blueprint?, filter?, itemsToParse?,
    /// entity}}`, programs in JQ over the entity in Port's form. Answers the migration.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` naming the place of what is no mapping or no program.
    pub async fn start_mapping(&self, viewer: &Viewer, body: Value) -> Result<Value, PortalError> {
        self.may(viewer, Action::RunMigrations, Resource::Any)?;
        let source = match body.get("sourceBlueprint").and_then(Value::as_str) {
            Some(source) => source.to_owned(),
            None => return Err(PortalError::invalid("must have required property 'sourceBlueprint'")),
        };
        let mapping = body.get("mapping").cloned().unwrap_or_default();
        let jq = Arc::clone(&self.shared.jq);
        check_mapping(&mapping, &|program| jq.check(program))?;
        let start = move |draft: &mut Draft| {
            if draft.catalog.blueprints().get(&source).is_none() {
                return Err(no_blueprint(&source));
            }
            draft.start_migration(json!({
                "sourceBlueprint": source, "mapping": mapping, "deleteEntities": false, "deleteBlueprint": false,
            }))
        };
        let migration = self.commit(viewer.actor("port"), false, start).await?;
        self.run_migrations();
        Ok(migration)
    }

    /// One migration.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn migration(&self, viewer: &Viewer, id: &str) -> Result<Value, PortalError> {
        let view = self.view_for(viewer, Action::ReadMigrations, Resource::Any)?;
        let found = Migration::find(&view.catalog, id);
        found.map(|m| m.to_port(&|b| self.sees_all_of(&view, b))).ok_or_else(|| unknown(id))
    }

    /// The migrations, newest first: those of these statuses (any when empty), this actor, this blueprint.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn migrations(
        &self,
        viewer: &Viewer,
        statuses: &[String],
        actor: Option<&str>,
        blueprint: Option<&str>,
    ) -> Result<Vec<Value>, PortalError> {
        let view = self.view_for(viewer, Action::ReadMigrations, Resource::Any)?;
        let mut all: Vec<Migration> = view.catalog.records(MIGRATIONS).map(Migration::of).collect();
        all.reverse();
        let fits = |m: &Migration| {
            (statuses.is_empty() || statuses.iter().any(|s| s.eq_ignore_ascii_case(m.text("status"))))
                && actor.is_none_or(|a| a == m.text("actor"))
                && blueprint.is_none_or(|b| b == m.text("sourceBlueprint"))
        };
        let shown = |m: &Migration| m.to_port(&|blueprint| self.sees_all_of(&view, blueprint));
        Ok(all.iter().filter(|m| fits(m)).map(shown).collect())
    }

    /// Ends a migration before its time. What it has done stays done. Answers the migration.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it has ended already.
    pub async fn cancel_migration(
        &self,
        viewer: &Viewer,
        id: &str,
        reason: Option<String>,
    ) -> Result<Value, PortalError> {
        self.may(viewer, Action::RunMigrations, Resource::Any)?;
        let id = id.to_owned();
        let cancel = move |draft: &mut Draft| {
            let mut migration = Migration::find(&draft.catalog, &id).ok_or_else(|| unknown(&id))?;
            if migration.status().has_ended() {
                let message = format!("the migration has ended already: {}", migration.text("status"));
                return Err(PortalError::Conflict { code: "migration_ended", message });
            }
            migration.set("status", Status::PendingCancellation.name());
            if let Some(reason) = &reason {
                migration.set("reason", reason.clone());
            }
            Ok(draft.keep_migration(migration))
        };
        let migration = self.commit(viewer.actor("port"), false, cancel).await?;
        self.run_migrations();
        Ok(migration)
    }
}

/// Checks a mapping before anything is done by it.
fn check_mapping(mapping: &Value, check: &dyn Fn(&str) -> Result<(), JqError>) -> Result<(), PortalError> {
    let Some(map) = mapping.as_object() else {
        return Err(PortalError::invalid("\"mapping\" must be object"));
    };
    let Some(entity) = map.get("entity").and_then(Value::as_object) else {
        return Err(PortalError::invalid("\"mapping/entity\" must be object"));
    };
    let program = |place: &str, value: &Value| match value {
        Value::Null => Ok(()),
        Value::String(text) => match check(text) {
            Err(JqError::Syntax(message)) => {
                Err(PortalError::invalid(format!("\"{place}\" is no JQ program: {message}")))
            }
            _ => Ok(()),
        },
        _ => Err(PortalError::invalid(format!("\"{place}\" must be string: a JQ program"))),
    };
    for key in ["filter", "itemsToParse"] {
        map.get(key).map_or(Ok(()), |value| program(&format!("mapping/{key}"), value))?;
    }
    if map.get("blueprint").is_some_and(|b| !b.is_null() && !b.is_string()) {
        return Err(PortalError::invalid("\"mapping/blueprint\" must be string"));
    }
    for (key, value) in entity {
        let place = format!("mapping/entity/{key}");
        match (key.as_str(), value) {
            ("properties" | "relations", Value::Object(inner)) => {
                for (name, value) in inner {
                    program(&format!("{place}/{name}"), value)?;
                }
            }
            ("properties" | "relations", Value::Null) => {}
            ("properties" | "relations", _) => {
                return Err(PortalError::invalid(format!("\"{place}\" must be object")));
            }
            (known, value) if PARTS.contains(&known) => program(&place, value)?,
            _ => {
                let text = "\"mapping/entity\" must NOT have additional properties, additional property:";
                return Err(PortalError::invalid(format!("{text} {key}")));
            }
        }
    }
    Ok(())
}

impl Draft {
    /// Writes a new migration down, and forgets the oldest of those that have ended. Answers it as Port does.
    fn start_migration(&mut self, what: Value) -> Result<Value, PortalError> {
        let all: Vec<Migration> = self.catalog.records(MIGRATIONS).map(Migration::of).collect();
        let ended: Vec<String> =
            all.iter().filter(|m| m.status().has_ended()).map(|m| m.record.key.clone()).collect();
        if all.len() - ended.len() >= UNFINISHED {
            let message = format!("{UNFINISHED} migrations are under way; wait for one to end");
            return Err(PortalError::Conflict { code: "too_many_migrations", message });
        }
        for id in ended.iter().take((ended.len() + 1).saturating_sub(REMEMBERED)) {
            self.put(Change::DeleteRecord(MIGRATIONS.into(), id.clone()));
        }
        let id = Uuid::now_v7().simple().to_string();
        let mut body = Map::new();
        for key in ["id", "identifier"] {
            body.insert(key.to_owned(), id.clone().into());
        }
        body.insert("status".into(), Status::Initializing.name().into());
        body.insert("actor".into(), self.actor.name.clone().into());
        body.extend(what.as_object().cloned().unwrap_or_default());
        body.extend(json!({ "successCount": 0, "failureCount": 0 }).as_object().cloned().unwrap_or_default());
        let record = Arc::new(Record {
            collection: MIGRATIONS.into(),
            key: id,
            body: JsonText::of(&json!({})),
            stamps: self.new_stamps(None),
        });
        Ok(self.keep_migration(Migration { record, body }))
    }

    /// Stores what became of a migration. Answers it as Port does.
    fn keep_migration(&mut self, mut migration: Migration) -> Value {
        let mut record = migration.record.as_ref().clone();
        record.body = JsonText::of(&Value::Object(migration.body.clone()));
        (record.stamps.updated_at, record.stamps.updated_by) = (self.at, self.actor.name.as_str().into());
        migration.record = Arc::new(record);
        let same = |old: &Arc<Record>| old.body == migration.record.body;
        if !self.catalog.record(MIGRATIONS, &migration.record.key).is_some_and(same) {
            self.put(Change::PutRecord(Arc::clone(&migration.record)));
        }
        migration.to_port(&|_| true)
    }
}
