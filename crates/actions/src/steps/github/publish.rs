//! `publish:github`, and its two halves `github:repo:create` and `github:repo:push`.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use stagedoor_hosts::Room;

use super::Repo;
use super::create::{self, Created, Wishes};
use super::protect::{self, Protection};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe};
use crate::services::Services;
use crate::steps::input::{done, read, say, warn, workspace};
use crate::steps::publish::{Words, commit, pushed};

pub(crate) struct Publish;

pub(crate) struct RepoCreate;

pub(crate) struct RepoPush;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    repo_url: String,
    token: Option<String>,
    default_branch: Option<String>,
    source_path: Option<String>,
    git_commit_message: Option<String>,
    git_author_name: Option<String>,
    git_author_email: Option<String>,
    protect_default_branch: Option<bool>,
    #[serde(flatten)]
    wishes: Wishes,
    #[serde(flatten)]
    protection: Protection,
}

fn schema(parts: [Map<String, Value>; 2]) -> Value {
    let mut properties = json!({
        "repoUrl": { "type": "string", "title": "Repository Location", "description": "Accepts the format 'github.com?repo=reponame&owner=owner' where 'reponame' is the new repository name and 'owner' is an organization or username" },
        "token": { "type": "string", "title": "The token to use for authorization to GitHub, in place of the one in integrations" },
    });
    if let Some(properties) = properties.as_object_mut() {
        properties.extend(parts.into_iter().flatten());
    }
    json!({ "type": "object", "required": ["repoUrl"], "properties": properties })
}

/// Properties of what is pushed.
fn pushing() -> Map<String, Value> {
    let text = |title: &str| json!({ "type": "string", "title": title });
    let all = json!({
        "defaultBranch": text("Sets the default branch on the repository. Default: master"),
        "sourcePath": text("Path within the workspace that will be used as the repository root"),
        "gitCommitMessage": text("Sets the commit message. Default: initial commit"),
        "gitAuthorName": text("Sets the author name for the commit. Default: Scaffolder"),
        "gitAuthorEmail": text("Sets the author email for the commit"),
        "protectDefaultBranch": { "type": "boolean", "title": "Protect the default branch after creating the repository. Default: true" },
        "protectEnforceAdmins": { "type": "boolean", "title": "Enforce admins to adhere to default branch protection. Default: true" },
    });
    let mut all = if let Value::Object(all) = all { all } else { Map::new() };
    all.extend(protect::properties());
    all
}

fn output() -> Value {
    let text = |title: &str| json!({ "type": "string", "title": title });
    json!({ "type": "object", "properties": {
        "remoteUrl": text("A URL to the repository with the provider"),
        "repoContentsUrl": text("A URL to the root of the repository"),
        "commitHash": text("The git commit hash of the initial commit"),
    } })
}

impl Input {
    /// Puts the files there and protects their branch.
    async fn push(
        &self,
        call: &Call<'_>,
        services: &Services,
        repo: &Repo<'_>,
        found: &Value,
    ) -> Result<Value, Failure> {
        let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
        let (remote, page) = (text("clone_url"), text("html_url"));
        let branch = self.default_branch.as_deref().filter(|name| !name.is_empty()).unwrap_or("master");
        let words = Words {
            message: self.git_commit_message.clone(),
            author: self.git_author_name.clone(),
            email: self.git_author_email.clone(),
        };
        let commit = commit(call, workspace(services)?, self.source_path.as_deref(), words).await?;
        let hosts =
            services.hosts.as_deref().ok_or_else(|| Failure::new("this portal has no integrations"))?;
        say(services, call, &format!("Pushing {} files to {branch} of {page}", commit.files.len()));
        let id = pushed(hosts, &remote, branch, &commit, Room::Empty, repo.remote.login().as_ref()).await?;
        if self.protect_default_branch.unwrap_or(true) {
            let note = repo.protect(branch, &self.protection).await?;
            note.iter().for_each(|note| warn(services, call, note));
        }
        Ok(
            json!({ "remoteUrl": remote, "repoContentsUrl": format!("{page}/blob/{branch}"), "commitHash": id }),
        )
    }

    async fn repo<'a>(&self, services: &'a Services) -> Result<Repo<'a>, Failure> {
        Repo::of(services, &self.repo_url, self.token.as_deref()).await
    }
}

#[async_trait]
impl Performer for Publish {
    fn id(&self) -> &'static str {
        "publish:github"
    }

    fn secret_inputs(&self) -> &'static [&'static str] {
        &["secrets"]
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn needs_workspace(&self) -> bool {
        true
    }

    fn describe(&self) -> Description {
        Description {
            text: "Initializes a git repository of contents in workspace and publishes it to GitHub",
            input: schema([create::properties(), pushing()]),
            output: output(),
            examples: vec![(
                "Initializes a GitHub repository with a description",
                "steps:\n  - action: publish:github\n    id: publish\n    name: Publish to GitHub\n    input:\n      repoUrl: github.com?repo=repo&owner=owner\n      description: Initialize a git repository\n",
            )],
            dry_run: false,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        let repo = input.repo(services).await?;
        say(services, call, &format!("Creating repository {}/{}", repo.owner, repo.name));
        done(match repo.create(call, services, &input.wishes).await? {
            Created::Now(made) => input.push(call, services, &repo, &made).await?,
            Created::Before(found) => {
                let output = input.push(call, services, &repo, &found).await?;
                // It took our commit, or had it: now it is surely ours.
                repo.furnish(call, services, &input.wishes).await?;
                output
            }
        })
    }

    /// A repository that was made is found, the same commit is not pushed twice, all else is set again.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Repeat
    }
}

#[async_trait]
impl Performer for RepoCreate {
    fn id(&self) -> &'static str {
        "github:repo:create"
    }

    fn secret_inputs(&self) -> &'static [&'static str] {
        &["secrets"]
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        Description {
            text: "Creates a GitHub repository",
            input: schema([create::properties(), Map::new()]),
            output: output(),
            examples: vec![(
                "Creates a GitHub repository with default configuration",
                "steps:\n  - action: github:repo:create\n    name: Create a new GitHub repository\n    input:\n      repoUrl: github.com?repo=repo&owner=owner\n",
            )],
            dry_run: false,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        let repo = input.repo(services).await?;
        let made = match repo.create(call, services, &input.wishes).await? {
            Created::Now(made) => made,
            Created::Before(found) if repo.is_empty().await? => {
                repo.furnish(call, services, &input.wishes).await?;
                found
            }
            Created::Before(_) => {
                return Err(Failure::new(format!("{}/{} exists already", repo.owner, repo.name)));
            }
        };
        done(json!({ "remoteUrl": made["clone_url"] }))
    }

    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Repeat
    }
}

#[async_trait]
impl Performer for RepoPush {
    fn id(&self) -> &'static str {
        "github:repo:push"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn needs_workspace(&self) -> bool {
        true
    }

    fn describe(&self) -> Description {
        Description {
            text: "Initializes a git repository of contents in workspace and publishes it to GitHub",
            input: schema([pushing(), Map::new()]),
            output: output(),
            examples: vec![(
                "Push to an existing, empty repository",
                "steps:\n  - action: github:repo:push\n    name: Push the files\n    input:\n      repoUrl: github.com?repo=repo&owner=owner\n",
            )],
            dry_run: false,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        let repo = input.repo(services).await?;
        let found = repo.remote.ask(&repo.get([])).await?;
        done(input.push(call, services, &repo, &found).await?)
    }

    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Repeat
    }
}
