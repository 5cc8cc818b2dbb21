//! Which database, and what is done with it beside serving.

use std::path::Path;

use anyhow::bail;
use stagedoor_store_sql::Database;

use crate::config::Config;

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
