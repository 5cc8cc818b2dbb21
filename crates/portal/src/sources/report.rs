//! How the sources are doing, for people.

use std::collections::BTreeMap;

use serde::Serialize;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{SourceState, entity_ref};
use stagedoor_query::NodeId;

use super::source::{self, Source};
use crate::error::PortalError;
use crate::problems::Problem;
use crate::provenance::SourceOfEntity;
use crate::{Portal, View};

/// One source.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceReport {
    /// `<type>:<target>`, or the provider's own.
    pub id: String,
    /// `file`, `url`, or `provider:<key in catalog.providers>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// As configured or registered; of a provider, what it looks at.
    pub target: String,
    /// Somebody has registered it; it is not in the configuration.
    pub registered: bool,
    /// When it is read by itself, in words: `every 2 minutes`, `when a file changes`.
    pub schedule: String,
    /// When it is read next by itself, RFC 3339, where that is known here.
    pub next_run: Option<String>,
    /// It is being read, by this process.
    pub running: bool,
    /// `fresh`, `stale`, `gone`, `held`; null before its first reading.
    pub state: Option<SourceState>,
    /// Why it is not fresh.
    pub reason: Option<String>,
    /// End of its last reading, RFC 3339.
    pub last_run: Option<String>,
    /// Entities that it owns.
    pub entities: usize,
    /// What to mend in it.
    pub problems: Vec<Problem>,
    /// References that it claims and another source holds.
    pub conflicts: Vec<Conflict>,
}

/// Two sources, one name.
#[derive(Clone, Debug, Serialize)]
pub struct Conflict {
    /// The reference.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Item that holds it.
    pub holder: String,
    /// Item that waits for it.
    pub claimer: String,
}

impl Portal {
    /// Every source: in the order of the configuration, then those that somebody has registered, then those that are
    /// no longer there and whose entities still are.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn sources(&self, viewer: &Viewer) -> Result<Vec<SourceReport>, PortalError> {
        let view = self.view_for(viewer, Action::ReadSources, Resource::Any)?;
        let (catalog, problems) = (&view.catalog, &view.problems);
        // Of what may be hidden only what is seen is told, whether or not there is more.
        let told = |reference: &str| {
            let entry = catalog.blueprints().by_kind(entity_ref::kind_of(reference));
            entry.is_none_or(|e| self.sees_all_of(&view, &e.blueprint.identifier))
                || view.by_ref(reference).is_some()
        };
        let config = &self.shared.sources.config;
        let status = self.shared.sources.status.lock().clone();
        let counts: BTreeMap<&str, u64> = catalog.claimers().collect();
        let report = |source: &Source| {
            let id = source.id.clone();
            let remembered = catalog.sources().get(&id);
            let status = status.get(&id).cloned().unwrap_or_default();
            let holder = |reference: &str| {
                let entity = catalog.node_of_ref(reference).and_then(|n| catalog.entity(n));
                entity.and_then(|e| e.record.claim.as_ref()).map(|c| c.item.clone()).unwrap_or_default()
            };
            let waiting = catalog.waiting().range((id.clone(), String::new())..).map(|(_, w)| w);
            let waiting = waiting.take_while(|w| w.source == id).filter(|w| told(&w.entity_ref));
            SourceReport {
                kind: source.kind(),
                target: source.target(),
                registered: source.record().is_some(),
                schedule: source.rhythm(config).words(),
                next_run: status.next_run.map(|t| t.to_string()),
                running: status.running,
                state: remembered.map(|r| r.state).or(status.last_run.map(|_| SourceState::Fresh)),
                reason: remembered.and_then(|r| r.reason.clone()),
                last_run: status.last_run.map(|t| t.to_string()),
                entities: counts.get(id.as_str()).map_or(0, |count| *count as usize),
                problems: {
                    let all = problems.of_source(&id).iter();
                    all.filter(|p| p.reference.as_deref().is_none_or(told)).cloned().collect()
                },
                conflicts: waiting
                    .map(|w| Conflict {
                        reference: w.entity_ref.clone(),
                        holder: holder(&w.entity_ref),
                        claimer: w.item.clone(),
                    })
                    .collect(),
                id,
            }
        };
        let listed = source::all(config, catalog);
        let abandoned = source::abandoned(&listed, catalog);
        Ok(listed.iter().chain(&abandoned).map(report).collect())
    }
}

impl Portal {
    /// The source that owns an entity, as far as the viewer may know of sources.
    #[must_use]
    pub fn source_of(&self, view: &View, node: NodeId) -> Option<SourceOfEntity> {
        let claim = view.entity(node)?.record.claim.clone()?;
        self.could(view.viewer(), Action::ReadSources, Resource::Any).ok()?;
        let listed = source::all(&self.shared.sources.config, &view.catalog);
        let source = listed.into_iter().find(|source| source.id == *claim.source);
        let remembered = view.catalog.sources().get(&*claim.source);
        let last_run = self.shared.sources.status.lock().get(&*claim.source).and_then(|s| s.last_run);
        let words = || claim.source.split_once(':').unwrap_or(("", &claim.source));
        Some(SourceOfEntity {
            kind: source.as_ref().map_or_else(|| words().0.to_owned(), Source::kind),
            target: source.as_ref().map_or_else(|| words().1.to_owned(), Source::target),
            state: remembered.map(|r| r.state).or(last_run.map(|_| SourceState::Fresh)),
            reason: remembered.and_then(|r| r.reason.clone()),
            id: claim.source.to_string(),
            last_run,
        })
    }
}
