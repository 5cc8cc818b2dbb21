//! Levels and rules in tables, files, groups, charts and the query language; the heat map in one answer.

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use crate::stage::{NATIVE, in_days, made, native, ready, service, stage};

const LEVEL: &str = "scorecard(ready)";
const OWNED: &str = "scorecard(ready.owned)";

async fn post(test: &TestPortal, path: &str, body: &Value) -> Value {
    let answer = test.post(&format!("{NATIVE}{path}"), body).await;
    assert!(matches!(answer.status, 200 | 201), "{path}: {} {}", answer.status, answer.text());
    answer.json()
}

/// One entity for each status of the rule `owned`.
async fn five() -> TestPortal {
    let test = stage().await;
    let mut scorecard = ready();
    scorecard["filter"] =
        json!({"combinator": "and", "conditions": [{"property": "kind", "operator": "!=", "value": "toy"}]});
    made(&test.request("PUT", "/v1/blueprints/service/scorecards/ready", Some(&scorecard)).await);
    for (identifier, properties) in [
        ("passes", json!({"owned": "yes", "docs": "yes"})),
        ("fails", json!({"owned": "no"})),
        ("open", json!({})),
        ("excused", json!({"owned": "no"})),
        ("toy", json!({"kind": "toy"})),
    ] {
        service(&test, identifier, "red", properties).await;
    }
    let exemption = json!({"blueprint": "service", "entity": "excused", "scorecard": "ready", "rule": "owned",
        "reason": "It goes soon.", "until": in_days(30)});
    post(&test, "/exemptions", &exemption).await;
    test
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_files_groups_and_charts_tell_the_same_statuses() {
    let test = five().await;
    let ask = json!({"blueprint": "service", "columns": [OWNED, LEVEL], "facets": [OWNED],
        "sort": [{"field": OWNED, "order": "asc"}]});
    let table = post(&test, "/tables", &ask).await;
    let cell =
        |row: &Value| (row["identifier"].clone(), row["cells"][OWNED].clone(), row["cells"][LEVEL].clone());
    let cells: Vec<_> = table["rows"].as_array().unwrap().iter().map(cell).collect();
    let expected = [
        ("fails", "failed", json!("Basic")),
        ("open", "notMeasured", json!("Basic")),
        ("excused", "exempt", json!("Bronze")),
        ("passes", "passed", json!("Silver")),
        ("toy", "notApplicable", Value::Null),
    ];
    assert_eq!(
        cells,
        expected.clone().map(|(id, status, level)| (json!(id), json!(status), level)),
        "{table}"
    );
    let titles: Vec<&str> =
        table["levels"][LEVEL].as_array().unwrap().iter().map(|l| l["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Basic", "Bronze", "Silver"]);
    assert!(table["levels"][LEVEL][0]["color"].is_string());
    assert_eq!(table["facets"][OWNED]["values"].as_array().unwrap().len(), 5, "{table}");

    let grouped = post(&test, "/tables", &json!({"blueprint": "service", "group": {"field": OWNED}})).await;
    let groups = grouped["groups"]["values"].as_array().unwrap();
    assert_eq!(groups.len(), 5, "{grouped}");
    for ((identifier, status, _), group) in expected.iter().zip(groups) {
        assert_eq!((&group["value"], &group["count"]), (&json!(status), &json!(1)), "{grouped}");
        let within = json!({"blueprint": "service", "within": [{"field": OWNED, "value": status}]});
        let rows = post(&test, "/tables", &within).await;
        assert_eq!(
            (&rows["total"], &rows["rows"][0]["identifier"]),
            (&json!(1), &json!(identifier)),
            "{status}"
        );
        let query = format!("{OWNED} = {status}");
        let found = post(&test, "/tables", &json!({"blueprint": "service", "query": query})).await;
        assert_eq!((&found["total"], &found["notes"]), (&json!(1), &json!([])), "{query}");
    }
    assert_eq!(groups[1]["title"], "Not measured");
    let passed = post(&test, "/tables", &json!({"query": format!("{OWNED} = Passed")})).await;
    assert_eq!(passed["total"], 2, "as Port has it, who is excused passes");

    let ask = json!({"blueprint": "service", "columns": [OWNED, LEVEL], "format": "csv"});
    let csv = test.post(&format!("{NATIVE}/tables/export"), &ask).await.text();
    for (identifier, status, level) in &expected {
        let line = format!("service,{identifier},{status},{}", level.as_str().unwrap_or_default());
        assert!(csv.contains(&line), "{line}: {csv}");
    }

    let pie = json!({"id": "pie", "type": "entities-pie-chart", "blueprint": "service", "property": "rule#ready.owned"});
    let data = post(&test, "/widgets/data", &json!({"widgets": [pie]})).await.to_string();
    for words in ["Failed", "Not measured", "Exempt", "Passed", "Not applicable"] {
        assert!(data.contains(&format!("\"title\":\"{words}\"")), "{words}: {data}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heat_map_is_one_answer() {
    let test = five().await;
    let map = native(&test, "/scorecards/service/ready/groups?by=$team").await;
    assert_eq!(map["by"], json!({"key": "$team", "title": "Team"}));
    let scorecard = &map["scorecard"];
    assert_eq!((&scorecard["title"], &scorecard["levels"][2]["title"]), (&json!("Ready"), &json!("Silver")));
    assert_eq!(
        (&scorecard["rules"][0]["title"], &scorecard["rules"][0]["level"]),
        (&json!("Has owned"), &json!("Bronze"))
    );
    assert_eq!(map["groups"][0]["rules"]["owned"]["exempt"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_query_language_completes_scorecards() {
    let test = five().await;
    let complete = async |text: &str, cursor: usize| -> Vec<String> {
        let body = json!({"text": text, "cursor": cursor, "blueprint": "service"});
        let answer = post(&test, "/query", &body).await;
        let items = answer["completions"]["items"].as_array().unwrap();
        items.iter().map(|item| item["insert"].as_str().unwrap().to_owned()).collect()
    };
    let at_end = async |text: &str| complete(text, text.len()).await;
    assert!(at_end("read").await.contains(&"scorecard(ready)".to_owned()));
    assert_eq!(at_end("scorecard(").await, ["ready)", "ready.owned)", "ready.docs)"]);
    assert_eq!(at_end("scorecard(ready.o").await, ["ready.owned)"]);
    assert_eq!(complete("scorecard(rea) = Gold", 13).await, ["ready", "ready.owned", "ready.docs"]);
    assert_eq!(at_end("scorecard(ready) = ").await, ["Basic", "Bronze", "Silver"]);
    assert!(at_end("scorecard(ready) ").await.contains(&">=".to_owned()));
    assert!(!at_end("scorecard(ready.owned) ").await.contains(&">=".to_owned()));
    let statuses = at_end("scorecard(ready.owned) in (").await;
    assert_eq!(
        statuses,
        ["Passed", "\"Not passed\"", "passed", "failed", "notMeasured", "exempt", "notApplicable"]
    );
    assert_eq!(at_end("scorecard(ready.owned) = not").await[..2], ["notMeasured", "notApplicable"]);

    for (text, hint) in [
        ("scorecard(raedy) = Gold", "scorecard(ready)"),
        ("scorecard(ready.ownd) = passed", "scorecard(ready.owned)"),
    ] {
        let answer = post(&test, "/query", &json!({"text": text})).await;
        let note = &answer["notes"][0];
        assert_eq!(note["hint"], format!("did you mean `{hint}`?"), "{answer}");
    }
}
