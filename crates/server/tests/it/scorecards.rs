//! Scorecards over the native API: the fleet, its groups, one entity and why, and what a change would do.

use serde_json::{Value, json};
use stagedoor_testkit::{Person, TestPortal};

use crate::support::Ask as _;

const API: &str = "/api/stagedoor/v1";

fn rule(identifier: &str, level: &str, condition: &Value) -> Value {
    json!({ "identifier": identifier, "title": identifier, "level": level,
        "query": { "combinator": "and", "conditions": [condition] } })
}

fn ready() -> Value {
    let mut on_call = rule("on-call", "Bronze", &json!({ "property": "on_call", "operator": "isNotEmpty" }));
    on_call["fix"] = json!({ "text": "Add a rotation", "action": "add_rotation" });
    json!({ "identifier": "ready", "title": "Ready",
        "filter": { "combinator": "and", "conditions": [{ "property": "tier", "operator": "!=", "value": "none" }] },
        "rules": [on_call, rule("cheap", "Silver", &json!({ "property": "cost", "operator": "<", "value": 10 }))] })
}

async fn portal() -> TestPortal {
    let portal = TestPortal::new().await;
    let text = json!({ "type": "string" });
    portal
        .blueprint(json!({ "identifier": "domain", "title": "Domain", "schema": { "properties": {} } }))
        .await;
    let properties = json!({ "on_call": text, "tier": text, "cost": { "type": "number" } });
    portal
        .blueprint(
            json!({ "identifier": "service", "title": "Service", "schema": { "properties": properties },
            "relations": { "domain": { "target": "domain" } } }),
        )
        .await;
    portal.merge("domain", json!({ "identifier": "shop", "title": "The shop" })).await;
    for (identifier, team, properties, domain) in [
        ("cart", json!(["red"]), json!({ "on_call": "ana", "tier": "one", "cost": 3 }), json!("shop")),
        ("till", json!(["red", "blue"]), json!({ "on_call": "", "tier": "one", "cost": 30 }), json!("shop")),
        ("mail", json!([]), json!({ "on_call": "ben", "tier": "two" }), Value::Null),
        ("toy", json!(["blue"]), json!({ "tier": "none" }), Value::Null),
    ] {
        let entity = json!({ "identifier": identifier, "title": identifier.to_uppercase(), "team": team,
            "properties": properties, "relations": { "domain": domain } });
        portal.merge("service", entity).await;
    }
    let made = portal.post("/v1/blueprints/service/scorecards", &ready()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    portal
}

async fn get(portal: &TestPortal, path: &str) -> Value {
    let answer = portal.get(&format!("{API}{path}")).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

fn names(list: &Value, key: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap_or("-").to_owned()).collect()
}

#[tokio::test]
async fn the_fleet_is_counted_and_every_number_has_its_list() {
    let portal = portal().await;
    let all = get(&portal, "/scorecards").await;
    let row = &all["scorecards"][0];
    assert_eq!(all["mayCreate"], true);
    assert_eq!(row["blueprintTitle"], "Service");
    assert_eq!((&row["applies"], &row["notApplicable"], &row["passed"]), (&json!(3), &json!(1), &json!(1)));
    let levels: Vec<u64> =
        row["levels"].as_array().unwrap().iter().map(|l| l["count"].as_u64().unwrap()).collect();
    assert_eq!(levels, [1, 1, 0, 1]);
    let counts = json!({ "passed": 1, "failed": 1, "notMeasured": 1, "notApplicable": 1, "exempt": 0 });
    for (key, count) in counts.as_object().unwrap() {
        assert_eq!(&row["rules"][1][key], count, "{key}");
    }
    let one = get(&portal, "/scorecards/service/ready").await;
    assert_eq!(one["fixes"]["on-call"]["action"], "add_rotation");
    assert_eq!(one["definition"]["rules"], ready()["rules"]);
    assert_eq!((&one["draft"], &one["may"]["update"]), (&Value::Null, &json!(true)));
    assert_eq!(names(&one["groupings"], "key"), ["$team", "domain"]);

    let list = async |query: &str| {
        let page = get(&portal, &format!("/scorecards/service/ready/entities?{query}")).await;
        (names(&page["entities"], "identifier"), page["total"].as_u64().unwrap())
    };
    assert_eq!(list("rule=cheap&status=failed").await, (vec!["till".to_owned()], 1));
    assert_eq!(list("rule=cheap&status=notMeasured").await, (vec!["mail".to_owned()], 1));
    assert_eq!(list("status=notApplicable").await, (vec!["toy".to_owned()], 1));
    assert_eq!(list("level=Gold").await, (vec!["cart".to_owned()], 1));
    assert_eq!(list("by=$team&group=red&rule=on-call&status=passed").await, (vec!["cart".to_owned()], 1));
    assert_eq!(list("by=$team&group=").await, (vec!["mail".to_owned()], 1));
    assert_eq!(list("q=TIL").await, (vec!["till".to_owned()], 1));
    assert_eq!(list("limit=2").await, (vec!["cart".to_owned(), "mail".to_owned()], 3));
    assert_eq!(list("limit=2&cursor=mail").await, (vec!["till".to_owned()], 3));
    for wrong in ["rule=none", "level=none", "by=none&group=x", "status=failed", "rule=cheap&status=bad"] {
        let answer = portal.get(&format!("{API}/scorecards/service/ready/entities?{wrong}")).await;
        assert!([400, 422].contains(&answer.status), "{wrong}: {} {}", answer.status, answer.text());
    }
}

#[tokio::test]
async fn groups_are_a_map_of_who_stands_where() {
    let portal = portal().await;
    let map = get(&portal, "/scorecards/service/ready/groups?by=domain").await;
    assert_eq!(names(&map["groups"], "title"), ["The shop", "Without"]);
    assert_eq!(map["groups"][0]["levels"], json!({ "Basic": 1, "Bronze": 0, "Silver": 0, "Gold": 1 }));
    let teams = get(&portal, "/scorecards/service/ready/groups?by=$team").await;
    assert_eq!(names(&teams["groups"], "key"), ["blue", "red", "-"]);
    assert_eq!((&teams["groups"][1]["total"], &teams["total"]), (&json!(2), &json!(3)));
    let counts = &teams["groups"][1]["rules"]["on-call"];
    assert_eq!((&counts["passed"], &counts["failed"]), (&json!(1), &json!(1)));
    let some = get(&portal, "/scorecards/service/ready/groups?by=$team&filter=cost%20%3E%2010").await;
    assert_eq!(
        (names(&some["groups"], "key"), &some["total"]),
        (vec!["blue".to_owned(), "red".to_owned()], &json!(1))
    );
    for (query, status) in [("by=none", 422), ("by=$team&filter=%28", 422), ("", 400)] {
        let answer = portal.get(&format!("{API}/scorecards/service/ready/groups?{query}")).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn an_entity_is_told_what_decided_and_what_is_next() {
    let portal = portal().await;
    let till = get(&portal, "/entities/service/till/scorecards").await;
    let card = &till["scorecards"][0];
    assert_eq!(
        (&card["level"], &card["next"]),
        (&json!("Basic"), &json!({ "level": "Bronze", "rules": ["on-call"] }))
    );
    let cheap = &card["rules"][1];
    assert_eq!(cheap["status"], "failed");
    assert_eq!(cheap["conditions"][0]["text"], "cost < 10");
    assert_eq!(
        (&cheap["conditions"][0]["value"], &cheap["conditions"][0]["holds"]),
        (&json!(30), &json!(false))
    );
    assert!(cheap["conditions"][0]["at"].is_string(), "{cheap}");
    let mail = get(&portal, "/entities/service/mail/scorecards").await;
    assert_eq!(mail["scorecards"][0]["rules"][1]["conditions"][0]["holds"], Value::Null);
    let toy = get(&portal, "/entities/service/toy/scorecards").await;
    assert_eq!((&toy["scorecards"], &toy["notApplicable"][0]["identifier"]), (&json!([]), &json!("ready")));
    assert_eq!(portal.get(&format!("{API}/entities/service/nobody/scorecards")).await.status, 404);
    // Fixed, and it moves.
    portal
        .merge("service", json!({ "identifier": "till", "properties": { "on_call": "eve", "cost": 1 } }))
        .await;
    assert_eq!(get(&portal, "/entities/service/till/scorecards").await["scorecards"][0]["level"], "Gold");
    let found = portal.get("/v1/blueprints/service/entities/till").await.json();
    assert_eq!(found["entity"]["scorecards"]["ready"]["level"], "Gold");
}

#[tokio::test]
async fn a_preview_says_what_would_change_and_writes_nothing() {
    let portal = portal().await;
    let mut stricter = ready();
    stricter["rules"][1]["level"] = json!("Bronze");
    let ask = async |definition: &Value, entity: Option<&str>| {
        let body = json!({ "blueprint": "service", "definition": definition, "entity": entity });
        let answer = portal.post(&format!("{API}/scorecards/preview"), &body).await;
        (answer.status, answer.json())
    };
    let (status, found) = ask(&stricter, Some("mail")).await;
    assert_eq!(status, 200, "{found}");
    assert_eq!(found["changes"]["total"], 1, "{found}");
    assert_eq!((&found["changes"]["up"], &found["changes"]["down"]), (&json!(0), &json!(1)));
    assert_eq!(found["changes"]["examples"][0]["entity"]["identifier"], "mail");
    assert_eq!((&found["entity"]["level"], &found["levels"][1]["before"]), (&json!("Basic"), &json!(1)));
    assert_eq!(found["rules"][0]["before"]["passed"], 2);
    let (_, wrong) = ask(&json!({ "title": "x", "rules": [rule("a", "Gold", &json!({ "jq": "." })),
        rule("b", "Gold", &json!({ "property": "none", "operator": "isEmpty" })), rule("c", "Gold", &json!({ "jq": "(" }))] }), None).await;
    let paths = names(&wrong["problems"], "path");
    assert_eq!(paths, ["/rules/1/query/conditions/0/property", "/rules/2/query/conditions/0/jq"], "{wrong}");
    assert_eq!(ask(&ready(), Some("nobody")).await.0, 404);
    assert_eq!(get(&portal, "/entities/service/mail/scorecards").await["scorecards"][0]["level"], "Bronze");
}

#[tokio::test]
async fn a_program_without_end_harms_nobody() {
    let portal = portal().await;
    let card = json!({ "identifier": "endless", "title": "Endless", "rules": [
        rule("loop", "Gold", &json!({ "jq": "def f: f; f" })),
        rule("many", "Gold", &json!({ "jq": "[range(1e9)] | length > 1" }))] });
    let made = portal.post("/v1/blueprints/service/scorecards", &card).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let begun = std::time::Instant::now();
    let found = get(&portal, "/entities/service/cart/scorecards").await;
    let endless = &found["scorecards"][1];
    assert_eq!(names(&endless["rules"], "status"), ["notMeasured", "notMeasured"], "{endless}");
    assert!(endless["rules"][0]["conditions"][0]["problem"].is_string(), "{endless}");
    assert_eq!(found["scorecards"][0]["level"], "Gold", "the others are as they were");
    assert!(begun.elapsed().as_secs() < 20);
}

#[tokio::test]
async fn who_does_not_see_all_gets_the_numbers_of_what_is_seen() {
    let portal = portal().await;
    let elsa: Person = portal.member_of("elsa@larkfell.example", &["red"]).await;
    let rights =
        json!({ "entities": { "read": { "ownedByTeam": true, "roles": [], "users": [], "teams": [] } } });
    let answer = portal.request("PATCH", "/v1/blueprints/service/permissions", Some(&rights)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = portal.request_as(&elsa, "GET", &format!("{API}/scorecards"), None).await.json();
    assert_eq!(
        (&seen["scorecards"][0]["applies"], &seen["mayCreate"].is_string()),
        (&json!(2), &true),
        "{seen}"
    );
    let path = format!("{API}/scorecards/service/ready/groups?by=$team");
    let groups = portal.request_as(&elsa, "GET", &path, None).await.json();
    assert_eq!(groups["total"], 2);
    let path = format!("{API}/entities/service/mail/scorecards");
    assert_eq!(portal.request_as(&elsa, "GET", &path, None).await.status, 404);
    portal.merge("service", json!({ "identifier": "mail", "team": ["red"] })).await;
    let seen = portal.request_as(&elsa, "GET", &format!("{API}/scorecards"), None).await.json();
    assert_eq!(seen["scorecards"][0]["applies"], 3, "what comes into sight counts");
    assert_eq!(get(&portal, "/scorecards").await["scorecards"][0]["applies"], 3);
}

#[tokio::test]
async fn tables_and_widgets_show_levels_and_rules() {
    let portal = portal().await;
    let (level, rule) = ("\"$scorecards.ready.level\"", "scorecard(ready.on-call)");
    let body = json!({ "blueprint": "service", "columns": [level, rule], "facets": [level, rule],
        "sort": [{ "field": level, "order": "desc" }],
        "query": "scorecard(ready) >= Basic" });
    let answer = portal.post(&format!("{API}/tables"), &body).await;
    let table = answer.json();
    assert_eq!(answer.status, 200, "{table}");
    let rows: Vec<&str> =
        table["rows"].as_array().unwrap().iter().map(|row| row["identifier"].as_str().unwrap()).collect();
    assert_eq!(rows, ["cart", "mail", "till"], "{table}");
    assert_eq!(table["rows"][0]["cells"], json!({ level: "Gold", rule: "passed" }), "{table}");
    let text = table.to_string();
    assert!(text.contains("\"failed\"") && text.contains("Gold"), "{text}");
    let widgets = json!([{ "id": "pie", "type": "entities-pie-chart", "property": "scorecard#ready",
        "blueprint": "service", "dataset": { "combinator": "and", "rules": [
            { "property": "$blueprint", "operator": "=", "value": "service" }] } }]);
    let answer = portal.post(&format!("{API}/widgets/data"), &json!({ "widgets": widgets })).await;
    let pie = answer.json().to_string();
    assert!(pie.contains("Gold") && pie.contains("Bronze") && !pie.contains("failed"), "{pie}");
}
