//! Which database, and what is done with it beside serving.

use std::path::{Path, PathBuf};

use anyhow::bail;
use stagedoor_store_sql::{Copied, Database};

use crate::config::{self, Config, Environment};

/// What says which database it is. It has no `Debug`: a URL may hold a password.
pub struct DatabaseOptions {
    /// Configuration files, later ones over earlier ones.
    pub config: Vec<PathBuf>,
    /// Folder of the embedded database.
    pub data_dir: Option<PathBuf>,
    /// A shared database instead.
    pub database_url: Option<String>,
}

impl DatabaseOptions {
    fn database(&self) -> anyhow::Result<Database> {
        let wrong = |wrong| anyhow::anyhow!("the configuration is wrong:\n{wrong}");
        let config = config::load(&self.config, &Environment::of_process()).map_err(wrong)?;
        of(self.database_url.as_deref(), self.data_dir.as_deref(), &config)
    }
}

/// `stagedoor backup`: copies everything into a new file.
///
/// # Errors
/// As [`Database::backup`], and when the configuration is wrong.
pub fn backup(options: &DatabaseOptions, file: &Path) -> anyhow::Result<()> {
    let copied = options.database()?.backup(file)?;
    say(&format!("{} holds {}", file.display(), words(&copied)));
    Ok(())
}

/// `stagedoor restore`: makes the database what a backup holds.
///
/// # Errors
/// As [`Database::restore`], and when the configuration is wrong.
pub fn restore(options: &DatabaseOptions, file: &Path, replace: bool) -> anyhow::Result<()> {
    let copied = options.database()?.restore(file, replace)?;
    say(&format!("restored {}", words(&copied)));
    Ok(())
}

/// `stagedoor migrate`: brings the schema up to date, or only says what that would be. Answers whether nothing is
/// left to do.
///
/// # Errors
/// As [`Database::schema`] and [`Database::open`], and when the configuration is wrong.
pub fn migrate(options: &DatabaseOptions, check: bool) -> anyhow::Result<bool> {
    let database = options.database()?;
    let schema = database.schema()?;
    if schema.pending.is_empty() {
        say(&format!("{}: schema {} is the newest, nothing to migrate", schema.database, schema.found));
        return Ok(true);
    }
    let pending = schema.pending.join(", ");
    if check {
        let (found, known) = (schema.found, schema.known);
        say(&format!(
            "{}: schema {found}, this program has {known}; to be migrated: {pending}",
            schema.database
        ));
        return Ok(false);
    }
    database.open()?;
    say(&format!("{}: migrated to schema {} ({pending})", schema.database, schema.known));
    Ok(true)
}

fn words(copied: &Copied) -> String {
    let size = copied.bytes.div_ceil(1024);
    format!("{} entities at revision {} ({size} KB)", copied.entities, copied.revision)
}

/// What a command was for belongs on standard output.
#[expect(clippy::print_stdout, reason = "the outcome of a command")]
fn say(line: &str) {
    println!("{line}");
}

/// The database that the command line names, else the configuration, else the embedded one.
///
/// # Errors
/// When the URL is of another kind of database. No message has the URL, which may hold a password.
pub(crate) fn of(url: Option<&str>, folder: Option<&Path>, config: &Config) -> anyhow::Result<Database> {
    if let Some(url) = url.or(config.stagedoor.database_url.as_deref()) {
        return match url.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Ok(Database::Postgres(url.to_owned())),
            Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphanumeric()) => bail!(
                "databases of type \"{scheme}\" are not supported: --database-url takes postgres://..., and without it \
                 the embedded database is used"
            ),
            _ => bail!("--database-url is no URL: expected postgres://user:password@host/name"),
        };
    }
    let folder = folder.or(config.stagedoor.data_dir.as_deref()).unwrap_or(Path::new(".stagedoor"));
    Ok(Database::Sqlite(folder.join("stagedoor.db")))
}
