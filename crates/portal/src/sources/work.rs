//! What the engine does in one turn: reading files, beginning jobs, and bringing what has ended into the catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};

use stagedoor_hosts::{Budget, Priority};
use stagedoor_model::SourceState;
use url::Url;

use super::KnownKinds;
use super::engine::Engine;
use super::fetch::Request;
use super::file::Reader;
use super::forget::{ABANDONED, unlisted};
use super::job::{Job, Start};
use super::reading::{GONE_GRACE, Lead, Reading};
use super::round::{Done, Read, Round};
use super::scope::Pending;
use super::settle::{SETTLE, changed_since};
use super::source::{Origin, Source, abandoned};
use super::timetable::{End, Rhythm};
use crate::{Portal, clock};

/// How often a reading is repeated at once because something changed meanwhile.
const ROUNDS: usize = 5;
/// How often those that are no longer listed are looked at.
const GRACE_CHECK: i64 = 10 * 60 * 1000;
/// The least often that a URL is asked because its host's limit is short.
const RAREST: Duration = Duration::from_secs(3600);

/// What follows a reading of files.
enum After {
    /// Nothing.
    Rest,
    /// Another one at once, of these.
    Again(Vec<String>),
    /// Another one when the files that are being written have come to rest.
    Settling,
}

impl Engine {
    /// The sources that a change on the disk may concern.
    pub(super) fn files_changed(&mut self, paths: &[PathBuf]) {
        let mut touched: BTreeSet<String> = BTreeSet::new();
        let mut anything = paths.is_empty();
        for path in paths {
            let concerned = self.watching.concerned(path);
            anything |= concerned.is_empty();
            touched.extend(concerned.into_iter().cloned());
        }
        if anything {
            touched.extend(self.local());
        }
        for id in touched {
            self.timetable.ask(&id, Priority::Poll);
        }
    }

    fn local(&self) -> Vec<String> {
        self.listed.values().filter(|s| s.is_local()).map(|s| s.id.clone()).collect()
    }

    /// Reads sources on this machine's disk until they rest.
    pub(super) fn read_local(&mut self, portal: &Portal, mut ids: Vec<String>) {
        if ids.is_empty() {
            return;
        }
        for round in 1..=ROUNDS {
            match self.read_local_once(portal, &ids, round == ROUNDS) {
                After::Rest => break,
                After::Again(others) => ids.extend(others),
                After::Settling => std::thread::sleep(SETTLE),
            }
            ids.sort_unstable();
            ids.dedup();
        }
    }

    /// One reading. The `last` one takes files as they are, however busy.
    fn read_local_once(&mut self, portal: &Portal, ids: &[String], last: bool) -> After {
        let started = SystemTime::now();
        let kinds = KnownKinds::of(portal.shared.catalog.load().blueprints());
        let mut reads = Vec::with_capacity(ids.len());
        for source in ids.iter().filter_map(|id| self.listed.get(id)) {
            let reading = self.reader.read_local(source, portal, &kinds);
            let agreed = self.agreed.get(&source.id).cloned().unwrap_or_default();
            reads.push(Read { source: source.clone(), reading, agreed });
        }
        let parsed = portal.shared.counters.files_parsed.load(Relaxed);
        tracing::debug!(took = ?started.elapsed().unwrap_or_default(), parsed, "files read");
        let looked = |r: &mut Read| (r.source.id.clone(), std::mem::take(&mut r.reading.directories));
        let folders: Vec<(String, BTreeSet<PathBuf>)> = reads.iter_mut().map(looked).collect();
        let runtime = self.runtime.clone();
        let round = Round { portal, runtime: &runtime };
        // Blueprints first, from every source: they decide which kinds the documents may have.
        if round.declare_blueprints(&mut reads) && !last {
            return After::Again(self.local());
        }
        self.reader.end();
        let (done, reads) = round.conclude(reads, last);
        for read in &reads {
            self.remember_losses(&read.source.id, &read.reading, &done);
            self.reader.keep(&read.source.id, &read.reading);
        }
        // What happened between the reading of a folder and its watching has to be looked for.
        let fresh = self.watching.look(folders);
        let changed = fresh.iter().filter(|folder| changed_since(folder, started));
        let mut again: Vec<String> = changed.flat_map(|f| self.watching.of_folder(f)).cloned().collect();
        again.extend(done.mistaken.iter().cloned());
        let after = match (done.settling, again.is_empty()) {
            _ if last => After::Rest,
            (true, _) => After::Settling,
            (false, false) => After::Again(again),
            (false, true) => After::Rest,
        };
        if matches!(after, After::Rest) {
            for read in &reads {
                let end = if done.failed.contains(&read.source.id) { End::Badly } else { read.reading.end() };
                self.ended(portal, &read.source, end);
            }
        }
        after
    }

