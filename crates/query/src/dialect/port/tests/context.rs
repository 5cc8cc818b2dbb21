//! Rules that compare with the caller.

use serde_json::{Value, json};

use super::{NOW, put, put_blueprint, time};
use crate::Catalog;
use crate::dialect::port::{Caller, Scope, compile};

fn catalog() -> Catalog {
    let mut c = Catalog::default();
    put_blueprint(
        &mut c,
        json!({"identifier": "_team", "schema": {"properties": {"size": {"type": "number"}, "site": {"type": "string"}}}}),
    );
    put_blueprint(
        &mut c,
        json!({"identifier": "_user", "schema": {"properties": {"site": {"type": "string"}}},
            "relations": {"groups": {"target": "_team", "many": true}}}),
    );
    put_blueprint(
        &mut c,
        json!({"identifier": "app", "schema": {"properties": {"lead": {"type": "string"}, "site": {"type": "string"}}}}),
    );
    put(&mut c, "_team", "red", NOW, json!({"properties": {"size": 4, "site": "oslo"}}));
    put(&mut c, "_team", "blue", NOW, json!({"properties": {"size": 40}}));
    let ann = json!({"title": "Ann", "team": ["red"], "properties": {"site": "bonn"}, "relations": {"groups": ["blue"]}});
    put(&mut c, "_user", "ann@example.com", NOW, ann);
    for (app, team, lead, site) in [
        ("a", "red", "ann@example.com", "bonn"),
        ("b", "blue", "bob@example.com", "oslo"),
        ("c", "green", "Ann", ""),
    ] {
        put(&mut c, "app", app, NOW, json!({"team": [team], "properties": {"lead": lead, "site": site}}));
    }
    c
}

fn hits(catalog: &Catalog, email: Option<&str>, rule: &Value) -> String {
    let caller = Caller::new(catalog, email);
    let scope =
        Scope { blueprints: catalog.blueprints(), only: Some("app"), now: time(NOW), caller: Some(&caller) };
    let query = json!({"combinator": "and", "rules": [rule]});
    let expr = compile(&query, "", &scope).unwrap_or_else(|e| panic!("{rule}: {e}"));
    let found = catalog.select(&expr, false);
    found
        .by_identifier("app", None)
        .map(|n| catalog.identifier_at(n).into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_value_is_the_callers() {
    let c = catalog();
    let value = |property: &str, context: &str| json!({"property": property, "context": context});
    for (property, operator, value, found) in [
        ("lead", "=", value("email", "user"), "a"),
        ("lead", "=", value("$identifier", "user"), "a"),
        ("lead", "!=", value("email", "user"), "b c"),
        ("lead", "=", value("$title", "user"), "c"),
        ("site", "=", value("site", "user"), "a"),
        ("site", "in", value("site", "userTeams"), "b"),
        ("$team", "in", value("$identifier", "userTeams"), "a b"),
        ("$team", "containsAny", value("$team", "user"), "a b"),
        ("$team", "contains", value("$team", "user"), "a b"),
        ("$team", "notIn", value("$team", "user"), "c"),
        ("lead", "=", value("none", "user"), ""),
        ("lead", "!=", value("none", "user"), ""),
    ] {
        let rule = json!({"property": property, "operator": operator, "value": value});
        assert_eq!(hits(&c, Some("ann@example.com"), &rule), found, "{rule}");
        for nobody in [None, Some("eve@example.com")] {
            let expected = match (nobody, value["property"].as_str().unwrap(), operator) {
                // Whoever has signed in has an address, also without an entity.
                (Some(_), "email" | "$identifier", "!=") if value["context"] == "user" => "a b c",
                _ => "",
            };
            assert_eq!(hits(&c, nobody, &rule), expected, "{nobody:?} {rule}");
        }
    }
}

#[test]
fn the_property_is_the_callers() {
    let c = catalog();
    for (context, property, operator, value, everything) in [
        ("user", "site", "=", json!("bonn"), true),
        ("user", "site", "=", json!("oslo"), false),
        ("user", "$team", "contains", json!("red"), true),
        ("userTeams", "size", ">", json!(30), true),
        ("userTeams", "size", ">", json!(50), false),
        ("userTeams", "site", "isEmpty", json!(null), true),
    ] {
        let property = json!({"context": context, "property": property});
        let rule = json!({"property": property, "operator": operator, "value": value});
        let expected = if everything { "a b c" } else { "" };
        assert_eq!(hits(&c, Some("ann@example.com"), &rule), expected, "{rule}");
        assert_eq!(hits(&c, None, &rule), "", "{rule}");
    }
}

#[test]
fn a_bad_context_is_named() {
    let c = catalog();
    let scope = Scope { blueprints: c.blueprints(), only: None, now: time(NOW), caller: None };
    for (rule, message) in [
        (
            json!({"property": "lead", "operator": "=", "value": {"context": "team", "property": "x"}}),
            "\"rules/0/value/context\" must be equal to one of the allowed values: user, userTeams",
        ),
        (
            json!({"property": "lead", "operator": "=", "value": {"context": "user"}}),
            "\"rules/0/value\" must have required property 'property'",
        ),
        (
            json!({"property": {"context": "user", "property": 1}, "operator": "=", "value": "x"}),
            "\"rules/0/property/property\" must be string",
        ),
    ] {
        let query = json!({"combinator": "and", "rules": [rule]});
        match compile(&query, "", &scope) {
            Ok(expr) => panic!("{rule} compiled to {expr:?}"),
            Err(invalid) => assert_eq!(invalid.message, message, "{rule}"),
        }
    }
}
