//! `publish:github:pull-request`: the workspace as a commit on a new branch, and a pull request for it. The commit is made
//! by GitHub's API, so what the target branch holds besides stays.

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use stagedoor_hosts::{Act, CommitFile};

use super::Repo;
use crate::back_ends::answer::refused;
use crate::back_ends::api::shown;
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe, Report};
use crate::services::Services;
use crate::steps::input::{blocking, done, read, say, workspace};
use crate::steps::publish::{files, meant};

pub(crate) struct PullRequest;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    repo_url: String,
    branch_name: String,
    title: String,
    description: String,
    target_branch_name: Option<String>,
    #[serde(default)]
    draft: bool,
    source_path: Option<String>,
    target_path: Option<String>,
    token: Option<String>,
    #[serde(default)]
    reviewers: Vec<String>,
    #[serde(default)]
    team_reviewers: Vec<String>,
    #[serde(default)]
    assignees: Vec<String>,
    commit_message: Option<String>,
    #[serde(default)]
    update: bool,
    #[serde(default)]
    force_fork: bool,
    git_author_name: Option<String>,
    git_author_email: Option<String>,
    #[serde(default)]
    files_to_delete: Vec<String>,
    create_when_empty: Option<bool>,
}

/// Where the commit goes.
struct Place {
    branch: String,
    target: String,
    /// The commit that the target branch stands at, and its tree.
    base: String,
    tree: String,
}

#[async_trait]
impl Performer for PullRequest {
    fn id(&self) -> &'static str {
        "publish:github:pull-request"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn needs_workspace(&self) -> bool {
        true
    }

