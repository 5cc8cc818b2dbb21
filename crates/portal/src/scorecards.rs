//! Scorecards: definitions kept as they were sent, and where entities stand.
//!
//! A scorecard is a record of the collection `scorecard` under `<blueprint>/<identifier>`: Port's JSON, and its place
//! in the blueprint's order. Results are nowhere stored: [`boards`] computes them.

pub(crate) mod boards;
pub(crate) mod computed;
mod drafted;
mod entity;
mod fleet;
mod follow;
mod groups;
mod preview;
mod trial;
mod write;

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Record, Stamps, Timestamp};
use stagedoor_query::{Catalog, NodeId, stable_hash};
use stagedoor_scorecards::{Board, Level, Scorecard};

use crate::blueprints::no_blueprint;
use crate::error::PortalError;
use crate::{Portal, View};

pub(crate) use boards::Boards;
pub use computed::{Computed, ResultPage, is_computed, is_derived_there};
pub use entity::{ConditionShown, EntityScorecard, RuleShown};
pub use fleet::{MayScorecard, ScorecardRow, StandingEntity, StandingPage, StandingQuery};
pub use groups::{Grouping, ScoreGroup, ScoreGroups};
pub use preview::{PreviewMove, ScorecardPreview};

/// Collection of records.
pub(crate) const SCORECARDS: &str = "scorecard";
/// Collection of records: what a scorecard will say once it is published, under the same keys.
pub(crate) const DRAFTS: &str = "scorecard_draft";

/// The key of a scorecard's record.
pub(crate) fn key(blueprint: &str, scorecard: &str) -> String {
    format!("{blueprint}/{scorecard}")
}

/// A scorecard as it is kept.
#[derive(Clone, Debug)]
pub struct StoredScorecard {
    /// Identifier of its blueprint.
    pub blueprint: String,
    /// What it says.
    pub definition: Scorecard,
    /// Its place among the blueprint's.
    pub order: u64,
    /// Who and when.
    pub stamps: Stamps,
}

impl StoredScorecard {
    pub(crate) fn of(record: &Record) -> Option<Self> {
        let (blueprint, _) = record.key.rsplit_once('/')?;
        let mut body = record.body.value();
        let order = body.as_object_mut().and_then(|body| body.shift_remove("order"));
        Some(Self {
            blueprint: blueprint.to_owned(),
            definition: Scorecard::parse(&body).ok()?,
            order: order.and_then(|order| order.as_u64()).unwrap_or_default(),
            stamps: record.stamps.clone(),
        })
    }

    /// As Port's clients read it: as it was sent, with who and when.
    #[must_use]
    pub fn to_port(&self) -> Value {
        let mut body: Map<String, Value> = self.definition.body().clone();
        let id = stable_hash(key(&self.blueprint, &self.definition.identifier).as_bytes());
        body.insert("id".into(), json!(format!("scorecard_{id:016x}")));
        body.insert("blueprint".into(), json!(self.blueprint));
        let stamps = &self.stamps;
        body.insert("createdAt".into(), json!(stamps.created_at.to_string()));
        body.insert("createdBy".into(), json!(stamps.created_by));
        body.insert("updatedAt".into(), json!(stamps.updated_at.to_string()));
        body.insert("updatedBy".into(), json!(stamps.updated_by));
        Value::Object(body)
    }
}

/// The scorecards of a blueprint in their order, or of all, blueprint by blueprint.
pub(crate) fn stored(catalog: &Catalog, blueprint: Option<&str>) -> Vec<StoredScorecard> {
    let of = |s: &&StoredScorecard| blueprint.is_none_or(|b| s.blueprint == b);
    match boards::of(catalog) {
        Some(boards) => boards.definitions(catalog).iter().filter(of).cloned().collect(),
        None => read_all(catalog).iter().filter(of).cloned().collect(),
    }
}

fn read_all(catalog: &Catalog) -> Vec<StoredScorecard> {
    let all = catalog.records(SCORECARDS).filter_map(|record| StoredScorecard::of(record));
    let mut all: Vec<StoredScorecard> = all.collect();
    all.sort_by(|a, b| {
        (&a.blueprint, a.order, &a.definition.identifier).cmp(&(
            &b.blueprint,
            b.order,
            &b.definition.identifier,
        ))
    });
    all
}

/// One of them.
pub(crate) fn find(
    catalog: &Catalog,
    blueprint: &str,
    identifier: &str,
) -> Result<StoredScorecard, PortalError> {
    if catalog.blueprints().get(blueprint).is_none() {
        return Err(no_blueprint(blueprint));
    }
    let record = catalog.record(SCORECARDS, &key(blueprint, identifier));
    record.and_then(|record| StoredScorecard::of(record)).ok_or_else(|| missing(identifier))
}

pub(crate) fn missing(identifier: &str) -> PortalError {
    let shown: String = identifier.chars().take(100).collect();
    PortalError::NotFound(format!("Scorecard with identifier \"{shown}\" was not found"))
}

