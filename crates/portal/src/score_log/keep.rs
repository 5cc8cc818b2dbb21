//! What is kept of the past of scorecards, in the database beside the catalog.
//!
//! Of each scorecard, by an id that outlives a rename: the journal of what moved, the journal of how many stood where
//! at the end of each day, and how all stood at some line of the first. The last is written seldom, and what has been
//! written of the first since then is read with it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stagedoor_model::{JournalLine, JsonText, Timestamp};
use stagedoor_query::Catalog;
use uuid::Uuid;

use super::compare::{Moved, Stood};
use super::past::{Past, Totals};
use super::{Last, stood};
use crate::error::PortalError;
use crate::{Portal, writer};

/// Milliseconds of a day.
pub(super) const DAY: i64 = 24 * 3600 * 1000;
/// Lines of a scorecard that are kept.
const KEPT: usize = 50_000;
/// Days that are kept.
const DAYS: usize = 800;
/// Lines that are read at once.
const PAGE: usize = 2_000;
/// Setting with the ids of scorecards.
const INDEX: &str = "scorecards.index";

fn state_of(id: &str) -> String {
    format!("scorecards.state.{id}")
}

fn acted_of(id: &str) -> String {
    format!("scorecards.acted.{id}")
}

pub(super) fn moves_of(id: &str) -> String {
    format!("scorecards.moves.{id}")
}

pub(super) fn days_of(id: &str) -> String {
    format!("scorecards.days.{id}")
}

/// `2026-11-23`, in UTC.
pub(super) fn date_of(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

/// The days from one up to the day before another.
pub(super) fn days_between(from: &str, to: &str) -> Vec<String> {
    let (Some(from), Some(to)) = (Timestamp::parse(from), Timestamp::parse(to)) else { return Vec::new() };
    let most = i64::try_from(DAYS).unwrap_or(i64::MAX) * DAY;
    let mut day = from.0.max(to.0 - most);
    let mut days = Vec::new();
    while day < to.0 {
        days.push(date_of(Timestamp(day)));
        day += DAY;
    }
    days
}

/// Which scorecard has which id.
pub(super) struct Index {
    known: BTreeMap<String, Known>,
    stored: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Known {
    id: String,
    /// When the scorecard was made: what tells a rename from another scorecard.
    made: Timestamp,
}

impl Index {
    pub(super) fn read(portal: &Portal) -> Result<Self, PortalError> {
        let text = portal.shared.store.setting(INDEX).map_err(writer::internal)?;
        let stored: Value = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Ok(Self { known: serde_json::from_value(stored.clone()).unwrap_or_default(), stored })
    }

    pub(super) fn id(&self, key: &str) -> Option<&str> {
        self.known.get(key).map(|known| known.id.as_str())
    }

    /// Learns which scorecards there are. Returns the ids of those that are gone.
    pub(super) fn follow<'k>(
        &mut self,
        catalog: &Catalog,
        keys: impl Iterator<Item = &'k str>,
    ) -> Vec<String> {
        let made =
            |key: &str| catalog.record(super::read::SCORECARDS, key).map(|record| record.stamps.created_at);
        let there: BTreeMap<&str, Timestamp> = keys.filter_map(|key| Some((key, made(key)?))).collect();
        let same = |key: &str, known: &Known| there.get(key) == Some(&known.made);
        let mut gone: Vec<(String, Known)> = Vec::new();
        let lost: BTreeSet<String> =
            self.known.iter().filter(|(key, known)| !same(key, known)).map(|(key, _)| key.clone()).collect();
        for key in lost {
            gone.extend(self.known.remove(&key).map(|known| (key, known)));
        }
        for (key, made) in there {
            if self.known.contains_key(key) {
                continue;
            }
            // Two that were made at once keep their blueprint or their identifier.
            let (blueprint, identifier) = key.rsplit_once('/').unwrap_or((key, ""));
            let resembles =
                |old: &str| old.rsplit_once('/').is_some_and(|(b, i)| b == blueprint || i == identifier);
            let from = gone.iter().position(|(old, known)| known.made == made && resembles(old));
            let id = from.map(|at| gone.remove(at).1.id);
            let id = id.unwrap_or_else(|| Uuid::now_v7().simple().to_string());
            self.known.insert(key.to_owned(), Known { id, made });
        }
        gone.into_iter().map(|(_, known)| known.id).collect()
    }

    /// Stores it where it has changed.
    pub(super) fn keep(&mut self, portal: &Portal) -> Result<(), PortalError> {
        let now = json!(self.known);
        if now != self.stored && !(self.stored.is_null() && self.known.is_empty()) {
            portal.shared.store.put_setting(INDEX, Some(&now.to_string())).map_err(writer::internal)?;
            self.stored = now;
        }
        Ok(())
    }
}

/// A line of the journal of what moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Uid of the entity.
    #[serde(rename = "e")]
    pub(crate) entity: Uuid,
    /// Its identifier, as it then was.
    #[serde(rename = "i")]
    pub(crate) identifier: String,
    /// Its title.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    /// Identifier of the rule; none: it is about the level.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<String>,
    /// Level or status before.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    /// And since.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<String>,
    /// The entity was there before.
    #[serde(rename = "w", default)]
    pub(crate) was_there: bool,
}

