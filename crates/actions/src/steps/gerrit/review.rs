//! `publish:gerrit:review`: the files of the workspace over those of a branch, as a change that waits for its review.

use async_trait::async_trait;
use serde_json::{Value, json};
use stagedoor_hosts::{Act, Goal};

use super::{Input, Project, text};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe, Report};
use crate::services::Services;
use crate::steps::input::{done, read, say};
use crate::steps::publish::pushed_over;

pub(super) struct Review;

impl Input {
    fn reviewed(&self) -> &str {
        self.branch.as_deref().filter(|name| !name.is_empty()).unwrap_or("master")
    }
}

fn told(project: &Project<'_>, id: &str) -> Value {
    json!({ "reviewUrl": format!("{}{id}", project.places.changes), "repoContentsUrl": project.places.files })
}

#[async_trait]
impl Performer for Review {
    fn id(&self) -> &'static str {
        "publish:gerrit:review"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn needs_workspace(&self) -> bool {
        true
    }

    fn describe(&self) -> Description {
        Description {
            text: "Creates a new Gerrit review.",
            input: json!({
                "type": "object",
                "required": ["repoUrl", "gitCommitMessage"],
                "properties": {
                    "repoUrl": text("Repository Location"),
                    "branch": text("Branch of the repository the review will be created on. Default: master"),
                    "sourcePath": text("Path within the workspace whose files are put over those of the branch"),
                    "gitCommitMessage": text("Sets the commit message"),
                    "gitAuthorName": text("Sets the author name for the commit. Default: Scaffolder"),
                    "gitAuthorEmail": text("Sets the author email for the commit"),
                },
            }),
            output: json!({ "type": "object", "properties": {
                "reviewUrl": text("A URL to the review"),
                "repoContentsUrl": text("A URL to the root of the repository"),
            } }),
            examples: vec![(
                "Creates a new Gerrit review with minimal options",
                "steps:\n  - action: publish:gerrit:review\n    id: publish\n    name: Publish new gerrit review\n    input:\n      repoUrl: gerrithost.org?repo=repo&owner=owner\n      gitCommitMessage: Initial Commit Message\n",
            )],
            dry_run: false,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        if input.git_commit_message.as_deref().is_none_or(|text| text.trim().is_empty()) {
            return Err(Failure::new("Missing gitCommitMessage input"));
        }
        let branch = input.reviewed();
        let project = Project::of(services, &input.repo_url, branch).await?;
        let commit = project.commit(call, services, &input).await?;
        let (clone, login) = (&project.places.clone, project.remote.login());
        say(services, call, &format!("Pushing {} files for {branch} of {clone}", commit.files.len()));
        pushed_over(services, clone, (branch, &Goal::Review), commit, login.as_ref()).await?;
        let output = told(&project, &project.change_id(call));
        say(
            services,
            call,
            &format!("Review available on {}", output["reviewUrl"].as_str().unwrap_or_default()),
        );
        done(output)
    }

    /// A change of its id is the one.
    async fn probe(&self, call: &Call<'_>, services: &Services) -> Probe {
        let found = async {
            let input: Input = read(self, call)?;
            let project = Project::of(services, &input.repo_url, input.reviewed()).await?;
            let id = project.change_id(call);
            let act = Act::get(["changes", ""]).asking("q", format!("change:{id}")).asking("n", "1");
            let there = project.remote.ask(&act).await?;
            let is_there = there.as_array().is_some_and(|changes| !changes.is_empty());
            Ok::<_, Failure>(is_there.then(|| told(&project, &id)))
        };
        match found.await {
            Ok(Some(output)) => {
                Probe::Happened(Box::new(Outcome::Done { output, report: Report::default() }))
            }
            Ok(None) => Probe::Repeat,
            Err(_) => Probe::Unknown,
        }
    }
}
