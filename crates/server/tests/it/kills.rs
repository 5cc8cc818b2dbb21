//! A process that dies before and after every single write of a run, with what performs its steps being real: none of it
//! is lost, nothing is done twice, and what nobody can know waits for a person.

mod mortal;
mod told;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use stagedoor_portal::RunQuery;
use stagedoor_server::config::{Config, Environment, load};
use stagedoor_store::{MemoryStore, Store};
use stagedoor_testkit::{Builder, TestPortal};

use crate::fake::{Fake, FakeReply};
use crate::git_server::{GitServer, git, has_git};
use mortal::{Death, Mortal};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(40);

const TEMPLATE: &str = "apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: shop}
spec:
  type: service
  parameters: {required: [name, repo], properties: {name: {type: string}, repo: {type: string}}}
  steps:
    - {id: fetch, action: 'fetch:template', input: {url: ./skeleton, values: {name: '${{ parameters.name }}'}}}
    - {id: say, action: 'debug:log', each: [one, two], input: {message: 'made ${{ each.value }}'}}
    - {id: never, action: 'debug:log', if: false, input: {message: 'no'}}
    - {id: publish, action: 'publish:git', input: {repoUrl: '${{ parameters.repo }}'}}
    - {id: register, action: 'catalog:register'}
  output: {entity: '${{ steps.register.output.entityRef }}'}
";
const SKELETON: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: '${{ values.name }}'}\n\
    spec: {type: service, lifecycle: production, owner: team-a}\n";

/// Which write the process dies at, and on which side of it.
type Fuse = Option<(usize, Death)>;

/// A life of a portal over what a former one has left behind.
struct Life {
    portal: TestPortal,
    mortal: Arc<Mortal>,
}

impl Life {
    async fn begin(left: &Arc<dyn Store>, builder: Builder) -> Self {
        let mortal = Arc::new(Mortal::over(Arc::clone(left)));
        let portal = builder.store(Arc::clone(&mortal) as Arc<dyn Store>).start().await;
        mortal.belongs_to(&portal.portal);
        Self { portal, mortal }
    }

    /// Waits until it is dead, or all runs have come to rest: ended, or unclear.
    async fn to_its_end(&self) {
        let wait = async {
            loop {
                let open = self.runs();
                let rests = |run: &Value| !run["attention"].is_null() || !run["endedAt"].is_null();
                if self.mortal.is_dead() || (!open.is_empty() && open.iter().all(rests)) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, wait).await;
        assert!(waited.is_ok(), "still so: {:#?}", self.runs());
    }

    fn runs(&self) -> Vec<Value> {
        let query = RunQuery { limit: 10, ..RunQuery::default() };
        let page = self.portal.portal.runs(&self.portal.viewer(), &query).unwrap();
        page.runs.iter().map(|run| serde_json::to_value(&**run).unwrap()).collect()
    }
}

/// `[id, state]` of each step.
fn states(run: &Value) -> Vec<[String; 2]> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let steps = run["steps"].as_array().unwrap();
    steps.iter().map(|step| [text(&step["id"]), text(&step["state"]["state"])]).collect()
}

