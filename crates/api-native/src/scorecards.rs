//! Scorecards over everything that the caller sees: rows, groups, lists, one entity's results, previews.

pub(crate) mod entity;
pub(crate) mod groups;
pub(crate) mod preview;

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::Value;
use stagedoor_portal::{ScoreBoard, ScoreCounts, ScorecardRow};
use utoipa::ToSchema;

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::may::May;

/// How many entities have which status.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusCounts {
    passed: u64,
    failed: u64,
    /// A value is missing that could make the rule pass.
    not_measured: u64,
    /// The scorecard's filter leaves them out.
    not_applicable: u64,
    /// An exemption excuses them.
    exempt: u64,
}

impl From<ScoreCounts> for StatusCounts {
    fn from(counts: ScoreCounts) -> Self {
        let ScoreCounts { passed, failed, not_measured, not_applicable, exempt } = counts;
        Self { passed, failed, not_measured, not_applicable, exempt }
    }
}

/// Something wrong with a definition.
#[derive(Serialize, ToSchema)]
pub(crate) struct DefinitionProblem {
    /// A JSON pointer into the definition.
    path: String,
    message: String,
}

/// A level and how many are there.
#[derive(Serialize, ToSchema)]
pub(crate) struct LevelCount {
    title: String,
    color: String,
    count: u64,
}

/// A rule and how entities stand to it.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleCounts {
    identifier: String,
    title: String,
    description: Option<String>,
    /// Title of its level.
    level: String,
    #[serde(flatten)]
    counts: StatusCounts,
}

/// A scorecard and how the entities stand that the caller sees.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScorecardItem {
    blueprint: String,
    blueprint_title: String,
    identifier: String,
    title: String,
    /// Entities that it is about.
    applies: u64,
    not_applicable: u64,
    /// Entities that pass every rule, or are exempt from it.
    passed: u64,
    levels: Vec<LevelCount>,
    rules: Vec<RuleCounts>,
    /// What in it cannot be evaluated, or not any more.
    problems: Vec<DefinitionProblem>,
}

/// One of the list.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListedScorecard {
    #[serde(flatten)]
    scorecard: ScorecardItem,
    /// Whether something is written of it that is not published, for whoever may publish it.
    draft: bool,
    /// False: there is a draft only, and the numbers are those that it would have. A draft that cannot be evaluated
    /// has `problems`, and neither levels nor rules.
    published: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScorecardList {
    scorecards: Vec<ListedScorecard>,
    may_create: May,
}

/// What can be done about a failing rule.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleFix {
    text: Option<String>,
    url: Option<String>,
    /// Identifier of an action.
    action: Option<String>,
}

impl From<stagedoor_portal::ScoreFix> for RuleFix {
    fn from(fix: stagedoor_portal::ScoreFix) -> Self {
        Self { text: fix.text, url: fix.url, action: fix.action }
    }
}

/// What the caller may do with a scorecard.
#[derive(Serialize, ToSchema)]
pub(crate) struct MayScorecard {
    update: May,
    delete: May,
    publish: May,
    exempt: May,
}

/// What entities can be grouped by.
#[derive(Serialize, ToSchema)]
pub(crate) struct GroupingItem {
    key: String,
    title: String,
}

/// A scorecard with its definition.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneScorecard {
    #[serde(flatten)]
    scorecard: ScorecardItem,
    /// False: there is a draft only.
    published: bool,
    /// As Port's API has it.
    #[schema(value_type = Object)]
    definition: Value,
    /// What is written of it and not published.
    #[schema(value_type = Option<Object>)]
    draft: Option<Value>,
    /// By rule.
    fixes: BTreeMap<String, RuleFix>,
    may: MayScorecard,
    groupings: Vec<GroupingItem>,
}

impl From<&ScorecardRow> for ScorecardItem {
    fn from(row: &ScorecardRow) -> Self {
        let board = row.board.as_deref();
        let count = |count: fn(&ScoreBoard) -> u64| board.map(count).unwrap_or_default();
        Self {
            blueprint: row.blueprint.clone(),
            blueprint_title: row.blueprint_title.clone(),
            identifier: row.identifier.clone(),
            title: row.title.clone(),
            applies: count(|board| board.applies.len()),
            not_applicable: count(|board| board.members.len() - board.applies.len()),
            passed: count(|board| board.all_passed().len()),
            levels: board.map(levels).unwrap_or_default(),
            rules: board.map(rules).unwrap_or_default(),
            problems: row.problems.iter().map(problem).collect(),
        }
    }
}

