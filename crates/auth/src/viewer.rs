//! The caller: who it is and how it came in. What it may do is [`crate::Rights`].

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;
use stagedoor_model::Actor;

use crate::{Action, Scopes};

/// What an account may do, coarsely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads, and does what permissions give it.
    Member,
    /// Reads and changes everything.
    Administrator,
}

impl Role {
    /// `member` or `administrator`, as the native API writes it.
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

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Principal {
    /// Somebody: the lower-case address, which is the identifier of the `_user` entity.
    Person(String),
    /// A program with a `_user` entity of its own, by its identifier.
    ServiceAccount(String),
    /// A program with a credential of the operator's (`STAGEDOOR_CLIENT_ID`, an app): administrator.
    Credential(String),
    /// Anybody on this machine, in local try-out mode: administrator.
    Development,
    /// Whoever came in without proving anything, where the configuration allows that, under the reference of a
    /// Backstage user: a member without teams.
    Guest(String),
    /// Stagedoor itself, under the name of the part that acts.
    System(String),
}

/// How a caller proved who it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// A browser's session, by its public id.
    Session(String),
    /// An access token, by the credential that it was issued for.
    AccessToken(String),
    /// A personal token or a service account's, by its public id.
    Token(String),
    /// A token of another system that the configuration trusts, by the name there.
    External(String),
    /// Nothing was to be proved: local try-out mode, Stagedoor itself.
    Nothing,
}

impl Via {
    /// `session`, `access_token`, `token`, `external` or `none`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::AccessToken(_) => "access_token",
            Self::Token(_) => "token",
            Self::External(_) => "external",
            Self::Nothing => "none",
        }
    }

    /// The public id of the session, credential or token; empty where there is none.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Session(id) | Self::AccessToken(id) | Self::Token(id) | Self::External(id) => id,
            Self::Nothing => "",
        }
    }
}

/// The caller. There is no way to the catalog without one, and none to make one but these constructors.
///
/// Cheap to clone: who it is was made once for a credential, and each request adds where it comes from. Two are
/// equal when they are the same caller by the same credential, wherever they come from.
#[derive(Clone, Debug)]
pub struct Viewer {
    who: Arc<Who>,
    address: Option<IpAddr>,
    agent: Option<Arc<str>>,
    run: Option<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Who {
    principal: Principal,
    via: Via,
    scopes: Option<Scopes>,
}

impl Viewer {
    /// A caller who proved to be `principal` by `via`; `scopes` limit what the token is good for.
    #[must_use]
    pub fn new(principal: Principal, via: Via, scopes: Option<Scopes>) -> Self {
        Self { who: Arc::new(Who { principal, via, scopes }), address: None, agent: None, run: None }
    }

    /// A program that has proved to know the secret of `client_id`. Those secrets are the operator's, so it
    /// may do everything.
    #[must_use]
    pub fn machine(client_id: &str) -> Self {
        Self::new(Principal::Credential(client_id.into()), Via::AccessToken(client_id.into()), None)
    }

    /// The person of a verified e-mail address, by an access token.
    #[must_use]
    pub fn person(email: &str) -> Self {
        let email = email.to_lowercase();
        Self::new(Principal::Person(email.clone()), Via::AccessToken(email), None)
    }

    /// The only viewer of local try-out mode.
    #[must_use]
    pub fn development() -> Self {
        Self::new(Principal::Development, Via::Nothing, None)
    }

    /// A guest, by the reference of a Backstage user. It reads, and keeps settings; nothing else, whatever members may.
    #[must_use]
    pub fn guest(reference: &str) -> Self {
        let allowed = |action: &&Action| {
            action.scope().starts_with("read:") || **action == Action::UpdatePersonalSettings
        };
        // Scopes of actions are scopes.
        let scopes = Scopes::parse(Action::ALL.iter().filter(allowed).map(|action| action.scope())).ok();
        let none = || Scopes::parse(Vec::<String>::new()).ok();
        Self::new(Principal::Guest(reference.into()), Via::AccessToken("guest".into()), scopes.or_else(none))
    }

