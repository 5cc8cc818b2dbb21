//! Sessions of browsers.
//!
//! A session is a record under the digest of its cookie's secret, so that it is on every replica at once, and gone from
//! all of them at once. The time of its last request is kept in memory and stored now and then: see
//! [`SessionLimits::patience`](stagedoor_auth::SessionLimits::patience).

mod known;

use serde::{Deserialize, Serialize};
use stagedoor_auth::{Action, Resource, SessionLimits, Via, Viewer, Visitor};
use stagedoor_model::{Actor, Change, JsonText, Record, Timestamp};
use stagedoor_query::Catalog;
use uuid::Uuid;

use super::USERS;
use super::sign_ins::person::Holder;
use crate::audit::Event;
use crate::error::PortalError;
use crate::writer::Draft;
use crate::{Portal, clock, user_settings, views};

pub(super) use known::Known;

/// Collection of sessions.
pub(super) const COLLECTION: &str = "session";
/// Sessions of one person; the oldest give way.
const MOST: usize = 50;

/// A session as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    pub(super) id: String,
    /// Lower-case address.
    pub(super) user: String,
    /// Of the `_user` entity.
    pub(super) uid: Uuid,
    pub(super) created_at: Timestamp,
    pub(super) seen_at: Timestamp,
    pub(super) address: Option<String>,
    pub(super) agent: Option<String>,
}

/// A session as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// Public id.
    pub id: String,
    /// Lower-case address of the person.
    pub user: String,
    /// When it began.
    pub created_at: Timestamp,
    /// Of the last request, as far as this replica knows.
    pub last_seen_at: Timestamp,
    /// When it ends, however busy it is.
    pub expires_at: Timestamp,
    /// From where it began.
    pub address: Option<String>,
    /// With which program it began.
    pub agent: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl Session {
    pub(super) fn of(record: &Record) -> Option<Self> {
        serde_json::from_str(record.body.as_str()).ok()
    }

    fn is_over(&self, limits: SessionLimits, now: Timestamp) -> bool {
        limits.are_over(self.created_at, self.seen_at, now)
    }
}

