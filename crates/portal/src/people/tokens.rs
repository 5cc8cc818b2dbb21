//! Personal tokens and those of service accounts: made, listed, taken back.

use stagedoor_auth::{Action, Denied, Resource, Scopes, SecretKind, Via, Viewer, Why, new_secret};
use stagedoor_model::{Change, Timestamp};
use stagedoor_query::Catalog;

use super::USERS;
use super::proofs::{ProofKind, Stored, TOKENS};
use super::rules::key;
use super::sign_ins::Secret;
use super::sign_ins::person::Holder;
use super::sign_ins::random::{public_id, random};
use crate::audit::{self, Event, Token};
use crate::error::PortalError;
use crate::writer::Draft;
use crate::{Portal, clock};

/// Tokens that one owner may have.
const MOST: usize = 100;
/// Days that a token may live, where it has an end.
const LONGEST: u32 = 3_650;
const DAY: i64 = 86_400_000;
/// How long a token is listed that has expired.
const LISTED: i64 = 30 * DAY;

/// What a token is to be.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    /// For its owner to know it again.
    pub name: String,
    /// Permission strings; `None`: what the owner may.
    pub scopes: Option<Vec<String>>,
    /// `None`: until it is taken back.
    pub expires_in_days: Option<u32>,
    /// A service account; `None`: the caller.
    pub owner: Option<String>,
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenInfo {
    /// The public id.
    pub id: String,
    /// As its owner called it.
    pub name: String,
    /// Address of the `_user` entity.
    pub owner: String,
    /// Whose.
    pub kind: ProofKind,
    /// Permission strings, sorted; `None`: what the owner may.
    pub scopes: Option<Vec<String>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, as far as this replica and the database know.
    pub last_used_at: Option<Timestamp>,
    /// The last four characters of the secret.
    pub ending: String,
}

impl Portal {
    /// Makes a token. Its secret is in the answer and nowhere else.
    ///
    /// # Errors
    /// `Forbidden`, also for a token that is to have more than the one it is made with; `Invalid`; `NotFound` when there
    /// is no such owner.
    pub async fn create_token(
        &self,
        viewer: &Viewer,
        new: NewToken,
    ) -> Result<(TokenInfo, Secret), PortalError> {
        let owner = match (&new.owner, viewer.email()) {
            (Some(owner), _) => key(USERS, owner).into_owned(),
            (None, Some(own)) => own.to_owned(),
            (None, None) => {
                let text = "\"owner\" must name a service account: who calls here has no account of its own";
                return Err(PortalError::invalid(text));
            }
        };
        self.may(viewer, Action::CreateToken, Resource::Of(&owner))?;
        let name = checked_name(&new.name)?;
        let scopes = new.scopes.as_ref().map(Scopes::parse).transpose();
        let scopes = scopes.map_err(|unknown| PortalError::invalid(format!("\"scopes\": {unknown}")))?;
        self.may_hand_out(viewer, Action::CreateToken, scopes.as_ref())?;
        let (id, bits) = (public_id()?, random::<32>()?);
        let expires_at = self.end_of(viewer, new.expires_in_days)?;
        let own = viewer.email() == Some(owner.as_str());
        let make = move |draft: &mut Draft| {
            draft.sweep_proofs(LISTED);
            let holder = holder(&owner, own, &draft.catalog)?;
            let (kind, form) = match holder.service {
                true => (ProofKind::ServiceAccount, SecretKind::ServiceAccount),
                false => (ProofKind::Personal, SecretKind::Personal),
            };
            if Stored::all(TOKENS, &draft.catalog).filter(|token| token.owner == owner).count() >= MOST {
                let text = format!("\"{owner}\" has {MOST} tokens: revoke one that is no longer needed");
                return Err(PortalError::refused("too_many_tokens", text));
            }
            let secret = new_secret(form, bits);
            let mut stored = Stored::new(&id, kind, &name, &secret, draft.at).owned(&owner, holder.uid);
            stored.scopes = scopes.as_ref().map(|scopes| scopes.iter().map(str::to_owned).collect());
            stored.expires_at = expires_at;
            let key = stored.key(TOKENS).to_owned();
            draft.put_private(TOKENS, &key, &stored);
            Ok((stored, Secret(secret)))
        };
        let (stored, secret) = self.commit(viewer.actor("native"), false, make).await?;
        let event = Event::TokenMade { token: told(&stored), scopes: stored.scopes.as_deref() };
        self.note(viewer, event);
        Ok((self.token_info(stored), secret))
    }

