//! What performers may use: everything else is out of their reach.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stagedoor_auth::Secret;
use stagedoor_hosts::Hosts;
use stagedoor_outbound::Egress;

use crate::performer::Failure;

/// What one call may use.
#[derive(Clone)]
pub struct Services {
    /// The only way out.
    pub egress: Arc<Egress>,
    /// Code hosts with their credentials, and files at their addresses.
    pub hosts: Option<Arc<Hosts>>,
    /// The catalog, in the name of whoever set the run going.
    pub catalog: Arc<dyn CatalogAccess>,
    /// Where the run tells how it is getting on.
    pub log: Arc<dyn Log>,
    /// Id of the organization, Port's `orgId`.
    pub organization: String,
    /// What Port's calls are signed with: the organization's client secret.
    pub signing_secret: Option<Secret>,
    /// Address of this portal as clients reach it, without a slash at its end.
    pub base_url: String,
    /// What the configuration says of back ends.
    pub back_ends: Arc<crate::BackEndSettings>,
    /// Folder of the run's files, for steps that work on files.
    pub workspace: Option<std::path::PathBuf>,
}

/// How loud a line of a log is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For whoever looks closely.
    Debug,
    /// As expected.
    #[default]
    Info,
    /// Somebody should look.
    Warn,
    /// It failed.
    Error,
}

/// Lines of a run's log. Secrets are taken out of them by whoever keeps them.
pub trait Log: Send + Sync {
    /// Adds a line.
    fn line(&self, level: Level, step: Option<&str>, message: &str);
}

/// A request to the portal's own API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRequest {
    /// `GET`.
    pub method: String,
    /// From `/api/` on, with its query, as it stands in a request: encoded, without `..`.
    pub path: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Vec<u8>,
    /// How long the answer may take.
    pub timeout: Duration,
}

/// What was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiAnswer {
    /// The status.
    pub code: u16,
    /// Names in lower case, and values; those that concern sign-in and connection are left out.
    pub headers: Vec<(String, String)>,
    /// What is in it.
    pub body: Vec<u8>,
}

/// The catalog as steps need it; each call is judged as one of the person who set the run going.
#[async_trait]
pub trait CatalogAccess: Send + Sync {
    /// One entity as a Backstage document, by its reference; `None` where there is none, or none that this person sees.
    async fn entity(&self, reference: &str) -> Option<Value>;

    /// Registers a location of type `url` and waits for its entities: references of those that came of it, generated
    /// ones left out. One that is registered already is read again.
    async fn register(&self, url: &str, optional: bool) -> Result<Vec<String>, Failure>;

    /// Makes or changes an entity in Port's dialect: `{identifier, title, team, properties, relations...}`. Returns it as
    /// it is afterwards.
    async fn upsert(&self, blueprint: &str, body: Value, run: &str) -> Result<Value, Failure>;

    /// Sends a notification, in the form that Backstage's clients post, in the portal's own name.
    async fn notify(&self, _body: Value) -> Result<(), Failure> {
        Err(Failure::new("notifications cannot be sent here"))
    }

    /// Calls the portal's own API. The one who answers knows less of it than the person may do.
    async fn request(&self, _request: ApiRequest) -> Result<ApiAnswer, Failure> {
        Err(Failure::new("the portal's API cannot be called here"))
    }

    /// Hands over documents, as YAML: references of their entities. Where one is refused, it says why.
    async fn hand_over(&self, _text: &str) -> Result<Vec<String>, Failure> {
        Err(Failure::new("documents cannot be handed over here"))
    }
}
