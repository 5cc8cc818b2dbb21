//! The key that secrets are sealed with: where it comes from, and how it is changed.
//!
//! The first of these that is said counts: the variables STAGEDOOR_SECRETS_KEY, _KEY_FILE and _KEY_COMMAND, the same
//! keys of the configuration (`stagedoor.secrets`), and for the embedded database the file `secrets.key` beside it,
//! which the first start makes. A shared database has no such file, for each of its servers would make another.

mod command;
mod rotate;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use stagedoor_auth::{Secret, SecretsKey};
use stagedoor_portal::{Portal, SecretsConfig, new_secrets_key};
use stagedoor_store_sql::Database;

use crate::config::{Config, Environment, SecretsSource};

pub use rotate::{forget_secrets, rotate_secrets_key};

const FILE: &str = "secrets.key";
const VARIABLES: [&str; 3] =
    ["STAGEDOOR_SECRETS_KEY", "STAGEDOOR_SECRETS_KEY_FILE", "STAGEDOOR_SECRETS_KEY_COMMAND"];
const HOW: &str = "set STAGEDOOR_SECRETS_KEY, STAGEDOOR_SECRETS_KEY_FILE or STAGEDOOR_SECRETS_KEY_COMMAND, or \
    stagedoor.secrets in the configuration";

/// A key and where it was found.
pub(crate) struct Found {
    pub(crate) key: Option<SecretsKey>,
    /// In words.
    pub(crate) origin: String,
    /// The text of a new key, and the file that is to hold it.
    new: Option<(PathBuf, Secret)>,
    /// The file beside the embedded database, where that is the origin.
    own_file: Option<PathBuf>,
}

impl Found {
    fn given(text: &str, origin: String) -> anyhow::Result<Self> {
        let key = SecretsKey::parse(text).with_context(|| format!("the key for secrets from {origin}"))?;
        Ok(Self { key: Some(key), origin, new: None, own_file: None })
    }

    /// Whether it was made just now.
    pub(crate) fn is_new(&self) -> bool {
        self.new.is_some()
    }

    /// Takes the key apart from what a portal needs of it.
    pub(crate) fn config(&mut self) -> SecretsConfig {
        SecretsConfig { key: self.key.take(), origin: self.origin.clone(), lost: false }
    }

    /// Writes a new key into its file, before anything is sealed with it. Answers whether it was new.
    pub(crate) fn keep(&mut self) -> anyhow::Result<bool> {
        let Some((file, text)) = self.new.take() else { return Ok(false) };
        write_key(&file, &text)
            .with_context(|| format!("the key for secrets could not be kept in {}", file.display()))?;
        tracing::info!(file = %file.display(), "a key for secrets was made: keep a copy of it apart from backups");
        Ok(true)
    }
}

/// Looks for the key. Nothing is written yet.
///
/// # Errors
/// When more than one is given, or what is given is no key; no message has a part of it.
pub(crate) fn find(config: &Config, environment: &Environment, database: &Database) -> anyhow::Result<Found> {
    if let Some(found) = of_environment(environment, VARIABLES)? {
        return Ok(found);
    }
    match &config.stagedoor.secrets {
        Some(SecretsSource::Key(text)) => return Found::given(text, "stagedoor.secrets.key".into()),
        Some(SecretsSource::File(file)) => return of_file(file),
        Some(SecretsSource::Command(words)) => return of_command(words),
        None => {}
    }
    match database {
        Database::Sqlite(file) => beside(file),
        Database::Postgres(_) => Ok(Found { key: None, origin: HOW.into(), new: None, own_file: None }),
    }
}

fn of_environment(environment: &Environment, names: [&str; 3]) -> anyhow::Result<Option<Found>> {
    let values = names.map(|name| environment.get(name).filter(|value| !value.is_empty()));
    if values.iter().flatten().count() > 1 {
        bail!("only one of {} may be set", names.join(", "));
    }
    match values {
        [Some(text), ..] => Found::given(text, names[0].into()).map(Some),
        [_, Some(file), _] => of_file(Path::new(file)).map(Some),
        [.., Some(words)] => of_command(words).map(Some),
        [None, None, None] => Ok(None),
    }
}

fn of_command(words: &str) -> anyhow::Result<Found> {
    Found::given(command::run(words)?.expose(), format!("the command {:?}", command::name(words)))
}

fn of_file(file: &Path) -> anyhow::Result<Found> {
    let text =
        fs::read_to_string(file).with_context(|| format!("the key for secrets, {}", file.display()))?;
    warn_of_readers(file);
    Found::given(&text, format!("the file {}", file.display()))
}

/// The file beside the embedded database, or a new key for it.
fn beside(database: &Path) -> anyhow::Result<Found> {
    let file = database.with_file_name(FILE);
    if file.try_exists().unwrap_or(true) {
        let found = of_file(&file)?;
        return Ok(Found { own_file: Some(file), ..found });
    }
    let (key, text) = new_secrets_key()?;
    let origin = format!("a new one, for there is no {}", file.display());
    Ok(Found { key: Some(key), origin, new: Some((file.clone(), text)), own_file: Some(file) })
}

#[cfg(unix)]
fn warn_of_readers(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let open = fs::metadata(file).is_ok_and(|of| of.permissions().mode() & 0o007 != 0);
    if open {
        tracing::warn!(file = %file.display(), "the key for secrets can be read by everybody on this machine");
    }
}

#[cfg(not(unix))]
fn warn_of_readers(_: &Path) {}

/// Makes a file that only its owner can read, whole or not at all even when the power goes. One that is there is left
/// alone.
fn write_key(file: &Path, text: &Secret) -> std::io::Result<()> {
    if file.try_exists()? {
        return Err(std::io::ErrorKind::AlreadyExists.into());
    }
    // What an interrupted start has left here was never a key of anything.
    let part = file.with_extension("part");
    if part.try_exists()? {
        fs::remove_file(&part)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(&part)?;
    writeln!(out, "{}", text.expose())?;
    out.sync_all()?;
    move_for_good(&part, file)
}

/// Renames a file and waits until its folder says so on disk.
fn move_for_good(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::rename(from, to)?;
    match to.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Takes the installation's own credentials out of the log, and every secret that is known to its portal.
pub(crate) fn hide(portal: &Portal, environment: &Environment) {
    let own = ["STAGEDOOR_CLIENT_SECRET", VARIABLES[0]];
    // A shorter one is a word, and no secret anyway.
    for value in own.into_iter().filter_map(|name| environment.get(name)).filter(|value| value.len() >= 8) {
        portal.hide(Secret::new(value));
    }
    crate::telemetry::hide_in_logs(portal.hiding());
}
