//! The catalog files of a project, or of all projects of an organization of Azure DevOps, found by its code search.

use std::sync::Arc;

use async_trait::async_trait;
use globset::{GlobBuilder, GlobMatcher};
use serde_json::{Value, json};

use super::named::{Last, concerns_path, is_there, named};
use super::scope;
use super::{Discovered, Discovery, Provider, ProviderEvent};
use crate::budget::Priority;
use crate::client::Client;
use crate::code::address::decoded;
use crate::code::azure::{Azure, KEY, counted, git_url};
use crate::config::ConfigProblem;
use crate::documents::location;
use crate::error::HostError;
use crate::fields::Fields;
use crate::hosts::Hosts;
use crate::schedule::Schedule;

/// Results in one answer.
const TOP: usize = 1000;

/// A file with the repository that it is of.
type Named = (String, Discovered);

/// One organization.
struct Organization {
    id: String,
    host: String,
    organization: String,
    /// `*` for all.
    project: String,
    /// A name, in which `*` stands for anything.
    repository: String,
    repositories: GlobMatcher,
    path: String,
    branch: Option<String>,
    schedule: Schedule,
    last: Last,
}

/// Reads `catalog.providers.azureDevOps`: several entries by their names, or one.
pub(crate) fn make(
    fields: &Fields<'_>,
    hosts: &Hosts,
    problems: &mut Vec<ConfigProblem>,
) -> Vec<Arc<dyn Provider>> {
    let read = |(id, entry): (&str, Fields<'_>)| {
        let organization = entry.get("organization").required(problems);
        let project = entry.get("project").required(problems);
        let host = scope::configured::<Azure>(&entry, KEY, Some("dev.azure.com"), hosts, problems)?;
        let host = host.to_lowercase();
        let repository = entry.get("repository").text(problems).unwrap_or_else(|| "*".to_owned());
        let repositories = GlobBuilder::new(&repository).case_insensitive(true).build();
        let Ok(repositories) = repositories else {
            entry.get("repository").wrong(problems, "a name is expected, in which * stands for anything");
            return None;
        };
        let path = entry.get("path").text(problems).unwrap_or_else(|| "/catalog-info.yaml".to_owned());
        Some(Arc::new(Organization {
            id: format!("AzureDevOpsEntityProvider:{id}"),
            host,
            organization: organization?,
            project: project?,
            repository,
            repositories: repositories.compile_matcher(),
            path,
            branch: entry.get("branch").text(problems),
            schedule: Schedule::read(&entry.get("schedule"), problems),
            last: Last::default(),
        }) as Arc<dyn Provider>)
    };
    named(fields, "organization").into_iter().filter_map(read).collect()
}

/// What the search says of itself where its answer is not whole: the organization, or a branch, is being read.
fn is_partial(code: u64) -> bool {
    matches!(code, 1 | 2 | 6 | 7 | 9)
}

impl Organization {
    /// Every file that the search finds.
    async fn search(&self, host: &Azure, client: &Client) -> Result<Discovery, HostError> {
        let text = format!("path:{} repo:{} proj:{}", self.path, self.repository, self.project);
        let (mut found, mut missed, mut seen) = (Vec::new(), None, 0);
        loop {
            let mut body = json!({
                "searchText": text,
                "$orderBy": [{ "field": "path", "sortOrder": "ASC" }],
                "$skip": seen,
                "$top": TOP,
            });
            if let Some(branch) = &self.branch {
                body["filters"] = json!({ "Branch": [branch] });
            }
            let answer = host.search(client, &self.organization, &body).await?;
            let (Some(count), Some(results)) = (answer["count"].as_u64(), answer["results"].as_array())
            else {
                let message = format!("the code search of {} answered with half a page", self.target());
                return Err(HostError::Unreachable(message));
            };
            if answer["infoCode"].as_u64().is_some_and(is_partial) {
                missed = Some(format!("the code search of {} is still being prepared", self.target()));
            }
            found.extend(results.iter().filter_map(|result| {
                let (project, repository) =
                    (result["project"]["name"].as_str()?, result["repository"]["name"].as_str()?);
                Some(self.file(project, repository, result["path"].as_str()?, false))
            }));
            seen += results.len();
            if seen as u64 >= count {
                return self.done(host, client, found, missed).await;
            }
            if results.is_empty() {
                let message =
                    format!("the code search of {} speaks of {count} files and named {seen}", self.target());
                return self.done(host, client, found, Some(message)).await;
            }
        }
    }

