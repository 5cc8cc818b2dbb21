//! Choices that a form's fields offer from a code host, with the person's own token.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Map, Value, json};
use stagedoor_portal::{Portal, TemplateChoice};

use crate::body::{JsonBody, lacks, map, text};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::openapi::Refusal;

/// Choices for a field, as the owner of the token sees them. Providers are `github`, `gitlab` and `bitbucket-cloud`.
#[utoipa::path(
    post,
    path = "/api/scaffolder/v2/autocomplete/{provider}/{resource}",
    operation_id = "template_autocomplete",
    tag = "scaffolder",
    params(
        ("provider" = String, Path, description = "Such as `github`"),
        ("resource" = String, Path, description = "Such as `repositoriesWithOwner`"),
    ),
    request_body(
        content = Object,
        description = "`token` of the person at the host, and `context`: texts by name, such as `host` and `owner`",
    ),
    responses(
        (status = 200, description = "`results`, each with an `id` and perhaps a `title`", body = Object),
        (status = 400, description = "There is no such provider or resource, or the host refuses", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 503, description = "The host cannot be asked now", body = Refusal),
    )
)]
pub(crate) async fn post(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Path((provider, resource)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, ApiError> {
    let body = body.unwrap_or_default();
    let token = text(&body, "", "token")?.ok_or_else(|| lacks("", "token"))?;
    let context = match body.get("context") {
        None | Some(Value::Null) => BTreeMap::new(),
        Some(_) => texts(map(&body, "context")?)?,
    };
    let (provider, resource) = (short(&provider), short(&resource));
    let choices = portal.template_choices(&viewer, (&provider, &resource), token, &context).await?;
    let one = |choice: TemplateChoice| match choice.title {
        Some(title) => json!({ "id": choice.id, "title": title }),
        None => json!({ "id": choice.id }),
    };
    Ok(Json(json!({ "results": choices.into_iter().map(one).collect::<Vec<_>>() })))
}

/// Names that are repeated in errors.
fn short(name: &str) -> String {
    name.chars().take(100).collect()
}

fn texts(context: Option<&Map<String, Value>>) -> Result<BTreeMap<String, String>, ApiError> {
    let one = |(key, value): (&String, &Value)| match value {
        Value::String(text) => Ok((key.clone(), text.clone())),
        _ => Err(ApiError::input(format!("context.{} must be string", short(key)))),
    };
    context.into_iter().flatten().map(one).collect()
}
