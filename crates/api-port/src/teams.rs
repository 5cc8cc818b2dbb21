//! Teams.
#![allow(dead_code, reason = "some types are only described")]

use std::collections::{BTreeMap, HashMap};

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, Resource};
use stagedoor_portal::{Person, Portal, Team, TeamChange, View};
use utoipa::{OpenApi, ToSchema};

use crate::App;
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, OfName};
use crate::fields::Fields;
use crate::flags::Parameters;
use crate::openapi::{Done, Refusal};
use crate::stream::aside;
use crate::users;

/// The routes of this noun.
pub(crate) fn routes() -> Router<App> {
    let routes: [(&str, MethodRouter<App>); 2] = [
        ("/teams", get(list).post(create)),
        ("/teams/{team}", get(read).put(replace).patch(patch).delete(delete)),
    ];
    routes.into_iter().fold(Router::new(), |router, (path, methods)| {
        router.route(&format!("{path}/"), methods.clone()).route(path, methods)
    })
}

/// A team; less where `fields` says so.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct PortTeam {
    /// The identifier.
    #[schema(required = false)]
    id: String,
    /// What paths and users name it by.
    #[schema(required = false)]
    name: String,
    /// What entities and permissions name it by.
    #[schema(required = false)]
    identifier: String,
    #[schema(nullable = false)]
    description: Option<String>,
    /// `backstage`: a group of the catalog, which cannot be changed here.
    #[schema(required = false, pattern = "^(port|backstage)$")]
    provider: String,
    #[schema(required = false)]
    users: Vec<TeamMember>,
    #[schema(required = false)]
    created_at: String,
    #[schema(required = false)]
    updated_at: String,
}

/// Somebody in a team, with whatever `GET /users` has of it but teams.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct TeamMember {
    #[schema(required = false)]
    id: String,
    #[schema(required = false)]
    email: String,
    #[schema(required = false)]
    first_name: String,
    #[schema(required = false)]
    last_name: String,
    #[schema(required = false)]
    status: String,
}

#[derive(ToSchema)]
pub(crate) struct TeamsReply {
    ok: bool,
    teams: Vec<PortTeam>,
}

#[derive(ToSchema)]
pub(crate) struct TeamReply {
    ok: bool,
    team: PortTeam,
}

/// A team after a change: its members are addresses.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ChangedTeam {
    id: String,
    name: String,
    identifier: String,
    #[schema(nullable = false)]
    description: Option<String>,
    provider: String,
    users: Vec<String>,
    created_at: String,
    updated_at: String,
}

#[derive(ToSchema)]
pub(crate) struct TeamChangedReply {
    ok: bool,
    team: ChangedTeam,
}

#[derive(ToSchema)]
pub(crate) struct TeamBody {
    /// Without `;`, `#`, `/`, `?` and without white space at its ends. Required but where it is patched.
    #[schema(
        nullable = false,
        min_length = 2,
        max_length = 200,
        pattern = r"^[^;#/\?\s][^;#/\?]*[^;#/\?\s]$"
    )]
    name: Option<String>,
    /// Cleared by `PUT` where it is absent.
    #[schema(nullable = false)]
    description: Option<String>,
    /// Addresses of all members; those that the catalog's groups bring stay beside them. Also as `GET` answers them:
    /// then people who are not here are left out.
    users: Option<Vec<String>>,
}

#[derive(OpenApi)]
#[openapi(paths(list, create, read, replace, patch, delete))]
struct Document;

/// These routes, described.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// Who is in the teams, as a reply shows them.
struct Members {
    by_team: BTreeMap<String, Vec<String>>,
    people: HashMap<String, Value>,
}

impl Members {
    fn of(view: &View, organization: &str) -> Self {
        let user = |person: Person| {
            let mut user = users::shown(&person, organization, &Fields::default());
            if let Some(map) = user.as_object_mut() {
                map.retain(|key, _| {
                    !matches!(key.as_str(), "teams" | "teamsIdentifiers" | "orgs" | "orgMembers")
                });
            }
            (person.email, user)
        };
        Self { by_team: view.members(), people: view.people().into_iter().map(user).collect() }
    }

    fn none() -> Self {
        Self { by_team: BTreeMap::new(), people: HashMap::new() }
    }

    fn of_team(&self, identifier: &str) -> Vec<Value> {
        let members = self.by_team.get(identifier).into_iter().flatten();
        members.filter_map(|email| self.people.get(email).cloned()).collect()
    }
}

fn shown(team: &Team, users: Value) -> Value {
    let mut shown = json!({
        "id": team.identifier,
        "name": team.name,
        "identifier": team.identifier,
        "provider": if team.is_group { "backstage" } else { "port" },
        "users": users,
        "createdAt": team.created_at.to_string(),
        "updatedAt": team.updated_at.to_string(),
    });
    if let Some(description) = &team.description {
        shown["description"] = description.as_str().into();
    }
    shown
}

