//! Taking changes back: what the change log says was there before is there again.
//!
//! Three things can be taken back. What was removed comes back with its uid, document and contributed fields. What
//! was changed is again what it was. What was made goes. A thing that somebody has changed or made anew since is left
//! alone and named. Taking back is one commit like any other, so that it can be taken back itself.
//!
//! What a source had claimed comes back **without its claim**. With it, the next reading of a source that says the
//! entity no more would remove it again. So it belongs to nobody, stays, and may be changed and deleted by people; when
//! the source says it again, the source claims it again, under the same uid, and it goes when the source drops it
//! ([`marks`]). What a source claims now is not changed here: the source would say it again.
//!
//! Administrators take back anything, everybody else what they did themselves, as far as they may still make, change or
//! delete those entities. People, teams and blueprints are not taken back.

mod apply;
mod marks;
mod plan;
mod removals;
mod selection;

use std::fmt;
use std::sync::Arc;

use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{EntityRecord, Revision, Timestamp};
use stagedoor_store::Thing;

use crate::audit::Event;
use crate::error::PortalError;
use crate::feed::Position;
use crate::writer::Draft;
use crate::{Portal, writer};

pub use removals::{Removal, RemovalsPage, RemovedThing};

/// Changes that are named in the audit log; of more their number.
const NAMED: usize = 5;

/// Which changes are to be taken back.
#[derive(Clone, Debug)]
pub enum UndoSelection {
    /// Places of the change feed: `41` is all of that commit, `41-3` what it did to one thing.
    Changes(Vec<Position>),
    /// Everything that one actor did in a time, such as a source in one run.
    By {
        /// Its exact name; that of a source is its id.
        actor: String,
        /// Not before.
        since: Timestamp,
        /// Not after.
        until: Option<Timestamp>,
    },
}

impl fmt::Display for UndoSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changes(places) => {
                f.write_str("changes ")?;
                for (at, place) in places.iter().take(NAMED).enumerate() {
                    write!(f, "{}{place}", if at > 0 { ", " } else { "" })?;
                }
                if places.len() > NAMED { write!(f, " and {} more", places.len() - NAMED) } else { Ok(()) }
            }
            Self::By { actor, since, until: None } => write!(f, "what {actor} did since {since}"),
            Self::By { actor, since, until: Some(until) } => {
                write!(f, "what {actor} did from {since} to {until}")
            }
        }
    }
}

/// What became of one entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoEffect {
    /// It had been removed and is there again.
    Restored,
    /// It had been changed and is what it was.
    Reverted,
    /// It had been made and is gone.
    Removed,
}

/// One entity that was taken back to what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// What became of it.
    pub effect: UndoEffect,
    /// Its blueprint.
    pub blueprint: String,
    /// Its identifier.
    pub identifier: String,
    /// Its lower-case reference; `None` where Backstage has no such kind.
    pub reference: Option<String>,
    /// The source that had claimed it, and does so no more until it says it again.
    pub source: Option<String>,
}

/// One thing that was left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotUndone {
    /// Its blueprint, where it is an entity.
    pub blueprint: Option<String>,
    /// Its identifier.
    pub identifier: String,
    /// Its lower-case reference; `None` where Backstage has no such kind.
    pub reference: Option<String>,
    /// `made_anew`, `changed_since`, `claimed`, `forbidden`, ...
    pub code: &'static str,
    /// Why, for a person.
    pub message: String,
}

/// What became of all that was to be taken back.
#[derive(Clone, Debug, Default)]
pub struct UndoReport {
    /// Nothing was written.
    pub dry_run: bool,
    /// The commit that it made; `None` where nothing was written.
    pub revision: Option<Revision>,
    /// Entities.
    pub done: Vec<Undone>,
    /// Registered locations that are there again, as `<type>:<target>`.
    pub locations: Vec<String>,
    /// What was left alone.
    pub refused: Vec<NotUndone>,
}

impl Portal {
    /// Takes changes back, all that can be in one commit. With `dry_run` it says what would come of it.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` where the log has no such change, or none that the viewer may take back; `Invalid` with
    /// code `too_many_changes`; when the store fails.
    pub async fn undo(
        &self,
        viewer: &Viewer,
        selection: UndoSelection,
        dry_run: bool,
    ) -> Result<UndoReport, PortalError> {
        self.may(viewer, Action::UndoChanges, Resource::Any)?;
        let own = (!self.rights(viewer).is_administrator()).then(|| viewer.name().to_owned());
        let store = Arc::clone(&self.shared.store);
        let what = selection.to_string();
        let plan = blocking(move || {
            let selected = selection::select(store.as_ref(), &selection, own.as_deref())?;
            plan::plan(store.as_ref(), selected)
        });
        let (plan, asker) = (Arc::new(plan.await?), self.asker(viewer));
        let undo = move |draft: &mut Draft| {
            let judge = asker.judge(&draft.catalog);
            Ok(draft.undo(&plan, &judge))
        };
        let (uids, mut report) = self.commit(viewer.actor("native"), dry_run, undo).await?;
        report.dry_run = dry_run;
        if let Some(uid) = uids.first().copied().filter(|_| !dry_run) {
            let store = Arc::clone(&self.shared.store);
            let newest =
                blocking(move || store.history(Thing::Entity(uid), None, 1).map_err(writer::internal));
            report.revision = newest.await?.first().map(|commit| commit.revision);
            self.note(viewer, Event::Undone { what: &what, count: report.done.len() });
        }
        Ok(report)
    }
}

/// Runs what reads the store, which blocks.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PortalError> + Send + 'static,
) -> Result<T, PortalError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| PortalError::Internal(error.to_string()))?
}

/// The reference as others know it.
fn shown_reference(record: &EntityRecord) -> Option<String> {
    Some(record.entity_ref.to_string()).filter(|reference| !reference.starts_with('!'))
}

impl NotUndone {
    fn of(record: &EntityRecord, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            blueprint: Some(record.blueprint.to_string()),
            identifier: record.identifier.to_string(),
            reference: shown_reference(record),
            code,
            message: message.into(),
        }
    }

    /// A refusal by a rule or a right.
    fn because(record: &EntityRecord, error: &PortalError) -> Self {
        let code = match error {
            PortalError::Forbidden(_) => "forbidden",
            PortalError::NotFound(_) => "not_found",
            PortalError::Conflict { code, .. } | PortalError::Invalid { code, .. } => code,
            _ => "internal",
        };
        Self::of(record, code, error.to_string())
    }
}
