//! Scorecards over all entities that somebody sees: how many stand where, and which.

use std::sync::Arc;

use stagedoor_auth::{Action, Denied, Resource, Viewer};
use stagedoor_model::Timestamp;
use stagedoor_model::blueprint::{Invalid, Property, PropertyType};
use stagedoor_query::dialect::port::{self, Scope, containing};
use stagedoor_query::{NodeId, NodeSet};
use stagedoor_scorecards::{Board, Scorecard, Status, check};

use super::{DRAFTS, SCORECARDS, StoredScorecard, boards, find, key, missing, stored};
use crate::error::PortalError;
use crate::{Portal, View};

/// Entities on a page, at most.
const MOST: usize = 500;

/// A scorecard and how the entities stand that the viewer sees.
#[derive(Clone, Debug)]
pub struct ScorecardRow {
    /// Identifier of its blueprint.
    pub blueprint: String,
    /// Title of its blueprint.
    pub blueprint_title: String,
    /// The name that it is kept under.
    pub identifier: String,
    /// Its title.
    pub title: String,
    /// What it says, in Port's form.
    pub definition: serde_json::Value,
    /// Who stands where, or would, as long as it is a draft only; `None` for a draft that cannot be evaluated.
    pub board: Option<Arc<Board>>,
    /// What in it cannot be evaluated, or not any more.
    pub problems: Vec<Invalid>,
    /// Whether something is written that is not published, for whoever may publish it.
    pub draft: bool,
    /// Whether anybody is held against it.
    pub published: bool,
}

/// What somebody may do with a scorecard, and what is missing where not.
#[derive(Clone, Debug)]
pub struct MayScorecard {
    /// What is written of it and not published, where that may be seen.
    pub draft: Option<serde_json::Value>,
    /// Change it.
    pub update: Result<(), Denied>,
    /// Remove it.
    pub delete: Result<(), Denied>,
    /// Publish its draft.
    pub publish: Result<(), Denied>,
    /// Grant exemptions from its rules.
    pub exempt: Result<(), Denied>,
}

/// Which entities of a scorecard.
#[derive(Clone, Debug, Default)]
pub struct StandingQuery {
    /// Of this rule, for `status`.
    pub rule: Option<String>,
    /// With this status by the rule; without a rule only [`Status::NotApplicable`] has a meaning.
    pub status: Option<Status>,
    /// At this level.
    pub level: Option<String>,
    /// Of a group by this; with `group`.
    pub by: Option<String>,
    /// Of this group; empty: those without a value.
    pub group: Option<String>,
    /// With this text in name or title.
    pub text: Option<String>,
    /// So many, at most.
    pub limit: usize,
    /// Behind the one of this identifier.
    pub after: Option<String>,
}

/// An entity and where it stands.
#[derive(Clone, Debug)]
pub struct StandingEntity {
    /// Identifier.
    pub identifier: String,
    /// Title; the identifier where it has none.
    pub title: String,
    /// Owning teams.
    pub teams: Vec<String>,
    /// Title of its level.
    pub level: Option<String>,
    /// What the rule says that was asked about.
    pub status: Option<Status>,
    /// Since when it says so, or, without a rule, since when the entity is at its level; as far as it was recorded.
    pub since: Option<Timestamp>,
}

/// Some of them.
#[derive(Clone, Debug, Default)]
pub struct StandingPage {
    /// By identifier.
    pub entities: Vec<StandingEntity>,
    /// All of them.
    pub total: u64,
    /// The identifier behind which more follow.
    pub next: Option<String>,
}

impl Portal {
    /// Every scorecard with how the entities stand that the viewer sees; for whoever may publish them, those too of
    /// which there is a draft only.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn scorecard_rows(&self, viewer: &Viewer) -> Result<Vec<ScorecardRow>, PortalError> {
        let view = self.score_view(viewer)?;
        let published = stored(&view.catalog, None).into_iter().filter_map(|stored| view.row(stored));
        let mut rows: Vec<ScorecardRow> = published.map(|row| self.with_draft(viewer, &view, row)).collect();
        rows.extend(self.drafted_rows(viewer, &view));
        rows.sort_by(|a, b| a.blueprint.cmp(&b.blueprint));
        Ok(rows)
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub fn scorecard_row(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        identifier: &str,
    ) -> Result<ScorecardRow, PortalError> {
        let view = self.score_view(viewer)?;
        match find(&view.catalog, blueprint, identifier) {
            Ok(stored) => {
                let row = view.row(stored).ok_or_else(|| missing(identifier))?;
                Ok(self.with_draft(viewer, &view, row))
            }
            Err(error) => self.drafted_row(viewer, &view, blueprint, identifier).ok_or(error),
        }
    }

    /// Whether the viewer may make scorecards; without a trace.
    ///
    /// # Errors
    /// What is missing.
    pub fn may_create_scorecards(&self, viewer: &Viewer) -> Result<(), Denied> {
        self.could(viewer, Action::CreateScorecard, Resource::Any)
    }

