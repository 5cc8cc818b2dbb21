//! What somebody may not see is in no answer: every route that reads answers byte for byte as if it were not there.

mod origins;
mod routes;
mod summaries;
mod world;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stagedoor_testkit::{Answer, Person};

use self::routes::Reads;
use self::world::{LOOKERS, World};

const METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

/// Every route of the API descriptions: dialect, where it begins, method, path.
fn described() -> Vec<(&'static str, &'static str, String, String)> {
    let documents = stagedoor_server::openapi().unwrap();
    let mut all = Vec::new();
    for (dialect, base) in [("port", "/v1"), ("backstage", ""), ("native", "/api/stagedoor/v1")] {
        let name = format!("{dialect}.json");
        let (_, text) = documents.iter().find(|(file, _)| *file == name).unwrap();
        let document: Value = serde_json::from_str(text).unwrap();
        for (path, methods) in document["paths"].as_object().unwrap() {
            let methods = methods.as_object().unwrap().keys();
            let methods = methods.filter(|m| METHODS.contains(&m.as_str()));
            all.extend(methods.map(|m| (dialect, base, m.clone(), path.clone())));
        }
    }
    all
}

/// Status, headers and body. What tells requests apart is left out: their ids, how many there have been, and when it was,
/// to the millisecond: the ends of a range that ends now, and the stamps of what is only tried.
fn comparable(answer: &Answer, is_write: bool) -> (u16, BTreeMap<String, String>, String) {
    let own = |name: &str| {
        matches!(name, "x-trace-id" | "x-request-id" | "date") || name.starts_with("x-ratelimit-")
    };
    let headers = answer.headers.iter().filter(|(name, _)| !own(name.as_str()));
    let headers = headers.map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()));
    let mut text = answer.text();
    let now =
        ["minDate", "maxDate"].iter().chain(if is_write { &["createdAt", "updatedAt"][..] } else { &[] });
    now.for_each(|key| text = blurred(&text, key));
    (answer.status, headers.collect(), text)
}

/// Without the time of day of every value of a key.
fn blurred(text: &str, key: &str) -> String {
    let mark = format!("\"{key}\":\"");
    let mut parts = text.split(&mark);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (date, rest) = part.split_once('T').unwrap_or((part, ""));
        let (_, rest) = rest.split_once('Z').unwrap_or_default();
        out.push_str(&format!("{mark}{date}{rest}"));
    }
    out
}

async fn ask(world: &World, who: &Person, method: &str, path: &str, body: Option<&Value>) -> Answer {
    world.portal.request_as(who, method, path, body).await
}

#[tokio::test]
async fn every_reading_route_answers_as_if_hidden_entities_were_not_there() {
    let (with, without) = (World::new(true).await, World::new(false).await);
    let mut unknown = Vec::new();
    let (mut asked, mut refused) = (0, 0);
    for (dialect, base, method, path) in described() {
        let requests = match routes::of(dialect, &method, &path) {
            None => {
                unknown.push(format!("{dialect} {method} {path}"));
                continue;
            }
            Some(Reads::Nothing | Reads::Writes) => continue,
            Some(Reads::Entities(requests)) => requests,
        };
        for (path, body) in &requests {
            let path = format!("{base}{path}");
            let method = method.to_uppercase();
            for (at, name) in LOOKERS.iter().enumerate() {
                let a = ask(&with, &with.lookers[at], &method, &path, body.as_ref()).await;
                let b = ask(&without, &without.lookers[at], &method, &path, body.as_ref()).await;
                let what = format!("{name}: {method} {path} {}", body.clone().unwrap_or_default());
                assert_eq!(comparable(&a, false), comparable(&b, false), "{what}");
                assert!(a.status < 500 && a.status != 401, "{what}: {}", a.text());
                asked += 1;
                refused += u32::from(a.status >= 400);
            }
        }
    }
    assert!(unknown.is_empty(), "say in hidden/routes.rs what these read: {unknown:#?}");
    assert!(refused * 3 < asked, "{refused} of {asked} requests were refused: they test nothing");
}

