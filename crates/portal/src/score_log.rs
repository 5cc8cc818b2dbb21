//! What became of the results of scorecards: who moved when, and how many stood where on each day.
//!
//! Results are computed and never stored, so somebody has to look at them in time. One task does ([`follow`]), on the
//! replica that leads: it compares each board with the one before ([`compare`]) after every commit and whenever a
//! clock makes a result another. What moved are lines of a journal, one per scorecard; what all stood at once is kept
//! beside it from time to time ([`keep`]), so that after a restart what moved meanwhile is told from what was told.

mod compare;
mod keep;
mod past;
mod read;

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use stagedoor_model::Timestamp;
use stagedoor_query::Catalog;
use stagedoor_scorecards::Board;

use self::compare::{Moved, Stood};
use self::keep::{Index, Kept, Line};
pub(crate) use self::past::Pasts;
use self::past::{Past, Totals};
pub(crate) use self::read::Since;
pub use self::read::{ScoreHistory, ScoreMove, ScorePoint};
use crate::error::PortalError;
use crate::{Portal, Shared, automations};

/// A turn that failed is tried again after this time; one that does not lead looks whether it does.
const PAUSE: Duration = Duration::from_secs(1);
/// Nothing is looked at more rarely.
const LONGEST: Duration = Duration::from_secs(3600);
/// Looking takes at most this part of the time.
const SHARE: u32 = 4;
/// Lines of one scorecard in one turn: when a standard changes, everything may move at once.
const MOST_LINES: usize = 5_000;
/// Lines after which it is kept how all stand.
const STRIDE: usize = 2_000;

/// Follows the boards as long as there is a portal.
pub(crate) async fn follow(shared: Weak<Shared>) {
    let follow = |shared: Arc<Shared>| (shared.head.follow(), shared.clock.follow());
    let Some((mut head, mut clock)) = shared.upgrade().map(follow) else { return };
    let mut watch = Watch::default();
    loop {
        let Some(shared) = shared.upgrade() else { return };
        let portal = Portal { shared };
        if head.borrow_and_update().ended || portal.shared.runs.is_halted() {
            return;
        }
        let started = Instant::now();
        let pause = if portal.leads() {
            match turn(&portal, &mut watch).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(%error, "results of scorecards could not be followed: tried again");
                    watch = Watch::default();
                    Some(PAUSE)
                }
            }
        } else {
            watch = Watch::default();
            Some(PAUSE)
        };
        let rest = started.elapsed() * SHARE;
        drop(portal);
        tokio::time::sleep(rest.min(PAUSE * 5)).await;
        tokio::select! {
            changed = head.changed() => if changed.is_err() { return },
            _ = clock.changed() => {}
            () = tokio::time::sleep(pause.unwrap_or(LONGEST).min(LONGEST)) => {}
        }
    }
}

/// One scorecard as it was looked at last.
struct Last {
    id: String,
    board: Arc<Board>,
    totals: Totals,
    day: String,
    /// The newest line that the kept state contains.
    line: i64,
    /// Lines since then.
    since_kept: usize,
}

/// What the task knows between two turns.
#[derive(Default)]
struct Watch {
    index: Option<Index>,
    /// The catalog of the last turn: who is gone is found there.
    catalog: Option<Arc<Catalog>>,
    last: BTreeMap<String, Last>,
}

/// Something that automations may be about.
pub(crate) struct Told {
    /// Unique, and ascending within a scorecard.
    pub(crate) name: String,
    pub(crate) at: Timestamp,
    /// `<blueprint>/<scorecard>`.
    pub(crate) scorecard: String,
    pub(crate) line: Line,
}

async fn turn(portal: &Portal, watch: &mut Watch) -> Result<Option<Duration>, PortalError> {
    let (own, mut taken) = (portal.clone(), std::mem::take(watch));
    let work = move || {
        let outcome = taken.look(&own);
        (taken, outcome)
    };
    let (taken, outcome) =
        tokio::task::spawn_blocking(work).await.map_err(|error| PortalError::Internal(error.to_string()))?;
    *watch = taken;
    let (told, pause) = outcome?;
    let now = portal.shared.clock.now();
    let expires = portal.expire_exemptions(now).await?.map(|at| after(at, now));
    let pause = pause.into_iter().chain(expires).min();
    let seen = watch.catalog.as_ref().map(|catalog| catalog.revision);
    for (id, told) in told {
        let newest = told.iter().map(|(line, _)| *line).max();
        let told = told.into_iter().map(|(_, told)| told).collect();
        if automations::on_results(portal, told).await?
            && let Some(newest) = newest
        {
            let own = portal.clone();
            let put = move || keep::put_acted(&own, &id, newest);
            tokio::task::spawn_blocking(put)
                .await
                .map_err(|error| PortalError::Internal(error.to_string()))??;
        }
    }
    if let Some(seen) = seen {
        portal.shared.pasts.have_seen(seen);
    }
    Ok(pause)
}

/// By the id of a scorecard: the lines that automations have to see, each with its number.
type News = Vec<(String, Vec<(i64, Told)>)>;

