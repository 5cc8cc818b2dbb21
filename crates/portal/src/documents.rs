//! Use case: documents that a program or a person hands over, as Backstage YAML or in Port's form.

mod allowed;
mod difference;

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_ingest::{ParsedDocument, ParsedEntity, PortItem, ReadContext, ReadDocument, read_documents};
use stagedoor_model::face::IDENTIFIER_ANNOTATION;
use stagedoor_model::names::is_entity_identifier;
use stagedoor_model::schema::check_property;
use stagedoor_model::{EntityRecord, Fields, kinds};
use stagedoor_query::{BlueprintEntry, Blueprints};
use uuid::Uuid;

use crate::Portal;
use crate::entities::{Missing, WriteMode};
use crate::error::PortalError;
use crate::rights::Judge;
use crate::writer::Draft;
use crate::{WriteRequest, sources::KnownKinds};

/// What became of a batch of documents.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentsReport {
    /// Nothing was written.
    pub dry_run: bool,
    /// New entities (and blueprints).
    pub created: Vec<DocumentResult>,
    /// Entities that were there and differ now.
    pub changed: Vec<DocumentResult>,
    /// Entities that say already what the document says.
    pub unchanged: Vec<DocumentResult>,
    /// Documents that were refused.
    pub rejected: Vec<RejectedDocument>,
}

/// One document that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DocumentResult {
    /// Place in the batch, from 0.
    pub index: usize,
    /// Lower-case reference; null for a blueprint.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// Its blueprint.
    pub blueprint: String,
    /// Its identifier.
    pub identifier: String,
    /// What would change it: the document before and after, as YAML. Of a dry run only.
    #[serde(skip)]
    pub difference: Option<(String, String)>,
}

/// One document that was refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RejectedDocument {
    /// Place in the batch, from 0.
    pub index: usize,
    /// First line of the document or of the offending place, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// Lower-case reference where it can be told.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// Why, and what to do.
    pub message: String,
}

enum Effect {
    Created,
    Changed,
    Unchanged,
}

impl Portal {
    /// Reads and writes a batch of documents, each on its own: a bad one does not hold back its
    /// neighbours. With `dry_run` the answer is the same and nothing is written.
    ///
    /// # Errors
    /// When the viewer may not write.
    pub async fn write_documents(
        &self,
        viewer: &Viewer,
        text: String,
        dry_run: bool,
    ) -> Result<DocumentsReport, PortalError> {
        self.may(viewer, Action::HandOverDocuments, Resource::Any)?;
        // Reading takes longer than writing, and only the writer has no time for it.
        let catalog = self.shared.catalog.load_full();
        let reading = tokio::task::spawn_blocking(move || (Read::of(&text, catalog.blueprints()), text));
        let stopped = |_| PortalError::Internal("reading the documents failed".into());
        let (read, text) = reading.await.map_err(stopped)?;
        // Kept here too: taking thousands of trees apart is no work for the writer.
        let read = Arc::new(read);
        let kept = Arc::clone(&read);
        let asker = self.asker(viewer);
        let write = move |draft: &mut Draft| {
            let judge = asker.judge(&draft.catalog);
            Ok(draft.write_documents(&text, &read, dry_run, &judge))
        };
        let report = self.commit(viewer.actor("native"), dry_run, write).await;
        drop(tokio::task::spawn_blocking(move || drop(kept)));
        report
    }
}

/// Documents as they read where certain kinds are known.
struct Read {
    kinds: u64,
    documents: Vec<ReadDocument>,
}

impl Read {
    fn of(text: &str, blueprints: &Blueprints) -> Self {
        let kinds = KnownKinds::of(blueprints);
        let documents = read_documents(text, &ReadContext::for_api(&kinds));
        Self { kinds: kinds.fingerprint(), documents }
    }

    /// Whether they would read the same now.
    fn holds(&self, blueprints: &Blueprints) -> bool {
        self.kinds == KnownKinds::of(blueprints).fingerprint()
    }
}

