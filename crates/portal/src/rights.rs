//! What callers may do: from a viewer to its rights in the catalog, and the one question every use case asks.
//!
//! A person is a `_user` entity, and what it may do is what that entity says in the newest snapshot; there is no
//! second table. Entities are judged again one by one where they are written ([`judge`]), on the writer's thread.

mod account;
mod facts;
mod judge;
mod one;
mod permissions;
mod sight;

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use stagedoor_auth::{Account, Action, Denied, Principal, Resource, Rights, Sight, Standing, Viewer, decide};
use stagedoor_model::Revision;
use stagedoor_query::Catalog;

use crate::error::PortalError;
use crate::{Portal, View, audit};

pub(crate) use account::{Basis, account_of, memberships, users};
pub(crate) use facts::{EntityFacts, policy_expr};
pub(crate) use judge::Judge;
pub use permissions::PermissionSet;
pub(crate) use permissions::{Parsed, permissions_of};
pub(crate) use sight::Sights;

/// Accounts that are remembered; more than these are looked up again.
const REMEMBERED: usize = 10_000;

/// What is remembered of rights between requests.
pub(crate) struct Known {
    /// Whoever may do everything, whatever the catalog says.
    everything: Arc<Account>,
    /// Whoever came in without proving anything.
    guest: Arc<Account>,
    accounts: RwLock<HashMap<String, Remembered>>,
    pub(crate) permissions: Arc<Parsed>,
    pub(crate) sights: Arc<Sights>,
}

/// An account and when it was right.
#[derive(Clone)]
struct Remembered {
    revision: Revision,
    basis: Option<Basis>,
    account: Arc<Account>,
}

impl Default for Known {
    fn default() -> Self {
        let permissions = Arc::<Parsed>::default();
        Self {
            everything: Arc::new(Account::administrator()),
            guest: Arc::new(Account::new(None, Standing::Member)),
            accounts: RwLock::default(),
            sights: Arc::new(Sights::new(Arc::clone(&permissions))),
            permissions,
        }
    }
}

impl Known {
    /// The account of a viewer as a snapshot has it. While nothing is written this is one look-up. After a write the
    /// marks of what it was read from are compared; it is read again only where they differ, and stays the same
    /// object where it says the same.
    fn account(&self, viewer: &Viewer, catalog: &Catalog) -> Arc<Account> {
        let email = match viewer.principal() {
            Principal::Person(email) | Principal::ServiceAccount(email) => email,
            Principal::Credential(_) | Principal::Development | Principal::System(_) => {
                return Arc::clone(&self.everything);
            }
            Principal::Guest(_) => return Arc::clone(&self.guest),
        };
        let old = match self.accounts.read().get(email) {
            Some(known) if known.revision == catalog.revision => return Arc::clone(&known.account),
            known => known.cloned(),
        };
        let basis = Basis::of(email, catalog);
        let holds = |old: &Remembered| basis.is_some() && old.basis == basis;
        let account = match old {
            Some(old) if holds(&old) => old.account,
            old => {
                let new = account_of(email, catalog);
                old.map(|old| old.account).filter(|old| **old == new).unwrap_or_else(|| Arc::new(new))
            }
        };
        let mut accounts = self.accounts.write();
        if accounts.len() >= REMEMBERED {
            accounts.clear();
        }
        // A reader of an older snapshot may come last; the next request then reads once more.
        let known = Remembered { revision: catalog.revision, basis, account: Arc::clone(&account) };
        accounts.insert(email.clone(), known);
        account
    }
}

impl Portal {
    /// What a viewer may do, by the newest snapshot.
    #[must_use]
    pub fn rights(&self, viewer: &Viewer) -> Rights {
        self.rights_in(viewer, &self.shared.catalog.load())
    }

    pub(crate) fn rights_in(&self, viewer: &Viewer, catalog: &Catalog) -> Rights {
        Rights::new(self.shared.rights.account(viewer, catalog), viewer.scopes().cloned())
    }

    /// Whether a viewer may do something. A refusal is written into the audit journal.
    ///
    /// # Errors
    /// [`PortalError::Forbidden`] that names the right which is missing.
    pub fn may(&self, viewer: &Viewer, action: Action, resource: Resource<'_>) -> Result<(), PortalError> {
        self.asked(viewer, action, &resource, &self.rights(viewer))
    }

    /// The same without a trace: for pages that show what somebody could do, and why not.
    ///
    /// # Errors
    /// What is missing.
    pub fn could(&self, viewer: &Viewer, action: Action, resource: Resource<'_>) -> Result<(), Denied> {
        decide(&self.rights(viewer), action, &resource)
    }

    fn asked(
        &self,
        viewer: &Viewer,
        action: Action,
        resource: &Resource<'_>,
        rights: &Rights,
    ) -> Result<(), PortalError> {
        decide(rights, action, resource).map_err(|denied| {
            audit::denied(&self.shared.denials, viewer, &denied, audit::name_of(resource));
            PortalError::Forbidden(denied.to_string())
        })
    }

    /// Whether a viewer may do something with entities of a blueprint, as far as that can be told before any is known.
    ///
    /// # Errors
    /// `NotFound` when there is no such blueprint; `Forbidden`.
    pub(crate) fn may_entities(
        &self,
        viewer: &Viewer,
        action: Action,
        blueprint: &str,
    ) -> Result<(), PortalError> {
        let permissions = self.permissions().get(blueprint);
        self.may(viewer, action, Resource::Entities(&permissions))
    }

    /// The permissions of all blueprints, parsed.
    #[must_use]
    pub fn permissions(&self) -> Arc<PermissionSet> {
        self.shared.rights.permissions.of(&self.shared.catalog.load())
    }

    /// Whether no entity of a blueprint could be hidden from the viewer of a view: for what tells of many at once.
    pub(crate) fn sees_all_of(&self, view: &View, blueprint: &str) -> bool {
        let permissions = self.permissions().get(blueprint);
        let rights = view.rights();
        rights.is_administrator() || permissions.sight(rights) == Sight::All
    }

    /// The newest snapshot, as `viewer` may see it, for something else than entities.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn view_for(
        &self,
        viewer: &Viewer,
        action: Action,
        resource: Resource<'_>,
    ) -> Result<View, PortalError> {
        let catalog = self.shared.catalog.load_full();
        let rights = self.rights_in(viewer, &catalog);
        self.asked(viewer, action, &resource, &rights)?;
        let catalog = self.shared.rights.sights.of(catalog, &rights, action);
        Ok(View::new(catalog, self.shared.problems.load_full(), viewer.clone(), rights))
    }
}
