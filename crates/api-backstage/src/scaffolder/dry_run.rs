//! Trying a template.

use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use serde_json::{Map, Value, json};
use stagedoor_portal::{DryFile, DryLine, DryRun, Portal, PortalError};

use super::tasks;
use crate::answer;
use crate::body::{JsonBody, lacks, map, must};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::openapi::Refusal;
use crate::query::Query;

/// Performs what a template says as far as it touches nothing outside.
#[utoipa::path(
    post,
    path = "/api/scaffolder/v2/dry-run",
    operation_id = "dry_run",
    tag = "scaffolder",
    request_body(content = Object, description = "`template`, `values`, `secrets`, `directoryContents` with `path` and `base64Content` of each"),
    responses(
        (status = 200, description = "`log`, `directoryContents`, `output`, `steps`; never a secret", body = Object),
        (status = 400, description = "A refusal, a failed step, or `errors`: values that break the form's schema", body = Object),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn post(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let body = body.unwrap_or_default();
    let template = map(&body, "template")?.cloned().ok_or_else(|| lacks("", "template"))?;
    let asked = DryRun {
        template: Value::Object(template),
        values: map(&body, "values")?.cloned().unwrap_or_default(),
        secrets: map(&body, "secrets")?.cloned().unwrap_or_default(),
        files: files(&body)?,
    };
    let result = match portal.dry_run_template(&viewer, asked).await {
        Ok(result) => result,
        Err(error) => return tasks::refusal(error),
    };
    if let Some(error) = result.error {
        return Err(PortalError::invalid(error).into());
    }
    let file = |file: &DryFile| json!({ "path": file.path, "executable": file.executable, "base64Content": STANDARD.encode(&file.content) });
    Ok(answer::json(
        json!({
            "log": result.log.iter().map(line).collect::<Vec<_>>(),
            "directoryContents": result.files.iter().map(file).collect::<Vec<_>>(),
            "output": result.output,
            "steps": result.steps,
        })
        .to_string(),
    ))
}

fn line(line: &DryLine) -> Value {
    let mut body = Map::new();
    body.insert("message".into(), line.message.clone().into());
    if let Some(step) = &line.step {
        body.insert("stepId".into(), step.clone().into());
    }
    if let Some(status) = &line.status {
        body.insert("status".into(), status.clone().into());
    }
    json!({ "body": body })
}

fn files(body: &Map<String, Value>) -> Result<Vec<DryFile>, ApiError> {
    let all = body.get("directoryContents").ok_or_else(|| lacks("", "directoryContents"))?;
    let all = all.as_array().ok_or_else(|| must("/directoryContents", "be array"))?;
    let file = |(index, file): (usize, &Value)| {
        let at = format!("/directoryContents/{index}");
        let file = file.as_object().ok_or_else(|| must(&at, "be object"))?;
        let text = |key: &str| crate::body::text(file, &at, key)?.ok_or_else(|| lacks(&at, key));
        let content = STANDARD.decode(text("base64Content")?);
        let content = content.map_err(|_| must(&format!("{at}/base64Content"), "be base64"))?;
        let executable = file.get("executable").and_then(Value::as_bool).unwrap_or(false);
        Ok(DryFile { path: text("path")?.to_owned(), content, executable })
    };
    all.iter().enumerate().map(file).collect()
}
