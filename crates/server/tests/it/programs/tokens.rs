//! Personal tokens and those of service accounts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Request;
use serde_json::{Value, json};
use stagedoor_model::{Change, ChangeSet, JsonText, Record, Timestamp};
use stagedoor_store::{MemoryStore, Store};
use stagedoor_testkit::{Person, TestPortal};

use super::{TOKENS, ask, reads, text};

/// A token of somebody, with these scopes.
async fn make(portal: &TestPortal, person: &Person, scopes: Value) -> String {
    let body = json!({ "name": "ci", "scopes": scopes, "expiresInDays": null });
    let made = portal.request_as(person, "POST", TOKENS, Some(&body)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    text(&made, "/token")
}

#[tokio::test]
async fn a_token_is_shown_once_and_good_for_every_dialect() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let portal = TestPortal::builder().store(Arc::clone(&store)).start().await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let body = json!({ "name": "laptop", "scopes": null, "expiresInDays": 30 });
    let made = portal.request_as(&ada, "POST", TOKENS, Some(&body)).await;
    let (token, id) = (text(&made, "/token"), text(&made, "/id"));
    assert!(token.starts_with("sdp_") && token.len() == 53, "{token}");
    assert_eq!(made.json()["owner"], "ada@larkfell.example");
    assert_eq!(made.json()["lastUsedAt"], Value::Null);
    assert_eq!(reads(&portal, &token).await, [200; 3]);
    assert_eq!(
        ask(&portal, &token, "POST", "/v1/blueprints", Some(&json!({"identifier": "b"}))).await.status,
        201
    );
    let list = portal.request_as(&ada, "GET", TOKENS, None).await;
    let item = &list.json()["tokens"][0];
    assert_eq!((&item["id"], &item["kind"], &item["scopes"]), (&json!(id), &json!("personal"), &json!(null)));
    assert_eq!(item["ending"], token[49..]);
    assert!(item["lastUsedAt"].is_string() && item["expiresAt"].is_string(), "{item}");
    portal.portal.flush().await;
    // Neither the answers nor anything that is stored has it again.
    let stored = format!("{:?}", store.commits_since(0, usize::MAX).unwrap());
    let events = format!("{:?}", store.journal("audit.events", None, 100).unwrap());
    assert!(!list.text().contains(&token) && !stored.contains(&token) && !events.contains(&token));
    assert!(events.contains(&id), "{events}");
    // What it did is signed with its owner's name, and says through what.
    let all = store.commits_since(0, usize::MAX).unwrap();
    let change = all.iter().find(|c| format!("{c:?}").contains("PutBlueprint")).unwrap();
    assert_eq!(change.change_set.actor.name, "ada@larkfell.example");
    assert_eq!(change.change_set.actor.from.as_deref(), Some("token"));
}

#[tokio::test]
async fn a_token_may_no_more_than_its_scopes_and_its_owner() {
    let portal = TestPortal::new().await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let reader = make(&portal, &ada, json!(["read:entities"])).await;
    let blueprint = json!({ "identifier": "b", "title": "B" });
    assert_eq!(reads(&portal, &reader).await, [403, 200, 403]);
    for (method, path, body) in [
        ("POST", "/v1/blueprints", blueprint.clone()),
        ("POST", "/v1/blueprints/_team/entities", json!({ "identifier": "t" })),
        ("DELETE", "/v1/blueprints/_user/entities/elsa@larkfell.example", json!({})),
        ("POST", TOKENS, json!({ "name": "more", "scopes": null })),
        ("POST", TOKENS, json!({ "name": "more", "scopes": ["read:entities"] })),
        ("POST", "/v1/apps", json!({ "name": "more" })),
        ("POST", "/api/stagedoor/v1/service-accounts", json!({ "name": "more", "role": "Admin" })),
    ] {
        let answer = ask(&portal, &reader, method, path, Some(&body)).await;
        assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text());
        assert!(answer.text().contains("scope"), "{}", answer.text());
    }
    // What the owner may not, its token may not either, whatever its scopes.
    let hers = make(&portal, &elsa, json!(["create:blueprints", "read:blueprints"])).await;
    assert_eq!(reads(&portal, &hers).await[0], 200);
    assert_eq!(ask(&portal, &hers, "POST", "/v1/blueprints", Some(&blueprint)).await.status, 403);
    portal.person("elsa@larkfell.example", json!({ "port_role": "Admin" }), &[]).await;
    assert_eq!(ask(&portal, &hers, "POST", "/v1/blueprints", Some(&blueprint)).await.status, 201);
}

