//! The sidebar `catalog`: its tree, and the folders in it.
#![allow(dead_code, reason = "some types are only described")]

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, patch as patch_route, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};
use stagedoor_portal::{Folder, Portal};
use utoipa::{OpenApi, ToSchema};

use crate::App;
use crate::error::Answer;
use crate::extract::{Body, Caller, OfName};
use crate::openapi::{Done, Refusal};

/// The routes of this noun.
pub(crate) fn routes() -> Router<App> {
    let routes: [(&str, MethodRouter<App>); 3] = [
        ("/sidebars/catalog", get(read)),
        ("/sidebars/catalog/folders", post(create)),
        ("/sidebars/catalog/folders/{folder}", patch_route(patch).delete(delete)),
    ];
    routes.into_iter().fold(Router::new(), |router, (path, methods)| {
        router.route(&format!("{path}/"), methods.clone()).route(path, methods)
    })
}

/// A folder.
#[derive(ToSchema)]
pub(crate) struct FolderBody {
    /// Letters of any script, digits and `@_.+:\/-`. Needed for a new one.
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    identifier: Option<String>,
    /// The identifier where absent.
    #[schema(max_length = 100)]
    title: Option<String>,
    /// The folder that it is in; at most three deep. Null: the root.
    parent: Option<String>,
    /// The page or folder that it comes after. Null: first.
    after: Option<String>,
    /// `catalog`.
    sidebar: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct FolderReply {
    ok: bool,
    identifier: String,
    folder: FolderBody,
}

/// A line of the sidebar: a folder, or a page that the caller may read.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SidebarItem {
    identifier: String,
    title: String,
    sidebar: String,
    #[schema(pattern = "^(folder|page)$")]
    sidebar_type: String,
    #[schema(nullable = false)]
    icon: Option<String>,
    /// Of a page.
    #[schema(nullable = false)]
    r#type: Option<String>,
    /// Of a page that is about one.
    #[schema(nullable = false)]
    blueprint: Option<String>,
    /// Of a page: whether its widgets are those that it has by itself.
    #[schema(nullable = false)]
    standard: Option<bool>,
    #[schema(nullable = false)]
    locked: Option<bool>,
    #[schema(nullable = false)]
    parent: Option<String>,
    #[schema(nullable = false)]
    after: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct Sidebar {
    identifier: String,
    /// From top to bottom; what is in a folder follows it.
    items: Vec<SidebarItem>,
}

#[derive(ToSchema)]
pub(crate) struct SidebarReply {
    ok: bool,
    sidebar: Sidebar,
}

#[derive(OpenApi)]
#[openapi(paths(read, create, patch, delete))]
struct Document;

/// These routes, described.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

fn reply(status: StatusCode, folder: &Folder) -> Response {
    let body = json!({ "ok": true, "identifier": folder.body["identifier"], "folder": folder.to_port() });
    (status, Json(body)).into_response()
}

/// Folders and pages, from top to bottom.
#[utoipa::path(
    get,
    path = "/sidebars/catalog",
    tag = "Pages",
    operation_id = "get_sidebar",
    responses(
        (status = 200, description = "The sidebar", body = SidebarReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
    )
)]
pub(crate) async fn read(State(portal): State<Portal>, Caller(viewer): Caller) -> Answer {
    let items: Vec<Value> = portal.sidebar(&viewer)?.into_iter().map(|item| item.body).collect();
    let sidebar = json!({ "identifier": "catalog", "items": items });
    Ok(Json(json!({ "ok": true, "sidebar": sidebar })).into_response())
}

/// Makes a folder. Without a `parent` it goes where `after` is.
#[utoipa::path(
    post,
    path = "/sidebars/catalog/folders",
    tag = "Pages",
    operation_id = "create_folder",
    request_body = FolderBody,
    responses(
        (status = 201, description = "The folder", body = FolderReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not; `after_item_not_in_parent`", body = Refusal),
        (status = 404, description = "No such parent", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The folder is not legal; `folder_depth`", body = Refusal),
    )
)]
pub(crate) async fn create(State(portal): State<Portal>, Caller(viewer): Caller, Body(body): Body) -> Answer {
    Ok(reply(StatusCode::CREATED, &portal.create_folder(&viewer, body).await?))
}

/// Gives a folder another title or place.
#[utoipa::path(
    patch,
    path = "/sidebars/catalog/folders/{folder}",
    tag = "Pages",
    operation_id = "patch_folder",
    params(("folder" = String, Path, description = "Identifier of the folder")),
    request_body = FolderBody,
    responses(
        (status = 200, description = "The folder", body = FolderReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not; `after_item_not_in_parent`", body = Refusal),
        (status = 404, description = "No such folder", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The folder would not be legal; `folder_depth`", body = Refusal),
    )
)]
pub(crate) async fn patch(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfName(folder): OfName,
    Body(body): Body,
) -> Answer {
    Ok(reply(StatusCode::OK, &portal.patch_folder(&viewer, &folder, body).await?))
}

/// Removes a folder. What is in it moves to where the folder stood.
#[utoipa::path(
    delete,
    path = "/sidebars/catalog/folders/{folder}",
    tag = "Pages",
    operation_id = "delete_folder",
    params(("folder" = String, Path, description = "Identifier of the folder")),
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such folder", body = Refusal),
    )
)]
pub(crate) async fn delete(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfName(folder): OfName,
) -> Answer {
    portal.delete_folder(&viewer, &folder).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}
