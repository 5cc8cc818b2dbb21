//! Secrets of the organization: written, used by name, never read.
//!
//! A secret is a record of the private collection `secret`. Its value is sealed under a key that is not in the
//! database ([`SecretsKey`]), bound to its name; a start with another key than the secrets were written with is
//! refused. Nothing outside gets a value: [`Portal::secret`] is for what acts inside.

mod body;
mod hiding;

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, NONCE_BYTES, Resource, Secret, SecretsKey, Unopened, Viewer, sealed_with};
use stagedoor_model::{Change, JsonText, Record, Stamps};
use stagedoor_query::Catalog;

use crate::audit::{self, Event};
use crate::error::PortalError;
use crate::writer::Draft;
use crate::{Portal, audit::By};

pub use hiding::Hiding;

const COLLECTION: &str = "secret";
/// What the values are sealed for.
const PURPOSE: &str = "secret";
const SEALED: &str = "sealed";

/// What secrets are kept with.
pub struct SecretsConfig {
    /// The key; without one none can be kept.
    pub key: Option<SecretsKey>,
    /// Where it comes from, in words; without one, what would give it.
    pub origin: String,
    /// The key that secrets were written with is lost: open all the same, to forget them.
    pub lost: bool,
}

impl Default for SecretsConfig {
    fn default() -> Self {
        Self { key: None, origin: "no key is given".into(), lost: false }
    }
}

/// The keeper: the key, and what is taken out of texts.
pub(crate) struct Keeper {
    key: Option<SecretsKey>,
    origin: String,
    hidden: hiding::Hidden,
}

/// A secret, as it may be shown.
#[derive(Clone, Debug)]
pub struct SecretInfo {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Who and when.
    pub stamps: Stamps,
}

impl SecretInfo {
    fn of(record: &Record) -> Self {
        let description = record.body.value().get("description").and_then(Value::as_str).map(str::to_owned);
        Self { name: record.key.clone(), description, stamps: record.stamps.clone() }
    }
}

impl Keeper {
    /// Takes the key, if every secret of the catalog was written with it.
    ///
    /// # Errors
    /// `secrets_key`, with the fingerprint of the key that they were written with.
    pub(crate) fn over(config: SecretsConfig, catalog: &Catalog) -> Result<Self, PortalError> {
        let own = config.key.as_ref().map(SecretsKey::fingerprint);
        let keys = catalog.records(COLLECTION).filter_map(|record| written_with(record));
        let other = keys.into_iter().find(|key| own != Some(key.as_str()));
        let Some(other) = other.filter(|_| !config.lost) else {
            let hidden = hiding::Hidden::default();
            return Ok(Self { key: config.key, origin: config.origin, hidden });
        };
        let count = catalog.records(COLLECTION).count();
        let secrets = if count == 1 { "1 secret".to_owned() } else { format!("{count} secrets") };
        let text = match own {
            Some(own) => format!(
                "the database holds {secrets} written with the key {other}, and this start has the key {own} ({}): give it the key {other}",
                config.origin
            ),
            None => format!(
                "the database holds {secrets} written with the key {other}, and there is no key: {}",
                config.origin
            ),
        };
        Err(PortalError::refused("secrets_key", text))
    }

    fn key(&self) -> Result<&SecretsKey, PortalError> {
        self.key.as_ref().ok_or_else(|| {
            PortalError::refused("secrets_key_missing", format!("secrets cannot be kept: {}", self.origin))
        })
    }

    fn open(&self, record: &Record) -> Option<Result<Secret, Unopened>> {
        let body = record.body.value();
        Some(self.key.as_ref()?.open(PURPOSE, &record.key, body.get(SEALED)?.as_str()?))
    }
}

/// The key that a secret was written with; `None` where it is damaged: it opens with no key.
fn written_with(record: &Record) -> Option<String> {
    sealed_with(record.body.value().get(SEALED)?.as_str()?).map(str::to_owned)
}

/// Seals a text under a nonce of its own.
///
/// # Errors
/// When the system gives no random bytes.
pub fn seal(key: &SecretsKey, purpose: &str, name: &str, text: &str) -> Result<String, PortalError> {
    Ok(key.seal(purpose, name, text, random::<NONCE_BYTES>()?))
}

