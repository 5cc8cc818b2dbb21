//! Who owns an entity, who contributes to it, and what happens when two sources claim one name.

mod conflicts;

use serde_json::{Value, json};
use stagedoor_testkit::{Answer, TestPortal};

use crate::support::{Ask, Folder, component, component_with, document_of, relations_of, stream};

const A: &str = "component:default/a";

/// A portal that reads `a.yaml`, which states type, lifecycle, owner, title and one dependency.
async fn claimed() -> (Folder, TestPortal) {
    let folder = Folder::new();
    let text = component_with("a", "dependsOn: ['component:b']\ncolor: red")
        .replace("name: a\n", "name: a\n  title: The A\n");
    folder.write("a.yaml", &format!("# The file's first line is a comment.\n{text}"));
    let portal = folder.portal(&["*.yaml"]).await;
    portal.accept(&stream(&[component("b"), component("c")])).await;
    (folder, portal)
}

/// Asserts that a write was refused because `a.yaml` says otherwise, and that the answer says where.
fn assert_protected(answer: &Answer, what: &str) {
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (422, &json!("protected_entity")),
        "{what}: {}",
        answer.text()
    );
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("a.yaml") && message.contains("line 2"), "{what}: {message}");
}

#[tokio::test]
async fn a_contributor_adds_what_the_claimer_does_not_state() {
    let (folder, portal) = claimed().await;
    portal.accept("apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: r}\nspec: {type: x, owner: o}\n").await;
    let more = json!({
        "icon": "Rocket", "properties": { "language": "rust", "unknown": [1] },
        "relations": { "consumesApis": [], "dependsOnResource": ["resource:default/r"] }
    });
    assert_eq!(portal.patch("component", A, more).await.status, 200);
    let text = std::fs::read_to_string(folder.path("a.yaml")).unwrap();
    folder.write("a.yaml", &text.replace("color: red", "color: green"));
    portal.sync().await;
    assert_eq!(portal.backstage(A).await["spec"]["color"], "green");
    let port = portal.port("component", A).await;
    assert_eq!((&port["properties"]["language"], &port["icon"]), (&json!("rust"), &json!("Rocket")));
    assert_eq!((&port["properties"]["type"], &port["title"]), (&json!("service"), &json!("The A")));
    assert_eq!(portal.backstage(A).await["spec"]["language"], "rust");
    assert_eq!(port["relations"]["dependsOnResource"], json!(["resource:default/r"]));
    assert_eq!(port["relations"]["dependsOnComponent"], json!(["component:default/b"]));
    assert_eq!(portal.filtered("spec.language=rust").await, [A]);
}

