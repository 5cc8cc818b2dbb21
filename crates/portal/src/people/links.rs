//! One-time links: the first administrator's, invitations, and passwords that were forgotten.
//!
//! A link carries 256 random bits; the record under their digest says what they are good for. The secret stands behind
//! `#` in the address, which browsers send to nobody, so that it reaches no log. Stagedoor sends no mail: whoever makes
//! a link hands it over.

mod accept;
mod operator;
mod stored;

use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, Resource, Standing, Viewer, Visitor, secret_digest};
use stagedoor_model::{Change, Timestamp};
use uuid::Uuid;

use super::accounts::{Fresh, has_password};
use super::sign_ins::person::{Holder, address};
use super::sign_ins::{Refusal, Secret};
use crate::audit::Event;
use crate::error::PortalError;
use crate::writer::Draft;
use crate::{Portal, clock};

pub use accept::Acceptance;
pub use operator::{OperatorLink, operator_link};
pub use stored::LinkKind;
pub(super) use stored::any_over;
use stored::{Link, links};

/// Collection of links.
const COLLECTION: &str = "invitation";
/// Setup links that are kept: a program that starts again and again leaves no more.
const MOST_SETUP: usize = 10;

/// A link that has just been made.
#[derive(Clone, Debug)]
pub struct MadeLink {
    /// Public id.
    pub id: String,
    /// What goes behind `/welcome#`. It is kept nowhere.
    pub secret: Secret,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// What a link says to whoever has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkInfo {
    /// What it is good for.
    pub kind: LinkKind,
    /// Whose it is.
    pub email: Option<String>,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Who is to be invited as what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invitation {
    /// E-mail address.
    pub email: String,
    /// `Admin` or `Member`.
    pub role: String,
    /// Names or identifiers of teams; `None`: those there are.
    pub teams: Option<Vec<String>>,
    /// Blueprints to look after; `None`: those there are.
    pub moderated: Option<Vec<String>>,
}

/// An invitation that has not been used yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenInvitation {
    /// Public id.
    pub id: String,
    /// Lower-case address.
    pub email: String,
    /// Who invited.
    pub by: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Says nothing of why: used, over, taken back and made up are one.
fn no_link() -> PortalError {
    PortalError::NotFound("this link is not valid: it may have been used, or be too old".into())
}

/// Who may hand out links by which others sign in.
fn may_make(portal: &Portal, viewer: &Viewer, action: Action, email: &str) -> Result<(), PortalError> {
    portal.may(viewer, action, Resource::Named(email))?;
    if viewer.scopes().is_some() {
        // The link would let in with all rights of a person, which the token has not.
        let text = "a token that is limited to scopes may not make links by which somebody signs in";
        return Err(PortalError::Forbidden(text.into()));
    }
    Ok(())
}

impl Portal {
    /// Invites somebody: makes the `_user` entity (status `Invited`), or changes one that has not come yet, and a link
    /// that lets it in. Earlier links of the same person are void.
    ///
    /// # Errors
    /// `Forbidden`; `Invalid` naming the place; `Conflict` for somebody who is in already or shut out.
    pub async fn invite(&self, viewer: &Viewer, invitation: Invitation) -> Result<MadeLink, PortalError> {
        let email = address(&invitation.email)?;
        may_make(self, viewer, Action::CreateUser, &email)?;
        if !matches!(invitation.role.as_str(), "Admin" | "Member") {
            return Err(PortalError::invalid("\"role\" must be \"Admin\" or \"Member\""));
        }
        let of = email.clone();
        let made = self
            .make_link(viewer, LinkKind::Invitation, email, move |draft| draft.invite(&of, &invitation))
            .await?;
        Ok(made)
    }

