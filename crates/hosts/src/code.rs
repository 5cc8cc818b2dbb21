//! Code hosts and object stores: what is asked of each, and the list of them.

pub(crate) mod address;
pub(crate) mod aws_s3;
pub(crate) mod azure;
pub(crate) mod bitbucket_cloud;
pub(crate) mod bitbucket_server;
pub(crate) mod credential;
mod gerrit;
mod git;
mod gitea;
pub(crate) mod github;
mod gitlab;
mod plain;
pub(crate) mod refs;

use std::any::Any;

use async_trait::async_trait;
use bytes::Bytes;
use stagedoor_outbound::Delivered;
use url::Url;

use crate::act::{Act, Undone};
use crate::client::Client;
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;
use crate::grant::Grant;

pub use gerrit::GerritProject;
pub(crate) use gerrit::{Gerrit, bare};
pub(crate) use git::Git;
pub use git::{CommitFile, GitAddress, Goal, Login, NewCommit, Pushed, Room};
pub(crate) use gitea::Gitea;
pub(crate) use gitlab::GitLab;
pub(crate) use plain::Plain;

/// Reads one key of `integrations`: a host for each of its entries.
pub(crate) type Make = fn(&Fields<'_>, &mut Vec<ConfigProblem>) -> Vec<Box<dyn CodeHost>>;

/// Every kind of host by its key in `integrations`. A kind without entries is still asked: some have a host that
/// needs no configuration.
pub(crate) const KINDS: &[(&str, Make)] = &[
    ("awsS3", aws_s3::make),
    ("azure", azure::make),
    ("bitbucketCloud", bitbucket_cloud::make),
    ("bitbucketServer", bitbucket_server::make),
    ("gerrit", gerrit::make),
    ("git", git::make),
    ("gitea", gitea::make),
    ("github", github::make),
    ("gitlab", gitlab::make),
];

/// A file as it is now.
#[derive(Clone, Debug)]
pub struct File {
    /// Its content; none where it is what the asker's tag stands for.
    pub body: Option<Bytes>,
    /// For the next time.
    pub etag: Option<String>,
}

/// A file of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Below the listed folder, with `/`.
    pub path: String,
    /// Changes when the content does, where the host says such a thing (a blob's hash).
    pub version: Option<String>,
    /// Its owner may run it, where the host says so.
    pub executable: bool,
}

/// All files below a folder; none where they are what the asker's tag stands for.
#[derive(Clone, Debug)]
pub struct Listing {
    /// In no order.
    pub entries: Option<Vec<Entry>>,
    /// For the next time.
    pub etag: Option<String>,
}

/// A code host or object store, with its credential. URLs are those that a person would copy from its pages.
/// It is `Any` so that the provider of the same kind can ask more of it.
#[async_trait]
pub trait CodeHost: Any + Send + Sync {
    /// Its key in `integrations`.
    fn kind(&self) -> &'static str;

    /// Its host, with the port where that is not the scheme's own.
    fn host(&self) -> &str;

    /// Hosts that requests go to (its API): they may be reached although they are in a private network, for the
    /// configuration names them.
    fn reaches(&self) -> Vec<String> {
        vec![self.host().to_owned()]
    }

    /// Whether a URL is one of its files.
    fn owns(&self, url: &Url) -> bool {
        crate::client::host_of(url) == self.host()
    }

    /// Reads the file at `url`.
    ///
    /// # Errors
    /// Why there is none.
    async fn read(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<File, HostError>;

    /// Where its API is, and what a call for an owner there carries, where one is named; `None` where nothing but reading is
    /// known of it.
    ///
    /// # Errors
    /// Why a credential that should be there is not.
    async fn grant(&self, _client: &Client, _owner: Option<&str>) -> Result<Option<Grant>, HostError> {
        Ok(None)
    }

    /// Lists all files below the folder at `url`, whose path ends without a wildcard.
    ///
    /// # Errors
    /// Why there is none; `Unreachable` where this kind of host has no listing.
    async fn list(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<Listing, HostError>;

    /// Reads files of a listing together, where that is cheaper: their contents in the same order. None where this kind of
    /// host reads them one by one.
    ///
    /// # Errors
    /// Why one of them cannot be read.
    async fn read_listed(
        &self,
        _client: &Client,
        _folder: &Url,
        _wanted: &[&Entry],
    ) -> Result<Option<Vec<Bytes>>, HostError> {
        Ok(None)
    }

    /// Whether there is a credential to act with.
    fn may_act(&self) -> bool {
        false
    }

    /// Calls its API with the credential for an owner there (an organization, a group).
    ///
    /// # Errors
    /// When no status came back.
    async fn act(&self, _client: &Client, _owner: &str, _act: &Act) -> Result<Delivered, Undone> {
        let text = format!("nothing can be done at {}: it is only read", self.host());
        Err(Undone::Host(HostError::Denied(text)))
    }

    /// The URL of a file of a listing, by the listed folder's URL and the file's path.
    fn file_url(&self, folder: &Url, path: &str) -> Option<Url> {
        // Not joined as a reference: the path is somebody's, and `http:/x` in it would lead to another host.
        let mut joined = address::below(folder, path.split('/'));
        joined.set_query(folder.query());
        Some(joined)
    }
}
