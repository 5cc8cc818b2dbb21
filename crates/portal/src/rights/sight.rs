//! What callers see of the catalog: the snapshot through a lens that hides what they may not read.
//!
//! Callers who see the same share a [`Profile`]. It is brought up to date from what was touched since it was last used,
//! and made anew where that is unknown or what may be read is defined otherwise. Nothing restricted, nothing kept.

mod owners;
mod profile;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use stagedoor_auth::{Account, Action, Rights, Scopes};
use stagedoor_model::{Revision, Timestamp};
use stagedoor_query::{Catalog, NodeSet};

use self::owners::{Known, Owners};
use self::profile::{Asked, Key, Profile};
use super::permissions::{Parsed, PermissionSet};
use crate::clock;

/// Profiles that are kept; the one that was not used for longest goes first.
const PROFILES: usize = 64;
/// Views of the newest snapshot that are kept.
const VIEWS: usize = 4_096;

/// What callers see, between requests.
pub(crate) struct Sights {
    permissions: Arc<Parsed>,
    views: RwLock<Views>,
    kept: Mutex<Kept>,
    owners: Mutex<OwnersOfAll>,
}

/// Who owns what, restricted or not, by blueprint: kept from the first time that somebody asks what is his.
#[derive(Default)]
struct OwnersOfAll {
    model: u64,
    owners: HashMap<String, Owners>,
}

/// The newest snapshot as callers see it.
#[derive(Default)]
struct Views {
    revision: Revision,
    /// By address of the account, which stays while it is kept here.
    all: HashMap<(usize, Option<Scopes>), Seen>,
}

#[derive(Clone)]
struct Seen {
    _account: Arc<Account>,
    catalog: Arc<Catalog>,
    until: Option<Timestamp>,
}

/// What is kept from one snapshot to the next.
#[derive(Default)]
struct Kept {
    model: u64,
    permissions: Arc<PermissionSet>,
    profiles: HashMap<Key, Profile>,
    /// Of blueprints where teams see what is theirs.
    owners: HashMap<String, Owners>,
    turn: u64,
}

impl Sights {
    pub(crate) fn new(permissions: Arc<Parsed>) -> Self {
        Self { permissions, views: RwLock::default(), kept: Mutex::default(), owners: Mutex::default() }
    }

    /// A snapshot as somebody sees it. What a token is limited to counts where entities are what is asked for.
    pub(crate) fn of(&self, catalog: Arc<Catalog>, rights: &Rights, action: Action) -> Arc<Catalog> {
        let scopes = narrowing(rights, action);
        if rights.is_administrator() && scopes.is_none() {
            return catalog;
        }
        let permissions = self.permissions.of(&catalog);
        if permissions.restricted().is_empty() && scopes.is_none() {
            return catalog;
        }
        let key = (Arc::as_ptr(rights.account()) as usize, scopes.cloned());
        if let Some(seen) = self.known(&key, catalog.revision) {
            return seen;
        }
        let asked = Asked { catalog: &catalog, rights, scopes, permissions: &permissions, now: clock::now() };
        let (view, until) = self.kept.lock().look(&asked);
        let view = view.map_or_else(|| Arc::clone(&catalog), Arc::new);
        let seen = Seen { _account: Arc::clone(rights.account()), catalog: Arc::clone(&view), until };
        self.keep(key, catalog.revision, seen);
        view
    }

