//! Tasks: templates that were executed.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{StatusCode, Uri};
use serde_json::{Value, json};
use stagedoor_portal::{
    NewTask, Portal, PortalError, Run, TaskOrder, TaskOrderField, TaskQuery, TaskState, task_created_by,
};

use utoipa::ToSchema;

use crate::answer;
use crate::body::{JsonBody, lacks, map, text};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::openapi::Refusal;
use crate::query::{Kind, Parameter, Query};

const LIST: &[Parameter] = &[
    Parameter::optional("createdBy", Kind::Texts),
    Parameter::optional("status", Kind::Texts),
    Parameter::optional("order", Kind::Texts),
    Parameter::optional("limit", Kind::Integer),
    Parameter::optional("offset", Kind::Integer),
];
/// Words for how a task is doing; here none is ever `skipped`.
const STATES: [&str; 6] = ["open", "processing", "completed", "failed", "cancelled", "skipped"];

/// A template that is to be executed.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "only described")]
pub(crate) struct TaskBody {
    /// Such as `template:default/new-service`.
    template_ref: String,
    /// What the template's parameters ask for.
    values: Option<BTreeMap<String, Value>>,
    /// Texts that are kept nowhere but for this task, and shown nowhere.
    secrets: Option<BTreeMap<String, String>>,
}

/// What a task needs again.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct RetryBody {
    /// Those of the task, which are gone once it has ended.
    secrets: Option<BTreeMap<String, String>>,
}

/// Executes a template.
#[utoipa::path(
    post,
    path = "/api/scaffolder/v2/tasks",
    operation_id = "create_task",
    tag = "scaffolder",
    request_body = TaskBody,
    responses(
        (status = 201, description = "`id` of the task", body = Object),
        (status = 400, description = "A refusal, or `errors`: values that break the form's schema", body = Object),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 404, description = "No such template", body = Refusal),
    )
)]
pub(crate) async fn create(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let body = body.unwrap_or_default();
    let template = text(&body, "", "templateRef")?.ok_or_else(|| lacks("", "templateRef"))?.to_owned();
    let values = map(&body, "values")?.cloned().ok_or_else(|| lacks("", "values"))?;
    let secrets = map(&body, "secrets")?.cloned().unwrap_or_default();
    let task = NewTask { template, values, secrets, by_hand: false };
    match portal.execute_template(&viewer, task).await {
        Ok(run) => Ok(made(&run)),
        Err(error) => refusal(error),
    }
}

fn made(run: &Run) -> Response {
    let mut response = answer::json(json!({ "id": run.id }).to_string());
    *response.status_mut() = StatusCode::CREATED;
    response
}

/// Values that break their schema are told in the schema library's own form.
pub(super) fn refusal(error: PortalError) -> Result<Response, ApiError> {
    match error {
        PortalError::Invalid { details: Some(details), .. } if details.get("errors").is_some() => {
            let mut response = answer::json(details.to_string());
            *response.status_mut() = StatusCode::BAD_REQUEST;
            Ok(response)
        }
        error => Err(error.into()),
    }
}

