//! Writing one entity through Port's dialect: contributors merge into what is there, and never over
//! what the claiming source states.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};
use stagedoor_model::json::at;
use stagedoor_model::{Blueprint, Change, EntityRecord, Face, Fields};
use stagedoor_query::{BlueprintEntry, NodeId};
use uuid::Uuid;

use super::fields::Said;
use super::{WriteMode, WriteRequest, Written};
use crate::error::PortalError;
use crate::writer::Draft;

/// How many levels of missing targets are made for one entity.
const MISSING_DEPTH: usize = 1;

impl Draft {
    /// Validates and writes one body. See [`WriteMode`].
    pub(crate) fn write_entity(&mut self, request: &WriteRequest, body: &Value) -> Result<Written, PortalError> {
        let Some(entry) = self.catalog.blueprints().get(&request.blueprint).cloned() else {
            return Err(crate::blueprints::no_blueprint(&request.blueprint));
        };
        let mut said = Said::parse(body, &entry.blueprint)?;
        let identifier = self.identifier(&request.mode, &said)?;
        let old = self.find(&entry, &identifier);
        let merge = match (&request.mode, &old) {
            (WriteMode::Create, Some(_)) => return Err(taken(&entry.blueprint, &identifier)),
            (WriteMode::Replace(_) | WriteMode::Patch(_), None) => return Err(missing(&request.blueprint, &identifier)),
            (WriteMode::UpsertMerge | WriteMode::Patch(_), Some(_)) => true,
            _ => false,
        };
        if let Some((node, record)) = &old {
            self.respect_claim(*node, record, &entry, &mut said)?;
        }
        self.check_relations(&entry, &said, request.create_missing)?;
        let before = old.as_ref().map(|(_, r)| r.contributed());
        let fields = said.onto(before.filter(|_| merge), &entry.blueprint);
        let created = old.is_none();
        let record = self.record(&entry, &identifier, old.map(|(_, r)| r), fields, request.datasource.clone())?;
        check_required(&entry, &record)?;
        self.put_if_changed(record);
        Ok(self.written(&request.blueprint, &identifier, created))
    }

    fn identifier(&self, mode: &WriteMode, said: &Said) -> Result<String, PortalError> {
        match (mode, &said.identifier) {
            (WriteMode::Replace(path) | WriteMode::Patch(path), Some(stated)) if path != stated => {
                Err(PortalError::invalid("an entity cannot be renamed yet: \"identifier\" must be that of the path"))
            }
            (WriteMode::Replace(path) | WriteMode::Patch(path), _) => Ok(path.clone()),
            (_, Some(stated)) => Ok(stated.clone()),
            (_, None) => Ok(format!("e_{}", &Uuid::new_v4().simple().to_string()[..16])),
        }
    }

    fn find(&self, entry: &BlueprintEntry, identifier: &str) -> Option<(NodeId, Arc<EntityRecord>)> {
        let node = self.catalog.node_of_key(&entry.blueprint.identifier, identifier)?;
        Some((node, Arc::clone(&self.catalog.entity(node)?.record)))
    }

    /// A field that the claimer states: the same value is a no-op and leaves the write, another is refused.
    fn respect_claim(&self, node: NodeId, record: &EntityRecord, entry: &BlueprintEntry, said: &mut Said) -> Result<(), PortalError> {
        let Some(claim) = record.claim.as_ref() else { return self.respect_emitters(node, entry, said) };
        let Some(document) = record.document.as_ref().map(|d| d.value()) else { return Ok(()) };
        let refuse = |field: &str| PortalError::Invalid {
            code: "protected_entity",
            message: format!("{field} of \"{}\" is set by its source {} (line {}); change it there", record.identifier, claim.item, claim.line),
            details: Some(serde_json::json!({ "source": claim.source, "item": claim.item, "field": field })),
        };
        if let Some(stated) = at(&document, "metadata.title")
            && let Some(title) = said.title.take()
            && Some(stated) != title.clone().map(Value::String).as_ref()
        {
            return Err(refuse("title"));
        }
        let stated = entry.face.properties_of(&document, &entry.blueprint);
        let mut kept = Map::new();
        for (key, value) in std::mem::take(&mut said.properties) {
            match stated.get(&key) {
                Some(theirs) if *theirs == value => {}
                Some(_) => return Err(refuse(&format!("properties.{key}"))),
                None => {
                    kept.insert(key, value);
                }
            }
        }
        said.properties = kept;
        self.respect_claimed_relations(&document, &entry.face, said, &refuse)?;
        self.respect_emitters(node, entry, said)
    }

