//! What can be executed, the forms of actions as they are filled in, and drafts of actions tried out.

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stagedoor_model::json::at;
use stagedoor_portal::{FormQuestion, Offer, PreviewAction, StoredAction};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

/// Something that can be executed.
#[derive(Serialize, ToSchema)]
pub(crate) struct OfferBody {
    /// `action` or `template`.
    kind: &'static str,
    /// An action's identifier, a template's reference.
    identifier: String,
    title: String,
    description: Option<String>,
    icon: Option<String>,
    blueprint: Option<String>,
    /// `CREATE`, `DAY-2` or `DELETE`.
    operation: Option<String>,
    tags: Vec<String>,
    owner: Option<String>,
    recommended: bool,
    favourite: bool,
    /// What its button says.
    button: Option<String>,
    /// Why it cannot be executed.
    why: Option<String>,
}

/// Everything that can be executed.
#[derive(Serialize, ToSchema)]
pub(crate) struct HubBody {
    actions: Vec<OfferBody>,
    /// What the caller has executed last: `action:<identifier>`, `template:<reference>`.
    recent: Vec<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HubAsk {
    /// Of the entity.
    blueprint: Option<String>,
    /// Only the actions that are about this entity.
    entity: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FavouritesBody {
    /// `action:<identifier>`, `template:<reference>`.
    favourites: Vec<String>,
}

/// What is filled in so far.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormAsk {
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>)]
    properties: Map<String, Value>,
    /// The entity that the action is about.
    entity: Option<String>,
    /// Its blueprint, where the action does not say it.
    blueprint: Option<String>,
}

/// An action, as its form shows it.
#[derive(Serialize, ToSchema)]
pub(crate) struct FormAction {
    identifier: String,
    title: String,
    description: Option<String>,
    icon: Option<String>,
    operation: String,
    blueprint: Option<String>,
    /// What the button says.
    button: Option<String>,
    /// It runs only when somebody has approved it.
    approval: bool,
}

/// A form as it is now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FormBody {
    action: FormAction,
    /// Why it cannot be executed.
    why: Option<String>,
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

/// A draft to be tried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewAsk {
    /// As it would be sent to Port's dialect.
    definition: Value,
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>)]
    values: Map<String, Value>,
    entity: Option<String>,
    blueprint: Option<String>,
}

/// What a draft would do.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewBody {
    /// What the back end would be given, with names in the place of secrets.
    invocation: Option<Value>,
    user_inputs: Value,
    /// Why it would not begin.
    problems: Vec<String>,
    /// Templates that give null because they are wrong.
    faults: Vec<FaultBody>,
}

/// A template that is wrong.
#[derive(Serialize, ToSchema)]
pub(crate) struct FaultBody {
    /// JSON pointer into the definition.
    path: String,
    message: String,
    expression: String,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/actions", get(hub))
        .route("/actions/favourites", put(favourites))
        .route("/actions/preview", post(preview))
        .route("/actions/{action}/form", post(form))
}

