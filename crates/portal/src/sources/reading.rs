//! One reading of a source: its documents and those of the places they name, and what is wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;
use stagedoor_hosts::HostError;
use stagedoor_ingest::{CodeHosts, DocumentError};
use stagedoor_query::Catalog;

use super::item::Item;
use super::kept::{Kept, Part, keep_target, keep_where_locations_lead};
use super::reconcile::Spoken;
use super::remembered::Pair;
use super::scope::{Pending, Scope};
use super::timetable::End;
use crate::problems::Problem;

/// Stands between a source and its target in the id of what is remembered of the target.
pub(crate) const TARGET_MARK: &str = " > ";
/// How long the entities of what is absent are kept, in milliseconds.
pub(crate) const GONE_GRACE: i64 = 24 * 60 * 60 * 1000;

/// What a source says.
#[derive(Default)]
pub(crate) struct Reading {
    pub(crate) outcome: Outcome,
    pub(crate) blueprints: Vec<DeclaredBlueprint>,
    pub(crate) items: Vec<Item>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) directories: BTreeSet<PathBuf>,
    /// Why a part of it could not be reached.
    pub(crate) unreached: Option<String>,
    /// Targets of Location documents that are authoritatively absent, with the reason.
    pub(crate) gone: BTreeMap<String, String>,
    /// Where it could not be understood.
    pub(super) kept: Kept,
    /// Until when a host wants to be left alone, in milliseconds since 1970.
    wait: Option<i64>,
    /// Everything that it was led to.
    pub(super) leads: Vec<Lead>,
    /// What to remember of its files across restarts.
    pub(super) pairs: Vec<Pair>,
    /// Only a part of the source was read.
    pub(super) partial: bool,
    /// Bad documents: item and reference.
    bad: Vec<(String, String)>,
}

/// Whether the source itself could be read.
#[derive(Default)]
pub(crate) enum Outcome {
    /// Yes.
    #[default]
    Read,
    /// Not now.
    Unreachable(String),
    /// It is authoritatively absent.
    Gone(String),
}

/// A blueprint in Port's form.
pub(crate) struct DeclaredBlueprint {
    pub(crate) body: Value,
    pub(crate) file: String,
    pub(crate) line: u32,
}

/// A target that a source has led to, for reading it alone some day.
#[derive(Clone)]
pub(super) struct Lead {
    pub(super) pending: Pending,
    /// The addresses of its files.
    pub(super) files: Vec<String>,
    /// Its files lead to others.
    pub(super) leads_on: bool,
}

impl Reading {
    /// An empty one, of a part of its source or all of it.
    pub(super) fn of(partial: bool) -> Self {
        Self { partial, ..Self::default() }
    }

    pub(super) fn bad_document(&mut self, item: String, file: &str, place: &str, error: DocumentError) {
        match &error.entity_ref {
            Some(reference) => self.bad.push((item, reference.clone())),
            // Whose document it is cannot be told: everything the file said before still counts.
            None => drop(self.kept.files.insert(place.to_owned())),
        }
        self.problems.push(Problem {
            level: "error",
            name: error.name,
            message: error.message,
            file: file.to_owned(),
            line: error.line,
            reference: error.entity_ref,
            owner: error.owner,
        });
    }

    /// The reading as ownership sees it.
    pub(crate) fn spoken(&self, source: &str, catalog: &Catalog, hosts: &CodeHosts) -> Spoken {
        let mut spoken = Spoken { kept: self.kept.clone(), ..Spoken::default() };
        for item in &self.items {
            let reference = item.content.reference(catalog);
            spoken.items.insert(item.item.clone(), reference);
        }
        for (item, reference) in &self.bad {
            let entity = catalog.node_of_ref(reference).and_then(|n| catalog.entity(n));
            // A reference that is not the source's may be the mistake: then the place tells what is meant.
            if entity.and_then(|e| e.record.claim.as_ref()).is_some_and(|c| c.source == source) {
                spoken.kept.references.insert(reference.clone());
            } else {
                spoken.kept.items.insert(item.clone());
            }
        }
        keep_where_locations_lead(&mut spoken.kept, source, catalog, hosts);
        spoken
    }

    /// How it went, for the plan of the next one.
    pub(super) fn end(&self) -> End {
        match (self.wait, &self.outcome) {
            (Some(until), _) => End::Wait(until),
            (None, Outcome::Read) if self.unreached.is_none() && self.gone.is_empty() => End::Well,
            _ => End::Badly,
        }
    }

    /// From now on it speaks for the places that it has read, and for nothing else of its source.
    pub(super) fn limit_to_what_was_read(&mut self, kind: &str) {
        let mut part = Part::default();
        for lead in &self.leads {
            part.add(kind, &lead.pending.target);
            part.files.extend(lead.files.iter().map(|file| format!("{kind}:{file}")));
        }
        self.kept.part = Some(part);
    }

    /// There are more files than a source may lead to. What the rest says is not known, so nothing is absent.
    pub(super) fn leads_too_far(&mut self, target: &str, most: usize) {
        let message = format!(
            "this source leads to more than {most} files: the rest was not read, and nothing is removed"
        );
        self.problems.push(whole_file(target, &message));
        self.unreached.get_or_insert(message);
        self.kept.part.get_or_insert_default();
    }

    /// A target cannot be read. What it said before still counts: a missing file is a mistake more often than a wish.
    pub(super) fn fail(&mut self, pending: &Pending, scope: &Scope<'_>, outcome: Outcome) {
        let (Outcome::Unreachable(message) | Outcome::Gone(message)) = &outcome else { return };
        if pending.optional && matches!(outcome, Outcome::Gone(_)) {
            return;
        }
        self.problems.push(whole_file(&pending.target, message));
        if pending.root {
            self.outcome = outcome;
            return;
        }
        if matches!(outcome, Outcome::Unreachable(_)) {
            self.unreached = Some(message.clone());
        } else {
            self.gone.insert(scope.target_id(&pending.target), message.clone());
            if scope.is_long_gone(&pending.target) {
                return;
            }
        }
        keep_target(&mut self.kept, scope.source.place_kind(), &pending.target);
    }

    /// What a host's refusal means.
    pub(super) fn refused(&mut self, error: &HostError) -> Outcome {
        match error {
            HostError::NotFound(_) => Outcome::Gone(format!("Unable to read url, NotFoundError: {error}")),
            HostError::Exhausted { until, .. } => {
                self.wait = self.wait.max(Some(until.saturating_mul(1000)));
                Outcome::Unreachable(format!("Unable to read url, Error: {error}"))
            }
            _ => Outcome::Unreachable(format!("Unable to read url, Error: {error}")),
        }
    }
}

pub(super) fn whole_file(file: &str, message: &str) -> Problem {
    Problem {
        level: "error",
        name: "Error".into(),
        message: message.into(),
        file: file.into(),
        line: 0,
        reference: None,
        owner: None,
    }
}
