//! Handing over documents: what would happen, and what has happened.

use serde_json::{Value, json};
use stagedoor_testkit::{Answer, TestPortal};

use crate::support::{Ask, component, component_with, database, send, stream};

const PATH: &str = "/api/stagedoor/v1/documents";

async fn dry_run(portal: &TestPortal, text: &str) -> Answer {
    send(
        portal,
        "POST",
        &format!("{PATH}?dryRun=true"),
        &[("content-type", "application/yaml")],
        text.to_owned(),
    )
    .await
}

/// References, or identifiers of blueprints, in one part of a report.
fn listed(report: &Value, part: &str) -> Vec<String> {
    let name =
        |item: &Value| item["ref"].as_str().or(item["identifier"].as_str()).unwrap_or_default().to_owned();
    report[part].as_array().unwrap().iter().map(name).collect()
}

#[tokio::test]
async fn a_report_says_what_is_created_changed_unchanged_and_rejected() {
    let portal = TestPortal::new().await;
    portal.accept(&stream(&[component("same"), component("other")])).await;
    let text = stream(&[
        component("new"),
        component("same"),
        component_with("other", "system: s"),
        component("bad").replace("  owner: team-a\n", ""),
    ]);
    let answer = portal.documents(&text).await;
    let report = answer.json();
    assert_eq!((answer.status, &report["dryRun"]), (207, &json!(false)), "{report}");
    assert_eq!(listed(&report, "created"), ["component:default/new"]);
    assert_eq!(listed(&report, "changed"), ["component:default/other"]);
    assert_eq!(listed(&report, "unchanged"), ["component:default/same"]);
    assert_eq!(listed(&report, "rejected"), ["component:default/bad"]);
    let created = json!({ "index": 0, "ref": "component:default/new", "blueprint": "component", "identifier": "component:default/new" });
    assert_eq!((&report["created"][0], &report["changed"][0]["index"]), (&created, &json!(2)));
    let rejected = &report["rejected"][0];
    assert_eq!(rejected["index"], 3);
    assert!(
        rejected["message"].as_str().unwrap().contains("/spec must have required property 'owner'"),
        "{rejected}"
    );
}

#[tokio::test]
async fn the_status_tells_whether_all_some_or_none_were_accepted() {
    let portal = TestPortal::new().await;
    let (good, bad) = (component("good"), component("bad b"));
    let both = stream(&[good.clone(), bad.clone()]);
    for (status, text) in [(200, good), (207, both), (422, bad)] {
        assert_eq!(dry_run(&portal, &text).await.status, status);
        assert_eq!(portal.documents(&text).await.status, status);
    }
    for empty in ["", "---\n", "# nothing\n---\n---\n", "null"] {
        let answer = portal.documents(empty).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (400, &json!("invalid_request")),
            "{empty:?}"
        );
    }
    let answer = portal.request("POST", &format!("{PATH}?dryRun=perhaps"), None).await;
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!("invalid_request")));
}

#[tokio::test]
async fn a_rejection_names_the_place() {
    let portal = TestPortal::new().await;
    let yaml = stream(&[
        component("a"),
        "a: [1, 2\nb: 3\n".into(),
        component("b"),
        component("c").replace("lifecycle: production", "lifecycle: ''"),
    ]);
    let report = portal.documents(&yaml).await.json();
    let places: Vec<_> = report["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            (r["index"].as_u64().unwrap(), r["line"].as_u64().unwrap(), r["column"].as_u64().unwrap() > 0)
        })
        .collect();
    let line = |text: &str, nth: usize| {
        yaml.lines().enumerate().filter(|(_, l)| l.contains(text)).nth(nth).unwrap().0 as u64 + 1
    };
    assert_eq!(places[1], (3, line("lifecycle: ''", 0), true), "{report}");
    let (index, at, _) = places[0];
    assert!(index == 1 && (line("a: [1", 0)..=line("b: 3", 0) + 1).contains(&at), "{report}");
    assert_eq!(report["rejected"][1]["column"], 14);
    assert_eq!(listed(&report, "created"), ["component:default/a", "component:default/b"]);
    // One that the catalog refuses, not the reader.
    let unknown = format!("{}---\napiVersion: x/v1\nkind: Queue\nmetadata: {{name: q}}\n", component("d"));
    let report = portal.documents(&unknown).await.json();
    assert_eq!(
        (&report["rejected"][0]["index"], &report["rejected"][0]["line"]),
        (&json!(1), &json!(11)),
        "{report}"
    );
}

