//! Service accounts: `_user` entities for programs, each with a client of its own.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::Timestamp;
use stagedoor_query::{Catalog, Expr, NodeId};

use super::USERS;
use super::apps::{Client, Drawn, of_owner};
use super::proofs::{CLIENTS, Stored, TOKENS};
use super::rules::key;
use super::sign_ins::person::Holder;
use super::tokens::{checked_name, told};
use crate::Portal;
use crate::audit::Event;
use crate::error::PortalError;
use crate::rights::Judge;
use crate::writer::Draft;

/// Port gives every service account an address at this host.
const HOST: &str = "serviceaccounts.getport.io";

/// A service account.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceAccount {
    /// Identifier of the `_user` entity.
    pub identifier: String,
    /// What it is called.
    pub name: String,
    /// `Admin`, `Member` or a role of one's own.
    pub role: String,
    /// `Staged`, `Invited`, `Active` or `Disabled`.
    pub status: String,
    /// Identifiers of its teams.
    pub teams: Vec<String>,
    /// Its client id, if it has one.
    pub client_id: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its client was last used.
    pub last_used_at: Option<Timestamp>,
}

/// What a service account is to be.
#[derive(Clone, Debug, Default)]
pub struct NewServiceAccount {
    /// The address is made of it.
    pub name: String,
    /// `Admin` or `Member`.
    pub role: String,
    /// Identifiers of teams.
    pub teams: Vec<String>,
}