fn levels(board: &ScoreBoard) -> Vec<LevelCount> {
    let levels = board.scorecard.levels.iter().zip(board.level_counts(None));
    levels.map(|(l, count)| LevelCount { title: l.title.clone(), color: l.color.clone(), count }).collect()
}

fn rules(board: &ScoreBoard) -> Vec<RuleCounts> {
    let scorecard = &board.scorecard;
    let level = |level: usize| scorecard.levels.get(level).map_or("", |l| &l.title).to_owned();
    let rules = scorecard.rules.iter().enumerate().map(|(at, rule)| RuleCounts {
        identifier: rule.identifier.clone(),
        title: rule.title.clone(),
        description: rule.description.clone(),
        level: level(rule.level),
        counts: board.counts(at, None).into(),
    });
    rules.collect()
}

pub(crate) fn problem(invalid: &stagedoor_model::blueprint::Invalid) -> DefinitionProblem {
    DefinitionProblem { path: invalid.path.clone(), message: invalid.message.clone() }
}

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/scorecards", get(scorecards))
        .route("/scorecards/preview", post(preview::preview))
        .route("/scorecards/{blueprint}/{scorecard}", get(scorecard))
        .route("/scorecards/{blueprint}/{scorecard}/groups", get(groups::groups))
        .route("/scorecards/{blueprint}/{scorecard}/entities", get(groups::entities))
        .route("/entities/{blueprint}/{identifier}/scorecards", get(entity::entity))
}

/// Every scorecard with how the entities stand that the caller sees.
#[utoipa::path(
    get, path = "/scorecards", operation_id = "list_scorecards",
    responses(
        (status = 200, body = ScorecardList), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
pub(crate) async fn scorecards(
    State(api): State<Api>,
    Caller(viewer): Caller,
) -> Result<Json<ScorecardList>, ApiError> {
    let (portal, asker) = (api.portal.clone(), viewer.clone());
    let rows = blocking(move || portal.scorecard_rows(&asker)).await?;
    let listed = |row: &ScorecardRow| {
        let (draft, published) = (row.draft, row.published);
        ListedScorecard { scorecard: row.into(), draft, published }
    };
    let scorecards = rows.iter().map(listed).collect();
    Ok(Json(ScorecardList { scorecards, may_create: api.portal.may_create_scorecards(&viewer).into() }))
}

/// One scorecard with its definition, published or, for whoever may publish it, not.
#[utoipa::path(
    get, path = "/scorecards/{blueprint}/{scorecard}", operation_id = "get_scorecard",
    params(("blueprint" = String, Path), ("scorecard" = String, Path)),
    responses(
        (status = 200, body = OneScorecard), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn scorecard(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path((blueprint, scorecard)): Path<(String, String)>,
) -> Result<Json<OneScorecard>, ApiError> {
    let (portal, asker, of, name) =
        (api.portal.clone(), viewer.clone(), blueprint.clone(), scorecard.clone());
    let row = blocking(move || portal.scorecard_row(&asker, &of, &name)).await?;
    let may = api.portal.may_scorecard(&viewer, &blueprint, &scorecard)?;
    let groupings = api.portal.scorecard_groupings(&viewer, &blueprint)?.into_iter();
    let fixes = row.board.iter().flat_map(|board| &board.scorecard.rules);
    let fixes = fixes.filter_map(|rule| Some((rule.identifier.clone(), rule.fix.clone()?.into())));
    Ok(Json(OneScorecard {
        scorecard: (&row).into(),
        published: row.published,
        definition: row.definition,
        draft: may.draft,
        fixes: fixes.collect(),
        may: MayScorecard {
            update: may.update.into(),
            delete: may.delete.into(),
            publish: may.publish.into(),
            exempt: may.exempt.into(),
        },
        groupings: groupings.map(|g| GroupingItem { key: g.key, title: g.title }).collect(),
    }))
}

/// Runs what may compute for a while where it does not hold up other requests.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, stagedoor_portal::PortalError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| stagedoor_portal::PortalError::Internal(error.to_string()))??)
}
