//! The past of scorecards for whoever asks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::RwLock;
use stagedoor_auth::Viewer;
use stagedoor_model::Timestamp;
use uuid::Uuid;

use super::keep::{self, Index, Kept, Line};
use super::past::{Known, Past, Totals};
use crate::error::PortalError;
use crate::{Portal, View, writer};

/// Collection of the scorecards, by `<blueprint>/<identifier>`.
pub(super) const SCORECARDS: &str = "scorecard";
/// Days that one answer tells of.
const MOST_DAYS: u32 = 400;
/// Moves in one answer.
const MOST_MOVES: usize = 500;
/// Lines that are looked through for them.
const MOST_LINES: usize = 20_000;
/// Lines that are read at once.
const PAGE: usize = 1_000;
/// What another replica has written is read again after this time.
const FRESH: Duration = Duration::from_secs(5);

/// How many stood where at the end of a day; today: now.
#[derive(Clone, Debug)]
pub struct ScorePoint {
    /// `2026-11-23`, in UTC.
    pub date: String,
    /// Entities that the scorecard was about.
    pub applies: u64,
    /// By the title of a level.
    pub levels: BTreeMap<String, u64>,
    /// By rule: passed, failed, not measured, exempt.
    pub rules: BTreeMap<String, [u64; 4]>,
}

/// A result that became another.
#[derive(Clone, Debug)]
pub struct ScoreMove {
    /// Identifier of the entity.
    pub entity: String,
    /// Its title.
    pub title: String,
    /// Identifier of the rule; `None`: the level.
    pub rule: Option<String>,
    /// Level or status; `None`: the scorecard was not about the entity.
    pub from: Option<String>,
    /// And since.
    pub to: Option<String>,
    /// When that was seen.
    pub at: Timestamp,
}

/// The past of a scorecard.
#[derive(Clone, Debug, Default)]
pub struct ScoreHistory {
    /// The oldest first, the last is now. None for whoever does not see all entities of the blueprint.
    pub points: Vec<ScorePoint>,
    /// The newest first: levels, or a rule's results.
    pub moved: Vec<ScoreMove>,
    /// When recording began; `None` where it has not.
    pub since: Option<Timestamp>,
}

/// Since when the entities of a scorecard stand where they do.
#[derive(Clone, Default)]
pub(crate) struct Since(Option<Arc<RwLock<Past>>>);

impl Since {
    /// Of an entity that was made at some time: by a rule, or (`None`) at its level. `None` where it has been so since
    /// before recording began.
    pub(crate) fn of(&self, entity: Uuid, rule: Option<&str>, made: Timestamp) -> Option<Timestamp> {
        self.0.as_ref()?.read().since(entity, rule, made)
    }
}

fn point(date: String, totals: Totals) -> ScorePoint {
    ScorePoint { date, applies: totals.applies, levels: totals.levels, rules: totals.rules }
}

