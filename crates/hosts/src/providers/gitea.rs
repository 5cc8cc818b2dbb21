//! Gitea: the repositories of an organization that have a catalog file. The keys are those of
//! `@backstage/plugin-catalog-backend-module-gitea`.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use stagedoor_outbound::Call;
use url::Url;

use super::memory::{Memory, Plan, Repository};
use super::named::{catalog_file, concerns_path, each};
use super::scope::{AT_ONCE, Answered, configured, reach};
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
    memory: Memory,
}

/// Reads `catalog.providers.gitea`.
pub(crate) fn make(
    entries: &Fields<'_>,
    hosts: &Hosts,
    problems: &mut Vec<ConfigProblem>,
) -> Vec<Arc<dyn Provider>> {
    each(entries, |id, entry| Repositories::read(id, entry, hosts, problems))
}

impl Repositories {
    fn read(id: &str, entry: &Fields<'_>, hosts: &Hosts, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let host = configured::<Gitea>(entry, "gitea", None, hosts, problems);
        let organization = entry.get("organization").required(problems);
        Some(Self {
            id: format!("gitea-provider:{id}"),
            host: host?,
            organization: organization?,
            branch: entry.get("branch").text(problems),
            file: catalog_file(entry, problems),
            schedule: Schedule::read(&entry.get("schedule"), problems),
            answered: Answered::default(),
            memory: Memory::default(),
        })
    }

    async fn look(&self, gitea: &Gitea, client: &Client, priority: Priority) -> Result<Discovery, HostError> {
        let plan = self.memory.plan(priority);
        let listed = match &plan {
            Plan::These(paths) => these(gitea, client, paths).await?,
            Plan::All | Plan::New => self.listed(gitea, client).await?,
        };
        let wanted = listed.iter().filter_map(|repository| self.chosen(repository)).collect();
        let (ask, known) = self.memory.unknown(&plan, wanted);
        let checks: Vec<_> = ask.into_iter().map(|one| self.check(gitea, client, one)).collect();
        let asked = stream::iter(checks).buffer_unordered(AT_ONCE).collect().await;
        let (there, missed) = self.memory.settle(&plan, known, asked)?;
        let place = |repository| documents::location(self.file_of(gitea, repository).as_str(), false);
        Ok(Discovery { found: there.iter().map(place).collect(), missed })
    }

    fn file_of(&self, gitea: &Gitea, repository: &Repository) -> Url {
        let parts = repository.path.split('/').chain(["src", "branch"]);
        gitea.page(parts.chain(repository.branch.split('/')).chain(self.file.split('/')))
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
        let path = repository["full_name"].as_str()?.to_owned();
        (repository["empty"] != true).then_some(Repository { path, branch })
    }

    /// Whether the repository has the file; only an answer that says so means that it has not.
    async fn check(
        &self,
        gitea: &Gitea,
        client: &Client,
        repository: Repository,
    ) -> (Repository, Result<bool, HostError>) {
        let parts = ["repos"].into_iter().chain(repository.path.split('/')).chain(["contents"]);
        let url = gitea.address(parts.chain(self.file.split('/')));
        let url = address::asking(url, [("ref", repository.branch.as_str())]);
        let ask = async {
            match gitea.send(client, &url, Call::default()).await {
                Ok(_) => Ok(Value::Bool(true)),
                Err(HostError::NotFound(_)) => Ok(Value::Bool(false)),
                Err(error) => Err(error),
            }
        };
        let answer = self.answered.or_ask(repository.path.clone(), ask).await;
        (repository, answer.map(|there| there == true))
    }
}

/// Repositories by their paths, as far as they are there.
async fn these(gitea: &Gitea, client: &Client, paths: &BTreeSet<String>) -> Result<Vec<Value>, HostError> {
    let mut there = Vec::new();
    for path in paths {
        let url = gitea.address(["repos"].into_iter().chain(path.split('/')));
        match gitea.send(client, &url, Call::default()).await {
            Ok(reply) => there.push(json(&url, &reply)?),
            Err(HostError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(there)
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
        self.answered.done(self.look(gitea, &client, priority).await)
    }

    fn concerns(&self, event: &ProviderEvent) -> bool {
        let is_own = |host: &str, owner: &str| {
            host.eq_ignore_ascii_case(&self.host) && owner.eq_ignore_ascii_case(&self.organization)
        };
        match event {
            ProviderEvent::Push { host, repository, branch, paths } => {
                self.answered.forget(repository);
                let owner = repository.split('/').next().unwrap_or_default();
                is_own(host, owner)
                    && self.branch.as_ref().is_none_or(|wanted| wanted == branch)
                    && concerns_path(&self.file, paths.as_deref())
                    && self.memory.touch(repository)
            }
            ProviderEvent::Repositories { host, owner } => {
                let is_ours = is_own(host, owner);
                if is_ours {
                    self.memory.relist();
                }
                is_ours
            }
            ProviderEvent::People { .. } => false,
        }
    }
}
