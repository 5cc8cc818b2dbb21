//! How one entity looks in both dialects.

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use crate::support::{Ask, component, component_with, database, document_of, encode, relations_of, stream};

const ORDERS: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: orders-service
  annotations:
    github.com/project-slug: myorg/orders-service
spec:
  type: service
  lifecycle: production
  owner: orders-team
  system: commerce
  dependsOn: [resource:orders-database]
  providesApis: [orders-api]
";

/// A database in Backstage's form.
fn database_document(name: &str, spec: &str) -> String {
    format!("apiVersion: stagedoor.io/v1alpha1\nkind: Database\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

#[tokio::test]
async fn the_fixed_example_in_ports_face() {
    let portal = TestPortal::new().await;
    portal.accept(ORDERS).await;
    let found = portal.port("component", "component:default/orders-service").await;
    let example = json!({
        "identifier": "component:default/orders-service", "blueprint": "component", "title": "orders-service",
        "team": ["orders-team"],
        "properties": {
            "type": "service", "lifecycle": "production",
            "annotations": { "github.com/project-slug": "myorg/orders-service" }
        },
        "relations": {
            "owningGroup": "group:default/orders-team", "owningUser": null, "system": "system:default/commerce",
            "dependsOnResource": ["resource:default/orders-database"], "dependsOnComponent": [],
            "providesApis": ["api:default/orders-api"]
        }
    });
    for key in ["identifier", "blueprint", "title", "team", "properties"] {
        assert_eq!(found[key], example[key], "{key}");
    }
    for (key, value) in found["relations"].as_object().unwrap() {
        let unset = if value.is_array() { json!([]) } else { Value::Null };
        assert_eq!(value, example["relations"].get(key).unwrap_or(&unset), "{key}");
    }
    assert!(example["relations"].as_object().unwrap().keys().all(|k| found["relations"].get(k).is_some()));
}

#[tokio::test]
async fn the_fixed_example_in_backstages_face() {
    let portal = TestPortal::new().await;
    portal.accept(ORDERS).await;
    let found = portal.backstage("component:default/orders-service").await;
    assert_eq!(
        relations_of(&found),
        [
            "dependsOn resource:default/orders-database",
            "ownedBy group:default/orders-team",
            "partOf system:default/commerce",
            "providesApi api:default/orders-api",
        ]
    );
    let document = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
        "metadata": {
            "name": "orders-service", "namespace": "default",
            "annotations": { "github.com/project-slug": "myorg/orders-service" }
        },
        "spec": {
            "type": "service", "lifecycle": "production", "owner": "orders-team", "system": "commerce",
            "dependsOn": ["resource:orders-database"], "providesApis": ["orders-api"]
        }
    });
    assert_eq!(document_of(found), document);
}

#[tokio::test]
async fn a_database_document_in_ports_face() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    let text = "apiVersion: stagedoor.io/v1alpha1\nkind: Database\nmetadata:\n  name: orders\n  title: Orders DB\n  \
        description: All orders\n  tags: [sql]\nspec: {engine: postgres, version: 17, replicaOf: main, color: red}\n";
    portal.accept(text).await;
    let found = portal.port("database", "orders").await;
    assert_eq!(found["title"], "Orders DB");
    let expected =
        json!({ "engine": "postgres", "version": 17, "description": "All orders", "tags": ["sql"] });
    assert_eq!(found["properties"], expected);
    assert_eq!(found["relations"], json!({ "replicaOf": "main" }));
    portal.accept(&database_document("x", "{}").replace("name: x", "name: x, namespace: eu")).await;
    assert_eq!(portal.port("database", "eu/x").await["identifier"], "eu/x");
}

#[tokio::test]
async fn a_database_from_port_in_backstages_face() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    portal.merge("database", json!({ "identifier": "main" })).await;
    let properties = json!({ "engine": "postgres", "version": 17, "description": "d", "tags": ["sql"], "undeclared": [1] });
    let body = json!({ "identifier": "orders", "title": "Orders DB", "properties": properties, "relations": { "replicaOf": "main" } });
    assert_eq!(portal.merge("database", body).await.status, 201);
    let found = portal.backstage("database:default/orders").await;
    assert_eq!(relations_of(&found), ["replicaOf database:default/main"]);
    assert_eq!(
        relations_of(&portal.backstage("database:default/main").await),
        ["replicaOfOf database:default/orders"]
    );
    let document = document_of(found);
    assert_eq!(document["kind"], "Database");
    let metadata = json!({ "name": "orders", "namespace": "default", "title": "Orders DB", "description": "d", "tags": ["sql"] });
    assert_eq!(document["metadata"], metadata);
    let spec =
        json!({ "engine": "postgres", "version": 17, "undeclared": [1], "replicaOf": "database:main" });
    assert_eq!(document["spec"], spec);
    // What no blueprint declares is kept and given back.
    assert_eq!(portal.port("database", "orders").await["properties"], properties);
}