#[tokio::test]
async fn a_token_hands_out_no_more_than_it_has() {
    let portal = TestPortal::new().await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let scopes = json!([
        "create:tokens",
        "read:tokens",
        "read:entities",
        "create:apps",
        "update:apps",
        "create:users",
        "delete:tokens",
        "create:entities",
        "update:users"
    ]);
    let body = json!({ "name": "limited", "scopes": scopes, "expiresInDays": 2 });
    let maker = portal.request_as(&ada, "POST", TOKENS, Some(&body)).await;
    let (token, ends) = (text(&maker, "/token"), text(&maker, "/expiresAt"));
    for (scopes, status) in [
        (json!(null), 403),
        (json!(["update:entities"]), 403),
        (json!(["read:entities", "delete:entities"]), 403),
        (json!(["read:entities:service"]), 201),
        (json!([]), 201),
        (json!(["read:everything"]), 422),
    ] {
        let body = json!({ "name": "made by a token", "scopes": scopes });
        let made = ask(&portal, &token, "POST", TOKENS, Some(&body)).await;
        assert_eq!(made.status, status, "{scopes}: {}", made.text());
        if status == 201 {
            assert_eq!(text(&made, "/expiresAt"), ends, "it does not outlive the one that made it");
        }
    }
    // A client that it makes has its scopes: through its access token no more can be done.
    let app = ask(&portal, &token, "POST", "/v1/apps", Some(&json!({ "name": "app" }))).await;
    let access = access_token(&portal, &text(&app, "/app/id"), &text(&app, "/app/secret")).await;
    assert_eq!(reads(&portal, &access).await, [403, 200, 200]);
    let account = json!({ "name": "bot", "role": "Admin" });
    let bot = ask(&portal, &token, "POST", "/api/stagedoor/v1/service-accounts", Some(&account)).await;
    let access = access_token(&portal, &text(&bot, "/clientId"), &text(&bot, "/clientSecret")).await;
    assert_eq!(reads(&portal, &access).await, [403, 200, 200]);
    let entity = json!({ "identifier": "bot2@serviceaccounts.getport.io",
        "properties": { "port_type": "Service Account", "port_role": "Admin", "status": "Active" } });
    let bot = ask(&portal, &token, "POST", "/v1/blueprints/_user/entities", Some(&entity)).await;
    let credentials = "/additionalData/credentials";
    let (id, secret) = (format!("{credentials}/clientId"), format!("{credentials}/clientSecret"));
    let access = access_token(&portal, &text(&bot, &id), &text(&bot, &secret)).await;
    assert_eq!(reads(&portal, &access).await, [403, 200, 200]);
    // And it does not get at one that may everything by giving it another secret.
    let whole = text(&portal.post("/v1/apps", &json!({ "name": "whole" })).await, "/app/id");
    let path = format!("/v1/apps/{whole}/rotate-secret");
    assert_eq!(ask(&portal, &token, "POST", &path, None).await.status, 403);
    let path = "/v1/rotate-credentials/ada@larkfell.example";
    assert_eq!(portal.request_as(&ada, "POST", path, None).await.status, 200);
    assert_eq!(ask(&portal, &token, "POST", path, None).await.status, 403);
}

pub(super) async fn access_token(portal: &TestPortal, id: &str, secret: &str) -> String {
    let body = json!({ "clientId": id, "clientSecret": secret });
    text(&portal.anonymous("POST", "/v1/auth/access_token", Some(&body)).await, "/accessToken")
}

#[tokio::test]
async fn a_token_ends_with_its_revocation_and_with_its_owner() {
    let portal = TestPortal::new().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let (first, second) = (make(&portal, &elsa, json!(null)).await, make(&portal, &elsa, json!(null)).await);
    let list = portal.request_as(&elsa, "GET", TOKENS, None).await.json();
    let first_id =
        list["tokens"].as_array().unwrap().iter().find(|t| t["ending"] == first[49..]).unwrap()["id"].clone();
    assert_eq!([reads(&portal, &first).await[0], reads(&portal, &second).await[0]], [200, 200]);
    let path = format!("{TOKENS}/{}", first_id.as_str().unwrap());
    assert_eq!(portal.request_as(&elsa, "DELETE", &path, None).await.status, 204);
    assert_eq!(portal.request_as(&elsa, "DELETE", &path, None).await.status, 404);
    assert_eq!([reads(&portal, &first).await[0], reads(&portal, &second).await[0]], [401, 200]);
    portal.person("elsa@larkfell.example", json!({ "status": "Disabled" }), &[]).await;
    assert_eq!(reads(&portal, &second).await, [401; 3]);
    portal.person("elsa@larkfell.example", json!({ "status": "Active" }), &[]).await;
    assert_eq!(reads(&portal, &second).await[0], 200);
    let entity = "/v1/blueprints/_user/entities/elsa@larkfell.example";
    assert_eq!(portal.request("DELETE", entity, None).await.status, 200);
    assert_eq!(reads(&portal, &second).await, [401; 3]);
    // Another person under the same address is another person.
    portal.administrator("elsa@larkfell.example").await;
    assert_eq!(reads(&portal, &second).await, [401; 3]);
}