impl Draft {
    fn write_documents(&mut self, text: &str, read: &Read, dry_run: bool, judge: &Judge) -> DocumentsReport {
        let mut report = DocumentsReport { dry_run, ..DocumentsReport::default() };
        let before = dry_run.then(|| judge.view(self));
        // Blueprints of the same batch first: they decide which kinds are known.
        self.write_blueprints(&read.documents, &mut report, judge);
        if read.holds(self.catalog.blueprints()) {
            self.write_each(&read.documents, &mut report, judge);
        } else {
            self.write_each(&Read::of(text, self.catalog.blueprints()).documents, &mut report, judge);
        }
        report.rejected.sort_by_key(|r| r.index);
        if let Some(before) = before {
            difference::tell(&mut report.changed, &before, &judge.view(self));
        }
        report
    }

    fn write_each(&mut self, documents: &[ReadDocument], report: &mut DocumentsReport, judge: &Judge) {
        for document in documents {
            let result = match &document.outcome {
                Ok(ParsedDocument::Port(PortItem::Blueprint(_))) => continue,
                Ok(ParsedDocument::Port(PortItem::Entity(body))) => self.write_port_item(body, judge),
                Ok(ParsedDocument::Entity(entity)) => self.write_document(entity, judge),
                Err(error) => {
                    report.rejected.push(RejectedDocument {
                        index: document.index,
                        line: error.line,
                        column: error.column,
                        reference: error.entity_ref.clone(),
                        message: error.to_string(),
                    });
                    continue;
                }
            };
            report.add(document, result);
        }
    }

    fn write_blueprints(&mut self, documents: &[ReadDocument], report: &mut DocumentsReport, judge: &Judge) {
        let blueprint = |d: &ReadDocument| match &d.outcome {
            Ok(ParsedDocument::Port(PortItem::Blueprint(body))) => Some(body.clone()),
            _ => None,
        };
        let (documents, bodies): (Vec<&ReadDocument>, Vec<Value>) =
            documents.iter().filter_map(|d| Some((d, blueprint(d)?))).unzip();
        let before = self.catalog.clone();
        let verdicts: Vec<_> = bodies.iter().map(|body| self.may_declare(body, judge)).collect();
        let mut refused = documents.iter().zip(&verdicts).filter_map(|(d, v)| Some((*d, v.clone().err()?)));
        refused.by_ref().for_each(|(document, error)| report.add(document, Err(error)));
        let allowed = documents.into_iter().zip(bodies).zip(verdicts).filter(|(_, v)| v.is_ok());
        let (documents, bodies): (Vec<&ReadDocument>, Vec<Value>) = allowed.map(|(d, _)| d).unzip();
        for (document, result) in documents.into_iter().zip(self.declare_blueprints(&bodies)) {
            let result = result.map(|new| {
                let identifier = new.identifier.clone();
                let effect = match before.blueprints().get(&identifier) {
                    None => Effect::Created,
                    Some(old) if old.blueprint.body == new.body => Effect::Unchanged,
                    Some(_) => Effect::Changed,
                };
                (
                    effect,
                    DocumentResult {
                        index: 0,
                        reference: None,
                        blueprint: identifier.clone(),
                        identifier,
                        difference: None,
                    },
                )
            });
            report.add(document, result);
        }
    }

    fn write_port_item(
        &mut self,
        body: &Value,
        judge: &Judge,
    ) -> Result<(Effect, DocumentResult), PortalError> {
        let blueprint = body.get("blueprint").and_then(Value::as_str).unwrap_or_default().to_owned();
        let request = WriteRequest {
            blueprint: blueprint.clone(),
            mode: WriteMode::Upsert,
            create_missing: false,
            validation_only: false,
            datasource: None,
            entities: Vec::new(),
        };
        let before = self.catalog.clone();
        let written = self.write_entity(&request, body, Missing::Dangle, judge)?;
        let node = self.catalog.node_of_key(&blueprint, &written.identifier);
        let updated = |c: &stagedoor_query::Catalog| {
            Some(c.entity(c.node_of_key(&blueprint, &written.identifier)?)?.record.clone())
        };
        let effect = match (written.created, updated(&before) == updated(&self.catalog)) {
            (true, _) => Effect::Created,
            (_, true) => Effect::Unchanged,
            (_, false) => Effect::Changed,
        };
        let reference = node.map(|n| self.catalog.reference(n).to_owned());
        Ok((
            effect,
            DocumentResult {
                index: 0,
                reference,
                blueprint,
                identifier: written.identifier,
                difference: None,
            },
        ))
    }

