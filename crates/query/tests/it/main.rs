//! The indexed catalog answers as a naive scan does, whatever was put, changed and deleted before, and
//! whether it was built change by change or loaded at once.

#![expect(clippy::unwrap_used, reason = "the whole program is a test: what fails here should stop it")]

mod derived;
mod lens;
mod naive;
mod naive_reach;
mod neighbourhood;
mod order;
mod random;
mod related;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use stagedoor_model::{Blueprint, Change, Claim, EntityRecord, Fields, JsonText, Stamps, Timestamp, kinds};
use stagedoor_query::page::{Place, Sort};
use stagedoor_query::{Catalog, Expr, Subject};
use uuid::Uuid;

use crate::naive::Naive;
use crate::random::{Op, expr, op, subject};

/// A catalog and what it was made of.
#[derive(Clone)]
struct World {
    catalog: Catalog,
    records: BTreeMap<Uuid, Arc<EntityRecord>>,
    next: u128,
}

fn stamps(at: i64) -> Stamps {
    let datasource = (at % 2 == 0).then(|| format!("source/{at}"));
    let (created_by, updated_by) = ("ana".to_owned(), format!("user-{at}"));
    Stamps {
        created_at: Timestamp(at * 1000),
        created_by: created_by.into(),
        updated_at: Timestamp(at * 1000 + 7),
        updated_by: updated_by.into(),
        datasource: datasource.map(Into::into),
    }
}

/// None, or one of two sources.
fn claim(at: i64) -> Option<Claim> {
    let source = match at % 3 {
        0 => return None,
        1 => "file:/srv/*.yaml",
        _ => "url:https://example.com/catalog-info.yaml",
    };
    Some(Claim { source: source.into(), item: format!("{source}#{at}"), line: 1, adopted: false })
}

impl World {
    fn new() -> Self {
        let mut world = Self { catalog: Catalog::default(), records: BTreeMap::new(), next: 1 };
        for blueprint in ["alpha", "beta", "component"] {
            world.define(blueprint, &random::PROPERTIES, &[]);
        }
        for blueprint in ["alpha", "beta", "component"] {
            world.define(blueprint, &random::PROPERTIES, &random::RELATIONS);
        }
        world
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Put(blueprint, identifier, document, fields, at) => {
                self.put(blueprint, identifier, document, fields, *at)
            }
            Op::Delete(n) => {
                if let Some(uid) = self.records.keys().nth(*n).copied() {
                    self.apply_delete(uid);
                }
            }
            Op::Define(blueprint, properties, relations) => self.define(blueprint, properties, relations),
            Op::Clash(Some(at)) => self.put_blueprint(&json!({"identifier": "al.pha"}), None, *at),
            Op::Clash(None) if self.records.values().all(|r| r.blueprint != "al.pha") => {
                self.catalog.apply(&Change::DeleteBlueprint("al.pha".into()));
            }
            Op::Clash(None) => {}
        }
    }

    fn apply_delete(&mut self, uid: Uuid) {
        self.records.remove(&uid);
        self.catalog.apply(&Change::DeleteEntity(uid));
    }

    fn apply_put(&mut self, record: &Arc<EntityRecord>) {
        self.records.insert(record.uid, Arc::clone(record));
        self.catalog.apply(&Change::PutEntity(Arc::clone(record)));
    }

    fn define(&mut self, identifier: &str, properties: &[&str], relations: &[&str]) {
        let shipped = kinds::by_identifier(identifier);
        let mut body = shipped.map_or_else(|| json!({"identifier": identifier}), |s| s.blueprint.clone());
        body["relations"] = json!({});
        for property in properties {
            body["schema"]["properties"][property] = json!({"type": "string"});
        }
        for relation in relations {
            let target = if *relation == "uses" { "alpha" } else { "beta" };
            body["relations"][relation] =
                json!({"target": target, "many": *relation == "uses", "required": *relation == "owner"});
        }
        self.put_blueprint(&body, shipped.map(|_| identifier.to_owned()), 500);
    }

    fn put_blueprint(&mut self, body: &Value, shipped: Option<String>, at: i64) {
        let blueprint = Blueprint::parse(body, stamps(at), shipped).unwrap();
        self.catalog.apply(&Change::PutBlueprint(Arc::new(blueprint)));
    }

    fn put(
        &mut self,
        blueprint: &str,
        identifier: &str,
        document: &Option<Value>,
        fields: &Option<Value>,
        at: i64,
    ) {
        let Some(entry) = self.catalog.blueprints().get(blueprint) else { return };
        let identifier = if entry.face.shipped {
            format!("component:default/{}", identifier.to_lowercase())
        } else {
            identifier.to_owned()
        };
        let old = self.records.values().find(|r| r.blueprint == blueprint && r.identifier == identifier);
        let uid = old.map_or(Uuid::from_u128(self.next), |r| r.uid);
        let entity_ref = match old {
            Some(old) => old.entity_ref.to_string(),
            None => self.catalog.reference_for(&entry.face, uid, &identifier),
        };
        let holder = self.records.values().find(|r| r.entity_ref == entity_ref);
        if holder.is_some_and(|h| h.uid != uid) {
            return;
        }
        self.next += 1;
        let fields = fields.as_ref().map(|f| serde_json::from_value::<Fields>(f.clone()).unwrap().to_json());
        let record = Arc::new(EntityRecord {
            uid,
            blueprint: blueprint.to_owned().into(),
            identifier: identifier.into(),
            entity_ref: entity_ref.into(),
            document: document.as_ref().map(JsonText::of),
            fields,
            claim: claim(at),
            stamps: stamps(at),
        });
        self.apply_put(&record);
    }

    /// The same state, loaded at once.
    fn loaded(&self) -> Catalog {
        let blueprints =
            self.catalog.blueprints().iter().map(|e| Change::PutBlueprint(Arc::clone(&e.blueprint)));
        let entities = self.records.values().map(|r| Change::PutEntity(Arc::clone(r)));
        Catalog::load(blueprints.chain(entities), self.catalog.revision)
    }

    fn naive(&self) -> Naive<'_> {
        Naive::new(self.catalog.blueprints(), self.records.values().cloned().collect())
    }
}

