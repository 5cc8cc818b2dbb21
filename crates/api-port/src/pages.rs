//! Pages, their widgets and permissions.
#![allow(dead_code, reason = "some types are only described")]

use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, patch as patch_route};
use axum::{Json, Router};
use http::StatusCode;
use http::request::Parts;
use serde_json::{Value, json};
use stagedoor_portal::{Page, Portal};
use utoipa::{OpenApi, ToSchema};

use crate::App;
use crate::error::Answer;
use crate::extract::{Body, Caller, decode};
use crate::flags::Parameters;
use crate::openapi::{Done, Refusal};

/// The routes of this noun.
pub(crate) fn routes() -> Router<App> {
    let routes: [(&str, MethodRouter<App>); 4] = [
        ("/pages", get(list).post(create)),
        ("/pages/{page}", get(read).put(replace).patch(patch).delete(delete)),
        ("/pages/{page}/permissions", get(permissions).patch(patch_permissions)),
        ("/pages/{page}/widgets/{widget}", patch_route(patch_widget).delete(delete_widget)),
    ];
    routes.into_iter().fold(Router::new(), |router, (path, methods)| {
        router.route(&format!("{path}/"), methods.clone()).route(path, methods)
    })
}

/// `/pages/{page}/widgets/{widget}`; empty where the path ends before.
pub(crate) struct OfPage {
    page: String,
    widget: String,
}

impl<S: Sync> FromRequestParts<S> for OfPage {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let path = parts.uri.path();
        let rest = path.split_once("/pages/").map_or("", |(_, rest)| rest);
        let mut names = rest.split('/');
        let page = decode(names.next().unwrap_or_default(), false);
        Ok(Self { page, widget: decode(names.nth(1).unwrap_or_default(), false) })
    }
}

/// A page. Widgets are answered as they were sent.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct PageBody {
    /// Letters of any script, digits and `@_.+:\/-`. Made from the title where absent.
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    identifier: Option<String>,
    #[schema(max_length = 100)]
    title: Option<String>,
    icon: Option<String>,
    /// `dashboard` where absent. `entity` and `home` pages are there by themselves.
    #[schema(nullable = false, pattern = "^(dashboard|blueprint-entities|entity|home)$")]
    r#type: Option<String>,
    /// Of `blueprint-entities` and `entity`.
    blueprint: Option<String>,
    description: Option<String>,
    /// Each with a `type`; what else it needs is said by its type.
    #[schema(nullable = false)]
    widgets: Option<Vec<BTreeMap<String, Value>>>,
    /// `{identifier, title, query}`.
    #[schema(nullable = false)]
    page_filters: Option<Vec<BTreeMap<String, Value>>>,
    locked: Option<bool>,
    protected: Option<bool>,
    show_in_sidebar: Option<bool>,
    section: Option<String>,
    /// `catalog`.
    sidebar: Option<String>,
    /// The folder that it is in.
    parent: Option<String>,
    /// The page or folder that it comes after.
    after: Option<String>,
    /// Of `entity` pages.
    required_query_params: Option<Vec<String>>,
}

/// A page as stored, with who and when.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = Page)]
pub(crate) struct Shown {
    #[schema(inline)]
    #[serde(flatten)]
    body: PageBody,
    created_at: String,
    created_by: String,
    updated_at: String,
    updated_by: String,
}

#[derive(ToSchema)]
#[schema(as = OnePageReply)]
pub(crate) struct OnePage {
    ok: bool,
    page: Shown,
}

#[derive(ToSchema)]
pub(crate) struct MadePage {
    ok: bool,
    identifier: String,
    page: Shown,
}

#[derive(ToSchema)]
pub(crate) struct Pages {
    ok: bool,
    pages: Vec<Shown>,
}

/// Whom something is open to. Administrators always may.
#[derive(ToSchema)]
pub(crate) struct PageBlock {
    #[schema(nullable = false)]
    users: Option<Vec<String>>,
    #[schema(nullable = false)]
    roles: Option<Vec<String>>,
    #[schema(nullable = false)]
    teams: Option<Vec<String>>,
}

/// Who may read and who may change a page. Null gives the default back.
#[derive(ToSchema)]
pub(crate) struct PagePermissions {
    read: Option<PageBlock>,
    update: Option<PageBlock>,
}

#[derive(ToSchema)]
pub(crate) struct PagePermissionsReply {
    ok: bool,
    permissions: PagePermissions,
}

#[derive(ToSchema)]
pub(crate) struct ChangedWidget {
    ok: bool,
    /// Of the widget.
    identifier: String,
}

#[derive(OpenApi)]
#[openapi(paths(
    list,
    create,
    read,
    replace,
    patch,
    delete,
    permissions,
    patch_permissions,
    patch_widget,
    delete_widget
))]
struct Document;

/// These routes, described.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

fn reply(page: &Page) -> Response {
    Json(json!({ "ok": true, "page": page.to_port(false) })).into_response()
}

/// Lists the pages that the caller may read, by identifier.
#[utoipa::path(
    get,
    path = "/pages",
    tag = "Pages",
    operation_id = "list_pages",
    params(("compact" = Option<bool>, Query, description = "Without widgets and filters")),
    responses(
        (status = 200, description = "The pages", body = Pages),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    parameters: Parameters,
) -> Answer {
    let compact = parameters.flag("compact");
    let pages: Vec<Value> = portal.pages(&viewer)?.iter().map(|page| page.to_port(compact)).collect();
    Ok(Json(json!({ "ok": true, "pages": pages })).into_response())
}

