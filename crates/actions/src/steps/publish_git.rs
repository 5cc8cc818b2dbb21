//! `publish:git`: the workspace as the first commit of a branch of any git server, over HTTP or SSH. The repository has to
//! be there: making it is the server's own business.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use stagedoor_hosts::{GitAddress, Room};

use super::input::{done, read, say, workspace};
use super::publish::{RepoUrl, Words, commit, pushed};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe};
use crate::services::Services;

pub(super) struct PublishGit;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    repo_url: String,
    default_branch: Option<String>,
    source_path: Option<String>,
    git_commit_message: Option<String>,
    git_author_name: Option<String>,
    git_author_email: Option<String>,
    #[serde(default)]
    existing: bool,
}

#[async_trait]
impl Performer for PublishGit {
    fn id(&self) -> &'static str {
        "publish:git"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn needs_workspace(&self) -> bool {
        true
    }

    fn describe(&self) -> Description {
        let text = |title: &str| json!({ "type": "string", "title": title });
        Description {
            text: "Pushes the content of the workspace as the first commit of a branch of any git repository",
            input: json!({
                "type": "object",
                "required": ["repoUrl"],
                "properties": {
                    "repoUrl": text("Address that git clone takes (https:// or ssh://), or the form that RepoUrlPicker writes"),
                    "defaultBranch": text("Branch, which must not be there yet. Default: main"),
                    "sourcePath": text("Folder of the workspace that is published. Default: all of it"),
                    "gitCommitMessage": text("Message of the commit. Default: initial commit"),
                    "gitAuthorName": text("Author of the commit. Default: Scaffolder"),
                    "gitAuthorEmail": text("E-mail address of the author"),
                    "existing": { "type": "boolean", "title": "The repository may have other branches. Default: false, it has to be empty" },
                },
            }),
            output: json!({
                "type": "object",
                "properties": {
                    "remoteUrl": text("Address that git clone takes"),
                    "repoContentsUrl": text("Address of the files, for catalog:register"),
                    "commitHash": text("The commit"),
                },
            }),
            examples: vec![(
                "Publish to a git server",
                "steps:\n  - action: publish:git\n    id: publish\n    name: Publish\n    input:\n      repoUrl: https://git.example.com/team/new-service.git\n      defaultBranch: main\n",
            )],
            dry_run: false,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        let address = address(&input.repo_url)?;
        let hosts =
            services.hosts.as_deref().ok_or_else(|| Failure::new("this portal reaches no git servers"))?;
        let branch = input.default_branch.as_deref().filter(|name| !name.is_empty()).unwrap_or("main");
        let words = Words {
            message: input.git_commit_message,
            author: input.git_author_name,
            email: input.git_author_email,
        };
        let room = if input.existing { Room::Shared } else { Room::Empty };
        let commit = commit(call, workspace(services)?, input.source_path.as_deref(), words).await?;
        if commit.files.is_empty() {
            return Err(Failure::new("there are no files to publish: no step before has made any"));
        }
        say(
            services,
            call,
            &format!("Pushing {} files to {branch} of {}", commit.files.len(), address.remote()),
        );
        let id = pushed(hosts, &address.to_string(), branch, &commit, room, None).await?;
        let contents = format!("git::{}//?ref={branch}", address.remote());
        done(json!({ "remoteUrl": address.remote().as_str(), "repoContentsUrl": contents, "commitHash": id }))
    }

    /// A commit that is there already is not pushed again.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Repeat
    }
}

/// The repository that is meant.
fn address(text: &str) -> Result<GitAddress, Failure> {
    let text = match text.split_once("://") {
        Some(_) => text.to_owned(),
        None => {
            let url = RepoUrl::parse(text)?;
            format!("https://{}/{}/{}.git", url.host, url.owner()?, url.repo)
        }
    };
    let text = if GitAddress::is_meant_by(&text) { text } else { format!("git::{text}") };
    let address = GitAddress::parse(&text).map_err(Failure::new)?;
    if !address.path().is_empty() || address.reference().is_some() {
        return Err(Failure::new("repoUrl names a repository, without a path or a branch behind it"));
    }
    Ok(address)
}
