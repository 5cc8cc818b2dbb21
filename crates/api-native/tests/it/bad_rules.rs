//! Rules that cannot be: refused with the place, or, where they became so later, told with it; and nobody waits for them.

use serde_json::{Value, json};

use crate::stage::{NATIVE, made, native, service, stage};

fn card(conditions: &[Value]) -> Value {
    let rule = |(i, condition): (usize, &Value)| {
        json!({"identifier": format!("r{i}"), "title": "R", "level": "Gold",
            "query": {"combinator": "and", "conditions": [condition]}})
    };
    let rules: Vec<Value> = conditions.iter().enumerate().map(rule).collect();
    json!({"identifier": "bad", "title": "Bad", "rules": rules})
}

fn paths(problems: &Value) -> Vec<&str> {
    problems.as_array().unwrap().iter().map(|problem| problem["path"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_refused_with_its_place() {
    let test = stage().await;
    let fields = json!({"schema": {"properties": {"owned": {"type": "string"}, "docs": {"type": "string"},
        "kind": {"type": "string"}, "size": {"type": "number"}, "open": {"type": "boolean"}}}});
    made(&test.request("PATCH", "/v1/blueprints/service", Some(&fields)).await);
    let wrong = card(&[
        json!({"property": "gone", "operator": "isEmpty"}),
        json!({"property": "size", "operator": "contains", "value": "1"}),
        json!({"property": "open", "operator": ">", "value": 1}),
        json!({"property": "owned", "operator": "between", "value": {"preset": "lastMonth"}}),
        json!({"property": "owned", "operator": "resembles", "value": "x"}),
        json!({"jq": "def f: f; f("}),
        json!({"property": "owned", "operator": "=", "value": "yes"}),
    ]);
    let expected = [
        "/rules/0/query/conditions/0/property",
        "/rules/1/query/conditions/0/operator",
        "/rules/2/query/conditions/0/operator",
        "/rules/3/query/conditions/0/value",
        "/rules/4/query/conditions/0/operator",
        "/rules/5/query/conditions/0/jq",
    ];
    let refused = test.post("/v1/blueprints/service/scorecards", &wrong).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    let refused = refused.json();
    for (path, known) in paths(&refused["details"]["problems"]).iter().zip(expected) {
        let (place, last) = known.rsplit_once('/').unwrap();
        assert!(
            *path == known || (last == "value" && path.starts_with(place)),
            "{path} and not {known}: {refused}"
        );
    }
    assert_eq!(refused["details"]["problems"].as_array().unwrap().len(), expected.len(), "{refused}");
    let preview = json!({"blueprint": "service", "definition": wrong});
    let seen = test.post(&format!("{NATIVE}/scorecards/preview"), &preview).await;
    assert_eq!(seen.json()["problems"], refused["details"]["problems"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_impossible_is_told_and_the_rest_goes_on() {
    let test = stage().await;
    service(&test, "cart", "red", json!({"owned": "yes", "kind": "a"})).await;
    let bad = card(&[
        json!({"property": "kind", "operator": "=", "value": "a"}),
        // Nothing here can run it, as when every worker is gone.
        json!({"jq": "def f: f; f"}),
        json!({"jq": ".properties.owned | error"}),
        json!({"property": "owned", "operator": "=", "value": "yes"}),
    ]);
    made(&test.post("/v1/blueprints/service/scorecards", &bad).await);
    let fields = json!({"schema": {"properties": {"owned": {"type": "string"}, "docs": {"type": "string"}}}});
    let mut body = test.get("/v1/blueprints/service").await.json()["blueprint"].clone();
    body["schema"] = fields["schema"].clone();
    made(&test.request("PUT", "/v1/blueprints/service", Some(&body)).await);
    let one = native(&test, "/scorecards/service/bad").await;
    let mut told = paths(&one["problems"]);
    told.sort_unstable();
    let expected = [
        "/rules/0/query/conditions/0/property",
        "/rules/1/query/conditions/0/jq",
        "/rules/2/query/conditions/0/jq",
    ];
    assert_eq!(told, expected, "{one}");
    let measured: Vec<&Value> =
        one["rules"].as_array().unwrap().iter().map(|rule| &rule["notMeasured"]).collect();
    assert_eq!(measured, [1, 1, 1, 0]);
    assert_eq!(one["rules"][3]["passed"], 1, "what can be asked is answered");
    assert_eq!(native(&test, "/scorecards/service/ready").await["problems"], json!([]));
}
