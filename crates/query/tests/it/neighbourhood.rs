//! What is around an entity, compared with sets of pairs that are gone through again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use stagedoor_model::{EntityRecord, JsonText, entity_ref::kind_of};
use stagedoor_query::Catalog;
use stagedoor_query::graph::{Around, Neighbourhood};
use stagedoor_query::reach::Direction;
use uuid::Uuid;

use crate::naive::Naive;
use crate::random::op;
use crate::{World, config, stamps};

/// What two ends are to each other: an end, its type, the other end, its type. The lower end first.
type Fact = (String, String, String, String);
type Edge = (String, String, String, Option<String>);

/// The question, with names instead of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    start: usize,
    depth: usize,
    direction: Option<Direction>,
    relations: Vec<&'static str>,
    blueprints: Vec<&'static str>,
    limit: usize,
}

pub(crate) fn question() -> impl Strategy<Value = Question> {
    let names =
        &["uses", "usesOf", "owner", "ownedBy", "ownerOf", "on_call", "on-call", "dependsOn", "needs"][..];
    let blueprints = &["alpha", "beta", "component", "al.pha"][..];
    let limit = prop_oneof![1 => 1_usize..6, 1 => Just(500)];
    let direction = option::of(select(&[Direction::Upstream, Direction::Downstream][..]));
    let some =
        |names: &'static [&'static str]| prop_oneof![2 => Just(Vec::new()), 1 => vec(select(names), 1..3)];
    (0_usize..64, 1_usize..6, direction, some(names), some(blueprints), limit).prop_map(
        |(start, depth, direction, relations, blueprints, limit)| Question {
            start,
            depth,
            direction,
            relations,
            blueprints,
            limit,
        },
    )
}

fn ends() -> impl Strategy<Value = Vec<&'static str>> {
    vec(select(&["component:a", "component:b", "component:c", "beta:a"][..]), 0..3)
}

/// The facts that are asked for, with who states each: the first end, the second.
fn facts(naive: &Naive<'_>, question: &Question) -> BTreeMap<Fact, (bool, bool)> {
    let mut facts: BTreeMap<Fact, (bool, bool)> = BTreeMap::new();
    let named = |name: &str| question.relations.contains(&name);
    for (from, relation, reverse, to) in naive.stated() {
        let keys = [naive.keys(&from, &relation, &to), naive.keys(&to, &reverse, &from)].concat();
        let wanted = named(&relation) || named(&reverse) || keys.iter().any(|(key, _)| named(key));
        if question.relations.is_empty() || wanted {
            let first = (&from, &relation) <= (&to, &reverse);
            let fact = if first { (from, relation, to, reverse) } else { (to, reverse, from, relation) };
            let stated = facts.entry(fact).or_default();
            *stated = (stated.0 || first, stated.1 || !first);
        }
    }
    facts
}

/// Every step forward, from and to.
fn forward(naive: &Naive<'_>, facts: &BTreeMap<Fact, (bool, bool)>) -> BTreeSet<(String, String)> {
    let mut pairs = BTreeSet::new();
    for ((a, there, b, back), stated) in facts {
        let keyed = (!naive.keys(a, there, b).is_empty(), !naive.keys(b, back, a).is_empty());
        if keyed.0 || (stated.0 && !keyed.1) {
            pairs.insert((a.clone(), b.clone()));
        }
        if keyed.1 || (stated.1 && !keyed.0) {
            pairs.insert((b.clone(), a.clone()));
        }
    }
    pairs
}

fn edge(naive: &Naive<'_>, (a, there, b, back): &Fact, stated: (bool, bool)) -> Edge {
    let first_key = |from: &str, relation: &str, to: &str| {
        naive.keys(from, relation, to).into_iter().next().map(|(key, _)| key)
    };
    let keys = (first_key(a, there, b), first_key(b, back, a));
    let first = if keys.0.is_some() != keys.1.is_some() {
        keys.0.is_some()
    } else if stated.0 != stated.1 {
        stated.0
    } else {
        (there, a) <= (back, b)
    };
    match first {
        true => (a.clone(), b.clone(), there.clone(), keys.0),
        false => (b.clone(), a.clone(), back.clone(), keys.1),
    }
}

