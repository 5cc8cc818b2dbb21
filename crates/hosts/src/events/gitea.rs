//! Gitea and Forgejo: docs.gitea.com/usage/webhooks.

use super::{Delivered, Kind, branch, host_in, paths, signature};
use crate::providers::ProviderEvent;

pub(super) const KIND: Kind = Kind {
    topic: "gitea",
    proves: |header, body, secret| {
        // Newer ones sign as GitHub does, too; either will do.
        signature::signed(header, "x-gitea-signature", "", body, secret)
            || signature::signed(header, "x-hub-signature-256", "sha256=", body, secret)
    },
    refusal: "invalid signature",
    event: |header, _| header("x-gitea-event").unwrap_or_default(),
    decode,
};

fn decode(event: &str, delivered: &Delivered<'_>) -> Vec<ProviderEvent> {
    let Some(host) = host_in(delivered.text(&["repository", "html_url"])) else { return Vec::new() };
    match event {
        "push" => push(delivered, host).into_iter().collect(),
        // A branch that is new, or gone; without `refs/heads/`.
        "create" | "delete" => edge(delivered, host).into_iter().collect(),
        "repository" => {
            let owner =
                ["login", "username"].iter().find_map(|key| delivered.text(&["repository", "owner", key]));
            owner
                .map(|owner| ProviderEvent::Repositories { host, owner: owner.to_owned() })
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

fn push(delivered: &Delivered<'_>, host: String) -> Option<ProviderEvent> {
    let body = delivered.body;
    Some(ProviderEvent::Push {
        host,
        repository: delivered.text(&["repository", "full_name"])?.to_owned(),
        branch: branch(delivered.text(&["ref"])?)?.to_owned(),
        paths: paths(&body["commits"], body["total_commits"].as_u64()),
    })
}

fn edge(delivered: &Delivered<'_>, host: String) -> Option<ProviderEvent> {
    delivered.text(&["ref_type"]).filter(|kind| *kind == "branch")?;
    Some(ProviderEvent::Push {
        host,
        repository: delivered.text(&["repository", "full_name"])?.to_owned(),
        branch: delivered.text(&["ref"])?.to_owned(),
        paths: None,
    })
}
