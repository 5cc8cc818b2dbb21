//! Backstage's permission API under `/api/permission`, and what the catalog says of its permissions.
//!
//! The answers are the same decisions that every use case asks for. A plugin never has to apply conditions of its
//! own: each answer is ALLOW or DENY. Whoever has conditions all the same may ask `conditions.rs` about them.

use axum::extract::State;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_portal::{Portal, View};
use utoipa::ToSchema;

use crate::body::{JsonBody, lacks, must};
use crate::caller::Caller;
use crate::error::{self, ApiError};
use crate::openapi::Refusal;
use crate::{answer, conditions, unknown};

/// Things that one request may ask about.
const MOST: usize = 10_000;
const NEEDS_REF: &str = "Resource permissions require a resourceRef to be set. Direct user requests without a resourceRef \
    are not allowed.";

/// What stands behind a permission of the catalog.
enum Behind {
    /// Entities, one by one.
    Entities(Action),
    /// Entities of any blueprint.
    SomeEntities(Action),
    /// Nothing narrower than the installation.
    All(Action),
}

/// A permission: name, type, attribute `action`, what decides. Names as in Backstage's `catalog-common`.
const CATALOG: [(&str, Option<&str>, Behind); 13] = [
    ("catalog.entity.read", Some("read"), Behind::Entities(Action::ReadEntities)),
    ("catalog.entity.create", Some("create"), Behind::SomeEntities(Action::RegisterEntity)),
    ("catalog.entity.delete", Some("delete"), Behind::Entities(Action::UnregisterEntity)),
    // What is read again is the source.
    ("catalog.entity.refresh", Some("update"), Behind::Entities(Action::RefreshEntity)),
    ("catalog.entity.validate", None, Behind::All(Action::HandOverDocuments)),
    ("catalog.location.read", Some("read"), Behind::All(Action::ReadLocations)),
    ("catalog.location.create", Some("create"), Behind::All(Action::RegisterLocation)),
    ("catalog.location.analyze", None, Behind::All(Action::AnalyzeLocation)),
    // Of any location. Whoever has registered one may delete that.
    ("catalog.location.delete", Some("delete"), Behind::All(Action::DeleteLocation)),
    // Documents that were refused belong to how the sources are doing; to forget one is to have its source read.
    ("catalog.entities.unprocessed.read", Some("read"), Behind::All(Action::ReadSources)),
    ("catalog.entities.unprocessed.delete", Some("delete"), Behind::All(Action::UpdateSources)),
    ("catalog.ingestion.read", Some("read"), Behind::All(Action::ReadSources)),
    ("catalog.ingestion.manage", Some("update"), Behind::All(Action::UpdateSources)),
];

/// The catalog's permissions: name, attribute `action`, and the scope that a token needs for what stands behind it.
#[must_use]
pub fn catalog_permissions() -> Vec<(&'static str, Option<&'static str>, &'static str)> {
    let scope = |behind: &Behind| match behind {
        Behind::Entities(action) | Behind::SomeEntities(action) | Behind::All(action) => action.scope(),
    };
    CATALOG.iter().map(|(name, action, behind)| (*name, *action, scope(behind))).collect()
}

/// Permissions of Tech Insights, in the same form. Names as in the community's `tech-insights-common`: whoever may read
/// entities may ask, and a check is run by asking.
const TECH_INSIGHTS: [(&str, Option<&str>, Behind); 3] = [
    ("tech-insights.check.read", Some("read"), Behind::All(Action::ReadEntities)),
    ("tech-insights.check.run", Some("update"), Behind::All(Action::ReadEntities)),
    ("tech-insights.fact-retriever.read", Some("read"), Behind::All(Action::ReadEntities)),
];

