//! Gitea: the repositories of an organization that have a catalog file. The keys are those of
//! `@backstage/plugin-catalog-backend-module-gitea`.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use stagedoor_outbound::Call;

use super::named::concerns_path;
use super::scope::{AT_ONCE, Answered, Known, Missed, no_integration, reach};
use super::{Discovery, Provider, ProviderEvent};
use crate::budget::Priority;
use crate::client::{Client, shown};
use crate::code::credential::json;
use crate::code::{Gitea, address};
use crate::config::ConfigProblem;
use crate::documents;
use crate::error::HostError;
use crate::fields::Fields;
use crate::hosts::Hosts;
use crate::pages;
use crate::schedule::Schedule;

/// `gitea-provider`.
struct Repositories {
    id: String,
    host: String,
    organization: String,
    branch: Option<String>,
    file: String,
    schedule: Schedule,
    answered: Answered,
    known: Known,
}

/// A repository that may have the file.
struct Repository {
    owner: String,
    name: String,
    branch: String,
}

/// Reads `catalog.providers.gitea`.
pub(crate) fn make(
    entries: &Fields<'_>,
    hosts: &Hosts,
    problems: &mut Vec<ConfigProblem>,
) -> Vec<Arc<dyn Provider>> {
    let made = entries.entries();
    let made = made.iter().filter_map(|(id, entry)| Repositories::read(id, entry, hosts, problems));
    made.map(|provider| Arc::new(provider) as Arc<dyn Provider>).collect()
}

impl Repositories {
    fn read(id: &str, entry: &Fields<'_>, hosts: &Hosts, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let host = entry.get("host").required(problems);
        let organization = entry.get("organization").required(problems);
        let host = host?;
        if hosts.find::<Gitea>(&host).is_none() {
            entry.get("host").wrong(problems, no_integration("gitea", &host));
            return None;
        }
        let file = entry.get("catalogPath").text(problems);
        Some(Self {
            id: format!("gitea-provider:{id}"),
            host,
            organization: organization?,
            branch: entry.get("branch").text(problems),
            file: file.map_or("catalog-info.yaml".to_owned(), |file| file.trim_start_matches('/').to_owned()),
            schedule: Schedule::read(&entry.get("schedule"), problems),
            answered: Answered::default(),
            known: Known::default(),
        })
    }

    async fn look(&self, gitea: &Gitea, client: &Client) -> Result<Discovery, HostError> {
        let listed = self.listed(gitea, client).await?;
        let wanted = listed.iter().filter_map(|repository| self.chosen(repository));
        let checks: Vec<_> = wanted.map(|repository| self.check(gitea, client, repository)).collect();
        let mut checks = stream::iter(checks).buffer_unordered(AT_ONCE);
        let (mut found, mut names, mut missed) = (Vec::new(), Vec::new(), Missed::default());
        while let Some((repository, there)) = checks.next().await {
            match there {
                Ok(true) => {
                    let Repository { owner, name, branch } = repository;
                    let parts = [owner.as_str(), &name, "src", "branch"].into_iter().chain(branch.split('/'));
                    let target = gitea.page(parts.chain(self.file.split('/')));
                    found.push(documents::location(target.as_str(), false));
                    names.push(format!("{owner}/{name}"));
                }
                Ok(false) => {}
                Err(error) => missed.note(error)?,
            }
        }
        self.known.set(names);
        Ok(Discovery { found, missed: missed.words() })
    }

    /// Every repository of the organization: until a page is empty, or says that it is the last.
    async fn listed(&self, gitea: &Gitea, client: &Client) -> Result<Vec<Value>, HostError> {
        let base = gitea.address(["orgs", &self.organization, "repos"]);
        let mut all = Vec::new();
        for page in 1..=pages::MOST {
            let url = address::asking(base.clone(), [("page", page.to_string().as_str()), ("limit", "50")]);
            let reply = gitea.send(client, &url, Call::default()).await?;
            let Value::Array(items) = json(&url, &reply)? else {
                return Err(HostError::Unreachable(format!("{} answered with no list", shown(&url))));
            };
            let last = reply.header("link").is_some() && pages::next_query(&reply).is_none();
            let empty = items.is_empty();
            all.extend(items);
            if empty || last {
                return Ok(all);
            }
        }
        Err(HostError::Unreachable(format!("{} has more pages than a list may have", shown(&base))))
    }

    fn chosen(&self, repository: &Value) -> Option<Repository> {
        let default = || repository["default_branch"].as_str().filter(|branch| !branch.is_empty());
        let branch = self.branch.as_deref().or_else(default).unwrap_or("main").to_owned();
        let (owner, name) = repository["full_name"].as_str()?.split_once('/')?;
        let (owner, name) = (owner.to_owned(), name.to_owned());
        (repository["empty"] != true).then_some(Repository { owner, name, branch })
    }

    /// Whether the repository has the file; only an answer that says so means that it has not.
    async fn check(
        &self,
        gitea: &Gitea,
        client: &Client,
        repository: Repository,
    ) -> (Repository, Result<bool, HostError>) {
        let parts = ["repos", repository.owner.as_str(), &repository.name, "contents"];
        let url = gitea.address(parts.into_iter().chain(self.file.split('/')));
        let url = address::asking(url, [("ref", repository.branch.as_str())]);
        let ask = async {
            match gitea.send(client, &url, Call::default()).await {
                Ok(_) => Ok(Value::Bool(true)),
                Err(HostError::NotFound(_)) => Ok(Value::Bool(false)),
                Err(error) => Err(error),
            }
        };
        let answer = self.answered.or_ask(url.to_string(), ask).await;
        (repository, answer.map(|there| there == true))
    }
}

#[async_trait]
impl Provider for Repositories {
    fn id(&self) -> &str {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "gitea"
    }

    fn target(&self) -> String {
        format!("repositories of {} on {}", self.organization, self.host)
    }

    fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    async fn discover(&self, hosts: &Hosts, priority: Priority) -> Result<Discovery, HostError> {
        let (gitea, client) = reach::<Gitea>(hosts, "gitea", &self.host, priority)?;
        self.answered.done(self.look(gitea, &client).await)
    }

    fn concerns(&self, event: &ProviderEvent) -> bool {
        let is_own = |host: &str, owner: &str| {
            host.eq_ignore_ascii_case(&self.host) && owner.eq_ignore_ascii_case(&self.organization)
        };
        match event {
            ProviderEvent::Push { host, repository, branch, paths } => {
                let owner = repository.split('/').next().unwrap_or_default();
                is_own(host, owner)
                    && self.branch.as_ref().is_none_or(|wanted| wanted == branch)
                    && !self.known.has(repository)
                    && concerns_path(&self.file, paths.as_deref())
            }
            ProviderEvent::Repositories { host, owner } => is_own(host, owner),
            ProviderEvent::People { .. } => false,
        }
    }
}
