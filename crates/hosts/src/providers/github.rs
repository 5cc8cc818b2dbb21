//! The repositories of a GitHub organization: `catalog.providers.github`. A Location for each that passes the filters.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use globset::{GlobBuilder, GlobMatcher};
use parking_lot::Mutex;
use regex::Regex;
use serde_json::{Map, Value};

use super::{Discovered, Discovery, Provider, ProviderEvent};
use crate::budget::Priority;
use crate::client::{Client, host_of};
use crate::code::address::below;
use crate::code::github::{GitHub, Page};
use crate::config::ConfigProblem;
use crate::documents::location;
use crate::error::HostError;
use crate::fields::Fields;
use crate::hosts::Hosts;
use crate::schedule::Schedule;

/// The file is asked for only where it has to be there.
const REPOSITORIES: &str =
    "query ($owner: String!, $first: Int!, $cursor: String, $file: String!, $look: Boolean!) {
  repositoryOwner(login: $owner) {
    repositories(first: $first, after: $cursor, ownerAffiliations: [OWNER]) {
      pageInfo { hasNextPage endCursor }
      nodes {
        name url isArchived isFork visibility
        defaultBranchRef { name }
        repositoryTopics(first: 100) { nodes { topic { name } } }
        file: object(expression: $file) @include(if: $look) { __typename ... on Blob { byteSize } }
      }
    }
  }
}";

/// One entry of `catalog.providers.github`.
struct Repositories {
    id: String,
    host: String,
    of: Of,
    /// Without the slash at its beginning.
    path: String,
    /// The same, for the paths of a push.
    touched: GlobMatcher,
    filters: Filters,
    must_exist: bool,
    page: u64,
    schedule: Schedule,
    /// The repositories that have a Location, as `owner/name` in lower case; none before the first time.
    listed: Mutex<Option<HashSet<String>>>,
}

/// Whose repositories.
enum Of {
    Organization(String),
    /// Those of every organization in which the app of this number is installed.
    App(String),
}

#[derive(Default)]
struct Filters {
    branch: Option<String>,
    repository: Option<Regex>,
    forks: bool,
    archived: bool,
    topics: Vec<String>,
    not_topics: Vec<String>,
    visibility: Vec<String>,
}

/// Reads one entry, or one for each name.
pub(super) fn make(
    entries: &Fields<'_>,
    hosts: &Hosts,
    problems: &mut Vec<ConfigProblem>,
) -> Vec<Arc<dyn Provider>> {
    let names_one = |key: &str| entries.get(key).value().is_some_and(|value| !value.is_object());
    let list = if names_one("organization") || names_one("app") {
        vec![("default", Fields::at(entries.value(), &path_of(entries)))]
    } else {
        entries.entries()
    };
    let made = list.iter().filter_map(|(id, fields)| Repositories::read(id, fields, hosts, problems));
    made.map(|provider| Arc::new(provider) as Arc<dyn Provider>).collect()
}

fn path_of<'a>(fields: &'a Fields<'_>) -> Vec<&'a str> {
    fields.path().iter().map(String::as_str).collect()
}

impl Repositories {
    fn read(id: &str, fields: &Fields<'_>, hosts: &Hosts, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let host = fields.get("host").text(problems).unwrap_or_else(|| "github.com".to_owned());
        let Some(github) = hosts.find::<GitHub>(&host) else {
            fields
                .get("host")
                .wrong(problems, format!("integrations.github has no entry with the host {host}"));
            return None;
        };
        let of = match fields.get("app").text(problems) {
            Some(app) if github.api().has_app(Some(&app)) => Of::App(app),
            Some(_) => {
                fields.get("app").wrong(problems, "integrations.github has no app of this appId");
                return None;
            }
            None => Of::Organization(fields.get("organization").required(problems)?),
        };
        let path =
            fields.get("catalogPath").text(problems).unwrap_or_else(|| "/catalog-info.yaml".to_owned());
        let path = path.trim_start_matches('/').to_owned();
        let touched = GlobBuilder::new(&path).literal_separator(true).build();
        let touched = touched
            .map_err(|error| fields.get("catalogPath").wrong(problems, format!("this is no path: {error}")))
            .ok()?
            .compile_matcher();
        let must_exist = fields.get("validateLocationsExist").flag(false, problems);
        if must_exist && path.contains('*') {
            let text = "a catalogPath with wildcards cannot be looked for beforehand: this has to be false";
            fields.get("validateLocationsExist").wrong(problems, text);
            return None;
        }
        Some(Self {
            id: format!("github-provider:{id}"),
            host: github_host(github),
            of,
            touched,
            path,
            filters: Filters::read(&fields.get("filters"), problems),
            must_exist,
            page: fields.get("pageSizes").get("repositories").count(25, problems),
            schedule: Schedule::read(&fields.get("schedule"), problems),
            listed: Mutex::default(),
        })
    }