impl Watch {
    /// Compares everything with what was before. Returns what is new, and after which time to look again.
    fn look(&mut self, portal: &Portal) -> Result<(News, Option<Duration>), PortalError> {
        let catalog = portal.shared.catalog.load_full();
        let now = catalog.now();
        let boards = portal.boards_in(&catalog, now);
        let mut index = match self.index.take() {
            Some(index) => index,
            None => Index::read(portal)?,
        };
        let known: Vec<(String, &Board)> =
            boards.iter().map(|(key, board)| (key.clone(), board.as_ref())).collect();
        for gone in index.follow(&catalog, known.iter().map(|(key, _)| key.as_str())) {
            self.last.retain(|_, last| last.id != gone);
            keep::forget(portal, &gone)?;
        }
        index.keep(portal)?;
        let mut news = Vec::new();
        let before = self.catalog.take();
        for (key, board) in &boards {
            let Some(id) = index.id(key) else { continue };
            // A renamed scorecard goes on where it was.
            let last = self.last.extract_if(.., |_, last| last.id == id).next().map(|(_, last)| last);
            let (last, told) = match last {
                Some(last) => self::go_on(portal, key, last, board, (before.as_deref(), &catalog), now)?,
                None => self::begin(portal, key, id, board, &catalog, now)?,
            };
            if !told.is_empty() {
                news.push((last.id.clone(), told));
            }
            self.last.insert(key.clone(), last);
        }
        self.last.retain(|key, _| index.id(key).is_some());
        portal.shared.pasts.are(self.last.iter().map(|(key, last)| (key.clone(), last.id.clone())).collect());
        self.index = Some(index);
        if before.is_some_and(|before| before.revision == catalog.revision) && !news.is_empty() {
            portal.shared.pasts.moved_by_time();
        }
        self.catalog = Some(catalog);
        if boards.is_empty() {
            return Ok((news, None));
        }
        let midnight = Timestamp(now.0 - now.0.rem_euclid(keep::DAY) + keep::DAY);
        let next = boards.iter().filter_map(|(_, board)| board.until).fold(midnight, Timestamp::min);
        Ok((news, Some(after(next, now))))
    }
}

/// How long it is until then.
fn after(then: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(then.0.saturating_sub(now.0)).unwrap_or(0).max(1))
}

/// The first look at a scorecard in this process: what was kept of it is what was before.
fn begin(
    portal: &Portal,
    key: &str,
    id: &str,
    board: &Arc<Board>,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<(Last, Vec<(i64, Told)>), PortalError> {
    let today = keep::date_of(now);
    let kept = Kept::read(portal, id)?;
    let mut last = Last {
        id: id.to_owned(),
        board: Arc::clone(board),
        totals: Totals::of(board),
        day: today.clone(),
        line: 0,
        since_kept: 0,
    };
    let Some(kept) = kept else {
        let past = Past::beginning(board, now);
        portal.shared.pasts.put(id, past);
        keep::put_state(portal, &mut last, catalog, now)?;
        return Ok((last, Vec::new()));
    };
    let lost = keep::days_between(&kept.day, &today);
    keep::put_days(portal, id, &lost, &kept.stood.totals(), now)?;
    last.line = kept.line;
    let moved = compare::with_kept(&kept.stood, board, catalog);
    let mut past = kept.past;
    past.know(board, now);
    let acted = keep::acted(portal, id)?;
    // What automations have not seen before the process ended.
    let mut told: Vec<(i64, Told)> = kept
        .lines
        .into_iter()
        .filter(|(line, ..)| *line > acted)
        .map(|(line, at, body)| (line, tell(key, id, line, at, body)))
        .collect();
    portal.shared.pasts.put(id, past);
    told.extend(write_down(portal, key, &mut last, moved, (None, catalog), now)?);
    keep::put_state(portal, &mut last, catalog, now)?;
    Ok((last, told))
}

/// Another look.
fn go_on(
    portal: &Portal,
    key: &str,
    mut last: Last,
    board: &Arc<Board>,
    catalogs: (Option<&Catalog>, &Catalog),
    now: Timestamp,
) -> Result<(Last, Vec<(i64, Told)>), PortalError> {
    let today = keep::date_of(now);
    let another_day = last.day != today;
    if another_day {
        let ended = keep::days_between(&last.day, &today);
        keep::put_days(portal, &last.id, &ended, &last.totals, now)?;
        last.day = today;
    }
    let moved = compare::boards(&last.board, board);
    let another_standard = last.board.scorecard != board.scorecard;
    if another_standard && let Some(past) = portal.shared.pasts.get(&last.id) {
        past.write().know(board, now);
    }
    let many = moved.len() > MOST_LINES;
    let told = write_down(portal, key, &mut last, moved, catalogs, now)?;
    last.totals = Totals::of(board);
    last.board = Arc::clone(board);
    if another_day || another_standard || many || last.since_kept >= STRIDE {
        keep::put_state(portal, &mut last, catalogs.1, now)?;
    }
    Ok((last, told))
}

/// Writes down what moved, and remembers since when all stand where they do.
fn write_down(
    portal: &Portal,
    key: &str,
    last: &mut Last,
    moved: Vec<Moved>,
    (before, after): (Option<&Catalog>, &Catalog),
    now: Timestamp,
) -> Result<Vec<(i64, Told)>, PortalError> {
    if moved.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines = Vec::new();
    if let Some(past) = portal.shared.pasts.get(&last.id) {
        let mut past = past.write();
        for moved in moved {
            let Some((uid, line)) = Line::of(&moved, before, after) else { continue };
            past.moved(uid, &moved, now);
            if lines.len() < MOST_LINES {
                lines.push(line);
            }
        }
    }
    let told = keep::put_lines(portal, &last.id, lines, now)?;
    last.line = told.last().map_or(last.line, |(line, _)| *line);
    last.since_kept += told.len();
    let id = last.id.clone();
    Ok(told.into_iter().map(|(line, body)| (line, tell(key, &id, line, now, body))).collect())
}

fn tell(key: &str, id: &str, line: i64, at: Timestamp, body: Line) -> Told {
    Told { name: format!("result {id} {line}"), at, scorecard: key.to_owned(), line: body }
}

/// What a scorecard says of all, as it is kept.
fn stood(board: &Board, catalog: &Catalog) -> Stood {
    Stood::of(board, catalog)
}