/// The results of every scorecard of a snapshot, by `<blueprint>/<identifier>`.
pub(crate) fn boards_of(catalog: &Catalog) -> Vec<(String, Arc<Board>)> {
    boards::of(catalog).map(|boards| boards.all(catalog)).unwrap_or_default()
}

impl Portal {
    /// Scorecards of a blueprint in their order, or of all blueprints.
    ///
    /// # Errors
    /// `NotFound` for the blueprint; `Forbidden`.
    pub fn scorecards(
        &self,
        viewer: &Viewer,
        blueprint: Option<&str>,
    ) -> Result<Vec<StoredScorecard>, PortalError> {
        self.may(viewer, Action::ReadScorecards, Resource::Any)?;
        let catalog = self.shared.catalog.load();
        if let Some(blueprint) = blueprint
            && catalog.blueprints().get(blueprint).is_none()
        {
            return Err(no_blueprint(blueprint));
        }
        Ok(stored(&catalog, blueprint))
    }

    /// One scorecard.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub fn scorecard(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        identifier: &str,
    ) -> Result<StoredScorecard, PortalError> {
        self.may(viewer, Action::ReadScorecards, Resource::Named(identifier))?;
        find(&self.shared.catalog.load(), blueprint, identifier)
    }

    /// How often the results of a scorecard were computed for all entities since the start. After that they are kept up
    /// to date: it grows when a definition changes, or a blueprint that it reads.
    #[must_use]
    pub fn scorecards_computed(&self) -> u64 {
        boards::of(&self.shared.catalog.load()).map(Boards::computed).unwrap_or_default()
    }

    /// The results of every scorecard of a snapshot, by `<blueprint>/<identifier>`. They are as of `catalog.now()`.
    pub(crate) fn boards_in(&self, catalog: &Catalog, _now: Timestamp) -> Vec<(String, Arc<Board>)> {
        boards_of(catalog)
    }
}

impl View {
    /// The results of a scorecard, as the viewer sees the catalog.
    #[must_use]
    pub fn board(&self, blueprint: &str, scorecard: &str) -> Option<Arc<Board>> {
        boards::of(&self.catalog)?.board(&self.catalog, blueprint, scorecard)
    }

    /// The results of a blueprint's scorecards, in their order.
    #[must_use]
    pub fn boards(&self, blueprint: &str) -> Vec<Arc<Board>> {
        let Some(boards) = boards::of(&self.catalog) else { return Vec::new() };
        let all = boards.definitions(&self.catalog);
        let of_it = all.iter().filter(|s| s.blueprint == blueprint);
        of_it.filter_map(|s| boards.board(&self.catalog, blueprint, &s.definition.identifier)).collect()
    }

    /// Whether there is a scorecard of this name, with a rule of this name where one is given: in this blueprint, or in
    /// any.
    #[must_use]
    pub fn has_scorecard(&self, blueprint: Option<&str>, scorecard: &str, rule: Option<&str>) -> bool {
        stored(&self.catalog, blueprint).iter().any(|s| {
            s.definition.identifier == scorecard && rule.is_none_or(|rule| s.definition.rule(rule).is_some())
        })
    }

    /// Scorecards of a blueprint in their order, or of all blueprints.
    #[must_use]
    pub fn scorecards(&self, blueprint: Option<&str>) -> Vec<StoredScorecard> {
        stored(&self.catalog, blueprint)
    }

    /// The levels of the scorecards of a name, of a blueprint's or of all; each title once.
    #[must_use]
    pub fn scorecard_levels(&self, blueprint: Option<&str>, scorecard: &str) -> Vec<Level> {
        let mut levels: Vec<Level> = Vec::new();
        let named = stored(&self.catalog, blueprint).into_iter().map(|s| s.definition);
        for level in named.filter(|s| s.identifier == scorecard).flat_map(|s| s.levels) {
            if levels.iter().all(|known| known.title != level.title) {
                levels.push(level);
            }
        }
        levels
    }

    /// The scorecards of an entity as Port shows them: `{<id>: {level, rules: [{identifier, status, level}]}}`; `None`
    /// where its blueprint has none.
    #[must_use]
    pub fn port_scorecards(&self, node: NodeId) -> Option<Value> {
        let blueprint = &self.entity(node)?.record.blueprint;
        let boards = self.boards(blueprint);
        if boards.is_empty() {
            return None;
        }
        let mut out = Map::new();
        for board in boards {
            let Some(level) = board.level_title(node) else { continue };
            let rules = board.scorecard.rules.iter().enumerate().map(|(at, rule)| {
                let title = board.scorecard.levels.get(rule.level).map_or("", |level| &level.title);
                json!({ "identifier": rule.identifier, "status": board.status(at, node).port(), "level": title })
            });
            let rules: Vec<Value> = rules.collect();
            out.insert(board.scorecard.identifier.clone(), json!({ "level": level, "rules": rules }));
        }
        Some(Value::Object(out))
    }
}
