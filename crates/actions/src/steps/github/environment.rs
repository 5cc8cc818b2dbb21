//! `github:environment:create`.

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use stagedoor_hosts::Act;

use super::{Repo, secrets};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe};
use crate::services::Services;
use crate::steps::input::{done, read, say};
use crate::steps::publish::meant;
use crate::steps::small::{renamed, segment};

pub(crate) struct Environment;

fn properties() -> Value {
    let text = |title: &str| json!({ "type": "string", "title": title });
    let list = |title: &str| json!({ "type": "array", "items": { "type": "string" }, "title": title });
    json!({
        "repoUrl": text("Repository Location, such as github.com?repo=reponame&owner=owner"),
        "token": text("The token to use, in place of the one in integrations"),
        "name": text("Name of the deployment environment to create"),
        "deploymentBranchPolicy": { "type": "object", "title": "protected_branches or custom_branch_policies" },
        "customBranchPolicyNames": list("Patterns of branches that may deploy"),
        "customTagPolicyNames": list("Patterns of tags that may deploy"),
        "environmentVariables": { "type": "object", "title": "Variables of the environment" },
        "secrets": { "type": "object", "title": "Secrets of the environment" },
        "preventSelfReview": { "type": "boolean", "title": "Who set a deployment going may not approve it" },
        "waitTimer": { "type": "number", "title": "Minutes to wait" },
    })
}

/// The environment, its patterns and its variables.
fn acts(repo: &Repo<'_>, input: &Map<String, Value>, name: &str) -> Vec<Act> {
    let policy = input.get("deploymentBranchPolicy").cloned();
    let mut body =
        renamed(input, &[("waitTimer", "wait_timer"), ("preventSelfReview", "prevent_self_review")]);
    body["deployment_branch_policy"] = policy.unwrap_or_default();
    let mut acts = vec![repo.put(["environments", name], body)];
    for (key, kind) in [("customBranchPolicyNames", "branch"), ("customTagPolicyNames", "tag")] {
        for pattern in input.get(key).and_then(Value::as_array).into_iter().flatten() {
            let body = json!({ "name": pattern, "type": kind });
            acts.push(repo.post(["environments", name, "deployment-branch-policies"], body));
        }
    }
    for (key, value) in input.get("environmentVariables").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        acts.push(repo.post(["environments", name, "variables"], json!({ "name": key, "value": value })));
    }
    acts
}

#[async_trait]
impl Performer for Environment {
    fn id(&self) -> &'static str {
        "github:environment:create"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        Description {
            text: "Creates Deployment Environments",
            input: json!({ "type": "object", "required": ["repoUrl", "name"], "properties": properties() }),
            output: json!({ "type": "object" }),
            examples: vec![(
                "Create a GitHub Environment",
                "steps:\n  - action: github:environment:create\n    name: Create Environment\n    input:\n      repoUrl: github.com?repo=repo&owner=owner\n      name: envname\n",
            )],
            dry_run: false,
        }
    }

    fn secret_inputs(&self) -> &'static [&'static str] {
        &["secrets"]
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Map<String, Value> = read(self, call)?;
        if input.get("reviewers").is_some_and(|value| !value.is_null()) {
            return Err(Failure::new("reviewers of an environment are not there: set them at GitHub"));
        }
        let text = |key: &str| input.get(key).and_then(Value::as_str);
        let name = segment(&input, "name")?;
        let none = Map::new();
        let secrets = input.get("secrets").and_then(Value::as_object).unwrap_or(&none);
        secrets::check(secrets.keys())?;
        let repo = Repo::of(services, text("repoUrl").unwrap_or_default(), text("token")).await?;
        for act in acts(&repo, &input, &name) {
            let answer = repo.remote.send(&act).await?;
            // A variable or pattern of before.
            if answer.status == 409 {
                say(services, call, "It is there already");
            } else {
                meant(&act, answer)?;
            }
        }
        repo.set_environment_secrets(&name, secrets).await?;
        done(json!({}))
    }

    /// All of it may be set again.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Repeat
    }
}