    /// Tokens, newest first: the caller's own, or those of `owner`. Whoever has no account of its own gets all.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn tokens(&self, viewer: &Viewer, owner: Option<&str>) -> Result<Vec<TokenInfo>, PortalError> {
        let owner = owner.map(|owner| key(USERS, owner).into_owned());
        let owner = owner.or_else(|| viewer.email().map(str::to_owned));
        self.may(viewer, Action::ReadTokens, Resource::Of(owner.as_deref().unwrap_or_default()))?;
        let catalog = self.shared.catalog.load();
        let wanted = |stored: &Stored| {
            owner.as_ref().is_none_or(|owner| *owner == stored.owner) && stored.has_owner(&catalog)
        };
        let found = Stored::all(TOKENS, &catalog).filter(wanted);
        let mut all: Vec<_> = found.map(|stored| self.token_info(stored)).collect();
        all.sort_by(|a, b| (b.created_at, &a.id).cmp(&(a.created_at, &b.id)));
        Ok(all)
    }

    /// Takes a token back: the next request with it is refused, on every replica.
    ///
    /// # Errors
    /// `NotFound`, also for one that the caller may not take back.
    pub async fn revoke_token(&self, viewer: &Viewer, id: &str) -> Result<(), PortalError> {
        let none = || PortalError::NotFound(format!("there is no token with the id \"{id}\""));
        let found = Stored::all(TOKENS, &self.shared.catalog.load()).find(|stored| stored.id == id);
        let found = found.ok_or_else(none)?;
        self.may(viewer, Action::RevokeToken, Resource::Of(&found.owner)).map_err(|error| match error {
            // Whose it is, is not for others to know; a token of one's own that lacks the scope may be told.
            PortalError::Forbidden(_) if viewer.email() != Some(found.owner.as_str()) => none(),
            error => error,
        })?;
        let key = found.key(TOKENS).to_owned();
        let revoke = move |draft: &mut Draft| {
            let there = draft.catalog.record(TOKENS, &key).is_some();
            if there {
                draft.put(Change::DeleteRecord(TOKENS.to_owned(), key.clone()));
            }
            Ok(there)
        };
        if self.commit(viewer.actor("native"), false, revoke).await? {
            self.note(viewer, Event::TokenRevoked(told(&found)));
        }
        Ok(())
    }

    /// Whether a caller may hand out a credential with these scopes (`None`: without limits): it may not have more than
    /// the caller's own token.
    ///
    /// # Errors
    /// `Forbidden`.
    pub(super) fn may_hand_out(
        &self,
        viewer: &Viewer,
        action: Action,
        scopes: Option<&Scopes>,
    ) -> Result<(), PortalError> {
        let Some(own) = viewer.scopes() else { return Ok(()) };
        let (lacking, text) = match scopes {
            Some(wanted) if own.cover(wanted) => return Ok(()),
            Some(wanted) => {
                let lacks = |scope: &&str| Scopes::parse([scope]).is_ok_and(|one| !own.cover(&one));
                let lacking = wanted.iter().find(lacks).unwrap_or_default().to_owned();
                let text = format!("this token lacks the scope \"{lacking}\" and can hand it to nobody");
                (lacking, text)
            }
            None => {
                ("*".to_owned(), "this token has scopes: what is made with it needs scopes, too".to_owned())
            }
        };
        let denied = Denied { action, why: Why::Scope(lacking) };
        audit::denied(&self.shared.denials, viewer, &denied, None);
        Err(PortalError::Forbidden(text))
    }

    /// When a token ends that is to live for so many days: not after the one that it is made with.
    fn end_of(&self, viewer: &Viewer, days: Option<u32>) -> Result<Option<Timestamp>, PortalError> {
        if days.is_some_and(|days| !(1..=LONGEST).contains(&days)) {
            let text = format!("\"expiresInDays\" must be from 1 to {LONGEST}, or null");
            return Err(PortalError::invalid(text));
        }
        let wished = days.map(|days| Timestamp(clock::now().0 + i64::from(days) * DAY));
        let makers = match viewer.via() {
            Via::Token(id) => {
                let catalog = self.shared.catalog.load();
                Stored::all(TOKENS, &catalog).find(|stored| stored.id == *id).and_then(|t| t.expires_at)
            }
            _ => None,
        };
        Ok(wished.into_iter().chain(makers).min())
    }

    fn token_info(&self, stored: Stored) -> TokenInfo {
        TokenInfo {
            last_used_at: self.shared.proofs.used(TOKENS, &stored, &self.shared.catalog.load()),
            id: stored.id,
            name: stored.name,
            owner: stored.owner,
            kind: stored.kind,
            scopes: stored.scopes,
            created_at: stored.created_at,
            expires_at: stored.expires_at,
            ending: stored.ending,
        }
    }
}

/// Who is to own a token: the caller itself, or a service account. Nobody makes one for another person.
fn holder(owner: &str, own: bool, catalog: &Catalog) -> Result<Holder, PortalError> {
    match Holder::of(owner, catalog) {
        Some(holder) if own || holder.service => Ok(holder),
        Some(_) => {
            let text = format!("\"owner\" must be a service account: \"{owner}\" makes its tokens itself");
            Err(PortalError::refused("not_a_service_account", text))
        }
        None => Err(PortalError::NotFound(format!("there is no account \"{owner}\""))),
    }
}

/// A name that a list can show.
pub(super) fn checked_name(name: &str) -> Result<String, PortalError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(PortalError::invalid("\"name\" must have 1 to 100 characters, in one line"));
    }
    Ok(name.to_owned())
}

/// For the audit log.
pub(super) fn told(stored: &Stored) -> Token<'_> {
    let owner = if stored.owner.is_empty() { &stored.id } else { &stored.owner };
    Token { kind: stored.kind.name(), id: &stored.id, name: &stored.name, owner }
}
