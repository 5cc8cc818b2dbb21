//! Clients: an id with a secret, exchanged for an access token. The organization's are Port's apps; people and service
//! accounts may have one each.

use serde_json::Value;
use stagedoor_auth::{Action, Resource, Scopes, SecretKind, Viewer, new_secret};
use stagedoor_model::{Change, Timestamp};
use stagedoor_query::Catalog;

use super::USERS;
use super::proofs::{CLIENTS, ProofKind, Stored};
use super::rules::key;
use super::sign_ins::Secret;
use super::sign_ins::person::Holder;
use super::sign_ins::random::random;
use super::tokens::{checked_name, told};
use crate::Portal;
use crate::audit::{Event, Token};
use crate::error::PortalError;
use crate::writer::Draft;

/// Apps that an organization may have.
const MOST: usize = 1_000;

/// A client of the organization.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    /// The client id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Whether it may get access tokens.
    pub enabled: bool,
    /// Only where it is new.
    pub secret: Option<Secret>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its name, state or secret changed.
    pub updated_at: Timestamp,
}

/// A client id and its secret, which are shown once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The id.
    pub id: String,
    /// The secret.
    pub secret: Secret,
}

/// A client that may become one, drawn before it is known whether it is needed: operations may run more than once.
#[derive(Clone)]
pub(crate) struct Drawn {
    id: String,
    secret: String,
}

impl Drawn {
    pub(crate) fn new() -> Result<Self, PortalError> {
        let id = random::<16>()?.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { id, secret: new_secret(SecretKind::Client, random()?) })
    }
}

