//! Several replicas on one database.
//!
//! The thread `follower` learns what others have written and asks the writer to apply it, so that the writer stays
//! the only one who publishes; then it tells the others that it is visible here. The thread `answers` holds back the
//! answers to callers until every living replica has said so, for a quarter of a second at most: whoever got an
//! answer finds his change on any replica that is ready. A store for one process has neither.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use stagedoor_model::Revision;
use stagedoor_query::Catalog;
use stagedoor_store::{Peers, Store, StoreError};
use tokio::sync::oneshot;

use crate::error::PortalError;
use crate::problems::Problems;
use crate::sources::Wish;
use crate::{Portal, Shared};

/// Callers wait no longer than this for other replicas.
const AGREEMENT: Duration = Duration::from_millis(250);
/// Commits read at once while catching up.
const TAIL: usize = 1_000;
/// Between attempts to reach a database that is away.
const RETRY: Duration = Duration::from_millis(200);

/// The answer to one caller, ready to be sent.
pub(crate) type Answer = (oneshot::Sender<Result<(), PortalError>>, Result<(), PortalError>);

/// This replica among the others.
pub(crate) struct Replication {
    pub(crate) peers: Arc<dyn Peers>,
    answers: Sender<Held>,
    inbox: Mutex<Option<Receiver<Held>>>,
    /// Since when there is something newer than what is published here.
    behind: Mutex<Option<Instant>>,
    /// The newest revision that need not be waited for any more.
    agreed: AtomicU64,
    left: AtomicBool,
}

/// Answers that wait for other replicas.
struct Held {
    revision: Revision,
    since: Instant,
    answers: Vec<Answer>,
}

impl Replication {
    pub(crate) fn new(peers: Arc<dyn Peers>) -> Self {
        let (answers, inbox) = channel();
        let (behind, agreed, left) = (Mutex::new(None), AtomicU64::new(0), AtomicBool::new(false));
        Self { peers, answers, inbox: Mutex::new(Some(inbox)), behind, agreed, left }
    }

    /// Answers when every living replica has applied a revision.
    pub(crate) fn answer(&self, revision: Revision, answers: Vec<Answer>) {
        if revision <= self.agreed.load(Ordering::Acquire) {
            return send(answers);
        }
        // The thread ends with the portal; nobody waits for these any more.
        let _ = self.answers.send(Held { revision, since: Instant::now(), answers });
    }

    /// Why this replica should get no requests, if there is a reason.
    fn unready(&self) -> Option<&'static str> {
        if !self.peers.is_current() {
            return Some("the database has not answered for more than 3 s");
        }
        let behind = self.behind.lock().is_some_and(|since| since.elapsed() > AGREEMENT);
        behind.then_some("this replica is behind the others")
    }
}

pub(crate) fn send(answers: Vec<Answer>) {
    for (reply, result) in answers {
        // A caller that went away does not wait for its answer.
        let _ = reply.send(result);
    }
}

impl Portal {
    /// Why this replica should get no requests, if there is a reason. It answers all the same.
    #[must_use]
    pub fn unready(&self) -> Option<&'static str> {
        self.shared.replication.as_ref().and_then(Replication::unready)
    }

    /// Whether this replica is the one that reads files and does what only one may do. A portal with a database of its own always is.
    pub(crate) fn leads(&self) -> bool {
        self.shared.replication.as_ref().is_none_or(|r| r.peers.leads())
    }

    /// Tells all other replicas; those whose it is do as asked.
    pub(crate) fn ask_others(&self, wish: &Wish) {
        let Some(replication) = &self.shared.replication else { return };
        let (peers, words) = (Arc::clone(&replication.peers), wish.words());
        let ask = move || {
            if let Err(error) = peers.ask(&words) {
                tracing::warn!(%error, "the other replicas cannot be asked");
            }
        };
        // It blocks, which a task must not.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(ask)),
            Err(_) => ask(),
        }
    }

    /// Tells the other replicas that this one goes. Blocks for a moment; call it last.
    pub fn leave(&self) {
        if let Some(replication) = &self.shared.replication {
            replication.left.store(true, Ordering::Release);
            replication.peers.leave();
        }
    }
}

/// What others had stored.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tail {
    /// Anything at all.
    pub(crate) any: bool,
    /// Problems of sources.
    problems: bool,
}

