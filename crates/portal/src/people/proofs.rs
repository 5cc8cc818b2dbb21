//! What programs prove themselves by: personal tokens, service accounts' tokens, and clients (an id with a secret).
//!
//! Each is a record that no API shows. It holds the SHA-256 of the secret, which is 256 random bits long, and names
//! its owner by address and uid: whoever is made again under the same address owns nothing of the one before. What is
//! taken back is gone from the newest snapshot, on every replica, and the next request with it is refused.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use stagedoor_auth::{
    Hex, Principal, Scopes, SecretDigest, SecretKind, Via, Viewer, digest, digest_of_hex, is_secret,
    same_digest,
};
use stagedoor_model::{Actor, Change, Record, Timestamp};
use stagedoor_query::Catalog;
use uuid::Uuid;

use super::USERS;
use crate::writer::Draft;
use crate::{Portal, clock};

/// Collection of tokens, by the digest of the secret.
pub(super) const TOKENS: &str = "token";
/// Collection of clients, by their id.
pub(super) const CLIENTS: &str = "app";
/// Collection of when tokens and clients were last used, by their public id. Apart from them, so that to be used is no
/// change of a token.
const USES: &str = "token_use";
/// Proofs that are remembered; beyond that they are read again.
const REMEMBERED: usize = 20_000;
/// How old the stored time of the last use may become before it is stored again.
const PATIENCE: i64 = 3_600_000;

/// Whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProofKind {
    /// A person's.
    Personal,
    /// A service account's.
    ServiceAccount,
    /// The organization's: a client that is administrator.
    App,
}

impl ProofKind {
    /// `personal`, `serviceAccount` or `app`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::ServiceAccount => "serviceAccount",
            Self::App => "app",
        }
    }
}

/// A token or client as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stored {
    /// The public id; a client's is the client id.
    pub(super) id: String,
    pub(super) kind: ProofKind,
    pub(super) name: String,
    /// Address of the `_user` entity; empty for an app.
    pub(super) owner: String,
    /// Of that entity.
    pub(super) uid: Option<Uuid>,
    /// `None`: what the owner may.
    pub(super) scopes: Option<Vec<String>>,
    /// SHA-256 of the secret.
    digest: String,
    /// The secret's last characters, by which its owner knows it again.
    pub(super) ending: String,
    pub(super) enabled: bool,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) expires_at: Option<Timestamp>,
}

impl Stored {
    /// One that has just been made.
    pub(super) fn new(id: &str, kind: ProofKind, name: &str, secret: &str, at: Timestamp) -> Self {
        let new = Self {
            id: id.to_owned(),
            kind,
            name: name.to_owned(),
            owner: String::new(),
            uid: None,
            scopes: None,
            digest: String::new(),
            ending: String::new(),
            enabled: true,
            created_at: at,
            updated_at: at,
            expires_at: None,
        };
        new.with_secret(secret, at)
    }

    /// The same for an owner.
    pub(super) fn owned(self, owner: &str, uid: Uuid) -> Self {
        Self { owner: owner.to_owned(), uid: Some(uid), ..self }
    }

    /// The same with another secret.
    pub(super) fn with_secret(self, secret: &str, at: Timestamp) -> Self {
        let ending = secret.len().checked_sub(4).and_then(|from| secret.get(from..)).unwrap_or_default();
        let digest = Hex::of(&digest(secret)).as_str().to_owned();
        Self { digest, ending: ending.to_owned(), updated_at: at, ..self }
    }

    pub(super) fn of(record: &Record) -> Option<Self> {
        serde_json::from_str(record.body.as_str()).ok()
    }

    /// All of a collection.
    pub(super) fn all(collection: &str, catalog: &Catalog) -> impl Iterator<Item = Self> {
        catalog.records(collection).filter_map(|record| Self::of(record))
    }

    /// By what it is stored in its collection.
    pub(super) fn key(&self, collection: &str) -> &str {
        if collection == TOKENS { &self.digest } else { &self.id }
    }

    /// Whether its owner is still the one that it was made for.
    pub(super) fn has_owner(&self, catalog: &Catalog) -> bool {
        let Some(uid) = self.uid else { return self.kind == ProofKind::App };
        let entity = catalog.node_of_key(USERS, &self.owner).and_then(|node| catalog.entity(node));
        entity.is_some_and(|entity| entity.record.uid == uid)
    }

