//! The home page: what concerns the caller, in one call; and what the caller says of it.

mod runs;

use std::time::Instant;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stagedoor_portal::{Attention, HOME, Home, HomeLink, PortalError, SourceReport, Steps, View};
use stagedoor_query::{NodeId, budget};
use utoipa::ToSchema;

use self::runs::HomeRuns;
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::link::Link;
use crate::widgets::tables::{TableTab, own};
use crate::widgets::{self, TIME_LIMIT, WidgetsReply};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HomePage {
    /// Identifiers of the caller's teams.
    teams: Vec<String>,
    /// What they own, by blueprint; first those with problems.
    mine: Vec<HomeOwned>,
    /// What is wrong with it, at most 30.
    attention: Vec<HomeAttention>,
    /// How much is wrong, listed or not.
    attention_total: usize,
    #[serde(flatten)]
    runs: HomeRuns,
    /// Entities that changed last.
    recent: Vec<HomeRecent>,
    /// Attention and recent are about the teams' entities and their neighbours, not about everything.
    around_teams: bool,
    /// What the caller looked at last.
    viewed: Vec<HomeViewed>,
    /// Pinned for everybody.
    organization_links: Vec<PinnedLink>,
    /// Pinned by the caller.
    links: Vec<PinnedLink>,
    /// As `PUT /home/layout` was sent it; null where it was not.
    #[schema(value_type = Option<Layout>)]
    layout: Value,
    /// How many sources there are.
    sources: usize,
    /// Those that are not fresh, or have something to mend.
    bad_sources: Vec<BadSource>,
    steps: FirstSteps,
    /// The page `$home` and what its widgets show, where somebody has put widgets onto it.
    board: Option<WidgetsReply>,
    /// The tables among the sections of `layout` that are shown.
    tables: Vec<HomeTable>,
    /// The commit that the answer shows.
    revision: u64,
}

/// A section of the caller's own.
#[derive(Serialize, ToSchema)]
struct HomeTable {
    /// Of the section.
    id: String,
    /// Null where it cannot be shown.
    table: Option<TableTab>,
    /// Why not.
    problem: Option<String>,
}

/// Entities of the caller's teams.
#[derive(Serialize, ToSchema)]
struct HomeOwned {
    blueprint: String,
    count: u64,
    /// Entities with a problem or a conflict.
    problems: u64,
}

