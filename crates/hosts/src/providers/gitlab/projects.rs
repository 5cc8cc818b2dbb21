//! The projects that have a catalog file: each becomes a Location.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use stagedoor_outbound::Call;
use url::Url;

use super::Settings;
use crate::budget::Priority;
use crate::client::Client;
use crate::code::GitLab;
use crate::documents;
use crate::error::HostError;
use crate::hosts::Hosts;
use crate::providers::memory::{Memory, Plan, Repository};
use crate::providers::named::concerns_path;
use crate::providers::scope::{AT_ONCE, Answered, is_in, reach};
use crate::providers::{Discovery, Provider, ProviderEvent};
use crate::schedule::Schedule;

/// `GitlabDiscoveryEntityProvider`.
pub(super) struct Projects {
    id: String,
    pub(super) settings: Arc<Settings>,
    pub(super) answered: Answered,
    memory: Memory,
}

impl Projects {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        let id = format!("GitlabDiscoveryEntityProvider:{}", settings.id);
        Self { id, settings, answered: Answered::default(), memory: Memory::default() }
    }

    async fn look(
        &self,
        gitlab: &GitLab,
        client: &Client,
        priority: Priority,
    ) -> Result<Discovery, HostError> {
        if self.settings.search {
            return self.searched(gitlab, client).await;
        }
        let plan = self.memory.plan(priority);
        let wanted = match &plan {
            Plan::These(paths) => self.these(gitlab, client, paths).await?,
            Plan::All | Plan::New => self.wanted(gitlab, client).await?,
        };
        let (ask, known) = self.memory.unknown(&plan, wanted);
        let checks: Vec<_> = ask.into_iter().map(|project| self.check(gitlab, client, project)).collect();
        let asked = stream::iter(checks).buffer_unordered(AT_ONCE).collect().await;
        let (there, missed) = self.memory.settle(&plan, known, asked)?;
        let place = |project| documents::location(self.file_of(gitlab, project).as_str(), true);
        Ok(Discovery { found: there.iter().map(place).collect(), missed })
    }

    /// Projects by their paths, as far as they are there and wanted.
    async fn these(
        &self,
        gitlab: &GitLab,
        client: &Client,
        paths: &BTreeSet<String>,
    ) -> Result<Vec<Repository>, HostError> {
        let mut wanted = Vec::new();
        for path in paths {
            match gitlab.get(client, &gitlab.address(["projects", path], [])).await {
                Ok(project) => wanted.extend(self.chosen(&project)),
                Err(HostError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(wanted)
    }

    fn file_of(&self, gitlab: &GitLab, project: &Repository) -> Url {
        let file = self.settings.file.trim_start_matches('/');
        gitlab.page(&format!("{}/-/blob/{}/{file}", project.path, project.branch))
    }

    /// Whether the project has the file; only an answer that says so means that it has not.
    async fn check(
        &self,
        gitlab: &GitLab,
        client: &Client,
        project: Repository,
    ) -> (Repository, Result<bool, HostError>) {
        let file = self.settings.file.trim_start_matches('/');
        let parts = ["projects", project.path.as_str(), "repository", "files", file];
        let url = gitlab.address(parts, [("ref", project.branch.as_str())]);
        let ask = async {
            match gitlab.send(client, &url, Call { method: "HEAD", ..Call::default() }).await {
                Ok(_) => Ok(Value::Bool(true)),
                Err(HostError::NotFound(_)) => Ok(Value::Bool(false)),
                Err(HostError::Denied(text)) => Err(HostError::Denied(format!(
                    "{text}; a project that is not meant can be named in excludeRepos"
                ))),
                Err(error) => Err(error),
            }
        };
        let answer = self.answered.or_ask(project.path.clone(), ask).await;
        (project, answer.map(|there| there == true))
    }

    /// Every project of the groups that is wanted, once.
    async fn wanted(&self, gitlab: &GitLab, client: &Client) -> Result<Vec<Repository>, HostError> {
        let mut wanted = BTreeMap::new();
        for group in self.groups(gitlab, client).await? {
            let listed = self.listed(gitlab, client, group.as_deref()).await?;
            if let Some(group) = group.as_deref() {
                is_the_same(group, listed.iter().map(|project| &project["path_with_namespace"]))?;
            }
            let chosen = listed.iter().filter_map(|project| self.chosen(project));
            wanted.extend(chosen.map(|project| (project.path.clone(), project)));
        }
        Ok(wanted.into_values().collect())
    }

    /// The groups to list, by their full paths; none stands for the whole host. Subgroups come with their group.
    async fn groups(&self, gitlab: &GitLab, client: &Client) -> Result<Vec<Option<String>>, HostError> {
        let settings = &self.settings;
        if settings.group_patterns.is_empty() {
            return Ok(vec![settings.group.clone()]);
        }
        let all = super::people::groups(gitlab, client, settings).await?;
        let mut paths: Vec<String> =
            all.into_iter().map(|group| group.path).filter(|path| settings.wants_group(path)).collect();
        paths.sort();
        let mut tops: Vec<String> = Vec::new();
        for path in paths {
            if !tops.iter().any(|top| is_in(&path, top)) {
                tops.push(path);
            }
        }
        Ok(tops.into_iter().map(Some).collect())
    }

    async fn listed(
        &self,
        gitlab: &GitLab,
        client: &Client,
        group: Option<&str>,
    ) -> Result<Vec<Value>, HostError> {
        let topics = self.settings.topics.join(",");
        let mut query = vec![("per_page", "100"), ("order_by", "id"), ("sort", "asc")];
        if !self.settings.archived {
            query.push(("archived", "false"));
        }
        if self.settings.membership {
            query.push(("membership", "true"));
        }
        if !topics.is_empty() {
            query.push(("topic", &topics));
        }
        let url = match group {
            Some(group) => {
                query.extend([("include_subgroups", "true"), ("with_shared", "false")]);
                gitlab.address(["groups", group, "projects"], query)
            }
            None => {
                // Lists of a whole host end after 50,000 entries when they count their pages.
                query.push(("pagination", "keyset"));
                gitlab.address(["projects"], query)
            }
        };
        gitlab.pages(client, url).await
    }

    /// What the settings leave of a listed project. One without a commit has no file.
    pub(super) fn chosen(&self, project: &Value) -> Option<Repository> {
        let settings = &self.settings;
        let path = project["path_with_namespace"].as_str()?;
        let topics: HashSet<&str> =
            project["topics"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let excluded = settings.exclude.iter().any(|name| name.eq_ignore_ascii_case(path));
        let wanted = settings.project_pattern.as_ref().is_none_or(|pattern| pattern.is_match(path))
            && settings.is_within(path)
            && !excluded
            && !(settings.skip_forks
                && project.get("forked_from_project").is_some_and(|fork| !fork.is_null()))
            && (settings.archived || project["archived"] != true)
            && settings.topics.iter().all(|topic| topics.contains(topic.as_str()))
            && project["empty_repo"] != true
            && project["repository_access_level"] != "disabled";
        let default = || project["default_branch"].as_str().filter(|branch| !branch.is_empty());
        let branch = settings.branch.as_deref().or_else(default).unwrap_or(&settings.fallback_branch);
        wanted.then(|| Repository { path: path.to_owned(), branch: branch.to_owned() })
    }
}

/// Whether a group was listed and not the one that has its place: GitLab answers for a renamed group under its old
/// name, and then nothing would be found in it.
pub(super) fn is_the_same<'a>(
    group: &str,
    mut paths: impl Iterator<Item = &'a Value>,
) -> Result<(), HostError> {
    let Some(first) = paths.next().and_then(Value::as_str) else { return Ok(()) };
    let within = |path: &str| is_in(path, group);
    if within(first) || paths.any(|path| path.as_str().is_some_and(within)) {
        return Ok(());
    }
    Err(HostError::Unreachable(format!(
        "GitLab answers for the group {group} with another one ({first}): was it renamed?"
    )))
}

#[async_trait]
impl Provider for Projects {
    fn id(&self) -> &str {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "gitlab"
    }

    fn target(&self) -> String {
        self.settings.target("projects")
    }

    fn schedule(&self) -> &Schedule {
        &self.settings.schedule
    }

    async fn discover(&self, hosts: &Hosts, priority: Priority) -> Result<Discovery, HostError> {
        let (gitlab, client) = reach::<GitLab>(hosts, "gitlab", &self.settings.host, priority)?;
        self.answered.done(self.look(gitlab, &client, priority).await)
    }

    fn concerns(&self, event: &ProviderEvent) -> bool {
        let settings = &self.settings;
        match event {
            ProviderEvent::Push { host, repository, branch, paths } => {
                self.answered.forget(repository);
                let pattern = settings.project_pattern.as_ref();
                host.eq_ignore_ascii_case(&settings.host)
                    && settings.is_within(repository)
                    && pattern.is_none_or(|pattern| pattern.is_match(repository))
                    && settings.branch.as_ref().is_none_or(|wanted| wanted == branch)
                    && concerns_path(&settings.file, paths.as_deref())
                    && self.memory.touch(repository)
            }
            ProviderEvent::Repositories { host, owner } => {
                let is_ours = settings.touches(host, owner);
                if is_ours {
                    self.memory.relist();
                }
                is_ours
            }
            ProviderEvent::People { .. } => false,
        }
    }
}
