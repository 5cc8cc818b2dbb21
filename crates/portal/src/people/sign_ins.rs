//! What signing in needs, whichever way: limits, hashes, random numbers, the person behind an address.
//!
//! What proves who somebody is stands apart from the `_user` entity, in records that no API shows: see
//! [`stagedoor_model::record::PRIVATE`]. Each names the entity's uid beside its address: a person who is deleted and
//! made again under the same address starts without password and sessions.

pub(super) mod hashing;
pub(super) mod limits;
pub(super) mod person;
pub(super) mod random;

use parking_lot::{Mutex, RwLock};
use stagedoor_auth::{SessionLimits, Viewer};

use super::sessions::Known;
use crate::error::PortalError;

pub use person::Names;

/// What is remembered of sign-ins in this process.
pub(crate) struct SignIns {
    pub(super) limits: SessionLimits,
    pub(super) hashing: hashing::Hashing,
    pub(super) attempts: Mutex<limits::Attempts>,
    pub(super) sessions: Known,
    /// An administrator who can sign in.
    pub(super) administrator: RwLock<Option<String>>,
}

impl SignIns {
    pub(crate) fn new(limits: SessionLimits) -> Self {
        let hashing = hashing::Hashing::default();
        let (attempts, sessions) = (Mutex::default(), Known::default());
        Self { limits, hashing, attempts, sessions, administrator: RwLock::default() }
    }
}

/// Somebody who has just signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub viewer: Viewer,
    /// What goes into the cookie. It is kept nowhere else.
    pub secret: Secret,
    /// Seconds until the session ends, however busy it is.
    pub lasts: i64,
}

/// A secret that is shown once. Not printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub(super) String);

impl Secret {
    /// The secret itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Why somebody did not get in.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// As any use case refuses.
    #[error(transparent)]
    Portal(#[from] PortalError),
    /// Too many attempts, or too much to do: after so many seconds another one may be made. 429.
    #[error("too many attempts: try again in {0} s")]
    Wait(u64),
}