#[tokio::test]
async fn a_token_ends_when_its_time_is_over() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let portal = TestPortal::builder().store(Arc::clone(&store)).start().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let token = make(&portal, &elsa, json!(null)).await;
    assert_eq!(reads(&portal, &token).await[0], 200);
    portal.portal.flush().await;
    drop(portal);
    let commits = store.commits_since(0, usize::MAX).unwrap();
    let records =
        commits.iter().flat_map(|commit| &commit.change_set.changes).filter_map(|change| match change {
            Change::PutRecord(record) if record.collection == "token" => Some(record),
            _ => None,
        });
    let record = records.collect::<Vec<_>>().pop().unwrap();
    let mut body = record.body.value();
    body["expiresAt"] = json!(commits[0].change_set.at.0 + 1);
    let over = Record { body: JsonText::of(&body), ..record.as_ref().clone() };
    let changes = vec![Change::PutRecord(Arc::new(over))];
    let actor = commits[0].change_set.actor.clone();
    store.commit(store.head().unwrap(), &[ChangeSet { actor, at: Timestamp(0), changes }]).unwrap();
    let portal = TestPortal::builder().store(Arc::clone(&store)).start().await;
    assert_eq!(reads(&portal, &token).await, [401; 3]);
}

#[tokio::test]
async fn tokens_are_their_owners_business() {
    let portal = TestPortal::new().await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let mia = portal.member("mia@larkfell.example").await;
    make(&portal, &elsa, json!(["read:entities"])).await;
    let of = |user: &str| format!("{TOKENS}?user={user}");
    let elsas = portal.request_as(&elsa, "GET", TOKENS, None).await.json();
    let path = format!("{TOKENS}/{}", elsas["tokens"][0]["id"].as_str().unwrap());
    assert_eq!(portal.request_as(&mia, "GET", &of("elsa@larkfell.example"), None).await.status, 403);
    assert_eq!(portal.request_as(&mia, "GET", TOKENS, None).await.json(), json!({ "tokens": [] }));
    assert_eq!(portal.request_as(&mia, "DELETE", &path, None).await.status, 404);
    assert_eq!(portal.request_as(&ada, "GET", &of("Elsa@larkfell.example"), None).await.json(), elsas);
    // Not even an administrator makes one in another person's name.
    let body = json!({ "name": "x", "scopes": null, "owner": "elsa@larkfell.example" });
    assert_eq!(portal.request_as(&ada, "POST", TOKENS, Some(&body)).await.status, 422);
    assert_eq!(portal.request_as(&mia, "POST", TOKENS, Some(&body)).await.status, 403);
    let body = json!({ "name": "x", "scopes": null, "owner": "nobody@larkfell.example" });
    assert_eq!(portal.request_as(&ada, "POST", TOKENS, Some(&body)).await.status, 404);
    for wrong in [
        json!({ "name": "", "scopes": null }),
        json!({ "name": "a\nb", "scopes": null }),
        json!({ "name": "a", "scopes": null, "expiresInDays": 0 }),
        json!({ "name": "a", "scopes": null, "expiresInDays": 5000 }),
        json!({ "name": "a", "scope": ["read:entities"] }),
    ] {
        let answer = portal.request_as(&elsa, "POST", TOKENS, Some(&wrong)).await;
        assert_eq!(answer.status, 422, "{wrong}: {}", answer.text());
    }
    assert_eq!(portal.request_as(&ada, "DELETE", &path, None).await.status, 204);
    let scopes = portal.request_as(&mia, "GET", "/api/stagedoor/v1/scopes", None).await.json();
    let all = scopes["scopes"].as_array().unwrap();
    assert!(all.iter().any(|s| s == &json!({ "scope": "update:entities", "words": ["change entities"] })));
}

