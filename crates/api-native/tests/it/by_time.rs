//! What the time alone changes: nothing is written, and boards, histories, feeds and logs tell of it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use stagedoor_model::Timestamp;
use stagedoor_portal::{FeedFilter, Woken};
use stagedoor_testkit::TestPortal;

use crate::stage::{NATIVE, made, native, recorded, service, stage};

const DAY: i64 = 24 * 3600 * 1000;
const PATIENCE: Duration = Duration::from_secs(20);

fn days_from_now(days: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    Timestamp(i64::try_from(now).unwrap() + days * DAY).to_string()
}

/// Whether somebody deployed in the last 30 days, and two services that did, ten and 25 days ago.
async fn deployed() -> TestPortal {
    let test = stage().await;
    let date = json!({"type": "string", "format": "date-time"});
    let blueprint = json!({"schema": {"properties": {"owned": {"type": "string"}, "docs": {"type": "string"},
        "kind": {"type": "string"}, "deployed": date}}});
    made(&test.request("PATCH", "/v1/blueprints/service", Some(&blueprint)).await);
    let scorecard = json!({"identifier": "alive", "title": "Alive", "levels": [{"title": "Asleep"}, {"title": "Awake"}],
        "rules": [{"identifier": "deployed", "title": "Deployed in the last 30 days", "level": "Awake",
            "query": {"combinator": "and", "conditions": [
                {"property": "deployed", "operator": "between", "value": {"preset": "lastMonth"}}]}}]});
    made(&test.post("/v1/blueprints/service/scorecards", &scorecard).await);
    for (identifier, days) in [("cart", -10), ("till", -25)] {
        service(&test, identifier, "red", json!({"deployed": days_from_now(days)})).await;
    }
    recorded(&test).await;
    test
}