/// Something that needs somebody.
#[derive(Serialize, ToSchema)]
struct HomeAttention {
    /// `problem` or `conflict`.
    kind: &'static str,
    entity: Link,
    /// Of a problem: what is wrong. Of a conflict: who claims it, besides its holder.
    message: String,
    /// Where: of a conflict its holder.
    file: String,
    /// From 1; 0 when the whole file is meant.
    line: u32,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HomeRecent {
    #[serde(flatten)]
    link: Link,
    updated_at: String,
    updated_by: String,
    /// It is as it was made.
    is_new: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HomeViewed {
    #[serde(flatten)]
    link: Link,
    viewed_at: String,
}

/// A source that needs somebody.
#[derive(Serialize, ToSchema)]
struct BadSource {
    id: String,
    target: String,
    state: Option<String>,
    reason: Option<String>,
    problems: usize,
    conflicts: usize,
}

/// How far the portal has been set up, by its state.
#[derive(Serialize, ToSchema)]
struct FirstSteps {
    sources: usize,
    registered: usize,
    /// Sources that have supplied an entity.
    supplying: usize,
    /// Entities but people, teams and locations.
    entities: u64,
    /// Blueprints that did not come with the program.
    blueprints: usize,
    /// People and service accounts.
    people: u64,
    /// Open invitations, for who may see them.
    invited: usize,
}

/// An address that somebody wants at hand.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinnedLink {
    /// What is shown.
    title: String,
    /// `http:`, `https:`, `mailto:`, or a path of this portal.
    url: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinksBody {
    links: Vec<PinnedLink>,
}

/// The order of a home page.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Layout {
    /// From the top down. Sections that are not listed come last.
    sections: Vec<LayoutSection>,
}

/// A section of the page, or one of one's own: a table of a query.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LayoutSection {
    id: String,
    #[serde(default)]
    hidden: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blueprint: Option<String>,
    /// In the text form of the query language.
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LayoutBody {
    /// Null: as it came.
    layout: Option<Layout>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewedBody {
    blueprint: String,
    identifier: String,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/home", get(home))
        .route("/home/layout", put(put_layout))
        .route("/home/links", put(put_links))
        .route("/home/organization-links", put(put_organization_links))
        .route("/viewed", post(viewed))
}

/// What concerns the caller.
#[utoipa::path(
    get, path = "/home",
    responses((status = 200, body = HomePage), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub(crate) async fn home(State(api): State<Api>, Caller(viewer): Caller) -> Result<Json<HomePage>, ApiError> {
    let has_board =
        api.portal.page(&viewer, HOME).is_ok_and(|home| !home.standard && !home.widgets().is_empty());
    let board = match has_board {
        true => Some(widgets::of_page(&api, &viewer, HOME).await?),
        false => None,
    };
    let home = api.portal.home(&viewer).await?;
    let runs = HomeRuns::of(&api, &viewer);
    let work = move || {
        let tables = own_tables(&home);
        page(home, board, tables, runs)
    };
    let page = tokio::task::spawn_blocking(work).await;
    Ok(Json(page.map_err(|error| PortalError::Internal(error.to_string()))?))
}

/// The tables that the caller has put onto the page. One that cannot be shown says why and does not touch the others.
fn own_tables(home: &Home) -> Vec<HomeTable> {
    let layout: Option<Layout> = serde_json::from_value(home.layout.clone()).unwrap_or_default();
    let sections = layout.into_iter().flat_map(|layout| layout.sections).filter(|section| !section.hidden);
    let end = Instant::now() + TIME_LIMIT;
    let one = |LayoutSection { id, title, blueprint, query, .. }: LayoutSection| {
        let title = title?;
        let query = query.unwrap_or_default();
        let table = || own(&home.view, &title, blueprint.as_deref(), &query);
        let table = budget::limited(move || Instant::now() >= end, table);
        let table =
            table.unwrap_or_else(|_| Err("this took too long and was stopped: narrow it down".into()));
        Some(match table {
            Ok(table) => HomeTable { id, table: Some(table), problem: None },
            Err(problem) => HomeTable { id, table: None, problem: Some(problem) },
        })
    };
    sections.filter_map(one).collect()
}

/// Arranges the caller's home page.
#[utoipa::path(
    put, path = "/home/layout", request_body = LayoutBody,
    responses(
        (status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn put_layout(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<LayoutBody>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    let Json(LayoutBody { layout }) = body?;
    let layout = serde_json::to_value(layout).map_err(|error| ApiError::invalid(error.to_string()))?;
    api.portal.put_home_layout(&viewer, layout).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces the caller's pinned links.
#[utoipa::path(
    put, path = "/home/links", request_body = LinksBody,
    responses(
        (status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn put_links(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<LinksBody>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    let Json(body) = body?;
    api.portal.put_own_links(&viewer, &pinned(body)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces the links that are pinned for everybody.
#[utoipa::path(
    put, path = "/home/organization-links", request_body = LinksBody,
    responses(
        (status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn put_organization_links(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<LinksBody>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    let Json(body) = body?;
    api.portal.put_organization_links(&viewer, &pinned(body)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The caller has looked at an entity.
#[utoipa::path(
    post, path = "/viewed", request_body = ViewedBody,
    responses(
        (status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn viewed(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<ViewedBody>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    let Json(ViewedBody { blueprint, identifier }) = body?;
    api.portal.note_viewed(&viewer, &blueprint, &identifier).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn pinned(body: LinksBody) -> Vec<HomeLink> {
    body.links.into_iter().map(|PinnedLink { title, url }| HomeLink { title, url }).collect()
}

fn page(home: Home, board: Option<WidgetsReply>, tables: Vec<HomeTable>, runs: HomeRuns) -> HomePage {
    let view = &home.view;
    let links = |links: Vec<HomeLink>| {
        links.into_iter().map(|HomeLink { title, url }| PinnedLink { title, url }).collect()
    };
    HomePage {
        revision: view.revision(),
        board,
        tables,
        runs,
        mine: home.mine.into_iter().map(owned).collect(),
        attention: home.attention.iter().map(|one| attention(view, one)).collect(),
        attention_total: home.attention_total,
        recent: home.recent.iter().filter_map(|node| recent(view, *node)).collect(),
        around_teams: home.is_around_teams,
        viewed: home
            .viewed
            .iter()
            .map(|(node, at)| HomeViewed { link: Link::to(view, *node), viewed_at: at.to_string() })
            .collect(),
        teams: home.teams,
        organization_links: links(home.organization_links),
        links: links(home.links),
        layout: home.layout,
        sources: home.sources,
        bad_sources: home.bad_sources.into_iter().map(bad).collect(),
        steps: steps(home.steps),
    }
}

fn owned(owned: stagedoor_portal::Owned) -> HomeOwned {
    HomeOwned { blueprint: owned.blueprint, count: owned.count, problems: owned.problems }
}

fn steps(steps: Steps) -> FirstSteps {
    let Steps { sources, registered, supplying, entities, blueprints, people, invited } = steps;
    FirstSteps { sources, registered, supplying, entities, blueprints, people, invited }
}

fn attention(view: &View, one: &Attention) -> HomeAttention {
    match one {
        Attention::Problem(node, problem) => HomeAttention {
            kind: "problem",
            entity: Link::to(view, *node),
            message: problem.message.clone(),
            file: problem.file.clone(),
            line: problem.line,
        },
        Attention::Conflict(node, holder, claimer) => HomeAttention {
            kind: "conflict",
            entity: Link::to(view, *node),
            message: claimer.clone(),
            file: holder.clone(),
            line: 0,
        },
    }
}

fn recent(view: &View, node: NodeId) -> Option<HomeRecent> {
    let stamps = &view.entity(node)?.record.stamps;
    Some(HomeRecent {
        link: Link::to(view, node),
        updated_at: stamps.updated_at.to_string(),
        updated_by: stamps.updated_by.to_string(),
        is_new: stamps.created_at == stamps.updated_at,
    })
}

fn bad(source: SourceReport) -> BadSource {
    let state = source.state.and_then(|state| serde_json::to_value(state).ok());
    BadSource {
        state: state.and_then(|state| state.as_str().map(str::to_owned)),
        problems: source.problems.len(),
        conflicts: source.conflicts.len(),
        id: source.id,
        target: source.target,
        reason: source.reason,
    }
}