/// Applies to a catalog what has been stored since.
pub(crate) fn apply_tail(catalog: &mut Catalog, store: &dyn Store) -> Result<Tail, StoreError> {
    let mut tail = Tail::default();
    loop {
        let commits = store.commits_since(catalog.revision, TAIL)?;
        for commit in &commits {
            if commit.revision != catalog.revision + 1 {
                let gap = format!("the change log has no revision {}", catalog.revision + 1);
                return Err(StoreError::Damaged(gap));
            }
            for change in &commit.change_set.changes {
                catalog.apply(change);
                tail.problems |= Problems::are_told_by(change);
            }
            catalog.revision = commit.revision;
            tail.any = true;
        }
        if commits.len() < TAIL {
            return Ok(tail);
        }
    }
}

/// Joins the others and applies what has come since the catalog was loaded.
pub(crate) fn join(peers: &dyn Peers, catalog: &mut Catalog, store: &dyn Store) -> Result<(), StoreError> {
    peers.join(catalog.revision)?;
    apply_tail(catalog, store)?;
    peers.report(catalog.revision)
}

/// Starts both threads. They end when the portal is gone.
pub(crate) fn start(shared: &Arc<Shared>) {
    let Some(replication) = &shared.replication else { return };
    let Some(inbox) = replication.inbox.lock().take() else { return };
    let (weak, peers) = (Arc::downgrade(shared), Arc::clone(&replication.peers));
    spawn("follower", move || follow(&weak, peers.as_ref()));
    let (weak, peers) = (Arc::downgrade(shared), Arc::clone(&replication.peers));
    spawn("answers", move || answer(&weak, peers.as_ref(), &inbox));
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) {
    // Without it this replica never becomes ready, or answers nothing.
    if let Err(error) = std::thread::Builder::new().name(name.into()).spawn(run) {
        tracing::error!(%error, "the thread {name} could not be started");
    }
}

fn answer(shared: &Weak<Shared>, peers: &dyn Peers, inbox: &Receiver<Held>) {
    while let Ok(held) = inbox.recv() {
        let left = AGREEMENT.saturating_sub(held.since.elapsed());
        if !peers.wait_applied(held.revision, left) {
            tracing::debug!(held.revision, "answering before every replica has applied it");
        }
        if let Some(shared) = shared.upgrade()
            && let Some(replication) = &shared.replication
        {
            replication.agreed.fetch_max(held.revision, Ordering::AcqRel);
        }
        send(held.answers);
    }
}

fn follow(shared: &Weak<Shared>, peers: &dyn Peers) {
    let (mut down, mut led) = (false, false);
    loop {
        let Some(applied) = shared.upgrade().map(|s| s.catalog.load().revision) else { return };
        let followed = peers.wait(applied).map_err(|error| error.to_string()).and_then(|notice| {
            let Some(shared) = shared.upgrade() else { return Ok(()) };
            if notice.head > applied {
                shared.catch_up(peers, notice.head)?;
            }
            let wishes = notice.asked.iter().filter_map(|words| Wish::parse(words));
            let duty = notice.share.then_some(Wish::Duty);
            wishes.chain(duty).for_each(|wish| shared.sources.wish(wish));
            Ok(())
        });
        let Some(shared) = shared.upgrade() else { return };
        if shared.replication.as_ref().is_none_or(|r| r.left.load(Ordering::Acquire)) {
            return;
        }
        let leads = peers.leads();
        if leads && !led {
            tracing::info!("this replica reads the sources");
            // What the one before has left unfinished.
            Portal { shared: Arc::clone(&shared) }.run_migrations();
        }
        if leads != led {
            shared.sources.wish(Wish::Duty);
        }
        led = leads;
        match &followed {
            Ok(()) if down => tracing::info!("the database answers again"),
            Err(error) if !down => {
                tracing::warn!(error, "the database is away: reads are answered, writes refused")
            }
            _ => {}
        }
        down = followed.is_err();
        drop(shared);
        if down {
            std::thread::sleep(RETRY);
        }
    }
}

impl Shared {
    /// Publishes a catalog to which a tail was applied.
    pub(crate) fn publish_tail(&self, catalog: Catalog, tail: Tail) {
        if tail.problems {
            self.problems.store(Arc::new(Problems::shared(&catalog)));
        }
        self.publish(catalog);
    }

    /// Has the writer apply what others wrote, and tells them.
    fn catch_up(&self, peers: &dyn Peers, head: Revision) -> Result<(), String> {
        let Some(replication) = &self.replication else { return Ok(()) };
        if self.catalog.load().revision < head {
            replication.behind.lock().get_or_insert_with(Instant::now);
            self.writer.catch_up()?;
        }
        let applied = self.catalog.load().revision;
        if applied >= head {
            *replication.behind.lock() = None;
        }
        peers.report(applied).map_err(|error| error.to_string())
    }
}
