//! Campaigns: how far everybody is, reminders, owners.

use serde_json::{Value, json};

use crate::stage::{NATIVE, in_days, made, native, service, stage};

fn campaign(owner: &str) -> Value {
    json!({"title": "Owners by May", "owner": owner, "deadline": in_days(90),
        "goal": {"blueprint": "service", "scorecard": "ready", "rule": "owned"}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_tells_how_far_each_team_is() {
    let test = stage().await;
    service(&test, "cart", "red", json!({"owned": "yes", "kind": "web"})).await;
    service(&test, "shop", "red", json!({"kind": "web"})).await;
    service(&test, "depot", "blue", json!({})).await;
    let made_one = test.post(&format!("{NATIVE}/campaigns"), &campaign("red")).await;
    assert_eq!(made_one.status, 201, "{}", made_one.text());
    let made_one = made_one.json();
    assert_eq!(made_one["deadline"], format!("{}T23:59:59.999Z", in_days(90)));
    assert_eq!(made_one["startedWith"], json!({"total": 3, "done": 1}));
    service(&test, "depot", "blue", json!({"owned": "yes"})).await;
    let exempt = json!({"blueprint": "service", "entity": "shop", "scorecard": "ready", "rule": "owned",
        "reason": "Goes soon", "until": in_days(30)});
    made(&test.post(&format!("{NATIVE}/exemptions"), &exempt).await);
    let all = native(&test, "/campaigns").await;
    let progress = &all["campaigns"][0]["progress"];
    assert_eq!(
        (&progress["total"], &progress["done"], &progress["exempt"]),
        (&json!(3), &json!(3), &json!(1)),
        "{all}"
    );
    assert_eq!(
        progress["teams"],
        json!([
        {"team": "blue", "title": "blue", "total": 1, "done": 1},
        {"team": "red", "title": "red", "total": 2, "done": 2}])
    );
    let path = format!("{NATIVE}/campaigns/{}", made_one["id"].as_str().unwrap());
    // Levels, and a part of the fleet.
    let mut other = campaign("red");
    other["goal"] =
        json!({"blueprint": "service", "scorecard": "ready", "level": "Silver", "filter": "kind = web"});
    let changed = test.request("PUT", &path, Some(&other)).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let progress = changed.json()["progress"].clone();
    assert_eq!((&progress["total"], &progress["done"]), (&json!(2), &json!(0)));
    assert_eq!(changed.json()["startedWith"], json!({"total": 2, "done": 0}));
    other["state"] = json!("archived");
    assert_eq!(test.request("PUT", &path, Some(&other)).await.json()["state"], "archived");
    assert_eq!(test.post(&format!("{path}/remind"), &json!({})).await.status, 409);
    assert_eq!(test.request("DELETE", &path, None).await.status, 204);
    assert_eq!(test.get(&path).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_reminded_of_what_their_teams_have_left() {
    let test = stage().await;
    let rosa = test.member_of("rosa@larkfell.example", &["red"]).await;
    let ben = test.member_of("ben@larkfell.example", &["blue"]).await;
    service(&test, "cart", "red", json!({})).await;
    service(&test, "depot", "blue", json!({"owned": "yes"})).await;
    let made_one = test.post(&format!("{NATIVE}/campaigns"), &campaign("rosa@larkfell.example")).await.json();
    let path = format!("{NATIVE}/campaigns/{}", made_one["id"].as_str().unwrap());
    assert_eq!(test.request_as(&ben, "POST", &format!("{path}/remind"), Some(&json!({}))).await.status, 403);
    let seen = test.request_as(&ben, "GET", &path, None).await.json();
    assert!(seen["mayChange"].is_string(), "{seen}");
    // Its owner may.
    let reminded = test.request_as(&rosa, "POST", &format!("{path}/remind"), Some(&json!({}))).await;
    assert_eq!((reminded.status, reminded.json()), (200, json!({"reminded": 1})), "{}", reminded.text());
    let inbox = async |person| {
        let answer = test.request_as(person, "GET", "/api/notifications/notifications", None).await;
        answer.json()["notifications"].as_array().cloned().unwrap_or_default()
    };
    let told = inbox(&rosa).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["payload"]["title"], format!("Owners by May: 1 left for you by {}", in_days(90)));
    assert_eq!(told[0]["payload"]["description"], "CART");
    assert!(inbox(&ben).await.is_empty());
    let again = test.post(&format!("{path}/remind"), &json!({})).await;
    assert_eq!((again.status, &again.json()["error"]["code"]), (409, &json!("reminded_already")));
    assert_eq!(
        test.request_as(&ben, "POST", &format!("{NATIVE}/campaigns"), Some(&campaign("x"))).await.status,
        403
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_goal_has_to_be_there() {
    let test = stage().await;
    for (key, value, says) in [
        ("goal", json!({"blueprint": "service", "scorecard": "none"}), "no scorecard"),
        ("goal", json!({"blueprint": "service", "scorecard": "ready", "rule": "none"}), "no rule"),
        ("goal", json!({"blueprint": "service", "scorecard": "ready", "level": "Platinum"}), "no level"),
        ("goal", json!({"blueprint": "service", "scorecard": "ready", "filter": "kind ="}), "filter"),
        (
            "goal",
            json!({"blueprint": "service", "scorecard": "ready", "rule": "owned", "level": "Gold"}),
            "not both",
        ),
        ("deadline", json!("soon"), "deadline"),
        ("title", json!(""), "title"),
        ("owner", json!(""), "owner"),
    ] {
        let mut body = campaign("red");
        body[key] = value;
        let answer = test.post(&format!("{NATIVE}/campaigns"), &body).await;
        assert_eq!(answer.status, 422, "{key}: {}", answer.text());
        assert!(answer.text().contains(says), "{says}: {}", answer.text());
    }
    // What a campaign is about may go; the campaign says so.
    made(&test.post(&format!("{NATIVE}/campaigns"), &campaign("red")).await);
    made(&test.request("DELETE", "/v1/blueprints/service/scorecards/ready", None).await);
    let all = native(&test, "/campaigns").await;
    assert!(all["campaigns"][0]["problem"].as_str().unwrap().contains("no scorecard"), "{all}");
}
