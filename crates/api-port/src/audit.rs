//! The audit log, in Port's shape.
#![allow(dead_code, reason = "some types are only described")]

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use stagedoor_model::Timestamp;
use stagedoor_portal::{AuditAction, AuditEntry, AuditQuery, Portal};
use utoipa::{OpenApi, ToSchema};

use crate::App;
use crate::error::{Answer, Failure};
use crate::extract::Caller;
use crate::flags::Parameters;
use crate::openapi::Refusal;

/// Events of one reply.
const MOST: usize = 1_000;
const USUAL: usize = 100;

/// The routes of this noun.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/audit-log/", get(list)).route("/audit-log", get(list))
}

/// Something that was done, or tried.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = AuditLogEvent)]
pub(crate) struct Event {
    #[schema(nullable = false)]
    identifier: Option<String>,
    /// `CREATE`, `UPDATE`, `DELETE`, `READ`, `EXECUTE`, `SIGN_IN`, `SIGN_OUT` or `USE`.
    #[schema(nullable = false)]
    action: Option<String>,
    /// `entity`, `blueprint`, `integration`, `secret`, ...
    #[schema(nullable = false)]
    resource_type: Option<String>,
    /// `SUCCESS` or `FAILURE`.
    #[schema(nullable = false)]
    status: Option<String>,
    #[schema(nullable = false)]
    message: Option<String>,
    /// `{by: {orgId, userId}, origin, at}`.
    #[schema(nullable = false)]
    trigger: Option<BTreeMap<String, Value>>,
    /// `{entity?, blueprint?, integration?, ...}`.
    #[schema(nullable = false)]
    context: Option<BTreeMap<String, Value>>,
    /// `{before, after}`; both null for what nobody is shown, such as secrets.
    #[schema(nullable = false)]
    diff: Option<BTreeMap<String, Value>>,
    #[schema(nullable = false)]
    additional_data: Option<BTreeMap<String, Value>>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct AuditsReply {
    ok: bool,
    /// Newest first.
    audits: Vec<Event>,
    /// How far back was looked, where the log goes back further: ask again with this as `to`.
    #[schema(nullable = false)]
    searched_back_to: Option<String>,
}

#[derive(OpenApi)]
#[openapi(paths(list))]
struct Document;

/// These routes, described.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// Who did and tried what, newest first.
#[utoipa::path(
    get,
    path = "/audit-log",
    tag = "Audit",
    operation_id = "list_audit_log",
    params(
        ("identifier" = Option<String>, Query, description = "Of one event, or of the things that events are about"),
        ("entity" = Option<String>, Query, description = "Identifier of an entity"),
        ("include_deleted_entities" = Option<bool>, Query, description = "Also what happened to earlier entities of that identifier"),
        ("blueprint" = Option<String>, Query, description = "Identifier of a blueprint"),
        ("run_id" = Option<String>, Query, description = "What a run did, and what was done with it"),
        ("webhookId" = Option<String>, Query, description = "There are no webhooks yet: nothing"),
        ("webhookEventId" = Option<String>, Query, description = "There are no webhooks yet: nothing"),
        ("origin" = Option<Vec<String>>, Query, description = "`UI`, `API`, or a part of the `User-Agent`"),
        ("InstallationId" = Option<String>, Query, description = "What an integration did, and what was done to it"),
        ("resources" = Option<Vec<String>>, Query, description = "Types of thing: `entity`, `blueprint`, ..."),
        ("includes" = Option<Vec<String>>, Query, description = "Only these parts of each event: `context`, `diff`, ..."),
        ("from" = Option<String>, Query, description = "Not before this time"),
        ("to" = Option<String>, Query, description = "Not after this time"),
        ("action" = Option<Vec<String>>, Query, description = "`CREATE`, `UPDATE`, `DELETE`, ..."),
        ("status" = Option<String>, Query, description = "`SUCCESS` or `FAILURE`"),
        ("actionType" = Option<String>, Query, description = "Of no event here: nothing"),
        ("limit" = Option<usize>, Query, description = "1 to 1000; 100 when absent"),
    ),
    responses(
        (status = 200, description = "The events", body = AuditsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 422, description = "A filter is not legal", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    parameters: Parameters,
) -> Answer {
    let given = |name: &str| parameters.one(name).is_some_and(|value| !value.is_empty());
    let limit = limit(&parameters)?;
    let query = query(&parameters)?;
    let includes = parameters.list("includes");
    let page = portal.audit(&viewer, query, limit).await?;
    // Nothing bears the id of a webhook: there are none.
    let none = ["webhookId", "webhookEventId", "actionType"].into_iter().any(given);
    let organization = &portal.identity().organization_id;
    let audits: Vec<Value> = match none {
        true => Vec::new(),
        false => page.entries.into_iter().map(|entry| event(entry, organization, &includes)).collect(),
    };
    let mut reply = json!({ "ok": true, "audits": audits });
    if let Some(at) = page.searched_back_to.filter(|_| !none) {
        reply["searchedBackTo"] = json!(at.to_string());
    }
    Ok(Json(reply).into_response())
}

fn limit(parameters: &Parameters) -> Result<usize, Failure> {
    match parameters.one("limit").filter(|text| !text.is_empty()).map(str::parse) {
        None => Ok(USUAL),
        Some(Ok(limit @ 1..=MOST)) => Ok(limit),
        _ => Err(Failure::invalid(format!("\"limit\" must be a number from 1 to {MOST}"))),
    }
}

fn query(parameters: &Parameters) -> Result<AuditQuery, Failure> {
    let text = |name: &str| parameters.one(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let mut query = AuditQuery {
        blueprint: text("blueprint"),
        kinds: parameters.list("resources").iter().map(|kind| kind.to_lowercase()).collect(),
        from: time(parameters, "from")?,
        to: time(parameters, "to")?,
        origins: parameters.list("origin"),
        run: text("run_id"),
        any_uid: parameters.flag("include_deleted_entities"),
        without_values: without_diff(&parameters.list("includes")),
        ..AuditQuery::default()
    };
    if let Some(entity) = text("entity") {
        (query.identifier, query.kinds) = (Some(entity), vec!["entity".to_owned()]);
    }
    match text("identifier") {
        Some(identifier) if identifier.starts_with("event_") => {
            // An id that no event has finds nothing.
            query.id = Some(id_of(&identifier).unwrap_or_default());
        }
        Some(identifier) => query.identifier = query.identifier.or(Some(identifier)),
        None => {}
    }
    if let Some(installation) = text("InstallationId") {
        query.installation = Some(installation);
    }
    for action in parameters.list("action") {
        let known = || AuditAction::ALL.map(|a| a.as_str().to_uppercase()).join(", ");
        let wrong = || {
            Failure::invalid(format!("\"action\" must be equal to one of the allowed values: {}", known()))
        };
        query.actions.push(AuditAction::parse(&action).ok_or_else(wrong)?);
    }
    query.success = match text("status").as_deref() {
        None => None,
        Some("SUCCESS") => Some(true),
        Some("FAILURE") => Some(false),
        Some(_) => {
            let text = "\"status\" must be equal to one of the allowed values: SUCCESS, FAILURE";
            return Err(Failure::invalid(text));
        }
    };
    Ok(query)
}

/// Values are not read where nobody asks for them.
fn without_diff(includes: &[String]) -> bool {
    !includes.is_empty() && !includes.iter().any(|part| part == "diff")
}

fn time(parameters: &Parameters, name: &str) -> Result<Option<Timestamp>, Failure> {
    match parameters.one(name).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => Timestamp::parse(text)
            .ok_or_else(|| Failure::invalid(format!("\"{name}\" must match format \"date-time\"")))
            .map(Some),
    }
}

/// `event_` and sixteen characters, as Port's are: which place it comes from, and its number.
fn identifier(id: &str) -> String {
    let (place, number) = id.split_at_checked(1).unwrap_or((id, ""));
    format!("event_{place}{number:0>15}")
}

fn id_of(identifier: &str) -> Option<String> {
    let (place, number) = identifier.strip_prefix("event_")?.split_at_checked(1)?;
    let number: u64 = number.parse().ok()?;
    Some(format!("{place}{number}"))
}

fn event(entry: AuditEntry, organization: &str, includes: &[String]) -> Value {
    let origin = match (entry.via.as_deref(), &entry.agent, entry.through.as_deref()) {
        (Some("session"), ..) => "UI",
        (_, Some(agent), _) => agent,
        (_, None, Some("source")) => "source",
        _ => "API",
    };
    let mut context = Map::new();
    if let Some(blueprint) = &entry.blueprint {
        context.insert("blueprint".into(), json!(blueprint));
    }
    if let Some(identifier) = entry.identifier.as_ref().filter(|_| entry.kind != "blueprint") {
        context.insert(entry.kind.clone(), json!(identifier));
    }
    let mut event = json!({
        "identifier": identifier(&entry.id),
        "action": entry.action.as_str().to_uppercase(),
        "resourceType": entry.kind,
        "status": if entry.success { "SUCCESS" } else { "FAILURE" },
        "message": entry.message.unwrap_or_default(),
        "trigger": {
            "by": { "orgId": organization, "userId": entry.actor },
            "origin": origin,
            "at": entry.at.to_string(),
        },
        "context": context,
        "diff": { "before": entry.before, "after": entry.after },
        "additionalData": {
            "via": entry.via, "credential": entry.credential, "address": entry.address, "through": entry.through,
            "right": entry.name, "revision": entry.revision, "details": entry.details,
        },
    });
    if let Some(data) = event["additionalData"].as_object_mut() {
        data.retain(|_, value| !value.is_null());
    }
    if let Some(parts) = event.as_object_mut().filter(|_| !includes.is_empty()) {
        parts.retain(|part, _| includes.contains(part));
    }
    event
}

#[cfg(test)]
mod tests {
    use super::{id_of, identifier};

    #[test]
    fn identifiers_look_like_ports_and_lead_back() {
        assert_eq!(identifier("c1234"), "event_c000000000001234");
        for id in ["c1", "r987654321", "e1000000"] {
            assert_eq!(id_of(&identifier(id)).as_deref(), Some(id));
        }
        assert_eq!(id_of("event_"), None);
        assert_eq!(id_of("event_cx"), None);
    }
}
