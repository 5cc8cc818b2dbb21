//! The catalog files of an installation of Bitbucket Data Center: every repository that the credential sees.

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
use crate::code::bitbucket_server::{BitbucketServer, KEY};
use crate::config::ConfigProblem;
use crate::documents::location;
use crate::error::HostError;
use crate::fields::Fields;
use crate::hosts::Hosts;
use crate::schedule::Schedule;

/// A file with the repository that it is of.
type Named = (String, Discovered);

/// One installation.
struct Installation {
    id: String,
    host: String,
    catalog_path: String,
    project: Option<Regex>,
    repository: Option<Regex>,
    skips_archived: bool,
    /// Only files that are there are told.
    validates: bool,
    schedule: Schedule,
    last: Last,
}

/// Reads `catalog.providers.bitbucketServer`: one entry, or several by their names.
pub(crate) fn make(
    fields: &Fields<'_>,
    hosts: &Hosts,
    problems: &mut Vec<ConfigProblem>,
) -> Vec<Arc<dyn Provider>> {
    let read = |(id, entry): (&str, Fields<'_>)| {
        let host = scope::configured::<BitbucketServer>(&entry, KEY, None, hosts, problems)?.to_lowercase();
        let filters = entry.get("filters");
        let path = entry.get("catalogPath").text(problems).unwrap_or_else(|| "/catalog-info.yaml".to_owned());
        Some(Arc::new(Installation {
            id: format!("bitbucketServer-provider:{id}"),
            host,
            catalog_path: format!("/{}", path.trim_start_matches('/')),
            project: pattern(&filters.get("projectKey"), false, problems),
            repository: pattern(&filters.get("repoSlug"), false, problems),
            skips_archived: filters.get("skipArchivedRepos").flag(false, problems),
            validates: entry.get("validateLocationsExist").flag(false, problems),
            schedule: Schedule::read(&entry.get("schedule"), problems),
            last: Last::default(),
        }) as Arc<dyn Provider>)
    };
    named(fields, "host").into_iter().filter_map(read).collect()
}

impl Installation {
    /// The file of a repository, unless a filter leaves it out.
    fn file(&self, key: &str, repository: &Value) -> Option<Named> {
        let slug = repository["slug"].as_str()?;
        if self.repository.as_ref().is_some_and(|pattern| !pattern.is_match(slug)) {
            return None;
        }
        if self.skips_archived && repository["archived"] == true {
            return None;
        }
        let page = repository["links"]["self"][0]["href"].as_str()?.trim_end_matches('/');
        let target = format!("{page}{}", self.catalog_path);
        Url::parse(&target).ok().filter(|url| host_of(url) == self.host)?;
        let mut found = location(&target, true);
        if let Some(branch) = repository["defaultBranch"].as_str() {
            found.document["metadata"]["annotations"]["bitbucket.org/default-branch"] = json!(branch);
        }
        Some((format!("{key}/{slug}"), found))
    }

    /// Those of some repositories of a project that are wanted.
    async fn files(
        &self,
        host: &BitbucketServer,
        client: &Client,
        key: &str,
        repositories: &[Value],
    ) -> Result<Vec<Named>, HostError> {
        let mut found = Vec::new();
        for (name, file) in repositories.iter().filter_map(|repository| self.file(key, repository)) {
            if !self.validates || is_there(host, client, &file).await? {
                found.push((name, file));
            }
        }
        Ok(found)
    }

    /// One repository by its key and name.
    async fn one(
        &self,
        host: &BitbucketServer,
        client: &Client,
        name: &str,
    ) -> Result<Vec<Named>, HostError> {
        let (key, slug) = name.split_once('/').unwrap_or_default();
        match host.ask(client, &host.api(&["projects", key, "repos", slug])).await {
            Ok(repository) => self.files(host, client, key, &[repository]).await,
            Err(HostError::NotFound(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Provider for Installation {
    fn id(&self) -> &str {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "bitbucketServer"
    }

    fn target(&self) -> String {
        self.host.clone()
    }

    fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    async fn discover(&self, hosts: &Hosts, priority: Priority) -> Result<Discovery, HostError> {
        let (host, client) = scope::reach::<BitbucketServer>(hosts, KEY, &self.host, priority)?;
        if let Some(names) = self.last.alone(priority) {
            let mut found = Vec::new();
            for name in &names {
                found.extend(self.one(host, &client, name).await?);
            }
            if let Some(discovery) = self.last.these(&names, found) {
                return Ok(discovery);
            }
        }
        let projects = host.pages(&client, &host.api(&["projects"])).await?;
        let keys = projects.iter().filter_map(|project| project["key"].as_str());
        let mut found = Vec::new();
        let mut missed = None;
        for key in keys.filter(|key| self.project.as_ref().is_none_or(|pattern| pattern.is_match(key))) {
            match host.pages(&client, &host.api(&["projects", key, "repos"])).await {
                Ok(all) => found.extend(self.files(host, &client, key, &all).await?),
                // It went away, or is shown and not open: the others still count.
                Err(HostError::NotFound(why) | HostError::Denied(why)) => drop(missed.get_or_insert(why)),
                Err(error) => return Err(error),
            }
        }
        Ok(self.last.all(found, missed))
    }

    fn concerns(&self, event: &ProviderEvent) -> bool {
        match event {
            ProviderEvent::Push { host, repository, paths, .. } => {
                let fits =
                    |pattern: &Option<Regex>, text: &str| pattern.as_ref().is_none_or(|p| p.is_match(text));
                // `KEY/slug`, or as in its URLs: `projects/KEY/repos/slug`.
                let parts: Vec<&str> =
                    repository.split('/').filter(|part| !["projects", "repos"].contains(part)).collect();
                let [key, slug] = parts[..] else { return false };
                *host == self.host
                    && fits(&self.project, key)
                    && fits(&self.repository, slug)
                    && concerns_path(&self.catalog_path, paths.as_deref())
                    && self.last.touch(&format!("{key}/{slug}"))
            }
            ProviderEvent::Repositories { host, owner } => {
                let is_own =
                    *host == self.host && self.project.as_ref().is_none_or(|pattern| pattern.is_match(owner));
                if is_own {
                    self.last.forget();
                }
                is_own
            }
            ProviderEvent::People { .. } => false,
        }
    }
}
