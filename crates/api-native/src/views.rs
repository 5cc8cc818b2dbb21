//! Saved views: tables under a name and an address of their own.

use std::collections::BTreeMap;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use stagedoor_portal::{SavedView, ViewBody};
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

/// A view to save. Fields are named as in the query language.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ViewInput {
    title: String,
    /// The blueprint whose entities it shows; all when null.
    blueprint: Option<String>,
    /// Which of them, as text.
    #[serde(default)]
    query: String,
    /// Fields, with a `-` in front for descending.
    #[serde(default)]
    sort: Vec<String>,
    /// The usual ones when null.
    columns: Option<Vec<String>>,
    group: Option<String>,
    /// Of columns, in pixels.
    #[serde(default)]
    widths: BTreeMap<String, u32>,
    /// Everybody sees it.
    #[serde(default)]
    shared: bool,
    /// It cannot be changed until it is unlocked.
    #[serde(default)]
    locked: bool,
    /// The blueprint's table opens with it: for everybody when it is shared, which takes an administrator.
    #[serde(default)]
    default: bool,
}

/// A saved view.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ViewItem {
    id: String,
    title: String,
    blueprint: Option<String>,
    query: String,
    sort: Vec<String>,
    columns: Option<Vec<String>>,
    group: Option<String>,
    widths: BTreeMap<String, u32>,
    shared: bool,
    locked: bool,
    default: bool,
    /// The caller made it.
    own: bool,
    /// The caller may change it.
    editable: bool,
    created_by: String,
    updated_at: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ViewList {
    views: Vec<ViewItem>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ViewQuery {
    /// Only those of this blueprint.
    blueprint: Option<String>,
}

impl From<SavedView> for ViewItem {
    fn from(view: SavedView) -> Self {
        let SavedView { id, body, shared, own, editable, stamps } = view;
        let ViewBody { title, blueprint, query, sort, columns, group, widths, locked, default } = body;
        Self {
            id,
            title,
            blueprint,
            query,
            sort,
            columns,
            group,
            widths,
            shared,
            locked,
            default,
            own,
            editable,
            created_by: stamps.created_by.to_string(),
            updated_at: stamps.updated_at.to_string(),
        }
    }
}

impl ViewInput {
    fn read(self) -> (ViewBody, bool) {
        let Self { title, blueprint, query, sort, columns, group, widths, shared, locked, default } = self;
        (ViewBody { title, blueprint, query, sort, columns, group, widths, locked, default }, shared)
    }
}

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/views", get(views).post(create))
        .route("/views/{id}", get(view).put(update).delete(remove))
}

/// The caller's own views and the shared ones, by title.
#[utoipa::path(
    get, path = "/views", operation_id = "list_views", params(ViewQuery),
    responses((status = 200, body = ViewList), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody))
)]
pub(crate) async fn views(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<ViewQuery>, QueryRejection>,
) -> Result<Json<ViewList>, ApiError> {
    let Query(query) = query?;
    let views = api.portal.views(&viewer, query.blueprint.as_deref())?;
    Ok(Json(ViewList { views: views.into_iter().map(ViewItem::from).collect() }))
}

/// Saves a new view.
#[utoipa::path(
    post, path = "/views", operation_id = "create_view", request_body = ViewInput,
    responses(
        (status = 200, body = ViewItem), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn create(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<ViewInput>, JsonRejection>,
) -> Result<Json<ViewItem>, ApiError> {
    let (body, shared) = body?.0.read();
    Ok(Json(api.portal.create_view(&viewer, body, shared).await?.into()))
}

/// One view.
#[utoipa::path(
    get, path = "/views/{id}", operation_id = "get_view", params(("id" = String, Path)),
    responses((status = 200, body = ViewItem), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub(crate) async fn view(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
) -> Result<Json<ViewItem>, ApiError> {
    Ok(Json(api.portal.saved_view(&viewer, &id)?.into()))
}

/// Changes a view: whoever made it, and administrators.
#[utoipa::path(
    put, path = "/views/{id}", operation_id = "update_view", params(("id" = String, Path)), request_body = ViewInput,
    responses(
        (status = 200, body = ViewItem), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn update(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
    body: Result<Json<ViewInput>, JsonRejection>,
) -> Result<Json<ViewItem>, ApiError> {
    let (body, shared) = body?.0.read();
    Ok(Json(api.portal.update_view(&viewer, &id, body, shared).await?.into()))
}

/// Forgets a view: whoever made it, and administrators.
#[utoipa::path(
    delete, path = "/views/{id}", operation_id = "delete_view", params(("id" = String, Path)),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn remove(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    api.portal.delete_view(&viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
