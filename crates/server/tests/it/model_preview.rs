//! What is said of a change of the data model before it is made is what happens when it is made.

use serde_json::{Value, json};
use stagedoor_testkit::{Person, TestPortal};

use crate::support::Ask;

const PREVIEW: &str = "/api/stagedoor/v1/blueprints/preview";
const TRY: &str = "/api/stagedoor/v1/jq/try";

fn service() -> Value {
    json!({
        "identifier": "service", "title": "Service",
        "schema": { "properties": {
            "tier": { "type": "string", "enum": ["a", "b", "c"] },
            "replicas": { "type": "number" },
            "url": { "type": "string" },
            "note": { "type": "string" }
        } },
        "relations": {
            "home": { "target": "place", "many": false },
            "uses": { "target": "service", "many": true }
        },
        "mirrorProperties": { "region": { "path": "home.region" } },
        "calculationProperties": {
            "shout": { "type": "string", "calculation": ".properties.note | ascii_upcase" },
            "twice": { "type": "number", "calculation": ".properties.replicas * 2" }
        }
    })
}

fn place() -> Value {
    json!({
        "identifier": "place", "title": "Place",
        "schema": { "properties": { "region": { "type": "string" } } },
        "aggregationProperties": {
            "replicas": { "title": "Replicas", "target": "service",
                "calculationSpec": { "calculationBy": "property", "func": "sum", "property": "replicas" } },
            "services": { "title": "Services", "target": "service",
                "calculationSpec": { "calculationBy": "entities", "func": "count" } }
        }
    })
}

fn document() -> Value {
    json!({ "apiVersion": "stagedoor.io/v1alpha1", "kind": "Service", "metadata": { "name": "six" },
        "spec": { "tier": "c", "replicas": 60 } })
}