/// Tasks that the caller may see.
#[utoipa::path(
    get,
    path = "/api/scaffolder/v2/tasks",
    operation_id = "list_tasks",
    tag = "scaffolder",
    params(
        ("createdBy" = Option<Vec<String>>, Query, description = "References of users"),
        ("status" = Option<Vec<String>>, Query, description = "`open`, `processing`, `completed`, `failed`, `cancelled`"),
        ("order" = Option<Vec<String>>, Query, description = "`asc:` or `desc:` and `created_at`, `status` or `created_by`"),
        ("limit" = Option<u64>, Query, description = "At most so many"),
        ("offset" = Option<u64>, Query, description = "So many are left out at the beginning"),
    ),
    responses(
        (status = 200, description = "`tasks` and `totalTasks`", body = Object),
        (status = 400, description = "Refused parameter", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
) -> Result<Response, ApiError> {
    let query = Query::of(&uri, LIST)?;
    let states = query.texts("status");
    if let Some(state) = states.iter().find(|state| !STATES.contains(&state.as_str())) {
        let text =
            format!("request/query/status must be equal to one of the allowed values: {}", STATES.join(", "));
        return Err(ApiError::input(format!("{text}; \"{state}\" is none")));
    }
    let number = |name: &str| query.integer(name).map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    let asked = TaskQuery {
        created_by: query.texts("createdBy"),
        states,
        order: query.all("order").into_iter().map(order).collect::<Result<_, _>>()?,
        offset: number("offset").unwrap_or(0),
        limit: number("limit"),
    };
    let page = portal.template_tasks(&viewer, &asked)?;
    let tasks: Vec<Value> = page.tasks.iter().map(|run| body(&portal, run)).collect();
    Ok(answer::json(json!({ "tasks": tasks, "totalTasks": page.total }).to_string()))
}

/// An order: `desc:created_at`. Nothing but these three is to be told by an order.
fn order(text: &str) -> Result<TaskOrder, ApiError> {
    let wrong = || {
        let form = "expected \"<asc or desc>:<field name>\" with created_at, status or created_by";
        ApiError::input(format!("Invalid order parameter \"{text}\", {form}"))
    };
    let (direction, field) = text.split_once(':').ok_or_else(wrong)?;
    let descending = match direction {
        "asc" => false,
        "desc" => true,
        _ => return Err(wrong()),
    };
    let field = match field {
        "created_at" => TaskOrderField::CreatedAt,
        "status" => TaskOrderField::Status,
        "created_by" => TaskOrderField::CreatedBy,
        _ => return Err(wrong()),
    };
    Ok(TaskOrder { field, descending })
}

/// A task as Backstage serializes it.
fn body(portal: &Portal, run: &Run) -> Value {
    let mut body = json!({
        "id": run.id,
        "spec": portal.template_task_spec(run),
        "status": TaskState::of(run).as_str(),
        "createdAt": run.created_at.to_string(),
        "lastHeartbeatAt": run.updated_at.to_string(),
    });
    if let Some(by) = task_created_by(run) {
        body["createdBy"] = by.into();
    }
    body
}

/// One task.
#[utoipa::path(
    get,
    path = "/api/scaffolder/v2/tasks/{id}",
    operation_id = "get_task",
    tag = "scaffolder",
    params(("id" = String, Path, description = "Of the task")),
    responses(
        (status = 200, description = "The task", body = Object),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 404, description = "No such task, or none that the caller may see", body = Refusal),
    )
)]
pub(crate) async fn one(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let run = portal.template_task(&viewer, &id)?;
    Ok(answer::json(body(&portal, &run).to_string()))
}

/// Ends a task before its time.
#[utoipa::path(
    post,
    path = "/api/scaffolder/v2/tasks/{id}/cancel",
    operation_id = "cancel_task",
    tag = "scaffolder",
    params(("id" = String, Path, description = "Of the task")),
    responses(
        (status = 200, description = "It is ending", body = Object),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 404, description = "No such task, or none that the caller may see", body = Refusal),
    )
)]
pub(crate) async fn cancel(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let run = portal.template_task(&viewer, &id)?;
    // One that is over stays as it is, and the answer is the same.
    if !run.status.has_ended() {
        match portal.cancel_run(&viewer, &id).await {
            Ok(_) | Err(PortalError::Invalid { code: "run_ended", .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(answer::json(r#"{"status":"cancelled"}"#))
}

/// Goes on with a task that has ended, from the step that failed.
#[utoipa::path(
    post,
    path = "/api/scaffolder/v2/tasks/{id}/retry",
    operation_id = "retry_task",
    tag = "scaffolder",
    params(("id" = String, Path, description = "Of the task")),
    request_body = RetryBody,
    responses(
        (status = 201, description = "`id` of the task, which is the same", body = Object),
        (status = 400, description = "The body is not legal", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 404, description = "No such task, or none that the caller may see", body = Refusal),
        (status = 409, description = "It has not ended", body = Refusal),
    )
)]
pub(crate) async fn retry(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let body = body.unwrap_or_default();
    let secrets = map(&body, "secrets")?.cloned().unwrap_or_default();
    let run = portal.retry_template(&viewer, &id, secrets).await?;
    Ok(made(&run))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_everybody_may_know_is_an_order() {
        let read = |text: &str| order(text).map_err(|error| error.status.as_u16());
        assert_eq!(read("asc:status"), Ok(TaskOrder { field: TaskOrderField::Status, descending: false }));
        assert_eq!(
            read("desc:created_at"),
            Ok(TaskOrder { field: TaskOrderField::CreatedAt, descending: true })
        );
        for wrong in [
            "secrets",
            "asc:secrets",
            "asc:spec",
            "up:status",
            "desc:",
            "asc:created_at;drop",
            "asc:CREATED_AT",
        ] {
            assert_eq!(read(wrong), Err(400), "{wrong}");
        }
    }
}
