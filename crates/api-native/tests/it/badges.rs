//! Badges: pictures for pages outside, and who gets them.

use axum::body::Body;
use http::Request;
use serde_json::json;
use stagedoor_testkit::{Answer, TestPortal};

use crate::stage::{NATIVE, made, service, stage};

async fn anonymous(test: &TestPortal, path: &str) -> Answer {
    test.send(Request::builder().uri(path).body(Body::empty()).unwrap()).await
}

async fn token(test: &TestPortal, scopes: serde_json::Value) -> String {
    let body = json!({"name": "badge", "scopes": scopes, "expiresInDays": 1});
    let person = test.administrator("ada@larkfell.example").await;
    let answer = test.request_as(&person, "POST", &format!("{NATIVE}/tokens"), Some(&body)).await;
    made(&answer);
    answer.json()["token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_badge_shows_the_level_to_whoever_has_its_token() {
    let test = stage().await;
    service(&test, "cart", "red", json!({"owned": "yes"})).await;
    let path = format!("{NATIVE}/badges/service/cart/ready.svg");
    assert_eq!(anonymous(&test, &path).await.status, 401);
    let badges = token(&test, json!(["read:badges"])).await;
    let shown = anonymous(&test, &format!("{path}?token={badges}")).await;
    assert_eq!(shown.status, 200, "{}", shown.text());
    assert!(shown.text().contains("Ready: Bronze"), "{}", shown.text());
    for (name, value) in [
        ("content-type", "image/svg+xml; charset=utf-8"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "private, max-age=60"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(shown.headers.get(name).map(|v| v.to_str().unwrap()), Some(value), "{name}");
    }
    assert!(shown.headers.get("set-cookie").is_none());
    for missing in
        ["service/none/ready.svg", "service/cart/none.svg", "none/cart/ready.svg", "service/cart/ready.png"]
    {
        let answer = anonymous(&test, &format!("{NATIVE}/badges/{missing}?token={badges}")).await;
        assert_eq!(answer.status, 404, "{missing}");
    }
    // Everybody else brings his credential where it belongs.
    assert_eq!(test.get(&path).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_an_address_is_good_for_badges_only() {
    let test = stage().await;
    service(&test, "cart", "red", json!({})).await;
    let path = format!("{NATIVE}/badges/service/cart/ready.svg");
    let mighty = token(&test, serde_json::Value::Null).await;
    let wider = token(&test, json!(["read:badges", "read:entities"])).await;
    let badges = token(&test, json!(["read:badges"])).await;
    let narrow = token(&test, json!(["read:badges:service"])).await;
    let elsewhere = token(&test, json!(["read:badges:other"])).await;
    for (token, status) in
        [(&mighty, 401), (&wider, 401), (&narrow, 200), (&elsewhere, 403), (&"wrong".to_owned(), 401)]
    {
        let answer = anonymous(&test, &format!("{path}?token={token}")).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    for other in ["/scorecards", "/entity?blueprint=service&identifier=cart&x=1", "/session"] {
        let separator = if other.contains('?') { '&' } else { '?' };
        let answer = anonymous(&test, &format!("{NATIVE}{other}{separator}token={badges}")).await;
        assert!(answer.status == 401 || answer.json()["viewer"].is_null(), "{other}: {}", answer.text());
    }
    // Beside a bad token a good credential does not count.
    let both = Request::builder()
        .uri(format!("{path}?token=wrong"))
        .header("authorization", format!("Bearer {}", test.token()))
        .body(Body::empty())
        .unwrap();
    assert_eq!(test.send(both).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_cannot_become_tags() {
    let test = stage().await;
    service(&test, "cart", "red", json!({})).await;
    let evil = json!({"identifier": "evil", "title": "<script>alert(1)</script>", "levels": [
        {"title": "\"><image href=x>", "color": "\"/><script>"}, {"title": "Gold", "color": "gold"}], "rules": []});
    made(&test.post("/v1/blueprints/service/scorecards", &evil).await);
    let shown = test.get(&format!("{NATIVE}/badges/service/cart/evil.svg")).await.text();
    assert!(!shown.contains("<script") && !shown.contains("<image"), "{shown}");
}
