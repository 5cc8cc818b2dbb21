//! The hot paths of the live catalog, one by one: `cargo bench --package stagedoor-query`. What a whole portal does is
//! measured by `make bench`.

use std::sync::Arc;

use divan::{Bencher, black_box};
use serde_json::json;
use stagedoor_model::{Blueprint, Change, EntityRecord, JsonText, Stamps, Timestamp, kinds};
use stagedoor_query::graph::Around;
use stagedoor_query::page::Sort;
use stagedoor_query::reach::Direction;
use stagedoor_query::{Catalog, Expr, Scalar, Subject, Test};
use uuid::Uuid;

const SIZES: [usize; 2] = [10_000, 100_000];
const TYPES: [&str; 4] = ["service", "website", "library", "job"];
const ENVIRONMENTS: [&str; 3] = ["prod", "staging", "dev"];
const LIFECYCLES: [&str; 2] = ["production", "experimental"];

fn main() {
    divan::main();
}

fn stamps() -> Stamps {
    Stamps {
        created_at: Timestamp(0),
        created_by: "bench".into(),
        updated_at: Timestamp(0),
        updated_by: "bench".into(),
        datasource: None,
    }
}

fn component(n: usize, note: &str) -> Change {
    let name = format!("{}-app-{n}", ["core", "edge", "public", "shared"][n % 4]);
    let document = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
        "metadata": {
            "name": name, "namespace": "default", "title": format!("App number {n}"), "description": note,
            "tags": [format!("tag-{}", n % 40)], "labels": {"env": ENVIRONMENTS[n % 3]},
        },
        "spec": {
            "type": TYPES[n % 7 % 4], "lifecycle": LIFECYCLES[n % 5 / 4],
            "owner": format!("group:default/team-{}", n % 300), "system": format!("system-{}", n % 800),
        },
    });
    Change::PutEntity(Arc::new(EntityRecord {
        uid: Uuid::from_u128(n as u128 + 1),
        blueprint: "component".into(),
        identifier: format!("component:default/{name}").into(),
        entity_ref: format!("component:default/{name}").into(),
        document: Some(JsonText::of(&document)),
        fields: None,
        claim: None,
        stamps: stamps(),
    }))
}

fn changes(count: usize) -> impl Iterator<Item = Change> {
    let shipped = kinds::KINDS.iter().filter_map(|kind| {
        Blueprint::parse(&kind.blueprint, stamps(), Some(kind.identifier().to_owned())).ok()
    });
    let blueprints = shipped.map(|blueprint| Change::PutBlueprint(Arc::new(blueprint)));
    blueprints.chain((0..count).map(|n| component(n, "as it was")))
}

fn catalog(count: usize) -> Catalog {
    Catalog::load(changes(count), 1)
}

fn is(path: &str, value: &str) -> Expr {
    Expr::folded(Subject::Field(path.into()), Test::In(vec![Scalar::text(value)]))
}

/// What a start does after reading the database.
#[divan::bench(args = SIZES, sample_count = 5)]
fn load(bencher: Bencher, count: usize) {
    bencher
        .with_inputs(|| changes(count).collect::<Vec<_>>())
        .bench_values(|changes| Catalog::load(changes.into_iter(), 1));
}

/// A filter, its total, and one page in order.
#[divan::bench(args = SIZES)]
fn list_page(bencher: Bencher, count: usize) {
    let catalog = catalog(count);
    let filter = Expr::And(vec![is("kind", "component"), is("spec.type", "service")]);
    let sort = Sort { subject: Subject::Field("metadata.name".into()), descending: false };
    bencher.bench(|| {
        let selection = catalog.select(black_box(&filter), true);
        let page: Vec<_> = selection.sorted(&sort, None).take(20).map(|step| step.node).collect();
        (selection.count_sortable(&sort.subject), page)
    });
}

/// The same for somebody from whom every hundredth component is hidden.
#[divan::bench(args = SIZES)]
fn list_page_through_a_lens(bencher: Bencher, count: usize) {
    let whole = catalog(count);
    let catalog = whole.through((0..count as u32).step_by(100).collect(), None);
    let filter = Expr::And(vec![is("kind", "component"), is("spec.type", "service")]);
    let sort = Sort { subject: Subject::Field("metadata.name".into()), descending: false };
    bencher.bench(|| {
        let selection = catalog.select(black_box(&filter), true);
        let page: Vec<_> = selection.sorted(&sort, None).take(20).map(|step| step.node).collect();
        (selection.count_sortable(&sort.subject), page)
    });
}

/// What hides other entities from somebody after each commit.
#[divan::bench(args = SIZES)]
fn a_lens_for_the_next_snapshot(bencher: Bencher, count: usize) {
    let whole = catalog(count);
    let hidden: stagedoor_query::NodeSet = (0..count as u32).step_by(100).collect();
    let before = whole.through(hidden.clone(), None);
    bencher.bench(|| whole.through(black_box(&hidden).clone(), before.lens().map(AsRef::as_ref)));
}

/// A part of a text among all names.
#[divan::bench(args = SIZES)]
fn part_of_a_name(bencher: Bencher, count: usize) {
    let catalog = catalog(count);
    let wanted = Expr::folded(Subject::Field("metadata.name".into()), Test::Contains("app-77".into()));
    bencher.bench(|| catalog.select(black_box(&wanted), true).len());
}

/// Four facets under a filter.
#[divan::bench(args = SIZES)]
fn four_facets(bencher: Bencher, count: usize) {
    let catalog = catalog(count);
    let filter = is("spec.type", "service");
    let keys = ["spec.lifecycle", "metadata.tags", "metadata.labels.env", "spec.owner"];
    let subjects = keys.map(|key| Subject::Field(key.into()));
    bencher.bench(|| {
        let selection = catalog.select(black_box(&filter), true);
        subjects.iter().map(|s| selection.facet(s).len()).sum::<usize>()
    });
}

