//! A change of a blueprint concerns those scorecards that read it, and no others.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_scorecards::{Compiled, Engine, Excused, GroupBy, Groups, Scorecard};

use crate::world::World;

/// A service in a domain in an area; what areas are like is mirrored, counted and inherited.
fn world() -> World {
    let mut world = World::new();
    let text = json!({"type": "string"});
    world.define("area", &json!({"schema": {"properties": {"rank": text}}}));
    world.define(
        "domain",
        &json!({"schema": {"properties": {"tier": text}},
        "relations": {"area": {"target": "area", "many": false}},
        "mirrorProperties": {"rank": {"path": "area.rank"}}}),
    );
    world.define(
        "issue",
        &json!({"schema": {"properties": {"open": {"type": "boolean"}}},
        "relations": {"service": {"target": "service", "many": false}}}),
    );
    world.define("service", &json!({"schema": {"properties": {"kind": text}},
        "relations": {"domain": {"target": "domain", "many": false}},
        "mirrorProperties": {"rank": {"path": "domain.rank"}},
        "aggregationProperties": {"issues": {"title": "Issues", "target": "issue",
            "calculationSpec": {"calculationBy": "entities", "func": "count"},
            "query": {"combinator": "and", "rules": [{"property": "open", "operator": "=", "value": true}]}}}}));
    world.define("stranger", &json!({"schema": {"properties": {"kind": text}}}));
    world.put("area", "a", &json!({"properties": {"rank": "one"}, "relations": {}}));
    world.put("domain", "d", &json!({"properties": {"tier": "one"}, "relations": {"area": "a"}}));
    world.put("service", "s", &json!({"properties": {"kind": "x"}, "relations": {"domain": "d"}}));
    world
}

fn engine(world: &World, condition: &Value) -> Engine {
    let body = json!({"title": "Model", "rules": [{"identifier": "r", "level": "Bronze",
        "query": {"combinator": "and", "conditions": [condition]}}]});
    let scorecard = Arc::new(Scorecard::parse(&body).unwrap());
    let compiled = Compiled::new(scorecard, "service", &world.catalog, world.now());
    Engine::new(Arc::new(compiled), &world.catalog, world.now(), &Excused::default())
}

/// Which blueprints make the results anew when they change.
fn concerned(condition: &Value) -> Vec<&'static str> {
    let concerns = |blueprint: &&str| {
        let mut world = world();
        let mut engine = engine(&world, condition);
        let mut body = world.blueprints[*blueprint].clone();
        body["schema"]["properties"]["more"] = json!({"type": "number"});
        world.define(blueprint, &body);
        let went = engine.advance(&world.catalog, world.now(), &Excused::default());
        if went {
            let now = world.now();
            assert!(engine.is_at(&world.catalog, now));
            world.put("service", "t", &json!({"properties": {"kind": "x"}, "relations": {}}));
            assert!(engine.advance(&world.catalog, now, &Excused::default()), "and it goes on from there");
            assert_eq!(engine.board().members.len(), 2);
        }
        !went
    };
    ["area", "domain", "issue", "service", "stranger"].into_iter().filter(concerns).collect()
}

#[test]
fn only_what_is_read_concerns_a_scorecard() {
    let is = |property: &str| json!({"property": property, "operator": "isNotEmpty"});
    assert_eq!(concerned(&is("kind")), ["service"]);
    assert_eq!(concerned(&json!({"relation": "domain", "operator": "isNotEmpty"})), ["service"]);
    let all = ["area", "domain", "issue", "service"];
    assert_eq!(concerned(&is("rank")), all, "through a mirror of a mirror; derived values count together");
    assert_eq!(concerned(&json!({"property": "issues", "operator": ">", "value": 1})), all);
    assert_eq!(concerned(&json!({"jq": "value .properties.rank"})), all);
    assert_eq!(concerned(&is("gone")), ["service"], "what is broken may be mended there only");
}

#[test]
fn groups_go_on_beside_strangers() {
    let mut world = world();
    let now = world.now();
    for (by, blueprint, goes_on) in [
        ("kind", "area", true),
        ("rank", "stranger", true),
        ("rank", "area", false),
        ("kind", "service", false),
    ] {
        let of = GroupBy::of(by, "service", &world.catalog, now).unwrap();
        let mut groups = Groups::new(of, "service", &world.catalog, now);
        let mut body = world.blueprints[blueprint].clone();
        body["title"] = json!(format!("{by} of {blueprint}"));
        world.define(blueprint, &body);
        assert_eq!(groups.advance(&world.catalog, now), goes_on, "{by} {blueprint}");
    }
}
