//! Whoever has to be told outside that a run waits for people is told, wherever the process dies: at least once, with one
//! idempotency key.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use stagedoor_store::{MemoryStore, Store};
use stagedoor_testkit::{Answer, TestPortal};

use super::mortal::Death;
use super::{Fuse, Life, PATIENCE};
use crate::fake::{Fake, FakeReply};

/// What makes a run wait.
#[derive(Clone, Copy, Debug)]
enum Waits {
    Approval,
    Slack,
    Input,
}

impl Waits {
    async fn define(self, portal: &TestPortal, url: &str) -> Answer {
        if matches!(self, Self::Input) {
            let body = json!({ "identifier": "ask", "nodes": [
                { "identifier": "form", "config": { "type": "SELF_SERVE_TRIGGER" } },
                { "identifier": "ask", "config": { "type": "INPUT", "outlets": [{ "identifier": "yes" }],
                    "userInputs": { "properties": {}, "buttons": [{ "identifier": "yes" }] },
                    "notifications": [{ "target": "email" }, { "target": "webhook", "url": url, "body": { "run": "{{ .run.id }}" } }] } },
            ], "connections": [{ "sourceIdentifier": "form", "targetIdentifier": "ask" }] });
            return portal.post("/v1/workflows", &body).await;
        }
        let format = if matches!(self, Self::Slack) { "slack" } else { "json" };
        let body = json!({
            "identifier": "ask", "requiredApproval": true,
            "approvalNotification": { "type": "webhook", "url": url, "format": format },
            "trigger": { "type": "self-service", "operation": "CREATE", "userInputs": { "properties": {} } },
            "invocationMethod": { "type": "WEBHOOK", "agent": true, "url": url },
        });
        portal.post("/v1/actions", &body).await
    }

    async fn start(self, portal: &TestPortal) -> Answer {
        match self {
            Self::Input => portal.post("/v1/workflows/ask/runs", &json!({})).await,
            _ => portal.post("/v1/actions/ask/runs", &json!({})).await,
        }
    }

    /// Whether a run has come to wait, and nobody has to be told any more.
    fn rests(self, run: &Value) -> bool {
        let waits = match self {
            Self::Input => {
                run["steps"].as_array().unwrap().iter().any(|step| step["state"]["state"] == "reported")
            }
            _ => run["status"] == "WAITING_FOR_APPROVAL",
        };
        waits && run.get("announcements").is_none()
    }
}

impl Life {
    async fn until_told(&self, waits: Waits) {
        let wait = async {
            loop {
                let runs = self.runs();
                if self.mortal.is_dead() || (!runs.is_empty() && runs.iter().all(|run| waits.rests(run))) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, wait).await;
        assert!(waited.is_ok(), "still so: {:#?}", self.runs());
    }
}

/// How many writes it took, whether there is a run, and how often it was told with how many keys.
async fn told(waits: Waits, fuse: Fuse) -> (usize, bool, usize, usize) {
    let sink = Fake::start(|_| FakeReply::status(204)).await;
    let left: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let first = Life::begin(&left, TestPortal::builder()).await;
    let made = waits.define(&first.portal, &sink.url("/told")).await;
    assert_eq!(made.status, 201, "{}", made.text());
    first.mortal.dies_at(fuse);
    let begun = waits.start(&first.portal).await;
    if begun.status == 202 {
        first.until_told(waits).await;
    }
    let writes = first.mortal.writes();
    assert_eq!(first.mortal.is_dead(), fuse.is_some(), "{waits:?} {fuse:?} of {writes}: {}", begun.text());
    let last = if fuse.is_some() { Life::begin(&left, TestPortal::builder()).await } else { first };
    let any = !last.runs().is_empty();
    assert!(any || begun.status != 202, "{waits:?} {fuse:?}: it was accepted and is lost");
    if any {
        last.until_told(waits).await;
    }
    let requests = sink.take();
    let mut keys: Vec<&str> = requests.iter().filter_map(|one| one.header("idempotency-key")).collect();
    assert_eq!(keys.len(), requests.len(), "each has a key");
    assert!(requests.iter().all(|one| one.header("x-port-signature").is_some()), "each is signed");
    keys.sort_unstable();
    keys.dedup();
    (writes, any, requests.len(), keys.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_has_to_be_told_that_a_run_waits_is_told_wherever_the_process_dies() {
    for waits in [Waits::Approval, Waits::Slack, Waits::Input] {
        let (writes, any, requests, keys) = told(waits, None).await;
        assert!(any && writes >= 2, "{waits:?}: {writes}: that it has to be told, and that it was");
        assert_eq!((requests, keys), (1, 1), "{waits:?}");
        for at in 1..=writes {
            for death in [Death::Before, Death::After] {
                let (_, any, requests, keys) = told(waits, Some((at, death))).await;
                let case =
                    format!("{waits:?}, {death:?} write {at} of {writes}: {requests} with {keys} keys");
                match any {
                    true => assert!((1..=2).contains(&requests) && keys == 1, "{case}"),
                    false => assert_eq!((at, death, requests), (1, Death::Before, 0), "{case}"),
                }
            }
        }
    }
}
