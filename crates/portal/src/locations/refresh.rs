//! Reading the source of an entity again because somebody wants to.

use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_hosts::Priority;

use super::WAIT;
use crate::Portal;
use crate::error::PortalError;

impl Portal {
    /// Has the source of an entity read again, and waits a while for it. An entity that no source states is as it is.
    ///
    /// # Errors
    /// `NotFound` for what the viewer does not see; `Forbidden`.
    pub async fn refresh_entity(&self, viewer: &Viewer, reference: &str) -> Result<(), PortalError> {
        self.may(viewer, Action::RefreshEntity, Resource::Any)?;
        let view = self.view(viewer)?;
        let node = view.by_ref(&reference.to_lowercase()).filter(|node| view.in_backstage(*node));
        let entity = node.and_then(|node| view.entity(node));
        let entity = entity.ok_or_else(|| PortalError::NotFound(format!("Entity {reference} not found")))?;
        let claim = entity.record.claim.as_ref();
        let Some((source, item)) = claim.map(|claim| (claim.source.to_string(), claim.item.clone())) else {
            return Ok(());
        };
        drop(view);
        match item.rsplit_once('#') {
            // A provider may have thousands of places; the others are none of this entity's business.
            Some((place, _)) if !source.starts_with("url:") && !source.starts_with("file:") => {
                self.read_place(&source, place, Priority::Person, WAIT).await
            }
            _ => self.read_source(&source, Priority::Person, WAIT).await,
        };
        Ok(())
    }
}
