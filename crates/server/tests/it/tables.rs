//! Tables of queries: rows, order, groups, facets, files, and saved views.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

const TABLES: &str = "/api/stagedoor/v1/tables";
const QUERY: &str = "/api/stagedoor/v1/query";
const VIEWS: &str = "/api/stagedoor/v1/views";

/// Six services of two teams, and a team of three people that owns some.
async fn portal() -> TestPortal {
    let portal = TestPortal::new().await;
    let squad = json!({"identifier": "squad", "title": "Squad",
        "schema": {"properties": {"size": {"type": "number", "title": "Size"}}}, "relations": {}});
    let service = json!({"identifier": "service", "title": "Service",
        "schema": {"properties": {
            "tier": {"type": "string", "enum": ["gold", "silver"]}, "cost": {"type": "number"},
            "live": {"type": "boolean"}, "tags": {"type": "array"}, "note": {"type": "string"}}},
        "relations": {"owner": {"target": "squad", "many": false, "required": false},
            "uses": {"target": "service", "many": true, "required": false}},
        "calculationProperties": {"double": {"type": "number", "calculation": ".properties.cost * 2"}},
        "mirrorProperties": {"crew": {"path": "owner.size"}}});
    for blueprint in [&squad, &service] {
        assert_eq!(portal.post("/v1/blueprints", blueprint).await.status, 201);
    }
    let red = json!({"identifier": "red", "title": "Red", "properties": {"size": 3}});
    assert_eq!(portal.post("/v1/blueprints/squad/entities", &red).await.status, 201);
    for (id, title, tier, cost, live, tags, owner) in [
        ("a", "Alpha", Some("gold"), Some(9), true, json!(["java"]), Some("red")),
        ("b", "beta", Some("silver"), Some(10), false, json!([]), None),
        ("c", "Gamma", Some("gold"), Some(100), true, json!(["go", "java"]), Some("red")),
        ("d", "delta", None, None, false, json!([]), None),
        ("e", "", Some("silver"), Some(9), true, json!(["go"]), None),
        ("f", "=SUM(A1)", Some("gold"), Some(-1), false, json!([]), None),
    ] {
        let mut body = json!({"identifier": id, "properties":
            {"tier": tier, "cost": cost, "live": live, "tags": tags}, "relations": {"owner": owner}});
        if !title.is_empty() {
            body["title"] = title.into();
        }
        let answer = portal.post("/v1/blueprints/service/entities", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    portal
}

async fn ask(portal: &TestPortal, path: &str, body: Value) -> Value {
    let answer = portal.post(path, &body).await;
    assert_eq!(answer.status, 200, "{body}: {}", answer.text());
    answer.json()
}

fn ids(table: &Value) -> String {
    let rows = table["rows"].as_array().unwrap();
    rows.iter().map(|r| r["identifier"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_page_is_what_is_asked_for() {
    let portal = portal().await;
    let table = ask(&portal, TABLES, json!({"blueprint": "service"})).await;
    assert_eq!((&table["total"], ids(&table).as_str()), (&json!(6), "f a b d e c"));
    assert_eq!(table["rows"][0]["cells"], json!({}), "no column was asked for");
    let columns = json!(["tier", "owner", "owner.size", "owner.$title", "double", "crew", "$team", "gone"]);
    let body = json!({"blueprint": "service", "query": "$identifier = a", "columns": columns});
    let table = ask(&portal, TABLES, body).await;
    let cells = &table["rows"][0]["cells"];
    assert_eq!(cells["owner"][0]["title"], "Red");
    assert_eq!(cells["owner.$title"], "Red");
    let numbers = [&cells["owner.size"], &cells["double"], &cells["crew"]];
    assert_eq!(numbers, [&json!(3), &json!(18), &json!(3)]);
    assert_eq!((&cells["tier"], &cells["$team"]), (&json!("gold"), &json!([])));
    assert_eq!(table["unknownFields"], json!(["gone"]));
    assert_eq!(table["query"], "$identifier = a");
    for (offset, limit, found) in [(0, 2, "f a"), (4, 5, "e c"), (6, 5, ""), (1, 0, "")] {
        let body = json!({"blueprint": "service", "offset": offset, "limit": limit});
        assert_eq!(ids(&ask(&portal, TABLES, body).await), found);
    }
}

#[tokio::test]
async fn several_columns_order_a_table_and_what_has_no_value_comes_last() {
    let portal = portal().await;
    for (sort, found) in [
        (json!([]), "f a b d e c"),
        (json!([("tier", "asc"), ("cost", "desc")]), "c a f b e d"),
        (json!([("tier", "desc"), ("$title", "asc")]), "b e f a c d"),
        (json!([("cost", "asc"), ("$identifier", "desc")]), "f e a b c d"),
        (json!([("cost", "desc")]), "c b a e f d"),
        (json!([("live", "desc"), ("$identifier", "asc")]), "a c e b d f"),
        (json!([("owner", "asc"), ("cost", "desc")]), "c a b e f d"),
        (json!([("owner.size", "asc"), ("$identifier", "desc")]), "c a f e d b"),
        (json!([("double", "desc"), ("$identifier", "asc")]), "c b a e f d"),
        (json!([("$createdAt", "desc")]), "f e d c b a"),
        (json!([("tags", "asc"), ("$identifier", "asc")]), "c e a b d f"),
        (json!([("gone", "asc"), ("$identifier", "asc")]), "a b c d e f"),
    ] {
        let sort: Vec<Value> =
            sort.as_array().unwrap().iter().map(|s| json!({"field": s[0], "order": s[1]})).collect();
        let all = ask(&portal, TABLES, json!({"blueprint": "service", "sort": sort})).await;
        assert_eq!(ids(&all), found, "{sort:?}");
        // Any page is a part of the whole.
        for offset in 0..6 {
            let body = json!({"blueprint": "service", "sort": sort, "offset": offset, "limit": 2});
            let part: Vec<&str> = found.split(' ').skip(offset).take(2).collect();
            assert_eq!(ids(&ask(&portal, TABLES, body).await), part.join(" "), "{sort:?} from {offset}");
        }
    }
}

#[tokio::test]
async fn facets_leave_their_own_conditions_out_and_groups_can_be_opened() {
    let portal = portal().await;
    let body = json!({"blueprint": "service", "query": "tier = gold and live = true",
        "facets": ["tier", "live", "tags", "owner", "crew"]});
    let table = ask(&portal, TABLES, body).await;
    assert_eq!(table["total"], 2);
    let counts = |field: &str| {
        let facet = &table["facets"][field];
        let values = facet["values"].as_array().unwrap().iter();
        let values: Vec<Value> = values.map(|v| json!([v["value"], v["count"]])).collect();
        (json!(values), facet["missing"].as_u64().unwrap())
    };
    assert_eq!(counts("tier"), (json!([["gold", 2], ["silver", 1]]), 0));
    assert_eq!(counts("live"), (json!([[true, 2], [false, 1]]), 0));
    assert_eq!(counts("tags"), (json!([["java", 2], ["go", 1]]), 0));
    assert_eq!(counts("owner"), (json!([["red", 2]]), 0));
    assert_eq!(counts("crew"), (json!([[3, 2]]), 0));
    for (field, expected) in [
        ("tier", json!([["gold", "gold", 3], ["silver", "silver", 2], [null, "", 1]])),
        ("owner", json!([["red", "Red", 2], [null, "", 4]])),
        ("live", json!([[false, "false", 3], [true, "true", 3]])),
        ("crew", json!([[3, "3", 2], [null, "", 4]])),
        ("cost", json!([[-1, "-1", 1], [9, "9", 2], [10, "10", 1], [100, "100", 1], [null, "", 1]])),
    ] {
        let table = ask(&portal, TABLES, json!({"blueprint": "service", "group": {"field": field}})).await;
        let groups = table["groups"]["values"].as_array().unwrap();
        let found: Vec<Value> = groups.iter().map(|g| json!([g["value"], g["title"], g["count"]])).collect();
        assert_eq!(json!(found), expected, "{field}");
        assert_eq!(table["rows"], json!([]));
        for group in groups {
            let within = json!([{"field": field, "value": group["value"]}]);
            let opened = ask(&portal, TABLES, json!({"blueprint": "service", "within": within})).await;
            assert_eq!(opened["total"], group["count"], "{field} {group}");
        }
    }
}

#[tokio::test]
async fn a_table_goes_across_blueprints() {
    let portal = portal().await;
    let body = json!({"query": "size > 1 or tier = gold", "columns": ["$blueprint", "size", "tier"],
        "facets": ["$blueprint"], "sort": [{"field": "$blueprint", "order": "desc"}]});
    let table = ask(&portal, TABLES, body).await;
    assert_eq!(ids(&table), "red a c f");
    assert_eq!(table["rows"][0]["cells"], json!({"$blueprint": "squad", "size": 3}));
    let counts = table["facets"]["$blueprint"]["values"].clone();
    let expected = json!([{"value": "service", "title": "Service", "count": 3},
        {"value": "squad", "title": "Squad", "count": 1}]);
    assert_eq!(counts, expected);
    let rules =
        json!({"combinator": "and", "rules": [{"property": "tier", "operator": "=", "value": "gold"}]});
    assert_eq!(ids(&ask(&portal, TABLES, json!({"query": rules, "search": "SUM"})).await), "f");
    let usual = json!({"fields": ["$title", "note", "tier", "cost", "live"], "most": 3});
    let table = ask(&portal, TABLES, json!({"blueprint": "service", "usual": usual})).await;
    assert_eq!(table["columns"], json!(["$title", "tier", "cost"]), "nobody has a note");
}

#[tokio::test]
async fn a_query_is_translated_checked_and_completed() {
    let portal = portal().await;
    let found = ask(&portal, QUERY, json!({"text": "tier=gold cost>1", "blueprint": "service"})).await;
    assert_eq!(found["text"], "tier = gold and cost > 1");
    assert_eq!(found["rules"]["rules"][1]["value"], 1);
    let back = ask(&portal, QUERY, json!({"rules": found["rules"]})).await;
    assert_eq!(back["text"], found["text"]);
    let wrong = ask(&portal, QUERY, json!({"text": "größe = = 1"})).await;
    assert_eq!(
        wrong["problem"],
        json!({"message": "a second `=` cannot stand here",
        "hint": "one `=` compares", "from": 8, "to": 9})
    );
    let wrong = ask(&portal, QUERY, json!({"text": "𝔸 and cost > true"})).await;
    assert_eq!(wrong["problem"]["message"], "this must be string,number");
    assert_eq!((&wrong["problem"]["from"], &wrong["problem"]["to"]), (&json!(14), &json!(18)));
    let noted = ask(&portal, QUERY, json!({"text": "tiar = gold", "blueprint": "service"})).await;
    assert_eq!(noted["notes"][0]["hint"], "did you mean `tier`?");
    for (text, first, from) in [
        ("", "tier", 0),
        ("ti", "tier", 0),
        ("tier ", "=", 5),
        ("tier = ", "gold", 7),
        ("tier = s", "silver", 7),
        ("tier in (gold, ", "gold", 15),
        ("owner.", "owner.size", 0),
        ("live = ", "true", 7),
        ("tags contains ", "java", 14),
        ("upstreamOf(", "squad", 11),
        ("upstreamOf(squad = ", "red", 19),
        ("tier = gold ", "and", 12),
        ("$createdAt in @last", "@lastDay", 14),
        ("owner is ", "empty", 9),
    ] {
        let body = json!({"text": text, "cursor": text.len(), "blueprint": "service"});
        let completions = ask(&portal, QUERY, body).await["completions"].clone();
        let items: Vec<&str> =
            completions["items"].as_array().unwrap().iter().map(|i| i["insert"].as_str().unwrap()).collect();
        assert!(items.contains(&first), "{text}: {items:?}");
        assert_eq!(completions["from"], from, "{text}");
    }
}

#[tokio::test]
async fn all_rows_go_into_a_file_and_none_is_a_formula() {
    let portal = portal().await;
    let body = json!({"blueprint": "service", "query": "tier = gold", "columns": ["$title", "cost", "owner", "tags"],
        "format": "csv"});
    let answer = portal.post("/api/stagedoor/v1/tables/export", &body).await;
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"service.csv\"");
    let expected = "\u{feff}$blueprint,$identifier,$title,cost,owner,tags\r\n\
        service,f,'=SUM(A1),-1,,\r\nservice,a,Alpha,9,red,java\r\nservice,c,Gamma,100,red,\"go; java\"\r\n";
    assert_eq!(answer.text(), expected);
    // Browsers ask for packed answers, and whoever packs asks once more behind the end.
    let packed = Request::post("/api/stagedoor/v1/tables/export").header("accept-encoding", "gzip");
    let packed = packed.header("content-type", "application/json");
    let packed = packed.header("authorization", format!("Bearer {}", portal.token()));
    let packed = portal.send(packed.body(Body::from(body.to_string())).unwrap()).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.starts_with(&[0x1f, 0x8b]), "{} bytes", packed.body.len());
    let body = json!({"query": "tier = gold and cost = 9", "columns": ["owner", "live"], "format": "json"});
    let rows = ask(&portal, "/api/stagedoor/v1/tables/export", body).await;
    assert_eq!(rows, json!([{"$blueprint": "service", "$identifier": "a", "owner": ["red"], "live": true}]));
}

#[tokio::test]
async fn views_are_ones_own_or_everybodys() {
    let portal = portal().await;
    let (admin, ada, bo) = (
        portal.administrator("root@larkfell.example").await,
        portal.member("ada@larkfell.example").await,
        portal.member("bo@larkfell.example").await,
    );
    let of = async |who, method: &str, path: &str, body: Value| {
        let answer = portal.request_as(who, method, path, Some(&body)).await;
        (answer.status, if answer.status == 204 { Value::Null } else { answer.json() })
    };
    let own = json!({"title": "Mine", "blueprint": "service", "query": "tier = gold", "sort": ["-cost"], "default": true});
    let (status, made) = of(&ada, "POST", VIEWS, own.clone()).await;
    assert_eq!((status, &made["own"], &made["editable"]), (200, &json!(true), &json!(true)));
    let path = format!("{VIEWS}/{}", made["id"].as_str().unwrap());
    for (method, body) in [("GET", json!({})), ("PUT", own.clone()), ("DELETE", json!({}))] {
        assert_eq!(
            of(&bo, method, &path, body.clone()).await.0,
            404,
            "another's own view is as if it were not"
        );
        assert_eq!(of(&admin, method, &path, body).await.0, 404);
    }
    let mut shared = own.clone();
    shared["shared"] = json!(true);
    assert_eq!(
        of(&ada, "PUT", &path, shared.clone()).await.0,
        403,
        "the default of all is for administrators"
    );
    shared["default"] = json!(false);
    let (status, now) = of(&ada, "PUT", &path, shared.clone()).await;
    assert_eq!((status, &now["id"], &now["shared"]), (200, &made["id"], &json!(true)));
    let (_, seen) = of(&bo, "GET", &path, json!({})).await;
    assert_eq!(
        (&seen["own"], &seen["editable"], &seen["query"]),
        (&json!(false), &json!(false), &json!("tier = gold"))
    );
    assert_eq!(of(&bo, "PUT", &path, shared.clone()).await.0, 403);
    assert_eq!(of(&bo, "DELETE", &path, json!({})).await.0, 403);
    shared["locked"] = json!(true);
    assert_eq!(of(&admin, "PUT", &path, shared.clone()).await.0, 200);
    let (status, refused) = of(&ada, "PUT", &path, shared.clone()).await;
    assert_eq!((status, &refused["error"]["code"]), (422, &json!("view_locked")));
    assert_eq!(of(&ada, "DELETE", &path, json!({})).await.0, 422);
    shared["locked"] = json!(false);
    assert_eq!(of(&ada, "PUT", &path, shared.clone()).await.0, 200);
    let list = of(&bo, "GET", &format!("{VIEWS}?blueprint=service"), json!({})).await.1;
    assert_eq!(list["views"].as_array().unwrap().len(), 1);
    assert_eq!(of(&bo, "GET", "/api/stagedoor/v1/blueprints", json!({})).await.1["views"], list["views"]);
    // A view of what is gone stays.
    shared["query"] = json!("gone = 1");
    shared["columns"] = json!(["$title", "gone"]);
    assert_eq!(of(&ada, "PUT", &path, shared).await.0, 200);
    assert_eq!(of(&ada, "DELETE", &path, json!({})).await.0, 204);
    assert_eq!(of(&ada, "GET", &path, json!({})).await.0, 404);
    for wrong in [
        json!({"title": ""}),
        json!({"title": "x".repeat(101)}),
        json!({"title": "a\nb"}),
        json!({"title": "a", "query": "x".repeat(20_001)}),
        json!({"title": "a", "default": true}),
        json!({"title": "a", "blueprint": "none"}),
        json!({"title": "a", "more": 1}),
    ] {
        let status = of(&ada, "POST", VIEWS, wrong.clone()).await.0;
        assert!((400..500).contains(&status), "{wrong}: {status}");
    }
}
