//! `publish:azure` (learn.microsoft.com/rest/api/azure/devops/git/repositories).

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use stagedoor_hosts::Act;

use super::{Contents, Made, Vendor, needed};
use crate::performer::Failure;
use crate::steps::publish::{Remote, RepoUrl, meant};

const VERSION: &str = "6.0";

pub(super) struct Azure;

#[async_trait]
impl Vendor for Azure {
    fn names(&self) -> (&'static str, &'static str) {
        ("publish:azure", "azure")
    }

    fn text(&self) -> &'static str {
        "Initializes a git repository of the content in the workspace, and publishes it to Azure."
    }

    fn example(&self) -> (&'static str, &'static str) {
        (
            "Initializes a git repository of the content in the workspace, and publishes it to Azure.",
            "steps:\n  - action: publish:azure\n    id: publish\n    name: Publish to Azure\n    input:\n      repoUrl: dev.azure.com?organization=organization&project=project&repo=repo\n",
        )
    }

    fn owner<'a>(&self, url: &'a RepoUrl) -> Result<&'a str, Failure> {
        // Backstage's picker has written `owner` for what is the project now.
        url.needs(url.organization.as_ref(), "organization")
    }

    async fn make(
        &self,
        remote: &Remote<'_>,
        url: &RepoUrl,
        _: &Map<String, Value>,
    ) -> Result<Made, Failure> {
        let organization = self.owner(url)?;
        let project = url.needs(url.project.as_ref().or(url.owner.as_ref()), "project")?;
        let at = |rest: &[&str]| -> Vec<String> {
            let start = [organization, project, "_apis", "git", "repositories"];
            start.iter().chain(rest).map(|part| (*part).to_owned()).collect()
        };
        let found = remote.find(&Act::get(at(&[&url.repo])).asking("api-version", VERSION)).await?;
        let repository = match found.clone() {
            Some(found) => found,
            None => {
                let act = Act::post(at(&[]), json!({ "name": url.repo })).asking("api-version", VERSION);
                meant(&act, remote.send(&act).await?)?
            }
        };
        let clone = needed(&repository, "/remoteUrl")?;
        // Its own user name stands in the address.
        let mut clone =
            url::Url::parse(&clone).map_err(|_| Failure::new("Azure answered with no address"))?;
        let _ = clone.set_username("");
        let _ = clone.set_password(None);
        let clone = String::from(clone);
        Ok(Made {
            contents: Contents::Whole(clone.clone()),
            remote: clone.clone(),
            clone,
            more: json!({ "repositoryId": repository["id"] }),
            found,
            is_kept: false,
        })
    }
}
