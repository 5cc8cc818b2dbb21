//! Portals that read files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stagedoor_auth::{Credentials, SecretsKey, SessionLimits};
use stagedoor_hosts::Provider;
use stagedoor_ingest::Rules;
use stagedoor_outbound::AllowList;
use stagedoor_portal::{LocationConfig, MostFiles, Pace, Portal, SourcesConfig};
use stagedoor_server::config::Config;
use stagedoor_store::{MemoryStore, Store};

use crate::{CLIENT_ID, CLIENT_SECRET, TestPortal};

/// Describes a portal before it starts.
pub struct Builder {
    folder: Arc<tempfile::TempDir>,
    locations: Vec<LocationConfig>,
    store: Arc<dyn Store>,
    dev: bool,
    allow_all: bool,
    readings: Option<PathBuf>,
    secrets_key: Option<SecretsKey>,
    sessions: SessionLimits,
    config: Config,
    providers: Vec<Arc<dyn Provider>>,
    pace: Pace,
    most_files: MostFiles,
    runs: stagedoor_portal::RunsConfig,
}

impl Default for Builder {
    fn default() -> Self {
        // A test machine without a folder for temporary files cannot run any of this.
        #[expect(clippy::expect_used, reason = "test harness")]
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self {
            folder: Arc::new(folder),
            locations: Vec::new(),
            store: Arc::new(MemoryStore::new()),
            dev: false,
            allow_all: true,
            readings: None,
            secrets_key: SecretsKey::of(&std::array::from_fn(|i| 7 * (i as u8) + 1)).ok(),
            sessions: SessionLimits::default(),
            config: Config::default(),
            providers: Vec::new(),
            pace: Pace::default(),
            most_files: MostFiles::default(),
            runs: stagedoor_portal::RunsConfig::default(),
        }
    }
}

impl Builder {
    /// The folder that file locations are relative to.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder.
    #[must_use]
    pub fn file(self, name: &str, text: &str) -> Self {
        let path = self.folder.path().join(name);
        let written =
            path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, text));
        assert!(written.is_ok(), "{}: {written:?}", path.display());
        self
    }

    /// Reads a path or glob, relative to the folder.
    #[must_use]
    pub fn location(mut self, target: &str) -> Self {
        let base_dirs = vec![self.folder.path().to_owned()];
        self.locations.push(LocationConfig {
            kind: "file".into(),
            target: target.into(),
            rules: Vec::new(),
            base_dirs,
        });
        self
    }

    /// Reads a URL. Only addresses of this machine may be reached.
    #[must_use]
    pub fn url_location(mut self, target: &str) -> Self {
        let base_dirs = Vec::new();
        self.locations.push(LocationConfig {
            kind: "url".into(),
            target: target.into(),
            rules: Vec::new(),
            base_dirs,
        });
        self
    }

    /// Uses a store that was there before.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = store;
        self
    }

    /// Uses a folder that was there before.
    #[must_use]
    pub fn in_folder(mut self, folder: &Arc<tempfile::TempDir>) -> Self {
        self.folder = Arc::clone(folder);
        self
    }

    /// Local try-out mode.
    #[must_use]
    pub fn dev(mut self) -> Self {
        self.dev = true;
        self
    }

    /// Other limits of sessions than the default.
    #[must_use]
    pub fn sessions(mut self, limits: SessionLimits) -> Self {
        self.sessions = limits;
        self
    }

    /// Backstage's default rules instead of "everything is allowed".
    #[must_use]
    pub fn default_rules(mut self) -> Self {
        self.allow_all = false;
        self
    }

    /// Keeps what it remembers of files in the folder's `.data`, for the next one there.
    #[must_use]
    pub fn remembering(mut self) -> Self {
        let data = self.folder.path().join(".data");
        assert!(std::fs::create_dir_all(&data).is_ok(), "{}", data.display());
        self.readings = Some(data);
        self
    }

    /// With a configuration; its locations and rules are not read.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Keeps secrets with another key than other tests, or cannot keep any.
    #[must_use]
    pub fn secrets_key(mut self, key: Option<SecretsKey>) -> Self {
        self.secrets_key = key;
        self
    }

    /// Reads what a provider finds, beside those of the configuration.
    #[must_use]
    pub fn provider(mut self, provider: Arc<dyn Provider>) -> Self {
        self.providers.push(provider);
        self
    }

    /// Reads at another pace than the usual.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// No source may lead to more files than this.
    #[must_use]
    pub fn most_files(mut self, most: usize) -> Self {
        self.most_files = MostFiles(most);
        self
    }

    /// Executes runs with these performers, programs and limits.
    #[must_use]
    pub fn runs(mut self, runs: stagedoor_portal::RunsConfig) -> Self {
        self.runs = runs;
        self
    }

    /// Nobody may register locations.
    #[must_use]
    pub fn readonly(mut self) -> Self {
        self.config.outside.readonly = true;
        self
    }

    /// Registering a location a second time reads it again.
    #[must_use]
    pub fn refreshing_conflicts(mut self) -> Self {
        self.config.outside.refreshes_registered = true;
        self
    }

    /// Starts it; its sources have been read once on return.
    pub async fn start(self) -> TestPortal {
        let rules = if self.allow_all { Rules::allow_everything() } else { Rules::from_config(None) };
        let loopback: AllowList = "127.0.0.1".parse().unwrap_or_default();
        let config = self.config;
        let (hosts, mut providers) = stagedoor_server::hosts(&config.outside, loopback);
        providers.0.extend(self.providers);
        let sources = SourcesConfig {
            locations: self.locations,
            rules,
            hosts: Some(hosts),
            providers,
            pace: self.pace,
            readonly: config.outside.readonly,
            refreshes_registered: config.outside.refreshes_registered,
            keeps_abandoned: config.outside.keeps_abandoned,
            most_files: self.most_files,
            readings: self.readings,
        };
        let options = stagedoor_portal::Options {
            sources,
            jq: Arc::new(stagedoor_jq::Jq::in_process()),
            identity: stagedoor_server::identity(&config),
            sessions: self.sessions,
            secrets: stagedoor_portal::SecretsConfig {
                key: self.secrets_key,
                origin: "the test's".into(),
                lost: false,
            },
            runs: stagedoor_portal::RunsConfig {
                workspaces: Some(self.folder.path().join(".runs")),
                signing_secret: Some(stagedoor_auth::Secret::new(CLIENT_SECRET)),
                ..self.runs
            },
        };
        let portal = Portal::open(Arc::clone(&self.store), options);
        let portal = portal.unwrap_or_else(|error| unreachable!("the test store fails: {error}"));
        portal.configure_insights(config.insights.clone());
        let key = stagedoor_server::SigningKey::of(self.store.as_ref());
        let key = key.unwrap_or_else(|error| unreachable!("the test store fails: {error}"));
        let credentials = Credentials::new(CLIENT_ID, CLIENT_SECRET);
        let authority = Arc::new(stagedoor_server::authority(&portal, &key, &config, credentials, self.dev));
        let info = stagedoor_server::portal_info(&config, self.dev);
        let telemetry = stagedoor_server::Telemetry::new(portal.clone(), None);
        let (wire, known) = (&config.wire, Arc::clone(&authority));
        let app = stagedoor_server::configured_app(portal.clone(), known, info, telemetry, wire);
        portal.start_sources().await;
        portal.start_runs().await;
        TestPortal::over(portal, self.store, app, authority, self.folder).await
    }
}