    /// Invitations that have not been used yet, the newest first.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn invitations(&self, viewer: &Viewer) -> Result<Vec<OpenInvitation>, PortalError> {
        self.may(viewer, Action::CreateUser, Resource::Any)?;
        let (catalog, now) = (self.shared.catalog.load(), clock::now());
        let open = links(&catalog).filter(|(_, l)| l.kind == LinkKind::Invitation && l.holds(&catalog, now));
        let mut all: Vec<_> = open
            .map(|(_, link)| OpenInvitation {
                id: link.id,
                email: link.email.unwrap_or_default(),
                by: link.by,
                created_at: link.created_at,
                expires_at: link.expires_at,
            })
            .collect();
        all.sort_by_key(|invitation| std::cmp::Reverse(invitation.created_at));
        Ok(all)
    }

    /// Takes an invitation back. The person stays, as `Staged`: known, and without access.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound`.
    pub async fn revoke_invitation(&self, viewer: &Viewer, id: &str) -> Result<(), PortalError> {
        self.may(viewer, Action::CreateUser, Resource::Any)?;
        let id = id.to_owned();
        let revoke = move |draft: &mut Draft| {
            let of_id = |(_, link): &(&str, Link)| link.kind == LinkKind::Invitation && link.id == id;
            let found = links(&draft.catalog).find(of_id).map(|(digest, link)| (digest.to_owned(), link));
            let missing = || PortalError::NotFound("there is no invitation of this id".into());
            let (digest, link) = found.ok_or_else(missing)?;
            draft.drop_link(&digest);
            let email = link.email.unwrap_or_default();
            if draft.status_of(&email).as_deref() == Some("Invited") {
                draft.put_person(&email, status("Staged"))?;
            }
            Ok(email)
        };
        let email = self.commit(viewer.actor("native"), false, revoke).await?;
        self.note(viewer, Event::LinkRevoked { kind: LinkKind::Invitation.name(), user: &email });
        Ok(())
    }

    /// A link by which a person gets another password. Earlier ones are void; the present password holds until it is
    /// used.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound`; `Conflict` for somebody who is not active.
    pub async fn reset_link(&self, viewer: &Viewer, email: &str) -> Result<MadeLink, PortalError> {
        let email = email.trim().to_lowercase();
        may_make(self, viewer, Action::UpdateUser, &email)?;
        let of = email.clone();
        self.make_link(viewer, LinkKind::Reset, email, move |draft| {
            let person = Holder::of(&of, &draft.catalog).filter(|person| !person.service);
            let missing = || PortalError::NotFound(format!("there is no person \"{of}\""));
            let person = person.ok_or_else(missing)?;
            if !person.is_active() {
                let message = format!("\"{of}\" is not active: invite or enable the person first");
                return Err(PortalError::Conflict { code: "not_active", message });
            }
            Ok(person.uid)
        })
        .await
    }

    async fn make_link(
        &self,
        viewer: &Viewer,
        kind: LinkKind,
        email: String,
        prepare: impl Fn(&mut Draft) -> Result<Uuid, PortalError> + Send + 'static,
    ) -> Result<MadeLink, PortalError> {
        let Fresh { secret, digest, id } = Fresh::new()?;
        let (made, of) = (id.clone(), email.clone());
        let make = move |draft: &mut Draft| {
            let uid = prepare(draft)?;
            draft.drop_links_of(&of);
            let expires_at = Timestamp(draft.at.0 + kind.life());
            let link = Link {
                id: made.clone(),
                kind,
                email: Some(of.clone()),
                uid: Some(uid),
                by: draft.actor.name.clone(),
                created_at: draft.at,
                expires_at,
            };
            draft.put_private(COLLECTION, &digest, &link);
            Ok(expires_at)
        };
        let expires_at = self.commit(viewer.actor("native"), false, make).await?;
        self.note(viewer, Event::LinkMade { kind: kind.name(), user: &email });
        Ok(MadeLink { id, secret, expires_at })
    }

