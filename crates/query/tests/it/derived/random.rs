//! Random definitions over random entities, changed at random: after every step every value must be that of the
//! naive evaluator, in the catalog that was changed step by step, in one loaded at once, and in older snapshots.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use stagedoor_model::{Blueprint, Change, EntityRecord, Fields, Timestamp};
use stagedoor_query::dialect::port::{Scope, compile};
use stagedoor_query::{Catalog, Lens};
use uuid::Uuid;

use super::naive::{Key, Plain, Thing};
use super::{DAY, Fake, NOW, stamps};

const BLUEPRINTS: [&str; 3] = ["a", "b", "c"];
const IDS: [&str; 4] = ["x", "y", "z", "w"];
/// The second is the reverse of the first.
const RELATIONS: [&str; 3] = ["r", "rOf", "q"];
const STORED: [&str; 2] = ["n", "s"];
const DERIVED: [&str; 5] = ["m1", "m2", "c1", "c2", "g1"];

#[derive(Clone, Debug)]
enum Op {
    /// Create or replace.
    Put(Key, Option<String>, Vec<String>, Map<String, Value>, Vec<(usize, Vec<String>)>, i64),
    Delete(usize),
    /// Give the n-th entity another identifier.
    Rename(usize, &'static str),
    /// Relations (target, many), derived properties, ownership.
    Define(&'static str, Vec<(&'static str, bool)>, Vec<(usize, Value)>, Option<String>),
    /// Make changes that come to nothing.
    Draft(Vec<Op>),
    /// Keep the snapshot and look at it again at the end.
    Keep,
}

fn name(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(names).prop_map(str::to_owned)
}

fn path(max: usize) -> impl Strategy<Value = Vec<String>> {
    vec(name(&RELATIONS), 1..=max)
}

fn any_property() -> impl Strategy<Value = String> {
    prop_oneof![3 => name(&STORED), 3 => name(&DERIVED), 1 => name(&["$identifier", "$title", "$team", "$createdAt"])]
}

fn scalar() -> impl Strategy<Value = Value> {
    select(vec![json!("x"), json!("y"), json!(0), json!(1), json!(2.5), json!(-4), json!(true), Value::Null])
}

fn mirror() -> impl Strategy<Value = Value> {
    (path(2), any_property()).prop_map(|(path, last)| json!({"path": format!("{}.{last}", path.join("."))}))
}

fn calculation() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        4 => prop_oneof![name(&STORED), name(&DERIVED)].prop_map(|p| format!(".properties.{p}")),
        1 => name(&[".title", ".team", ".identifier"]),
    ];
    let verb = select(&["join", "join", "value", "value", "explode"][..]);
    (verb, vec(word, 1..3), select(&["string", "string", "number", "array"][..])).prop_map(
        |(verb, words, kind)| json!({"calculation": format!("{verb} {}", words.join(" ")), "type": kind}),
    )
}

fn rule() -> impl Strategy<Value = Value> {
    let property = prop_oneof![
        4 => prop_oneof![name(&STORED), name(&DERIVED)],
        1 => name(&["$team", "$identifier"]),
        1 => name(&RELATIONS),
    ];
    let value = scalar().prop_filter("a value", |v| !v.is_null());
    (property, select(&["=", "!="][..]), value).prop_map(
        |(property, operator, value)| json!({"property": property, "operator": operator, "value": value}),
    )
}

fn aggregation() -> impl Strategy<Value = Value> {
    let spec = prop_oneof![
        2 => Just(json!({"calculationBy": "entities", "func": "count"})),
        1 => Just(json!({"calculationBy": "entities", "func": "average", "averageOf": "day"})),
        3 => (select(&["sum", "min", "max", "median"][..]), prop_oneof![name(&STORED), name(&DERIVED)])
            .prop_map(|(func, p)| json!({"calculationBy": "property", "func": func, "property": p})),
        1 => (select(&["total", "day"][..]), prop_oneof![name(&STORED), name(&DERIVED)]).prop_map(
            |(of, p)| json!({"calculationBy": "property", "func": "average", "property": p, "averageOf": of})
        ),
    ];
    let filter = option::of((path(2), option::of(Just(()))));
    (select(&BLUEPRINTS[..]), spec, option::of(rule()), filter).prop_map(|(target, spec, rule, filter)| {
        let mut definition = json!({"target": target, "calculationSpec": spec});
        if let Some(rule) = rule {
            definition["query"] = json!({"combinator": "and", "rules": [rule]});
        }
        if let Some((path, back)) = filter {
            definition["pathFilter"] = json!([{"path": path, "fromBlueprint": back.map(|()| target)}]);
        }
        definition
    })
}

fn definition() -> impl Strategy<Value = (usize, Value)> {
    prop_oneof![(0..2_usize, mirror()), (2..4_usize, calculation()), (4..5_usize, aggregation()),]
}

fn key() -> impl Strategy<Value = Key> {
    (name(&BLUEPRINTS), name(&IDS))
}

