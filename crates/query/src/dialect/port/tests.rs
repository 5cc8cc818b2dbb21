use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_model::{Blueprint, Change, EntityRecord, Fields, Stamps, Timestamp};
use uuid::Uuid;

mod context;
mod relations;

use super::{MAX_DEPTH, MAX_RULES, OPERATORS, PRESETS, Scope, compile};
use crate::Catalog;

const NOW: &str = "2026-06-10T12:00:00.000Z";

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn stamps(created: &str) -> Stamps {
    Stamps {
        created_at: time(created),
        created_by: "ana".into(),
        updated_at: time(created),
        updated_by: "ana".into(),
        datasource: Some("port-ocean/argocd/1.2/prod/exporter".into()),
    }
}

fn put_blueprint(catalog: &mut Catalog, body: Value) {
    let blueprint = Blueprint::parse(&body, stamps("2026-01-01"), None).unwrap();
    catalog.apply(&Change::PutBlueprint(Arc::new(blueprint)));
}

fn put(catalog: &mut Catalog, blueprint: &str, identifier: &str, created: &str, fields: Value) {
    let uid = Uuid::from_u128(catalog.entities().count() as u128 + 1);
    let face = Arc::clone(&catalog.blueprints().get(blueprint).unwrap().face);
    let fields: Fields = serde_json::from_value(fields).unwrap();
    let record = EntityRecord {
        uid,
        blueprint: blueprint.into(),
        identifier: identifier.into(),
        entity_ref: catalog.reference_for(&face, uid, identifier).into(),
        document: None,
        fields: Some(fields.to_json()),
        claim: None,
        stamps: stamps(created),
    };
    catalog.apply(&Change::PutEntity(Arc::new(record)));
}

fn catalog() -> Catalog {
    let mut c = Catalog::default();
    put_blueprint(
        &mut c,
        json!({"identifier": "team", "schema": {"properties": {"size": {"type": "number"}}}}),
    );
    put_blueprint(
        &mut c,
        json!({"identifier": "service", "schema": {"properties": {
            "tier": {"type": "string"}, "replicas": {"type": "number"}, "live": {"type": "boolean"},
            "tags": {"type": "array"}, "config": {"type": "object"}, "due": {"type": "string", "format": "date-time"},
            "labels": {"type": "object"}}},
            "relations": {"owner": {"target": "team"}, "needs": {"target": "service", "many": true}},
            "mirrorProperties": {"ownerSize": {"path": "owner.size"}}}),
    );
    put_blueprint(
        &mut c,
        json!({"identifier": "job", "schema": {"properties": {"tier": {"type": "number"}}}}),
    );
    put(&mut c, "team", "red", "2026-06-09T15:00:00Z", json!({"title": "Red", "properties": {"size": 4}}));
    put(&mut c, "team", "Blue/One", "2026-06-10T01:00:00Z", json!({}));
    put(
        &mut c,
        "service",
        "cart",
        "2026-05-01",
        json!({"title": "Cart", "team": ["red", "ops"], "icon": "Cart",
            "properties": {"tier": "Gold", "replicas": 3, "live": true, "tags": ["java", "Web"], "config": {},
                "due": "2026-06-11T00:00:00Z"},
            "relations": {"owner": "red", "needs": ["pay", "mail"]}}),
    );
    put(
        &mut c,
        "service",
        "pay",
        "2024-01-01",
        json!({"properties": {"tier": "silver", "replicas": 10.5, "live": false, "tags": [], "config": {"a": null},
            "due": "2026-06-01T02:00:00+02:00"}, "relations": {"owner": "Blue/One", "needs": []}}),
    );
    let long = format!("Gold {}", "x".repeat(300));
    put(
        &mut c,
        "service",
        "mail",
        "2026-06-10T11:00:00Z",
        json!({"properties": {"tier": long, "replicas": null}}),
    );
    put(&mut c, "job", "nightly", "2026-06-04", json!({"properties": {"tier": 1}}));
    c
}

fn run(catalog: &Catalog, only: Option<&str>, query: &Value) -> String {
    let scope = Scope { blueprints: catalog.blueprints(), only, now: time(NOW), caller: None };
    let expr = compile(query, "", &scope).unwrap_or_else(|e| panic!("{query}: {e}"));
    let found = catalog.select(&expr, false);
    let mut ids: Vec<String> =
        found.by_ref(None, false).map(|n| catalog.identifier_at(n).into_owned()).collect();
    ids.sort();
    ids.join(" ")
}

