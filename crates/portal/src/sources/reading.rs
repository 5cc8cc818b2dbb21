//! One reading of a location: its documents and those of the locations they name, and what is wrong with them.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};
use stagedoor_ingest::{
    DocumentError, LocationTargets, ParsedDocument, PortItem, ReadContext, ReadDocument, files, read_documents,
};
use stagedoor_query::Catalog;
use tokio::runtime::Handle;

use super::cache::{Cache, Summary};
use super::reconcile::Spoken;
use super::url::Urls;
use super::{KnownKinds, LocationConfig};
use crate::Portal;
use crate::problems::Problem;

/// Files that one location may lead to, directly and through Location documents.
const MAX_FILES: usize = 200_000;

/// What a location says.
pub(crate) struct Reading {
    pub(crate) outcome: Outcome,
    pub(crate) blueprints: Vec<DeclaredBlueprint>,
    pub(crate) items: Vec<Item>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) directories: BTreeSet<PathBuf>,
    /// Files that could not be read or parsed as a whole.
    failed_files: HashSet<String>,
    /// References whose documents are bad.
    failed_refs: HashSet<String>,
}

/// Whether the location itself could be read.
pub(crate) enum Outcome {
    /// Yes.
    Read,
    /// Not now.
    Unreachable(String),
    /// It is authoritatively absent.
    Gone(String),
}

/// A blueprint in Port's form.
pub(crate) struct DeclaredBlueprint {
    pub(crate) body: Value,
    pub(crate) file: String,
    pub(crate) line: u32,
}

/// One thing that the location claims.
#[derive(Clone)]
pub(crate) struct Item {
    /// `<file or url>#<document index>`.
    pub(crate) item: String,
    pub(crate) line: u32,
    pub(crate) content: Content,
}

/// What is claimed.
#[derive(Clone)]
pub(crate) enum Content {
    /// A validated Backstage document.
    Document {
        /// Lower-case.
        reference: String,
        /// As stored.
        value: Value,
    },
    /// An entity in Port's form.
    Port(Value),
    /// The document that the catalog has already: its file has not changed.
    Unchanged {
        /// Lower-case.
        reference: String,
    },
}

impl Item {
    /// Whether the catalog says already what the item says, so that nothing needs to be written.
    pub(crate) fn is_in(&self, catalog: &Catalog, source: &str) -> bool {
        let (reference, value) = match &self.content {
            Content::Document { reference, value } => (reference, value),
            Content::Unchanged { .. } => return true,
            Content::Port(_) => return false,
        };
        let Some(entity) = catalog.node_of_ref(reference).and_then(|n| catalog.entity(n)) else { return false };
        let Some(claim) = &entity.record.claim else { return false };
        claim.source == source
            && claim.item == self.item
            && claim.line == self.line
            && entity.record.document.as_ref().is_some_and(|d| d.as_str() == value.to_string())
    }

    /// A problem at the item's place.
    pub(crate) fn problem(&self, message: &str) -> Problem {
        let file = self.item.rsplit_once('#').map_or(self.item.as_str(), |(file, _)| file);
        let reference = match &self.content {
            Content::Document { reference, .. } | Content::Unchanged { reference } => Some(reference.clone()),
            Content::Port(_) => None,
        };
        Problem { level: "error", name: "InputError".into(), message: message.into(), file: file.into(), line: self.line, reference }
    }
}

impl Reading {
    fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            blueprints: Vec::new(),
            items: Vec::new(),
            problems: Vec::new(),
            directories: BTreeSet::new(),
            failed_files: HashSet::new(),
            failed_refs: HashSet::new(),
        }
    }

    fn bad_document(&mut self, file: &str, place: &str, error: DocumentError) {
        match &error.entity_ref {
            Some(reference) => self.failed_refs.insert(reference.clone()),
            // Whose document it is cannot be told: everything the file said before still counts.
            None => self.failed_files.insert(place.to_owned()),
        };
        self.problems.push(Problem {
            level: "error",
            name: error.name,
            message: error.message,
            file: file.to_owned(),
            line: error.line,
            reference: error.entity_ref,
        });
    }

    /// The reading as ownership sees it.
    pub(crate) fn spoken(&self) -> Spoken {
        let mut spoken = Spoken {
            kept_files: self.failed_files.clone(),
            kept_refs: self.failed_refs.clone(),
            ..Spoken::default()
        };
        for item in &self.items {
            spoken.items.insert(item.item.clone());
            if let Content::Document { reference, .. } | Content::Unchanged { reference } = &item.content {
                spoken.holder_of.entry(reference.clone()).or_insert_with(|| item.item.clone());
            }
        }
        spoken
    }
}

