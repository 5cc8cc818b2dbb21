//! Scorecards, rules and results as entities: who sees which, pages of many, and every search against a naive loop.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stagedoor_testkit::{Person, TestPortal};

const SEARCH: &str = "/v1/blueprints/_rule_result/entities/search";

fn rule(identifier: &str, level: &str, condition: Value) -> Value {
    json!({ "identifier": identifier, "title": format!("Rule {identifier}"), "level": level,
        "query": { "combinator": "and", "conditions": [condition] } })
}

fn is_there(property: &str) -> Value {
    json!({ "property": property, "operator": "isNotEmpty" })
}

fn scorecard(identifier: &str, rules: Vec<Value>) -> Value {
    let filter = json!({ "combinator": "and", "conditions": [{ "property": "tier", "operator": "!=", "value": "none" }] });
    json!({ "identifier": identifier, "title": format!("The {identifier}"), "filter": filter, "rules": rules })
}

/// Blueprints `service` and `job` with these properties.
async fn blueprints(portal: &TestPortal, properties: &[&str]) {
    let properties: serde_json::Map<String, Value> =
        properties.iter().map(|key| ((*key).to_owned(), json!({ "type": "string" }))).collect();
    for blueprint in ["service", "job"] {
        let body =
            json!({ "identifier": blueprint, "title": blueprint, "schema": { "properties": properties } });
        assert_eq!(portal.post("/v1/blueprints", &body).await.status, 201);
    }
}

async fn put(portal: &TestPortal, blueprint: &str, entities: &[Value]) {
    for some in entities.chunks(20) {
        let path = format!("/v1/blueprints/{blueprint}/entities/bulk?upsert=true");
        let answer = portal.post(&path, &json!({ "entities": some })).await;
        assert_eq!(answer.json()["errors"], json!([]), "{}", answer.text());
    }
}

async fn standard(portal: &TestPortal, blueprint: &str, body: &Value) {
    let made = portal.post(&format!("/v1/blueprints/{blueprint}/scorecards"), body).await;
    assert_eq!(made.status, 201, "{}", made.text());
}

