//! GitHub: docs.github.com/webhooks/webhook-events-and-payloads.

use serde_json::Value;

use super::{Delivered, Header, Kind, branch, host_in, paths, signature};
use crate::providers::ProviderEvent;

/// GitHub names the files of so many commits of a push; with as many there may be more.
const MOST_COMMITS: usize = 2048;

pub(super) const KIND: Kind = Kind {
    topic: "github",
    proves: |header, body, secret| signature::signed(header, "x-hub-signature-256", "sha256=", body, secret),
    refusal: "invalid signature",
    event: |header, _| header("x-github-event").unwrap_or_default(),
    decode,
};

fn decode(event: &str, delivered: &Delivered<'_>) -> Vec<ProviderEvent> {
    match event {
        "push" => push(delivered).into_iter().collect(),
        "repository" => repositories(delivered),
        "installation" | "installation_repositories" => {
            let owner = delivered.text(&["installation", "account", "login"]);
            owner.map(|owner| repositories_of(delivered, owner)).into_iter().collect()
        }
        "organization" | "team" | "membership" | "team_add" => people(delivered).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn push(delivered: &Delivered<'_>) -> Option<ProviderEvent> {
    let branch = branch(delivered.text(&["ref"])?)?.to_owned();
    let body = delivered.body;
    let flag = |key: &str| body.get(key).and_then(Value::as_bool).unwrap_or(false);
    let commits = &body["commits"];
    let whole = commits.as_array().is_some_and(|commits| commits.len() < MOST_COMMITS);
    // Of a branch that is new, gone or moved elsewhere, the commits are not what has changed.
    let told = whole && !flag("forced") && !flag("created") && !flag("deleted");
    Some(ProviderEvent::Push {
        host: host(delivered),
        repository: delivered.text(&["repository", "full_name"])?.to_owned(),
        branch,
        paths: if told { paths(commits, None) } else { None },
    })
}

fn repositories(delivered: &Delivered<'_>) -> Vec<ProviderEvent> {
    // One that was transferred has left somebody.
    let owners = [
        delivered.text(&["repository", "owner", "login"]),
        delivered.text(&["changes", "owner", "from", "organization", "login"]),
        delivered.text(&["changes", "owner", "from", "user", "login"]),
    ];
    owners.into_iter().flatten().map(|owner| repositories_of(delivered, owner)).collect()
}

fn repositories_of(delivered: &Delivered<'_>, owner: &str) -> ProviderEvent {
    ProviderEvent::Repositories { host: host(delivered), owner: owner.to_owned() }
}

fn people(delivered: &Delivered<'_>) -> Option<ProviderEvent> {
    let owner = delivered.text(&["organization", "login"])?.to_owned();
    Some(ProviderEvent::People { host: host(delivered), owner })
}

/// Where the things stand that the delivery is about.
fn host(delivered: &Delivered<'_>) -> String {
    let addresses: [&[&str]; 5] = [
        &["repository", "html_url"],
        &["team", "html_url"],
        &["installation", "account", "html_url"],
        &["sender", "html_url"],
        &["organization", "html_url"],
    ];
    let said = addresses.iter().find_map(|path| host_in(delivered.text(path)));
    said.or_else(|| enterprise(delivered.header)).unwrap_or_else(|| "github.com".into())
}

/// A GitHub Enterprise Server says who it is.
fn enterprise(header: Header<'_>) -> Option<String> {
    header("x-github-enterprise-host").filter(|host| !host.is_empty())
}
