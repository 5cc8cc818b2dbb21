//! What case files of searches cannot say: histories, and pages of many entities while they change.

use serde_json::{Value, json};
use stagedoor_model::Timestamp;
use stagedoor_testkit::TestPortal;

/// Changes of a document are read as Port would have read them at the time.
#[tokio::test]
async fn the_history_of_a_document_is_read_through_its_face() {
    let portal = TestPortal::new().await;
    let document = |lifecycle: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: orders}}\n\
             spec: {{type: service, lifecycle: {lifecycle}, owner: none}}\n"
        )
    };
    for lifecycle in ["experimental", "production"] {
        let sent = portal.documents(&document(lifecycle)).await;
        assert_eq!(sent.status, 200, "{}", sent.text());
    }
    let patch = json!({"properties": {"language": "rust"}});
    let path = "/v1/blueprints/component/entities/component%3Adefault%2Forders";
    assert_eq!(portal.request("PATCH", path, Some(&patch)).await.status, 200);

    let viewer = portal.viewer();
    let read =
        |since| portal.portal.property_history(&viewer, "component", "component:default/orders", since);
    let versions = read(Timestamp(0)).await.unwrap();
    let seen = |key: &str| -> Vec<Value> {
        let of = versions.iter().map(|v| v.properties.as_ref().and_then(|p| p.get(key)).cloned());
        of.map(Option::unwrap_or_default).collect()
    };
    assert_eq!(seen("lifecycle"), ["experimental", "production", "production"]);
    assert_eq!(seen("language"), [json!(null), json!(null), json!("rust")]);
    assert!(versions.is_sorted_by_key(|v| v.at));
    // What held at the time is there too, and nothing before it.
    assert_eq!(read(Timestamp(i64::MAX)).await.unwrap(), versions[2..]);

    let body = json!({"blueprintIdentifier": "component", "entityIdentifier": "component:default/orders",
        "propertyNames": ["lifecycle"], "timeInterval": "hour", "timeRange": {"preset": "lastDay"}});
    let answer = portal.post("/v1/entities/properties-history", &body).await;
    let data = answer.json()["result"]["data"].as_array().cloned().unwrap_or_default();
    assert!((24..=26).contains(&data.len()), "{}", answer.text());
    assert_eq!(data.first().unwrap()["values"], json!({"lifecycle": null}));
    assert_eq!(data.last().unwrap()["values"], json!({"lifecycle": "production"}));
}

/// Shipped kinds are searched, sorted and grouped through their face, and related over what their documents say.
#[tokio::test]
async fn documents_are_searched_by_every_rule() {
    let portal = TestPortal::new().await;
    let documents = "
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: red, title: The Reds}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: orders}
spec: {type: service, lifecycle: production, owner: red, dependsOn: [resource:db, component:mail], providesApis: [orders-api]}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: mail}
spec: {type: worker, lifecycle: experimental, owner: none}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: db}
spec: {type: database, owner: red, dependencyOf: [component:mail]}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: orders-api}
spec: {type: openapi, lifecycle: production, owner: red, definition: x}
";
    let sent = portal.documents(documents).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    let hits = async |rule: Value| -> Vec<String> {
        let body = json!({"combinator": "and", "rules": [rule]});
        let answer = portal.post("/v1/entities/search?include=identifier", &body).await.json();
        let list = answer["entities"].as_array().cloned().unwrap_or_default();
        let name = |e: &Value| e["identifier"].as_str().unwrap().replace(":default/", ":");
        list.iter().map(name).collect()
    };
    let related = |value: &str, blueprint: &str, direction: &str| json!({"operator": "relatedTo", "blueprint": blueprint, "value": value, "direction": direction});
    // What a resource states as `dependencyOf` is what the component depends on.
    let upstream = hits(related("component:default/mail", "component", "upstream")).await;
    assert_eq!(upstream, ["group:red", "resource:db"]);
    let downstream = hits(related("resource:default/db", "resource", "downstream")).await;
    assert_eq!(downstream, ["component:mail", "component:orders"]);
    let all = hits(related("component:default/orders", "component", "upstream")).await;
    assert_eq!(all, ["api:orders-api", "component:mail", "group:red", "resource:db"]);
    let path = json!({"path": ["owningGroup"]});
    let owned = hits(json!({"property": path, "operator": "matchAny", "value": "group:default/red"})).await;
    assert_eq!(owned, ["api:orders-api", "component:orders", "resource:db"]);
    let titled =
        json!({"relation": "owningGroup", "targetProperty": "$title", "operator": "=", "value": "The Reds"});
    assert_eq!(hits(titled).await, ["api:orders-api", "component:orders", "resource:db"]);

    let body = json!({"sort": [{"property": "lifecycle"}], "groupBy": {"relation": "owningGroup", "targetProperty": "$title"},
        "include": ["$title"]});
    let top = portal.post("/v1/blueprints/component/entities/top-search", &body).await.json();
    let titles: Vec<&str> =
        top["entities"].as_array().unwrap().iter().map(|e| e["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["mail", "orders"]);
    assert_eq!(top["groups"], json!([{"value": "The Reds", "count": 1}, {"value": null, "count": 1}]));
    let counted = json!({"func": "countValues", "property": "lifecycle"});
    let counted = portal.post("/v1/entities/aggregate", &counted).await.json();
    assert_eq!(counted["result"], json!({"production": 2, "experimental": 1}));
}