    /// What the viewer may do with a scorecard; its draft, for whoever may publish it.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn may_scorecard(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        identifier: &str,
    ) -> Result<MayScorecard, PortalError> {
        let view = self.score_view(viewer)?;
        let could = |action| self.could(viewer, action, Resource::Named(identifier));
        let mut publish = could(Action::UpdateScorecard);
        let draft = view.catalog.record(DRAFTS, &key(blueprint, identifier)).filter(|_| publish.is_ok());
        let update = could(Action::UpdateScorecard);
        let published = view.catalog.record(SCORECARDS, &key(blueprint, identifier)).is_some();
        let delete = if published { could(Action::DeleteScorecard) } else { update.clone() };
        if !published && publish.is_ok() {
            publish = self.may_create_scorecards(viewer);
        }
        Ok(MayScorecard {
            draft: draft.map(|record| record.body.value()),
            update,
            delete,
            publish,
            exempt: Self::could_exempt(&view, blueprint),
        })
    }

    /// What a viewer sees who asks about scorecards.
    pub(super) fn score_view(&self, viewer: &Viewer) -> Result<View, PortalError> {
        self.may(viewer, Action::ReadScorecards, Resource::Any)?;
        self.view(viewer)
    }

    /// The entities that stand somewhere.
    ///
    /// # Errors
    /// `NotFound` for the scorecard; `Invalid` for names that it does not have; `Forbidden`.
    pub fn standing_entities(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        scorecard: &str,
        query: &StandingQuery,
    ) -> Result<StandingPage, PortalError> {
        let view = self.score_view(viewer)?;
        find(&view.catalog, blueprint, scorecard)?;
        let board = view.board(blueprint, scorecard).ok_or_else(|| missing(scorecard))?;
        let (nodes, rule) = view.standing_nodes(&board, query)?;
        let mut named: Vec<(&str, NodeId)> =
            nodes.iter().filter_map(|n| Some((view.entity(n)?.record.identifier.as_str(), n))).collect();
        named.sort_unstable();
        let from = query.after.as_deref().map_or(0, |after| named.partition_point(|(id, _)| *id <= after));
        let limit = query.limit.clamp(1, MOST);
        let page = named.get(from..).unwrap_or_default();
        let shown = page.get(..limit.min(page.len())).unwrap_or_default();
        let next = (page.len() > limit).then(|| shown.last().map(|(id, _)| (*id).to_owned())).flatten();
        let since = self.score_since(blueprint, scorecard);
        let entities = shown.iter().map(|(_, node)| {
            let record = view.entity(*node).map(|entity| &entity.record);
            let since = record.and_then(|r| since.of(r.uid, query.rule.as_deref(), r.stamps.created_at));
            StandingEntity { since, ..view.standing_entity(&board, rule, *node) }
        });
        let entities = entities.collect();
        Ok(StandingPage { entities, total: named.len() as u64, next })
    }
}

impl View {
    pub(super) fn row(&self, stored: StoredScorecard) -> Option<ScorecardRow> {
        let (blueprint, identifier) = (&stored.blueprint, &stored.definition.identifier);
        let entry = self.blueprints().get(blueprint)?;
        let board = self.board(blueprint, identifier)?;
        let mut problems = check(&stored.definition, blueprint, &self.catalog, board.at);
        problems.extend(self.stuck(SCORECARDS, blueprint, identifier, &stored.definition));
        Some(ScorecardRow {
            blueprint_title: entry.blueprint.title.clone().unwrap_or_else(|| blueprint.clone()),
            blueprint: blueprint.clone(),
            identifier: identifier.clone(),
            title: stored.definition.title.clone(),
            definition: stored.definition.body().clone().into(),
            board: Some(board),
            problems,
            draft: false,
            published: true,
        })
    }

    /// The programs of a definition that answer nobody, or not all.
    pub(super) fn stuck(
        &self,
        collection: &'static str,
        blueprint: &str,
        identifier: &str,
        definition: &Scorecard,
    ) -> Vec<Invalid> {
        let boards = boards::of(&self.catalog);
        let stuck = boards.map(|b| b.stuck(&self.catalog, collection, blueprint, identifier));
        let mut problems = Vec::new();
        for (program, what) in stuck.into_iter().flatten() {
            let places = places_of(definition, &program).into_iter();
            problems.extend(places.map(|at| Invalid::new(format!("/{at}"), format!("\"{at}\" {what}"))));
        }
        problems
    }

    fn standing_entity(&self, board: &Board, rule: Option<usize>, node: NodeId) -> StandingEntity {
        let identifier = self.identifier(node);
        StandingEntity {
            title: self.title(node).unwrap_or_else(|| identifier.clone()),
            identifier,
            teams: self.teams(node),
            level: board.level_title(node).map(str::to_owned),
            status: rule.map(|rule| board.status(rule, node)),
            since: None,
        }
    }

