//! The people and teams of GitHub organizations: `catalog.providers.githubOrg`.

mod people;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};
use url::Url;

use super::github::{Gathered, github_host, gone};
use super::{Discovered, Discovery, Provider, ProviderEvent};
use crate::budget::Priority;
use crate::client::{Client, host_of};
use crate::code::github::{GitHub, Page};
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;
use crate::hosts::Hosts;
use crate::schedule::Schedule;

use people::{Naming, People};

const MEMBERS: &str = "query ($org: String!, $first: Int!, $cursor: String, $email: Boolean!) {
  organization(login: $org) {
    membersWithRole(first: $first, after: $cursor) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id login name bio avatarUrl SUSPENDED
        email @include(if: $email)
        organizationVerifiedDomainEmails(login: $org)
      }
    }
  }
}";

const TEAMS: &str = "query ($org: String!, $first: Int!, $cursor: String, $members: Int!) {
  organization(login: $org) {
    teams(first: $first, after: $cursor) {
      pageInfo { hasNextPage endCursor }
      nodes {
        slug combinedSlug name description avatarUrl editTeamUrl
        parentTeam { slug }
        members(first: $members, membership: IMMEDIATE) {
          pageInfo { hasNextPage }
          nodes { login }
        }
      }
    }
  }
}";

/// For teams with more members than come along with the team.
const TEAM: &str = "query ($org: String!, $team: String!, $first: Int!, $cursor: String) {
  organization(login: $org) {
    team(slug: $team) {
      members(first: $first, after: $cursor, membership: IMMEDIATE) {
        pageInfo { hasNextPage endCursor }
        nodes { login }
      }
    }
  }
}";

/// One entry of `catalog.providers.githubOrg`.
struct Organizations {
    id: String,
    host: String,
    /// Empty for all in which an app of the host is installed.
    orgs: Vec<String>,
    naming: Naming,
    leave_out_suspended: bool,
    pages: Pages,
    schedule: Schedule,
}

struct Pages {
    teams: u64,
    team_members: u64,
    members: u64,
}

/// Reads one entry, a list of them, or one for each name.
pub(super) fn make(
    entries: &Fields<'_>,
    hosts: &Hosts,
    problems: &mut Vec<ConfigProblem>,
) -> Vec<Arc<dyn Provider>> {
    let is_map =
        entries.object().is_some_and(|map| !map.contains_key("githubUrl") && !map.contains_key("id"));
    let list: Vec<(Option<&str>, Fields<'_>)> = if is_map {
        entries.entries().into_iter().map(|(id, fields)| (Some(id), fields)).collect()
    } else {
        entries.list().into_iter().map(|fields| (None, fields)).collect()
    };
    let one = list.len() == 1;
    let made = list.iter().filter_map(|(id, fields)| Organizations::read(*id, fields, one, hosts, problems));
    made.map(|provider| Arc::new(provider) as Arc<dyn Provider>).collect()
}

impl Organizations {
    /// `alone`: nothing else gives people of GitHub.
    fn read(
        id: Option<&str>,
        fields: &Fields<'_>,
        alone: bool,
        hosts: &Hosts,
        problems: &mut Vec<ConfigProblem>,
    ) -> Option<Self> {
        let given = fields.get("id").text(problems).or_else(|| id.map(str::to_owned));
        let id = given.or_else(|| fields.get("id").required(problems));
        let url = fields.get("githubUrl").required(problems)?;
        let host = Url::parse(&url).ok().map(|url| host_of(&url)).unwrap_or_default();
        let Some(github) = hosts.find::<GitHub>(&host) else {
            let text = "an address is expected whose host has an entry in integrations.github";
            fields.get("githubUrl").wrong(problems, text);
            return None;
        };
        let orgs = fields.get("orgs").texts(problems);
        if orgs.is_empty() && !github.api().has_app(None) {
            let text = "organizations are expected here: without them, those with a GitHub App of integrations.github are read, and there is none";
            fields.get("orgs").wrong(problems, text);
            return None;
        }
        let sizes = fields.get("pageSizes");
        let transformer = fields.get("defaultUserTransformer");
        Some(Self {
            id: format!("github-org-provider:{}", id?),
            host: github_host(github),
            naming: Naming {
                namespaces: !(alone && orgs.len() == 1),
                verified_emails: transformer.get("useVerifiedEmails").flag(false, problems),
            },
            orgs,
            leave_out_suspended: fields.get("excludeSuspendedUsers").flag(false, problems),
            pages: Pages {
                teams: sizes.get("teams").count(25, problems),
                team_members: sizes.get("teamMembers").count(50, problems),
                members: sizes.get("organizationMembers").count(50, problems),
            },
            schedule: Schedule::read(&fields.get("schedule"), problems),
        })
    }

