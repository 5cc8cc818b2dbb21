//! Actions and automations, who may execute them, and executing them.
#![allow(dead_code, reason = "some types are only described")]

use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use http::StatusCode;
use http::request::Parts;
use serde_json::{Map, Value, json};
use stagedoor_auth::Via;
use stagedoor_portal::{ActionCall, ActionQuery, Portal, RunOrigin, StoredAction};
use utoipa::{OpenApi, ToSchema};

use crate::App;
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, decode};
use crate::flags::Parameters;
use crate::openapi::{Done, Refusal};
use crate::runs::{RunReply, shown};

/// The routes of this noun.
pub(crate) fn routes() -> Router<App> {
    let routes: [(&str, MethodRouter<App>); 5] = [
        ("/actions", get(list).post(create)),
        ("/actions/{action}", get(read).put(replace).delete(delete)),
        ("/actions/{action}/permissions", get(permissions).patch(patch_permissions)),
        ("/actions/{action}/runs", post(run)),
        ("/blueprints/{blueprint}/actions", get(of_blueprint).post(of_blueprint)),
    ];
    routes.into_iter().fold(Router::new(), |router, (path, methods)| {
        router.route(&format!("{path}/"), methods.clone()).route(path, methods)
    })
}

/// The action in `/actions/{action}/...`.
pub(crate) struct OfAction(String);

impl<S: Sync> FromRequestParts<S> for OfAction {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let rest = parts.uri.path().split_once("/actions/").map_or("", |(_, rest)| rest);
        Ok(Self(decode(rest.split('/').next().unwrap_or_default(), false)))
    }
}

/// An action or automation. Its keys come back as they were sent; an older form (`"trigger": "DAY-2"`) in today's.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ActionBody {
    /// Letters of any script, digits and `@_.+:=-`.
    #[schema(min_length = 1, max_length = 100)]
    identifier: String,
    title: Option<String>,
    icon: Option<String>,
    description: Option<String>,
    /// `{type: self-service, operation, blueprintIdentifier?, userInputs, condition?}` or `{type: automation, event,
    /// condition?}`.
    trigger: Value,
    /// `{type, ...}`: the back end and what it is given, with templates.
    invocation_method: BTreeMap<String, Value>,
    /// True, false or `{type: ANY | ALL}`.
    required_approval: Option<Value>,
    approval_notification: Option<BTreeMap<String, Value>>,
    /// False turns an automation off.
    publish: Option<bool>,
    allow_anyone_to_view_runs: Option<bool>,
}

/// An action as it is kept.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = Action)]
pub(crate) struct ActionShown {
    #[schema(inline)]
    #[serde(flatten)]
    body: ActionBody,
    id: String,
    created_at: String,
    created_by: String,
    updated_at: String,
    updated_by: String,
}

#[derive(ToSchema)]
pub(crate) struct ActionReply {
    ok: bool,
    action: ActionShown,
}

#[derive(ToSchema)]
pub(crate) struct ActionsReply {
    ok: bool,
    actions: Vec<ActionShown>,
}

/// Whom something is open to. A policy is `{queries, conditions}`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ActionBlock {
    #[schema(nullable = false)]
    users: Option<Vec<String>>,
    #[schema(nullable = false)]
    roles: Option<Vec<String>>,
    #[schema(nullable = false)]
    teams: Option<Vec<String>>,
    /// Of `execute`: members of a team that owns the entity.
    #[schema(nullable = false)]
    owned_by_team: Option<bool>,
    /// Of `approve`: whoever set a run going may approve it.
    #[schema(nullable = false)]
    own_runs: Option<bool>,
    policy: Option<BTreeMap<String, Value>>,
}

/// Who may execute an action and who approves its runs. Null gives the default back.
#[derive(ToSchema)]
pub(crate) struct ActionPermissions {
    execute: Option<ActionBlock>,
    approve: Option<ActionBlock>,
}