#[tokio::test]
async fn where_a_property_and_a_relation_share_a_key_the_relation_has_the_field() {
    let portal = TestPortal::new().await;
    let mut blueprint = database();
    blueprint["schema"]["properties"]["replicaOf"] = json!({ "type": "string" });
    portal.blueprint(blueprint).await;
    portal.accept(&database_document("a", "{replicaOf: b, properties: {replicaOf: text}}")).await;
    let a = portal.port("database", "a").await;
    assert_eq!((&a["properties"]["replicaOf"], &a["relations"]["replicaOf"]), (&json!("text"), &json!("b")));
    let body = json!({ "identifier": "c", "properties": { "replicaOf": "text" }, "relations": { "replicaOf": "a" } });
    assert_eq!(portal.merge("database", body).await.status, 201);
    let spec = portal.backstage("database:default/c").await["spec"].clone();
    assert_eq!(spec, json!({ "properties": { "replicaOf": "text" }, "replicaOf": "database:a" }));
}

#[tokio::test]
async fn a_mistyped_value_is_null_in_port_and_itself_in_backstage() {
    let portal = TestPortal::new().await;
    portal.accept(&component_with("a", "language: [rust]")).await;
    let properties = portal.port("component", "component:default/a").await["properties"].clone();
    assert_eq!(properties.get("language"), Some(&Value::Null));
    assert_eq!(portal.backstage("component:default/a").await["spec"]["language"], json!(["rust"]));
}

#[tokio::test]
async fn a_document_of_a_blueprints_own_kind_has_to_be_what_the_blueprint_says() {
    let portal = TestPortal::new().await;
    let mut blueprint = database();
    blueprint["schema"]["required"] = json!(["engine"]);
    portal.blueprint(blueprint).await;
    portal.accept(&database_document("good", "{engine: postgresql, unknown: 1}")).await;
    for (spec, message) in [
        ("{engine: 5}", "/spec/engine must be string"),
        ("{engine: x, version: '15'}", "/spec/version must be number"),
        ("{version: 15}", "/spec must have required property 'engine' (of blueprint \"database\")"),
        ("{engine: null}", "/spec must have required property 'engine' (of blueprint \"database\")"),
    ] {
        let answer = portal.documents(&database_document("bad", spec)).await;
        assert_eq!(
            (answer.status, &answer.json()["rejected"][0]["message"]),
            (422, &json!(message)),
            "{spec}"
        );
        assert!(portal.backstage("database:default/bad").await.is_null());
    }
}

#[tokio::test]
async fn an_unknown_spec_key_is_filterable_in_backstage_and_shows_in_port_once_declared() {
    let portal = TestPortal::new().await;
    portal.accept(&component_with("a", "color: Red")).await;
    assert_eq!(portal.filtered("spec.color=red").await, ["component:default/a"]);
    let of_port =
        async || portal.port("component", "component:default/a").await["properties"].get("color").cloned();
    assert_eq!(of_port().await, None);
    let more = json!({ "schema": { "properties": { "color": { "type": "string" } } } });
    assert_eq!(portal.request("PATCH", "/v1/blueprints/component", Some(&more)).await.status, 200);
    assert_eq!(of_port().await, Some(json!("Red")));
}

#[tokio::test]
async fn a_custom_relation_is_a_field_and_a_kind() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    let yaml = component_with("a", "dependsOn: ['database:orders', 'resource:r', 'component:c']");
    portal.accept(&yaml).await;
    let relation = json!({ "target": "database", "many": true, "required": false, "backstage": { "field": "spec.dependsOn" } });
    let more = json!({ "relations": { "database": relation } });
    assert_eq!(portal.request("PATCH", "/v1/blueprints/component", Some(&more)).await.status, 200);
    let relations = portal.port("component", "component:default/a").await["relations"].clone();
    assert_eq!(relations["database"], json!(["orders"]));
    assert_eq!(relations["dependsOnResource"], json!(["resource:default/r"]));
    assert_eq!(relations["dependsOnComponent"], json!(["component:default/c"]));
    portal.merge("database", json!({ "identifier": "orders" })).await;
    assert_eq!(
        relations_of(&portal.backstage("database:default/orders").await),
        ["dependencyOf component:default/a"]
    );
}