    /// Begins to read sources that stand outside. Those of one host come into the catalog together, so that a document
    /// that moves between them keeps its identity, and no host waits for another one.
    pub(super) fn begin(&mut self, portal: &Portal, sources: Vec<(Source, Priority)>) {
        let mut batches: BTreeMap<(String, u8), u64> = BTreeMap::new();
        for (source, priority) in sources {
            let key = (host_of(&source), priority as u8);
            let batch = *batches.entry(key).or_insert_with(|| {
                self.next += 1;
                self.next
            });
            self.next += 1;
            let id = self.next;
            self.begin_job(portal, id, Start { source, batch, priority, round: 0, part: None });
        }
    }

    /// Begins to read some targets of a source. Answers the number of the job.
    pub(super) fn begin_part(
        &mut self,
        portal: &Portal,
        source: Source,
        part: Vec<Pending>,
        priority: Priority,
    ) -> u64 {
        if self.timetable.plan(&source.id).is_some_and(|plan| plan.running) {
            // What is under way may have read them before they changed, and comes into the catalog later.
            self.missed.entry(source.id.clone()).or_default().extend(part.iter().cloned());
        }
        self.next += 2;
        let (batch, id) = (self.next - 1, self.next);
        self.begin_job(portal, id, Start { source, batch, priority, round: 0, part: Some(part) });
        id
    }

    fn begin_job(&mut self, portal: &Portal, id: u64, start: Start) {
        let kinds = Arc::new(KnownKinds::of(portal.shared.catalog.load().blueprints()));
        let (job, requests) = Job::new(start, portal, &kinds);
        self.proceed(id, job, requests);
    }

    /// Something has arrived for a job.
    pub(super) fn step(&mut self, id: u64, step: impl FnOnce(&mut Job, &mut Reader) -> Vec<Request>) {
        let Some(mut job) = self.jobs.remove(&id) else { return };
        let requests = step(&mut job, &mut self.reader);
        self.proceed(id, job, requests);
    }

    fn proceed(&mut self, id: u64, job: Job, requests: Vec<Request>) {
        for request in requests {
            self.fetcher.send(id, request, job.priority);
        }
        if job.is_done() {
            self.ended.entry(job.batch).or_default().push((id, job));
        } else {
            self.jobs.insert(id, job);
        }
    }

    /// Brings the batches that are complete into the catalog. Whether there were any.
    pub(super) fn conclude_batches(&mut self, portal: &Portal) -> bool {
        let under_way: BTreeSet<u64> = self.jobs.values().map(|job| job.batch).collect();
        let complete: Vec<u64> = self.ended.keys().filter(|b| !under_way.contains(b)).copied().collect();
        let any = !complete.is_empty();
        for batch in complete {
            let jobs = self.ended.remove(&batch).unwrap_or_default();
            self.conclude(portal, jobs);
        }
        any
    }