    fn principal(&self) -> Principal {
        match self.kind {
            ProofKind::Personal => Principal::Person(self.owner.clone()),
            ProofKind::ServiceAccount => Principal::ServiceAccount(self.owner.clone()),
            ProofKind::App => Principal::Credential(self.id.clone()),
        }
    }

    /// The id of a client together with a mark of its secret: access tokens name it, so that another secret ends
    /// those that were issued for the one before.
    fn credential(&self) -> String {
        format!("{}/{}", self.id, self.digest.get(..16).unwrap_or_default())
    }
}

/// The last use of a proof, as it is stored.
#[derive(Serialize, Deserialize)]
struct Use {
    at: Timestamp,
}

/// Proofs in use in this process.
#[derive(Default)]
pub(crate) struct Proofs {
    tokens: Known,
    clients: Known,
    /// The client id of the environment, which no record may have.
    environment: std::sync::OnceLock<(String, Timestamp)>,
}

#[derive(Default)]
struct Known(RwLock<HashMap<String, Arc<InUse>>>);

/// A proof, taken apart once.
struct InUse {
    record: Arc<Record>,
    stored: Stored,
    digest: SecretDigest,
    viewer: Viewer,
    /// Of the last request here.
    used: AtomicI64,
    /// What of that is stored.
    stored_use: AtomicI64,
}

impl Known {
    fn of(&self, collection: &str, record: &Arc<Record>, catalog: &Catalog) -> Option<Arc<InUse>> {
        let old = self.0.read().get(record.key.as_str()).cloned();
        if let Some(known) = &old
            && Arc::ptr_eq(&known.record, record)
        {
            return old;
        }
        let stored = Stored::of(record)?;
        let scopes = stored.scopes.as_ref().map(Scopes::parse).transpose().ok()?;
        let via = match collection {
            TOKENS => Via::Token(stored.id.clone()),
            _ => Via::AccessToken(stored.credential()),
        };
        let viewer = Viewer::new(stored.principal(), via, scopes);
        // The same caller stays the same object: what is remembered by it goes on being found.
        let same = old.as_ref().map(|known| &known.viewer).filter(|known| **known == viewer).cloned();
        let known = Arc::new(InUse {
            digest: digest_of_hex(&stored.digest)?,
            viewer: same.unwrap_or(viewer),
            used: AtomicI64::new(old.map_or(0, |old| old.used.load(Relaxed))),
            stored_use: AtomicI64::new(stored_use(&stored.id, catalog).map_or(0, |at| at.0)),
            record: Arc::clone(record),
            stored,
        });
        let mut all = self.0.write();
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(record.key.clone(), Arc::clone(&known));
        Some(known)
    }

    /// When a proof was last used here.
    fn used(&self, key: &str) -> Option<Timestamp> {
        let used = self.0.read().get(key)?.used.load(Relaxed);
        (used > 0).then_some(Timestamp(used))
    }
}

impl Proofs {
    /// When a proof was last used, here or by what is stored.
    pub(super) fn used(&self, collection: &str, proof: &Stored, catalog: &Catalog) -> Option<Timestamp> {
        let known = if collection == TOKENS { &self.tokens } else { &self.clients };
        known.used(proof.key(collection)).max(stored_use(&proof.id, catalog))
    }

    /// The client id of the environment, and since when it is known.
    pub(super) fn environment(&self) -> Option<&(String, Timestamp)> {
        self.environment.get()
    }
}

impl InUse {
    fn stands(&self, portal: &Portal, catalog: &Catalog, now: Timestamp) -> bool {
        self.stored.enabled
            && self.stored.expires_at.is_none_or(|end| now < end)
            && self.stored.has_owner(catalog)
            && portal.rights_in(&self.viewer, catalog).is_active()
    }
}

impl Portal {
    /// Says which client the environment names: it stands beside those that are stored.
    pub fn environment_client(&self, id: &str) {
        // Said once, at start.
        let _ = self.shared.proofs.environment.set((id.to_owned(), clock::now()));
    }

    /// The viewer of a token `sdp_...` or `sds_...`. `None` when it is none, is over or taken back, or its owner is gone
    /// or shut out. Costs a hash and a look-up in the newest snapshot.
    #[must_use]
    pub fn token_viewer(&self, token: &str, now: Timestamp) -> Option<Viewer> {
        if !is_secret(token) || SecretKind::of(token) == Some(SecretKind::Client) {
            return None;
        }
        let catalog = self.shared.catalog.load();
        let record = catalog.record(TOKENS, Hex::of(&digest(token)).as_str())?;
        let known = self.shared.proofs.tokens.of(TOKENS, record, &catalog)?;
        if !known.stands(self, &catalog, now) {
            return None;
        }
        self.note_use(TOKENS, &known, now);
        Some(known.viewer.clone())
    }

