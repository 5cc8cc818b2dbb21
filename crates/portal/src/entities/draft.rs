//! Writing one entity through Port's dialect: contributors merge into what is there, and never over
//! what the claiming source states.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_model::derived::{Derived, Ownership};
use stagedoor_model::{Blueprint, Change, EntityRecord, Fields};
use stagedoor_query::{BlueprintEntry, NodeId};
use uuid::Uuid;

use super::datasource::without_version;
use super::fields::Said;
use super::owned::Stated;
use super::{Missing, WriteMode, WriteRequest, Written};
use crate::error::PortalError;
use crate::people;
use crate::rights::Judge;
use crate::scorecards::computed;
use crate::writer::Draft;

impl Draft {
    /// Validates and writes one body. See [`WriteMode`]. A refused one leaves nothing behind: everything is
    /// checked before the first change.
    pub(crate) fn write_entity(
        &mut self,
        request: &WriteRequest,
        body: &Value,
        absent: Missing,
        judge: &Judge,
    ) -> Result<Written, PortalError> {
        let Some(entry) = self.catalog.blueprints().get(&request.blueprint).cloned() else {
            return Err(crate::blueprints::no_blueprint(&request.blueprint));
        };
        computed::refuse(&request.blueprint)?;
        let body = self.resolve_searches(body, &entry, &request.mode, judge)?;
        let body = self.people_body(&request.blueprint, &request.mode, body);
        let mut said = Said::parse(&body, &entry.blueprint)?;
        refuse_inherited_team(&entry.blueprint, &said)?;
        let (identifier, renamed) = names_of(&request.mode, &said);
        let identifier = people::key(&request.blueprint, &identifier).into_owned();
        let renamed = renamed.filter(|to| *to != identifier);
        let there = self.find(&entry, &identifier);
        // One that the writer may not see is not there, but for the name that it has: in the end that is taken.
        let hidden = there.as_ref().is_some_and(|(node, _)| !judge.sees(self, *node));
        let old = there.filter(|_| !hidden);
        let merge = merges(request, old.is_some(), &entry.blueprint, &identifier)?;
        let mut document = None;
        if let Some((node, record)) = &old {
            if let Some(to) = &renamed {
                self.may_rename(record, &entry, to)?;
            }
            document = self.respect_owners(*node, record, &entry, &mut said, !merge)?;
        }
        let bare = self.missing_targets(&entry, &said, absent, renamed.as_deref(), judge)?;
        let before = old.as_ref().map(|(_, r)| r.contributed());
        let mut fields = said.onto(before.filter(|_| merge), &entry.blueprint);
        if let Some(document) = &document {
            // Neither a default value nor what was said before goes over the document.
            Stated::of(&document.value(), &entry).remove_from(&mut fields);
        }
        let (node, before) = old.map_or((None, None), |(node, record)| (Some(node), Some(record)));
        let created = before.is_none();
        let mut record =
            self.record(&entry, &identifier, before.clone(), fields, request.datasource.clone())?;
        record.document = document;
        check_required(&entry, &record)?;
        self.judge_write(judge, node.zip(before.as_deref()), &record, renamed.as_deref())?;
        self.people_rules(before.as_deref(), &record, renamed.as_deref())?;
        for target in &bare {
            judge.register(self, &target.record(self)?)?;
        }
        if hidden {
            return Err(taken(&entry.blueprint, &identifier));
        }
        for target in &bare {
            self.make_bare(target)?;
        }
        let Some(to) = renamed else {
            self.put_if_changed(record);
            return Ok(self.written(request, &identifier, created, judge));
        };
        let sources = node.map(|n| self.pointing_at(n)).unwrap_or_default();
        self.rename_record(&mut record, &entry, &to);
        self.put_if_changed(record);
        self.retarget(&sources, &request.blueprint, &identifier, &to);
        self.team_is_renamed(&request.blueprint, &identifier, &to);
        Ok(self.written(request, &to, created, judge))
    }