    fn conclude(&mut self, portal: &Portal, jobs: Vec<(u64, Job)>) {
        let mut begun = Vec::with_capacity(jobs.len());
        let mut reads = Vec::with_capacity(jobs.len());
        for (id, job) in jobs {
            let Job { batch, priority, round, part, .. } = &job;
            begun.push((id, *batch, *priority, *round, part.clone()));
            let (source, reading) = job.finish();
            // A part is not what was agreed to.
            let agreed = self.agreed.get(&source.id).filter(|_| !reading.partial).cloned();
            reads.push(Read { source, reading, agreed: agreed.unwrap_or_default() });
        }
        let runtime = self.runtime.clone();
        let round = Round { portal, runtime: &runtime };
        let tired = begun.iter().any(|(_, _, _, round, _)| *round + 1 >= ROUNDS);
        if round.declare_blueprints(&mut reads) && !tired {
            for ((id, batch, priority, round, part), read) in begun.into_iter().zip(reads) {
                self.begin_job(
                    portal,
                    id,
                    Start { source: read.source, batch, priority, round: round + 1, part },
                );
            }
            return;
        }
        self.reader.end();
        let (done, reads) = round.conclude(reads, true);
        for ((id, batch, priority, round, part), read) in begun.into_iter().zip(reads) {
            let Read { source, reading, .. } = read;
            self.remember_losses(&source.id, &reading, &done);
            self.reader.keep(&source.id, &reading);
            if done.mistaken.contains(&source.id) && !tired {
                self.begin_job(portal, id, Start { source, batch, priority, round: round + 1, part });
                continue;
            }
            let end = if done.failed.contains(&source.id) { End::Badly } else { reading.end() };
            let partial = reading.partial;
            self.remember_leads(&source.id, reading);
            self.waiting.job_ended(id);
            if partial {
                let pace = &portal.shared.sources.config.pace;
                self.timetable.part_ended(&source.id, end, pace, clock::now().0);
                self.tell(portal, &source.id);
                continue;
            }
            self.ended(portal, &source, end);
            if let Some(missed) = self.missed.remove(&source.id) {
                self.begin_part(portal, source, missed, Priority::Webhook);
            }
        }
    }

    /// Remembers what a source that is held would lose, for the person who is shown it.
    fn remember_losses(&mut self, id: &str, reading: &Reading, done: &Done) {
        match done.held.get(id) {
            Some(lost) => drop(self.held.insert(id.to_owned(), Arc::clone(lost))),
            None if reading.partial => {}
            None => drop(self.held.remove(id)),
        }
    }

    /// Remembers what a source has led to, so that one target of it can be read alone.
    fn remember_leads(&mut self, id: &str, reading: Reading) {
        if !self.listed.contains_key(id) || !matches!(reading.outcome, super::reading::Outcome::Read) {
            return;
        }
        let known = self.leads.entry(id.to_owned()).or_default();
        if reading.partial || reading.unreached.is_some() {
            let is_new = |old: &Lead| !reading.leads.iter().any(|l| l.pending.target == old.pending.target);
            known.retain(is_new);
            known.extend(reading.leads);
        } else {
            *known = reading.leads;
        }
    }

    /// A source has been read.
    fn ended(&mut self, portal: &Portal, source: &Source, end: End) {
        let config = &portal.shared.sources.config;
        let now = clock::now();
        let mut rhythm = source.rhythm(config);
        if let (Rhythm::Every(every), Some(location)) = (&rhythm, source.location()) {
            rhythm = Rhythm::Every(self.rarer(&location.target, *every, now.0));
        }
        self.agreed.remove(&source.id);
        self.timetable.end(&source.id, end, &rhythm, &config.pace, now.0);
        if self.listed.contains_key(&source.id) {
            let mut status = portal.shared.sources.status.lock();
            status.entry(source.id.clone()).or_default().last_run = Some(now);
        }
        self.tell(portal, &source.id);
    }

