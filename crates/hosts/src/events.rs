//! What hosts tell by themselves: webhooks, from headers and body to [`ProviderEvent`]s.
//!
//! Nothing here does I/O. A delivery is believed only with the secret of its topic: a topic without one takes nothing,
//! unless the configuration says that anybody may knock. What an event leads to is reading again what is configured
//! anyway, so the worst that a forged or repeated one can do is to have it read early; the limits of hosts and of callers
//! hold for that, too.

mod azure;
mod bitbucket_cloud;
mod bitbucket_server;
mod gitea;
mod github;
mod gitlab;
mod recent;
mod signature;

use serde_json::Value;

use self::recent::Recent;
use crate::config::ConfigProblem;
use crate::fields::Fields;
use crate::providers::ProviderEvent;

/// The largest delivery that is read, in bytes: what Backstage takes.
pub const LARGEST_DELIVERY: usize = 5 * 1024 * 1024;

/// A header of a delivery, by its name in lower case.
pub type Header<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A kind of host that sends deliveries.
struct Kind {
    /// Its topic, and the name of its module in the configuration.
    topic: &'static str,
    /// Whether a delivery proves that its sender knows this secret.
    proves: fn(Header<'_>, body: &[u8], secret: &[u8]) -> bool,
    /// What Backstage answers where it does not.
    refusal: &'static str,
    /// The name of the event.
    event: fn(Header<'_>, &Value) -> String,
    /// What it means.
    decode: fn(event: &str, &Delivered<'_>) -> Vec<ProviderEvent>,
}

/// Every kind of host that sends deliveries.
static KINDS: [Kind; 6] =
    [github::KIND, gitlab::KIND, bitbucket_cloud::KIND, bitbucket_server::KIND, gitea::KIND, azure::KIND];

/// A delivery that is believed.
struct Delivered<'a> {
    header: Header<'a>,
    body: &'a Value,
    /// Hosts of this kind in the configuration, for those that do not say who they are.
    hosts: &'a [String],
}

/// A delivery that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no such topic here.
    Unknown,
    /// It does not prove that it comes from the host; what Backstage says then.
    Forged(&'static str),
    /// It is no JSON.
    Unreadable(String),
}

/// A delivery that is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The event's own name, such as `push`.
    pub event: String,
    /// What it means; nothing where it means nothing here.
    pub events: Vec<ProviderEvent>,
    /// Whether it came a moment ago already. Then there are no events.
    pub repeated: bool,
}

/// Where hosts knock.
#[derive(Default)]
pub struct Webhooks {
    topics: Vec<Topic>,
    recent: Recent,
}

struct Topic {
    kind: &'static Kind,
    secrets: Vec<Vec<u8>>,
    /// Anybody may knock.
    open: bool,
    hosts: Vec<String>,
}

impl Webhooks {
    /// Reads `events` and, for the secrets of GitHub Apps and the names of hosts, `integrations`.
    #[must_use]
    pub fn new(events: Option<&Value>, integrations: Option<&Value>) -> (Self, Vec<ConfigProblem>) {
        let mut problems = Vec::new();
        let modules = Fields::at(events.and_then(|events| events.get("modules")), &["events", "modules"]);
        let http = events.and_then(|events| events.get("http")).and_then(|http| http.get("topics"));
        let listed = Fields::at(http, &["events", "http", "topics"]).texts(&mut problems);
        let mut topics = Vec::new();
        for kind in &KINDS {
            let module = modules.get(kind.topic);
            let mut secrets: Vec<String> =
                module.get("webhookSecret").text(&mut problems).into_iter().collect();
            let key = if kind.topic == "azureDevOps" { "azure" } else { kind.topic };
            let of_kind = integrations.and_then(|all| all.get(key));
            let entries = Fields::at(of_kind, &["integrations", key]).list();
            if kind.topic == "github" {
                let apps = entries.iter().flat_map(|entry| entry.get("apps").list());
                secrets.extend(apps.filter_map(|app| app.get("webhookSecret").text(&mut problems)));
            }
            let open = module.get("dangerouslyAllowUnauthenticatedEvents").flag(false, &mut problems);
            let is_listed = listed.iter().any(|topic| topic == kind.topic);
            // With a secret the topic is there, listed or not, as it is in Backstage with its module.
            if secrets.is_empty() && !open && !is_listed {
                continue;
            }
            let hosts = entries.iter().filter_map(|entry| entry.get("host").text(&mut Vec::new())).collect();
            let secrets = secrets.into_iter().map(String::into_bytes).collect::<Vec<_>>();
            let open = open && secrets.is_empty();
            topics.push(Topic { kind, secrets, open, hosts });
        }
        (Self { topics, recent: Recent::default() }, problems)
    }