    /// Whether a record may be written over what is there, or as a new one.
    fn judge_write(
        &self,
        judge: &Judge,
        old: Option<(NodeId, &EntityRecord)>,
        record: &EntityRecord,
        renamed: Option<&str>,
    ) -> Result<(), PortalError> {
        match (old, renamed) {
            (None, _) => judge.register(self, record),
            (Some((node, old)), None) => judge.update(self, node, old, record, false),
            (Some((node, old)), Some(to)) => {
                let renamed = EntityRecord { identifier: to.to_owned().into(), ..record.clone() };
                judge.update(self, node, old, &renamed, false)
            }
        }
    }

    fn find(&self, entry: &BlueprintEntry, identifier: &str) -> Option<(NodeId, Arc<EntityRecord>)> {
        let node = self.catalog.node_of_key(&entry.blueprint.identifier, identifier)?;
        Some((node, Arc::clone(&self.catalog.entity(node)?.record)))
    }

    /// The record to store: a new one, or the old one with new fields.
    fn record(
        &self,
        entry: &BlueprintEntry,
        identifier: &str,
        old: Option<Arc<EntityRecord>>,
        fields: Fields,
        datasource: Option<String>,
    ) -> Result<EntityRecord, PortalError> {
        let mut record = match old {
            Some(old) => old.as_ref().clone(),
            None => self.new_record(entry, identifier)?,
        };
        let changed = record.stamps.datasource.as_deref().map(without_version)
            != datasource.as_deref().map(without_version);
        if changed && datasource.is_some() {
            record.stamps.datasource = datasource.map(Into::into);
        }
        record.fields = (!fields.is_empty()).then(|| fields.to_json());
        Ok(record)
    }

    /// A record of an entity that is not there yet, and says nothing yet.
    pub(super) fn new_record(
        &self,
        entry: &BlueprintEntry,
        identifier: &str,
    ) -> Result<EntityRecord, PortalError> {
        // Ordered by time, so that new rows stand together in the database.
        let uid = Uuid::now_v7();
        if entry.face.shipped && entry.face.reference_of(identifier).is_none() {
            let kind = &entry.face.kind_lower;
            return Err(PortalError::invalid(format!(
                "\"identifier\" of a {kind} must be its lower-case Backstage reference, {kind}:<namespace>/<name>"
            )));
        }
        Ok(EntityRecord {
            uid,
            blueprint: entry.blueprint.identifier.clone().into(),
            identifier: identifier.to_owned().into(),
            entity_ref: self.catalog.reference_for(&entry.face, uid, identifier).into(),
            document: None,
            fields: None,
            claim: None,
            stamps: self.new_stamps(None),
        })
    }

    /// Stores a record unless it says what is stored already.
    pub(crate) fn put_if_changed(&mut self, mut record: EntityRecord) -> bool {
        let old = self
            .catalog
            .node_of_uid(record.uid)
            .and_then(|n| self.catalog.entity(n))
            .map(|e| Arc::clone(&e.record));
        if let Some(old) = old {
            if old.fields != record.fields && old.contributed() == record.contributed() {
                // The same values in another order are the same.
                record.fields.clone_from(&old.fields);
            }
            if old.same_content(&record) && old.stamps.datasource == record.stamps.datasource {
                return false;
            }
            // Another owner, or another line of its file, is no change of what the entity says.
            let claimed_alike = EntityRecord { claim: old.claim.clone(), ..record.clone() };
            if !old.same_content(&claimed_alike) || old.stamps.datasource != record.stamps.datasource {
                (record.stamps.updated_at, record.stamps.updated_by) =
                    (self.at, self.actor.name.as_str().into());
            }
        }
        self.put(Change::PutEntity(Arc::new(record)));
        true
    }

    /// The report of a write. Only one that is asked about alone is shown: the writer has better things to do.
    fn written(&self, request: &WriteRequest, identifier: &str, created: bool, judge: &Judge) -> Written {
        let shown = || {
            let view = self.as_view_of(judge);
            view.by_key(&request.blueprint, identifier).map(|n| view.port_entity_alone(n))
        };
        let entity = if request.entities.len() == 1 { shown().unwrap_or_default() } else { Value::Null };
        Written { identifier: identifier.to_owned(), created, entity, client: None }
    }
}

