//! What a change makes one compute again: what depends on it, and nothing else.

use serde_json::{Value, json};
use stagedoor_model::Change;
use std::sync::Arc;

use super::Book;

fn book(count: usize) -> Book {
    let mut book = Book::new();
    book.define(
        "domain",
        json!({"schema": {"properties": {"tier": {"type": "string"}}}, "relations": {},
            "calculationProperties": {"loud": {"calculation": "join .properties.tier", "type": "string"}}}),
    );
    book.define(
        "service",
        json!({"schema": {"properties": {"url": {"type": "string"}}}, "relations": {"domain": {"target": "domain"}},
            "mirrorProperties": {"tier": {"path": "domain.tier"}, "loud": {"path": "domain.loud"}},
            "calculationProperties": {"own": {"calculation": "join .properties.url", "type": "string"},
                "told": {"calculation": "join .properties.tier", "type": "string"}}}),
    );
    for domain in ["hub", "other"] {
        book.put("domain", domain, json!({"properties": {"tier": domain}}));
    }
    for i in 0..count {
        let domain = if i % 10 == 0 { "other" } else { "hub" };
        book.put(
            "service",
            &format!("s{i}"),
            json!({"properties": {"url": i.to_string()}, "relations": {"domain": domain}}),
        );
    }
    book
}

fn everything(book: &Book) -> Vec<Value> {
    let nodes = book.catalog.entities().map(|(node, _)| node);
    nodes.map(|node| book.catalog.derived_all(node).into()).collect()
}

#[test]
fn one_changed_entity_touches_what_depends_on_it() {
    let mut book = book(100);
    everything(&book);
    // Two domains, two calculations of each service.
    assert_eq!(book.fake.taken().1, 2 + 200);
    everything(&book);
    assert_eq!(book.fake.taken(), (0, 0));
    // A service: its own two.
    book.put("service", "s1", json!({"properties": {"url": "new"}, "relations": {"domain": "hub"}}));
    everything(&book);
    assert_eq!(book.fake.taken().1, 2);
    // One that moves, away from a hub: the same.
    book.put("service", "s2", json!({"properties": {"url": "2"}, "relations": {"domain": "other"}}));
    everything(&book);
    assert_eq!(book.fake.taken().1, 2);
    // A domain: its own, and what its services are told by mirror.
    book.put("domain", "other", json!({"properties": {"tier": "changed"}}));
    everything(&book);
    assert_eq!(book.fake.taken().1, 1 + 11);
    // A new one, and one that goes.
    book.put("service", "new", json!({}));
    book.delete("service", "s3");
    everything(&book);
    assert_eq!(book.fake.taken().1, 2);
    // Something else altogether.
    book.put("_team", "red", json!({}));
    everything(&book);
    assert_eq!(book.fake.taken().1, 0);
    assert_eq!(book.value("service", "s10", "told"), "\"changed\"");
}

#[test]
fn many_are_calculated_in_batches() {
    let book = book(1_000);
    let nodes: Vec<_> = book.catalog.entities().map(|(node, _)| node).collect();
    book.catalog.prepare_derived(&nodes, &|key| key != "own");
    let (calls, inputs) = book.fake.taken();
    assert_eq!((calls, inputs), (1 + 4, 1_002));
    everything(&book);
    assert_eq!(book.fake.taken().1, 1_000);
}

/// Old snapshots and drafts share what is remembered with the newest state, and are never confused with it.
#[test]
fn snapshots_and_drafts_see_their_own_values() {
    let mut book = book(3);
    let tier = |catalog: &stagedoor_query::Catalog| {
        catalog.derived(catalog.node_of_key("service", "s1").unwrap(), "told").unwrap()
    };
    let old = book.catalog.clone();
    assert_eq!(tier(&old), "\"hub\"");
    let draft = |text: &str| {
        let mut draft = old.clone();
        let node = draft.node_of_key("domain", "hub").unwrap();
        let mut record = draft.entity(node).unwrap().record.as_ref().clone();
        let fields = json!({"properties": {"tier": text}});
        record.fields = Some(stagedoor_model::JsonText::of(&fields));
        draft.apply(&Change::PutEntity(Arc::new(record)));
        draft
    };
    let drafts: Vec<_> = ["one", "two"].map(draft).into();
    for _ in 0..2 {
        assert_eq!([tier(&drafts[0]), tier(&old), tier(&drafts[1])], ["\"one\"", "\"hub\"", "\"two\""]);
    }
    book.put("domain", "hub", json!({"properties": {"tier": "three"}}));
    assert_eq!([tier(&book.catalog), tier(&drafts[1]), tier(&old)], ["\"three\"", "\"two\"", "\"hub\""]);
}

/// A hub with many dependents is written as quickly as any other: who reads finds out.
#[test]
fn a_hub_costs_what_it_is_itself() {
    let mut book = book(10_000);
    let node = book.catalog.node_of_key("service", "s1").unwrap();
    let _ = book.catalog.derived_all(node);
    book.fake.taken();
    book.put("domain", "hub", json!({"properties": {"tier": "new"}}));
    assert_eq!(book.fake.taken(), (0, 0));
    assert_eq!(book.catalog.derived(node, "tier"), Some(json!("new")));
}

/// What is found when the time is over is worthless, and so is what rests on it.
#[test]
fn a_query_that_was_stopped_leaves_nothing_behind() {
    use stagedoor_query::budget::{TooLong, limited};
    let book = book(10);
    let node = book.catalog.node_of_key("service", "s1").unwrap();
    assert_eq!(limited(|| true, || book.catalog.derived_all(node)), Err(TooLong));
    assert_eq!(book.value("service", "s1", "told"), "\"hub\"");
    assert_eq!(book.value("service", "s1", "loud"), "\"hub\"");
}

/// A value that was read before any edge had the relation's type.
#[test]
fn the_first_edge_of_a_type_is_noticed() {
    let mut book = Book::new();
    for _ in 0..2 {
        book.define(
            "c",
            json!({"schema": {"properties": {"n": {"type": "string"}}},
                "relations": {"r": {"target": "c", "many": true}, "rOf": {"target": "c"}},
                "mirrorProperties": {"m": {"path": "rOf.n"}}}),
        );
    }
    book.put("c", "z", json!({}));
    assert_eq!(book.value("c", "z", "m"), Value::Null);
    book.put("c", "x", json!({"properties": {"n": "1"}, "relations": {"r": ["z"]}}));
    assert_eq!(book.value("c", "z", "m"), "1");
}