/// Components with owners, systems and APIs, as many of each as in a catalog of people's making, and resources.
fn linked(count: usize) -> Catalog {
    let (groups, systems) = ((count * 3 / 100).max(1), (count * 8 / 100).max(1));
    let (apis, components) = (count * 15 / 100, count * 60 / 100);
    let resources = count - groups - systems - apis - components;
    let mut seed = 1_u64;
    let mut below = |limit: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % limit.max(1)
    };
    let mut made = Vec::with_capacity(count);
    for (kind, number) in [
        ("group", groups),
        ("system", systems),
        ("resource", resources),
        ("api", apis),
        ("component", components),
    ] {
        for n in 0..number {
            let mut spec = json!({"type": "t"});
            if kind == "group" {
                spec["parent"] = json!(format!("group:default/group-{}", n.saturating_sub(1) / 10));
            } else {
                spec["owner"] = json!(format!("group:default/group-{}", below(groups)));
            }
            if !matches!(kind, "group" | "system") {
                spec["system"] = json!(format!("system-{}", below(systems)));
            }
            if kind == "component" {
                spec["consumesApis"] =
                    json!([format!("api-{}", below(apis)), format!("api-{}", below(apis))]);
                let other = format!("component:default/component-{}", below(components));
                spec["dependsOn"] = json!([format!("resource:default/resource-{}", below(resources)), other]);
            }
            made.push((kind, n, spec));
        }
    }
    let blueprints = changes(0);
    let entities = made.into_iter().enumerate().map(|(at, (kind, n, spec))| {
        let name = format!("{kind}-{n}");
        let reference = format!("{kind}:default/{name}");
        let document = json!({"metadata": {"name": name, "title": name}, "spec": spec});
        Change::PutEntity(Arc::new(EntityRecord {
            uid: Uuid::from_u128(at as u128 + 1),
            blueprint: kind.into(),
            identifier: reference.clone().into(),
            entity_ref: reference.into(),
            document: Some(JsonText::of(&document)),
            fields: None,
            claim: None,
            stamps: stamps(),
        }))
    });
    Catalog::load(blueprints.chain(entities), 1)
}

/// Two facets over relations of all components that lead to few, and how many have none.
#[divan::bench(args = SIZES)]
fn relation_facet(bencher: Bencher, count: usize) {
    facets_of_relations(bencher, count, Expr::of_blueprint("component"), &FEW_ENDS);
}

/// Two that lead to nearly as much as there are components: most of the time goes into the buckets.
#[divan::bench(args = SIZES)]
fn relation_facet_of_many_values(bencher: Bencher, count: usize) {
    facets_of_relations(bencher, count, Expr::of_blueprint("component"), &MANY_ENDS);
}

/// All four of the few components of one system.
#[divan::bench(args = SIZES)]
fn relation_facet_of_few(bencher: Bencher, count: usize) {
    let filter = Expr::And(vec![Expr::of_blueprint("component"), is("spec.system", "system-7")]);
    facets_of_relations(bencher, count, filter, &[FEW_ENDS, MANY_ENDS].concat());
}

const FEW_ENDS: [(&str, &str); 2] = [("ownedBy", "group"), ("partOf", "system")];
const MANY_ENDS: [(&str, &str); 2] = [("dependsOn", "resource"), ("dependsOn", "component")];

fn facets_of_relations(bencher: Bencher, count: usize, filter: Expr, facets: &[(&str, &str)]) {
    let catalog = linked(count);
    let subject = |(name, kind): &(&str, &str)| Subject::Relation {
        name: (*name).into(),
        target_kind: Some((*kind).into()),
        by_identifier: true,
    };
    let subjects: Vec<Subject> = facets.iter().map(subject).collect();
    bencher.bench(|| {
        let selection = catalog.select(black_box(&filter), false);
        subjects.iter().map(|s| (selection.facet(s).len(), selection.missing(s))).collect::<Vec<_>>()
    });
}

/// Everything within five hops of a component, five hundred of it shown: most of the catalog is gone through.
#[divan::bench(args = SIZES)]
fn graph_of_five_hops(bencher: Bencher, count: usize) {
    walks(bencher, count, None);
}

/// What leads to a group within five hops: at every edge it is asked which way it leads.
#[divan::bench(args = SIZES)]
fn graph_of_what_leads_here(bencher: Bencher, count: usize) {
    walks(bencher, count, Some(Direction::Downstream));
}

fn walks(bencher: Bencher, count: usize, direction: Option<Direction>) {
    let catalog = linked(count);
    let kind = if direction.is_none() { "component" } else { "group" };
    let mut n = 0;
    bencher.bench_local(|| {
        n = (n + 1) % (count / 100);
        let start = catalog.node_of_ref(&format!("{kind}:default/{kind}-{n}")).unwrap_or_default();
        let (relations, blueprints) = (Vec::new(), Vec::new());
        let starts = vec![start];
        let around =
            Around { starts, depth: 5, direction, relations, blueprints, limit: 500, ..Around::default() };
        let found = catalog.around(black_box(&around));
        (found.nodes.len(), found.edges.len(), found.hidden_nodes)
    });
}

/// One changed entity, with a reader that keeps the snapshot before it.
#[divan::bench(args = SIZES)]
fn change_one(bencher: Bencher, count: usize) {
    let mut current = catalog(count);
    let mut n = 0;
    bencher.bench_local(|| {
        let kept = current.clone();
        n += 1;
        current.apply(&component(n * 7 % count, if n % 2 == 0 { "as it was" } else { "as it is" }));
        kept
    });
}