    /// Writes a validated Backstage document without a claim. One that a source owns is left alone: the
    /// same content is no change, another is refused.
    fn write_document(
        &mut self,
        entity: &ParsedEntity,
        judge: &Judge,
    ) -> Result<(Effect, DocumentResult), PortalError> {
        let (reference, value) = (entity.entity_ref.as_str(), &entity.value);
        let there = self.catalog.node_of_ref(reference).filter(|n| self.catalog.entity(*n).is_some());
        // One that the writer may not see is not there, but for the name that it has.
        let hidden = there.is_some_and(|node| !judge.sees(self, node));
        let node = there.filter(|_| !hidden);
        let old = node.and_then(|n| self.catalog.entity(n)).map(|e| Arc::clone(&e.record));
        if let Some(claim) = old.as_ref().and_then(|o| o.claim.as_ref()) {
            let message = format!(
                "{reference} belongs to its source {} (line {}); change it there",
                claim.item, claim.line
            );
            return Err(PortalError::refused("protected_entity", message));
        }
        self.may_install(value, judge)?;
        let mut record = self.document_record(reference, value, old.as_deref())?;
        self.state(&mut record, (value, entity.text.clone()), Fields::default());
        match (node, &old) {
            (Some(node), Some(old)) => judge.update(self, node, old, &record, true)?,
            _ => judge.register(self, &record)?,
        }
        if hidden {
            let text = format!("{reference} is taken by an entity that you may not see");
            return Err(PortalError::Forbidden(text));
        }
        let result = DocumentResult {
            index: 0,
            reference: Some(reference.to_owned()),
            blueprint: record.blueprint.clone().to_string(),
            identifier: record.identifier.clone().to_string(),
            difference: None,
        };
        let effect = match (self.put_if_changed(record), old.is_some()) {
            (false, _) => Effect::Unchanged,
            (true, true) => Effect::Changed,
            (true, false) => Effect::Created,
        };
        Ok((effect, result))
    }

    /// The record that a document of this reference belongs to: the one that is there, or a new one of
    /// the blueprint whose face has its kind, which is installed if it ships with the program.
    pub(crate) fn document_record(
        &mut self,
        reference: &str,
        value: &Value,
        old: Option<&EntityRecord>,
    ) -> Result<EntityRecord, PortalError> {
        if let Some(old) = old {
            if let Some(entry) = self.catalog.blueprints().get(&old.blueprint) {
                check_document(value, entry)?;
            }
            return Ok(old.clone());
        }
        let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
        if let Some(shipped) = kinds::by_kind(kind) {
            self.install_kind(shipped)?;
        }
        let Some(entry) = self.catalog.blueprints().by_kind(kind).cloned() else {
            return Err(PortalError::invalid(format!("no blueprint has the kind \"{kind}\"")));
        };
        check_document(value, &entry)?;
        let text = |path: &str| {
            stagedoor_model::json::at(value, path).and_then(Value::as_str).unwrap_or("default").to_owned()
        };
        let identifier = self
            .noted_identifier(reference, value, &entry)
            .unwrap_or_else(|| entry.face.identifier_of(&text("metadata.namespace"), &text("metadata.name")));
        Ok(EntityRecord {
            uid: Uuid::now_v7(),
            blueprint: entry.blueprint.identifier.clone().into(),
            identifier: identifier.into(),
            entity_ref: reference.to_owned().into(),
            document: None,
            fields: None,
            claim: None,
            stamps: self.new_stamps(None),
        })
    }