    /// The people and teams of one organization go into `people`.
    async fn of_org(
        &self,
        github: &GitHub,
        client: &Client,
        org: &str,
        people: &mut People<'_>,
    ) -> Result<Option<String>, HostError> {
        let what = format!("the organization {org}");
        // GitHub itself suspends nobody; the field is one of Enterprise.
        let suspended = self.leave_out_suspended && self.host != "github.com";
        let query = MEMBERS.replace("SUSPENDED", if suspended { "suspendedAt" } else { "" });
        let mut variables = variables(org);
        // An app may not see addresses.
        variables.insert("email".to_owned(), (!github.api().is_app(client, org).await?).into());
        let list = "/organization/membersWithRole";
        let page = Page { query: &query, variables, list, first: self.pages.members, what: &what };
        let members = github.api().pages(client, org, &page).await?;

        let mut variables = self::variables(org);
        variables.insert("members".to_owned(), self.pages.team_members.clamp(1, 100).into());
        let list = "/organization/teams";
        let page = Page { query: TEAMS, variables, list, first: self.pages.teams, what: &what };
        let mut teams = github.api().pages(client, org, &page).await?;
        for team in &mut teams.nodes {
            self.complete(github, client, org, team).await?;
        }
        let active = |member: &&Value| !suspended || member.get("suspendedAt").is_none_or(Value::is_null);
        people.add(org, members.nodes.iter().filter(active), &teams.nodes);
        Ok(members.missed.or(teams.missed))
    }

    /// Gives a team all of its members.
    async fn complete(
        &self,
        github: &GitHub,
        client: &Client,
        org: &str,
        team: &mut Value,
    ) -> Result<(), HostError> {
        let more = team.pointer("/members/pageInfo/hasNextPage").and_then(Value::as_bool);
        let slug = team.get("slug").and_then(Value::as_str).unwrap_or_default().to_owned();
        if more == Some(false) {
            return Ok(());
        }
        let what = format!("the team {org}/{slug}");
        let mut variables = variables(org);
        variables.insert("team".to_owned(), slug.into());
        let list = "/organization/team/members";
        let page = Page { query: TEAM, variables, list, first: self.pages.team_members, what: &what };
        let members = github.api().pages(client, org, &page).await?;
        if let Some(nodes) = team.pointer_mut("/members/nodes") {
            *nodes = Value::Array(members.nodes);
        }
        match members.missed {
            Some(missed) => Err(HostError::Unreachable(missed)),
            None => Ok(()),
        }
    }
}

fn variables(org: &str) -> Map<String, Value> {
    Map::from_iter([("org".to_owned(), org.into())])
}

#[async_trait]
impl Provider for Organizations {
    fn id(&self) -> &str {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "githubOrg"
    }

    fn target(&self) -> String {
        match self.orgs.as_slice() {
            [] => format!("the people of all that have a GitHub App on {}", self.host),
            orgs => format!("the people of {} on {}", orgs.join(", "), self.host),
        }
    }

    fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    async fn discover(&self, hosts: &Hosts, priority: Priority) -> Result<Discovery, HostError> {
        let client = hosts.client(priority);
        let github = hosts.find::<GitHub>(&self.host).ok_or_else(|| gone(&self.host))?;
        let orgs = match self.orgs.as_slice() {
            [] => github.api().organizations(&client, None).await?,
            orgs => orgs.to_vec(),
        };
        let mut people = People::new(&self.host, &self.naming);
        let mut all = Gathered::default();
        for org in &orgs {
            let answer = self.of_org(github, &client, org, &mut people).await;
            all.add(org, answer.map(|missed| Discovery { found: Vec::new(), missed }))?;
        }
        let found = people.into_documents().into_iter().map(|document| Discovered { document });
        let discovery = all.into_discovery()?;
        Ok(Discovery { found: found.collect(), ..discovery })
    }

    fn concerns(&self, event: &ProviderEvent) -> bool {
        match event {
            ProviderEvent::People { host, owner } => {
                let ours =
                    self.orgs.is_empty() || self.orgs.iter().any(|org| org.eq_ignore_ascii_case(owner));
                host.eq_ignore_ascii_case(&self.host) && ours
            }
            ProviderEvent::Push { .. } | ProviderEvent::Repositories { .. } => false,
        }
    }
}