/// Six services of different health.
async fn world() -> TestPortal {
    let portal = TestPortal::new().await;
    // They lead to each other.
    let mut first = place();
    first["aggregationProperties"] = json!({});
    portal.blueprint(first).await;
    portal.blueprint(service()).await;
    assert_eq!(portal.request("PUT", "/v1/blueprints/place", Some(&place())).await.status, 200);
    portal.merge("place", json!({ "identifier": "north", "properties": { "region": "no" } })).await;
    let services = [
        (
            "one",
            json!({ "tier": "a", "replicas": 1, "url": "https://one.example", "note": "x" }),
            json!({ "home": "north" }),
        ),
        (
            "two",
            json!({ "tier": "b", "replicas": 20, "url": "two" }),
            json!({ "home": "north", "uses": ["one"] }),
        ),
        ("three", json!({ "tier": "c", "replicas": 3 }), json!({ "uses": ["one", "two"] })),
        ("four", json!({ "tier": "c", "url": null }), json!({})),
        ("five", json!({ "note": "five" }), json!({ "home": "north" })),
    ];
    for (identifier, properties, relations) in services {
        let body = json!({ "identifier": identifier, "properties": properties, "relations": relations });
        let answer = portal.merge("service", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    portal.accept(&document().to_string()).await;
    portal
}

async fn preview(portal: &TestPortal, identifier: Option<&str>, blueprint: Value) -> Value {
    let answer = portal.post(PREVIEW, &json!({ "identifier": identifier, "blueprint": blueprint })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Every service as it is, and whether it could be written again as it is.
async fn services(portal: &TestPortal) -> Vec<(Value, bool)> {
    let all = portal.get("/v1/blueprints/service/entities?exclude_calculated_properties=true").await.json();
    let mut found = Vec::new();
    for entity in all["entities"].as_array().unwrap() {
        let id = entity["identifier"].as_str().unwrap();
        let body =
            json!({ "identifier": id, "properties": entity["properties"], "relations": entity["relations"] });
        let path = format!("/v1/blueprints/service/entities/{id}?validation_only=true");
        let status = portal.request("PUT", &path, Some(&body)).await.status;
        // What came as a document is handed over again as one.
        let refused = id == "six"
            && portal.post("/api/stagedoor/v1/documents?dryRun=true", &document()).await.status != 200;
        found.push((entity.clone(), status == 200 && !refused));
    }
    found
}

fn with(change: impl Fn(&mut Value)) -> Value {
    let mut body = service();
    change(&mut body);
    body
}

#[tokio::test]
async fn as_many_entities_become_invalid_as_was_said() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 6] = [
        ("enum", |b| b["schema"]["properties"]["tier"]["enum"] = json!(["a", "b"])),
        ("maximum", |b| b["schema"]["properties"]["replicas"]["maximum"] = json!(10)),
        ("required", |b| b["schema"]["required"] = json!(["url"])),
        ("relation", |b| b["relations"]["home"]["required"] = json!(true)),
        ("pattern", |b| b["schema"]["properties"]["url"]["pattern"] = json!("^https://")),
        ("several", |b| {
            b["schema"]["required"] = json!(["tier"]);
            b["schema"]["properties"]["replicas"]["minimum"] = json!(2);
        }),
    ];
    for (name, change) in changes {
        let portal = world().await;
        assert!(services(&portal).await.iter().all(|(_, valid)| *valid), "{name}: all are valid before");
        let before = portal.revision();
        let said = preview(&portal, Some("service"), with(change)).await;
        assert_eq!(said["problems"], json!([]), "{name}");
        assert_eq!(portal.revision(), before, "nothing is written");
        let status = portal.request("PUT", "/v1/blueprints/service", Some(&with(change))).await.status;
        assert_eq!(status, 200, "{name}");
        let invalid = services(&portal).await.iter().filter(|(_, valid)| !valid).count();
        assert!(invalid > 0, "{name} invalidates something");
        assert_eq!(said["invalid"]["count"], invalid, "{name}: {said}");
        let reasons = said["invalid"]["reasons"].as_array().unwrap();
        let sum: u64 = reasons.iter().map(|r| r["count"].as_u64().unwrap()).sum();
        assert_eq!(sum, invalid as u64, "{name}");
        assert_eq!(said["invalid"]["examples"].as_array().unwrap().len(), invalid, "{name}");
    }
}

#[tokio::test]
async fn what_is_lost_and_what_breaks_is_said_before_and_so_after() {
    let portal = world().await;
    let change = with(|b| {
        b["schema"]["properties"].as_object_mut().unwrap().shift_remove("replicas");
        b["schema"]["properties"].as_object_mut().unwrap().shift_remove("note");
        b["relations"].as_object_mut().unwrap().shift_remove("home");
        b["mirrorProperties"] = json!({});
        b["relations"]["uses"]["many"] = json!(false);
    });
    let said = preview(&portal, Some("service"), change.clone()).await;
    let loss = |pointer: &str| {
        let losses = said["losses"].as_array().unwrap();
        losses.iter().find(|l| l["pointer"] == pointer).map(|l| l["count"].clone()).unwrap_or_default()
    };
    assert_eq!(loss("/schema/properties/replicas"), 4, "{said}");
    assert_eq!(loss("/schema/properties/note"), 2);
    assert_eq!(loss("/relations/home"), 3);
    assert_eq!(loss("/relations/uses"), 1);
    let breaks: Vec<String> = said["breaks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| {
            format!(
                "{} {} {} {}",
                b["kind"].as_str().unwrap(),
                b["of"].as_str().unwrap(),
                b["key"].as_str().unwrap_or("-"),
                b["certain"]
            )
        })
        .collect();
    assert_eq!(
        breaks,
        [
            "aggregation place replicas true",
            "calculation service shout false",
            "calculation service twice false",
        ]
    );
    assert_eq!(portal.port("place", "north").await["properties"]["replicas"], 21);
    let status = portal.request("PUT", "/v1/blueprints/service", Some(&change)).await.status;
    assert_eq!(status, 200);
    let after = portal.port("service", "three").await;
    assert_eq!(after["relations"]["uses"], "one", "one of two is shown: {after}");
    assert!(after["relations"].get("home").is_none());
    // What is no longer defined is still stored: a program may go on using it.
    assert_eq!(portal.port("service", "one").await["properties"]["twice"], 2);
}

#[tokio::test]
async fn pages_and_shared_views_that_name_what_goes_are_told() {
    let portal = world().await;
    let page = json!({ "identifier": "overview", "title": "Overview", "type": "dashboard", "widgets": [
        { "id": "w", "type": "entities-pie-chart", "title": "Tiers", "blueprint": "service", "property": "property#tier",
          "dataset": { "combinator": "and", "rules": [{ "property": "$blueprint", "operator": "=", "value": "service" }] } }] });
    let answer = portal.post("/v1/pages", &page).await;
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
    let view = json!({ "title": "Gold", "blueprint": "service", "query": "tier = a", "shared": true });
    let answer = portal.post("/api/stagedoor/v1/views", &view).await;
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
    let without =
        |key: &str| with(|b| drop(b["schema"]["properties"].as_object_mut().unwrap().shift_remove(key)));
    let told = |said: Value| -> Vec<(String, String)> {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let breaks = said["breaks"].as_array().unwrap().clone();
        let places = breaks.iter().filter(|b| matches!(b["kind"].as_str(), Some("page" | "view")));
        places.map(|b| (text(&b["kind"]), text(&b["title"]))).collect()
    };
    let pair = |kind: &str, title: &str| (kind.to_owned(), title.to_owned());
    let named = told(preview(&portal, Some("service"), without("tier")).await);
    assert_eq!(named, [pair("page", "Overview"), pair("view", "Gold")]);
    assert_eq!(told(preview(&portal, Some("service"), without("url")).await), []);
    let gone = portal.post(PREVIEW, &json!({ "identifier": "service" })).await.json();
    assert!(told(gone).contains(&pair("page", "Overview")));
}

#[tokio::test]
async fn every_mistake_is_told_at_once_with_its_place() {
    let portal = world().await;
    let broken = with(|b| {
        b["title"] = json!("");
        b["schema"]["properties"]["tier"]["type"] = json!("number");
        b["schema"]["properties"]["url"]["enumColors"] = json!({ "x": "magenta" });
        b["schema"]["properties"]["bad key"] = json!({ "type": "string" });
        b["relations"]["home"]["target"] = json!("nowhere");
        b["mirrorProperties"]["odd"] = json!({ "path": "nothing" });
        b["calculationProperties"]["shout"]["calculation"] = json!(".a | | .b");
    });
    let said = preview(&portal, Some("service"), broken).await;
    let mut places: Vec<&str> =
        said["problems"].as_array().unwrap().iter().map(|p| p["pointer"].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "/mirrorProperties/odd/path",
            "/relations/home/target",
            "/schema/properties/bad key",
            "/schema/properties/tier/enum/0",
            "/schema/properties/url/enumColors/x",
            "/title",
        ],
        "{said}"
    );
    // A program that is none can be saved: it is a warning.
    let said = preview(
        &portal,
        Some("service"),
        with(|b| {
            b["calculationProperties"]["shout"]["calculation"] = json!(".a | | .b");
        }),
    )
    .await;
    assert_eq!(said["problems"][0]["level"], "warning", "{said}");
    assert_eq!(said["problems"][0]["pointer"], "/calculationProperties/shout/calculation");
    assert_eq!(said["changes"], json!([{ "change": "changed", "pointer": "/calculationProperties/shout" }]));
    let said = preview(
        &portal,
        Some("service"),
        with(|b| b["schema"]["properties"]["tier"] = json!({ "type": "number" })),
    )
    .await;
    assert_eq!(
        (&said["problems"][0]["code"], &said["problems"][0]["pointer"]),
        (&json!("forbidden_format_change"), &json!("/schema/properties/tier/type"))
    );
    let said = preview(&portal, None, service()).await;
    assert_eq!(
        (&said["problems"][0]["code"], &said["problems"][0]["pointer"]),
        (&json!("identifier_taken"), &json!("/identifier"))
    );
}

