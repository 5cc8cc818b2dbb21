//! Backstage's permission API, answered from the decisions that every use case asks for.

use serde_json::{Value, json};
use stagedoor_auth::{Principal, Via, Viewer};
use stagedoor_testkit::{Person, TestPortal};

use crate::support::{Ask, assert_shape, component, stream};

const AUTHORIZE: &str = "/api/permission/authorize";
const A: &str = "component:default/a";

fn question(id: &str, name: &str, about: Option<Value>) -> Value {
    let kind = if about.is_some() { "resource" } else { "basic" };
    let mut question = json!({ "id": id, "permission": { "type": kind, "name": name, "attributes": {} } });
    if let Some(about) = about {
        question["resourceRef"] = about;
        question["permission"]["resourceType"] = json!("catalog-entity");
    }
    question
}

async fn ask(portal: &TestPortal, person: &Person, items: &[Value]) -> Value {
    let body = json!({ "items": items });
    let answer = portal.request_as(person, "POST", AUTHORIZE, Some(&body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.header("content-type").starts_with("application/json"));
    answer.json()
}

async fn result(portal: &TestPortal, person: &Person, name: &str, about: Option<Value>) -> Value {
    ask(portal, person, &[question("1", name, about)]).await["items"][0]["result"].clone()
}

async fn portal() -> TestPortal {
    let portal = TestPortal::new().await;
    portal.accept(&stream(&[component("a"), component("b")])).await;
    portal
}

#[tokio::test]
async fn what_each_may_is_what_each_can_do() {
    let portal = portal().await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let otto = portal.moderator("otto@larkfell.example", &["component"]).await;
    let gone = portal.person("gone@larkfell.example", json!({ "status": "Disabled" }), &[]).await;
    let few = portal.limited(&ada, &["read:entities"]);
    // Permission, about an entity?, then ada, otto, elsa, few, gone.
    for (name, about, allowed) in [
        ("catalog.entity.read", true, [true, true, true, true, false]),
        ("tech-insights.check.read", false, [true, true, true, true, false]),
        ("tech-insights.check.run", false, [true, true, true, true, false]),
        ("tech-insights.fact-retriever.read", false, [true, true, true, true, false]),
        ("catalog.entity.create", false, [true, true, false, false, false]),
        ("catalog.entity.delete", true, [true, true, false, false, false]),
        ("catalog.entity.refresh", true, [true, true, true, false, false]),
        ("catalog.entity.validate", false, [true, true, true, false, false]),
        ("catalog.location.read", false, [true, true, true, false, false]),
        ("catalog.location.create", false, [true, true, true, false, false]),
        ("catalog.location.delete", false, [true, false, false, false, false]),
        ("catalog.location.analyze", false, [true, true, true, false, false]),
        ("catalog.entities.unprocessed.read", false, [true, true, true, false, false]),
        ("catalog.entities.unprocessed.delete", false, [true, false, false, false, false]),
        ("catalog.ingestion.read", false, [true, true, true, false, false]),
        ("catalog.ingestion.manage", false, [true, false, false, false, false]),
        ("kubernetes.proxy", false, [true, true, true, false, false]),
    ] {
        for (person, allowed) in [&ada, &otto, &elsa, &few, &gone].into_iter().zip(allowed) {
            let about = about.then(|| json!(A));
            let word = if allowed { "ALLOW" } else { "DENY" };
            let found = result(&portal, person, name, about).await;
            assert_eq!(found, word, "{name} for {:?}", person.viewer);
        }
    }
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_questions() {
    let portal = portal().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let refs = json!([A, "component:default/nothing", "COMPONENT:default/B"]);
    let items = [
        question("x", "catalog.entity.read", Some(refs)),
        question("y", "catalog.entity.delete", Some(json!("component:default/nothing"))),
        question("x", "catalog.location.read", None),
    ];
    assert_eq!(
        ask(&portal, &elsa, &items).await,
        json!({ "items": [
            { "id": "x", "result": ["ALLOW", "DENY", "ALLOW"] },
            { "id": "y", "result": "DENY" },
            { "id": "x", "result": "ALLOW" }
        ] })
    );
    assert_eq!(ask(&portal, &elsa, &[]).await, json!({ "items": [] }));
}

#[tokio::test]
async fn what_may_not_be_seen_is_as_if_it_were_not_there() {
    let portal = portal().await;
    let permissions = json!({ "entities": { "read": { "roles": ["Admin"], "users": [], "teams": [], "ownedByTeam": false } } });
    let answer = portal.request("PATCH", "/v1/blueprints/component/permissions", Some(&permissions)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let elsa = portal.member("elsa@larkfell.example").await;
    let ada = portal.administrator("ada@larkfell.example").await;
    for name in ["catalog.entity.read", "catalog.entity.delete", "catalog.entity.refresh"] {
        assert_eq!(result(&portal, &elsa, name, Some(json!(A))).await, "DENY", "{name}");
        assert_eq!(result(&portal, &ada, name, Some(json!(A))).await, "ALLOW", "{name}");
    }
}

#[tokio::test]
async fn only_programs_may_ask_without_a_resource() {
    let portal = portal().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let asked = json!({ "items": [{ "id": "1", "permission": {
        "type": "resource", "name": "catalog.entity.read", "attributes": { "action": "read" }, "resourceType": "catalog-entity"
    } }] });
    let answer = portal.request_as(&elsa, "POST", AUTHORIZE, Some(&asked)).await;
    assert_eq!(answer.status, 400);
    assert!(answer.json()["error"]["message"].as_str().unwrap().starts_with("Resource permissions require"));
    let machine =
        portal.caller(Viewer::new(Principal::Credential("m".into()), Via::AccessToken("m".into()), None));
    let answer = portal.request_as(&machine, "POST", AUTHORIZE, Some(&asked)).await;
    assert_eq!((answer.status, &answer.json()["items"][0]["result"]), (200, &json!("ALLOW")));
}

#[tokio::test]
async fn wrong_questions_are_refused_by_their_place() {
    let portal = portal().await;
    let good = json!({ "type": "basic", "name": "n", "attributes": {} });
    for (body, place) in [
        (json!({}), "request/body must have required property 'items'"),
        (json!({ "items": {} }), "request/body/items must be array"),
        (json!({ "items": [1] }), "request/body/items/0 must be object"),
        (
            json!({ "items": [{ "permission": good }] }),
            "request/body/items/0 must have required property 'id'",
        ),
        (
            json!({ "items": [{ "id": "1" }] }),
            "request/body/items/0 must have required property 'permission'",
        ),
        (
            json!({ "items": [{ "id": "1", "permission": { "type": "x", "name": "n" } }] }),
            "request/body/items/0/permission/type must be equal to one of the allowed values: basic, resource",
        ),
        (
            json!({ "items": [{ "id": "1", "permission": good, "resourceRef": [] }] }),
            "request/body/items/0/resourceRef must NOT be empty",
        ),
        (
            json!({ "items": [{ "id": "1", "permission": good, "resourceRef": [1] }] }),
            "request/body/items/0/resourceRef/0 must be string",
        ),
    ] {
        let answer = portal.post(AUTHORIZE, &body).await;
        assert_eq!((answer.status, &answer.json()["error"]["message"]), (400, &json!(place)), "{body}");
        assert_eq!(answer.json()["request"]["url"], "/authorize");
    }
}

#[tokio::test]
async fn the_api_is_there_and_says_what_it_knows() {
    let portal = portal().await;
    let health = portal.anonymous("GET", "/api/permission/health", None).await;
    assert_eq!((health.status, health.json()), (200, json!({ "status": "ok" })));
    let metadata = "/api/catalog/.well-known/backstage/permissions/metadata";
    let known = portal.get(metadata).await.json();
    let names: Vec<_> = known["rules"].as_array().unwrap().iter().map(|rule| rule["name"].clone()).collect();
    let rules =
        ["HAS_ANNOTATION", "HAS_LABEL", "HAS_METADATA", "HAS_SPEC", "IS_ENTITY_KIND", "IS_ENTITY_OWNER"];
    assert_eq!(names, rules);
    let read = json!({
        "type": "resource", "name": "catalog.entity.read", "attributes": { "action": "read" }, "resourceType": "catalog-entity"
    });
    assert_eq!(known["permissions"][0], read);
    assert_eq!(known["permissions"].as_array().map(Vec::len), Some(13));
    for (method, path) in [("POST", AUTHORIZE), ("GET", metadata)] {
        let answer = portal.anonymous(method, path, Some(&json!({ "items": [] }))).await;
        assert_eq!(answer.status, 401, "{path}");
    }
    assert_shape(AUTHORIZE, 401, &portal.anonymous("POST", AUTHORIZE, None).await);
    assert_eq!(portal.get("/api/permission/nothing").await.status, 404);
}
