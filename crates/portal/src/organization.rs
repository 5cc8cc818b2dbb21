//! The organization: its name and settings, a single record.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Change, JsonText, Record};

use crate::error::PortalError;
use crate::writer::Draft;
use crate::{Portal, View};

const COLLECTION: &str = "organization";
const KEY: &str = "organization";

/// Who this installation is, before anybody changes it through the API.
#[derive(Clone, Debug)]
pub struct Identity {
    /// As in tokens.
    pub organization_id: String,
    /// The organization's name.
    pub organization: String,
    /// Under which address the world reaches this installation, without a slash at the end.
    pub base_url: Option<String>,
    /// The reference of whom Backstage's dialect calls its guest: whoever tries the portal out.
    pub guest: String,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            organization_id: "org_stagedoor".into(),
            organization: "stagedoor".into(),
            base_url: None,
            guest: "user:development/guest".into(),
        }
    }
}

impl Portal {
    /// Who this installation is by its configuration.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.shared.identity
    }

    /// Merges into the organization: of `settings` key by key, null removes.
    ///
    /// # Errors
    /// `Forbidden`; `Invalid` naming the place.
    pub async fn patch_organization(&self, viewer: &Viewer, body: Value) -> Result<(), PortalError> {
        self.write_organization(viewer, body, false).await
    }

    /// Replaces name, settings and announcement; what the body lacks is gone.
    ///
    /// # Errors
    /// As [`Portal::patch_organization`], and when there is no `name`.
    pub async fn replace_organization(&self, viewer: &Viewer, body: Value) -> Result<(), PortalError> {
        self.write_organization(viewer, body, true).await
    }

    async fn write_organization(
        &self,
        viewer: &Viewer,
        body: Value,
        replace: bool,
    ) -> Result<(), PortalError> {
        self.may(viewer, Action::UpdateOrganization, Resource::Any)?;
        let body = checked(body, replace)?;
        let write = move |draft: &mut Draft| {
            draft.write_organization(&body, replace);
            Ok(())
        };
        self.commit(viewer.actor("port"), false, write).await
    }
}

impl View {
    /// What has been set of the organization; an object, empty at first.
    #[must_use]
    pub fn organization(&self) -> Map<String, Value> {
        stored(self.catalog.record(COLLECTION, KEY))
    }
}

