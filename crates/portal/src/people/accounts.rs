//! Signing in by address and password.

use serde::{Deserialize, Serialize};
use stagedoor_auth::{
    Action, Principal, Resource, Standing, Via, Viewer, Visitor, check_password, hash_password,
    secret_digest, secret_text, verify_password,
};
use stagedoor_model::Timestamp;
use stagedoor_query::Catalog;
use uuid::Uuid;

use super::sign_ins::limits::Attempt;
use super::sign_ins::person::{Holder, address};
use super::sign_ins::random::{public_id, random};
use super::sign_ins::{Refusal, Secret, SignedIn};
use crate::audit::{By, Event};
use crate::error::PortalError;
use crate::rights::account_of;
use crate::writer::Draft;
use crate::{Portal, clock};

/// Collection of passwords.
const COLLECTION: &str = "account";
/// Characters of an e-mail address.
const LONGEST_ADDRESS: usize = 254;
/// Network addresses of a person that are remembered.
const ADDRESSES: usize = 5;

/// How a person signs in, as it is stored under the address.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stored {
    /// Of the `_user` entity.
    pub(super) uid: Uuid,
    /// A PHC string.
    password: String,
    changed_at: Timestamp,
    /// From where the person has signed in, the last one first.
    addresses: Vec<String>,
}

impl Stored {
    fn of(email: &str, catalog: &Catalog) -> Option<Self> {
        serde_json::from_str(catalog.record(COLLECTION, email)?.body.as_str()).ok()
    }

    /// The same for whoever may sign in now.
    fn in_use(email: &str, catalog: &Catalog) -> Option<Self> {
        let user = Holder::of(email, catalog).filter(|user| user.is_active() && !user.service)?;
        Self::of(email, catalog).filter(|stored| stored.uid == user.uid)
    }

    fn knows(&self, visitor: &Visitor) -> bool {
        visitor.address.is_some_and(|address| self.addresses.contains(&address.to_string()))
    }
}

/// Whether a person has a password that is of any use.
pub(super) fn has_password(email: &str, catalog: &Catalog) -> bool {
    Stored::in_use(email, catalog).is_some()
}

/// A secret that is to become a session, with what it is known by.
pub(super) struct Fresh {
    pub(super) secret: Secret,
    pub(super) digest: String,
    pub(super) id: String,
}

impl Fresh {
    pub(super) fn new() -> Result<Self, PortalError> {
        let secret = secret_text(&random()?);
        let digest =
            secret_digest(&secret).ok_or_else(|| PortalError::Internal("a secret has no digest".into()))?;
        Ok(Self { secret: Secret(secret), digest, id: public_id()? })
    }
}

/// The one answer to every wrong sign-in: it does not say what was wrong.
fn wrong() -> PortalError {
    PortalError::Unauthenticated("the e-mail address or the password is wrong".into())
}

impl Portal {
    /// Signs in. Whatever is wrong, the answer and the time it takes are the same.
    ///
    /// # Errors
    /// `Unauthenticated`; [`Refusal::Wait`].
    pub async fn sign_in(&self, email: &str, password: &str, visitor: &Visitor) -> Result<SignedIn, Refusal> {
        // What is longer is no address, and nothing to be remembered.
        let email = email.trim().to_lowercase().chars().take(LONGEST_ADDRESS).collect::<String>();
        let now = clock::now();
        let stored = Stored::in_use(&email, &self.shared.catalog.load());
        let known = stored.as_ref().is_some_and(|stored| stored.knows(visitor));
        let attempt = Attempt::new(&email, visitor.address, known);
        self.begin(&attempt, &email, visitor, now)?;
        let (tried, hash) = (password.to_owned(), stored.map(|stored| stored.password));
        let expected = hash.clone();
        let good = self.shared.sign_ins.hashing.run(move || verify_password(&tried, hash.as_deref())).await?;
        let Some(expected) = expected.filter(|_| good) else {
            self.failed(&email, visitor, "wrong e-mail address or password");
            return Err(wrong().into());
        };
        self.shared.sign_ins.attempts.lock().succeeded(&attempt, now);
        self.begin_session(email, visitor, "password", move |draft, email| {
            // Meanwhile the person may have been shut out, or have another password.
            let stored = Stored::in_use(email, &draft.catalog).filter(|stored| stored.password == expected);
            stored.map(|stored| stored.uid).ok_or_else(wrong)
        })
        .await
    }

    /// Counts an attempt.
    fn begin(
        &self,
        attempt: &Attempt,
        email: &str,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let allowed = self.shared.sign_ins.attempts.lock().begin(attempt, now);
        allowed.map_err(|seconds| {
            self.failed(email, visitor, "too many attempts");
            Refusal::Wait(seconds)
        })
    }

    fn failed(&self, email: &str, visitor: &Visitor, message: &str) {
        // People type passwords into the wrong field: what is no address is not written down.
        let email = address(email).unwrap_or_else(|_| "(no e-mail address)".into());
        let by = By::Nobody { address: visitor.address, agent: visitor.agent.as_deref() };
        self.note(by, Event::SignInFailed { user: &email, why: message });
    }

