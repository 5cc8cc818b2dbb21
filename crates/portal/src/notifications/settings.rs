//! Which notifications somebody wants: by origin and topic, as Backstage's settings page shows them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_query::Catalog;

use super::{Stored, of};
use crate::Portal;
use crate::error::PortalError;
use crate::writer::Draft;

/// Collection of settings, by reference of a user.
const COLLECTION: &str = "notification_settings";
/// The only channel: the pages of the portal itself.
const CHANNEL: &str = "Web";
/// Bytes of one person's settings.
const LARGEST: usize = 64 * 1024;

/// What is stored: origins and topics that were switched on or off.
fn stored(user: &str, catalog: &Catalog) -> Value {
    catalog.record(COLLECTION, user).map(|record| record.body.value()).unwrap_or_default()
}

/// What is said of an item of a list by its id.
fn said<'v>(list: &'v Value, key: &str, id: &str) -> Option<&'v Value> {
    list.get(key)?.as_array()?.iter().find(|one| one.get("id").and_then(Value::as_str) == Some(id))
}

fn enabled(of: Option<&Value>) -> Option<bool> {
    of?.get("enabled").and_then(Value::as_bool)
}

/// Whether a user wants notifications of an origin and topic. Everything, where nothing is said.
pub(super) fn wants(user: &str, origin: &str, topic: Option<&str>, catalog: &Catalog) -> bool {
    let settings = stored(user, catalog);
    let Some(channel) = said(&settings, "channels", CHANNEL) else { return true };
    let of_origin = said(channel, "origins", origin);
    let of_topic = of_origin.zip(topic).and_then(|(of_origin, topic)| said(of_origin, "topics", topic));
    enabled(of_topic).or_else(|| enabled(of_origin)).or_else(|| enabled(Some(channel))).unwrap_or(true)
}

/// The origins and topics of what somebody has been sent, with what is said of them.
fn settings(user: &str, catalog: &Catalog) -> Value {
    let stored = stored(user, catalog);
    let channel = said(&stored, "channels", CHANNEL);
    let mut origins: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for record in of(Some(user), catalog).chain(of(None, catalog)) {
        let Some(one) = Stored::of(record) else { continue };
        let topic = one.payload.get("topic").and_then(Value::as_str).map(str::to_owned);
        origins.entry(one.origin).or_default().extend(topic);
    }
    let texts = |list: &Value, key: &str| -> Vec<String> {
        let all = list.get(key).and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|one| one.get("id")?.as_str().map(str::to_owned)).collect()
    };
    for origin in channel.map(|channel| texts(channel, "origins")).unwrap_or_default() {
        let of_origin = channel.and_then(|channel| said(channel, "origins", &origin));
        let topics = of_origin.map(|of_origin| texts(of_origin, "topics")).unwrap_or_default();
        origins.entry(origin).or_default().extend(topics);
    }
    let origins: Vec<Value> = origins
        .iter()
        .map(|(id, topics)| {
            let topic =
                |topic: &String| json!({ "id": topic, "enabled": wants(user, id, Some(topic), catalog) });
            json!({
                "id": id, "enabled": wants(user, id, None, catalog), "topics": topics.iter().map(topic).collect::<Vec<_>>()
            })
        })
        .collect();
    json!({ "channels": [{ "id": CHANNEL, "origins": origins }] })
}

/// Checks what a settings page sends, and keeps what is meant.
fn read(body: &Value) -> Result<Value, PortalError> {
    let wrong =
        |place: &str| PortalError::invalid(format!("request/body/{place} must have an id and enabled"));
    let list = |of: &Value, key: &str, place: &str| match of.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(all)) => Ok(all.clone()),
        Some(_) => Err(PortalError::invalid(format!("request/body/{place}{key} must be array"))),
    };
    let flag = |of: &Value, place: &str| -> Result<(String, bool), PortalError> {
        let id = of.get("id").and_then(Value::as_str).filter(|id| id.len() <= 255);
        id.map(str::to_owned).zip(enabled(Some(of))).ok_or_else(|| wrong(place))
    };
    let mut channels = Vec::new();
    for channel in list(body, "channels", "")? {
        if channel.get("id").and_then(Value::as_str) != Some(CHANNEL) {
            return Err(PortalError::invalid("Invalid channel"));
        }
        let mut origins = Vec::new();
        for origin in list(&channel, "origins", "channels/0/")? {
            let (id, on) = flag(&origin, "channels/0/origins")?;
            let mut topics = Vec::new();
            for topic in list(&origin, "topics", "channels/0/origins/")? {
                let (id, on) = flag(&topic, "channels/0/origins/topics")?;
                topics.push(json!({ "id": id, "enabled": on }));
            }
            origins.push(json!({ "id": id, "enabled": on, "topics": topics }));
        }
        let mut kept = json!({ "id": CHANNEL, "origins": origins });
        if let Some(on) = enabled(Some(&channel)) {
            kept["enabled"] = on.into();
        }
        channels.push(kept);
    }
    Ok(json!({ "channels": channels }))
}

impl Portal {
    /// Which notifications the caller wants: `{channels: [{id, origins: [{id, enabled, topics: [{id, enabled}]}]}]}`.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn notification_settings(&self, viewer: &Viewer) -> Result<Value, PortalError> {
        self.may(viewer, Action::ReadPersonalSettings, Resource::Any)?;
        let user = self.notified(viewer)?;
        Ok(settings(&user, &self.shared.catalog.load()))
    }

    /// Says anew which notifications the caller wants, and answers what is so now.
    ///
    /// # Errors
    /// `Invalid` naming the place; `Forbidden`.
    pub async fn put_notification_settings(
        &self,
        viewer: &Viewer,
        body: &Value,
    ) -> Result<Value, PortalError> {
        self.may(viewer, Action::UpdatePersonalSettings, Resource::Any)?;
        let user = self.notified(viewer)?;
        let kept = read(body)?;
        if kept.to_string().len() > LARGEST {
            return Err(PortalError::invalid(format!("settings may have {} KiB", LARGEST / 1024)));
        }
        let put = move |draft: &mut Draft| {
            draft.put_json(COLLECTION, &user, &kept);
            Ok(settings(&user, &draft.catalog))
        };
        self.commit(viewer.actor("backstage"), false, put).await
    }
}