fn references(catalog: &Catalog, nodes: impl Iterator<Item = u32>) -> Vec<String> {
    nodes.map(|n| catalog.reference(n).to_owned()).collect()
}

fn check_selection(
    catalog: &Catalog,
    naive: &Naive<'_>,
    query: &Expr,
    visible: bool,
) -> Result<(), TestCaseError> {
    let expected: Vec<String> = naive.select(query, visible).into_iter().collect();
    let found = catalog.select(query, visible);
    prop_assert_eq!(&references(catalog, found.by_ref(None, false)), &expected, "{:?}", query);
    prop_assert_eq!(found.len(), expected.len() as u64);
    let mut down = references(catalog, found.by_ref(None, true));
    down.reverse();
    prop_assert_eq!(&down, &expected);
    if let Some(middle) = expected.get(expected.len() / 2) {
        let after = references(catalog, found.by_ref(Some(middle), false));
        prop_assert_eq!(&after, &expected[expected.len() / 2 + 1..]);
    }
    Ok(())
}

fn check_order(
    catalog: &Catalog,
    naive: &Naive<'_>,
    query: &Expr,
    subject: &Subject,
) -> Result<(), TestCaseError> {
    let found = catalog.select(query, false);
    for descending in [false, true] {
        let mut expected: Vec<(String, String)> = naive.sorted(query, subject).into_iter().collect();
        if descending {
            expected.reverse();
        }
        let sort = Sort { subject: subject.clone(), descending };
        let walk = |after: Option<&Place>| -> Vec<(String, String)> {
            let steps = found.sorted(&sort, after);
            steps.map(|s| (s.value.to_lowercase(), catalog.reference(s.node).to_owned())).collect()
        };
        prop_assert_eq!(&walk(None), &expected, "{:?}", subject);
        for (i, (value, reference)) in expected.iter().enumerate() {
            let place = Place { value: value.clone(), reference: reference.clone() };
            prop_assert_eq!(&walk(Some(&place)), &expected[i + 1..], "{:?} after {:?}", subject, place);
        }
        let mut with: Vec<&String> = expected.iter().map(|(_, r)| r).collect();
        with.sort();
        with.dedup();
        prop_assert_eq!(found.count_sortable(subject), with.len() as u64, "{:?}", subject);
        prop_assert_eq!(found.missing(subject), found.len() - with.len() as u64);
        let without = references(catalog, found.unsortable(subject).into_iter());
        let all = references(catalog, found.by_ref(None, false));
        prop_assert_eq!(
            without,
            all.into_iter().filter(|r| with.binary_search(&r).is_err()).collect::<Vec<_>>()
        );
    }
    let buckets = found.facet(subject);
    let counts: BTreeMap<String, u64> = buckets.iter().map(|b| (b.value.text.clone(), b.count)).collect();
    prop_assert_eq!(counts.len(), buckets.len(), "a value in two buckets: {:?}", buckets);
    prop_assert_eq!(counts, naive.facet(query, subject), "{:?}", subject);
    let spelled = |b: &stagedoor_query::facet::Bucket| (b.value.text.to_lowercase(), b.value.text.clone());
    prop_assert!(buckets.is_sorted_by_key(spelled), "{:?}", buckets);
    Ok(())
}

