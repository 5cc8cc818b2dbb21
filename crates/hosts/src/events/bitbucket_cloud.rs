//! Bitbucket Cloud: support.atlassian.com/bitbucket-cloud/docs/event-payloads.

use serde_json::Value;

use super::{Delivered, Kind, host_in, signature};
use crate::providers::ProviderEvent;

pub(super) const KIND: Kind = Kind {
    topic: "bitbucketCloud",
    proves: |header, body, secret| signature::signed(header, "x-hub-signature", "sha256=", body, secret),
    refusal: "invalid signature",
    event: |header, _| header("x-event-key").unwrap_or_default(),
    decode,
};

fn decode(event: &str, delivered: &Delivered<'_>) -> Vec<ProviderEvent> {
    match event {
        "repo:push" => pushes(delivered),
        "repo:created" | "repo:deleted" | "repo:updated" | "repo:imported" | "repo:transfer" => {
            repositories(delivered)
        }
        _ => Vec::new(),
    }
}

/// One for every branch that has changed. Which files have is not said.
fn pushes(delivered: &Delivered<'_>) -> Vec<ProviderEvent> {
    let Some(repository) = delivered.text(&["repository", "full_name"]) else { return Vec::new() };
    let changes = delivered.body["push"]["changes"].as_array().into_iter().flatten();
    let mut branches: Vec<&str> = changes
        .flat_map(|change| [&change["new"], &change["old"]])
        .filter(|side| side["type"] == "branch" || side["type"] == "named_branch")
        .filter_map(|side| side["name"].as_str())
        .collect();
    branches.sort_unstable();
    branches.dedup();
    branches
        .into_iter()
        .map(|branch| ProviderEvent::Push {
            host: host(delivered),
            repository: repository.to_owned(),
            branch: branch.to_owned(),
            paths: None,
        })
        .collect()
}

fn repositories(delivered: &Delivered<'_>) -> Vec<ProviderEvent> {
    let named = delivered.text(&["repository", "full_name"]).and_then(|name| Some(name.split_once('/')?.0));
    let owner = delivered.text(&["repository", "workspace", "slug"]).or(named);
    let before =
        delivered.body["changes"]["full_name"]["old"].as_str().and_then(|name| Some(name.split_once('/')?.0));
    let owners = owner.into_iter().chain(before.filter(|before| Some(*before) != owner));
    owners
        .map(|owner| ProviderEvent::Repositories { host: host(delivered), owner: owner.to_owned() })
        .collect()
}

fn host(delivered: &Delivered<'_>) -> String {
    let said: &Value = &delivered.body["repository"]["links"]["html"]["href"];
    host_in(said.as_str()).unwrap_or_else(|| "bitbucket.org".into())
}