fn rule(property: &str, operator: &str, value: Value) -> Value {
    json!({"combinator": "and", "rules": [{"property": property, "operator": operator, "value": value}]})
}

#[test]
fn every_operator() {
    let c = catalog();
    let not = |hits: &str| {
        let all = ["Blue/One", "cart", "mail", "nightly", "pay", "red"];
        let hits: Vec<&str> = hits.split(' ').collect();
        all.into_iter().filter(|i| !hits.contains(i)).collect::<Vec<_>>().join(" ")
    };
    let pairs: Vec<(&str, &str, &str, Value, &str)> = vec![
        ("=", "!=", "tier", json!("Gold"), "cart"),
        ("=", "!=", "tier", json!("gold"), ""),
        ("=", "!=", "tier", json!(1), "nightly"),
        ("=", "!=", "tier", json!("1"), ""),
        ("=", "!=", "live", json!(false), "pay"),
        ("=", "!=", "tags", json!("java"), "cart"),
        ("=", "!=", "replicas", json!(10.5), "pay"),
        ("=", "!=", "replicas", json!(3.0), "cart"),
        ("=", "!=", "replicas", json!(null), "Blue/One mail nightly red"),
        ("=", "!=", "due", json!("2026-06-01T00:00:00Z"), "pay"),
        ("=", "!=", "due", json!({"preset": "tomorrow"}), "cart"),
        ("=", "!=", "owner", json!("Blue/One"), "pay"),
        ("=", "!=", "needs", json!("mail"), "cart"),
        ("=", "!=", "$identifier", json!("Blue/One"), "Blue/One"),
        ("=", "!=", "$blueprint", json!("service"), "cart mail pay"),
        ("=", "!=", "$title", json!("Cart"), "cart"),
        ("=", "!=", "$team", json!("ops"), "cart"),
        ("=", "!=", "$icon", json!("Cart"), "cart"),
        ("=", "!=", "$createdAt", json!("2026-06-10T03:00:00+02:00"), "Blue/One"),
        ("=", "!=", "$createdBy", json!("ana"), "Blue/One cart mail nightly pay red"),
        ("=", "!=", "nobodys", json!("x"), ""),
        ("contains", "doesNotContains", "tier", json!("ol"), "cart mail"),
        ("contains", "doesNotContains", "tags", json!("jav"), ""),
        ("contains", "doesNotContains", "tags", json!("Web"), "cart"),
        (
            "contains",
            "doesNotContains",
            "$datasource",
            json!("/prod/exporter"),
            "Blue/One cart mail nightly pay red",
        ),
        ("contains", "doesNotContains", "$team", json!("re"), ""),
        ("contains", "doesNotContains", "owner", json!("lue"), "pay"),
        ("contains", "doesNotContains", "needs", json!("pay"), "cart"),
        ("beginsWith", "doesNotBeginsWith", "tier", json!("Gol"), "cart mail"),
        ("beginsWith", "doesNotBeginsWith", "tier", json!("gol"), ""),
        ("beginsWith", "doesNotBeginsWith", "$identifier", json!("Bl"), "Blue/One"),
        ("endsWith", "doesNotEndsWith", "tier", json!("er"), "pay"),
        ("endsWith", "doesNotEndsWith", "tier", json!("xx"), "mail"),
        ("in", "notIn", "tier", json!(["Gold", "silver", 1]), "cart nightly pay"),
        ("in", "notIn", "tier", json!([]), ""),
        ("in", "notIn", "live", json!([true, null]), "Blue/One cart mail nightly red"),
        ("in", "notIn", "owner", json!(["red", "none"]), "cart"),
        ("in", "notIn", "$identifier", json!(["cart", "nightly", "Cart"]), "cart nightly"),
        ("between", "notBetween", "replicas", json!({"from": 3, "to": 10}), "cart"),
        ("between", "notBetween", "due", json!({"from": "2026-05-31", "to": "2026-06-02"}), "pay"),
        ("between", "notBetween", "$createdAt", json!({"preset": "today"}), "Blue/One mail"),
        ("between", "notBetween", "$createdAt", json!({"preset": "yesterday"}), "red"),
        ("between", "notBetween", "$createdAt", json!({"preset": "lastDay"}), "Blue/One mail red"),
        ("between", "notBetween", "$createdAt", json!({"preset": "lastWeek"}), "Blue/One mail nightly red"),
        (
            "between",
            "notBetween",
            "$createdAt",
            json!({"preset": "last3Years"}),
            "Blue/One cart mail nightly pay red",
        ),
        ("between", "notBetween", "due", json!({"preset": "nextWeek"}), "cart"),
        ("isNotEmpty", "isEmpty", "replicas", json!(null), "cart pay"),
        ("isNotEmpty", "isEmpty", "tags", json!(null), "cart pay"),
        ("isNotEmpty", "isEmpty", "config", json!(null), "cart pay"),
        ("isNotEmpty", "isEmpty", "tier", json!(null), "cart mail nightly pay"),
        ("isNotEmpty", "isEmpty", "owner", json!(null), "cart pay"),
        ("isNotEmpty", "isEmpty", "needs", json!(null), "cart"),
        ("isNotEmpty", "isEmpty", "$title", json!(null), "cart red"),
        ("isNotEmpty", "isEmpty", "$team", json!(null), "cart"),
    ];
    for (is, is_not, property, value, hits) in pairs {
        assert_eq!(run(&c, None, &rule(property, is, value.clone())), hits, "{property} {is} {value}");
        assert_eq!(
            run(&c, None, &rule(property, is_not, value.clone())),
            not(hits),
            "{property} {is_not} {value}"
        );
    }
}

