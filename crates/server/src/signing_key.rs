//! The keys that sign what this installation hands out: one secret for access tokens, one key pair for Backstage's user
//! tokens. Both are kept in its database, made at the first start, and the same on every replica. Where there is a key for
//! secrets they lie sealed there.

use std::sync::Arc;

use stagedoor_auth::{BackstageKey, SecretsKey, sealed_with};
use stagedoor_store::Store;

const SECRET: &str = "signing_key";
const BACKSTAGE: &str = "backstage_signing_key";

/// Both keys.
pub struct SigningKey {
    secret: [u8; 32],
    /// As text.
    backstage: String,
    backstage_key: Arc<BackstageKey>,
}

/// How a key is kept: under which name, and sealed with what.
struct Kept<'a> {
    store: &'a dyn Store,
    name: &'static str,
    secrets: Option<&'a SecretsKey>,
}

impl Kept<'_> {
    fn as_stored(&self, text: &str) -> anyhow::Result<String> {
        match self.secrets {
            Some(key) => Ok(stagedoor_portal::seal(key, self.name, "", text)?),
            None => Ok(text.to_owned()),
        }
    }

    fn put(&self, text: &str) -> anyhow::Result<()> {
        Ok(self.store.put_setting(self.name, Some(&self.as_stored(text)?))?)
    }

    /// The text of the key, or of the fresh one where there is none yet. One that lies open is sealed. One that was
    /// sealed with another key is made anew where the key for secrets is `proven`.
    fn text(&self, fresh: &str, proven: bool) -> anyhow::Result<String> {
        let stored = self.store.put_setting_if_absent(self.name, &self.as_stored(fresh)?)?;
        let Some(other) = sealed_with(&stored) else {
            if self.secrets.is_some() {
                self.put(&stored)?;
            }
            return Ok(stored);
        };
        let opened = self.secrets.map(|key| key.open(self.name, "", &stored));
        if let Some(Ok(text)) = opened {
            return Ok(text.expose().to_owned());
        }
        if !proven {
            let own = self.secrets.map_or("none", SecretsKey::fingerprint);
            anyhow::bail!(
                "the database was written with the key for secrets {other}, and this start has {own}: give it the key \
                 {other} by STAGEDOOR_SECRETS_KEY, STAGEDOOR_SECRETS_KEY_FILE or STAGEDOOR_SECRETS_KEY_COMMAND"
            );
        }
        tracing::warn!(
            "a key that signs tokens cannot be opened: a new one is made, and clients sign in again"
        );
        self.put(fresh)?;
        Ok(fresh.to_owned())
    }
}

impl SigningKey {
    /// Reads the keys of an installation without a key for secrets, or makes them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn of(store: &dyn Store) -> anyhow::Result<Self> {
        Self::under(store, None, true)
    }

    /// Reads the keys, or makes them. One that was sealed with another key is made anew where the key for secrets is the
    /// right one all the same (`proven`: it is new, or opens what secrets there are); then no token that was given out
    /// before is good any more.
    ///
    /// # Errors
    /// When one was sealed with another key, or the store fails.
    pub(crate) fn under(
        store: &dyn Store,
        secrets: Option<&SecretsKey>,
        proven: bool,
    ) -> anyhow::Result<Self> {
        // Two random UUIDs: 244 random bits from the system.
        let fresh = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        let secret = Kept { store, name: SECRET, secrets }.text(&fresh, proven)?;
        let random = ring::rand::SystemRandom::new();
        let fresh = BackstageKey::generate(&random)?.text();
        let backstage = Kept { store, name: BACKSTAGE, secrets }.text(&fresh, proven)?;
        let backstage_key = Arc::new(BackstageKey::parse(&backstage, &random)?);
        Ok(Self { secret: bytes(&secret)?, backstage, backstage_key })
    }

    /// Forgets them: the next start makes others.
    pub(crate) fn forget(store: &dyn Store) -> anyhow::Result<()> {
        store.put_setting(SECRET, None)?;
        Ok(store.put_setting(BACKSTAGE, None)?)
    }

    /// Signs access tokens.
    pub(crate) fn secret(&self) -> [u8; 32] {
        self.secret
    }

    /// Signs Backstage's user tokens.
    pub(crate) fn backstage(&self) -> Arc<BackstageKey> {
        Arc::clone(&self.backstage_key)
    }

    /// Stores them sealed with another key.
    pub(crate) fn seal(&self, store: &dyn Store, secrets: &SecretsKey) -> anyhow::Result<()> {
        let secret: String = self.secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let secrets = Some(secrets);
        Kept { store, name: SECRET, secrets }.put(&secret)?;
        Kept { store, name: BACKSTAGE, secrets }.put(&self.backstage)
    }
}

fn bytes(text: &str) -> anyhow::Result<[u8; 32]> {
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair)?, 16)?;
    }
    Ok(key)
}