#[tokio::test]
async fn blueprints_that_begin_with_an_underscore_have_no_backstage_face() {
    let portal = TestPortal::new().await;
    portal
        .blueprint(
            json!({ "identifier": "_secret", "schema": { "properties": { "k": { "type": "string" } } } }),
        )
        .await;
    let mut blueprint = database();
    blueprint["relations"]["secret"] = json!({ "target": "_secret", "many": false, "required": false });
    portal.blueprint(blueprint).await;
    assert_eq!(
        portal.merge("_secret", json!({ "identifier": "one", "properties": { "k": "v" } })).await.status,
        201
    );
    assert_eq!(
        portal.merge("database", json!({ "identifier": "a", "relations": { "secret": "one" } })).await.status,
        201
    );
    assert_eq!(portal.port("database", "a").await["relations"]["secret"], "one");

    let uid = portal.page("_secret", "one").await["entity"]["uid"].as_str().unwrap().to_owned();
    assert_eq!(portal.get(&format!("/api/catalog/entities/by-uid/{uid}")).await.status, 404);
    for kind in ["_secret", "secret", "!_secret"] {
        assert_eq!(
            portal.get(&format!("/api/catalog/entities/by-name/{kind}/default/one")).await.status,
            404,
            "{kind}"
        );
    }
    let refs = json!({ "entityRefs": ["!_secret:default/one", "_secret:default/one"] });
    assert_eq!(
        portal.post("/api/catalog/entities/by-refs", &refs).await.json()["items"],
        json!([null, null])
    );
    assert_eq!(relations_of(&portal.backstage("database:default/a").await), Vec::<String>::new());
    let facets =
        portal.get("/api/catalog/entity-facets?facet=kind&facet=spec.k").await.json()["facets"].clone();
    assert_eq!(facets, json!({ "kind": [{ "value": "Database", "count": 1 }], "spec.k": [] }));
    assert_eq!(portal.filtered("kind").await, ["database:default/a"]);
}

#[tokio::test]
async fn identifiers_that_are_no_backstage_names_are_shown_by_another_name() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    let long = "x".repeat(200);
    for identifier in ["a@b", "größe", "a/b/c", "Team/x", "-a", "a:b", "漢字", &long] {
        let answer = portal
            .merge("database", json!({ "identifier": identifier, "properties": { "engine": identifier } }))
            .await;
        assert_eq!(answer.status, 201, "{identifier}: {}", answer.text());
        assert_eq!(portal.port("database", identifier).await["properties"]["engine"], identifier);
        let found = portal.filtered(&format!("spec.engine={}", encode(identifier))).await;
        let [reference] = &found[..] else { panic!("{identifier}: {found:?}") };
        let name = reference.strip_prefix("database:default/").unwrap();
        let (slug, hex) = name.rsplit_once('-').unwrap();
        assert!(!slug.is_empty() && hex.len() == 8 && hex.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
        assert!(stagedoor_model::names::is_backstage_name(name), "{name}");
        let metadata = portal.backstage(reference).await["metadata"].clone();
        assert_eq!(metadata["annotations"]["stagedoor.io/identifier"], identifier);
    }
}

#[tokio::test]
async fn identifiers_that_differ_only_in_case_are_two_entities() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    for identifier in ["Orders", "orders", "ORDERS"] {
        portal
            .merge("database", json!({ "identifier": identifier, "properties": { "engine": identifier } }))
            .await;
    }
    let to = json!({ "identifier": "copy", "relations": { "replicaOf": "orders" } });
    assert_eq!(portal.merge("database", to).await.status, 201);
    for identifier in ["Orders", "orders", "ORDERS"] {
        assert_eq!(portal.port("database", identifier).await["properties"]["engine"], identifier);
    }
    let first = portal.backstage("database:default/orders").await;
    assert_eq!((&first["metadata"]["name"], &first["spec"]["engine"]), (&json!("Orders"), &json!("Orders")));
    let slugs: Vec<_> =
        portal.filtered("kind=database").await.into_iter().filter(|r| r.contains("orders-")).collect();
    assert_eq!(slugs.len(), 2);
    // A relation means the exact identifier.
    assert_eq!(portal.port("database", "copy").await["relations"]["replicaOf"], "orders");
    let relations = relations_of(&portal.backstage("database:default/copy").await);
    let [relation] = &relations[..] else { panic!("{relations:?}") };
    assert_eq!(
        portal.backstage(relation.strip_prefix("replicaOf ").unwrap()).await["spec"]["engine"],
        "orders"
    );
}

#[tokio::test]
async fn where_two_blueprints_have_one_kind_the_older_keeps_it() {
    let portal = TestPortal::new().await;
    for identifier in ["myDb", "my-db", "MyDb", "a-component", "Component"] {
        portal.blueprint(json!({ "identifier": identifier, "schema": { "properties": {} } })).await;
        assert_eq!(
            portal.merge(identifier, json!({ "identifier": format!("of-{identifier}") })).await.status,
            201
        );
    }
    assert_eq!(portal.filtered("kind=mydb").await, ["mydb:default/of-mydb"]);
    // A shipped kind's name is never another blueprint's.
    assert_eq!(portal.filtered("kind=component").await, Vec::<String>::new());
    portal.accept(&component("a")).await;
    assert_eq!(portal.filtered("kind=component").await, ["component:default/a"]);
    assert_eq!(portal.port("Component", "of-Component").await["identifier"], "of-Component");
    // The younger gets the kind when the older goes.
    assert_eq!(portal.delete("myDb", "of-myDb").await.status, 200);
    assert_eq!(portal.request("DELETE", "/v1/blueprints/myDb", None).await.status, 200);
    assert_eq!(portal.filtered("kind=mydb").await.len(), 1);
}

