//! The thread that reads the sources: it wakes up when something happens or is due, reads what that concerns, and
//! sleeps. Files are read here; what stands outside is read by tasks, whose answers come as events.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use stagedoor_hosts::{Priority, ProviderEvent};
use stagedoor_model::{SourceState, Timestamp};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::budget::Agreed;
use super::event::{Asked, Event};
use super::fetch::Fetcher;
use super::file::Reader;
use super::job::Job;
use super::reading::Lead;
use super::scope::Pending;
use super::settle::SETTLE;
use super::source::{Origin, Source};
use super::timetable::Timetable;
use super::touched::Push;
use super::waiting::Waiting;
use super::watching::Watching;
use super::{KnownKinds, Status};
use crate::{Portal, clock};

/// Files that never rest do not delay the reading of others longer than this.
const PATIENCE: Duration = Duration::from_millis(400);
/// A wish that is ahead of the snapshot that has its source: how often it is looked for, and how long.
const AHEAD: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Starts the thread.
pub(super) fn start(portal: &Portal, inbox: Receiver<Event>) {
    let weak = Arc::downgrade(&portal.shared);
    let (events, config) = (portal.shared.sources.events.clone(), portal.shared.sources.config.clone());
    let runtime = Handle::current();
    let run = move || {
        let upgrade = move || weak.upgrade().map(|shared| Portal { shared });
        let engine = Engine {
            fetcher: Fetcher::new(config.hosts.clone(), runtime.clone(), events.clone()),
            runtime,
            watching: Watching::new(events),
            // The folder is looked at here, so that the start does not wait for it.
            reader: Reader::over(config.readings.as_deref()),
            timetable: Timetable::default(),
            all: Vec::new(),
            listed: BTreeMap::new(),
            jobs: HashMap::new(),
            ended: HashMap::new(),
            next: 0,
            waiting: Waiting::default(),
            agreed: HashMap::new(),
            held: HashMap::new(),
            leads: HashMap::new(),
            missed: HashMap::new(),
            ahead: Vec::new(),
            kinds: None,
            revision: None,
            led: false,
            grace: None,
        };
        engine.run(&inbox, &upgrade);
    };
    if let Err(error) = std::thread::Builder::new().name("sources".into()).spawn(run) {
        tracing::error!(%error, "sources cannot be read");
    }
}

/// The thread and all that it knows.
pub(super) struct Engine {
    pub(super) runtime: Handle,
    pub(super) fetcher: Fetcher,
    pub(super) watching: Watching,
    pub(super) reader: Reader,
    pub(super) timetable: Timetable,
    /// Every source.
    pub(super) all: Vec<Source>,
    /// Those that are read here.
    pub(super) listed: BTreeMap<String, Source>,
    /// Readings from outside that are under way.
    pub(super) jobs: HashMap<u64, Job>,
    /// Those that have ended and wait for their batch.
    pub(super) ended: HashMap<u64, Vec<(u64, Job)>>,
    pub(super) next: u64,
    pub(super) waiting: Waiting,
    /// What a person has agreed that sources may lose, in their next reading.
    pub(super) agreed: HashMap<String, Agreed>,
    /// What those that are held would have lost in their last reading.
    pub(super) held: HashMap<String, Arc<HashSet<String>>>,
    /// What each source has led to.
    pub(super) leads: HashMap<String, Vec<Lead>>,
    /// Parts that were touched while their source was being read.
    pub(super) missed: HashMap<String, Vec<Pending>>,
    ahead: Vec<(Asked, Instant)>,
    /// The kinds that the last readings were judged by.
    kinds: Option<u64>,
    /// The newest state that was looked at.
    revision: Option<u64>,
    led: bool,
    /// When those that are no longer listed are looked at again, in milliseconds since 1970.
    pub(super) grace: Option<i64>,
}