/// The sessions of a person, or of everybody, with their digests.
fn sessions<'c>(
    catalog: &'c Catalog,
    email: Option<&'c str>,
) -> impl Iterator<Item = (&'c str, Session)> + use<'c> {
    // Reading the text is much cheaper than taking each apart.
    let mark = email.map(|email| format!("\"user\":{}", JsonText::of(&email.into()).as_str()));
    let marked = move |r: &&std::sync::Arc<Record>| mark.as_ref().is_none_or(|m| r.body.as_str().contains(m));
    let all = catalog.records(COLLECTION).filter(marked);
    let all = all.filter_map(|record| Some((record.key.as_str(), Session::of(record)?)));
    all.filter(move |(_, session)| email.is_none_or(|email| session.user == email))
}

/// The digest under which a session is kept, by its public id.
pub(crate) fn session_called(id: &str, catalog: &Catalog) -> Option<String> {
    let mark = format!("\"id\":{}", JsonText::of(&id.into()).as_str());
    let marked = catalog.records(COLLECTION).filter(|record| record.body.as_str().contains(&mark));
    let is_it =
        |record: &&std::sync::Arc<Record>| Session::of(record).is_some_and(|session| session.id == id);
    marked.filter(is_it).map(|record| record.key.clone()).next()
}

impl Portal {
    /// Where a person is signed in, the newest first.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn sessions(&self, viewer: &Viewer, email: &str) -> Result<Vec<SessionInfo>, PortalError> {
        self.may(viewer, Action::ReadSessions, Resource::Of(email))?;
        let (limits, now) = (self.shared.sign_ins.limits, clock::now());
        let catalog = self.shared.catalog.load();
        let info = |(digest, session): (&str, Session)| SessionInfo {
            current: viewer.via().kind() == "session" && viewer.via().id() == session.id,
            last_seen_at: self.shared.sign_ins.sessions.seen(digest).unwrap_or_default().max(session.seen_at),
            expires_at: Timestamp(session.created_at.0.saturating_add(limits.absolute)),
            id: session.id,
            user: session.user,
            created_at: session.created_at,
            address: session.address,
            agent: session.agent,
        };
        let mut all: Vec<SessionInfo> = sessions(&catalog, Some(email)).map(info).collect();
        all.retain(|s| !limits.are_over(s.created_at, s.last_seen_at, now));
        all.sort_by_key(|s| std::cmp::Reverse(s.created_at));
        Ok(all)
    }

    /// Ends a session by its public id, at once and on every replica.
    ///
    /// # Errors
    /// `NotFound`, also for one of somebody else.
    pub async fn end_session(&self, viewer: &Viewer, id: &str) -> Result<(), PortalError> {
        let missing = || PortalError::NotFound("there is no session of this id".into());
        self.may(viewer, Action::EndSession, Resource::Of(viewer.email().unwrap_or_default()))?;
        let found = {
            let catalog = self.shared.catalog.load();
            sessions(&catalog, None).find(|(_, s)| s.id == id).map(|(digest, s)| (digest.to_owned(), s.user))
        };
        let (digest, user) = found.ok_or_else(missing)?;
        self.may(viewer, Action::EndSession, Resource::Of(&user)).map_err(|_| missing())?;
        let end = move |draft: &mut Draft| {
            draft.end_session(&digest);
            Ok(())
        };
        self.commit(viewer.actor("native"), false, end).await?;
        self.note(viewer, Event::SessionEnded { session: id, user: &user });
        Ok(())
    }

    /// Ends all sessions of a person, the one that asks included.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn end_sessions(&self, viewer: &Viewer, email: &str) -> Result<usize, PortalError> {
        self.may(viewer, Action::EndSession, Resource::Of(email))?;
        let user = email.to_owned();
        let end = move |draft: &mut Draft| Ok(draft.end_sessions(&user, None));
        let ended = self.commit(viewer.actor("native"), false, end).await?;
        self.note(viewer, Event::SessionEnded { session: "all", user: email });
        Ok(ended)
    }

    /// Ends the session that a request came with: signing out. Nothing happens without one.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn sign_out(&self, viewer: &Viewer, visitor: &Visitor) -> Result<(), PortalError> {
        let Some(digest) = visitor.session.clone() else { return Ok(()) };
        let end = move |draft: &mut Draft| Ok(draft.end_session(&digest));
        if self.commit(viewer.actor("native"), false, end).await? {
            self.note(viewer, Event::SignedOut { session: viewer.via().id() });
        }
        Ok(())
    }

    /// Whether the session or token of somebody is still there: for what is opened once and goes on.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub(crate) fn still_holds(&self, viewer: &Viewer) -> Result<(), PortalError> {
        let (collection, id) = match viewer.via() {
            Via::Session(id) => (COLLECTION, id),
            Via::Token(id) => (super::proofs::TOKENS, id),
            Via::AccessToken(_) | Via::External(_) | Via::Nothing => return Ok(()),
        };
        let mark = format!("\"id\":{}", JsonText::of(&id.as_str().into()).as_str());
        let catalog = self.shared.catalog.load();
        if catalog.records(collection).any(|record| record.body.as_str().contains(&mark)) {
            return Ok(());
        }
        Err(PortalError::Unauthenticated("the session or token is no longer good".into()))
    }

    /// Removes sessions and links that are over, and those and the settings of people who are gone. Answers how many.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn sweep_sign_ins(&self, now: Timestamp) -> Result<usize, PortalError> {
        let limits = self.shared.sign_ins.limits;
        let over = move |catalog: &Catalog| -> Vec<String> {
            let dead = |s: &Session| {
                s.is_over(limits, now)
                    || Holder::of(&s.user, catalog).is_none_or(|u| u.uid != s.uid || !u.is_active())
            };
            sessions(catalog, None).filter(|(_, s)| dead(s)).map(|(digest, _)| digest.to_owned()).collect()
        };
        let catalog = self.shared.catalog.load_full();
        self.shared.sign_ins.sessions.keep(|digest| catalog.record(COLLECTION, digest).is_some());
        let kept = user_settings::of_gone(&catalog).len() + views::of_gone(&catalog).len();
        if over(&catalog).is_empty() && kept == 0 && !super::links::any_over(&catalog, now) {
            return Ok(0);
        }
        let sweep = move |draft: &mut Draft| {
            let over = over(&draft.catalog);
            for digest in &over {
                draft.end_session(digest);
            }
            Ok(over.len()
                + draft.drop_links_over(now)
                + draft.drop_settings_of_gone()
                + draft.drop_views_of_gone())
        };
        self.commit(Actor::new("sign-ins", "system"), false, sweep).await
    }
}

