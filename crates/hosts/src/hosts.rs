//! Which host a URL belongs to, and reading through it.

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use serde_json::Value;
use stagedoor_outbound::{AllowList, Egress};
use url::Url;

use crate::budget::{Budget, Budgets, Priority};
use crate::client::Client;
use crate::code::{CodeHost, Entry, File, KINDS, Plain};
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::events::Webhooks;
use crate::fields::Fields;
use crate::glob::Target;
use crate::seen::Seen;

/// Files of one pattern that are read at once.
const AT_ONCE: usize = 8;

/// Every host of the configuration, and the way to them.
pub struct Hosts {
    known: Vec<Box<dyn CodeHost>>,
    plain: Plain,
    egress: Arc<Egress>,
    budgets: Arc<Budgets>,
    seen: Seen,
    webhooks: Webhooks,
}

/// A file that a target leads to.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its own URL.
    pub url: String,
    /// Its content.
    pub body: Bytes,
    /// Whether it is what the last reading of it found.
    pub unchanged: bool,
}

impl Hosts {
    /// Reads `integrations`. Private addresses of hosts that it names may be reached, beside what `allow` says.
    #[must_use]
    pub fn new(integrations: Option<&Value>, allow: AllowList) -> (Self, Vec<ConfigProblem>) {
        let mut problems = Vec::new();
        let mut known = Vec::new();
        for (key, make) in KINDS {
            let entries = Fields::at(integrations.and_then(|all| all.get(*key)), &["integrations", key]);
            known.extend(make(&entries, &mut problems));
        }
        let named: Vec<String> = known.iter().flat_map(|host| host.reaches()).collect();
        let named = AllowList::new(named.iter().map(String::as_str)).unwrap_or_default();
        let egress = Arc::new(Egress::new(allow.and(named)));
        let (budgets, seen, webhooks) = (Arc::default(), Seen::default(), Webhooks::default());
        (Self { known, plain: Plain, egress, budgets, seen, webhooks }, problems)
    }

    /// The same where hosts may knock.
    #[must_use]
    pub fn hearing(mut self, webhooks: Webhooks) -> Self {
        webhooks.warn();
        self.webhooks = webhooks;
        self
    }

    /// Where hosts knock.
    #[must_use]
    pub fn webhooks(&self) -> &Webhooks {
        &self.webhooks
    }

    /// A way out that may also reach what a provider names for itself: directories are in private networks.
    pub(crate) fn egress_to(&self, named: &[String]) -> Arc<Egress> {
        let named = AllowList::new(named.iter().map(String::as_str)).unwrap_or_default();
        Arc::new(self.egress.reaching(named))
    }

    /// A client that goes that way.
    pub(crate) fn client_over(&self, egress: Arc<Egress>, priority: Priority) -> Client {
        Client::new(egress, Arc::clone(&self.budgets), priority)
    }

    /// The way out that it uses, for others who have something to read.
    #[must_use]
    pub fn egress(&self) -> Arc<Egress> {
        Arc::clone(&self.egress)
    }

    /// The host of a URL.
    #[must_use]
    pub fn of(&self, url: &Url) -> &dyn CodeHost {
        self.known.iter().find(|host| host.owns(url)).map_or(&self.plain, |host| host.as_ref())
    }

    /// Every host that is known.
    pub(crate) fn all(&self) -> impl Iterator<Item = &dyn CodeHost> {
        self.known.iter().map(AsRef::as_ref)
    }

    /// The hosts of a kind, by its key in `integrations`.
    pub(crate) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a dyn CodeHost> {
        self.known.iter().filter(move |host| host.kind() == kind).map(AsRef::as_ref)
    }

    /// The host of a name, as what it is: for providers, which ask more of it than files.
    pub(crate) fn find<H: CodeHost>(&self, host: &str) -> Option<&H> {
        let known = self.known.iter().filter(|known| known.host().eq_ignore_ascii_case(host));
        known.map(AsRef::as_ref).find_map(|known| (known as &dyn Any).downcast_ref::<H>())
    }

    /// Every host with its kind, the key of `integrations` that it stands under.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, &str)> {
        self.known.iter().map(|host| (host.host(), host.kind()))
    }

    /// A client for requests of an urgency.
    #[must_use]
    pub fn client(&self, priority: Priority) -> Client {
        Client::new(Arc::clone(&self.egress), Arc::clone(&self.budgets), priority)
    }

    /// What is known of the limits of every host that was asked.
    #[must_use]
    pub fn budgets(&self) -> Vec<Budget> {
        self.budgets.all()
    }

    /// Reads every file that a target means: one, or those of a repository that match its wildcards. What has not
    /// changed since the last reading is not sent again by the host.
    ///
    /// # Errors
    /// Why the target, or one of its files, could not be read.
    pub async fn read(&self, target: &str, priority: Priority) -> Result<Vec<Found>, HostError> {
        let client = self.client(priority);
        match Target::parse(target)? {
            Target::File(url) => Ok(vec![self.read_file(&client, &url, None).await?]),
            Target::Pattern { folder, pattern } => {
                let host = self.of(&folder);
                let entries = self.seen.listing(host, &client, &folder).await?;
                let matching = entries.iter().filter(|entry| pattern.is_match(&entry.path));
                let wanted = matching.filter_map(|entry| Some((host.file_url(&folder, &entry.path)?, entry)));
                let wanted: Vec<(Url, &Entry)> = wanted.collect();
                let together = self.seen.together(host, &client, &folder, &wanted).await?;
                let read = |(url, entry): (Url, &Entry)| {
                    let (read, version) = (together.get(&url).cloned(), entry.version.clone());
                    let client = &client;
                    async move {
                        match read {
                            Some(found) => Ok(found),
                            None => self.read_version(client, url, version).await,
                        }
                    }
                };
                let mut reads = futures_util::stream::iter(wanted).map(read).buffered(AT_ONCE);
                let mut found = Vec::new();
                while let Some(read) = reads.next().await {
                    match read {
                        Ok(file) => found.push(file),
                        // It went away between the listing and now.
                        Err(HostError::NotFound(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(found)
            }
        }
    }

    /// Reads one file without remembering it: for a dry run.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn read_once(&self, url: &Url, priority: Priority) -> Result<Bytes, HostError> {
        let File { body, .. } = self.of(url).read(&self.client(priority), url, None).await?;
        Ok(body.unwrap_or_default())
    }

    async fn read_version(
        &self,
        client: &Client,
        url: Url,
        version: Option<String>,
    ) -> Result<Found, HostError> {
        self.read_file(client, &url, version.as_deref()).await
    }

    async fn read_file(&self, client: &Client, url: &Url, version: Option<&str>) -> Result<Found, HostError> {
        self.seen.file(self.of(url), client, url, version).await
    }
}
