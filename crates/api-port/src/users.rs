//! Users: people and service accounts.
#![allow(dead_code, reason = "some types are only described")]

use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, Resource};
use stagedoor_portal::{Person, Portal, TeamName, UserChange, UserStatus};
use utoipa::{OpenApi, ToSchema};

use crate::App;
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, OfName};
use crate::fields::Fields;
use crate::flags::Parameters;
use crate::integrations::Base;
use crate::openapi::{Done, Refusal};
use crate::stream::aside;

/// The routes of this noun.
pub(crate) fn routes() -> Router<App> {
    let routes: [(&str, MethodRouter<App>); 3] = [
        ("/users", get(list)),
        ("/users/invite", post(invite)),
        ("/users/{user}", get(read).patch(patch).delete(delete)),
    ];
    routes.into_iter().fold(Router::new(), |router, (path, methods)| {
        router.route(&format!("{path}/"), methods.clone()).route(path, methods)
    })
}

/// A person or a service account; less where `fields` says so.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct User {
    /// The address.
    #[schema(required = false)]
    id: String,
    /// Lower-case.
    #[schema(required = false)]
    email: String,
    #[schema(required = false)]
    first_name: String,
    #[schema(required = false)]
    last_name: String,
    picture: Option<String>,
    #[schema(required = false, pattern = "^(STAGED|INVITED|ACTIVE|DISABLED)$")]
    status: String,
    #[schema(required = false, pattern = "^(ADMIN|MEMBER|SERVICE_ACCOUNT)$")]
    r#type: String,
    #[schema(required = false)]
    providers: Vec<String>,
    /// Names of teams, groups of the catalog included. With `fields=teams.name` they are objects.
    #[schema(required = false)]
    teams: Vec<String>,
    /// The same by identifier, as entities and permissions name them.
    #[schema(required = false)]
    teams_identifiers: Vec<String>,
    #[schema(required = false)]
    roles: Vec<RoleName>,
    #[schema(required = false)]
    orgs: Vec<OrganizationId>,
    #[schema(required = false)]
    org_members: Vec<OrganizationMember>,
    #[schema(required = false)]
    terms_accepted: bool,
    #[schema(required = false)]
    created_at: String,
    #[schema(required = false)]
    updated_at: String,
}

/// `Admin`, `Member`, or `<Blueprint>-moderator`.
#[derive(ToSchema)]
pub(crate) struct RoleName {
    #[schema(required = false)]
    name: String,
}

