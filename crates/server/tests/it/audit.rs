//! The audit log: who did and tried what, through both APIs that show it.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_model::{Actor, Change, ChangeSet, JsonText, Record, Stamps, Timestamp};
use stagedoor_portal::{By, Event, Token};
use stagedoor_store::conformance::samples::{put_entity, uid};
use stagedoor_store::{MemoryStore, Store};
use stagedoor_testkit::{Person, TestPortal};

async fn audit(portal: &TestPortal, query: &str) -> Value {
    let answer = portal.get(&format!("/api/stagedoor/v1/audit{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()
}

fn words(page: &Value) -> Vec<String> {
    let word = |event: &Value| {
        let text = |key: &str| event[key].as_str().unwrap_or("-").to_owned();
        format!("{} {} {} {}", text("status"), text("action"), text("kind"), text("identifier"))
    };
    page["events"].as_array().unwrap().iter().map(word).collect()
}

/// A blueprint and an entity that changes twice and goes; a member is refused.
async fn story() -> (TestPortal, Person) {
    let portal = TestPortal::new().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let blueprint = json!({ "identifier": "service", "title": "S", "schema": { "properties": { "tier": { "type": "string" } } } });
    assert_eq!(portal.post("/v1/blueprints", &blueprint).await.status, 201);
    let entity = |tier: &str| json!({ "identifier": "orders", "properties": { "tier": tier } });
    let path = "/v1/blueprints/service/entities";
    assert_eq!(portal.post(path, &entity("a")).await.status, 201);
    assert_eq!(portal.post(&format!("{path}?upsert=true"), &entity("b")).await.status, 200);
    assert_eq!(portal.request_as(&elsa, "POST", "/v1/blueprints", Some(&blueprint)).await.status, 403);
    assert_eq!(portal.request("DELETE", &format!("{path}/orders"), None).await.status, 200);
    portal.portal.flush().await;
    (portal, elsa)
}

#[tokio::test]
async fn changes_and_refusals_stand_in_one_order_with_what_was_before() {
    let (portal, _) = story().await;
    let page = audit(&portal, "?kind=entity,blueprint&q=service").await;
    assert_eq!(
        words(&page),
        [
            "success delete entity orders",
            "success update entity orders",
            "success create entity orders",
            "success create blueprint service",
        ]
    );
    let event = |n: usize| &page["events"][n];
    assert_eq!(event(0)["before"]["properties"]["tier"], "b");
    assert_eq!(event(0)["after"], Value::Null);
    assert_eq!(event(1)["before"]["properties"]["tier"], "a");
    assert_eq!(event(1)["after"]["properties"]["tier"], "b");
    assert_eq!(event(2)["before"], Value::Null);
    assert_eq!(event(3)["after"]["identifier"], "service");
    assert_eq!(event(0)["blueprint"], "service");
    assert_eq!(event(0)["actor"]["name"], "test-client");
    assert_eq!(event(0)["actor"]["through"], "port");
    assert_eq!(event(0)["actor"]["via"], "access_token");
    let refused = audit(&portal, "?status=failure").await;
    assert_eq!(words(&refused), ["failure create blueprint -"]);
    assert_eq!(refused["events"][0]["name"], "CreateBlueprint");
    assert_eq!(refused["events"][0]["actor"]["name"], "elsa@larkfell.example");
    assert!(refused["events"][0]["message"].as_str().unwrap().contains("create blueprints"));
}

#[tokio::test]
async fn filters_narrow_and_pages_go_on() {
    let (portal, elsa) = story().await;
    let words_of = async |query: &str| words(&audit(&portal, query).await);
    assert_eq!(words_of("?blueprint=service&identifier=orders&action=update").await.len(), 1);
    assert_eq!(words_of("?blueprint=service&action=delete").await, ["success delete entity orders"]);
    assert_eq!(words_of("?actor=elsa@larkfell.example").await, ["failure create blueprint -"]);
    assert!(words_of("?actor=Elsa").await.is_empty());
    assert_eq!(words_of("?q=ELSA@&status=failure").await.len(), 1);
    assert_eq!(words_of("?kind=blueprint&status=success&q=service").await.len(), 1);
    assert!(words_of("?from=2999-01-01").await.is_empty());
    assert!(words_of("?to=2001-01-01").await.is_empty());
    let all = words_of("?from=2001-01-01&to=2999-01-01").await;
    assert_eq!(all, words_of("").await);
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = audit(&portal, &format!("?limit=2&cursor={cursor}")).await;
        paged.extend(words(&page));
        assert_eq!(page["next"].is_null(), page["searchedBackTo"].is_null());
        let Some(next) = page["next"].as_str() else { break };
        cursor = next.to_owned();
        // What comes meanwhile is newer: it moves no page.
        portal.request_as(&elsa, "POST", "/v1/blueprints", Some(&json!({}))).await;
        portal.portal.flush().await;
    }
    assert_eq!(paged, all);
    let without = audit(&portal, "?values=false&action=update").await;
    assert!(without["events"].as_array().unwrap().iter().all(|event| event["after"].is_null()));
}

#[tokio::test]
async fn wrong_parameters_are_named_and_only_administrators_read() {
    let (portal, elsa) = story().await;
    for (query, named) in [
        ("?limit=0", "limit"),
        ("?limit=501", "limit"),
        ("?action=destroy", "action"),
        ("?from=yesterday", "from"),
        ("?to=soon", "to"),
        ("?cursor=1-2", "cursor"),
        ("?status=maybe", "status"),
        ("?who=elsa", "who"),
    ] {
        let answer = portal.get(&format!("/api/stagedoor/v1/audit{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.text().contains(named), "{query}: {}", answer.text());
    }
    for path in ["/api/stagedoor/v1/audit", "/v1/audit-log"] {
        assert_eq!(portal.request_as(&elsa, "GET", path, None).await.status, 403, "{path}");
        assert_eq!(portal.anonymous("GET", path, None).await.status, 401, "{path}");
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let status = portal.request(method, path, Some(&json!({}))).await.status;
            assert!(status == 404 || status == 405, "{method} {path}: {status}");
        }
    }
    let few = portal.limited(&portal.administrator("ada@larkfell.example").await, &["read:entities"]);
    assert_eq!(portal.request_as(&few, "GET", "/v1/audit-log", None).await.status, 403);
}

#[tokio::test]
async fn ports_filters_and_shape() {
    let (portal, _) = story().await;
    let get = async |query: &str| {
        let answer = portal.get(&format!("/v1/audit-log{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        answer.json()["audits"].as_array().unwrap().clone()
    };
    let audits = get("?entity=orders&blueprint=service&action=UPDATE").await;
    assert_eq!(audits.len(), 1);
    let event = &audits[0];
    assert_eq!(event["identifier"].as_str().unwrap().len(), 22);
    assert_eq!(
        (&event["resourceType"], &event["status"], &event["action"]),
        (&json!("entity"), &json!("SUCCESS"), &json!("UPDATE"))
    );
    assert_eq!(event["context"], json!({ "blueprint": "service", "entity": "orders" }));
    assert_eq!(event["trigger"]["by"], json!({ "orgId": "org_stagedoor", "userId": "test-client" }));
    assert_eq!(event["diff"]["before"]["properties"]["tier"], "a");
    let by_id = get(&format!("?identifier={}", event["identifier"].as_str().unwrap())).await;
    assert_eq!(by_id, audits);
    assert!(get("?identifier=event_c999999999999999").await.is_empty());
    assert!(get("?identifier=event_nonsense").await.is_empty());
    assert_eq!(get("?identifier=orders").await.len(), 3);
    assert_eq!(get("?resources=blueprint&resources=entity&status=FAILURE").await.len(), 1);
    assert_eq!(get("?entity=orders&includes=context").await[0], json!({ "context": event["context"] }));
    for none in ["run_id=r_1", "webhookId=x", "webhookEventId=x", "actionType=automation", "InstallationId=x"]
    {
        assert!(get(&format!("?{none}")).await.is_empty(), "{none}");
    }
    assert!(!get("?run_id=&limit=1").await.is_empty(), "empty is absent");
    assert!(get("?origin=UI").await.is_empty());
    for wrong in ["limit=0", "limit=1001", "limit=x", "status=OK", "action=TIMER", "from=x", "to=x"] {
        let answer = portal.get(&format!("/v1/audit-log?{wrong}")).await;
        assert_eq!((answer.status, &answer.json()["error"]), (422, &json!("invalid_request")), "{wrong}");
    }
}

#[tokio::test]
async fn what_an_integration_did_is_found_by_its_installation() {
    let portal = TestPortal::new().await;
    portal.post("/v1/blueprints", &json!({ "identifier": "service", "title": "S" })).await;
    let request = http::Request::post("/v1/blueprints/service/entities")
        .header("authorization", format!("Bearer {}", portal.token()))
        .header("user-agent", "port-ocean/github/1.2.3/my-github/exporter")
        .body(json!({ "identifier": "orders" }).to_string().into());
    assert_eq!(portal.send(request.unwrap()).await.status, 201);
    let audits = portal.get("/v1/audit-log?InstallationId=my-github").await.json();
    assert_eq!(audits["audits"][0]["context"]["entity"], "orders");
    assert_eq!(audits["audits"][0]["trigger"]["origin"], "port-ocean/github/1.2.3/my-github/exporter");
    assert_eq!(audits["audits"].as_array().unwrap().len(), 1);
    let audits = portal.get("/v1/audit-log?origin=PORT-OCEAN").await.json();
    assert_eq!(audits["audits"].as_array().unwrap().len(), 1);
}

/// Bodies of private records are shown nowhere, only that they changed; records that change by use are told by events.
#[tokio::test]
async fn private_records_never_show_a_body() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let at = Timestamp(1_700_000_000_000);
    let stamps = Stamps {
        created_at: at,
        created_by: "x".into(),
        updated_at: at,
        updated_by: "x".into(),
        datasource: None,
    };
    let record = |collection: &str| {
        let body = JsonText::of(&json!({ "hash": "5ec4e7", "logIngestId": "1ng3st" }));
        let (collection, key) = (collection.to_owned(), "k".to_owned());
        Change::PutRecord(Arc::new(Record { collection, key, body, stamps: stamps.clone() }))
    };
    let mut changes: Vec<Change> = stagedoor_model::record::PRIVATE.iter().map(|c| record(c)).collect();
    changes.push(record("integration"));
    store.commit(0, &[ChangeSet { actor: Actor::new("x", "system"), at, changes }]).unwrap();
    let portal = TestPortal::builder().store(store).start().await;
    for path in ["/api/stagedoor/v1/audit?limit=500", "/v1/audit-log?limit=500"] {
        let text = portal.get(path).await.text();
        assert!(!text.contains("1ng3st"), "{path}: {text}");
        assert_eq!(text.matches("5ec4e7").count(), 1, "{path}: only what is no secret: {text}");
    }
    let page = audit(&portal, "?kind=secret,signing_key,session,token").await;
    assert_eq!(words(&page), ["success create signing_key k", "success create secret k"]);
    assert_eq!((&page["events"][0]["hidden"], &page["events"][0]["after"]), (&json!(true), &Value::Null));
}

#[tokio::test]
async fn events_come_among_changes_and_a_flood_of_refusals_pushes_none_out() {
    let (portal, elsa) = story().await;
    let viewer = elsa.viewer.clone().from(Some([192, 0, 2, 7].into()), Some("curl/8\u{1b}[31m\r\nX: y"));
    portal.portal.note(&viewer, Event::SignedIn { how: "password" });
    let token = Token { kind: "personal", id: "t1", name: "ci", owner: "elsa@larkfell.example" };
    portal.portal.note(&viewer, Event::TokenMade { token, scopes: Some(&["read:entities".to_owned()]) });
    let nobody = By::Nobody { address: Some([198, 51, 100, 1].into()), agent: None };
    for _ in 0..3_000 {
        portal.portal.note(nobody, Event::SignInFailed { user: "root\r\nadmin", why: "no such account" });
    }
    portal.portal.flush().await;
    let page = audit(&portal, "?actor=elsa@larkfell.example&status=success").await;
    assert_eq!(words(&page), ["success create token t1", "success sign_in session -"]);
    assert_eq!(page["events"][0]["details"]["scopes"], json!(["read:entities"]));
    assert_eq!(page["events"][1]["actor"]["address"], "192.0.2.7");
    let failed = portal.get("/api/stagedoor/v1/audit?action=sign_in&status=failure&limit=1").await;
    assert!(!failed.text().contains(['\r', '\n', '\u{1b}']), "{}", failed.text());
    assert_eq!(failed.json()["events"][0]["identifier"], "root\r\nadmin");
    assert_eq!(failed.json()["events"][0]["actor"]["name"], Value::Null);
    // Those that could not be written are counted.
    let lost = audit(&portal, "?kind=refusal").await;
    let told = words(&audit(&portal, "?action=sign_in&status=failure&limit=500").await).len();
    assert!(told == 500 || !lost["events"].as_array().unwrap().is_empty());
}

/// A page looks at a bounded number of lines, and says how far back it got.
#[tokio::test]
async fn a_rare_thing_in_a_long_log_is_found_by_bounded_pages() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let set = |name: &str, n: i64, changes| ChangeSet {
        actor: Actor::new(name, "port"),
        at: Timestamp(1_700_000_000_000 + n * 60_000),
        changes,
    };
    let mut sets = vec![set("ada", 0, vec![put_entity(1)])];
    // Entities are put and deleted again, so that the catalog stays small.
    for n in 0..120 {
        let put = (0..100).map(|i| put_entity(1_000 + i)).collect();
        sets.push(set("ocean", 2 * n + 1, put));
        sets.push(set("ocean", 2 * n + 2, (0..100).map(|i| Change::DeleteEntity(uid(1_000 + i))).collect()));
    }
    store.commit(0, &sets).unwrap();
    let portal = TestPortal::builder().store(store).start().await;
    let (mut pages, mut cursor, mut found) = (0, String::new(), Vec::new());
    loop {
        let page = audit(&portal, &format!("?q=service-1x&values=false&cursor={cursor}")).await;
        found.extend(words(&page));
        pages += 1;
        let Some(next) = page["next"].as_str() else { break };
        assert!(page["searchedBackTo"].as_str().unwrap().starts_with("2023-11-1"), "{page}");
        cursor = next.to_owned();
    }
    assert!(found.is_empty() && (3..30).contains(&pages), "{pages} pages, {found:?}");
    // By its actor it is found at once, and so is a stretch of time.
    let page = audit(&portal, "?actor=ada").await;
    assert_eq!((page["events"].as_array().unwrap().len(), page["next"].is_null()), (1, true));
    let page = audit(&portal, "?to=2023-11-14T22:13:20Z").await;
    assert_eq!((page["events"].as_array().unwrap().len(), page["next"].is_null()), (1, true));
    let page =
        audit(&portal, "?from=2023-11-14T22:14:20Z&to=2023-11-14T22:15:20Z&limit=500&values=false").await;
    assert_eq!(page["events"].as_array().unwrap().len(), 200);
}
