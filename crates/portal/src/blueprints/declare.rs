//! Blueprints that files and documents state.

use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry;
use serde_json::Value;
use stagedoor_model::{Blueprint, Change, JsonText, Record};

use super::references::Known;
use super::write::merge;
use super::{BlueprintMode, no_blueprint};
use crate::error::PortalError;
use crate::writer::Draft;

/// Collection of records: what files said of a blueprint when they were last heard, by its identifier.
const DECLARED: &str = "declared_blueprint";

type Outcome = Result<Arc<Blueprint>, PortalError>;

impl Draft {
    /// Writes blueprints of a batch of documents, which may point at each other in any order. Several of
    /// one identifier are merged. One that is refused leaves no trace and does not hold back the others.
    pub(crate) fn declare_blueprints(&mut self, bodies: &[Value]) -> Vec<Outcome> {
        let combined = combined(bodies);
        let results = self.declare(&combined);
        spread(bodies, &combined, &results)
    }

    /// As [`Draft::declare_blueprints`] for what files say, which is read again and again: only what they say
    /// anew is written, so that what was changed through an API meanwhile stays.
    pub(crate) fn declare_blueprints_of_files(&mut self, bodies: &[Value]) -> Vec<Outcome> {
        let combined = combined(bodies);
        let known: Vec<Option<Arc<Blueprint>>> =
            combined.iter().map(|(name, body)| self.declared_before(name, body)).collect();
        let news: IndexMap<String, Value> = combined
            .iter()
            .zip(&known)
            .filter(|(_, known)| known.is_none())
            .map(|((name, body), _)| (name.clone(), body.clone()))
            .collect();
        let mut written = self.declare(&news).into_iter();
        for ((name, body), result) in news.iter().zip(written.clone()) {
            if result.is_ok() {
                self.remember_declared(name, body);
            }
        }
        let results: Vec<Outcome> = known
            .into_iter()
            .map(|known| known.map(Ok).or_else(|| written.next()).unwrap_or_else(|| Err(no_blueprint(""))))
            .collect();
        spread(bodies, &combined, &results)
    }

    /// The blueprint, if this was said of it before.
    fn declared_before(&self, name: &str, body: &Value) -> Option<Arc<Blueprint>> {
        let record = self.catalog.record(DECLARED, name)?;
        let entry = self.catalog.blueprints().get(name)?;
        (record.body == JsonText::of(body)).then(|| Arc::clone(&entry.blueprint))
    }

    fn remember_declared(&mut self, name: &str, body: &Value) {
        let record = Record {
            collection: DECLARED.into(),
            key: name.into(),
            body: JsonText::of(body),
            stamps: self.new_stamps(None),
        };
        if self.catalog.record(DECLARED, name).is_none_or(|old| old.body != record.body) {
            self.put(Change::PutRecord(Arc::new(record)));
        }
    }

    fn declare(&mut self, bodies: &IndexMap<String, Value>) -> Vec<Outcome> {
        let prepare = |body: &Value| self.prepare_blueprint(None, body, BlueprintMode::Declare);
        let mut results: Vec<_> = bodies.values().map(prepare).collect();
        // One that is refused takes with it those that point at it.
        while let Some((at, error)) = self.first_refused(&results) {
            if let Some(result) = results.get_mut(at) {
                *result = Err(error);
            }
        }
        results.into_iter().map(|r| r.map(|b| self.put_blueprint(b))).collect()
    }

    fn first_refused(&self, results: &[Result<Blueprint, PortalError>]) -> Option<(usize, PortalError)> {
        let accepted: Known<'_> = results.iter().flatten().map(|b| (b.identifier.as_str(), b)).collect();
        let refused = |r: &Result<Blueprint, _>| self.check_references(r.as_ref().ok()?, &accepted).err();
        results.iter().enumerate().find_map(|(at, r)| Some((at, refused(r)?)))
    }
}

fn name(body: &Value) -> &str {
    body.get("identifier").and_then(Value::as_str).unwrap_or_default()
}

/// What is said of each blueprint, taken together.
fn combined(bodies: &[Value]) -> IndexMap<String, Value> {
    let mut combined: IndexMap<String, Value> = IndexMap::new();
    for body in bodies {
        match combined.entry(name(body).to_owned()) {
            Entry::Occupied(mut first) => merge(first.get_mut(), body),
            Entry::Vacant(place) => drop(place.insert(body.clone())),
        }
    }
    combined
}

/// To each body what became of its blueprint.
fn spread(bodies: &[Value], combined: &IndexMap<String, Value>, results: &[Outcome]) -> Vec<Outcome> {
    let of = |name: &str| combined.get_index_of(name).and_then(|at| results.get(at)).cloned();
    bodies.iter().map(|body| of(name(body)).unwrap_or_else(|| Err(no_blueprint(name(body))))).collect()
}
