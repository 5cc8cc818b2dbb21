//! Giving a blueprint another identifier: its entities stay the same things, and what names it follows.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_model::json::{at, set};
use stagedoor_model::{Blueprint, Change, EntityRecord, JsonText, Record};
use stagedoor_query::{BlueprintEntry, Expr, NodeId};
use uuid::Uuid;

use super::mentions::rename_blueprint;
use super::references::Known;
use super::system::refuse_system;
use super::write::merged_over;
use super::{BlueprintMode, PERMISSIONS, no_blueprint, permissions, system, taken};
use crate::error::PortalError;
use crate::migrations::MIGRATIONS;
use crate::writer::Draft;

/// Which lower-case reference became which.
type Renamed = HashMap<String, String>;

impl Draft {
    /// Renames a blueprint, with whatever else the body changes of it.
    pub(super) fn rename_blueprint(
        &mut self,
        from: &str,
        to: &str,
        body: &Value,
        mode: BlueprintMode,
    ) -> Result<Arc<Blueprint>, PortalError> {
        let Some(old) = self.catalog.blueprints().get(from).map(|e| Arc::clone(&e.blueprint)) else {
            return Err(no_blueprint(from));
        };
        let members = self.may_rename_blueprint(&old, to)?;
        let mut body = match mode {
            BlueprintMode::Patch => merged_over(&old, body),
            _ => body.clone(),
        };
        rename_blueprint(&mut body, from, to);
        self.install_targets(&body)?;
        let new = self.understood(&body, Some(&old))?;
        self.check_references(&new, &Known::default())?;
        let pointing = self.pointing_documents(&members);
        let new = Arc::new(new);
        // The old one first: both may have the same Backstage kind.
        self.put(Change::DeleteBlueprint(from.to_owned()));
        self.put(Change::PutBlueprint(Arc::clone(&new)));
        let references = self.move_entities(&members, &new);
        self.retarget_definitions(from, to);
        self.move_records(from, to);
        self.rename_pages(from, to);
        self.rename_in_actions(from, to);
        self.rename_in_scorecards(from, to);
        self.retarget_documents(&pointing, &references);
        Ok(new)
    }

    /// The entities that would move.
    fn may_rename_blueprint(&self, old: &Blueprint, to: &str) -> Result<Vec<Arc<EntityRecord>>, PortalError> {
        let from = &old.identifier;
        refuse_system(from, "renamed")?;
        if old.shipped_kind.is_some() {
            let text = format!("\"{from}\" is one of Backstage's kinds and cannot be renamed");
            return Err(system::protected(text, None));
        }
        if self.catalog.blueprints().get(to).is_some() {
            return Err(taken(to));
        }
        let members = self.members_of(from);
        if let Some((record, claim)) = members.iter().find_map(|r| Some((r, r.claim.as_ref()?))) {
            let message = format!(
                "\"{from}\" cannot be renamed while a source states its entities by this name: \"{}\" in {} (line {})",
                record.identifier, claim.item, claim.line
            );
            let details = Some(json!({ "source": claim.source, "item": claim.item }));
            return Err(PortalError::Invalid { code: "protected_entity", message, details });
        }
        Ok(members)
    }

    /// The entities of a blueprint.
    pub(super) fn members_of(&self, blueprint: &str) -> Vec<Arc<EntityRecord>> {
        let selection = self.catalog.select(&Expr::of_blueprint(blueprint), false);
        let record = |node: NodeId| Some(Arc::clone(&self.catalog.entity(node)?.record));
        selection.nodes().iter().filter_map(record).collect()
    }

    /// Moves entities to their renamed blueprint. Answers which reference became which.
    fn move_entities(&mut self, members: &[Arc<EntityRecord>], new: &Blueprint) -> Renamed {
        let mut references = Renamed::with_capacity(members.len());
        let Some(entry) = self.catalog.blueprints().get(&new.identifier).cloned() else { return references };
        let mut moved = Vec::with_capacity(members.len());
        for old in members {
            let mut record = old.as_ref().clone();
            record.blueprint = new.identifier.as_str().into();
            record.entity_ref = self.catalog.reference_for(&entry.face, old.uid, &old.identifier).into();
            record.document = record.document.map(|d| with_kind(&d, &entry));
            references.insert(old.entity_ref.to_string(), record.entity_ref.to_string());
            let record = Arc::new(record);
            self.put(Change::PutEntity(Arc::clone(&record)));
            moved.push(record);
        }
        // A relation within the blueprint finds its target by identifier, which may have come later.
        let within: Vec<&String> =
            new.relations.iter().filter(|(_, r)| r.target == new.identifier).map(|(key, _)| key).collect();
        let relates = |record: &EntityRecord| {
            let fields = record.contributed();
            within.iter().any(|key| fields.relations.get(*key).is_some_and(|v| !v.is_null()))
        };
        for record in moved.iter().filter(|r| !within.is_empty() && relates(r)) {
            self.put(Change::PutEntity(Arc::clone(record)));
        }
        references
    }