/// A template that makes, publishes and registers something; how many writes that took.
async fn template(server: &GitServer, config: &Config, name: &str, fuse: Fuse) -> usize {
    let repo = server.repo(&format!("acme/{name}.git"));
    git(&repo.bare, &["config", "http.receivepack", "true"]);
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let builder = || {
        let builder = TestPortal::builder().in_folder(&folder).config(config.clone());
        builder.file("t.yaml", TEMPLATE).file("skeleton/catalog-info.yaml", SKELETON).location("t.yaml")
    };
    let left: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let first = Life::begin(&left, builder()).await;
    first.mortal.dies_at(fuse);
    let url = server.fake.url(&format!("/acme/{name}.git"));
    let body = json!({ "templateRef": "template:default/shop", "values": { "name": name, "repo": url } });
    let begun = first.portal.post("/api/scaffolder/v2/tasks", &body).await;
    let accepted = begun.status == 201;
    if !first.mortal.is_dead() {
        first.to_its_end().await;
    }
    let (died, writes) = (first.mortal.is_dead(), first.mortal.writes());
    assert_eq!(died, fuse.is_some(), "{fuse:?} of {writes}: {}", begun.text());
    let last = if died {
        drop(first);
        Life::begin(&left, builder()).await
    } else {
        first
    };
    if accepted || !last.runs().is_empty() {
        last.to_its_end().await;
        let runs = last.runs();
        assert_eq!((runs.len(), &runs[0]["status"]), (1, &json!("SUCCESS")), "{fuse:?}: {:#?}", runs);
        let expected = [
            ("fetch", "done"),
            ("say[0]", "done"),
            ("say[1]", "done"),
            ("never", "skipped"),
            ("publish", "done"),
            ("register", "done"),
        ];
        let expected: Vec<[String; 2]> =
            expected.iter().map(|(id, state)| [(*id).into(), (*state).into()]).collect();
        assert_eq!(states(&runs[0]), expected, "{fuse:?}");
        assert_eq!(runs[0]["output"]["entity"], format!("component:default/{name}"), "{fuse:?}");
        assert_eq!(git(&repo.bare, &["rev-list", "--all", "--count"]), "1", "{fuse:?}");
        let made = last.portal.get(&format!("/api/catalog/entities/by-name/component/default/{name}")).await;
        assert_eq!(made.status, 200, "{fuse:?}: {}", made.text());
        let locations = last.portal.get("/api/catalog/locations").await.json();
        let mine = |one: &&Value| one.to_string().contains(&format!("/{name}.git"));
        assert_eq!(locations.as_array().unwrap().iter().filter(mine).count(), 1, "{fuse:?}");
    } else {
        // Nobody was told that it was accepted, and nothing has happened.
        assert_eq!(git(&repo.bare, &["rev-list", "--all", "--count"]), "0", "{fuse:?}");
    }
    writes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_template_survives_a_death_at_any_write() {
    if !has_git() {
        return;
    }
    let server = GitServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app-config.yaml");
    std::fs::write(&file, format!("integrations: {{git: [{{host: '{}'}}]}}\n", server.fake.host)).unwrap();
    let config = load(&[file], &Environment::default()).unwrap_or_else(|errors| panic!("{errors}"));
    let writes = template(&server, &config, "whole", None).await;
    assert!(writes >= 9, "{writes}: a start, two for each step, what is registered");
    for at in 1..=writes {
        for death in [Death::Before, Death::After] {
            let word = if death == Death::Before { "before" } else { "after" };
            template(&server, &config, &format!("{word}-{at}"), Some((at, death))).await;
        }
    }
}

/// An action with a webhook; the states that the run and its step came to, and how many requests came with how many keys.
async fn webhook(method: &str, fuse: Fuse) -> (usize, Option<(Value, Value)>, usize, usize) {
    let sink = Fake::start(|_| FakeReply::json(&json!({ "ok": true }))).await;
    let left: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let first = Life::begin(&left, TestPortal::builder()).await;
    let action = json!({
        "identifier": "scale",
        "trigger": { "type": "self-service", "operation": "CREATE", "userInputs": { "properties": { "n": { "type": "number" } } } },
        "invocationMethod": { "type": "WEBHOOK", "url": sink.url("/"), "method": method, "synchronized": true, "body": { "n": "{{ .inputs.n }}" } },
    });
    assert_eq!(first.portal.post("/v1/actions", &action).await.status, 201);
    first.mortal.dies_at(fuse);
    let begun = first.portal.post("/v1/actions/scale/runs", &json!({ "properties": { "n": 3 } })).await;
    if !first.mortal.is_dead() {
        first.to_its_end().await;
    }
    let writes = first.mortal.writes();
    assert_eq!(first.mortal.is_dead(), fuse.is_some(), "{fuse:?} of {writes}: {}", begun.text());
    let last = if fuse.is_some() { Life::begin(&left, TestPortal::builder()).await } else { first };
    let run = match last.runs().is_empty() {
        true => None,
        false => {
            last.to_its_end().await;
            let run = last.runs().remove(0);
            Some((run["status"].clone(), run["steps"][0]["state"]["state"].clone()))
        }
    };
    assert!(begun.status != 202 || run.is_some(), "{fuse:?}: it was accepted and is lost");
    let requests = sink.take();
    let mut keys: Vec<&str> =
        requests.iter().filter_map(|request| request.header("idempotency-key")).collect();
    keys.sort_unstable();
    keys.dedup();
    (writes, run, requests.len(), keys.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_webhook_is_never_sent_twice_on_a_guess() {
    for method in ["POST", "PUT"] {
        let (writes, run, requests, _) = webhook(method, None).await;
        assert_eq!((run, requests), (Some((json!("SUCCESS"), json!("done"))), 1), "{method}");
        assert!(writes >= 3, "{writes}: a start, an intent, an outcome");
        for at in 1..=writes {
            for death in [Death::Before, Death::After] {
                let (_, run, requests, keys) = webhook(method, Some((at, death))).await;
                let told = format!("{method}, {death:?} write {at}: {run:?}, {requests} requests");
                assert!(keys <= 1, "{told}");
                match run {
                    None => assert_eq!((at, death, requests), (1, Death::Before, 0), "{told}"),
                    Some((status, state)) if status == "SUCCESS" => {
                        assert!(
                            state == "done" && requests >= 1 && (method == "PUT" || requests == 1),
                            "{told}"
                        );
                    }
                    // Whether it was sent is for a person to find out; it was not sent again.
                    Some((status, state)) => {
                        assert_eq!((status, state), (json!("IN_PROGRESS"), json!("unclear")), "{told}");
                        assert!(method == "POST" && requests <= 1, "{told}");
                    }
                }
            }
        }
    }
}
