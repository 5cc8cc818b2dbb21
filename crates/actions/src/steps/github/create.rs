//! Making a repository, with all that its input says of it.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use stagedoor_hosts::Act;

use super::{Repo, secrets};
use crate::back_ends::answer::said;
use crate::performer::{Call, Failure};
use crate::services::Services;
use crate::steps::input::warn;
use crate::steps::publish::{may_be_ours, meant};

/// A repository, by GitHub's description.
pub(super) enum Created {
    /// Made a moment ago, and furnished.
    Now(Value),
    /// There already.
    Before(Value),
}

/// What is said of a new repository.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wishes {
    description: Option<String>,
    homepage: Option<String>,
    access: Option<String>,
    repo_visibility: Option<String>,
    delete_branch_on_merge: Option<bool>,
    allow_merge_commit: Option<bool>,
    allow_squash_merge: Option<bool>,
    allow_rebase_merge: Option<bool>,
    allow_auto_merge: Option<bool>,
    allow_update_branch: Option<bool>,
    squash_merge_commit_title: Option<String>,
    squash_merge_commit_message: Option<String>,
    has_projects: Option<bool>,
    has_wiki: Option<bool>,
    has_issues: Option<bool>,
    #[serde(default)]
    collaborators: Vec<Collaborator>,
    #[serde(default)]
    topics: Vec<String>,
    #[serde(default)]
    repo_variables: Map<String, Value>,
    #[serde(default)]
    secrets: Map<String, Value>,
    oidc_customization: Option<Value>,
    custom_properties: Option<Value>,
    workflow_access: Option<String>,
    #[serde(default)]
    subscribe: bool,
}

#[derive(Deserialize)]
struct Collaborator {
    user: Option<String>,
    team: Option<String>,
    access: String,
}

/// Properties of the schema that go with [`Wishes`].
pub(super) fn properties() -> Map<String, Value> {
    let text = |title: &str| json!({ "type": "string", "title": title });
    let flag = |title: &str| json!({ "type": "boolean", "title": title });
    let all = json!({
        "description": text("Repository Description"),
        "homepage": text("Repository Homepage"),
        "access": text("Sets an admin collaborator on the repository: a user, or a team as org/team"),
        "repoVisibility": { "type": "string", "title": "Repository Visibility", "enum": ["private", "public", "internal"] },
        "deleteBranchOnMerge": flag("Delete the branch after merging the PR. Default: false"),
        "allowMergeCommit": flag("Allow merge commits. Default: true"),
        "allowSquashMerge": flag("Allow squash merges. Default: true"),
        "allowRebaseMerge": flag("Allow rebase merges. Default: true"),
        "allowAutoMerge": flag("Allow individual PRs to merge automatically when all merge requirements are met. Default: false"),
        "allowUpdateBranch": flag("Allow branch to be updated. Default: false"),
        "squashMergeCommitTitle": { "type": "string", "enum": ["PR_TITLE", "COMMIT_OR_PR_TITLE"] },
        "squashMergeCommitMessage": { "type": "string", "enum": ["PR_BODY", "COMMIT_MESSAGES", "BLANK"] },
        "hasProjects": flag("Enable projects for the repository"),
        "hasWiki": flag("Enable the wiki for the repository"),
        "hasIssues": flag("Enable issues for the repository"),
        "collaborators": {
            "type": "array",
            "title": "Collaborators: users or teams with permissions",
            "items": {
                "type": "object",
                "required": ["access"],
                "properties": { "access": text("The type of access"), "user": text("A user"), "team": text("A team") },
            },
        },
        "topics": { "type": "array", "items": { "type": "string" }, "title": "Topics" },
        "repoVariables": { "type": "object", "title": "Variables of the repository" },
        "secrets": { "type": "object", "title": "Secrets of the repository" },
        "oidcCustomization": { "type": "object", "title": "OIDC customization template attached to the repository" },
        "customProperties": { "type": "object", "title": "Custom properties of the repository; only for organizations" },
        "workflowAccess": { "type": "string", "enum": ["none", "user", "organization"], "title": "Who may use the workflows of the repository" },
        "subscribe": flag("Subscribe to the repository"),
    });
    if let Value::Object(all) = all { all } else { Map::new() }
}

