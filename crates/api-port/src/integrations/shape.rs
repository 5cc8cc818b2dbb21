//! Integrations as Port's clients read them.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};
use stagedoor_portal::{Identity, Integration, Portal};

use super::place::Base;

pub(super) fn reply(one: &Integration, portal: &Portal, base: &Base) -> Response {
    let integration = whole(one, portal.identity(), base);
    Json(json!({ "ok": true, "integration": integration })).into_response()
}

/// Without mapping and addresses.
pub(super) fn brief(one: &Integration, identity: &Identity) -> Value {
    let mut out = Map::new();
    out.insert("_orgId".into(), identity.organization_id.as_str().into());
    out.insert("identifier".into(), one.text("installationId").into());
    out.insert("title".into(), Value::Null);
    out.insert("integrationType".into(), one.body.get("installationAppType").cloned().unwrap_or_default());
    let shown = |key: &str| !matches!(key, "logIngestId" | "resyncRequest");
    out.extend(one.body.iter().filter(|(key, _)| shown(key)).map(|(k, v)| (k.clone(), v.clone())));
    let state = if one.resync_state.is_null() { json!({}) } else { one.resync_state.clone() };
    out.insert("resyncState".into(), state);
    for (key, value) in [
        ("createdAt", one.stamps.created_at.to_string()),
        ("createdBy", one.stamps.created_by.clone().to_string()),
        ("updatedAt", one.stamps.updated_at.to_string()),
        ("updatedBy", one.stamps.updated_by.clone().to_string()),
    ] {
        out.insert(key.into(), value.into());
    }
    Value::Object(out)
}

/// With all that its clients insist on; what nobody has said has Port's default.
pub(super) fn whole(one: &Integration, identity: &Identity, Base(base): &Base) -> Value {
    let mut out = brief(one, identity);
    let Some(map) = out.as_object_mut() else { return out };
    for (key, default) in [
        ("installationAppType", Value::Null),
        ("version", Value::Null),
        ("spec", json!({})),
        // Not empty objects: clients take those for said.
        ("config", Value::Null),
        ("changelogDestination", Value::Null),
        ("actionsProcessingEnabled", json!(false)),
        // Everything runs with its owner here; some integrations refuse to start as anything else.
        ("installationType", json!("OnPrem")),
    ] {
        map.entry(key).or_insert(default);
    }
    let id = one.text("logIngestId");
    map.insert("clientId".into(), one.stamps.created_by.as_str().into());
    for (key, what) in [("logAttributes", "logs"), ("metricAttributes", "metrics")] {
        map.insert(
            key.into(),
            json!({ "ingestId": id, "ingestUrl": format!("{base}/v1/ingest/{what}/{id}") }),
        );
    }
    out
}