impl Portal {
    /// The past of a scorecard over some days, with what moved: levels, or the results of `rule`.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn score_history(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        scorecard: &str,
        days: u32,
        rule: Option<String>,
    ) -> Result<ScoreHistory, PortalError> {
        let view = self.view(viewer)?;
        let key = format!("{blueprint}/{scorecard}");
        if view.catalog.record(SCORECARDS, &key).is_none() {
            let shown: String = scorecard.chars().take(100).collect();
            return Err(PortalError::NotFound(format!(
                "there is no scorecard \"{shown}\" of this blueprint"
            )));
        }
        let (portal, blueprint) = (self.clone(), blueprint.to_owned());
        let read = move || {
            portal.read_score_history(&view, &blueprint, &key, days.clamp(1, MOST_DAYS), rule.as_deref())
        };
        tokio::task::spawn_blocking(read).await.map_err(|error| PortalError::Internal(error.to_string()))?
    }

    fn read_score_history(
        &self,
        view: &View,
        blueprint: &str,
        key: &str,
        days: u32,
        rule: Option<&str>,
    ) -> Result<ScoreHistory, PortalError> {
        let now = self.shared.clock.now();
        let from = Timestamp(now.0 - i64::from(days - 1) * keep::DAY);
        let mut history = ScoreHistory::default();
        let Some((id, past)) = self.past_of(key)? else { return Ok(history) };
        history.since = past.read().began;
        if self.sees_all_of(view, blueprint) {
            let lines = self.shared.store.journal(&keep::days_of(&id), None, days as usize);
            let (first, today) = (keep::date_of(from), keep::date_of(now));
            let read = lines.map_err(writer::internal)?.into_iter().rev();
            let ended = read.filter_map(|line| keep::day_of(&line));
            history.points.extend(
                ended
                    .filter(|(day, _)| *day >= first && *day < today)
                    .map(|(day, totals)| point(day, totals)),
            );
            let catalog = self.shared.catalog.load_full();
            let boards = self.boards_in(&catalog, now);
            let board = boards.iter().find(|(known, _)| known == key);
            history.points.extend(board.map(|(_, board)| point(today, Totals::of(board))));
        }
        let start = Timestamp(from.0 - from.0.rem_euclid(keep::DAY));
        history.moved = self.moves(view, &id, start, rule)?;
        Ok(history)
    }

    /// What moved since a time, the newest first, of entities that the viewer of a view sees.
    fn moves(
        &self,
        view: &View,
        id: &str,
        start: Timestamp,
        rule: Option<&str>,
    ) -> Result<Vec<ScoreMove>, PortalError> {
        let (mut moved, mut before, mut seen) = (Vec::new(), None, 0);
        while seen < MOST_LINES {
            let page =
                self.shared.store.journal(&keep::moves_of(id), before, PAGE).map_err(writer::internal)?;
            seen += page.len().max(1);
            before = page.last().map(|line| line.id);
            for line in &page {
                if line.at < start || moved.len() == MOST_MOVES {
                    return Ok(moved);
                }
                moved.extend(Line::read(line).and_then(|read| seen_move(view, read, line.at, rule)));
            }
            if page.len() < PAGE {
                break;
            }
        }
        Ok(moved)
    }

    /// The past of a scorecard and its id. Blocks where another replica looks after it.
    fn past_of(&self, key: &str) -> Result<Option<Known>, PortalError> {
        let pasts = &self.shared.pasts;
        if self.leads()
            && let Some(known) = pasts.by_key(key)
        {
            return Ok(Some(known));
        }
        if let Some(known) = pasts.read_before(key, Instant::now(), FRESH) {
            return Ok(Some(known));
        }
        let Some(id) = Index::read(self)?.id(key).map(str::to_owned) else { return Ok(None) };
        let Some(kept) = Kept::read(self, &id)? else { return Ok(None) };
        let known = (id, Arc::new(RwLock::new(kept.past)));
        pasts.have_read(key, Instant::now(), known.clone());
        Ok(Some(known))
    }

    /// The newest commit whose results have been written down, on the replica that leads.
    #[must_use]
    pub fn scores_seen(&self) -> tokio::sync::watch::Receiver<stagedoor_model::Revision> {
        self.shared.pasts.seen()
    }

    /// Since when the entities of a scorecard stand where they do. Blocks where another replica looks after it.
    pub(crate) fn score_since(&self, blueprint: &str, scorecard: &str) -> Since {
        let past = self.past_of(&format!("{blueprint}/{scorecard}"));
        Since(past.unwrap_or_default().map(|(_, past)| past))
    }
}

fn seen_move(view: &View, line: Line, at: Timestamp, rule: Option<&str>) -> Option<ScoreMove> {
    if line.rule.as_deref() != rule || !line.was_there {
        return None;
    }
    let node = view.catalog.node_of_uid(line.entity).filter(|node| view.entity(*node).is_some())?;
    let entity = view.identifier(node);
    let title = view.title(node).unwrap_or_else(|| entity.clone());
    Some(ScoreMove { entity, title, rule: line.rule, from: line.from, to: line.to, at })
}