#[tokio::test]
async fn an_entity_is_shown_as_it_would_be() {
    let portal = world().await;
    let ask = json!({ "identifier": "service", "entity": "one", "blueprint": with(|b| {
        b["mirrorProperties"]["where"] = json!({ "path": "home.$identifier" });
        b["calculationProperties"]["twice"]["calculation"] = json!(".properties.replicas * 7");
        b["calculationProperties"]["odd"] = json!({ "type": "number", "calculation": ".identifier" });
        b["aggregationProperties"] = json!({ "peers": { "title": "Peers", "target": "service",
            "calculationSpec": { "calculationBy": "entities", "func": "count" } } });
    }) });
    let said = portal.post(PREVIEW, &ask).await.json();
    let properties = &said["entity"]["properties"];
    assert_eq!(
        (&properties["twice"], &properties["where"], &properties["region"]),
        (&json!(7), &json!("north"), &json!("no")),
        "{said}"
    );
    assert!(properties["peers"].is_number());
    assert_eq!(said["entityProblems"]["odd"], "the result is a string, not a number");
    assert_eq!(portal.port("service", "one").await["properties"]["twice"], 2, "readers see what is stored");
    // Any of them will do where none is named.
    let any = portal
        .post(PREVIEW, &json!({ "identifier": "service", "sample": true, "blueprint": with(|_| {}) }))
        .await;
    assert!(any.json()["entity"]["identifier"].is_string(), "{}", any.text());
    let none = portal.post(PREVIEW, &json!({ "identifier": "service", "blueprint": with(|_| {}) })).await;
    assert_eq!(none.json()["entity"], Value::Null);
}

