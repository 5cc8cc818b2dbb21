//! Gerrit: the projects of a query. The keys are those of `@backstage/plugin-catalog-backend-module-gerrit`.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use url::Url;

use super::named::{catalog_file, each};
use super::scope::{AT_ONCE, Answered, Missed, configured, reach};
use super::{Discovery, Provider, ProviderEvent};
use crate::budget::Priority;
use crate::client::{Client, shown};
use crate::code::Gerrit;
use crate::config::ConfigProblem;
use crate::documents;
use crate::error::HostError;
use crate::fields::Fields;
use crate::hosts::Hosts;
use crate::pages;
use crate::schedule::Schedule;

/// `gerrit-provider`.
struct Projects {
    id: String,
    host: String,
    query: String,
    branch: Option<String>,
    file: String,
    schedule: Schedule,
    answered: Answered,
}

/// Reads `catalog.providers.gerrit`.
pub(crate) fn make(
    entries: &Fields<'_>,
    hosts: &Hosts,
    problems: &mut Vec<ConfigProblem>,
) -> Vec<Arc<dyn Provider>> {
    each(entries, |id, entry| Projects::read(id, entry, hosts, problems))
}

impl Projects {
    fn read(id: &str, entry: &Fields<'_>, hosts: &Hosts, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let host = configured::<Gerrit>(entry, "gerrit", None, hosts, problems);
        let query = entry.get("query").required(problems);
        Some(Self {
            id: format!("gerrit-provider:{id}"),
            host: host?,
            query: query?.trim_start_matches('?').to_owned(),
            branch: entry.get("branch").text(problems),
            file: catalog_file(entry, problems),
            schedule: Schedule::read(&entry.get("schedule"), problems),
            answered: Answered::default(),
        })
    }

    async fn look(&self, gerrit: &Gerrit, client: &Client) -> Result<Discovery, HostError> {
        let projects = self.listed(gerrit, client).await?;
        let heads: Vec<_> =
            projects.into_iter().map(|project| self.reference(gerrit, client, project)).collect();
        let mut heads = stream::iter(heads).buffer_unordered(AT_ONCE);
        let (mut found, mut missed) = (Vec::new(), Missed::default());
        while let Some((project, head)) = heads.next().await {
            match head {
                Ok(Value::String(reference)) => {
                    let target = gerrit.page(&project, &reference, &self.file);
                    found.push(documents::location(target.as_str(), true));
                }
                Ok(_) => {}
                Err(error) => missed.note(error)?,
            }
        }
        Ok(Discovery { found, missed: missed.words() })
    }

    /// The names of all projects that the query means. The last one of a cut answer says so, unless the query itself
    /// limits it.
    async fn listed(&self, gerrit: &Gerrit, client: &Client) -> Result<Vec<String>, HostError> {
        let base = gerrit.address(["projects", ""]);
        let limited = url::form_urlencoded::parse(self.query.as_bytes())
            .any(|(key, _)| matches!(key.as_ref(), "n" | "limit" | "S" | "start"));
        let mut names: Vec<String> = Vec::new();
        for _ in 0..pages::MOST {
            let url = self.page(&base, names.len());
            let Value::Object(projects) = gerrit.get(client, &url).await? else {
                return Err(HostError::Unreachable(format!("{} answered with no projects", shown(&url))));
            };
            let more = projects.values().any(|project| project["_more_projects"] == true);
            let before = names.len();
            names.extend(projects.into_iter().map(|(name, _)| name));
            if limited || !more {
                return Ok(names);
            }
            if names.len() == before {
                break;
            }
        }
        Err(HostError::Unreachable(format!("{} names no end of its projects", shown(&base))))
    }

    fn page(&self, base: &Url, from: usize) -> Url {
        let mut url = base.clone();
        url.set_query(Some(&self.query));
        if from > 0 {
            url.query_pairs_mut().append_pair("S", &from.to_string());
        }
        url
    }

    /// The branch of the settings, or the one that HEAD of the project stands for; null where there is none.
    async fn reference(
        &self,
        gerrit: &Gerrit,
        client: &Client,
        project: String,
    ) -> (String, Result<Value, HostError>) {
        if let Some(branch) = &self.branch {
            return (project, Ok(Value::String(format!("refs/heads/{branch}"))));
        }
        let ask = async {
            match gerrit.head(client, &project).await {
                Ok(head) => Ok(Value::String(head)),
                Err(HostError::NotFound(_)) => Ok(Value::Null),
                Err(error) => Err(error),
            }
        };
        let answer = self.answered.or_ask(project.clone(), ask).await;
        (project, answer)
    }
}

#[async_trait]
impl Provider for Projects {
    fn id(&self) -> &str {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "gerrit"
    }

    fn target(&self) -> String {
        format!("projects of \"{}\" on {}", self.query, self.host)
    }

    fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    async fn discover(&self, hosts: &Hosts, priority: Priority) -> Result<Discovery, HostError> {
        let (gerrit, client) = reach::<Gerrit>(hosts, "gerrit", &self.host, priority)?;
        self.answered.done(self.look(gerrit, &client).await)
    }

    /// A push brings no project, and every project of the query has its Location, whether it has the file or not.
    fn concerns(&self, event: &ProviderEvent) -> bool {
        match event {
            ProviderEvent::Repositories { host, .. } => host.eq_ignore_ascii_case(&self.host),
            ProviderEvent::Push { .. } | ProviderEvent::People { .. } => false,
        }
    }
}
