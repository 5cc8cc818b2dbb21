//! `publish:bitbucketServer` (developer.atlassian.com/server/bitbucket/rest).

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use stagedoor_hosts::Act;

use super::{Contents, Made, Vendor, clone_link, needed, text};
use crate::performer::Failure;
use crate::steps::publish::{Remote, RepoUrl, meant};

pub(super) struct BitbucketServer;

#[async_trait]
impl Vendor for BitbucketServer {
    fn names(&self) -> (&'static str, &'static str) {
        ("publish:bitbucketServer", "bitbucketServer")
    }

    fn text(&self) -> &'static str {
        "Initializes a git repository of the content in the workspace, and publishes it to Bitbucket Server."
    }

    fn example(&self) -> (&'static str, &'static str) {
        (
            "Initializes a git repository of contents in workspace and publish it to Bitbucket Server with default configuration.",
            "steps:\n  - action: publish:bitbucketServer\n    id: publish\n    name: Publish to Bitbucket Server\n    input:\n      repoUrl: hosted.bitbucket.com?project=project&repo=repo\n",
        )
    }

    fn properties(&self) -> Value {
        json!({ "enableLFS": { "type": "boolean", "title": "Not there: Large File Storage" } })
    }

    fn owner<'a>(&self, url: &'a RepoUrl) -> Result<&'a str, Failure> {
        url.needs(url.project.as_ref(), "project")
    }

    async fn make(
        &self,
        remote: &Remote<'_>,
        url: &RepoUrl,
        input: &Map<String, Value>,
    ) -> Result<Made, Failure> {
        if input.get("enableLFS") == Some(&Value::Bool(true)) {
            return Err(Failure::new("enableLFS is not there: use Bitbucket's own settings"));
        }
        let project = self.owner(url)?;
        let found = remote.find(&Act::get(["projects", project, "repos", &url.repo])).await?;
        let repository = match found.clone() {
            Some(found) => found,
            None => {
                let mut body = json!({
                    "name": url.repo,
                    "scmId": "git",
                    "public": text(input, "repoVisibility").unwrap_or("private") == "public",
                    "defaultBranch": text(input, "defaultBranch").unwrap_or("master"),
                });
                if let Some(description) = text(input, "description") {
                    body["description"] = description.into();
                }
                let act = Act::post(["projects", project, "repos"], body);
                meant(&act, remote.send(&act).await?)?
            }
        };
        let clone = clone_link(&repository)?;
        Ok(Made {
            contents: Contents::Whole(needed(&repository, "/links/self/0/href")?),
            remote: clone.clone(),
            clone,
            more: Value::Null,
            found,
            is_kept: false,
        })
    }
}
