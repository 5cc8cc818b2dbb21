//! GitLab: the projects with a catalog file, and with `orgEnabled` its users and groups. Keys and what is made of them
//! are those of `@backstage/plugin-catalog-backend-module-gitlab` and `-gitlab-org`.

mod members;
mod org;
mod people;
mod projects;
mod search;

use std::sync::Arc;

use regex::Regex;

use super::named::pattern;
use super::{Provider, scope};
use crate::code::GitLab;
use crate::config::ConfigProblem;
use crate::fields::Fields;
use crate::hosts::Hosts;
use crate::schedule::Schedule;

/// One entry of `catalog.providers.gitlab`.
struct Settings {
    id: String,
    host: String,
    group: Option<String>,
    branch: Option<String>,
    fallback_branch: String,
    file: String,
    project_pattern: Option<Regex>,
    user_pattern: Option<Regex>,
    /// For full paths of groups; none for all.
    group_patterns: Vec<Regex>,
    relations: Vec<String>,
    restrict_users: bool,
    skip_forks: bool,
    archived: bool,
    exclude: Vec<String>,
    without_seat: bool,
    membership: bool,
    topics: Vec<String>,
    /// Files are looked for by the host's search and not project by project.
    search: bool,
    schedule: Schedule,
}

/// Reads `catalog.providers.gitlab`.
pub(crate) fn make(
    entries: &Fields<'_>,
    hosts: &Hosts,
    problems: &mut Vec<ConfigProblem>,
) -> Vec<Arc<dyn Provider>> {
    let mut made: Vec<Arc<dyn Provider>> = Vec::new();
    for (id, entry) in entries.entries() {
        let Some(settings) = Settings::read(id, &entry, hosts, problems) else { continue };
        if settings.search && settings.group.is_none() {
            entry.get("group").wrong(problems, "useSearch needs a group to search in");
            continue;
        }
        let settings = Arc::new(settings);
        if entry.get("orgEnabled").flag(false, problems) && settings.may_have_org(&entry, problems) {
            made.push(Arc::new(org::Org::new(Arc::clone(&settings))));
        }
        made.push(Arc::new(projects::Projects::new(settings)));
    }
    made
}

impl Settings {
    fn read(id: &str, entry: &Fields<'_>, hosts: &Hosts, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let host = scope::configured::<GitLab>(entry, "gitlab", None, hosts, problems)?;
        let text = |key: &str, problems: &mut Vec<_>| entry.get(key).text(problems);
        let flag = |key: &str, problems: &mut Vec<_>| entry.get(key).flag(false, problems);
        let group_patterns = entry.get("groupPattern").list();
        let mut relations = vec!["DIRECT".to_owned()];
        relations.extend(entry.get("relations").texts(problems));
        if flag("allowInherited", problems) {
            relations.push("INHERITED".to_owned());
        }
        relations.sort();
        relations.dedup();
        Some(Self {
            id: id.to_owned(),
            group: text("group", problems).map(|group| group.trim_matches('/').to_owned()),
            branch: text("branch", problems),
            fallback_branch: text("fallbackBranch", problems).unwrap_or_else(|| "master".to_owned()),
            file: text("entityFilename", problems).unwrap_or_else(|| "catalog-info.yaml".to_owned()),
            project_pattern: pattern(&entry.get("projectPattern"), false, problems),
            user_pattern: pattern(&entry.get("userPattern"), false, problems),
            group_patterns: group_patterns.iter().filter_map(|one| pattern(one, false, problems)).collect(),
            relations,
            restrict_users: flag("restrictUsersToGroup", problems),
            skip_forks: flag("skipForkedRepos", problems),
            archived: flag("includeArchivedRepos", problems),
            exclude: entry.get("excludeRepos").texts(problems),
            without_seat: flag("includeUsersWithoutSeat", problems),
            membership: flag("membership", problems),
            topics: entry.get("topics").texts(problems),
            search: flag("useSearch", problems),
            schedule: Schedule::read(&entry.get("schedule"), problems),
            host,
        })
    }

    /// Users of gitlab.com, or of one group, are those of a group.
    fn may_have_org(&self, entry: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> bool {
        let needed = self.host == "gitlab.com" || self.restrict_users;
        if needed && self.group.is_none() {
            let why = "orgEnabled needs a group on gitlab.com, and with restrictUsersToGroup";
            entry.get("group").wrong(problems, why);
        }
        !needed || self.group.is_some()
    }

    /// Whether a group is wanted, by its full path.
    fn wants_group(&self, path: &str) -> bool {
        let patterns = &self.group_patterns;
        (patterns.is_empty() || patterns.iter().any(|pattern| pattern.is_match(path))) && self.is_within(path)
    }

    fn is_within(&self, path: &str) -> bool {
        self.group.as_deref().is_none_or(|group| scope::is_in(path, group))
    }

    /// Whether what happened to an owner may matter: it is the group, or in it, or around it.
    fn touches(&self, host: &str, owner: &str) -> bool {
        let around = || self.group.as_deref().is_some_and(|group| scope::is_in(group, owner));
        host.eq_ignore_ascii_case(&self.host) && (owner.is_empty() || self.is_within(owner) || around())
    }

    fn target(&self, what: &str) -> String {
        match &self.group {
            Some(group) => format!("{what} of {group} on {}", self.host),
            None => format!("{what} on {}", self.host),
        }
    }
}
