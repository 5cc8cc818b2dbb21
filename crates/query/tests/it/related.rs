//! Relations as conditions and facets, from either of their ends.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use stagedoor_model::{EntityRecord, JsonText};
use stagedoor_query::{Expr, Subject, Test};
use uuid::Uuid;

use crate::random::{op, related, relation};
use crate::{World, check, config, stamps};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn relations_are_counted_and_found_as_by_a_scan(
        before in vec(op(), 0..25),
        after in vec(op(), 0..25),
        queries in vec(related(), 12),
        subjects in vec(relation(), 3),
    ) {
        let mut world = World::new();
        before.iter().for_each(|op| world.apply(op));
        let snapshot = world.clone();
        after.iter().for_each(|op| world.apply(op));
        check(&world.catalog, &world, &queries, &subjects)?;
        check(&world.loaded(), &world, &queries, &subjects)?;
        check(&snapshot.catalog, &snapshot, &queries[..3], &subjects[..1])?;
    }
}

fn record(n: u128, name: &str, spec: &Value) -> Arc<EntityRecord> {
    Arc::new(EntityRecord {
        uid: Uuid::from_u128(n),
        blueprint: "component".into(),
        identifier: format!("component:default/{name}").into(),
        entity_ref: format!("component:default/{name}").into(),
        document: Some(JsonText::of(&json!({"kind": "Component", "metadata": {"name": name}, "spec": spec}))),
        fields: None,
        claim: None,
        stamps: stamps(1),
    })
}

/// One that three hundred others depend on and that says so of half of them itself, and one that few depend on.
fn hub() -> World {
    const OTHERS: u128 = 300;
    let mut world = World::new();
    let mut all = Vec::new();
    for n in 0..OTHERS {
        let mut on = vec!["component:default/hub".to_owned()];
        if n % 100 == 0 {
            on.push("component:default/rare".into());
        }
        all.push(record(
            n + 10,
            &format!("c{n:03}"),
            &json!({"owner": format!("team-{}", n % 7), "dependsOn": on}),
        ));
    }
    let back: Vec<String> = (0..OTHERS).step_by(2).map(|n| format!("component:default/c{n:03}")).collect();
    all.push(record(1, "hub", &json!({"owner": "team-0", "dependencyOf": back})));
    all.push(record(2, "rare", &json!({})));
    world.records.extend(all.into_iter().map(|r| (r.uid, r)));
    world.catalog = world.loaded();
    world
}

fn relation_named(name: &str, kind: Option<&str>, by_identifier: bool) -> Subject {
    Subject::Relation { name: name.into(), target_kind: kind.map(str::to_owned), by_identifier }
}

#[test]
fn a_hub_is_counted_from_both_sides() {
    let mut world = hub();
    // Then some go, and some depend on something else.
    for n in [10, 11, 12, 110] {
        world.apply_delete(Uuid::from_u128(n));
    }
    let moved =
        record(13, "c003", &json!({"owner": "user:default/ana", "dependsOn": ["component:default/none"]}));
    world.apply_put(&moved);
    let few = relation_named("ownedBy", None, true);
    let few = Expr::folded(few, Test::Prefix("group:default/team-3".into()));
    let mut subjects = Vec::new();
    for name in ["ownedBy", "dependsOn", "DEPENDENCYOF", "ownerOf", "nothing"] {
        for kind in [None, Some("component"), Some("user")] {
            subjects.extend([true, false].map(|by| relation_named(name, kind, by)));
        }
    }
    let exists: Vec<Expr> = subjects.iter().map(|s| Expr::folded(s.clone(), Test::Exists)).collect();
    let queries: Vec<Expr> = [few].into_iter().chain(exists).collect();
    let naive = world.naive();
    for catalog in [&world.catalog, &world.loaded()] {
        for query in &queries {
            let found = catalog.select(query, false);
            let expected: Vec<String> = naive.select(query, false).into_iter().collect();
            assert_eq!(crate::references(catalog, found.by_ref(None, false)), expected, "{query:?}");
        }
        for subject in &subjects {
            for query in [&Expr::All, &queries[0]] {
                let buckets = catalog.select(query, false).facet(subject);
                let counts = buckets.into_iter().map(|b| (b.value.text, b.count)).collect();
                assert_eq!(naive.facet(query, subject), counts, "{subject:?}");
            }
        }
        let hub = catalog.node_of_ref("component:default/hub").unwrap();
        let relations = catalog.relations(hub).into_iter().map(|r| (r.name, r.other));
        assert_eq!(relations.len(), naive.relations(0).len());
        assert_eq!(relations.collect::<std::collections::HashSet<_>>().len(), naive.relations(0).len());
    }
}
