//! Scorecards, rules and results as rows of tables and files and in widgets.

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use crate::stage::{NATIVE, service, stage};

async fn post(test: &TestPortal, path: &str, body: &Value) -> Value {
    let answer = test.post(&format!("{NATIVE}{path}"), body).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

async fn two() -> TestPortal {
    let test = stage().await;
    service(&test, "cart", "red", json!({"owned": "yes", "docs": "yes"})).await;
    service(&test, "till", "blue", json!({"owned": "yes"})).await;
    test
}

fn names(table: &Value) -> Vec<&str> {
    table["rows"].as_array().unwrap().iter().map(|row| row["identifier"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn results_are_rows_of_tables_and_lines_of_files() {
    let test = two().await;
    let query = "result = \"Not passed\"";
    let ask = json!({"blueprint": "_rule_result", "query": query, "columns": ["result", "level", "service"], "facets": ["result"]});
    let table = post(&test, "/tables", &ask).await;
    assert_eq!((names(&table), &table["total"]), (vec!["service/ready/docs/till"], &json!(1)), "{table}");
    let cells = &table["rows"][0]["cells"];
    assert_eq!((&cells["result"], &cells["level"]), (&json!("Not passed"), &json!("Silver")), "{table}");
    let values = table["facets"]["result"]["values"].as_array().unwrap();
    let counts: Vec<(&Value, &Value)> = values.iter().map(|v| (&v["value"], &v["count"])).collect();
    assert_eq!(counts, [(&json!("Passed"), &json!(3)), (&json!("Not passed"), &json!(1))], "{table}");

    let rules = json!({"blueprint": "_rule", "sort": [{"field": "entities_passed", "order": "asc"}], "columns": ["entities_passed"]});
    let table = post(&test, "/tables", &rules).await;
    assert_eq!(names(&table), ["service/ready/docs", "service/ready/owned"], "{table}");
    let group = json!({"blueprint": "_rule_result", "group": {"field": "scorecard"}});
    assert_eq!(post(&test, "/tables", &group).await["groups"]["values"][0]["count"], 4);

    let file =
        json!({"blueprint": "_rule_result", "query": query, "columns": ["result", "rule"], "format": "csv"});
    let csv = test.post(&format!("{NATIVE}/tables/export"), &file).await.text();
    assert!(csv.contains("_rule_result,service/ready/docs/till,Not passed,"), "{csv}");
}

#[tokio::test]
async fn results_are_numbers_pies_and_tables_of_pages() {
    let test = two().await;
    let of = |value: &str| json!({"property": "$blueprint", "operator": "=", "value": value});
    let dataset = |rules: Value| json!({"combinator": "and", "rules": rules});
    let failing = json!({"property": "result", "operator": "=", "value": "Not passed"});
    let widgets = json!([
        {"id": "number", "type": "entities-number-chart", "calculationBy": "entities", "func": "count",
         "dataset": dataset(json!([of("_rule_result"), failing]))},
        {"id": "pie", "type": "entities-pie-chart", "property": "property#result", "blueprint": "_rule_result"},
        {"id": "table", "type": "table-entities-explorer", "dataset": dataset(json!([of("_rule_result"), failing]))},
        {"id": "mean", "type": "entities-number-chart", "calculationBy": "property", "func": "average", "averageOf": "total",
         "property": "of_entities_passed", "blueprint": "_rule"},
        {"id": "wrong", "type": "entities-number-chart", "blueprint": "_rule_result", "dataset": dataset(json!([{"property": "x"}]))},
    ]);
    let data = post(&test, "/widgets/data", &json!({"widgets": widgets})).await;
    let shown = &data["widgets"];
    assert_eq!((&shown["number"]["value"], &shown["number"]["total"]), (&json!(1), &json!(1)), "{data}");
    let slices: Vec<(&Value, &Value)> =
        shown["pie"]["slices"].as_array().unwrap().iter().map(|s| (&s["title"], &s["count"])).collect();
    assert_eq!(slices, [(&json!("Passed"), &json!(3)), (&json!("Not passed"), &json!(1))], "{data}");
    assert_eq!(shown["table"]["tabs"][0]["first"]["total"], 1, "{data}");
    assert_eq!(names(&shown["table"]["tabs"][0]["first"]), ["service/ready/docs/till"]);
    assert_eq!(shown["mean"]["value"], 75, "{data}");
    assert_eq!(shown["wrong"]["kind"], "failed", "{data}");
}
