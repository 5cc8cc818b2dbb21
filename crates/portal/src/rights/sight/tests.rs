//! What is seen is what the one decision says of each entity, however it came about.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_auth::{Account, Action, Changes, Resource, Rights, Scopes, Standing, decide};
use stagedoor_model::{Blueprint, Change, EntityRecord, Fields, JsonText, Record, Stamps, Timestamp};
use stagedoor_query::Catalog;
use uuid::Uuid;

use super::super::EntityFacts;
use super::super::permissions::permissions_of;
use super::Sights;
use crate::blueprints::PERMISSIONS;

const BLUEPRINTS: [&str; 4] = ["open", "owned", "told", "heir"];
const IDS: [&str; 5] = ["a", "b", "c", "d", "e"];
const TEAMS: [&str; 3] = ["red", "green", "blue"];
const EMAIL: &str = "elsa@larkfell.example";

fn stamps(at: i64) -> Stamps {
    Stamps {
        created_at: Timestamp(at),
        created_by: "x".into(),
        updated_at: Timestamp(at),
        updated_by: "x".into(),
        datasource: None,
    }
}

/// A small generator: the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }

    fn of<'a>(&mut self, some: &[&'a str]) -> &'a str {
        some[self.roll(some.len())]
    }
}

fn define(blueprint: &str, inherits: bool) -> Change {
    let mut body = json!({"identifier": blueprint,
        "schema": {"properties": {"level": {"type": "string"}, "due": {"type": "string", "format": "date-time"}}},
        "relations": {"to": {"target": "owned", "many": true}},
        "mirrorProperties": {"far": {"path": "to.level"}}});
    if inherits {
        body["ownership"] = json!({"type": "Inherited", "path": "to"});
    }
    Change::PutBlueprint(Arc::new(Blueprint::parse(&body, stamps(1), None).unwrap()))
}

fn permit(blueprint: &str, read: &Value) -> Change {
    let body = JsonText::of(&json!({ "read": read }));
    let (collection, key) = (PERMISSIONS.to_owned(), blueprint.to_owned());
    Change::PutRecord(Arc::new(Record { collection, key, body, stamps: stamps(1) }))
}

fn rules(dice: &mut Dice) -> Value {
    let rule = match dice.roll(6) {
        0 => json!({"property": "level", "operator": "=", "value": "high"}),
        1 => {
            json!({"property": "$team", "operator": "=", "value": {"context": "userTeams", "property": "$identifier"}})
        }
        2 => json!({"property": "far", "operator": "contains", "value": "high"}),
        3 => json!({"property": "due", "operator": "between", "value": {"preset": "lastMonth"}}),
        4 => json!({"property": "level", "operator": "=", "value": {"context": "user", "property": "level"}}),
        _ => json!({"operator": "relatedTo", "blueprint": "owned", "value": "a"}),
    };
    json!({"combinator": "and", "rules": [rule]})
}

fn change(dice: &mut Dice, catalog: &Catalog) -> Change {
    let uid = |blueprint: &str, id: &str| {
        let at = |all: &[&str], one: &str| all.iter().position(|o| *o == one).unwrap_or(9) as u128;
        Uuid::from_u128(1 + at(&BLUEPRINTS, blueprint) * 100 + at(&IDS, id))
    };
    match dice.roll(14) {
        0 => Change::DeleteEntity(uid(dice.of(&BLUEPRINTS), dice.of(&IDS))),
        1 => permit(dice.of(&BLUEPRINTS[1..]), &json!({"policy": rules(dice)})),
        2 => permit(dice.of(&BLUEPRINTS[1..]), &json!({"ownedByTeam": true, "policy": rules(dice)})),
        3 => permit(dice.of(&BLUEPRINTS[1..]), &json!({"teams": [dice.of(&TEAMS)], "ownedByTeam": true})),
        4 if dice.roll(4) == 0 => define(dice.of(&BLUEPRINTS), dice.roll(2) == 0),
        5 => {
            let properties = json!({"level": dice.of(&["high", "low"])});
            put(catalog, Uuid::from_u128(7), "_user", EMAIL, &json!({ "properties": properties }))
        }
        _ => {
            let (blueprint, id) = (dice.of(&BLUEPRINTS), dice.of(&IDS));
            let team: Vec<&str> = TEAMS.iter().filter(|_| dice.roll(3) == 0).copied().collect();
            let to: Vec<&str> = IDS.iter().filter(|_| dice.roll(4) == 0).copied().collect();
            let day = ["2026-11-01T00:00:00Z", "2020-01-01T00:00:00Z"][dice.roll(2)];
            let fields = json!({"team": team, "relations": {"to": to},
                "properties": {"level": dice.of(&["high", "low", "none"]), "due": day}});
            put(catalog, uid(blueprint, id), blueprint, id, &fields)
        }
    }
}

