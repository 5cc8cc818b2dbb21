//! From a cookie to its viewer: for every request, so it costs one hash and a look-up in the newest snapshot.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

use parking_lot::RwLock;
use stagedoor_auth::{Principal, Via, Viewer};
use stagedoor_model::{Actor, Record, Timestamp};

use super::super::USERS;
use super::{COLLECTION, Session};
use crate::Portal;
use crate::writer::Draft;

/// Sessions that are remembered; beyond that they are read again.
const REMEMBERED: usize = 20_000;

/// Sessions in use in this process.
#[derive(Default)]
pub(in crate::people) struct Known(RwLock<HashMap<String, Arc<InUse>>>);

/// A session, taken apart once.
struct InUse {
    record: Arc<Record>,
    session: Session,
    viewer: Viewer,
    /// Of the last request here.
    seen: AtomicI64,
    /// Whether that is being stored.
    storing: AtomicBool,
}

impl Known {
    /// When a session was last used here.
    pub(super) fn seen(&self, digest: &str) -> Option<Timestamp> {
        self.0.read().get(digest).map(|known| Timestamp(known.seen.load(Relaxed)))
    }

    /// Forgets all but these.
    pub(super) fn keep(&self, is_there: impl Fn(&str) -> bool) {
        self.0.write().retain(|digest, _| is_there(digest));
    }

    fn of(&self, digest: &str, record: &Arc<Record>) -> Option<Arc<InUse>> {
        let old = self.0.read().get(digest).cloned();
        if let Some(known) = &old
            && Arc::ptr_eq(&known.record, record)
        {
            return old;
        }
        let session = Session::of(record)?;
        let viewer = old.as_ref().filter(|known| known.session.id == session.id).map_or_else(
            || Viewer::new(Principal::Person(session.user.clone()), Via::Session(session.id.clone()), None),
            |known| known.viewer.clone(),
        );
        let seen = old.map_or(0, |known| known.seen.load(Relaxed)).max(session.seen_at.0);
        let (seen, storing) = (AtomicI64::new(seen), AtomicBool::new(false));
        let known = Arc::new(InUse { record: Arc::clone(record), session, viewer, seen, storing });
        let mut all = self.0.write();
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(digest.to_owned(), Arc::clone(&known));
        Some(known)
    }
}

impl Portal {
    /// The viewer of a session, by the digest of its secret. `None` when there is none, it is over, or its person is
    /// gone or shut out.
    #[must_use]
    pub fn session_viewer(&self, digest: &str, now: Timestamp) -> Option<Viewer> {
        let catalog = self.shared.catalog.load();
        let record = catalog.record(COLLECTION, digest)?;
        let known = self.shared.sign_ins.sessions.of(digest, record)?;
        let session = &known.session;
        let seen = Timestamp(known.seen.load(Relaxed));
        if self.shared.sign_ins.limits.are_over(session.created_at, seen, now) {
            return None;
        }
        let user = catalog.entity(catalog.node_of_key(USERS, &session.user)?)?;
        if user.record.uid != session.uid || !self.rights_in(&known.viewer, &catalog).is_active() {
            return None;
        }
        known.seen.fetch_max(now.0, Relaxed);
        let stored = session.seen_at.0.saturating_add(self.shared.sign_ins.limits.patience());
        if now.0 > stored && !known.storing.swap(true, Relaxed) {
            self.store_seen(digest, now);
        }
        Some(known.viewer.clone())
    }

    /// Stores the time of the last request, while the request goes on.
    fn store_seen(&self, digest: &str, seen: Timestamp) {
        // Outside the server's runtime nobody waits for it either.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (portal, digest) = (self.clone(), digest.to_owned());
        runtime.spawn(async move {
            let store = move |draft: &mut Draft| {
                let session =
                    draft.catalog.record(COLLECTION, &digest).and_then(|record| Session::of(record));
                if let Some(session) = session.filter(|session| session.seen_at < seen) {
                    draft.put_private(COLLECTION, &digest, &Session { seen_at: seen, ..session });
                }
                Ok(())
            };
            if let Err(error) = portal.commit(Actor::new("sign-ins", "system"), false, store).await {
                tracing::debug!(%error, "the last use of a session was not stored");
            }
        });
    }
}