/// The identifier that a write addresses, and the one that it gives the entity instead.
fn names_of(mode: &WriteMode, said: &Said) -> (String, Option<String>) {
    match (mode, &said.identifier) {
        (WriteMode::Replace(path) | WriteMode::Patch(path), stated) => {
            (path.clone(), stated.clone().filter(|stated| stated != path))
        }
        (_, Some(stated)) => (stated.clone(), None),
        (_, None) => (format!("e_{}", &Uuid::new_v4().simple().to_string()[..16]), None),
    }
}

/// Whether a write merges into what is there.
fn merges(
    request: &WriteRequest,
    exists: bool,
    blueprint: &Blueprint,
    identifier: &str,
) -> Result<bool, PortalError> {
    match (&request.mode, exists) {
        (WriteMode::Create, true) => Err(taken(blueprint, identifier)),
        (WriteMode::Replace(_) | WriteMode::Patch(_), false) => Err(missing(&request.blueprint, identifier)),
        (WriteMode::UpsertMerge | WriteMode::Patch(_), true) => Ok(true),
        _ => Ok(false),
    }
}

/// Where ownership comes through relations, nobody can write it. Saying nothing, or none, is no write.
fn refuse_inherited_team(blueprint: &Blueprint, said: &Said) -> Result<(), PortalError> {
    if said.team.as_ref().is_none_or(Vec::is_empty) || !inherits_ownership(blueprint) {
        return Ok(());
    }
    let text = format!(
        "\"team\" of blueprint \"{}\" is inherited through its relations and cannot be set; change the owner there",
        blueprint.identifier
    );
    Err(PortalError::refused("inherited_ownership_enabled", text))
}

fn inherits_ownership(blueprint: &Blueprint) -> bool {
    matches!(Derived::read(&blueprint.body.value()).0.ownership, Ownership::Inherited(_))
}

/// Whether everything that the blueprint demands is said.
pub(crate) fn check_required(entry: &BlueprintEntry, record: &EntityRecord) -> Result<(), PortalError> {
    let fields = record.contributed();
    let document = record.document.as_ref().map(|d| d.value());
    let stated = document.as_ref().map(|d| entry.face.properties_of(d, &entry.blueprint)).unwrap_or_default();
    for key in &entry.blueprint.required {
        let value = fields.properties.get(key).or_else(|| stated.get(key));
        if value.is_none_or(Value::is_null) {
            let text = format!("must have required property '{key}' in \"properties\"");
            return Err(PortalError::refused("missing_property", text));
        }
    }
    for (key, relation) in entry.blueprint.relations.iter().filter(|(_, r)| r.required) {
        if fields.relations.get(key).is_none_or(Value::is_null) && document.is_none() {
            let text = format!("relation is required: \"{key}\" (to blueprint \"{}\")", relation.target);
            return Err(PortalError::refused("required_relation", text));
        }
    }
    Ok(())
}

/// The refusal for an entity that is not there; Port's clients match this text.
pub(crate) fn missing(blueprint: &str, identifier: &str) -> PortalError {
    PortalError::NotFound(format!(
        "Entity with identifier \"{identifier}\" does not exist in the blueprint \"{blueprint}\""
    ))
}

/// The refusal for an identifier that another entity has; Port's clients look for `taken`.
pub(super) fn taken(blueprint: &Blueprint, identifier: &str) -> PortalError {
    let message = format!(
        "Entity with identifier \"{identifier}\" is already taken in the blueprint \"{}\"",
        blueprint.identifier
    );
    PortalError::Conflict { code: "identifier_taken", message }
}

impl Draft {
    /// Identifier and fields of an entity in Port's form, checked against its blueprint.
    pub(crate) fn port_fields(
        &self,
        body: &Value,
        entry: &BlueprintEntry,
    ) -> Result<(String, Fields), PortalError> {
        let said = Said::parse(body, &entry.blueprint)?;
        let Some(identifier) = said.identifier.clone() else {
            return Err(PortalError::invalid("must have required property 'identifier'"));
        };
        let fields = said.onto(None, &entry.blueprint);
        for key in &entry.blueprint.required {
            if fields.properties.get(key).is_none_or(Value::is_null) {
                return Err(PortalError::refused(
                    "missing_property",
                    format!("must have required property '{key}' in \"properties\""),
                ));
            }
        }
        Ok((identifier, fields))
    }
}