fn change() -> impl Strategy<Value = Op> {
    let property = (prop_oneof![4 => name(&STORED), 1 => name(&DERIVED)], scalar());
    let properties = vec(property, 0..3).prop_map(|all| all.into_iter().collect::<Map<_, _>>());
    let relations = vec((0..RELATIONS.len(), vec(name(&IDS), 0..3)), 0..4);
    let title = option::of(name(&["X", "Y"]));
    let teams = vec(name(&["x", "y", "red"]), 0..2);
    let put = (key(), title, teams, properties, relations, 0..9_i64);
    let target = (select(&BLUEPRINTS[..]), any::<bool>());
    let define = (
        select(&BLUEPRINTS[..]),
        vec(target, 0..=3),
        vec(definition(), 0..4),
        option::weighted(0.3, path(2)),
    );
    prop_oneof![
        9 => put.prop_map(|(k, t, team, p, r, at)| Op::Put(k, t, team, p, r, at)),
        2 => (0..9_usize).prop_map(Op::Delete),
        2 => (0..9_usize, select(&IDS[..])).prop_map(|(n, id)| Op::Rename(n, id)),
        3 => define.prop_map(|(b, r, d, o)| Op::Define(b, r, d, o.map(|p| p.join(".")))),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![8 => change(), 2 => vec(change(), 1..4).prop_map(Op::Draft), 1 => Just(Op::Keep)]
}

#[derive(Clone)]
struct World {
    plain: Plain,
    catalog: Catalog,
    next: u128,
    fake: Arc<Fake>,
}

impl World {
    fn new() -> Self {
        let fake = Fake::new();
        let mut catalog = Catalog::default();
        catalog.set_calculator(fake.clone());
        let mut world = Self { plain: Plain::default(), catalog, next: 1, fake };
        for _ in 0..2 {
            // A relation's target has to be there first.
            let targets = [("b", false), ("a", true), ("c", true)];
            BLUEPRINTS.iter().for_each(|b| world.define(b, &targets, &[], None));
        }
        world
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Put(key, title, team, properties, relations, at) => {
                let uid = self.plain.things.get(key).map_or(self.next, |t| t.uid);
                self.next += 1;
                let relations = relations.iter().map(|(r, ids)| {
                    let many = self.plain.blueprints[&key.0]["relations"].get(RELATIONS[*r]);
                    let many = many.is_some_and(|r| r["many"] == true);
                    (RELATIONS[*r].to_owned(), if many { json!(ids) } else { json!(ids.first()) })
                });
                let relations = relations.collect();
                let (title, team, properties) = (title.clone(), team.clone(), properties.clone());
                let created = NOW - at * DAY / 2;
                self.write(key, Thing { uid, title, team, properties, relations, created });
            }
            Op::Delete(n) => {
                if let Some(key) = self.plain.things.keys().nth(*n).cloned() {
                    let gone = self.plain.things.remove(&key).unwrap();
                    self.catalog.apply(&Change::DeleteEntity(Uuid::from_u128(gone.uid)));
                }
            }
            Op::Rename(n, id) => {
                let Some(old) = self.plain.things.keys().nth(*n).cloned() else { return };
                let new = (old.0.clone(), (*id).to_owned());
                if !self.plain.things.contains_key(&new) {
                    let thing = self.plain.things.remove(&old).unwrap();
                    self.write(&new, thing);
                }
            }
            Op::Define(blueprint, relations, derived, owner) => {
                self.define(blueprint, relations, derived, owner.as_deref())
            }
            Op::Draft(ops) => {
                let mut draft = self.clone();
                ops.iter().for_each(|op| draft.apply(op));
                draft.read_all();
            }
            Op::Keep => {}
        }
    }

    fn define(
        &mut self,
        id: &str,
        relations: &[(&str, bool)],
        derived: &[(usize, Value)],
        owner: Option<&str>,
    ) {
        let mut body = json!({"identifier": id, "schema": {"properties": {"n": {"type": "number"}, "s": {"type": "string"}}},
            "relations": {}, "mirrorProperties": {}, "calculationProperties": {}, "aggregationProperties": {}});
        for (at, (target, many)) in relations.iter().enumerate() {
            body["relations"][RELATIONS[at]] = json!({"target": target, "many": many});
        }
        for (at, definition) in derived {
            let part = [
                "mirrorProperties",
                "mirrorProperties",
                "calculationProperties",
                "calculationProperties",
                "aggregationProperties",
            ];
            body[part[*at]][DERIVED[*at]] = definition.clone();
        }
        if let Some(path) = owner {
            body["ownership"] = json!({"type": "Inherited", "path": path});
        }
        let blueprint = Blueprint::parse(&body, stamps(1), None).unwrap();
        self.catalog.apply(&Change::PutBlueprint(Arc::new(blueprint)));
        self.plain.blueprints.insert(id.to_owned(), body);
    }

    fn write(&mut self, key: &Key, thing: Thing) {
        self.catalog.apply(&Change::PutEntity(record(key, &thing)));
        self.plain.things.insert(key.clone(), thing);
    }

    fn loaded(&self) -> Catalog {
        let entries = self.catalog.blueprints().iter();
        let blueprints = entries.map(|e| Change::PutBlueprint(Arc::clone(&e.blueprint)));
        let entities = self.plain.things.iter().map(|(k, t)| Change::PutEntity(record(k, t)));
        let mut loaded = Catalog::load(blueprints.chain(entities), 1);
        loaded.set_calculator(self.fake.clone());
        loaded
    }

    fn read_all(&self) {
        self.catalog.entities().for_each(|(node, _)| drop(self.catalog.derived_all(node)));
    }

    /// What is left of it when the entities with these identifiers, by bit, of the first two blueprints are hidden.
    fn without(&self, hidden: u8, before: Option<&Lens>) -> Self {
        let is_hidden = |key: &Key| {
            let at = IDS.iter().position(|id| *id == key.1).unwrap_or_default();
            key.0 != "c" && hidden >> at & 1 == 1
        };
        let (gone, left) = self.plain.things.clone().into_iter().partition(|(key, _)| is_hidden(key));
        let gone: BTreeMap<Key, Thing> = gone;
        let nodes = gone.keys().filter_map(|key| self.catalog.node_of_key(&key.0, &key.1)).collect();
        let plain = Plain { things: left, ..self.plain.clone() };
        Self { plain, catalog: self.catalog.through(nodes, before), ..self.clone() }
    }

    fn check(&self, catalog: &Catalog) -> Result<(), TestCaseError> {
        for key in self.plain.things.keys() {
            let node = catalog.node_of_key(&key.0, &key.1).unwrap();
            for name in self.plain.derived_keys(&key.0) {
                let expected = self.plain.value(key, &name);
                let found = catalog.derived(node, &name);
                prop_assert_eq!(found, Some(expected), "{:?} {}", key, name);
            }
            prop_assert_eq!(catalog.teams(node), self.plain.teams(key), "teams of {:?}", key);
        }
        Ok(())
    }

    fn check_rule(&self, catalog: &Catalog, rule: &Value) -> Result<(), TestCaseError> {
        let query = json!({"combinator": "and", "rules": [rule]});
        for blueprint in BLUEPRINTS {
            let scope = Scope {
                blueprints: catalog.blueprints(),
                only: Some(blueprint),
                now: Timestamp(NOW),
                caller: None,
            };
            let found = catalog.select(&compile(&query, "", &scope).unwrap(), false);
            let mut ids: Vec<String> =
                found.nodes().iter().map(|n| catalog.identifier_at(n).into_owned()).collect();
            ids.sort();
            let hits =
                self.plain.things.keys().filter(|k| k.0 == blueprint && self.plain.holds(k, blueprint, rule));
            let expected: Vec<String> = hits.map(|k| k.1.clone()).collect();
            prop_assert_eq!(ids, expected, "{} {}", blueprint, rule);
        }
        Ok(())
    }
}