#[derive(ToSchema)]
pub(crate) struct ActionPermissionsReply {
    ok: bool,
    permissions: ActionPermissions,
}

/// What an action is executed with.
#[derive(ToSchema)]
pub(crate) struct NewRunBody {
    /// By the identifiers of its inputs.
    #[schema(nullable = false)]
    properties: Option<BTreeMap<String, Value>>,
    /// The entity that it is about.
    entity: Option<String>,
    /// The blueprint of that, where the action does not say it.
    blueprint: Option<String>,
}

#[derive(OpenApi)]
#[openapi(paths(list, create, read, replace, delete, permissions, patch_permissions, run))]
struct Document;

/// These routes, described.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

fn reply(status: StatusCode, action: &StoredAction) -> Response {
    (status, Json(json!({ "ok": true, "action": action.to_port() }))).into_response()
}

/// Lists actions and automations, by identifier.
#[utoipa::path(
    get,
    path = "/actions",
    tag = "Actions",
    operation_id = "list_actions",
    params(
        ("action_identifier" = Option<Vec<String>>, Query, description = "Only these"),
        ("blueprint_identifier" = Option<Vec<String>>, Query, description = "Only those about these blueprints"),
        ("operation" = Option<String>, Query, description = "`CREATE`, `DAY-2` or `DELETE`"),
        ("published" = Option<bool>, Query, description = "Automations that are on, or off"),
        ("trigger_type" = Option<String>, Query, description = "`self-service` or `automation`"),
        ("trigger_event" = Option<Vec<String>>, Query, description = "Automations that these events set going"),
        ("trigger_event_action_identifier" = Option<Vec<String>>, Query, description = "Automations on runs of these actions"),
        ("version" = Option<String>, Query, description = "Accepted: there is one form"),
    ),
    responses(
        (status = 200, description = "The actions", body = ActionsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    parameters: Parameters,
) -> Answer {
    let text = |name: &str| parameters.one(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let query = ActionQuery {
        identifiers: parameters.list("action_identifier"),
        blueprints: parameters.list("blueprint_identifier"),
        operation: text("operation"),
        published: parameters.one("published").and_then(|flag| flag.parse().ok()),
        trigger: text("trigger_type"),
        events: parameters.list("trigger_event"),
        of_actions: parameters.list("trigger_event_action_identifier"),
    };
    let actions: Vec<Value> = portal.actions(&viewer, &query)?.iter().map(StoredAction::to_port).collect();
    Ok(Json(json!({ "ok": true, "actions": actions })).into_response())
}

/// Makes an action or automation.
#[utoipa::path(
    post,
    path = "/actions",
    tag = "Actions",
    operation_id = "create_action",
    request_body = ActionBody,
    responses(
        (status = 201, description = "The action", body = ActionReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The action is not legal", body = Refusal),
    )
)]
pub(crate) async fn create(State(portal): State<Portal>, Caller(viewer): Caller, Body(body): Body) -> Answer {
    Ok(reply(StatusCode::CREATED, &portal.create_action(&viewer, body).await?))
}

/// One action.
#[utoipa::path(
    get,
    path = "/actions/{action}",
    tag = "Actions",
    operation_id = "get_action",
    params(("action" = String, Path, description = "Identifier of the action")),
    responses(
        (status = 200, description = "The action", body = ActionReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such action", body = Refusal),
    )
)]
pub(crate) async fn read(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfAction(action): OfAction,
) -> Answer {
    Ok(reply(StatusCode::OK, &portal.action(&viewer, &action)?))
}

/// Replaces an action as a whole; another `identifier` renames it.
#[utoipa::path(
    put,
    path = "/actions/{action}",
    tag = "Actions",
    operation_id = "replace_action",
    params(("action" = String, Path, description = "Identifier of the action")),
    request_body = ActionBody,
    responses(
        (status = 200, description = "The action", body = ActionReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such action or blueprint", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The action is not legal", body = Refusal),
    )
)]
pub(crate) async fn replace(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfAction(action): OfAction,
    Body(body): Body,
) -> Answer {
    Ok(reply(StatusCode::OK, &portal.replace_action(&viewer, &action, body).await?))
}

