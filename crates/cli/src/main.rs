//! The `stagedoor` binary: one command per file would be too much for two of them.

mod keep;
mod query;
mod transfer;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use stagedoor_server::Options;

/// The catalog is millions of small strings: the system's allocator spends a tenth of a start on them
/// and keeps twice the memory afterwards.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// An internal developer portal in one program.
#[derive(Parser)]
#[command(name = "stagedoor", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the portal.
    Serve(ServeArgs),
    /// Check whether the portal would start here and run well; changes nothing.
    Doctor {
        #[command(flatten)]
        serve: ServeArgs,
        /// Answer as one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Copy the database into a file, while the portal runs or not: catalog, history and settings, without the key
    /// for secrets.
    Backup(keep::BackupArgs),
    /// Make the database what a backup holds. The portal must not be running.
    Restore(keep::RestoreArgs),
    /// Bring the database's schema up to date, which starting the portal does too.
    Migrate(keep::MigrateArgs),
    /// Print a link that makes whoever opens it administrator: for the first start, and as the way back in. The portal
    /// may be running.
    AdminLink(keep::AdminLinkArgs),
    /// Take over a catalog from elsewhere.
    #[command(subcommand)]
    Import(transfer::ImportCommand),
    /// Write the catalog for elsewhere.
    #[command(subcommand)]
    Export(transfer::ExportCommand),
    /// Ask a server that runs for the entities that a query finds: `stagedoor query 'tier = gold' --blueprint service`.
    Query(query::QueryArgs),
    /// Care for the key that secrets are kept with.
    #[command(subcommand)]
    Secrets(keep::SecretsCommand),
    /// Run JQ programs from standard input; Stagedoor starts this itself.
    #[command(hide = true)]
    JqWorker,
    /// Write the OpenAPI documents into a folder.
    Openapi {
        /// The folder.
        folder: PathBuf,
    },
}

#[derive(Args)]
struct ServeArgs {
    /// Configuration file (Backstage's app-config.yaml); several are merged in order.
    #[arg(long = "config", env = "STAGEDOOR_CONFIG", value_name = "FILE", value_delimiter = ',')]
    config: Vec<PathBuf>,
    /// Address to listen on, host:port [default: 127.0.0.1:7007].
    #[arg(long, env = "STAGEDOOR_LISTEN", value_name = "ADDR")]
    listen: Option<String>,
    /// Folder of the embedded database [default: .stagedoor].
    #[arg(long, env = "STAGEDOOR_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// A shared database instead of the embedded one.
    #[arg(long, env = "STAGEDOOR_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Local try-out mode: everyone is administrator, and only this machine is served.
    #[arg(long)]
    dev: bool,
}

impl ServeArgs {
    fn options(self) -> Options {
        Options {
            config: self.config,
            listen: self.listen,
            data_dir: self.data_dir,
            database_url: self.database_url,
            dev: self.dev,
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    stagedoor_server::start_logging();
    let result = match cli.command {
        Command::Serve(args) => stagedoor_server::run(args.options()),
        Command::Doctor { serve, json } => match stagedoor_server::doctor(&serve.options(), json) {
            Ok(false) => return ExitCode::FAILURE,
            done => done.map(|_| ()),
        },
        Command::Backup(args) => keep::backup(args),
        Command::Restore(args) => keep::restore(args),
        Command::Migrate(args) => match keep::migrate(args) {
            Ok(false) => return ExitCode::FAILURE,
            done => done.map(|_| ()),
        },
        Command::AdminLink(args) => keep::admin_link(args),
        Command::Import(command) => match transfer::import(command) {
            Ok(false) => return ExitCode::FAILURE,
            done => done.map(|_| ()),
        },
        Command::Export(command) => transfer::export(command),
        Command::Query(args) => query::query(args),
        Command::Secrets(command) => keep::secrets(command),
        Command::JqWorker => stagedoor_jq::worker::run().map_err(Into::into),
        Command::Openapi { folder } => stagedoor_server::write_openapi(&folder),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stagedoor: {error:#}");
            ExitCode::FAILURE
        }
    }
}