#[tokio::test]
async fn service_accounts_have_tokens_of_their_own() {
    let portal = TestPortal::new().await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let accounts = "/api/stagedoor/v1/service-accounts";
    let body = json!({ "name": "Deploy bot", "role": "Member", "teams": [] });
    assert_eq!(portal.request_as(&elsa, "POST", accounts, Some(&body)).await.status, 403);
    let made = portal.request_as(&ada, "POST", accounts, Some(&body)).await;
    let bot = text(&made, "/identifier");
    assert_eq!((made.status, bot.as_str()), (201, "deploy-bot@serviceaccounts.getport.io"));
    assert_eq!(portal.request_as(&ada, "POST", accounts, Some(&body)).await.status, 409);
    let no_team = json!({ "name": "x", "role": "Member", "teams": ["none"] });
    assert_eq!(portal.request_as(&ada, "POST", accounts, Some(&no_team)).await.status, 404);
    let body = json!({ "name": "ci", "scopes": null, "owner": bot });
    assert_eq!(portal.request_as(&elsa, "POST", TOKENS, Some(&body)).await.status, 403);
    let token = text(&portal.request_as(&ada, "POST", TOKENS, Some(&body)).await, "/token");
    assert!(token.starts_with("sds_"), "{token}");
    assert_eq!(reads(&portal, &token).await, [200; 3]);
    let access = access_token(&portal, &text(&made, "/clientId"), &text(&made, "/clientSecret")).await;
    assert_eq!(reads(&portal, &access).await, [200; 3]);
    let list = portal.request_as(&ada, "GET", accounts, None).await.json();
    let item = &list["serviceAccounts"][0];
    assert_eq!(
        (&item["name"], &item["role"], &item["clientId"]),
        (&json!("Deploy bot"), &json!("Member"), &made.json()["clientId"])
    );
    assert!(item["lastUsedAt"].is_string(), "{item}");
    assert_eq!(portal.request_as(&elsa, "GET", accounts, None).await.status, 403);
    let few = make(&portal, &ada, json!(["read:users"])).await;
    assert_eq!(
        ask(&portal, &few, "GET", accounts, None).await.json()["serviceAccounts"].as_array().map(Vec::len),
        Some(1)
    );
    let path = format!("{accounts}/{bot}");
    assert_eq!(portal.request_as(&elsa, "DELETE", &path, None).await.status, 403);
    assert_eq!(portal.request_as(&elsa, "POST", &format!("{path}/rotate"), None).await.status, 403);
    let again = portal.request_as(&ada, "POST", &format!("{path}/rotate"), None).await;
    assert_eq!(again.json()["clientId"], made.json()["clientId"]);
    assert_eq!(reads(&portal, &access).await, [401; 3], "the access token of the old secret");
    assert_eq!(reads(&portal, &token).await, [200; 3]);
    // A person is no service account.
    let person = format!("{accounts}/elsa@larkfell.example");
    assert_eq!(portal.request_as(&ada, "DELETE", &person, None).await.status, 404);
    assert_eq!(portal.request_as(&ada, "DELETE", &path, None).await.status, 204);
    assert_eq!(reads(&portal, &token).await, [401; 3]);
}

#[tokio::test]
async fn a_token_counts_only_in_the_header() {
    let portal = TestPortal::new().await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let token = make(&portal, &ada, json!(null)).await;
    for path in [
        format!("/v1/blueprints?token={token}"),
        format!("/v1/blueprints?access_token={token}&api_key={token}"),
        format!("/api/catalog/entities?authorization=Bearer%20{token}"),
    ] {
        assert_eq!(portal.anonymous("GET", &path, None).await.status, 401, "{path}");
    }
    for (name, value) in [
        ("authorization", token.clone()),
        ("authorization", format!("Basic {token}")),
        ("x-api-key", token.clone()),
        ("cookie", format!("stagedoor-session={token}; token={token}")),
        ("authorization", format!("Bearer {}", token.to_uppercase())),
        ("authorization", format!("Bearer {token} ")),
        ("authorization", format!("Bearer {token}x")),
        ("authorization", format!("Bearer {}", &token[..52])),
    ] {
        let request = Request::get("/v1/blueprints").header(name, &value).body(axum::body::Body::empty());
        let status = portal.send(request.unwrap()).await.status;
        let good = value == format!("Bearer {token} ");
        assert_eq!(status, if good { 200 } else { 401 }, "{name}: {value}");
    }
}

/// A hash and a look-up: what was verified once is found, not made again.
#[tokio::test]
async fn a_known_token_costs_next_to_nothing() {
    let portal = TestPortal::new().await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let token = make(&portal, &ada, json!(["read:entities"])).await;
    let now = Timestamp(1);
    let first = portal.portal.token_viewer(&token, now).unwrap();
    let started = Instant::now();
    for _ in 0..20_000 {
        assert!(portal.portal.token_viewer(&token, now).is_some());
    }
    // Unoptimised, on a busy machine; an argon2 hash would take ten minutes.
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert_eq!(portal.portal.token_viewer(&token, now), Some(first));
}
