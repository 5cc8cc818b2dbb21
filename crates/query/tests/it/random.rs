//! Random catalogs and queries, from small alphabets so that things meet.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};
use stagedoor_query::expr::Order;
use stagedoor_query::reach::{Direction, Hop, Route, Start};
use stagedoor_query::{Collation, Expr, Meta, Scalar, Subject, Test};

/// A change, before it is fitted to the catalog it meets.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// Create or replace: blueprint, identifier, document, contributed fields, seed of the stamps.
    Put(&'static str, &'static str, Option<Value>, Option<Value>, i64),
    /// Delete the n-th entity.
    Delete(usize),
    /// Define a blueprint with these properties and relations.
    Define(&'static str, Vec<&'static str>, Vec<&'static str>),
    /// Add, at this time, or take away a blueprint whose kind clashes with that of `alpha`.
    Clash(Option<i64>),
}

pub(crate) const PROPERTIES: [&str; 6] = ["s", "S", "n", "tags", "o", "uses"];
pub(crate) const RELATIONS: [&str; 3] = ["uses", "owner", "on-call"];
const IDENTIFIERS: [&str; 6] = ["a", "b", "c", "ns/d", "Zed", "zed"];
/// Never the target of a Port relation: which of two gets the reference depends on the order of arrival.
const TARGETS: [&str; 4] = ["a", "b", "c", "ns/d"];
const TEXTS: [&str; 20] = [
    "a",
    "A",
    "b",
    "ab",
    "Ä",
    "ä",
    "",
    "1",
    "10",
    "true",
    "java",
    "Java",
    "2026-01-01",
    "2026-01-01T00:00:00Z",
    "2025-12-31T23:30:00-01:00",
    "alpha:default/a",
    "component:default/b",
    "ns/d",
    "Zed",
    "component",
];
const PATHS: [&str; 18] = [
    "spec.s",
    "spec.S",
    "SPEC.s",
    "spec.n",
    "spec.o",
    "spec.o.k",
    "spec.o.k.a",
    "spec.uses",
    "spec.properties.uses",
    "metadata.tags",
    "metadata.tags.java",
    "metadata.title",
    "metadata.annotations.a",
    "metadata.uid",
    "kind",
    "spec",
    "spec.owner",
    "spec.none",
];

fn long(fill: &str) -> String {
    format!("a{}b", fill.repeat(210))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![20 => select(&TEXTS[..]).prop_map(str::to_owned), 1 => Just(long("x")), 1 => Just(long("X"))]
}

fn scalar() -> impl Strategy<Value = Value> {
    let numbers = vec![
        json!(0),
        json!(-0.0),
        json!(1),
        json!(1.0),
        json!(2.5),
        json!(10),
        json!(1e21),
        json!(1e-7),
        json!(u64::MAX),
    ];
    prop_oneof![
        6 => text().prop_map(Value::String),
        3 => select(numbers),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => Just(Value::Null),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            vec((select(&["k", "K", "a", "java"][..]), inner), 0..3).prop_map(|pairs| pairs
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect::<Map<_, _>>()
                .into()),
        ]
    })
}

