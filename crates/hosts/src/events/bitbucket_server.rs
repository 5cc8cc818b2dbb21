//! Bitbucket Server and Data Center: confluence.atlassian.com/bitbucketserver/event-payload.

use serde_json::Value;

use super::{Delivered, Kind, host_in, signature};
use crate::providers::ProviderEvent;

pub(super) const KIND: Kind = Kind {
    topic: "bitbucketServer",
    proves: |header, body, secret| signature::signed(header, "x-hub-signature", "sha256=", body, secret),
    refusal: "invalid signature",
    event: |header, _| header("x-event-key").unwrap_or_default(),
    decode,
};

fn decode(event: &str, delivered: &Delivered<'_>) -> Vec<ProviderEvent> {
    match event {
        "repo:refs_changed" | "mirror:repo_synchronized" => pushes(delivered),
        "repo:modified" => {
            let keys: [&[&str]; 2] = [&["new", "project", "key"], &["old", "project", "key"]];
            repositories(delivered, &keys)
        }
        "repo:forked" => repositories(delivered, &[&["repository", "project", "key"]]),
        "project:modified" => repositories(delivered, &[&["new", "key"], &["old", "key"]]),
        _ => Vec::new(),
    }
}

/// One for every branch that has changed. Which files have is not said.
fn pushes(delivered: &Delivered<'_>) -> Vec<ProviderEvent> {
    let key = delivered.text(&["repository", "project", "key"]);
    let (Some(key), Some(slug)) = (key, delivered.text(&["repository", "slug"])) else { return Vec::new() };
    let changes = delivered.body["changes"].as_array().into_iter().flatten();
    let branches: Vec<&str> = changes
        .filter(|change| change["ref"]["type"] == "BRANCH")
        .filter_map(|change| change["ref"]["displayId"].as_str())
        .collect();
    let hosts = hosts(delivered, &delivered.body["repository"]);
    let each = hosts.iter().flat_map(|host| branches.iter().map(move |branch| (host, branch)));
    each.map(|(host, branch)| ProviderEvent::Push {
        host: host.clone(),
        repository: format!("projects/{key}/repos/{slug}"),
        branch: (*branch).to_owned(),
        paths: None,
    })
    .collect()
}

fn repositories(delivered: &Delivered<'_>, keys: &[&[&str]]) -> Vec<ProviderEvent> {
    let mut owners: Vec<&str> = keys.iter().filter_map(|key| delivered.text(key)).collect();
    owners.dedup();
    let about = ["repository", "new"].iter().find_map(|key| delivered.body.get(*key)).unwrap_or(&Value::Null);
    let hosts = hosts(delivered, about);
    let each = hosts.iter().flat_map(|host| owners.iter().map(move |owner| (host, owner)));
    each.map(|(host, owner)| ProviderEvent::Repositories { host: host.clone(), owner: (*owner).to_owned() })
        .collect()
}

/// Most deliveries do not say where they come from: then it is any of the servers that are configured.
fn hosts(delivered: &Delivered<'_>, repository: &Value) -> Vec<String> {
    match host_in(repository["links"]["self"][0]["href"].as_str()) {
        Some(host) => vec![host],
        None => delivered.hosts.to_vec(),
    }
}
