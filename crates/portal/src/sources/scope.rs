//! What stays the same while the texts of one reading are taken apart, and taking them apart.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use stagedoor_ingest::{
    LocationTargets, ParsedDocument, ParsedEntity, PortItem, ReadContext, ReadDocument, read_documents,
};
use stagedoor_query::Catalog;

use super::KnownKinds;
use super::cache::Summary;
use super::includes::Includes;
use super::item::{Content, Item};
use super::reading::{DeclaredBlueprint, GONE_GRACE, Reading, TARGET_MARK, whole_file};
use super::remembered::{Basis, Claimed, Digest};
use super::source::Source;
use crate::problems::Problem;
use crate::{Portal, clock};

/// A file or URL that still has to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    /// Path, address or pattern.
    pub(crate) target: String,
    /// `<type>:<target>` of the location that its documents originate from.
    pub(crate) origin: Arc<str>,
    /// Absent is fine.
    pub(crate) optional: bool,
    /// It is the source itself.
    pub(crate) root: bool,
}

/// What stays the same.
pub(super) struct Scope<'a> {
    pub(super) source: &'a Source,
    pub(super) portal: &'a Portal,
    pub(super) kinds: &'a KnownKinds,
    pub(super) origin: &'a str,
    pub(super) catalog: Arc<Catalog>,
    pub(super) basis: &'a Basis,
    /// For what placeholders name, where files beside the document do not do.
    pub(super) includes: Option<&'a Includes>,
}

