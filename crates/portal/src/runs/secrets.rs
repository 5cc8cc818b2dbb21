//! What a run is given in secret, and what its steps give each other so: sealed for this run alone, gone with its end; and
//! what is taken out of all that it tells.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use stagedoor_actions::{Failure, Outcome, Performer, Planned};
use stagedoor_auth::{Redactor, Secret, SecretsKey};
use stagedoor_model::{Change, JsonText, Record};
use stagedoor_query::Catalog;

use super::SECRETS;
use crate::Portal;
use crate::error::PortalError;
use crate::writer::Draft;

/// A part of the record of a run's secrets: its member there, and what it is sealed for.
type Part = (&'static str, &'static str);

/// What the run was given, by name.
const GIVEN: Part = ("sealed", "run");
/// Secret members of outputs, by step and name.
const STEPS: Part = ("steps", "run steps");

/// What stands in a kept output in the place of a secret.
const MASKED: &str = "[redacted]";

/// Seals what a run is given.
pub(super) fn seal(portal: &Portal, run: &str, secrets: &Map<String, Value>) -> Result<String, PortalError> {
    seal_part(portal, run, GIVEN, secrets)
}

fn seal_part(
    portal: &Portal,
    run: &str,
    (_, purpose): Part,
    secrets: &Map<String, Value>,
) -> Result<String, PortalError> {
    let text = Value::Object(secrets.clone()).to_string();
    portal.with_secrets_key(|key| match key {
        Some(key) => crate::secrets::seal(key, purpose, run, &text),
        None => Err(PortalError::refused(
            "secrets_key_missing",
            "this run is given secrets, and there is no key to keep them with: see the configuration of secrets",
        )),
    })
}

/// What a run was given; empty where that was nothing.
pub(super) fn open(portal: &Portal, catalog: &Catalog, run: &str) -> Result<Map<String, Value>, String> {
    open_part(portal, catalog, run, GIVEN)
}

/// Secret members of its steps' outputs, by step and name.
pub(super) fn of_steps(portal: &Portal, catalog: &Catalog, run: &str) -> Result<Map<String, Value>, String> {
    open_part(portal, catalog, run, STEPS)
}

fn open_part(
    portal: &Portal,
    catalog: &Catalog,
    run: &str,
    (member, purpose): Part,
) -> Result<Map<String, Value>, String> {
    let Some(record) = catalog.record(SECRETS, run) else { return Ok(Map::new()) };
    let body = record.body.value();
    let Some(sealed) = body.get(member).and_then(Value::as_str) else { return Ok(Map::new()) };
    let opened = portal.with_secrets_key(|key| key.map(|key| key.open(purpose, run, sealed)));
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
        for part in [GIVEN, STEPS] {
            if let Ok(given) = open_part(portal, &draft.catalog, &run, part)
                && !given.is_empty()
            {
                let sealed = crate::secrets::seal(key, part.1, &run, &Value::Object(given).to_string())?;
                draft.put_sealed(&run, part, &sealed);
            }
        }
    }
    Ok(())
}

impl Draft {
    /// Keeps what a run is given in secret.
    pub(super) fn put_run_secrets(&mut self, run: &str, sealed: &str) {
        self.put_sealed(run, GIVEN, sealed);
    }

    /// Keeps what a step gives to later ones in secret.
    pub(super) fn keep_step_secrets(
        &mut self,
        portal: &Portal,
        run: &str,
        step: &str,
        secrets: &[(String, Secret)],
    ) -> Result<(), PortalError> {
        // What does not open fails the run as soon as it is looked at what comes next.
        let Ok(mut known) = of_steps(portal, &self.catalog, run) else { return Ok(()) };
        let members = secrets.iter().map(|(name, secret)| (name.clone(), Value::from(secret.expose())));
        known.insert(step.to_owned(), Value::Object(members.collect()));
        let sealed = seal_part(portal, run, STEPS, &known)?;
        self.put_sealed(run, STEPS, &sealed);
        Ok(())
    }

    fn put_sealed(&mut self, run: &str, (member, _): Part, sealed: &str) {
        let known = self.catalog.record(SECRETS, run).map(|record| record.body.value());
        let mut body = known.unwrap_or_else(|| json!({}));
        body[member] = sealed.into();
        let stamps = self.new_stamps(None);
        let record =
            Record { collection: SECRETS.into(), key: run.to_owned(), body: JsonText::of(&body), stamps };
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
    /// The secrets of the run that were taken from its record: there may be more when that is another one.
    read: Option<Arc<Record>>,
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

    /// Whether what is in this record is known; from now on it is.
    fn has_read(&self, run: &str, record: &Arc<Record>) -> bool {
        let mut masks = self.masks.lock();
        let mask = masks.entry(run.to_owned()).or_default();
        let before = mask.read.replace(Arc::clone(record));
        before.is_some_and(|before| Arc::ptr_eq(&before, record))
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

    /// The same for a step: what its input has of secrets, and what of it is one wherever it comes from.
    pub(super) fn hide_planned(&self, run: &str, planned: &Planned) {
        self.hide_in_run(run, &planned.hidden);
        let performer = self.shared.runs.performers.get(&planned.performer);
        let secret = performer.map(|performer| performer.secret_inputs()).unwrap_or_default();
        for value in secret.iter().filter_map(|name| planned.input.get(name)) {
            self.hide_in_run(run, &texts_of(value));
        }
    }

    /// Whether what a step gives to later ones in secret can be kept.
    pub(super) fn can_keep_secrets_of(&self, performer: &dyn Performer) -> Result<(), Failure> {
        if performer.secret_outputs().is_empty() || self.with_secrets_key(|key| key.is_some()) {
            return Ok(());
        }
        Err(Failure::new(
            "this step gives a secret to later ones, and there is no key to keep it with: see the configuration of secrets",
        ))
    }

    /// Takes secrets out of what a step gave back, to be kept apart; from now on they are masked.
    pub(super) fn taken_out(
        &self,
        run: &str,
        performer: &str,
        result: &mut Result<Outcome, Failure>,
    ) -> Vec<(String, Secret)> {
        let performer = self.shared.runs.performers.get(performer);
        let names = performer.map(|performer| performer.secret_outputs()).unwrap_or_default();
        let Ok(Outcome::Done { output, .. }) = result else { return Vec::new() };
        let mut taken = Vec::new();
        for name in names {
            if let Some(Value::String(text)) = output.get_mut(*name) {
                let text = std::mem::replace(text, MASKED.to_owned());
                self.hide_in_run(run, std::slice::from_ref(&text));
                taken.push(((*name).to_owned(), Secret::new(&text)));
            }
        }
        taken
    }

    /// What takes secrets out of what a run tells. What this process has not rendered itself, and what the run was not
    /// given, is the organization's: those are always known.
    pub(super) fn clean(&self, run: &str) -> Clean {
        let (masks, catalog) = (&self.shared.runs.masks, self.shared.catalog.load());
        if let Some(record) = catalog.record(SECRETS, run)
            && !masks.has_read(run, record)
        {
            for part in [GIVEN, STEPS] {
                let given = open_part(self, &catalog, run, part).unwrap_or_default();
                masks.add(run, given.values().flat_map(texts_of));
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