pub(crate) fn check(catalog: &Catalog, naive: &Naive<'_>, question: &Question) -> Result<(), TestCaseError> {
    let mut ends: BTreeSet<String> = naive.records.iter().map(|r| r.entity_ref.to_string()).collect();
    ends.extend(naive.stated().map(|(.., to)| to));
    let Some(start) = ends.iter().nth(question.start % ends.len().max(1)).cloned() else { return Ok(()) };
    let found = ask(catalog, question, &start);
    let reference = |node: u32| catalog.reference(node).to_owned();
    let fits = |end: &String| {
        let record = naive.records.iter().find(|r| r.entity_ref == *end);
        let blueprint = record.map(|r| r.blueprint.as_str()).or_else(|| {
            naive.blueprints.by_kind(kind_of(end)).map(|entry| entry.blueprint.identifier.as_str())
        });
        question.blueprints.is_empty()
            || *end == start
            || blueprint.is_some_and(|b| question.blueprints.contains(&b))
    };
    let facts = facts(naive, question);
    let out = forward(naive, &facts);
    let back: BTreeSet<_> = out.iter().map(|(a, b)| (b.clone(), a.clone())).collect();
    let steps: BTreeSet<_> = match question.direction {
        None => out.union(&back).cloned().collect(),
        Some(Direction::Upstream) => out.clone(),
        Some(Direction::Downstream) => back.clone(),
    };
    let mut reached = BTreeMap::from([(start.clone(), 0)]);
    for hops in 1..=question.depth {
        let ends = steps.iter().filter(|(a, _)| reached.contains_key(a)).map(|(_, b)| b);
        let new: Vec<_> = ends.filter(|b| fits(b) && !reached.contains_key(*b)).cloned().collect();
        reached.extend(new.into_iter().map(|end| (end, hops)));
    }

    let shown: BTreeMap<String, usize> = found.nodes.iter().map(|n| (reference(n.node), n.hops)).collect();
    prop_assert_eq!(shown.len(), found.nodes.len(), "a node twice");
    prop_assert_eq!(shown.len(), reached.len().min(question.limit));
    prop_assert_eq!(found.hidden_nodes as usize, reached.len() - shown.len());
    prop_assert!(
        shown.iter().all(|(end, hops)| reached.get(end) == Some(hops)),
        "{:?} of {:?}",
        shown,
        reached
    );
    let nearest = found.nodes.is_sorted_by_key(|n| n.hops);
    let far = found.nodes.last().map_or(0, |n| n.hops);
    prop_assert!(nearest && reached.iter().all(|(end, hops)| *hops >= far || shown.contains_key(end)));
    for n in &found.nodes {
        let here = reference(n.node);
        let hidden = |pairs: &BTreeSet<(String, String)>| {
            let ends = pairs.iter().filter(|(a, _)| *a == here).map(|(_, b)| b);
            ends.filter(|b| fits(b) && !shown.contains_key(*b)).count()
        };
        prop_assert_eq!(
            (n.hidden_in as usize, n.hidden_out as usize),
            (hidden(&back), hidden(&out)),
            "{}",
            here
        );
    }
    let edges: Vec<Edge> = found
        .edges
        .iter()
        .map(|e| {
            let end = |at: u32| reference(found.nodes[at as usize].node);
            (end(e.from), end(e.to), e.relation.to_owned(), e.key.map(str::to_owned))
        })
        .collect();
    let inside = facts.iter().filter(|((a, _, b, _), _)| shown.contains_key(a) && shown.contains_key(b));
    let expected: BTreeSet<Edge> = inside.map(|(fact, stated)| edge(naive, fact, *stated)).collect();
    prop_assert_eq!(edges.len(), expected.len(), "{:?} for {:?}", edges, expected);
    prop_assert_eq!(edges.into_iter().collect::<BTreeSet<_>>(), expected);
    Ok(())
}

