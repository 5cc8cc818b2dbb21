//! `publish:bitbucketCloud` (developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories).

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use stagedoor_hosts::Act;

use super::{Contents, Made, Vendor, clone_link, needed, text};
use crate::performer::Failure;
use crate::steps::publish::{Remote, RepoUrl, meant};

pub(super) struct BitbucketCloud;

#[async_trait]
impl Vendor for BitbucketCloud {
    fn names(&self) -> (&'static str, &'static str) {
        ("publish:bitbucketCloud", "bitbucketCloud")
    }

    fn text(&self) -> &'static str {
        "Initializes a git repository of the content in the workspace, and publishes it to Bitbucket Cloud."
    }

    fn example(&self) -> (&'static str, &'static str) {
        (
            "Initializes a git repository of contents in workspace and publish it to Bitbucket Cloud with default configuration.",
            "steps:\n  - action: publish:bitbucketCloud\n    id: publish\n    name: Publish to Bitbucket Cloud\n    input:\n      repoUrl: bitbucket.org?repo=repo&workspace=workspace&project=project\n",
        )
    }

    fn owner<'a>(&self, url: &'a RepoUrl) -> Result<&'a str, Failure> {
        url.needs(url.workspace.as_ref(), "workspace")
    }

    async fn make(
        &self,
        remote: &Remote<'_>,
        url: &RepoUrl,
        input: &Map<String, Value>,
    ) -> Result<Made, Failure> {
        let workspace = self.owner(url)?;
        let project = url.needs(url.project.as_ref(), "project")?;
        let path = ["repositories", workspace, &url.repo];
        let found = remote.find(&Act::get(path)).await?;
        let repository = match found.clone() {
            Some(found) => found,
            None => {
                let body = json!({
                    "scm": "git",
                    "description": text(input, "description").unwrap_or_default(),
                    "is_private": text(input, "repoVisibility").unwrap_or("private") != "public",
                    "project": { "key": project },
                });
                let act = Act::post(path, body);
                meant(&act, remote.send(&act).await?)?
            }
        };
        let clone = clone_link(&repository)?;
        let page = needed(&repository, "/links/html/href")?;
        Ok(Made {
            contents: Contents::Around(format!("{page}/src/"), ""),
            remote: clone.clone(),
            clone,
            more: Value::Null,
            found,
            is_kept: false,
        })
    }
}
