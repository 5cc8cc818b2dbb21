//! Searching, sorting and counting by derived values.

use serde_json::{Value, json};
use stagedoor_model::Timestamp;
use stagedoor_query::dialect::port::{Scope, compile};
use stagedoor_query::page::{Place, Sort};
use stagedoor_query::{Expr, Meta, Subject};

use super::{Book, NOW};

fn book() -> Book {
    let mut book = Book::new();
    book.define("domain", json!({"schema": {"properties": {"tier": {"type": "string"}, "due": {"type": "string", "format": "date-time"}}}}));
    book.define(
        "service",
        json!({"schema": {"properties": {"n": {"type": "number"}}},
            "relations": {"domain": {"target": "domain"}, "also": {"target": "domain", "many": true}},
            "mirrorProperties": {"tier": {"path": "domain.tier"}, "tiers": {"path": "also.tier"}, "due": {"path": "domain.due"}},
            "calculationProperties": {"n2": {"calculation": "value .properties.n", "type": "number"},
                "big": {"calculation": "value .properties.big", "type": "boolean"}}}),
    );
    book.define("job", json!({"schema": {"properties": {"tier": {"type": "string"}}}}));
    book.put("domain", "shop", json!({"properties": {"tier": "Gold", "due": "2026-12-01T12:00:00+01:00"}}));
    book.put("domain", "pay", json!({"properties": {"tier": "iron"}}));
    book.put(
        "service",
        "a",
        json!({"properties": {"n": 9}, "relations": {"domain": "shop", "also": ["shop", "pay"]}}),
    );
    book.put(
        "service",
        "b",
        json!({"properties": {"n": 10}, "relations": {"domain": "pay", "also": ["pay"]}}),
    );
    book.put("service", "c", json!({"properties": {"n": -3, "tier": "mine"}}));
    book.put("job", "j", json!({"properties": {"tier": "Gold"}}));
    book
}

fn found(book: &Book, property: &str, operator: &str, value: Value) -> String {
    let query =
        json!({"combinator": "and", "rules": [{"property": property, "operator": operator, "value": value}]});
    let blueprints = book.catalog.blueprints();
    let scope = Scope { blueprints, only: None, now: Timestamp(NOW), caller: None };
    let expr = compile(&query, "", &scope).unwrap();
    let selection = book.catalog.select(&expr, false);
    let ids = selection.by_ref(None, false).map(|n| book.catalog.identifier_at(n).into_owned());
    ids.filter(|id| id != "shop" && id != "pay").collect::<Vec<_>>().join(" ")
}

#[test]
fn rules_find_derived_values() {
    let book = book();
    for (property, operator, value, expected) in [
        ("tier", "=", json!("Gold"), "j a"),
        ("tier", "=", json!("gold"), ""),
        ("tier", "=", json!("mine"), ""),
        ("tier", "!=", json!("Gold"), "b c"),
        ("tier", "isEmpty", json!(null), "c"),
        ("tier", "isNotEmpty", json!(null), "j a b"),
        ("tier", "beginsWith", json!("ir"), "b"),
        ("tiers", "contains", json!("iron"), "a b"),
        ("tiers", "containsAny", json!(["Gold", "x"]), "a"),
        ("tiers", "isNotEmpty", json!(null), "a b c"),
        ("n2", ">", json!(9), "b"),
        ("n2", "between", json!({"from": -3, "to": 9}), "a c"),
        ("n2", "in", json!([10, -3]), "b c"),
        ("due", "<", json!("2026-12-01T11:30:00Z"), "a"),
        ("due", "=", json!("2026-12-01T11:00:00Z"), "a"),
        ("none", "=", json!(1), ""),
    ] {
        let mut all = found(&book, property, operator, value.clone());
        if property != "tier" && operator == "!=" {
            all = all.replace("j ", "");
        }
        assert_eq!(all, expected, "{property} {operator} {value}");
    }
}

#[test]
fn inherited_teams_are_found() {
    let mut book = book();
    book.define(
        "part",
        json!({"relations": {"of": {"target": "service"}}, "ownership": {"type": "Inherited", "path": "of"}}),
    );
    book.put("service", "a", json!({"team": ["red"]}));
    book.put("part", "p", json!({"team": ["mine"], "relations": {"of": "a"}}));
    assert_eq!(found(&book, "$team", "=", json!("red")), "p a");
    assert_eq!(found(&book, "$team", "=", json!("mine")), "");
    let selection = book.catalog.select(&Expr::of_blueprint("part"), false);
    assert_eq!(selection.facet(&Subject::Meta(Meta::Team))[0].value.text, "red");
}

#[test]
fn derived_values_sort_and_count() {
    let book = book();
    let selection = book.catalog.select(&Expr::of_blueprint("service"), false);
    let walk = |key: &str, descending: bool, after: Option<&Place>| {
        let sort = Sort { subject: Subject::Derived(key.into()), descending };
        let steps = selection.sorted(&sort, after);
        steps
            .map(|s| (s.value.to_string(), book.catalog.identifier_at(s.node).into_owned()))
            .collect::<Vec<_>>()
    };
    let ids =
        |steps: &[(String, String)]| steps.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>().join(" ");
    let up = walk("n2", false, None);
    assert_eq!((ids(&up), ids(&walk("n2", true, None))), ("c a b".into(), "b a c".into()));
    let place = Place { value: up[0].0.clone(), reference: "service:default/c".into() };
    assert_eq!(ids(&walk("n2", false, Some(&place))), "a b");
    assert_eq!(ids(&walk("tier", false, None)), "a b");
    let subject = Subject::Derived("tiers".into());
    let counts: Vec<_> = selection.facet(&subject).into_iter().map(|b| (b.value.text, b.count)).collect();
    assert_eq!(counts, [("Gold".into(), 1), ("iron".into(), 2)]);
    let numbers = selection.facet(&Subject::Derived("n2".into()));
    assert!(numbers.iter().all(|b| !b.value.is_text && b.count == 1) && numbers.len() == 3);
    assert_eq!((selection.missing(&subject), selection.unsortable(&subject).len()), (1, 1));
}
