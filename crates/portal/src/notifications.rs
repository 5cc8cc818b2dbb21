//! Notifications: what a program has to say to people, in the shape of Backstage's plugin of that name.
//!
//! One for somebody is a record under his reference and its id; one for everybody lies under no reference, and whether
//! somebody has read it is a record beside it. Ids ascend with time. Whoever has more than [`MOST`] loses the oldest that
//! he has not saved.

mod body;
mod inbox;
mod recipients;
mod settings;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Change, JsonText, Record, Timestamp};
use stagedoor_query::Catalog;
use uuid::Uuid;

use crate::Portal;
use crate::error::PortalError;
use crate::writer::Draft;

pub use body::Severity;
pub(crate) use body::{Mark, Stored};
pub use inbox::{Inbox, InboxQuery, Order, OrderField};

/// Collection of notifications.
pub(crate) const COLLECTION: &str = "notification";
/// Collection of who has read or saved what was for everybody.
pub(crate) const MARKS: &str = "notification_mark";
/// Between the parts of a record's key; no reference has one.
const BETWEEN: char = '\n';
/// Notifications that are kept of one person, and of those for everybody.
const MOST: usize = 200;

/// A notification as somebody sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// Unique.
    pub id: String,
    /// Lower-case reference of whom it is for; `None`: for everybody.
    pub user: Option<String>,
    /// Which program sent it.
    pub origin: String,
    /// When it came.
    pub created: Timestamp,
    /// When another of the same scope took its place.
    pub updated: Option<Timestamp>,
    /// When it was read.
    pub read: Option<Timestamp>,
    /// When it was put aside.
    pub saved: Option<Timestamp>,
    /// `title`, `description`, `link`, `severity`, `topic`, `scope`, `icon`, `metadata`.
    pub payload: Value,
}

/// The record's key: whom a notification is for, and its id.
fn key_of(user: Option<&str>, id: &str) -> String {
    format!("{}{BETWEEN}{id}", user.unwrap_or_default())
}

/// Whom a record's key is about, and the id.
pub(crate) fn parts(key: &str) -> Option<(Option<&str>, &str)> {
    let (user, id) = key.split_once(BETWEEN)?;
    Some(((!user.is_empty()).then_some(user), id))
}

/// The notifications for one user, or for everybody; the oldest first.
fn of<'c>(
    user: Option<&str>,
    catalog: &'c Catalog,
) -> impl DoubleEndedIterator<Item = &'c Arc<Record>> + use<'c> {
    let start = key_of(user, "");
    let end =
        format!("{}{}", user.unwrap_or_default(), char::from_u32(BETWEEN as u32 + 1).unwrap_or(BETWEEN));
    let all = catalog.collection(COLLECTION).into_iter();
    all.flat_map(move |all| all.range(start.clone()..end.clone())).map(|(_, record)| record)
}

/// The same id on every replica would take two of them in one nanosecond.
fn new_id() -> String {
    Uuid::now_v7().to_string()
}

impl Portal {
    /// Sends a notification from Backstage's JSON, `{recipients, payload}`, to whom it names: a user, the members of a
    /// group and of those within it, the owner of anything else, or everybody. Of the same scope and sender there is one:
    /// the newer takes its place and is unread. Answers what was sent.
    ///
    /// # Errors
    /// `Invalid` naming the place; `Forbidden`.
    pub async fn send_notification(
        &self,
        viewer: &Viewer,
        body: &Value,
    ) -> Result<Vec<Notification>, PortalError> {
        self.may(viewer, Action::SendNotifications, Resource::Any)?;
        let base_url = self.identity().base_url.as_deref().unwrap_or("http://localhost:7007");
        let sent = body::sent(body, base_url)?;
        let origin = viewer.name().to_owned();
        let send = move |draft: &mut Draft| {
            let users = match &sent.recipients {
                body::Recipients::Everybody => vec![None],
                body::Recipients::Entities { refs, without } => {
                    let users = recipients::users(refs, without, &draft.catalog)?;
                    let wants = |user: &String| settings::wants(user, &origin, sent.topic(), &draft.catalog);
                    users.into_iter().filter(wants).map(Some).collect()
                }
            };
            let each = users.iter().map(|user| draft.notify(user.as_deref(), &origin, &sent));
            Ok(each.collect::<Vec<_>>())
        };
        self.commit(viewer.actor("backstage"), false, send).await
    }
}

