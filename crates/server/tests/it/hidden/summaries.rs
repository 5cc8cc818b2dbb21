//! What tells of many entities at once tells a reader of those that it may see.

use serde_json::{Value, json};
use stagedoor_testkit::{Person, TestPortal};

const COMPONENTS: &str = "/v1/blueprints/component/permissions";

fn component(name: &str, lifecycle: &str) -> String {
    format!(
        "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: service\n  \
         lifecycle: {lifecycle}\n  owner: crew\n"
    )
}

async fn sources(portal: &TestPortal, who: Option<&Person>) -> Value {
    let path = "/api/stagedoor/v1/sources";
    let answer = match who {
        Some(who) => portal.request_as(who, "GET", path, None).await,
        None => portal.get(path).await,
    };
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut all = answer.json();
    for source in all["sources"].as_array_mut().unwrap() {
        source["lastRun"] = Value::Null;
    }
    all
}

#[tokio::test]
async fn sources_count_and_report_what_their_reader_sees() {
    let mut told = Vec::new();
    for with_unseen in [true, false] {
        let (mut first, mut second) = (component("shop", "production"), component("desk", "production"));
        if with_unseen {
            first.push_str(&component("ghost", "hidden"));
            // A name that is taken, and one that cannot be read.
            second.push_str(&component("ghost", "hidden"));
            second.push_str("---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: spectre\nspec: {}\n");
        }
        let portal = TestPortal::builder().file("a.yaml", &first).file("b.yaml", &second);
        let portal = portal.location("a.yaml").location("b.yaml").start().await;
        let policy = json!({"combinator": "and", "rules": [{"property": "lifecycle", "operator": "=", "value": "production"}]});
        let permissions = json!({"entities": {"read": {"policy": policy}}});
        let answer = portal.request("PATCH", COMPONENTS, Some(&permissions)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let elsa = portal.member("elsa@larkfell.example").await;
        told.push((sources(&portal, Some(&elsa)).await, sources(&portal, None).await));
    }
    assert_eq!(told[0].0, told[1].0, "the member's");
    assert_eq!(told[1].0, told[1].1, "where nothing is hidden");
    let all = &told[0].1["sources"];
    assert_eq!((&all[0]["entities"], &all[1]["entities"]), (&json!(3), &json!(2)), "{all}");
    assert_eq!(all[1]["conflicts"][0]["ref"], "component:default/ghost");
    assert_eq!(all[1]["problems"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn migrations_of_what_is_partly_hidden_have_no_numbers() {
    let portal = TestPortal::new().await;
    for blueprint in ["service", "copy"] {
        let body = json!({"identifier": blueprint, "schema": {"properties": {}}, "relations": {}});
        assert_eq!(portal.post("/v1/blueprints", &body).await.status, 201);
    }
    for identifier in ["a", "b"] {
        let answer =
            portal.post("/v1/blueprints/service/entities", &json!({ "identifier": identifier })).await;
        assert_eq!(answer.status, 201);
    }
    let read = json!({"entities": {"read": {"ownedByTeam": true}}});
    portal.request("PATCH", "/v1/blueprints/service/permissions", Some(&read)).await;
    let mapping = json!({"sourceBlueprint": "service", "mapping": {"blueprint": "copy", "entity": {
        "identifier": "if .identifier == \"a\" then \"a\" else \"no/such name!*\" end"}}});
    let started = portal.post("/v1/migrations", &mapping).await;
    assert!(started.status < 300, "{}", started.text());
    let elsa = portal.member("elsa@larkfell.example").await;
    let id = started.json()["migration"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/migrations/{id}");
    let ended = crate::migrations::ended(&portal, &id).await;
    assert_eq!((&ended["successCount"], &ended["failureCount"]), (&json!(1), &json!(1)), "{ended}");
    assert_eq!(ended["errors"][0]["identifier"], "b");
    for path in [path.as_str(), "/v1/migrations"] {
        let seen = portal.request_as(&elsa, "GET", path, None).await.json();
        let seen = if seen["migration"].is_null() { &seen["migrations"][0] } else { &seen["migration"] };
        assert_eq!((&seen["successCount"], &seen["failureCount"]), (&json!(0), &json!(0)), "{seen}");
        assert_eq!(seen["status"], ended["status"]);
        assert!(seen.get("errors").is_none() && seen.get("message").is_none(), "{seen}");
    }
}
