//! For the editor of templates: what is wrong with one, and a try.

use axum::extract::rejection::{BytesRejection, JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use stagedoor_portal::{DryFile, DryRun, PortalError};
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

/// What a text is worth as a template.
#[derive(Serialize, ToSchema)]
pub(crate) struct TemplateCheckBody {
    problems: Vec<TemplateProblemBody>,
    /// Lower-case reference, where it has one.
    #[serde(rename = "ref")]
    reference: Option<String>,
    /// The document as it would be executed: a missing `spec.type` is `other`.
    #[schema(value_type = Value)]
    template: Value,
    /// Title, description and pages, as `parameter-schema` of Backstage's dialect has them.
    #[schema(value_type = Value)]
    form: Value,
}

/// Something to be told about a template.
#[derive(Serialize, ToSchema)]
pub(crate) struct TemplateProblemBody {
    /// From 1.
    line: u32,
    /// From 1.
    column: u32,
    /// JSON pointer into the document.
    path: String,
    message: String,
    /// `error` or `warning`.
    severity: &'static str,
    fix: Option<TemplateFixBody>,
}

/// A line to be put in.
#[derive(Serialize, ToSchema)]
pub(crate) struct TemplateFixBody {
    title: String,
    /// Before this line, from 1.
    line: u32,
    text: String,
}

/// A template to be tried.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TemplateTrial {
    /// YAML.
    text: String,
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>)]
    values: Map<String, Value>,
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>)]
    secrets: Map<String, Value>,
    /// What lies beside it, by path.
    #[serde(default)]
    files: Vec<TemplateFile>,
}

/// A text file.
#[derive(Deserialize, Serialize, ToSchema)]
pub(crate) struct TemplateFile {
    path: String,
    /// `null` for one that is no text.
    content: Option<String>,
}

/// What came of a try.
#[derive(Serialize, ToSchema)]
pub(crate) struct TemplateTrialResult {
    log: Vec<TemplateTrialLine>,
    files: Vec<TemplateFile>,
    #[schema(value_type = Value)]
    output: Value,
    /// Why it failed.
    error: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct TemplateTrialLine {
    message: String,
    step: Option<String>,
    /// `processing`, `completed`, `failed`, `skipped`.
    status: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TemplateSource {
    /// Reference of the template.
    #[serde(rename = "ref")]
    reference: String,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/templates/check", post(check))
        .route("/templates/dry-run", post(dry_run))
        .route("/templates/text", get(text))
}

/// Judges the text of a template, with line and column. Nothing is written.
#[utoipa::path(
    post, path = "/templates/check", operation_id = "check_template",
    request_body(content = String, content_type = "application/yaml"),
    responses(
        (status = 200, body = TemplateCheckBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 413, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn check(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<TemplateCheckBody>, ApiError> {
    let body = body?;
    let text = std::str::from_utf8(&body).map_err(|_| ApiError::invalid("the body is not UTF-8 text"))?;
    let checked = api.portal.check_template(&viewer, text)?;
    let problem = |problem: stagedoor_portal::TemplateProblem| TemplateProblemBody {
        line: problem.line,
        column: problem.column,
        path: problem.path,
        message: problem.message,
        severity: if problem.warning { "warning" } else { "error" },
        fix: problem.fix.map(|fix| TemplateFixBody { title: fix.title, line: fix.line, text: fix.text }),
    };
    Ok(Json(TemplateCheckBody {
        problems: checked.problems.into_iter().map(problem).collect(),
        reference: checked.reference,
        template: checked.template,
        form: checked.form,
    }))
}

/// Performs what a template says as far as it touches nothing outside; no answer holds a secret.
#[utoipa::path(
    post, path = "/templates/dry-run", operation_id = "try_template", request_body = TemplateTrial,
    responses(
        (status = 200, description = "also where a step failed", body = TemplateTrialResult),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 422, description = "no template, or values that break its form", body = ErrorBody)
    )
)]
pub(crate) async fn dry_run(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<TemplateTrial>, JsonRejection>,
) -> Result<Json<TemplateTrialResult>, ApiError> {
    let Json(asked) = body?;
    let template = api.portal.check_template(&viewer, &asked.text)?.template;
    let file = |file: TemplateFile| DryFile {
        path: file.path,
        content: file.content.unwrap_or_default().into_bytes(),
        executable: false,
    };
    let files = asked.files.into_iter().map(file).collect();
    let run = DryRun { template, values: asked.values, secrets: asked.secrets, files };
    let result = api.portal.dry_run_template(&viewer, run).await?;
    let line = |line: stagedoor_portal::DryLine| TemplateTrialLine {
        message: line.message,
        step: line.step,
        status: line.status,
    };
    let file =
        |file: DryFile| TemplateFile { path: file.path, content: String::from_utf8(file.content).ok() };
    Ok(Json(TemplateTrialResult {
        log: result.log.into_iter().map(line).collect(),
        files: result.files.into_iter().map(file).collect(),
        output: result.output,
        error: result.error,
    }))
}

/// A template of the catalog as YAML, without what the catalog adds, and whether the caller may execute it.
#[utoipa::path(
    get, path = "/templates/text", operation_id = "template_text", params(TemplateSource),
    responses(
        (status = 200, description = "`text`, and `execute`: null, or why not", body = Object), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 422, description = "no reference", body = ErrorBody)
    )
)]
pub(crate) async fn text(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<TemplateSource>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(TemplateSource { reference }) = query?;
    let text = api.portal.template_text(&viewer, &reference)?;
    let why = match api.portal.could_execute_template(&viewer, &reference) {
        Ok(()) => None,
        Err(PortalError::Forbidden(why)) => Some(why),
        Err(error) => return Err(error.into()),
    };
    Ok(Json(json!({ "text": text, "execute": why })).into_response())
}
