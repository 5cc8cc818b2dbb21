//! Backstage's checks and facts, from the configuration and from scorecards.

use serde_json::{Value, json};
use stagedoor_portal::InsightsConfig;
use stagedoor_testkit::TestPortal;

use crate::stage::made;

const AT: &str = "/api/tech-insights";

fn checks() -> InsightsConfig {
    let check = |facts: Value, conditions: Value| {
        json!({"type": "json-rules-engine", "name": "Title and owner", "description": "Says both", "factIds": facts,
            "metadata": {"rank": 1}, "failureMetadata": {"solution": "Say both"}, "rule": {"conditions": conditions}})
    };
    let is = |fact: &str| json!({"fact": fact, "operator": "equal", "value": true});
    let both = json!(["entityMetadataFactRetriever", "entityOwnershipFactRetriever"]);
    InsightsConfig::read(&json!({
        "titleAndOwner": check(both, json!({"all": [is("hasTitle"), {"not": {"not": is("hasGroupOwner")}}]})),
        "unknownFact": check(json!(["collected"]), json!({"all": [is("coverage")]})),
    }))
    .unwrap()
}

async fn stage() -> TestPortal {
    let config = stagedoor_testkit::config::Config {
        insights: checks(),
        ..stagedoor_testkit::config::Config::default()
    };
    let test = TestPortal::builder().config(config).start().await;
    let document = |name: &str, title: &str, docs: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n{title}{docs}\
             spec: {{type: service, lifecycle: production, owner: crew}}\n"
        )
    };
    let docs = "  annotations: {backstage.io/techdocs-ref: 'dir:.'}\n";
    made(&test.documents(&document("cart", "  title: Cart\n", docs)).await);
    made(&test.documents(&document("shop", "", "")).await);
    let scorecard = json!({"identifier": "docs", "title": "Documentation", "rules": [
        {"identifier": "described", "title": "Described", "level": "Bronze", "query": {"combinator": "and",
            "conditions": [{"property": "$title", "operator": "isNotEmpty"}]}},
        {"identifier": "known", "title": "Known", "level": "Gold", "query": {"combinator": "and",
            "conditions": [{"property": "language", "operator": "=", "value": "rust"}]}}]});
    made(&test.post("/v1/blueprints/component/scorecards", &scorecard).await);
    test
}

