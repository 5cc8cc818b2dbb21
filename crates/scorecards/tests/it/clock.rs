//! Rules that the time alone changes: when to look again, and at whom.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_model::Timestamp;
use stagedoor_scorecards::{Compiled, Engine, Excused, Scorecard, Status};

use crate::world::{DAY, NOW, World};

fn engine(world: &World, condition: &Value) -> Engine {
    let body = json!({"title": "Clock", "rules": [{"identifier": "r", "level": "Bronze",
        "query": {"combinator": "and", "conditions": [condition]}}]});
    let scorecard = Arc::new(Scorecard::parse(&body).unwrap());
    let compiled = Compiled::new(scorecard, "service", &world.catalog, world.now());
    Engine::new(Arc::new(compiled), &world.catalog, world.now(), &Excused::default())
}

fn world() -> World {
    let mut world = World::new();
    world.define(
        "service",
        &json!({"schema": {"properties": {
        "at": {"type": "string", "format": "date-time"}, "n": {"type": "number"}}}}),
    );
    world
}

#[test]
fn deployed_in_the_last_30_days_ends_when_the_30_days_do() {
    let mut world = world();
    let at = Timestamp(NOW - 29 * DAY).to_string();
    world.put("service", "a", &json!({"properties": {"at": at}}));
    let node = world.entities[&("service".to_owned(), "a".to_owned())].node;
    let mut engine =
        engine(&world, &json!({"property": "at", "operator": "between", "value": {"preset": "lastMonth"}}));
    assert_eq!(engine.board().status(0, node), Status::Passed);
    let until = engine.board().until.unwrap();
    assert_eq!(until, Timestamp(NOW + DAY + 1), "it is told when to look again");
    world.wait(DAY);
    assert!(engine.is_at(&world.catalog, world.now()), "nothing to look at before that");
    world.wait(1);
    assert!(!engine.is_at(&world.catalog, world.now()));
    assert!(engine.advance(&world.catalog, world.now(), &Excused::default()));
    assert_eq!(engine.board().status(0, node), Status::Failed);
    assert_eq!(engine.board().until, None, "and never again");
}

#[test]
fn today_begins_and_ends_at_midnight() {
    let mut world = world();
    let midnight = (NOW / DAY + 1) * DAY;
    world.put("service", "a", &json!({"properties": {"at": Timestamp(midnight + 5).to_string()}}));
    let node = world.entities[&("service".to_owned(), "a".to_owned())].node;
    let mut engine =
        engine(&world, &json!({"property": "at", "operator": "between", "value": {"preset": "today"}}));
    for (at, status) in [(midnight, Status::Passed), (midnight + DAY, Status::Failed)] {
        assert_eq!(engine.board().until, Some(Timestamp(at)));
        world.wait(at - world.now().0);
        assert!(engine.advance(&world.catalog, world.now(), &Excused::default()));
        assert_eq!(engine.board().status(0, node), status);
    }
}

#[test]
fn an_exemption_ends_by_itself() {
    let mut world = world();
    world.put("service", "a", &json!({"properties": {}}));
    let node = world.entities[&("service".to_owned(), "a".to_owned())].node;
    let mut engine = engine(&world, &json!({"property": "n", "operator": ">", "value": 1}));
    assert_eq!(engine.board().status(0, node), Status::NotMeasured);
    let excused = Excused { rules: vec![[node].into_iter().collect()], until: Some(Timestamp(NOW + DAY)) };
    assert!(engine.advance(&world.catalog, world.now(), &excused));
    assert_eq!(
        (engine.board().status(0, node), engine.board().level_title(node)),
        (Status::Exempt, Some("Gold"))
    );
    world.wait(DAY);
    assert!(!engine.is_at(&world.catalog, world.now()));
    assert!(engine.advance(&world.catalog, world.now(), &Excused::default()));
    assert_eq!(engine.board().level_title(node), Some("Basic"));
    world.put("service", "a", &json!({"properties": {"n": 2}}));
    assert!(engine.advance(&world.catalog, world.now(), &excused));
    assert_eq!(engine.board().status(0, node), Status::Passed, "what passes needs no exemption");
}

#[test]
fn a_program_that_fails_for_everybody_is_told_until_it_answers_somebody() {
    let mut world = world();
    world.put("service", "a", &json!({"properties": {}}));
    let broken = engine(&world, &json!({"jq": "nonsense"}));
    assert_eq!(broken.failing().collect::<Vec<_>>(), [("nonsense", "nonsense is no program")]);
    let mut engine = engine(&world, &json!({"jq": "value .properties.n"}));
    assert_eq!(engine.failing().count(), 0, "null is no failure");
    world.put("service", "a", &json!({"properties": {"n": true}}));
    assert!(engine.advance(&world.catalog, world.now(), &Excused::default()));
    assert_eq!(engine.failing().count(), 0);
}

#[test]
fn a_program_that_takes_too_long_is_not_asked_again() {
    let mut world = world();
    for i in 0..500 {
        world.put("service", &format!("s{i}"), &json!({"properties": {}}));
    }
    let mut engine = engine(&world, &json!({"jq": "loop"}));
    let took = world.now().0 - NOW;
    assert!(took <= 3_000, "500 entities would take 500 seconds; it took {took} ms");
    assert_eq!(engine.slow().collect::<Vec<_>>(), ["loop"]);
    assert_eq!(engine.board().counts(0, None).not_measured, 500);
    let before = world.now();
    world.put("service", "s3", &json!({"properties": {"n": 1}}));
    assert!(engine.advance(&world.catalog, world.now(), &Excused::default()));
    assert_eq!(world.now(), before, "nor after a change");
    assert_eq!(engine.board().counts(0, None).not_measured, 500);
}