    /// Who is asked for, and the place of the rule.
    fn standing_nodes(
        &self,
        board: &Board,
        query: &StandingQuery,
    ) -> Result<(NodeSet, Option<usize>), PortalError> {
        let rule = match &query.rule {
            Some(name) => {
                let found = board.scorecard.rule(name).map(|(at, _)| at);
                Some(found.ok_or_else(|| unknown("rule", name))?)
            }
            None => None,
        };
        let out = || board.members.as_ref() - board.applies.as_ref();
        let mut nodes = match (query.status, rule.and_then(|at| board.rules.get(at))) {
            (Some(Status::NotApplicable), _) => out(),
            (Some(status), Some(rule)) => rule.of(status).map(|set| set.as_ref().clone()).unwrap_or_default(),
            (Some(_), None) => return Err(PortalError::invalid("\"status\" needs \"rule\"")),
            (None, _) => board.applies.as_ref().clone(),
        };
        if let Some(title) = &query.level {
            let level = board.scorecard.level(title).ok_or_else(|| unknown("level", title))?;
            if let Some(set) = board.levels.get(level) {
                nodes &= set.as_ref();
            }
        }
        if let Some(by) = &query.by {
            let group = query.group.as_deref().unwrap_or_default();
            let boards = boards::of(&self.catalog);
            let found = boards.and_then(|boards| {
                boards.groups(&self.catalog, &board.blueprint, by, |groups| match group {
                    "" => groups.none().clone(),
                    group => groups.get(group).cloned().unwrap_or_default(),
                })
            });
            nodes &= found.ok_or_else(|| unknown("by", by))?;
        }
        if let Some(text) = query.text.as_deref().filter(|text| !text.trim().is_empty()) {
            nodes = self.catalog.satisfying(&containing(text), &nodes);
        }
        Ok((nodes, rule))
    }

    /// The entities of a blueprint that a text in the query language asks for.
    pub(super) fn asked_for(&self, text: &str, blueprint: &str) -> Result<NodeSet, PortalError> {
        let parsed = stagedoor_query::text::parse(text)
            .map_err(|problem| PortalError::invalid(format!("\"filter\": {}", problem.message)))?;
        let caller = self.caller();
        let now: Timestamp = self.catalog.now();
        let only = Some(blueprint);
        let scope = Scope { blueprints: self.blueprints(), only, now, caller: Some(&caller) };
        let expr = port::compile(&parsed.rules, "filter", &scope)?;
        Ok(self.catalog.satisfying(&expr, self.catalog.set_of(blueprint).as_ref()))
    }

    /// What the entities of a blueprint can be grouped by: key and title.
    pub(super) fn groupings(&self, blueprint: &str) -> Vec<(String, String)> {
        let Some(entry) = self.blueprints().get(blueprint) else { return Vec::new() };
        let mut all = vec![("$team".to_owned(), "Team".to_owned())];
        for (key, relation) in &entry.blueprint.relations {
            all.push((key.clone(), relation.title.clone().unwrap_or_else(|| key.clone())));
        }
        for (key, property) in &entry.blueprint.properties {
            let some = property.definition.get("enum").is_some() || property.kind == PropertyType::Boolean;
            if some {
                all.push((key.clone(), title_of(key, property)));
            }
        }
        all
    }

    /// How it is called what entities are grouped by.
    pub(super) fn grouping_title(&self, blueprint: &str, by: &str) -> String {
        let known = self.groupings(blueprint).into_iter().find(|(key, _)| key == by);
        let property =
            || self.blueprints().get(blueprint)?.blueprint.properties.get(by).map(|p| title_of(by, p));
        known.map(|(_, title)| title).or_else(property).unwrap_or_else(|| by.to_owned())
    }
}

fn title_of(key: &str, property: &Property) -> String {
    property.definition.get("title").and_then(|title| title.as_str()).unwrap_or(key).to_owned()
}

fn unknown(what: &str, name: &str) -> PortalError {
    let shown: String = name.chars().take(100).collect();
    PortalError::invalid(format!("\"{what}\" \"{shown}\" is not known here"))
}

/// Where a program stands in a definition.
fn places_of(scorecard: &Scorecard, program: &str) -> Vec<String> {
    let rules = scorecard.rules.iter().enumerate();
    let rules = rules.map(|(i, rule)| (format!("rules/{i}/query"), &rule.query));
    let queries = scorecard.filter.iter().map(|filter| ("filter".to_owned(), filter)).chain(rules);
    let mut places = Vec::new();
    for (place, query) in queries {
        for (i, condition) in query.conditions.iter().enumerate() {
            if condition.get("jq").is_some_and(|jq| jq == program) {
                places.push(format!("{place}/conditions/{i}/jq"));
            }
        }
    }
    places
}
