//! The other replicas: who they are, what they have applied, and what is new.
//!
//! A notification is a hint. Whoever misses one (a proxy that does not pass them on, a broken connection) learns the
//! head within a quarter of a second, for it is asked for that often; every fourth time the lease is renewed with the
//! same statement. So an idle replica costs the database four small statements a second.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use stagedoor_model::Revision;
use stagedoor_store::{LEASE, Notice, Peers, StoreError};
use uuid::Uuid;

use super::failure::{Failure, Outcome};
use super::link::{Link, Slot, within};
use super::read::HEAD;
use super::target::Target;
use super::work::{self, Look, look, looked};
use super::write::Living;

const POLL: Duration = Duration::from_millis(250);
const BEAT: Duration = Duration::from_secs(1);
/// An answer that takes longer than this comes from a database that is as good as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// Renews the lease, takes or keeps the lead where it is free, and reads the news. The database reckons a lease
/// two seconds longer than its holder: these statements are not synced, so a crash may lose the newest.
const RENEW: &str = concat!(
    "WITH beat AS (
        INSERT INTO replicas (id, applied, seen) VALUES ($1, $2, clock_timestamp())
        ON CONFLICT (id) DO UPDATE SET applied = EXCLUDED.applied, seen = EXCLUDED.seen
    ), lead AS (
        INSERT INTO leases (name, holder, until) VALUES ('lead', $1, clock_timestamp() + interval '5 s')
        ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until
            WHERE leases.holder = EXCLUDED.holder OR leases.until < clock_timestamp()
        RETURNING holder
    ), gone AS (
        DELETE FROM replicas WHERE seen < clock_timestamp() - interval '1 minute' AND id <> $1
    ), ",
    look!(),
    "SELECT (SELECT revision FROM head), EXISTS (SELECT FROM lead),
        (SELECT array_agg(id) FROM replicas), (SELECT array_agg(applied) FROM replicas), ",
    looked!()
);
/// Two seconds are added to the lease, as everywhere here.
const LIVING: &str = "SELECT id FROM replicas WHERE seen > clock_timestamp() - interval '5 s'";
/// Work that could not be shared as it should is tried again after this long.
const AGAIN: Duration = Duration::from_secs(5);

/// This process among the others.
pub(super) struct Replicas {
    id: Uuid,
    target: Arc<Target>,
    channel: String,
    follower: Mutex<Follower>,
    /// For what other threads say.
    side: Mutex<Slot>,
    known: Mutex<Known>,
    news: Condvar,
}

/// The thread that follows, and its connection.
struct Follower {
    slot: Slot,
    renew_at: Instant,
    poll_at: Instant,
}

#[derive(Default)]
struct Known {
    living: Living,
    /// When the last renewal that succeeded was begun.
    renewed: Option<Instant>,
    leads: bool,
    joined: bool,
    work: Work,
}

/// The part of the shared work that this replica does.
#[derive(Default)]
struct Work {
    /// What it holds.
    held: BTreeSet<String>,
    /// In so many rows.
    rows: usize,
    /// In how many rows there is all of it; `None` where this replica does none.
    known: Option<usize>,
    /// It is being shared now.
    sharing: bool,
    /// How often it has been shared.
    shared: u64,
    /// For which state this replica was last told to share, and when.
    told: Option<(Look, Instant)>,
}

impl Work {
    fn lose(&mut self) {
        self.held.clear();
        self.rows = 0;
    }

    /// Learns how things stand, as they stood after `shared` times. Whether they should be shared anew.
    fn learn(&mut self, look: Look, shared: Option<u64>) -> bool {
        let (Some(known), false) = (self.known, self.sharing || shared != Some(self.shared)) else {
            return false;
        };
        let agrees = look.agrees(self.rows);
        if !agrees {
            // Somebody else has taken some: which ones is not known.
            self.lose();
        }
        let again = self.told.is_none_or(|(told, at)| told != look || at.elapsed() > AGAIN);
        let share = !agrees || look.asks_for_change(known) && again;
        if share {
            self.told = Some((look, Instant::now()));
        }
        share
    }
}

impl Replicas {
    pub(super) fn new(target: Arc<Target>, channel: String) -> Outcome<Self> {
        let now = Instant::now();
        Ok(Self {
            id: Uuid::new_v4(),
            target,
            channel,
            follower: Mutex::new(Follower { slot: Slot::new()?, renew_at: now, poll_at: now }),
            side: Mutex::new(Slot::new()?),
            known: Mutex::default(),
            news: Condvar::new(),
        })
    }

