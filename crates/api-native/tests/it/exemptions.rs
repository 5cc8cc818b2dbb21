//! Exemptions: asked for, granted, ended, expired; and by whom.

use serde_json::{Value, json};

use crate::stage::{NATIVE, in_days, made, native, ready, rule, service, stage};

fn ask(rule: &str) -> Value {
    json!({"blueprint": "service", "entity": "cart", "scorecard": "ready", "rule": rule, "reason": "A prototype",
        "until": in_days(300)})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exemption_lifts_an_entity_until_it_is_ended() {
    let test = stage().await;
    service(&test, "cart", "red", json!({"docs": "yes"})).await;
    let level = async || {
        let shown = native(&test, "/entities/service/cart/scorecards").await;
        shown["scorecards"][0]["level"].as_str().unwrap().to_owned()
    };
    assert_eq!(level().await, "Basic");
    let soon = ask("owned");
    let granted = test.post(&format!("{NATIVE}/exemptions"), &soon).await;
    assert_eq!(granted.status, 201, "{}", granted.text());
    let granted = granted.json();
    assert_eq!(granted["state"], "granted");
    assert_eq!(granted["until"], format!("{}T23:59:59.999Z", in_days(300)));
    assert_eq!((&granted["mayEnd"], &granted["ruleTitle"]), (&json!(true), &json!("Has owned")));
    assert_eq!(level().await, "Silver");
    let shown = native(&test, "/entities/service/cart/scorecards").await;
    let rule = &shown["scorecards"][0]["rules"][0];
    assert_eq!((&rule["status"], &rule["exemption"]["id"]), (&json!("exempt"), &granted["id"]), "{rule}");
    assert_eq!(native(&test, "/scorecards").await["scorecards"][0]["rules"][0]["exempt"], 1);
    // Port knows two results only.
    let port = test.get("/v1/blueprints/service/entities/cart").await.json();
    assert_eq!(port["entity"]["scorecards"]["ready"]["rules"][0]["status"], "SUCCESS", "{port}");
    // There is one at a time.
    let again = test.post(&format!("{NATIVE}/exemptions"), &soon).await;
    assert_eq!((again.status, &again.json()["error"]["code"]), (409, &json!("exemption_exists")));
    let path = format!("{NATIVE}/exemptions/{}", granted["id"].as_str().unwrap());
    let ended = test.request("DELETE", &path, None).await;
    assert_eq!((ended.status, &ended.json()["state"]), (200, &json!("ended")));
    assert_eq!(level().await, "Basic");
    assert_eq!(test.request("DELETE", &path, None).await.status, 409);
    // Its life is in the audit log.
    let log = test.get(&format!("{NATIVE}/audit")).await.json().to_string();
    assert!(log.matches("\"exemption\"").count() >= 2, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_change_the_entity_asks_and_a_moderator_answers() {
    let test = stage().await;
    service(&test, "cart", "red", json!({})).await;
    let rights = json!({"entities": {"update": {"teams": ["red"]}}});
    made(&test.request("PATCH", "/v1/blueprints/service/permissions", Some(&rights)).await);
    let owner = test.member_of("rosa@larkfell.example", &["red"]).await;
    let other = test.member_of("ben@larkfell.example", &["blue"]).await;
    let moderator = test.moderator("mia@larkfell.example", &["service"]).await;
    let path = format!("{NATIVE}/exemptions");
    let refused = test.request_as(&other, "POST", &path, Some(&ask("owned"))).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    let asked = test.request_as(&owner, "POST", &path, Some(&ask("owned"))).await;
    assert_eq!((asked.status, &asked.json()["state"]), (201, &json!("asked")), "{}", asked.text());
    let id = asked.json()["id"].as_str().unwrap().to_owned();
    let answer = format!("{path}/{id}/answer");
    let grant = json!({"verdict": "GRANT", "note": "Until the move"});
    assert_eq!(test.request_as(&owner, "POST", &answer, Some(&grant)).await.status, 403);
    // Asking alone excuses nobody.
    assert_eq!(native(&test, "/scorecards").await["scorecards"][0]["rules"][0]["exempt"], 0);
    let granted = test.request_as(&moderator, "POST", &answer, Some(&grant)).await;
    assert_eq!((granted.status, &granted.json()["state"]), (200, &json!("granted")), "{}", granted.text());
    assert_eq!(granted.json()["note"], "Until the move");
    assert_eq!(granted.json()["answeredBy"], "mia@larkfell.example");
    let twice = test.request_as(&moderator, "POST", &answer, Some(&grant)).await;
    assert_eq!((twice.status, &twice.json()["error"]["code"]), (409, &json!("exemption_answered")));
    let open = native(&test, "/exemptions?state=granted&blueprint=service&entity=cart").await;
    assert_eq!((&open["total"], &open["exemptions"][0]["entity"]), (&json!(1), &json!("cart")));
    // Whoever asked may give it back, though not grant.
    let ended = test.request_as(&owner, "DELETE", &format!("{path}/{id}"), None).await;
    assert_eq!(ended.status, 200, "{}", ended.text());
    let asked = test.request_as(&owner, "POST", &path, Some(&ask("docs"))).await.json();
    let answer = format!("{path}/{}/answer", asked["id"].as_str().unwrap());
    let declined = test.request_as(&moderator, "POST", &answer, Some(&json!({"verdict": "DECLINE"}))).await;
    assert_eq!(declined.json()["state"], "declined", "{}", declined.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_has_to_be_there_and_in_the_future() {
    let test = stage().await;
    service(&test, "cart", "red", json!({})).await;
    for (key, value, status, says) in [
        ("entity", json!("none"), 404, "none"),
        ("scorecard", json!("none"), 404, "no scorecard"),
        ("rule", json!("none"), 404, "no rule"),
        ("reason", json!(" "), 422, "\\\"reason\\\""),
        ("until", json!("2020-01-01"), 422, "future"),
        ("until", json!("tomorrow"), 422, "\\\"until\\\""),
        ("until", json!(in_days(1200)), 422, "three years"),
        ("more", json!(1), 422, "unknown field"),
    ] {
        let mut body = ask("owned");
        body[key] = value;
        let answer = test.post(&format!("{NATIVE}/exemptions"), &body).await;
        assert_eq!(answer.status, status, "{key}: {}", answer.text());
        assert!(answer.text().contains(says), "{key}: {}", answer.text());
    }
    assert_eq!(test.get(&format!("{NATIVE}/exemptions?state=lost")).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exemption_follows_its_entity_and_ends_with_its_rule() {
    let test = stage().await;
    service(&test, "cart", "red", json!({})).await;
    let body = ask("owned");
    made(&test.post(&format!("{NATIVE}/exemptions"), &body).await);
    let renamed = json!({"identifier": "basket", "title": "Basket", "properties": {}});
    made(&test.request("PATCH", "/v1/blueprints/service/entities/cart", Some(&renamed)).await);
    let path = "/v1/blueprints/service/scorecards/ready";
    let mut other = ready();
    other["identifier"] = json!("fit");
    made(&test.request("PUT", path, Some(&other)).await);
    let all = native(&test, "/exemptions").await;
    let only = &all["exemptions"][0];
    assert_eq!((&only["entity"], &only["scorecard"]), (&json!("basket"), &json!("fit")), "{all}");
    assert_eq!(native(&test, "/scorecards").await["scorecards"][0]["rules"][0]["exempt"], 1);
    other["rules"] = json!([rule("docs", "Silver", "docs")]);
    made(&test.request("PUT", "/v1/blueprints/service/scorecards/fit", Some(&other)).await);
    // Another rule of that name is another rule.
    other["rules"] = ready()["rules"].clone();
    made(&test.request("PUT", "/v1/blueprints/service/scorecards/fit", Some(&other)).await);
    assert_eq!(native(&test, "/scorecards").await["scorecards"][0]["rules"][0]["exempt"], 0);
    assert_eq!(native(&test, "/exemptions").await["exemptions"][0]["state"], "ended");
}

#[tokio::test]
async fn what_is_about_hidden_entities_is_as_if_it_were_not_there() {
    let test = stage().await;
    service(&test, "cart", "red", json!({})).await;
    let made_one = test.post(&format!("{NATIVE}/exemptions"), &ask("owned")).await.json();
    let closed = json!({"entities": {"read": {"roles": ["Admin"]}}});
    made(&test.request("PATCH", "/v1/blueprints/service/permissions", Some(&closed)).await);
    let rosa = test.member("rosa@larkfell.example").await;
    let id = made_one["id"].as_str().unwrap();
    for (method, path, body) in [
        ("POST", format!("/exemptions/{id}/answer"), Some(json!({"verdict": "GRANT"}))),
        ("DELETE", format!("/exemptions/{id}"), None),
        ("GET", "/badges/service/cart/ready.svg".to_owned(), None),
        ("GET", "/entities/service/cart/scorecards".to_owned(), None),
    ] {
        let answer = test.request_as(&rosa, method, &format!("{NATIVE}{path}"), body.as_ref()).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
    }
    let all = test.request_as(&rosa, "GET", &format!("{NATIVE}/exemptions"), None).await.json();
    assert_eq!(all["total"], 0);
}
