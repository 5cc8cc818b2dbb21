//! A link is used: the person is active, has a password, and is signed in.

use serde_json::{Map, Value, json};
use stagedoor_auth::Visitor;
use uuid::Uuid;

use super::{COLLECTION, Link, LinkKind, no_link};
use crate::Portal;
use crate::audit::Event;
use crate::error::PortalError;
use crate::people::accounts::check_new;
use crate::people::sign_ins::person::{Holder, address};
use crate::people::sign_ins::{Refusal, SignedIn};
use crate::writer::Draft;

/// What somebody says who uses a link.
#[derive(Clone, Debug, Default)]
pub struct Acceptance {
    /// The secret of the link.
    pub secret: String,
    /// Needed where the link says no address; where it does, it must not be another one.
    pub email: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// The new password.
    pub password: String,
}

impl Portal {
    /// Uses a link up and signs in.
    ///
    /// # Errors
    /// `NotFound` for one that is not valid, also when somebody else has just used it; `Invalid` naming the place;
    /// [`Refusal::Wait`].
    pub async fn accept_link(&self, acceptance: Acceptance, visitor: &Visitor) -> Result<SignedIn, Refusal> {
        let (digest, link) = self.find_link(&acceptance.secret, visitor).await?;
        let email = email_of(&link, &acceptance)?;
        check_new(&acceptance.password, &email)?;
        check_names(&acceptance)?;
        let hash = self.hash(&acceptance.password).await?;
        let body = body_of(&link, &acceptance);
        let signed_in = self
            .begin_session(email.clone(), visitor, "link", move |draft, email| {
                let link = draft.catalog.record(COLLECTION, &digest).and_then(|record| Link::of(record));
                let link = link.filter(|link| link.holds(&draft.catalog, draft.at)).ok_or_else(no_link)?;
                draft.use_up(&digest, &link, email, body.clone(), &hash)
            })
            .await?;
        self.note(&signed_in.viewer, Event::LinkUsed { kind: link.kind.name(), user: &email });
        Ok(signed_in)
    }
}

impl Draft {
    fn use_up(
        &mut self,
        digest: &str,
        link: &Link,
        email: &str,
        body: Map<String, Value>,
        hash: &str,
    ) -> Result<Uuid, PortalError> {
        self.drop_link(digest);
        if Holder::of(email, &self.catalog).is_some_and(|holder| holder.service) {
            let message = format!("\"{email}\" is a service account");
            return Err(PortalError::Conflict { code: "identifier_taken", message });
        }
        let uid = match link.uid {
            Some(uid) if link.kind == LinkKind::Reset => uid,
            _ => self.put_person(email, body)?,
        };
        if link.kind == LinkKind::Setup {
            // The portal has its administrator: the links of other starts are void.
            self.drop_links(|other| other.kind == LinkKind::Setup);
        }
        self.drop_links_of(email);
        self.end_sessions(email, None);
        self.put_password(email, uid, hash);
        Ok(uid)
    }
}

fn email_of(link: &Link, acceptance: &Acceptance) -> Result<String, PortalError> {
    let said = acceptance.email.as_deref().map(str::trim).filter(|email| !email.is_empty()).map(address);
    match (&link.email, said.transpose()?) {
        (Some(of), Some(said)) if *of != said => {
            Err(PortalError::invalid(format!("\"email\": this link is for {of}")))
        }
        (Some(of), _) => Ok(of.clone()),
        (None, Some(said)) => Ok(said),
        (None, None) => Err(PortalError::invalid("\"email\" is needed: it is what you sign in with")),
    }
}

fn check_names(acceptance: &Acceptance) -> Result<(), PortalError> {
    for (place, name) in [("firstName", &acceptance.first_name), ("lastName", &acceptance.last_name)] {
        let bad = |name: &String| name.chars().count() > 100 || name.chars().any(char::is_control);
        if name.as_ref().is_some_and(bad) {
            let text = format!("\"{place}\" must be one line of at most 100 characters");
            return Err(PortalError::invalid(text));
        }
    }
    Ok(())
}

/// What the person's entity says after that.
fn body_of(link: &Link, acceptance: &Acceptance) -> Map<String, Value> {
    let mut properties = json!({ "status": "Active" });
    if link.kind == LinkKind::Setup {
        properties["port_role"] = "Admin".into();
        properties["port_type"] = "Standard".into();
    }
    let name = |name: &Option<String>| name.as_deref().unwrap_or_default().trim().to_owned();
    let (first, last) = (name(&acceptance.first_name), name(&acceptance.last_name));
    let mut body = Map::new();
    if !(first.is_empty() && last.is_empty()) {
        body.insert("title".into(), format!("{first} {last}").trim().into());
        properties["firstName"] = first.into();
        properties["lastName"] = last.into();
    }
    body.insert("properties".into(), properties);
    body
}
