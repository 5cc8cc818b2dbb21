//! Backstage's user settings under `/api/user-settings`: what the frontend keeps of stars, theme and home page.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use stagedoor_portal::Portal;
use utoipa::ToSchema;

use crate::answer;
use crate::body::{JsonBody, lacks, must};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::frontend::nothing;
use crate::openapi::Refusal;

/// Settings that one request may ask for.
const MOST: usize = 1_000;

/// One setting.
#[derive(Serialize, ToSchema)]
pub(crate) struct Setting {
    bucket: String,
    key: String,
    value: Value,
}

/// As many as were asked for, in their order; null where one is not set.
#[derive(Serialize, ToSchema)]
pub(crate) struct Settings {
    items: Vec<Option<Setting>>,
}

/// What is asked for.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct SettingsAsked {
    items: Vec<SettingAsked>,
}

#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
struct SettingAsked {
    bucket: String,
    key: String,
}

/// A new value.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct SettingValue {
    value: Value,
}

fn one(portal: &Portal, caller: &Caller, bucket: &str, key: &str) -> Result<Response, ApiError> {
    let found = portal.user_settings(&caller.0, [(bucket, key)])?.pop().flatten();
    let missing = || ApiError::not_found(format!("Unable to find '{key}' in bucket '{bucket}'"));
    let value = found.ok_or_else(missing)?;
    let setting = Setting { bucket: bucket.to_owned(), key: key.to_owned(), value };
    Ok(answer::json(serde_json::to_vec(&setting).unwrap_or_default()))
}

/// One of the caller's settings.
#[utoipa::path(
    get,
    path = "/api/user-settings/buckets/{bucket}/keys/{key}",
    operation_id = "user_setting",
    tag = "user-settings",
    params(("bucket" = String, Path), ("key" = String, Path)),
    responses(
        (status = 200, description = "The setting", body = Setting),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 404, description = "It is not set", body = Refusal),
    )
)]
pub(crate) async fn read(
    State(portal): State<Portal>,
    caller: Caller,
    Path((bucket, key)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    one(&portal, &caller, &bucket, &key)
}

/// Sets one of the caller's settings.
#[utoipa::path(
    put,
    path = "/api/user-settings/buckets/{bucket}/keys/{key}",
    operation_id = "put_user_setting",
    tag = "user-settings",
    params(("bucket" = String, Path), ("key" = String, Path)),
    request_body = SettingValue,
    responses(
        (status = 200, description = "The setting", body = Setting),
        (status = 400, description = "Refused body, or too many or too large settings", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn write(
    State(portal): State<Portal>,
    caller: Caller,
    Path((bucket, key)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let value = body.and_then(|mut body| body.remove("value"));
    let value = value.ok_or_else(|| ApiError::input("Missing required field \"value\""))?;
    portal.put_user_setting(&caller.0, &bucket, &key, value).await?;
    one(&portal, &caller, &bucket, &key)
}

/// Forgets one of the caller's settings.
#[utoipa::path(
    delete,
    path = "/api/user-settings/buckets/{bucket}/keys/{key}",
    operation_id = "delete_user_setting",
    tag = "user-settings",
    params(("bucket" = String, Path), ("key" = String, Path)),
    responses(
        (status = 204, description = "It is not set any more"),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn delete(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Path((bucket, key)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    portal.delete_user_setting(&viewer, &bucket, &key).await?;
    Ok(nothing())
}

/// Several of the caller's settings.
#[utoipa::path(
    post,
    path = "/api/user-settings/multiget",
    operation_id = "user_settings",
    tag = "user-settings",
    request_body = SettingsAsked,
    responses(
        (status = 200, description = "The settings", body = Settings),
        (status = 400, description = "Refused body", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn read_many(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let body = body.unwrap_or_default();
    let items = body.get("items").ok_or_else(|| lacks("", "items"))?;
    let items = items.as_array().ok_or_else(|| must("/items", "be array"))?;
    if items.len() > MOST {
        return Err(must("/items", &format!("NOT have more than {MOST} items")));
    }
    let mut asked = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let at = format!("/items/{index}");
        let item = item.as_object().ok_or_else(|| must(&at, "be object"))?;
        let text = |key| crate::body::text(item, &at, key)?.ok_or_else(|| lacks(&at, key));
        asked.push((text("bucket")?, text("key")?));
    }
    let found = portal.user_settings(&viewer, asked.iter().copied())?;
    let setting = |((bucket, key), value): (&(&str, &str), Option<Value>)| {
        Some(Setting { bucket: (*bucket).to_owned(), key: (*key).to_owned(), value: value? })
    };
    let items = asked.iter().zip(found).map(setting).collect();
    Ok(answer::json(serde_json::to_vec(&Settings { items }).unwrap_or_default()))
}
