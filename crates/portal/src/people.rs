//! People and teams: `_user` and `_team` entities, which are the only truth about them.
//!
//! What Port's API calls a user or a team is read from these entities and written into them, so that the two ways
//! cannot disagree. What holds for them beyond other entities ([`rules`]) holds whichever way they are written.

mod members;
mod rules;
mod teams;
mod users;

pub use teams::{Team, TeamChange};
pub use users::{Person, UserChange, UserStatus};

pub(crate) use rules::key;

/// Blueprint of people and service accounts, by lower-case address.
const USERS: &str = "_user";
/// Blueprint of teams.
const TEAMS: &str = "_team";
/// Blueprint of the catalog's groups.
const GROUPS: &str = "group";