/// Makes a page.
#[utoipa::path(
    post,
    path = "/pages",
    tag = "Pages",
    operation_id = "create_page",
    request_body = PageBody,
    responses(
        (status = 201, description = "The page", body = MadePage),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not; `after_item_not_in_parent`", body = Refusal),
        (status = 404, description = "No such folder or blueprint", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The page is not legal", body = Refusal),
    )
)]
pub(crate) async fn create(State(portal): State<Portal>, Caller(viewer): Caller, Body(body): Body) -> Answer {
    let page = portal.create_page(&viewer, body).await?;
    let body = json!({ "ok": true, "identifier": page.identifier(), "page": page.to_port(false) });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// One page.
#[utoipa::path(
    get,
    path = "/pages/{page}",
    tag = "Pages",
    operation_id = "get_page",
    params(("page" = String, Path, description = "Identifier of the page")),
    responses(
        (status = 200, description = "The page", body = OnePage),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such page", body = Refusal),
    )
)]
pub(crate) async fn read(State(portal): State<Portal>, Caller(viewer): Caller, of: OfPage) -> Answer {
    Ok(reply(&portal.page(&viewer, &of.page)?))
}

/// Replaces a page: what the body lacks is gone.
#[utoipa::path(
    put,
    path = "/pages/{page}",
    tag = "Pages",
    operation_id = "replace_page",
    params(("page" = String, Path, description = "Identifier of the page")),
    request_body = PageBody,
    responses(
        (status = 200, description = "The page", body = OnePage),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not; `after_item_not_in_parent`", body = Refusal),
        (status = 404, description = "No such page, folder or blueprint", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The page is not legal", body = Refusal),
    )
)]
pub(crate) async fn replace(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    of: OfPage,
    Body(body): Body,
) -> Answer {
    Ok(reply(&portal.replace_page(&viewer, &of.page, body).await?))
}

/// Sets keys of a page; null removes one. `type` cannot be changed. A null `after` puts it first in its folder.
#[utoipa::path(
    patch,
    path = "/pages/{page}",
    tag = "Pages",
    operation_id = "patch_page",
    params(("page" = String, Path, description = "Identifier of the page")),
    request_body = PageBody,
    responses(
        (status = 200, description = "The page", body = OnePage),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not; `after_item_not_in_parent`", body = Refusal),
        (status = 404, description = "No such page, folder or blueprint", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The page would not be legal", body = Refusal),
    )
)]
pub(crate) async fn patch(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    of: OfPage,
    Body(body): Body,
) -> Answer {
    Ok(reply(&portal.patch_page(&viewer, &of.page, body).await?))
}

/// Removes a page. The home page and entity pages stay.
#[utoipa::path(
    delete,
    path = "/pages/{page}",
    tag = "Pages",
    operation_id = "delete_page",
    params(("page" = String, Path, description = "Identifier of the page")),
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such page", body = Refusal),
        (status = 422, description = "`protected_resource`", body = Refusal),
    )
)]
pub(crate) async fn delete(State(portal): State<Portal>, Caller(viewer): Caller, of: OfPage) -> Answer {
    portal.delete_page(&viewer, &of.page).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}

/// Who may read and change a page.
#[utoipa::path(
    get,
    path = "/pages/{page}/permissions",
    tag = "Pages",
    operation_id = "get_page_permissions",
    params(("page" = String, Path, description = "Identifier of the page")),
    responses(
        (status = 200, description = "The permissions", body = PagePermissionsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such page", body = Refusal),
    )
)]
pub(crate) async fn permissions(State(portal): State<Portal>, Caller(viewer): Caller, of: OfPage) -> Answer {
    let permissions = portal.page_permissions(&viewer, &of.page)?;
    Ok(Json(json!({ "ok": true, "permissions": permissions })).into_response())
}

/// Sets who may read and change a page, key by key.
#[utoipa::path(
    patch,
    path = "/pages/{page}/permissions",
    tag = "Pages",
    operation_id = "patch_page_permissions",
    params(("page" = String, Path, description = "Identifier of the page")),
    request_body = PagePermissions,
    responses(
        (status = 200, description = "The permissions", body = PagePermissionsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such page", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "These are no permissions", body = Refusal),
    )
)]
pub(crate) async fn patch_permissions(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    of: OfPage,
    Body(body): Body,
) -> Answer {
    let permissions = portal.patch_page_permissions(&viewer, &of.page, body).await?;
    Ok(Json(json!({ "ok": true, "permissions": permissions })).into_response())
}

/// Puts a widget in the place of one, wherever in the page it is.
#[utoipa::path(
    patch,
    path = "/pages/{page}/widgets/{widget}",
    tag = "Pages",
    operation_id = "patch_page_widget",
    params(
        ("page" = String, Path, description = "Identifier of the page"),
        ("widget" = String, Path, description = "`id` of the widget"),
    ),
    request_body = serde_json::Map<String, Value>,
    responses(
        (status = 200, description = "Done", body = ChangedWidget),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such page or widget", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The widget is not legal", body = Refusal),
    )
)]
pub(crate) async fn patch_widget(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    of: OfPage,
    Body(body): Body,
) -> Answer {
    portal.replace_widget(&viewer, &of.page, &of.widget, body).await?;
    Ok(Json(json!({ "ok": true, "identifier": of.widget })).into_response())
}

/// Takes a widget out of a page and out of its layout.
#[utoipa::path(
    delete,
    path = "/pages/{page}/widgets/{widget}",
    tag = "Pages",
    operation_id = "delete_page_widget",
    params(
        ("page" = String, Path, description = "Identifier of the page"),
        ("widget" = String, Path, description = "`id` of the widget"),
    ),
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such page or widget", body = Refusal),
    )
)]
pub(crate) async fn delete_widget(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    of: OfPage,
) -> Answer {
    portal.delete_widget(&viewer, &of.page, &of.widget).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}