/// A permission of the scaffolder: name, attribute `action`, the type of what it is about, what decides. Names as in
/// Backstage's `scaffolder-common`.
const SCAFFOLDER: [(&str, Option<&str>, Option<&str>, Action); 8] = [
    ("scaffolder.action.execute", None, Some("scaffolder-action"), Action::ExecuteTemplate),
    ("scaffolder.template.parameter.read", Some("read"), Some("scaffolder-template"), Action::ReadTemplates),
    ("scaffolder.template.step.read", Some("read"), Some("scaffolder-template"), Action::ReadTemplates),
    // Which tasks somebody may read and end is decided for each.
    ("scaffolder.task.read", Some("read"), Some("scaffolder-task"), Action::ReadRuns),
    ("scaffolder.task.cancel", None, Some("scaffolder-task"), Action::ReadRuns),
    ("scaffolder.task.create", Some("create"), None, Action::ExecuteTemplate),
    ("scaffolder.template.dry-run", None, None, Action::DryRunTemplate),
    ("scaffolder.template.management", None, None, Action::DryRunTemplate),
];

/// The scaffolder's permissions: name, attribute `action`, and the scope that a token needs for what stands behind it.
#[must_use]
pub fn scaffolder_permissions() -> Vec<(&'static str, Option<&'static str>, &'static str)> {
    SCAFFOLDER.iter().map(|(name, action, _, behind)| (*name, *action, behind.scope())).collect()
}

/// The routes, to be nested under `/api/permission`.
pub fn router(portal: Portal) -> Router {
    Router::new()
        .route("/authorize", post(authorize))
        .route("/health", get(health))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(from_fn(error::shape))
        .with_state(portal)
}

/// A list of questions.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct Questions {
    items: Vec<Question>,
}

/// Whether the caller has a permission, perhaps for one or more things.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "only described")]
struct Question {
    /// Comes back with the answer.
    id: String,
    permission: PermissionAsked,
    /// An entity reference, or a list of them; demanded of people where the permission is one for resources.
    #[schema(value_type = Object, nullable = false)]
    resource_ref: Option<Value>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "only described")]
struct PermissionAsked {
    /// `basic` or `resource`.
    r#type: String,
    /// Such as `catalog.entity.read`.
    name: String,
    #[schema(value_type = Object)]
    attributes: Value,
    #[schema(nullable = false)]
    resource_type: Option<String>,
}

/// The answers, in the order of the questions.
#[derive(Serialize, ToSchema)]
pub(crate) struct Decisions {
    items: Vec<Decision>,
}

#[derive(Serialize, ToSchema)]
struct Decision {
    id: String,
    result: Outcome,
}

/// `ALLOW` or `DENY`; a list where `resourceRef` was one.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum Outcome {
    One(&'static str),
    Each(Vec<&'static str>),
}

/// What the catalog's permissions are.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct PermissionMetadata {
    permissions: Vec<PermissionAsked>,
    /// What can be asked of `apply-conditions`; no decision here is conditional.
    #[schema(value_type = Vec<Object>)]
    rules: Vec<Value>,
}

/// Decides whether the caller has permissions.
#[utoipa::path(
    post,
    path = "/api/permission/authorize",
    operation_id = "authorize",
    tag = "permission",
    request_body = Questions,
    responses(
        (status = 200, description = "The decisions", body = Decisions),
        (status = 400, description = "Refused body", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
    )
)]
pub(crate) async fn authorize(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let questions = questions(&body.unwrap_or_default(), &viewer)?;
    let judge = Judge { view: portal.view(&viewer).ok(), portal: &portal, viewer: &viewer };
    let items = questions.into_iter().map(|asked| judge.decide(asked)).collect();
    let body = serde_json::to_vec(&Decisions { items }).unwrap_or_default();
    Ok(answer::json(body))
}