impl Portal {
    /// All service accounts, by identifier.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn service_accounts(&self, viewer: &Viewer) -> Result<Vec<ServiceAccount>, PortalError> {
        self.may(viewer, Action::ReadServiceAccounts, Resource::Any)?;
        let catalog = self.shared.catalog.load();
        let clients = Stored::all(CLIENTS, &catalog).filter(|client| client.has_owner(&catalog));
        let clients: HashMap<String, Stored> = clients.map(|client| (client.owner.clone(), client)).collect();
        let all = catalog.select(&Expr::of_blueprint(USERS), false);
        let one = |node| self.service_account(&catalog, node, &clients);
        let mut found: Vec<_> = all.nodes().iter().filter_map(one).collect();
        found.sort_by(|a, b| a.identifier.cmp(&b.identifier));
        Ok(found)
    }

    fn service_account(
        &self,
        catalog: &Catalog,
        node: NodeId,
        clients: &HashMap<String, Stored>,
    ) -> Option<ServiceAccount> {
        let record = &catalog.entity(node)?.record;
        let fields = record.contributed();
        let text = |key: &str| fields.properties.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("port_type") != "Service Account" {
            return None;
        }
        let client = clients.get(&*record.identifier);
        Some(ServiceAccount {
            identifier: record.identifier.to_string(),
            name: fields.title.clone().unwrap_or_else(|| record.identifier.to_string()),
            role: text("port_role").to_owned(),
            status: text("status").to_owned(),
            teams: catalog.teams(node),
            last_used_at: client.and_then(|client| self.shared.proofs.used(CLIENTS, client, catalog)),
            client_id: client.map(|client| client.id.clone()),
            created_at: record.stamps.created_at,
        })
    }

    /// Makes a service account with a client. The answer is its identifier and the client, which is shown once.
    ///
    /// # Errors
    /// `Forbidden`; `Invalid`; `NotFound` for a team that does not exist; `identifier_taken`.
    pub async fn create_service_account(
        &self,
        viewer: &Viewer,
        new: NewServiceAccount,
    ) -> Result<(String, Client), PortalError> {
        self.may(viewer, Action::CreateServiceAccount, Resource::Any)?;
        let name = checked_name(&new.name)?;
        let identifier = address_of(&name)?;
        if !matches!(new.role.as_str(), "Admin" | "Member") {
            return Err(PortalError::invalid("\"role\" must be \"Admin\" or \"Member\""));
        }
        let (drawn, scopes) = (Drawn::new()?, viewer.scopes().cloned());
        let make = move |draft: &mut Draft| {
            if draft.catalog.node_of_key(USERS, &identifier).is_some() {
                let message = format!("Service account \"{identifier}\" is already taken");
                return Err(PortalError::Conflict { code: "identifier_taken", message });
            }
            if let Some(team) = new.teams.iter().find(|t| draft.catalog.node_of_key("_team", t).is_none()) {
                return Err(PortalError::NotFound(format!("Team \"{team}\" was not found")));
            }
            let properties =
                json!({ "status": "Active", "port_role": new.role, "port_type": "Service Account" });
            let mut said = Map::new();
            said.insert("title".into(), name.clone().into());
            said.insert("properties".into(), properties);
            if !new.teams.is_empty() {
                said.insert("team".into(), json!(new.teams));
            }
            draft.put_person(&identifier, said)?;
            draft.sweep_proofs(0);
            let (stored, client) = draft.renew_client(&identifier, &drawn, scopes.as_ref())?;
            Ok((stored, client))
        };
        let (stored, client) = self.commit(viewer.actor("native"), false, make).await?;
        self.note(viewer, Event::TokenMade { token: told(&stored), scopes: stored.scopes.as_deref() });
        Ok((stored.owner, client))
    }

    /// Gives a service account's client another secret.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound`.
    pub async fn rotate_service_account(
        &self,
        viewer: &Viewer,
        identifier: &str,
    ) -> Result<Client, PortalError> {
        self.may(viewer, Action::UpdateServiceAccount, Resource::Any)?;
        self.demand_service_account(identifier)?;
        self.rotate_credentials(viewer, identifier).await
    }

    /// Removes a service account. Whatever it proved itself by is refused from now on, on every replica.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound`.
    pub async fn delete_service_account(&self, viewer: &Viewer, identifier: &str) -> Result<(), PortalError> {
        self.may(viewer, Action::DeleteServiceAccount, Resource::Any)?;
        self.demand_service_account(identifier)?;
        let identifier = key(USERS, identifier).into_owned();
        let delete = move |draft: &mut Draft| {
            let tokens = Stored::all(TOKENS, &draft.catalog).filter(|token| token.owner == identifier);
            let gone: Vec<Stored> = tokens.chain(of_owner(&identifier, &draft.catalog)).collect();
            draft.delete_entity(USERS, &identifier, false, &Judge::anything())?;
            draft.sweep_proofs(0);
            Ok(gone)
        };
        for gone in self.commit(viewer.actor("native"), false, delete).await? {
            self.note(viewer, Event::TokenRevoked(told(&gone)));
        }
        Ok(())
    }

    fn demand_service_account(&self, identifier: &str) -> Result<(), PortalError> {
        let holder = Holder::of(&key(USERS, identifier), &self.shared.catalog.load());
        match holder {
            Some(holder) if holder.service => Ok(()),
            _ => Err(PortalError::NotFound(format!("there is no service account \"{identifier}\""))),
        }
    }
}

/// `Deploy bot` -> `deploy-bot@serviceaccounts.getport.io`.
fn address_of(name: &str) -> Result<String, PortalError> {
    let mut local = String::new();
    for letter in name.chars().map(|c| c.to_ascii_lowercase()) {
        match letter {
            'a'..='z' | '0'..='9' | '.' | '_' => local.push(letter),
            _ if local.ends_with('-') || local.is_empty() => {}
            _ => local.push('-'),
        }
    }
    let local = local.trim_matches(['-', '.']);
    if local.is_empty() {
        return Err(PortalError::invalid("\"name\" must have a letter from a to z or a digit"));
    }
    Ok(format!("{local}@{HOST}"))
}

#[cfg(test)]
mod tests {
    use super::address_of;

    #[test]
    fn an_address_is_made_of_the_name() {
        for (name, local) in [
            ("Deploy bot", "deploy-bot"),
            ("  CI / CD  (prod) ", "ci-cd-prod"),
            ("größe", "gr-e"),
            ("a.b_c", "a.b_c"),
            ("../x", "x"),
        ] {
            assert_eq!(address_of(name).unwrap(), format!("{local}@serviceaccounts.getport.io"), "{name}");
        }
        for none in ["", "...", "ключ", "@"] {
            assert!(address_of(none).is_err(), "{none}");
        }
    }
}
