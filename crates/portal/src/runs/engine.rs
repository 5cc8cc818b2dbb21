//! The engine: finds out which runs something is to be done for, and has each looked after by a task of its own.
//!
//! A task comes when there is something to do and goes when there is not, so that a run that waits for a person or a
//! client costs nothing. What wakes it: this process changed the run (at once), another one did (the snapshot), a time
//! has come (the ticker).

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use stagedoor_actions::{Performers, Run, Status, StepState};
use stagedoor_auth::Secret;
use stagedoor_model::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore};
use tokio::task::AbortHandle;

use super::book::Book;
use super::events::Hub;
use super::limits::RunLimits;
use super::logs::Logs;
use super::own_api::OwnApi;
use super::plan::{ProgramMaker, Programs};
use super::secrets::Masks;
use crate::{Portal, Shared, automations, clock};

/// Between two looks at the times that runs wait for.
const TICK: Duration = Duration::from_millis(100);
/// Looks between two cares for runs of processes that are gone, and for what is kept.
const CARE: u64 = 10;
/// Runs that get their turn with one look.
const TURNS: usize = 16;
/// A process that goes waits this long for what it is performing.
const GRACE: Duration = Duration::from_secs(5);

/// What runs are executed with.
#[derive(Clone, Default)]
pub struct RunsConfig {
    /// What performs steps; those that ship where absent.
    pub performers: Option<Performers>,
    /// What makes programs of definitions; those that ship where absent.
    pub programs: Option<ProgramMaker>,
    /// Folder below which each run gets one for its files; without one no step can work on files.
    pub workspaces: Option<PathBuf>,
    /// The organization's client secret, by which calls are signed.
    pub signing_secret: Option<Secret>,
    /// What the configuration says of back ends.
    pub back_ends: Arc<stagedoor_actions::BackEndSettings>,
    /// Limits.
    pub limits: RunLimits,
}

/// Everything about runs in this process.
pub(crate) struct Runs {
    pub(super) config: RunsConfig,
    pub(super) performers: Performers,
    holder: String,
    pub(super) book: Book,
    pub(super) logs: Logs,
    pub(super) hub: Hub,
    pub(super) masks: Masks,
    pub(super) programs: Programs,
    pub(super) counters: Counters,
    pub(super) turns: Arc<Semaphore>,
    /// Who answers calls of runs to the portal itself.
    pub(super) own_api: RwLock<Option<Weak<dyn OwnApi>>>,
    /// Who is being told something, by idempotency key.
    pub(super) announcing: Mutex<HashMap<String, AbortHandle>>,
    /// Runs whose folder was made by this process.
    pub(super) folders: Mutex<std::collections::HashSet<String>>,
    runtime: Mutex<Option<Handle>>,
    halted: AtomicBool,
    /// Runs that a task looks after.
    tasks: Mutex<HashMap<String, Care>>,
}

/// A task that looks after a run.
struct Care {
    news: Arc<Notify>,
    /// Something has happened that it has not seen.
    stale: bool,
    abort: Option<AbortHandle>,
}

/// Counts since the start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(super) started: AtomicU64,
    pub(super) ended: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) steps: AtomicU64,
    pub(super) retried: AtomicU64,
    pub(super) taken_over: AtomicU64,
}

/// How runs are doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunStats {
    /// Set going in this process since its start.
    pub started: u64,
    /// Ended in this process.
    pub ended: u64,
    /// Of these, those that failed.
    pub failed: u64,
    /// Attempts at steps.
    pub steps: u64,
    /// Attempts after which another one was planned.
    pub retried: u64,
    /// Runs of other processes that this one went on with.
    pub taken_over: u64,
    /// Kept now.
    pub kept: u64,
    /// Of these, those that have not ended.
    pub active: u64,
    /// Tasks that look after runs now.
    pub cared_for: u64,
}

