//! `stagedoor secrets rotate-key` seals everything with another key, `stagedoor secrets forget` gives up what a lost
//! key has sealed; both while the portal is not running.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use stagedoor_auth::{Secret, SecretsKey, Viewer};
use stagedoor_outbound::AllowList;
use stagedoor_portal::{Portal, SecretsConfig, new_secrets_key};
use stagedoor_store::Store;
use stagedoor_store_sql::Database;

use tokio::runtime::Runtime;

use super::{Found, find, move_for_good, of_environment, of_file, write_key};
use crate::config::{self, Config, Environment};
use crate::signing_key::SigningKey;
use crate::{DatabaseOptions, database, wiring};

const NEW: [&str; 3] =
    ["STAGEDOOR_NEW_SECRETS_KEY", "STAGEDOOR_NEW_SECRETS_KEY_FILE", "STAGEDOOR_NEW_SECRETS_KEY_COMMAND"];

/// Seals every secret, and the key that signs tokens, with another key: the one in `new`, else that of the variables
/// STAGEDOOR_NEW_SECRETS_KEY, _KEY_FILE or _KEY_COMMAND, else, where the key is the file beside the embedded database,
/// one that is made and takes its place. Answers in words what was done.
///
/// # Errors
/// When the database is in use, the old key is not the one that secrets were written with, or there is no new one.
/// Nothing has changed then.
pub fn rotate_secrets_key(options: &DatabaseOptions, new: Option<&Path>) -> anyhow::Result<String> {
    on_runtime(|runtime| rotate(options, new, runtime))
}

/// Forgets every secret, and the key that signs access tokens: the way on when the key for secrets is lost. Answers in
/// words what was done.
///
/// # Errors
/// When the database is in use or cannot be written.
pub fn forget_secrets(options: &DatabaseOptions) -> anyhow::Result<String> {
    on_runtime(|runtime| forget(options, runtime))
}

/// Stores wait for their database by themselves, so none of this is an asynchronous function.
fn on_runtime<T>(work: impl FnOnce(&Runtime) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let inside = runtime.enter();
    let done = work(&runtime);
    drop(inside);
    runtime.shutdown_background();
    done
}

/// The portal over a store, without anything that it would read.
fn open(config: &Config, store: &Arc<dyn Store>, secrets: SecretsConfig) -> anyhow::Result<Portal> {
    let options = stagedoor_portal::Options {
        sources: wiring::sources_config(config, AllowList::default()),
        jq: Arc::new(wiring::jq()),
        identity: wiring::identity(config),
        sessions: config.stagedoor.sessions,
        secrets,
        runs: stagedoor_portal::RunsConfig::default(),
    };
    Ok(Portal::open(Arc::clone(store), options)?)
}

fn configured(options: &DatabaseOptions, environment: &Environment) -> anyhow::Result<(Config, Database)> {
    let config = config::load(&options.config, environment)
        .map_err(|wrong| anyhow::anyhow!("the configuration is wrong:\n{wrong}"))?;
    let database = database::of(options.database_url.as_deref(), options.data_dir.as_deref(), &config)?;
    Ok((config, database))
}

fn forget(options: &DatabaseOptions, runtime: &Runtime) -> anyhow::Result<String> {
    let (config, database) = configured(options, &Environment::of_process())?;
    let store = database.open()?;
    let secrets = SecretsConfig { lost: true, ..SecretsConfig::default() };
    let portal = open(&config, &store, secrets)?;
    let count = runtime.block_on(portal.forget_secrets(&Viewer::system("secrets")))?;
    SigningKey::forget(store.as_ref())?;
    runtime.block_on(portal.flush());
    portal.leave();
    let secrets = if count == 1 { "1 secret is".to_owned() } else { format!("{count} secrets are") };
    Ok(format!("{secrets} forgotten, and access tokens that were given out are no longer good"))
}

/// The new key, and the file beside the database that is to hold it.
struct New {
    key: SecretsKey,
    file: Option<(PathBuf, Secret)>,
}

fn new_key(environment: &Environment, given: Option<&Path>, old: &Found) -> anyhow::Result<New> {
    let found = match given {
        Some(file) => Some(of_file(file)?),
        None => of_environment(environment, NEW)?,
    };
    if let Some(key) = found.and_then(|found| found.key) {
        if let Some(file) = &old.own_file {
            bail!(
                "{} is the key of this database, and a new one takes its place by itself: leave out the new key, or \
                 give the old one by STAGEDOOR_SECRETS_KEY_FILE too",
                file.display()
            );
        }
        return Ok(New { key, file: None });
    }
    let Some(file) = &old.own_file else {
        bail!("there is no new key: give it by --new-key-file or set one of {}", NEW.join(", "));
    };
    let (key, text) = new_secrets_key()?;
    Ok(New { key, file: Some((file.clone(), text)) })
}

fn rotate(options: &DatabaseOptions, given: Option<&Path>, runtime: &Runtime) -> anyhow::Result<String> {
    let environment = Environment::of_process();
    let (config, database) = configured(options, &environment)?;
    let mut old = find(&config, &environment, &database)?;
    let store = database.open()?;
    if old.key.is_none() || old.is_new() {
        bail!("there is no key to be changed: {}", old.origin);
    }
    let new = new_key(&environment, given, &old)?;
    let secrets = SecretsConfig { key: old.key.take(), origin: old.origin, lost: false };
    let portal = open(&config, &store, secrets)?;
    let proven = portal.keeps_secrets();
    let signing = portal.with_secrets_key(|key| SigningKey::under(store.as_ref(), key, proven))?;
    // On disk before anything is sealed with it.
    let aside = match &new.file {
        Some((file, text)) => Some(set_aside(file, text)?),
        None => None,
    };
    let key = Arc::new(new.key);
    let viewer = Viewer::system("secrets");
    let count = runtime.block_on(portal.reseal_secrets(&viewer, Arc::clone(&key)))?;
    signing.seal(store.as_ref(), &key)?;
    runtime.block_on(portal.flush());
    portal.leave();
    let secrets = if count == 1 { "1 secret is".to_owned() } else { format!("{count} secrets are") };
    let mut said = format!("{secrets} written with the key {} now", key.fingerprint());
    if let (Some(aside), Some((file, _))) = (aside, &new.file) {
        move_for_good(&aside, file).with_context(|| {
            format!("secrets are written with the key in {}: move it to {}", aside.display(), file.display())
        })?;
        said += &format!(", which is in {}", file.display());
    }
    Ok(said)
}

/// A new key waits beside the old one until everything is sealed with it.
fn set_aside(file: &Path, text: &Secret) -> anyhow::Result<PathBuf> {
    let aside = file.with_extension("key.new");
    if aside.exists() {
        bail!(
            "{} is there already: an earlier change of the key has not ended. If the portal starts with {}, remove it; \
             else move it to {}",
            aside.display(),
            file.display(),
            file.display()
        );
    }
    write_key(&aside, text)
        .with_context(|| format!("the new key could not be kept in {}", aside.display()))?;
    Ok(aside)
}
