//! What the caller may do, in Port's permission strings.
#![allow(dead_code, reason = "some types are only described")]

use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use stagedoor_auth::{Action, Resource, Rule, Viewer};
use stagedoor_portal::Portal;
use utoipa::{OpenApi, ToSchema};

use crate::App;
use crate::error::Answer;
use crate::extract::Caller;
use crate::openapi::Refusal;

/// The routes of this noun.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/auth/permissions/", get(list)).route("/auth/permissions", get(list))
}

#[derive(ToSchema)]
pub(crate) struct OwnPermissionsReply {
    ok: bool,
    /// `read:entities` for everything, `update:entities:service` for one blueprint.
    permissions: Vec<String>,
}

#[derive(OpenApi)]
#[openapi(paths(list))]
struct Document;

/// These routes, described.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// What the caller may do.
#[utoipa::path(
    get,
    path = "/auth/permissions",
    tag = "Auth",
    operation_id = "list_permissions",
    params(("action_version" = Option<String>, Query, description = "Accepted: there is one form")),
    responses(
        (status = 200, description = "The permissions", body = OwnPermissionsReply),
        (status = 401, description = "No valid access token", body = Refusal),
    )
)]
pub(crate) async fn list(State(portal): State<Portal>, Caller(viewer): Caller) -> Answer {
    Ok(Json(json!({ "ok": true, "permissions": permissions(&portal, &viewer) })).into_response())
}

/// The strings of everything that the caller may do, each decided as the use case would decide it.
fn permissions(portal: &Portal, viewer: &Viewer) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut add = |text: String| {
        if !all.contains(&text) {
            all.push(text);
        }
    };
    for action in Action::ALL.iter().copied() {
        if !UNSAID.contains(&action) && may(portal, viewer, action) {
            add(action.scope().to_owned());
        }
    }
    for blueprint in blueprints(portal, viewer) {
        let permissions = portal.permissions().get(&blueprint);
        for action in ENTITIES {
            let here = portal.could(viewer, action, Resource::Entities(&permissions)).is_ok();
            if here && !may(portal, viewer, action) {
                add(format!("{}:{blueprint}", action.scope()));
            }
        }
    }
    let (any, owned) = portal.executable_actions(viewer);
    any.iter().for_each(|action| add(format!("execute:actions:{action}")));
    owned.iter().for_each(|action| add(format!("execute:team_entities:actions:{action}")));
    for scope in viewer.scopes().iter().flat_map(|scopes| scopes.iter()) {
        if is_named(portal, viewer, scope) {
            add(scope.to_owned());
        }
    }
    all
}

/// Actions on entities, which each blueprint has its own rights for.
const ENTITIES: [Action; 4] =
    [Action::ReadEntities, Action::RegisterEntity, Action::UpdateEntity, Action::UnregisterEntity];

/// Actions whose string would say more than they allow, the triggering of actions, each of which is named on its own,
/// and what Port does not have.
const UNSAID: [Action; 9] = [
    Action::HandOverDocuments,
    Action::ReadIntegrationMetadata,
    Action::ExecuteAction,
    Action::ApproveRuns,
    Action::ReadTemplates,
    Action::ExecuteTemplate,
    Action::DryRunTemplate,
    Action::ExecuteWorkflow,
    Action::AnswerWorkflow,
];

/// Whether an action is allowed whatever it is about; of what is a person's own, on the caller's.
fn may(portal: &Portal, viewer: &Viewer, action: Action) -> bool {
    let resource = match (action.rule(), viewer.email()) {
        (Rule::Own, Some(email)) => Resource::Of(email),
        _ => Resource::Any,
    };
    let everywhere = viewer.scopes().is_none_or(|scopes| scopes.allow(action, None));
    everywhere && portal.could(viewer, action, resource).is_ok()
}

/// Whether a scope that is limited to one thing gives a right to that.
fn is_named(portal: &Portal, viewer: &Viewer, scope: &str) -> bool {
    let allows = |action: &Action| {
        let name = scope.strip_prefix(action.scope()).and_then(|rest| rest.strip_prefix(':'));
        name.is_some_and(|name| {
            let permissions = portal.permissions().get(name);
            let resource = match ENTITIES.contains(action) {
                true => Resource::Entities(&permissions),
                false => Resource::Named(name),
            };
            portal.could(viewer, *action, resource).is_ok()
        })
    };
    Action::ALL.iter().filter(|action| !UNSAID.contains(action)).any(allows)
}

fn blueprints(portal: &Portal, viewer: &Viewer) -> Vec<String> {
    let view = portal.view_for(viewer, Action::ReadBlueprints, Resource::Any);
    let Ok(view) = view else { return Vec::new() };
    view.blueprints().iter().map(|entry| entry.blueprint.identifier.clone()).collect()
}
