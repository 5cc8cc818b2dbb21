//! What nodes of workflows ask of people: how it is shown, and how it is answered.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stagedoor_portal::{InboxItem, InputForm, WaitingInput};
use utoipa::ToSchema;

use super::{Run, RunRow};
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::may::May;

/// A node that waits for people.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunWaits {
    /// Its identifier.
    node: String,
    title: String,
    /// What it says, with templates filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Its form: `userInputs` in which nothing is a program any more.
    inputs: Value,
    /// What is filled in where nobody says otherwise.
    #[schema(value_type = BTreeMap<String, Value>)]
    values: Map<String, Value>,
    buttons: Vec<RunButton>,
    /// Whether the caller may answer.
    may: May,
    /// Who has answered.
    answered: Vec<RunPress>,
}

/// A button of a form that a node shows.
#[derive(Serialize, ToSchema)]
struct RunButton {
    identifier: String,
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<String>,
    /// By how many people it has to be pressed.
    needed: u64,
    /// By how many it has been.
    pressed: u64,
}

/// Somebody's answer.
#[derive(Serialize, ToSchema)]
struct RunPress {
    by: String,
    at: String,
    button: String,
}

/// A run that waits for the caller's word.
#[derive(Serialize, ToSchema)]
pub(crate) struct InboxRow {
    #[serde(flatten)]
    row: RunRow,
    waits: RunWaitsFor,
}

/// For what a run waits.
#[derive(Serialize, ToSchema)]
struct RunWaitsFor {
    /// `approval`: a yes or no; `input`: the answer to a node.
    kind: &'static str,
    /// Identifier of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

/// An answer to a node.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunInput {
    /// The button that is pressed.
    button: String,
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>)]
    inputs: Map<String, Value>,
}

/// What is filled in so far.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunInputAsk {
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>)]
    inputs: Map<String, Value>,
}

/// The form of a node as it is now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunInputForm {
    /// Inputs in which nothing is a program any more.
    user_inputs: Value,
    /// What is filled in, with defaults.
    #[schema(value_type = BTreeMap<String, Value>)]
    values: Map<String, Value>,
    /// What is wrong with the values, by input.
    errors: BTreeMap<String, Vec<String>>,
    /// What is wrong with the definition.
    problems: Vec<String>,
}

impl RunWaits {
    pub(super) fn of(waits: WaitingInput) -> Self {
        let text = |button: &Value, key: &str| button.get(key).and_then(Value::as_str).map(str::to_owned);
        let button = |(button, (needed, pressed)): (&Value, (u64, u64))| {
            let identifier = text(button, "identifier").unwrap_or_default();
            RunButton {
                label: text(button, "label").filter(|label| !label.is_empty()).unwrap_or(identifier.clone()),
                identifier,
                variant: text(button, "variant"),
                icon: text(button, "icon"),
                needed,
                pressed,
            }
        };
        let pressed = waits.answered.into_iter();
        Self {
            node: waits.node,
            title: waits.title,
            description: waits.description,
            inputs: waits.form.inputs,
            values: waits.form.values,
            buttons: waits.buttons.iter().zip(waits.presses).map(button).collect(),
            may: waits.may.into(),
            answered: pressed
                .map(|press| RunPress { by: press.by, at: press.at, button: press.button })
                .collect(),
        }
    }
}

impl InboxRow {
    pub(crate) fn of(item: &InboxItem) -> Self {
        let waits = match &item.node {
            None => RunWaitsFor { kind: "approval", node: None, title: None, description: None },
            Some((step, description)) => RunWaitsFor {
                kind: "input",
                node: Some(step.id.clone()),
                title: Some(step.name.clone()),
                description: description.clone(),
            },
        };
        Self { row: RunRow::of(&item.run), waits }
    }
}

impl From<InputForm> for RunInputForm {
    fn from(form: InputForm) -> Self {
        Self { user_inputs: form.inputs, values: form.values, errors: form.errors, problems: form.problems }
    }
}

/// Answers a node that waits for people: fills in its form and presses a button.
#[utoipa::path(
    post, path = "/runs/{id}/inputs/{node}",
    params(
        ("id" = String, Path, description = "Id of the run"),
        ("node" = String, Path, description = "Identifier of the node, escaped")
    ),
    request_body = RunInput,
    responses(
        (status = 200, body = Run), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, description = "the caller is not asked, or set the run going", body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
        (status = 422, description = "it does not wait, the caller has answered, or something is filled in wrongly", body = ErrorBody)
    )
)]
pub(crate) async fn answer(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path((id, node)): Path<(String, String)>,
    body: Result<Json<RunInput>, JsonRejection>,
) -> Result<Json<Run>, ApiError> {
    let Json(RunInput { button, inputs }) = body?;
    let run = api.portal.answer_input(&viewer, &id, &node, &button, inputs).await?;
    Ok(Json(Run::of(&api.portal, &viewer, &run).await))
}

/// The form of a node that asks people, with these values. Nothing is kept.
#[utoipa::path(
    post, path = "/runs/{id}/inputs/{node}/form",
    params(
        ("id" = String, Path, description = "Id of the run"),
        ("node" = String, Path, description = "Identifier of the node, escaped")
    ),
    request_body = RunInputAsk,
    responses(
        (status = 200, body = RunInputForm), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn input_form(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path((id, node)): Path<(String, String)>,
    body: Result<Json<RunInputAsk>, JsonRejection>,
) -> Result<Json<RunInputForm>, ApiError> {
    let Json(RunInputAsk { inputs }) = body?;
    Ok(Json(api.portal.input_form(&viewer, &id, &node, inputs).await?.into()))
}
