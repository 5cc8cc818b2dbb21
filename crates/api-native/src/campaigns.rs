//! Campaigns: a goal, an owner, a deadline, and how far everybody is.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use stagedoor_portal::{Campaign, CampaignBody, CampaignGoal, CampaignProgress, Reminded, TeamProgress};
use utoipa::ToSchema;

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::may::May;

/// What entities are to reach.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Goal {
    blueprint: String,
    /// Identifier of the scorecard.
    scorecard: String,
    /// Identifier of the rule that is to pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// Title of the level that is to be reached. Without it and without a rule all rules are to pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<String>,
    /// Which entities, in the query language; all that the scorecard is about without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CampaignState {
    /// It goes on.
    #[default]
    Active,
    /// It is over.
    Archived,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignInput {
    title: String,
    description: Option<String>,
    /// Address of a person, or identifier of a team. It may change the campaign.
    owner: String,
    /// RFC 3339, or a date, whose end is meant.
    deadline: String,
    goal: Goal,
    #[serde(default)]
    state: CampaignState,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CampaignItem {
    id: String,
    title: String,
    description: Option<String>,
    owner: String,
    deadline: String,
    goal: Goal,
    state: CampaignState,
    /// Of what the caller sees.
    progress: Progress,
    /// Why how far it is cannot be told: what it is about is not there any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    /// Null for whoever does not see all of it.
    started_with: Option<Start>,
    /// When people were last reminded.
    reminded: Option<Reminder>,
    may_change: May,
    created_by: String,
    created_at: String,
}

#[derive(Default, Serialize, ToSchema)]
struct Progress {
    total: u64,
    /// Those that have reached the goal, excused ones included.
    done: u64,
    /// Those among them that need not, because of an exemption.
    exempt: u64,
    teams: Vec<TeamShare>,
}

#[derive(Serialize, ToSchema)]
struct TeamShare {
    /// Identifier; null: of nobody's.
    team: Option<String>,
    title: Option<String>,
    total: u64,
    done: u64,
}

#[derive(Serialize, ToSchema)]
struct Start {
    total: u64,
    done: u64,
}

#[derive(Serialize, ToSchema)]
struct Reminder {
    by: String,
    at: String,
    people: usize,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CampaignList {
    /// Those that end first first, archived ones last.
    campaigns: Vec<CampaignItem>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RemindAnswer {
    /// How many people were notified.
    reminded: usize,
}

impl From<Goal> for CampaignGoal {
    fn from(goal: Goal) -> Self {
        let Goal { blueprint, scorecard, rule, level, filter } = goal;
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self { blueprint, scorecard, rule: said(rule), level: said(level), filter: said(filter) }
    }
}

impl From<CampaignGoal> for Goal {
    fn from(goal: CampaignGoal) -> Self {
        let CampaignGoal { blueprint, scorecard, rule, level, filter } = goal;
        Self { blueprint, scorecard, rule, level, filter }
    }
}

impl From<CampaignInput> for CampaignBody {
    fn from(input: CampaignInput) -> Self {
        let CampaignInput { title, description, owner, deadline, goal, state } = input;
        let archived = state == CampaignState::Archived;
        Self { title, description, owner, deadline, goal: goal.into(), archived }
    }
}

impl From<CampaignProgress> for Progress {
    fn from(progress: CampaignProgress) -> Self {
        let share = |TeamProgress { team, title, total, done }| TeamShare { team, title, total, done };
        let CampaignProgress { total, done, exempt, teams } = progress;
        Self { total, done, exempt, teams: teams.into_iter().map(share).collect() }
    }
}

impl From<Campaign> for CampaignItem {
    fn from(campaign: Campaign) -> Self {
        let (progress, problem) = match campaign.progress {
            Ok(progress) => (progress.into(), None),
            Err(problem) => (Progress::default(), Some(problem)),
        };
        let reminder = |Reminded { by, at, people }| Reminder { by, at: at.to_string(), people };
        Self {
            id: campaign.id,
            title: campaign.title,
            description: campaign.description,
            owner: campaign.owner,
            deadline: campaign.deadline.to_string(),
            goal: campaign.goal.into(),
            state: if campaign.archived { CampaignState::Archived } else { CampaignState::Active },
            progress,
            problem,
            started_with: campaign.started_with.map(|(total, done)| Start { total, done }),
            reminded: campaign.reminded.map(reminder),
            may_change: campaign.why_not_change.into(),
            created_by: campaign.stamps.created_by.to_string(),
            created_at: campaign.stamps.created_at.to_string(),
        }
    }
}

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/campaigns", get(campaigns).post(create))
        .route("/campaigns/{id}", get(campaign).put(update).delete(remove))
        .route("/campaigns/{id}/remind", post(remind))
}

/// All campaigns.
#[utoipa::path(
    get, path = "/campaigns", operation_id = "list_campaigns",
    responses((status = 200, body = CampaignList), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub(crate) async fn campaigns(
    State(api): State<Api>,
    Caller(viewer): Caller,
) -> Result<Json<CampaignList>, ApiError> {
    let campaigns = api.portal.campaigns(&viewer).await?;
    Ok(Json(CampaignList { campaigns: campaigns.into_iter().map(CampaignItem::from).collect() }))
}

/// Makes a campaign: administrators.
#[utoipa::path(
    post, path = "/campaigns", operation_id = "create_campaign", request_body = CampaignInput,
    responses(
        (status = 201, body = CampaignItem), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn create(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<CampaignInput>, JsonRejection>,
) -> Result<(StatusCode, Json<CampaignItem>), ApiError> {
    let Json(input) = body?;
    let made = api.portal.create_campaign(&viewer, input.into()).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// One campaign.
#[utoipa::path(
    get, path = "/campaigns/{id}", operation_id = "get_campaign", params(("id" = String, Path)),
    responses(
        (status = 200, body = CampaignItem), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn campaign(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
) -> Result<Json<CampaignItem>, ApiError> {
    Ok(Json(api.portal.campaign(&viewer, &id).await?.into()))
}

/// Changes or archives a campaign: its owner, and administrators.
#[utoipa::path(
    put, path = "/campaigns/{id}", operation_id = "update_campaign", params(("id" = String, Path)),
    request_body = CampaignInput,
    responses(
        (status = 200, body = CampaignItem), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
    body: Result<Json<CampaignInput>, JsonRejection>,
) -> Result<Json<CampaignItem>, ApiError> {
    let Json(input) = body?;
    Ok(Json(api.portal.update_campaign(&viewer, &id, input.into()).await?.into()))
}

/// Deletes a campaign: its owner, and administrators.
#[utoipa::path(
    delete, path = "/campaigns/{id}", operation_id = "delete_campaign", params(("id" = String, Path)),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn remove(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    api.portal.delete_campaign(&viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Notifies the members of the teams that own what is left to do: the campaign's owner, and administrators.
#[utoipa::path(
    post, path = "/campaigns/{id}/remind", operation_id = "remind_campaign", params(("id" = String, Path)),
    responses(
        (status = 200, body = RemindAnswer), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn remind(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
) -> Result<Json<RemindAnswer>, ApiError> {
    let reminded = api.portal.remind_campaign(&viewer, &id).await?;
    Ok(Json(RemindAnswer { reminded }))
}