/// Levels of both, as the heat map counts them.
async fn awake(test: &TestPortal) -> Value {
    native(test, "/scorecards/service/alive/groups?by=$team").await["groups"][0]["levels"]["Awake"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_days_are_over_without_a_write() {
    let test = deployed().await;
    assert_eq!(awake(&test).await, 2);
    let revision = test.portal.view(&test.viewer()).unwrap().revision();
    let filter = FeedFilter { records: true, ..FeedFilter::default() };
    let mut feed = test.portal.feed(&test.viewer(), None, filter).await.unwrap();

    test.portal.move_clock(10 * DAY);
    let woken = tokio::time::timeout(PATIENCE, feed.wake()).await.unwrap();
    assert_eq!(woken, Woken::ByTime, "whoever follows is told");
    assert_eq!(feed.moved_by_time().unwrap().blueprint, "scorecard");
    assert_eq!(awake(&test).await, 1, "the heat map is another");
    assert_eq!(test.portal.view(&test.viewer()).unwrap().revision(), revision, "and nobody has written");
    let page = native(&test, "/scorecards/service/alive/entities?rule=deployed&status=failed").await;
    assert_eq!((&page["total"], &page["entities"][0]["identifier"]), (&json!(1), &json!("till")));
    let history = native(&test, "/scorecards/service/alive/history?days=30").await;
    let moved = &history["moved"][0];
    assert_eq!(
        (&moved["entity"]["identifier"], &moved["from"], &moved["to"]),
        (&json!("till"), &json!("Awake"), &json!("Asleep")),
        "{history}"
    );
    let days = history["points"].as_array().unwrap();
    assert_eq!(days.len(), 11, "a point for each day that has passed, and today: {history}");
    assert_eq!((&days[9]["levels"]["Awake"], &days[10]["levels"]["Awake"]), (&json!(2), &json!(1)));

    test.portal.move_clock(15 * DAY);
    assert_eq!(tokio::time::timeout(PATIENCE, feed.wake()).await.unwrap(), Woken::ByTime);
    assert_eq!(awake(&test).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exemption_expires_by_the_clock() {
    let test = stage().await;
    service(&test, "cart", "red", json!({"docs": "yes"})).await;
    let ask = json!({"blueprint": "service", "entity": "cart", "scorecard": "ready", "rule": "owned",
        "reason": "A prototype", "until": days_from_now(2)});
    let granted = test.post(&format!("{NATIVE}/exemptions"), &ask).await;
    assert_eq!((granted.status, &granted.json()["state"]), (201, &json!("granted")), "{}", granted.text());
    recorded(&test).await;
    let stands = async || {
        let row = native(&test, "/scorecards").await["scorecards"][0]["rules"][0].clone();
        let own = native(&test, "/entities/service/cart/scorecards").await["scorecards"][0].clone();
        let port = test.get("/v1/blueprints/service/entities/cart").await.json();
        let ready = &port["entity"]["scorecards"]["ready"];
        json!([
            row["exempt"],
            row["failed"],
            row["notMeasured"],
            own["level"],
            ready["level"],
            ready["rules"][0]["status"]
        ])
    };
    assert_eq!(stands().await, json!([1, 0, 0, "Silver", "Silver", "SUCCESS"]));

    let filter = FeedFilter { records: true, ..FeedFilter::default() };
    let mut feed = test.portal.feed(&test.viewer(), None, filter).await.unwrap();
    test.portal.move_clock(3 * DAY);
    // At once, whoever asks: nobody has to write it down first.
    assert_eq!(stands().await, json!([0, 0, 1, "Basic", "Basic", "FAILURE"]));
    assert_eq!(native(&test, "/exemptions").await["exemptions"][0]["state"], "expired");
    // Soon after it is written down, and the log tells: granted by somebody, expired by itself.
    let log = async || {
        let audit = native(&test, "/audit").await;
        let events = audit["events"].as_array().unwrap().iter();
        let of_it = events.filter(|event| event["kind"] == "exemption");
        of_it.map(|event| event["actor"]["name"].clone()).collect::<Vec<Value>>()
    };
    let told = async {
        while log().await.len() < 2 {
            assert_ne!(feed.wake().await, Woken::Ended);
            while feed.page(10).await.unwrap().more {}
        }
    };
    tokio::time::timeout(PATIENCE, told).await.unwrap();
    assert_eq!(log().await[0], "system");
    let moved = native(&test, "/scorecards/service/ready/history").await;
    assert_eq!(
        (&moved["moved"][0]["from"], &moved["moved"][0]["to"]),
        (&json!("Silver"), &json!("Basic")),
        "{moved}"
    );
}

/// Asked for by the owner, granted by a moderator: the board follows each step, and what the rest sees as well.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_granted_over_http_changes_the_board() {
    let test = stage().await;
    service(&test, "cart", "red", json!({"docs": "yes"})).await;
    let rights = json!({"entities": {"update": {"teams": ["red"]}}});
    made(&test.request("PATCH", "/v1/blueprints/service/permissions", Some(&rights)).await);
    let owner = test.member_of("rosa@larkfell.example", &["red"]).await;
    let moderator = test.moderator("mia@larkfell.example", &["service"]).await;
    let levels = async || {
        let map = native(&test, "/scorecards/service/ready/groups?by=$team").await;
        json!([map["groups"][0]["levels"]["Silver"], map["groups"][0]["rules"]["owned"]["exempt"]])
    };
    let ask = json!({"blueprint": "service", "entity": "cart", "scorecard": "ready", "rule": "owned",
        "reason": "A prototype", "until": days_from_now(5)});
    let path = format!("{NATIVE}/exemptions");
    let asked = test.request_as(&owner, "POST", &path, Some(&ask)).await;
    assert_eq!((asked.status, &asked.json()["state"]), (201, &json!("asked")), "{}", asked.text());
    assert_eq!(levels().await, json!([0, 0]), "asking excuses nobody");
    let answer = format!("{path}/{}/answer", asked.json()["id"].as_str().unwrap());
    let granted = test.request_as(&moderator, "POST", &answer, Some(&json!({"verdict": "GRANT"}))).await;
    assert_eq!(granted.status, 200, "{}", granted.text());
    assert_eq!(levels().await, json!([1, 1]));
    let found = test
        .post(
            "/v1/entities/search",
            &json!({"combinator": "and", "rules": [
        {"scorecard": "ready", "operator": "=", "value": "Silver"}]}),
        )
        .await
        .json();
    assert_eq!(found["entities"][0]["identifier"], "cart", "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn blueprints_that_nobody_is_measured_by_cost_nothing() {
    let test = deployed().await;
    let other = json!({"identifier": "note", "title": "Note", "schema": {"properties": {}}});
    made(&test.post("/v1/blueprints", &other).await);
    let _ = (native(&test, "/scorecards").await, awake(&test).await);
    recorded(&test).await;
    let before = test.portal.scorecards_computed();
    for title in ["One", "Two", "Three"] {
        let renamed = json!({"title": title, "schema": {"properties": {"text": {"type": "string"}}}});
        made(&test.request("PATCH", "/v1/blueprints/note", Some(&renamed)).await);
        service(&test, title, "red", json!({})).await;
        assert_eq!(native(&test, "/scorecards").await["scorecards"].as_array().unwrap().len(), 2);
        recorded(&test).await;
    }
    assert_eq!(test.portal.scorecards_computed(), before, "results went on as they were");
    made(&test.request("PATCH", "/v1/blueprints/service", Some(&json!({"title": "Serves"}))).await);
    let _ = native(&test, "/scorecards").await;
    recorded(&test).await;
    assert_eq!(test.portal.scorecards_computed(), before + 2, "both scorecards are about services");
}