impl Scope<'_> {
    /// `<type>:<name>`.
    pub(super) fn place(&self, name: &str) -> String {
        format!("{}:{name}", self.source.place_kind())
    }

    /// What the documents are judged by, as a number.
    pub(super) fn judged_by(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.kinds.fingerprint(), self.origin).hash(&mut hasher);
        hasher.finish()
    }

    /// Under which a target of a Location document is remembered as gone.
    pub(super) fn target_id(&self, target: &str) -> String {
        format!("{}{TARGET_MARK}{}:{target}", self.source.id, self.source.place_kind())
    }

    /// Whether a target has been gone for longer than its entities are kept.
    pub(super) fn is_long_gone(&self, target: &str) -> bool {
        let since = self.catalog.sources().get(&self.target_id(target)).map(|s| s.since.0);
        since.is_some_and(|since| clock::now().0 - since > GONE_GRACE)
    }

    /// Whether the source has said anything at an address so far.
    pub(super) fn holds_claims_of(&self, name: &str) -> bool {
        let place = self.place(name);
        let of_place =
            |item: &str| item.rsplit_once('#').is_some_and(|(p, index)| p == place && index != "location");
        let claims = self.catalog.claimed_by(&self.source.id).filter_map(|(_, e)| e.record.claim.as_ref());
        claims.map(|claim| &claim.item).any(|item| of_place(item))
    }

    /// The documents of a text.
    pub(super) fn documents(&self, name: &str, text: &str) -> Vec<ReadDocument> {
        let place = self.place(name);
        let context = ReadContext::for_location(&place, self.origin, self.kinds);
        let context = context.with_hosts(&self.portal.shared.sources.code_hosts);
        match self.includes {
            Some(reader) => read_documents(text, &context.with_placeholders(reader)),
            None => read_documents(text, &context),
        }
    }

    /// Takes the documents of a text into the reading; the summary says what to remember of it and where it leads,
    /// the digest what it claims.
    pub(super) fn take(
        &self,
        name: &str,
        documents: Vec<ReadDocument>,
        reading: &mut Reading,
    ) -> (Summary, Digest) {
        let place = self.place(name);
        let mut summary = Summary::default();
        let mut claimed = Claimed::default();
        for document in documents {
            if let Ok(ParsedDocument::Entity(entity)) = &document.outcome {
                claimed.add(document.index, document.line, &entity.entity_ref, entity.text.as_str());
            }
            self.take_document(document, name, &place, reading, &mut summary);
        }
        (summary, claimed.digest())
    }

    fn take_document(
        &self,
        document: ReadDocument,
        name: &str,
        place: &str,
        reading: &mut Reading,
        summary: &mut Summary,
    ) {
        let item = format!("{place}#{}", document.index);
        let line = document.line;
        let entity = match document.outcome {
            Ok(ParsedDocument::Entity(entity)) => entity,
            other => {
                summary.volatile = true;
                match other {
                    Ok(ParsedDocument::Port(PortItem::Blueprint(body))) => {
                        reading.blueprints.push(DeclaredBlueprint { body, file: name.to_owned(), line });
                    }
                    Ok(ParsedDocument::Port(PortItem::Entity(body))) => {
                        reading.items.push(Item { item, line, content: Content::Port(body) });
                    }
                    Ok(ParsedDocument::Entity(_)) => {}
                    Err(error) => reading.bad_document(item, name, place, error),
                }
                return;
            }
        };
        // A placeholder's file may change while this one does not.
        summary.volatile |= !entity.reads.is_empty();
        let read = entity.reads.iter().map(|r| Path::new(r.strip_prefix("file:").unwrap_or(r)));
        reading
            .directories
            .extend(read.filter(|r| r.is_absolute()).filter_map(Path::parent).map(Path::to_owned));
        if let Err(message) = self.allowed(&entity.kind, &entity.value, &entity.entity_ref, place) {
            summary.volatile = true;
            let (name, file) = ("NotAllowedError".to_owned(), name.to_owned());
            let owner = entity.value.pointer("/spec/owner").and_then(Value::as_str).map(str::to_owned);
            let reference = Some(entity.entity_ref);
            reading.problems.push(Problem { level: "error", name, message, file, line, reference, owner });
            return;
        }
        let targets = entity.targets.clone();
        summary.targets.extend(targets.map(|targets| (targets, line)));
        summary.claims.push((item.clone(), line, entity.entity_ref.clone()));
        self.take_entity(item, line, entity, reading);
    }

    /// Takes a valid document.
    pub(super) fn take_entity(&self, item: String, line: u32, entity: ParsedEntity, reading: &mut Reading) {
        let reference = entity.entity_ref;
        let content = Content::Document { reference: reference.clone(), document: entity.text };
        let news = Item { item, line, content };
        // Most documents of most readings say nothing new: they are let go at once.
        let known = news.is_in(&self.catalog, &self.source.id);
        reading.items.push(if known {
            Item { content: Content::Unchanged { reference }, ..news }
        } else {
            news
        });
    }

    fn allowed(&self, kind: &str, value: &Value, reference: &str, place: &str) -> Result<(), String> {
        let spec_type = value.pointer("/spec/type").and_then(Value::as_str);
        let rules = &self.portal.shared.sources.config.rules;
        let (origin_kind, origin_target) = self.origin.split_once(':').unwrap_or((self.origin, ""));
        if rules.allows(kind, spec_type, origin_kind, origin_target, self.source.rules()) {
            return Ok(());
        }
        Err(stagedoor_ingest::not_allowed_text(reference, place, self.origin))
    }

    /// Queues what a Location document in the file `name` points at.
    pub(super) fn follow(
        &self,
        name: &str,
        targets: &LocationTargets,
        line: u32,
        reading: &mut Reading,
        queue: &mut VecDeque<Pending>,
    ) {
        for target in &targets.targets {
            let kind = self.source.place_kind();
            let hosts = &self.portal.shared.sources.code_hosts;
            match hosts.resolve_target(kind, name, targets.kind.as_deref(), target) {
                Ok(target) => queue.push_back(Pending {
                    target,
                    origin: self.origin.into(),
                    optional: targets.optional,
                    root: false,
                }),
                Err(message) => reading.problems.push(Problem { line, ..whole_file(name, &message) }),
            }
        }
    }
}
