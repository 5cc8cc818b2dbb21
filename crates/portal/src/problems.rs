//! What is wrong with the sources right now. Not stored: the next reading finds it again.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

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
}

/// All problems, by source and by entity.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problems {
    by_source: BTreeMap<String, Arc<Vec<Problem>>>,
    by_ref: BTreeMap<String, Vec<Problem>>,
}

impl Problems {
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
