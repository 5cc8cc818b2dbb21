//! What was removed lately, commit by commit, so that somebody can ask for it back.

use std::sync::Arc;

use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Actor, Change, Revision, Timestamp};
use stagedoor_store::{LogQuery, Only, Store, Thing};
use uuid::Uuid;

use super::{blocking, shown_reference};
use crate::Portal;
use crate::error::PortalError;
use crate::writer::internal;

/// Lines that are read at a time.
const PAGE: usize = 500;
/// Lines that one page looks at; it ends with the commit that it is in.
const MOST_LOOKED_AT: usize = 20_000;
/// Entities that are named of each removal.
const EXAMPLES: usize = 5;

/// One commit that removed something. What a source stops saying in one run goes in one commit.
#[derive(Clone, Debug)]
pub struct Removal {
    /// Its number, to be given to [`Portal::undo`].
    pub revision: Revision,
    /// When.
    pub at: Timestamp,
    /// Who; the name of a source is its id.
    pub actor: Actor,
    /// Entities that it removed.
    pub count: usize,
    /// Those of them that are not there now.
    pub gone: usize,
    /// Some of them.
    pub examples: Vec<RemovedThing>,
}

/// An entity that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedThing {
    /// Its blueprint.
    pub blueprint: String,
    /// Its identifier.
    pub identifier: String,
    /// Its lower-case reference; `None` where Backstage has no such kind.
    pub reference: Option<String>,
}

/// A part of the list, newest first.
#[derive(Debug)]
pub struct RemovalsPage {
    /// May be none although there is more: a long stretch of the log without a removal.
    pub removals: Vec<Removal>,
    /// Where to go on; `None`: this is the end.
    pub next: Option<i64>,
}

impl Portal {
    /// What was removed lately, newest first, before a place that an earlier page has named. Whoever is no
    /// administrator sees its own doings.
    ///
    /// # Errors
    /// `Forbidden`; when the store fails.
    pub async fn removals(
        &self,
        viewer: &Viewer,
        by: Option<String>,
        before: Option<i64>,
        most: usize,
    ) -> Result<RemovalsPage, PortalError> {
        self.may(viewer, Action::UndoChanges, Resource::Any)?;
        let own = (!self.rights(viewer).is_administrator()).then(|| viewer.name().to_owned());
        if own.is_some() && by.is_some() && own != by {
            return Ok(RemovalsPage { removals: Vec::new(), next: None });
        }
        let portal = self.clone();
        blocking(move || {
            let by = own.or(by);
            let store = Arc::clone(&portal.shared.store);
            let (groups, next) = read(store.as_ref(), by.as_deref(), before, most)?;
            let removals: Result<Vec<_>, _> =
                groups.into_iter().map(|group| portal.removal(group, store.as_ref())).collect();
            Ok(RemovalsPage { removals: removals?, next })
        })
        .await
    }

    fn removal(&self, group: Group, store: &dyn Store) -> Result<Removal, PortalError> {
        let catalog = self.shared.catalog.load();
        let is_gone = |uid: &&Uuid| catalog.node_of_uid(**uid).and_then(|n| catalog.entity(n)).is_none();
        let mut examples = Vec::new();
        // The log was read backwards.
        for uid in group.uids.iter().rev().take(EXAMPLES) {
            let last = store.history(Thing::Entity(*uid), Some(group.revision), 1).map_err(internal)?;
            let last = last.first().and_then(|commit| commit.change_set.changes.last().cloned());
            if let Some(Change::PutEntity(was)) = last {
                examples.push(RemovedThing {
                    blueprint: was.blueprint.to_string(),
                    identifier: was.identifier.to_string(),
                    reference: shown_reference(&was),
                });
            }
        }
        Ok(Removal {
            revision: group.revision,
            at: group.at,
            actor: group.actor,
            count: group.uids.len(),
            gone: group.uids.iter().filter(is_gone).count(),
            examples,
        })
    }
}

/// The removals of one commit.
struct Group {
    revision: Revision,
    at: Timestamp,
    actor: Actor,
    uids: Vec<Uuid>,
}

fn read(
    store: &dyn Store,
    by: Option<&str>,
    mut before: Option<i64>,
    most: usize,
) -> Result<(Vec<Group>, Option<i64>), PortalError> {
    let only = by.map_or(Only::All, Only::By);
    let mut groups: Vec<Group> = Vec::new();
    let (mut revision, mut looked_at) = (None, 0);
    loop {
        let lines = store.changes_before(&LogQuery { before, only, limit: PAGE }).map_err(internal)?;
        let ended = lines.len() < PAGE;
        for line in lines {
            let begins = revision != Some(line.revision);
            if begins && (groups.len() >= most || looked_at >= MOST_LOOKED_AT) {
                return Ok((groups, before));
            }
            (before, revision, looked_at) = (Some(line.id), Some(line.revision), looked_at + 1);
            let Change::DeleteEntity(uid) = line.change else { continue };
            match groups.last_mut().filter(|group| group.revision == line.revision) {
                Some(group) => group.uids.push(uid),
                None => {
                    let (revision, at, actor) = (line.revision, line.at, line.actor);
                    groups.push(Group { revision, at, actor, uids: vec![uid] });
                }
            }
        }
        if ended {
            return Ok((groups, None));
        }
    }
}
