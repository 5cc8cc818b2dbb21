//! A catalog in which some entities are hidden answers as one that never had them.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;
use stagedoor_model::{EntityRecord, JsonText};
use stagedoor_query::page::{Place, Sort};
use stagedoor_query::top::By;
use stagedoor_query::{Catalog, Expr, Lens, NodeId, NodeSet, Subject};
use uuid::Uuid;

use crate::neighbourhood::{self, question};
use crate::random::{expr, op, related, relation, subject};
use crate::{World, check, config, stamps};

/// Which of so many entities, in the order of uids, are hidden.
type Mask = Vec<bool>;

fn mask() -> impl Strategy<Value = Mask> {
    (vec(any::<bool>(), 24), vec(any::<bool>(), 24), any::<bool>())
        .prop_map(|(a, b, few)| a.iter().zip(&b).map(|(a, b)| if few { *a && *b } else { *a }).collect())
}

impl World {
    fn hidden(&self, mask: &Mask) -> NodeSet {
        let node = |(uid, hidden): (&Uuid, &bool)| hidden.then(|| self.catalog.node_of_uid(*uid)).flatten();
        self.records.keys().zip(mask.iter().cycle()).filter_map(node).collect()
    }

    /// What is left for somebody, with the catalog as they see it.
    fn without(&self, mask: &Mask, before: Option<&Lens>) -> Self {
        let hidden = self.hidden(mask);
        let left = |uid: &Uuid| self.catalog.node_of_uid(*uid).is_some_and(|n| !hidden.contains(n));
        let records =
            self.records.iter().filter(|(uid, _)| left(uid)).map(|(u, r)| (*u, r.clone())).collect();
        Self { catalog: self.catalog.through(hidden, before), records, next: self.next }
    }
}

/// Everything that can be asked of single entities and references.
fn looks(catalog: &Catalog, references: &BTreeSet<String>) -> Vec<String> {
    let mut all = Vec::new();
    let name = |n: NodeId| catalog.reference(n).to_owned();
    for reference in references {
        let node = catalog.node_of_ref(reference).filter(|n| catalog.is_in_graph(*n));
        let Some(node) = node else { continue };
        let relations = catalog.relations_sorted(node);
        let relations: Vec<_> =
            relations.iter().map(|r| (r.name, name(r.other), r.emitted_by_other)).collect();
        let text = catalog.relations_text(node, |all| format!("{}", all.len()).into_bytes());
        let text = text.map(|t| t.text().to_vec());
        let entity = catalog.entity(node).map(|e| e.record.uid);
        let points = catalog.incoming_count(node);
        all.push(format!("{reference} {entity:?} {points} {relations:?} {text:?}"));
        let says = (catalog.identifier_at(node), catalog.title(node), catalog.teams(node));
        all.push(format!("{says:?} {} {}", catalog.is_visible(node), catalog.derived_all(node).len()));
    }
    for entry in catalog.blueprints().iter() {
        let blueprint = &entry.blueprint.identifier;
        all.push(format!("{blueprint} {}", catalog.count(blueprint)));
        for identifier in ["a", "b", "c", "ns/d", "Zed", "zed", "component:default/a"] {
            let there = catalog.node_of_key(blueprint, identifier).map(name);
            all.push(format!(
                "{blueprint} {there:?} {:?}",
                catalog.node_pointed_at(blueprint, identifier).map(name)
            ));
        }
    }
    let mut entities: Vec<_> = catalog.entities().map(|(n, _)| name(n)).collect();
    entities.sort();
    let by_uid: Vec<_> = catalog.entities_after(None).map(|(n, _)| name(n)).collect();
    all.push(format!("{entities:?} {by_uid:?}"));
    all.sort();
    all
}