impl Repo<'_> {
    /// Makes the repository. Where it is there already it may be one that this run has made before it was cut off: then it
    /// is given, too, and nothing is set in it before it has shown to be ours.
    pub(super) async fn create(
        &self,
        call: &Call<'_>,
        services: &Services,
        wishes: &Wishes,
    ) -> Result<Created, Failure> {
        secrets::check(wishes.secrets.keys())?;
        let owner = self.remote.ask(&Act::get(["users", &self.owner])).await?;
        let of_organization = owner["type"] == "Organization";
        let path = if of_organization { vec!["orgs", &self.owner, "repos"] } else { vec!["user", "repos"] };
        let act = Act::post(path, self.body(wishes, of_organization));
        let answer = self.remote.send(&act).await?;
        let exists = answer.status == 422 && String::from_utf8_lossy(&answer.body).contains("already exists");
        if exists
            && let Some(found) = self.remote.find(&self.get([])).await?
            && may_be_ours(call, &found)
        {
            return Ok(Created::Before(found));
        }
        let kind = if of_organization { "organization" } else { "user" };
        let said = if exists { "it exists already".to_owned() } else { said(&answer) };
        let made = meant(&act, answer).map_err(|failure| {
            let message =
                format!("Failed to create the {kind} repository {}/{}, {said}", self.owner, self.name);
            Failure { message: format!("{message} ({})", failure.message), ..failure }
        })?;
        self.furnish(call, services, wishes).await?;
        Ok(Created::Now(made))
    }

    /// Whether nothing has been put into it.
    pub(super) async fn is_empty(&self) -> Result<bool, Failure> {
        let branches = self.remote.ask(&self.get(["branches"])).await?;
        Ok(branches.as_array().is_some_and(Vec::is_empty))
    }

    fn body(&self, wishes: &Wishes, of_organization: bool) -> Value {
        let visibility = wishes.repo_visibility.as_deref().unwrap_or("private");
        let mut body = json!({
            "name": self.name,
            "private": visibility != "public",
            "description": wishes.description,
            "homepage": wishes.homepage,
            "delete_branch_on_merge": wishes.delete_branch_on_merge.unwrap_or(false),
            "allow_merge_commit": wishes.allow_merge_commit.unwrap_or(true),
            "allow_squash_merge": wishes.allow_squash_merge.unwrap_or(true),
            "allow_rebase_merge": wishes.allow_rebase_merge.unwrap_or(true),
            "allow_auto_merge": wishes.allow_auto_merge.unwrap_or(false),
            "allow_update_branch": wishes.allow_update_branch.unwrap_or(false),
            "squash_merge_commit_title": wishes.squash_merge_commit_title,
            "squash_merge_commit_message": wishes.squash_merge_commit_message,
            "has_projects": wishes.has_projects,
            "has_wiki": wishes.has_wiki,
            "has_issues": wishes.has_issues,
        });
        if of_organization {
            body["visibility"] = visibility.into();
            body["custom_properties"] = wishes.custom_properties.clone().unwrap_or_default();
        }
        if let Some(body) = body.as_object_mut() {
            body.retain(|_, value| !value.is_null());
        }
        body
    }

    /// What is set once the repository is there; each may be set again. Whom GitHub does not let in is no reason to fail,
    /// and neither are topics.
    pub(super) async fn furnish(
        &self,
        call: &Call<'_>,
        services: &Services,
        wishes: &Wishes,
    ) -> Result<(), Failure> {
        let access = wishes.access.as_deref().filter(|access| !access.is_empty() && *access != self.owner);
        if let Some(access) = access {
            match access.split_once('/') {
                Some((organization, team)) => self.let_team(organization, team, "admin").await?,
                None => self.let_user(access, "admin").await?,
            }
        }
        for Collaborator { user, team, access } in &wishes.collaborators {
            let (who, done) = match (user, team) {
                (Some(user), _) => (user.as_str(), self.let_user(name(user), access).await),
                (None, Some(team)) => (team.as_str(), self.let_team(&self.owner, name(team), access).await),
                (None, None) => ("nobody", Err(Failure::new("it names neither a user nor a team"))),
            };
            forgiven(done, &format!("Skipping {access} access for {who}"), call, services)?;
        }
        if !wishes.topics.is_empty() {
            let names: Vec<String> = wishes.topics.iter().map(|topic| topic.to_lowercase()).collect();
            let done = self.remote.change(&self.put(["topics"], json!({ "names": names }))).await;
            forgiven(done.map(drop), &format!("Skipping topics {}", names.join(" ")), call, services)?;
        }
        for (name, value) in &wishes.repo_variables {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let act = self.post(["actions", "variables"], json!({ "name": name, "value": value }));
            let answer = self.remote.send(&act).await?;
            if answer.status == 409 {
                let act = self.post(["actions", "variables", name], json!({ "name": name, "value": value }));
                self.remote.change(&Act { method: "PATCH", ..act }).await?;
            } else {
                meant(&act, answer)?;
            }
        }
        self.set_secrets(&wishes.secrets).await?;
        if let Some(wish) = &wishes.oidc_customization {
            let body =
                json!({ "use_default": wish["useDefault"], "include_claim_keys": wish["includeClaimKeys"] });
            self.remote.change(&self.put(["actions", "oidc", "customization", "sub"], body)).await?;
        }
        if let Some(level) = &wishes.workflow_access {
            let body = json!({ "access_level": level });
            self.remote.change(&self.put(["actions", "permissions", "access"], body)).await?;
        }
        if wishes.subscribe {
            let body = json!({ "subscribed": true, "ignored": false });
            self.remote.change(&self.put(["subscription"], body)).await?;
        }
        Ok(())
    }

    async fn let_user(&self, user: &str, access: &str) -> Result<(), Failure> {
        let act = self.put(["collaborators", user], json!({ "permission": access }));
        self.remote.change(&act).await.map(drop)
    }

    async fn let_team(&self, organization: &str, team: &str, access: &str) -> Result<(), Failure> {
        let path = ["orgs", organization, "teams", team, "repos", &self.owner, &self.name];
        let act = Act { method: "PUT", ..Act::post(path, json!({ "permission": access })) };
        self.remote.change(&act).await.map(drop)
    }
}

/// The name in a reference such as `user:default/ada`.
fn name(reference: &str) -> &str {
    reference.rsplit([':', '/']).next().unwrap_or(reference)
}

/// What did not work is told, and no failure, but where it is worth trying again.
fn forgiven(
    done: Result<(), Failure>,
    what: &str,
    call: &Call<'_>,
    services: &Services,
) -> Result<(), Failure> {
    match done {
        Err(failure) if failure.retry.is_none() => {
            warn(services, call, &format!("{what}, {}", failure.message));
            Ok(())
        }
        done => done,
    }
}
