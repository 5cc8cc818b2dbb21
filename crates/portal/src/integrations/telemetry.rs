//! What integrations report: the state of a resync, logs, metrics, signs of life, how far they have read.
//!
//! All of it goes to journals and none to the change log. Each journal keeps its newest lines, and each line is
//! small, so that no integration can fill the disk.

use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, Viewer};
use stagedoor_model::JsonText;
use stagedoor_store::{Store, StoreError};

use super::{Integration, IntegrationName, find};
use crate::error::PortalError;
use crate::{Portal, clock};

pub(super) const RESYNC: &str = "resync";
pub(super) const LOG: &str = "log";
pub(super) const SYNC: &str = "sync";
pub(super) const HEARTBEAT: &str = "heartbeat";
pub(super) const CURSORS: &str = "cursors";
pub(super) const KINDS: &str = "kinds";

/// How many lines each keeps.
const LOG_LINES: usize = 5_000;
const SYNC_LINES: usize = 1_000;
const CURSOR_LINES: usize = 2_000;
/// Over this a log line loses its particulars, then the end of its message.
const LOG_LINE: usize = 16 * 1024;
/// The most that one metric or example may be.
pub(super) const ITEM: usize = 64 * 1024;

/// What was last reported of a resync.
pub(super) fn state_of(store: &dyn Store, one: &Integration) -> Result<Value, StoreError> {
    let newest = store.journal(&one.journal(RESYNC), None, 1)?;
    Ok(newest.first().map_or(Value::Null, |line| line.body.value()))
}

/// Empties the journals of an integration that is gone.
pub(super) fn forget(store: &dyn Store, one: &Integration) -> Result<(), StoreError> {
    for kind in super::examples::kinds(store, one)? {
        store.append_journal(&super::examples::journal(one, &kind), clock::now(), &[], 0)?;
    }
    for name in [RESYNC, LOG, SYNC, HEARTBEAT, CURSORS, KINDS] {
        store.append_journal(&one.journal(name), clock::now(), &[], 0)?;
    }
    Ok(())
}

impl Portal {
    /// The integration, if `viewer` may report in its name.
    pub(super) fn reporting(
        &self,
        viewer: &Viewer,
        name: &IntegrationName,
    ) -> Result<Integration, PortalError> {
        self.may(viewer, Action::ReportIntegration, name.resource())?;
        Ok(Integration::of(find(&self.shared.catalog.load(), name)?))
    }

    /// The integration, if `viewer` may read what it reported.
    pub(super) fn reported(
        &self,
        viewer: &Viewer,
        name: &IntegrationName,
    ) -> Result<Integration, PortalError> {
        self.may(viewer, Action::ReadIntegrations, name.resource())?;
        Ok(Integration::of(find(&self.shared.catalog.load(), name)?))
    }

    /// Merges into the state of its resync: what a key says last holds, null included. The same again is no change.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when the body is no object or `status` no text.
    pub async fn report_resync(
        &self,
        viewer: &Viewer,
        name: &IntegrationName,
        body: Value,
    ) -> Result<Integration, PortalError> {
        let mut one = self.reporting(viewer, name)?;
        let Value::Object(mut reported) = body else {
            return Err(PortalError::invalid("body must be object"));
        };
        reported.shift_remove("updatedAt");
        resync_state(&reported)?;
        small("body", &Value::Object(reported.clone()))?;
        self.journals(move |store| {
            let before = state_of(store, &one)?;
            let mut state = before.as_object().cloned().unwrap_or_default();
            state.extend(reported);
            one.resync_state = Value::Object(state.clone());
            if one.resync_state != before || before.is_null() {
                let now = clock::now();
                state.insert("updatedAt".into(), now.to_string().into());
                one.resync_state = Value::Object(state);
                store.append_journal(&one.journal(RESYNC), now, &[JsonText::of(&one.resync_state)], 1)?;
            }
            Ok(one)
        })
        .await
    }

    /// Takes log lines: `{message, level, timestamp, extra?}` each.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` naming the line.
    pub async fn report_logs(
        &self,
        viewer: &Viewer,
        name: &IntegrationName,
        logs: &Value,
    ) -> Result<(), PortalError> {
        let one = self.reporting(viewer, name)?;
        let logs = logs.as_array().ok_or_else(|| PortalError::invalid("\"logs\" must be array"))?;
        let lines = logs.iter().enumerate().map(|(i, line)| {
            let line = line.as_object();
            line.map(log_line).ok_or_else(|| PortalError::invalid(format!("\"logs/{i}\" must be object")))
        });
        let lines: Vec<_> = lines.collect::<Result<_, _>>()?;
        self.keep(&one, LOG, lines, LOG_LINES).await
    }

