//! Azure DevOps: learn.microsoft.com/azure/devops/service-hooks/events.

use url::Url;

use super::{Delivered, Kind, branch, signature};
use crate::client::host_of;
use crate::providers::ProviderEvent;

pub(super) const KIND: Kind = Kind {
    topic: "azureDevOps",
    // Service hooks sign nothing. They send a header as it was entered, or a name and password.
    proves: |header, _, secret| {
        signature::told(header, "x-ado-webhook-secret", secret) || signature::basic(header, secret)
    },
    refusal: "invalid webhook secret",
    event: |_, body| body["eventType"].as_str().unwrap_or_default().to_owned(),
    decode,
};

fn decode(event: &str, delivered: &Delivered<'_>) -> Vec<ProviderEvent> {
    let address =
        ["remoteUrl", "webUrl"].iter().find_map(|key| delivered.text(&["resource", "repository", key]));
    let Some(place) = address.and_then(place) else { return Vec::new() };
    match event {
        "git.push" => pushes(delivered, &place),
        "git.repo.created" | "git.repo.deleted" | "git.repo.renamed" | "git.repo.statuschanged" => {
            vec![ProviderEvent::Repositories { host: place.host, owner: place.organization }]
        }
        _ => Vec::new(),
    }
}

/// Where a repository is.
struct Place {
    host: String,
    organization: String,
    /// `organization/project/_git/repository`, as in its address.
    repository: String,
}

/// `https://dev.azure.com/organization/project/_git/repository`; the older form has the organization in the host.
fn place(address: &str) -> Option<Place> {
    let url = Url::parse(address).ok()?;
    let host = host_of(&url);
    let path = url.path().trim_matches('/');
    let (before, _) = path.split_once("_git/")?;
    let organization = match host.strip_suffix(".visualstudio.com") {
        Some(organization) => organization.to_owned(),
        None => before.split('/').next().unwrap_or_default().to_owned(),
    };
    Some(Place { organization, repository: path.to_owned(), host })
}

/// One for every branch that has changed. Which files have is not said.
fn pushes(delivered: &Delivered<'_>, place: &Place) -> Vec<ProviderEvent> {
    let updates = delivered.body["resource"]["refUpdates"].as_array().into_iter().flatten();
    let branches = updates.filter_map(|update| branch(update["name"].as_str()?));
    branches
        .map(|branch| ProviderEvent::Push {
            host: place.host.clone(),
            repository: place.repository.clone(),
            branch: branch.to_owned(),
            paths: None,
        })
        .collect()
}