/// Reads locations, remembering files that have not changed.
#[derive(Default)]
pub(crate) struct Reader {
    cache: Cache,
    urls: Urls,
}

/// A file or URL that still has to be read, and the kind of location that named it.
struct Pending {
    target: String,
    /// Absent is fine.
    optional: bool,
}

impl Reader {
    /// Asks URLs again at the next reading.
    pub(crate) fn forget_urls(&mut self) {
        self.urls.forget();
    }

    /// Reads a location and everything it leads to.
    pub(crate) fn read(&mut self, location: &LocationConfig, portal: &Portal, kinds: &KnownKinds, runtime: &Handle) -> Reading {
        let mut reading = Reading::new(Outcome::Read);
        let root = match self.root(location) {
            Ok(root) => root,
            Err(problem) => {
                reading.outcome = Outcome::Unreachable(problem.clone());
                reading.problems.push(whole_file(&location.target, &problem));
                return reading;
            }
        };
        let origin = format!("{}:{root}", location.kind);
        reading.items.push(location_item(&location.kind, &root, &origin));
        let mut queue = VecDeque::from([Pending { target: root, optional: false }]);
        let mut seen = HashSet::new();
        let catalog = portal.shared.catalog.load_full();
        let scope = Scope { location, portal, kinds, runtime, origin, source: location.id(), catalog };
        while let Some(pending) = queue.pop_front() {
            if seen.len() >= MAX_FILES {
                reading.problems.push(whole_file(&pending.target, "this location leads to too many files"));
                break;
            }
            let first = seen.is_empty();
            if location.kind == "url" {
                if seen.insert(pending.target.clone()) {
                    self.read_url(&pending, &scope, &mut reading, &mut queue, first);
                }
                continue;
            }
            for path in expand(&pending, &mut reading, first) {
                if seen.insert(path.display().to_string()) {
                    self.read_file(&path, &scope, &mut reading, &mut queue);
                }
            }
        }
        reading
    }

    /// The absolute form of the configured target.
    fn root(&self, location: &LocationConfig) -> Result<String, String> {
        if location.kind == "url" {
            return Ok(location.target.clone());
        }
        let found = location.base_dirs.iter().find(|base| files::exists(&location.target, base));
        let base = found.or(location.base_dirs.first()).ok_or("no folder to resolve it in")?;
        Ok(files::absolute(&location.target, base).display().to_string())
    }

    fn read_url(&mut self, pending: &Pending, scope: &Scope<'_>, reading: &mut Reading, queue: &mut VecDeque<Pending>, root: bool) {
        let egress = scope.portal.shared.sources.config.egress.as_deref();
        match self.urls.get(&pending.target, egress, scope.runtime) {
            Ok(text) => {
                let summary = scope.take(&pending.target, &text, reading);
                summary.targets.iter().for_each(|(targets, line)| follow(&pending.target, targets, *line, scope, reading, queue));
            }
            Err(outcome) => fail(pending, outcome, reading, root),
        }
    }

    fn read_file(&mut self, path: &Path, scope: &Scope<'_>, reading: &mut Reading, queue: &mut VecDeque<Pending>) {
        let name = path.display().to_string();
        let kinds = scope.kinds.fingerprint();
        if let Some(summary) = self.cache.unchanged(path, kinds, &scope.source, &scope.catalog) {
            for (item, line, reference) in &summary.claims {
                let content = Content::Unchanged { reference: reference.clone() };
                reading.items.push(Item { item: item.clone(), line: *line, content });
            }
            summary.targets.iter().for_each(|(targets, line)| follow(&name, targets, *line, scope, reading, queue));
            return;
        }
        let meta = std::fs::metadata(path).ok();
        match files::read_text(path) {
            Ok(text) => {
                let summary = scope.take(&name, &text, reading);
                summary.targets.iter().for_each(|(targets, line)| follow(&name, targets, *line, scope, reading, queue));
                self.cache.remember(path, meta, kinds, summary);
            }
            Err(error) => {
                reading.failed_files.insert(format!("file:{name}"));
                reading.problems.push(whole_file(&name, &error.to_string()));
            }
        }
    }
}

/// The files that a target means.
fn expand(pending: &Pending, reading: &mut Reading, root: bool) -> Vec<PathBuf> {
    match files::expand(&pending.target, Path::new("/")) {
        Ok(expansion) => {
            reading.directories.extend(expansion.directories);
            expansion.files
        }
        Err(error) => {
            reading.directories.extend(error.directories().iter().cloned());
            fail(pending, Outcome::Gone(error.to_string()), reading, root);
            Vec::new()
        }
    }
}