    /// Takes metrics of kinds within a resync: objects with `eventId` and `kindIdentifier`.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` naming the item.
    pub async fn report_sync(
        &self,
        viewer: &Viewer,
        name: &IntegrationName,
        items: Vec<Value>,
    ) -> Result<(), PortalError> {
        let one = self.reporting(viewer, name)?;
        for (i, item) in items.iter().enumerate() {
            if !item.is_object() {
                return Err(PortalError::invalid(format!("\"syncKindsMetrics/{i}\" must be object")));
            }
            small(&format!("syncKindsMetrics/{i}"), item)?;
        }
        self.keep(&one, SYNC, items.iter().map(JsonText::of).collect(), SYNC_LINES).await
    }

    /// Takes a sign of life within a resync.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when `eventId` is no text.
    pub async fn report_heartbeat(
        &self,
        viewer: &Viewer,
        name: &IntegrationName,
        event: &Value,
    ) -> Result<(), PortalError> {
        let one = self.reporting(viewer, name)?;
        let event = event.as_str().ok_or_else(|| PortalError::invalid("\"eventId\" must be string"))?;
        let line = json!({ "eventId": event });
        small("eventId", &line)?;
        self.keep(&one, HEARTBEAT, vec![JsonText::of(&line)], 1).await
    }

    /// How far an integration has read a kind: what it said last, null when it has not.
    ///
    /// # Errors
    /// `NotFound` when there is no such integration.
    pub async fn integration_cursor(
        &self,
        viewer: &Viewer,
        name: &IntegrationName,
        kind: String,
        index: String,
    ) -> Result<Value, PortalError> {
        let one = self.reporting(viewer, name)?;
        self.journals(move |store| cursor_of(store, &one, &kind, &index)).await
    }

    /// Remembers how far an integration has read a kind. Unless `create`, it must have said so before.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when `primary` is no short text.
    pub async fn set_integration_cursor(
        &self,
        viewer: &Viewer,
        name: &IntegrationName,
        (kind, index): (String, String),
        body: &Value,
        create: bool,
    ) -> Result<Value, PortalError> {
        let one = self.reporting(viewer, name)?;
        let primary = body.get("primary").and_then(Value::as_str);
        let primary = primary.ok_or_else(|| PortalError::invalid("\"primary\" must be string"))?;
        let cursor = json!({ "kind": kind, "index": index, "primary": primary });
        small("primary", &cursor)?;
        let set = move |store: &dyn Store| {
            let before = cursor_of(store, &one, &kind, &index)?;
            if before.is_null() && !create {
                return Ok(None);
            }
            if before != cursor {
                let line = [JsonText::of(&cursor)];
                store.append_journal(&one.journal(CURSORS), clock::now(), &line, CURSOR_LINES)?;
            }
            Ok(Some(cursor))
        };
        let none = || PortalError::NotFound("there is no cursor of this kind and index yet".into());
        self.journals(set).await?.ok_or_else(none)
    }

    async fn keep(
        &self,
        one: &Integration,
        name: &str,
        lines: Vec<JsonText>,
        keep: usize,
    ) -> Result<(), PortalError> {
        if lines.is_empty() {
            return Ok(());
        }
        let journal = one.journal(name);
        self.journals(move |store| store.append_journal(&journal, clock::now(), &lines, keep)).await
    }
}

/// Every cursor that is set is a line, so that kinds read at the same time do not undo each other.
fn cursor_of(store: &dyn Store, one: &Integration, kind: &str, index: &str) -> Result<Value, StoreError> {
    let lines = store.journal(&one.journal(CURSORS), None, CURSOR_LINES)?;
    let mut values = lines.iter().map(|line| line.body.value());
    Ok(values.find(|v| v["kind"] == kind && v["index"] == index).unwrap_or(Value::Null))
}

/// Refuses what is too large to be kept.
pub(super) fn small(place: &str, value: &Value) -> Result<(), PortalError> {
    if value.to_string().len() <= ITEM {
        return Ok(());
    }
    Err(PortalError::invalid(format!("\"{place}\" must NOT be larger than {} KiB", ITEM / 1024)))
}

fn log_line(line: &Map<String, Value>) -> JsonText {
    let text = JsonText::of(&Value::Object(line.clone()));
    if text.as_str().len() <= LOG_LINE {
        return text;
    }
    let get = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default();
    let start = |key: &str, length| get(key).chars().take(length).collect::<String>();
    let message = match start("message", LOG_LINE / 8) {
        cut if cut.len() < get("message").len() => format!("{cut} ... (cut)"),
        whole => whole,
    };
    JsonText::of(
        &json!({ "message": message, "level": start("level", 20), "timestamp": start("timestamp", 40) }),
    )
}

/// Whether what is said of a resync is of the types that everybody reads it with.
fn resync_state(reported: &Map<String, Value>) -> Result<(), PortalError> {
    for (key, value) in reported {
        let (legal, expected) = match key.as_str() {
            "status" => (value.is_string(), "string"),
            "lastResyncStart" | "lastResyncEnd" | "nextResync" => {
                (value.is_string() || value.is_null(), "string,null")
            }
            "intervalInMinuets" => (value.is_number() || value.is_null(), "number,null"),
            _ => (true, ""),
        };
        if !legal {
            return Err(PortalError::invalid(format!("\"{key}\" must be {expected}")));
        }
    }
    Ok(())
}
