//! Use cases on entities in Port's terms.

mod datasource;
mod delete;
mod draft;
mod fields;
mod missing;
mod owned;
mod rename;
mod searches;

use serde_json::Value;
use stagedoor_auth::{Action, Resource, Rights, Viewer};

use crate::error::PortalError;
use crate::people::{self, Client, Drawn};
use crate::rights::Judge;
use crate::scorecards::computed;
use crate::writer::Draft;
use crate::{Portal, View};

pub use datasource::DatasourceQuery;
pub(crate) use delete::requires;
pub(crate) use draft::{check_required, missing};
pub(crate) use fields::check_properties;
pub(crate) use owned::Stated;

/// What happens when the entity exists already, and when it does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteMode {
    /// It must not exist.
    Create,
    /// Created, or replaced: what is not said is cleared.
    Upsert,
    /// Created, or merged: what is not said is kept.
    UpsertMerge,
    /// The entity of this identifier must exist; replaced.
    Replace(String),
    /// The entity of this identifier must exist; merged, null clears.
    Patch(String),
}

/// A write of one or more entities of a blueprint.
#[derive(Clone, Debug)]
pub struct WriteRequest {
    /// Identifier of the blueprint.
    pub blueprint: String,
    /// See [`WriteMode`].
    pub mode: WriteMode,
    /// Make missing targets of relations as bare entities.
    pub create_missing: bool,
    /// Check everything, write nothing.
    pub validation_only: bool,
    /// `User-Agent` of the writer.
    pub datasource: Option<String>,
    /// The bodies.
    pub entities: Vec<Value>,
}

/// What a relation to an entity that does not exist is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// A mistake.
    Refuse,
    /// A wish for a bare entity.
    Create,
    /// Fine: it resolves when the entity appears.
    Dangle,
}

/// One entity that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Its identifier, generated where the body had none.
    pub identifier: String,
    /// Whether it is new.
    pub created: bool,
    /// Its Port face after the write; null where a request has several entities.
    pub entity: Value,
    /// Of a service account that is new: its client, which is shown once.
    pub client: Option<Client>,
}

type Outcome = Result<Written, PortalError>;

impl Portal {
    /// Writes entities, each on its own: one that is refused does not hold back the others.
    ///
    /// # Errors
    /// When the blueprint does not exist or the viewer may not write; refusals of single entities are in the list.
    pub async fn write_entities(
        &self,
        viewer: &Viewer,
        request: WriteRequest,
    ) -> Result<Vec<Outcome>, PortalError> {
        if request.blueprint == computed::SCORECARDS_OF {
            return self.write_scorecard_entities(viewer, &request).await;
        }
        self.may_write(viewer, &request)?;
        let (dry_run, asker) = (request.validation_only, self.asker(viewer));
        // A service account is answered with its client.
        let accounts = request.blueprint == people::USERS && !dry_run;
        let drawn = request.entities.iter().filter(|_| accounts).map(|_| Drawn::new());
        let (drawn, scopes) = (drawn.collect::<Result<Vec<_>, _>>()?, viewer.scopes().cloned());
        let write = move |draft: &mut Draft| {
            let judge = asker.judge(&draft.catalog);
            if draft.catalog.blueprints().get(&request.blueprint).is_none() {
                return Err(crate::blueprints::no_blueprint(&request.blueprint));
            }
            let missing = if request.create_missing { Missing::Create } else { Missing::Refuse };
            let write = |(at, body): (usize, &Value)| {
                let mut written = draft.write_entity(&request, body, missing, &judge)?;
                if let (true, Some(drawn)) = (written.created, drawn.get(at)) {
                    written.client = draft.first_client(&written.identifier, drawn, scopes.as_ref())?;
                }
                Ok(written)
            };
            Ok(request.entities.iter().enumerate().map(write).collect::<Vec<_>>())
        };
        let outcomes = self.commit(viewer.actor("port"), dry_run, write).await?;
        for written in outcomes.iter().flatten() {
            written.client.iter().for_each(|client| self.note_client(viewer, &written.identifier, client));
        }
        Ok(outcomes)
    }