/// The person that a change is about, by the address that it has before the change.
pub(crate) fn person_of(change: &Change, catalog: &Catalog) -> Option<String> {
    let identifier = match change {
        Change::PutEntity(record) if &*record.blueprint == USERS => &record.identifier,
        Change::DeleteEntity(uid) => {
            let record = &catalog.entity(catalog.node_of_uid(*uid)?)?.record;
            if &*record.blueprint != USERS {
                return None;
            }
            return Some(record.identifier.to_string());
        }
        _ => return None,
    };
    Some(identifier.to_string())
}

impl Draft {
    /// Ends the sessions of a person who is gone or shut out. It is part of whatever did that, so that nobody who is
    /// let in again finds an old session alive.
    pub(crate) fn end_sessions_of_gone(&mut self, email: &str) {
        // Most people who are written have none; thousands may be written at once.
        let any = sessions(&self.catalog, Some(email)).next().is_some();
        if any && Holder::of(email, &self.catalog).is_none_or(|user| !user.is_active()) {
            self.end_sessions(email, None);
        }
    }

    /// Begins a session under a digest and returns its public id. The one that the browser had ends.
    pub(super) fn begin_session(
        &mut self,
        (email, uid): (&str, Uuid),
        (digest, id): (&str, &str),
        visitor: &Visitor,
    ) {
        if let Some(old) = &visitor.session {
            self.end_session(old);
        }
        let mut others: Vec<_> =
            sessions(&self.catalog, Some(email)).map(|(d, s)| (s.seen_at, d.to_owned())).collect();
        others.sort();
        let surplus = (others.len() + 1).saturating_sub(MOST);
        for (_, digest) in others.iter().take(surplus) {
            self.end_session(digest);
        }
        let session = Session {
            id: id.to_owned(),
            user: email.to_owned(),
            uid,
            created_at: self.at,
            seen_at: self.at,
            address: visitor.address.map(|a| a.to_string()),
            agent: visitor.agent.clone(),
        };
        self.put_private(COLLECTION, digest, &session);
    }

    /// Whether there was one.
    pub(super) fn end_session(&mut self, digest: &str) -> bool {
        let there = self.catalog.record(COLLECTION, digest).is_some();
        if there {
            self.put(Change::DeleteRecord(COLLECTION.into(), digest.to_owned()));
        }
        there
    }

    /// Ends the sessions of a person, but for one by its public id. Answers how many.
    pub(super) fn end_sessions(&mut self, email: &str, but: Option<&str>) -> usize {
        let ended: Vec<String> = sessions(&self.catalog, Some(email))
            .filter(|(_, session)| but != Some(session.id.as_str()))
            .map(|(digest, _)| digest.to_owned())
            .collect();
        for digest in &ended {
            self.end_session(digest);
        }
        ended.len()
    }

    /// Stores a record that nobody is shown.
    pub(super) fn put_private(&mut self, collection: &str, key: &str, body: &impl Serialize) {
        let body = serde_json::to_value(body).unwrap_or_default();
        let old = self.catalog.record(collection, key).map(|old| old.stamps.clone());
        let mut stamps = old.unwrap_or_else(|| self.new_stamps(None));
        (stamps.updated_at, stamps.updated_by) = (self.at, self.actor.name.as_str().into());
        let record =
            Record { collection: collection.into(), key: key.into(), body: JsonText::of(&body), stamps };
        self.put(Change::PutRecord(std::sync::Arc::new(record)));
    }
}