fn ask<'c>(catalog: &'c Catalog, question: &Question, start: &str) -> Neighbourhood<'c> {
    let owned = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
    catalog.around(&Around {
        starts: vec![catalog.node_of_ref(start).unwrap()],
        depth: question.depth,
        direction: question.direction,
        relations: owned(&question.relations),
        blueprints: owned(&question.blueprints),
        limit: question.limit,
        ..Around::default()
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_neighbourhood_is_what_pairs_of_ends_lead_to(
        ops in vec(op(), 0..30),
        mutual in vec((select(&["a", "b", "c"][..]), ends(), ends()), 0..5),
        questions in vec(question(), 6),
    ) {
        let mut world = World::new();
        ops.iter().for_each(|op| world.apply(op));
        for (name, depends, dependents) in &mutual {
            let spec = json!({"dependsOn": depends, "dependencyOf": dependents});
            world.put("component", name, &Some(json!({"metadata": {"name": name}, "spec": spec})), &None, 3);
        }
        if !mutual.is_empty() {
            // A relation of one end only: what the other end states is the opposite of one.
            let needs = json!({"target": "component", "many": true, "backstage": {"field": "spec.dependsOn"}});
            let body = json!({"identifier": "component", "relations": {"needs": needs}});
            world.put_blueprint(&body, Some("component".into()), 500);
        }
        let naive = world.naive();
        let loaded = world.loaded();
        for (at, question) in questions.iter().enumerate() {
            check(if at % 2 == 0 { &world.catalog } else { &loaded }, &naive, question)?;
        }
    }
}

proptest! {
    #![proptest_config(config())]

    /// Whatever is left closed or opened, what is hidden is counted: as many as one step from each node shows.
    #[test]
    fn what_a_hub_hides_is_what_one_step_from_it_leads_to(
        ops in vec(op(), 0..30),
        asked in vec((question(), 1_usize..4, vec(0_usize..64, 0..3), vec(0_usize..64, 0..2)), 4),
    ) {
        let mut world = World::new();
        ops.iter().for_each(|op| world.apply(op));
        let catalog = &world.catalog;
        let all: Vec<u32> = (0..64).filter(|node| catalog.is_in_graph(*node)).collect();
        for (question, hub, expand, collapse) in asked {
            if all.is_empty() {
                continue;
            }
            let some = |places: &[usize]| places.iter().map(|at| all[at % all.len()]).collect();
            let owned = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
            let around = Around {
                starts: vec![all[question.start % all.len()]],
                depth: question.depth,
                direction: question.direction,
                relations: owned(&question.relations),
                blueprints: owned(&question.blueprints),
                limit: question.limit,
                hub: Some(hub),
                expand: some(&expand),
                collapse: some(&collapse),
            };
            let found = catalog.around(&around);
            let shown: BTreeSet<u32> = found.nodes.iter().map(|n| n.node).collect();
            prop_assert_eq!(shown.len(), found.nodes.len());
            let mut beyond = BTreeSet::new();
            for neighbour in &found.nodes {
                let one = Around { starts: vec![neighbour.node], depth: 1, direction: None, limit: 500, hub: None, ..around.clone() };
                let one = Around { expand: Default::default(), collapse: Default::default(), ..one };
                let step = catalog.around(&one);
                let hidden: Vec<u32> = step.nodes.iter().map(|n| n.node).filter(|n| !shown.contains(n)).collect();
                prop_assert_eq!(neighbour.hidden as usize, hidden.len(), "{:?} of {:?}", neighbour, around);
                beyond.extend(hidden);
            }
            prop_assert_eq!(found.beyond as usize, beyond.len());
        }
    }
}

/// A hub of as many members, each of which states what the hub states too: looked at edge by edge, not pair by pair.
#[test]
fn a_hub_costs_as_much_as_its_edges() {
    const MEMBERS: u32 = 20_000;
    let mut world = World::new();
    let mut put = |uid: u32, identifier: String, uses: Vec<String>| {
        let record = EntityRecord {
            uid: Uuid::from_u128(u128::from(uid) + 1),
            blueprint: "alpha".into(),
            entity_ref: format!("alpha:default/{identifier}").into(),
            identifier: identifier.into(),
            document: Some(JsonText::of(&json!({"metadata": {}, "spec": {"uses": uses}}))),
            fields: None,
            claim: None,
            stamps: stamps(1),
        };
        world.records.insert(record.uid, Arc::new(record));
    };
    for i in 0..MEMBERS {
        put(
            i,
            format!("e{i}"),
            vec!["alpha:default/hub".into(), format!("alpha:default/e{}", (i + 1) % MEMBERS)],
        );
    }
    put(MEMBERS, "hub".into(), (0..MEMBERS).map(|i| format!("alpha:default/e{i}")).collect());
    let catalog = world.loaded();
    let mut question = Question {
        start: 0,
        depth: 10,
        direction: None,
        relations: vec![],
        blueprints: vec![],
        limit: 5_000,
    };
    let found = ask(&catalog, &question, "alpha:default/e7");
    assert_eq!((found.nodes.len(), found.hidden_nodes), (5_000, u64::from(MEMBERS) + 1 - 5_000));
    let hub = found.nodes.iter().find(|n| catalog.reference(n.node) == "alpha:default/hub").unwrap();
    assert_eq!((hub.hops, hub.hidden_in, hub.hidden_out), (1, MEMBERS - 4_999, MEMBERS - 4_999));
    assert_eq!(found.nodes.last().unwrap().hops, 2);
    question.direction = Some(Direction::Upstream);
    let out = ask(&catalog, &question, "alpha:default/e7");
    assert_eq!((out.nodes.len(), out.hidden_nodes), (5_000, u64::from(MEMBERS) + 1 - 5_000));
    let stopped = stagedoor_query::budget::limited(
        || true,
        || ask(&catalog, &question, "alpha:default/e7").hidden_nodes,
    );
    assert!(stopped.is_err(), "the time is over");
}