/// Lists all teams by identifier, then the groups of the catalog that have none.
#[utoipa::path(
    get,
    path = "/teams",
    tag = "Teams",
    operation_id = "list_teams",
    params(("fields" = Option<Vec<String>>, Query, description = "Only these, such as `name`, `users.email`")),
    responses(
        (status = 200, description = "All teams", body = TeamsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    parameters: Parameters,
) -> Answer {
    let view = portal.view_for(&viewer, Action::ReadTeams, Resource::Any)?;
    let fields = Fields::of_query(&parameters);
    let teams = aside(move || {
        let organization = &portal.identity().organization_id;
        let members = if fields.want("users") { Members::of(&view, organization) } else { Members::none() };
        let team = |team: &Team| fields.of(shown(team, members.of_team(&team.identifier).into()), &[], &[]);
        Ok(view.teams_listed().iter().map(team).collect::<Vec<_>>())
    });
    Ok(Json(json!({ "ok": true, "teams": teams.await? })).into_response())
}

/// One team.
#[utoipa::path(
    get,
    path = "/teams/{team}",
    tag = "Teams",
    operation_id = "get_team",
    params(
        ("team" = String, Path, description = "Its name, or its identifier"),
        ("fields" = Option<Vec<String>>, Query, description = "Only these"),
    ),
    responses(
        (status = 200, description = "The team", body = TeamReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such team", body = Refusal),
    )
)]
pub(crate) async fn read(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfName(name): OfName,
    parameters: Parameters,
) -> Answer {
    let view = portal.view_for(&viewer, Action::ReadTeams, Resource::Named(&name))?;
    let team = view.team(&name).ok_or_else(|| Failure::no_team(&name))?;
    let fields = Fields::of_query(&parameters);
    let team = aside(move || {
        let organization = &portal.identity().organization_id;
        let members = if fields.want("users") { Members::of(&view, organization) } else { Members::none() };
        Ok(fields.of(shown(&team, members.of_team(&team.identifier).into()), &[], &[]))
    });
    Ok(Json(json!({ "ok": true, "team": team.await? })).into_response())
}

/// Makes a team, with its `_team` entity.
#[utoipa::path(
    post,
    path = "/teams",
    tag = "Teams",
    operation_id = "create_team",
    request_body = TeamBody,
    responses(
        (status = 200, description = "The team", body = TeamChangedReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such user", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "A field is not legal", body = Refusal),
    )
)]
pub(crate) async fn create(State(portal): State<Portal>, Caller(viewer): Caller, Body(body): Body) -> Answer {
    let change = change_of(&body, true, false)?;
    Ok(changed(portal.create_team(&viewer, change).await?))
}

/// Replaces a team: a description that the body lacks is cleared. Another name renames it.
#[utoipa::path(
    put,
    path = "/teams/{team}",
    tag = "Teams",
    operation_id = "replace_team",
    params(("team" = String, Path, description = "Its name, or its identifier")),
    request_body = TeamBody,
    responses(
        (status = 200, description = "The team", body = TeamChangedReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such team or user", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "A field is not legal; `protected_entity`", body = Refusal),
    )
)]
pub(crate) async fn replace(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfName(name): OfName,
    Body(body): Body,
) -> Answer {
    let change = change_of(&body, true, true)?;
    Ok(changed(portal.update_team(&viewer, &name, change, true).await?))
}

/// Changes what the body has.
#[utoipa::path(
    patch,
    path = "/teams/{team}",
    tag = "Teams",
    operation_id = "patch_team",
    params(("team" = String, Path, description = "Its name, or its identifier")),
    request_body = TeamBody,
    responses(
        (status = 200, description = "The team", body = TeamChangedReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such team or user", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "A field is not legal; `protected_entity`", body = Refusal),
    )
)]
pub(crate) async fn patch(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfName(name): OfName,
    Body(body): Body,
) -> Answer {
    let change = change_of(&body, false, false)?;
    Ok(changed(portal.update_team(&viewer, &name, change, false).await?))
}

/// Removes a team, with its `_team` entity; nobody is in it any more.
#[utoipa::path(
    delete,
    path = "/teams/{team}",
    tag = "Teams",
    operation_id = "delete_team",
    params(("team" = String, Path, description = "Its name, or its identifier")),
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such team", body = Refusal),
        (status = 422, description = "`has_dependents`, `protected_entity`", body = Refusal),
    )
)]
pub(crate) async fn delete(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfName(name): OfName,
) -> Answer {
    portal.delete_team(&viewer, &name).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}

/// The reply to a change: one client reads members as texts here, and as objects elsewhere.
fn changed((team, members): (Team, Vec<String>)) -> Response {
    Json(json!({ "ok": true, "team": shown(&team, json!(members)) })).into_response()
}

fn change_of(body: &Value, named: bool, nullable: bool) -> Result<TeamChange, Failure> {
    let body: &Map<String, Value> =
        body.as_object().ok_or_else(|| Failure::invalid("body must be object"))?;
    let name = match body.get("name") {
        None if named => return Err(Failure::invalid("body must have required property 'name'")),
        None => None,
        Some(Value::String(name)) => Some(name.clone()),
        Some(_) => return Err(Failure::invalid("\"name\" must be string")),
    };
    let description = match body.get("description") {
        None => None,
        Some(Value::String(text)) => Some(Some(text.clone())),
        Some(Value::Null) if nullable => Some(None),
        Some(_) => return Err(Failure::invalid("\"description\" must be string")),
    };
    let users = match body.get("users") {
        None | Some(Value::Null) => None,
        Some(Value::Array(list)) => Some(list.iter().enumerate().map(address).collect::<Result<_, _>>()?),
        Some(_) => return Err(Failure::invalid("\"users\" must be array")),
    };
    // Objects are what `GET` answered, perhaps in another portal: an import brings the people later.
    let skips_strangers =
        body.get("users").and_then(Value::as_array).is_some_and(|l| l.iter().all(Value::is_object));
    Ok(TeamChange { name, description, users, skips_strangers })
}

/// The address of a member, alone or in what `GET` answers.
fn address((at, user): (usize, &Value)) -> Result<String, Failure> {
    let text = user.as_str().or_else(|| user.get("email").and_then(Value::as_str));
    text.map(str::to_owned).ok_or_else(|| Failure::invalid(format!("\"users/{at}\" must be string")))
}
