//! Drafts, scorecards to begin with, and what to fix next.

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use crate::stage::{NATIVE, made, native, ready, rule, service, stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_changes_nothing_until_it_is_published() {
    let test = stage().await;
    service(&test, "cart", "red", json!({"owned": "yes"})).await;
    let path = format!("{NATIVE}/scorecards/service/ready");
    let mut draft = ready();
    draft["rules"] = json!([rule("kind", "Bronze", "kind")]);
    made(&test.request("PUT", &format!("{path}/draft"), Some(&draft)).await);
    let shown = native(&test, "/scorecards/service/ready").await;
    assert_eq!(
        (&shown["draft"]["rules"][0]["identifier"], &shown["rules"][0]["identifier"]),
        (&json!("kind"), &json!("owned"))
    );
    let port = test.get("/v1/blueprints/service/scorecards").await.json();
    assert_eq!(port["scorecards"].as_array().unwrap().len(), 1, "{port}");
    // A draft may be wrong; what is published may not.
    let wrong = json!({"title": "Ready", "rules": [{"identifier": "x", "title": "X", "level": "Platinum",
        "query": {"combinator": "and", "conditions": [{"property": "owned", "operator": "isEmpty"}]}}]});
    made(&test.request("PUT", &format!("{path}/draft"), Some(&wrong)).await);
    let refused = test.post(&format!("{path}/publish"), &json!({})).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(refused.text().contains("rules/0/level"), "{}", refused.text());
    made(&test.request("PUT", &format!("{path}/draft"), Some(&draft)).await);
    let published = test.post(&format!("{path}/publish"), &json!({})).await;
    assert_eq!((published.status, &published.json()["rules"][0]["identifier"]), (200, &json!("kind")));
    let shown = native(&test, "/scorecards/service/ready").await;
    assert_eq!((&shown["draft"], &shown["rules"][0]["identifier"]), (&Value::Null, &json!("kind")));
    assert_eq!(test.post(&format!("{path}/publish"), &json!({})).await.status, 404);
    assert_eq!(test.request("DELETE", &format!("{path}/draft"), None).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scorecard_may_begin_as_a_draft() {
    let test = stage().await;
    let path = format!("{NATIVE}/scorecards/service/fresh");
    let draft = json!({"title": "Fresh", "rules": [rule("kind", "Bronze", "kind")]});
    made(&test.request("PUT", &format!("{path}/draft"), Some(&draft)).await);
    assert_eq!(test.get("/v1/blueprints/service/scorecards/fresh").await.status, 404);
    drafts_are_listed_and_opened(&test).await;
    made(&test.post(&format!("{path}/publish"), &json!({})).await);
    assert_eq!(test.get("/v1/blueprints/service/scorecards/fresh").await.status, 200);
    for (path, body) in [
        ("/scorecards/none/x/draft", json!({})),
        ("/scorecards/service/a%2Fb/draft", json!({})),
        ("/scorecards/service/x/draft", json!([])),
    ] {
        let answer = test.request("PUT", &format!("{NATIVE}{path}"), Some(&body)).await;
        assert!(matches!(answer.status, 404 | 422), "{path}: {} {}", answer.status, answer.text());
    }
    let member = test.member("rosa@larkfell.example").await;
    let answer = test.request_as(&member, "PUT", &format!("{path}/draft"), Some(&draft)).await;
    assert_eq!(answer.status, 403);
}

/// What was never published stands beside what was, with what it would say; not for those who may not publish it.
async fn drafts_are_listed_and_opened(test: &TestPortal) {
    service(test, "cart", "red", json!({"kind": "yes"})).await;
    service(test, "till", "red", json!({"kind": "no"})).await;
    let wrong = json!({"title": "Wrong", "rules": [rule("lost", "Bronze", "gone")]});
    made(&test.request("PUT", &format!("{NATIVE}/scorecards/service/wrong/draft"), Some(&wrong)).await);
    let rows = native(test, "/scorecards").await;
    let row =
        |id: &str| rows["scorecards"].as_array().unwrap().iter().find(|r| r["identifier"] == id).unwrap();
    assert_eq!((&row("ready")["published"], &row("ready")["draft"]), (&json!(true), &json!(false)));
    let fresh = row("fresh");
    assert_eq!(
        (&fresh["published"], &fresh["draft"], &fresh["title"]),
        (&json!(false), &json!(true), &json!("Fresh"))
    );
    assert_eq!(
        (&fresh["applies"], &fresh["passed"], &fresh["rules"][0]["failed"]),
        (&json!(2), &json!(1), &json!(1))
    );
    let lost = row("wrong");
    assert_eq!((&lost["title"], &lost["levels"], &lost["applies"]), (&json!("Wrong"), &json!([]), &json!(0)));
    let places: Vec<&str> =
        lost["problems"].as_array().unwrap().iter().map(|p| p["path"].as_str().unwrap()).collect();
    assert_eq!(places, ["/rules/0/query/conditions/0/property"], "{lost}");

    let one = native(test, "/scorecards/service/fresh").await;
    assert_eq!(
        (&one["published"], &one["definition"], &one["draft"]),
        (&json!(false), &one["draft"], &one["definition"])
    );
    assert_eq!((&one["may"]["publish"], &one["may"]["delete"]), (&json!(true), &json!(true)));
    assert_eq!(test.get(&format!("{NATIVE}/scorecards/service/fresh/groups?by=$team")).await.status, 404);
    // It follows the catalog as what is published does.
    service(test, "till", "red", json!({"kind": "yes"})).await;
    assert_eq!(native(test, "/scorecards/service/fresh").await["passed"], 2);

    let member = test.member("elsa@larkfell.example").await;
    let seen = test.request_as(&member, "GET", &format!("{NATIVE}/scorecards"), None).await.json();
    assert_eq!(seen["scorecards"].as_array().unwrap().len(), 1, "{seen}");
    let hidden = test.request_as(&member, "GET", &format!("{NATIVE}/scorecards/service/fresh"), None).await;
    assert_eq!(hidden.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn starters_fit_the_shipped_kinds_and_the_example() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/quickstart");
    let mut builder = TestPortal::builder();
    for path in
        ["catalog-info.yaml", "org.yaml", "blueprints/*.json", "environments.yaml", "deployments.json"]
    {
        builder = builder.location(&format!("{example}/{path}"));
    }
    let test = builder.start().await;
    let all = native(&test, "/scorecards/starters").await;
    let all = all["starters"].as_array().unwrap();
    assert_eq!(all.len(), 6);
    for starter in all {
        assert_eq!((&starter["installed"], &starter["fits"]), (&json!(false), &json!(true)), "{starter}");
        let path = format!("{NATIVE}/scorecards/starters/{}", starter["identifier"].as_str().unwrap());
        let answer = test.post(&path, &json!({})).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(test.post(&path, &json!({})).await.status, 409);
    }
    // Each tells the example's entities apart: nobody is the same at everything.
    let rows = native(&test, "/scorecards").await;
    for row in rows["scorecards"].as_array().unwrap() {
        assert!(row["applies"].as_u64().unwrap() > 3, "{row}");
        assert_eq!(row["problems"], json!([]), "{row}");
        let levels = row["levels"].as_array().unwrap().iter().filter(|level| level["count"] != 0);
        assert!(levels.count() > 1, "{row}");
    }
    assert!(
        native(&test, "/scorecards/starters").await["starters"]
            .as_array()
            .unwrap()
            .iter()
            .all(|s| s["installed"] == true)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_starter_without_its_blueprint_says_so() {
    let test = stage().await;
    let all = native(&test, "/scorecards/starters").await;
    assert!(all["starters"][0]["fits"].as_str().unwrap().contains("component"), "{all}");
    assert_eq!(test.post(&format!("{NATIVE}/scorecards/starters/ownership"), &json!({})).await.status, 404);
    assert_eq!(test.post(&format!("{NATIVE}/scorecards/starters/none"), &json!({})).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lifts_an_entity_by_itself_comes_first() {
    let test = stage().await;
    // Nothing is there yet: owned is missing to bronze, docs beyond.
    service(&test, "cart", "red", json!({"owned": "no"})).await;
    // Owned alone reaches silver.
    service(&test, "shop", "red", json!({"owned": "no", "docs": "yes"})).await;
    service(&test, "depot", "blue", json!({"owned": "yes", "docs": "no"})).await;
    let order = async |query: &str| {
        let next = native(&test, &format!("/scorecards/next{query}")).await;
        let items = next["items"].as_array().unwrap().iter();
        let one = |i: &Value| {
            format!("{} {} {}", i["entity"]["identifier"], i["rule"]["identifier"], i["gain"]["level"])
        };
        (
            next["total"].as_u64().unwrap(),
            items.map(one).map(|line| line.replace('"', "")).collect::<Vec<_>>(),
        )
    };
    let (total, all) = order("").await;
    assert_eq!(total, 4);
    assert_eq!(all[0], "shop owned Silver");
    assert_eq!(all[3], "cart docs null");
    assert_eq!(order("?limit=1").await, (4, vec!["shop owned Silver".to_owned()]));
    assert_eq!(order("?team=blue").await, (1, vec!["depot docs Silver".to_owned()]));
    let next = native(&test, "/scorecards/next?team=blue").await;
    assert_eq!(next["items"][0]["fix"]["text"], "Say its docs.");
    assert_eq!(
        (&next["items"][0]["status"], &next["items"][0]["gain"]["missing"]),
        (&json!("failed"), &json!(1))
    );
    // Without a name it is about the caller's own teams.
    let rosa = test.member_of("rosa@larkfell.example", &["red"]).await;
    let own = test.request_as(&rosa, "GET", &format!("{NATIVE}/scorecards/next"), None).await.json();
    assert_eq!(own["total"], 3, "{own}");
}
