//! Scorecards follow their blueprint and its properties when these get other names, and go with it. What names a
//! scorecard follows that.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_model::{Change, JsonText, Record};

use super::{DRAFTS, SCORECARDS, key};
use crate::writer::Draft;

/// Collections whose bodies name a scorecard by `blueprint` and `scorecard`, and where in them.
const NAMING: [(&str, &str); 2] = [("exemption", ""), ("campaign", "/goal")];

impl Draft {
    /// Removes the scorecards of a blueprint that is gone.
    pub(crate) fn drop_scorecards_of(&mut self, blueprint: &str) {
        let prefix = key(blueprint, "");
        for collection in [SCORECARDS, DRAFTS] {
            let all = self.catalog.records(collection);
            let doomed = all.filter(|r| is_of(&r.key, &prefix)).map(|r| r.key.clone()).collect::<Vec<_>>();
            for key in doomed {
                if let Some(identifier) = key.strip_prefix(&prefix) {
                    self.end_exemptions(blueprint, identifier, &[]);
                }
                self.put(Change::DeleteRecord(collection.into(), key));
            }
        }
    }

    /// Lets scorecards follow a blueprint's new name.
    pub(crate) fn rename_in_scorecards(&mut self, from: &str, to: &str) {
        let prefix = key(from, "");
        for collection in [SCORECARDS, DRAFTS] {
            let all: Vec<Arc<Record>> =
                self.catalog.records(collection).filter(|r| is_of(&r.key, &prefix)).cloned().collect();
            for record in all {
                let identifier = record.key.strip_prefix(&prefix).unwrap_or_default();
                let renamed = Record { key: key(to, identifier), ..record.as_ref().clone() };
                self.put(Change::DeleteRecord(collection.into(), record.key.clone()));
                self.put(Change::PutRecord(Arc::new(renamed)));
            }
        }
        self.change_naming(&|at| replace(at, "blueprint", from, to));
    }

    /// Lets scorecards follow the new name of a property or relation of their blueprint.
    pub(crate) fn rename_attribute_in_scorecards(&mut self, blueprint: &str, from: &str, to: &str) {
        let prefix = key(blueprint, "");
        for collection in [SCORECARDS, DRAFTS] {
            let of = |record: &Record| is_of(&record.key, &prefix);
            self.change_bodies(collection, &of, &|body| conditions(body, from, to));
        }
    }

    /// Moves a scorecard to another identifier.
    pub(crate) fn rename_scorecard(&mut self, blueprint: &str, from: &str, to: &str) {
        for collection in [SCORECARDS, DRAFTS] {
            if let Some(record) = self.catalog.record(collection, &key(blueprint, from)).cloned() {
                let renamed = Record { key: key(blueprint, to), ..record.as_ref().clone() };
                self.put(Change::DeleteRecord(collection.into(), record.key.clone()));
                self.put(Change::PutRecord(Arc::new(renamed)));
            }
        }
        self.change_naming(&|at| {
            if at.get("blueprint").is_some_and(|name| name == blueprint) {
                replace(at, "scorecard", from, to);
            }
        });
    }

    fn change_naming(&mut self, change: &dyn Fn(&mut Value)) {
        for (collection, place) in NAMING {
            let at = |body: &mut Value| {
                if let Some(part) = body.pointer_mut(place) {
                    change(part);
                }
            };
            self.change_bodies(collection, &|_| true, &at);
        }
    }

    fn change_bodies(&mut self, collection: &str, of: &dyn Fn(&Record) -> bool, change: &dyn Fn(&mut Value)) {
        let all: Vec<Arc<Record>> = self.catalog.records(collection).filter(|r| of(r)).cloned().collect();
        for record in all {
            let mut body = record.body.value();
            change(&mut body);
            let body = JsonText::of(&body);
            if body != record.body {
                self.put(Change::PutRecord(Arc::new(Record { body, ..record.as_ref().clone() })));
            }
        }
    }
}

/// Whether a key is one of the blueprint whose keys begin so: identifiers of scorecards have no slash.
fn is_of(key: &str, prefix: &str) -> bool {
    key.strip_prefix(prefix).is_some_and(|identifier| !identifier.contains('/'))
}

fn replace(body: &mut Value, key: &str, from: &str, to: &str) {
    if let Some(value) = body.get_mut(key).filter(|value| *value == from) {
        *value = to.into();
    }
}

fn conditions(body: &mut Value, from: &str, to: &str) {
    let of_query = |query: &mut Value| {
        let list = query.get_mut("conditions").and_then(Value::as_array_mut);
        for condition in list.into_iter().flatten() {
            replace(condition, "property", from, to);
            replace(condition, "relation", from, to);
        }
    };
    if let Some(filter) = body.get_mut("filter") {
        of_query(filter);
    }
    for rule in body.get_mut("rules").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(query) = rule.get_mut("query") {
            of_query(query);
        }
    }
}