fn put(catalog: &Catalog, uid: Uuid, blueprint: &str, id: &str, fields: &Value) -> Change {
    let fields: Fields = serde_json::from_value(fields.clone()).unwrap();
    let face = &catalog.blueprints().get(blueprint).unwrap().face;
    Change::PutEntity(Arc::new(EntityRecord {
        uid,
        blueprint: blueprint.into(),
        identifier: id.into(),
        entity_ref: catalog.reference_for(face, uid, id).into(),
        document: None,
        fields: Some(fields.to_json()),
        claim: None,
        stamps: stamps(5),
    }))
}

fn expected(catalog: &Catalog, rights: &Rights) -> BTreeSet<String> {
    let sees = |node| {
        let entity = catalog.entity(node).unwrap();
        let permissions = permissions_of(&entity.record.blueprint, catalog);
        let facts = EntityFacts { catalog, node, now: crate::clock::now() };
        let resource = Resource::Entity { permissions: &permissions, facts: &facts, changes: Changes::None };
        decide(rights, Action::ReadEntities, &resource).is_ok()
    };
    let all = catalog.entities().map(|(node, _)| node).filter(|node| sees(*node));
    all.map(|node| catalog.reference(node).to_owned()).collect()
}

fn seen(catalog: &Catalog) -> BTreeSet<String> {
    catalog.entities().map(|(node, _)| catalog.reference(node).to_owned()).collect()
}

#[test]
fn what_is_seen_follows_every_change() {
    let rights = |teams: &[&str], scopes: Option<&[&str]>| {
        let account = Account::new(Some(EMAIL), Standing::Member).in_teams(teams.iter().copied());
        Rights::new(Arc::new(account), scopes.map(|s| Scopes::parse(s).unwrap()))
    };
    let administrator = Rights::new(
        Arc::new(Account::administrator()),
        Some(Scopes::parse(["read:entities:owned", "read:blueprints"]).unwrap()),
    );
    let all = [
        rights(&["red"], None),
        rights(&["red", "green"], None),
        rights(&[], None),
        rights(&["blue"], Some(&["read:entities:owned", "read:entities:heir"])),
        administrator,
    ];
    let mut changed = 0;
    for seed in 0..3 {
        let mut dice = Dice(seed);
        let sights = Sights::default();
        let mut catalog = Catalog::default();
        for blueprint in ["owned", "open", "told", "heir", "owned"] {
            catalog.apply(&define(blueprint, blueprint == "heir"));
        }
        catalog.apply(&permit("owned", &json!({"ownedByTeam": true})));
        let mut before = BTreeSet::new();
        for step in 1..160 {
            catalog.apply(&change(&mut dice, &catalog));
            catalog.revision = step;
            let snapshot = Arc::new(catalog.clone());
            sights.forget_views();
            for rights in all.iter().filter(|_| step % 3 != 0) {
                let view = sights.of(Arc::clone(&snapshot), rights, Action::ReadEntities);
                assert_eq!(seen(&view), expected(&snapshot, rights), "seed {seed} step {step}");
                let again = sights.of(Arc::clone(&snapshot), rights, Action::ReadEntities);
                assert!(Arc::ptr_eq(&view, &again), "kept");
            }
            let now = seen(&sights.of(Arc::clone(&snapshot), &all[0], Action::ReadEntities));
            changed += usize::from(now != before);
            before = now;
            // Changes that come to nothing are judged too, and leave nothing behind.
            let mut draft = catalog.clone();
            for _ in 0..dice.roll(4) {
                draft.apply(&change(&mut dice, &draft));
                let rights = &all[dice.roll(all.len())];
                let view = sights.of_draft(&draft, rights, crate::clock::now());
                assert_eq!(seen(&view), expected(&draft, rights), "draft of seed {seed} step {step}");
            }
        }
    }
    assert!(changed > 90, "{changed}");
}

/// Nobody who may see everything gets a copy.
#[test]
fn where_nothing_is_restricted_the_snapshot_itself_is_seen() {
    let sights = Sights::default();
    let mut catalog = Catalog::default();
    catalog.apply(&define("owned", false));
    let member = Rights::new(Arc::new(Account::new(Some(EMAIL), Standing::Member)), None);
    let open = Arc::new(catalog.clone());
    assert!(Arc::ptr_eq(&open, &sights.of(Arc::clone(&open), &member, Action::ReadEntities)));
    catalog.apply(&permit("owned", &json!({"users": [EMAIL]})));
    catalog.revision = 1;
    let named = Arc::new(catalog.clone());
    assert!(Arc::ptr_eq(&named, &sights.of(Arc::clone(&named), &member, Action::ReadEntities)));
    catalog.apply(&permit("owned", &json!({"teams": ["red"]})));
    catalog.revision = 2;
    let closed = Arc::new(catalog);
    assert!(Arc::ptr_eq(&closed, &sights.of(Arc::clone(&closed), &Rights::all(), Action::ReadEntities)));
    assert!(!Arc::ptr_eq(&closed, &sights.of(Arc::clone(&closed), &member, Action::ReadEntities)));
}