/// Whether the permission API is there.
#[utoipa::path(
    get,
    path = "/api/permission/health",
    operation_id = "permission_health",
    tag = "permission",
    security(()),
    responses((status = 200, description = "It is"))
)]
pub(crate) async fn health() -> Response {
    answer::json(r#"{"status":"ok"}"#)
}

/// The permissions that the catalog asks for.
#[utoipa::path(
    get,
    path = "/api/catalog/.well-known/backstage/permissions/metadata",
    operation_id = "catalog_permissions",
    tag = "permission",
    responses(
        (status = 200, description = "The permissions", body = PermissionMetadata),
        (status = 401, description = "No valid credential", body = Refusal),
    )
)]
pub(crate) async fn metadata(_: Caller) -> Json<Value> {
    let permission = |(name, action, behind): &(&str, Option<&str>, Behind)| {
        let attributes = action.map_or_else(|| json!({}), |action| json!({ "action": action }));
        match behind {
            Behind::Entities(_) => {
                json!({ "type": "resource", "name": name, "attributes": attributes, "resourceType": "catalog-entity" })
            }
            _ => json!({ "type": "basic", "name": name, "attributes": attributes }),
        }
    };
    Json(
        json!({ "permissions": CATALOG.iter().map(permission).collect::<Vec<_>>(), "rules": conditions::rules() }),
    )
}

/// The permissions that the scaffolder asks for.
#[utoipa::path(
    get,
    path = "/api/scaffolder/.well-known/backstage/permissions/metadata",
    operation_id = "scaffolder_permissions",
    tag = "permission",
    responses(
        (status = 200, description = "The permissions", body = PermissionMetadata),
        (status = 401, description = "No valid credential", body = Refusal),
    )
)]
pub(crate) async fn scaffolder_metadata(_: Caller) -> Json<Value> {
    let permission = |(name, action, about, _): &(&str, Option<&str>, Option<&str>, Action)| {
        let attributes = action.map_or_else(|| json!({}), |action| json!({ "action": action }));
        match about {
            Some(about) => {
                json!({ "type": "resource", "name": name, "attributes": attributes, "resourceType": about })
            }
            None => json!({ "type": "basic", "name": name, "attributes": attributes }),
        }
    };
    Json(json!({ "permissions": SCAFFOLDER.iter().map(permission).collect::<Vec<_>>(), "rules": [] }))
}

/// One thing that is asked.
struct Asked {
    id: String,
    permission: String,
    about: About,
}

enum About {
    Nothing,
    One(String),
    Each(Vec<String>),
}

fn questions(body: &Map<String, Value>, viewer: &Viewer) -> Result<Vec<Asked>, ApiError> {
    let items = body.get("items").ok_or_else(|| lacks("", "items"))?;
    let items = items.as_array().ok_or_else(|| must("/items", "be array"))?;
    let asked: Vec<Asked> =
        items.iter().enumerate().map(|(i, item)| question(i, item, viewer)).collect::<Result<_, _>>()?;
    let things = |asked: &Asked| if let About::Each(all) = &asked.about { all.len() } else { 1 };
    if asked.iter().map(things).sum::<usize>() > MOST {
        return Err(must("/items", &format!("NOT ask about more than {MOST} things")));
    }
    Ok(asked)
}

fn question(index: usize, item: &Value, viewer: &Viewer) -> Result<Asked, ApiError> {
    let at = format!("/items/{index}");
    let item = item.as_object().ok_or_else(|| must(&at, "be object"))?;
    let text = |of: &Map<String, Value>, at: &str, key: &str| -> Result<String, ApiError> {
        crate::body::text(of, at, key)?.map(str::to_owned).ok_or_else(|| lacks(at, key))
    };
    let id = text(item, &at, "id")?;
    let permission = item.get("permission").ok_or_else(|| lacks(&at, "permission"))?;
    let at_permission = format!("{at}/permission");
    let permission = permission.as_object().ok_or_else(|| must(&at_permission, "be object"))?;
    let kind = text(permission, &at_permission, "type")?;
    let name = text(permission, &at_permission, "name")?;
    if !matches!(kind.as_str(), "basic" | "resource") {
        let what = "be equal to one of the allowed values: basic, resource";
        return Err(must(&format!("{at_permission}/type"), what));
    }
    let about = match item.get("resourceRef") {
        None => About::Nothing,
        Some(Value::String(one)) => About::One(one.clone()),
        Some(_) => match crate::body::texts(item, &at, "resourceRef")?.unwrap_or_default() {
            all if all.is_empty() => return Err(must(&format!("{at}/resourceRef"), "NOT be empty")),
            all => About::Each(all),
        },
    };
    if kind == "resource" && matches!(about, About::Nothing) && !viewer.is_machine() {
        return Err(ApiError::input(NEEDS_REF));
    }
    Ok(Asked { id, permission: name, about })
}