fn record(key: &Key, thing: &Thing) -> Arc<EntityRecord> {
    let fields = Fields {
        title: thing.title.clone(),
        icon: None,
        team: Some(thing.team.clone()),
        properties: thing.properties.clone(),
        relations: thing.relations.clone().into_iter().collect(),
    };
    Arc::new(EntityRecord {
        uid: Uuid::from_u128(thing.uid),
        blueprint: key.0.clone().into(),
        identifier: key.1.clone().into(),
        entity_ref: format!("{}:default/{}", key.0, key.1).into(),
        document: None,
        fields: Some(fields.to_json()),
        claim: None,
        stamps: stamps(thing.created),
    })
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn values_are_what_a_naive_evaluator_says(ops in vec(op(), 1..40), rules in vec(rule(), 4)) {
        let mut world = World::new();
        let mut kept = Vec::new();
        for op in &ops {
            world.apply(op);
            world.check(&world.catalog)?;
            if matches!(op, Op::Keep) {
                kept.push(world.clone());
            }
        }
        let loaded = world.loaded();
        world.check(&loaded)?;
        for rule in &rules {
            world.check_rule(&world.catalog, rule)?;
            world.check_rule(&loaded, rule)?;
        }
        for old in kept {
            old.check(&old.catalog)?;
        }
    }

    /// Who may not see some entities gets the values that there would be without them, whichever are hidden next.
    #[test]
    fn hidden_entities_are_in_no_value(
        ops in vec((op(), 0..16_u8), 1..30),
        rules in vec(rule(), 2),
    ) {
        let mut world = World::new();
        let mut before: Option<Arc<Lens>> = None;
        for (op, hidden) in &ops {
            world.apply(op);
            world.read_all();
            let seen = world.without(*hidden, before.as_deref());
            seen.check(&seen.catalog)?;
            before = seen.catalog.lens().cloned();
            for rule in &rules {
                seen.check_rule(&seen.catalog, rule)?;
            }
        }
        world.check(&world.catalog)?;
    }
}