#[derive(ToSchema)]
pub(crate) struct OrganizationId {
    #[schema(required = false)]
    id: String,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct OrganizationMember {
    #[schema(required = false)]
    org_id: String,
    #[schema(required = false)]
    status: String,
    last_login_at: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct UsersReply {
    ok: bool,
    users: Vec<User>,
}

#[derive(ToSchema)]
pub(crate) struct UserReply {
    ok: bool,
    user: User,
}

/// A user beside `ok`.
#[derive(ToSchema)]
pub(crate) struct UserChangedReply {
    ok: bool,
    #[serde(flatten)]
    #[schema(inline)]
    user: User,
}

/// What is to become of a user; what is absent stays.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct UserPatch {
    /// `Admin`, `Member`, `<Blueprint>-moderator`; they replace those there are. Also as `{name}`.
    #[schema(nullable = false)]
    roles: Option<Vec<String>>,
    /// Names or identifiers of teams; they replace those there are, but for groups of the catalog. Also as `{name}`.
    #[schema(nullable = false)]
    teams: Option<Vec<String>>,
    #[schema(nullable = false, pattern = "^(STAGED|INVITED|ACTIVE|DISABLED)$")]
    status: Option<String>,
    #[schema(nullable = false, max_length = 100)]
    first_name: Option<String>,
    #[schema(nullable = false, max_length = 100)]
    last_name: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct InviteBody {
    invitee: Invitee,
}

#[derive(ToSchema)]
pub(crate) struct Invitee {
    #[schema(min_length = 3, max_length = 254)]
    email: String,
    /// `Member` where absent.
    #[schema(nullable = false)]
    roles: Option<Vec<String>>,
    #[schema(nullable = false)]
    teams: Option<Vec<String>>,
}

/// The invitation. There is no mail: the link is to be handed over by whoever invites, and is shown this once.
#[derive(ToSchema)]
pub(crate) struct InvitedReply {
    ok: bool,
    invitation: InvitationLink,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct InvitationLink {
    id: String,
    link: String,
    expires_at: String,
}

#[derive(OpenApi)]
#[openapi(paths(list, read, patch, delete, invite))]
struct Document;

/// These routes, described.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// A user in Port's form, with the parts that `fields` wants.
pub(crate) fn shown(person: &Person, organization: &str, fields: &Fields) -> Value {
    let team = |team: &TeamName| json!({ "name": team.name, "identifier": team.identifier });
    let identifiers: Vec<&str> = person.teams.iter().map(|team| team.identifier.as_str()).collect();
    let role = |name: &String| json!({ "name": name, "isAdmin": name == "Admin" });
    let status = person.status.name().to_uppercase();
    let whole = json!({
        "id": person.email,
        "email": person.email,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "picture": person.picture,
        "status": status,
        "type": kind(person),
        "providers": ["port"],
        "teams": person.teams.iter().map(team).collect::<Vec<_>>(),
        "teamsIdentifiers": identifiers,
        "roles": person.roles().iter().map(role).collect::<Vec<_>>(),
        "orgs": [{ "id": organization }],
        "orgMembers": [{ "orgId": organization, "status": status, "lastLoginAt": null }],
        "termsAccepted": person.status == UserStatus::Active,
        "createdAt": person.created_at.to_string(),
        "updatedAt": person.updated_at.to_string(),
    });
    fields.of(whole, &[("teams", "name")], &[("roles", &["name"])])
}

fn kind(person: &Person) -> &'static str {
    match (person.is_service_account, person.role.as_str()) {
        (true, _) => "SERVICE_ACCOUNT",
        (false, "Admin") => "ADMIN",
        (false, _) => "MEMBER",
    }
}

/// Lists everybody, by address.
#[utoipa::path(
    get,
    path = "/users",
    tag = "Users",
    operation_id = "list_users",
    params(("fields" = Option<Vec<String>>, Query, description = "Only these, such as `email`, `teams.name`, `roles.isAdmin`, `orgMembers.status`")),
    responses(
        (status = 200, description = "Everybody", body = UsersReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    parameters: Parameters,
) -> Answer {
    let view = portal.view_for(&viewer, Action::ReadUsers, Resource::Any)?;
    let fields = Fields::of_query(&parameters);
    let users = aside(move || {
        let organization = &portal.identity().organization_id;
        let people = view.people();
        Ok(people.iter().map(|person| shown(person, organization, &fields)).collect::<Vec<_>>())
    });
    Ok(Json(json!({ "ok": true, "users": users.await? })).into_response())
}

/// One user.
#[utoipa::path(
    get,
    path = "/users/{user}",
    tag = "Users",
    operation_id = "get_user",
    params(
        ("user" = String, Path, description = "The address, in any case"),
        ("fields" = Option<Vec<String>>, Query, description = "Only these"),
    ),
    responses(
        (status = 200, description = "The user", body = UserReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such user", body = Refusal),
    )
)]
pub(crate) async fn read(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfName(email): OfName,
    parameters: Parameters,
) -> Answer {
    let view = portal.view_for(&viewer, Action::ReadUsers, Resource::Named(&email))?;
    let person = view.person(&email).ok_or_else(|| Failure::no_user(&email))?;
    let fields = Fields::of_query(&parameters);
    let user = shown(&person, &portal.identity().organization_id, &fields);
    Ok(Json(json!({ "ok": true, "user": user })).into_response())
}

/// Changes a user's roles, teams, status or name. The last administrator stays one.
#[utoipa::path(
    patch,
    path = "/users/{user}",
    tag = "Users",
    operation_id = "patch_user",
    params(("user" = String, Path, description = "The address, in any case")),
    request_body = UserPatch,
    responses(
        (status = 200, description = "The user, beside `ok`", body = UserChangedReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such user or team", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "A field is not legal; `last_administrator`", body = Refusal),
    )
)]
pub(crate) async fn patch(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfName(email): OfName,
    Body(body): Body,
) -> Answer {
    let Value::Object(body) = body else { return Err(Failure::invalid("body must be object")) };
    let person = portal.patch_user(&viewer, &email, change_of(&body, "")?).await?;
    let mut reply = shown(&person, &portal.identity().organization_id, &Fields::default());
    reply["ok"] = true.into();
    Ok(Json(reply).into_response())
}

/// Removes a user. The last administrator stays.
#[utoipa::path(
    delete,
    path = "/users/{user}",
    tag = "Users",
    operation_id = "delete_user",
    params(("user" = String, Path, description = "The address, in any case")),
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such user", body = Refusal),
        (status = 422, description = "`last_administrator`, `has_dependents`", body = Refusal),
    )
)]
pub(crate) async fn delete(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfName(email): OfName,
) -> Answer {
    portal.delete_user(&viewer, &email).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}