struct Judge<'a> {
    portal: &'a Portal,
    viewer: &'a Viewer,
    /// None where the caller may see nothing.
    view: Option<View>,
}

impl Judge<'_> {
    fn decide(&self, asked: Asked) -> Decision {
        let word = |yes: bool| if yes { "ALLOW" } else { "DENY" };
        let mut known = CATALOG.iter().chain(&TECH_INSIGHTS);
        let behind = known.find(|(name, ..)| *name == asked.permission).map(|(.., behind)| behind);
        let scaffolder = SCAFFOLDER.iter().find(|(name, ..)| *name == asked.permission);
        let one = |reference: Option<&str>| match scaffolder {
            Some((name, _, about, action)) => word(self.may_scaffold(name, *about, *action, reference)),
            None => word(self.may(behind, reference)),
        };
        let result = match &asked.about {
            About::Nothing => Outcome::One(one(None)),
            About::One(reference) => Outcome::One(one(Some(reference))),
            About::Each(all) => Outcome::Each(all.iter().map(|reference| one(Some(reference))).collect()),
        };
        Decision { id: asked.id, result }
    }

    fn may(&self, behind: Option<&Behind>, reference: Option<&str>) -> bool {
        let could = |action| self.portal.could(self.viewer, action, Resource::Any).is_ok();
        match (behind, reference) {
            (Some(Behind::All(action)), _) => could(*action),
            (Some(Behind::SomeEntities(action)), _) => {
                self.view.as_ref().is_some_and(|view| self.portal.could_somewhere(view, *action))
            }
            (Some(Behind::Entities(Action::ReadEntities)), None) => could(Action::ReadEntities),
            (Some(Behind::Entities(Action::RefreshEntity)), None) => could(Action::RefreshEntity),
            (Some(Behind::Entities(action)), None) => {
                self.view.as_ref().is_some_and(|view| self.portal.could_somewhere(view, *action))
            }
            (Some(Behind::Entities(action)), Some(reference)) => self.may_with(*action, reference),
            // Of a plugin that is not here, so nobody is kept from anything: Backstage's default policy says the same.
            (None, _) => self.viewer.scopes().is_none() && self.portal.rights(self.viewer).is_active(),
        }
    }

    fn may_scaffold(&self, name: &str, about: Option<&str>, action: Action, id: Option<&str>) -> bool {
        let could = self.portal.could(self.viewer, action, Resource::Any).is_ok();
        match (about, id) {
            // A task that is not to be seen is denied, whether or not it is there.
            (Some("scaffolder-task"), Some(id)) => {
                let task = could.then(|| self.portal.template_task(self.viewer, id).ok()).flatten();
                let ends = |run: &stagedoor_portal::Run| {
                    run.status.has_ended() || self.portal.run_doings(self.viewer, run).cancel.is_ok()
                };
                task.is_some_and(|run| name != "scaffolder.task.cancel" || ends(&run))
            }
            _ => could,
        }
    }

    /// What cannot be seen is denied, whether or not it is there.
    fn may_with(&self, action: Action, reference: &str) -> bool {
        let Some(view) = &self.view else { return false };
        let seen = view.by_ref(&reference.to_lowercase()).filter(|node| view.in_backstage(*node));
        let Some(node) = seen else { return false };
        match action {
            Action::RefreshEntity => self.portal.could(self.viewer, action, Resource::Any).is_ok(),
            action => self.portal.could_with(view, action, node).is_some_and(|decision| decision.is_ok()),
        }
    }
}