fn identifiers(answer: &Value) -> Vec<String> {
    answer["entities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entity| entity["identifier"].as_str().unwrap().to_owned())
        .collect()
}

async fn asked(portal: &TestPortal, person: &Person, path: &str, body: Option<Value>) -> Value {
    let method = if body.is_some() { "POST" } else { "GET" };
    portal.request_as(person, method, path, body.as_ref()).await.json()
}

#[tokio::test]
async fn who_may_not_see_an_entity_sees_no_result_of_it_and_counts_none() {
    let portal = TestPortal::new().await;
    blueprints(&portal, &["on_call", "tier"]).await;
    for team in ["red", "blue"] {
        portal.post("/v1/blueprints/_team/entities", &json!({ "identifier": team, "title": team })).await;
    }
    let cart = json!({ "identifier": "cart", "team": ["red"], "properties": { "on_call": "ana" } });
    let till = json!({ "identifier": "till", "team": ["blue"], "properties": {} });
    put(&portal, "service", &[cart, till]).await;
    standard(&portal, "service", &scorecard("ready", vec![rule("on-call", "Gold", is_there("on_call"))]))
        .await;
    let permissions = json!({ "entities": { "read": { "ownedByTeam": true } } });
    let restricted = portal.request("PATCH", "/v1/blueprints/service/permissions", Some(&permissions)).await;
    assert_eq!(restricted.status, 200, "{}", restricted.text());
    let red = portal.member_of("red@larkfell.example", &["red"]).await;

    let all = asked(&portal, &red, "/v1/blueprints/_rule_result/entities", None).await;
    assert_eq!(identifiers(&all), ["service/ready/on-call/cart"]);
    let hidden = "/v1/blueprints/_rule_result/entities/service%2Fready%2Fon-call%2Ftill";
    assert_eq!(portal.request_as(&red, "GET", hidden, None).await.status, 404);
    assert_eq!(portal.get(hidden).await.status, 200);
    let count = "/v1/blueprints/_rule_result/entities-count";
    assert_eq!(asked(&portal, &red, count, None).await["count"], 1);
    assert_eq!(portal.get(count).await.json()["count"], 2);
    let naming = json!({ "query": { "combinator": "and", "rules": [{ "relation": "service", "operator": "=", "value": "till" }] } });
    assert_eq!(identifiers(&asked(&portal, &red, SEARCH, Some(naming.clone())).await), Vec::<String>::new());
    assert_eq!(asked(&portal, &red, &format!("{SEARCH}/count"), Some(naming)).await["count"], 0);
    let failing = json!({ "query": { "combinator": "and", "rules": [{ "property": "result", "operator": "!=", "value": "Passed" }] } });
    assert_eq!(identifiers(&asked(&portal, &red, SEARCH, Some(failing)).await), Vec::<String>::new());
    let groups = json!({ "groupBy": { "property": "result" }, "countOnly": true });
    let top = asked(&portal, &red, "/v1/blueprints/_rule_result/entities/top-search", Some(groups)).await;
    assert_eq!(top["groups"], json!([{ "value": "Passed", "count": 1 }]));
    // What is counted on rules and scorecards is counted over what is seen.
    let rule = "/v1/blueprints/_rule/entities/service%2Fready%2Fon-call?include=properties";
    let tested = |answer: Value| answer["entity"]["properties"]["entities_tested"].clone();
    assert_eq!(tested(asked(&portal, &red, rule, None).await), 1);
    assert_eq!(tested(portal.get(rule).await.json()), 2);

    // A blueprint's own permissions and what a token is limited to hold for results, too.
    let narrow = portal.limited(&red, &["read:entities:service"]);
    assert_eq!(asked(&portal, &narrow, count, None).await["count"], 0);
    let own = json!({ "entities": { "read": { "roles": ["Admin"] } } });
    for blueprint in ["_rule_result", "_scorecard", "_rule"] {
        let path = format!("/v1/blueprints/{blueprint}/permissions");
        assert_eq!(portal.request("PATCH", &path, Some(&own)).await.status, 200);
        let count = format!("/v1/blueprints/{blueprint}/entities-count");
        assert_eq!(asked(&portal, &red, &count, None).await["count"], 0, "{blueprint}");
        assert_ne!(portal.get(&count).await.json()["count"], 0, "{blueprint}");
    }
    let teams = json!({ "entities": { "read": { "ownedByTeam": true } } });
    portal.request("PATCH", "/v1/blueprints/_rule_result/permissions", Some(&teams)).await;
    assert_eq!(asked(&portal, &red, count, None).await["count"], 1);
    let blue = portal.member_of("blue@larkfell.example", &["blue"]).await;
    let own = asked(&portal, &blue, "/v1/blueprints/_rule_result/entities", None).await;
    assert_eq!(identifiers(&own), ["service/ready/on-call/till"]);
}

#[tokio::test]
async fn twenty_thousand_results_are_paged_without_a_gap_or_a_repeat() {
    let portal = TestPortal::new().await;
    let keys: Vec<String> = (0..10).map(|n| format!("p{n}")).collect();
    let mut properties: Vec<&str> = keys.iter().map(String::as_str).collect();
    properties.push("tier");
    blueprints(&portal, &properties).await;
    let entity =
        |n: usize| json!({ "identifier": format!("e{n}"), "properties": { format!("p{}", n % 10): "yes" } });
    put(&portal, "service", &(0..2_000).map(entity).collect::<Vec<_>>()).await;
    let rules = keys.iter().map(|key| rule(key, "Gold", is_there(key))).collect();
    standard(&portal, "service", &scorecard("all", rules)).await;
    assert_eq!(portal.get("/v1/blueprints/_rule_result/entities-count").await.json()["count"], 20_000);

    let (mut seen, mut from, mut last) = (BTreeSet::new(), Value::Null, String::new());
    loop {
        let body = json!({ "limit": 1000, "from": from, "include": ["identifier"] });
        let page = portal.post(SEARCH, &body).await.json();
        for identifier in identifiers(&page) {
            assert!(last < identifier, "{identifier} after {last}");
            last = identifier.clone();
            assert!(seen.insert(identifier));
        }
        if page["next"].is_null() {
            break;
        }
        from = page["next"].clone();
        // What comes and goes between two pages moves nothing else.
        if seen.len() == 3_000 {
            put(&portal, "service", &[json!({ "identifier": "a0", "properties": {} })]).await;
            portal.request("DELETE", "/v1/blueprints/service/entities/e1", None).await;
        }
    }
    let of = |entity: &str| seen.iter().filter(|id| id.ends_with(&format!("/{entity}"))).count();
    let (came, went) = (of("a0"), of("e1"));
    assert!(came > 0 && came < 10 && went > 0 && went < 10, "{came} {went}");
    assert_eq!(seen.len() - came - went, 19_990);
    let few = json!({ "query": { "combinator": "and", "rules": [
        { "property": "rule", "operator": "=", "value": "service/all/p3" },
        { "property": "result", "operator": "=", "value": "Passed" }] } });
    assert_eq!(portal.post(&format!("{SEARCH}/count"), &few).await.json()["count"], 200);
}

/// A result, as a loop over entities and rules finds it.
#[derive(Debug)]
struct Row {
    identifier: String,
    entity: String,
    blueprint: String,
    rule: String,
    scorecard: String,
    level: String,
    title: String,
    result: &'static str,
    teams: Vec<String>,
    tier: Option<String>,
}

/// The rows, from what entities say of themselves and from the definitions.
async fn rows(portal: &TestPortal) -> Vec<Row> {
    let mut rows = Vec::new();
    let definitions = portal.get("/v1/scorecards").await.json();
    for blueprint in ["service", "job"] {
        let entities = portal.get(&format!("/v1/blueprints/{blueprint}/entities")).await.json();
        for entity in entities["entities"].as_array().unwrap() {
            let Some(scorecards) = entity["scorecards"].as_object() else { continue };
            for (name, of) in scorecards {
                let all = definitions["scorecards"].as_array().unwrap();
                let definition =
                    all.iter().find(|d| d["identifier"] == **name && d["blueprint"] == blueprint).unwrap();
                for (at, rule) in of["rules"].as_array().unwrap().iter().enumerate() {
                    rows.push(row(blueprint, entity, definition, at, rule));
                }
            }
        }
    }
    rows.sort_by(|a, b| (&a.rule, &a.entity).cmp(&(&b.rule, &b.entity)));
    rows
}

fn row(blueprint: &str, entity: &Value, definition: &Value, at: usize, of: &Value) -> Row {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rule = format!("{blueprint}/{}/{}", text(&definition["identifier"]), text(&of["identifier"]));
    Row {
        identifier: format!("{rule}/{}", text(&entity["identifier"])),
        entity: text(&entity["identifier"]),
        blueprint: blueprint.to_owned(),
        scorecard: text(&definition["title"]),
        level: text(&of["level"]),
        title: text(&definition["rules"][at]["title"]),
        result: if of["status"] == "SUCCESS" { "Passed" } else { "Not passed" },
        teams: entity["team"].as_array().unwrap().iter().map(text).collect(),
        tier: entity["properties"]["tier"].as_str().map(str::to_owned),
        rule,
    }
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }
}

