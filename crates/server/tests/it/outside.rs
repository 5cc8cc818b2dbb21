//! Sources that stand outside: registered locations, providers, what hosts tell, and when each of them is read.

mod abandoned;
mod analysis;
mod git;
mod hosts;
mod includes;
mod providers;
mod registered;
mod schedule;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use serde_json::{Value, json};
use stagedoor_hosts::{Discovered, Discovery, HostError, Hosts, Priority, Provider, ProviderEvent, Schedule};
use stagedoor_testkit::TestPortal;

use crate::support::{Ask as _, encode};

/// Long enough for a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A provider that finds what the test says.
pub(crate) struct Fake {
    schedule: Schedule,
    answer: Mutex<Result<Discovery, HostError>>,
    asked: AtomicUsize,
    /// Nobody gets an answer while this is locked.
    gate: tokio::sync::Mutex<()>,
}

impl Fake {
    pub(crate) fn finding(documents: impl IntoIterator<Item = Value>) -> Arc<Self> {
        let schedule = Schedule::every(Duration::from_secs(3 * 3600));
        Self::on(schedule, documents)
    }

    fn on(schedule: Schedule, documents: impl IntoIterator<Item = Value>) -> Arc<Self> {
        let answer = Mutex::new(Ok(Discovery::default()));
        let (asked, gate) = (AtomicUsize::new(0), tokio::sync::Mutex::new(()));
        let fake = Self { schedule, answer, asked, gate };
        fake.finds(documents);
        Arc::new(fake)
    }

    pub(crate) fn finds(&self, documents: impl IntoIterator<Item = Value>) {
        let found = documents.into_iter().map(|document| Discovered { document }).collect();
        *self.answer.lock() = Ok(Discovery { found, missed: None });
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }
}

pub(crate) const FAKE: &str = "fake-provider:acme";

#[async_trait]
impl Provider for Fake {
    fn id(&self) -> &str {
        FAKE
    }

    fn kind(&self) -> &'static str {
        "fake"
    }

    fn target(&self) -> String {
        "acme on fake.example".into()
    }

    fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    async fn discover(&self, _: &Hosts, _: Priority) -> Result<Discovery, HostError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let _open = self.gate.lock().await;
        self.answer.lock().clone()
    }

    fn concerns(&self, event: &ProviderEvent) -> bool {
        matches!(event, ProviderEvent::People { .. } | ProviderEvent::Repositories { .. })
    }
}

/// A group, as a directory finds it.
pub(crate) fn group(name: &str) -> Value {
    let place = format!("url:https://fake.example/orgs/acme/teams/{name}");
    json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Group",
        "metadata": { "name": name, "annotations": {
            "backstage.io/managed-by-location": place, "backstage.io/managed-by-origin-location": place,
        } },
        "spec": { "type": "team", "children": [] },
    })
}

/// A location, as a discovery of repositories finds it.
fn location(name: &str, target: &str) -> Value {
    let place = format!("url:{target}");
    json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Location",
        "metadata": { "name": name, "annotations": {
            "backstage.io/managed-by-location": place, "backstage.io/managed-by-origin-location": place,
        } },
        "spec": { "type": "url", "target": target, "presence": "optional" },
    })
}

/// The source of this id.
pub(crate) async fn source(portal: &TestPortal, id: &str) -> Value {
    portal.sources().await.into_iter().find(|s| s["id"] == id).unwrap_or_default()
}

/// Reads it now, as a person does on its page.
pub(crate) async fn read(portal: &TestPortal, id: &str) {
    let answer = portal.post(&format!("/api/stagedoor/v1/sources/{}/read", encode(id)), &Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// The names of all components, sorted.
pub(crate) async fn components(portal: &TestPortal) -> Vec<String> {
    let refs = portal.filtered("kind=component").await;
    refs.iter().map(|r| r.trim_start_matches("component:default/").to_owned()).collect()
}
