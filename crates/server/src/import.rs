//! `stagedoor import backstage`: copies a live catalog through Backstage's API.
//!
//! What is registered there is registered here, so that it is read from where people write it; what comes from it is
//! not copied. What nothing here reads is copied as documents, which belong to nobody until a source here says them.
//! `Location` entities are never copied: what they lead to is.

mod documents;
mod locations;
mod summary;

use anyhow::Context as _;
use stagedoor_store_sql::Database;

use crate::catalog_api::{Door, Local, Pages, authored, kind_of, origin_of, outcome, progress, reference_of};
use crate::config::{self, Config, Environment};
use crate::database::{self, DatabaseOptions};

use documents::Documents;
use locations::Locations;
use summary::Summary;

/// Who it is in the log.
const NAME: &str = "import backstage";

/// What is copied, and where to. It has no `Debug`: it holds tokens.
pub struct ImportOptions {
    /// Address of the other catalog's backend.
    pub url: String,
    /// A token for it.
    pub token: Option<String>,
    /// Address of a Stagedoor that runs; without one the database is written.
    pub to: Option<String>,
    /// A token for that.
    pub to_token: Option<String>,
    /// The database, where no address is given.
    pub database: DatabaseOptions,
    /// Register no location; copy what comes from them too.
    pub without_locations: bool,
    /// Say what would happen and write nothing.
    pub dry_run: bool,
}

/// Copies it, and prints what became of everything. True when nothing was refused.
///
/// # Errors
/// When one of the two cannot be reached or read. What was written until then stays; running it again goes on.
pub fn import_backstage(options: &ImportOptions) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(options))
}

async fn run(options: &ImportOptions) -> anyhow::Result<bool> {
    let from = Door::far(&options.url, options.token.clone(), "--token or BACKSTAGE_TOKEN")?;
    if let Some(address) = &options.to {
        let to = Door::far(address, options.to_token.clone(), "--to-token or STAGEDOOR_TOKEN")?;
        return copy(&from, &to, options, options.dry_run).await;
    }
    let environment = Environment::of_process();
    let wrong = |wrong| anyhow::anyhow!("the configuration is wrong:\n{wrong}");
    let config = config::load(&options.database.config, &environment).map_err(wrong)?;
    let local = of_database(options, &config)?;
    let copied = copy(&from, &local.door, options, false).await;
    local.close().await?;
    copied
}

fn of_database(options: &ImportOptions, config: &Config) -> anyhow::Result<Local> {
    let (url, folder) = (options.database.database_url.as_deref(), options.database.data_dir.as_deref());
    let database = database::of(url, folder, config)?;
    if options.dry_run {
        // On a copy everything can be done for real: what is said of it is what would be.
        return Local::over_copy(&database, config, NAME);
    }
    let embedded = matches!(database, Database::Sqlite(_));
    let opened = Local::over(&database, config, NAME);
    opened.with_context(|| match embedded {
        true => "the database cannot be written; where the portal is running, give its address with --to",
        false => "the database cannot be written",
    })
}

/// Copies from one to the other. With `ask_only` the other is asked what would be.
async fn copy(from: &Door, to: &Door, options: &ImportOptions, ask_only: bool) -> anyhow::Result<bool> {
    progress(&format!("reading {}", from.name()));
    let mut pages = Pages::of(from);
    // Read before anything is written: an address or token that is wrong shows here.
    let mut page = pages.next().await?;
    let locations = Locations::compare(from, to, options.without_locations).await?;
    let mut summary = Summary::new(from.name(), options.dry_run);
    let mut documents = Documents::new(to, ask_only);
    locations.register(to, ask_only, &mut summary).await?;
    while let Some(entities) = page {
        for entity in entities {
            match place_of(&entity, &locations) {
                Place::Location => summary.location_entities += 1,
                Place::Read => summary.read_here += 1,
                Place::Nowhere(origin) => {
                    *summary.origins.entry(origin).or_default() += 1;
                    documents.add(reference_of(&entity), &authored(entity), &mut summary).await?;
                }
            }
        }
        page = pages.next().await?;
    }
    documents.flush(&mut summary).await?;
    summary.entities = pages.read;
    if !ask_only {
        locations.look_after(to, &mut summary).await?;
    }
    outcome(&summary.text());
    Ok(summary.is_clean())
}

/// Where an entity comes from.
enum Place {
    /// It stands for a location.
    Location,
    /// From something that is read here.
    Read,
    /// From something that nothing here reads: this.
    Nowhere(String),
}

fn place_of(entity: &serde_json::Value, locations: &Locations) -> Place {
    if kind_of(entity) == "location" {
        return Place::Location;
    }
    match origin_of(entity) {
        Some(origin) if locations.is_read_here(origin) => Place::Read,
        origin => Place::Nowhere(origin.unwrap_or("nothing that it names").to_owned()),
    }
}
