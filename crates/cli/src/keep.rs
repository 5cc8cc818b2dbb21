//! `backup`, `restore` and `migrate`: what is done with the database beside serving.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use stagedoor_server::DatabaseOptions;

/// Where the database is; the same as for `serve`.
#[derive(Args)]
pub(crate) struct DatabaseArgs {
    /// Configuration file (Backstage's app-config.yaml); several are merged in order.
    #[arg(long = "config", env = "STAGEDOOR_CONFIG", value_name = "FILE", value_delimiter = ',')]
    config: Vec<PathBuf>,
    /// Folder of the embedded database [default: .stagedoor].
    #[arg(long, env = "STAGEDOOR_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// A shared database instead of the embedded one: postgres://...
    #[arg(long, env = "STAGEDOOR_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
}

impl DatabaseArgs {
    pub(crate) fn options(self) -> DatabaseOptions {
        DatabaseOptions { config: self.config, data_dir: self.data_dir, database_url: self.database_url }
    }
}

#[derive(Args)]
pub(crate) struct BackupArgs {
    /// The file to make; it must not exist yet.
    file: PathBuf,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(crate) struct RestoreArgs {
    /// The file that `stagedoor backup` made.
    file: PathBuf,
    /// Give up the catalog that is there.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(crate) struct MigrateArgs {
    /// Only say what would be done; the exit code is 1 when there is anything.
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(crate) struct AdminLinkArgs {
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(crate) fn admin_link(args: AdminLinkArgs) -> anyhow::Result<()> {
    stagedoor_server::admin_link(&args.database.options())
}

#[derive(Subcommand)]
pub(crate) enum SecretsCommand {
    /// Seal every secret with another key. The portal must not be running.
    RotateKey(RotateKeyArgs),
    /// Forget every secret, because the key is lost. The portal must not be running.
    Forget(ForgetArgs),
}

#[derive(Args)]
pub(crate) struct RotateKeyArgs {
    /// File with the new key [default: STAGEDOOR_NEW_SECRETS_KEY, _FILE or _COMMAND; for the embedded database's own
    /// secrets.key, a key that is made].
    #[arg(long, value_name = "FILE")]
    new_key_file: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(crate) struct ForgetArgs {
    /// All secrets are to be written anew afterwards.
    #[arg(long, required = true)]
    all: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[expect(clippy::print_stdout, reason = "the outcome of a command")]
pub(crate) fn secrets(command: SecretsCommand) -> anyhow::Result<()> {
    let said = match command {
        SecretsCommand::RotateKey(args) => {
            stagedoor_server::rotate_secrets_key(&args.database.options(), args.new_key_file.as_deref())?
        }
        SecretsCommand::Forget(args) => stagedoor_server::forget_secrets(&args.database.options())?,
    };
    println!("{said}");
    Ok(())
}

pub(crate) fn backup(args: BackupArgs) -> anyhow::Result<()> {
    stagedoor_server::backup(&args.database.options(), &args.file)
}

pub(crate) fn restore(args: RestoreArgs) -> anyhow::Result<()> {
    stagedoor_server::restore(&args.database.options(), &args.file, args.replace)
}

/// Whether nothing is left to do.
pub(crate) fn migrate(args: MigrateArgs) -> anyhow::Result<bool> {
    stagedoor_server::migrate(&args.database.options(), args.check)
}