#[test]
fn operators_without_an_opposite() {
    let c = catalog();
    for (operator, property, value, hits) in [
        (">", "replicas", json!(3), "pay"),
        (">=", "replicas", json!(3), "cart pay"),
        ("<", "replicas", json!(10.5), "cart"),
        ("<=", "replicas", json!(10.5), "cart pay"),
        (">", "due", json!("2026-06-01T00:00:00Z"), "cart"),
        (">=", "due", json!("2026-06-01T00:00:00Z"), "cart pay"),
        ("<", "$updatedAt", json!("2026-01-01T00:00:00+01:00"), "pay"),
        (">", "tier", json!("h"), "pay"),
        (">", "tier", json!(0), "nightly"),
        (">", "nobodys", json!(0), ""),
        ("containsAny", "tags", json!(["go", "Web"]), "cart"),
        ("containsAny", "$team", json!(["ops"]), "cart"),
        ("containsAny", "needs", json!(["cart", "mail"]), "cart"),
    ] {
        assert_eq!(
            run(&c, None, &rule(property, operator, value.clone())),
            hits,
            "{property} {operator} {value}"
        );
    }
}

#[test]
fn groups_nest_and_a_scope_restricts() {
    let c = catalog();
    let everything = "Blue/One cart mail nightly pay red";
    for (query, hits) in [
        (json!({"combinator": "and", "rules": []}), everything),
        (json!({"combinator": "or", "rules": []}), everything),
        (
            json!({"combinator": "or", "rules": [
                {"property": "$identifier", "operator": "=", "value": "red"},
                {"combinator": "and", "rules": [
                    {"property": "tier", "operator": "beginsWith", "value": "Gold"},
                    {"combinator": "or", "rules": [{"property": "live", "operator": "isNotEmpty"}]}]}]}),
            "cart red",
        ),
        (
            json!({"combinator": "and", "rules": [{"relation": "owner", "operator": "=", "value": "red"}]}),
            "cart",
        ),
    ] {
        assert_eq!(run(&c, None, &query), hits, "{query}");
    }
    let query = rule("tier", "!=", json!("Gold"));
    assert_eq!(run(&c, Some("service"), &query), "mail pay");
    assert_eq!(run(&c, Some("job"), &rule("tags", "isEmpty", json!(null))), "nightly");
}

