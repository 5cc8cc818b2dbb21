//! What a run is given in secret: sealed for this run alone, gone with its end; and what is taken out of all that it tells.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use stagedoor_auth::{Redactor, Secret, SecretsKey};
use stagedoor_model::{Change, JsonText, Record};
use stagedoor_query::Catalog;

use super::SECRETS;
use crate::Portal;
use crate::error::PortalError;
use crate::writer::Draft;

/// What they are sealed for.
const PURPOSE: &str = "run";
const SEALED: &str = "sealed";

/// Seals what a run is given.
pub(super) fn seal(portal: &Portal, run: &str, secrets: &Map<String, Value>) -> Result<String, PortalError> {
    let text = Value::Object(secrets.clone()).to_string();
    portal.with_secrets_key(|key| match key {
        Some(key) => crate::secrets::seal(key, PURPOSE, run, &text),
        None => Err(PortalError::refused(
            "secrets_key_missing",
            "this run is given secrets, and there is no key to keep them with: see the configuration of secrets",
        )),
    })
}

/// What a run was given; empty where that was nothing.
pub(super) fn open(portal: &Portal, catalog: &Catalog, run: &str) -> Result<Map<String, Value>, String> {
    let Some(record) = catalog.record(SECRETS, run) else { return Ok(Map::new()) };
    let body = record.body.value();
    let sealed = body.get(SEALED).and_then(Value::as_str).unwrap_or_default();
    let opened = portal.with_secrets_key(|key| key.map(|key| key.open(PURPOSE, run, sealed)));
    let Some(Ok(text)) = opened else {
        return Err("what this run was given in secret cannot be opened: the key is another one".into());
    };
    match serde_json::from_str(text.expose()) {
        Ok(Value::Object(secrets)) => Ok(secrets),
        _ => Err("what this run was given in secret is damaged".into()),
    }
}

/// Seals what runs were given with another key. What does not open is left: its run fails with the reason.
pub(crate) fn reseal(draft: &mut Draft, portal: &Portal, key: &SecretsKey) -> Result<(), PortalError> {
    let runs: Vec<String> = draft.catalog.records(SECRETS).map(|record| record.key.clone()).collect();
    for run in runs {
        if let Ok(given) = open(portal, &draft.catalog, &run) {
            let sealed = crate::secrets::seal(key, PURPOSE, &run, &Value::Object(given).to_string())?;
            draft.put_run_secrets(&run, &sealed);
        }
    }
    Ok(())
}

impl Draft {
    /// Keeps what a run is given in secret.
    pub(super) fn put_run_secrets(&mut self, run: &str, sealed: &str) {
        let stamps = self.new_stamps(None);
        let body = JsonText::of(&json!({ SEALED: sealed }));
        let record = Record { collection: SECRETS.into(), key: run.to_owned(), body, stamps };
        self.put(Change::PutRecord(Arc::new(record)));
    }
}

/// Runs that have ended of which is still known what to take out: clients may have a last word.
const ENDED: usize = 200;

/// What is taken out of the texts of each run, besides the organization's secrets.
#[derive(Default)]
pub(crate) struct Masks {
    masks: Mutex<HashMap<String, Mask>>,
    ended: Mutex<VecDeque<String>>,
}

#[derive(Default)]
struct Mask {
    values: Vec<String>,
    redactor: Arc<Redactor>,
}

impl Masks {
    /// Takes these out, too, from now on.
    pub(super) fn add(&self, run: &str, texts: impl IntoIterator<Item = String>) {
        let mut masks = self.masks.lock();
        let mask = masks.entry(run.to_owned()).or_default();
        let before = mask.values.len();
        for text in texts {
            if !mask.values.contains(&text) {
                mask.values.push(text);
            }
        }
        if mask.values.len() > before {
            let secrets: Vec<Secret> = mask.values.iter().map(|value| Secret::new(value)).collect();
            mask.redactor = Arc::new(Redactor::new(&secrets));
        }
    }

    /// Little will be told of this run any more.
    pub(super) fn end(&self, run: &str) {
        if !self.masks.lock().contains_key(run) {
            return;
        }
        let mut ended = self.ended.lock();
        ended.push_back(run.to_owned());
        while ended.len() > ENDED
            && let Some(oldest) = ended.pop_front()
        {
            self.masks.lock().remove(&oldest);
        }
    }

    fn of(&self, run: &str) -> Option<Arc<Redactor>> {
        self.masks.lock().get(run).map(|mask| Arc::clone(&mask.redactor))
    }
}

/// Takes secrets out of what a run tells.
pub(super) struct Clean {
    organization: Arc<Redactor>,
    run: Option<Arc<Redactor>>,
}

impl Clean {
    /// A text without them.
    pub(super) fn text(&self, text: &str) -> String {
        let text = self.organization.redact(text);
        match &self.run {
            Some(run) => run.redact(&text).into_owned(),
            None => text.into_owned(),
        }
    }

    /// A value without them.
    pub(super) fn value(&self, mut value: Value) -> Value {
        self.organization.redact_json(&mut value);
        if let Some(run) = &self.run {
            run.redact_json(&mut value);
        }
        value
    }
}

impl Portal {
    /// Takes these out of what a run tells, too, where they are not the organization's: those are known anyway.
    pub(super) fn hide_in_run(&self, run: &str, texts: &[String]) {
        if texts.is_empty() {
            return;
        }
        let known = self.redactor();
        let new =
            texts.iter().filter(|text| known.redact(text) == text.as_str() || text.contains("[redacted]"));
        let new: Vec<String> = new.cloned().collect();
        if !new.is_empty() {
            self.shared.runs.masks.add(run, new);
        }
    }

    /// What takes secrets out of what a run tells. What this process has not rendered itself, and what the run was not
    /// given, is the organization's: those are always known.
    pub(super) fn clean(&self, run: &str) -> Clean {
        if self.shared.runs.masks.of(run).is_none() {
            let given = open(self, &self.shared.catalog.load(), run).unwrap_or_default();
            if !given.is_empty() {
                self.shared.runs.masks.add(run, given.values().flat_map(texts_of));
            }
        }
        Clean { organization: self.redactor(), run: self.shared.runs.masks.of(run) }
    }
}

/// All texts in a value.
pub(super) fn texts_of(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts_of).collect(),
        Value::Object(map) => map.values().flat_map(texts_of).collect(),
        Value::Number(number) => vec![number.to_string()],
        Value::Bool(_) | Value::Null => Vec::new(),
    }
}
