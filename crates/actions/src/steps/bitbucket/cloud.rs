//! Pull requests at Bitbucket Cloud (developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests).

use async_trait::async_trait;
use serde_json::{Value, json};
use stagedoor_hosts::Act;

use super::super::publish::RepoUrl;
use super::super::vendors::{clone_link, needed};
use super::pull_request::{Input, Repository, Side};
use crate::performer::Failure;

pub(super) struct Cloud;

fn path<'a, const N: usize>(repository: &'a Repository<'_>, more: [&'a str; N]) -> Vec<&'a str> {
    ["repositories", &repository.owner, &repository.name].into_iter().chain(more).collect()
}

fn values(answer: &Value) -> &[Value] {
    answer["values"].as_array().map_or(&[], Vec::as_slice)
}

#[async_trait]
impl Side for Cloud {
    fn names(&self) -> (&'static str, &'static str) {
        ("publish:bitbucketCloud:pull-request", "bitbucketCloud")
    }

    fn example(&self) -> (&'static str, &'static str) {
        (
            "Creating a pull request on Bitbucket Cloud service",
            "steps:\n  - action: publish:bitbucketCloud:pull-request\n    id: pullRequest\n    name: Create a pull request\n    input:\n      repoUrl: bitbucket.org?repo=repo&workspace=workspace&project=project\n      title: My pull request\n      sourceBranch: my-feature-branch\n",
        )
    }

    fn owner<'a>(&self, url: &'a RepoUrl) -> Result<&'a str, Failure> {
        url.needs(url.workspace.as_ref(), "workspace")
    }

    async fn clone(&self, repository: &Repository<'_>) -> Result<String, Failure> {
        clone_link(&repository.remote.ask(&Act::get(path(repository, []))).await?)
    }

    async fn default_branch(&self, repository: &Repository<'_>) -> Result<String, Failure> {
        let found = repository.remote.ask(&Act::get(path(repository, []))).await?;
        let none = || Failure::new(format!("{} has no branch yet", repository.name));
        needed(&found, "/mainbranch/name").map_err(|_| none())
    }

    async fn has_branch(&self, repository: &Repository<'_>, name: &str) -> Result<bool, Failure> {
        let act = Act::get(path(repository, ["refs", "branches"])).asking("q", format!("name = \"{name}\""));
        Ok(values(&repository.remote.ask(&act).await?).iter().any(|branch| branch["name"] == name))
    }

    async fn open_one(
        &self,
        repository: &Repository<'_>,
        source: &str,
        target: &str,
    ) -> Result<Option<Value>, Failure> {
        let query = format!(
            "state = \"OPEN\" AND source.branch.name = \"{source}\" AND destination.branch.name = \"{target}\""
        );
        let act = Act::get(path(repository, ["pullrequests"])).asking("q", query).asking("pagelen", "50");
        let own = format!("{}/{}", repository.owner, repository.name);
        // A fork may have a branch of the same name.
        let is_it = |pull: &&Value| {
            let from = pull.pointer("/source/repository/full_name").and_then(Value::as_str);
            from.is_some_and(|from| from.eq_ignore_ascii_case(&own))
                && pull.pointer("/source/branch/name").and_then(Value::as_str) == Some(source)
                && pull.pointer("/destination/branch/name").and_then(Value::as_str) == Some(target)
        };
        Ok(values(&repository.remote.ask(&act).await?).iter().find(is_it).cloned())
    }

    fn request(&self, repository: &Repository<'_>, input: &Input, target: &str) -> Act {
        let body = json!({
            "title": input.title,
            "summary": { "raw": input.description },
            "state": "OPEN",
            "source": { "branch": { "name": input.source_branch } },
            "destination": { "branch": { "name": target } },
        });
        Act::post(path(repository, ["pullrequests"]), body)
    }

    fn page(&self, pull: &Value) -> Result<String, Failure> {
        needed(pull, "/links/html/href")
    }
}
