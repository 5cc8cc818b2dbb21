//! Pages beside their cases in `tests/compat/port`: the bytes of widgets, who may read and change a page, and what widgets
//! show to whom.

use serde_json::{Value, json};
use stagedoor_testkit::{Person, TestPortal};

use crate::support::{Ask as _, component, stream};

const DATA: &str = "/api/stagedoor/v1/widgets/data";

async fn portal() -> (TestPortal, Person) {
    let portal = TestPortal::new().await;
    let other = component("other").replace("owner: team-a", "owner: team-b");
    portal.accept(&stream(&[component("shop"), component("cart"), other])).await;
    let elsa = portal.member_of("elsa@larkfell.example", &["team-a"]).await;
    (portal, elsa)
}

fn of_components(more: &[Value]) -> Value {
    let mut rules = vec![json!({ "property": "$blueprint", "operator": "=", "value": "component" })];
    rules.extend(more.iter().cloned());
    json!({ "combinator": "and", "rules": rules })
}

fn count(id: &str, more: &[Value]) -> Value {
    json!({
        "id": id, "type": "entities-number-chart", "title": id, "unit": "none", "chartType": "countEntities",
        "calculationBy": "entities", "func": "count", "dataset": of_components(more),
    })
}

async fn make(portal: &TestPortal, page: &Value) {
    let answer = portal.post("/v1/pages", page).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}

