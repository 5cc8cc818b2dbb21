//! The caller, with the rights it has.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use stagedoor_model::Actor;

/// What a viewer may do, coarsely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads what it is shown.
    Member,
    /// Reads and changes everything.
    Administrator,
}

impl Role {
    /// `member` or `administrator`, as tokens and the native API write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Administrator => "administrator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a viewer came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A program with a client id and secret.
    Machine,
    /// Somebody who signed in.
    Person,
    /// Anybody on this machine, in local try-out mode.
    Development,
    /// Stagedoor itself, such as a source that is being read.
    System,
}

/// The caller. There is no way to the catalog without one, and none to make one but these constructors.
///
/// Cheap to clone: it is made once for a token and handed to every request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Viewer {
    name: Arc<str>,
    email: Option<Arc<str>>,
    role: Role,
    origin: Origin,
}

impl Viewer {
    /// A program that has proved to know the secret of `client_id`. Those secrets are the operator's, so it
    /// may do everything.
    #[must_use]
    pub fn machine(client_id: &str) -> Self {
        Self { name: client_id.into(), email: None, role: Role::Administrator, origin: Origin::Machine }
    }

    /// Somebody who signed in; `email` only when it is verified.
    #[must_use]
    pub fn person(name: &str, email: Option<&str>, role: Role) -> Self {
        Self { name: name.into(), email: email.map(Into::into), role, origin: Origin::Person }
    }

    /// The only viewer of local try-out mode.
    #[must_use]
    pub fn development() -> Self {
        Self {
            name: "administrator".into(),
            email: None,
            role: Role::Administrator,
            origin: Origin::Development,
        }
    }

    /// Stagedoor itself, under the name of the part that acts.
    #[must_use]
    pub fn system(name: &str) -> Self {
        Self { name: name.into(), email: None, role: Role::Administrator, origin: Origin::System }
    }

    /// Client id, name of the person or of the part that acts.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The verified e-mail address of a person.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// What it may do.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// How it came in.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Whether it is a program.
    #[must_use]
    pub fn is_machine(&self) -> bool {
        self.origin == Origin::Machine
    }

    /// Whether it may change the catalog and its blueprints.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        self.role == Role::Administrator
    }

    /// The author of a change that this viewer makes `through` a dialect (`port`, `backstage`, `native`) or `source`.
    #[must_use]
    pub fn actor(&self, through: &str) -> Actor {
        Actor { name: self.name.to_string(), through: through.to_owned() }
    }

    /// The viewer that a verified token names.
    pub(crate) fn from_token(name: &str, email: Option<&str>, role: Role, is_machine: bool) -> Self {
        let origin = if is_machine { Origin::Machine } else { Origin::Person };
        Self { name: name.into(), email: email.map(Into::into), role, origin }
    }
}

#[cfg(test)]
mod tests {
    use super::{Role, Viewer};

    #[test]
    fn a_change_is_signed_with_the_viewers_name() {
        let actor = Viewer::machine("ocean").actor("port");
        assert_eq!((actor.name.as_str(), actor.through.as_str()), ("ocean", "port"));
        assert!(Viewer::development().is_administrator());
        assert!(!Viewer::person("elsa", None, Role::Member).is_administrator());
        assert!(!Viewer::person("elsa", None, Role::Administrator).is_machine());
    }
}
