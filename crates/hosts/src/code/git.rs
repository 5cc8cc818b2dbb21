//! Any git server, by git's own protocols over HTTP and SSH: for those whose API is not known here, or that have none.
//!
//! Of a repository the newest commit is fetched and no history; where the server can leave contents out, only those of
//! the files that are asked for. The commit is the version: while a reference stands where it stood, nothing is.

mod credential;
mod delta;
mod over;
mod pack;
#[cfg(test)]
mod pack_tests;
mod packet;
mod place;
mod protocol;
mod push;
mod repository;
mod resolve;
mod tree;
mod wire;
mod write;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{OwnedMutexGuard, Semaphore};
use url::Url;

use self::credential::Credentials;
pub use self::over::Goal;
use self::pack::Oid;
pub use self::place::GitAddress;
pub use self::push::{CommitFile, Login, NewCommit, Pushed, Room};
use self::repository::{Repository, Way};
use self::tree::Node;
use self::wire::Service;
use super::{CodeHost, Entry, File, Listing, address};
use crate::client::Client;
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;

/// Repositories that are taken apart at once: each may need a few hundred megabytes.
static FETCHING: Semaphore = Semaphore::const_new(2);
/// What is kept of all repositories between two questions, in bytes.
const MOST_KEPT: usize = 192 << 20;
/// Repositories that are remembered.
const MOST_KNOWN: usize = 5_000;

/// One entry of `integrations.git`, or all servers that have none.
pub(crate) struct Git {
    /// Empty for all others.
    host: String,
    credentials: Credentials,
    known: Arc<Known>,
}

/// Every repository that was asked, by its address.
type Known = Mutex<HashMap<String, Arc<tokio::sync::Mutex<Repository>>>>;

/// Reads `integrations.git`. What is public needs no entry.
pub(crate) fn make(entries: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Vec<Box<dyn CodeHost>> {
    let known: Arc<Known> = Arc::default();
    let mut made: Vec<Box<dyn CodeHost>> = Vec::new();
    for entry in entries.list() {
        let Some(host) = address::host(&entry.get("host"), None, problems) else { continue };
        let credentials = Credentials::configured(&entry, problems);
        made.push(Box::new(Git { host, credentials, known: Arc::clone(&known) }));
    }
    // The last one is asked last.
    made.push(Box::new(Git { host: String::new(), credentials: Credentials::default(), known }));
    made
}

impl Git {
    fn address(url: &Url) -> Result<GitAddress, HostError> {
        GitAddress::parse(url.as_str())
            .map_err(|what| HostError::NotFound(format!("an address of git cannot be read: {what}")))
    }

    /// The way to a repository, and the repository, which nobody else has until it is let go.
    async fn open<'a>(
        &self,
        client: &'a Client,
        address: &GitAddress,
        host: &'a str,
    ) -> Result<(Way<'a>, OwnedMutexGuard<Repository>), HostError> {
        let wire = self.credentials.wire(address, Service::Fetch).await?;
        let by_commit = address.reference().and_then(Oid::parse).is_some();
        let way = Way { client, wire, host, name: address.remote().to_string(), by_commit };
        let repository = {
            let mut known = self.known.lock();
            if known.len() >= MOST_KNOWN {
                known.retain(|_, repository| Arc::strong_count(repository) > 1);
            }
            Arc::clone(known.entry(address.remote().to_string()).or_default())
        };
        Ok((way, repository.lock_owned().await))
    }

    /// Lets go of what has not been used for a while; where that is not enough, of everything that is not in use.
    fn make_room(&self) {
        let known: Vec<_> = self.known.lock().values().map(Arc::clone).collect();
        let mut size = 0;
        for repository in &known {
            if let Ok(mut repository) = repository.try_lock() {
                repository.tidy();
                size += repository.size();
            }
        }
        if size > MOST_KEPT {
            known.iter().filter_map(|repository| repository.try_lock().ok()).for_each(|mut r| r.forget());
        }
    }

    async fn look_up(
        &self,
        client: &Client,
        address: &GitAddress,
        etag: Option<&str>,
    ) -> Result<File, HostError> {
        let (since, host) = (Instant::now(), address.host());
        let (way, mut repository) = self.open(client, address, &host).await?;
        let tip = repository.tip(&way, address.reference(), since).await?;
        let known = etag.and_then(|etag| etag.split_once(' '));
        let unchanged = |etag: String| {
            client.was_unchanged(&host);
            Ok(File { body: None, etag: Some(etag) })
        };
        if let Some(etag) = etag.filter(|_| known.is_some_and(|(commit, _)| commit == tip.to_string())) {
            return unchanged(etag.to_owned());
        }
        let _turn = FETCHING.acquire().await;
        let snapshot = repository.snapshot(&way, tip).await?;
        let nothing = |what: &str| HostError::NotFound(format!("{address} {what}"));
        let oid = match snapshot.files.get(address.path()) {
            Some(Node::File(oid, _)) => *oid,
            Some(Node::Link) => return Err(nothing("is a symbolic link, which is not followed")),
            Some(Node::Module) => return Err(nothing("is a submodule, which is not read")),
            None => return Err(nothing("was not found: the repository has no such file")),
        };
        let etag = format!("{tip} {oid}");
        if known.is_some_and(|(_, blob)| blob == oid.to_string()) {
            return unchanged(etag);
        }
        let body = repository.contents(&way, tip, &[oid]).await?.pop();
        Ok(File { body, etag: Some(etag) })
    }
}

