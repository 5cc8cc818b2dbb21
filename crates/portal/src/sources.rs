//! Sources: what supplies entities, how it is doing, and how what it says gets into the catalog.
//!
//! There are three kinds, and one list of them ([`source`]): locations of the configuration, locations that somebody
//! has registered, and providers. The thread `sources` ([`engine`]) reads those that are due, asked for or touched
//! ([`timetable`]): files at once, whatever stands outside in jobs ([`job`]) that wait for nobody. A finished
//! [`reading`] becomes changes in a [`round`], through the writer like everything else.

mod ask;
mod budget;
mod cache;
mod conflict;
pub(crate) mod cron;
mod departed;
mod dry;
mod duty;
mod engine;
mod event;
mod fetch;
mod file;
mod forget;
mod includes;
mod item;
mod job;
mod kept;
mod reading;
mod reconcile;
mod remembered;
mod report;
mod round;
mod scope;
mod settle;
mod source;
mod standing;
mod timetable;
mod touched;
mod waiting;
mod watching;
mod wish;
mod work;

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use parking_lot::Mutex;
use stagedoor_hosts::{Budget, Hosts, Providers};
use stagedoor_ingest::{AllowRule, CodeHosts, Rules};
use stagedoor_model::Timestamp;
use stagedoor_outbound::Egress;
use stagedoor_query::{Blueprints, Catalog};
use tokio::sync::watch;

pub(crate) use fetch::one_text;
pub(crate) use includes::Includes;
pub(crate) use wish::Wish;

pub(crate) use ask::ReadEnd;
pub use conflict::{ClaimOf, NameConflict};
pub use report::{Conflict, SourceReport};
pub(crate) use source::REGISTERED;

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
    /// How URLs are read; without it URL locations are unreachable.
    pub hosts: Option<Arc<Hosts>>,
    /// What finds out by itself what there is.
    pub providers: Providers,
    /// How often what is asked.
    pub pace: Pace,
    /// Nobody may register or unregister locations.
    pub readonly: bool,
    /// Registering a location that is registered already reads it again, instead of being refused.
    pub refreshes_registered: bool,
    /// What a provider said stays when it is no longer in the configuration.
    pub keeps_abandoned: bool,
    /// Files that one source may lead to, directly and through Location documents.
    pub most_files: MostFiles,
    /// Folder for what is remembered of files across restarts; without it every start parses all of them.
    pub readings: Option<PathBuf>,
}

/// How many files one source may lead to. What is beyond is not read, and then nothing of the source is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MostFiles(pub usize);

impl Default for MostFiles {
    fn default() -> Self {
        Self(200_000)
    }
}

/// How often what is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two readings of a URL location; a host whose limit is nearly used up is asked less often. `None`: only
    /// when somebody asks, or the host tells.
    pub poll: Option<Duration>,
    /// Before the second attempt of a reading that has failed. It doubles with every further one.
    pub first_pause: Duration,
    /// What it doubles up to.
    pub longest_pause: Duration,
}

impl Default for Pace {
    /// Two minutes, within the 100 to 150 seconds of Backstage; 30 seconds; half an hour.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { poll: Some(seconds(120)), first_pause: seconds(30), longest_pause: seconds(1800) }
    }
}

/// State of the sources of a running portal.
pub(crate) struct Sources {
    pub(crate) config: SourcesConfig,
    /// What addresses of files look like at the hosts of the configuration.
    pub(crate) code_hosts: Arc<CodeHosts>,
    status: Mutex<BTreeMap<String, Status>>,
    /// Changes when another replica has read something.
    told: watch::Sender<u64>,
    pub(crate) departed: departed::Departed,
    events: Sender<event::Event>,
    inbox: Mutex<Option<Receiver<event::Event>>>,
}

/// How the last reading went. In memory only: a reading that changes nothing writes nothing.
#[derive(Clone, Default)]
struct Status {
    last_run: Option<Timestamp>,
    /// When it is read next by itself.
    next_run: Option<Timestamp>,
    running: bool,
    /// How often another replica has told that it has read it.
    told: u64,
}

impl Sources {
    pub(crate) fn new(config: SourcesConfig) -> Self {
        let (events, inbox) = channel();
        let code_hosts = config.hosts.as_ref().map(|hosts| CodeHosts::new(hosts.kinds())).unwrap_or_default();
        let code_hosts = Arc::new(code_hosts);
        let (status, told) = (Mutex::default(), watch::Sender::new(0));
        let (inbox, departed) = (Mutex::new(Some(inbox)), departed::Departed::default());
        Self { config, code_hosts, status, told, departed, events, inbox }
    }

    /// Wakes the thread that reads. Before it has started nobody listens, and it will look at everything anyway.
    fn send(&self, event: event::Event) {
        if self.inbox.lock().is_none() {
            let _ = self.events.send(event);
        }
    }

    /// Looks what a newer snapshot means for what is read: another list, or other kinds.
    pub(crate) fn compare(&self, before: &Catalog, after: &Catalog) {
        let list = |catalog: &Catalog| catalog.collection(REGISTERED).map(Arc::as_ptr);
        let same_kinds = std::ptr::eq(before.blueprints(), after.blueprints());
        if !same_kinds || list(before) != list(after) {
            self.send(event::Event::Catalog);
        }
    }

    /// The way out, if there is one.
    pub(crate) fn egress(&self) -> Option<Arc<Egress>> {
        self.config.hosts.as_ref().map(|hosts| hosts.egress())
    }
}

impl crate::Portal {
    /// The way out of the process, if there is one: one for all who read something outside.
    #[must_use]
    pub fn egress(&self) -> Option<Arc<Egress>> {
        self.shared.sources.egress()
    }

    /// The hosts outside that this portal reads from, if there is a way out.
    #[must_use]
    pub fn hosts(&self) -> Option<Arc<Hosts>> {
        self.shared.sources.config.hosts.clone()
    }

    /// What is known of the limits of every host that was asked by this process.
    #[must_use]
    pub fn budgets(&self) -> Vec<Budget> {
        self.shared.sources.config.hosts.as_ref().map(|hosts| hosts.budgets()).unwrap_or_default()
    }
}

impl Drop for Sources {
    /// The worker holds the other end of its own queue, so it has to be told.
    fn drop(&mut self) {
        let _ = self.events.send(event::Event::Stop);
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
    fingerprint: u64,
}

impl KnownKinds {
    pub(crate) fn of(blueprints: &Blueprints) -> Self {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let visible = blueprints.iter().filter(|e| e.visible && !e.face.shipped);
        let custom: HashSet<String> = visible.map(|e| e.face.kind_lower.clone()).collect();
        let mut names: Vec<&String> = custom.iter().collect();
        names.sort();
        let mut hasher = DefaultHasher::new();
        names.hash(&mut hasher);
        Self { fingerprint: hasher.finish(), custom }
    }

    /// Changes when the set does.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

impl stagedoor_ingest::CustomKinds for KnownKinds {
    fn is_known(&self, kind: &str) -> bool {
        self.custom.contains(&kind.to_lowercase())
    }
}
