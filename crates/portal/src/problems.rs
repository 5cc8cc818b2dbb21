//! What is wrong with the sources right now. Not stored, for the next reading finds it again; only where there are
//! several replicas it is, so that all of them say what the one that reads has found.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stagedoor_model::{Change, JsonText, Record, Stamps};
use stagedoor_query::Catalog;

use crate::writer::Draft;

/// The records that tell other replicas: one per source, with an array of problems.
const COLLECTION: &str = "source_problems";

/// One thing that a person should mend in a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Always `error` today.
    pub level: &'static str,
    /// Backstage's name of the error (`InputError`).
    pub name: String,
    /// What is wrong.
    pub message: String,
    /// The file or URL.
    pub file: String,
    /// Line in it, from 1; 0 when the whole file is meant.
    pub line: u32,
    /// The lower-case reference concerned, where it can be told.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// The owner that the refused document states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// All problems, by source and by entity.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problems {
    by_source: BTreeMap<String, Arc<Vec<Problem>>>,
    by_ref: BTreeMap<String, Vec<Problem>>,
}

impl Problems {
    /// Those that a catalog's records tell of.
    pub(crate) fn shared(catalog: &Catalog) -> Self {
        let mut problems = Self::default();
        for record in catalog.records(COLLECTION) {
            // What a newer replica writes may be beyond this one.
            let told: Vec<Told> = serde_json::from_str(record.body.as_str()).unwrap_or_default();
            problems.replace(&record.key, told.into_iter().map(Told::problem).collect());
        }
        problems
    }

    /// Whether a change is about a record of problems.
    pub(crate) fn are_told_by(change: &Change) -> bool {
        match change {
            Change::PutRecord(record) => record.collection == COLLECTION,
            Change::DeleteRecord(collection, _) => collection == COLLECTION,
            _ => false,
        }
    }

    /// All of them, with their sources.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Problem)> {
        self.by_source.iter().flat_map(|(source, all)| all.iter().map(move |p| (source.as_str(), p)))
    }

    /// Those of a source.
    #[must_use]
    pub(crate) fn of_source(&self, source: &str) -> &[Problem] {
        self.by_source.get(source).map_or(&[], |p| p.as_slice())
    }

    /// Those of an entity.
    #[must_use]
    pub(crate) fn of(&self, reference: &str) -> &[Problem] {
        self.by_ref.get(reference).map_or(&[], Vec::as_slice)
    }

    /// Replaces what is known about a source.
    pub(crate) fn replace(&mut self, source: &str, problems: Vec<Problem>) {
        if problems.is_empty() {
            self.by_source.remove(source);
        } else {
            self.by_source.insert(source.to_owned(), Arc::new(problems));
        }
        self.by_ref.clear();
        for problem in self.by_source.values().flat_map(|p| p.iter()) {
            if let Some(reference) = &problem.reference {
                self.by_ref.entry(reference.clone()).or_default().push(problem.clone());
            }
        }
    }
}

/// A problem as a record has it.
#[derive(Deserialize)]
struct Told {
    name: String,
    message: String,
    file: String,
    line: u32,
    #[serde(rename = "ref")]
    reference: Option<String>,
    #[serde(default)]
    owner: Option<String>,
}

impl Told {
    fn problem(self) -> Problem {
        let Self { name, message, file, line, reference, owner } = self;
        Problem { level: "error", name, message, file, line, reference, owner }
    }
}

impl Draft {
    /// Tells other replicas of a source's problems, where they are not what they were.
    pub(crate) fn share_problems(&mut self, source: &str, problems: &[Problem]) {
        let known = self.catalog.record(COLLECTION, source).cloned();
        let body = JsonText::of(&serde_json::json!(problems));
        match known {
            Some(_) if problems.is_empty() => {
                self.put(Change::DeleteRecord(COLLECTION.to_owned(), source.to_owned()));
            }
            None if problems.is_empty() => {}
            Some(known) if known.body == body => {}
            known => {
                let made = known.map(|k| (k.stamps.created_at, k.stamps.created_by.clone()));
                let (created_at, created_by) = made.unwrap_or((self.at, self.actor.name.clone().into()));
                let stamps = Stamps {
                    created_at,
                    created_by,
                    updated_at: self.at,
                    updated_by: self.actor.name.clone().into(),
                    datasource: None,
                };
                let (collection, key) = (COLLECTION.to_owned(), source.to_owned());
                self.put(Change::PutRecord(Arc::new(Record { collection, key, body, stamps })));
            }
        }
    }
}