#[tokio::test]
async fn a_deletion_says_who_depends() {
    let portal = world().await;
    let said = portal.post(PREVIEW, &json!({ "identifier": "place" })).await.json();
    assert_eq!(said["entities"], 1);
    let breaks: Vec<(&str, &str)> = said["breaks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| (b["kind"].as_str().unwrap(), b["key"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(breaks, [("relation", "home"), ("mirror", "region")], "{said}");
    assert_eq!(portal.request("DELETE", "/v1/blueprints/place", None).await.status, 422);
    let said = portal.post(PREVIEW, &json!({ "identifier": "_user" })).await.json();
    assert_eq!(said["problems"][0]["code"], "protected_resource", "{said}");
    assert_eq!(portal.post(PREVIEW, &json!({ "identifier": "nothing" })).await.status, 404);
}

#[tokio::test]
async fn counts_and_examples_are_of_what_the_caller_sees() {
    let portal = world().await;
    let policy = json!({ "entities": { "read": { "policy": { "combinator": "and",
        "rules": [{ "property": "$identifier", "operator": "!=", "value": "two" }] } } } });
    let answer = portal.request("PATCH", "/v1/blueprints/service/permissions", Some(&policy)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let change = with(|b| b["schema"]["properties"]["replicas"]["maximum"] = json!(10));
    let body = json!({ "identifier": "service", "blueprint": change, "entity": "two" });
    let member = portal.member("mona@larkfell.example").await;
    let moderator = portal.moderator("moe@larkfell.example", &["service"]).await;
    for person in [&member, &moderator] {
        let answer = portal.request_as(person, "POST", PREVIEW, Some(&body)).await;
        assert_eq!(answer.status, 403, "only who may make a change is told what it would do");
    }
    let whole = portal.post(PREVIEW, &body).await.json();
    assert_eq!((&whole["invalid"]["count"], &whole["partial"]), (&json!(2), &json!(false)), "{whole}");
}

async fn tried(portal: &TestPortal, body: Value) -> Value {
    let answer = portal.post(TRY, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn programs_are_tried_on_entities_and_never_run_on_without_end() {
    let portal = world().await;
    let on = |program: &str| json!({ "program": program, "blueprint": "service", "entity": "one" });
    let run = tried(&portal, on(".properties.replicas + 1, 'it-is-' + .identifier")).await;
    assert_eq!(run["outputs"], json!([2, "it-is-one"]), "{run}");
    assert_eq!(run["input"]["properties"]["region"], "no", "derived values are there to be used");
    let run = tried(&portal, on(".a |\n  | .b")).await;
    assert_eq!(
        (&run["problem"]["kind"], &run["problem"]["line"], &run["problem"]["column"]),
        (&json!("syntax"), &json!(2), &json!(3)),
        "{run}"
    );
    let run = tried(&portal, json!({ "program": ". + 1", "input": "text" })).await;
    assert_eq!(run["problem"]["kind"], "failed", "{run}");
    let run = tried(&portal, json!({ "program": "range(100)", "input": null })).await;
    assert_eq!((run["outputs"].as_array().unwrap().len(), &run["more"]), (20, &json!(true)));
    assert_eq!(tried(&portal, on("env | keys")).await["outputs"], json!([[]]), "nothing of the host is told");
    // There are no workers here: what may not end is not begun.
    for endless in
        ["def f: f; f", "[range(1e12)]", "[limit(1e12; repeat(\"x\"))] | add", "input", "\"x\" * 1e9"]
    {
        let run = tried(&portal, on(endless)).await;
        assert!(run["problem"]["kind"].is_string(), "{endless}: {run}");
        assert_eq!(run["outputs"], json!([]), "{endless}");
    }
    assert_eq!(portal.post(TRY, &json!({ "program": ".", "blueprint": "service" })).await.status, 400);
    assert_eq!(
        portal.post(TRY, &json!({ "program": ".", "blueprint": "service", "entity": "nine" })).await.status,
        404
    );
}

#[tokio::test]
async fn every_template_can_be_made_and_they_fit_each_other() {
    let portal = TestPortal::new().await;
    let list = portal.get("/api/stagedoor/v1/blueprint-templates").await.json();
    let templates = list["templates"].as_array().unwrap();
    assert!(templates.len() >= 8, "{}", templates.len());
    let bodies: Vec<&Value> = templates.iter().map(|t| &t["blueprint"]).collect();
    let answer = portal.documents(&serde_json::to_string(&bodies).unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let model = portal.get("/api/stagedoor/v1/blueprints").await.json();
    for blueprint in model["blueprints"].as_array().unwrap() {
        assert_eq!(blueprint["problems"], json!([]), "{}", blueprint["identifier"]);
    }
    let list = portal.get("/api/stagedoor/v1/blueprint-templates").await.json();
    assert!(list["templates"].as_array().unwrap().iter().all(|t| t["exists"] == true));
    let anyone: Person = portal.member("mona@larkfell.example").await;
    let answer = portal.request_as(&anyone, "GET", "/api/stagedoor/v1/blueprint-templates", None).await;
    assert_eq!(answer.status, 200);
}
