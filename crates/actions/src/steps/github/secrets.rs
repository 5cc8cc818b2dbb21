//! Secrets of a repository and of its environments. GitHub takes them only sealed: libsodium's `crypto_box_seal` for the
//! public key that it names (docs.github.com/rest/guides/encrypting-secrets-for-the-rest-api).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_box::PublicKey;
use crypto_box::aead::OsRng;
use serde_json::{Map, Value, json};
use stagedoor_hosts::Act;

use super::Repo;
use crate::performer::Failure;

/// The longest name that is asked for.
const LONGEST: usize = 255;

/// A public key of GitHub's.
struct Key {
    id: String,
    key: PublicKey,
}

/// Whether these can be names of secrets; asked before anything is made.
pub(super) fn check<'a>(names: impl IntoIterator<Item = &'a String>) -> Result<(), Failure> {
    for name in names {
        let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let begins_well = name.chars().next().is_some_and(|c| !c.is_ascii_digit());
        let is_github = name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("github_"));
        if !is_word || !begins_well || is_github || name.len() > LONGEST {
            let shown: String = name.chars().take(100).collect();
            return Err(Failure::new(format!(
                "{shown:?} is no name for a secret: letters, digits and _ only, not a digit first, not GITHUB_ first"
            )));
        }
    }
    Ok(())
}

impl Key {
    /// Out of an answer `{key_id, key}`.
    fn of(answer: &Value) -> Result<Self, Failure> {
        let none = || Failure::new("GitHub answered with no public key for secrets");
        let id = match &answer["key_id"] {
            Value::String(id) => id.clone(),
            Value::Number(id) => id.to_string(),
            _ => return Err(none()),
        };
        let bytes = STANDARD.decode(answer["key"].as_str().unwrap_or_default()).map_err(|_| none())?;
        let key = PublicKey::from_slice(&bytes).map_err(|_| none())?;
        Ok(Self { id, key })
    }

    /// The value as nobody but GitHub reads it.
    fn seal(&self, value: &str) -> Result<String, Failure> {
        let sealed = self.key.seal(&mut OsRng, value.as_bytes());
        let sealed = sealed.map_err(|_| Failure::new("a secret could not be sealed"))?;
        Ok(STANDARD.encode(sealed))
    }
}

impl Repo<'_> {
    /// Sets secrets of the repository; those that are there get these values.
    pub(super) async fn set_secrets(&self, secrets: &Map<String, Value>) -> Result<(), Failure> {
        self.seal_below(&["actions", "secrets"], secrets).await
    }

    /// Sets secrets of one of its environments.
    pub(super) async fn set_environment_secrets(
        &self,
        environment: &str,
        secrets: &Map<String, Value>,
    ) -> Result<(), Failure> {
        self.seal_below(&["environments", environment, "secrets"], secrets).await
    }

    async fn seal_below(&self, place: &[&str], secrets: &Map<String, Value>) -> Result<(), Failure> {
        check(secrets.keys())?;
        if secrets.is_empty() {
            return Ok(());
        }
        let below = |last: &str| {
            let start = self.below([]).into_iter();
            start.chain(place.iter().chain([&last]).map(|part| (*part).to_owned())).collect::<Vec<_>>()
        };
        let key = Key::of(&self.remote.ask(&Act::get(below("public-key"))).await?)?;
        for (name, value) in secrets {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let body = json!({ "encrypted_value": key.seal(&value)?, "key_id": key.id });
            self.remote.change(&Act { method: "PUT", ..Act::post(below(name), body) }).await?;
        }
        Ok(())
    }
}
