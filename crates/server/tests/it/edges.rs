//! Relations: both directions, dangling, and whose they are.

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use crate::support::{Ask, Folder, component, component_with, database, relations_of, stream};

fn group(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {{name: {name}}}\nspec: {{type: team, children: []{spec}}}\n"
    )
}

fn user(name: &str, groups: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: {name}}}\nspec: {{memberOf: [{groups}]}}\n"
    )
}

/// What the native page of an entity says of its relation to `reference`.
async fn link(portal: &TestPortal, identifier: &str, reference: &str) -> Value {
    let page = portal.page("component", identifier).await;
    let groups = ["relations", "others", "incoming"].map(|part| page[part].as_array().unwrap().clone());
    let links = groups.iter().flatten().flat_map(|group| group["links"].as_array().unwrap());
    links.into_iter().find(|link| link["ref"] == reference).cloned().unwrap()
}

#[tokio::test]
async fn a_relation_shows_on_both_ends() {
    let portal = TestPortal::new().await;
    portal
        .accept(&stream(&[
            component("a"),
            component_with("b", "dependsOn: ['component:A']\nsubcomponentOf: a"),
        ]))
        .await;
    let a = relations_of(&portal.backstage("component:default/a").await);
    assert_eq!(
        a,
        ["dependencyOf component:default/b", "hasPart component:default/b", "ownedBy group:default/team-a"]
    );
    let b = relations_of(&portal.backstage("component:default/b").await);
    assert_eq!(
        b,
        ["dependsOn component:default/a", "ownedBy group:default/team-a", "partOf component:default/a"]
    );
    assert_eq!(portal.filtered("relations.dependencyof=component:default/b").await, ["component:default/a"]);
    // The reverse is derived: it goes with its emitter.
    portal.accept(&component("b")).await;
    assert_eq!(
        relations_of(&portal.backstage("component:default/a").await),
        ["ownedBy group:default/team-a"]
    );
}

#[tokio::test]
async fn a_dangling_relation_shows_in_every_face() {
    let portal = TestPortal::new().await;
    portal.accept(&component_with("a", "dependsOn: ['component:ghost']")).await;
    let found = portal.backstage("component:default/a").await;
    assert_eq!(relations_of(&found), ["dependsOn component:default/ghost", "ownedBy group:default/team-a"]);
    let relations = portal.port("component", "component:default/a").await["relations"].clone();
    assert_eq!(relations["dependsOnComponent"], json!(["component:default/ghost"]));
    let ghost = link(&portal, "component:default/a", "component:default/ghost").await;
    assert_eq!((&ghost["exists"], &ghost["blueprint"]), (&json!(false), &json!("component")));
    assert_eq!(portal.backstage("component:default/ghost").await, Value::Null);
    assert_eq!(portal.port("component", "component:default/ghost").await, Value::Null);
}

#[tokio::test]
async fn a_dangling_relation_resolves_without_a_write_when_its_target_appears() {
    let portal = TestPortal::new().await;
    portal.accept(&component_with("a", "dependsOn: ['component:ghost']")).await;
    let id = "component:default/a";
    let before = (portal.backstage(id).await, portal.port("component", id).await, portal.revision());
    portal.accept(&component("ghost")).await;
    assert_eq!(portal.revision(), before.2 + 1);
    assert_eq!((portal.backstage(id).await, portal.port("component", id).await), (before.0, before.1));
    assert_eq!(link(&portal, id, "component:default/ghost").await["exists"], true);
    let ghost = relations_of(&portal.backstage("component:default/ghost").await);
    assert!(ghost.contains(&"dependencyOf component:default/a".to_owned()), "{ghost:?}");
}

#[tokio::test]
async fn port_demands_the_target() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    let body = json!({ "identifier": "a", "relations": { "replicaOf": "ghost" } });
    let answer = portal.merge("database", body.clone()).await;
    let text = "Entity with identifier \"ghost\" does not exist in the blueprint \"database\"";
    assert_eq!(
        (answer.status, &answer.json()["error"], &answer.json()["message"]),
        (404, &json!("not_found"), &json!(text))
    );
    assert_eq!(portal.port("database", "a").await, Value::Null);
    let path = "/v1/blueprints/database/entities?create_missing_related_entities=true";
    assert_eq!(portal.post(path, &body).await.status, 201);
    assert_eq!(portal.port("database", "ghost").await["identifier"], "ghost");
    // Itself is there, once it is.
    let to_itself = json!({ "relations": { "replicaOf": "a" } });
    assert_eq!(portal.patch("database", "a", to_itself).await.status, 200);
    assert_eq!(portal.port("database", "a").await["relations"]["replicaOf"], "a");
}