#[async_trait]
impl CodeHost for Git {
    fn kind(&self) -> &'static str {
        "git"
    }

    fn host(&self) -> &str {
        &self.host
    }

    fn reaches(&self) -> Vec<String> {
        Some(self.host.clone()).filter(|host| !host.is_empty()).into_iter().collect()
    }

    fn owns(&self, url: &Url) -> bool {
        // Also what cannot be read: then this says why.
        GitAddress::is_meant_by(url.as_str())
            && (self.host.is_empty() || Self::address(url).is_ok_and(|a| a.host() == self.host))
    }

    async fn read(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<File, HostError> {
        let address = Self::address(url)?;
        if address.path().is_empty() {
            return Err(HostError::NotFound(format!(
                "{address} names no file: behind the repository follow // and the path in it"
            )));
        }
        let file = self.look_up(client, &address, etag).await;
        self.make_room();
        file
    }

    async fn list(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<Listing, HostError> {
        let (since, address) = (Instant::now(), Self::address(url)?);
        let host = address.host();
        let (way, mut repository) = self.open(client, &address, &host).await?;
        let tip = repository.tip(&way, address.reference(), since).await?;
        if etag.is_some_and(|etag| etag == tip.to_string()) {
            client.was_unchanged(&host);
            return Ok(Listing { entries: None, etag: Some(tip.to_string()) });
        }
        let _turn = FETCHING.acquire().await;
        let snapshot = repository.snapshot(&way, tip).await?;
        let folder = Some(address.path()).filter(|path| !path.is_empty()).map(|path| format!("{path}/"));
        let folder = folder.unwrap_or_default();
        // Sorted by path: what lies in one folder stands together.
        let inside = snapshot.files.range(folder.clone()..).take_while(|(path, _)| path.starts_with(&folder));
        let mut is_there = folder.is_empty();
        let mut entries = Vec::new();
        for (path, node) in inside {
            is_there = true;
            if let Node::File(oid, executable) = node {
                let (path, version) = (path[folder.len()..].to_owned(), Some(oid.to_string()));
                entries.push(Entry { path, version, executable: *executable });
            }
        }
        if !is_there {
            return Err(HostError::NotFound(format!("{address} names no folder that there is")));
        }
        Ok(Listing { entries: Some(entries), etag: Some(tip.to_string()) })
    }

    async fn read_listed(
        &self,
        client: &Client,
        folder: &Url,
        wanted: &[&Entry],
    ) -> Result<Option<Vec<Bytes>>, HostError> {
        let address = Self::address(folder)?;
        let host = address.host();
        let oids = wanted.iter().map(|entry| entry.version.as_deref().and_then(Oid::parse));
        let Some(oids) = oids.collect::<Option<Vec<Oid>>>() else { return Ok(None) };
        let bodies = {
            let (way, mut repository) = self.open(client, &address, &host).await?;
            let tip = match repository.last_tip(address.reference()) {
                Some(tip) => tip,
                None => repository.tip(&way, address.reference(), Instant::now()).await?,
            };
            let _turn = FETCHING.acquire().await;
            repository.contents(&way, tip, &oids).await
        };
        self.make_room();
        bodies.map(Some)
    }

    fn file_url(&self, folder: &Url, path: &str) -> Option<Url> {
        let address = Self::address(folder).ok()?;
        Url::parse(&address.at(&format!("{}/{path}", address.path())).to_string()).ok()
    }
}