    async fn of_owner(&self, github: &GitHub, client: &Client, owner: &str) -> Result<Discovery, HostError> {
        let at = self.filters.branch.as_deref().unwrap_or("HEAD");
        let mut variables = Map::new();
        variables.insert("owner".to_owned(), owner.into());
        variables.insert("file".to_owned(), format!("{at}:{}", self.path).into());
        variables.insert("look".to_owned(), self.must_exist.into());
        let what = format!("the organization {owner}");
        let list = "/repositoryOwner/repositories";
        let page = Page { query: REPOSITORIES, variables, list, first: self.page, what: &what };
        let all = github.api().pages(client, owner, &page).await?;
        let found: Result<Vec<_>, _> =
            all.nodes.iter().filter_map(|node| self.one(node).transpose()).collect();
        Ok(Discovery { found: found?, missed: all.missed })
    }

    /// Whether a repository has its Location: what is pushed there is found by that.
    fn has_listed(&self, repository: &str) -> bool {
        self.listed.lock().as_ref().is_some_and(|listed| listed.contains(&repository.to_lowercase()))
    }

    /// The Location of a repository, if it passes the filters.
    fn one(&self, node: &Value) -> Result<Option<Discovered>, HostError> {
        let text = |pointer: &str| node.pointer(pointer).and_then(Value::as_str);
        let broken = || HostError::Unreachable(format!("{} answered with half a repository", self.host));
        let (name, url) = text("/name").zip(text("/url")).ok_or_else(broken)?;
        let flag = |key: &str| node.get(key).and_then(Value::as_bool).unwrap_or(false);
        let topics: Vec<&str> = node
            .pointer("/repositoryTopics/nodes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|topic| topic.pointer("/topic/name")?.as_str())
            .collect();
        let visibility = text("/visibility").unwrap_or_default();
        let Some(default) = text("/defaultBranchRef/name") else { return Ok(None) };
        let passes = self.filters.pass(name, flag("isFork"), flag("isArchived"), visibility, &topics);
        let size = node.pointer("/file/byteSize").and_then(Value::as_u64).unwrap_or(0);
        if !passes || (self.must_exist && size == 0) {
            return Ok(None);
        }
        let page = url::Url::parse(url).ok().filter(|page| host_of(page) == self.host).ok_or_else(|| {
            HostError::Unreachable(format!("{} names a repository of another host", self.host))
        })?;
        let branch = self.filters.branch.as_deref().unwrap_or(default);
        let listed = page.path().trim_matches('/').to_lowercase();
        self.listed.lock().get_or_insert_default().insert(listed);
        let target = below(&page, ["blob"].into_iter().chain(branch.split('/')).chain(self.path.split('/')));
        Ok(Some(location(target.as_str(), true)))
    }
}

/// As the host writes itself.
pub(super) fn github_host(github: &GitHub) -> String {
    crate::code::CodeHost::host(github).to_owned()
}

impl Filters {
    fn read(fields: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Self {
        let repository = fields.get("repository").text(problems).and_then(|pattern| {
            Regex::new(&format!("^(?:{pattern})$"))
                .map_err(|error| {
                    let error = error.to_string().lines().last().unwrap_or_default().to_owned();
                    fields
                        .get("repository")
                        .wrong(problems, format!("this is no regular expression: {error}"));
                })
                .ok()
        });
        let visibility = fields.get("visibility");
        let known = ["private", "internal", "public"];
        let wanted = visibility.texts(problems);
        if wanted.iter().any(|word| !known.contains(&word.as_str())) {
            visibility.wrong(problems, "only private, internal and public are known");
        }
        Self {
            branch: fields.get("branch").text(problems),
            repository,
            forks: fields.get("allowForks").flag(true, problems),
            archived: fields.get("allowArchived").flag(false, problems),
            topics: fields.get("topic").get("include").texts(problems),
            not_topics: fields.get("topic").get("exclude").texts(problems),
            visibility: wanted,
        }
    }

    fn pass(&self, name: &str, fork: bool, archived: bool, visibility: &str, topics: &[&str]) -> bool {
        let has = |wanted: &[String]| wanted.iter().any(|topic| topics.contains(&topic.as_str()));
        (self.archived || !archived)
            && (self.forks || !fork)
            && self.repository.as_ref().is_none_or(|pattern| pattern.is_match(name))
            && (self.visibility.is_empty()
                || self.visibility.iter().any(|v| v.eq_ignore_ascii_case(visibility)))
            && (self.topics.is_empty() || has(&self.topics))
            && !has(&self.not_topics)
    }
}

#[async_trait]
impl Provider for Repositories {
    fn id(&self) -> &str {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "github"
    }

