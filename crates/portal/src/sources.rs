//! Sources: what supplies entities, how it is doing, and how what it says gets into the catalog.
//!
//! A configured location is a source. [`read`] turns it into documents and problems, [`reconcile`]
//! turns those into changes (through the writer, like everything else), [`worker`] decides when.

mod cache;
mod file;
mod item;
mod kept;
mod reading;
mod reconcile;
mod remembered;
mod report;
mod standing;
mod url;
mod wish;
mod worker;

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use parking_lot::Mutex;
use stagedoor_ingest::{AllowRule, Rules};
use stagedoor_model::Timestamp;
use stagedoor_outbound::Egress;
use stagedoor_query::Blueprints;

pub(crate) use wish::Wish;

pub use report::{Conflict, SourceReport};

/// A location to read, from the configuration.
#[derive(Clone, Debug)]
pub struct LocationConfig {
    /// `file` or `url`.
    pub kind: String,
    /// Path, glob or URL, as written.
    pub target: String,
    /// Extra rules for this location alone.
    pub rules: Vec<AllowRule>,
    /// Folders that a relative file target is looked for in, in order.
    pub base_dirs: Vec<PathBuf>,
}

/// All that decides what is read.
#[derive(Clone, Default)]
pub struct SourcesConfig {
    /// The locations.
    pub locations: Vec<LocationConfig>,
    /// Which kinds may come from where.
    pub rules: Rules,
    /// How URLs are fetched; without it URL locations are unreachable.
    pub egress: Option<Arc<Egress>>,
    /// Folder for what is remembered of files across restarts; without it every start parses all of them.
    pub readings: Option<PathBuf>,
}

/// State of the sources of a running portal.
pub(crate) struct Sources {
    config: SourcesConfig,
    status: Mutex<BTreeMap<String, Status>>,
    events: Sender<worker::Event>,
    inbox: Mutex<Option<Receiver<worker::Event>>>,
}

/// How the last reading went. In memory only: a reading that changes nothing writes nothing.
#[derive(Clone, Default)]
struct Status {
    last_run: Option<Timestamp>,
}

impl Sources {
    pub(crate) fn new(config: SourcesConfig) -> Self {
        let (events, inbox) = channel();
        Self { config, status: Mutex::default(), events, inbox: Mutex::new(Some(inbox)) }
    }

    /// The way out, if there is one.
    pub(crate) fn egress(&self) -> Option<Arc<Egress>> {
        self.config.egress.clone()
    }
}

impl crate::Portal {
    /// The way out of the process, if there is one: one for all who read something outside.
    #[must_use]
    pub fn egress(&self) -> Option<Arc<Egress>> {
        self.shared.sources.egress()
    }
}

impl Drop for Sources {
    /// The worker holds the other end of its own queue, so it has to be told.
    fn drop(&mut self) {
        let _ = self.events.send(worker::Event::Stop);
    }
}

impl LocationConfig {
    /// `<type>:<target>`, which names the source everywhere.
    pub(crate) fn id(&self) -> String {
        format!("{}:{}", self.kind, self.target)
    }
}

/// The kinds that documents may have: the shipped ones are known to the reader, these are the others.
pub(crate) struct KnownKinds {
    custom: HashSet<String>,
}

impl KnownKinds {
    pub(crate) fn of(blueprints: &Blueprints) -> Self {
        let visible = blueprints.iter().filter(|e| e.visible && !e.face.shipped);
        Self { custom: visible.map(|e| e.face.kind_lower.clone()).collect() }
    }
}

impl KnownKinds {
    /// Changes when the set does.
    pub(crate) fn fingerprint(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut names: Vec<&String> = self.custom.iter().collect();
        names.sort();
        let mut hasher = DefaultHasher::new();
        names.hash(&mut hasher);
        hasher.finish()
    }
}

impl stagedoor_ingest::CustomKinds for KnownKinds {
    fn is_known(&self, kind: &str) -> bool {
        self.custom.contains(&kind.to_lowercase())
    }
}