    /// How often a URL is asked: all of one host together use no more than what its limit leaves for schedules.
    fn rarer(&self, target: &str, every: Duration, now: i64) -> Duration {
        let budgets = self.fetcher.hosts().map(|hosts| hosts.budgets()).unwrap_or_default();
        let Some(host) = Url::parse(target).ok().and_then(|url| url.host_str().map(str::to_owned)) else {
            return every;
        };
        let of_host = |b: &&Budget| b.host.contains(&host) || host.contains(&b.host);
        let Some(budget) = budgets.iter().filter(of_host).find(|b| b.remaining.is_some()) else {
            return every;
        };
        let count = self.all.iter().filter(|s| host_of(s) == host).count();
        least_often(budget, count, every, now / 1000)
    }

    /// Sources that hold claims and are not listed any more: they are marked, and go after their time.
    pub(super) fn look_at_unlisted(&mut self, portal: &Portal, first: bool) {
        let catalog = portal.shared.catalog.load_full();
        let runtime = self.runtime.clone();
        let round = Round { portal, runtime: &runtime };
        if first {
            let keeps = portal.shared.sources.config.keeps_abandoned;
            for id in unlisted(&self.all, &catalog, keeps) {
                let source = Source { id, origin: Origin::Abandoned };
                round.set_state(&source, SourceState::Gone, ABANDONED);
            }
        }
        let catalog = portal.shared.catalog.load_full();
        let all = abandoned(&self.all, &catalog);
        let is_over = |s: &&Source| {
            let since = catalog.sources().get(&s.id).map(|state| state.since.0);
            since.is_some_and(|since| clock::now().0 - since > GONE_GRACE)
        };
        let over: Vec<Source> = all.iter().filter(is_over).cloned().collect();
        over.iter().for_each(|source| self.let_go(portal, source));
        self.grace = (all.len() > over.len()).then(|| clock::now().0 + GRACE_CHECK);
    }

    /// A source that is not listed loses what it said.
    pub(super) fn let_go(&mut self, portal: &Portal, source: &Source) {
        let runtime = self.runtime.clone();
        let id = source.id.clone();
        let forget = move |draft: &mut crate::writer::Draft| {
            draft.forget_source(&id);
            Ok(())
        };
        Round { portal, runtime: &runtime }.commit(source, forget);
    }
}

/// What stands outside together: the host of a location, or the provider itself.
fn host_of(source: &Source) -> String {
    let location = source.location().and_then(|l| Url::parse(&l.target).ok());
    location.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| source.id.clone())
}

/// The least pause between two readings of each of `count` URLs, so that schedules use no more of a host's limit
/// than what is left above the reserve for people until it starts anew. What was not changed costs little.
fn least_often(budget: &Budget, count: usize, every: Duration, now: i64) -> Duration {
    let (Some(limit), Some(remaining)) = (budget.limit, budget.remaining) else { return every };
    let left = remaining.saturating_sub(limit / 5).max(1) as f64;
    let period = budget.reset_at.map_or(3600, |at| at - now).clamp(1, 3600) as f64;
    let changed = budget.sent.saturating_sub(budget.unchanged) as f64 / budget.sent.max(1) as f64;
    let seconds = count as f64 * changed.max(0.1) * period / left;
    every.max(Duration::from_secs_f64(seconds).min(RAREST))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use stagedoor_hosts::Budget;

    use super::least_often;

    #[test]
    fn a_short_limit_is_asked_less_often() {
        let budget = |remaining, unchanged| Budget {
            host: "h".into(),
            limit: Some(5000),
            remaining: Some(remaining),
            reset_at: Some(3600),
            sent: 100,
            unchanged,
            held_back: 0,
            blocked_until: None,
        };
        let every = Duration::from_secs(120);
        assert_eq!(least_often(&budget(5000, 0), 10, every, 0), every);
        assert_eq!(least_often(&budget(1100, 0), 10, every, 0), Duration::from_secs(360));
        assert_eq!(least_often(&budget(1100, 100), 10, every, 0), every, "nothing changes there");
        assert_eq!(least_often(&budget(900, 0), 10, every, 0), Duration::from_secs(3600));
    }
}
