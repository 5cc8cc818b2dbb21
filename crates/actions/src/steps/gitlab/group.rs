//! `gitlab:group:ensureExists`: groups within groups, made where they are not there.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use stagedoor_hosts::Act;

use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe};
use crate::services::Services;
use crate::steps::input::{done, read};
use crate::steps::publish::{Remote, RepoUrl};

pub(super) struct EnsureExists;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    repo_url: String,
    token: Option<String>,
    path: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Slug(String),
    Named { name: String, slug: String },
}

#[async_trait]
impl Performer for EnsureExists {
    fn id(&self) -> &'static str {
        "gitlab:group:ensureExists"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        let text = |title: &str| json!({ "type": "string", "title": title });
        Description {
            text: "Ensures a GitLab group exists",
            input: json!({
                "type": "object",
                "required": ["repoUrl", "path"],
                "properties": {
                    "repoUrl": text("Repository Location, such as gitlab.com?repo=project_name&owner=group_name"),
                    "token": text("The token to use for authorization to GitLab"),
                    "path": { "type": "array", "title": "Group path: from the outermost to the innermost", "items": { "anyOf": [
                        { "type": "string" },
                        { "type": "object", "required": ["name", "slug"], "properties": { "name": { "type": "string" }, "slug": { "type": "string" } } },
                    ] } },
                },
            }),
            output: json!({ "type": "object", "properties": { "groupId": { "type": "number", "title": "The id of the innermost group" } } }),
            examples: vec![(
                "Creating nested groups",
                "steps:\n  - action: gitlab:group:ensureExists\n    id: gitlabGroup\n    name: Group\n    input:\n      repoUrl: gitlab.com?repo=repo&owner=owner\n      path:\n        - group1\n        - name: Group 2\n          slug: group2\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        if call.dry_run {
            return done(json!({ "groupId": 42 }));
        }
        let url = RepoUrl::parse(&input.repo_url)?;
        let owner = url.owner.as_deref().unwrap_or_default();
        let remote = Remote::of(services, "gitlab", &url.host, owner, input.token.as_deref()).await?;
        let (mut path, mut parent) = (String::new(), Value::Null);
        for part in &input.path {
            let (name, slug) = match part {
                Part::Slug(slug) => (slug, slug),
                Part::Named { name, slug } => (name, slug),
            };
            path = if path.is_empty() { slug.clone() } else { format!("{path}/{slug}") };
            let group = match remote.find(&Act::get(["groups", &path])).await? {
                Some(found) => found,
                None => {
                    let mut body = json!({ "name": name, "path": slug });
                    if !parent.is_null() {
                        body["parent_id"] = parent;
                    }
                    remote.change(&Act::post(["groups"], body)).await?
                }
            };
            parent = group["id"].clone();
        }
        done(json!({ "groupId": parent }))
    }

    /// What is there is found.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Repeat
    }
}
