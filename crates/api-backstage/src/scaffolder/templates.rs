//! Forms of templates, and what can stand in a template.

use axum::extract::State;
use axum::response::Response;
use http::Uri;
use serde_json::{Value, json};
use stagedoor_portal::Portal;

use crate::answer;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::openapi::Refusal;
use crate::query::{Query, segments};

/// The form of a template: its pages with their schemas.
#[utoipa::path(
    get,
    path = "/api/scaffolder/v2/templates/{namespace}/{kind}/{name}/parameter-schema",
    operation_id = "template_parameter_schema",
    tag = "scaffolder",
    params(
        ("namespace" = String, Path, description = "In any case"),
        ("kind" = String, Path, description = "`template`"),
        ("name" = String, Path, description = "In any case"),
    ),
    responses(
        (status = 200, description = "Title, description and `steps`, each with title, description and schema", body = Object),
        (status = 400, description = "Another kind, or another version of templates", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 404, description = "No such template", body = Refusal),
    )
)]
pub(crate) async fn parameter_schema(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let [_, _, namespace, kind, name, _] = &segments(&uri)[..] else {
        return Err(ApiError::not_found("no such template"));
    };
    let form = portal.template_form(&viewer, kind, namespace, name)?;
    Ok(answer::json(form.to_string()))
}

/// What steps can do, by name.
#[utoipa::path(
    get,
    path = "/api/scaffolder/v2/actions",
    operation_id = "template_actions",
    tag = "scaffolder",
    responses(
        (status = 200, description = "`id`, `description`, `examples` and `schema` of each", body = Vec<Object>),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn actions(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let actions = portal.template_actions(&viewer)?;
    let action = |action: &stagedoor_portal::TemplateAction| {
        let example = |(title, yaml): &(&str, &str)| json!({ "description": title, "example": yaml });
        let examples: Vec<Value> = action.examples.iter().map(example).collect();
        json!({
            "id": action.id, "description": action.description, "examples": examples,
            "schema": { "input": action.input, "output": action.output },
        })
    };
    let actions: Vec<Value> = actions.iter().map(action).collect();
    Ok(answer::json(Value::Array(actions).to_string()))
}

/// Filters and globals that templates have besides those of the engine.
#[utoipa::path(
    get,
    path = "/api/scaffolder/v2/templating-extensions",
    operation_id = "templating_extensions",
    tag = "scaffolder",
    responses(
        (status = 200, description = "`filters` and `globals`, by name", body = Object),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn extensions(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let filters = portal.template_filters(&viewer)?;
    Ok(answer::json(json!({ "filters": filters, "globals": { "functions": {}, "values": {} } }).to_string()))
}
