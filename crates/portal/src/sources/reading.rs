//! One reading of a location: its documents and those of the locations they name, and what is wrong with them.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use stagedoor_ingest::files::FileErrorKind;
use stagedoor_ingest::{
    DocumentError, LocationTargets, ParsedDocument, PortItem, ReadContext, ReadDocument, files,
    read_documents,
};
use stagedoor_query::Catalog;
use tokio::runtime::Handle;

use super::cache::{Cache, Summary};
use super::item::{Content, Item, location_item};
use super::kept::{Kept, keep_target, keep_where_locations_lead};
use super::reconcile::Spoken;
use super::remembered::{Basis, Claimed, Digest, Remembered};
use super::standing::Standing;
use super::url::Urls;
use super::{KnownKinds, LocationConfig};
use crate::Portal;
use crate::clock;
use crate::problems::Problem;

/// Stands between a source and its target in the id of what is remembered of the target.
pub(crate) const TARGET_MARK: &str = " > ";
/// How long the entities of what is absent are kept, in milliseconds.
pub(crate) const GONE_GRACE: i64 = 24 * 60 * 60 * 1000;
/// Files that one location may lead to, directly and through Location documents.
const MAX_FILES: usize = 200_000;

/// What a location says.
pub(crate) struct Reading {
    pub(crate) outcome: Outcome,
    pub(crate) blueprints: Vec<DeclaredBlueprint>,
    pub(crate) items: Vec<Item>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) directories: BTreeSet<PathBuf>,
    /// Why a part of it could not be reached.
    pub(crate) unreached: Option<String>,
    /// Targets of Location documents that are authoritatively absent, with the reason.
    pub(crate) gone: BTreeMap<String, String>,
    /// Where it could not be understood.
    pub(super) kept: Kept,
    /// Bad documents: item and reference.
    bad: Vec<(String, String)>,
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

impl Reading {
    fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            blueprints: Vec::new(),
            items: Vec::new(),
            problems: Vec::new(),
            directories: BTreeSet::new(),
            unreached: None,
            gone: BTreeMap::new(),
            kept: Kept::default(),
            bad: Vec::new(),
        }
    }

    fn bad_document(&mut self, item: String, file: &str, place: &str, error: DocumentError) {
        match &error.entity_ref {
            Some(reference) => self.bad.push((item, reference.clone())),
            // Whose document it is cannot be told: everything the file said before still counts.
            None => drop(self.kept.files.insert(place.to_owned())),
        }
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
    pub(crate) fn spoken(&self, source: &str, catalog: &Catalog) -> Spoken {
        let mut spoken = Spoken { kept: self.kept.clone(), ..Spoken::default() };
        for item in &self.items {
            let reference = item.content.reference(catalog);
            spoken.items.insert(item.item.clone(), reference);
        }
        for (item, reference) in &self.bad {
            let entity = catalog.node_of_ref(reference).and_then(|n| catalog.entity(n));
            // A reference that is not the source's may be the mistake: then the place tells what is meant.
            if entity.and_then(|e| e.record.claim.as_ref()).is_some_and(|c| c.source == source) {
                spoken.kept.references.insert(reference.clone());
            } else {
                spoken.kept.items.insert(item.clone());
            }
        }
        keep_where_locations_lead(&mut spoken.kept, source, catalog);
        spoken
    }
}

/// Reads locations, remembering files that have not changed.
#[derive(Default)]
pub(crate) struct Reader {
    pub(super) cache: Cache,
    /// Across restarts, where there is a folder for it.
    pub(super) remembered: Option<Remembered>,
    /// The claims that stand, gathered when a reading first asks for them.
    pub(super) standing: Option<Standing>,
    urls: Urls,
}

/// A file or URL that still has to be read, and the kind of location that named it.
pub(super) struct Pending {
    target: String,
    /// Absent is fine.
    optional: bool,
}

impl Reader {
    /// A reader that remembers files in a folder.
    pub(crate) fn over(folder: Option<&Path>) -> Self {
        Self { remembered: folder.map(Remembered::in_folder), ..Self::default() }
    }

    /// A reading of all sources begins.
    pub(crate) fn begin(&mut self) {
        self.remembered.iter_mut().for_each(Remembered::begin);
    }

    /// All sources have been read; what they say comes into the catalog now.
    pub(crate) fn end(&mut self) {
        self.standing = None;
    }

    /// Keeps what is remembered of files for the next start.
    pub(crate) fn save(&mut self) {
        self.remembered.iter_mut().for_each(Remembered::save);
    }

    /// Asks URLs again at the next reading.
    pub(crate) fn forget_urls(&mut self) {
        self.urls.forget();
    }

