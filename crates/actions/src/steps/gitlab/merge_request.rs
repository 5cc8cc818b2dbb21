//! `publish:gitlab:merge-request`, and `gitlab:repo:push`, which is its first half: the workspace as a commit on a branch,
//! made by GitLab's API.

use std::collections::HashSet;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use stagedoor_hosts::{Act, CommitFile};

use super::Project;
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe, Report};
use crate::services::Services;
use crate::steps::input::{blocking, done, read, say, workspace};
use crate::steps::publish::files;

/// Pages of a tree that are read to find out which files are there.
const MOST_PAGES: usize = 200;

pub(super) struct MergeRequest;

pub(super) struct RepoPush;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    repo_url: String,
    token: Option<String>,
    branch_name: String,
    source_path: Option<String>,
    target_path: Option<String>,
    commit_action: Option<String>,
    /// Of a push.
    commit_message: Option<String>,
    /// Of a merge request.
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: String,
    target_branch_name: Option<String>,
    #[serde(default)]
    remove_source_branch: bool,
    assignee: Option<String>,
    #[serde(default)]
    reviewers: Vec<String>,
    labels: Option<Value>,
}

fn schema(required: &[&str]) -> Value {
    let text = |title: &str| json!({ "type": "string", "title": title });
    json!({
        "type": "object",
        "required": required,
        "properties": {
            "repoUrl": text("Repository Location, such as gitlab.com?repo=project_name&owner=group_name"),
            "token": text("The token to use for authorization to GitLab"),
            "branchName": text("The branch that the commit goes to; it is made where it is not there"),
            "sourcePath": text("Subdirectory of the workspace to copy changes from"),
            "targetPath": text("Subdirectory of the repository to apply changes to"),
            "commitAction": { "type": "string", "enum": ["create", "update", "delete", "auto", "skip"], "title": "What is done to each file. auto: create or update, skip: only create. Default: create" },
            "commitMessage": text("The commit message of a push"),
            "title": text("The title of the merge request"),
            "description": text("The description of the merge request"),
            "targetBranchName": text("The branch that it is to be merged into. Default: the project's own"),
            "removeSourceBranch": { "type": "boolean", "title": "Delete the branch when it is merged" },
            "assignee": text("User it is assigned to"),
            "reviewers": { "type": "array", "items": { "type": "string" }, "title": "Users that are asked for a review" },
            "labels": { "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }], "title": "Labels" },
        },
    })
}

impl Input {
    async fn files(&self, services: &Services) -> Result<Vec<CommitFile>, Failure> {
        let (folder, source) = (workspace(services)?, self.source_path.clone());
        blocking(move || files(&folder.existing_folder(source.as_deref().unwrap_or("./"))?)).await
    }

    /// Makes the commit; the branch comes off `start` where it is not there.
    async fn commit(
        &self,
        services: &Services,
        project: &Project<'_>,
        start: &str,
        message: &str,
    ) -> Result<Value, Failure> {
        let files = self.files(services).await?;
        let mode = self.commit_action.as_deref().unwrap_or("create");
        let branch = project.remote.find(&project.get(["repository", "branches", &self.branch_name])).await?;
        let known = match mode {
            "auto" | "skip" => {
                let at = if branch.is_some() { &self.branch_name } else { start };
                project.paths(at).await?
            }
            _ => HashSet::new(),
        };
        let prefix =
            self.target_path.as_deref().unwrap_or_default().trim_start_matches("./").trim_matches('/');
        let mut actions = Vec::new();
        for file in files {
            let path = if matches!(prefix, "" | ".") { file.path } else { format!("{prefix}/{}", file.path) };
            let action = match (mode, known.contains(&path)) {
                ("skip", true) => continue,
                ("auto", true) => "update",
                ("auto" | "skip", false) => "create",
                (other, _) => other,
            };
            let mut entry = json!({ "action": action, "file_path": path });
            if action != "delete" {
                entry["encoding"] = "base64".into();
                entry["content"] = STANDARD.encode(&file.content).into();
                entry["execute_filemode"] = file.executable.into();
            }
            actions.push(entry);
        }
        let mut body = json!({ "branch": self.branch_name, "commit_message": message, "actions": actions });
        if branch.is_none() {
            body["start_branch"] = start.into();
        }
        project.remote.change(&project.post(["repository", "commits"], body)).await
    }
}

impl Project<'_> {
    async fn found(&self) -> Result<Value, Failure> {
        self.remote.ask(&self.get([])).await
    }

    /// Every file of a branch.
    async fn paths(&self, branch: &str) -> Result<HashSet<String>, Failure> {
        let mut all = HashSet::new();
        for page in 1..=MOST_PAGES {
            let act = self.get(["repository", "tree"]).asking("ref", branch).asking("recursive", "true");
            let act = act.asking("per_page", "100").asking("page", page.to_string());
            let Some(found) = self.remote.find(&act).await? else { return Ok(all) };
            let found = found.as_array().cloned().unwrap_or_default();
            all.extend(found.iter().filter_map(|entry| entry["path"].as_str().map(str::to_owned)));
            if found.len() < 100 {
                return Ok(all);
            }
        }
        Err(Failure::new(format!("{} has too many files to compare with: use create or update", self.path)))
    }

    async fn user(&self, name: &str) -> Result<Value, Failure> {
        let found = self.remote.ask(&Act::get(["users"]).asking("username", name)).await?;
        let id = found[0]["id"].clone();
        if id.is_null() { Err(Failure::new(format!("GitLab has no user {name}"))) } else { Ok(id) }
    }
}