    /// Stagedoor itself, under the name of the part that acts.
    #[must_use]
    pub fn system(name: &str) -> Self {
        Self::new(Principal::System(name.into()), Via::Nothing, None)
    }

    /// The same caller in a request from `address` by the program `agent`.
    #[must_use]
    pub fn from(mut self, address: Option<IpAddr>, agent: Option<&str>) -> Self {
        self.address = address;
        self.agent = agent.map(Into::into);
        self
    }

    /// The same caller doing something for a run: its changes say so.
    #[must_use]
    pub fn in_run(mut self, run: &str) -> Self {
        self.run = Some(run.into());
        self
    }

    /// Who.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.who.principal
    }

    /// How it proved that.
    #[must_use]
    pub fn via(&self) -> &Via {
        &self.who.via
    }

    /// What its token is limited to; `None`: what its owner may.
    #[must_use]
    pub fn scopes(&self) -> Option<&Scopes> {
        self.who.scopes.as_ref()
    }

    /// Where the request comes from, as far as known.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// `User-Agent` of a request that may change something.
    #[must_use]
    pub fn agent(&self) -> Option<&str> {
        self.agent.as_deref()
    }

    /// Address of a person, identifier of a service account, client id, reference of a guest, or name of the part that
    /// acts.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.principal() {
            Principal::Person(name)
            | Principal::ServiceAccount(name)
            | Principal::Credential(name)
            | Principal::Guest(name)
            | Principal::System(name) => name,
            Principal::Development => "administrator",
        }
    }

    /// The verified address of a person, or the identifier of a service account: both are `_user` entities.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        match self.principal() {
            Principal::Person(email) | Principal::ServiceAccount(email) => Some(email),
            _ => None,
        }
    }

    /// Whether it is a program.
    #[must_use]
    pub fn is_machine(&self) -> bool {
        matches!(self.principal(), Principal::Credential(_) | Principal::ServiceAccount(_))
    }

    /// The author of a change that this viewer makes `through` a dialect (`port`, `backstage`, `native`) or `source`.
    #[must_use]
    pub fn actor(&self, through: &str) -> Actor {
        let from = match (self.address, self.via()) {
            (None, Via::Nothing) => None,
            (None, via) => Some(via.kind().to_owned()),
            (Some(address), via) => Some(format!("{} {address}", via.kind())),
        };
        // As an address, it has no space in it.
        let from = match &self.run {
            Some(run) => Some(format!("{} run={run}", from.as_deref().unwrap_or("none"))),
            None => from,
        };
        Actor { name: self.name().to_owned(), through: through.to_owned(), from }
    }
}

impl PartialEq for Viewer {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.who, &other.who) || self.who == other.who
    }
}

impl Eq for Viewer {}

impl Hash for Viewer {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.who.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::{Principal, Via, Viewer};

    #[test]
    fn a_change_is_signed_with_name_and_origin() {
        let actor = Viewer::machine("ocean").actor("port");
        assert_eq!((actor.name.as_str(), actor.through.as_str()), ("ocean", "port"));
        assert_eq!(actor.from.as_deref(), Some("access_token"));
        let session =
            Viewer::new(Principal::Person("elsa@larkfell.example".into()), Via::Session("s1".into()), None);
        let there = session.clone().from(Some([192, 0, 2, 7].into()), Some("curl/8"));
        assert_eq!(there.actor("native").from.as_deref(), Some("session 192.0.2.7"));
        assert_eq!(there.agent(), Some("curl/8"));
        assert_eq!(there, session, "the same caller, wherever it is");
        assert_eq!(Viewer::system("sources").actor("source").from, None);
    }

    #[test]
    fn people_and_service_accounts_have_an_address() {
        assert_eq!(Viewer::person("Elsa@Larkfell.example").email(), Some("elsa@larkfell.example"));
        assert_eq!(Viewer::machine("ocean").email(), None);
        assert!(!Viewer::person("elsa@larkfell.example").is_machine());
    }
}