    /// Reads a location and everything it leads to.
    pub(crate) fn read(
        &mut self,
        location: &LocationConfig,
        portal: &Portal,
        kinds: &KnownKinds,
        runtime: &Handle,
    ) -> Reading {
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
        let basis = Basis::of(location, &origin, &portal.shared.sources.config.rules, kinds);
        let scope = Scope { location, portal, kinds, runtime, origin, source: location.id(), catalog, basis };
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
            for path in expand(&pending, &scope, &mut reading, first) {
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

    fn read_url(
        &mut self,
        pending: &Pending,
        scope: &Scope<'_>,
        reading: &mut Reading,
        queue: &mut VecDeque<Pending>,
        root: bool,
    ) {
        let egress = scope.portal.shared.sources.config.egress.as_deref();
        match self.urls.get(&pending.target, egress, scope.runtime) {
            Ok(text) => {
                let (summary, _) = scope.take(&pending.target, &text, reading);
                summary.targets.iter().for_each(|(targets, line)| {
                    follow(&pending.target, targets, *line, scope, reading, queue)
                });
            }
            Err(outcome) => fail(pending, scope, outcome, reading, root),
        }
    }
}

/// The files that a target means.
fn expand(pending: &Pending, scope: &Scope<'_>, reading: &mut Reading, root: bool) -> Vec<PathBuf> {
    match files::expand(&pending.target, Path::new("/")) {
        Ok(expansion) => {
            reading.directories.extend(expansion.directories);
            expansion.files
        }
        Err(error) => {
            reading.directories.extend(error.directories().iter().cloned());
            let outcome = match error.kind {
                FileErrorKind::NotFound => Outcome::Gone(error.to_string()),
                _ => Outcome::Unreachable(error.to_string()),
            };
            fail(pending, scope, outcome, reading, root);
            Vec::new()
        }
    }
}

/// What stays the same during one reading.
pub(super) struct Scope<'a> {
    location: &'a LocationConfig,
    pub(super) portal: &'a Portal,
    pub(super) kinds: &'a KnownKinds,
    runtime: &'a Handle,
    origin: String,
    pub(super) source: String,
    pub(super) catalog: Arc<Catalog>,
    pub(super) basis: Basis,
}

impl Scope<'_> {
    /// Under which a target of a Location document is remembered as gone.
    fn target_id(&self, target: &str) -> String {
        format!("{}{TARGET_MARK}{}:{target}", self.source, self.location.kind)
    }

    /// Whether a target has been gone for longer than its entities are kept.
    fn is_long_gone(&self, target: &str) -> bool {
        let since = self.catalog.sources().get(&self.target_id(target)).map(|s| s.since.0);
        since.is_some_and(|since| clock::now().0 - since > GONE_GRACE)
    }

    /// Takes a text apart into the reading; the summary says what to remember of it and where it leads, the
    /// digest what it claims.
    pub(super) fn take(&self, name: &str, text: &str, reading: &mut Reading) -> (Summary, Digest) {
        let place = format!("{}:{name}", self.location.kind);
        let context = ReadContext::for_location(&place, &self.origin, self.kinds);
        let mut summary = Summary::default();
        let mut claimed = Claimed::default();
        for document in read_documents(text, &context) {
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
            reading.problems.push(Problem {
                level: "error",
                name,
                message,
                file,
                line,
                reference: Some(entity.entity_ref),
            });
            return;
        }
        summary.targets.extend(entity.targets.map(|targets| (targets, line)));
        summary.claims.push((item.clone(), line, entity.entity_ref.clone()));
        let reference = entity.entity_ref;
        let news = Item {
            item,
            line,
            content: Content::Document { reference: reference.clone(), document: entity.text },
        };
        // Most documents of most readings say nothing new: they are let go at once.
        let known = news.is_in(&self.catalog, &self.source);
        reading.items.push(if known {
            Item { content: Content::Unchanged { reference }, ..news }
        } else {
            news
        });
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
pub(super) fn follow(
    name: &str,
    targets: &LocationTargets,
    line: u32,
    scope: &Scope<'_>,
    reading: &mut Reading,
    queue: &mut VecDeque<Pending>,
) {
    for target in &targets.targets {
        match stagedoor_ingest::resolve_target(&scope.location.kind, name, targets.kind.as_deref(), target) {
            Ok(target) => queue.push_back(Pending { target, optional: targets.optional }),
            Err(message) => reading.problems.push(Problem { line, ..whole_file(name, &message) }),
        }
    }
}

/// A target has no text. What it said before still counts: a missing file is a mistake more often than a wish.
fn fail(pending: &Pending, scope: &Scope<'_>, outcome: Outcome, reading: &mut Reading, root: bool) {
    let (Outcome::Unreachable(message) | Outcome::Gone(message)) = &outcome else { return };
    if pending.optional && matches!(outcome, Outcome::Gone(_)) {
        return;
    }
    reading.problems.push(whole_file(&pending.target, message));
    if root {
        reading.outcome = outcome;
        return;
    }
    if matches!(outcome, Outcome::Unreachable(_)) {
        reading.unreached = Some(message.clone());
    } else {
        reading.gone.insert(scope.target_id(&pending.target), message.clone());
        if scope.is_long_gone(&pending.target) {
            return;
        }
    }
    keep_target(&mut reading.kept, &scope.location.kind, &pending.target);
}

pub(super) fn whole_file(file: &str, message: &str) -> Problem {
    Problem {
        level: "error",
        name: "Error".into(),
        message: message.into(),
        file: file.into(),
        line: 0,
        reference: None,
    }
}