/// What each source claims.
fn check_claims(catalog: &Catalog, world: &World) -> Result<(), TestCaseError> {
    let mut expected: BTreeMap<&str, BTreeSet<Uuid>> = BTreeMap::new();
    for record in world.records.values() {
        if let Some(claim) = &record.claim {
            expected.entry(&claim.source).or_default().insert(record.uid);
        }
    }
    let counts: Vec<(&str, u64)> = expected.iter().map(|(source, all)| (*source, all.len() as u64)).collect();
    prop_assert_eq!(catalog.claimers().collect::<Vec<_>>(), counts);
    for (source, expected) in &expected {
        let claimed: BTreeSet<Uuid> = catalog.claimed_by(source).map(|(_, e)| e.record.uid).collect();
        prop_assert_eq!(&claimed, expected, "{}", source);
    }
    prop_assert_eq!(catalog.claimed_by("file:elsewhere").count(), 0);
    Ok(())
}

fn check(
    catalog: &Catalog,
    world: &World,
    queries: &[Expr],
    subjects: &[Subject],
) -> Result<(), TestCaseError> {
    let naive = world.naive();
    check_claims(catalog, world)?;
    for query in queries {
        check_selection(catalog, &naive, query, false)?;
        check_selection(catalog, &naive, query, true)?;
    }
    for subject in subjects {
        check_order(catalog, &naive, &Expr::All, subject)?;
        check_order(catalog, &naive, &queries[0], subject)?;
    }
    Ok(())
}

/// The same cases in every run; with `PROPTEST_CASES` others, and so many.
fn config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 96;
        config.rng_seed = proptest::test_runner::RngSeed::Fixed(2026);
    }
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn answers_as_a_scan_does(
        before in vec(op(), 0..25),
        after in vec(op(), 0..25),
        queries in vec(expr(), 12),
        subjects in vec(subject(), 3),
    ) {
        let mut world = World::new();
        before.iter().for_each(|op| world.apply(op));
        let snapshot = world.clone();
        after.iter().for_each(|op| world.apply(op));
        check(&world.catalog, &world, &queries, &subjects)?;
        check(&world.loaded(), &world, &queries, &subjects)?;
        // A reader keeps what it saw while the catalog went on.
        check(&snapshot.catalog, &snapshot, &queries[..3], &subjects[..1])?;
    }
}

/// Enough entities for the ways that only large selections take.
#[test]
fn large_selections_walk_in_the_same_order() {
    let mut world = World::new();
    for i in 0..2_500_u32 {
        let identifier = format!("e{:04}", (i * 7919) % 2_500);
        let record = EntityRecord {
            uid: Uuid::from_u128(u128::from(i) + 1),
            blueprint: "alpha".into(),
            entity_ref: format!("alpha:default/{identifier}").into(),
            identifier: identifier.into(),
            document: Some(JsonText::of(
                &json!({"metadata": {}, "spec": {"s": if i % 9 == 0 { "B" } else { "a" }, "n": i % 50}}),
            )),
            fields: None,
            claim: None,
            stamps: stamps(1),
        };
        world.records.insert(record.uid, Arc::new(record));
    }
    world.catalog = world.loaded();
    let found = world.catalog.select(&Expr::All, false);
    let by_ref = references(&world.catalog, found.by_ref(None, false));
    assert!(by_ref.is_sorted() && by_ref.len() == 2_500);
    assert_eq!(references(&world.catalog, found.by_ref(Some("alpha:default/e1200"), false)), by_ref[1_201..]);
    let before: Vec<_> = by_ref[..1_200].iter().rev().cloned().collect();
    assert_eq!(references(&world.catalog, found.by_ref(Some("alpha:default/e1200"), true)), before);
    assert_eq!(references(&world.catalog, found.by_identifier("alpha", None)), by_ref);
    assert_eq!(references(&world.catalog, found.by_identifier("alpha", Some("e1200"))), by_ref[1_201..]);
    let expected: Vec<_> =
        world.naive().sorted(&Expr::All, &Subject::Field("spec.s".into())).into_iter().collect();
    for descending in [false, true] {
        let sort = Sort { subject: Subject::Field("spec.s".into()), descending };
        let mut expected = expected.clone();
        if descending {
            expected.reverse();
        }
        let walk = |after: Option<&Place>| -> Vec<(String, String)> {
            let steps = found.sorted(&sort, after);
            steps.map(|s| (s.value.to_lowercase(), world.catalog.reference(s.node).to_owned())).collect()
        };
        assert_eq!(walk(None), expected);
        for at in [0, 100, 1_000, 2_300, 2_499] {
            let (value, reference) = expected[at].clone();
            assert_eq!(walk(Some(&Place { value, reference })), expected[at + 1..], "after {at}");
        }
    }
}

