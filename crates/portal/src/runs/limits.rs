//! How many runs may be under way at once: of one definition, about one entity, in this process.
//!
//! The first two hold across replicas: a place is an entry of a record of the collection `run_queue`, taken with the
//! commit that begins the first step and given back with the one that ends the run. The third is this process's own.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_actions::{Limits, Run, RunKind, RunOf};
use stagedoor_model::{Change, JsonText, Record};
use stagedoor_query::Catalog;

use super::{RUNS, record};
use crate::Portal;
use crate::writer::Draft;

/// Collection of places.
pub(super) const QUEUES: &str = "run_queue";

/// Limits that hold for runs that do not say their own.
#[derive(Clone, Debug)]
pub struct RunLimits {
    /// Steps that are performed at once in this process.
    pub steps_at_once: usize,
    /// Runs of one definition under way at once; no limit where absent.
    pub at_once: Option<u32>,
    /// Runs about one entity under way at once; no limit where absent.
    pub at_once_per_entity: Option<u32>,
    /// Seconds that a run may take, time for its approval left out.
    pub seconds: u64,
    /// Seconds that one attempt at a step may take.
    pub step_seconds: u64,
    /// Attempts at a step whose failure may go away.
    pub attempts: u32,
    /// Finished runs that are kept: the newest.
    pub kept: usize,
    /// What is different for runs of single definitions: by the identifier of an action, an automation or a workflow,
    /// or a template's reference or name.
    pub of: Vec<(String, Limits)>,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self {
            steps_at_once: 64,
            at_once: None,
            at_once_per_entity: None,
            seconds: 7 * 24 * 60 * 60,
            step_seconds: 30 * 60,
            attempts: 5,
            kept: 10_000,
            of: Vec::new(),
        }
    }
}

impl RunLimits {
    /// The limits of a run of this definition, as the configuration has them now; `said` wins.
    pub(super) fn for_run(&self, of: &RunOf, said: &Limits) -> Limits {
        let is = |name: &str| {
            let template = of.kind == RunKind::Template && of.identifier.rsplit('/').next() == Some(name);
            template || of.identifier.eq_ignore_ascii_case(name)
        };
        let Some((_, own)) = self.of.iter().find(|(name, _)| is(name)) else { return said.clone() };
        Limits {
            seconds: said.seconds.or(own.seconds),
            step_seconds: said.step_seconds.or(own.step_seconds),
            at_once: said.at_once.or(own.at_once),
            at_once_per_entity: said.at_once_per_entity.or(own.at_once_per_entity),
            attempts: said.attempts.or(own.attempts),
        }
    }

    /// The queues that a run stands in, each with its number of places.
    fn queues(&self, run: &Run) -> Vec<(String, usize)> {
        let mut queues = Vec::new();
        if let Some(places) = run.limits.at_once.or(self.at_once) {
            let kind = serde_json::to_value(run.of.kind).unwrap_or_default();
            let kind = kind.as_str().unwrap_or_default();
            queues.push((format!("of/{kind}/{}", run.of.identifier), places as usize));
        }
        let entity = run.target.as_ref().and_then(|t| Some((&t.blueprint, t.entity.as_ref()?)));
        if let (Some(places), Some((blueprint, entity))) =
            (run.limits.at_once_per_entity.or(self.at_once_per_entity), entity)
        {
            queues.push((format!("entity/{blueprint}/{entity}"), places as usize));
        }
        queues
    }
}

impl Portal {
    /// Whether there is a place for a run in each of its queues, as far as the newest snapshot tells.
    pub(super) fn has_place(&self, run: &Run) -> bool {
        let runs = &self.shared.runs;
        let catalog = self.shared.catalog.load();
        let queues = runs.config.limits.queues(run);
        runs.book.read(&catalog, |pages| {
            queues.iter().all(|(key, places)| {
                let is_live = |id: &String| pages.get(id).is_some_and(|run| !run.status.has_ended());
                let taken = taken(&catalog, key);
                taken.contains(&run.id) || taken.iter().filter(|id| is_live(id)).count() < (*places).max(1)
            })
        })
    }
}

/// Who is written down to have a place.
fn taken(catalog: &Catalog, key: &str) -> Vec<String> {
    let Some(record) = catalog.record(QUEUES, key) else { return Vec::new() };
    let body = record.body.value();
    let ids = body.get("runs").and_then(Value::as_array).into_iter().flatten();
    ids.filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Draft {
    /// Takes a place in every queue of a run. False, and none taken, where one of them is full.
    pub(super) fn enter_queues(&mut self, run: &Run, limits: &RunLimits) -> bool {
        let queues = limits.queues(run);
        let mut entered = Vec::new();
        for (key, places) in queues {
            let mut ids = self.places(&key);
            if ids.contains(&run.id) {
                continue;
            }
            if ids.len() >= places.max(1) {
                return false;
            }
            ids.push(run.id.clone());
            entered.push((key, ids));
        }
        for (key, ids) in entered {
            self.put_places(&key, &ids);
        }
        true
    }

    /// Gives the places of a run back.
    pub(super) fn leave_queues(&mut self, run: &Run) {
        let holds = |record: &&Arc<Record>| record.body.as_str().contains(&run.id);
        let keys: Vec<String> =
            self.catalog.records(QUEUES).filter(holds).map(|record| record.key.clone()).collect();
        for key in keys {
            let mut ids = self.places(&key);
            ids.retain(|id| *id != run.id);
            self.put_places(&key, &ids);
        }
    }

    /// Who has a place; whoever has ended or is gone has none.
    fn places(&self, key: &str) -> Vec<String> {
        let mut ids = taken(&self.catalog, key);
        ids.retain(|id| {
            let run = self.catalog.record(RUNS, id).and_then(|record| record::read(record));
            run.is_some_and(|run| !run.status.has_ended())
        });
        ids
    }

    fn put_places(&mut self, key: &str, ids: &[String]) {
        if ids.is_empty() {
            if self.catalog.record(QUEUES, key).is_some() {
                self.put(Change::DeleteRecord(QUEUES.into(), key.to_owned()));
            }
            return;
        }
        let stamps = self.new_stamps(None);
        let body = JsonText::of(&json!({ "runs": ids }));
        let record = Record { collection: QUEUES.into(), key: key.to_owned(), body, stamps };
        self.put(Change::PutRecord(Arc::new(record)));
    }
}