#[tokio::test]
async fn a_dry_run_answers_the_same_and_writes_nothing() {
    let portal = TestPortal::new().await;
    portal.accept(&component("same")).await;
    let text = format!(
        "{}---\n{}\n---\napiVersion: stagedoor.io/v1alpha1\nkind: Database\nmetadata: {{name: orders}}\nspec: {{engine: x}}\n---\n{}",
        stream(&[
            component("same"),
            component_with("new", "dependsOn: ['database:orders']"),
            component("no no")
        ]),
        database(),
        json!({ "identifier": "copy", "blueprint": "database", "relations": { "replicaOf": "orders" } }),
    );
    let before = (portal.everything().await, portal.revision());
    let (dry, again) = (dry_run(&portal, &text).await, dry_run(&portal, &text).await);
    assert_eq!((portal.everything().await, portal.revision()), before);
    assert_eq!((dry.status, dry.json()), (207, again.json()));
    let real = portal.documents(&text).await;
    let mut expected = dry.json();
    assert_eq!(expected["dryRun"], true);
    expected["dryRun"] = json!(false);
    assert_eq!((real.status, real.json()), (207, expected));
    assert_eq!(portal.port("database", "copy").await["relations"]["replicaOf"], "orders");
}

#[tokio::test]
async fn blueprints_of_a_batch_serve_its_documents_in_any_order() {
    let portal = TestPortal::new().await;
    let owner = json!({ "identifier": "shelf", "schema": { "properties": {} },
        "relations": { "holds": { "target": "box", "many": true, "required": false } } });
    let boxes = json!({ "identifier": "box", "schema": { "properties": { "size": { "type": "number" } } },
        "relations": { "on": { "target": "shelf", "many": false, "required": false } } });
    let document =
        "apiVersion: stagedoor.io/v1alpha1\nkind: Box\nmetadata: {name: b}\nspec: {size: 2, on: s}\n";
    let entity = json!({ "identifier": "s", "blueprint": "shelf", "relations": { "holds": ["b"] } });
    let answer = portal.documents(&format!("{document}---\n{entity}\n---\n{owner}\n---\n{boxes}\n")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(listed(&answer.json(), "created").len(), 4);
    assert_eq!(portal.port("box", "b").await["relations"]["on"], "s");
    assert_eq!(portal.port("shelf", "s").await["relations"]["holds"], json!(["b"]));
}

#[tokio::test]
async fn a_bundle_and_a_list_are_read_in_ports_form() {
    let portal = TestPortal::new().await;
    let entity =
        |id: &str| json!({ "identifier": id, "blueprint": "database", "properties": { "engine": "x" } });
    let bundle = json!({ "blueprints": [database()], "entities": [entity("a"), entity("b")] });
    let answer = portal.post(PATH, &bundle).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let indexes: Vec<_> =
        answer.json()["created"].as_array().unwrap().iter().map(|c| c["index"].as_u64().unwrap()).collect();
    assert_eq!(indexes, [0, 1, 2]);
    let mut bad = entity("c");
    bad["properties"]["engine"] = json!(1);
    let answer = portal.post(PATH, &json!([entity("a"), bad, entity("d")])).await;
    let report = answer.json();
    assert_eq!(answer.status, 207, "{report}");
    assert_eq!(
        (listed(&report, "unchanged"), listed(&report, "created")),
        (vec!["database:default/a".into()], vec!["database:default/d".into()])
    );
    assert_eq!(report["rejected"][0]["index"], 1);
    assert!(report["rejected"][0]["message"].as_str().unwrap().contains("properties/engine"), "{report}");
}

#[tokio::test]
async fn one_name_twice_in_a_batch_is_a_creation_and_a_change() {
    let portal = TestPortal::new().await;
    let report = portal
        .documents(&stream(&[component("a"), component_with("A", "n: 2"), component_with("a", "n: 2")]))
        .await
        .json();
    assert_eq!((listed(&report, "created").len(), listed(&report, "changed").len()), (1, 2), "{report}");
    assert_eq!(portal.filtered("kind=component").await.len(), 1);
}