    fn respect_claimed_relations(
        &self,
        document: &Value,
        face: &Face,
        said: &mut Said,
        refuse: &dyn Fn(&str) -> PortalError,
    ) -> Result<(), PortalError> {
        let edges = face.edges(Some(document), &Fields::default());
        let mut kept = IndexMap::new();
        for (key, targets) in std::mem::take(&mut said.relations) {
            let theirs = face.relations.get(&key).map(|relation| {
                let of_relation = edges.iter().filter(|e| e.relation == relation.relation);
                let refs = of_relation.filter_map(|e| match &e.target {
                    stagedoor_model::face::Target::Ref(r) => Some(r),
                    stagedoor_model::face::Target::Key(..) => None,
                });
                let kind = |r: &&String| stagedoor_model::entity_ref::kind_of(r) == relation.target_kind;
                refs.filter(kind).map(|r| self.identifier_of(r)).collect::<Vec<_>>()
            });
            match theirs {
                Some(theirs) if !theirs.is_empty() && same_set(&theirs, &targets) => {}
                Some(theirs) if !theirs.is_empty() => return Err(refuse(&format!("relations.{key}"))),
                _ => {
                    kept.insert(key, targets);
                }
            }
        }
        said.relations = kept;
        Ok(())
    }

    fn identifier_of(&self, reference: &str) -> String {
        match self.catalog.node_of_ref(reference) {
            Some(node) => self.catalog.identifier_at(node).into_owned(),
            None => reference.to_owned(),
        }
    }

    /// A write may not remove an edge that another entity emitted (a group's `members` by its users).
    fn respect_emitters(&self, node: NodeId, entry: &BlueprintEntry, said: &Said) -> Result<(), PortalError> {
        for (key, targets) in &said.relations {
            let Some(relation) = entry.face.relations.get(key) else { continue };
            for edge in self.catalog.relations(node).iter().filter(|r| r.emitted_by_other && r.name == relation.relation) {
                let reference = self.catalog.reference(edge.other);
                if stagedoor_model::entity_ref::kind_of(reference) != relation.target_kind {
                    continue;
                }
                if !targets.iter().any(|t| *t == self.catalog.identifier_at(edge.other)) {
                    let text = format!("relations.{key} cannot lose \"{reference}\": that entity states the relation; change it there");
                    return Err(PortalError::refused("protected_entity", text));
                }
            }
        }
        Ok(())
    }

    fn check_relations(&mut self, entry: &BlueprintEntry, said: &Said, create_missing: bool) -> Result<(), PortalError> {
        for (key, targets) in &said.relations {
            let Some(relation) = entry.blueprint.relations.get(key) else { continue };
            for target in targets {
                if self.catalog.node_of_key(&relation.target, target).is_some() {
                    continue;
                }
                if !create_missing || matches!(relation.target.as_str(), "_user" | "_team") {
                    return Err(missing(&relation.target, target));
                }
                self.create_bare(&relation.target, target, MISSING_DEPTH)?;
            }
        }
        Ok(())
    }

    fn create_bare(&mut self, blueprint: &str, identifier: &str, depth: usize) -> Result<(), PortalError> {
        let Some(entry) = self.catalog.blueprints().get(blueprint).cloned().filter(|_| depth > 0) else {
            return Err(crate::blueprints::no_blueprint(blueprint));
        };
        let fields = Fields { title: Some(identifier.to_owned()), ..Fields::default() };
        let record = self.record(&entry, identifier, None, fields, None)?;
        self.put(Change::PutEntity(Arc::new(record)));
        Ok(())
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
        let changed = record.stamps.datasource.as_deref().map(without_version) != datasource.as_deref().map(without_version);
        if changed && datasource.is_some() {
            record.stamps.datasource = datasource;
        }
        record.fields = (!fields.is_empty()).then(|| fields.to_json());
        Ok(record)
    }