type Naive = Box<dyn Fn(&Row) -> bool>;

/// A rule of a query, and what it means.
fn condition(dice: &mut Dice, rows: &[Row]) -> (Value, Naive) {
    let sample = dice.one(rows);
    let about = dice.roll(12);
    let text = |property: &'static str, value: String, of: fn(&Row) -> String, dice: &mut Dice| {
        let negated = dice.roll(3) == 0;
        let operator = if negated { "!=" } else { "=" };
        let rule = json!({ "property": property, "operator": operator, "value": value });
        let naive: Naive = Box::new(move |row| (of(row) == value) != negated);
        (rule, naive)
    };
    match about {
        0 => text("rule", sample.rule.clone(), |row| row.rule.clone(), dice),
        1 => text("scorecard", sample.scorecard.clone(), |row| row.scorecard.clone(), dice),
        2 => text("blueprint", sample.blueprint.clone(), |row| row.blueprint.clone(), dice),
        3 => text("level", sample.level.clone(), |row| row.level.clone(), dice),
        4 => text("entity", sample.entity.clone(), |row| row.entity.clone(), dice),
        5 => text("$title", sample.title.clone(), |row| row.title.clone(), dice),
        6 => text("$identifier", sample.identifier.clone(), |row| row.identifier.clone(), dice),
        7 | 8 => text("result", sample.result.to_owned(), |row| row.result.to_owned(), dice),
        9 => {
            let team = (*dice.one(&["red", "blue"])).to_owned();
            let rule = json!({ "property": "$team", "operator": "containsAny", "value": [team] });
            (rule, Box::new(move |row| row.teams.contains(&team)))
        }
        // Of these nothing is known but by looking at what the relation leads to.
        10 => {
            let blueprint = (*dice.one(&["service", "job"])).to_owned();
            let tier = (*dice.one(&["one", "two"])).to_owned();
            let rule =
                json!({ "relation": blueprint, "targetProperty": "tier", "operator": "=", "value": tier });
            (rule, Box::new(move |row| row.blueprint == blueprint && row.tier.as_ref() == Some(&tier)))
        }
        _ => {
            let level = sample.level.clone();
            let rule =
                json!({ "relation": "rule", "targetProperty": "level", "operator": "=", "value": level });
            (rule, Box::new(move |row| row.level == level))
        }
    }
}

