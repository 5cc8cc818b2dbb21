//! GitLab: docs.gitlab.com/user/project/integrations/webhook_events and docs.gitlab.com/administration/system_hooks.

use super::{Delivered, Kind, branch, host_in, paths, signature};
use crate::providers::ProviderEvent;

pub(super) const KIND: Kind = Kind {
    topic: "gitlab",
    proves: |header, _, secret| signature::told(header, "x-gitlab-token", secret),
    refusal: "invalid token",
    // System hooks have one header for all; the body says what they are.
    event: |_, body| {
        let name = ["event_name", "object_kind"].iter().find_map(|key| body[*key].as_str());
        name.unwrap_or_default().to_owned()
    },
    decode,
};

fn decode(event: &str, delivered: &Delivered<'_>) -> Vec<ProviderEvent> {
    match event {
        "push" => push(delivered).into_iter().collect(),
        "repository_update" => updates(delivered),
        "project_create" | "project_destroy" | "project_rename" | "project_transfer" | "project_update" => {
            projects(delivered)
        }
        "subgroup_create" | "subgroup_destroy" | "group_create" | "group_destroy" | "group_rename" => {
            groups(delivered)
        }
        "user_add_to_group" | "user_remove_from_group" | "user_update_for_group" => {
            people(delivered, &["group_path"]).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn push(delivered: &Delivered<'_>) -> Option<ProviderEvent> {
    let body = delivered.body;
    // All zeros: the branch is new, or gone.
    let edge = ["before", "after"]
        .iter()
        .any(|key| body[*key].as_str().is_some_and(|id| id.bytes().all(|b| b == b'0')));
    let told = if edge { None } else { paths(&body["commits"], body["total_commits_count"].as_u64()) };
    Some(ProviderEvent::Push {
        host: host(delivered),
        repository: delivered.text(&["project", "path_with_namespace"])?.to_owned(),
        branch: branch(delivered.text(&["ref"])?)?.to_owned(),
        paths: told,
    })
}

/// A push as the whole installation tells it: every branch, no files.
fn updates(delivered: &Delivered<'_>) -> Vec<ProviderEvent> {
    let Some(repository) = delivered.text(&["project", "path_with_namespace"]) else { return Vec::new() };
    let changes = delivered.body["changes"].as_array().into_iter().flatten();
    let refs = changes.filter_map(|change| branch(change["ref"].as_str()?));
    refs.map(|branch| ProviderEvent::Push {
        host: host(delivered),
        repository: repository.to_owned(),
        branch: branch.to_owned(),
        paths: None,
    })
    .collect()
}

fn projects(delivered: &Delivered<'_>) -> Vec<ProviderEvent> {
    let places = ["path_with_namespace", "old_path_with_namespace"];
    let owners =
        places.iter().filter_map(|key| delivered.text(&[key])?.rsplit_once('/').map(|(owner, _)| owner));
    owners
        .map(|owner| ProviderEvent::Repositories { host: host(delivered), owner: owner.to_owned() })
        .collect()
}

/// With a group its projects come and go, and its people.
fn groups(delivered: &Delivered<'_>) -> Vec<ProviderEvent> {
    let keys: [&[&str]; 3] = [&["full_path"], &["old_full_path"], &["path"]];
    let owners = keys.iter().take(if delivered.text(&["full_path"]).is_some() { 2 } else { 3 });
    owners
        .filter_map(|key| delivered.text(key))
        .flat_map(|owner| {
            let (host, owner) = (host(delivered), owner.to_owned());
            [
                ProviderEvent::Repositories { host: host.clone(), owner: owner.clone() },
                ProviderEvent::People { host, owner },
            ]
        })
        .collect()
}

fn people(delivered: &Delivered<'_>, path: &[&str]) -> Option<ProviderEvent> {
    Some(ProviderEvent::People { host: host(delivered), owner: delivered.text(path)?.to_owned() })
}

/// System hooks do not say where their projects are; a header says who sends them.
fn host(delivered: &Delivered<'_>) -> String {
    let said = host_in(delivered.text(&["project", "web_url"]));
    let sender = || host_in((delivered.header)("x-gitlab-instance").as_deref());
    let only = || delivered.hosts.first().filter(|_| delivered.hosts.len() == 1).cloned();
    said.or_else(sender).or_else(only).unwrap_or_else(|| "gitlab.com".into())
}