/// Its reference does not follow from such an identifier: only the entity itself tells.
#[test]
fn a_relation_to_itself_outlives_a_write() {
    let mut world = World::new();
    let fields = json!({"properties": {}, "relations": {"uses": ["Größe"]}});
    for at in 1..3 {
        world.put("alpha", "Größe", &None, &Some(fields.clone()), at);
        let uses =
            Subject::Relation { name: "uses".into(), target_kind: Some("alpha".into()), by_identifier: true };
        let query =
            Expr::exact(uses, stagedoor_query::Test::In(vec![stagedoor_query::Scalar::text("Größe")]));
        for catalog in [&world.catalog, &world.loaded()] {
            assert_eq!(catalog.select(&query, false).len(), 1, "write {at}");
        }
    }
}

/// Loaded or written, with or without contributed fields: nested lists and objects hold no references.
#[test]
fn only_references_and_lists_of_them_are_edges() {
    let mut world = World::new();
    let spec = json!({"uses": ["a", ["b"], {"uses": "c"}], "owner": [["a"]]});
    let document = json!({"metadata": {"name": "n"}, "spec": spec});
    world.put("alpha", "zed", &Some(document.clone()), &None, 1);
    world.put("beta", "zed", &Some(document), &Some(json!({"title": "t"})), 1);
    for catalog in [&world.catalog, &world.loaded()] {
        for (kind, node) in ["alpha", "beta"].map(|k| (k, catalog.node_of_key(k, "zed").unwrap())) {
            let edges: Vec<_> =
                catalog.relations(node).into_iter().map(|r| catalog.reference(r.other)).collect();
            assert_eq!(edges, ["alpha:default/a"], "{kind}");
        }
    }
}

/// A walk ends after as many steps as there are entities, and looks at each once.
#[test]
fn a_chain_of_twenty_thousand_is_walked_to_its_end() {
    use stagedoor_query::reach::{Direction, Route, Start};
    const LENGTH: u32 = 20_000;
    let mut world = World::new();
    for i in 0..LENGTH {
        let identifier = format!("e{i}");
        let next = format!("alpha:default/e{}", (i + 1) % LENGTH);
        let record = EntityRecord {
            uid: Uuid::from_u128(u128::from(i) + 1),
            blueprint: "alpha".into(),
            entity_ref: format!("alpha:default/{identifier}").into(),
            identifier: identifier.into(),
            document: Some(JsonText::of(&json!({"metadata": {}, "spec": {"uses": [next]}}))),
            fields: None,
            claim: None,
            stamps: stamps(1),
        };
        world.records.insert(record.uid, Arc::new(record));
    }
    let catalog = world.loaded();
    let start = Start::Named { blueprint: Some("alpha".into()), identifiers: vec!["e7".into()] };
    for direction in [None, Some(Direction::Upstream), Some(Direction::Downstream)] {
        let query = Expr::reach(start.clone(), Route::Related { direction, required: None });
        assert_eq!(catalog.select(&query, false).len(), u64::from(LENGTH), "{direction:?}");
    }
    let stopped = stagedoor_query::budget::limited(
        || true,
        || {
            let query = Expr::reach(start.clone(), Route::Related { direction: None, required: None });
            catalog.select(&query, false).len()
        },
    );
    assert!(stopped.is_err(), "the time is over");
}
