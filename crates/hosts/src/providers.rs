//! Finding out what there is: the repositories of an organization, the people of a directory. The list of all that can.

mod aws_s3;
mod azure_devops;
mod bitbucket_cloud;
mod bitbucket_server;
mod gerrit;
mod gitea;
mod github;
mod github_org;
mod gitlab;
mod ldap_org;
mod memory;
mod microsoft_graph_org;
mod named;
mod people;
mod scope;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::budget::Priority;
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;
use crate::hosts::Hosts;
use crate::schedule::Schedule;

/// Reads one key of `catalog.providers`: a provider for each of its entries.
pub(crate) type Make = fn(&Fields<'_>, &Hosts, &mut Vec<ConfigProblem>) -> Vec<Arc<dyn Provider>>;

/// Every kind of provider by its key in `catalog.providers`.
pub(crate) const KINDS: &[(&str, Make)] = &[
    ("awsS3", aws_s3::make),
    ("azureDevOps", azure_devops::make),
    ("bitbucketCloud", bitbucket_cloud::make),
    ("bitbucketServer", bitbucket_server::make),
    ("gerrit", gerrit::make),
    ("gitea", gitea::make),
    ("github", github::make),
    ("githubOrg", github_org::make),
    ("gitlab", gitlab::make),
    ("ldapOrg", ldap_org::make),
    ("microsoftGraphOrg", microsoft_graph_org::make),
];

/// One thing that a provider says there is.
#[derive(Clone, Debug, PartialEq)]
pub struct Discovered {
    /// A document of Backstage: a Location whose targets are read next, a User, a Group. Its
    /// `backstage.io/managed-by-location` says where it comes from.
    pub document: Value,
}

/// All that a provider says at one time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Discovery {
    /// Without an order; two of one reference are a conflict.
    pub found: Vec<Discovered>,
    /// What could not be looked at, in words: what was found there before still counts, so nothing is removed.
    pub missed: Option<String>,
}

/// What a host tells by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderEvent {
    /// Commits have come to a branch.
    Push {
        /// The host, with its port where that is not the scheme's own.
        host: String,
        /// `owner/repository`, or what stands for it in the URLs of the host.
        repository: String,
        /// Without `refs/heads/`.
        branch: String,
        /// The files that were touched, from the root of the repository; none where the host does not say.
        paths: Option<Vec<String>>,
    },
    /// A repository was made, renamed, archived, deleted.
    Repositories {
        /// As above.
        host: String,
        /// The owner or group that it belongs to.
        owner: String,
    },
    /// People or teams have changed.
    People {
        /// As above.
        host: String,
        /// The organization.
        owner: String,
    },
}

/// A source of the catalog that finds out by itself what belongs to it.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Backstage's name of it, such as `github-provider:acme`; it names the source everywhere.
    fn id(&self) -> &str;

    /// Its key in `catalog.providers`.
    fn kind(&self) -> &'static str;

    /// What it looks at, in a few words for people: `acme on github.com`.
    fn target(&self) -> String;

    /// When it is asked.
    fn schedule(&self) -> &Schedule;

    /// Finds out what there is.
    ///
    /// # Errors
    /// When nothing can be said; what was found before still counts.
    async fn discover(&self, hosts: &Hosts, priority: Priority) -> Result<Discovery, HostError>;

    /// Whether an event means that it has to be asked again.
    fn concerns(&self, event: &ProviderEvent) -> bool;
}

/// The providers of the configuration.
#[derive(Clone, Default)]
pub struct Providers(pub Vec<Arc<dyn Provider>>);

impl Providers {
    /// Reads `catalog.providers`.
    #[must_use]
    pub fn new(providers: Option<&Value>, hosts: &Hosts) -> (Self, Vec<ConfigProblem>) {
        let mut problems = Vec::new();
        let mut made = Vec::new();
        for (key, make) in KINDS {
            let entries = Fields::at(providers.and_then(|all| all.get(*key)), &["catalog", "providers", key]);
            if entries.is_there() {
                made.extend(make(&entries, hosts, &mut problems));
            }
        }
        (Self(made), problems)
    }

    /// Adds the directories of `ldap.providers`, the older form of `catalog.providers.ldapOrg`.
    pub fn add_older_directories(&mut self, ldap: Option<&Value>, hosts: &Hosts) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let entries = Fields::at(ldap.and_then(|ldap| ldap.get("providers")), &["ldap", "providers"]);
        for provider in ldap_org::make_older(&entries, hosts, &mut problems) {
            // What is said in the newer form wins.
            if !self.0.iter().any(|known| known.id() == provider.id()) {
                self.0.push(provider);
            }
        }
        problems
    }
}