/// The worlds do differ for whoever may see everything: the test would otherwise test nothing.
#[tokio::test]
async fn administrators_see_what_members_do_not() {
    let (with, without) = (World::new(true).await, World::new(false).await);
    for path in [
        "/v1/blueprints/service/entities",
        "/v1/blueprints/domain/entities/hub",
        "/v1/blueprints/incident/entities/i1",
        "/api/catalog/entities/by-name/component/default/shop",
        "/api/catalog/entity-facets?facet=spec.type",
        "/api/stagedoor/v1/graph?ref=service:default/orders",
    ] {
        let (a, b) = (with.portal.get(path).await, without.portal.get(path).await);
        assert_eq!((a.status, b.status), (200, 200), "{path}: {}", a.text());
        assert_ne!(a.text(), b.text(), "{path}");
    }
    let entity = "/v1/blueprints/domain/entities/hub";
    let seen = ask(&with, &with.lookers[0], "GET", entity, None).await.json();
    assert_eq!(seen["entity"]["properties"]["services"], 2, "{seen}");
    assert_eq!(with.portal.get(entity).await.json()["entity"]["properties"]["services"], 4);
}

/// Attempts to write tell nothing either, but that a name is taken.
#[tokio::test]
async fn refused_writes_answer_as_if_hidden_entities_were_not_there() {
    let (with, without) = (World::new(true).await, World::new(false).await);
    let open = json!({"entities": {
        "register": {"teams": ["alpha"], "ownedByTeam": true}, "update": {"ownedByTeam": true},
        "unregister": {"ownedByTeam": true}}});
    for world in [&with, &without] {
        for blueprint in ["service", "incident"] {
            let path = format!("/v1/blueprints/{blueprint}/permissions");
            let mut open = open.clone();
            if blueprint == "service" {
                open["entities"]["register"] = json!({"ownedByTeam": true});
            }
            let answer = world.portal.request("PATCH", &path, Some(&open)).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }
    let search = |value: &str| json!({"combinator": "and", "rules": [{"property": "language", "operator": "=", "value": value}]});
    let of_service = "/v1/blueprints/service/entities";
    let of_incident = "/v1/blueprints/incident/entities";
    let cases = [
        ("PATCH", format!("{of_service}/ghost"), json!({"title": "x"})),
        ("PUT", format!("{of_service}/ghost"), json!({"identifier": "ghost", "title": "x"})),
        ("DELETE", format!("{of_service}/ghost"), json!({})),
        ("DELETE", format!("{of_service}/ghost?delete_dependents=true"), json!({})),
        ("DELETE", "/v1/blueprints/plan/entities/secret".to_owned(), json!({})),
        (
            "PATCH",
            format!("{of_service}/orders?validation_only=true"),
            json!({"relations": {"uses": ["unseen"]}}),
        ),
        (
            "POST",
            format!("{of_incident}?validation_only=true"),
            json!({"identifier": "i9", "relations": {"services": ["ghost"]}}),
        ),
        (
            "POST",
            format!("{of_incident}?validation_only=true"),
            json!({"identifier": "i9", "relations": {"services": search("cobol")}}),
        ),
        (
            "POST",
            format!("{of_incident}?validation_only=true"),
            json!({"identifier": "i9", "relations": {"services": search("rust")}}),
        ),
        (
            "POST",
            "/v1/blueprints/service/bulk/entities/delete".to_owned(),
            json!({"entities": ["ghost", "none"]}),
        ),
        ("DELETE", format!("/api/catalog/entities/by-uid/{}", uuid::Uuid::from_u128(100)), json!({})),
        // Whoever may not create anything there learns nothing of names, by whatever is wrong with the rest.
        ("POST", "/v1/blueprints/plan/entities".to_owned(), json!({"identifier": "secret"})),
        ("POST", "/v1/blueprints/note/entities?upsert=true".to_owned(), json!({"identifier": "theirs"})),
        (
            "POST",
            "/v1/blueprints/note/entities?upsert=true".to_owned(),
            json!({"identifier": "theirs", "properties": {"owner": 5}}),
        ),
        (
            "POST",
            format!("{of_incident}?create_missing_related_entities=true&validation_only=true"),
            json!({"identifier": "i9", "relations": {"services": ["ghost"]}}),
        ),
    ];
    for (method, path, body) in &cases {
        let a = ask(&with, &with.lookers[0], method, path, Some(body)).await;
        let b = ask(&without, &without.lookers[0], method, path, Some(body)).await;
        assert_eq!(comparable(&a, true), comparable(&b, true), "{method} {path} {body}");
        assert!(a.status < 500, "{method} {path}: {}", a.text());
    }
    let still = with.portal.get("/v1/blueprints/service/entities/ghost").await;
    assert_eq!(still.status, 200, "nobody deleted it");
}