impl Line {
    /// Of what moved, with the entity as it is, or was if it is gone.
    pub(super) fn of(moved: &Moved, before: Option<&Catalog>, after: &Catalog) -> Option<(Uuid, Self)> {
        let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
        let catalog = if after.entity(moved.node).is_some() { after } else { before? };
        let uid = catalog.entity(moved.node)?.record.uid;
        let line = Self {
            entity: uid,
            identifier: catalog.identifier_at(moved.node).into_owned(),
            title: catalog.title(moved.node),
            rule: text(&moved.rule),
            from: text(&moved.from),
            to: text(&moved.to),
            was_there: moved.was_there,
        };
        Some((uid, line))
    }

    pub(super) fn read(line: &JournalLine) -> Option<Self> {
        serde_json::from_value(line.body.value()).ok()
    }
}

/// Writes lines and returns them with their numbers.
pub(super) fn put_lines(
    portal: &Portal,
    id: &str,
    lines: Vec<Line>,
    at: Timestamp,
) -> Result<Vec<(i64, Line)>, PortalError> {
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let bodies: Vec<JsonText> = lines.iter().map(|line| JsonText::of(&json!(line))).collect();
    let (store, journal) = (&portal.shared.store, moves_of(id));
    store.append_journal(&journal, at, &bodies, KEPT).map_err(writer::internal)?;
    let written = store.journal(&journal, None, lines.len()).map_err(writer::internal)?;
    Ok(written.into_iter().rev().map(|line| line.id).zip(lines).collect())
}

/// Writes how many stood where at the end of some days.
pub(super) fn put_days(
    portal: &Portal,
    id: &str,
    days: &[String],
    totals: &Totals,
    at: Timestamp,
) -> Result<(), PortalError> {
    if days.is_empty() {
        return Ok(());
    }
    let body = |day: &String| {
        JsonText::of(&json!({"d": day, "a": totals.applies, "l": totals.levels, "r": totals.rules}))
    };
    let bodies: Vec<JsonText> = days.iter().map(body).collect();
    portal.shared.store.append_journal(&days_of(id), at, &bodies, DAYS).map_err(writer::internal)
}

/// A day as it was written.
pub(super) fn day_of(line: &JournalLine) -> Option<(String, Totals)> {
    let body = line.body.value();
    let read = |key: &str| body.get(key).cloned().unwrap_or_default();
    let totals = Totals {
        applies: body.get("a")?.as_u64()?,
        levels: serde_json::from_value(read("l")).unwrap_or_default(),
        rules: serde_json::from_value(read("r")).unwrap_or_default(),
    };
    Some((body.get("d")?.as_str()?.to_owned(), totals))
}

/// How all stand, as it is written.
#[derive(Serialize)]
struct State<'s, B: Serialize, R: Serialize, S: Serialize> {
    line: i64,
    at: Timestamp,
    day: &'s str,
    levels: &'s [String],
    ids: &'s [String],
    stood: Letters<'s>,
    began: &'s B,
    rules: &'s R,
    since: &'s S,
}

/// By uid.
struct Letters<'s>(&'s Stood);

impl Serialize for Letters<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = |letters: &'_ Vec<u8>| String::from_utf8_lossy(letters).into_owned();
        serializer.collect_map(self.0.of.iter().map(|(uid, letters)| (uid, text(letters))))
    }
}

/// How all stand, with what is remembered, up to a line.
pub(super) fn put_state(
    portal: &Portal,
    last: &mut Last,
    catalog: &Catalog,
    at: Timestamp,
) -> Result<(), PortalError> {
    let Some(past) = portal.shared.pasts.get(&last.id) else { return Ok(()) };
    let stood = stood(&last.board, catalog);
    // Written as it is: a tree of all of it would cost many times as much.
    let body = {
        let past = past.read();
        let state = State {
            line: last.line,
            at,
            day: &last.day,
            levels: &stood.levels,
            ids: &stood.rules,
            stood: Letters(&stood),
            began: &past.began,
            rules: &past.rules,
            since: &past.since,
        };
        serde_json::to_string(&state).map_err(|error| PortalError::Internal(error.to_string()))?
    };
    let name = state_of(&last.id);
    portal.shared.store.put_setting(&name, Some(&body)).map_err(writer::internal)?;
    last.since_kept = 0;
    Ok(())
}

