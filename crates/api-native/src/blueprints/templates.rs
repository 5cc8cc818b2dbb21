//! Blueprints to begin with.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use stagedoor_auth::{Action, Resource};
use stagedoor_portal::blueprint_templates;
use utoipa::ToSchema;

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

#[derive(Serialize, ToSchema)]
pub(crate) struct TemplateList {
    templates: Vec<Template>,
}

/// A common blueprint. Its relations lead to other templates, and may be left out with what is derived through them.
#[derive(Serialize, ToSchema)]
struct Template {
    /// Identifier of its blueprint.
    identifier: String,
    title: String,
    /// What it is for.
    summary: String,
    /// `Software`, `Delivery`, `Infrastructure` or `Operations`.
    category: String,
    /// There is a blueprint of this identifier.
    exists: bool,
    /// In Port's form.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    blueprint: Value,
}

/// Templates of common blueprints, in the order in which a catalog usually grows.
#[utoipa::path(get, path = "/blueprint-templates", operation_id = "blueprint_templates", responses((status = 200, body = TemplateList), (status = 401, body = ErrorBody)))]
pub(crate) async fn templates(
    State(api): State<Api>,
    Caller(viewer): Caller,
) -> Result<Json<TemplateList>, ApiError> {
    let view = api.portal.view_for(&viewer, Action::ReadBlueprints, Resource::Any)?;
    let text = |blueprint: &Value, key: &str| blueprint[key].as_str().unwrap_or_default().to_owned();
    let template = |t: &stagedoor_portal::BlueprintTemplate| {
        let identifier = text(&t.blueprint, "identifier");
        Template {
            title: text(&t.blueprint, "title"),
            summary: t.summary.clone(),
            category: t.category.clone(),
            exists: view.blueprints().get(&identifier).is_some(),
            blueprint: t.blueprint.clone(),
            identifier,
        }
    };
    Ok(Json(TemplateList { templates: blueprint_templates().iter().map(template).collect() }))
}
