//! What a location would bring, without registering it.

use std::collections::HashSet;

use serde_json::{Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_ingest::{ReadContext, read_value};
use tokio::runtime::Handle;

use super::{Location, check_target, find};
use crate::Portal;
use crate::error::PortalError;
use crate::sources::KnownKinds;

/// What registering a location would bring.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Whether it is registered already.
    pub exists: bool,
    /// The location as it would be; its id is `<type>:<target>`.
    pub location: Location,
    /// The `Location` entity that stands for it, then everything found, as it would be stored.
    pub entities: Vec<Value>,
}

impl Portal {
    /// Reads a location with everything it leads to, as if it were registered. Nothing is written.
    ///
    /// # Errors
    /// `Invalid` with all that is wrong there, or with the target; `Forbidden`.
    pub async fn try_location(
        &self,
        viewer: &Viewer,
        kind: &str,
        target: &str,
    ) -> Result<Trial, PortalError> {
        let view = self.view_for(viewer, Action::RegisterLocation, Resource::Any)?;
        check_target(kind, target)?;
        let known = find(&view.catalog, kind, target).filter(|l| self.shows(&view, &l.entity_ref));
        drop(view);
        let location = Location::new(&format!("{kind}:{target}"), kind, target);
        let entities = self.entities_behind(&location).await?;
        Ok(Trial { exists: known.is_some(), location, entities })
    }

    pub(super) async fn entities_behind(&self, location: &Location) -> Result<Vec<Value>, PortalError> {
        let reading = self.dry_read(&location.kind, &location.target, &Handle::current()).await;
        if !reading.errors.is_empty() {
            let texts: Vec<String> = reading.errors.into_iter().map(|error| error.text).collect();
            return Err(PortalError::invalid(texts.join(", ")));
        }
        let mut seen = HashSet::from([location.entity_ref.clone()]);
        let mut entities = vec![self.entity_of(location)];
        for document in reading.documents {
            // The reading may begin with the location itself.
            if document.reference == location.entity_ref {
                continue;
            }
            if !seen.insert(document.reference.clone()) {
                let text = format!("Duplicate nested entity: {}", document.reference);
                return Err(PortalError::invalid(text));
            }
            entities.push(document.value);
        }
        Ok(entities)
    }
}

impl Portal {
    /// The entity that stands for a location, with the annotations of its address.
    fn entity_of(&self, location: &Location) -> Value {
        let name = location.entity_ref.rsplit('/').next().unwrap_or_default();
        let source = location.source();
        let value = json!({
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "Location",
            "metadata": { "name": name, "namespace": "default" },
            "spec": { "type": location.kind, "target": location.target },
        });
        let kinds = KnownKinds::of(self.shared.catalog.load().blueprints());
        let context = ReadContext::for_location(&source, &source, &kinds);
        let read = read_value(value.clone(), &context.with_hosts(&self.shared.sources.code_hosts));
        read.map_or(value, |read| read.value)
    }
}
