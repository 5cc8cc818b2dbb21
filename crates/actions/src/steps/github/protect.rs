//! Protecting a branch.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Repo;
use crate::back_ends::answer::said;
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe};
use crate::services::Services;
use crate::steps::input::{done, read, warn};
use crate::steps::publish::meant;

/// How a branch is protected.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Protection {
    require_code_owner_reviews: Option<bool>,
    dismiss_stale_reviews: Option<bool>,
    #[serde(default)]
    required_status_check_contexts: Vec<String>,
    require_branches_to_be_up_to_date: Option<bool>,
    required_approving_review_count: Option<u64>,
    restrictions: Option<Value>,
    bypass_pull_request_allowances: Option<Value>,
    required_conversation_resolution: Option<bool>,
    require_last_push_approval: Option<bool>,
    required_commit_signing: Option<bool>,
    required_linear_history: Option<bool>,
    #[serde(alias = "protectEnforceAdmins")]
    enforce_admins: Option<bool>,
}

/// Properties of the schema that go with [`Protection`], but for the one about administrators.
pub(super) fn properties() -> Map<String, Value> {
    let flag = |title: &str| json!({ "type": "boolean", "title": title });
    let all = json!({
        "requireCodeOwnerReviews": flag("Require an approved review including files with a designated Code Owner"),
        "dismissStaleReviews": flag("New reviewable commits dismiss approvals that are stale. Default: false"),
        "requiredStatusCheckContexts": { "type": "array", "items": { "type": "string" }, "title": "Status checks that must pass" },
        "requireBranchesToBeUpToDate": flag("Require branches to be up to date before merging. Default: true"),
        "requiredApprovingReviewCount": { "type": "number", "title": "Reviews that a pull request needs" },
        "restrictions": { "type": "object", "title": "Who may push: users, teams, apps" },
        "bypassPullRequestAllowances": { "type": "object", "title": "Who may go without a pull request: users, teams, apps" },
        "requiredConversationResolution": flag("Conversations must be resolved before merging. Default: false"),
        "requireLastPushApproval": flag("The last push must be approved by somebody else. Default: false"),
        "requiredCommitSigning": flag("Commits must be signed. Default: false"),
        "requiredLinearHistory": flag("The history must be linear. Default: false"),
    });
    if let Value::Object(all) = all { all } else { Map::new() }
}

impl Repo<'_> {
    /// Protects a branch. A note where the plan of the owner has no protection: that is no reason to fail.
    pub(super) async fn protect(&self, branch: &str, wishes: &Protection) -> Result<Option<String>, Failure> {
        let body = json!({
            "required_status_checks": {
                "strict": wishes.require_branches_to_be_up_to_date.unwrap_or(true),
                "contexts": wishes.required_status_check_contexts,
            },
            "restrictions": wishes.restrictions,
            "enforce_admins": wishes.enforce_admins.unwrap_or(true),
            "required_pull_request_reviews": {
                "required_approving_review_count": wishes.required_approving_review_count.unwrap_or(1),
                "require_code_owner_reviews": wishes.require_code_owner_reviews.unwrap_or(false),
                "bypass_pull_request_allowances": wishes.bypass_pull_request_allowances.clone().unwrap_or_else(|| json!({})),
                "dismiss_stale_reviews": wishes.dismiss_stale_reviews.unwrap_or(false),
                "require_last_push_approval": wishes.require_last_push_approval.unwrap_or(false),
            },
            "required_conversation_resolution": wishes.required_conversation_resolution.unwrap_or(false),
            "required_linear_history": wishes.required_linear_history.unwrap_or(false),
        });
        let act = self.put(["branches", branch, "protection"], body);
        let answer = self.remote.send(&act).await?;
        let why = said(&answer);
        if answer.status == 403 && why.contains("Upgrade to GitHub Pro") {
            return Ok(Some(format!(
                "Branch protection was not enabled as it requires GitHub Pro for private repositories: {why}"
            )));
        }
        meant(&act, answer)?;
        if wishes.required_commit_signing == Some(true) {
            let act = self.post(["branches", branch, "protection", "required_signatures"], json!({}));
            self.remote.change(&act).await?;
        }
        Ok(None)
    }
}

/// `github:branch-protection:create`.
pub(crate) struct BranchProtection;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    repo_url: String,
    branch: Option<String>,
    token: Option<String>,
    #[serde(flatten)]
    protection: Protection,
}

#[async_trait]
impl Performer for BranchProtection {
    fn id(&self) -> &'static str {
        "github:branch-protection:create"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        let text = |title: &str| json!({ "type": "string", "title": title });
        let mut all = properties();
        all.insert(
            "repoUrl".to_owned(),
            text("Repository Location, such as github.com?repo=reponame&owner=owner"),
        );
        all.insert("branch".to_owned(), text("The branch to protect. Default: the repository's own"));
        all.insert("token".to_owned(), text("The token to use for authorization to GitHub"));
        all.insert(
            "enforceAdmins".to_owned(),
            json!({ "type": "boolean", "title": "Administrators are held to it, too. Default: true" }),
        );
        Description {
            text: "Configures Branch Protection",
            input: json!({ "type": "object", "required": ["repoUrl"], "properties": all }),
            output: json!({ "type": "object", "properties": {} }),
            examples: vec![(
                "GitHub Branch Protection for repository's default branch.",
                "steps:\n  - action: github:branch-protection:create\n    name: Setup Branch Protection\n    input:\n      repoUrl: github.com?repo=repo&owner=owner\n",
            )],
            dry_run: false,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        let repo = Repo::of(services, &input.repo_url, input.token.as_deref()).await?;
        let branch = match input.branch.filter(|name| !name.is_empty()) {
            Some(branch) => branch,
            None => {
                let found = repo.remote.ask(&repo.get([])).await?;
                found["default_branch"].as_str().unwrap_or("main").to_owned()
            }
        };
        let note = repo.protect(&branch, &input.protection).await?;
        note.iter().for_each(|note| warn(services, call, note));
        done(json!({}))
    }

    /// It is set, and may be set again.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Repeat
    }
}