#[tokio::test]
async fn a_blueprint_of_a_shipped_name_keeps_its_schema_and_gains_the_face() {
    let portal = TestPortal::new().await;
    let own = json!({ "identifier": "component", "title": "Ours", "schema": { "properties": { "tier": { "type": "number" } } } });
    portal.blueprint(own).await;
    portal.merge("component", json!({ "identifier": "orders", "properties": { "tier": 1 } })).await;
    portal.accept(&stream(&[component("orders"), component("carts")])).await;
    let schema = async || {
        portal.get("/v1/blueprints/component").await.json()["blueprint"]["schema"]["properties"].clone()
    };
    assert_eq!(schema().await, json!({ "tier": { "type": "number" } }));
    assert_eq!(
        portal.filtered("kind=component").await,
        ["component:default/carts", "component:default/orders"]
    );
    // What was there before is the same thing, and keeps its identifier.
    assert_eq!(portal.port("component", "orders").await["properties"], json!({ "tier": 1 }));
    assert_eq!(portal.backstage("component:default/orders").await["spec"]["owner"], "team-a");
    assert_eq!(portal.port("component", "component:default/carts").await["team"], json!(["team-a"]));
    assert_eq!(
        relations_of(&portal.backstage("component:default/carts").await),
        ["ownedBy group:default/team-a"]
    );

    let replacement =
        json!({ "identifier": "component", "schema": { "properties": { "grade": { "type": "string" } } } });
    assert_eq!(portal.request("PUT", "/v1/blueprints/component", Some(&replacement)).await.status, 200);
    portal.accept(&component("later")).await;
    let later = portal.backstage("component:default/later").await;
    assert_eq!(later["kind"], "Component");
    assert_eq!(relations_of(&later), ["ownedBy group:default/team-a"]);
    assert_eq!(schema().await, json!({ "grade": { "type": "string" } }));
}

#[tokio::test]
async fn a_shipped_kind_enforces_its_names_for_every_writer() {
    let portal = TestPortal::new().await;
    portal.accept(&component("a")).await;
    for identifier in [
        "orders",
        "component:default/Orders",
        "component:Default/a",
        "group:default/a",
        "component:default/a b",
        "component:a",
    ] {
        let answer = portal.merge("component", json!({ "identifier": identifier })).await;
        assert_eq!(answer.status, 422, "{identifier}: {}", answer.text());
    }
    let answer = portal
        .post("/v1/blueprints/component/entities", &json!({ "identifier": "component:default/a" }))
        .await;
    assert_eq!((answer.status, &answer.json()["error"]), (409, &json!("identifier_taken")));
}

#[tokio::test]
async fn a_document_survives_the_round_trip() {
    let portal = TestPortal::new().await;
    let document = json!({
        "apiVersion": "backstage.io/v1beta1", "kind": "Component",
        "metadata": {
            "namespace": "default", "name": "Odd.Name_1", "title": "Ünï \"quoted\" \\ 🚀", "description": "",
            "labels": { "example.com/tier": "gold", "empty": "" }, "tags": ["java", "c++"],
            "annotations": { "example.com/long": "line one\nline two\n\n  indented" },
            "links": [{ "url": "https://example.com/?a=b&c", "title": "T", "extra": { "deep": [1, [2, { "x": null }]] } }],
            "unknown": { "nested": { "list": [[], {}, [null, true, -1, 1.5, 9_007_199_254_740_991_i64]] } }
        },
        "spec": {
            "type": "service", "lifecycle": "production", "owner": "team-a", "dependsOn": [], "zero": 0, "no": false,
            "nothing": null, "": "empty key", "with.dot": { "a.b": 1 }, "$odd": "one", "text": "yes",
            "__proto__": { "x": 1 }, "constructor": "c"
        }
    });
    let answer = portal.post("/api/stagedoor/v1/documents", &document).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(document_of(portal.backstage("component:default/odd.name_1").await), document);
    // And again, as text for a file.
    let yaml = portal
        .get("/api/stagedoor/v1/entity/raw?blueprint=component&identifier=component:default%2Fodd.name_1")
        .await
        .json()["yaml"]
        .as_str()
        .unwrap()
        .to_owned();
    let again = portal.documents(&yaml).await.json();
    assert_eq!(again["unchanged"].as_array().map(Vec::len), Some(1), "{again}\n{yaml}");
}
