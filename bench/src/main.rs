//! Measures Stagedoor on this machine, beside a real Backstage when asked. `make bench` runs it.

mod client;
mod constant;
mod generate;
mod ingest;
mod load;
mod measure;
mod peer;
mod process;
mod random;
mod report;
mod requests;
mod writes;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// As the binary under measurement has it: the constant server is to be measured on equal terms.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a catalog of N entities into a folder: entities.jsonl and yaml/*.yaml.
    Generate {
        /// How many entities.
        count: usize,
        /// Where to.
        folder: PathBuf,
    },
    /// Answer every request with so many bytes.
    Constant {
        /// Port of this machine.
        #[arg(long)]
        port: u16,
        /// Length of the body.
        #[arg(long)]
        bytes: usize,
    },
    /// Send one kind of question to a running portal, for a profiler to watch.
    Ask {
        /// host:port.
        #[arg(long)]
        address: String,
        /// Size of the catalog that it has, as `run` left it.
        #[arg(long)]
        count: usize,
        /// The operation, e.g. "list page".
        #[arg(long)]
        only: String,
        /// For so long.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// Connections.
        #[arg(long, default_value_t = 16)]
        clients: usize,
        /// Of whom; the benchmark's own credential without it.
        #[arg(long)]
        token: Option<String>,
    },
    /// Measure, and print the tables.
    Run {
        /// Sizes of catalogs.
        #[arg(long, value_delimiter = ',', default_value = "10000,100000")]
        entities: Vec<usize>,
        /// The portal's binary.
        #[arg(long, default_value = "target/release/stagedoor")]
        binary: PathBuf,
        /// Where data may be put; some gigabytes for a million entities.
        #[arg(long, default_value = "target/bench")]
        folder: PathBuf,
        /// Seconds per figure.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// Also measure a real Backstage, which this script starts.
        #[arg(long)]
        peer: Option<PathBuf>,
        /// Largest catalog that is also read from YAML files and sent through Port's API.
        #[arg(long, default_value_t = 100_000)]
        ways_up_to: usize,
        /// Largest catalog that the peer is measured with.
        #[arg(long, default_value_t = 10_000)]
        peer_up_to: usize,
    },
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Generate { count, folder } => generate::write(count, &folder, true).map(drop),
        Command::Constant { port, bytes } => constant::serve(port, bytes),
        Command::Ask { address, count, only, seconds, clients, token } => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let figures = runtime.block_on(measure::ask(&address, count, &only, seconds, clients, token))?;
            print(&format!("{figures:?}"));
            Ok(())
        }
        Command::Run { entities, binary, folder, seconds, peer, ways_up_to, peer_up_to } => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                for count in entities {
                    let peer = peer.clone().filter(|_| count <= peer_up_to);
                    let (binary, folder) = (binary.clone(), folder.clone());
                    let plan = measure::Plan { binary, folder, seconds, peer, ways_up_to };
                    print(&measure::size(&plan, count).await?);
                }
                Ok(())
            })
        }
    }
}

#[expect(clippy::print_stdout, reason = "the tables are what it is for")]
fn print(text: &str) {
    println!("{text}");
}
