//! Secrets of the organization: kept, used by name, never shown.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_auth::SecretsKey;
use stagedoor_store::{MemoryStore, Store};
use stagedoor_testkit::TestPortal;

const PATH: &str = "/v1/organization/secrets";
const VALUE: &str = "gh0st-of/the+opera \"ünï\"\n2";

async fn create(portal: &TestPortal, name: &str, value: &str) {
    let body = json!({ "secretName": name, "secretValue": value, "description": "for tests" });
    let answer = portal.post(PATH, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert!(!answer.text().contains("gh0st"), "{}", answer.text());
}

fn key(first: u8) -> SecretsKey {
    SecretsKey::of(&std::array::from_fn(|i| first.wrapping_add(u8::try_from(i).unwrap().wrapping_mul(11))))
        .unwrap()
}

/// Everything that is stored, as text.
fn stored(store: &dyn Store) -> String {
    let mut all = format!("{:?}", store.setting("signing_key").unwrap());
    store.load(&mut |change| all += &format!("{change:?}\n")).unwrap();
    for commit in store.commits_since(0, usize::MAX).unwrap() {
        all += &format!("{commit:?}\n");
    }
    for journal in ["audit", "audit.events"] {
        all += &format!("{:?}\n", store.journal(journal, None, 1_000).unwrap());
    }
    all
}

#[tokio::test]
async fn a_value_is_used_by_name_and_stored_and_shown_nowhere() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let portal = TestPortal::builder().store(Arc::clone(&store)).start().await;
    create(&portal, "github", VALUE).await;
    assert_eq!(portal.portal.secret("github").unwrap().expose(), VALUE);
    assert!(portal.portal.secret("gitlab").is_none());
    let update = json!({ "secretValue": format!("{VALUE}3") });
    assert_eq!(portal.request("PATCH", &format!("{PATH}/github"), Some(&update)).await.status, 200);
    assert_eq!(portal.portal.secret("github").unwrap().expose(), format!("{VALUE}3"));
    portal.portal.flush().await;
    assert!(!stored(store.as_ref()).contains("gh0st"));
    for path in [
        PATH,
        "/v1/organization/secrets/github",
        "/v1/organization",
        "/v1/audit-log",
        "/api/stagedoor/v1/audit",
        "/api/stagedoor/v1/changes",
        "/api/stagedoor/v1/session",
        "/metrics",
    ] {
        let text = portal.get(path).await.text();
        assert!(!text.contains("gh0st") && !text.contains("\"sealed\""), "{path}: {text}");
    }
    // The audit log says that it changed, by whom, and nothing of what it is.
    let page = portal.get("/api/stagedoor/v1/audit?kind=secret").await.json();
    let events = page["events"].as_array().unwrap();
    let words: Vec<_> =
        events.iter().map(|e| (&e["action"], &e["identifier"], &e["hidden"], &e["after"])).collect();
    let (update, create, name) = (json!("update"), json!("create"), json!("github"));
    let hidden = (&json!(true), &Value::Null);
    assert_eq!(words, [(&update, &name, hidden.0, hidden.1), (&create, &name, hidden.0, hidden.1)]);
}