    /// Begins a session for whom `ready` lets in, within the same operation.
    pub(super) async fn begin_session(
        &self,
        email: String,
        visitor: &Visitor,
        how: &str,
        ready: impl Fn(&mut Draft, &str) -> Result<Uuid, PortalError> + Send + 'static,
    ) -> Result<SignedIn, Refusal> {
        let Fresh { secret, digest, id } = Fresh::new()?;
        let viewer = Viewer::new(Principal::Person(email.clone()), Via::Session(id.clone()), None)
            .from(visitor.address, visitor.agent.as_deref());
        let from = visitor.clone();
        let begin = move |draft: &mut Draft| {
            let uid = ready(draft, &email)?;
            draft.begin_session((&email, uid), (&digest, &id), &from);
            draft.remember_address(&email, &from);
            Ok(())
        };
        self.commit(viewer.actor("native"), false, begin).await?;
        self.note(&viewer, Event::SignedIn { how });
        Ok(SignedIn { viewer, secret, lasts: self.shared.sign_ins.limits.absolute / 1_000 })
    }

    /// Gives the viewer another password. All its other sessions end.
    ///
    /// # Errors
    /// `Forbidden` for whoever is not signed in by a session; `Invalid` when the present password is wrong or the new
    /// one too weak; [`Refusal::Wait`].
    pub async fn change_password(
        &self,
        viewer: &Viewer,
        current: &str,
        new: &str,
        visitor: &Visitor,
    ) -> Result<(), Refusal> {
        let (Principal::Person(email), Via::Session(session)) = (viewer.principal(), viewer.via()) else {
            let text = "a password is changed by its owner, signed in with a browser";
            return Err(PortalError::Forbidden(text.into()).into());
        };
        self.may(viewer, Action::UpdateAccount, Resource::Of(email))?;
        check_new(new, email)?;
        let now = clock::now();
        let stored = Stored::in_use(email, &self.shared.catalog.load());
        let attempt = Attempt::new(email, visitor.address, true);
        self.begin(&attempt, email, visitor, now)?;
        let (tried, hash) = (current.to_owned(), stored.map(|stored| stored.password));
        if !self.shared.sign_ins.hashing.run(move || verify_password(&tried, hash.as_deref())).await? {
            self.failed(email, visitor, "wrong present password");
            return Err(PortalError::refused("wrong_password", "the present password is wrong").into());
        }
        self.shared.sign_ins.attempts.lock().succeeded(&attempt, now);
        let hash = self.hash(new).await?;
        let (email, session) = (email.clone(), session.clone());
        let change = move |draft: &mut Draft| {
            let uid = Stored::in_use(&email, &draft.catalog).ok_or_else(wrong)?.uid;
            draft.put_password(&email, uid, &hash);
            draft.drop_links_of(&email);
            draft.end_sessions(&email, Some(&session));
            Ok(())
        };
        self.commit(viewer.actor("native"), false, change).await?;
        self.note(viewer, Event::PasswordChanged { user: viewer.name() });
        Ok(())
    }

    /// The hash of a new password.
    pub(super) async fn hash(&self, password: &str) -> Result<String, Refusal> {
        let (password, salt) = (password.to_owned(), random()?);
        let hash = self.shared.sign_ins.hashing.run(move || hash_password(&password, &salt)).await?;
        Ok(hash.ok_or_else(|| PortalError::Internal("there is no memory to hash a password".into()))?)
    }

    /// Whether no administrator can sign in yet. Anybody may ask, so the one who was found last is looked at first.
    #[must_use]
    pub fn needs_setup(&self) -> bool {
        let catalog = self.shared.catalog.load();
        let last = self.shared.sign_ins.administrator.read().clone();
        if last.is_some_and(|email| is_administrator(&email, &catalog)) {
            return false;
        }
        let found = administrator(&catalog);
        let none = found.is_none();
        *self.shared.sign_ins.administrator.write() = found;
        none
    }
}

fn is_administrator(email: &str, catalog: &Catalog) -> bool {
    account_of(email, catalog).standing == Standing::Administrator && has_password(email, catalog)
}

/// An administrator who can sign in.
pub(super) fn administrator(catalog: &Catalog) -> Option<String> {
    let mut records = catalog.records(COLLECTION);
    records.find(|record| is_administrator(&record.key, catalog)).map(|record| record.key.clone())
}

/// Whether a new password will do.
pub(super) fn check_new(password: &str, email: &str) -> Result<(), PortalError> {
    check_password(password, email).map_err(|weak| PortalError::refused("weak_password", weak.to_string()))
}

impl Draft {
    /// Stores the hash of a password.
    pub(super) fn put_password(&mut self, email: &str, uid: Uuid, hash: &str) {
        let old = Stored::of(email, &self.catalog).filter(|old| old.uid == uid);
        let addresses = old.map(|old| old.addresses).unwrap_or_default();
        let stored = Stored { uid, password: hash.to_owned(), changed_at: self.at, addresses };
        self.put_private(COLLECTION, email, &stored);
    }

    /// Remembers from where a person signs in.
    fn remember_address(&mut self, email: &str, visitor: &Visitor) {
        let Some(address) = visitor.address.map(|address| address.to_string()) else { return };
        let Some(mut stored) = Stored::of(email, &self.catalog) else { return };
        if stored.addresses.contains(&address) {
            return;
        }
        stored.addresses.insert(0, address);
        stored.addresses.truncate(ADDRESSES);
        self.put_private(COLLECTION, email, &stored);
    }
}
