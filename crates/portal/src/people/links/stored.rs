//! A link as it is stored, and whether it still holds.

use serde::{Deserialize, Serialize};
use stagedoor_auth::Standing;
use stagedoor_model::{Record, Timestamp};
use stagedoor_query::Catalog;
use uuid::Uuid;

use super::{COLLECTION, operator};
use crate::people::accounts::{administrator, has_password};
use crate::people::sign_ins::person::Holder;

const HOUR: i64 = 3_600_000;

/// What a link is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkKind {
    /// Makes somebody administrator: only the operator gets one.
    Setup,
    /// Lets a person in for the first time.
    Invitation,
    /// Gives a person another password.
    Reset,
}

impl LinkKind {
    /// `setup`, `invitation` or `reset`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }

    /// Milliseconds for which one is good.
    pub(super) fn life(self) -> i64 {
        match self {
            Self::Setup | Self::Reset => 24 * HOUR,
            Self::Invitation => 7 * 24 * HOUR,
        }
    }
}

/// A link as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Link {
    pub(super) id: String,
    pub(super) kind: LinkKind,
    /// Whose it is; of a setup link whoever takes it.
    pub(super) email: Option<String>,
    pub(super) uid: Option<Uuid>,
    pub(super) by: String,
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

impl Link {
    pub(super) fn of(record: &Record) -> Option<Self> {
        serde_json::from_str(record.body.as_str()).ok()
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }

    /// Whether it is still good: its person is who it was, and in the state that it is for.
    pub(super) fn holds(&self, catalog: &Catalog, now: Timestamp) -> bool {
        if self.is_over(now) {
            return false;
        }
        let Some(email) = &self.email else {
            // One that was printed at a start stands in a log: it is good for nothing once somebody is in.
            let printed = self.by == operator::PRINTED;
            return self.kind == LinkKind::Setup && !(printed && administrator(catalog).is_some());
        };
        let Some(person) = Holder::of(email, catalog).filter(|p| Some(p.uid) == self.uid && !p.service)
        else {
            return false;
        };
        match self.kind {
            LinkKind::Setup => true,
            LinkKind::Invitation => {
                person.account.standing != Standing::Disabled && !has_password(email, catalog)
            }
            LinkKind::Reset => person.is_active(),
        }
    }
}

pub(super) fn links(catalog: &Catalog) -> impl Iterator<Item = (&str, Link)> {
    catalog.records(COLLECTION).filter_map(|r| Some((r.key.as_str(), Link::of(r)?)))
}

/// Whether there are links to be swept.
pub(in crate::people) fn any_over(catalog: &Catalog, now: Timestamp) -> bool {
    links(catalog).any(|(_, link)| link.is_over(now))
}
