//! Registering, changing and deleting locations.

use std::sync::Arc;

use serde_json::json;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_hosts::Priority;
use stagedoor_model::{Change, JsonText, Record, Stamps};
use uuid::Uuid;

use super::{Location, OnConflict, WAIT, absent, check_target, find};
use crate::Portal;
use crate::error::PortalError;
use crate::sources::{REGISTERED, ReadEnd};
use crate::writer::Draft;

/// What became of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The location, which may have been there before.
    pub location: Location,
    /// Whether it has been read to its end; otherwise that is still under way.
    pub read: bool,
}

impl Portal {
    /// Registers a location and waits a while for its reading, so that what it says is there on return.
    ///
    /// # Errors
    /// `Conflict` where it is registered or configured already, unless `on_conflict` says to read it again; `Invalid`
    /// for another type than `url` and for a target that is no web address; `Forbidden`, also where nothing may be
    /// registered.
    pub async fn register_location(
        &self,
        viewer: &Viewer,
        kind: &str,
        target: &str,
        on_conflict: Option<OnConflict>,
    ) -> Result<Registered, PortalError> {
        self.may(viewer, Action::RegisterLocation, Resource::Any)?;
        self.locations_may_change()?;
        check_target(kind, target)?;
        let config = &self.shared.sources.config;
        let usual = if config.refreshes_registered { OnConflict::Refresh } else { OnConflict::Reject };
        let on_conflict = on_conflict.unwrap_or(usual);
        self.refuse_configured(kind, target)?;
        let location = Location::new(&Uuid::new_v4().to_string(), kind, target);
        let new = location.id.clone();
        let put = move |draft: &mut Draft| match find(&draft.catalog, &location.kind, &location.target) {
            Some(known) if on_conflict == OnConflict::Refresh => Ok(known),
            Some(known) => Err(taken(&known.kind, &known.target)),
            None => {
                let stamps = draft.new_stamps(None);
                draft.put_location(&location, stamps);
                Ok(location.clone())
            }
        };
        let location = self.commit(viewer.actor("backstage"), false, put).await?;
        let source = location.source();
        let read = match location.id == new {
            true => self.read_new_source(&source, WAIT).await,
            false => self.read_source(&source, Priority::Person, WAIT).await,
        };
        Ok(Registered { location, read: read == ReadEnd::Done })
    }

    /// Lets a registered location point elsewhere. What both targets say stays, with its uid.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where another one points there; as [`Portal::register_location`].
    pub async fn change_location(
        &self,
        viewer: &Viewer,
        id: &str,
        kind: &str,
        target: &str,
    ) -> Result<Registered, PortalError> {
        let old = self.changeable(viewer, Action::UpdateLocation, id)?;
        check_target(kind, target)?;
        let new = Location::new(&old.id, kind, target);
        if old == new {
            return Ok(Registered { location: new, read: true });
        }
        // Read under a name of its own first: what both say then passes from one source to the other, for the old
        // one lets go only when the new one waits for it.
        let passing = self.register_location(viewer, kind, target, Some(OnConflict::Reject)).await?;
        let (temporary, location) = (passing.location.id.clone(), new.clone());
        let change = move |draft: &mut Draft| {
            let record = draft.location_record(&old.id)?;
            draft.put(Change::DeleteRecord(REGISTERED.into(), temporary.clone()));
            let made = &record.stamps;
            let stamps = Stamps {
                created_at: made.created_at,
                created_by: made.created_by.clone(),
                ..draft.new_stamps(None)
            };
            draft.put_location(&location, stamps);
            draft.forget_source(&old.source());
            Ok(())
        };
        self.commit(viewer.actor("backstage"), false, change).await?;
        Ok(Registered { location: new, read: passing.read })
    }

    /// Deletes a registered location with all that only it says.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn delete_location(&self, viewer: &Viewer, id: &str) -> Result<(), PortalError> {
        let location = self.changeable(viewer, Action::DeleteLocation, id)?;
        let delete = move |draft: &mut Draft| {
            draft.location_record(&location.id)?;
            draft.put(Change::DeleteRecord(REGISTERED.into(), location.id.clone()));
            draft.forget_source(&location.source());
            Ok(())
        };
        self.commit(viewer.actor("backstage"), false, delete).await
    }

    /// A location that the viewer may change: one it has registered itself, or any for administrators.
    fn changeable(&self, viewer: &Viewer, action: Action, id: &str) -> Result<Location, PortalError> {
        let view = self.view_for(viewer, Action::ReadLocations, Resource::Any)?;
        self.locations_may_change()?;
        let record = self.seen(&view, id)?;
        self.may(viewer, action, Resource::Of(&record.stamps.created_by))?;
        Ok(Location::of(&record))
    }

    /// What the configuration names is a source already, and only the configuration can end it.
    fn refuse_configured(&self, kind: &str, target: &str) -> Result<(), PortalError> {
        match self.is_configured_source(&format!("{kind}:{target}")) {
            true => Err(taken(kind, target)),
            false => Ok(()),
        }
    }
}

impl Draft {
    fn location_record(&self, id: &str) -> Result<Arc<Record>, PortalError> {
        self.catalog.record(REGISTERED, id).cloned().ok_or_else(|| absent(id))
    }

    fn put_location(&mut self, location: &Location, stamps: Stamps) {
        let body = JsonText::of(&json!({ "type": location.kind, "target": location.target }));
        let record = Record { collection: REGISTERED.into(), key: location.id.clone(), body, stamps };
        self.put(Change::PutRecord(Arc::new(record)));
    }
}

fn taken(kind: &str, target: &str) -> PortalError {
    let message = format!("Location {kind}:{target} already exists");
    PortalError::Conflict { code: "identifier_taken", message }
}
