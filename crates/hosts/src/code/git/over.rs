//! A commit on top of a branch: its files are put over those that are there, and nothing is taken away. Of the branch only
//! the newest commit with its trees is fetched; what the commit does not touch is named by its hash.

use super::place::GitAddress;
use super::push::{NewCommit, Pushed, full, not_taken, sent};
use super::repository::{Repository, Way};
use super::wire::Service;
use super::write::{Below, Made, made};
use super::{FETCHING, Git};
use crate::client::Client;
use crate::code::Login;
use crate::error::HostError;

/// Where a commit that stands on top of a branch goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A branch that is not there yet.
    Branch(String),
    /// A review of Gerrit for the branch itself: `refs/for/<branch>`.
    Review,
}

impl Git {
    /// Puts a commit on top of a branch, for another branch or a review.
    pub(crate) async fn push_over(
        &self,
        client: &Client,
        address: &GitAddress,
        (base, goal): (&str, &Goal),
        commit: NewCommit,
        login: Option<&Login>,
    ) -> Result<Pushed, HostError> {
        let below = full(base)?;
        let name = match goal {
            Goal::Branch(branch) => full(branch)?,
            // What follows it would be an option, such as `%submit`.
            Goal::Review if base.contains('%') => {
                return Err(HostError::NotFound(format!("{base:?} is no name of a branch for a review")));
            }
            Goal::Review => below.replacen("refs/heads/", "refs/for/", 1),
        };
        let (wire, refs) = self.greeted(client, address, login).await?;
        let none = || HostError::NotFound(format!("{} has no branch {base}", address.remote()));
        let tip = *refs.get(&below).ok_or_else(none)?;
        let made = {
            let host = address.host();
            let reading = match login {
                Some(login) => login.wire(address)?,
                None => self.credentials.wire(address, Service::Fetch).await?,
            };
            let remote = address.remote().to_string();
            let way = Way { client, wire: reading, host: &host, name: remote, by_commit: true };
            let _turn = FETCHING.acquire().await;
            // What others may read is kept apart from what this login may.
            let pack = Repository::default().trees(&way, tip).await?;
            let made = move || made(&commit, Some(Below { pack: &pack, oid: tip }));
            let done = tokio::task::spawn_blocking(made).await;
            done.map_err(|_| HostError::Unreachable("a commit could not be made".to_owned()))??
        };
        let Made { commit, is_same, .. } = made;
        if is_same {
            return Err(HostError::NotFound(format!("nothing changes: {base} has these files already")));
        }
        match refs.get(&name) {
            Some(there) if *there == commit => return Ok(Pushed::Already(commit.to_string())),
            Some(_) => return Ok(Pushed::Taken(name)),
            None => {}
        }
        match sent(client, &wire, address, &name, made).await? {
            Ok(()) => Ok(Pushed::Made(commit.to_string())),
            // Gerrit's words for a commit that it has a review of.
            Err(said) if *goal == Goal::Review && said.contains("no new changes") => {
                Ok(Pushed::Already(commit.to_string()))
            }
            Err(said) => Err(not_taken(address, &name, &said)),
        }
    }
}