fn object(keys: &'static [&'static str]) -> impl Strategy<Value = Map<String, Value>> {
    vec((select(keys), value()), 0..4)
        .prop_map(|pairs| pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
}

fn document() -> impl Strategy<Value = Value> {
    let spec = object(&["s", "S", "n", "o", "uses", "properties", "owner"]);
    let references = vec(select(&["a", "b", "group:ops", "component:b", "beta:ns/d", "bad:"][..]), 0..3);
    let tags = option::of(vec(text(), 0..3));
    (spec, references, tags, option::of(text()), option::of(value())).prop_map(|(mut spec, refs, tags, title, label)| {
        if let Some(first) = refs.first() {
            spec.insert("owner".into(), json!(first));
            spec.insert("dependsOn".into(), json!(refs));
        }
        let mut metadata = json!({"name": "n", "annotations": {"a": label}});
        if let Some(tags) = tags {
            metadata["tags"] = json!(tags);
        }
        if let Some(title) = title {
            metadata["title"] = json!(title);
        }
        json!({"apiVersion": "v1", "kind": "X", "metadata": metadata, "spec": spec, "relations": [{"type": "t"}], "status": {"a": 1}})
    })
}

fn fields() -> impl Strategy<Value = Value> {
    let one = option::of(select(&TARGETS[..])).prop_map(|t| json!(t));
    let many = vec(select(&TARGETS[..]), 0..3).prop_map(|t| json!(t));
    let relations = vec((select(&RELATIONS[..]), prop_oneof![one, many]), 0..3);
    let teams = option::of(vec(text(), 0..3));
    (object(&PROPERTIES), relations, option::of(text()), option::of(text()), teams).prop_map(
        |(properties, relations, title, icon, team)| {
            let relations: Map<String, Value> = relations.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
            json!({"properties": properties, "relations": relations, "title": title, "icon": icon, "team": team})
        },
    )
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let blueprint = || select(&["alpha", "beta", "component", "al.pha"][..]);
    let put = (blueprint(), select(&IDENTIFIERS[..]), option::of(document()), option::of(fields()), 0_i64..9);
    let properties = subsequence(PROPERTIES.to_vec(), 0..=PROPERTIES.len());
    let relations = subsequence(RELATIONS.to_vec(), 0..=RELATIONS.len());
    prop_oneof![
        8 => put.prop_map(|(b, i, d, f, s)| Op::Put(b, i, d, f, s)),
        2 => (0_usize..20).prop_map(Op::Delete),
        1 => (select(&["alpha", "beta", "component"][..]), properties, relations).prop_map(|(b, p, r)| Op::Define(b, p, r)),
        // Only a younger one: a blueprint is stamped when it is committed.
        1 => option::of(Just(1_000_000_i64)).prop_map(Op::Clash),
    ]
}

/// A relation of either end.
pub(crate) fn relation() -> impl Strategy<Value = Subject> {
    let names =
        &["uses", "usesOf", "owner", "ownerOf", "ownedBy", "OWNEDBY", "dependsOn", "dependencyOf", "on_call"]
            [..];
    let kinds = &["component", "group", "alpha", "beta", "!alpha"][..];
    (select(names), option::of(select(kinds)), any::<bool>()).prop_map(|(name, kind, by_identifier)| {
        Subject::Relation { name: name.to_owned(), target_kind: kind.map(str::to_owned), by_identifier }
    })
}

/// A condition on a relation that no look-up answers.
pub(crate) fn related() -> impl Strategy<Value = Expr> {
    let parts = &["", "a", "b", "al", "comp", "group:default/", "component:default/b", "!"][..];
    let test = prop_oneof![
        Just(Test::Exists),
        Just(Test::Valued),
        select(parts).prop_map(|p| Test::Prefix(p.to_owned())),
        select(parts).prop_map(|p| Test::Contains(p.to_owned())),
        vec(operand(), 1..4).prop_map(Test::In),
    ];
    (relation(), test, any::<bool>()).prop_map(|(subject, test, exact)| {
        let collation = if exact { Collation::Exact } else { Collation::Folded };
        Expr::Is { subject, test, collation }
    })
}

pub(crate) fn subject() -> impl Strategy<Value = Subject> {
    const METAS: [Meta; 12] = [
        Meta::Identifier,
        Meta::Title,
        Meta::Blueprint,
        Meta::Team,
        Meta::Icon,
        Meta::CreatedAt,
        Meta::UpdatedAt,
        Meta::CreatedBy,
        Meta::UpdatedBy,
        Meta::Datasource,
        Meta::Ref,
        Meta::Uid,
    ];
    prop_oneof![
        5 => select(&PATHS[..]).prop_map(|p| Subject::Field(p.to_owned())),
        2 => relation(),
        2 => select(&METAS[..]).prop_map(Subject::Meta),
    ]
}

fn operand() -> impl Strategy<Value = Scalar> {
    let uid = "00000000-0000-0000-0000-00000000000a";
    let dates = &["1970-01-01T00:00:03.000Z", "1970-01-01T00:00:04Z"][..];
    let other = prop_oneof![Just(json!(uid)), select(dates).prop_map(|d| json!(d))];
    prop_oneof![9 => scalar(), 1 => other].prop_filter_map("a scalar", |v| Scalar::of(&v))
}

fn is() -> impl Strategy<Value = Expr> {
    let order = select(&[Order::Less, Order::LessOrEqual, Order::Greater, Order::GreaterOrEqual][..]);
    let test = prop_oneof![
        1 => Just(Test::Exists),
        1 => Just(Test::Valued),
        4 => vec(operand(), 0..4).prop_map(Test::In),
        1 => text().prop_map(Test::Prefix),
        1 => text().prop_map(Test::Suffix),
        1 => text().prop_map(Test::Contains),
        3 => (order, operand()).prop_map(|(o, s)| Test::Compare(o, s)),
    ];
    (subject(), test, any::<bool>()).prop_map(|(subject, test, exact)| {
        if exact {
            return Expr::Is { subject, test, collation: Collation::Exact };
        }
        // Parts of texts come in lower case where case does not count.
        let test = match test {
            Test::Prefix(t) => Test::Prefix(t.to_lowercase()),
            Test::Suffix(t) => Test::Suffix(t.to_lowercase()),
            Test::Contains(t) => Test::Contains(t.to_lowercase()),
            other => other,
        };
        Expr::Is { subject, test, collation: Collation::Folded }
    })
}

fn reach() -> impl Strategy<Value = Expr> {
    let identifiers =
        &["a", "b", "c", "ns/d", "Zed", "none", "component:default/a", "component:default/b"][..];
    let blueprint = option::of(select(&["alpha", "beta", "component", "al.pha"][..]));
    let named = (blueprint, vec(select(identifiers), 0..3)).prop_map(|(b, ids)| Start::Named {
        blueprint: b.map(str::to_owned),
        identifiers: ids.into_iter().map(str::to_owned).collect(),
    });
    let start = prop_oneof![3 => named, 1 => is().prop_map(Start::Matching)];
    let direction = option::of(select(&[Direction::Upstream, Direction::Downstream][..]));
    let related = (direction, option::of(any::<bool>()))
        .prop_map(|(direction, required)| Route::Related { direction, required });
    let hop = (option::of(select(&RELATIONS[..])), 1_u8..4)
        .prop_map(|(relation, max)| Hop { relation: relation.map(str::to_owned), max });
    let path = (vec(hop, 1..4), any::<bool>()).prop_map(|(hops, backward)| Route::Path { hops, backward });
    (start, prop_oneof![related, path]).prop_map(|(start, route)| Expr::reach(start, route))
}

pub(crate) fn expr() -> impl Strategy<Value = Expr> {
    prop_oneof![12 => is(), 4 => reach(), 1 => Just(Expr::All)].prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Expr::And),
            vec(inner.clone(), 0..4).prop_map(Expr::Or),
            inner.prop_map(Expr::negate),
        ]
    })
}
