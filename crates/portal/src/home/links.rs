//! How somebody arranges his home page: links that are pinned to it, and the order of its sections.
//!
//! The organization's links are one record that administrators write; a person's own links and layout are personal
//! settings of the bucket `home`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Change, JsonText, Record};

use crate::error::PortalError;
use crate::writer::Draft;
use crate::{Portal, View};

/// Collection and key of the organization's links; also the bucket of personal settings.
const HOME: &str = "home";
const LINKS: &str = "links";
const LAYOUT: &str = "layout";
/// Links of one list.
const MOST_LINKS: usize = 50;
/// Characters of a title.
const LONGEST_TITLE: usize = 100;
/// Bytes of an address.
const LONGEST_ADDRESS: usize = 2_000;
/// Sections of a page.
const MOST_SECTIONS: usize = 40;

/// An address that somebody wants at hand.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HomeLink {
    /// What is shown.
    pub title: String,
    /// `http:`, `https:`, `mailto:`, or a path of this portal.
    pub url: String,
}

impl HomeLink {
    fn check(&self, at: usize) -> Result<(), PortalError> {
        let refuse = |what: String| Err(PortalError::invalid(format!("links[{at}]: {what}")));
        let title = self.title.trim();
        if title.is_empty() || title.chars().count() > LONGEST_TITLE {
            return refuse(format!("the title must have 1 to {LONGEST_TITLE} characters"));
        }
        if self.url.len() > LONGEST_ADDRESS || self.url.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return refuse(format!("the address must have at most {LONGEST_ADDRESS} bytes and no spaces"));
        }
        let lower = self.url.to_ascii_lowercase();
        let is_own = self.url.starts_with('/') && !self.url.starts_with("//") && !self.url.contains('\\');
        let is_web =
            ["http://", "https://", "mailto:"].iter().any(|s| lower.starts_with(s) && lower.len() > s.len());
        if !is_own && !is_web {
            return refuse("the address must begin with https://, http://, mailto: or one slash".into());
        }
        Ok(())
    }
}

fn checked(links: &[HomeLink]) -> Result<Value, PortalError> {
    if links.len() > MOST_LINKS {
        return Err(PortalError::invalid(format!("links: at most {MOST_LINKS} may be pinned")));
    }
    links.iter().enumerate().try_for_each(|(at, link)| link.check(at))?;
    Ok(json!(links))
}

/// What a layout may be: `{sections: [{id, hidden?, title?, blueprint?, query?}]}`.
fn check_layout(layout: &Value) -> Result<(), PortalError> {
    let refuse = |what: &str| Err(PortalError::invalid(format!("layout: {what}")));
    if layout.is_null() {
        return Ok(());
    }
    let Some(sections) = layout.get("sections").and_then(Value::as_array) else {
        return refuse("expected an object with the list `sections`, or null");
    };
    if sections.len() > MOST_SECTIONS {
        return refuse(&format!("at most {MOST_SECTIONS} sections"));
    }
    for (at, section) in sections.iter().enumerate() {
        let id = section.get("id").and_then(Value::as_str).unwrap_or_default();
        if id.is_empty() || id.len() > LONGEST_TITLE {
            return refuse(&format!("sections[{at}].id must have 1 to {LONGEST_TITLE} bytes"));
        }
        for key in ["title", "blueprint", "query"] {
            if section.get(key).is_some_and(|text| text.as_str().is_none_or(|t| t.len() > LONGEST_ADDRESS)) {
                return refuse(&format!(
                    "sections[{at}].{key} must be a text of at most {LONGEST_ADDRESS} bytes"
                ));
            }
        }
    }
    Ok(())
}

impl Portal {
    /// Replaces the caller's own links. An empty list forgets them.
    ///
    /// # Errors
    /// `Invalid` naming the link; `Forbidden`.
    pub async fn put_own_links(&self, viewer: &Viewer, links: &[HomeLink]) -> Result<(), PortalError> {
        let links = checked(links)?;
        self.put_user_setting(viewer, HOME, LINKS, links).await
    }

    /// Replaces the organization's links.
    ///
    /// # Errors
    /// `Invalid` naming the link; `Forbidden`.
    pub async fn put_organization_links(
        &self,
        viewer: &Viewer,
        links: &[HomeLink],
    ) -> Result<(), PortalError> {
        self.may(viewer, Action::UpdateOrganization, Resource::Any)?;
        let body = JsonText::of(&json!({ LINKS: checked(links)? }));
        let put = move |draft: &mut Draft| {
            let old = draft.catalog.record(HOME, LINKS).map(Arc::clone);
            if old.as_ref().map_or(body.as_str() == r#"{"links":[]}"#, |old| old.body == body) {
                return Ok(());
            }
            let mut stamps = old.map_or_else(|| draft.new_stamps(None), |old| old.stamps.clone());
            (stamps.updated_at, stamps.updated_by) = (draft.at, draft.actor.name.as_str().into());
            let record = Record { collection: HOME.into(), key: LINKS.into(), body: body.clone(), stamps };
            draft.put(Change::PutRecord(Arc::new(record)));
            Ok(())
        };
        self.commit(viewer.actor("native"), false, put).await
    }

    /// Arranges the caller's home page; null arranges it as it came.
    ///
    /// # Errors
    /// `Invalid` naming the place; `Forbidden`.
    pub async fn put_home_layout(&self, viewer: &Viewer, layout: Value) -> Result<(), PortalError> {
        check_layout(&layout)?;
        match layout {
            Value::Null => self.delete_user_setting(viewer, HOME, LAYOUT).await,
            layout => self.put_user_setting(viewer, HOME, LAYOUT, layout).await,
        }
    }

    pub(super) fn own_links(&self, viewer: &Viewer) -> Vec<HomeLink> {
        serde_json::from_value(self.home_setting(viewer, LINKS)).unwrap_or_default()
    }

    pub(super) fn home_layout(&self, viewer: &Viewer) -> Value {
        self.home_setting(viewer, LAYOUT)
    }

    /// Null also for who has no settings: a credential of a program, for instance.
    fn home_setting(&self, viewer: &Viewer, key: &str) -> Value {
        let found = self.user_settings(viewer, [(HOME, key)]).unwrap_or_default();
        found.into_iter().next().flatten().unwrap_or_default()
    }
}

impl View {
    pub(super) fn home_links(&self) -> Vec<HomeLink> {
        let record = self.catalog.record(HOME, LINKS).map(|record| record.body.value());
        let links = record.and_then(|body| body.get(LINKS).cloned()).unwrap_or_default();
        serde_json::from_value(links).unwrap_or_default()
    }
}
