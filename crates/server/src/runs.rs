//! What runs are executed with: from configuration and environment to the portal's options.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stagedoor_auth::Secret;
use stagedoor_portal::RunsConfig;
use stagedoor_store_sql::Database;

use crate::config::{Config, Environment};

/// Folder of runs' files, within the folder of the data.
const FOLDER: &str = "runs";

/// What the configuration says; files of runs lie beside the data, or where there is no folder for data, in one for
/// temporary files that is this process's own.
pub(crate) fn config(
    config: &Config,
    environment: &Environment,
    database: &Database,
    data_dir: Option<&Path>,
) -> RunsConfig {
    let beside = match database {
        Database::Sqlite(file) => file.parent().map(Path::to_owned),
        Database::Postgres(_) => data_dir.or(config.stagedoor.data_dir.as_deref()).map(Path::to_owned),
    };
    let own = || -> PathBuf { std::env::temp_dir().join(format!("stagedoor-{}", std::process::id())) };
    let secret = environment.get("STAGEDOOR_CLIENT_SECRET").filter(|secret| !secret.is_empty());
    let beside = beside.unwrap_or_else(own);
    let mut back_ends = config.stagedoor.back_ends.clone();
    let plans = back_ends.terraform.state.take().unwrap_or_else(|| beside.join("terraform"));
    // Terraform runs in another folder and is told where its plan is.
    back_ends.terraform.state = Some(std::path::absolute(&plans).unwrap_or(plans));
    RunsConfig {
        back_ends: Arc::new(back_ends),
        workspaces: Some(beside.join(FOLDER)),
        signing_secret: secret.map(Secret::new),
        limits: config.stagedoor.runs.clone(),
        ..RunsConfig::default()
    }
}
