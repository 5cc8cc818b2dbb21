//! Steps at GitLab beside `publish:gitlab` (docs.gitlab.com/api).

mod access;
mod group;
mod merge_request;
mod migrate;
mod small;
mod tokens;

use std::sync::Arc;

use serde_json::Value;
use stagedoor_hosts::Act;

use super::publish::{Remote, RepoUrl};
use crate::performer::{Failure, Performer};
use crate::services::Services;

/// All of them.
pub(super) fn all() -> Vec<Arc<dyn Performer>> {
    let own: [Arc<dyn Performer>; 7] = [
        Arc::new(access::GroupAccess),
        Arc::new(merge_request::MergeRequest),
        Arc::new(merge_request::RepoPush),
        Arc::new(group::EnsureExists),
        Arc::new(migrate::Migrate),
        Arc::new(tokens::Token::Access),
        Arc::new(tokens::Token::Deploy),
    ];
    own.into_iter().chain(small::all()).collect()
}

/// A project of GitLab, and the way to it.
struct Project<'a> {
    remote: Remote<'a>,
    /// With its groups.
    path: String,
}

impl<'a> Project<'a> {
    async fn of(services: &'a Services, repo_url: &str, token: Option<&str>) -> Result<Self, Failure> {
        let url = RepoUrl::parse(repo_url)?;
        let path = format!("{}/{}", url.owner()?, url.repo);
        Ok(Self { remote: Remote::of(services, "gitlab", &url.host, url.owner()?, token).await?, path })
    }

    fn get<const N: usize>(&self, parts: [&str; N]) -> Act {
        Act::get(["projects", &self.path].into_iter().chain(parts))
    }

    fn post<const N: usize>(&self, parts: [&str; N], body: Value) -> Act {
        Act::post(["projects", &self.path].into_iter().chain(parts), body)
    }
}