/// Groups and orders by a property, its own and that of related entities.
fn numbers(catalog: &Catalog, subject: &Subject) -> Vec<String> {
    let mut all = Vec::new();
    for through in [None, Some("uses"), Some("owner")] {
        for blueprint in ["alpha", "beta", "component"] {
            let selection = catalog.select(&Expr::of_blueprint(blueprint), false);
            let (groups, without) = selection.groups(subject, through);
            let mut groups: Vec<_> =
                groups.iter().map(|(v, n)| format!("{} {} {n}", v.text, v.is_text)).collect();
            groups.sort();
            let by = By { subject, through, descending: through.is_none(), time: false };
            let (top, after) = selection.top(&[by], None, 2);
            let top: Vec<_> = top.into_iter().map(|n| catalog.reference(n)).collect();
            all.push(format!("{groups:?} {without} {top:?} {after:?}"));
        }
    }
    all
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn hidden_entities_are_in_no_answer(
        before in vec(op(), 0..25),
        after in vec(op(), 0..25),
        (mask, other) in (mask(), mask()),
        queries in vec(prop_oneof![2 => expr(), 1 => related()], 12),
        subjects in vec(prop_oneof![2 => subject(), 1 => relation()], 3),
        questions in vec(question(), 4),
    ) {
        let mut world = World::new();
        before.iter().for_each(|op| world.apply(op));
        let early = world.without(&other, None);
        check(&early.catalog, &early, &queries[..3], &subjects[..1])?;
        // Somebody who sees everything has had the texts of relations written.
        let everything: Vec<NodeId> = world.catalog.entities().map(|(n, _)| n).collect();
        for node in everything {
            world.catalog.relations_text(node, |all| format!("{}", all.len()).into_bytes());
        }
        after.iter().for_each(|op| world.apply(op));
        let seen = world.without(&mask, early.catalog.lens().map(AsRef::as_ref));
        check(&seen.catalog, &seen, &queries, &subjects)?;
        for question in &questions {
            neighbourhood::check(&seen.catalog, &seen.naive(), question)?;
        }
        let never = seen.loaded();
        let all = 0..world.catalog.entities().count() as NodeId + 64;
        let mut references: BTreeSet<String> = all.map(|n| world.catalog.reference(n).to_owned()).collect();
        references.extend(["component:default/a".to_owned(), "group:default/ops".to_owned()]);
        prop_assert_eq!(looks(&seen.catalog, &references), looks(&never, &references));
        for subject in &subjects {
            prop_assert_eq!(numbers(&seen.catalog, subject), numbers(&never, subject), "{:?}", subject);
        }
        // The snapshot itself is as it was.
        check(&world.catalog, &world, &queries[..3], &subjects[..1])?;
    }
}

/// Enough entities for the ways that only large selections take.
#[test]
fn large_selections_leave_out_what_is_hidden() {
    let mut world = World::new();
    for i in 0..2_400_u32 {
        let identifier = format!("e{:04}", (i * 7919) % 2_400);
        let spec =
            json!({"s": if i % 9 == 0 { "B" } else { "a" }, "n": i % 50, "uses": [format!("e{:04}", i % 7)]});
        let record = EntityRecord {
            uid: Uuid::from_u128(u128::from(i) + 1),
            blueprint: "alpha".into(),
            entity_ref: format!("alpha:default/{identifier}").into(),
            identifier: identifier.into(),
            document: Some(JsonText::of(&json!({"metadata": {}, "spec": spec}))),
            fields: None,
            claim: None,
            stamps: stamps(1),
        };
        world.records.insert(record.uid, Arc::new(record));
    }
    world.catalog = world.loaded();
    let seen = world.without(&vec![true, false, false, true, false], None);
    let never = seen.loaded();
    let all = |catalog: &Catalog| {
        let found = catalog.select(&Expr::All, false);
        let names = |nodes: &mut dyn Iterator<Item = NodeId>| crate::references(catalog, nodes);
        let mut all = vec![
            names(&mut found.by_ref(None, false)),
            names(&mut found.by_ref(Some("alpha:default/e1200"), true)),
            names(&mut found.by_identifier("alpha", Some("e0300"))),
        ];
        for path in ["spec.s", "spec.n"] {
            let place = Place { value: "a".into(), reference: "alpha:default/e0900".into() };
            for (descending, after) in
                [(false, None), (true, None), (false, Some(&place)), (true, Some(&place))]
            {
                let sort = Sort { subject: Subject::Field(path.into()), descending };
                all.push(names(&mut found.sorted(&sort, after).map(|step| step.node)));
            }
        }
        let uses = Subject::Relation { name: "uses".into(), target_kind: None, by_identifier: true };
        let facet = |subject: &Subject| -> Vec<String> {
            found.facet(subject).iter().map(|b| format!("{} {}", b.value.text, b.count)).collect()
        };
        all.extend([facet(&Subject::Field("spec.n".into())), facet(&uses)]);
        all
    };
    assert_eq!(all(&seen.catalog), all(&never));
    assert_eq!(all(&never)[0].len(), 2_400 * 3 / 5);
}

/// A relation type that only hidden entities use is no relation type; one that is declared is.
#[test]
fn a_relation_of_hidden_entities_is_unknown() {
    let mut world = World::new();
    let spec = json!({"spec": {"type": "x"}, "metadata": {}});
    world.put("alpha", "a", &Some(spec), &None, 1);
    let document = json!({"metadata": {"name": "n"}, "spec": {"dependsOn": ["component:b"]}});
    world.put("component", "a", &Some(document.clone()), &None, 1);
    let known = |catalog: &Catalog| ["dependsOn", "uses", "nothing"].map(|name| catalog.knows_relation(name));
    let seen = world.without(&vec![false, true], None);
    assert_eq!(known(&world.catalog), known(&seen.catalog), "a shipped kind declares it");
    assert_eq!(JsonText::of(&document).value(), document);
    assert!(seen.catalog.node_of_ref("component:default/b").is_none(), "only what is hidden names it");
    assert!(world.catalog.node_of_ref("component:default/b").is_some());
}
