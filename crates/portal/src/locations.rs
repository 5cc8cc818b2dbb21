//! Locations that people register: addresses of files, each a source of the catalog like those of the configuration.
//!
//! A location is a record, so it is in the change log, in the backup and on every replica; reading it is the business
//! of `sources`. It goes together with what it said. What a person may not see of `Location` entities it does not see
//! of locations either.

mod analyze;
mod ancestry;
mod outlook;
mod refresh;
mod repository;
mod trial;
mod unprocessed;
mod validate;
mod write;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use sha1::{Digest as _, Sha1};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_hosts::GitAddress;
use stagedoor_model::{EntityRef, Record, json};
use stagedoor_query::Catalog;
use url::Url;
use uuid::Uuid;

use crate::error::PortalError;
use crate::sources::REGISTERED;
use crate::{Portal, View};

pub use analyze::{Analysis, KnownFile};
pub use ancestry::Ancestor;
pub use outlook::{Outlook, OutlookFault, Outlooked};
pub use trial::Trial;
pub use unprocessed::Unprocessed;
pub use validate::Fault;
pub use write::Registered;

/// The only type that may be registered: a person must not make the server read its own files.
const TYPE: &str = "url";
/// How long a person waits for a reading; it goes on without.
const WAIT: Duration = Duration::from_secs(5);

/// What becomes of the registration of a location that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// It is refused.
    #[default]
    Reject,
    /// The location is read again.
    Refresh,
}

/// A registered location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// A UUID.
    pub id: String,
    /// `url`.
    pub kind: String,
    /// The address.
    pub target: String,
    /// Of the `Location` entity that stands for it.
    pub entity_ref: String,
}

impl Location {
    fn new(id: &str, kind: &str, target: &str) -> Self {
        let digest = Sha1::digest(format!("{kind}:{target}").as_bytes());
        let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let entity_ref = format!("location:default/generated-{hash}");
        Self { id: id.to_owned(), kind: kind.to_owned(), target: target.to_owned(), entity_ref }
    }

    fn of(record: &Record) -> Self {
        let body = record.body.value();
        let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
        Self::new(&record.key, text("type"), text("target"))
    }

    /// The id of the source that reads it.
    fn source(&self) -> String {
        format!("{}:{}", self.kind, self.target)
    }

    /// The name of the source that reads it.
    pub(crate) fn source_name(&self) -> String {
        self.source()
    }
}

/// The registered location of a type and target.
fn find(catalog: &Catalog, kind: &str, target: &str) -> Option<Location> {
    catalog.records(REGISTERED).map(|r| Location::of(r)).find(|l| l.kind == kind && l.target == target)
}

fn absent(id: &str) -> PortalError {
    PortalError::NotFound(format!("Found no location with ID {id}"))
}

/// Refuses what can be no target of a location.
fn check_target(kind: &str, target: &str) -> Result<(), PortalError> {
    if kind != TYPE {
        let text = format!("Registered locations must be of an allowed type [\"{TYPE}\"]");
        return Err(PortalError::invalid(text));
    }
    stagedoor_ingest::LocationRef::parse(&format!("{kind}:{target}")).map_err(PortalError::invalid)?;
    if GitAddress::is_meant_by(target) {
        return match GitAddress::parse(target) {
            Ok(address) if !address.path().is_empty() => Ok(()),
            Ok(_) => Err(PortalError::invalid(format!(
                "The target \"{target}\" of a location names no file: behind the repository follow // and the path in it"
            ))),
            // Not repeated: there may be a credential in it.
            Err(error) => {
                Err(PortalError::invalid(format!("The target of a location cannot be read: {error}")))
            }
        };
    }
    match Url::parse(target) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(()),
        Ok(_) => {
            let text = format!("The target \"{target}\" of a location must begin with https:// or http://");
            Err(PortalError::invalid(text))
        }
        Err(error) => {
            Err(PortalError::invalid(format!("The target \"{target}\" of a location is not a URL: {error}")))
        }
    }
}

