//! What somebody has been sent: lists, counts, and what he has done with it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::Timestamp;
use stagedoor_query::Catalog;

use super::{COLLECTION, MARKS, Mark, Notification, Severity, Stored, key_of, of, parts};
use crate::Portal;
use crate::backstage_users::reference_of;
use crate::error::PortalError;
use crate::writer::Draft;

/// Which notifications are asked for.
#[derive(Clone, Debug, Default)]
pub struct InboxQuery {
    /// Those that are read, or those that are not.
    pub read: Option<bool>,
    /// Those that are saved, or those that are not.
    pub saved: Option<bool>,
    /// In title or description, in any case.
    pub search: Option<String>,
    /// Of this topic.
    pub topic: Option<String>,
    /// Not before this.
    pub created_after: Option<Timestamp>,
    /// As severe as this, or more.
    pub severity: Option<Severity>,
    /// By which fields, the first one first. By time, the newest first, where empty.
    pub order: Vec<Order>,
    /// How many are passed over.
    pub offset: usize,
    /// How many come; all where `None`.
    pub limit: Option<usize>,
}

/// An order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub field: OrderField,
    /// The largest first.
    pub descending: bool,
}

/// What notifications are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderField {
    /// When they came.
    Created,
    /// Their topic.
    Topic,
    /// Who sent them.
    Origin,
}

/// A page of notifications.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inbox {
    /// As many as the limit allows.
    pub notifications: Vec<Notification>,
    /// How many there are.
    pub total: usize,
}

fn text<'n>(one: &'n Notification, key: &str) -> &'n str {
    one.payload.get(key).and_then(Value::as_str).unwrap_or_default()
}

impl InboxQuery {
    fn admits(&self, one: &Notification) -> bool {
        let has = |words: &str| {
            let of = |key| text(one, key).to_lowercase().contains(&words.to_lowercase());
            of("title") || of("description")
        };
        self.read.is_none_or(|read| one.read.is_some() == read)
            && self.saved.is_none_or(|saved| one.saved.is_some() == saved)
            && self.topic.as_deref().is_none_or(|topic| text(one, "topic") == topic)
            && self.created_after.is_none_or(|after| one.created >= after)
            && self.severity.is_none_or(|least| Severity::of(text(one, "severity")) >= least)
            && self.search.as_deref().is_none_or(has)
    }

    fn sort(&self, all: &mut [Notification]) {
        // The newest first, also among equals.
        all.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| b.id.cmp(&a.id)));
        all.sort_by(|a, b| {
            let by = |order: &Order| {
                let ordering = match order.field {
                    OrderField::Created => a.created.cmp(&b.created).then_with(|| a.id.cmp(&b.id)),
                    OrderField::Topic => text(a, "topic").cmp(text(b, "topic")),
                    OrderField::Origin => a.origin.cmp(&b.origin),
                };
                if order.descending { ordering.reverse() } else { ordering }
            };
            self.order.iter().map(by).find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        });
    }
}

/// Everything that a user has been sent, himself or with everybody.
fn inbox(user: &str, catalog: &Catalog) -> Vec<Notification> {
    let own = of(Some(user), catalog).filter_map(|record| {
        let (_, id) = parts(&record.key)?;
        Some(Stored::of(record)?.shown(id, Some(user), None))
    });
    let everybodys = of(None, catalog).filter_map(|record| {
        let (_, id) = parts(&record.key)?;
        let mark = catalog.record(MARKS, &key_of(Some(user), id)).and_then(|record| Mark::of(record));
        Some(Stored::of(record)?.shown(id, None, Some(mark.unwrap_or_default())))
    });
    own.chain(everybodys).collect()
}

impl Portal {
    /// Whose notifications a caller reads.
    pub(super) fn notified(&self, viewer: &Viewer) -> Result<String, PortalError> {
        let user = reference_of(viewer, &self.identity().guest, &self.shared.catalog.load());
        user.ok_or_else(|| {
            PortalError::Forbidden("This endpoint does not allow 'service' credentials".into())
        })
    }

