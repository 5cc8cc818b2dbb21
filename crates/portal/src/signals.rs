//! Signals: what open pages are told at once, as Backstage's plugin of that name does.
//!
//! Nobody has to send one. One task compares the collections that signals are about with what they were, whenever a newer
//! snapshot is published; so what another replica wrote is told here, too. While nobody listens it does not run.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use serde_json::{Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::Record;
use stagedoor_query::Catalog;
use tokio::sync::broadcast;

use crate::error::PortalError;
use crate::notifications::{self, Mark, Stored};
use crate::{Portal, Shared, backstage_users, user_settings};

/// Signals that wait for one slow listener; it misses the oldest then.
const WAITING: usize = 256;
/// Listeners at once in this process.
const MOST: usize = 2_000;

type Records = Option<Arc<BTreeMap<String, Arc<Record>>>>;

/// Something that has happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// `notifications` or `user-settings`.
    pub channel: &'static str,
    /// What.
    pub message: Value,
    to: To,
}

/// Whom it is for.
#[derive(Clone, Debug, PartialEq)]
enum To {
    Everybody,
    /// By the reference of a Backstage user.
    User(String),
    /// By whose settings they are.
    Owner(String),
}

/// One listener's signals.
pub struct Signals {
    inbox: broadcast::Receiver<Signal>,
    user: Option<String>,
    owner: Option<String>,
}

