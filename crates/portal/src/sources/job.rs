//! The reading of one source that stands outside, step by step: whatever arrives is taken apart, and what it leads to
//! is asked for. No step waits.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use stagedoor_hosts::{Discovery, Found, HostError, Priority};
use stagedoor_ingest::{ReadContext, read_value};
use stagedoor_query::Catalog;

use super::KnownKinds;
use super::fetch::Request;
use super::file::{Reader, Took};
use super::includes::Includes;
use super::item::location_item;
use super::reading::{Lead, Outcome, Reading, whole_file};
use super::remembered::Basis;
use super::scope::{Pending, Scope};
use super::source::Source;
use crate::Portal;
use crate::problems::Problem;

const PLACE: &str = "backstage.io/managed-by-location";
const ORIGIN: &str = "backstage.io/managed-by-origin-location";

/// A reading that is under way.
pub(super) struct Job {
    pub(super) source: Source,
    /// Readings of one batch come into the catalog together.
    pub(super) batch: u64,
    pub(super) priority: Priority,
    /// How often it has been begun again.
    pub(super) round: usize,
    pub(super) reading: Reading,
    basis: Basis,
    kinds: Arc<KnownKinds>,
    /// Of the following, at most.
    most: usize,
    /// Files that it has taken, and targets that it has asked for.
    seen: HashSet<String>,
    outstanding: usize,
    including: usize,
    includes: Includes,
    /// Texts that wait for what they include.
    postponed: Vec<(String, Bytes, Pending)>,
    /// What it was begun with.
    pub(super) part: Option<Vec<Pending>>,
    /// There are places that it does not know of, and so cannot keep what was said there.
    incomplete: bool,
}

/// What a job begins with.
pub(super) struct Start {
    pub(super) source: Source,
    pub(super) batch: u64,
    pub(super) priority: Priority,
    pub(super) round: usize,
    /// Only these of its targets.
    pub(super) part: Option<Vec<Pending>>,
}

impl Job {
    /// A job, and what it needs first.
    pub(super) fn new(start: Start, portal: &Portal, kinds: &Arc<KnownKinds>) -> (Self, Vec<Request>) {
        let Start { source, batch, priority, round, part } = start;
        let hosts = &portal.shared.sources.code_hosts;
        let basis = Basis::of(&source, &portal.shared.sources.config.rules, kinds);
        let mut job = Self {
            source,
            batch,
            priority,
            round,
            reading: Reading::of(part.is_some()),
            basis,
            kinds: Arc::clone(kinds),
            most: portal.shared.sources.config.most_files.0,
            seen: HashSet::new(),
            outstanding: 0,
            including: 0,
            includes: Includes::over(Arc::clone(hosts)),
            postponed: Vec::new(),
            part: part.clone(),
            incomplete: false,
        };
        let mut queue = VecDeque::new();
        if let Some(location) = job.source.location() {
            let origin = job.source.id.as_str();
            job.reading.items.push(location_item(&location.kind, &location.target, origin, hosts));
            if part.is_none() {
                let target = &location.target;
                // The address as the host writes it.
                let target =
                    hosts.resolve_target("url", target, None, target).unwrap_or_else(|_| target.clone());
                queue.push_back(Pending { target, origin: origin.into(), optional: false, root: true });
            }
        }
        queue.extend(part.into_iter().flatten());
        let discover = (!job.reading.partial).then(|| job.source.provider().cloned()).flatten();
        job.outstanding += usize::from(discover.is_some());
        let mut requests = job.ask(queue);
        requests.extend(discover.map(Request::Discover));
        (job, requests)
    }

    /// Whether everything has arrived.
    pub(super) fn is_done(&self) -> bool {
        self.outstanding == 0 && self.including == 0
    }

    /// A target has been read.
    pub(super) fn fetched(
        &mut self,
        pending: Pending,
        result: Result<Vec<Found>, HostError>,
        reader: &mut Reader,
        portal: &Portal,
    ) -> Vec<Request> {
        self.outstanding -= 1;
        let mut queue = VecDeque::new();
        let found = match result {
            Ok(found) => found,
            Err(error) => {
                let outcome = self.reading.refused(&error);
                self.fail(&pending, outcome, portal);
                Vec::new()
            }
        };
        // One bad file of many is not the whole source.
        let each = Pending { root: pending.root && found.len() == 1, ..pending.clone() };
        let mut lead = Lead { pending, files: Vec::new(), leads_on: false };
        for file in found {
            lead.files.push(file.url.clone());
            if self.seen.insert(format!("file {}", file.url)) {
                lead.leads_on |= self.take(&file.url, &file.body, &each, reader, portal, &mut queue);
            }
        }
        self.reading.leads.push(lead);
        let mut requests = self.ask(queue);
        requests.extend(self.ask_includes());
        requests
    }

    /// What a placeholder names has been read.
    pub(super) fn included(
        &mut self,
        url: String,
        text: Result<String, HostError>,
        reader: &mut Reader,
        portal: &Portal,
    ) -> Vec<Request> {
        self.including -= 1;
        self.includes.put(url, text);
        if self.including > 0 {
            return Vec::new();
        }
        let mut queue = VecDeque::new();
        for (url, body, pending) in std::mem::take(&mut self.postponed) {
            let leads_on = self.take(&url, &body, &pending, reader, portal, &mut queue);
            if let Some(lead) = self.reading.leads.iter_mut().find(|lead| lead.files.contains(&url)) {
                lead.leads_on |= leads_on;
                // A change of one of these is a change of the document.
                lead.files.extend(self.includes.urls().cloned());
            }
        }
        let mut requests = self.ask(queue);
        requests.extend(self.ask_includes());
        requests
    }