impl Portal {
    /// The organization's clients, the one of the environment first.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn apps(&self, viewer: &Viewer) -> Result<Vec<App>, PortalError> {
        self.may(viewer, Action::ReadApps, Resource::Any)?;
        let environment = self.shared.proofs.environment().map(|(id, since)| App {
            id: id.clone(),
            name: "Environment (STAGEDOOR_CLIENT_ID)".to_owned(),
            enabled: true,
            secret: None,
            created_at: *since,
            updated_at: *since,
        });
        let catalog = self.shared.catalog.load();
        let mut apps: Vec<_> = apps(&catalog).map(|stored| app(stored, None)).collect();
        apps.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(environment.into_iter().chain(apps).collect())
    }

    /// Makes a client of the organization. It may do what an administrator may, within the scopes of the token that it
    /// is made with.
    ///
    /// # Errors
    /// `Forbidden`; `Invalid`.
    pub async fn create_app(&self, viewer: &Viewer, body: &Value) -> Result<App, PortalError> {
        self.may(viewer, Action::CreateApp, Resource::Any)?;
        let name = body.get("name").ok_or_else(|| missing("name"))?;
        let name = checked_name(text("name", name)?)?;
        let (drawn, scopes) = (Drawn::new()?, viewer.scopes().cloned());
        let make = move |draft: &mut Draft| {
            draft.sweep_proofs(0);
            if apps(&draft.catalog).count() >= MOST {
                let text = format!("there are {MOST} apps: delete one that is no longer needed");
                return Err(PortalError::refused("too_many_apps", text));
            }
            let mut stored = Stored::new(&drawn.id, ProofKind::App, &name, &drawn.secret, draft.at);
            stored.scopes = texts(scopes.as_ref());
            draft.put_private(CLIENTS, &stored.id, &stored);
            Ok((stored, Secret(drawn.secret.clone())))
        };
        let (stored, secret) = self.commit(viewer.actor("port"), false, make).await?;
        self.note(viewer, Event::TokenMade { token: told(&stored), scopes: stored.scopes.as_deref() });
        Ok(app(stored, Some(secret)))
    }

    /// Gives an app another name, or turns it off and on.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound`; `Invalid`; `protected_resource` for the client of the environment.
    pub async fn update_app(&self, viewer: &Viewer, id: &str, body: &Value) -> Result<App, PortalError> {
        self.may(viewer, Action::UpdateApp, Resource::Named(id))?;
        self.refuse_environment(id)?;
        let map = body.as_object().ok_or_else(|| PortalError::invalid("body must be object"))?;
        if map.get("name").or_else(|| map.get("enabled")).is_none() {
            return Err(missing("name"));
        }
        let name = map.get("name").map(|name| checked_name(text("name", name)?)).transpose()?;
        let enabled = match map.get("enabled") {
            None => None,
            Some(Value::Bool(enabled)) => Some(*enabled),
            Some(_) => return Err(PortalError::invalid("\"enabled\" must be boolean")),
        };
        let id = id.to_owned();
        let update = move |draft: &mut Draft| {
            let mut stored = find(&id, &draft.catalog)?;
            stored.name = name.clone().unwrap_or(stored.name);
            stored.enabled = enabled.unwrap_or(stored.enabled);
            stored.updated_at = draft.at;
            draft.put_private(CLIENTS, &id, &stored);
            Ok(stored)
        };
        Ok(app(self.commit(viewer.actor("port"), false, update).await?, None))
    }

    /// Removes an app. Access tokens that were issued for it are refused from now on, on every replica.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound`; `protected_resource` for the client of the environment.
    pub async fn delete_app(&self, viewer: &Viewer, id: &str) -> Result<(), PortalError> {
        self.may(viewer, Action::DeleteApp, Resource::Named(id))?;
        self.refuse_environment(id)?;
        let id = id.to_owned();
        let delete = move |draft: &mut Draft| {
            let stored = find(&id, &draft.catalog)?;
            draft.put(Change::DeleteRecord(CLIENTS.to_owned(), id.clone()));
            Ok(stored)
        };
        let gone = self.commit(viewer.actor("port"), false, delete).await?;
        self.note(viewer, Event::TokenRevoked(told(&gone)));
        Ok(())
    }

    /// Gives an app another secret. The old one, and access tokens that were issued for it, are refused from now on.
    ///
    /// # Errors
    /// `Forbidden`, also where the app may more than the caller's token; `NotFound`; `protected_resource` for the client
    /// of the environment.
    pub async fn rotate_app(&self, viewer: &Viewer, id: &str) -> Result<App, PortalError> {
        self.may(viewer, Action::UpdateApp, Resource::Named(id))?;
        self.refuse_environment(id)?;
        let scopes = find(id, &self.shared.catalog.load())?.scopes;
        self.may_hand_out(viewer, Action::UpdateApp, parsed(scopes)?.as_ref())?;
        let (id, secret) = (id.to_owned(), Drawn::new()?.secret);
        let rotate = move |draft: &mut Draft| {
            let stored = find(&id, &draft.catalog)?.with_secret(&secret, draft.at);
            draft.put_private(CLIENTS, &id, &stored);
            Ok((stored, Secret(secret.clone())))
        };
        let (stored, secret) = self.commit(viewer.actor("port"), false, rotate).await?;
        self.note(viewer, Event::TokenRotated(told(&stored)));
        Ok(app(stored, Some(secret)))
    }

    /// Gives a person or a service account a client with another secret, or its first one: the id stays.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound`.
    pub async fn rotate_credentials(&self, viewer: &Viewer, owner: &str) -> Result<Client, PortalError> {
        let owner = key(USERS, owner).into_owned();
        let action = Action::RevokeToken;
        self.may(viewer, action, Resource::Of(&owner))?;
        let old = of_owner(&owner, &self.shared.catalog.load());
        if let Some(old) = old {
            self.may_hand_out(viewer, action, parsed(old.scopes)?.as_ref())?;
        }
        let (drawn, scopes) = (Drawn::new()?, viewer.scopes().cloned());
        let rotate = move |draft: &mut Draft| draft.renew_client(&owner, &drawn, scopes.as_ref());
        let (stored, client) = self.commit(viewer.actor("port"), false, rotate).await?;
        self.note(viewer, Event::TokenRotated(told(&stored)));
        Ok(client)
    }

    /// Notes that a service account has got a client.
    pub(crate) fn note_client(&self, viewer: &Viewer, owner: &str, client: &Client) {
        let kind = ProofKind::ServiceAccount.name();
        let token = Token { kind, id: &client.id, name: "credentials", owner };
        let scopes = texts(viewer.scopes());
        self.note(viewer, Event::TokenMade { token, scopes: scopes.as_deref() });
    }

    fn refuse_environment(&self, id: &str) -> Result<(), PortalError> {
        match self.shared.proofs.environment() {
            Some((environment, _)) if environment == id => {
                let text = format!(
                    "\"{id}\" is set by STAGEDOOR_CLIENT_ID and STAGEDOOR_CLIENT_SECRET where the server is started; \
                     change it there"
                );
                Err(PortalError::refused("protected_resource", text))
            }
            _ => Ok(()),
        }
    }
}