/// What can be executed, and why not where the caller may not.
#[utoipa::path(
    get, path = "/actions", params(HubAsk),
    responses(
        (status = 200, body = HubBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn hub(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<HubAsk>, QueryRejection>,
) -> Result<Json<HubBody>, ApiError> {
    let Query(ask) = query?;
    let entity = match (ask.blueprint.as_deref(), ask.entity.as_deref()) {
        (Some(blueprint), Some(entity)) => Some((blueprint, entity)),
        (None, Some(_)) => return Err(ApiError::invalid("blueprint must be given with entity")),
        _ => None,
    };
    let favourites = api.portal.favourite_actions(&viewer);
    let offers = api.portal.offers(&viewer, entity)?;
    let only = ask.blueprint.clone().filter(|_| entity.is_none());
    let actions = offers.into_iter().map(|offer| offer_body(offer, &favourites));
    let fits = |offer: &OfferBody| only.is_none() || offer.blueprint == only;
    Ok(Json(HubBody { actions: actions.filter(fits).collect(), recent: api.portal.recent_actions(&viewer) }))
}

fn offer_body(offer: Offer, favourites: &[String]) -> OfferBody {
    let is_favourite =
        |kind: &str, name: &str| favourites.iter().any(|known| *known == format!("{kind}:{name}"));
    match offer {
        Offer::Action { action, why_not } => {
            let shown = shown(&action);
            OfferBody {
                kind: "action",
                favourite: is_favourite("action", &shown.identifier),
                identifier: shown.identifier,
                title: shown.title,
                description: shown.description,
                icon: shown.icon,
                blueprint: shown.blueprint,
                operation: Some(shown.operation),
                tags: Vec::new(),
                owner: None,
                recommended: false,
                button: text(action.definition.trigger(), "actionCardButtonText"),
                why: why_not,
            }
        }
        Offer::Template { reference, document, why_not } => {
            let tags = at(&document, "metadata.tags").and_then(Value::as_array).into_iter().flatten();
            let tags: Vec<String> = tags.filter_map(Value::as_str).map(str::to_owned).collect();
            let named = |path: &str| at(&document, path).and_then(Value::as_str).map(str::to_owned);
            OfferBody {
                kind: "template",
                favourite: is_favourite("template", &reference),
                title: named("metadata.title").or_else(|| named("metadata.name")).unwrap_or_default(),
                identifier: reference,
                description: named("metadata.description"),
                icon: None,
                blueprint: None,
                operation: Some("CREATE".into()),
                recommended: tags.iter().any(|tag| tag == "recommended"),
                tags,
                owner: named("spec.owner"),
                button: None,
                why: why_not,
            }
        }
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn shown(action: &StoredAction) -> FormAction {
    let definition = &action.definition;
    FormAction {
        identifier: definition.identifier().to_owned(),
        title: definition.name().to_owned(),
        description: definition.text("description").map(str::to_owned),
        icon: definition.text("icon").map(str::to_owned),
        operation: definition.operation().to_owned(),
        blueprint: definition.blueprint().map(str::to_owned),
        button: text(definition.trigger(), "executeActionButtonText"),
        approval: definition.approval().is_some(),
    }
}

/// Sets the caller's favourites.
#[utoipa::path(
    put, path = "/actions/favourites", request_body = FavouritesBody,
    responses(
        (status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn favourites(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<FavouritesBody>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    let Json(body) = body?;
    api.portal.put_favourite_actions(&viewer, body.favourites).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The form of an action with these values. Nothing is kept.
#[utoipa::path(
    post, path = "/actions/{action}/form", params(("action" = String, Path)), request_body = FormAsk,
    responses(
        (status = 200, body = FormBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn form(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
    body: Result<Json<FormAsk>, JsonRejection>,
) -> Result<Json<FormBody>, ApiError> {
    let Json(ask) = body?;
    let action = api.portal.action(&viewer, &id)?;
    let question = FormQuestion { entity: ask.entity, blueprint: ask.blueprint, values: ask.properties };
    let answer = api.portal.action_form(&viewer, &id, question).await?;
    let form = answer.form;
    let wrong = form.fields.iter().filter(|field| !field.errors.is_empty());
    Ok(Json(FormBody {
        action: shown(&action),
        why: answer.why_not,
        user_inputs: form.plain(action.definition.inputs()),
        errors: wrong.map(|field| (field.id.clone(), field.errors.clone())).collect(),
        problems: form.fields.iter().flat_map(|field| field.problems.clone()).collect(),
        values: form.values,
    }))
}

/// What a draft of an action would do with these values. Nothing is kept or executed, and no secret is read.
#[utoipa::path(
    post, path = "/actions/preview", request_body = PreviewAsk,
    responses(
        (status = 200, body = PreviewBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn preview(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<PreviewAsk>, JsonRejection>,
) -> Result<Json<PreviewBody>, ApiError> {
    let Json(ask) = body?;
    let draft = PreviewAction {
        definition: ask.definition,
        values: ask.values,
        entity: ask.entity,
        blueprint: ask.blueprint,
    };
    let answer = api.portal.preview_action(&viewer, draft).await?;
    let fault = |fault: stagedoor_portal::TemplateFault| FaultBody {
        path: fault.path,
        message: fault.message,
        expression: fault.program,
    };
    Ok(Json(PreviewBody {
        invocation: answer.invocation,
        user_inputs: answer.user_inputs,
        problems: answer.problems,
        faults: answer.faults.into_iter().map(fault).collect(),
    }))
}
