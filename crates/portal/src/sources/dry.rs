//! What a location would say, without any of it getting into the catalog.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use serde_json::Value;
use stagedoor_hosts::{Found, HostError, Hosts, Priority};
use stagedoor_ingest::{ParsedDocument, ParsedEntity, PortItem, ReadContext, ReadDocument, read_documents};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::KnownKinds;
use super::includes::Includes;
use crate::Portal;

/// Files that one trial may read: somebody waits for it.
const MOST_FILES: usize = 500;
/// Read at once.
const AT_ONCE: usize = 8;

/// A document that a location leads to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DryDocument {
    /// `url:<address of its file>`.
    pub(crate) place: String,
    /// As it would be stored.
    pub(crate) value: Value,
    /// Lower-case.
    pub(crate) reference: String,
    /// First line of it in its file, from 1.
    pub(crate) line: u32,
}

/// A blueprint or entity in Port's form that a location leads to: `(place, line, body)`.
pub(crate) type DryItem = (String, u32, PortItem);

/// Something that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DryError {
    /// `<name>: <message>`.
    pub(crate) text: String,
    /// The address of its file; empty where that cannot be told.
    pub(crate) file: String,
    /// From 1; 0 where the whole file is meant.
    pub(crate) line: u32,
    /// From 1; 0 where there is no line.
    pub(crate) column: u32,
    /// Lower-case reference of the document, where it can be told.
    pub(crate) reference: Option<String>,
}

/// What a location would say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DryReading {
    /// In the order of the files and of the documents in them.
    pub(crate) documents: Vec<DryDocument>,
    /// Blueprints and entities in Port's form among them.
    pub(crate) items: Vec<DryItem>,
    /// Everything that is wrong.
    pub(crate) errors: Vec<DryError>,
}

impl DryReading {
    fn wrong(&mut self, file: &str, text: impl Into<String>) {
        self.errors.push(DryError { text: text.into(), file: file.to_owned(), ..DryError::default() });
    }
}

/// A target that still has to be read.
struct Target {
    url: String,
    optional: bool,
}

impl Portal {
    /// Reads a location and everything that it leads to, under the rules that would hold for it, and writes nothing.
    /// Only addresses are read.
    pub(crate) async fn dry_read(&self, kind: &str, target: &str, runtime: &Handle) -> DryReading {
        let mut reading = DryReading::default();
        let Some(hosts) = self.hosts().filter(|_| kind == "url") else {
            let message = if kind == "url" {
                "outbound calls are switched off"
            } else {
                "only url locations can be tried"
            };
            reading.wrong("", format!("InputError: {message}"));
            return reading;
        };
        let origin = format!("url:{target}");
        let code = &self.shared.sources.code_hosts;
        let kinds = KnownKinds::of(self.shared.catalog.load().blueprints());
        let url = code.resolve_target("url", target, None, target).unwrap_or_else(|_| target.to_owned());
        let mut queue = VecDeque::from([Target { url, optional: false }]);
        let mut seen = HashSet::new();
        while !queue.is_empty() {
            let wave: Vec<Target> = std::iter::from_fn(|| queue.pop_front())
                .filter(|target| seen.insert(target.url.clone()))
                .take(AT_ONCE)
                .collect();
            for (target, found) in read_all(&hosts, wave, runtime).await {
                for file in taken(&mut reading, &target, found) {
                    if seen.len() > MOST_FILES {
                        let text = format!("InputError: more than {MOST_FILES} files; register it instead");
                        reading.wrong("", text);
                        return reading;
                    }
                    if file.url == target.url || seen.insert(file.url.clone()) {
                        let trial =
                            Trial { portal: self, kinds: &kinds, origin: &origin, hosts: &hosts, runtime };
                        queue.extend(trial.take(&file, &mut reading).await);
                    }
                }
            }
        }
        reading
    }
}

/// Reads some targets at once, answered in their order.
async fn read_all(
    hosts: &Arc<Hosts>,
    wave: Vec<Target>,
    runtime: &Handle,
) -> Vec<(Target, Result<Vec<Found>, HostError>)> {
    let mut tasks = JoinSet::new();
    for (at, target) in wave.into_iter().enumerate() {
        let hosts = Arc::clone(hosts);
        let read = async move { (at, hosts.read(&target.url, Priority::Person).await, target) };
        tasks.spawn_on(read, runtime);
    }
    let mut all = Vec::new();
    while let Some(done) = tasks.join_next().await {
        all.extend(done.ok());
    }
    all.sort_by_key(|(at, ..)| *at);
    all.into_iter().map(|(_, found, target)| (target, found)).collect()
}

