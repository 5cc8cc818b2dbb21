//! What a definition may say, and in which words and at which place it is refused.

use serde_json::{Value, json};
use stagedoor_scorecards::{Scorecard, check};

use crate::world::World;

fn world() -> World {
    let mut world = World::new();
    world.define("domain", &json!({"schema": {"properties": {}}}));
    world.define("service", &json!({"schema": {"properties": {
        "on_call": {"type": "string"}, "deployed_at": {"type": "string", "format": "date-time"},
        "n": {"type": "number"}, "yes": {"type": "boolean"}, "list": {"type": "array"}, "map": {"type": "object"}}},
        "relations": {"domain": {"target": "domain"}}}));
    world
}

fn with(condition: &Value) -> Value {
    json!({"title": "T", "rules": [{"identifier": "r", "level": "Gold",
        "query": {"combinator": "and", "conditions": [condition]}}]})
}

#[test]
fn the_examples_are_legal_as_they_stand() {
    let world = world();
    for (title, condition, slug) in [
        (
            "Has on-call rotation",
            json!({"property": "on_call", "operator": "isNotEmpty"}),
            "has-on-call-rotation",
        ),
        (
            "Deployed in the last 30 days",
            json!({"property": "deployed_at", "operator": "between", "value": {"preset": "lastMonth"}}),
            "deployed-in-the-last-30-days",
        ),
    ] {
        let body = json!({"title": title, "rules": [{"title": title, "level": "Bronze",
            "query": {"combinator": "and", "conditions": [condition]}}]});
        let scorecard = Scorecard::parse(&body).unwrap();
        assert_eq!(scorecard.identifier, slug);
        assert_eq!(scorecard.rules[0].identifier, slug);
        let levels: Vec<&str> = scorecard.levels.iter().map(|l| l.title.as_str()).collect();
        assert_eq!(levels, ["Basic", "Bronze", "Silver", "Gold"]);
        assert_eq!(check(&scorecard, "service", &world.catalog, world.now()), []);
    }
}

#[test]
fn every_mistake_of_form_is_named_with_its_place() {
    let body = json!({"title": "", "identifier": "a/b", "levels": [{"title": "One"}, {"title": "One"}, 3],
        "filter": {"combinator": "xor", "conditions": []},
        "rules": [{"identifier": "a b", "level": "One", "query": {"combinator": "and"}},
            {"identifier": "c", "level": "Two", "query": {"combinator": "or", "conditions": ["x"]}, "fix": {"url": "javascript:x"}}]});
    let problems = Scorecard::parse(&body).unwrap_err();
    let places: Vec<&str> = problems.iter().map(|p| p.path.as_str()).collect();
    assert_eq!(
        places,
        [
            "/title",
            "/identifier",
            "/levels/1/title",
            "/levels/2",
            "/filter/combinator",
            "/filter/conditions",
            "/rules/0/identifier",
            "/rules/0/level",
            "/rules/0/query",
            "/rules/1/level",
            "/rules/1/query/conditions/0",
            "/rules/1/fix/url",
        ]
    );
}

#[test]
fn conditions_that_the_blueprint_has_no_answer_to_are_refused() {
    let world = world();
    for (condition, place, message) in [
        (json!({"property": "none", "operator": "isEmpty"}), "property", "it has no \"none\""),
        (json!({"relation": "none", "operator": "isEmpty"}), "relation", "it has no \"none\""),
        (
            json!({"property": "$none", "operator": "isEmpty"}),
            "property",
            "must be equal to one of the allowed values",
        ),
        (
            json!({"property": "on_call", "operator": "like", "value": 1}),
            "operator",
            "must be equal to one of",
        ),
        (
            json!({"property": "n", "operator": "contains", "value": 1}),
            "operator",
            "must not be used on a number",
        ),
        (
            json!({"property": "yes", "operator": ">", "value": 1}),
            "operator",
            "must not be used on a boolean",
        ),
        (
            json!({"property": "map", "operator": "=", "value": 1}),
            "operator",
            "must not be used on an object",
        ),
        (
            json!({"property": "on_call", "operator": "containsAny", "value": ["a"]}),
            "operator",
            "on a string",
        ),
        (
            json!({"property": "on_call", "operator": "between", "value": {"preset": "today"}}),
            "operator",
            "no date",
        ),
        (
            json!({"property": "deployed_at", "operator": "between", "value": {"preset": "x"}}),
            "value/preset",
            "one of",
        ),
        (json!({"property": "n", "operator": ">", "value": "1"}), "value", "must be number"),
        (
            json!({"property": "n", "operator": "between", "value": {"from": 1, "to": "x"}}),
            "value/to",
            "must be number",
        ),
        (
            json!({"operator": "relatedTo", "blueprint": "domain", "value": "d"}),
            "operator",
            "one of the allowed",
        ),
        (json!({"combinator": "and", "rules": []}), "", "there are no groups"),
        (json!({"scorecard": "x", "operator": "=", "value": "Gold"}), "", "additional property 'scorecard'"),
        (
            json!({"property": "$scorecards.x.level", "operator": "isEmpty"}),
            "property",
            "rules do not rest on rules",
        ),
        (
            json!({"property": "n", "operator": "=", "value": {"context": "user", "property": "x"}}),
            "value",
            "who asks",
        ),
        (json!({"jq": ""}), "jq", "must be string"),
    ] {
        let scorecard = Scorecard::parse(&with(&condition)).unwrap();
        let problems = check(&scorecard, "service", &world.catalog, world.now());
        let [problem] = problems.as_slice() else { panic!("{condition}: {problems:?}") };
        let expected = format!("/rules/0/query/conditions/0/{place}");
        assert_eq!(problem.path, expected.trim_end_matches('/'), "{condition}: {}", problem.message);
        assert!(problem.message.contains(message), "{condition}: {}", problem.message);
    }
}

#[test]
fn a_body_is_kept_as_it_was_sent() {
    let mut body = with(&json!({"property": "n", "operator": "isEmpty", "not": true, "ours": [1]}));
    body["other"] = json!({"a": null});
    body["id"] = json!("x");
    let scorecard = Scorecard::parse(&body).unwrap();
    let kept = Value::Object(scorecard.body().clone());
    assert_eq!(kept["rules"], body["rules"]);
    assert_eq!((&kept["other"], kept.get("id")), (&json!({"a": null}), None));
    assert_eq!(Scorecard::parse(&kept).unwrap(), scorecard);
}