    /// Says in the log which topics take nothing for want of a secret, or take everything.
    pub(crate) fn warn(&self) {
        for topic in self.topics.iter().filter(|topic| topic.secrets.is_empty()) {
            warn_of_no_secret(topic.kind.topic, topic.open);
        }
    }

    /// The topics that take deliveries.
    pub fn topics(&self) -> impl Iterator<Item = &'static str> {
        self.topics
            .iter()
            .filter(|topic| topic.open || !topic.secrets.is_empty())
            .map(|topic| topic.kind.topic)
    }

    /// Whether deliveries of a topic are looked at, if only to be refused.
    #[must_use]
    pub fn knows(&self, topic: &str) -> bool {
        self.topics.iter().any(|known| known.kind.topic == topic)
    }

    /// Takes a delivery: its signature is checked first, over the body as it came.
    ///
    /// # Errors
    /// Why it is not taken. No text has anything of the body or a secret.
    pub fn receive(&self, topic: &str, header: Header<'_>, body: &[u8]) -> Result<Taken, Refused> {
        let topic = self.topics.iter().find(|known| known.kind.topic == topic).ok_or(Refused::Unknown)?;
        let kind = topic.kind;
        // Every secret is tried, so that the time says nothing of which was right.
        let proven =
            topic.secrets.iter().fold(false, |proven, secret| (kind.proves)(header, body, secret) | proven);
        if !proven && !topic.open {
            return Err(Refused::Forged(kind.refusal));
        }
        let value: Value =
            serde_json::from_slice(body).map_err(|error| Refused::Unreadable(error.to_string()))?;
        let event = (kind.event)(header, &value);
        if self.recent.has(kind.topic, &event, body) {
            return Ok(Taken { event, events: Vec::new(), repeated: true });
        }
        let delivered = Delivered { header, body: &value, hosts: &topic.hosts };
        let mut events = (kind.decode)(&event, &delivered);
        events.dedup();
        Ok(Taken { event, events, repeated: false })
    }
}

fn warn_of_no_secret(topic: &str, open: bool) {
    if open {
        tracing::warn!(
            topic,
            "webhooks of this topic are taken from anybody: events.modules.{topic}.dangerouslyAllowUnauthenticatedEvents is set"
        );
    } else {
        tracing::warn!(
            topic,
            "webhooks of this topic are refused: events.modules.{topic}.webhookSecret is not set"
        );
    }
}

impl Delivered<'_> {
    /// A text at a path of the body.
    fn text(&self, path: &[&str]) -> Option<&str> {
        let found = path.iter().try_fold(self.body, |value, step| value.get(step));
        found.and_then(Value::as_str).filter(|text| !text.is_empty())
    }
}

/// Host and port of an address, the port only where it is not the scheme's own.
fn host_in(address: Option<&str>) -> Option<String> {
    let url = url::Url::parse(address?).ok()?;
    url.host_str()?;
    Some(crate::client::host_of(&url))
}

/// The branch of a full name; none for a tag.
fn branch(reference: &str) -> Option<&str> {
    reference.strip_prefix("refs/heads/").filter(|branch| !branch.is_empty())
}

/// The files that commits say they touched. None where one of them does not say, or not all of them are there.
fn paths(commits: &Value, total: Option<u64>) -> Option<Vec<String>> {
    let commits = commits.as_array().filter(|commits| !commits.is_empty())?;
    if total.is_some_and(|total| total > commits.len() as u64) {
        return None;
    }
    let mut paths = std::collections::BTreeSet::new();
    for commit in commits {
        for key in ["added", "removed", "modified"] {
            // A kind that touched nothing may be left out, but then another is there.
            match commit.get(key) {
                Some(Value::Array(files)) => paths.extend(files.iter().filter_map(Value::as_str)),
                Some(Value::Null) | None => {}
                Some(_) => return None,
            }
        }
        if ["added", "removed", "modified"].iter().all(|key| !commit.get(*key).is_some_and(Value::is_array)) {
            return None;
        }
    }
    Some(paths.into_iter().map(str::to_owned).collect())
}
