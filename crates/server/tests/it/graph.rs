//! What is around an entity: nearest first, every relation between once, and what is left out counted.

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use crate::support::{Ask, assert_shape, component, component_with, database, encode, stream};

const GRAPH: &str = "/api/stagedoor/v1/graph";

async fn graph(portal: &TestPortal, query: &str) -> Value {
    let answer = portal.get(&format!("{GRAPH}?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()
}

/// `hops reference`, as answered.
fn nodes(graph: &Value) -> Vec<String> {
    let node = |n: &Value| format!("{} {}", n["hops"], n["ref"].as_str().unwrap());
    graph["nodes"].as_array().unwrap().iter().map(node).collect()
}

/// `from relation/key to`, sorted.
fn edges(graph: &Value) -> Vec<String> {
    let name = |at: &Value| graph["nodes"][at.as_u64().unwrap() as usize]["identifier"].as_str().unwrap();
    let edge = |e: &Value| {
        let key = e["key"].as_str().unwrap_or("-");
        format!("{} {}/{key} {}", name(&e["from"]), e["relation"].as_str().unwrap(), name(&e["to"]))
    };
    let mut all: Vec<_> = graph["edges"].as_array().unwrap().iter().map(edge).collect();
    all.sort();
    all
}

/// a -> b -> c -> a by `dependsOn`, all owned by team-a, which does not exist; d says of itself what a depends on.
async fn ring() -> TestPortal {
    let portal = TestPortal::new().await;
    portal
        .accept(&stream(&[
            component_with("a", "dependsOn: ['component:b']"),
            component_with("b", "dependsOn: ['component:c']"),
            component_with("c", "dependsOn: ['component:a']"),
            component_with("d", "dependencyOf: ['component:a']"),
        ]))
        .await;
    portal
}

#[tokio::test]
async fn one_step_shows_the_neighbours_and_what_they_are_to_each_other() {
    let portal = ring().await;
    let found = graph(&portal, "ref=component:a").await;
    assert_eq!(
        nodes(&found),
        [
            "0 component:default/a",
            "1 group:default/team-a",
            "1 component:default/b",
            "1 component:default/c",
            "1 component:default/d",
        ]
    );
    let id = |name: &str| format!("component:default/{name}");
    let depends = |from: &str, to: &str| format!("{} dependsOn/dependsOnComponent {}", id(from), id(to));
    let owned = |name: &str| format!("{} ownedBy/owningGroup group:default/team-a", id(name));
    let mut expected = vec![depends("a", "b"), depends("b", "c"), depends("c", "a"), depends("a", "d")];
    expected.extend(["a", "b", "c", "d"].map(owned));
    expected.sort();
    assert_eq!(edges(&found), expected);
    assert_eq!((&found["hiddenNodes"], &found["revision"]), (&json!(0), &json!(portal.revision())));
    let start = json!({
        "ref": "component:default/a", "blueprint": "component", "identifier": "component:default/a",
        "title": "a", "kind": "Component", "hops": 0, "hidden": { "in": 0, "out": 0, "all": 0 },
    });
    let team = json!({
        "ref": "group:default/team-a", "blueprint": "group", "identifier": "group:default/team-a",
        "title": "group:default/team-a", "kind": "Group", "hops": 1, "hidden": { "in": 0, "out": 0, "all": 0 },
        "missing": true,
    });
    assert_eq!((&found["nodes"][0], &found["nodes"][1]), (&start, &team));
}

#[tokio::test]
async fn direction_relations_and_blueprints_narrow_the_walk() {
    let portal = ring().await;
    let of = async |query: &str| nodes(&graph(&portal, &format!("ref=component:a&{query}")).await);
    let (a, b, c, d) =
        ("0 component:default/a", "1 component:default/b", "component:default/c", "1 component:default/d");
    // What d says of itself is what a depends on.
    assert_eq!(of("direction=out&relation=dependsOn").await, [a, b, d]);
    assert_eq!(nodes(&graph(&portal, "ref=component:d&direction=out&relation=dependsOn").await).len(), 1);
    assert_eq!(of("direction=in").await, [a, &format!("1 {c}")]);
    assert_eq!(of("direction=out&relation=dependsOnComponent&depth=2").await, [a, b, d, &format!("2 {c}")]);
    assert_eq!(of("relation=dependencyOf&relation=ownerOf&only=group").await, [a, "1 group:default/team-a"]);
    // What is left out is not passed through either.
    assert_eq!(of("depth=10&only=group&only=api").await, [a, "1 group:default/team-a"]);
    let found = graph(&portal, "ref=component:a&relation=dependsOn&direction=out&limit=1").await;
    assert_eq!(found["nodes"][0]["hidden"], json!({ "in": 1, "out": 2, "all": 3 }), "whatever the direction");
    assert_eq!(found["hiddenNodes"], 2);
}

#[tokio::test]
async fn what_does_not_fit_is_counted() {
    let portal = TestPortal::new().await;
    let members: Vec<String> = (0..40).map(|i| component(&format!("c{i:02}"))).collect();
    portal.accept(&stream(&members)).await;
    let found = graph(&portal, "ref=component:c07&depth=2&limit=10").await;
    let shown = nodes(&found);
    assert_eq!((shown.len(), &found["hiddenNodes"]), (10, &json!(31)));
    assert_eq!(shown[..2], ["0 component:default/c07", "1 group:default/team-a"]);
    assert_eq!(found["nodes"][1]["hidden"], json!({ "in": 31, "out": 0, "all": 31 }));
    assert_eq!(edges(&found).len(), 9, "no edge of what is hidden");
    // The hidden are counted, whichever of them they are: nobody can tell the order of a hub's members.
    assert_eq!(graph(&portal, "ref=component:c07&depth=1&limit=10").await["hiddenNodes"], 0);
}

#[tokio::test]
async fn a_hub_stays_closed_until_somebody_opens_it() {
    let portal = TestPortal::new().await;
    let mut all: Vec<String> = (0..30).map(|i| component(&format!("c{i:02}"))).collect();
    all.push(component_with("app", "dependsOn: ['component:c03']"));
    portal.accept(&stream(&all)).await;
    let hub = |found: &Value| {
        let nodes = found["nodes"].as_array().unwrap();
        nodes.iter().find(|n| n["ref"] == "group:default/team-a").cloned().unwrap()
    };
    let closed = graph(&portal, "ref=component:app&depth=3&hub=10").await;
    assert_eq!(
        nodes(&closed),
        ["0 component:default/app", "1 group:default/team-a", "1 component:default/c03"]
    );
    assert_eq!((&hub(&closed)["collapsed"], &hub(&closed)["hidden"]["all"]), (&json!(true), &json!(29)));
    assert_eq!(
        (&closed["beyond"], &closed["hiddenNodes"], &closed["starts"]),
        (&json!(29), &json!(0), &json!(1))
    );
    let open = graph(&portal, "ref=component:app&depth=3&hub=10&expand=group:team-a").await;
    assert_eq!(
        (nodes(&open).len(), &hub(&open)["hidden"]["all"], &open["beyond"]),
        (32, &json!(0), &json!(0))
    );
    // Beyond the depth one node at a time, and what it brings after that.
    let far =
        graph(&portal, "ref=component:app&depth=1&hub=10&expand=component:c03&expand=group:team-a").await;
    assert_eq!(nodes(&far).len(), 32);
    assert_eq!(far["nodes"][5]["hops"], 2);
    let shut =
        graph(&portal, "ref=component:app&depth=3&collapse=group:team-a&collapse=component:gone").await;
    assert_eq!(nodes(&shut), nodes(&closed));
}

#[tokio::test]
async fn all_that_a_query_finds_is_where_a_graph_begins() {
    let portal = ring().await;
    let found = graph(&portal, "blueprint=component&query=%24title%20in%20(a,%20d)&relation=dependsOn").await;
    assert_eq!((&found["starts"], nodes(&found).len()), (&json!(2), 4), "{found}");
    assert!(nodes(&found)[..2].iter().all(|node| node.starts_with("0 ")), "{found}");
    let all = graph(&portal, "query=&limit=2").await;
    assert_eq!((&all["starts"], &all["hiddenNodes"]), (&json!(4), &json!(3)), "{all}");
    for query in ["query=%24title%20~~", "query=a&ref=component:a"] {
        assert_shape(GRAPH, 400, &portal.get(&format!("{GRAPH}?{query}")).await);
    }
}

#[tokio::test]
async fn what_does_not_exist_can_be_asked_about_while_something_points_at_it() {
    let portal = ring().await;
    let found = graph(&portal, "blueprint=group&identifier=group:default%2Fteam-a&direction=in").await;
    assert_eq!(found["nodes"][0]["missing"], true);
    assert_eq!(nodes(&found).len(), 5);
    portal.accept(&component("a").replace("team-a", "team-b")).await;
    assert_eq!(nodes(&graph(&portal, "ref=Group:Team-B").await).len(), 2);
    portal.accept(&component("a")).await;
    let answer = portal.get(&format!("{GRAPH}?ref=group:team-b")).await;
    assert_shape(GRAPH, 404, &answer);
    assert_eq!(answer.json()["error"]["message"], "there is no \"group:team-b\"");
}

#[tokio::test]
async fn entities_whose_identifier_is_no_backstage_name_are_in_it_too() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    portal.merge("database", json!({ "identifier": "Orders@eu=1", "title": "Orders" })).await;
    portal
        .merge("database", json!({ "identifier": "copy", "relations": { "replicaOf": "Orders@eu=1" } }))
        .await;
    let start = format!("blueprint=database&identifier={}", encode("Orders@eu=1"));
    let found = graph(&portal, &start).await;
    assert_eq!(found["nodes"][1]["identifier"], "copy");
    assert_eq!(edges(&found), ["copy replicaOf/replicaOf Orders@eu=1"]);
    // The reference that the answer gives is one to ask with.
    let again = format!("ref={}", encode(found["nodes"][0]["ref"].as_str().unwrap()));
    assert_eq!(graph(&portal, &again).await, found);
    portal.merge("database", json!({ "identifier": "self" })).await;
    portal.patch("database", "self", json!({ "relations": { "replicaOf": "self" } })).await;
    let alone = graph(&portal, "blueprint=database&identifier=self&depth=10").await;
    assert_eq!(edges(&alone), ["self replicaOf/replicaOf self"]);
    assert_eq!(
        (&alone["nodes"][0]["hidden"], nodes(&alone).len()),
        (&json!({ "in": 0, "out": 0, "all": 0 }), 1)
    );
}

#[tokio::test]
async fn a_membership_that_both_ends_state_is_one_edge() {
    let portal = TestPortal::new().await;
    let group = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: g}\n\
                 spec: {type: team, children: [], members: [ana]}\n";
    let user =
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: ana}\nspec: {memberOf: [g]}\n";
    portal.accept(&stream(&[group.into(), user.into()])).await;
    let expected = ["group:default/g hasMember/members user:default/ana"];
    for start in ["ref=group:g", "ref=user:ana"] {
        let found = graph(&portal, &format!("{start}&depth=3&direction=out")).await;
        assert_eq!(
            (edges(&found), nodes(&found).len()),
            (expected.map(str::to_owned).to_vec(), 2),
            "{start}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused_by_name() {
    let portal = ring().await;
    let names = "&relation=dependsOn".repeat(101);
    let cases = [
        ("", "give either ref, or blueprint and identifier, or query"),
        (
            "ref=component:a&blueprint=component&identifier=a",
            "give either ref, or blueprint and identifier, or query",
        ),
        ("blueprint=component", "give either ref, or blueprint and identifier, or query"),
        ("ref=a&ref=b", "ref is given twice"),
        ("ref=component:a&depth=0", "depth is \"0\": expected 1 to 10"),
        ("ref=component:a&depth=11", "depth is \"11\": expected 1 to 10"),
        ("ref=component:a&depth=-1", "depth is \"-1\": expected 1 to 10"),
        ("ref=component:a&limit=5001", "limit is \"5001\": expected 1 to 5000"),
        (
            "ref=component:a&limit=99999999999999999999",
            "limit is \"99999999999999999999\": expected 1 to 5000",
        ),
        ("ref=component:a&direction=up", "direction is \"up\": expected both, out or in"),
        ("ref=component:a&relation=__proto__", "relation: there is no type or key \"__proto__\""),
        ("ref=component:a&only=ghost", "only: there is no blueprint \"ghost\""),
        ("ref=component:a&hub=0", "hub is \"0\": expected 1 to 5000"),
        ("ref=component:a&hops=2", "there is no parameter \"hops\""),
        (&format!("ref=component:a{names}"), "relation is given 101 times: 100 at most"),
    ];
    for (query, message) in cases {
        let answer = portal.get(&format!("{GRAPH}?{query}")).await;
        assert_shape(GRAPH, 400, &answer);
        assert_eq!(answer.json()["error"]["message"], message, "{query}");
    }
    assert_shape(GRAPH, 400, &portal.get(&format!("{GRAPH}?ref=ghost")).await);
    assert_shape(GRAPH, 404, &portal.get(&format!("{GRAPH}?ref=component:ghost")).await);
    assert_shape(GRAPH, 404, &portal.get(&format!("{GRAPH}?blueprint=ghost&identifier=a")).await);
    assert_shape(GRAPH, 401, &portal.anonymous("GET", &format!("{GRAPH}?ref=component:a"), None).await);
}