#[tokio::test]
async fn deleting_a_target_nulls_what_was_written_through_port() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    portal
        .blueprint(json!({
            "identifier": "cluster", "schema": { "properties": {} },
            "relations": { "has": { "target": "database", "many": true, "required": false } }
        }))
        .await;
    for identifier in ["main", "other"] {
        portal.merge("database", json!({ "identifier": identifier })).await;
    }
    portal.merge("database", json!({ "identifier": "copy", "relations": { "replicaOf": "main" } })).await;
    portal.merge("cluster", json!({ "identifier": "c", "relations": { "has": ["main", "other"] } })).await;
    assert_eq!(portal.delete("database", "main").await.status, 200);
    assert_eq!(portal.port("database", "copy").await["relations"], json!({ "replicaOf": null }));
    assert_eq!(portal.port("cluster", "c").await["relations"], json!({ "has": ["other"] }));
    assert_eq!(relations_of(&portal.backstage("database:default/copy").await), Vec::<String>::new());
    // One that comes back is another thing.
    portal.merge("database", json!({ "identifier": "main" })).await;
    assert_eq!(portal.port("database", "copy").await["relations"], json!({ "replicaOf": null }));
}

#[tokio::test]
async fn deleting_a_target_leaves_what_a_source_says_dangling() {
    let folder = Folder::new();
    folder.write("a.yaml", &component_with("a", "dependsOn: ['database:main', 'component:b']"));
    folder.write("b.yaml", &component("b"));
    let portal = folder.portal(&["*.yaml"]).await;
    portal.blueprint(database()).await;
    portal.merge("database", json!({ "identifier": "main" })).await;
    assert_eq!(portal.delete("database", "main").await.status, 200);
    folder.remove("b.yaml");
    portal.sync().await;
    assert_eq!(portal.backstage("component:default/b").await, Value::Null);
    let relations = relations_of(&portal.backstage("component:default/a").await);
    let both =
        ["dependsOn component:default/b", "dependsOn database:default/main", "ownedBy group:default/team-a"];
    assert_eq!(relations, both);
    let port = portal.port("component", "component:default/a").await;
    assert_eq!(port["relations"]["dependsOnComponent"], json!(["component:default/b"]));
}

#[tokio::test]
async fn members_and_member_of_say_the_same_thing() {
    let portal = TestPortal::new().await;
    portal
        .accept(&stream(&[
            group("g", ", members: [ann]"),
            user("ann", "g"),
            user("ben", "g"),
            user("cid", ""),
        ]))
        .await;
    let found = relations_of(&portal.backstage("group:default/g").await);
    assert_eq!(found, ["hasMember user:default/ann", "hasMember user:default/ben"]);
    for name in ["ann", "ben"] {
        assert_eq!(
            relations_of(&portal.backstage(&format!("user:default/{name}")).await),
            ["memberOf group:default/g"]
        );
    }
    let members = portal.port("group", "group:default/g").await["relations"]["members"].clone();
    let mut members: Vec<_> =
        members.as_array().unwrap().iter().map(|m| m.as_str().unwrap().to_owned()).collect();
    members.sort();
    assert_eq!(members, ["user:default/ann", "user:default/ben"]);
    portal.accept(&group("g", ", members: [cid]")).await;
    assert_eq!(relations_of(&portal.backstage("user:default/cid").await), ["memberOf group:default/g"]);
}

#[tokio::test]
async fn a_write_may_not_remove_a_relation_that_another_entity_states() {
    let portal = TestPortal::new().await;
    portal.accept(&stream(&[group("g", ", members: [ann]"), user("ann", "g"), user("ben", "g")])).await;
    // Ann is stated by both ends, Ben by himself alone.
    for kept in [json!([]), json!(["user:default/ann"]), json!(["user:default/ben"])] {
        let revision = portal.revision();
        let answer =
            portal.patch("group", "group:default/g", json!({ "relations": { "members": kept } })).await;
        let lost = if kept == json!(["user:default/ben"]) { "user:default/ann" } else { "user:default/ben" };
        assert_eq!((answer.status, &answer.json()["error"]), (422, &json!("protected_entity")), "{kept}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(lost) || message.contains("user:default/ann"), "{message}");
        assert_eq!(portal.revision(), revision);
    }
    let all = json!({ "relations": { "members": ["user:default/ann", "user:default/ben"] } });
    assert_eq!(portal.patch("group", "group:default/g", all).await.status, 200);
}

#[tokio::test]
async fn a_relation_to_an_unknown_kind_stays_a_relation() {
    let portal = TestPortal::new().await;
    portal.accept(&component_with("a", "dependsOn: ['queue:eu/Jobs']")).await;
    let id = "component:default/a";
    let found = relations_of(&portal.backstage(id).await);
    assert_eq!(found, ["dependsOn queue:eu/jobs", "ownedBy group:default/team-a"]);
    assert_eq!(portal.filtered("relations.dependsOn=queue:eu/jobs").await, [id]);
    let port = portal.port("component", id).await;
    assert!(!port["relations"].to_string().contains("queue"), "{port}");
    assert_eq!(link(&portal, id, "queue:eu/jobs").await["exists"], false);
    // It resolves when the kind and the entity appear.
    portal.blueprint(json!({ "identifier": "queue", "schema": { "properties": {} } })).await;
    portal.merge("queue", json!({ "identifier": "eu/Jobs" })).await;
    assert_eq!(link(&portal, id, "queue:eu/jobs").await["exists"], true);
    assert_eq!(relations_of(&portal.backstage("queue:eu/jobs").await), ["dependencyOf component:default/a"]);
}