    /// What a link is good for. It is not used up.
    ///
    /// # Errors
    /// `NotFound` for one that is not valid, whatever the reason; [`Refusal::Wait`] after many of those.
    pub async fn check_link(&self, secret: &str, visitor: &Visitor) -> Result<LinkInfo, Refusal> {
        let (_, link) = self.find_link(secret, visitor).await?;
        Ok(LinkInfo { kind: link.kind, email: link.email, expires_at: link.expires_at })
    }

    /// A valid link, with its digest.
    async fn find_link(&self, secret: &str, visitor: &Visitor) -> Result<(String, Link), Refusal> {
        let now = clock::now();
        let find = |digest: &str| {
            let catalog = self.shared.catalog.load();
            let link = Link::of(catalog.record(COLLECTION, digest)?)?;
            link.holds(&catalog, now).then_some(link)
        };
        if let Some(digest) = secret_digest(secret) {
            if let Some(link) = find(&digest) {
                return Ok((digest, link));
            }
            self.shared.sign_ins.attempts.lock().guess(visitor.address, now).map_err(Refusal::Wait)?;
            if self.fetch_operator_link(&digest, now).await?
                && let Some(link) = find(&digest)
            {
                return Ok((digest, link));
            }
        }
        Err(no_link().into())
    }
}

/// A body that sets the status.
fn status(status: &str) -> Map<String, Value> {
    Map::from_iter([("properties".to_owned(), json!({ "status": status }))])
}

impl Draft {
    /// The entity of somebody who is invited.
    fn invite(&mut self, email: &str, invitation: &Invitation) -> Result<Uuid, PortalError> {
        let conflict = |code, message| Err(PortalError::Conflict { code, message });
        if let Some(person) = Holder::of(email, &self.catalog) {
            if person.service {
                return conflict("identifier_taken", format!("\"{email}\" is a service account"));
            }
            if person.account.standing == Standing::Disabled {
                return conflict("disabled", format!("\"{email}\" is disabled: enable the account instead"));
            }
            if has_password(email, &self.catalog) {
                return conflict("identifier_taken", format!("\"{email}\" is in already"));
            }
        }
        let mut properties = json!({ "port_role": invitation.role, "port_type": "Standard" });
        if self.status_of(email).as_deref() != Some("Active") {
            properties["status"] = "Invited".into();
        }
        if let Some(moderated) = &invitation.moderated {
            properties["moderated_blueprints"] = json!(moderated);
        }
        let mut body = Map::from_iter([("properties".to_owned(), properties)]);
        if let Some(teams) = &invitation.teams {
            let node = self.catalog.node_of_key(super::USERS, email);
            body.insert("team".into(), json!(super::teams::team_identifiers(&self.catalog, teams, node)?));
        }
        self.put_person(email, body)
    }

    /// The property `status` of a person.
    fn status_of(&self, email: &str) -> Option<String> {
        let entity = self.catalog.entity(self.catalog.node_of_key(super::USERS, email)?)?;
        let properties = entity.record.contributed().properties;
        properties.get("status").and_then(Value::as_str).map(str::to_owned)
    }

    fn drop_link(&mut self, digest: &str) {
        self.put(Change::DeleteRecord(COLLECTION.into(), digest.to_owned()));
    }

    /// Removes the links of a person, but for those of the operator.
    pub(super) fn drop_links_of(&mut self, email: &str) {
        self.drop_links(|link| link.email.as_deref() == Some(email));
    }

    /// Removes links that are over. Answers how many.
    pub(super) fn drop_links_over(&mut self, now: Timestamp) -> usize {
        self.drop_links(|link| link.is_over(now))
    }

    fn drop_links(&mut self, which: impl Fn(&Link) -> bool) -> usize {
        let found: Vec<String> = links(&self.catalog)
            .filter(|(_, link)| which(link))
            .map(|(digest, _)| digest.to_owned())
            .collect();
        found.iter().for_each(|digest| self.drop_link(digest));
        found.len()
    }
}
