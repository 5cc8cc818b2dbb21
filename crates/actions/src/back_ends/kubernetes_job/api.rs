//! Asking one cluster, with one credential.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use stagedoor_outbound::{AllowList, Delivered, Delivery, Egress, Trust};
use url::{Host, Url};

use crate::back_ends::answer::{json, now, pause, refused, undelivered};
use crate::back_ends::input::Input;
use crate::back_ends::settings::Cluster;
use crate::performer::Failure;
use crate::services::Services;

/// How long to wait where a credential does not work any more.
const DENIED: Duration = Duration::from_secs(60);

/// One namespace of a cluster.
pub(super) struct Api {
    cluster: Cluster,
    egress: Arc<Egress>,
    pub(super) namespace: String,
}

impl Api {
    /// A cluster of the configuration by its name, or one that the action describes, with its token from a secret.
    pub(super) fn of(input: Input<'_>, namespace: &str, services: &Services) -> Result<Self, Failure> {
        let (cluster, egress) = match input.get("cluster") {
            Some(Value::String(name)) => {
                let known = services.back_ends.clusters.iter().find(|cluster| cluster.name == *name);
                let known = known.ok_or_else(|| {
                    input.wrong("cluster", &format!("there is no {name} in kubernetes.clusterLocatorMethods"))
                })?;
                // The configuration names it, so it may be in a private network.
                let host = Url::parse(&known.url).ok().and_then(|url| url.host_str().map(str::to_owned));
                let named = AllowList::new(host.iter().map(String::as_str)).unwrap_or_default();
                (known.clone(), Arc::new(services.egress.reaching(named)))
            }
            Some(described @ Value::Object(_)) => {
                if described.get("caFile").is_some() {
                    return Err(input.wrong("cluster.caFile", "caData is expected: an action names no files"));
                }
                (Cluster::read(described, "invocationMethod.cluster")?, Arc::clone(&services.egress))
            }
            _ => {
                return Err(
                    input.wrong("cluster", "a name, or an object with url, token and caData is expected")
                );
            }
        };
        let url = Url::parse(&cluster.url).map_err(|error| input.wrong("cluster", &error.to_string()))?;
        let local = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if url.scheme() != "https" && !local {
            return Err(input.wrong("cluster", "a token is sent over https alone, except to this machine"));
        }
        Ok(Self { cluster, egress, namespace: namespace.to_owned() })
    }

    /// Where its Jobs are.
    pub(super) fn jobs(&self) -> String {
        format!("/apis/batch/v1/namespaces/{}/jobs", self.namespace)
    }

    /// Sends a call below the cluster's address; the path is made of checked names. Any status is an answer.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Delivered, Failure> {
        let url = Url::parse(&format!("{}{path}", self.cluster.url))
            .map_err(|error| Failure::new(format!("the cluster's address: {error}")))?;
        let mut delivery = Delivery { max_bytes: 8 * 1024 * 1024, ..Delivery::new(method) };
        if let Some(token) = &self.cluster.token {
            delivery = delivery.with("authorization", format!("Bearer {}", token.expose()));
        }
        if let Some(body) = body {
            delivery = delivery.json(body.to_string());
        }
        delivery.trust = match (self.cluster.anyone, &self.cluster.authorities) {
            (true, _) => Some(Trust::Anyone),
            (false, Some(pem)) => Some(Trust::Authorities(pem.clone())),
            (false, None) => None,
        };
        let answer = self.egress.deliver(&url, delivery).await;
        answer.map_err(|error| undelivered(&error, true))
    }

    /// A Job of a name.
    pub(super) async fn job(&self, name: &str) -> Result<Option<Value>, Failure> {
        let answer = self.send("GET", &format!("{}/{name}", self.jobs()), None).await?;
        match answer.status {
            200..=299 => json("the cluster", &answer).map(Some),
            404 => Ok(None),
            401 | 403 => Err(Failure { retry: Some(DENIED), ..refused("the cluster", &answer) }),
            _ => Err(judged(&answer)),
        }
    }
}

/// What a refusal means. Nothing that is asked of a cluster here does more when it is asked twice.
pub(super) fn judged(answer: &Delivered) -> Failure {
    let failure = refused("the cluster", answer);
    let retry = matches!(answer.status, 429 | 500..=599).then(|| pause(answer, now()));
    Failure { retry, ..failure }
}