impl Counters {
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Runs {
    pub(crate) fn new(config: RunsConfig, holder: Option<String>) -> Self {
        let performers = config.performers.clone().unwrap_or_else(stagedoor_actions::performers);
        Self {
            own_api: RwLock::default(),
            turns: Arc::new(Semaphore::new(config.limits.steps_at_once.max(1))),
            performers,
            config,
            holder: holder.unwrap_or_else(|| uuid::Uuid::new_v4().to_string()),
            book: Book::default(),
            logs: Logs::default(),
            hub: Hub::default(),
            masks: Masks::default(),
            programs: Programs::default(),
            counters: Counters::default(),
            announcing: Mutex::default(),
            folders: Mutex::default(),
            runtime: Mutex::default(),
            halted: AtomicBool::new(false),
            tasks: Mutex::default(),
        }
    }

    /// The name under which this process holds runs.
    pub(super) fn holder(&self) -> &str {
        &self.holder
    }

    /// Where tasks run; none while no run is looked after.
    pub(super) fn runtime(&self) -> Option<Handle> {
        self.runtime.lock().clone().filter(|_| !self.is_halted())
    }

    pub(crate) fn is_halted(&self) -> bool {
        self.halted.load(Ordering::Acquire)
    }

    /// The task of a run has seen all that has happened so far.
    pub(super) fn seen(&self, id: &str) {
        if let Some(care) = self.tasks.lock().get_mut(id) {
            care.stale = false;
        }
    }

    /// The task of a run wants to go. False where something has happened meanwhile.
    pub(super) fn leave(&self, id: &str) -> bool {
        let mut tasks = self.tasks.lock();
        match tasks.get_mut(id) {
            Some(care) if care.stale && !self.is_halted() => {
                care.stale = false;
                false
            }
            _ => {
                tasks.remove(id);
                true
            }
        }
    }
}

impl Portal {
    /// Begins to look after runs: those that were left unfinished first. To be called on a runtime.
    pub async fn start_runs(&self) {
        let Ok(runtime) = Handle::try_current() else { return };
        self.shared.runs.book.remember();
        *self.shared.runs.runtime.lock() = Some(runtime.clone());
        self.clear_folders().await;
        self.take_over().await;
        runtime.spawn(watch(Arc::downgrade(&self.shared)));
        runtime.spawn(tick(Arc::downgrade(&self.shared)));
        let newest = self.shared.catalog.load().revision;
        runtime.spawn(automations::follow(Arc::downgrade(&self.shared), newest));
        runtime.spawn(crate::score_log::follow(Arc::downgrade(&self.shared)));
        self.wake_all(|_| true);
    }

