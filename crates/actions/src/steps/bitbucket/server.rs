//! Pull requests at Bitbucket Server and Data Center (developer.atlassian.com/server/bitbucket/rest).

use async_trait::async_trait;
use serde_json::{Value, json};
use stagedoor_hosts::Act;

use super::super::publish::RepoUrl;
use super::super::vendors::{clone_link, needed};
use super::pull_request::{Input, Repository, Side};
use crate::performer::Failure;

pub(super) struct Server;

fn path<'a, const N: usize>(repository: &'a Repository<'_>, more: [&'a str; N]) -> Vec<&'a str> {
    ["projects", &repository.owner, "repos", &repository.name].into_iter().chain(more).collect()
}

fn values(answer: &Value) -> &[Value] {
    answer["values"].as_array().map_or(&[], Vec::as_slice)
}

/// Whether a side of a pull request is a branch of a repository.
fn is_of(repository: &Repository<'_>, end: &Value, branch: &str) -> bool {
    let is = |pointer: &str, wanted: &str| {
        end.pointer(pointer).and_then(Value::as_str).is_some_and(|found| found.eq_ignore_ascii_case(wanted))
    };
    is("/repository/slug", &repository.name)
        && is("/repository/project/key", &repository.owner)
        && end["id"].as_str().and_then(|id| id.strip_prefix("refs/heads/")) == Some(branch)
}

#[async_trait]
impl Side for Server {
    fn names(&self) -> (&'static str, &'static str) {
        ("publish:bitbucketServer:pull-request", "bitbucketServer")
    }

    fn example(&self) -> (&'static str, &'static str) {
        (
            "Creating a pull request on Bitbucket Server service",
            "steps:\n  - action: publish:bitbucketServer:pull-request\n    id: pullRequest\n    name: Create a pull request\n    input:\n      repoUrl: hosted.bitbucket.com?project=project&repo=repo\n      title: My pull request\n      sourceBranch: my-feature-branch\n",
        )
    }

    fn owner<'a>(&self, url: &'a RepoUrl) -> Result<&'a str, Failure> {
        url.needs(url.project.as_ref(), "project")
    }

    async fn clone(&self, repository: &Repository<'_>) -> Result<String, Failure> {
        clone_link(&repository.remote.ask(&Act::get(path(repository, []))).await?)
    }

    async fn default_branch(&self, repository: &Repository<'_>) -> Result<String, Failure> {
        let now = repository.remote.find(&Act::get(path(repository, ["default-branch"]))).await?;
        let found = match now {
            Some(found) => found,
            // Before version 7.
            None => repository.remote.ask(&Act::get(path(repository, ["branches", "default"]))).await?,
        };
        needed(&found, "/displayId")
    }

    async fn has_branch(&self, repository: &Repository<'_>, name: &str) -> Result<bool, Failure> {
        let act = Act::get(path(repository, ["branches"])).asking("boostMatches", "true");
        let act = act.asking("filterText", name).asking("limit", "100");
        Ok(values(&repository.remote.ask(&act).await?).iter().any(|branch| branch["displayId"] == name))
    }

    async fn open_one(
        &self,
        repository: &Repository<'_>,
        source: &str,
        target: &str,
    ) -> Result<Option<Value>, Failure> {
        let act = Act::get(path(repository, ["pull-requests"])).asking("state", "OPEN");
        let act = act.asking("direction", "OUTGOING").asking("at", format!("refs/heads/{source}"));
        let found = repository.remote.ask(&act.asking("limit", "100")).await?;
        let is_it = |pull: &&Value| {
            is_of(repository, &pull["fromRef"], source) && is_of(repository, &pull["toRef"], target)
        };
        Ok(values(&found).iter().find(is_it).cloned())
    }

    fn request(&self, repository: &Repository<'_>, input: &Input, target: &str) -> Act {
        let end = |branch: &str| {
            json!({
                "id": format!("refs/heads/{branch}"),
                "repository": { "slug": repository.name, "project": { "key": repository.owner } },
            })
        };
        let reviewers: Vec<Value> =
            input.reviewers.iter().map(|name| json!({ "user": { "name": name } })).collect();
        let mut body = json!({
            "title": input.title, "state": "OPEN", "open": true, "closed": false,
            "fromRef": end(&input.source_branch), "toRef": end(target), "reviewers": reviewers,
        });
        if let Some(description) = &input.description {
            body["description"] = description.as_str().into();
        }
        Act::post(path(repository, ["pull-requests"]), body)
    }

    fn page(&self, pull: &Value) -> Result<String, Failure> {
        needed(pull, "/links/self/0/href")
    }
}
