//! What a caller may do now, as the catalog says it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::{Role, Scopes, moderator_role};

/// What a caller may do: its account, as it stands in one snapshot, within the limits of its token. Cheap to clone.
///
/// Equal accounts are equal however they came about, so `==` and the hash of [`Rights::account`] are a key for what
/// two callers may both see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    account: Arc<Account>,
    scopes: Option<Scopes>,
}

/// Who somebody is in the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    /// Lower-case address of a person or service account; none for the operator's credential.
    pub email: Option<String>,
    /// Whether it may do anything at all, and if not, why.
    pub standing: Standing,
    /// `Member` and `Admin`, roles of its own, `<Blueprint>-moderator`.
    pub roles: BTreeSet<String>,
    /// Blueprints whose entities it looks after.
    pub moderates: BTreeSet<String>,
    /// Identifiers of its teams.
    pub teams: BTreeSet<String>,
}

/// Whether an account may do anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// May do everything.
    Administrator,
    /// May do what members may, and what permissions give it.
    Member,
    /// Invited or staged, and has not come yet.
    Waiting,
    /// Shut out.
    Disabled,
    /// Nobody of this name is known.
    Unknown,
}

impl Account {
    /// The operator's credential, local try-out mode, Stagedoor itself.
    #[must_use]
    pub fn administrator() -> Self {
        Self::new(None, Standing::Administrator)
    }

    /// An account without teams.
    #[must_use]
    pub fn new(email: Option<&str>, standing: Standing) -> Self {
        let roles: &[&str] = match standing {
            Standing::Administrator => &["Admin", "Member"],
            Standing::Member => &["Member"],
            _ => &[],
        };
        Self {
            email: email.map(str::to_lowercase),
            standing,
            roles: roles.iter().map(|r| (*r).to_owned()).collect(),
            moderates: BTreeSet::new(),
            teams: BTreeSet::new(),
        }
    }

    /// The same with blueprints to look after.
    #[must_use]
    pub fn moderating<S: Into<String>>(mut self, blueprints: impl IntoIterator<Item = S>) -> Self {
        self.moderates.extend(blueprints.into_iter().map(Into::into));
        self.roles.extend(self.moderates.iter().map(|b| moderator_role(b)));
        self
    }

    /// The same in more teams.
    #[must_use]
    pub fn in_teams<S: Into<String>>(mut self, teams: impl IntoIterator<Item = S>) -> Self {
        self.teams.extend(teams.into_iter().map(Into::into));
        self
    }
}

impl Rights {
    /// An account through a token with these limits.
    #[must_use]
    pub fn new(account: Arc<Account>, scopes: Option<Scopes>) -> Self {
        Self { account, scopes }
    }

    /// Everything: for the system's own work and for tests.
    #[must_use]
    pub fn all() -> Self {
        Self::new(Arc::new(Account::administrator()), None)
    }

    /// The account, without the limits of the token.
    #[must_use]
    pub fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// The limits of the token; none when it may what its owner may.
    #[must_use]
    pub fn scopes(&self) -> Option<&Scopes> {
        self.scopes.as_ref()
    }

    /// Whether the account is an administrator's. What a limited token of one may do is the business of
    /// [`crate::decide`]: this is no answer to whether something is allowed.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        self.account.standing == Standing::Administrator
    }

    /// Whether the account is in use.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self.account.standing, Standing::Administrator | Standing::Member)
    }

    /// The role, coarsely, as the native API shows it.
    #[must_use]
    pub fn role(&self) -> Role {
        if self.is_administrator() { Role::Administrator } else { Role::Member }
    }

    /// Lower-case address.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.account.email.as_deref()
    }

    /// Whether it has a role of this name: `Admin`, `Member`, `Service-moderator`.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.account.roles.contains(role)
    }

    /// Whether it looks after the entities of a blueprint.
    #[must_use]
    pub fn moderates(&self, blueprint: &str) -> bool {
        self.account.moderates.contains(blueprint)
    }

    /// Whether it is in a team.
    #[must_use]
    pub fn is_in(&self, team: &str) -> bool {
        self.account.teams.contains(team)
    }

    /// Identifiers of its teams, sorted.
    pub fn teams(&self) -> impl Iterator<Item = &str> {
        self.account.teams.iter().map(String::as_str)
    }
}