fn taken(reading: &mut DryReading, target: &Target, found: Result<Vec<Found>, HostError>) -> Vec<Found> {
    match found {
        Ok(found) => return found,
        Err(HostError::NotFound(_)) if target.optional => {}
        Err(HostError::NotFound(message)) => {
            let text = format!("NotFoundError: Unable to read url, NotFoundError: {message}");
            reading.wrong(&target.url, text);
        }
        Err(error) => {
            reading.wrong(&target.url, format!("Error: Unable to read url, Error: {error}"));
        }
    }
    Vec::new()
}

/// What stays the same for all files.
struct Trial<'a> {
    portal: &'a Portal,
    kinds: &'a KnownKinds,
    origin: &'a str,
    hosts: &'a Arc<Hosts>,
    runtime: &'a Handle,
}

impl Trial<'_> {
    /// Takes a file apart. Answers what it leads to.
    async fn take(&self, file: &Found, reading: &mut DryReading) -> Vec<Target> {
        let Ok(text) = std::str::from_utf8(&file.body) else {
            reading.wrong(&file.url, format!("Error: {} is not UTF-8 text", file.url));
            return Vec::new();
        };
        let place = format!("url:{}", file.url);
        let mut leads = Vec::new();
        for document in self.documents(&place, text).await {
            match document.outcome {
                Ok(ParsedDocument::Entity(entity)) => {
                    self.take_entity((&place, document.line), &file.url, entity, reading, &mut leads)
                }
                // They have no face yet: nothing to show as an entity of Backstage's.
                Ok(ParsedDocument::Port(item)) => reading.items.push((place.clone(), document.line, item)),
                Err(error) => reading.errors.push(DryError {
                    text: format!("{}: {}", error.name, error.message),
                    file: file.url.clone(),
                    line: error.line,
                    column: error.column,
                    reference: error.entity_ref,
                }),
            }
        }
        leads
    }

    /// The documents of a text; what placeholders name is read first.
    async fn documents(&self, place: &str, text: &str) -> Vec<ReadDocument> {
        let mut includes = Includes::over(Arc::clone(&self.portal.shared.sources.code_hosts));
        loop {
            let context = ReadContext::for_location(place, self.origin, self.kinds);
            let context = context.with_hosts(&self.portal.shared.sources.code_hosts);
            let documents = read_documents(text, &context.with_placeholders(&includes));
            let wanted = includes.take_wanted();
            if wanted.is_empty() {
                return documents;
            }
            let wave = wanted.into_iter().map(|url| Target { url, optional: false }).collect();
            for (target, found) in read_all(self.hosts, wave, self.runtime).await {
                includes.put(target.url, found.and_then(super::fetch::one_text));
            }
        }
    }

    fn take_entity(
        &self,
        (place, line): (&str, u32),
        name: &str,
        entity: ParsedEntity,
        reading: &mut DryReading,
        leads: &mut Vec<Target>,
    ) {
        let sources = &self.portal.shared.sources;
        let spec_type = entity.value.pointer("/spec/type").and_then(Value::as_str);
        let (origin_kind, origin) = self.origin.split_once(':').unwrap_or((self.origin, ""));
        if !sources.config.rules.allows(&entity.kind, spec_type, origin_kind, origin, &[]) {
            let text = stagedoor_ingest::not_allowed_text(&entity.entity_ref, place, self.origin);
            reading.errors.push(DryError {
                text: format!("NotAllowedError: {text}"),
                file: name.to_owned(),
                line,
                column: 1,
                reference: Some(entity.entity_ref),
            });
            return;
        }
        for targets in entity.targets.iter() {
            for target in &targets.targets {
                match sources.code_hosts.resolve_target("url", name, targets.kind.as_deref(), target) {
                    Ok(url) => leads.push(Target { url, optional: targets.optional }),
                    Err(message) => reading.errors.push(DryError {
                        text: format!("InputError: {message}"),
                        file: name.to_owned(),
                        line,
                        column: 1,
                        reference: Some(entity.entity_ref.clone()),
                    }),
                }
            }
        }
        let (value, reference) = (entity.value, entity.entity_ref);
        reading.documents.push(DryDocument { place: place.to_owned(), value, reference, line });
    }
}
