//! `publish:gerrit`: a project, and the workspace as its first commit.

use async_trait::async_trait;
use serde_json::json;
use stagedoor_hosts::{Act, Room};

use super::{Input, Project, text};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe};
use crate::services::Services;
use crate::steps::input::{done, read, say};
use crate::steps::publish::{meant, pushed};

pub(super) struct Publish;

#[async_trait]
impl Performer for Publish {
    fn id(&self) -> &'static str {
        "publish:gerrit"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn needs_workspace(&self) -> bool {
        true
    }

    fn describe(&self) -> Description {
        Description {
            text: "Initializes a git repository of the content in the workspace, and publishes it to Gerrit.",
            input: json!({
                "type": "object",
                "required": ["repoUrl"],
                "properties": {
                    "repoUrl": text("Repository Location: owner is a group, workspace the project that it inherits from"),
                    "description": text("Repository Description"),
                    "defaultBranch": text("Sets the default branch on the repository. Default: master"),
                    "sourcePath": text("Path within the workspace that will be used as the repository root"),
                    "gitCommitMessage": text("Sets the commit message. Default: initial commit"),
                    "gitAuthorName": text("Sets the author name for the commit. Default: Scaffolder"),
                    "gitAuthorEmail": text("Sets the author email for the commit"),
                },
            }),
            output: json!({ "type": "object", "properties": {
                "remoteUrl": text("A URL to the repository with the provider"),
                "repoContentsUrl": text("A URL to the root of the repository"),
                "commitHash": text("The git commit hash of the initial commit"),
            } }),
            examples: vec![(
                "Initializes a Gerrit repository of contents in workspace and publish it to Gerrit with default configuration.",
                "steps:\n  - action: publish:gerrit\n    id: publish\n    name: Publish to Gerrit\n    input:\n      repoUrl: gerrit.com?repo=repo&owner=owner&workspace=parent\n      description: Initialize a gerrit repository\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        let branch = input.default_branch.as_deref().filter(|name| !name.is_empty()).unwrap_or("master");
        let project = Project::of(services, &input.repo_url, branch).await?;
        let (url, places) = (&project.url, &project.places);
        let parent = url.needs(url.workspace.as_ref(), "workspace")?;
        let commit = project.commit(call, services, &input).await?;
        let told = |id: String| {
            let (remote, contents) = (&places.clone, &places.files);
            json!({ "remoteUrl": remote, "repoContentsUrl": contents, "commitHash": id })
        };
        if call.dry_run {
            say(services, call, &format!("{} would be created with {} files", url.repo, commit.files.len()));
            return done(told(commit.id().map_err(|error| Failure::new(error.to_string()))?));
        }
        say(services, call, &format!("Creating project {} below {parent}", url.repo));
        let owners: Vec<&String> = url.owner.iter().collect();
        let body = json!({
            "parent": parent, "description": input.description.as_deref().unwrap_or_default(), "owners": owners,
            "create_empty_commit": false, "branches": [branch],
        });
        let act = Act { method: "PUT", ..Act::post(["projects", &url.repo], body) };
        let answer = project.remote.send(&act).await?;
        if answer.status == 409 {
            // Perhaps of an attempt that was cut off; nothing is put there unless it is empty.
            say(services, call, "It is there already");
        } else {
            meant(&act, answer)?;
        }
        let hosts =
            services.hosts.as_deref().ok_or_else(|| Failure::new("this portal has no integrations"))?;
        say(services, call, &format!("Pushing {} files to {branch} of {}", commit.files.len(), places.clone));
        let login = project.remote.login();
        let id = pushed(hosts, &places.clone, branch, &commit, Room::Empty, login.as_ref()).await?;
        done(told(id))
    }

    /// A project that was made is found, and the same commit is not pushed twice.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Repeat
    }
}
