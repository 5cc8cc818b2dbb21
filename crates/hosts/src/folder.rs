//! Whole folders of a code host, and commits that are put there: what a scaffolder does.

use std::any::Any;

use bytes::Bytes;
use futures_util::StreamExt as _;
use url::Url;

use crate::budget::Priority;
use crate::code::{File, Git, GitAddress, Goal, Login, NewCommit, Pushed, Room};
use crate::error::HostError;
use crate::hosts::Hosts;

/// Files that are read at once.
const AT_ONCE: usize = 8;

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderFile {
    /// Below the folder, with `/`.
    pub path: String,
    /// What is in it.
    pub body: Bytes,
    /// Its owner may run it, where the host says so.
    pub executable: bool,
}

impl Hosts {
    /// All files below a folder, which is named by its URL without a wildcard; at most so many, of so many bytes together.
    /// Links and submodules are left out by most hosts.
    ///
    /// # Errors
    /// Why it cannot be read, or is too much.
    pub async fn folder(
        &self,
        url: &Url,
        priority: Priority,
        (most, most_bytes): (usize, u64),
    ) -> Result<Vec<FolderFile>, HostError> {
        let (host, client) = (self.of(url), self.client(priority));
        let entries = host.list(&client, url, None).await?.entries.unwrap_or_default();
        let too_much = |what: String| HostError::Unreachable(format!("{} is too large: {what}", shown(url)));
        if entries.is_empty() {
            return Err(HostError::NotFound(format!("{} is no folder with files", shown(url))));
        }
        if entries.len() > most {
            return Err(too_much(format!("it has more than {most} files")));
        }
        let wanted: Vec<_> = entries.iter().collect();
        let (mut found, mut bytes) = (Vec::new(), 0_u64);
        let mut keep = |(path, executable): (String, bool), body: Bytes| {
            bytes += body.len() as u64;
            found.push(FolderFile { path, body, executable });
            if bytes > most_bytes {
                Err(too_much(format!("it has more than {most_bytes} bytes")))
            } else {
                Ok(())
            }
        };
        if let Some(bodies) = host.read_listed(&client, url, &wanted).await? {
            for (entry, body) in entries.into_iter().zip(bodies) {
                keep((entry.path, entry.executable), body)?;
            }
            return Ok(found);
        }
        let read = |entry: crate::code::Entry| {
            let (client, at) = (&client, host.file_url(url, &entry.path));
            async move {
                let at = at.ok_or_else(|| HostError::NotFound(format!("{} has no address", entry.path)))?;
                let File { body, .. } = host.read(client, &at, None).await?;
                Ok::<_, HostError>(((entry.path, entry.executable), body.unwrap_or_default()))
            }
        };
        let mut reads = futures_util::stream::iter(entries).map(read).buffered(AT_ONCE);
        while let Some(file) = reads.next().await {
            let (entry, body) = file?;
            keep(entry, body)?;
        }
        drop(reads);
        Ok(found)
    }

    /// Puts a commit without a parent on a branch that is not there yet, by git itself.
    ///
    /// # Errors
    /// Why the server did not take it.
    pub async fn push(
        &self,
        address: &GitAddress,
        branch: &str,
        commit: &NewCommit,
        room: Room,
        login: Option<&Login>,
    ) -> Result<Pushed, HostError> {
        self.git(address)?.push(&self.client(Priority::Person), address, branch, commit, room, login).await
    }

    /// Puts files over those of a branch: a commit on top of it, for another branch that is not there yet or for a review.
    ///
    /// # Errors
    /// Why the server did not take it; also where there is no such branch, or nothing changes.
    pub async fn push_over(
        &self,
        address: &GitAddress,
        (base, goal): (&str, &Goal),
        commit: NewCommit,
        login: Option<&Login>,
    ) -> Result<Pushed, HostError> {
        let client = self.client(Priority::Person);
        self.git(address)?.push_over(&client, address, (base, goal), commit, login).await
    }

    /// Where a branch stands, as whoever may push to it is told; `None` where there is no such branch.
    ///
    /// # Errors
    /// Why the server does not say.
    pub async fn branch(
        &self,
        address: &GitAddress,
        branch: &str,
        login: Option<&Login>,
    ) -> Result<Option<String>, HostError> {
        self.git(address)?.branch(&self.client(Priority::Person), address, branch, login).await
    }

    fn git(&self, address: &GitAddress) -> Result<&Git, HostError> {
        let none = || HostError::Unreachable(format!("{address} is no address of a git server"));
        let url = Url::parse(&address.to_string()).map_err(|_| none())?;
        (self.of(&url) as &dyn Any).downcast_ref::<Git>().ok_or_else(none)
    }
}

fn shown(url: &Url) -> String {
    crate::client::shown(url)
}
