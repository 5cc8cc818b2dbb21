//! The home page, and finding by a few letters.

use serde_json::{Value, json};
use stagedoor_testkit::{Person, TestPortal};

use crate::support::{Ask as _, component, component_with, stream};

const HOME: &str = "/api/stagedoor/v1/home";

async fn home(portal: &TestPortal, who: &Person) -> Value {
    let answer = portal.request_as(who, "GET", HOME, None).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn look(portal: &TestPortal, who: &Person, identifier: &str) -> u16 {
    let body = json!({ "blueprint": "component", "identifier": format!("component:default/{identifier}") });
    portal.request_as(who, "POST", "/api/stagedoor/v1/viewed", Some(&body)).await.status
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap()).collect()
}

async fn suggest(portal: &TestPortal, who: &Person, q: &str) -> Value {
    let path = format!("/api/stagedoor/v1/suggest?q={}", q.replace(' ', "%20"));
    let answer = portal.request_as(who, "GET", &path, None).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn portal() -> (TestPortal, Person) {
    let portal = TestPortal::new().await;
    let group = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: team-a\nspec:\n  type: team\n  children: []\n";
    let other = component("other").replace("owner: team-a", "owner: team-b");
    let documents = [
        group.to_owned(),
        component("shop"),
        component_with("basket", "dependsOn: [component:default/other]"),
        other,
        component("far").replace("owner: team-a", "owner: team-b"),
    ];
    portal.accept(&stream(&documents)).await;
    portal.merge("_team", json!({ "identifier": "team-a", "title": "team-a" })).await;
    let elsa = portal.member_of("elsa@larkfell.example", &["team-a"]).await;
    (portal, elsa)
}

#[tokio::test]
async fn home_tells_what_ones_teams_own_and_what_changed_around_it() {
    let (portal, elsa) = portal().await;
    let page = home(&portal, &elsa).await;
    assert_eq!(page["teams"], json!(["team-a"]));
    assert_eq!(page["mine"], json!([{ "blueprint": "component", "count": 2, "problems": 0 }]));
    assert_eq!(page["aroundTeams"], true);
    let mut recent = names(&page["recent"]);
    recent.sort_unstable();
    // `far` has nothing to do with them.
    assert_eq!(recent, ["basket", "other", "shop"]);
    assert_eq!((&page["steps"]["entities"], &page["steps"]["people"]), (&json!(4), &json!(1)));
    portal.patch("component", "component:default/other", json!({ "title": "Other" })).await;
    assert_eq!(names(&home(&portal, &elsa).await["recent"])[0], "Other");
    // In no team it is about everything.
    let nobody = portal.member("nobody@larkfell.example").await;
    let page = home(&portal, &nobody).await;
    assert_eq!((&page["mine"], &page["aroundTeams"]), (&json!([]), &json!(false)));
    assert_eq!(page["recent"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn what_was_looked_at_is_remembered_for_each_person_and_not_in_the_log() {
    let (portal, elsa) = portal().await;
    let otto = portal.member("otto@larkfell.example").await;
    let before = portal.revision();
    for name in ["shop", "other", "other", "shop", "basket"] {
        assert_eq!(look(&portal, &elsa, name).await, 204);
    }
    assert_eq!(look(&portal, &elsa, "never").await, 404);
    assert_eq!(portal.revision(), before, "looking is no change");
    let page = home(&portal, &elsa).await;
    assert_eq!(names(&page["viewed"]), ["basket", "shop", "other"]);
    assert_eq!(names(&suggest(&portal, &elsa, "").await["links"]), ["basket", "shop", "other"]);
    assert_eq!(home(&portal, &otto).await["viewed"], json!([]));
    // What is hidden since is not there; what is gone neither.
    portal.delete("component", "component:default/shop").await;
    let mine = json!({ "entities": { "read": { "ownedByTeam": true } } });
    let path = "/v1/blueprints/component/permissions";
    assert_eq!(portal.request("PATCH", path, Some(&mine)).await.status, 200);
    assert_eq!(names(&home(&portal, &elsa).await["viewed"]), ["basket"]);
    assert_eq!(look(&portal, &elsa, "other").await, 404);
}

#[tokio::test]
async fn links_and_layout_are_ones_own_or_everybodys() {
    let (portal, elsa) = portal().await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let put = async |who: &Person, path: &str, body: Value| {
        let answer = portal.request_as(who, "PUT", &format!("{HOME}/{path}"), Some(&body)).await;
        (answer.status, answer.text())
    };
    let wiki = json!([{ "title": "Wiki", "url": "https://wiki.larkfell.example" }]);
    let graph = json!([{ "title": "Graph", "url": "/graph?q=x" }]);
    assert_eq!(put(&ada, "organization-links", json!({ "links": wiki })).await.0, 204);
    assert_eq!(put(&elsa, "organization-links", json!({ "links": wiki })).await.0, 403);
    assert_eq!(put(&elsa, "links", json!({ "links": graph })).await.0, 204);
    let layout = json!({ "sections": [
        { "id": "recent", "hidden": false },
        { "id": "t1", "hidden": false, "title": "Mine", "blueprint": "component", "query": "type = \"service\"" }
    ] });
    assert_eq!(put(&elsa, "layout", json!({ "layout": layout })).await.0, 204);
    let page = home(&portal, &elsa).await;
    assert_eq!((&page["organizationLinks"], &page["links"], &page["layout"]), (&wiki, &graph, &layout));
    // The first page of her table comes with it; of what he may not read nothing does.
    let own = &page["tables"][0];
    assert_eq!(
        (&own["id"], &own["problem"], &own["table"]["first"]["total"]),
        (&json!("t1"), &Value::Null, &json!(4))
    );
    assert_eq!(own["table"]["first"]["rows"].as_array().map(Vec::len), Some(4));
    let page = home(&portal, &ada).await;
    assert_eq!(page["tables"], json!([]));
    assert_eq!(
        (&page["organizationLinks"], &page["links"], &page["layout"]),
        (&wiki, &json!([]), &Value::Null)
    );
    let odd = json!({ "sections": [
        { "id": "a", "title": "Hidden", "hidden": true, "blueprint": "component" },
        { "id": "b", "title": "Nobody", "blueprint": "nobody" },
        { "id": "c", "title": "No query", "query": "type = = x" },
        { "id": "d", "title": "All" }
    ] });
    assert_eq!(put(&elsa, "layout", json!({ "layout": odd })).await.0, 204);
    let tables = home(&portal, &elsa).await["tables"].clone();
    let told: Vec<(&str, bool)> = tables
        .as_array()
        .unwrap()
        .iter()
        .map(|own| (own["id"].as_str().unwrap(), own["problem"].is_string()))
        .collect();
    assert_eq!(told, [("b", true), ("c", true), ("d", false)], "{tables}");
    assert_eq!(put(&elsa, "layout", json!({ "layout": null })).await.0, 204);
    assert_eq!(home(&portal, &elsa).await["layout"], Value::Null);
    for url in [
        "javascript:alert(1)",
        "//evil.example",
        "data:text/html,x",
        "/\\evil.example",
        "https://",
        "https://a b",
        "x",
        "",
    ] {
        let (status, text) = put(&elsa, "links", json!({ "links": [{ "title": "x", "url": url }] })).await;
        assert_eq!(status, 422, "{url}: {text}");
        assert!(text.contains("links[0]"), "{text}");
    }
    for (path, body) in [
        ("links", json!({ "links": vec![graph[0].clone(); 51] })),
        ("links", json!({ "links": [{ "title": "", "url": "/" }] })),
        ("layout", json!({ "layout": { "sections": [{ "id": "" }] } })),
        ("layout", json!({ "layout": { "sections": vec![json!({ "id": "x" }); 41] } })),
        ("layout", json!({ "layout": { "sections": [{ "id": "x", "other": 1 }] } })),
    ] {
        let (status, text) = put(&elsa, path, body).await;
        assert!((400..=422).contains(&status), "{path}: {text}");
    }
}

#[tokio::test]
async fn a_few_letters_find_the_best_first_and_forgive_slips() {
    let portal = TestPortal::new().await;
    let all = ["pay", "payments", "payments-api", "old-payments", "repayments", "checkout", "orders-service"];
    portal.accept(&stream(&all.map(component))).await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let pay = suggest(&portal, &ada, "PAY").await;
    assert_eq!(names(&pay["links"]), ["pay", "payments", "payments-api", "old-payments", "repayments"]);
    assert_eq!((&pay["total"], &pay["near"]), (&json!(5), &json!(false)));
    for (typed, found) in [
        ("chekcout", "checkout"),
        ("ordres serv", "orders-service"),
        ("servcie", "orders-service"),
        ("service orders", "orders-service"),
        ("paymnets-a", "payments-api"),
    ] {
        let answer = suggest(&portal, &ada, typed).await;
        assert_eq!(names(&answer["links"]).first(), Some(&found), "{typed}: {answer}");
    }
    assert_eq!(suggest(&portal, &ada, "chekcout").await["near"], true);
    assert_eq!(suggest(&portal, &ada, "zzzzzz").await["total"], 0);
    assert_eq!(suggest(&portal, &ada, &"x".repeat(3_000)).await["links"], json!([]));
}

#[tokio::test]
async fn the_board_comes_with_the_page_and_the_model_with_the_session() {
    let (portal, elsa) = portal().await;
    assert_eq!(home(&portal, &elsa).await["board"], Value::Null);
    let dataset = json!({ "combinator": "and", "rules": [{ "property": "$blueprint", "operator": "=", "value": "component" }] });
    let table = json!({ "id": "t", "type": "table-entities-explorer", "dataset": dataset });
    let answer = portal.request("PATCH", "/v1/pages/$home", Some(&json!({ "widgets": [table] }))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let board = home(&portal, &elsa).await["board"].clone();
    assert_eq!(board["page"]["identifier"], "$home");
    assert_eq!(board["widgets"]["t"]["tabs"][0]["first"]["total"], 4, "{board}");
    let session = "/api/stagedoor/v1/session";
    let model = portal.get("/api/stagedoor/v1/blueprints").await.json();
    assert_eq!(portal.get(&format!("{session}?model=true")).await.json()["model"], model);
    assert_eq!(portal.get(session).await.json().get("model"), None);
    assert_eq!(portal.get(&format!("{session}?model=maybe")).await.status, 400);
    // Whoever is nobody is told nothing of it.
    let answer = portal.anonymous("GET", &format!("{session}?model=true"), None).await;
    assert_eq!((answer.status, answer.json().get("model").cloned()), (200, None));
}