impl Engine {
    fn run(mut self, inbox: &Receiver<Event>, portal: &dyn Fn() -> Option<Portal>) {
        loop {
            let first = match self.wait() {
                Some(wait) => inbox.recv_timeout(wait),
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let mut events = Vec::new();
            let mut pending = match first {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let patience = Instant::now() + PATIENCE;
            while let Some(event) = pending.take() {
                let settle = match &event {
                    Event::Stop => return,
                    Event::Files(_) => SETTLE.min(patience.saturating_duration_since(Instant::now())),
                    _ => Duration::ZERO,
                };
                events.push(event);
                if Instant::now() < patience {
                    pending = inbox.recv_timeout(settle).ok();
                }
            }
            let Some(portal) = portal() else { return };
            self.turn(&portal, events);
        }
    }

    /// How long there is nothing to do, unless something happens.
    fn wait(&self) -> Option<Duration> {
        let ahead = (!self.ahead.is_empty()).then_some(AHEAD.0);
        let due = [self.timetable.next(), self.grace].into_iter().flatten().min();
        let now = clock::now().0;
        let due = due.map(|due| Duration::from_millis(u64::try_from(due - now).unwrap_or(0)));
        [ahead, due].into_iter().flatten().min()
    }

    /// Does what has come up.
    fn turn(&mut self, portal: &Portal, events: Vec<Event>) {
        let now = clock::now().0;
        let leads = portal.leads();
        let passes = std::mem::replace(&mut self.led, leads) != leads;
        let revision = portal.shared.catalog.load().revision;
        let share = self.revision.is_none() || events.iter().any(|event| matches!(event, Event::Duty));
        if passes || share || self.revision != Some(revision) {
            self.look_at_list(portal, share);
            self.judge_by_new_kinds(portal);
            self.revision = Some(revision);
        }
        let fresh = passes && leads;
        if passes {
            self.grace = leads.then_some(now);
        }
        for event in events {
            self.take(portal, event);
        }
        self.take_those_ahead(portal);
        let mut local = Vec::new();
        let mut outside = Vec::new();
        for (id, priority) in self.timetable.start(now) {
            let Some(source) = self.listed.get(&id) else { continue };
            if source.is_local() { local.push(id) } else { outside.push((source.clone(), priority)) }
        }
        let starts = !local.is_empty() || !outside.is_empty();
        if starts {
            self.show(portal);
        }
        // First what takes longer.
        self.begin(portal, outside);
        self.read_local(portal, local);
        let ends = self.conclude_batches(portal);
        if self.grace.is_some_and(|at| at <= now) {
            self.look_at_unlisted(portal, fresh);
        }
        if starts || ends {
            let is_read = |id: &String| self.timetable.plan(id).is_some_and(|plan| plan.ended > 0);
            let complete = self.listed.keys().all(is_read);
            self.reader.remembered.iter_mut().for_each(|remembered| remembered.save(complete));
            self.show(portal);
        }
        if self.jobs.is_empty() {
            self.reader.end();
        }
        self.waiting.tell(&self.timetable);
    }

    /// Where there are other kinds than before, documents are judged again.
    fn judge_by_new_kinds(&mut self, portal: &Portal) {
        let kinds = KnownKinds::of(portal.shared.catalog.load().blueprints()).fingerprint();
        if self.kinds.replace(kinds).is_none_or(|before| before == kinds) {
            return;
        }
        let problems = portal.shared.problems.load_full();
        for (id, source) in &self.listed {
            // Finding out once more what there is costs many requests: only where a document was refused.
            if source.provider().is_none() || !problems.of_source(id).is_empty() {
                self.timetable.ask(id, Priority::Poll);
            }
        }
    }

    fn take(&mut self, portal: &Portal, event: Event) {
        match event {
            Event::Files(paths) => self.files_changed(&paths),
            // Whatever is new in the list is due anyway.
            Event::First(files, all) => {
                self.wait_for_first(files, Source::is_local);
                self.wait_for_first(all, |_| true);
            }
            Event::Duty | Event::Catalog | Event::Stop => {}
            Event::Sync(done) => self.ask_for_all(done),
            Event::Ask(asked, done) => self.asked(portal, asked, done),
            Event::Confirm(id, done) => {
                if self.listed.contains_key(&id) {
                    self.agree(portal, &id);
                    let asked = Asked { id, place: None, priority: Priority::Person, first: false };
                    self.asked(portal, asked, done);
                } else if self.led && self.all.iter().all(|source| source.id != id) {
                    self.let_go(portal, &Source { id, origin: Origin::Abandoned });
                    done.map(|done| done.send(()));
                }
            }
            Event::Host(event) => self.host_tells(portal, &event),
            Event::Fetched(job, pending, result) => {
                let step = |job: &mut Job, reader: &mut Reader| job.fetched(pending, result, reader, portal);
                self.step(job, step);
            }
            Event::Included(job, url, text) => {
                let step = |job: &mut Job, reader: &mut Reader| job.included(url, text, reader, portal);
                self.step(job, step);
            }
            Event::Discovered(job, result) => {
                self.step(job, |job, _| job.discovered(result, portal));
            }
        }
    }

    /// A person agrees to what was shown: the losses of the last reading, or that the source is absent.
    fn agree(&mut self, portal: &Portal, id: &str) {
        let state = portal.shared.catalog.load().sources().get(id).map(|source| source.state);
        let agreed = match (state, self.held.get(id)) {
            (Some(SourceState::Gone), _) => Agreed::Absent,
            (Some(SourceState::Held), Some(lost)) => Agreed::These(Arc::clone(lost)),
            _ => Agreed::Nothing,
        };
        self.agreed.insert(id.to_owned(), agreed);
    }

    /// Reads every source, for somebody who waits.
    fn ask_for_all(&mut self, done: Option<oneshot::Sender<()>>) {
        let wanted = |id: &String| Some((id.clone(), self.timetable.ask(id, Priority::Person)?));
        let left = self.listed.keys().filter_map(wanted).collect();
        done.into_iter().for_each(|done| self.waiting.add(BTreeMap::clone(&left), done));
    }

    /// Somebody waits for the first reading of some sources, where it does not wait for its own time.
    fn wait_for_first(&mut self, done: oneshot::Sender<()>, which: impl Fn(&Source) -> bool) {
        let now = clock::now().0;
        let is_due =
            |id: &String| self.timetable.plan(id).is_some_and(|p| p.due.is_some_and(|due| due <= now));
        let sources = self.listed.iter().filter(|(id, source)| which(source) && is_due(id));
        self.waiting.add(sources.map(|(id, _)| (id.clone(), 1)).collect(), done);
    }

    /// Somebody asks for a source, or a part of it.
    fn asked(&mut self, portal: &Portal, asked: Asked, done: Option<oneshot::Sender<()>>) {
        let Some(source) = self.listed.get(&asked.id).cloned() else {
            // The snapshot that has it is on its way, or it is gone; or another replica reads it.
            if self.all.iter().all(|source| source.id != asked.id) {
                self.ahead.push((asked, Instant::now() + AHEAD.1));
            }
            return;
        };
        let place = asked.place.as_deref().and_then(|p| p.strip_prefix("url:"));
        let part = place.and_then(|url| self.lead_of(&asked.id, url));
        if let Some(part) = part {
            let job = self.begin_part(portal, source, vec![part], asked.priority);
            done.into_iter().for_each(|done| self.waiting.add_job(job, done));
            return;
        }
        let wanted = if asked.first {
            self.timetable.ask_first(&asked.id, asked.priority)
        } else {
            self.timetable.ask(&asked.id, asked.priority)
        };
        if let (Some(wanted), Some(done)) = (wanted, done) {
            self.waiting.add(BTreeMap::from([(asked.id, wanted)]), done);
        }
    }

    /// The target that a file came from, where it can be read alone.
    fn lead_of(&self, id: &str, url: &str) -> Option<Pending> {
        let of_file = |lead: &&Lead| lead.files.iter().any(|file| file == url) || lead.pending.target == url;
        let lead = self.leads.get(id)?.iter().find(of_file)?;
        (!lead.leads_on && !lead.pending.root).then(|| lead.pending.clone())
    }

    fn take_those_ahead(&mut self, portal: &Portal) {
        let now = Instant::now();
        for (asked, until) in std::mem::take(&mut self.ahead) {
            if self.all.iter().any(|source| source.id == asked.id) {
                self.asked(portal, asked, None);
            } else if now < until {
                self.ahead.push((asked, until));
            }
        }
    }

    /// Reads what a message of a host concerns, and no more than that.
    fn host_tells(&mut self, portal: &Portal, event: &ProviderEvent) {
        let push = Push::of(event);
        let mut parts = Vec::new();
        for (id, source) in self.listed.iter().filter(|(_, source)| !source.is_local()) {
            let leads = self.leads.get(id).map(Vec::as_slice).unwrap_or_default();
            let touched: Vec<&Lead> =
                push.iter().flat_map(|push| leads.iter().filter(|lead| push.concerns(lead))).collect();
            let alone = touched.iter().all(|lead| !lead.leads_on && !lead.pending.root);
            let is_target = |target: &str| push.as_ref().is_some_and(|push| push.concerns_target(target));
            let unread = leads.is_empty() && source.location().is_some_and(|l| is_target(&l.target));
            let wanted = source.provider().is_some_and(|provider| provider.concerns(event));
            if !touched.is_empty() && alone {
                let part: Vec<Pending> = touched.iter().map(|lead| lead.pending.clone()).collect();
                parts.push((source.clone(), part));
            } else if !touched.is_empty() || unread || wanted {
                self.timetable.ask(id, Priority::Webhook);
            }
        }
        for (source, part) in parts {
            self.begin_part(portal, source, part, Priority::Webhook);
        }
    }

    /// Shows people when what is read.
    fn show(&self, portal: &Portal) {
        let mut status = portal.shared.sources.status.lock();
        for id in self.listed.keys() {
            let Some(plan) = self.timetable.plan(id) else { continue };
            let shown: &mut Status = status.entry(id.clone()).or_default();
            (shown.running, shown.next_run) = (plan.running, plan.due.map(Timestamp));
        }
    }
}
