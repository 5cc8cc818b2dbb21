//! Steps at Bitbucket beside those that make repositories (developer.atlassian.com/cloud/bitbucket/rest).

mod cloud;
mod pull_request;
mod server;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use stagedoor_hosts::Act;

use super::input::{done, read};
use super::publish::Remote;
use super::small::{Small, renamed, segment};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer};
use crate::services::Services;

/// All of them.
pub(super) fn all() -> Vec<Arc<dyn Performer>> {
    vec![
        Arc::new(RESTRICTION),
        Arc::new(RunPipeline),
        Arc::new(pull_request::PullRequest(cloud::Cloud)),
        Arc::new(pull_request::PullRequest(server::Server)),
    ]
}

fn text(title: &str) -> Value {
    json!({ "type": "string", "title": title })
}

const RESTRICTION: Small = Small {
    id: "bitbucketCloud:branchRestriction:create",
    kind: "bitbucketCloud",
    text: "Creates branch restrictions for a Bitbucket Cloud repository.",
    properties: || {
        let list = |key: &str, title: &str| json!({ "type": "array", "title": title, "items": { "type": "object", "required": [key], "properties": { key: { "type": "string" } } } });
        json!({
            "kind": { "type": "string", "title": "The kind of restriction", "enum": [
                "push", "force", "delete", "restrict_merges", "require_tasks_to_be_completed", "require_approvals_to_merge",
                "require_default_reviewer_approvals_to_merge", "require_no_changes_requested", "require_passing_builds_to_merge",
                "require_commits_behind", "reset_pullrequest_approvals_on_change", "smart_reset_pullrequest_approvals",
                "reset_pullrequest_changes_requested_on_change", "require_all_dependencies_merged", "enforce_merge_checks",
                "allow_auto_merge_when_builds_pass",
            ] },
            "branchMatchKind": { "type": "string", "enum": ["glob", "branching_model"], "title": "How branches are meant. Default: branching_model" },
            "branchType": { "type": "string", "enum": ["feature", "bugfix", "release", "hotfix", "development", "production"], "title": "With branching_model. Default: development" },
            "pattern": text("With glob: which branches"),
            "value": { "type": ["number", "null"], "title": "How many, for kinds that count. Default: 1" },
            "users": list("uuid", "Users who may push or merge all the same"),
            "groups": list("slug", "Groups that may"),
        })
    },
    required: &["kind"],
    calls: |url, input| {
        let workspace = url.needs(url.workspace.as_ref(), "workspace")?;
        let word = |key: &str, default: &'static str| {
            input.get(key).and_then(Value::as_str).unwrap_or(default).to_owned()
        };
        let (kind, by) = (word("kind", ""), word("branchMatchKind", "branching_model"));
        let mut body = renamed(input, &[("users", "users"), ("groups", "groups")]);
        body["type"] = "branchrestriction".into();
        body["branch_match_kind"] = by.as_str().into();
        body["value"] = match kind.as_str() {
            "push" => Value::Null,
            _ => input.get("value").cloned().unwrap_or_else(|| 1.into()),
        };
        body["kind"] = kind.into();
        if by == "glob" {
            body["pattern"] = word("pattern", "").into();
        } else {
            body["branch_type"] = word("branchType", "development").into();
        }
        Ok(vec![Act::post(["repositories", workspace, &url.repo, "branch-restrictions"], body)])
    },
    output: |answer| json!({ "json": answer.to_string(), "statusCode": 201 }),
    example: (
        "Nobody pushes to the development branch",
        "steps:\n  - action: bitbucketCloud:branchRestriction:create\n    id: restrict\n    name: Restrict\n    input:\n      repoUrl: bitbucket.org?repo=repo&workspace=workspace&project=project\n      kind: push\n",
    ),
    repeatable: false,
    already: None,
};

/// `bitbucket:pipelines:run`. It names the repository by its parts, and the host is the public one.
struct RunPipeline;

#[async_trait]
impl Performer for RunPipeline {
    fn id(&self) -> &'static str {
        "bitbucket:pipelines:run"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        Description {
            text: "Run a bitbucket cloud pipeline",
            input: json!({
                "type": "object",
                "required": ["workspace", "repo_slug"],
                "properties": {
                    "workspace": text("The workspace name"),
                    "repo_slug": text("The repository name"),
                    "body": { "type": "object", "title": "What Bitbucket is told: target and variables" },
                    "token": text("The token to use, in place of the one in integrations"),
                },
            }),
            output: json!({ "type": "object", "properties": {
                "buildNumber": { "type": "number", "title": "Build number" },
                "repoUrl": text("A URL to the pipeline repository"),
                "pipelinesUrl": text("A URL to the pipeline"),
            } }),
            examples: vec![(
                "Trigger a pipeline for a branch",
                "steps:\n  - action: bitbucket:pipelines:run\n    id: run\n    name: Run the pipeline\n    input:\n      workspace: test-workspace\n      repo_slug: test-repo-slug\n      body:\n        target: {ref_type: branch, type: pipeline_ref_target, ref_name: master}\n",
            )],
            dry_run: false,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Map<String, Value> = read(self, call)?;
        let (workspace, repository) = (segment(&input, "workspace")?, segment(&input, "repo_slug")?);
        let token = input.get("token").and_then(Value::as_str);
        let host = public(services)?;
        let remote = Remote::of(services, "bitbucketCloud", &host, &workspace, token).await?;
        let body = input.get("body").cloned().unwrap_or_else(|| json!({}));
        let run = Act::post(["repositories", &workspace, &repository, "pipelines"], body);
        let made = remote.change(&run).await?;
        let page = made.pointer("/repository/links/html/href").and_then(Value::as_str).unwrap_or_default();
        done(json!({
            "buildNumber": made["build_number"], "repoUrl": page, "pipelinesUrl": format!("{page}/pipelines"),
        }))
    }
}

/// The host of `integrations.bitbucketCloud`: there is one.
fn public(services: &Services) -> Result<String, Failure> {
    let hosts = services.hosts.as_deref();
    let found = hosts.and_then(|hosts| hosts.kinds().find(|(_, kind)| *kind == "bitbucketCloud"));
    found.map(|(host, _)| host.to_owned()).ok_or_else(|| Failure::new("this portal has no integrations"))
}
