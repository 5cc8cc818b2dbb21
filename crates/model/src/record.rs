//! Small things of the portal that are neither blueprints nor entities.

use crate::{JsonText, Stamps, Timestamp};

/// A small JSON object of the portal: an integration, a migration, a blueprint's permissions. Which
/// collections there are, and what their bodies mean, is the business of the use cases that write them.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What it is one of, e.g. `integration`.
    pub collection: String,
    /// Unique within its collection.
    pub key: String,
    /// What it says.
    pub body: JsonText,
    /// Who and when.
    pub stamps: Stamps,
}

/// A line of a journal: something that a client reported and a person may want to read later. Journals are
/// no part of the catalog: they are not in the change log, and only their newest lines are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalLine {
    /// Ascending within a store.
    pub id: i64,
    /// When it was reported.
    pub at: Timestamp,
    /// What was reported.
    pub body: JsonText,
}

/// Collections whose bodies nobody is shown: what proves who somebody is, what is kept secret, and what is one person's.
/// They are stored, replicated and backed up like any other; readers of the log say at most that one of them changed.
pub const PRIVATE: &[&str] = &[
    "account",
    "session",
    "token",
    "app",
    "invitation",
    "secret",
    "signing_key",
    "sign_in",
    "token_use",
    "user_setting",
    "personal_view",
    "notification",
    "notification_mark",
    "notification_settings",
    "run",
    "run_definition",
    "run_secret",
    "run_queue",
];

/// Whether the bodies of a collection are shown to nobody. See [`PRIVATE`].
#[must_use]
pub fn is_private(collection: &str) -> bool {
    PRIVATE.contains(&collection)
}

impl Record {
    /// Whether its body is shown to nobody. See [`PRIVATE`].
    #[must_use]
    pub fn is_private(&self) -> bool {
        is_private(&self.collection)
    }
}
