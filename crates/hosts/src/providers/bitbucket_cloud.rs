//! The catalog files of a workspace of Bitbucket Cloud, found by its code search.

use std::sync::Arc;

use async_trait::async_trait;
use regex::Regex;
use serde_json::{Value, json};
use url::Url;

use super::named::{Last, concerns_path, is_there, named, pattern};
use super::scope;
use super::{Discovered, Discovery, Provider, ProviderEvent};
use crate::budget::Priority;
use crate::client::{Client, host_of};
use crate::code::address::{asking, below};
use crate::code::bitbucket_cloud::{BitbucketCloud, KEY};
use crate::config::ConfigProblem;
use crate::documents::location;
use crate::error::HostError;
use crate::fields::Fields;
use crate::hosts::Hosts;
use crate::schedule::Schedule;

/// More of a hit than what is told without asking, and less.
const FIELDS: &str = "-values.content_matches,+values.file.commit.repository.mainbranch.name,\
    +values.file.commit.repository.project.key,+values.file.commit.repository.slug,\
    +values.file.commit.repository.links.html.href";

/// A file with the repository that it is of.
type Named = (String, Discovered);

/// One workspace.
struct Workspace {
    id: String,
    /// The host of the entry in `integrations` that is asked.
    host: String,
    workspace: String,
    catalog_path: String,
    project: Option<Regex>,
    repository: Option<Regex>,
    page: String,
    schedule: Schedule,
    last: Last,
}

/// Reads `catalog.providers.bitbucketCloud`: one entry, or several by their names.
pub(crate) fn make(
    fields: &Fields<'_>,
    hosts: &Hosts,
    problems: &mut Vec<ConfigProblem>,
) -> Vec<Arc<dyn Provider>> {
    // The first of `integrations`; there always is one.
    let host = hosts.of_kind(KEY).next().map(|host| host.host().to_owned()).unwrap_or_default();
    let read = |(id, entry): (&str, Fields<'_>)| {
        let workspace = entry.get("workspace").required(problems)?;
        let filters = entry.get("filters");
        Some(Arc::new(Workspace {
            id: format!("bitbucketCloud-provider:{id}"),
            host: host.clone(),
            workspace,
            catalog_path: entry
                .get("catalogPath")
                .text(problems)
                .unwrap_or_else(|| "/catalog-info.yaml".to_owned()),
            project: pattern(&filters.get("projectKey"), true, problems),
            repository: pattern(&filters.get("repoSlug"), true, problems),
            page: entry.get("pagelen").count(100, problems).min(100).to_string(),
            schedule: Schedule::read(&entry.get("schedule"), problems),
            last: Last::default(),
        }) as Arc<dyn Provider>)
    };
    named(fields, "workspace").into_iter().filter_map(read).collect()
}

impl Workspace {
    fn is_wanted(&self, repository: &Value) -> bool {
        let fits = |pattern: &Option<Regex>, text: &Value| {
            pattern.as_ref().is_none_or(|pattern| text.as_str().is_some_and(|text| pattern.is_match(text)))
        };
        fits(&self.project, &repository["project"]["key"]) && fits(&self.repository, &repository["slug"])
    }

    /// Every file that the search finds, project by project: one search has an end that a large workspace reaches.
    async fn search(&self, host: &BitbucketCloud, client: &Client) -> Result<Vec<Named>, HostError> {
        let projects = host.api(&["workspaces", &self.workspace, "projects"]);
        let projects = host.pages(client, asking(projects, [("pagelen", self.page.as_str())])).await?;
        let keys = projects.iter().filter_map(|project| project["key"].as_str());
        let mut found = Vec::new();
        for key in keys.filter(|key| self.project.as_ref().is_none_or(|pattern| pattern.is_match(key))) {
            found.extend(self.search_for(host, client, &format!("project:{key}")).await?);
        }
        Ok(found)
    }

    async fn search_for(
        &self,
        host: &BitbucketCloud,
        client: &Client,
        filter: &str,
    ) -> Result<Vec<Named>, HostError> {
        let name = self.catalog_path.rsplit('/').next().unwrap_or_default();
        let query = format!("\"{name}\" path:{} {filter}", self.catalog_path);
        let pairs = [("search_query", query.as_str()), ("fields", FIELDS), ("pagelen", self.page.as_str())];
        let url = asking(host.api(&["workspaces", &self.workspace, "search", "code"]), pairs);
        let hits = host.pages(client, url).await?;
        let file = |hit: &Value| {
            // One without is a file that only names another of that name.
            hit["path_matches"].as_array().filter(|matches| !matches.is_empty())?;
            self.file(&hit["file"]["commit"]["repository"], hit["file"]["path"].as_str()?, false)
        };
        Ok(hits.iter().filter_map(file).collect())
    }