    fn received(&self, viewer: &Viewer) -> Result<Vec<Notification>, PortalError> {
        self.may(viewer, Action::ReadPersonalSettings, Resource::Any)?;
        let user = self.notified(viewer)?;
        Ok(inbox(&user, &self.shared.catalog.load()))
    }

    /// What the caller has been sent.
    ///
    /// # Errors
    /// `Forbidden`, also for programs, whom nobody sends anything.
    pub fn notifications(&self, viewer: &Viewer, query: &InboxQuery) -> Result<Inbox, PortalError> {
        let mut all = self.received(viewer)?;
        all.retain(|one| query.admits(one));
        query.sort(&mut all);
        let total = all.len();
        let limit = query.limit.unwrap_or(usize::MAX);
        let notifications = all.into_iter().skip(query.offset).take(limit).collect();
        Ok(Inbox { notifications, total })
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound`, also for what somebody else was sent; `Forbidden`.
    pub fn notification(&self, viewer: &Viewer, id: &str) -> Result<Notification, PortalError> {
        let found = self.received(viewer)?.into_iter().find(|one| one.id == id);
        found.ok_or_else(|| PortalError::NotFound("Not found".into()))
    }

    /// How many are unread, and how many read.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn notification_counts(&self, viewer: &Viewer) -> Result<(usize, usize), PortalError> {
        let all = self.received(viewer)?;
        let unread = all.iter().filter(|one| one.read.is_none()).count();
        Ok((unread, all.len() - unread))
    }

    /// The topics of what is asked for, sorted.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn notification_topics(
        &self,
        viewer: &Viewer,
        query: &InboxQuery,
    ) -> Result<Vec<String>, PortalError> {
        let all = self.received(viewer)?;
        let topics = all.iter().filter(|one| query.admits(one)).map(|one| text(one, "topic"));
        let topics: BTreeSet<&str> = topics.filter(|topic| !topic.is_empty()).collect();
        Ok(topics.into_iter().map(str::to_owned).collect())
    }

    /// Marks some of them as read or not, saved or not, and answers them. Ids of what is not the caller's are passed over.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn mark_notifications(
        &self,
        viewer: &Viewer,
        ids: Vec<String>,
        read: Option<bool>,
        saved: Option<bool>,
    ) -> Result<Vec<Notification>, PortalError> {
        self.may(viewer, Action::UpdatePersonalSettings, Resource::Any)?;
        let user = self.notified(viewer)?;
        let mark = move |draft: &mut Draft| {
            for id in &ids {
                draft.mark(&user, id, read, saved);
            }
            let all = inbox(&user, &draft.catalog).into_iter().map(|one| (one.id.clone(), one));
            let mut all: BTreeMap<String, Notification> = all.collect();
            Ok(ids.iter().filter_map(|id| all.remove(id)).collect::<Vec<_>>())
        };
        self.commit(viewer.actor("backstage"), false, mark).await
    }
}

impl Draft {
    fn mark(&mut self, user: &str, id: &str, read: Option<bool>, saved: Option<bool>) {
        let at = self.at;
        // What is read already stays as it was.
        let now = |old: Option<Timestamp>, said: Option<bool>| match said {
            Some(true) => old.or(Some(at)),
            Some(false) => None,
            None => old,
        };
        let own = key_of(Some(user), id);
        if let Some(stored) = self.catalog.record(COLLECTION, &own).and_then(|record| Stored::of(record)) {
            let new = Stored { read: now(stored.read, read), saved: now(stored.saved, saved), ..stored };
            self.put_json(COLLECTION, &own, &new);
        } else if let Some(record) = self.catalog.record(COLLECTION, &key_of(None, id)) {
            let of = Stored::of(record).and_then(|stored| stored.updated);
            let old =
                self.catalog.record(MARKS, &own).and_then(|record| Mark::of(record)).unwrap_or_default();
            let seen = old.read.filter(|_| old.of == of);
            self.put_json(MARKS, &own, &Mark { read: now(seen, read), saved: now(old.saved, saved), of });
        }
    }
}
