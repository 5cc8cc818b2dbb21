//! How long scorecards take: 10 rules over 100,000 entities from nothing, one entity that changes, and a heat map of
//! teams and rules. `cargo run --release -p stagedoor-scorecards --example numbers`
#![expect(clippy::print_stdout, reason = "it is for people")]

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use stagedoor_model::{Blueprint, Change, EntityRecord, Fields, Stamps, Timestamp};
use stagedoor_query::{Calculator, Catalog, Loader};
use stagedoor_scorecards::{Board, Compiled, Engine, Excused, GroupBy, Groups, Scorecard};
use uuid::Uuid;

const ENTITIES: u32 = 100_000;
const TEAMS: u32 = 200;
const NOW: i64 = 1_800_000_000_000;
const DAY: i64 = 86_400_000;

struct Clock;

impl Calculator for Clock {
    fn calculate(&self, _: &str, inputs: &[Value]) -> Vec<Result<Value, String>> {
        inputs.iter().map(|_| Ok(Value::Null)).collect()
    }

    fn reads_clock(&self, _: &str) -> bool {
        false
    }

    fn now(&self) -> Timestamp {
        Timestamp(NOW)
    }
}

fn stamps() -> Stamps {
    Stamps {
        created_at: Timestamp(NOW),
        created_by: "bench".into(),
        updated_at: Timestamp(NOW),
        updated_by: "bench".into(),
        datasource: None,
    }
}

fn entity(n: u32, turn: u32) -> Change {
    let language = ["rust", "go", "java"][(n % 3) as usize];
    let deployed = Timestamp(NOW - i64::from((n + turn) % 60) * DAY - i64::from(n)).to_string();
    let fields = json!({"title": format!("Service {n}"), "team": [format!("team-{}", n % TEAMS)],
        "relations": {"domain": format!("d{}", n % 50)},
        "properties": {"onCall": (!n.is_multiple_of(3)).then(|| format!("person-{n}")), "tier": n % 4, "cost": n + turn,
            "language": language, "deployedAt": deployed, "docs": n.is_multiple_of(2),
            "tags": ["a", format!("t{}", n % 20)]}});
    let fields: Fields = serde_json::from_value(fields).unwrap_or_default();
    put("service", &format!("s{n}"), u128::from(n) + 1_000, &fields)
}

fn put(blueprint: &str, identifier: &str, uid: u128, fields: &Fields) -> Change {
    Change::PutEntity(Arc::new(EntityRecord {
        uid: Uuid::from_u128(uid),
        blueprint: blueprint.into(),
        identifier: identifier.into(),
        entity_ref: format!("{blueprint}:default/{identifier}").as_str().into(),
        document: None,
        fields: Some(fields.to_json()),
        claim: None,
        stamps: stamps(),
    }))
}

fn blueprint(body: &Value) -> Option<Change> {
    Some(Change::PutBlueprint(Arc::new(Blueprint::parse(body, stamps(), None).ok()?)))
}

fn catalog() -> Catalog {
    let text = json!({"type": "string"});
    let domain = json!({"identifier": "domain", "schema": {"properties": {"tier": text}}});
    let service = json!({"identifier": "service", "schema": {"properties": {"onCall": text, "tier": {"type": "number"},
        "cost": {"type": "number"}, "language": text, "deployedAt": {"type": "string", "format": "date-time"},
        "docs": {"type": "boolean"}, "tags": {"type": "array"}}}, "relations": {"domain": {"target": "domain"}},
        "mirrorProperties": {"domainTier": {"path": "domain.tier"}}});
    let mut loader = Loader::default();
    [&domain, &service].into_iter().filter_map(blueprint).for_each(|change| loader.take(change));
    for n in 0..50_u128 {
        let fields = json!({"properties": {"tier": if n.is_multiple_of(2) { "one" } else { "two" }}});
        let fields: Fields = serde_json::from_value(fields).unwrap_or_default();
        loader.take(put("domain", &format!("d{n}"), n + 1, &fields));
    }
    (0..ENTITIES).for_each(|n| loader.take(entity(n, 0)));
    let mut catalog = loader.finish(1);
    catalog.set_calculator(Arc::new(Clock));
    catalog
}

fn scorecard() -> Option<Arc<Scorecard>> {
    let rule = |n: usize, condition: Value| {
        let level = ["Bronze", "Silver", "Gold"][n % 3];
        json!({"identifier": format!("r{n}"), "level": level,
            "query": {"combinator": "and", "conditions": [condition]}})
    };
    let conditions = [
        json!({"property": "onCall", "operator": "isNotEmpty"}),
        json!({"property": "deployedAt", "operator": "between", "value": {"preset": "lastMonth"}}),
        json!({"property": "tier", "operator": "<", "value": 3}),
        json!({"property": "cost", "operator": ">=", "value": 20_000}),
        json!({"property": "language", "operator": "in", "value": ["rust", "go"]}),
        json!({"property": "docs", "operator": "=", "value": true}),
        json!({"property": "tags", "operator": "contains", "value": "t7"}),
        json!({"property": "$team", "operator": "isNotEmpty"}),
        json!({"relation": "domain", "operator": "isNotEmpty"}),
        json!({"property": "domainTier", "operator": "=", "value": "one"}),
    ];
    let rules: Vec<Value> = conditions.into_iter().enumerate().map(|(n, c)| rule(n, c)).collect();
    Scorecard::parse(&json!({"title": "Numbers", "rules": rules})).ok().map(Arc::new)
}

/// How the groups stand by every rule.
fn heat(board: &Board, groups: &Groups) -> u64 {
    let all = groups
        .iter()
        .map(|(_, set)| (0..board.rules.len()).map(|rule| board.counts(rule, Some(set)).passed).sum::<u64>());
    all.sum()
}

fn main() {
    let Some(scorecard) = scorecard() else { return println!("the scorecard is not legal") };
    let (mut catalog, now) = (catalog(), Timestamp(NOW));
    let begun = Instant::now();
    let compiled = Arc::new(Compiled::new(scorecard, "service", &catalog, now));
    let mut engine = Engine::new(compiled, &catalog, now, &Excused::default());
    println!("10 rules over {ENTITIES} entities from nothing: {:?}", begun.elapsed());
    let mut took = Vec::new();
    for turn in 1..200 {
        catalog.apply(&entity(turn * 400, turn));
        let begun = Instant::now();
        if !engine.advance(&catalog, now, &Excused::default()) {
            return println!("it could not go on");
        }
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    println!("one changed entity: median {:?}, worst {:?}", took[took.len() / 2], took[took.len() - 1]);
    let Some(by) = GroupBy::of("$team", "service", &catalog, now) else { return };
    let begun = Instant::now();
    let mut groups = Groups::new(by, "service", &catalog, now);
    println!("{TEAMS} teams from nothing: {:?}", begun.elapsed());
    let begun = Instant::now();
    let sum = heat(engine.board(), &groups);
    println!("heat map of teams and rules: {:?} ({sum} passed)", begun.elapsed());
    catalog.apply(&entity(7, 3));
    let begun = Instant::now();
    let went = engine.advance(&catalog, now, &Excused::default()) && groups.advance(&catalog, now);
    println!("heat map after a change: {:?} ({}, {went})", begun.elapsed(), heat(engine.board(), &groups));
}