    fn new_record(&self, entry: &BlueprintEntry, identifier: &str) -> Result<EntityRecord, PortalError> {
        let uid = Uuid::new_v4();
        if entry.face.shipped && entry.face.reference_of(identifier).is_none() {
            let kind = &entry.face.kind_lower;
            return Err(PortalError::invalid(format!(
                "\"identifier\" of a {kind} must be its lower-case Backstage reference, {kind}:<namespace>/<name>"
            )));
        }
        Ok(EntityRecord {
            uid,
            blueprint: entry.blueprint.identifier.clone(),
            identifier: identifier.to_owned(),
            entity_ref: self.catalog.reference_for(&entry.face, uid, identifier),
            document: None,
            fields: None,
            claim: None,
            stamps: self.new_stamps(None),
        })
    }

    /// Stores a record unless it says what is stored already.
    pub(crate) fn put_if_changed(&mut self, mut record: EntityRecord) -> bool {
        let old = self.catalog.node_of_uid(record.uid).and_then(|n| self.catalog.entity(n)).map(|e| Arc::clone(&e.record));
        if let Some(old) = old {
            if old.same_content(&record) && old.stamps.datasource == record.stamps.datasource {
                return false;
            }
            (record.stamps.updated_at, record.stamps.updated_by) = (self.at, self.actor.name.clone());
        }
        self.put(Change::PutEntity(Arc::new(record)));
        true
    }

    fn written(&self, blueprint: &str, identifier: &str, created: bool) -> Written {
        let view = self.as_view();
        let entity = view.by_key(blueprint, identifier).map(|n| view.port_entity(n)).unwrap_or_default();
        Written { identifier: identifier.to_owned(), created, entity }
    }
}

fn check_required(entry: &BlueprintEntry, record: &EntityRecord) -> Result<(), PortalError> {
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

/// `port-ocean/github/1.2.3/x` without the version, for a new version of a writer is no news.
fn without_version(datasource: &str) -> String {
    let is_version = |part: &&str| part.trim_start_matches(['v', '^']).starts_with(|c: char| c.is_ascii_digit());
    datasource.split(['/', ' ']).filter(|p| !is_version(p)).collect::<Vec<_>>().join("/")
}

fn same_set(a: &[String], b: &[String]) -> bool {
    a.iter().all(|x| b.contains(x)) && b.iter().all(|x| a.contains(x))
}

/// The refusal for an entity that is not there; Port's clients match this text.
pub(super) fn missing(blueprint: &str, identifier: &str) -> PortalError {
    PortalError::NotFound(format!("Entity with identifier \"{identifier}\" does not exist in the blueprint \"{blueprint}\""))
}

fn taken(blueprint: &Blueprint, identifier: &str) -> PortalError {
    let message = format!("Entity with identifier \"{identifier}\" is already taken in the blueprint \"{}\"", blueprint.identifier);
    PortalError::Conflict { code: "identifier_taken", message }
}

impl Draft {
    /// Identifier and fields of an entity in Port's form, checked against its blueprint.
    pub(crate) fn port_fields(&self, body: &Value, entry: &BlueprintEntry) -> Result<(String, Fields), PortalError> {
        let said = Said::parse(body, &entry.blueprint)?;
        let Some(identifier) = said.identifier.clone() else {
            return Err(PortalError::invalid("must have required property 'identifier'"));
        };
        let fields = said.onto(None, &entry.blueprint);
        for key in &entry.blueprint.required {
            if fields.properties.get(key).is_none_or(Value::is_null) {
                return Err(PortalError::refused("missing_property", format!("must have required property '{key}' in \"properties\"")));
            }
        }
        Ok((identifier, fields))
    }
}
