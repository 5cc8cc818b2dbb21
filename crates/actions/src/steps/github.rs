//! Steps at GitHub (docs.github.com/rest).

mod create;
mod deploy_key;
mod environment;
mod protect;
mod publish;
mod pull_request;
mod secrets;
mod small;

use serde_json::Value;
use stagedoor_hosts::Act;

use super::publish::{Remote, RepoUrl};
use crate::performer::Failure;
use crate::services::Services;

pub(super) use deploy_key::DeployKey;
pub(super) use environment::Environment;
pub(super) use protect::BranchProtection;
pub(super) use publish::{Publish, RepoCreate, RepoPush};
pub(super) use pull_request::PullRequest;
pub(super) use small::all as small;

/// A repository of GitHub, and the way to it.
struct Repo<'a> {
    remote: Remote<'a>,
    owner: String,
    name: String,
}

impl<'a> Repo<'a> {
    async fn of(services: &'a Services, repo_url: &str, token: Option<&str>) -> Result<Self, Failure> {
        let url = RepoUrl::parse(repo_url)?;
        let (owner, name) = (url.owner()?.to_owned(), url.repo.clone());
        let remote = Remote::of(services, "github", &url.host, &owner, token).await?;
        Ok(Self { remote, owner, name })
    }

    /// An address below the repository.
    fn below<const N: usize>(&self, parts: [&str; N]) -> Vec<String> {
        ["repos", &self.owner, &self.name].into_iter().chain(parts).map(str::to_owned).collect()
    }

    fn get<const N: usize>(&self, parts: [&str; N]) -> Act {
        Act::get(self.below(parts))
    }

    fn post<const N: usize>(&self, parts: [&str; N], body: Value) -> Act {
        Act::post(self.below(parts), body)
    }

    fn put<const N: usize>(&self, parts: [&str; N], body: Value) -> Act {
        Act { method: "PUT", ..self.post(parts, body) }
    }
}
