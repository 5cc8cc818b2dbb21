//! `publish:gitlab` (docs.gitlab.com/api/projects).

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use stagedoor_hosts::Act;

use super::{Contents, Made, Vendor, needed, text};
use crate::back_ends::answer::said;
use crate::performer::Failure;
use crate::steps::publish::{Remote, RepoUrl, meant};

pub(super) struct GitLab;

#[async_trait]
impl Vendor for GitLab {
    fn names(&self) -> (&'static str, &'static str) {
        ("publish:gitlab", "gitlab")
    }

    fn text(&self) -> &'static str {
        "Initializes a git repository of the content in the workspace, and publishes it to GitLab."
    }

    fn example(&self) -> (&'static str, &'static str) {
        (
            "Initializes a git repository with the content in the workspace, and publishes it to GitLab with the default configuration.",
            "steps:\n  - action: publish:gitlab\n    id: publish\n    name: Publish to GitLab\n    input:\n      repoUrl: gitlab.com?repo=project_name&owner=group_name\n",
        )
    }

    fn properties(&self) -> Value {
        json!({
            "skipExisting": { "type": "boolean", "title": "Do not publish where the project is there already" },
            "topics": { "type": "array", "items": { "type": "string" }, "title": "Topics" },
            "settings": { "type": "object", "title": "More settings of the project, as GitLab's API has them" },
            "branches": { "type": "array", "title": "Branches to make and protect", "items": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": { "type": "string" },
                    "create": { "type": "boolean" },
                    "protect": { "type": "boolean" },
                    "ref": { "type": "string" },
                },
            } },
            "projectVariables": { "type": "array", "items": { "type": "object" }, "title": "Variables of the project" },
            "setUserAsOwner": { "type": "boolean", "title": "Not there: make the token's user the owner" },
        })
    }

    fn owner<'a>(&self, url: &'a RepoUrl) -> Result<&'a str, Failure> {
        url.owner()
    }

    async fn make(
        &self,
        remote: &Remote<'_>,
        url: &RepoUrl,
        input: &Map<String, Value>,
    ) -> Result<Made, Failure> {
        for absent in ["setUserAsOwner", "branches"] {
            if input.get(absent).is_some_and(|value| !matches!(value, Value::Null | Value::Bool(false))) {
                return Err(Failure::new(format!("{absent} is not there: use GitLab's own settings")));
            }
        }
        let owner = url.owner()?;
        let path = format!("{owner}/{}", url.repo);
        if let Some(project) = remote.find(&Act::get(["projects", &path])).await? {
            let is_kept = input.get("skipExisting") == Some(&Value::Bool(true));
            return Ok(Made { is_kept, ..made(&project, Some(project.clone()))? });
        }
        let space = remote.find(&Act::get(["namespaces", owner])).await?;
        let space = space.ok_or_else(|| {
            Failure::new(format!(
                "The namespace {owner} is not found or the user doesn't have permissions to access it"
            ))
        })?;
        let mut body = json!({
            "namespace_id": space["id"],
            "name": url.repo,
            "path": url.repo,
            "visibility": text(input, "repoVisibility").unwrap_or("private"),
        });
        for (from, to) in [("description", "description"), ("topics", "topics")] {
            if let Some(value) = input.get(from).filter(|value| !value.is_null()) {
                body[to] = value.clone();
            }
        }
        if let (Some(body), Some(Value::Object(more))) = (body.as_object_mut(), input.get("settings")) {
            // Neither another place nor another name.
            let more =
                more.iter().filter(|(key, _)| !matches!(key.as_str(), "namespace_id" | "name" | "path"));
            body.extend(more.map(|(key, value)| (key.clone(), value.clone())));
        }
        let act = Act::post(["projects"], body);
        let answer = remote.send(&act).await?;
        let why = said(&answer);
        let project = meant(&act, answer).map_err(|failure| {
            let message = format!("Failed to create the project {path}, {why} ({})", failure.message);
            Failure { message, ..failure }
        })?;
        let id = project["id"].to_string();
        for variable in input.get("projectVariables").and_then(Value::as_array).into_iter().flatten() {
            remote.change(&Act::post(["projects", &id, "variables"], variable.clone())).await?;
        }
        made(&project, None)
    }
}

fn made(project: &Value, found: Option<Value>) -> Result<Made, Failure> {
    let clone = needed(project, "/http_url_to_repo")?;
    let remote = clone.strip_suffix(".git").unwrap_or(&clone).to_owned();
    Ok(Made {
        contents: Contents::Around(format!("{remote}/-/blob/"), ""),
        more: json!({ "projectId": project["id"], "created": found.is_none() }),
        clone,
        remote,
        found,
        is_kept: false,
    })
}