/// Invites somebody. A staged user becomes an invited one; whoever was invited before gets another link.
#[utoipa::path(
    post,
    path = "/users/invite",
    tag = "Users",
    operation_id = "invite_user",
    params(("notify" = Option<bool>, Query, description = "Ignored: no mail is sent")),
    request_body = InviteBody,
    responses(
        (status = 200, description = "Invited", body = InvitedReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such team", body = Refusal),
        (status = 409, description = "`identifier_taken`: the user is active or disabled", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "A field is not legal", body = Refusal),
    )
)]
pub(crate) async fn invite(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Base(base): Base,
    Body(body): Body,
) -> Answer {
    let missing = || Failure::invalid("body must have required property 'invitee'");
    let invitee = body.get("invitee").ok_or_else(missing)?;
    let invitee = invitee.as_object().ok_or_else(|| Failure::invalid("\"invitee\" must be object"))?;
    let email = match invitee.get("email") {
        None => return Err(Failure::invalid("\"invitee\" must have required property 'email'")),
        Some(Value::String(email)) => email,
        Some(_) => return Err(Failure::invalid("\"invitee/email\" must be string")),
    };
    let change = UserChange { status: None, ..change_of(invitee, "invitee/")? };
    let made = portal.invite_user(&viewer, email, &change).await?;
    let link = format!("{base}/welcome#{}", made.secret.reveal());
    let invitation = json!({ "id": made.id, "link": link, "expiresAt": made.expires_at.to_string() });
    Ok(Json(json!({ "ok": true, "invitation": invitation })).into_response())
}

/// Reads what is to become of a user. `place` is where the body's keys stand.
fn change_of(body: &Map<String, Value>, place: &str) -> Result<UserChange, Failure> {
    let name = |key: &str| match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) if name.chars().count() <= 100 => Ok(Some(name.trim().to_owned())),
        Some(Value::String(_)) => {
            Err(Failure::invalid(format!("\"{place}{key}\" must NOT have more than 100 characters")))
        }
        Some(_) => Err(Failure::invalid(format!("\"{place}{key}\" must be string"))),
    };
    Ok(UserChange {
        roles: names(body, "roles", place)?,
        teams: names(body, "teams", place)?,
        status: status_of(body, place)?,
        first_name: name("firstName")?,
        last_name: name("lastName")?,
    })
}

fn status_of(body: &Map<String, Value>, place: &str) -> Result<Option<UserStatus>, Failure> {
    let Some(status) = body.get("status") else { return Ok(None) };
    let known = status.as_str().and_then(UserStatus::parse);
    let text = format!(
        "\"{place}status\" must be equal to one of the allowed values: STAGED, INVITED, ACTIVE, DISABLED"
    );
    known.map(Some).ok_or_else(|| Failure::invalid(text))
}

/// A list of names, each alone or as `{"name"}`.
pub(crate) fn names(
    body: &Map<String, Value>,
    key: &str,
    place: &str,
) -> Result<Option<Vec<String>>, Failure> {
    let list = match body.get(key) {
        None => return Ok(None),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Failure::invalid(format!("\"{place}{key}\" must be array"))),
    };
    let name = |(at, item): (usize, &Value)| {
        let text = item.as_str().or_else(|| item.get("name").and_then(Value::as_str));
        text.map(str::to_owned)
            .ok_or_else(|| Failure::invalid(format!("\"{place}{key}/{at}\" must be string")))
    };
    list.iter().enumerate().map(name).collect::<Result<_, _>>().map(Some)
}