    /// What somebody's teams own of some blueprints of a published snapshot that hides nothing.
    pub(crate) fn owned<'b>(
        &self,
        catalog: &Catalog,
        blueprints: impl Iterator<Item = &'b String>,
        rights: &Rights,
    ) -> BTreeMap<String, NodeSet> {
        let mut kept = self.owners.lock();
        if kept.model != catalog.model_mark() {
            *kept = OwnersOfAll { model: catalog.model_mark(), owners: HashMap::new() };
        }
        let mut known = Known::Published(&mut kept.owners);
        blueprints.map(|b| (b.clone(), known.owned(catalog, b, rights))).collect()
    }

    fn known(&self, key: &(usize, Option<Scopes>), revision: Revision) -> Option<Arc<Catalog>> {
        let views = self.views.read();
        let seen = views.all.get(key).filter(|_| views.revision == revision)?;
        let holds = seen.until.is_none_or(|until| clock::now() < until);
        holds.then(|| Arc::clone(&seen.catalog))
    }

    fn keep(&self, key: (usize, Option<Scopes>), revision: Revision, seen: Seen) {
        let mut views = self.views.write();
        if views.revision < revision || views.all.len() >= VIEWS {
            *views = Views { revision, all: HashMap::new() };
        }
        if views.revision == revision {
            views.all.insert(key, seen);
        }
    }

    /// There is a newer snapshot: nothing here keeps the old one in memory.
    pub(crate) fn forget_views(&self) {
        if !self.views.read().all.is_empty() {
            self.views.write().all = HashMap::new();
        }
    }

    /// A state that is not published, and may never be, as somebody sees it. Nothing of it is kept.
    pub(crate) fn of_draft(&self, catalog: &Catalog, rights: &Rights, now: Timestamp) -> Catalog {
        let scopes = narrowing(rights, Action::ReadEntities);
        let permissions = self.permissions.of_draft(catalog);
        if rights.is_administrator() && scopes.is_none()
            || permissions.restricted().is_empty() && scopes.is_none()
        {
            return catalog.clone();
        }
        let asked = Asked { catalog, rights, scopes, permissions: &permissions, now };
        self.kept.lock().glance(&asked).unwrap_or_else(|| catalog.clone())
    }
}

impl Default for Sights {
    fn default() -> Self {
        Self::new(Arc::default())
    }
}

/// The scopes of a token that may not read all entities.
fn narrowing(rights: &Rights, action: Action) -> Option<&Scopes> {
    let of_entities = action == Action::ReadEntities;
    rights.scopes().filter(|scopes| of_entities && !scopes.allow(Action::ReadEntities, None))
}

impl Kept {
    /// The view of a published snapshot, `None` where all of it is seen, and how long it holds.
    fn look(&mut self, asked: &Asked<'_>) -> (Option<Catalog>, Option<Timestamp>) {
        if !self.fits(asked) {
            *self = Self {
                model: asked.catalog.model_mark(),
                permissions: Arc::clone(asked.permissions),
                ..Self::default()
            };
        }
        let Some(key) = Key::of(asked) else { return (None, None) };
        self.turn += 1;
        let before = self.profiles.remove(&key);
        let (mut profile, view) =
            Profile::new(asked, &key, before.as_ref(), Known::Published(&mut self.owners));
        profile.used = self.turn;
        if self.profiles.len() >= PROFILES {
            let oldest = self.profiles.iter().min_by_key(|(_, p)| p.used).map(|(key, _)| key.clone());
            oldest.and_then(|key| self.profiles.remove(&key));
        }
        let until = profile.until;
        self.profiles.insert(key, profile);
        (Some(view), until)
    }

    fn glance(&self, asked: &Asked<'_>) -> Option<Catalog> {
        let key = Key::of(asked)?;
        let none = HashMap::new();
        let (before, owners) = match self.fits(asked) {
            true => (self.profiles.get(&key), &self.owners),
            false => (None, &none),
        };
        Some(Profile::new(asked, &key, before, Known::Draft(owners)).1)
    }

    /// Whether what is kept was made by the same rules.
    fn fits(&self, asked: &Asked<'_>) -> bool {
        let (ours, theirs) = (self.permissions.restricted(), asked.permissions.restricted());
        self.model == asked.catalog.model_mark()
            && ours.len() == theirs.len()
            && ours.iter().zip(theirs).all(|(a, b)| Arc::ptr_eq(a, b))
    }
}

#[cfg(test)]
mod tests;