impl Draft {
    /// Notifies these users in the name of a part of this portal, those who have not turned that off.
    pub(crate) fn notify_users(
        &mut self,
        users: &BTreeSet<String>,
        origin: &str,
        payload: serde_json::Map<String, Value>,
    ) {
        let recipients = body::Recipients::Entities { refs: Vec::new(), without: Vec::new() };
        let sent = body::Sent { recipients, payload };
        for user in users {
            if settings::wants(user, origin, sent.topic(), &self.catalog) {
                self.notify(Some(user), origin, &sent);
            }
        }
    }

    fn notify(&mut self, user: Option<&str>, origin: &str, sent: &body::Sent) -> Notification {
        let same_scope = |stored: &Stored| {
            sent.scope().is_some() && stored.scope() == sent.scope() && stored.origin == origin
        };
        let old = of(user, &self.catalog)
            .find_map(|record| Some((record.key.clone(), Stored::of(record).filter(same_scope)?)));
        let (key, stored) = match old {
            Some((key, old)) => {
                let payload = sent.payload.clone();
                (key, Stored { payload, updated: Some(self.at), read: None, ..old })
            }
            None => (key_of(user, &new_id()), Stored::new(origin, self.at, sent.payload.clone())),
        };
        let id = parts(&key).map(|(_, id)| id.to_owned()).unwrap_or_default();
        self.put_json(COLLECTION, &key, &stored);
        self.drop_oldest(user);
        stored.shown(&id, user, None)
    }

    /// Makes room: what is saved goes last.
    fn drop_oldest(&mut self, user: Option<&str>) {
        let surplus = of(user, &self.catalog).count().saturating_sub(MOST);
        if surplus == 0 {
            return;
        }
        let saved = |record: &Arc<Record>| Stored::of(record).is_some_and(|stored| stored.saved.is_some());
        let mut all: Vec<(bool, String)> =
            of(user, &self.catalog).map(|record| (saved(record), record.key.clone())).collect();
        all.sort();
        let gone: BTreeSet<String> = all.into_iter().take(surplus).map(|(_, key)| key).collect();
        for key in &gone {
            self.put(Change::DeleteRecord(COLLECTION.into(), key.clone()));
        }
        if user.is_none() {
            self.drop_marks_of(&gone);
        }
    }

    /// Whoever has read what is gone for everybody need not be remembered.
    fn drop_marks_of(&mut self, gone: &BTreeSet<String>) {
        let is_gone = |key: &str| parts(key).is_some_and(|(_, id)| gone.contains(&key_of(None, id)));
        let keys: Vec<String> =
            self.catalog.records(MARKS).map(|record| record.key.clone()).filter(|key| is_gone(key)).collect();
        for key in keys {
            self.put(Change::DeleteRecord(MARKS.into(), key));
        }
    }

    /// Stores a record that is one person's.
    fn put_json(&mut self, collection: &str, key: &str, body: &impl serde::Serialize) {
        let body = JsonText::of(&serde_json::to_value(body).unwrap_or_default());
        let old = self.catalog.record(collection, key);
        if old.is_some_and(|old| old.body == body) {
            return;
        }
        let mut stamps = old.map(|old| old.stamps.clone()).unwrap_or_else(|| self.new_stamps(None));
        (stamps.updated_at, stamps.updated_by) = (self.at, self.actor.name.as_str().into());
        let record = Record { collection: collection.into(), key: key.into(), body, stamps };
        self.put(Change::PutRecord(Arc::new(record)));
    }
}
