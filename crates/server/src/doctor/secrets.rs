//! Whether there is a key for secrets.

use crate::config::{Config, Environment};
use crate::options::Options;
use crate::{database, secrets};

use super::Check;

/// Looks for the key as a start does; none is made. Whether secrets were written with it, the start says.
pub(super) fn key(options: &Options, config: &Config, environment: &Environment) -> Option<Check> {
    let name = "secrets";
    // What is wrong with the database is said elsewhere.
    let database = database::of(options.database_url.as_deref(), options.data_dir.as_deref(), config).ok()?;
    Some(match secrets::find(config, environment, &database) {
        Ok(found) => match (&found.key, found.is_new()) {
            (Some(_), true) => Check::ok(name, "no key yet: the first start makes one beside the database"),
            (Some(key), false) => {
                Check::ok(name, format!("the key is {} ({})", key.fingerprint(), found.origin))
            }
            (None, _) => Check::warn(name, "no key is given: no secrets can be kept", found.origin.clone()),
        },
        Err(error) => Check::fail(name, format!("{error:#}"), "the server does not start without a good key"),
    })
}