    /// The viewer of a client id and its secret, for an access token. `None` when they do not belong together, or the
    /// client is no longer good. Takes the same time whichever is wrong.
    #[must_use]
    pub fn client_viewer(&self, id: &str, secret: &str, now: Timestamp) -> Option<Viewer> {
        let given = digest(secret);
        let catalog = self.shared.catalog.load();
        let record = catalog.record(CLIENTS, id);
        let known = record.and_then(|record| self.shared.proofs.clients.of(CLIENTS, record, &catalog));
        let expected = known.as_ref().map_or([0; 32], |known| known.digest);
        let same = same_digest(&expected, &given);
        let known = known.filter(|known| same && known.stands(self, &catalog, now))?;
        self.note_use(CLIENTS, &known, now);
        Some(known.viewer.clone())
    }

    /// Whether the client that an access token was issued for is still good, with the secret of then. `credential` is
    /// what the token names: see [`Via::AccessToken`].
    #[must_use]
    pub fn client_stands(&self, viewer: &Viewer, now: Timestamp) -> bool {
        let Some((id, _)) = viewer.via().id().rsplit_once('/') else { return false };
        let catalog = self.shared.catalog.load();
        let Some(record) = catalog.record(CLIENTS, id) else { return false };
        let Some(known) = self.shared.proofs.clients.of(CLIENTS, record, &catalog) else { return false };
        if known.viewer != *viewer || !known.stands(self, &catalog, now) {
            return false;
        }
        self.note_use(CLIENTS, &known, now);
        true
    }

    fn note_use(&self, collection: &'static str, known: &Arc<InUse>, now: Timestamp) {
        known.used.fetch_max(now.0, Relaxed);
        let stored = known.stored_use.load(Relaxed);
        if now.0 > stored.saturating_add(PATIENCE)
            && known.stored_use.compare_exchange(stored, now.0, Relaxed, Relaxed).is_ok()
        {
            self.store_use(collection, known, now);
        }
    }

    /// Stores the time of the last request, while the request goes on.
    fn store_use(&self, collection: &'static str, known: &InUse, used: Timestamp) {
        // Outside the server's runtime nobody waits for it either.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (portal, key, id) = (self.clone(), known.record.key.clone(), known.stored.id.clone());
        runtime.spawn(async move {
            let store = move |draft: &mut Draft| {
                let there = draft.catalog.record(collection, &key).is_some();
                if there && stored_use(&id, &draft.catalog) < Some(used) {
                    draft.put_private(USES, &id, &Use { at: used });
                }
                Ok(())
            };
            if let Err(error) = portal.commit(Actor::new("tokens", "system"), false, store).await {
                tracing::debug!(%error, "the last use of a token was not stored");
            }
        });
    }
}

/// When a token or client was last used, by what is stored.
fn stored_use(id: &str, catalog: &Catalog) -> Option<Timestamp> {
    serde_json::from_str(catalog.record(USES, id)?.body.as_str()).ok().map(|used: Use| used.at)
}

impl Draft {
    /// Removes what no longer proves anything: of owners that are gone, and what is over for `kept` milliseconds.
    pub(super) fn sweep_proofs(&mut self, kept: i64) {
        for collection in [TOKENS, CLIENTS] {
            let over = |stored: &Stored| {
                let end = stored.expires_at.map_or(i64::MAX, |end| end.0.saturating_add(kept));
                end < self.at.0 || !stored.has_owner(&self.catalog)
            };
            let keys: Vec<String> = Stored::all(collection, &self.catalog)
                .filter(over)
                .map(|stored| stored.key(collection).to_owned())
                .collect();
            for key in keys {
                self.put(Change::DeleteRecord(collection.to_owned(), key));
            }
        }
        let all =
            [TOKENS, CLIENTS].map(|collection| Stored::all(collection, &self.catalog).map(|proof| proof.id));
        let there: HashSet<String> = all.into_iter().flatten().collect();
        let uses = self.catalog.records(USES).filter(|record| !there.contains(&record.key));
        let keys: Vec<String> = uses.map(|record| record.key.clone()).collect();
        for key in keys {
            self.put(Change::DeleteRecord(USES.to_owned(), key));
        }
    }
}