fn query(dice: &mut Dice, rows: &[Row], depth: usize) -> (Value, Naive) {
    if depth == 0 || dice.roll(3) == 0 {
        return condition(dice, rows);
    }
    let parts: Vec<(Value, Naive)> = (0..=dice.roll(3)).map(|_| query(dice, rows, depth - 1)).collect();
    let (rules, tests): (Vec<Value>, Vec<Naive>) = parts.into_iter().unzip();
    match dice.roll(5) {
        0 if tests.len() == 1 => {
            (json!({ "combinator": "not", "rules": rules }), Box::new(move |row| !tests[0](row)))
        }
        0 | 1 => (
            json!({ "combinator": "or", "rules": rules }),
            Box::new(move |row| tests.iter().any(|test| test(row))),
        ),
        _ => (
            json!({ "combinator": "and", "rules": rules }),
            Box::new(move |row| tests.iter().all(|test| test(row))),
        ),
    }
}

#[tokio::test]
async fn searches_find_what_a_loop_over_entities_and_rules_finds() {
    let portal = TestPortal::new().await;
    blueprints(&portal, &["on_call", "tier", "docs"]).await;
    let mut dice = Dice(7);
    for blueprint in ["service", "job"] {
        let mut entities = Vec::new();
        for n in 0..12 {
            let team =
                [json!([]), json!(["red"]), json!(["blue"]), json!(["red", "blue"])][dice.roll(4)].clone();
            let mut properties = json!({});
            for (key, values) in [("on_call", ["ana", ""]), ("docs", ["yes", "no"]), ("tier", ["one", "two"])]
            {
                if dice.roll(3) > 0 {
                    properties[key] = json!(dice.one(&values));
                }
            }
            if dice.roll(6) == 0 {
                properties["tier"] = json!("none");
            }
            entities.push(json!({ "identifier": format!("e{n}"), "team": team, "properties": properties }));
        }
        put(&portal, blueprint, &entities).await;
        let documented = json!({ "property": "docs", "operator": "=", "value": "yes" });
        let rules = vec![rule("on-call", "Bronze", is_there("on_call")), rule("docs", "Gold", documented)];
        standard(&portal, blueprint, &scorecard("ready", rules)).await;
        standard(&portal, blueprint, &scorecard("kept", vec![rule("tier", "Silver", is_there("tier"))]))
            .await;
    }
    let rows = rows(&portal).await;
    assert!(rows.len() > 40, "{}", rows.len());
    for turn in 0..120 {
        let (rule, naive) = query(&mut dice, &rows, 3);
        let query = json!({ "combinator": "and", "rules": [rule] });
        let expected: Vec<&str> =
            rows.iter().filter(|row| naive(row)).map(|row| row.identifier.as_str()).collect();
        let found = portal.post(SEARCH, &json!({ "query": query, "include": ["identifier"] })).await.json();
        assert_eq!(identifiers(&found), expected, "{turn}: {query}");
        let count = portal.post(&format!("{SEARCH}/count"), &json!({ "query": query })).await.json();
        assert_eq!(count["count"], expected.len(), "{turn}: {query}");
    }
}
