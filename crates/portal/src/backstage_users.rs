//! Who a caller is in Backstage's words: a reference of kind `user`, and the references whose things are its own.
//!
//! A person and a Backstage user are the same where they have the same e-mail address, never by name. Where no user, or
//! more than one, has the address, the person gets a reference of its own in the namespace `stagedoor`: a document that
//! claims somebody's address takes nothing from him but his groups.

use serde_json::Value;
use stagedoor_auth::{Principal, Viewer};
use stagedoor_model::entity_ref;
use stagedoor_query::{Catalog, NodeId};

use crate::people::USERS;
use crate::rights::users;
use crate::{Portal, clock};

/// The namespace of people whom no Backstage user stands for.
const OWN_NAMESPACE: &str = "stagedoor";
/// Characters of a Backstage name.
const LONGEST_NAME: usize = 63;

/// Somebody as Backstage's frontend sees him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackstageUser {
    /// Lower-case, such as `user:default/elsa`.
    pub reference: String,
    /// The same and the groups it is directly a member of.
    pub ownership: Vec<String>,
    /// Address of a person.
    pub email: Option<String>,
    /// What it is called.
    pub display_name: Option<String>,
    /// `spec.profile.picture`.
    pub picture: Option<String>,
}

impl Portal {
    /// The Backstage user that a caller is; `None` for programs.
    #[must_use]
    pub fn backstage_user(&self, viewer: &Viewer) -> Option<BackstageUser> {
        let catalog = self.shared.catalog.load();
        let email = match viewer.principal() {
            Principal::Person(email) => email,
            Principal::Guest(reference) => return Some(guest(reference, &catalog)),
            Principal::Development => return Some(guest(&self.identity().guest, &catalog)),
            Principal::ServiceAccount(_) | Principal::Credential(_) | Principal::System(_) => return None,
        };
        let node = node_of(email, &catalog);
        let reference = node.map_or_else(|| own_reference(email), |node| catalog.reference(node).to_owned());
        let title = catalog.node_of_key(USERS, email).and_then(|node| catalog.title(node));
        let profile = |key| node.and_then(|node| profile(node, key, &catalog));
        Some(BackstageUser {
            ownership: ownership(&reference, node, &catalog),
            display_name: profile("displayName").or(title),
            picture: profile("picture"),
            email: Some(email.clone()),
            reference,
        })
    }

    /// Ends of sessions are looked up by what a token says of them: the digest under which a session is kept, by its
    /// public id. Searching, so whoever asks often remembers it.
    #[must_use]
    pub fn session_called(&self, id: &str) -> Option<String> {
        crate::people::session_called(id, &self.shared.catalog.load())
    }

    /// The time by the portal's clock.
    #[must_use]
    pub fn now(&self) -> stagedoor_model::Timestamp {
        clock::now()
    }
}

/// The reference alone, for what is looked up often.
pub(crate) fn reference_of(viewer: &Viewer, guest: &str, catalog: &Catalog) -> Option<String> {
    match viewer.principal() {
        Principal::Person(email) => Some(match node_of(email, catalog) {
            Some(node) => catalog.reference(node).to_owned(),
            None => own_reference(email),
        }),
        Principal::Guest(reference) => Some(reference.clone()),
        Principal::Development => Some(guest.to_owned()),
        Principal::ServiceAccount(_) | Principal::Credential(_) | Principal::System(_) => None,
    }
}

/// The one user with this address.
fn node_of(email: &str, catalog: &Catalog) -> Option<NodeId> {
    match users(email, catalog).as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

fn guest(reference: &str, catalog: &Catalog) -> BackstageUser {
    let node = catalog.node_of_ref(reference).filter(|node| catalog.entity(*node).is_some());
    let profile = |key| node.and_then(|node| profile(node, key, catalog));
    BackstageUser {
        reference: reference.to_owned(),
        ownership: ownership(reference, node, catalog),
        email: None,
        display_name: profile("displayName"),
        picture: profile("picture"),
    }
}

fn ownership(reference: &str, node: Option<NodeId>, catalog: &Catalog) -> Vec<String> {
    let mut all = vec![reference.to_owned()];
    for link in node.into_iter().flat_map(|node| catalog.relations(node)) {
        let group = catalog.reference(link.other);
        if link.name == "memberOf" && entity_ref::kind_of(group) == "group" && all.iter().all(|r| r != group)
        {
            all.push(group.to_owned());
        }
    }
    all[1..].sort();
    all
}

fn profile(node: NodeId, key: &str, catalog: &Catalog) -> Option<String> {
    let entity = catalog.entity(node)?;
    let document = catalog.blueprint_of(entity)?.face.document(&entity.record);
    let text = document.pointer("/spec/profile")?.get(key).and_then(Value::as_str)?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// `user:stagedoor/elsa-larkfell.example` for `elsa@larkfell.example`.
fn own_reference(email: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let name: String = email.to_lowercase().chars().map(legal).take(LONGEST_NAME).collect();
    let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let name = if name.is_empty() { "somebody" } else { name };
    format!("user:{OWN_NAMESPACE}/{name}")
}

#[cfg(test)]
mod tests {
    use super::own_reference;

    #[test]
    fn an_address_becomes_a_legal_name() {
        for (email, reference) in [
            ("elsa@larkfell.example", "user:stagedoor/elsa-larkfell.example"),
            ("Elsa+x@Larkfell.example", "user:stagedoor/elsa-x-larkfell.example"),
            ("ü@x", "user:stagedoor/x"),
            ("@@", "user:stagedoor/somebody"),
        ] {
            assert_eq!(own_reference(email), reference);
        }
        let long = own_reference(&format!("{}@larkfell.example", "a".repeat(80)));
        assert_eq!(long.len(), "user:stagedoor/".len() + 63);
    }
}