/// Removes an action. Its runs stay.
#[utoipa::path(
    delete,
    path = "/actions/{action}",
    tag = "Actions",
    operation_id = "delete_action",
    params(("action" = String, Path, description = "Identifier of the action")),
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such action", body = Refusal),
    )
)]
pub(crate) async fn delete(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfAction(action): OfAction,
) -> Answer {
    portal.delete_action(&viewer, &action).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}

/// Who may execute an action and who approves its runs.
#[utoipa::path(
    get,
    path = "/actions/{action}/permissions",
    tag = "Actions",
    operation_id = "get_action_permissions",
    params(("action" = String, Path, description = "Identifier of the action")),
    responses(
        (status = 200, description = "The permissions", body = ActionPermissionsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such action", body = Refusal),
    )
)]
pub(crate) async fn permissions(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfAction(action): OfAction,
) -> Answer {
    let permissions = portal.action_permissions(&viewer, &action)?;
    Ok(Json(json!({ "ok": true, "permissions": permissions })).into_response())
}

/// Sets who may execute an action and who approves its runs, key by key.
#[utoipa::path(
    patch,
    path = "/actions/{action}/permissions",
    tag = "Actions",
    operation_id = "patch_action_permissions",
    params(("action" = String, Path, description = "Identifier of the action")),
    request_body = ActionPermissions,
    responses(
        (status = 200, description = "The permissions", body = ActionPermissionsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such action", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "These are no permissions", body = Refusal),
    )
)]
pub(crate) async fn patch_permissions(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfAction(action): OfAction,
    Body(body): Body,
) -> Answer {
    let permissions = portal.patch_action_permissions(&viewer, &action, body).await?;
    Ok(Json(json!({ "ok": true, "permissions": permissions })).into_response())
}

/// Executes a self-service action.
#[utoipa::path(
    post,
    path = "/actions/{action}/runs",
    tag = "Actions",
    operation_id = "run_action",
    params(
        ("action" = String, Path, description = "Identifier of the action"),
        ("run_as" = Option<String>, Query, description = "The user in whose name a machine executes it"),
    ),
    request_body = NewRunBody,
    responses(
        (status = 202, description = "The run", body = RunReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such action or entity", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The inputs are not legal; `condition_not_met`", body = Refusal),
    )
)]
pub(crate) async fn run(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfAction(action): OfAction,
    parameters: Parameters,
    Body(body): Body,
) -> Answer {
    let body = body.as_object().ok_or_else(|| Failure::invalid("body must be object"))?;
    let origin = if matches!(viewer.via(), Via::Session(_)) { RunOrigin::Ui } else { RunOrigin::Api };
    let call = ActionCall {
        action,
        entity: text(body, "entity")?,
        blueprint: text(body, "blueprint")?,
        inputs: match body.get("properties") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(properties)) => properties.clone(),
            Some(_) => return Err(Failure::invalid("\"properties\" must be object")),
        },
        run_as: parameters.one("run_as").map(str::to_owned),
        origin,
        rerun_of: None,
    };
    let run = portal.start_action(&viewer, call).await?;
    let run = shown(&portal, &viewer, &run);
    Ok((StatusCode::ACCEPTED, Json(json!({ "ok": true, "run": run }))).into_response())
}

fn text(body: &Map<String, Value>, key: &str) -> Result<Option<String>, Failure> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Failure::invalid(format!("\"{key}\" must be string"))),
    }
}

/// Actions were once below their blueprints: clients that ask there look elsewhere when this is gone.
async fn of_blueprint(_: Caller) -> Failure {
    Failure::new(StatusCode::GONE, "gone", "actions are at /v1/actions: blueprints have none of their own")
}
