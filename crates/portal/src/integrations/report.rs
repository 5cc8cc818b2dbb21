//! What a person reads of the reports: the log, and how each resync went.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use stagedoor_auth::Viewer;
use stagedoor_model::{JournalLine, Timestamp};

use super::IntegrationName;
use super::telemetry::{HEARTBEAT, LOG, SYNC};
use crate::Portal;
use crate::error::PortalError;

/// Lines are looked through in steps of this many.
const STEP: usize = 500;

/// Which log lines are wanted.
#[derive(Clone, Debug, Default)]
pub struct LogQuery {
    /// At most this many.
    pub limit: usize,
    /// Newer ones than the position instead of older ones.
    pub up: bool,
    /// The position as the id of a line.
    pub line: Option<i64>,
    /// The position as a time.
    pub at: Option<Timestamp>,
    /// Only these levels, in any case; all when empty.
    pub levels: Vec<String>,
    /// Only of this resync.
    pub event: Option<String>,
}

impl Portal {
    /// Log lines, newest first: `{_id, receivedAt, message, level, timestamp, extra?}`.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn integration_logs(
        &self,
        viewer: &Viewer,
        name: &IntegrationName,
        query: LogQuery,
    ) -> Result<Vec<Value>, PortalError> {
        let one = self.reported(viewer, name)?;
        self.journals(move |store| {
            let (journal, mut found) = (one.journal(LOG), Vec::new());
            // Downwards from the position, or from the top down to it.
            let mut before = if query.up { None } else { query.line };
            'lines: loop {
                let lines = store.journal(&journal, before, STEP)?;
                let Some(last) = lines.last() else { break };
                before = Some(last.id);
                for line in &lines {
                    let place = query.place(line);
                    if query.up && !place.is_gt() {
                        break 'lines;
                    }
                    if (query.up || place.is_lt()) && query.takes(line) {
                        found.push(log_entry(line));
                    }
                    if !query.up && found.len() == query.limit {
                        break 'lines;
                    }
                }
            }
            // Upwards those nearest to the position are wanted.
            found.drain(..found.len().saturating_sub(query.limit));
            Ok(found)
        })
        .await
    }

    /// Metrics of the kinds of resyncs, newest first: the last report of each kind in each.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn sync_metrics(
        &self,
        viewer: &Viewer,
        name: &IntegrationName,
        resync: Option<String>,
    ) -> Result<Vec<Value>, PortalError> {
        let one = self.reported(viewer, name)?;
        let lines = self.journals(move |store| store.journal(&one.journal(SYNC), None, usize::MAX)).await?;
        let mut newest: IndexMap<(String, String), Value> = IndexMap::new();
        for line in &lines {
            let mut value = line.body.value();
            let key = (text(&value, "eventId"), text(&value, "kindIdentifier"));
            if resync.as_ref().is_some_and(|wanted| *wanted != key.0) {
                continue;
            }
            if let Some(map) = value.as_object_mut() {
                map.insert("updatedAt".into(), line.at.to_string().into());
            }
            newest.entry(key).or_insert(value);
        }
        Ok(newest.into_values().collect())
    }

    /// The resyncs that metrics were reported of, newest first: `{eventId, syncState, startedAt, updatedAt,
    /// kinds, lastHeartbeatAt}`.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn syncs_metadata(
        &self,
        viewer: &Viewer,
        name: &IntegrationName,
    ) -> Result<Vec<Value>, PortalError> {
        let one = self.reported(viewer, name)?;
        let both = move |store: &dyn stagedoor_store::Store| {
            let lines = store.journal(&one.journal(SYNC), None, usize::MAX)?;
            Ok((lines, store.journal(&one.journal(HEARTBEAT), None, 1)?))
        };
        let (lines, beats) = self.journals(both).await?;
        let beat = beats.first().map(|line| (text(&line.body.value(), "eventId"), line.at.to_string()));
        let mut syncs: IndexMap<String, Map<String, Value>> = IndexMap::new();
        for line in &lines {
            let value = line.body.value();
            let event = text(&value, "eventId");
            let sync = syncs.entry(event.clone()).or_insert_with(|| {
                let mut sync = Map::new();
                sync.insert("eventId".into(), event.into());
                sync.insert("syncState".into(), value.get("syncState").cloned().unwrap_or(Value::Null));
                sync.insert("startedAt".into(), Value::Null);
                sync.insert("updatedAt".into(), line.at.to_string().into());
                sync.insert("kinds".into(), json!([]));
                sync
            });
            // The lines come newest first, so the last one seen is the first one reported.
            sync.insert("startedAt".into(), line.at.to_string().into());
            let kind = Value::from(text(&value, "kindIdentifier"));
            if let Some(kinds) = sync.get_mut("kinds").and_then(Value::as_array_mut)
                && !kinds.contains(&kind)
            {
                kinds.push(kind);
            }
        }
        if let Some((event, at)) = beat
            && let Some(sync) = syncs.get_mut(&event)
        {
            sync.insert("lastHeartbeatAt".into(), at.into());
        }
        Ok(syncs.into_values().map(Value::Object).collect())
    }
}

impl LogQuery {
    /// Where a line stands to the position: greater is newer. Without a position every line is on the side asked for.
    fn place(&self, line: &JournalLine) -> std::cmp::Ordering {
        match (self.line, self.at) {
            (Some(id), _) => line.id.cmp(&id),
            (None, Some(at)) => line.at.cmp(&at),
            (None, None) if self.up => std::cmp::Ordering::Greater,
            (None, None) => std::cmp::Ordering::Less,
        }
    }

    fn takes(&self, line: &JournalLine) -> bool {
        let value = line.body.value();
        let level = text(&value, "level");
        let extra = value.get("extra");
        let event = ["event_id", "eventId", "resyncId"].iter().find_map(|key| extra?.get(key)?.as_str());
        (self.levels.is_empty() || self.levels.iter().any(|l| l.eq_ignore_ascii_case(&level)))
            && self.event.as_deref().is_none_or(|wanted| event == Some(wanted))
    }
}

fn log_entry(line: &JournalLine) -> Value {
    let mut entry = Map::new();
    entry.insert("_id".into(), line.id.to_string().into());
    entry.insert("receivedAt".into(), line.at.to_string().into());
    if let Value::Object(body) = line.body.value() {
        entry.extend(body.into_iter().filter(|(key, _)| key != "_id" && key != "receivedAt"));
    }
    Value::Object(entry)
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}