async fn run(test: &TestPortal, body: Value) -> Value {
    let answer = test.post(&format!("{AT}/checks/run"), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_are_those_of_the_configuration_and_of_scorecards() {
    let test = stage().await;
    let all = test.get(&format!("{AT}/checks")).await.json();
    let ids: Vec<&Value> = all.as_array().unwrap().iter().map(|check| &check["id"]).collect();
    assert_eq!(ids, ["titleAndOwner", "unknownFact", "component/docs/described", "component/docs/known"]);
    let rule = &all[2]["rule"]["conditions"]["all"][0];
    assert_eq!(
        (&rule["fact"], &rule["operator"], &all[2]["factIds"]),
        (&json!("described"), &json!("equal"), &json!(["component/docs"]))
    );
    let answer = test.post(&format!("{AT}/checks/run/default/component/cart"), &json!({})).await.json();
    let results: Vec<(&Value, &Value)> =
        answer.as_array().unwrap().iter().map(|r| (&r["check"]["id"], &r["result"])).collect();
    // What is not measured has no result, and neither has a check whose facts nobody collects.
    assert_eq!(
        results,
        [(&json!("titleAndOwner"), &json!(true)), (&json!("component/docs/described"), &json!(true))]
    );
    let first = &answer[0];
    assert_eq!(first["facts"]["hasTitle"]["value"], true, "{first}");
    assert_eq!(first["facts"]["hasTitle"]["type"], "boolean");
    assert_eq!(first["check"]["metadata"], json!({"rank": 1}));
    assert_eq!(first["check"]["rule"]["conditions"]["all"][0]["factResult"], true);
    let shop = run(&test, json!({"entities": [{"kind": "Component", "namespace": "default", "name": "shop"}, "component:default/none"],
        "checks": ["titleAndOwner"]})).await;
    assert_eq!(shop[0]["entity"], "component:default/shop");
    assert_eq!(
        (&shop[0]["results"][0]["result"], &shop[0]["results"][0]["check"]["metadata"]["solution"]),
        (&json!(false), &json!("Say both"))
    );
    assert_eq!((&shop[1]["results"], shop[1]["error"]["message"].is_string()), (&json!([]), true), "{shop}");
    let everything = run(&test, json!({"entities": []})).await;
    assert_eq!(everything.as_array().unwrap().len(), 2, "{everything}");
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_are_what_the_catalog_says_now() {
    let test = stage().await;
    let schemas = test.get(&format!("{AT}/fact-schemas")).await.json();
    let ids: Vec<&Value> = schemas.as_array().unwrap().iter().map(|schema| &schema["id"]).collect();
    assert_eq!(
        ids,
        [
            "entityMetadataFactRetriever",
            "entityOwnershipFactRetriever",
            "techdocsFactRetriever",
            "component/docs"
        ]
    );
    assert_eq!(schemas[3]["described"]["type"], "boolean");
    assert_eq!(schemas[3]["entityFilter"], json!([{"kind": "component"}]));
    let one = test.get(&format!("{AT}/fact-schemas?ids=techdocsFactRetriever")).await.json();
    assert_eq!(one.as_array().unwrap().len(), 1);
    let latest = format!("{AT}/facts/latest?entity=component:default/cart");
    let facts = test
        .get(&format!("{latest}&ids[]=techdocsFactRetriever&ids[]=component/docs&ids[]=none"))
        .await
        .json();
    assert_eq!(
        facts["techdocsFactRetriever"]["facts"],
        json!({"hasAnnotationBackstageIoTechdocsRef": true}),
        "{facts}"
    );
    assert_eq!(facts["component/docs"]["facts"], json!({"described": true}));
    assert_eq!(
        facts["component/docs"]["entity"],
        json!({"kind": "component", "namespace": "default", "name": "cart"})
    );
    assert!(facts.get("none").is_none() && facts["component/docs"]["timestamp"].is_string());
    let range = format!("{AT}/facts/range?entity=component:default/cart&ids=component/docs");
    let within = test.get(&format!("{range}&startDatetime=2020-01-01&endDatetime=2100-01-01")).await.json();
    assert_eq!(within["component/docs"].as_array().map(Vec::len), Some(1), "{within}");
    let past = test.get(&format!("{range}&startDatetime=2020-01-01&endDatetime=2020-01-02")).await.json();
    assert_eq!(past, json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_in_the_plugins_words() {
    let test = stage().await;
    let entity = "entity=component:default/cart";
    for (path, status, says) in [
        (format!("/facts/latest?{entity}"), 422, "Failed to parse ids from request"),
        (
            format!("/facts/range?{entity}&startDatetime=2020-01-01&endDatetime=2021-01-01"),
            422,
            "Failed to parse ids",
        ),
        (format!("/facts/range?{entity}&ids=a&startDatetime=x&endDatetime=2021-01-01"), 422, "startDateTime"),
        (format!("/facts/range?{entity}&ids=a&startDatetime=2020-01-01"), 422, "endDateTime"),
        ("/facts/latest?ids=a".to_owned(), 400, "entity"),
        ("/facts/latest?ids=a&entity=a/b/c".to_owned(), 400, "a/b/c"),
    ] {
        let answer = test.get(&format!("{AT}{path}")).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(answer.text().contains(says), "{path}: {}", answer.text());
    }
    for body in [json!({}), json!({"entities": [1]}), json!({"entities": [], "checks": "all"})] {
        let answer = test.post(&format!("{AT}/checks/run"), &body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
    }
    assert_eq!(test.anonymous("GET", &format!("{AT}/checks"), None).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_entities_have_no_facts() {
    let test = stage().await;
    let closed = json!({"entities": {"read": {"roles": ["Admin"]}}});
    made(&test.request("PATCH", "/v1/blueprints/component/permissions", Some(&closed)).await);
    let rosa = test.member("rosa@larkfell.example").await;
    let path = format!("{AT}/facts/latest?entity=component:default/cart&ids=component/docs");
    assert_eq!(test.request_as(&rosa, "GET", &path, None).await.json(), json!({}));
    let all = json!({"entities": []});
    assert_eq!(
        test.request_as(&rosa, "POST", &format!("{AT}/checks/run"), Some(&all)).await.json(),
        json!([])
    );
}
