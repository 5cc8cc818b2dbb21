//! The page of an entity: where its values come from, what happened to it, what is around it, what its end would do.

use serde_json::{Value, json};
use stagedoor_auth::Viewer;
use stagedoor_testkit::TestPortal;

use crate::support::{Ask, Folder, assert_shape, component, component_with, database, encode, stream};

const ENTITY: &str = "/api/stagedoor/v1/entity";

async fn ask(portal: &TestPortal, part: &str, blueprint: &str, identifier: &str, more: &str) -> Value {
    let path = format!("{ENTITY}{part}?blueprint={blueprint}&identifier={}{more}", encode(identifier));
    let answer = portal.get(&path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

fn names(rows: &Value) -> Vec<String> {
    let name = |row: &Value| row["link"]["identifier"].as_str().unwrap().to_owned();
    rows["rows"].as_array().unwrap().iter().map(name).collect()
}

#[tokio::test]
async fn each_field_says_who_states_it_and_since_when() {
    let folder = Folder::new();
    folder.write("a.yaml", &component_with("a", "dependsOn: ['component:b']"));
    folder.write("b.yaml", &component_with("b", "dependencyOf: ['component:c']"));
    folder.write("c.yaml", &component("c"));
    let portal = folder.portal(&["*.yaml"]).await;
    let id = "component:default/a";
    let answer =
        portal.patch("component", id, json!({ "icon": "Service", "properties": { "cost": 7 } })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let page = ask(&portal, "", "component", id, "").await;
    let field = |name: &str| page["fields"][name].clone();
    let lifecycle = field("properties.lifecycle");
    assert_eq!((&lifecycle["by"], &lifecycle["line"]), (&json!("source"), &json!(1)), "{page}");
    assert!(lifecycle["file"].as_str().unwrap().ends_with("a.yaml"), "{lifecycle}");
    assert_eq!(lifecycle["through"], "source");
    let cost = field("properties.cost");
    assert_eq!(
        (&cost["by"], &cost["through"], &cost["exact"]),
        (&json!("contributor"), &json!("port"), &json!(true))
    );
    assert!(cost["at"].as_str().unwrap() > lifecycle["at"].as_str().unwrap(), "{page}");
    assert_eq!(field("icon")["by"], "contributor");
    assert_eq!(field("relations.dependsOnComponent")["by"], "source");
    assert_eq!((&page["source"]["state"], &page["may"]["update"]), (&json!("fresh"), &json!(true)));
    // What b says of itself is a relation of c.
    let of_c = ask(&portal, "", "component", "component:default/c", "").await;
    let depends = &of_c["fields"]["relations.dependsOnComponent"];
    assert_eq!((&depends["by"], &depends["total"]), (&json!("entities"), &json!(1)), "{of_c}");
    assert_eq!(depends["entities"][0]["ref"], "component:default/b");
    // A second source that claims it is told.
    folder.write("z.yaml", &component("a"));
    portal.sync().await;
    let page = ask(&portal, "", "component", id, "").await;
    assert!(page["conflicts"][0]["file"].as_str().unwrap().ends_with("z.yaml"), "{page}");
}

#[tokio::test]
async fn the_history_tells_each_field_before_and_after() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    portal
        .merge("database", json!({ "identifier": "x", "properties": { "engine": "pg", "version": 1 } }))
        .await;
    for version in 2..6 {
        portal.patch("database", "x", json!({ "properties": { "version": version } })).await;
    }
    let first = ask(&portal, "/history", "database", "x", "&limit=2").await;
    let fields = |event: &Value| event["fields"].clone();
    let change = |before: u32, after: u32| json!([{ "field": "properties.version", "before": before, "after": after }]);
    assert_eq!(fields(&first["events"][0]), change(4, 5));
    assert_eq!(fields(&first["events"][1]), change(3, 4));
    assert_eq!(first["events"][0]["action"], "updated");
    let next = first["next"].as_u64().unwrap();
    let rest = ask(&portal, "/history", "database", "x", &format!("&before={next}")).await;
    let events = rest["events"].as_array().unwrap();
    assert_eq!((events.len(), &rest["next"]), (3, &Value::Null));
    assert_eq!(events[2]["action"], "created");
    let made: Vec<&str> =
        events[2]["fields"].as_array().unwrap().iter().map(|f| f["field"].as_str().unwrap()).collect();
    assert_eq!(made, ["identifier", "properties.engine", "properties.version"]);
    let wrong = portal.get(&format!("{ENTITY}/history?blueprint=database&identifier=x&limit=101")).await;
    assert_shape(ENTITY, 400, &wrong);
    assert_shape(
        ENTITY,
        404,
        &portal.get(&format!("{ENTITY}/history?blueprint=database&identifier=no")).await,
    );
}

/// Whoever sees an entity today sees what it was, but not what it was while it would have been hidden.
#[tokio::test]
async fn the_history_leaves_out_states_that_the_viewer_could_not_have_seen() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    let hide = json!({ "entities": { "read": { "policy": { "combinator": "and", "rules": [
        { "property": "engine", "operator": "!=", "value": "hidden" }] } } } });
    let answer = portal.request("PATCH", "/v1/blueprints/database/permissions", Some(&hide)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let member = json!({ "identifier": "ana@larkfell.example", "properties": { "status": "Active", "port_role": "Member" } });
    assert!(portal.merge("_user", member).await.status < 300);
    for (engine, note) in [("pg", "one"), ("hidden", "secret"), ("hidden", "secrets"), ("pg", "two")] {
        let properties = json!({ "engine": engine, "description": note });
        portal.merge("database", json!({ "identifier": "x", "properties": properties })).await;
    }
    let ana = portal.caller(Viewer::person("ana@larkfell.example"));
    let path = format!("{ENTITY}/history?blueprint=database&identifier=x");
    let seen = portal.request_as(&ana, "GET", &path, None).await;
    assert!(!seen.text().contains("secret") && !seen.text().contains("hidden"), "{}", seen.text());
    let actions: Vec<Value> =
        seen.json()["events"].as_array().unwrap().iter().map(|e| e["action"].clone()).collect();
    assert_eq!(actions, ["created", "deleted", "created"]);
    assert_eq!(portal.get(&path).await.json()["events"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_path_of_relations_leads_either_way_page_by_page() {
    let portal = TestPortal::new().await;
    let mut all: Vec<String> = (0..7).map(|i| component_with(&format!("c{i}"), "system: shop")).collect();
    all.push(
        "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: shop}\nspec: {owner: team-a}\n"
            .into(),
    );
    all.push("apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: team-a}\nspec: {type: team, children: []}\n".into());
    portal.accept(&stream(&all)).await;
    // The components of the systems of a team.
    let steps = "&step=system%20owningGroup&step=component%20system";
    let found =
        ask(&portal, "/related", "group", "group:default/team-a", &format!("{steps}&limit=3&offset=2")).await;
    assert_eq!((&found["steps"], &found["total"]), (&json!([1, 7]), &json!(7)));
    assert_eq!(names(&found), ["component:default/c2", "component:default/c3", "component:default/c4"]);
    // Siblings, without oneself.
    let siblings = "&step=system&step=component%20system";
    let found = ask(&portal, "/related", "component", "component:default/c0", siblings).await;
    assert_eq!((&found["total"], names(&found)[0].as_str()), (&json!(6), "component:default/c1"));
    let one =
        ask(&portal, "/related", "component", "component:default/c0", &format!("{siblings}&q=C5")).await;
    assert_eq!((&one["total"], &one["steps"]), (&json!(1), &json!([1, 6])));
    let parts = ask(&portal, "/related", "system", "system:default/shop", "&type=hasPart").await;
    assert_eq!(parts["total"], 7);
    for (more, message) in [
        ("", "give either step or type"),
        ("&step=a&type=b", "give either step or type"),
        ("&step=ghost", "step: no blueprint has a relation \"ghost\""),
        ("&step=ghost%20system", "step: there is no blueprint \"ghost\""),
        ("&step=component%20ghost", "step: blueprint \"component\" has no relation \"ghost\""),
        ("&step=system&limit=501", "limit is \"501\": expected at most 500"),
        ("&step=system&deep=1", "there is no parameter \"deep\""),
        (&"&step=system".repeat(7), "step is given more than 6 times"),
    ] {
        let path = format!("{ENTITY}/related?blueprint=component&identifier=component:default%2Fc0{more}");
        let answer = portal.get(&path).await;
        assert_shape(ENTITY, 400, &answer);
        assert_eq!(answer.json()["error"]["message"], message);
    }
}

#[tokio::test]
async fn the_end_of_an_entity_is_told_beforehand_and_comes_true() {
    let folder = Folder::new();
    folder.write("a.yaml", &component_with("a", "dependsOn: ['database:main']"));
    let portal = folder.portal(&["*.yaml"]).await;
    let mut blueprint = database();
    blueprint["relations"]["primary"] = json!({ "target": "database", "required": false, "many": false });
    portal.blueprint(blueprint).await;
    let needs = json!({ "identifier": "table", "schema": { "properties": {} },
        "relations": { "in": { "target": "database", "required": true, "many": false } } });
    portal.blueprint(needs).await;
    portal.merge("database", json!({ "identifier": "main" })).await;
    portal.merge("database", json!({ "identifier": "copy", "relations": { "replicaOf": "main" } })).await;
    let alone = ask(&portal, "/dependents", "database", "main", "").await;
    let fates = |preview: &Value| {
        let fate = |g: &Value| {
            format!("{} {} {} {}", g["blueprint"], g["relation"], g["fate"], g["total"]).replace('"', "")
        };
        preview["pointing"].as_array().unwrap().iter().map(fate).collect::<Vec<_>>()
    };
    assert_eq!(fates(&alone), ["component dependsOn dangling 1", "database replicaOf nulled 1"]);
    assert_eq!(
        (&alone["refused"], &alone["withIt"]["total"], &alone["total"]),
        (&Value::Null, &json!(0), &json!(2))
    );
    portal.merge("table", json!({ "identifier": "orders", "relations": { "in": "main" } })).await;
    let held = ask(&portal, "/dependents", "database", "main", "").await;
    assert_eq!(fates(&held)[2], "table in required 1");
    assert_eq!((&held["withIt"]["total"], &held["withIt"]["blocked"]), (&json!(1), &Value::Null));
    assert_eq!(portal.delete("database", "main").await.status, 422);
    let path = "/v1/blueprints/database/entities/main?delete_dependents=true";
    assert_eq!(portal.request("DELETE", path, None).await.status, 200);
    assert_eq!(portal.port("table", "orders").await, Value::Null);
    assert_eq!(portal.port("database", "copy").await["relations"]["replicaOf"], Value::Null);
    // A claimed one stays while its source states it.
    let claimed = ask(&portal, "/dependents", "component", "component:default/a", "").await;
    assert_eq!(claimed["claim"]["line"], 1);
    assert!(claimed["refused"].as_str().unwrap().contains("remove it there"), "{claimed}");
}

/// What requires an entity and is hidden from a viewer is told to nobody who could not find out by deleting.
#[tokio::test]
async fn hidden_dependents_are_no_more_than_a_refusal() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    let needs = json!({ "identifier": "plan", "schema": { "properties": {} },
        "relations": { "for": { "target": "database", "required": true, "many": false } } });
    portal.blueprint(needs).await;
    portal.merge("database", json!({ "identifier": "main" })).await;
    portal.merge("plan", json!({ "identifier": "secret", "relations": { "for": "main" } })).await;
    let admins = json!({ "entities": { "read": { "roles": ["Admin"] } } });
    assert_eq!(portal.request("PATCH", "/v1/blueprints/plan/permissions", Some(&admins)).await.status, 200);
    let member = |email: &str| json!({ "identifier": email, "properties": { "status": "Active", "port_role": "Member" } });
    for email in ["ana@larkfell.example", "bo@larkfell.example"] {
        assert!(portal.merge("_user", member(email)).await.status < 300);
    }
    let may = json!({ "entities": { "unregister": { "users": ["bo@larkfell.example"], "roles": [] } } });
    assert_eq!(portal.request("PATCH", "/v1/blueprints/database/permissions", Some(&may)).await.status, 200);
    let of = async |email: &str, part: &str| {
        let who = portal.caller(Viewer::person(email));
        let path = format!("{ENTITY}{part}?blueprint=database&identifier=main");
        portal.request_as(&who, "GET", &path, None).await
    };
    let ana = of("ana@larkfell.example", "/dependents").await;
    assert!(!ana.text().contains("secret") && !ana.text().contains("plan"), "{}", ana.text());
    assert_eq!(ana.json()["withIt"]["blocked"], Value::Null);
    assert!(ana.json()["refused"].is_string(), "{}", ana.text());
    let bo = of("bo@larkfell.example", "/dependents").await;
    assert!(!bo.text().contains("secret"), "{}", bo.text());
    assert_eq!(bo.json()["withIt"]["blocked"], "an entity that you may not see requires it");
    assert!(!of("ana@larkfell.example", "").await.text().contains("secret"));
}