    async fn done(
        &self,
        host: &Azure,
        client: &Client,
        mut found: Vec<Named>,
        missed: Option<String>,
    ) -> Result<Discovery, HostError> {
        self.last.confirm(host, client, &mut found).await?;
        Ok(self.last.all(found, missed))
    }

    /// Without a search every repository may have the file.
    async fn repositories(&self, host: &Azure, client: &Client) -> Result<Discovery, HostError> {
        let owner =
            self.organization.split('/').chain(Some(self.project.as_str()).filter(|project| *project != "*"));
        let url = host.api(owner.chain(["_apis", "git", "repositories"]));
        let all = counted(&url, host.ask(client, &self.organization, &url).await?)?;
        let file = |repository: &Value| {
            let name = repository["name"].as_str().filter(|name| self.repositories.is_match(name))?;
            let is_empty = repository["defaultBranch"].is_null() || repository["isDisabled"] == true;
            let project = repository["project"]["name"].as_str()?;
            (!is_empty).then(|| self.file(project, name, &self.path, true))
        };
        Ok(self.last.all(all.iter().filter_map(file).collect(), None))
    }

    fn file(&self, project: &str, repository: &str, path: &str, optional: bool) -> Named {
        let (owner, branch) = (&self.organization, self.branch.as_deref());
        let url = git_url(&self.host, owner, project, repository, path, branch);
        (format!("{project}/{repository}"), location(&url, optional))
    }

    fn is_own(&self, project: &str) -> bool {
        self.project == "*" || self.project.eq_ignore_ascii_case(project)
    }
}

#[async_trait]
impl Provider for Organization {
    fn id(&self) -> &str {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "azureDevOps"
    }

    fn target(&self) -> String {
        format!("{}/{} on {}", self.organization, self.project, self.host)
    }

    fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    async fn discover(&self, hosts: &Hosts, priority: Priority) -> Result<Discovery, HostError> {
        let (host, client) = scope::reach::<Azure>(hosts, KEY, &self.host, priority)?;
        // The search knows a new file only after some minutes; where it has a name, it can be looked for.
        if let Some(names) = self.last.alone(priority).filter(|_| !self.path.contains(['*', '?'])) {
            let mut found = Vec::new();
            for (project, repository) in names.iter().filter_map(|name| name.split_once('/')) {
                let (name, file) = self.file(project, repository, &self.path, false);
                if is_there(host, &client, &file).await? {
                    found.push((name, file));
                }
            }
            if let Some(discovery) = self.last.these(&names, found) {
                return Ok(discovery);
            }
        }
        match self.search(host, &client).await {
            // The extension that searches is not installed.
            Err(HostError::NotFound(_)) => self.repositories(host, &client).await,
            found => found,
        }
    }

    fn concerns(&self, event: &ProviderEvent) -> bool {
        match event {
            ProviderEvent::Push { host, repository, branch, paths } => {
                // `organization/project/repository`, or as in its URLs with `_git` in it; of a project's own
                // repository the project may be left out.
                let repository = decoded(repository).unwrap_or_default();
                let rest = match host.strip_suffix(".visualstudio.com") {
                    // Older addresses have the organization in the host.
                    Some(organization) => (self.host == "dev.azure.com"
                        && organization.eq_ignore_ascii_case(&self.organization))
                    .then(|| format!("/{}", repository.trim_start_matches("DefaultCollection/"))),
                    None => repository
                        .strip_prefix(self.organization.as_str())
                        .filter(|_| *host == self.host)
                        .map(str::to_owned),
                };
                let Some(rest) = rest.filter(|rest| rest.starts_with('/')) else { return false };
                let parts: Vec<&str> =
                    rest.split('/').filter(|part| !part.is_empty() && *part != "_git").collect();
                let (project, name) = match parts[..] {
                    [name] => (name, name),
                    [project, name] => (project, name),
                    _ => return false,
                };
                self.is_own(project)
                    && self.repositories.is_match(name)
                    && self.branch.as_ref().is_none_or(|own| own == branch)
                    && concerns_path(&self.path, paths.as_deref())
                    && self.last.touch(&format!("{project}/{name}"))
            }
            ProviderEvent::Repositories { host, owner } => {
                let organization = owner.strip_prefix(self.organization.as_str());
                let project = organization.map(|rest| rest.trim_start_matches('/'));
                let is_host = *host == self.host
                    || (self.host == "dev.azure.com" && host.ends_with(".visualstudio.com"));
                is_host && project.is_some_and(|project| project.is_empty() || self.is_own(project))
            }
            ProviderEvent::People { .. } => false,
        }
    }
}
