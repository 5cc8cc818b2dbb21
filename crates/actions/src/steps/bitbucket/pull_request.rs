//! `publish:bitbucketCloud:pull-request` and `publish:bitbucketServer:pull-request`: the files of the workspace over those
//! of a branch, as a commit on a branch of its own, and a request to merge it.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use stagedoor_hosts::{Act, Goal};

use super::super::publish::{Remote, RepoUrl, Words, commit, meant, pushed_over};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe, Report};
use crate::services::Services;
use crate::steps::input::{done, read, say, workspace};

pub(super) struct PullRequest<S>(pub(super) S);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    repo_url: String,
    pub(super) title: String,
    pub(super) description: Option<String>,
    target_branch: Option<String>,
    pub(super) source_branch: String,
    #[serde(default)]
    pub(super) reviewers: Vec<String>,
    token: Option<String>,
    git_author_name: Option<String>,
    git_author_email: Option<String>,
}

/// A repository, and the way to it.
pub(super) struct Repository<'a> {
    pub(super) remote: Remote<'a>,
    /// A workspace, or a project.
    pub(super) owner: String,
    pub(super) name: String,
}

/// What differs between Bitbucket Cloud and Bitbucket Server.
#[async_trait]
pub(super) trait Side: Send + Sync {
    /// The action, and the host's key in `integrations`.
    fn names(&self) -> (&'static str, &'static str);

    fn example(&self) -> (&'static str, &'static str);

    /// What the repository is in.
    fn owner<'a>(&self, url: &'a RepoUrl) -> Result<&'a str, Failure>;

    /// What git is given.
    async fn clone(&self, repository: &Repository<'_>) -> Result<String, Failure>;

    /// The branch where none is named.
    async fn default_branch(&self, repository: &Repository<'_>) -> Result<String, Failure>;

    async fn has_branch(&self, repository: &Repository<'_>, name: &str) -> Result<bool, Failure>;

    /// The open pull request from one branch of the repository into another of it.
    async fn open_one(
        &self,
        repository: &Repository<'_>,
        source: &str,
        target: &str,
    ) -> Result<Option<Value>, Failure>;

    /// What makes one.
    fn request(&self, repository: &Repository<'_>, input: &Input, target: &str) -> Act;

    /// The page of one.
    fn page(&self, pull: &Value) -> Result<String, Failure>;
}

impl<S: Side> PullRequest<S> {
    /// The repository that is meant, and the branch that it goes into.
    async fn place<'a>(
        &self,
        services: &'a Services,
        input: &Input,
    ) -> Result<(Repository<'a>, String), Failure> {
        let url = RepoUrl::parse(&input.repo_url)?;
        let owner = self.0.owner(&url)?.to_owned();
        if input.source_branch.contains(['"', '\\']) {
            return Err(Failure::new(format!("{:?} is no name of a branch", input.source_branch)));
        }
        let kind = self.0.names().1;
        let remote = Remote::of(services, kind, &url.host, &owner, input.token.as_deref()).await?;
        let repository = Repository { remote, owner, name: url.repo };
        let target = match input.target_branch.as_ref().filter(|name| !name.is_empty()) {
            Some(name) if name.contains(['"', '\\']) => {
                return Err(Failure::new(format!("{name:?} is no name of a branch")));
            }
            Some(name) => name.clone(),
            None => self.0.default_branch(&repository).await?,
        };
        if target == input.source_branch {
            return Err(Failure::new(format!("{target} cannot be merged into itself")));
        }
        Ok((repository, target))
    }

    /// Puts the files on the source branch, which is new.
    async fn push(
        &self,
        call: &Call<'_>,
        services: &Services,
        (repository, target): (&Repository<'_>, &str),
        input: &Input,
    ) -> Result<(), Failure> {
        let message = input.description.clone().filter(|text| !text.is_empty());
        let words = Words {
            message: message.or_else(|| Some(input.title.clone())),
            author: input.git_author_name.clone(),
            email: input.git_author_email.clone(),
        };
        let commit = commit(call, workspace(services)?, None, words).await?;
        let clone = self.0.clone(repository).await?;
        let branch = &input.source_branch;
        say(services, call, &format!("Pushing {} files to {branch} of {clone}", commit.files.len()));
        let login = repository.remote.login();
        let goal = Goal::Branch(branch.clone());
        pushed_over(services, &clone, (target, &goal), commit, login.as_ref()).await.map(drop)
    }

    async fn requested(
        &self,
        repository: &Repository<'_>,
        input: &Input,
        target: &str,
    ) -> Result<Value, Failure> {
        if let Some(open) = self.0.open_one(repository, &input.source_branch, target).await? {
            return Ok(open);
        }
        let act = self.0.request(repository, input, target);
        let answer = repository.remote.send(&act).await?;
        // Somebody was faster.
        if answer.status == 409
            && let Some(open) = self.0.open_one(repository, &input.source_branch, target).await?
        {
            return Ok(open);
        }
        meant(&act, answer)
    }
}

#[async_trait]
impl<S: Side> Performer for PullRequest<S> {
    fn id(&self) -> &'static str {
        self.0.names().0
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn needs_workspace(&self) -> bool {
        true
    }

    fn describe(&self) -> Description {
        let text = |title: &str| json!({ "type": "string", "title": title });
        let mut properties = json!({
            "repoUrl": text("Repository Location, as RepoUrlPicker writes it"),
            "title": text("The title for the pull request"),
            "description": text("The description of the pull request, and the message of its commit"),
            "targetBranch": text("The branch that it is to be merged into. Default: the repository's own"),
            "sourceBranch": text("The branch that is merged; where it is not there it is made of the workspace"),
            "token": text("The token to use for authorization, in place of the one in integrations"),
            "gitAuthorName": text("Sets the author name for the commit. Default: Scaffolder"),
            "gitAuthorEmail": text("Sets the author email for the commit"),
        });
        if self.0.names().1 == "bitbucketServer" {
            properties["reviewers"] = json!({ "type": "array", "items": { "type": "string" }, "title": "Names of users that are asked for a review" });
        }
        Description {
            text: "Creates a pull request of the files of the workspace",
            input: json!({ "type": "object", "required": ["repoUrl", "title", "sourceBranch"], "properties": properties }),
            output: json!({ "type": "object", "properties": {
                "pullRequestUrl": text("A URL to the pull request with the provider"),
            } }),
            examples: vec![self.0.example()],
            dry_run: false,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        let (repository, target) = self.place(services, &input).await?;
        if self.0.has_branch(&repository, &input.source_branch).await? {
            say(services, call, &format!("{} is there, and is taken as it is", input.source_branch));
        } else {
            self.push(call, services, (&repository, &target), &input).await?;
        }
        let pull = self.requested(&repository, &input, &target).await?;
        let page = self.0.page(&pull)?;
        say(services, call, &format!("Pull request {page}"));
        done(json!({ "pullRequestUrl": page }))
    }

    /// An open pull request of the branch is the one; without one neither the branch nor the request is made twice.
    async fn probe(&self, call: &Call<'_>, services: &Services) -> Probe {
        let found = async {
            let input: Input = read(self, call)?;
            let (repository, target) = self.place(services, &input).await?;
            let open = self.0.open_one(&repository, &input.source_branch, &target).await?;
            open.map(|pull| self.0.page(&pull)).transpose()
        };
        match found.await {
            Ok(Some(page)) => {
                let output = json!({ "pullRequestUrl": page });
                Probe::Happened(Box::new(Outcome::Done { output, report: Report::default() }))
            }
            Ok(None) => Probe::Repeat,
            Err(_) => Probe::Unknown,
        }
    }
}