    /// Removes an entity. Non-required relations that were written through Port and point at it are nulled.
    ///
    /// # Errors
    /// `NotFound`; `protected_entity` when a source owns it; `has_dependents` when a required relation
    /// points at it, unless `delete_dependents`, which removes those entities too.
    pub async fn delete_entity(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        identifier: &str,
        delete_dependents: bool,
    ) -> Result<(), PortalError> {
        if blueprint == computed::SCORECARDS_OF {
            return self.delete_scorecard_entity(viewer, identifier).await;
        }
        self.may_entities(viewer, Action::UnregisterEntity, blueprint)?;
        computed::refuse(blueprint)?;
        let (blueprint, identifier) = (blueprint.to_owned(), identifier.to_owned());
        let asker = self.asker(viewer);
        let delete = move |draft: &mut Draft| {
            let judge = asker.judge(&draft.catalog);
            draft.delete_entity(&blueprint, &identifier, delete_dependents, &judge)
        };
        self.commit(viewer.actor("port"), false, delete).await
    }

    /// Removes entities of a blueprint, each on its own: one that a source owns, that a required relation needs
    /// (unless `delete_dependents`) or that is not there does not hold back the others. The answer is what is
    /// really gone.
    ///
    /// # Errors
    /// When the blueprint does not exist or the viewer may not write.
    pub async fn delete_entities(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        identifiers: Vec<String>,
        delete_dependents: bool,
    ) -> Result<Vec<String>, PortalError> {
        if blueprint == computed::SCORECARDS_OF {
            let mut gone = Vec::new();
            for identifier in identifiers {
                match self.delete_scorecard_entity(viewer, &identifier).await {
                    Ok(()) => gone.push(identifier),
                    Err(PortalError::NotFound(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            return Ok(gone);
        }
        self.may_entities(viewer, Action::UnregisterEntity, blueprint)?;
        computed::refuse(blueprint)?;
        let (blueprint, asker) = (blueprint.to_owned(), self.asker(viewer));
        let delete = move |draft: &mut Draft| {
            let judge = asker.judge(&draft.catalog);
            draft.delete_entities(&blueprint, &identifiers, delete_dependents, &judge)
        };
        self.commit(viewer.actor("port"), false, delete).await
    }

    /// Removes an entity by uid as Backstage does: an unknown uid is fine, and one that a source owns
    /// would be emitted again at once, so it stays.
    ///
    /// # Errors
    /// When the viewer may not write.
    pub async fn delete_by_uid(&self, viewer: &Viewer, uid: &str) -> Result<(), PortalError> {
        self.may(viewer, Action::ReadEntities, Resource::Any)?;
        let (uid, asker) = (uid.to_owned(), self.asker(viewer));
        let delete = move |draft: &mut Draft| {
            let judge = asker.judge(&draft.catalog);
            draft.delete_by_uid(&uid, &judge)
        };
        self.commit(viewer.actor("backstage"), false, delete).await
    }

    /// Whether any entity of the blueprint could be written in this way. Each is judged again when it is written.
    fn may_write(&self, viewer: &Viewer, request: &WriteRequest) -> Result<(), PortalError> {
        let blueprint = &request.blueprint;
        match request.mode {
            WriteMode::Create => self.may_entities(viewer, Action::RegisterEntity, blueprint),
            WriteMode::Replace(_) | WriteMode::Patch(_) => {
                self.may_entities(viewer, Action::UpdateEntity, blueprint)
            }
            WriteMode::Upsert | WriteMode::UpsertMerge => {
                let permissions = self.permissions().get(blueprint);
                let update = self.could(viewer, Action::UpdateEntity, Resource::Entities(&permissions));
                update.or_else(|_| self.may_entities(viewer, Action::RegisterEntity, blueprint))
            }
        }
    }
}

impl Draft {
    /// The draft's state as a view, to render what was written for whoever sees everything.
    pub(crate) fn as_view(&self) -> View {
        self.as_view_of(&Judge::anything())
    }

    /// The draft's state as a view, to render what was written for whoever wrote it.
    fn as_view_of(&self, judge: &Judge) -> View {
        let catalog = std::sync::Arc::new(judge.view(self));
        View::new(catalog, std::sync::Arc::default(), Viewer::system("writer"), Rights::all())
    }
}