async fn shown(portal: &TestPortal, who: &Person, body: &Value) -> Value {
    let answer = portal.request_as(who, "POST", DATA, Some(body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["widgets"].clone()
}

#[tokio::test]
async fn widgets_come_back_byte_for_byte() {
    let portal = TestPortal::new().await;
    let widgets = r##"[{"type":"markdown","id":"z","title":"T","markdown":"# <b>&\u0001 \"q\" é","a":{"z":1,"b":[1.0,2e-7,-0.5,null,true,{"":[]}]}},{"id":"n","type":"later","big":123456789012345678}]"##;
    let widgets: Value = serde_json::from_str(widgets).unwrap();
    make(&portal, &json!({ "identifier": "bytes", "type": "dashboard", "widgets": widgets })).await;
    let read = portal.get("/v1/pages/bytes").await.text();
    let sent = serde_json::to_string(&widgets).unwrap();
    assert!(read.contains(&format!("\"widgets\":{sent}")), "{read}");
    // A change elsewhere in the page leaves them alone, and so does a restart of the snapshot.
    portal.request("PATCH", "/v1/pages/bytes", Some(&json!({ "title": "x" }))).await;
    assert!(portal.get("/v1/pages/bytes").await.text().contains(&sent));
}

#[tokio::test]
async fn a_page_is_read_and_changed_by_whom_its_permissions_name() {
    let (portal, elsa) = portal().await;
    let otto = portal.member("otto@larkfell.example").await;
    make(&portal, &json!({ "identifier": "board", "type": "dashboard", "widgets": [count("n", &[])] })).await;
    let page = "/v1/pages/board";
    let status = |who: &Person, method: &'static str, path: &'static str, body: Option<Value>| {
        let (portal, who) = (&portal, who.clone());
        async move { portal.request_as(&who, method, path, body.as_ref()).await.status }
    };
    assert_eq!(status(&otto, "GET", page, None).await, 200);
    assert_eq!(status(&elsa, "PATCH", page, Some(json!({ "title": "x" }))).await, 403);
    let blocks = json!({ "read": { "roles": [], "teams": ["team-a"] }, "update": { "users": ["Elsa@larkfell.example"] } });
    let answer = portal.request("PATCH", "/v1/pages/board/permissions", Some(&blocks)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(status(&elsa, "GET", page, None).await, 200);
    assert_eq!(status(&elsa, "PATCH", page, Some(json!({ "title": "Hers" }))).await, 200);
    // To change is neither to delete nor to say who may.
    assert_eq!(status(&elsa, "DELETE", page, None).await, 403);
    assert_eq!(status(&elsa, "PATCH", "/v1/pages/board/permissions", Some(json!({}))).await, 403);
    // For everybody else it is nowhere.
    assert_eq!(status(&otto, "GET", page, None).await, 403);
    assert_eq!(status(&otto, "PATCH", page, Some(json!({ "title": "x" }))).await, 403);
    assert_eq!(status(&otto, "GET", "/v1/pages/board/permissions", None).await, 403);
    assert_eq!(status(&otto, "POST", DATA, Some(json!({ "page": "board" }))).await, 403);
    for path in ["/v1/pages", "/v1/sidebars/catalog", "/api/stagedoor/v1/blueprints"] {
        let lists = |answer: stagedoor_testkit::Answer| answer.text().contains("\"board\"");
        assert!(!lists(portal.request_as(&otto, "GET", path, None).await), "{path}");
        assert!(lists(portal.request_as(&elsa, "GET", path, None).await), "{path}");
    }
    let refused = portal.request_as(&otto, "GET", page, None).await.json();
    assert_eq!(refused["message"], "you may not read pages: \"board\" is for role Admin, team team-a");
}

#[tokio::test]
async fn widgets_count_what_their_reader_may_see_and_nothing_else() {
    let (portal, elsa) = portal().await;
    let body =
        json!({ "entities": { "read": { "roles": [], "users": [], "teams": [], "ownedByTeam": true } } });
    let answer = portal.request("PATCH", "/v1/blueprints/component/permissions", Some(&body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let bars = json!({ "id": "b", "type": "bar-chart", "property": "$team", "dataset": of_components(&[]) });
    let pie = json!({ "id": "p", "type": "entities-pie-chart", "property": "lifecycle", "dataset": of_components(&[]) });
    let table = json!({ "id": "t", "type": "table-entities-explorer", "dataset": of_components(&[]) });
    let line = json!({ "id": "l", "type": "line-chart", "blueprint": "component", "chartType": "countEntities",
        "func": "count", "timeInterval": "month", "timeRange": { "preset": "lastWeek" } });
    make(&portal, &json!({ "identifier": "board", "widgets": [count("n", &[]), bars, pie, table, line] }))
        .await;
    let ask = json!({ "page": "board" });
    let all = portal.post(DATA, &ask).await.json()["widgets"].clone();
    let hers = shown(&portal, &elsa, &ask).await;
    assert_eq!((&all["n"]["value"], &hers["n"]["value"]), (&json!(3), &json!(2)));
    assert_eq!(all["b"]["slices"].as_array().map(Vec::len), Some(2));
    assert_eq!(hers["b"]["slices"].as_array().map(Vec::len), Some(1));
    assert_eq!((&all["p"]["total"], &hers["p"]["total"]), (&json!(3), &json!(2)));
    assert_eq!(
        (&all["t"]["tabs"][0]["first"]["total"], &hers["t"]["tabs"][0]["first"]["total"]),
        (&json!(3), &json!(2))
    );
    let sum = |widgets: &Value| {
        let values = widgets["l"]["lines"][0]["values"].as_array().unwrap();
        values.iter().filter_map(Value::as_f64).sum::<f64>()
    };
    assert_eq!((sum(&all), sum(&hers)), (3.0, 2.0));
    assert!(!hers.to_string().contains("team-b") && !hers.to_string().contains("default/other"), "{hers}");
}

#[tokio::test]
async fn charts_lead_to_what_they_count() {
    let (portal, _) = portal().await;
    let bars = json!({ "id": "b", "type": "bar-chart", "property": "$team", "dataset": of_components(&[]) });
    let filter = json!({ "combinator": "and", "rules": [{ "property": "$team", "operator": "=", "value": "team-a" }] });
    let body = json!({ "widgets": [bars, count("n", &[])], "filters": [filter] });
    let widgets = portal.post(DATA, &body).await.json()["widgets"].clone();
    assert_eq!(widgets["n"]["value"], 2);
    assert_eq!(widgets["n"]["blueprint"], "component");
    // The page's own filters go by their identifiers.
    let own = json!([{ "identifier": "ours", "title": "Ours", "query": body["filters"][0] }]);
    make(&portal, &json!({ "identifier": "board", "pageFilters": own, "widgets": [count("n", &[])] })).await;
    for (chosen, value) in [(json!([]), 3), (json!(["ours"]), 2), (json!(["nobody"]), 3)] {
        let answer = portal.post(DATA, &json!({ "page": "board", "chosen": chosen })).await.json();
        assert_eq!(answer["widgets"]["n"]["value"], value, "{chosen}");
    }
    for slice in widgets["b"]["slices"].as_array().unwrap() {
        let table = json!({ "blueprint": "component", "query": slice["query"] });
        let found = portal.post("/api/stagedoor/v1/tables", &table).await.json();
        assert_eq!(found["total"], slice["count"], "{slice} {found}");
    }
}

#[tokio::test]
async fn a_table_has_the_first_page_in_its_own_order_and_columns() {
    let (portal, _) = portal().await;
    let config = json!({ "component": {
        "sortSettings": { "sortBy": [{ "property": "$team", "order": "desc" }, { "property": "$identifier", "order": "desc" }, { "property": "nothing" }] },
        "propertiesSettings": { "order": ["lifecycle", "properties.type", "gone"], "hidden": ["type"] },
        "filterSettings": { "filterBy": { "combinator": "and", "rules": [{ "property": "lifecycle", "operator": "isNotEmpty" }] } } } });
    let widget = json!({ "id": "t", "type": "table-entities-explorer", "dataset": of_components(&[]), "blueprintConfig": config });
    let answer = portal.post(DATA, &json!({ "widgets": [widget] })).await.json();
    let tab = &answer["widgets"]["t"]["tabs"][0];
    let sort = json!([{ "field": "$team", "order": "desc" }, { "field": "$identifier", "order": "desc" }]);
    assert_eq!((&tab["sort"], &tab["first"]["columns"]), (&sort, &json!(["$title", "lifecycle"])), "{tab}");
    // What is asked for its further pages finds the same.
    let ask = json!({ "blueprint": tab["blueprint"], "query": tab["first"]["query"], "columns": tab["first"]["columns"], "sort": sort, "limit": 10 });
    let again = portal.post("/api/stagedoor/v1/tables", &ask).await.json();
    assert_eq!((&again["rows"], &again["total"]), (&tab["first"]["rows"], &json!(3)));
}

#[tokio::test]
async fn one_that_cannot_be_shown_says_so_and_leaves_the_others_alone() {
    let (portal, elsa) = portal().await;
    let mine = json!({ "property": "$team", "operator": "containsAny", "value": ["{{getUserTeams()}}"] });
    let widgets = json!([
        { "id": "none", "type": "bar-chart", "blueprint": "nobody", "property": "x", "dataset": [] },
        { "id": "property", "type": "bar-chart", "property": "nothing", "dataset": of_components(&[]) },
        { "id": "rules", "type": "bar-chart", "property": "$team", "dataset": { "combinator": "xor", "rules": [] } },
        { "id": "about", "type": "entity-info", "blueprint": "{{blueprint}}", "entity": "{{url.identifier}}" },
        { "id": "score", "type": "bar-chart", "property": "scorecard#x", "dataset": of_components(&[]) },
        { "id": "card", "type": "action-card-widget", "actions": [{ "action": "x" }] },
        { "id": "new", "type": "something-newer" },
        { "type": "dashboard-widget", "layout": [], "widgets": [{ "type": "markdown", "title": "x", "markdown": "{{ .user.email }}" }] },
        count("mine", &[mine]),
    ]);
    let shown_now = shown(&portal, &elsa, &json!({ "widgets": widgets })).await;
    for (id, message) in [
        ("none", "there is no blueprint \"nobody\""),
        ("property", "blueprint \"component\" does not have a property or relation \"nothing\""),
        ("rules", "\"dataset/combinator\" must be equal to one of the allowed values: and, or"),
        ("about", "\"{{blueprint}}\" stands for nothing here: the page is about no blueprint"),
        ("score", "there is no scorecard \"x\" with this level or rule"),
    ] {
        assert_eq!(shown_now[id], json!({ "kind": "failed", "message": message }), "{id}");
    }
    assert_eq!(shown_now["card"]["kind"], "later");
    assert_eq!(shown_now["new"], json!({ "kind": "unknown" }));
    assert_eq!(shown_now["7/widgets/0"]["markdown"], "elsa@larkfell.example");
    assert_eq!(shown_now["mine"]["value"], 2);
    let about = json!({ "blueprint": "component", "identifier": "component:default/shop" });
    let body = json!({ "widgets": [widgets[3]], "entity": about });
    assert_eq!(shown(&portal, &elsa, &body).await["about"]["kind"], "entity");
}

#[tokio::test]
async fn a_call_does_no_more_than_it_may() {
    let portal = TestPortal::new().await;
    let many: Vec<Value> = (0..150).map(|n| count(&format!("w{n}"), &[])).collect();
    let widgets = portal.post(DATA, &json!({ "widgets": many })).await.json()["widgets"].clone();
    assert_eq!(widgets.as_object().map(serde_json::Map::len), Some(150));
    assert_eq!(widgets["w149"]["kind"], "failed");
    // Widgets in widgets without end are no stack without end.
    let mut deep = json!({ "type": "markdown", "title": "x", "markdown": "y" });
    for _ in 0..60 {
        deep = json!({ "type": "dashboard-widget", "layout": [], "widgets": [deep] });
    }
    let answer = portal.post("/v1/pages", &json!({ "identifier": "deep", "widgets": [deep] })).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("nested more than 8 deep"), "{}", answer.text());
    let answer = portal.post(DATA, &json!({ "widgets": [deep] })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = portal.post(DATA, &json!({})).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
}

#[tokio::test]
async fn many_moves_to_one_place_keep_their_order() {
    let portal = TestPortal::new().await;
    for name in ["a", "b", "c"] {
        make(&portal, &json!({ "identifier": name, "type": "dashboard", "widgets": [] })).await;
    }
    // Each goes right behind `a`: the room between two ranks is halved until it has to be made anew.
    for step in 0..90 {
        let name = if step % 2 == 0 { "c" } else { "b" };
        portal.request("PATCH", &format!("/v1/pages/{name}"), Some(&json!({ "after": null }))).await;
        let body = json!({ "after": "a" });
        let answer = portal.request("PATCH", &format!("/v1/pages/{name}"), Some(&body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let sidebar = portal.get("/v1/sidebars/catalog").await.json();
        let items = sidebar["sidebar"]["items"].as_array().unwrap().iter();
        let order: Vec<&str> = items.filter_map(|item| item["identifier"].as_str()).collect();
        let other = if name == "c" { "b" } else { "c" };
        assert_eq!(order, ["a", name, other], "step {step}");
    }
}