impl Signals {
    /// The next one for this listener; `None` when the portal goes down.
    pub async fn next(&mut self) -> Option<Signal> {
        loop {
            match self.inbox.recv().await {
                Ok(signal) if self.is_mine(&signal) => return Some(signal),
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    fn is_mine(&self, signal: &Signal) -> bool {
        match &signal.to {
            To::Everybody => true,
            To::User(user) => self.user.as_ref() == Some(user),
            To::Owner(owner) => self.owner.as_ref() == Some(owner),
        }
    }
}

/// Where listeners are.
#[derive(Default)]
pub(crate) struct Hub(Mutex<Option<broadcast::Sender<Signal>>>);

impl Portal {
    /// The signals for a caller from now on.
    ///
    /// # Errors
    /// `Forbidden`; `Unavailable` when there are too many listeners or the portal goes down.
    pub fn signals(&self, viewer: &Viewer) -> Result<Signals, PortalError> {
        self.may(viewer, Action::ReadPersonalSettings, Resource::Any)?;
        let catalog = self.shared.catalog.load();
        let user = backstage_users::reference_of(viewer, &self.identity().guest, &catalog);
        let owner = user_settings::owner_of(viewer, &catalog);
        let mut hub = self.shared.signals.0.lock();
        if hub.as_ref().is_some_and(|hub| hub.receiver_count() >= MOST) {
            return Err(PortalError::Unavailable("there are too many listeners: try again later".into()));
        }
        if let Some(hub) = hub.as_ref() {
            return Ok(Signals { inbox: hub.subscribe(), user, owner });
        }
        let runtime = tokio::runtime::Handle::try_current()
            .map_err(|_| PortalError::Unavailable("the portal is going down".into()))?;
        let (sender, inbox) = broadcast::channel(WAITING);
        *hub = Some(sender);
        runtime.spawn(watch(Arc::downgrade(&self.shared), Seen::of(&catalog)));
        Ok(Signals { inbox, user, owner })
    }

    /// Whether what somebody is signed in by still holds: for a connection that stays open.
    ///
    /// # Errors
    /// `Forbidden` for an account that is not active any more.
    pub fn may_listen(&self, viewer: &Viewer) -> Result<(), PortalError> {
        self.may(viewer, Action::ReadPersonalSettings, Resource::Any)
    }
}

/// Tells listeners what each newer snapshot brings, until there are none.
async fn watch(shared: Weak<Shared>, mut seen: Seen) {
    let Some(mut head) = shared.upgrade().map(|shared| shared.head.follow()) else { return };
    while head.changed().await.is_ok() {
        let Some(shared) = shared.upgrade() else { return };
        let ended = head.borrow_and_update().ended;
        let now = Seen::of(&shared.catalog.load());
        let signals = if now.is(&seen) { Vec::new() } else { now.since(&seen) };
        seen = now;
        let mut hub = shared.signals.0.lock();
        let Some(sender) = hub.as_ref().filter(|sender| !ended && sender.receiver_count() > 0) else {
            *hub = None;
            return;
        };
        for signal in signals {
            // Nobody may be left.
            let _ = sender.send(signal);
        }
    }
}

/// The collections that signals are about.
struct Seen {
    notifications: Records,
    marks: Records,
    settings: Records,
}

impl Seen {
    fn of(catalog: &Catalog) -> Self {
        let of = |collection| catalog.collection(collection).cloned();
        Self {
            notifications: of(notifications::COLLECTION),
            marks: of(notifications::MARKS),
            settings: of(user_settings::COLLECTION),
        }
    }

    fn is(&self, other: &Self) -> bool {
        same(&self.notifications, &other.notifications)
            && same(&self.marks, &other.marks)
            && same(&self.settings, &other.settings)
    }

    fn since(&self, before: &Self) -> Vec<Signal> {
        let mut all = Vec::new();
        // Of one user and one kind there is one signal, with all ids.
        let mut marked: BTreeMap<(String, bool), Vec<String>> = BTreeMap::new();
        changed(&before.notifications, &self.notifications, |key, old, new| {
            let (Some((user, id)), Some(new)) = (notifications::parts(key), new.and_then(Stored::of)) else {
                return;
            };
            let old = old.and_then(Stored::of);
            match (&old, user) {
                (Some(old), Some(user)) if old.updated == new.updated => {
                    if old.read.is_some() != new.read.is_some() {
                        marked.entry((user.to_owned(), new.read.is_some())).or_default().push(id.to_owned());
                    }
                }
                (Some(old), None) if old.updated == new.updated => {}
                _ => {
                    let to = user.map_or(To::Everybody, |user| To::User(user.to_owned()));
                    let message = json!({ "action": "new_notification", "notification_id": id });
                    all.push(Signal { channel: "notifications", message, to });
                }
            }
        });
        changed(&before.marks, &self.marks, |key, old, new| {
            let Some((Some(user), id)) = notifications::parts(key) else { return };
            let read =
                |record: Option<&Record>| record.and_then(Mark::of).is_some_and(|mark| mark.read.is_some());
            if new.is_some() && read(old) != read(new) {
                marked.entry((user.to_owned(), read(new))).or_default().push(id.to_owned());
            }
        });
        for ((user, read), ids) in marked {
            let action = if read { "notification_read" } else { "notification_unread" };
            let message = json!({ "action": action, "notification_ids": ids });
            all.push(Signal { channel: "notifications", message, to: To::User(user) });
        }
        changed(&before.settings, &self.settings, |key, _, new| {
            let Some((owner, _, key)) = user_settings::parts(key) else { return };
            let kind = if new.is_some() { "key-changed" } else { "key-deleted" };
            let message = json!({ "type": kind, "key": key });
            all.push(Signal { channel: "user-settings", message, to: To::Owner(owner.to_owned()) });
        });
        all
    }
}

fn same(a: &Records, b: &Records) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (None, None) => true,
        _ => false,
    }
}

/// Calls for every record that is new, another, or gone.
fn changed(before: &Records, now: &Records, mut tell: impl FnMut(&str, Option<&Record>, Option<&Record>)) {
    if same(before, now) {
        return;
    }
    let record = |records: &'_ Records, key: &str| records.as_ref().and_then(|all| all.get(key)).cloned();
    for (key, new) in now.iter().flat_map(|all| all.iter()) {
        let old = record(before, key);
        if old.as_ref().is_none_or(|old| !Arc::ptr_eq(old, new)) {
            tell(key, old.as_deref(), Some(new));
        }
    }
    for (key, old) in before.iter().flat_map(|all| all.iter()) {
        if record(now, key).is_none() {
            tell(key, Some(old), None);
        }
    }
}
