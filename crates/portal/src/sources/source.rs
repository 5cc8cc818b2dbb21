//! The one list of all sources.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;
use stagedoor_hosts::Provider;
use stagedoor_ingest::AllowRule;
use stagedoor_query::Catalog;

use super::reading::TARGET_MARK;
use super::timetable::Rhythm;
use super::{LocationConfig, SourcesConfig};

/// The collection of registered locations: the key is a UUID, the body `{"type": "url", "target": "https://..."}`.
pub(crate) const REGISTERED: &str = "location";

/// One source.
#[derive(Clone)]
pub(crate) struct Source {
    /// `file:<target>`, `url:<target>`, or the provider's own.
    pub(crate) id: String,
    pub(crate) origin: Origin,
}

/// Where a source comes from.
#[derive(Clone)]
pub(crate) enum Origin {
    /// The configuration.
    Configured(LocationConfig),
    /// A record.
    Registered {
        /// Of the record.
        key: String,
        /// What is read.
        location: LocationConfig,
    },
    /// A provider of the configuration.
    Provider(Arc<dyn Provider>),
    /// Nothing any more: what it said waits for the end of its grace.
    Abandoned,
}

impl Source {
    /// The location, where it is one.
    pub(crate) fn location(&self) -> Option<&LocationConfig> {
        match &self.origin {
            Origin::Configured(location) | Origin::Registered { location, .. } => Some(location),
            Origin::Provider(_) | Origin::Abandoned => None,
        }
    }

    /// The provider, where it is one.
    pub(crate) fn provider(&self) -> Option<&Arc<dyn Provider>> {
        match &self.origin {
            Origin::Provider(provider) => Some(provider),
            _ => None,
        }
    }

    /// The key of the record that it lives by.
    pub(crate) fn record(&self) -> Option<&str> {
        match &self.origin {
            Origin::Registered { key, .. } => Some(key),
            _ => None,
        }
    }

    /// `file`, `url`, `provider:<key>`.
    pub(crate) fn kind(&self) -> String {
        match (&self.origin, self.location()) {
            (_, Some(location)) => location.kind.clone(),
            (Origin::Provider(provider), _) => format!("provider:{}", provider.kind()),
            _ => self.id.split_once(':').map_or(self.id.as_str(), |(kind, _)| kind).to_owned(),
        }
    }

    /// What it looks at, in words for people.
    pub(crate) fn target(&self) -> String {
        match (&self.origin, self.location()) {
            (_, Some(location)) => location.target.clone(),
            (Origin::Provider(provider), _) => provider.target(),
            _ => self.id.split_once(':').map_or(self.id.as_str(), |(_, target)| target).to_owned(),
        }
    }

    /// Whether it is read from this machine's disk.
    pub(crate) fn is_local(&self) -> bool {
        self.location().is_some_and(|l| l.kind == "file")
    }

    /// Rules of its own.
    pub(crate) fn rules(&self) -> &[AllowRule] {
        self.location().map_or(&[], |l| l.rules.as_slice())
    }

    /// What places it may lead to are of.
    pub(crate) fn place_kind(&self) -> &str {
        self.location().map_or("url", |l| l.kind.as_str())
    }

    /// When it is read by itself.
    pub(crate) fn rhythm(&self, config: &SourcesConfig) -> Rhythm {
        match (&self.origin, self.location()) {
            (Origin::Provider(provider), _) => Rhythm::of(provider.schedule()),
            (_, Some(location)) if location.kind == "url" => {
                config.pace.poll.map_or(Rhythm::Manual, Rhythm::Every)
            }
            (_, Some(_)) => Rhythm::Watched,
            _ => Rhythm::Manual,
        }
    }
}

/// Every source that is read, in the order of the configuration, registered ones last. Of two of one id the first.
pub(crate) fn all(config: &SourcesConfig, catalog: &Catalog) -> Vec<Source> {
    let configured =
        config.locations.iter().map(|l| Source { id: l.id(), origin: Origin::Configured(l.clone()) });
    let providers = config.providers.0.iter();
    let providers =
        providers.map(|p| Source { id: p.id().to_owned(), origin: Origin::Provider(Arc::clone(p)) });
    let registered = catalog.records(REGISTERED).filter_map(|record| {
        let body: Value = serde_json::from_str(record.body.as_str()).ok()?;
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        let location = LocationConfig {
            kind: text("type")?,
            target: text("target")?,
            rules: Vec::new(),
            base_dirs: Vec::new(),
        };
        // Nobody may have files of this machine read through the API.
        let fits = location.kind == "url";
        let origin = Origin::Registered { key: record.key.clone(), location };
        fits.then(|| Source { id: id_of(&origin), origin })
    });
    let mut seen = HashSet::new();
    configured.chain(providers).chain(registered).filter(|s| seen.insert(s.id.clone())).collect()
}

fn id_of(origin: &Origin) -> String {
    match origin {
        Origin::Configured(location) | Origin::Registered { location, .. } => location.id(),
        Origin::Provider(provider) => provider.id().to_owned(),
        Origin::Abandoned => String::new(),
    }
}

/// The sources that are remembered in the catalog and read no more.
pub(crate) fn abandoned(listed: &[Source], catalog: &Catalog) -> Vec<Source> {
    let known: HashSet<&str> = listed.iter().map(|s| s.id.as_str()).collect();
    let ids = catalog.sources().keys().filter(|id| !known.contains(id.as_str()) && !id.contains(TARGET_MARK));
    ids.map(|id| Source { id: id.clone(), origin: Origin::Abandoned }).collect()
}
