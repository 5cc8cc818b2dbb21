//! What a form may offer of a code host: owners, repositories and branches, as somebody's own token sees them. The portal's
//! credentials are not used: what they see is more than whoever fills in a form may know.
//!
//! Providers and resources are those of Backstage's scaffolder modules for GitHub, GitLab and Bitbucket Cloud. Sources:
//! docs.github.com/rest (repos, orgs, branches), docs.gitlab.com/api (groups, users, projects),
//! developer.atlassian.com/cloud/bitbucket/rest.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::act::{Act, Undone};
use crate::error::HostError;
use crate::grant::Granted;
use crate::hosts::Hosts;

/// Pages that are read of one list, of 100 choices each.
const PAGES: usize = 20;
/// On a page.
const EACH: usize = 100;

/// Something to be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is to be filled in, or to be asked with.
    pub id: String,
    /// For people, where that is something else.
    pub title: Option<String>,
}

/// Why there are no choices.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoChoices {
    /// The question is wrong.
    #[error("{0}")]
    Question(String),
    /// The host says no, or something that makes no sense.
    #[error("{0}")]
    Refused(String),
    /// The host cannot be asked now.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// Providers by their names in Backstage: the host's key in `integrations`, and the host that is meant where none is named.
const PROVIDERS: [(&str, &str, &str); 3] = [
    ("bitbucket-cloud", "bitbucketCloud", "bitbucket.org"),
    ("github", "github", "github.com"),
    ("gitlab", "gitlab", "gitlab.com"),
];

impl Hosts {
    /// What there is to choose from, as the owner of `token` sees it. `context` has the `host` where it is not the public
    /// one, and what the choice depends on.
    ///
    /// # Errors
    /// [`NoChoices`].
    pub async fn choices(
        &self,
        provider: &str,
        resource: &str,
        token: &str,
        context: &BTreeMap<String, String>,
    ) -> Result<Vec<Choice>, NoChoices> {
        let known = PROVIDERS.iter().find(|(name, ..)| *name == provider);
        let Some((_, kind, public)) = known else {
            return wrong(format!("Unsupported provider: {provider}"));
        };
        if token.is_empty() {
            return wrong("a token of the person who fills in the form is needed".into());
        }
        let host = context.get("host").map_or(*public, String::as_str);
        let granted = self.granted(host, "", Some(token)).await?;
        if granted.kind() != *kind {
            return wrong(format!("{host} stands under integrations.{}, not {kind}", granted.kind()));
        }
        let asked = Asked { granted, context };
        match *kind {
            "github" => asked.github(resource).await,
            "gitlab" => asked.gitlab(resource).await,
            _ => asked.bitbucket(resource).await,
        }
    }
}

fn wrong<T>(text: String) -> Result<T, NoChoices> {
    Err(NoChoices::Question(text))
}

fn unknown<T>(resource: &str) -> Result<T, NoChoices> {
    wrong(format!("Invalid resource: {resource}"))
}

/// A question to one host.
struct Asked<'a> {
    granted: Granted<'a>,
    context: &'a BTreeMap<String, String>,
}