fn default_branch(found: &Value) -> &str {
    found["default_branch"].as_str().unwrap_or("main")
}

#[async_trait]
impl Performer for MergeRequest {
    fn id(&self) -> &'static str {
        "publish:gitlab:merge-request"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn needs_workspace(&self) -> bool {
        true
    }

    fn describe(&self) -> Description {
        Description {
            text: "Creates a merge request of the files of the workspace",
            input: schema(&["repoUrl", "branchName", "title", "description"]),
            output: json!({ "type": "object", "properties": {
                "targetBranchName": { "type": "string" },
                "projectid": { "type": "string" },
                "projectPath": { "type": "string" },
                "mergeRequestUrl": { "type": "string", "title": "Link to the merge request in GitLab" },
                "mergeRequestIid": { "type": "number" },
            } }),
            examples: vec![(
                "Create a merge request with a specific assignee",
                "steps:\n  - action: publish:gitlab:merge-request\n    id: createMergeRequest\n    name: Create a Merge Request\n    input:\n      repoUrl: gitlab.com?repo=repo&owner=owner\n      title: Create my new MR\n      branchName: new-mr\n      description: MR description\n      assignee: my-assignee\n",
            )],
            dry_run: false,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        let project = Project::of(services, &input.repo_url, input.token.as_deref()).await?;
        let found = project.found().await?;
        let target = input.target_branch_name.as_deref().filter(|name| !name.is_empty());
        let target = target.unwrap_or_else(|| default_branch(&found));
        input.commit(services, &project, target, &input.title).await?;
        let mut body = json!({
            "source_branch": input.branch_name, "target_branch": target, "title": input.title,
            "description": input.description, "remove_source_branch": input.remove_source_branch,
        });
        if let Some(assignee) = &input.assignee {
            body["assignee_id"] = project.user(assignee).await?;
        }
        if !input.reviewers.is_empty() {
            let mut ids = Vec::new();
            for name in &input.reviewers {
                ids.push(project.user(name).await?);
            }
            body["reviewer_ids"] = ids.into();
        }
        body["labels"] = input.labels.clone().unwrap_or_default();
        let request = project.remote.change(&project.post(["merge_requests"], body)).await?;
        say(services, call, &format!("Merge request !{}", request["iid"]));
        done(told(&project, &request, target))
    }

    /// An open merge request of the branch is the one.
    async fn probe(&self, call: &Call<'_>, services: &Services) -> Probe {
        let found = async {
            let input: Input = read(self, call)?;
            let project = Project::of(services, &input.repo_url, input.token.as_deref()).await?;
            let act = project.get(["merge_requests"]).asking("state", "opened");
            let open = project.remote.ask(&act.asking("source_branch", &input.branch_name)).await?;
            let branch =
                project.remote.find(&project.get(["repository", "branches", &input.branch_name])).await?;
            let happened = open.get(0).map(|request| {
                told(&project, request, request["target_branch"].as_str().unwrap_or_default())
            });
            Ok::<_, Failure>((happened, branch.is_some()))
        };
        match found.await {
            Ok((Some(output), _)) => {
                Probe::Happened(Box::new(Outcome::Done { output, report: Report::default() }))
            }
            Ok((None, false)) => Probe::DidNot,
            _ => Probe::Unknown,
        }
    }
}

fn told(project: &Project<'_>, request: &Value, target: &str) -> Value {
    json!({
        "targetBranchName": target,
        "projectid": request["project_id"],
        "projectPath": project.path,
        "mergeRequestUrl": request["web_url"],
        "mergeRequestIid": request["iid"],
    })
}

#[async_trait]
impl Performer for RepoPush {
    fn id(&self) -> &'static str {
        "gitlab:repo:push"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn needs_workspace(&self) -> bool {
        true
    }

    fn describe(&self) -> Description {
        Description {
            text: "Pushes the files of the workspace to a branch of a GitLab project",
            input: schema(&["repoUrl", "branchName", "commitMessage"]),
            output: json!({ "type": "object", "properties": {
                "projectid": { "type": "string" },
                "projectPath": { "type": "string" },
                "commitHash": { "type": "string" },
            } }),
            examples: vec![(
                "Push changes to gitlab repository with minimal changes",
                "steps:\n  - action: gitlab:repo:push\n    id: pushChanges\n    name: Push changes to gitlab repository\n    input:\n      repoUrl: gitlab.com?repo=repo&owner=owner\n      commitMessage: Initial Commit\n      branchName: feature-branch\n",
            )],
            dry_run: false,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        let project = Project::of(services, &input.repo_url, input.token.as_deref()).await?;
        let found = project.found().await?;
        let message = input.commit_message.clone().unwrap_or_default();
        let commit = input.commit(services, &project, default_branch(&found), &message).await?;
        done(json!({ "projectid": found["id"], "projectPath": project.path, "commitHash": commit["id"] }))
    }
}