    /// What a commit found: exactly these count, and what they said since then.
    pub(super) fn living(&self, found: Living) {
        let mut known = self.known.lock();
        let before = std::mem::take(&mut known.living);
        known.living = found;
        known.living.remove(&self.id);
        for (id, applied) in before {
            known.living.entry(id).and_modify(|newer| *newer = applied.max(*newer));
        }
    }

    /// News of those that count already.
    fn heard(&self, said: impl Iterator<Item = (Uuid, Revision)>) {
        let mut known = self.known.lock();
        for (id, applied) in said {
            known.living.entry(id).and_modify(|newer| *newer = applied.max(*newer));
        }
        self.news.notify_all();
    }

    fn failed(&self, failure: Failure) -> StoreError {
        failure.explain(&self.target.name)
    }

    async fn renew(&self, link: &mut Link, applied: Revision, notice: &mut Notice) -> Outcome<()> {
        let begun = Instant::now();
        let shared = Some(&self.known.lock().work).filter(|work| !work.sharing).map(|work| work.shared);
        let renew = link.statement(RENEW).await?;
        let row = within(PATIENCE, async {
            Ok(link.client.query_one(&renew, &[&self.id, &applied.cast_signed()]).await?)
        })
        .await?;
        let (ids, revisions): (Option<Vec<Uuid>>, Option<Vec<i64>>) = (row.get(2), row.get(3));
        let said = ids.unwrap_or_default().into_iter().zip(revisions.unwrap_or_default());
        self.heard(said.map(|(id, applied)| (id, applied.cast_unsigned())));
        let mut known = self.known.lock();
        known.renewed = Some(begun);
        known.leads = row.get(1);
        notice.share = known.work.learn(Look::of(&row, 4), shared);
        notice.head = row.get::<_, i64>(0).cast_unsigned();
        Ok(())
    }

    /// Understands what came unasked.
    fn understand(&self, payload: &str, notice: &mut Notice) {
        let (what, rest) = payload.split_once(' ').unwrap_or((payload, ""));
        match what {
            "head" => notice.head = notice.head.max(rest.parse().unwrap_or(0)),
            "applied" => {
                let said = rest.split_once(' ').and_then(|(id, n)| Some((id.parse().ok()?, n.parse().ok()?)));
                self.heard(said.into_iter());
            }
            "gone" => {
                if let Ok(id) = rest.parse() {
                    self.known.lock().living.remove(&id);
                    self.news.notify_all();
                }
            }
            "ask" => {
                match rest.split_once(' ').and_then(|(id, words)| Some((id.parse::<Uuid>().ok()?, words))) {
                    Some((id, _)) if id == self.id => {}
                    Some((_, words)) => notice.asked.push(words.to_owned()),
                    // Of an older replica.
                    None => notice.asked.push(rest.to_owned()),
                }
            }
            _ => {}
        }
    }

    /// Everything that has come without being waited for.
    fn drain(&self, link: &mut Link, notice: &mut Notice) {
        while let Ok(notification) = link.notifications.try_recv() {
            self.understand(notification.payload(), notice);
        }
    }

    fn say(&self, what: &str) -> Result<(), StoreError> {
        let said = self.side.lock().run_again(&self.target, async |link| {
            let notify = link.statement("SELECT pg_notify($1, $2)").await?;
            link.client.execute(&notify, &[&self.channel, &what]).await?;
            Ok(())
        });
        said.map_err(|failure| self.failed(failure))
    }
}

impl Follower {
    /// One round over the connection: until there is news, or it is time to ask again; no longer than that anyway
    /// where it should not `wait`.
    fn round(&mut self, replicas: &Replicas, applied: Revision, wait: bool) -> Outcome<Notice> {
        let fresh = !self.slot.is_open();
        let (renew_at, poll_at) = (&mut self.renew_at, &mut self.poll_at);
        self.slot.run(&replicas.target, async |link| {
            if fresh {
                let listen = format!("SET synchronous_commit = off; LISTEN \"{}\"", replicas.channel);
                link.client.batch_execute(&listen).await?;
                *renew_at = Instant::now();
            }
            let mut notice = Notice::default();
            let now = Instant::now();
            let joined = replicas.known.lock().joined;
            if joined && now >= *renew_at {
                replicas.renew(link, applied, &mut notice).await?;
                (*renew_at, *poll_at) = (now + BEAT, now + POLL);
            } else if now >= *poll_at {
                let head = link.statement(HEAD).await?;
                let row = within(PATIENCE, async { Ok(link.client.query_one(&head, &[]).await?) }).await?;
                notice.head = row.get::<_, i64>(0).cast_unsigned();
                *poll_at = now + POLL;
            }
            replicas.drain(link, &mut notice);
            while wait && notice.head <= applied && notice.asked.is_empty() && !notice.share {
                let next = if joined { (*poll_at).min(*renew_at) } else { *poll_at };
                let left = next.saturating_duration_since(Instant::now());
                match tokio::time::timeout(left, link.notifications.recv()).await {
                    Ok(Some(notification)) => replicas.understand(notification.payload(), &mut notice),
                    Ok(None) => return Err(Failure::Lost("the connection was closed".to_owned())),
                    Err(_) => break,
                }
            }
            replicas.drain(link, &mut notice);
            Ok(notice)
        })
    }
}

