//! `import` and `export`: a catalog from elsewhere, and to elsewhere.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use stagedoor_server::{ExportOptions, ImportOptions};

use crate::keep::DatabaseArgs;

#[derive(Subcommand)]
pub(crate) enum ImportCommand {
    /// Copy a live Backstage catalog through its API: registered locations are registered here, entities that nothing
    /// here reads are copied. It may be run again: what is here already stays. The exit code is 1 when something was
    /// refused or could not be read.
    Backstage(ImportArgs),
}

#[derive(Args)]
pub(crate) struct ImportArgs {
    /// Address of the Backstage backend.
    #[arg(long, value_name = "URL")]
    url: String,
    /// A token for it, such as a static one of backend.auth.externalAccess.
    #[arg(long, env = "BACKSTAGE_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Address of the Stagedoor that takes the copy. Without it the database is written, for which an embedded one must
    /// not be in use.
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// A token for that.
    #[arg(long, env = "STAGEDOOR_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    to_token: Option<String>,
    /// Register no location; copy what comes from them too.
    #[arg(long)]
    without_locations: bool,
    /// Say what would be done and write nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Subcommand)]
pub(crate) enum ExportCommand {
    /// Write the catalog as catalog-info.yaml files, which Backstage and Stagedoor read. The portal may be running.
    Backstage(ExportArgs),
}

#[derive(Args)]
pub(crate) struct ExportArgs {
    /// The folder to write into; it must be empty or not there yet.
    folder: PathBuf,
    /// Overwrite files in the folder.
    #[arg(long)]
    force: bool,
    /// Address of the Stagedoor or Backstage to read. Without it the database is read.
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// A token for it.
    #[arg(long, env = "STAGEDOOR_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Whether nothing was refused.
pub(crate) fn import(command: ImportCommand) -> anyhow::Result<bool> {
    let ImportCommand::Backstage(args) = command;
    stagedoor_server::import_backstage(&ImportOptions {
        url: args.url,
        token: args.token,
        to: args.to,
        to_token: args.to_token,
        database: args.database.options(),
        without_locations: args.without_locations,
        dry_run: args.dry_run,
    })
}

pub(crate) fn export(command: ExportCommand) -> anyhow::Result<()> {
    let ExportCommand::Backstage(args) = command;
    stagedoor_server::export_backstage(&ExportOptions {
        folder: args.folder,
        force: args.force,
        from: args.from,
        token: args.token,
        database: args.database.options(),
    })
}