impl Draft {
    /// Gives the `_user` entity of an address a client, or its client another secret.
    pub(super) fn renew_client(
        &mut self,
        owner: &str,
        drawn: &Drawn,
        scopes: Option<&Scopes>,
    ) -> Result<(Stored, Client), PortalError> {
        let holder = Holder::of(owner, &self.catalog);
        let holder =
            holder.ok_or_else(|| PortalError::NotFound(format!("User \"{owner}\" was not found")))?;
        let stored = match of_owner(owner, &self.catalog) {
            Some(old) => old.with_secret(&drawn.secret, self.at),
            None => {
                let kind = if holder.service { ProofKind::ServiceAccount } else { ProofKind::Personal };
                let mut new = Stored::new(&drawn.id, kind, "credentials", &drawn.secret, self.at);
                new.scopes = texts(scopes);
                new.owned(owner, holder.uid)
            }
        };
        self.put_private(CLIENTS, &stored.id, &stored);
        let client = Client { id: stored.id.clone(), secret: Secret(drawn.secret.clone()) };
        Ok((stored, client))
    }

    /// The client of a service account that has just been made; `None` for a person.
    pub(crate) fn first_client(
        &mut self,
        owner: &str,
        drawn: &Drawn,
        scopes: Option<&Scopes>,
    ) -> Result<Option<Client>, PortalError> {
        if !Holder::of(owner, &self.catalog).is_some_and(|holder| holder.service) {
            return Ok(None);
        }
        self.sweep_proofs(0);
        Ok(Some(self.renew_client(owner, drawn, scopes)?.1))
    }
}

fn apps(catalog: &Catalog) -> impl Iterator<Item = Stored> {
    Stored::all(CLIENTS, catalog).filter(|stored| stored.kind == ProofKind::App)
}

fn find(id: &str, catalog: &Catalog) -> Result<Stored, PortalError> {
    let stored = catalog.record(CLIENTS, id).and_then(|record| Stored::of(record));
    stored
        .filter(|stored| stored.kind == ProofKind::App)
        .ok_or_else(|| PortalError::NotFound(format!("App with id \"{id}\" was not found")))
}

/// The client of a person or service account.
pub(super) fn of_owner(owner: &str, catalog: &Catalog) -> Option<Stored> {
    Stored::all(CLIENTS, catalog).find(|stored| stored.owner == owner && stored.has_owner(catalog))
}

fn app(stored: Stored, secret: Option<Secret>) -> App {
    App {
        id: stored.id,
        name: stored.name,
        enabled: stored.enabled,
        secret,
        created_at: stored.created_at,
        updated_at: stored.updated_at,
    }
}

fn texts(scopes: Option<&Scopes>) -> Option<Vec<String>> {
    scopes.map(|scopes| scopes.iter().map(str::to_owned).collect())
}

fn parsed(scopes: Option<Vec<String>>) -> Result<Option<Scopes>, PortalError> {
    scopes.map(Scopes::parse).transpose().map_err(|unknown| PortalError::Internal(unknown.to_string()))
}

fn missing(key: &str) -> PortalError {
    PortalError::invalid(format!("body must have required property '{key}'"))
}

fn text<'v>(key: &str, value: &'v Value) -> Result<&'v str, PortalError> {
    value.as_str().ok_or_else(|| PortalError::invalid(format!("\"{key}\" must be string")))
}
