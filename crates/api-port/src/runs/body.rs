//! What clients send of runs.

use serde_json::{Map, Value};
use stagedoor_portal::{Level, NewLine, RunPatch, RunStatus};
use utoipa::ToSchema;

use crate::error::Failure;

/// What a client reports.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct RunPatchBody {
    /// `SUCCESS` or `FAILURE`: the run ends.
    #[schema(nullable = false, pattern = "^(SUCCESS|FAILURE|IN_PROGRESS)$")]
    status: Option<String>,
    status_label: Option<String>,
    /// An address, or a list of them.
    link: Option<Value>,
    summary: Option<String>,
    external_run_id: Option<String>,
    /// In older forms: kept as the summary.
    message: Option<Value>,
}

/// A line for a run's log.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct LogBody {
    message: String,
    /// `SUCCESS` or `FAILURE`: the run ends with this line.
    #[schema(nullable = false, pattern = "^(SUCCESS|FAILURE)$")]
    termination_status: Option<String>,
    status_label: Option<String>,
}

pub(crate) fn object(body: &Value) -> Result<&Map<String, Value>, Failure> {
    body.as_object().ok_or_else(|| Failure::invalid("body must be object"))
}

/// A text of a body; null is none.
pub(crate) fn text(body: &Value, key: &str) -> Result<Option<String>, Failure> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Failure::invalid(format!("\"{key}\" must be string"))),
    }
}

fn end(body: &Value, key: &str) -> Result<Option<RunStatus>, Failure> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(status)) => match status.as_str() {
            "SUCCESS" => Ok(Some(RunStatus::Success)),
            "FAILURE" => Ok(Some(RunStatus::Failure)),
            // What it is already.
            "IN_PROGRESS" if key == "status" => Ok(None),
            _ => {
                let text = format!("\"{key}\" must be equal to one of the allowed values: SUCCESS, FAILURE");
                Err(Failure::invalid(text))
            }
        },
        Some(_) => Err(Failure::invalid(format!("\"{key}\" must be string"))),
    }
}

/// Reads what is reported.
pub(super) fn patch_of(body: &Value) -> Result<RunPatch, Failure> {
    object(body)?;
    let link = match body.get("link") {
        None | Some(Value::Null) => None,
        Some(Value::String(link)) => Some(vec![link.clone()]),
        Some(Value::Array(list)) => {
            let texts: Option<Vec<String>> =
                list.iter().map(|link| link.as_str().map(str::to_owned)).collect();
            Some(texts.ok_or_else(|| Failure::invalid("\"link\" must be string or array of strings"))?)
        }
        Some(_) => return Err(Failure::invalid("\"link\" must be string or array of strings")),
    };
    let message = match body.get("message") {
        None | Some(Value::Null) => None,
        Some(Value::String(message)) => Some(message.clone()),
        Some(message) => Some(message.to_string()),
    };
    Ok(RunPatch {
        status: end(body, "status")?,
        status_label: text(body, "statusLabel")?,
        link,
        summary: text(body, "summary")?.or(message),
        external_run_id: text(body, "externalRunId")?,
        response: None,
    })
}

/// Reads a line.
pub(super) fn line_of(body: &Value) -> Result<NewLine, Failure> {
    object(body)?;
    let message = text(body, "message")?;
    let termination = end(body, "terminationStatus")?;
    Ok(NewLine {
        level: if termination == Some(RunStatus::Failure) { Level::Error } else { Level::Info },
        step: None,
        message: message.ok_or_else(|| Failure::invalid("body must have required property 'message'"))?,
        termination,
        status_label: text(body, "statusLabel")?,
    })
}
