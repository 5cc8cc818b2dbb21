//! A portal within this process, over a database that no server need be running for.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Context as _;
use axum::{Extension, Router};
use stagedoor_api_port::TokenIssuer;
use stagedoor_auth::{SessionLimits, Viewer};
use stagedoor_jq::Jq;
use stagedoor_portal::{Portal, SecretsConfig};
use stagedoor_store::{MemoryStore, Store};
use stagedoor_store_sql::Database;

use super::Door;
use crate::config::Config;
use crate::wiring::{self, SigningKey};

/// Between two looks whether the database is let go of.
const LOOK: Duration = Duration::from_millis(5);
/// After so many it is left to the end of the process.
const LOOKS: u32 = 1_000;

/// The portal and the way to it. Its sources are not read.
pub(crate) struct Local {
    pub(crate) door: Door,
    portal: Portal,
    /// To know when nothing holds it any more.
    store: Weak<dyn Store>,
    /// Goes with it.
    _copy: Option<Folder>,
}

impl Local {
    /// Over the database itself, to write into it. What it writes is by `name`.
    ///
    /// # Errors
    /// When the database cannot be opened; an embedded one belongs to the server while that runs.
    pub(crate) fn over(database: &Database, config: &Config, name: &str) -> anyhow::Result<Self> {
        Self::open(database.open()?, None, config, name)
    }

    /// Over a copy, which is thrown away: to read while a server runs, or to try. Empty where there is no database.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub(crate) fn over_copy(database: &Database, config: &Config, name: &str) -> anyhow::Result<Self> {
        if !exists(database) {
            return Self::open(Arc::new(MemoryStore::new()), None, config, name);
        }
        let folder = Folder::new().context("no folder for a copy of the database")?;
        let file = folder.0.join("stagedoor.db");
        database.backup(&file)?;
        Self::open(Database::Sqlite(file).open()?, Some(folder), config, name)
    }

    fn open(
        store: Arc<dyn Store>,
        copy: Option<Folder>,
        config: &Config,
        name: &str,
    ) -> anyhow::Result<Self> {
        let options = stagedoor_portal::Options {
            sources: wiring::sources_config(config, config.stagedoor.outbound_allow.clone()),
            jq: Arc::new(Jq::in_process()),
            identity: wiring::identity(config),
            sessions: SessionLimits::default(),
            // Nothing here reads or writes a secret.
            secrets: SecretsConfig { lost: true, ..SecretsConfig::default() },
            runs: stagedoor_portal::RunsConfig::default(),
        };
        let held = Arc::downgrade(&store);
        let portal = Portal::open(store, options)?;
        let door = Door::Near(router(&portal, config, name)?);
        Ok(Self { door, portal, store: held, _copy: copy })
    }

    /// Waits until all is stored, leaves, and lets go of the database: the portal's threads end by themselves, a
    /// moment later, and whoever comes next may want it at once.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        let Self { door, portal, store, _copy } = self;
        drop(door);
        portal.flush().await;
        tokio::task::spawn_blocking(move || portal.leave()).await?;
        for _ in 0..LOOKS {
            if store.strong_count() == 0 {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}

/// Whether there is something to copy. A shared database is found out by asking it.
pub(crate) fn exists(database: &Database) -> bool {
    match database {
        Database::Sqlite(file) => file.exists(),
        Database::Postgres(_) => true,
    }
}

/// The three dialects without what surrounds them in a server: nothing here comes from outside.
fn router(portal: &Portal, config: &Config, name: &str) -> anyhow::Result<Router> {
    let key = SigningKey::of(&MemoryStore::new())?;
    let issuer: Arc<dyn TokenIssuer> = Arc::new(wiring::authority(portal, &key, config, None, false));
    let info = wiring::portal_info(config, false);
    Ok(Router::new()
        .nest("/v1", stagedoor_api_port::router(portal.clone(), issuer))
        .nest("/api/catalog", stagedoor_api_backstage::router(portal.clone()))
        .nest("/api/stagedoor/v1", stagedoor_api_native::router(portal.clone(), info))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(Extension(Viewer::system(name))))
}

/// A folder that only its owner can read, and that goes with this.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = std::env::temp_dir().join(format!("stagedoor-{}", uuid::Uuid::new_v4().simple()));
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "a copy of the database could not be removed");
        }
    }
}