/// What was kept of a scorecard, with the lines that were written since.
pub(super) struct Kept {
    pub(super) stood: Stood,
    pub(super) past: Past,
    /// The day of the newest line, or of the state.
    pub(super) day: String,
    /// The newest line.
    pub(super) line: i64,
    /// Those after the state, the oldest first.
    pub(super) lines: Vec<(i64, Timestamp, Line)>,
}

impl Kept {
    pub(super) fn read(portal: &Portal, id: &str) -> Result<Option<Self>, PortalError> {
        let text = portal.shared.store.setting(&state_of(id)).map_err(writer::internal)?;
        let Some(body) = text.and_then(|text| serde_json::from_str::<Value>(&text).ok()) else {
            return Ok(None);
        };
        let read = |key: &str| body.get(key).cloned().unwrap_or_default();
        let of: BTreeMap<Uuid, String> = serde_json::from_value(read("stood")).unwrap_or_default();
        let mut kept = Self {
            stood: Stood {
                levels: serde_json::from_value(read("levels")).unwrap_or_default(),
                rules: serde_json::from_value(read("ids")).unwrap_or_default(),
                of: of.into_iter().map(|(uid, letters)| (uid, letters.into_bytes())).collect(),
            },
            past: Past {
                began: serde_json::from_value(read("began")).unwrap_or_default(),
                rules: serde_json::from_value(read("rules")).unwrap_or_default(),
                since: serde_json::from_value(read("since")).unwrap_or_default(),
            },
            day: serde_json::from_value(read("day")).unwrap_or_default(),
            line: body.get("line").and_then(Value::as_i64).unwrap_or_default(),
            lines: Vec::new(),
        };
        let mut lines = lines_after(portal, id, kept.line)?;
        lines.reverse();
        for (line, at, body) in &lines {
            kept.stood.follow(body.entity, body.rule.as_deref(), body.to.as_deref());
            let remember = body.to.is_some() && body.was_there;
            kept.past.set(body.entity, body.rule.as_deref(), remember, *at);
            (kept.line, kept.day) = (*line, date_of(*at).max(kept.day));
        }
        kept.lines = lines;
        Ok(Some(kept))
    }
}

/// The lines after one, the newest first.
fn lines_after(portal: &Portal, id: &str, after: i64) -> Result<Vec<(i64, Timestamp, Line)>, PortalError> {
    let (store, journal) = (&portal.shared.store, moves_of(id));
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = store.journal(&journal, before, PAGE).map_err(writer::internal)?;
        let full = page.len() == PAGE;
        before = page.last().map(|line| line.id);
        let new = page.iter().filter(|line| line.id > after);
        all.extend(new.filter_map(|line| Some((line.id, line.at, Line::read(line)?))));
        if !full || before.is_none_or(|before| before <= after) {
            return Ok(all);
        }
    }
}

/// The last line that automations have seen.
pub(super) fn acted(portal: &Portal, id: &str) -> Result<i64, PortalError> {
    let text = portal.shared.store.setting(&acted_of(id)).map_err(writer::internal)?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or_default())
}

pub(super) fn put_acted(portal: &Portal, id: &str, line: i64) -> Result<(), PortalError> {
    portal.shared.store.put_setting(&acted_of(id), Some(&line.to_string())).map_err(writer::internal)
}

/// Forgets a scorecard.
pub(super) fn forget(portal: &Portal, id: &str) -> Result<(), PortalError> {
    let store = &portal.shared.store;
    for journal in [moves_of(id), days_of(id)] {
        store.append_journal(&journal, Timestamp(0), &[], 0).map_err(writer::internal)?;
    }
    for setting in [state_of(id), acted_of(id)] {
        store.put_setting(&setting, None).map_err(writer::internal)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::compare::letter;
    use super::*;

    #[test]
    fn days_are_those_that_have_ended() {
        assert_eq!(days_between("2026-11-22", "2026-11-22"), Vec::<String>::new());
        assert_eq!(days_between("2026-02-27", "2026-03-02"), ["2026-02-27", "2026-02-28", "2026-03-01"]);
        assert_eq!(days_between("1970-01-01", "2026-03-02").len(), DAYS);
        assert_eq!(days_between("", "2026-03-02"), Vec::<String>::new());
    }

    #[test]
    fn how_all_stood_follows_lines() {
        let uid = Uuid::from_u128(7);
        let mut stood = Stood {
            levels: vec!["Basic".into(), "Gold".into()],
            rules: vec!["a".into()],
            ..Stood::default()
        };
        stood.follow(uid, Some("a"), Some("passed"));
        stood.follow(uid, None, Some("Gold"));
        assert_eq!(stood.of.get(&uid).map(Vec::as_slice), Some(&[b'1', letter("passed")][..]));
        assert_eq!(stood.totals().levels.get("Gold"), Some(&1));
        assert_eq!(stood.totals().rules.get("a"), Some(&[1, 0, 0, 0]));
        stood.follow(uid, Some("a"), None);
        stood.follow(uid, None, None);
        assert!(stood.of.is_empty());
    }
}
