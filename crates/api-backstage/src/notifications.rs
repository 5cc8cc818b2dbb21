//! Backstage's notifications under `/api/notifications`.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::{Value, json};
use stagedoor_model::Timestamp;
use stagedoor_portal::{InboxQuery, Notification, Order, OrderField, Portal, Severity};
use utoipa::{IntoParams, ToSchema};

use crate::answer;
use crate::body::{JsonBody, must};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::openapi::Refusal;

/// Ids of one update.
const MOST: usize = 1_000;

/// A page of the caller's notifications.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationsPage {
    total_count: usize,
    notifications: Vec<NotificationBody>,
}

/// A notification.
#[derive(Serialize, ToSchema)]
pub(crate) struct NotificationBody {
    id: String,
    /// Null: for everybody.
    user: Option<String>,
    created: String,
    saved: Option<String>,
    read: Option<String>,
    /// When another of the same scope took its place.
    updated: Option<String>,
    /// Who sent it.
    origin: String,
    /// `title`, `description`, `link`, `severity`, `topic`, `scope`, `icon`, `metadata`.
    #[schema(value_type = Object)]
    payload: Value,
}

impl From<Notification> for NotificationBody {
    fn from(one: Notification) -> Self {
        let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
        Self {
            id: one.id,
            user: one.user,
            created: one.created.to_string(),
            saved: text(one.saved),
            read: text(one.read),
            updated: text(one.updated),
            origin: one.origin,
            payload: one.payload,
        }
    }
}

/// How many there are.
#[derive(Serialize, ToSchema)]
pub(crate) struct NotificationCounts {
    unread: usize,
    read: usize,
}

/// Topics of the caller's notifications.
#[derive(Serialize, ToSchema)]
pub(crate) struct Topics {
    topics: Vec<String>,
}

/// Which notifications.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[allow(dead_code, reason = "only described")]
pub(crate) struct NotificationParams {
    #[param(minimum = 0)]
    offset: Option<u64>,
    #[param(minimum = 0)]
    limit: Option<u64>,
    /// `created`, `topic` or `origin`, perhaps with `,asc` or `,desc`.
    order_field: Option<Vec<String>>,
    topic: Option<String>,
    /// In title or description.
    search: Option<String>,
    read: Option<bool>,
    saved: Option<bool>,
    created_after: Option<String>,
    /// `critical`, `high`, `normal` or `low`.
    minimum_severity: Option<String>,
}

/// A notification to be sent.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct NotificationSent {
    /// `{type: entity, entityRef, excludeEntityRef}` or `{type: broadcast}`.
    #[schema(value_type = Object)]
    recipients: Value,
    /// `{title, description, link, severity, topic, scope, icon, metadata}`.
    #[schema(value_type = Object)]
    payload: Value,
}

/// What is done with notifications.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct NotificationUpdate {
    ids: Vec<String>,
    #[schema(nullable = false)]
    read: Option<bool>,
    #[schema(nullable = false)]
    saved: Option<bool>,
}

fn json(body: &impl Serialize) -> Response {
    answer::json(serde_json::to_vec(body).unwrap_or_default())
}

fn bodies(all: Vec<Notification>) -> Vec<NotificationBody> {
    all.into_iter().map(Into::into).collect()
}

type Pairs = Query<Vec<(String, String)>>;

/// Unknown parameters are passed over, as Backstage does here.
fn inbox_query(pairs: &[(String, String)]) -> Result<InboxQuery, ApiError> {
    let mut query = InboxQuery::default();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        let number = || {
            value
                .parse::<usize>()
                .map_err(|_| ApiError::input(format!("request/query/{name} must be integer")))
        };
        let flag = || match value.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        match name.as_str() {
            "offset" => query.offset = number()?,
            "limit" => query.limit = Some(number()?),
            "orderField" => query.order.push(order(value)?),
            "topic" => query.topic = Some(value.clone()),
            "search" => query.search = Some(value.clone()),
            "read" => query.read = flag(),
            "saved" => query.saved = flag(),
            "createdAfter" => {
                let time = Timestamp::parse(value).ok_or_else(|| ApiError::input("Unexpected date format"));
                query.created_after = Some(time?);
            }
            "minimumSeverity" => query.severity = Some(Severity::of(value)),
            _ => {}
        }
    }
    Ok(query)
}

fn order(text: &str) -> Result<Order, ApiError> {
    let (field, direction) = text.split_once(',').unwrap_or((text, "asc"));
    let wrong = || ApiError::input(format!("Invalid order field \"{text}\""));
    let field = match field.trim() {
        "created" => OrderField::Created,
        "topic" => OrderField::Topic,
        "origin" => OrderField::Origin,
        _ => return Err(wrong()),
    };
    match direction.trim() {
        "asc" => Ok(Order { field, descending: false }),
        "desc" => Ok(Order { field, descending: true }),
        _ => Err(wrong()),
    }
}