    /// Without a search every repository may have the file.
    async fn repositories(&self, host: &BitbucketCloud, client: &Client) -> Result<Vec<Named>, HostError> {
        let url = asking(host.api(&["repositories", &self.workspace]), [("pagelen", self.page.as_str())]);
        let all = host.pages(client, url).await?;
        Ok(all.iter().filter_map(|repository| self.file(repository, &self.catalog_path, true)).collect())
    }

    /// The files of one repository as it is now: the search knows them only after some minutes.
    async fn one(&self, host: &BitbucketCloud, client: &Client, slug: &str) -> Result<Vec<Named>, HostError> {
        if self.catalog_path.contains('*') {
            return self.search_for(host, client, &format!("repo:{slug}")).await;
        }
        let repository = match host.ask(client, &host.api(&["repositories", &self.workspace, slug])).await {
            Err(HostError::NotFound(_)) => return Ok(Vec::new()),
            repository => repository?,
        };
        let Some((name, found)) = self.file(&repository, &self.catalog_path, false) else {
            return Ok(Vec::new());
        };
        Ok(is_there(host, client, &found).await?.then_some((name, found)).into_iter().collect())
    }

    /// A file of a repository, unless a filter leaves it out.
    fn file(&self, repository: &Value, path: &str, optional: bool) -> Option<Named> {
        if !self.is_wanted(repository) {
            return None;
        }
        let href = repository["links"]["html"]["href"].as_str().map(str::to_owned);
        let slug = repository["slug"].as_str();
        let page = href.or_else(|| Some(format!("https://{}/{}/{}", self.host, self.workspace, slug?)))?;
        let branch = repository["mainbranch"]["name"].as_str().unwrap_or("master");
        let parts = ["src", branch].into_iter().chain(path.split('/').filter(|name| !name.is_empty()));
        let url = below(&Url::parse(&page).ok().filter(|url| host_of(url) == self.host)?, parts);
        let mut found = location(url.as_str(), optional);
        found.document["metadata"]["annotations"]["bitbucket.org/repo-url"] = json!(page);
        Some((slug.unwrap_or_default().to_owned(), found))
    }
}

#[async_trait]
impl Provider for Workspace {
    fn id(&self) -> &str {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "bitbucketCloud"
    }

    fn target(&self) -> String {
        format!("{} on {}", self.workspace, self.host)
    }

    fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    async fn discover(&self, hosts: &Hosts, priority: Priority) -> Result<Discovery, HostError> {
        let (host, client) = scope::reach::<BitbucketCloud>(hosts, KEY, &self.host, priority)?;
        if let Some(names) = self.last.alone(priority) {
            let mut found = Vec::new();
            for name in &names {
                found.extend(self.one(host, &client, name).await?);
            }
            if let Some(discovery) = self.last.these(&names, found) {
                return Ok(discovery);
            }
        }
        let mut found = match self.search(host, &client).await {
            // Somebody of the workspace has to switch the search on.
            Err(HostError::NotFound(_)) => self.repositories(host, &client).await?,
            found => found?,
        };
        self.last.confirm(host, &client, &mut found).await?;
        Ok(self.last.all(found, None))
    }

    fn concerns(&self, event: &ProviderEvent) -> bool {
        match event {
            ProviderEvent::Push { host, repository, paths, .. } => {
                let Some((owner, slug)) = repository.split_once('/') else { return false };
                *host == self.host
                    && owner.eq_ignore_ascii_case(&self.workspace)
                    && self.repository.as_ref().is_none_or(|pattern| pattern.is_match(slug))
                    && concerns_path(&self.catalog_path, paths.as_deref())
                    && self.last.touch(slug)
            }
            ProviderEvent::Repositories { host, owner } => {
                let is_own = *host == self.host && owner.eq_ignore_ascii_case(&self.workspace);
                if is_own {
                    self.last.forget();
                }
                is_own
            }
            ProviderEvent::People { .. } => false,
        }
    }
}