    fn describe(&self) -> Description {
        let text = |title: &str| json!({ "type": "string", "title": title });
        let flag = |title: &str| json!({ "type": "boolean", "title": title });
        let list = |title: &str| json!({ "type": "array", "items": { "type": "string" }, "title": title });
        Description {
            text: "Creates a GitHub Pull Request from the files of the workspace",
            input: json!({
                "type": "object",
                "required": ["repoUrl", "branchName", "title", "description"],
                "properties": {
                    "repoUrl": text("Repository Location, such as github.com?repo=reponame&owner=owner"),
                    "branchName": text("The name for the branch"),
                    "targetBranchName": text("The branch that it is to be merged into. Default: the repository's own"),
                    "title": text("The name for the pull request"),
                    "description": text("The description of the pull request"),
                    "draft": flag("Create a draft pull request"),
                    "sourcePath": text("Subdirectory of the workspace to copy changes from"),
                    "targetPath": text("Subdirectory of the repository to apply changes to"),
                    "token": text("The token to use for authorization to GitHub"),
                    "reviewers": list("Users that are asked for a review"),
                    "teamReviewers": list("Teams that are asked for a review"),
                    "assignees": list("Users that it is assigned to"),
                    "commitMessage": text("The commit message. Default: the title"),
                    "update": flag("Update the pull request if it already exists"),
                    "forceFork": flag("Not there: a fork"),
                    "gitAuthorName": text("Author of the commit"),
                    "gitAuthorEmail": text("E-mail address of the author"),
                    "filesToDelete": list("Files that are deleted in the repository"),
                    "createWhenEmpty": flag("Create it even where nothing changes. Default: true"),
                },
            }),
            output: json!({ "type": "object", "properties": {
                "targetBranchName": text("Target branch name of the merge request"),
                "remoteUrl": text("Link to the pull request in GitHub"),
                "pullRequestNumber": { "type": "number", "title": "The pull request number" },
            } }),
            examples: vec![(
                "Create a pull request",
                "steps:\n  - action: publish:github:pull-request\n    name: Create a pull request\n    input:\n      repoUrl: github.com?repo=repo&owner=owner\n      branchName: new-app\n      title: Create my new app\n      description: This PR is really good\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        if input.force_fork {
            return Err(Failure::new(
                "forceFork is not there: let the credential push to the repository itself",
            ));
        }
        let (folder, source) = (workspace(services)?, input.source_path.clone());
        let found =
            blocking(move || files(&folder.existing_folder(source.as_deref().unwrap_or("./"))?)).await?;
        if call.dry_run {
            say(services, call, &format!("A pull request with {} files would be created", found.len()));
            let target = input.target_branch_name.unwrap_or_else(|| "main".to_owned());
            return done(
                json!({ "targetBranchName": target, "remoteUrl": input.repo_url, "pullRequestNumber": 43 }),
            );
        }
        let repo = Repo::of(services, &input.repo_url, input.token.as_deref()).await?;
        let place = repo.place(&input).await?;
        let commit = repo.committed(&input, &place, found).await?;
        if commit.1 && input.create_when_empty == Some(false) {
            say(services, call, "Nothing changes, so there is no pull request");
            return done(json!({ "targetBranchName": place.target }));
        }
        repo.point(&input, &place, &commit.0).await?;
        let pull = repo.requested(&input, &place).await?;
        let number = pull["number"].as_u64().unwrap_or_default();
        say(services, call, &format!("Pull request #{number}"));
        repo.ask_for_reviews(&input, number).await?;
        done(told(&pull, &place.target))
    }

    /// An open pull request of the branch is the one.
    async fn probe(&self, call: &Call<'_>, services: &Services) -> Probe {
        let found = async {
            let input: Input = read(self, call)?;
            let repo = Repo::of(services, &input.repo_url, input.token.as_deref()).await?;
            Ok::<_, Failure>((
                repo.open_one(&input.branch_name).await?,
                repo.branch(&input.branch_name).await?,
            ))
        };
        match found.await {
            Ok((Some(pull), _)) => {
                let target = pull["base"]["ref"].as_str().unwrap_or_default();
                let output = told(&pull, target);
                Probe::Happened(Box::new(Outcome::Done { output, report: Report::default() }))
            }
            Ok((None, None)) => Probe::DidNot,
            // The branch is there, and whose it is cannot be told.
            _ => Probe::Unknown,
        }
    }
}

fn told(pull: &Value, target: &str) -> Value {
    json!({ "targetBranchName": target, "remoteUrl": pull["html_url"], "pullRequestNumber": pull["number"] })
}

impl Repo<'_> {
    /// The commit that a branch stands at.
    async fn branch(&self, name: &str) -> Result<Option<String>, Failure> {
        let path = self.below(["git", "ref", "heads"]).into_iter().chain(name.split('/').map(str::to_owned));
        let found = self.remote.find(&Act::get(path)).await?;
        Ok(found.and_then(|found| found["object"]["sha"].as_str().map(str::to_owned)))
    }

    async fn place(&self, input: &Input) -> Result<Place, Failure> {
        let target = match input.target_branch_name.as_ref().filter(|name| !name.is_empty()) {
            Some(name) => name.clone(),
            None => {
                let repository = self.remote.ask(&self.get([])).await?;
                repository["default_branch"].as_str().unwrap_or("main").to_owned()
            }
        };
        let none = || Failure::new(format!("{}/{} has no branch {target}", self.owner, self.name));
        let base = self.branch(&target).await?.ok_or_else(none)?;
        let commit = self.remote.ask(&self.get(["git", "commits", &base])).await?;
        let tree = commit["tree"]["sha"].as_str().unwrap_or_default().to_owned();
        Ok(Place { branch: input.branch_name.clone(), target, base, tree })
    }

    /// Makes the commit, which no branch stands at yet, and tells whether nothing changes by it.
    async fn committed(
        &self,
        input: &Input,
        place: &Place,
        files: Vec<CommitFile>,
    ) -> Result<(String, bool), Failure> {
        let prefix =
            input.target_path.as_deref().unwrap_or_default().trim_start_matches("./").trim_matches('/');
        let at = |path: &str| {
            if matches!(prefix, "" | ".") { path.to_owned() } else { format!("{prefix}/{path}") }
        };
        let mut tree = Vec::new();
        for file in files {
            let body = json!({ "content": STANDARD.encode(&file.content), "encoding": "base64" });
            let blob = self.remote.change(&self.post(["git", "blobs"], body)).await?;
            let mode = match file {
                CommitFile { link: true, .. } => "120000",
                CommitFile { executable: true, .. } => "100755",
                _ => "100644",
            };
            tree.push(json!({ "path": at(&file.path), "mode": mode, "type": "blob", "sha": blob["sha"] }));
        }
        for path in &input.files_to_delete {
            tree.push(json!({ "path": at(path), "mode": "100644", "type": "blob", "sha": null }));
        }
        let body = json!({ "base_tree": place.tree, "tree": tree });
        let tree = self.remote.change(&self.post(["git", "trees"], body)).await?;
        let is_empty = tree["sha"] == place.tree.as_str();
        let message = input.commit_message.as_deref().unwrap_or(&input.title);
        let mut body = json!({ "message": message, "tree": tree["sha"], "parents": [place.base] });
        if let (Some(name), Some(email)) = (&input.git_author_name, &input.git_author_email) {
            body["author"] = json!({ "name": name, "email": email });
        }
        let commit = self.remote.change(&self.post(["git", "commits"], body)).await?;
        let id = commit["sha"].as_str().map(str::to_owned);
        Ok((id.ok_or_else(|| Failure::new("GitHub answered without a commit"))?, is_empty))
    }

    /// Lets the branch stand at the commit.
    async fn point(&self, input: &Input, place: &Place, commit: &str) -> Result<(), Failure> {
        let name = format!("refs/heads/{}", place.branch);
        let act = self.post(["git", "refs"], json!({ "ref": name, "sha": commit }));
        let answer = self.remote.send(&act).await?;
        let exists = answer.status == 422 && String::from_utf8_lossy(&answer.body).contains("already exists");
        if exists && !input.update {
            let failure = refused(&shown(&act), &answer);
            let message = format!("the branch {} exists already: {}", place.branch, failure.message);
            return Err(Failure { message, ..failure });
        }
        if exists {
            let path = self.below(["git", "refs", "heads"]);
            let path = path.into_iter().chain(place.branch.split('/').map(str::to_owned));
            let act = Act { method: "PATCH", ..Act::post(path, json!({ "sha": commit, "force": true })) };
            return self.remote.change(&act).await.map(drop);
        }
        meant(&act, answer).map(drop)
    }

    async fn open_one(&self, branch: &str) -> Result<Option<Value>, Failure> {
        let act =
            self.get(["pulls"]).asking("state", "open").asking("head", format!("{}:{branch}", self.owner));
        let found = self.remote.ask(&act).await?;
        // A server that does not know the filter gives all.
        let is_it = |pull: &&Value| pull["head"]["ref"] == branch;
        Ok(found.as_array().and_then(|found| found.iter().find(is_it)).cloned())
    }

    async fn requested(&self, input: &Input, place: &Place) -> Result<Value, Failure> {
        if input.update
            && let Some(open) = self.open_one(&place.branch).await?
        {
            return Ok(open);
        }
        let body = json!({
            "title": input.title, "body": input.description, "head": place.branch, "base": place.target,
            "draft": input.draft,
        });
        self.remote.change(&self.post(["pulls"], body)).await
    }

    async fn ask_for_reviews(&self, input: &Input, number: u64) -> Result<(), Failure> {
        let number = number.to_string();
        if !input.reviewers.is_empty() || !input.team_reviewers.is_empty() {
            let body = json!({ "reviewers": input.reviewers, "team_reviewers": input.team_reviewers });
            self.remote.change(&self.post(["pulls", &number, "requested_reviewers"], body)).await?;
        }
        if !input.assignees.is_empty() {
            let body = json!({ "assignees": input.assignees });
            self.remote.change(&self.post(["issues", &number, "assignees"], body)).await?;
        }
        Ok(())
    }
}