/// What stays the same during one reading.
struct Scope<'a> {
    location: &'a LocationConfig,
    portal: &'a Portal,
    kinds: &'a KnownKinds,
    runtime: &'a Handle,
    origin: String,
    source: String,
    catalog: Arc<Catalog>,
}

impl Scope<'_> {
    /// Takes a text apart into the reading; the summary says what to remember of it and where it leads.
    fn take(&self, name: &str, text: &str, reading: &mut Reading) -> Summary {
        let place = format!("{}:{name}", self.location.kind);
        let context = ReadContext::for_location(&place, &self.origin, self.kinds);
        let mut summary = Summary::default();
        for document in read_documents(text, &context) {
            self.take_document(document, name, &place, reading, &mut summary);
        }
        summary
    }

    fn take_document(&self, document: ReadDocument, name: &str, place: &str, reading: &mut Reading, summary: &mut Summary) {
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
                    Err(error) => reading.bad_document(name, place, error),
                }
                return;
            }
        };
        // A placeholder's file may change while this one does not.
        summary.volatile |= !entity.reads.is_empty();
        let read = entity.reads.iter().map(|r| Path::new(r.strip_prefix("file:").unwrap_or(r)));
        reading.directories.extend(read.filter(|r| r.is_absolute()).filter_map(Path::parent).map(Path::to_owned));
        if let Err(message) = self.allowed(&entity.kind, &entity.value, &entity.entity_ref, place) {
            summary.volatile = true;
            let (name, file) = ("NotAllowedError".to_owned(), name.to_owned());
            reading.problems.push(Problem { level: "error", name, message, file, line, reference: Some(entity.entity_ref) });
            return;
        }
        summary.targets.extend(entity.targets.map(|targets| (targets, line)));
        summary.claims.push((item.clone(), line, entity.entity_ref.clone()));
        let reference = entity.entity_ref;
        let news = Item { item, line, content: Content::Document { reference: reference.clone(), value: entity.value } };
        // Most documents of most readings say nothing new: they are let go at once.
        let known = news.is_in(&self.catalog, &self.source);
        reading.items.push(if known { Item { content: Content::Unchanged { reference }, ..news } } else { news });
    }

    fn allowed(&self, kind: &str, value: &Value, reference: &str, place: &str) -> Result<(), String> {
        let spec_type = value.pointer("/spec/type").and_then(Value::as_str);
        let rules = &self.portal.shared.sources.config.rules;
        let (origin_kind, origin_target) = self.origin.split_once(':').unwrap_or((&self.origin, ""));
        if rules.allows(kind, spec_type, origin_kind, origin_target, &self.location.rules) {
            return Ok(());
        }
        Err(stagedoor_ingest::not_allowed_text(reference, place, &self.origin))
    }
}

/// Queues what a Location document points at.
fn follow(name: &str, targets: &LocationTargets, line: u32, scope: &Scope<'_>, reading: &mut Reading, queue: &mut VecDeque<Pending>) {
    for target in &targets.targets {
        match stagedoor_ingest::resolve_target(&scope.location.kind, name, targets.kind.as_deref(), target) {
            Ok(target) => queue.push_back(Pending { target, optional: targets.optional }),
            Err(message) => reading.problems.push(Problem { line, ..whole_file(name, &message) }),
        }
    }
}

fn fail(pending: &Pending, outcome: Outcome, reading: &mut Reading, root: bool) {
    let message = match &outcome {
        Outcome::Unreachable(m) | Outcome::Gone(m) => m.clone(),
        Outcome::Read => return,
    };
    if pending.optional && matches!(outcome, Outcome::Gone(_)) {
        return;
    }
    reading.problems.push(whole_file(&pending.target, &message));
    if root {
        reading.outcome = outcome;
    } else if matches!(outcome, Outcome::Unreachable(_)) {
        // What could not be asked has not been taken back.
        reading.outcome = outcome;
    }
}

fn whole_file(file: &str, message: &str) -> Problem {
    Problem { level: "error", name: "Error".into(), message: message.into(), file: file.into(), line: 0, reference: None }
}

/// The Location entity that stands for a configured location, named as Backstage names it.
fn location_item(kind: &str, target: &str, origin: &str) -> Item {
    let digest = Sha1::digest(origin.as_bytes());
    let hash: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    let name = format!("generated-{hash}");
    let value = json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Location",
        "metadata": {
            "name": name,
            "namespace": "default",
            "annotations": {
                "backstage.io/managed-by-location": origin,
                "backstage.io/managed-by-origin-location": origin,
            },
        },
        "spec": { "type": kind, "target": target },
    });
    let content = Content::Document { reference: format!("location:default/{name}"), value };
    Item { item: format!("{origin}#location"), line: 0, content }
}
