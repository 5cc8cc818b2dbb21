//! People and teams: `_user` and `_team` entities, which are the only truth about them.
//!
//! What Port's API calls a user or a team is read from these entities and written into them, so that the two ways
//! cannot disagree. What holds for them beyond other entities ([`rules`]) holds whichever way they are written.

mod accounts;
mod apps;
mod links;
mod members;
mod proofs;
mod rules;
mod service_accounts;
mod sessions;
mod sign_ins;
mod teams;
mod tokens;
mod users;

pub use apps::{App, Client};
pub use links::{
    Acceptance, Invitation, LinkInfo, LinkKind, MadeLink, OpenInvitation, OperatorLink, operator_link,
};
pub use proofs::ProofKind;
pub use service_accounts::{NewServiceAccount, ServiceAccount};
pub use sessions::SessionInfo;
pub use sign_ins::{Names, Refusal, Secret, SignedIn};
pub use teams::{Team, TeamChange};
pub use tokens::{NewToken, TokenInfo};
pub use users::{Person, TeamName, UserChange, UserStatus};

pub(crate) use apps::Drawn;
pub(crate) use proofs::Proofs;
pub(crate) use rules::key;
pub(crate) use sessions::{person_of, session_called};
pub(crate) use sign_ins::SignIns;
pub(crate) use teams::team_called;

/// Blueprint of people and service accounts, by lower-case address.
pub(crate) const USERS: &str = "_user";
/// Blueprint of teams.
const TEAMS: &str = "_team";
/// Blueprint of the catalog's groups.
const GROUPS: &str = "group";