impl Portal {
    /// The registered locations that the viewer may see, by id.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn locations(&self, viewer: &Viewer) -> Result<Vec<Location>, PortalError> {
        let view = self.view_for(viewer, Action::ReadLocations, Resource::Any)?;
        Ok(self.seen_locations(&view))
    }

    /// A registered location by its id.
    ///
    /// # Errors
    /// `NotFound`, also for what is no id; `Forbidden`.
    pub fn location(&self, viewer: &Viewer, id: &str) -> Result<Location, PortalError> {
        let view = self.view_for(viewer, Action::ReadLocations, Resource::Any)?;
        self.seen(&view, id).map(|record| Location::of(&record))
    }

    /// The registered location that an entity comes from in the end.
    ///
    /// # Errors
    /// `NotFound` where it comes from none, or is none; `Forbidden`.
    pub fn location_of_entity(
        &self,
        viewer: &Viewer,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Location, PortalError> {
        self.may(viewer, Action::ReadLocations, Resource::Any)?;
        let view = self.view(viewer)?;
        let entity = EntityRef { kind: kind.into(), namespace: namespace.into(), name: name.into() };
        let reference = entity.key();
        let none = |text: String| PortalError::NotFound(text);
        let node = view.by_ref(&reference).filter(|node| view.in_backstage(*node));
        let node = node.ok_or_else(|| none(format!("found no entity for ref {reference}")))?;
        let document = view.backstage_value(node);
        let annotation = json::at(&document, "metadata.annotations")
            .and_then(|all| all.get("backstage.io/managed-by-origin-location")?.as_str());
        let Some((kind, target)) = annotation.and_then(|text| text.split_once(':')) else {
            return Err(none(format!("found no origin annotation for ref {reference}")));
        };
        let found = find(&view.catalog, kind, target).filter(|l| self.shows(&view, &l.entity_ref));
        found.ok_or_else(|| none(format!("Found no location with type {kind} and target {target}")))
    }

    fn seen_locations(&self, view: &View) -> Vec<Location> {
        let mut all: Vec<Location> = view.catalog.records(REGISTERED).map(|r| Location::of(r)).collect();
        all.retain(|location| self.shows(view, &location.entity_ref));
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    fn seen(&self, view: &View, id: &str) -> Result<Arc<Record>, PortalError> {
        let record = Uuid::parse_str(id).ok().and_then(|id| view.catalog.record(REGISTERED, &id.to_string()));
        let record = record.filter(|record| self.shows(view, &Location::of(record).entity_ref));
        record.cloned().ok_or_else(|| absent(id))
    }

    /// Whether an entity of this reference is, or would be, nothing that is kept from the viewer.
    fn shows(&self, view: &View, reference: &str) -> bool {
        let kind = stagedoor_model::entity_ref::kind_of(reference);
        let entry = view.catalog.blueprints().by_kind(kind);
        entry.is_none_or(|entry| {
            self.sees_all_of(view, &entry.blueprint.identifier) || view.by_ref(reference).is_some()
        })
    }

    /// Refuses changes where the configuration says that there are none.
    fn locations_may_change(&self) -> Result<(), PortalError> {
        match self.shared.sources.config.readonly {
            true => Err(PortalError::Forbidden("This operation not allowed in readonly mode".into())),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Location, check_target};

    #[test]
    fn the_entity_of_a_location_is_named_as_in_backstage() {
        let location = Location::new("x", "url", "https://larkfell.example/a.yaml");
        // sha1 of `url:https://larkfell.example/a.yaml`
        assert_eq!(location.source(), "url:https://larkfell.example/a.yaml");
        assert!(location.entity_ref.starts_with("location:default/generated-"));
        assert_eq!(location.entity_ref.len(), "location:default/generated-".len() + 40);
    }

    #[test]
    fn only_web_addresses_can_be_registered() {
        let text = |kind: &str, target: &str| check_target(kind, target).map_err(|e| e.to_string());
        assert_eq!(text("url", "https://larkfell.example/a.yaml"), Ok(()));
        let allowed = "Registered locations must be of an allowed type [\"url\"]";
        for kind in ["file", "URL", "bootstrap", "", "http"] {
            assert_eq!(text(kind, "/etc/passwd"), Err(allowed.into()), "{kind}");
        }
        for target in [
            "",
            "  ",
            "a.yaml",
            "/etc/passwd",
            "file:///etc/passwd",
            "gopher://larkfell.example/",
            "data:text/yaml,kind: x",
            "javascript:alert(1)",
            "java\nscript:alert(1)",
            "ftp://larkfell.example/a",
            "http://",
        ] {
            assert!(text("url", target).is_err(), "{target:?}");
        }
    }
}