/// A new key, and its text to be kept in a file.
///
/// # Errors
/// When the system gives no random bytes.
pub fn new_secrets_key() -> Result<(SecretsKey, Secret), PortalError> {
    let bytes = random::<32>()?;
    let key = SecretsKey::of(&bytes).map_err(|error| PortalError::Internal(error.to_string()))?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((key, Secret::new(&text)))
}

fn random<const N: usize>() -> Result<[u8; N], PortalError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| PortalError::Internal(format!("the system gives no random bytes: {error}")))?;
    Ok(bytes)
}

fn missing(name: &str) -> PortalError {
    let shown: String = name.chars().take(100).collect();
    PortalError::NotFound(format!("Secret with name \"{shown}\" was not found"))
}

impl Portal {
    /// Every secret by name, without its value.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn secrets(&self, viewer: &Viewer) -> Result<Vec<SecretInfo>, PortalError> {
        self.may(viewer, Action::ReadSecrets, Resource::Any)?;
        Ok(self.shared.catalog.load().records(COLLECTION).map(|record| SecretInfo::of(record)).collect())
    }

    /// One secret, without its value.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub fn secret_info(&self, viewer: &Viewer, name: &str) -> Result<SecretInfo, PortalError> {
        self.may(viewer, Action::ReadSecrets, Resource::Named(name))?;
        let catalog = self.shared.catalog.load();
        catalog.record(COLLECTION, name).map(|record| SecretInfo::of(record)).ok_or_else(|| missing(name))
    }

    /// Whether there is any.
    #[must_use]
    pub fn keeps_secrets(&self) -> bool {
        self.shared.catalog.load().records(COLLECTION).next().is_some()
    }

    /// Does something with the key, for what else lies sealed in the database.
    pub fn with_secrets_key<T>(&self, work: impl FnOnce(Option<&SecretsKey>) -> T) -> T {
        work(self.shared.secrets.key.as_ref())
    }

    /// The value of a secret, for what acts inside the portal. Never for an answer, a log or a record.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<Secret> {
        let catalog = self.shared.catalog.load();
        match self.shared.secrets.open(catalog.record(COLLECTION, name)?)? {
            Ok(secret) => Some(secret),
            Err(error) => {
                // Another replica may have been given a new key, or somebody has changed the database.
                tracing::error!(name, "a secret cannot be opened: {error}");
                None
            }
        }
    }

    /// Keeps a new secret from Port's JSON: `{secretName, secretValue, description?}`.
    ///
    /// # Errors
    /// `Invalid` naming the place; `identifier_taken`; `secrets_key_missing`; `Forbidden`.
    pub async fn create_secret(&self, viewer: &Viewer, body: &Value) -> Result<SecretInfo, PortalError> {
        self.may(viewer, Action::CreateSecret, Resource::Any)?;
        let written = body::created(body)?;
        let sealed = seal(self.shared.secrets.key()?, PURPOSE, &written.name, written.value.expose())?;
        let (name, description) = (written.name, written.description);
        self.commit(viewer.actor("port"), false, move |draft| {
            if draft.catalog.record(COLLECTION, &name).is_some() {
                let message = format!("Secret with name \"{name}\" is already taken");
                return Err(PortalError::Conflict { code: "identifier_taken", message });
            }
            let stamps = draft.new_stamps(None);
            Ok(draft.put_secret(&name, description.as_deref(), &sealed, stamps))
        })
        .await
    }

    /// Sets value, description or both: `{secretValue?, description?}`. An empty description removes it.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` naming the place; `secrets_key_missing`; `Forbidden`.
    pub async fn update_secret(
        &self,
        viewer: &Viewer,
        name: &str,
        body: &Value,
    ) -> Result<SecretInfo, PortalError> {
        self.may(viewer, Action::UpdateSecret, Resource::Named(name))?;
        let written = body::updated(body, name)?;
        let keeper = &self.shared.secrets;
        let sealed = match &written.value {
            Some(value) => Some(seal(keeper.key()?, PURPOSE, name, value.expose())?),
            None => None,
        };
        let name = name.to_owned();
        self.commit(viewer.actor("port"), false, move |draft| {
            let old = Arc::clone(draft.catalog.record(COLLECTION, &name).ok_or_else(|| missing(&name))?);
            if sealed.is_none() && written.description.is_none() {
                return Ok(SecretInfo::of(&old));
            }
            let body = old.body.value();
            let was = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
            let description = match &written.description {
                Some(said) => said.clone(),
                None => was("description"),
            };
            let sealed = sealed.clone().or_else(|| was(SEALED)).unwrap_or_default();
            let mut stamps = old.stamps.clone();
            (stamps.updated_at, stamps.updated_by) = (draft.at, draft.actor.name.as_str().into());
            Ok(draft.put_secret(&name, description.as_deref(), &sealed, stamps))
        })
        .await
    }

    /// Forgets a secret. Its sealed value stays in the change log.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn delete_secret(&self, viewer: &Viewer, name: &str) -> Result<(), PortalError> {
        self.may(viewer, Action::DeleteSecret, Resource::Named(name))?;
        let name = name.to_owned();
        self.commit(viewer.actor("port"), false, move |draft| {
            draft.catalog.record(COLLECTION, &name).ok_or_else(|| missing(&name))?;
            draft.put(Change::DeleteRecord(COLLECTION.into(), name.clone()));
            Ok(())
        })
        .await
    }

    /// Forgets every secret, in one commit; answers how many. For when their key is lost.
    ///
    /// # Errors
    /// `Forbidden`; when the store fails.
    pub async fn forget_secrets(&self, viewer: &Viewer) -> Result<usize, PortalError> {
        self.may(viewer, Action::DeleteSecret, Resource::Any)?;
        let forget = |draft: &mut Draft| {
            let names: Vec<String> = draft.catalog.records(COLLECTION).map(|r| r.key.clone()).collect();
            for name in &names {
                draft.put(Change::DeleteRecord(COLLECTION.into(), name.clone()));
            }
            Ok(names.len())
        };
        self.commit(viewer.actor("command"), false, forget).await
    }

    /// Seals every secret with another key, in one commit; answers how many. This portal then cannot open them any
    /// more: the next start, with the new key, can.
    ///
    /// # Errors
    /// When one of them does not open: nothing is changed then.
    pub async fn reseal_secrets(&self, viewer: &Viewer, new: Arc<SecretsKey>) -> Result<usize, PortalError> {
        self.may(viewer, Action::UpdateSecret, Resource::Any)?;
        let (portal, key) = (self.clone(), Arc::clone(&new));
        let reseal = move |draft: &mut Draft| {
            let records: Vec<Arc<Record>> = draft.catalog.records(COLLECTION).cloned().collect();
            for record in &records {
                let opened = portal.shared.secrets.open(record);
                let value = opened.and_then(Result::ok).ok_or_else(|| {
                    let text = format!("the secret \"{}\" cannot be opened: nothing was changed", record.key);
                    PortalError::refused("secrets_key", text)
                })?;
                let info = SecretInfo::of(record);
                let sealed = seal(&key, PURPOSE, &record.key, value.expose())?;
                draft.put_secret(&record.key, info.description.as_deref(), &sealed, info.stamps);
            }
            crate::runs::reseal(draft, &portal, &key)?;
            Ok(records.len())
        };
        let count = self.commit(viewer.actor("command"), false, reseal).await?;
        let event = Event::SecretsKeyChanged { fingerprint: new.fingerprint() };
        audit::event(&self.shared.denials, By::Viewer(viewer), event);
        Ok(count)
    }
}

impl Draft {
    fn put_secret(
        &mut self,
        name: &str,
        description: Option<&str>,
        sealed: &str,
        stamps: Stamps,
    ) -> SecretInfo {
        let mut body = Map::new();
        if let Some(description) = description {
            body.insert("description".into(), json!(description));
        }
        body.insert(SEALED.into(), json!(sealed));
        let body = JsonText::of(&Value::Object(body));
        let record = Record { collection: COLLECTION.into(), key: name.to_owned(), body, stamps };
        let info = SecretInfo::of(&record);
        self.put(Change::PutRecord(Arc::new(record)));
        info
    }
}