/// What the caller has been sent, the newest first.
#[utoipa::path(
    get,
    path = "/api/notifications/notifications",
    operation_id = "notifications",
    tag = "notifications",
    params(NotificationParams),
    responses(
        (status = 200, description = "A page", body = NotificationsPage),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "The caller is a program", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Query(pairs): Pairs,
) -> Result<Response, ApiError> {
    let inbox = portal.notifications(&viewer, &inbox_query(&pairs)?)?;
    Ok(json(&NotificationsPage { total_count: inbox.total, notifications: bodies(inbox.notifications) }))
}

/// One of the caller's notifications.
#[utoipa::path(
    get,
    path = "/api/notifications/notifications/{id}",
    operation_id = "notification",
    tag = "notifications",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The notification", body = NotificationBody),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "The caller is a program", body = Refusal),
        (status = 404, description = "There is none of this id for the caller", body = Refusal),
    )
)]
pub(crate) async fn read(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    Ok(json(&NotificationBody::from(portal.notification(&viewer, &id)?)))
}

/// How many of the caller's notifications are read.
#[utoipa::path(
    get,
    path = "/api/notifications/status",
    operation_id = "notification_status",
    tag = "notifications",
    responses(
        (status = 200, description = "The counts", body = NotificationCounts),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "The caller is a program", body = Refusal),
    )
)]
pub(crate) async fn status(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
) -> Result<Response, ApiError> {
    let (unread, read) = portal.notification_counts(&viewer)?;
    Ok(json(&NotificationCounts { unread, read }))
}

/// The topics of the caller's notifications.
#[utoipa::path(
    get,
    path = "/api/notifications/topics",
    operation_id = "notification_topics",
    tag = "notifications",
    params(NotificationParams),
    responses(
        (status = 200, description = "The topics", body = Topics),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "The caller is a program", body = Refusal),
    )
)]
pub(crate) async fn topics(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Query(pairs): Pairs,
) -> Result<Response, ApiError> {
    let topics = portal.notification_topics(&viewer, &inbox_query(&pairs)?)?;
    Ok(json(&Topics { topics }))
}

/// Which notifications the caller wants.
#[utoipa::path(
    get,
    path = "/api/notifications/settings",
    operation_id = "notification_settings",
    tag = "notifications",
    responses(
        (status = 200, description = "Channels, origins and topics", body = Object),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "The caller is a program", body = Refusal),
    )
)]
pub(crate) async fn settings(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
) -> Result<Response, ApiError> {
    Ok(json(&portal.notification_settings(&viewer)?))
}

/// Says anew which notifications the caller wants.
#[utoipa::path(
    post,
    path = "/api/notifications/settings",
    operation_id = "put_notification_settings",
    tag = "notifications",
    request_body = Object,
    responses(
        (status = 200, description = "What is so now", body = Object),
        (status = 400, description = "Refused body", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "The caller is a program", body = Refusal),
    )
)]
pub(crate) async fn write_settings(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let body = Value::Object(body.unwrap_or_default());
    Ok(json(&portal.put_notification_settings(&viewer, &body).await?))
}

/// Marks notifications as read or not, saved or not.
#[utoipa::path(
    post,
    path = "/api/notifications/notifications/update",
    operation_id = "update_notifications",
    tag = "notifications",
    request_body = NotificationUpdate,
    responses(
        (status = 200, description = "Those that are the caller's", body = Vec<NotificationBody>),
        (status = 400, description = "Refused body", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "The caller is a program", body = Refusal),
    )
)]
pub(crate) async fn update(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let body = body.unwrap_or_default();
    let ids = crate::body::texts(&body, "", "ids")?.ok_or_else(|| crate::body::lacks("", "ids"))?;
    if ids.len() > MOST {
        return Err(must("/ids", &format!("NOT have more than {MOST} items")));
    }
    let flag = |key: &str| body.get(key).and_then(Value::as_bool);
    let all = portal.mark_notifications(&viewer, ids, flag("read"), flag("saved")).await?;
    Ok(json(&bodies(all)))
}

/// Sends a notification; for programs and administrators.
#[utoipa::path(
    post,
    path = "/api/notifications/notifications",
    operation_id = "send_notification",
    tag = "notifications",
    request_body = NotificationSent,
    responses(
        (status = 200, description = "What was sent", body = Vec<NotificationBody>),
        (status = 400, description = "Refused body", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn send(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let body = body.map_or_else(|| json!({}), Value::Object);
    Ok(json(&bodies(portal.send_notification(&viewer, &body).await?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_as_backstage_does() {
        let query = |pairs: &[(&str, &str)]| {
            let pairs: Vec<_> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            inbox_query(&pairs)
        };
        let read = query(&[("read", "true"), ("limit", "5"), ("offset", ""), ("new", "x")]).unwrap();
        assert_eq!((read.read, read.limit, read.offset), (Some(true), Some(5), 0));
        let order = query(&[("orderField", "topic,desc")]).unwrap().order;
        assert_eq!(order, [Order { field: OrderField::Topic, descending: true }]);
        for wrong in [
            ("limit", "-1"),
            ("limit", "x"),
            ("orderField", "id"),
            ("orderField", "created,up"),
            ("createdAfter", "soon"),
        ] {
            assert_eq!(query(&[wrong]).unwrap_err().status, 400, "{wrong:?}");
        }
    }
}