    /// The identifier that stands in an annotation because it is no Backstage name: where the name is the one that
    /// stands in for it, and nothing else has it.
    fn noted_identifier(&self, reference: &str, value: &Value, entry: &BlueprintEntry) -> Option<String> {
        let annotations = stagedoor_model::json::at(value, "metadata.annotations")?;
        let noted = annotations.get(IDENTIFIER_ANNOTATION)?.as_str()?;
        let fits = !entry.face.shipped
            && is_entity_identifier(noted)
            && entry.face.stand_in(noted) == reference
            && self.catalog.node_of_key(&entry.blueprint.identifier, noted).is_none();
        fits.then(|| noted.to_owned())
    }

    /// Turns an entity in Port's form into the document that a source claims, plus the fields that no
    /// document can hold (team, icon).
    pub(crate) fn document_of_port(&mut self, body: &Value) -> Result<(String, Value, Fields), PortalError> {
        let blueprint = body.get("blueprint").and_then(Value::as_str).unwrap_or_default();
        if matches!(blueprint, "_user" | "_team") {
            // Whoever may change a file would give rights to anybody.
            let text =
                format!("\"{blueprint}\" is not read from files; people and teams are kept in the portal");
            return Err(PortalError::refused("protected_resource", text));
        }
        let Some(entry) = self.catalog.blueprints().get(blueprint).cloned() else {
            return Err(crate::blueprints::no_blueprint(blueprint));
        };
        let (identifier, fields) = self.port_fields(body, &entry)?;
        let existing = self.catalog.node_of_key(blueprint, &identifier);
        let uid = existing.and_then(|n| self.catalog.entity(n)).map_or_else(Uuid::now_v7, |e| e.record.uid);
        let entity_ref = self.catalog.reference_for(&entry.face, uid, &identifier);
        let extras = Fields { team: fields.team.clone(), icon: fields.icon.clone(), ..Fields::default() };
        let record = EntityRecord {
            uid,
            blueprint: blueprint.to_owned().into(),
            identifier: identifier.into(),
            entity_ref: entity_ref.clone().into(),
            document: None,
            fields: Some(fields.to_json()),
            claim: None,
            stamps: self.new_stamps(None),
        };
        Ok((entity_ref, entry.face.document(&record), extras))
    }
}

/// A document of a kind that is a blueprint's own has to be what the blueprint says. (One of a shipped kind
/// is what Backstage's schema says, and nothing more.)
pub(crate) fn check_document(value: &Value, entry: &BlueprintEntry) -> Result<(), PortalError> {
    if entry.face.shipped {
        return Ok(());
    }
    let at = |path: &str| stagedoor_model::json::at(value, path).filter(|v| !v.is_null());
    let pointer = |path: &str| path.replace('.', "/");
    for (key, property) in &entry.blueprint.properties {
        let Some(path) = entry.face.properties.get(key) else { continue };
        if let Some(violation) = at(path).and_then(|v| check_property(&property.definition, v)) {
            let text = format!("/{}{} {}", pointer(path), violation.path, violation.message);
            return Err(PortalError::invalid(text));
        }
    }
    let properties = entry.blueprint.required.iter().filter_map(|key| entry.face.properties.get(key));
    let relations = entry.blueprint.relations.iter().filter(|(_, r)| r.required);
    let relations = relations.filter_map(|(key, _)| entry.face.relations.get(key)).map(|r| &r.field);
    match properties.chain(relations).find(|path| at(path).is_none()) {
        None => Ok(()),
        Some(path) => {
            let (parent, key) = path.rsplit_once('.').unwrap_or(("", path));
            let blueprint = &entry.blueprint.identifier;
            let text = format!(
                "/{} must have required property '{key}' (of blueprint \"{blueprint}\")",
                pointer(parent)
            );
            Err(PortalError::invalid(text))
        }
    }
}

impl DocumentsReport {
    fn add(&mut self, document: &ReadDocument, result: Result<(Effect, DocumentResult), PortalError>) {
        match result {
            Ok((effect, mut result)) => {
                result.index = document.index;
                match effect {
                    Effect::Created => self.created.push(result),
                    Effect::Changed => self.changed.push(result),
                    Effect::Unchanged => self.unchanged.push(result),
                }
            }
            Err(error) => self.rejected.push(RejectedDocument {
                index: document.index,
                line: document.line,
                column: document.column,
                reference: None,
                message: error.to_string(),
            }),
        }
    }
}