    /// A provider has answered.
    pub(super) fn discovered(
        &mut self,
        result: Result<Discovery, HostError>,
        portal: &Portal,
    ) -> Vec<Request> {
        self.outstanding -= 1;
        let discovery = match result {
            Ok(discovery) => discovery,
            Err(error) => {
                // "Not found" may be a credential that has lost its rights: nothing is gone for that.
                if let HostError::Exhausted { .. } = &error {
                    self.reading.refused(&error);
                }
                self.reading.problems.push(whole_file(&self.source.target(), &error.to_string()));
                self.reading.outcome = Outcome::Unreachable(error.to_string());
                return Vec::new();
            }
        };
        if let Some(missed) = discovery.missed {
            self.reading.problems.push(whole_file(&self.source.target(), &missed));
            self.reading.unreached = Some(missed);
            self.incomplete = true;
        }
        let mut queue = VecDeque::new();
        let mut named = HashSet::new();
        for found in discovery.found {
            self.take_discovered(found.document, portal, &mut named, &mut queue);
        }
        self.ask(queue)
    }

    /// The reading, complete.
    pub(super) fn finish(mut self) -> (Source, Reading) {
        if self.reading.partial || self.incomplete {
            self.reading.limit_to_what_was_read(self.source.place_kind());
        }
        (self.source, self.reading)
    }

    /// Takes a document that a provider has found. The rules are not for it: the configuration names the provider.
    fn take_discovered(
        &mut self,
        document: Value,
        portal: &Portal,
        named: &mut HashSet<String>,
        queue: &mut VecDeque<Pending>,
    ) {
        let annotation = |key: &str| {
            let annotations = document.get("metadata").and_then(|m| m.get("annotations"));
            annotations.and_then(|a| a.get(key)).and_then(Value::as_str).map(str::to_owned)
        };
        let place = annotation(PLACE).unwrap_or_else(|| self.source.id.clone());
        let origin = annotation(ORIGIN).unwrap_or_else(|| place.clone());
        let hosts = &portal.shared.sources.code_hosts;
        let context = ReadContext::for_location(&place, &origin, self.kinds.as_ref()).with_hosts(hosts);
        let entity = match read_value(document, &context) {
            Ok(entity) => entity,
            Err(error) => {
                let reference = error.entity_ref.clone().unwrap_or_default();
                let (item, own) = (format!("{}#{reference}", self.source.id), self.source.id.clone());
                self.reading.bad_document(item, &place, &own, error);
                return;
            }
        };
        if !named.insert(entity.entity_ref.clone()) {
            let message = format!("{} was found twice; the first one counts", entity.entity_ref);
            let reference = Some(entity.entity_ref);
            self.reading.problems.push(Problem { reference, ..whole_file(&place, &message) });
            return;
        }
        for targets in entity.targets.iter() {
            for target in &targets.targets {
                let base = place.strip_prefix("url:").unwrap_or(target);
                match hosts.resolve_target("url", base, targets.kind.as_deref(), target) {
                    Ok(target) => queue.push_back(Pending {
                        target,
                        origin: origin.as_str().into(),
                        optional: targets.optional,
                        root: false,
                    }),
                    Err(message) => self.reading.problems.push(whole_file(&place, &message)),
                }
            }
        }
        let scope = scope(&self.source, portal, &self.kinds, &origin, &self.basis, &self.includes);
        let item = format!("{}#{}", self.source.id, entity.entity_ref);
        scope.take_entity(item, 0, entity, &mut self.reading);
    }

    /// Takes a text. Whether it leads on.
    fn take(
        &mut self,
        url: &str,
        body: &Bytes,
        pending: &Pending,
        reader: &mut Reader,
        portal: &Portal,
        queue: &mut VecDeque<Pending>,
    ) -> bool {
        let scope = scope(&self.source, portal, &self.kinds, &pending.origin, &self.basis, &self.includes);
        match reader.read_url(url, body, &scope, &mut self.reading, queue) {
            Took::Taken { leads_on } => leads_on,
            Took::Postponed => {
                self.postponed.push((url.to_owned(), body.clone(), pending.clone()));
                false
            }
            Took::Refused(message) => {
                let of_file = Pending { target: url.to_owned(), ..pending.clone() };
                self.fail(&of_file, Outcome::Unreachable(message), portal);
                false
            }
        }
    }

    fn fail(&mut self, pending: &Pending, outcome: Outcome, portal: &Portal) {
        let scope = scope(&self.source, portal, &self.kinds, &pending.origin, &self.basis, &self.includes);
        self.reading.fail(pending, &scope, outcome);
    }

    /// Asks for each target once.
    fn ask(&mut self, queue: VecDeque<Pending>) -> Vec<Request> {
        let mut requests = Vec::new();
        for pending in queue {
            if self.seen.len() >= self.most {
                self.reading.leads_too_far(&pending.target, self.most);
                break;
            }
            if self.seen.insert(format!("target {}", pending.target)) {
                requests.push(Request::Target(pending));
            }
        }
        self.outstanding += requests.len();
        requests
    }

    fn ask_includes(&mut self) -> Vec<Request> {
        let wanted = self.includes.take_wanted();
        self.including += wanted.len();
        wanted.into_iter().map(Request::Include).collect()
    }
}

fn scope<'a>(
    source: &'a Source,
    portal: &'a Portal,
    kinds: &'a KnownKinds,
    origin: &'a str,
    basis: &'a Basis,
    includes: &'a Includes,
) -> Scope<'a> {
    let catalog: Arc<Catalog> = portal.shared.catalog.load_full();
    Scope { source, portal, kinds, origin, catalog, basis, includes: Some(includes) }
}