impl Asked<'_> {
    async fn github(&self, resource: &str) -> Result<Vec<Choice>, NoChoices> {
        match resource {
            "repositoriesWithOwner" => self.named(Act::get(["user", "repos"]), "full_name").await,
            "owners" => self.named(Act::get(["user", "orgs"]), "login").await,
            "branches" => {
                let [owner, repository] = self.needed(["owner", "repository"])?;
                self.named(Act::get(["repos", owner, repository, "branches"]), "name").await
            }
            _ => unknown(resource),
        }
    }

    async fn gitlab(&self, resource: &str) -> Result<Vec<Choice>, NoChoices> {
        match resource {
            "groups" => {
                let mut all = self.of(Act::get(["groups"]), |one| titled(one, "id", "full_path")).await?;
                all.extend(titled(&self.ask(&Act::get(["user"])).await?, "id", "username"));
                Ok(all)
            }
            "repositories" => {
                let Some(id) = self.context.get("id").filter(|id| is_name(id)) else {
                    return wrong("Missing groupId and userId context parameter".into());
                };
                let own = text(&self.ask(&Act::get(["user"])).await?, "id");
                let place = if own.as_ref() == Some(id) { "users" } else { "groups" };
                self.of(Act::get([place, id, "projects"]), |one| titled(one, "path", "name")).await
            }
            _ => unknown(resource),
        }
    }

    async fn bitbucket(&self, resource: &str) -> Result<Vec<Choice>, NoChoices> {
        match resource {
            "workspaces" => self.named(Act::get(["workspaces"]), "slug").await,
            "projects" => {
                let [workspace] = self.needed(["workspace"])?;
                self.named(Act::get(["workspaces", workspace, "projects"]), "key").await
            }
            "repositories" => {
                let [workspace, project] = self.needed(["workspace", "project"])?;
                if project.contains(['"', '\\']) {
                    return wrong("project has letters that no key of a project has".into());
                }
                let act = Act::get(["repositories", workspace]);
                self.named(act.asking("q", format!("project.key=\"{project}\"")), "slug").await
            }
            "branches" => {
                let [workspace, repository] = self.needed(["workspace", "repository"])?;
                self.named(Act::get(["repositories", workspace, repository, "refs", "branches"]), "name")
                    .await
            }
            _ => unknown(resource),
        }
    }

    /// What the choice depends on. Each is one part of a path.
    fn needed<const N: usize>(&self, keys: [&str; N]) -> Result<[&str; N], NoChoices> {
        let found = keys.map(|key| self.context.get(key).map(String::as_str).filter(|text| is_name(text)));
        if found.contains(&None) {
            return wrong(format!("Missing {} context parameter", keys.join(" and/or ")));
        }
        Ok(found.map(Option::unwrap_or_default))
    }

    /// The field `name` of each.
    async fn named(&self, act: Act, name: &str) -> Result<Vec<Choice>, NoChoices> {
        self.of(act, |one| text(one, name).map(|id| Choice { id, title: None })).await
    }

    /// A list, page by page.
    async fn of(&self, act: Act, one: impl Fn(&Value) -> Option<Choice>) -> Result<Vec<Choice>, NoChoices> {
        let size = if self.granted.kind() == "bitbucketCloud" { "pagelen" } else { "per_page" };
        let act = act.asking(size, EACH.to_string());
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let answer = self.ask(&act.clone().asking("page", page.to_string())).await?;
            let values = answer.get("values").unwrap_or(&answer).as_array();
            let values = values.ok_or_else(|| NoChoices::Refused("the answer is no list".into()))?;
            all.extend(values.iter().filter_map(&one));
            // Bitbucket says whether there is more; its pages may be smaller than what was asked for.
            let more = match answer.is_object() {
                true => answer.get("next").is_some_and(Value::is_string),
                false => values.len() >= EACH,
            };
            if !more {
                break;
            }
        }
        Ok(all)
    }

    async fn ask(&self, act: &Act) -> Result<Value, NoChoices> {
        let answer = self.granted.call(act).await.map_err(|undone| match undone {
            Undone::Host(error) => NoChoices::Host(error),
            Undone::Lost(error) => NoChoices::Host(HostError::Unreachable(error.to_string())),
        })?;
        let place = act.path.join("/");
        let refused = |what: &str| Err(NoChoices::Refused(format!("the host answers {place} with {what}")));
        match answer.status {
            200..=299 if answer.complete => match serde_json::from_slice(&answer.body) {
                Ok(value) => Ok(value),
                Err(_) => refused("what is no JSON"),
            },
            200..=299 => refused("more than can be taken"),
            401 | 403 => refused(&format!("{}: the token is not good for this", answer.status)),
            status => refused(&status.to_string()),
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.chars().all(|c| c == '.') && !text.chars().any(char::is_control)
}

fn titled(one: &Value, id: &str, title: &str) -> Option<Choice> {
    Some(Choice { id: text(one, id)?, title: text(one, title).map(|title| title.trim().to_owned()) })
}

fn text(one: &Value, key: &str) -> Option<String> {
    match one.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