#[tokio::test]
async fn writing_what_the_claimer_states_already_is_a_no_op() {
    let (_folder, portal) = claimed().await;
    let before = (portal.everything().await, portal.revision());
    let same = json!({
        "title": "The A", "properties": { "type": "service", "lifecycle": "production", "color": "red" },
        "relations": { "owningGroup": "group:default/team-a", "dependsOnComponent": ["component:default/b"] }
    });
    // Port demands the target of a relation, so the owner has to be there.
    portal.accept("apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: team-a}\nspec: {type: team, children: []}\n").await;
    for _ in 0..2 {
        let answer = portal.patch("component", A, same.clone()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(portal.revision(), before.1 + 1, "only the group is new");
    assert_eq!(
        portal.port("component", A).await["updatedAt"],
        before.0["port"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|b| b["entities"].as_array().unwrap())
            .find(|e| e["identifier"] == A)
            .unwrap()["updatedAt"]
    );
}

#[tokio::test]
async fn another_value_than_the_claimers_is_refused_and_says_where_to_change_it() {
    let (_folder, portal) = claimed().await;
    portal.accept("apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: team-b}\nspec: {type: team, children: []}\n").await;
    portal
        .accept(
            "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: ann}\nspec: {memberOf: []}\n",
        )
        .await;
    let before = portal.everything().await;
    for body in [
        json!({ "title": "Another" }),
        json!({ "title": null }),
        json!({ "properties": { "type": "library" } }),
        json!({ "properties": { "lifecycle": null } }),
        json!({ "properties": { "lifecycle": "production", "language": "rust", "type": "library" } }),
        json!({ "relations": { "owningGroup": "group:default/team-b" } }),
        json!({ "relations": { "owningGroup": null } }),
        json!({ "relations": { "dependsOnComponent": ["component:default/c"] } }),
        json!({ "relations": { "dependsOnComponent": ["component:default/b", "component:default/c"] } }),
        json!({ "relations": { "dependsOnComponent": [] } }),
        // The owner is one field of the document, whatever the relation is called.
        json!({ "relations": { "owningUser": "user:default/ann" } }),
        // Keys that the blueprint does not declare are the claimer's too.
        json!({ "properties": { "color": "blue" } }),
        json!({ "properties": { "owner": "team-b" } }),
        json!({ "properties": { "dependsOn": [] } }),
    ] {
        assert_protected(&portal.patch("component", A, body.clone()).await, &body.to_string());
    }
    assert_eq!(portal.everything().await, before);
}

#[tokio::test]
async fn a_full_replace_leaves_the_claimers_fields_alone() {
    let (_folder, portal) = claimed().await;
    let before = document_of(portal.backstage(A).await);
    portal.patch("component", A, json!({ "properties": { "language": "rust", "extra": 1 } })).await;
    let answer = portal.put("component", A, json!({ "identifier": A, "properties": { "extra": 2 } })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut expected = before;
    expected["spec"]["extra"] = json!(2);
    assert_eq!(document_of(portal.backstage(A).await), expected);
    assert_eq!(portal.port("component", A).await["title"], "The A");
}

#[tokio::test]
async fn a_default_value_never_goes_over_what_the_claimer_states() {
    let folder = Folder::new();
    folder.write(
        "bp.json",
        &json!({ "identifier": "box", "schema": { "properties": {
        "size": { "type": "number", "default": 1 }, "color": { "type": "string", "default": "red" } } } })
        .to_string(),
    );
    folder.write(
        "a.yaml",
        "apiVersion: stagedoor.io/v1alpha1\nkind: Box\nmetadata: {name: a}\nspec: {size: 5}\n",
    );
    let portal = folder.portal(&["*.json", "*.yaml"]).await;
    assert_eq!(portal.put("box", "a", json!({ "identifier": "a", "properties": {} })).await.status, 200);
    assert_eq!(portal.port("box", "a").await["properties"]["size"], 5);
    assert_eq!(portal.backstage("box:default/a").await["spec"]["size"], 5);
}

#[tokio::test]
async fn an_entity_in_ports_form_in_a_file_is_claimed_as_well() {
    let folder = Folder::new();
    folder.write("a.yaml", "- identifier: box\n  schema: {properties: {size: {type: number}}}\n- identifier: x\n  blueprint: box\n  title: X\n  properties: {size: 5}\n");
    let portal = folder.portal(&["a.yaml"]).await;
    assert_eq!(portal.port("box", "x").await["properties"], json!({ "size": 5 }));
    for body in [json!({ "title": "Y" }), json!({ "properties": { "size": 6 } })] {
        let answer = portal.patch("box", "x", body).await;
        assert_eq!((answer.status, &answer.json()["error"]), (422, &json!("protected_entity")));
        assert!(answer.json()["message"].as_str().unwrap().contains("a.yaml"), "{}", answer.text());
    }
    assert_eq!(portal.delete("box", "x").await.status, 422);
}

#[tokio::test]
async fn without_a_claimer_the_last_writer_wins_per_field() {
    let portal = TestPortal::new().await;
    let groups = ["team-a", "team-b"].map(|g| {
        format!("apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {{name: {g}}}\nspec: {{type: team, children: []}}\n")
    });
    portal.accept(&stream(&groups)).await;
    let text =
        stream(&[component("b"), component_with("a", "dependsOn: ['component:b', 'resource:r']\nkeep: me")]);
    portal.accept(&text).await;
    let change = json!({
        "title": "Port's", "properties": { "lifecycle": "experimental" },
        "relations": { "owningGroup": "group:default/team-b", "dependsOnComponent": [] }
    });
    assert_eq!(portal.patch("component", A, change).await.status, 200);
    let port = portal.port("component", A).await;
    assert_eq!(
        (&port["relations"]["owningGroup"], &port["relations"]["dependsOnComponent"]),
        (&json!("group:default/team-b"), &json!([]))
    );
    assert_eq!(
        (&port["team"], &port["relations"]["dependsOnResource"]),
        (&json!(["team-b"]), &json!(["resource:default/r"]))
    );
    let found = portal.backstage(A).await;
    assert_eq!(relations_of(&found), ["dependsOn resource:default/r", "ownedBy group:default/team-b"]);
    assert_eq!((&found["spec"]["lifecycle"], &found["spec"]["keep"]), (&json!("experimental"), &json!("me")));
    assert_eq!(
        (&found["spec"]["owner"], &found["spec"]["dependsOn"]),
        (&json!("group:default/team-b"), &json!(["resource:r"]))
    );
    // The document again: now it is the last writer, of the fields that it states.
    let answer = portal.documents(&text).await.json();
    assert_eq!(answer["changed"][0]["ref"], A, "{answer}");
    let found = portal.backstage(A).await;
    assert_eq!(
        (&found["spec"]["lifecycle"], &found["metadata"]["title"]),
        (&json!("production"), &json!("Port's"))
    );
    let relations =
        ["dependsOn component:default/b", "dependsOn resource:default/r", "ownedBy group:default/team-a"];
    assert_eq!(relations_of(&found), relations);
}

#[tokio::test]
async fn a_document_handed_over_does_not_change_what_a_source_owns() {
    let (_folder, portal) = claimed().await;
    let before = portal.backstage(A).await;
    let answer = portal.documents(&component("a")).await;
    assert_eq!(answer.status, 422);
    let message = answer.json()["rejected"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("a.yaml") && message.contains("line 2"), "{message}");
    assert_eq!(portal.backstage(A).await, before);
}

#[tokio::test]
async fn a_contributors_entity_is_adopted_and_released() {
    let folder = Folder::new();
    folder.write("other.yaml", &component("other"));
    let portal = folder.portal(&["*.yaml"]).await;
    let body =
        json!({ "identifier": A, "title": "Mine", "properties": { "type": "library", "language": "rust" } });
    assert_eq!(portal.merge("component", body).await.status, 201);
    let uid = portal.uid(A).await;
    folder.write("a.yaml", &component("a"));
    portal.sync().await;
    let adopted = portal.port("component", A).await;
    assert_eq!(
        (&adopted["properties"]["type"], &adopted["properties"]["language"]),
        (&json!("service"), &json!("rust"))
    );
    assert_eq!((portal.uid(A).await, &adopted["title"]), (uid.clone(), &json!("Mine")));
    folder.remove("a.yaml");
    portal.sync().await;
    let released = portal.port("component", A).await;
    assert_eq!((portal.uid(A).await, &released["properties"]["language"]), (uid, &json!("rust")));
    assert_eq!(released["relations"]["owningGroup"], Value::Null);
    assert_eq!(
        portal.patch("component", A, json!({ "properties": { "type": "website" } })).await.status,
        200
    );
    assert_eq!(portal.delete("component", A).await.status, 200);
}

#[tokio::test]
async fn lines_that_move_are_no_change_of_an_entity() {
    let (folder, portal) = claimed().await;
    let before = (portal.port("component", A).await, portal.backstage(A).await);
    let text = std::fs::read_to_string(folder.path("a.yaml")).unwrap();
    folder.write("a.yaml", &format!("# one more line\n{text}"));
    portal.sync().await;
    assert_eq!((portal.port("component", A).await, portal.backstage(A).await), before);
    let answer = portal.patch("component", A, json!({ "title": "x" })).await;
    assert!(answer.json()["message"].as_str().unwrap().contains("line 3"), "{}", answer.text());
}

#[tokio::test]
async fn deleting_a_claimed_entity_is_refused_in_port_and_undone_in_backstage() {
    let (_folder, portal) = claimed().await;
    assert_protected(&portal.delete("component", A).await, "delete");
    let uid = portal.uid(A).await;
    let answer = portal.request("DELETE", &format!("/api/catalog/entities/by-uid/{uid}"), None).await;
    assert_eq!((answer.status, portal.uid(A).await), (204, uid));
    // One that nobody claims is gone.
    let uid = portal.uid("component:default/b").await;
    let answer = portal.request("DELETE", &format!("/api/catalog/entities/by-uid/{uid}"), None).await;
    assert_eq!((answer.status, portal.uid("component:default/b").await.as_str()), (204, ""));
}

#[tokio::test]
async fn the_version_of_a_writer_is_no_change() {
    let portal = TestPortal::new().await;
    portal.blueprint(crate::support::database()).await;
    let write = async |agent: &str, engine: &str| {
        let body = json!({ "identifier": "a", "properties": { "engine": engine } }).to_string();
        let headers = [("content-type", "application/json"), ("user-agent", agent)];
        let path = "/v1/blueprints/database/entities?upsert=true&merge=true";
        crate::support::send(&portal, "POST", path, &headers, body).await;
        portal.revision()
    };
    let first = write("port-ocean/github/1.2.3/x/exporter", "postgres").await;
    assert_eq!(write("port-ocean/github/1.3.0/x/exporter", "postgres").await, first);
    assert_eq!(write("port-ocean/github/1.3.0/x/exporter", "mysql").await, first + 1);
}
