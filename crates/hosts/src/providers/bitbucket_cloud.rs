//! The catalog files of a workspace of Bitbucket Cloud, found by its code search.

use std::sync::Arc;

use async_trait::async_trait;
use regex::Regex;
use serde_json::{Value, json};
use url::Url;

use super::named::{concerns_path, named, once, pattern};
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
    async fn search(&self, host: &BitbucketCloud, client: &Client) -> Result<Vec<Discovered>, HostError> {
        let projects =
            asking(host.api(&["workspaces", &self.workspace, "projects"]), [("pagelen", self.page.as_str())]);
        let projects = host.pages(client, projects).await?;
        let keys = projects.iter().filter_map(|project| project["key"].as_str());
        let keys = keys.filter(|key| self.project.as_ref().is_none_or(|pattern| pattern.is_match(key)));
        let name = self.catalog_path.rsplit('/').next().unwrap_or_default();
        let fields = "-values.content_matches,+values.file.commit.repository.mainbranch.name,\
            +values.file.commit.repository.project.key,+values.file.commit.repository.slug,\
            +values.file.commit.repository.links.html.href";
        let mut found = Vec::new();
        for key in keys {
            let query = format!("\"{name}\" path:{} project:{key}", self.catalog_path);
            let pairs =
                [("search_query", query.as_str()), ("fields", fields), ("pagelen", self.page.as_str())];
            let url = asking(host.api(&["workspaces", &self.workspace, "search", "code"]), pairs);
            for hit in host.pages(client, url).await? {
                // One without is a file that only names another of that name.
                let is_file = hit["path_matches"].as_array().is_some_and(|matches| !matches.is_empty());
                let repository = &hit["file"]["commit"]["repository"];
                if let (true, Some(path)) =
                    (is_file && self.is_wanted(repository), hit["file"]["path"].as_str())
                {
                    found.extend(self.file(repository, path, false));
                }
            }
        }
        Ok(found)
    }

    /// Without a search every repository may have the file.
    async fn repositories(
        &self,
        host: &BitbucketCloud,
        client: &Client,
    ) -> Result<Vec<Discovered>, HostError> {
        let url = asking(host.api(&["repositories", &self.workspace]), [("pagelen", self.page.as_str())]);
        let all = host.pages(client, url).await?;
        let wanted = all.iter().filter(|repository| self.is_wanted(repository));
        Ok(wanted.filter_map(|repository| self.file(repository, &self.catalog_path, true)).collect())
    }

    fn file(&self, repository: &Value, path: &str, optional: bool) -> Option<Discovered> {
        let href = repository["links"]["html"]["href"].as_str().map(str::to_owned);
        let slug = repository["slug"].as_str();
        let page = href.or_else(|| Some(format!("https://{}/{}/{}", self.host, self.workspace, slug?)))?;
        let branch = repository["mainbranch"]["name"].as_str().unwrap_or("master");
        let parts = ["src", branch].into_iter().chain(path.split('/').filter(|name| !name.is_empty()));
        let url = below(&Url::parse(&page).ok().filter(|url| host_of(url) == self.host)?, parts);
        let mut found = location(url.as_str(), optional);
        found.document["metadata"]["annotations"]["bitbucket.org/repo-url"] = json!(page);
        Some(found)
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
        let found = match self.search(host, &client).await {
            // Somebody of the workspace has to switch the search on.
            Err(HostError::NotFound(_)) => self.repositories(host, &client).await?,
            found => found?,
        };
        Ok(Discovery { found: once(found), missed: None })
    }

    fn concerns(&self, event: &ProviderEvent) -> bool {
        match event {
            ProviderEvent::Push { host, repository, paths, .. } => {
                let Some((owner, slug)) = repository.split_once('/') else { return false };
                *host == self.host
                    && owner.eq_ignore_ascii_case(&self.workspace)
                    && self.repository.as_ref().is_none_or(|pattern| pattern.is_match(slug))
                    && concerns_path(&self.catalog_path, paths.as_deref())
            }
            ProviderEvent::Repositories { host, owner } => {
                *host == self.host && owner.eq_ignore_ascii_case(&self.workspace)
            }
            ProviderEvent::People { .. } => false,
        }
    }
}
