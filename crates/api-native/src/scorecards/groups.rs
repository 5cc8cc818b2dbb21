//! The heat map, and the entities behind each of its numbers.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use stagedoor_portal::{ScoreStatus, StandingQuery};
use utoipa::{IntoParams, ToSchema};

use super::{GroupingItem, ScorecardItem, StatusCounts, blocking};
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GroupsQuery {
    /// `$team`, or the key of a relation or property.
    by: String,
    /// Only entities that satisfy this, in the query language.
    filter: Option<String>,
}

/// How the entities of one group stand.
#[derive(Serialize, ToSchema)]
pub(crate) struct HeatGroup {
    /// Null: those that have no value.
    key: Option<String>,
    title: String,
    /// Entities that the scorecard is about.
    total: u64,
    /// By title of the level.
    levels: BTreeMap<String, u64>,
    /// By identifier of the rule.
    rules: BTreeMap<String, StatusCounts>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct HeatMap {
    /// By title; those without a value last.
    groups: Vec<HeatGroup>,
    /// Entities in all groups, each once.
    total: u64,
    by: GroupingItem,
    /// The scorecard, with its levels and rules and how all entities stand.
    scorecard: ScorecardItem,
}

/// How entities stand in a scorecard, group by group.
#[utoipa::path(
    get, path = "/scorecards/{blueprint}/{scorecard}/groups", operation_id = "scorecard_groups",
    params(("blueprint" = String, Path), ("scorecard" = String, Path), GroupsQuery),
    responses(
        (status = 200, body = HeatMap), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn groups(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path((blueprint, scorecard)): Path<(String, String)>,
    query: Result<Query<GroupsQuery>, QueryRejection>,
) -> Result<Json<HeatMap>, ApiError> {
    let Query(GroupsQuery { by, filter }) = query?;
    let work = move || api.portal.scorecard_groups(&viewer, &blueprint, &scorecard, &by, filter.as_deref());
    let found = blocking(work).await?;
    let scorecard = ScorecardItem::from(&found.row);
    let levels = || scorecard.levels.iter().map(|level| level.title.clone());
    let rules = || scorecard.rules.iter().map(|rule| rule.identifier.clone());
    let groups = found.groups.into_iter().map(|group| HeatGroup {
        key: group.key,
        title: group.title,
        total: group.total,
        levels: levels().zip(group.levels).collect(),
        rules: rules().zip(group.rules.into_iter().map(StatusCounts::from)).collect(),
    });
    let (groups, total) = (groups.collect(), found.total);
    let by = GroupingItem { key: found.by.key, title: found.by.title };
    Ok(Json(HeatMap { groups, total, by, scorecard }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StandingParameters {
    /// With `status`: by this rule.
    rule: Option<String>,
    /// `passed`, `failed`, `notMeasured`, `exempt` or `notApplicable`.
    status: Option<String>,
    /// At this level.
    level: Option<String>,
    /// With `group`: what they are grouped by.
    by: Option<String>,
    /// Of this group; empty: those without a value.
    group: Option<String>,
    /// With this text in name or title.
    q: Option<String>,
    /// At most; 50 where absent, 500 at most.
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// An entity and where it stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct StandingItem {
    identifier: String,
    title: String,
    blueprint: String,
    teams: Vec<String>,
    /// Null where the scorecard is not about it.
    level: Option<String>,
    /// What the rule says that was asked about.
    status: Option<&'static str>,
    /// Since when, as far as it was recorded.
    since: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct StandingItems {
    /// By identifier.
    entities: Vec<StandingItem>,
    total: u64,
    /// Where to go on.
    next: Option<String>,
}

/// The entities that stand somewhere in a scorecard.
#[utoipa::path(
    get, path = "/scorecards/{blueprint}/{scorecard}/entities", operation_id = "scorecard_entities",
    params(("blueprint" = String, Path), ("scorecard" = String, Path), StandingParameters),
    responses(
        (status = 200, body = StandingItems), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn entities(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path((blueprint, scorecard)): Path<(String, String)>,
    query: Result<Query<StandingParameters>, QueryRejection>,
) -> Result<Json<StandingItems>, ApiError> {
    let Query(sent) = query?;
    let known = |name: String| {
        let allowed = "\"status\" must be passed, failed, notMeasured, exempt or notApplicable";
        ScoreStatus::of_name(&name).ok_or_else(|| ApiError::invalid(allowed))
    };
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let query = StandingQuery {
        rule: given(sent.rule),
        status: given(sent.status).map(known).transpose()?,
        level: given(sent.level),
        by: given(sent.by),
        group: sent.group,
        text: given(sent.q),
        limit: sent.limit.unwrap_or(50),
        after: given(sent.cursor),
    };
    let of = blueprint.clone();
    let page =
        blocking(move || api.portal.standing_entities(&viewer, &blueprint, &scorecard, &query)).await?;
    let item = |entity: stagedoor_portal::StandingEntity| StandingItem {
        identifier: entity.identifier,
        title: entity.title,
        blueprint: of.clone(),
        teams: entity.teams,
        level: entity.level,
        status: entity.status.map(ScoreStatus::name),
        since: entity.since.map(|at| at.to_string()),
    };
    let entities = page.entities.into_iter().map(item).collect();
    Ok(Json(StandingItems { entities, total: page.total, next: page.next }))
}