    /// Begins no more steps, and waits a while for those that are being performed.
    pub async fn stop_runs(&self) {
        let runs = &self.shared.runs;
        runs.halted.store(true, Ordering::Release);
        runs.tasks.lock().values().for_each(|care| care.news.notify_one());
        let empty = async {
            while !runs.tasks.lock().is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if tokio::time::timeout(GRACE, empty).await.is_err() {
            tracing::warn!(
                "some steps of runs are still being performed: the next start asks what became of them"
            );
        }
        self.halt_runs();
        self.flush_run_logs().await;
    }

    /// Ends all work on runs at once, as a crash would.
    pub fn halt_runs(&self) {
        let runs = &self.shared.runs;
        runs.halted.store(true, Ordering::Release);
        *runs.runtime.lock() = None;
        runs.announcing.lock().drain().for_each(|(_, task)| task.abort());
        for (_, care) in runs.tasks.lock().drain() {
            if let Some(abort) = care.abort {
                abort.abort();
            }
        }
    }

    /// How runs are doing.
    #[must_use]
    pub fn run_stats(&self) -> RunStats {
        let runs = &self.shared.runs;
        let counter = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (kept, active) = runs.book.read(&self.shared.catalog.load(), super::book::Pages::count);
        RunStats {
            started: counter(&runs.counters.started),
            ended: counter(&runs.counters.ended),
            failed: counter(&runs.counters.failed),
            steps: counter(&runs.counters.steps),
            retried: counter(&runs.counters.retried),
            taken_over: counter(&runs.counters.taken_over),
            kept: kept as u64,
            active: active as u64,
            cared_for: runs.tasks.lock().len() as u64,
        }
    }

    /// Something has happened to a run: looks after it, if it is this process's.
    pub(super) fn wake_run(&self, run: &Run) {
        let runs = &self.shared.runs;
        let mine = run.holder.as_deref() == Some(runs.holder());
        if !mine || runs.is_halted() {
            return;
        }
        self.announce(run);
        if run.status == Status::WaitingForApproval {
            return;
        }
        let Some(runtime) = runs.runtime.lock().clone() else { return };
        let mut tasks = runs.tasks.lock();
        if let Some(care) = tasks.get_mut(&run.id) {
            care.stale = true;
            care.news.notify_one();
        } else if !run.status.has_ended() {
            let news = Arc::new(Notify::new());
            let care = Care { news: Arc::clone(&news), stale: false, abort: None };
            tasks.insert(run.id.clone(), care);
            let (portal, id) = (self.clone(), run.id.clone());
            let abort = runtime.spawn(async move { portal.look_after(id, news).await }).abort_handle();
            if let Some(care) = tasks.get_mut(&run.id) {
                care.abort = Some(abort);
            }
        }
    }

    /// Looks after the oldest of those that wait for their turn, as far as there are places.
    fn wake_queued(&self) {
        let catalog = self.shared.catalog.load();
        let mut queued: Vec<Arc<Run>> = self.shared.runs.book.read(&catalog, |pages| {
            pages.active().filter(|run| super::drive::is_queued(run)).cloned().collect()
        });
        queued.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        let ready = queued.iter().filter(|run| self.has_place(run)).take(TURNS);
        ready.for_each(|run| self.wake_run(run));
    }

    /// Looks after those that are this process's and of which `which` is true.
    fn wake_all(&self, which: impl Fn(&Run) -> bool) {
        let catalog = self.shared.catalog.load();
        let due = |run: &&Arc<Run>| which(run);
        let due: Vec<Arc<Run>> =
            self.shared.runs.book.read(&catalog, |pages| pages.active().filter(due).cloned().collect());
        due.iter().for_each(|run| self.wake_run(run));
    }
}

/// Tells of changes, whoever made them.
async fn watch(shared: Weak<Shared>) {
    let Some(mut head) = shared.upgrade().map(|shared| shared.head.follow()) else { return };
    loop {
        let Some(shared) = shared.upgrade() else { return };
        if head.borrow_and_update().ended || shared.runs.is_halted() {
            return;
        }
        let portal = Portal { shared };
        let catalog = portal.shared.catalog.load_full();
        for run in portal.shared.runs.book.news(&catalog) {
            portal.shared.runs.hub.tell(&run.id);
            portal.wake_run(&run);
        }
        drop((portal, catalog));
        if head.changed().await.is_err() {
            return;
        }
    }
}

/// Looks after what waits for a time, for runs that nobody holds any more, and for what is kept.
async fn tick(shared: Weak<Shared>) {
    for round in 1_u64.. {
        tokio::time::sleep(TICK).await;
        let Some(shared) = shared.upgrade() else { return };
        let portal = Portal { shared };
        if portal.shared.runs.is_halted() {
            return;
        }
        let now = clock::now();
        let limits = &portal.shared.runs.config.limits;
        portal.wake_all(|run| is_due(run, limits, now));
        portal.wake_queued();
        if round.is_multiple_of(CARE) {
            portal.announce_all();
            if portal.shared.replication.is_some() {
                portal.take_over().await;
            }
            portal.sweep_runs().await;
        }
    }
}

/// Whether a time has come that a run waits for.
fn is_due(run: &Run, limits: &RunLimits, now: Timestamp) -> bool {
    let reached = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
    let step = |step: &stagedoor_actions::Step| !step.state.has_ended() && reached(step.wake_at);
    run.status == Status::InProgress && (run.steps.iter().any(step) || reached(deadline(run, limits)))
}

/// When a run has taken too long. Time for its approval and in a queue does not count, nor the time that a person takes
/// to look at an unclear step, nor that for which a workflow waits for people.
pub(super) fn deadline(run: &Run, limits: &RunLimits) -> Option<Timestamp> {
    if run.steps.iter().any(|step| step.state == StepState::Unclear) {
        return None;
    }
    let waited = waited_for_people(run)?;
    let seconds = i64::try_from(run.limits.seconds.unwrap_or(limits.seconds)).unwrap_or(i64::MAX);
    Some(Timestamp(run.begun_at?.0.saturating_add(seconds.saturating_mul(1000)).saturating_add(waited)))
}

/// Milliseconds that inputs of a workflow have waited for people; `None` while one does.
fn waited_for_people(run: &Run) -> Option<i64> {
    let inputs = run.steps.iter().filter(|step| step.performer == stagedoor_actions::workflow::INPUT);
    let begun = inputs.filter_map(|step| Some((step.started_at?, step.ended_at)));
    begun.map(|(from, to)| Some(to?.0 - from.0)).sum()
}