#[test]
fn a_bad_rule_is_named_by_its_place() {
    let c = catalog();
    let scope = Scope { blueprints: c.blueprints(), only: None, now: time(NOW), caller: None };
    let refused = |query: &Value, place: &str| match compile(query, place, &scope) {
        Ok(expr) => panic!("{query} compiled to {expr:?}"),
        Err(invalid) => invalid.message,
    };
    let one = |rule: Value| json!({"combinator": "and", "rules": [rule]});
    let names: Vec<_> = OPERATORS.iter().map(|o| o.name).collect();
    let operators =
        format!("\"rules/0/operator\" must be equal to one of the allowed values: {}", names.join(", "));
    for (query, message) in [
        (json!([]), "body must be object"),
        (json!({"rules": []}), "body must have required property 'combinator'"),
        (json!({"combinator": "and"}), "body must have required property 'rules'"),
        (
            json!({"combinator": "xor", "rules": []}),
            "\"combinator\" must be equal to one of the allowed values: and, or",
        ),
        (json!({"combinator": "or", "rules": {}}), "\"rules\" must be array"),
        (one(json!("x")), "\"rules/0\" must be object"),
        (one(json!({"property": "tier", "operator": "like", "value": 1})), &operators),
        (one(json!({"property": "tier", "value": 1})), "\"rules/0\" must have required property 'operator'"),
        (one(json!({"operator": "=", "value": 1})), "\"rules/0\" must have required property 'property'"),
        (one(json!({"property": 5, "operator": "=", "value": 1})), "\"rules/0/property\" must be string"),
        (
            one(json!({"property": "tier", "operator": "="})),
            "\"rules/0\" must have required property 'value'",
        ),
        (
            one(json!({"property": "tier", "operator": "=", "value": []})),
            "\"rules/0/value\" must be string,number,boolean,null",
        ),
        (one(json!({"property": "tier", "operator": "in", "value": "a"})), "\"rules/0/value\" must be array"),
        (
            one(json!({"property": "tier", "operator": "in", "value": ["a", {}]})),
            "\"rules/0/value/1\" must be string,number,boolean,null",
        ),
        (
            one(json!({"property": "tier", "operator": ">", "value": true})),
            "\"rules/0/value\" must be string,number",
        ),
        (
            one(json!({"property": "tier", "operator": "endsWith", "value": 1})),
            "\"rules/0/value\" must be string",
        ),
        (
            one(json!({"property": "due", "operator": "between", "value": {"from": 1}})),
            "\"rules/0/value\" must have required property 'to'",
        ),
        (
            one(json!({"property": "$createdAt", "operator": ">", "value": "soon"})),
            "\"rules/0/value\" must match format \"date-time\"",
        ),
    ] {
        assert_eq!(refused(&query, ""), message, "{query}");
    }
    assert!(
        refused(&rule("$size", "=", json!(1)), "query")
            .starts_with("\"query/rules/0/property\" must be equal to one")
    );
    assert!(
        refused(&rule("due", "between", json!({"preset": "soon"})), "")
            .contains("rules/0/value/preset\" must be")
    );
    assert!(refused(&one(one(json!(3))), "").contains("\"rules/0/rules/0\""));
}

#[test]
fn depth_and_number_of_rules_are_limited() {
    let c = catalog();
    let scope = Scope { blueprints: c.blueprints(), only: None, now: time(NOW), caller: None };
    let nested = |depth: usize| {
        (1..depth)
            .fold(json!({"combinator": "and", "rules": []}), |q, _| json!({"combinator": "or", "rules": [q]}))
    };
    assert!(compile(&nested(MAX_DEPTH), "", &scope).is_ok());
    assert!(compile(&nested(MAX_DEPTH + 1), "", &scope).is_err());
    let many = |n: usize| {
        let rules: Vec<_> =
            (0..n).map(|_| json!({"property": "tier", "operator": "=", "value": "x"})).collect();
        json!({"combinator": "or", "rules": rules})
    };
    assert!(compile(&many(MAX_RULES), "", &scope).is_ok());
    assert!(compile(&many(MAX_RULES + 1), "", &scope).is_err());
}

#[test]
fn the_documentation_has_every_operator_and_preset() {
    let page = include_str!("../../../../../docs/reference/search.md");
    let row = |o: &super::Operator| {
        format!("| `{}` | {} | {} | {} |", o.name, o.takes.describe(), o.meaning, o.without())
    };
    let rows: Vec<String> = OPERATORS.iter().map(row).collect();
    assert!(page.contains(&rows.join("\n")), "the table of operators should be:\n{}", rows.join("\n"));
    let presets: Vec<String> = PRESETS.iter().map(|p| format!("`{}`", p.name)).collect();
    let words: String = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&presets.join(" ")), "the presets should be: {}", presets.join(" "));
}