fn stored(record: Option<&Arc<Record>>) -> Map<String, Value> {
    match record.map(|r| r.body.value()) {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

impl Draft {
    fn write_organization(&mut self, body: &Map<String, Value>, replace: bool) {
        let old = self.catalog.record(COLLECTION, KEY).cloned();
        let mut new = if replace { Map::new() } else { stored(old.as_ref()) };
        for (key, value) in body {
            match (key.as_str(), value) {
                (_, Value::Null) => drop(new.shift_remove(key)),
                ("settings", Value::Object(settings)) => merge(&mut new, settings),
                _ => drop(new.insert(key.clone(), value.clone())),
            }
        }
        let new = JsonText::of(&Value::Object(new));
        if old.as_ref().map_or(new.as_str() == "{}", |old| old.body == new) {
            return;
        }
        let mut stamps = old.map_or_else(|| self.new_stamps(None), |old| old.stamps.clone());
        (stamps.updated_at, stamps.updated_by) = (self.at, self.actor.name.as_str().into());
        let record = Record { collection: COLLECTION.into(), key: KEY.into(), body: new, stamps };
        self.put(Change::PutRecord(Arc::new(record)));
    }
}

fn merge(organization: &mut Map<String, Value>, settings: &Map<String, Value>) {
    let place = organization.entry("settings").or_insert_with(|| json!({}));
    let Some(place) = place.as_object_mut() else { return };
    for (key, value) in settings {
        match value {
            Value::Null => drop(place.shift_remove(key)),
            value => drop(place.insert(key.clone(), value.clone())),
        }
    }
}

/// The body, if each of its fields is what it should be. Keys that nobody knows are left out.
fn checked(body: Value, replace: bool) -> Result<Map<String, Value>, PortalError> {
    let Value::Object(mut body) = body else { return Err(PortalError::invalid("body must be object")) };
    const FIELDS: [&str; 5] =
        ["name", "settings", "announcement", "isOnboarded", "toolSelectionProvisioning"];
    body.retain(|key, _| FIELDS.contains(&key.as_str()));
    match body.get("name") {
        None if replace => {
            return Err(PortalError::invalid("body must have required property 'name'"));
        }
        None => {}
        Some(name) => text("name", name, 1, 100)?,
    }
    if body.get("isOnboarded").is_some_and(|value| !value.is_boolean() && !value.is_null()) {
        return Err(wrong("isOnboarded", "must be boolean"));
    }
    if let Some(settings) = body.get("settings").filter(|s| !s.is_null()) {
        settings_checked(settings)?;
    }
    if let Some(tools) = body.get("toolSelectionProvisioning").filter(|t| !t.is_null()) {
        let tools = tools.as_object().ok_or_else(|| wrong("toolSelectionProvisioning", "must be object"))?;
        let status = tools.get("status").unwrap_or(&Value::Null);
        one_of("toolSelectionProvisioning/status", status, &["IN_PROGRESS", "DONE"])?;
    }
    if let Some(announcement) = body.get("announcement").filter(|a| !a.is_null()) {
        announcement_checked(announcement)?;
    }
    Ok(body)
}

fn settings_checked(settings: &Value) -> Result<(), PortalError> {
    let settings = settings.as_object().ok_or_else(|| PortalError::invalid("\"settings\" must be object"))?;
    for (key, value) in settings.iter().filter(|(_, value)| !value.is_null()) {
        let place = format!("settings/{key}");
        match key.as_str() {
            "hiddenBlueprints" => {
                let list = value.as_array().ok_or_else(|| wrong(&place, "must be array"))?;
                if let Some(i) = list.iter().position(|item| !item.is_string()) {
                    return Err(wrong(&format!("{place}/{i}"), "must be string"));
                }
            }
            "portalTitle" => text(&place, value, 0, 30)?,
            // It may hold the picture itself.
            "portalIcon" => text(&place, value, 0, 200_000)?,
            "supportUserExpiresAt" => text(&place, value, 0, 100)?,
            "portAgentStreamerName" => one_of(&place, value, &["KAFKA", "POLLING"])?,
            "supportUserPermission" => one_of(&place, value, &["OPT_OUT", "OPT_IN"])?,
            "federatedLogout" if !value.is_boolean() => return Err(wrong(&place, "must be boolean")),
            _ => {}
        }
    }
    Ok(())
}

fn announcement_checked(announcement: &Value) -> Result<(), PortalError> {
    let map = announcement.as_object().ok_or_else(|| wrong("announcement", "must be object"))?;
    for (key, value) in map {
        let place = format!("announcement/{key}");
        match key.as_str() {
            "enabled" if !value.is_boolean() => return Err(wrong(&place, "must be boolean")),
            "content" => text(&place, value, 1, 300)?,
            "color" => one_of(&place, value, &["blue", "red"])?,
            "link" if !value.is_null() => {
                text(&place, value, 1, 300)?;
                // It becomes a link on everybody's screen.
                let good = ["http://", "https://", "/"];
                if !good.iter().any(|start| value.as_str().is_some_and(|link| link.starts_with(start))) {
                    return Err(wrong(&place, "must be an http or https address"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn wrong(place: &str, what: &str) -> PortalError {
    PortalError::invalid(format!("\"{place}\" {what}"))
}

fn text(place: &str, value: &Value, min: usize, max: usize) -> Result<(), PortalError> {
    let text = value.as_str().ok_or_else(|| wrong(place, "must be string"))?;
    match text.chars().count() {
        n if n < min => Err(wrong(place, &format!("must NOT have fewer than {min} characters"))),
        n if n > max => Err(wrong(place, &format!("must NOT have more than {max} characters"))),
        _ => Ok(()),
    }
}

fn one_of(place: &str, value: &Value, allowed: &[&str]) -> Result<(), PortalError> {
    if value.as_str().is_some_and(|text| allowed.contains(&text)) {
        return Ok(());
    }
    Err(wrong(place, &format!("must be equal to one of the allowed values: {}", allowed.join(", "))))
}