#[tokio::test]
async fn only_administrators_and_tokens_with_the_scope_touch_them() {
    let portal = TestPortal::new().await;
    create(&portal, "github", VALUE).await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let reads = portal.limited(&ada, &["read:secrets"]);
    let other = portal.limited(&ada, &["read:entities"]);
    let body = json!({ "secretName": "b", "secretValue": "some-value" });
    let one = format!("{PATH}/github");
    for (method, path, body) in [
        ("GET", PATH, None),
        ("GET", one.as_str(), None),
        ("POST", PATH, Some(&body)),
        ("PATCH", &one, Some(&body)),
        ("DELETE", &one, None),
    ] {
        assert_eq!(portal.anonymous(method, path, body).await.status, 401, "{method} {path}");
        for person in [&elsa, &other] {
            let answer = portal.request_as(person, method, path, body).await;
            assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text());
        }
        let status = portal.request_as(&reads, method, path, body).await.status;
        assert_eq!(status == 200, method == "GET", "{method} {path}: {status}");
    }
    assert_eq!(portal.get(PATH).await.json()["secrets"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn without_a_key_secrets_are_refused_in_clear_words() {
    let portal = TestPortal::builder().secrets_key(None).start().await;
    let answer = portal.post(PATH, &json!({ "secretName": "a", "secretValue": "gh0st-value" })).await;
    assert_eq!((answer.status, &answer.json()["error"]), (422, &json!("secrets_key_missing")));
    assert!(!answer.text().contains("gh0st"), "{}", answer.text());
    assert_eq!(portal.get(PATH).await.json(), json!({ "ok": true, "secrets": [] }));
}

#[tokio::test]
async fn refusals_never_repeat_a_value() {
    let portal = TestPortal::new().await;
    create(&portal, "taken", VALUE).await;
    let long = "gh0st".repeat(10_000);
    for body in [
        json!({ "secretName": "taken", "secretValue": "gh0st-again" }),
        json!({ "secretName": "a b", "secretValue": "gh0st-again" }),
        json!({ "secretName": "a", "secretValue": long }),
        json!({ "secretName": "a", "secretValue": { "x": "gh0st-again" } }),
        json!({ "secretName": "a", "secretValue": "gh0st-again", "description": "x".repeat(201) }),
        json!(["gh0st-again"]),
    ] {
        let answer = portal.post(PATH, &body).await;
        assert!((400..500).contains(&answer.status), "{}", answer.text());
        assert!(!answer.text().contains("gh0st"), "{}", answer.text());
    }
    let broken = http::Request::post(PATH)
        .header("authorization", format!("Bearer {}", portal.token()))
        .body("{\"secretName\": \"a\", \"secretValue\": \"gh0st-again".into());
    let answer = portal.send(broken.unwrap()).await;
    assert_eq!(answer.status, 422);
    assert!(!answer.text().contains("gh0st"), "{}", answer.text());
}

#[tokio::test]
async fn a_secret_that_an_entity_repeats_is_taken_out_of_the_audit_log() {
    let portal = TestPortal::new().await;
    portal.post("/v1/blueprints", &json!({ "identifier": "service", "title": "S" })).await;
    let entity = json!({ "identifier": "orders", "properties": { "note": format!("it is {VALUE}") } });
    assert_eq!(portal.post("/v1/blueprints/service/entities", &entity).await.status, 201);
    let path = "/api/stagedoor/v1/audit?kind=entity&blueprint=service";
    assert!(portal.get(path).await.text().contains("gh0st"), "it is no secret yet");
    create(&portal, "github", VALUE).await;
    let text = portal.get(path).await.text();
    assert!(!text.contains("gh0st") && text.contains("it is [redacted]"), "{text}");
    assert_eq!(portal.portal.redactor().redact(&format!("x{VALUE}y")), "x[redacted]y");
    // A value that was replaced may still be good where it is used.
    let update = json!({ "secretValue": "another-value" });
    portal.request("PATCH", &format!("{PATH}/github"), Some(&update)).await;
    assert_eq!(portal.portal.redactor().redact(&format!("{VALUE} another-value")), "[redacted] [redacted]");
}

#[tokio::test]
async fn a_record_in_the_place_of_another_does_not_open() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let portal = TestPortal::builder().store(Arc::clone(&store)).start().await;
    create(&portal, "a", VALUE).await;
    let head = store.head().unwrap();
    let mut commit = store.commits_since(head - 1, 1).unwrap()[0].change_set.as_ref().clone();
    for change in &mut commit.changes {
        if let stagedoor_model::Change::PutRecord(record) = change {
            Arc::make_mut(record).key = "b".into();
        }
    }
    store.commit(head, &[commit]).unwrap();
    let portal = TestPortal::builder().store(store).start().await;
    assert!(portal.portal.secret("a").is_some());
    assert!(portal.portal.secret("b").is_none(), "sealed for another name");
}

#[tokio::test]
async fn keys_change_and_a_wrong_one_is_refused_by_its_name() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let over = |key| TestPortal::builder().store(Arc::clone(&store)).secrets_key(key).start();
    let portal = over(Some(key(1))).await;
    create(&portal, "a", VALUE).await;
    create(&portal, "b", "another-value").await;
    let viewer = portal.viewer();
    assert_eq!(portal.portal.reseal_secrets(&viewer, Arc::new(key(2))).await.unwrap(), 2);
    portal.portal.flush().await;
    assert!(portal.portal.secret("a").is_none(), "this one has the old key");
    let refusal = |key: Option<SecretsKey>| {
        let options = stagedoor_portal::Options {
            sources: stagedoor_portal::SourcesConfig::default(),
            jq: Arc::new(stagedoor_jq::Jq::in_process()),
            identity: stagedoor_portal::Identity::default(),
            sessions: stagedoor_auth::SessionLimits::default(),
            secrets: stagedoor_portal::SecretsConfig {
                key,
                origin: "STAGEDOOR_SECRETS_KEY".into(),
                lost: false,
            },
            runs: stagedoor_portal::RunsConfig::default(),
        };
        let opened = stagedoor_portal::Portal::open(Arc::clone(&store), options);
        opened.err().map(|error| error.to_string()).unwrap_or_default()
    };
    for (wrong, named) in [(Some(key(1)), key(1).fingerprint().to_owned()), (None, "there is no key".into())]
    {
        let text = refusal(wrong);
        assert!(text.contains("2 secrets") && text.contains(key(2).fingerprint()), "{text}");
        assert!(text.contains(&named) && text.contains("STAGEDOOR_SECRETS_KEY"), "{text}");
    }
    let portal = over(Some(key(2))).await;
    assert_eq!(portal.portal.secret("a").unwrap().expose(), VALUE);
    assert_eq!(portal.portal.secret("b").unwrap().expose(), "another-value");
    let told = portal.get("/api/stagedoor/v1/audit?kind=organization").await.text();
    assert!(told.contains(key(2).fingerprint()), "{told}");
}