    fn target(&self) -> String {
        match &self.of {
            Of::Organization(name) => format!("{name} on {}", self.host),
            Of::App(id) => format!("all that have the GitHub App {id} on {}", self.host),
        }
    }

    fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    async fn discover(&self, hosts: &Hosts, priority: Priority) -> Result<Discovery, HostError> {
        let client = hosts.client(priority);
        let github = hosts.find::<GitHub>(&self.host).ok_or_else(|| gone(&self.host))?;
        *self.listed.lock() = None;
        let owners = match &self.of {
            Of::Organization(name) => return self.of_owner(github, &client, name).await,
            Of::App(id) => github.api().organizations(&client, Some(id)).await?,
        };
        let mut all = Gathered::default();
        for owner in &owners {
            all.add(owner, self.of_owner(github, &client, owner).await)?;
        }
        all.into_discovery()
    }

    fn concerns(&self, event: &ProviderEvent) -> bool {
        let ours = |host: &str, owner: &str| {
            host.eq_ignore_ascii_case(&self.host)
                && match &self.of {
                    Of::Organization(name) => name.eq_ignore_ascii_case(owner),
                    Of::App(_) => true,
                }
        };
        match event {
            ProviderEvent::Repositories { host, owner } => ours(host, owner),
            ProviderEvent::Push { host, repository, branch, paths } => {
                let (owner, name) = repository.split_once('/').unwrap_or_default();
                ours(host, owner)
                    && !self.has_listed(repository)
                    && self.filters.repository.as_ref().is_none_or(|pattern| pattern.is_match(name))
                    && self.filters.branch.as_ref().is_none_or(|wanted| wanted == branch)
                    && paths.as_ref().is_none_or(|paths| paths.iter().any(|path| self.touched.is_match(path)))
            }
            ProviderEvent::People { .. } => false,
        }
    }
}

pub(super) fn gone(host: &str) -> HostError {
    HostError::Unreachable(format!("integrations.github no longer has the host {host}"))
}

/// What several organizations have said, some of which may be out of reach.
#[derive(Default)]
pub(super) struct Gathered {
    found: Vec<Discovered>,
    missed: Vec<String>,
    first: Option<HostError>,
    answered: bool,
}

impl Gathered {
    /// # Errors
    /// When the limit is reached: the rest is asked later, all together.
    pub(super) fn add(&mut self, owner: &str, answer: Result<Discovery, HostError>) -> Result<(), HostError> {
        match answer {
            Ok(discovery) => {
                self.answered = true;
                self.found.extend(discovery.found);
                self.missed.extend(discovery.missed);
            }
            Err(error @ HostError::Exhausted { .. }) => return Err(error),
            Err(error) => {
                self.missed.push(format!("{owner}: {error}"));
                self.first = self.first.take().or(Some(error));
            }
        }
        Ok(())
    }

    /// # Errors
    /// When none of them could be asked.
    pub(super) fn into_discovery(self) -> Result<Discovery, HostError> {
        match self.first {
            Some(error) if !self.answered => Err(error),
            _ => {
                let missed = (!self.missed.is_empty()).then(|| self.missed.join("; "));
                Ok(Discovery { found: self.found, missed })
            }
        }
    }
}