    /// Relations and aggregations of the other blueprints.
    fn retarget_definitions(&mut self, from: &str, to: &str) {
        let all: Vec<_> = self.catalog.blueprints().iter().map(|e| Arc::clone(&e.blueprint)).collect();
        for blueprint in all {
            let mut body = blueprint.body.value();
            rename_blueprint(&mut body, from, to);
            self.put_followed(&blueprint, &body);
        }
    }

    /// Stores what became of a blueprint by another's change, if anything.
    pub(super) fn put_followed(&mut self, blueprint: &Blueprint, body: &Value) {
        let stamps = blueprint.stamps.clone();
        match Blueprint::parse(body, stamps, blueprint.shipped_kind.clone()) {
            Ok(new) if new.body != blueprint.body => drop(self.put_blueprint(new)),
            _ => {}
        }
    }

    /// Permissions, and migrations under way.
    fn move_records(&mut self, from: &str, to: &str) {
        if let Some(record) = self.catalog.record(PERMISSIONS, from).cloned() {
            self.put(Change::DeleteRecord(PERMISSIONS.into(), from.to_owned()));
            let body = permissions::with_moderators(&record.body, from, to);
            let record = Record { key: to.to_owned(), body, ..record.as_ref().clone() };
            self.put(Change::PutRecord(Arc::new(record)));
        }
        let migrations: Vec<_> = self.catalog.records(MIGRATIONS).cloned().collect();
        for record in migrations {
            let mut body = record.body.value();
            if body.get("sourceBlueprint").is_some_and(|b| b == from) {
                body["sourceBlueprint"] = to.into();
                let record = Record { body: JsonText::of(&body), ..record.as_ref().clone() };
                self.put(Change::PutRecord(Arc::new(record)));
            }
        }
    }

    /// Entities that nobody claims and whose documents name one of these.
    fn pointing_documents(&self, members: &[Arc<EntityRecord>]) -> Vec<Uuid> {
        let nodes = members.iter().filter_map(|m| self.catalog.node_of_uid(m.uid));
        let pointing: HashSet<NodeId> = nodes
            .flat_map(|node| self.catalog.relations(node))
            .filter(|r| r.emitted_by_other)
            .map(|r| r.other)
            .collect();
        let records = pointing.into_iter().filter_map(|node| Some(&self.catalog.entity(node)?.record));
        let free = records.filter(|r| r.document.is_some() && r.claim.is_none());
        let mut uids: Vec<Uuid> = free.map(|r| r.uid).collect();
        uids.sort_unstable();
        uids
    }

    /// Lets references in documents that nobody claims follow; a source's stay what it says.
    fn retarget_documents(&mut self, pointing: &[Uuid], references: &Renamed) {
        for uid in pointing {
            let entity = self.catalog.node_of_uid(*uid).and_then(|node| self.catalog.entity(node));
            let Some(record) = entity.map(|e| Arc::clone(&e.record)) else { continue };
            let Some(entry) = self.catalog.blueprints().get(&record.blueprint).cloned() else { continue };
            let Some(document) = record.document.as_ref().and_then(|d| retargeted(d, &entry, references))
            else {
                continue;
            };
            let document = Some(document);
            self.put(Change::PutEntity(Arc::new(EntityRecord { document, ..record.as_ref().clone() })));
        }
    }
}

/// A document of the kind that its blueprint has now.
fn with_kind(document: &JsonText, entry: &BlueprintEntry) -> JsonText {
    if !entry.visible {
        return document.clone();
    }
    let mut value = document.value();
    set(&mut value, "kind", Some(entry.face.kind.clone().into()));
    JsonText::of(&value)
}

/// A document with new references in the fields that relate. None when it names none of them.
fn retargeted(document: &JsonText, entry: &BlueprintEntry, references: &Renamed) -> Option<JsonText> {
    let mut value = document.value();
    let text = |path| at(&value, path).and_then(Value::as_str).map(str::to_owned);
    let namespace = text("metadata.namespace").unwrap_or_else(|| "default".into());
    let spec_type = text("spec.type").unwrap_or_default();
    let mut changed = false;
    for field in &entry.face.fields {
        let Some(mut content) = at(&value, &field.field).cloned() else { continue };
        let mut follow = |one: &mut Value| {
            let target = one.as_str().and_then(|t| field.target(t, &namespace, &spec_type));
            if let Some(new) = target.and_then(|t| references.get(&t)) {
                *one = new.clone().into();
                changed = true;
            }
        };
        match &mut content {
            Value::Array(list) => list.iter_mut().for_each(&mut follow),
            one => follow(one),
        }
        set(&mut value, &field.field, Some(content));
    }
    changed.then(|| JsonText::of(&value))
}