impl Peers for Replicas {
    fn join(&self, applied: Revision) -> Result<(), StoreError> {
        let mut follower = self.follower.lock();
        self.known.lock().joined = true;
        follower.renew_at = Instant::now();
        follower.round(self, applied, false).map_err(|failure| self.failed(failure))?;
        Ok(())
    }

    fn wait(&self, applied: Revision) -> Result<Notice, StoreError> {
        self.follower.lock().round(self, applied, true).map_err(|failure| self.failed(failure))
    }

    fn report(&self, applied: Revision) -> Result<(), StoreError> {
        let said = self.follower.lock().slot.run(&self.target, async |link| {
            let notify = link.statement("SELECT pg_notify($1, $2)").await?;
            let what = format!("applied {} {applied}", self.id);
            link.client.execute(&notify, &[&self.channel, &what]).await?;
            Ok(())
        });
        said.map_err(|failure| self.failed(failure))
    }

    fn wait_applied(&self, revision: Revision, timeout: Duration) -> bool {
        let until = Instant::now() + timeout;
        let mut known = self.known.lock();
        while known.living.values().any(|applied| *applied < revision) {
            if self.news.wait_until(&mut known, until).timed_out() {
                return known.living.values().all(|applied| *applied >= revision);
            }
        }
        true
    }

    fn leads(&self) -> bool {
        let known = self.known.lock();
        known.leads && known.renewed.is_some_and(|renewed| renewed.elapsed() < LEASE)
    }

    fn is_current(&self) -> bool {
        let renewed = self.known.lock().renewed;
        renewed.is_some_and(|renewed| renewed.elapsed() < LEASE)
    }

    fn ask(&self, what: &str) -> Result<(), StoreError> {
        self.say(&format!("ask {} {what}", self.id))
    }

    fn share(&self, work: &BTreeSet<String>) -> Result<(), StoreError> {
        let mut side = self.side.lock();
        {
            let ours = &mut self.known.lock().work;
            (ours.sharing, ours.known) = (true, Some(work.len()));
        }
        let shared = side.run_again(&self.target, async |link| work::share(link, self.id, work).await);
        let ours = &mut self.known.lock().work;
        (ours.sharing, ours.shared) = (false, ours.shared + 1);
        match shared {
            Ok(shared) => {
                (ours.held, ours.rows, ours.known) = (shared.held, shared.rows, Some(shared.known));
                Ok(())
            }
            Err(failure) => {
                // Whether it has given something up is not known.
                ours.lose();
                ours.told = None;
                Err(self.failed(failure))
            }
        }
    }

    fn holds(&self, work: &str) -> bool {
        let known = self.known.lock();
        known.work.held.contains(work) && known.renewed.is_some_and(|renewed| renewed.elapsed() < LEASE)
    }

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn living(&self) -> Result<BTreeSet<String>, StoreError> {
        let found = self.side.lock().run_again(&self.target, async |link| {
            let living = link.statement(LIVING).await?;
            let rows = within(PATIENCE, async { Ok(link.client.query(&living, &[]).await?) }).await?;
            Ok(rows.iter().map(|row| row.get::<_, Uuid>(0).to_string()).collect::<BTreeSet<String>>())
        });
        let mut found = found.map_err(|failure| self.failed(failure))?;
        found.insert(self.id());
        Ok(found)
    }

    fn leave(&self) {
        // Nothing may renew the lease meanwhile.
        let _follower = self.follower.lock();
        if !std::mem::take(&mut self.known.lock().joined) {
            return;
        }
        self.known.lock().work = Work::default();
        let left = self.side.lock().run_again(&self.target, async |link| {
            let row = link.statement("DELETE FROM replicas WHERE id = $1").await?;
            link.client.execute(&row, &[&self.id]).await?;
            let lead = link.statement("DELETE FROM leases WHERE holder = $1").await?;
            link.client.execute(&lead, &[&self.id]).await?;
            let notify = link.statement("SELECT pg_notify($1, $2)").await?;
            link.client.execute(&notify, &[&self.channel, &format!("gone {}", self.id)]).await?;
            Ok(())
        });
        if let Err(failure) = left {
            // The lease ends by itself.
            tracing::debug!(error = %self.failed(failure), "the lease could not be given back");
        }
    }
}
