//! `publish:gitea` (docs.gitea.com/api, and Forgejo's, which is the same).

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use stagedoor_hosts::Act;

use super::{Contents, Made, Vendor, needed, text};
use crate::performer::Failure;
use crate::steps::publish::{Remote, RepoUrl, meant};

pub(super) struct Gitea;

#[async_trait]
impl Vendor for Gitea {
    fn names(&self) -> (&'static str, &'static str) {
        ("publish:gitea", "gitea")
    }

    fn text(&self) -> &'static str {
        "Initializes a git repository using the content of the workspace, and publishes it to Gitea."
    }

    fn example(&self) -> (&'static str, &'static str) {
        (
            "Initializes a Gitea repository using the content of the workspace and publish it to Gitea with default configuration.",
            "steps:\n  - action: publish:gitea\n    id: publish\n    name: Publish to Gitea\n    input:\n      repoUrl: gitea.com?repo=repo&owner=owner\n",
        )
    }

    fn owner<'a>(&self, url: &'a RepoUrl) -> Result<&'a str, Failure> {
        Ok(url.owner.as_deref().unwrap_or_default())
    }

    fn branch(&self) -> &'static str {
        "main"
    }

    async fn make(
        &self,
        remote: &Remote<'_>,
        url: &RepoUrl,
        input: &Map<String, Value>,
    ) -> Result<Made, Failure> {
        // Without an owner it becomes a repository of whoever the credential is.
        let own = match &url.owner {
            Some(owner) => owner.clone(),
            None => needed(&remote.ask(&Act::get(["user"])).await?, "/login")?,
        };
        let owner = own.as_str();
        if let Some(found) = remote.find(&Act::get(["repos", owner, &url.repo])).await? {
            return made(&found, Some(found.clone()));
        }
        let of_organization = url.owner.is_some() && remote.find(&Act::get(["orgs", owner])).await?.is_some();
        let path = if of_organization { vec!["orgs", owner, "repos"] } else { vec!["user", "repos"] };
        let body = json!({
            "name": url.repo,
            "description": text(input, "description").unwrap_or_default(),
            "private": text(input, "repoVisibility").unwrap_or("private") != "public",
            "default_branch": text(input, "defaultBranch").unwrap_or("main"),
        });
        let act = Act::post(path, body);
        made(&meant(&act, remote.send(&act).await?)?, None)
    }
}

fn made(repository: &Value, found: Option<Value>) -> Result<Made, Failure> {
    let page = needed(repository, "/html_url")?;
    Ok(Made {
        clone: needed(repository, "/clone_url")?,
        contents: Contents::Around(format!("{page}/src/branch/"), "/"),
        remote: page,
        more: Value::Null,
        found,
        is_kept: false,
    })
}
