//! `relatedTo`, `matchAny`, properties of other ends, schemas, dates that have passed.

use serde_json::{Value, json};

use super::{NOW, put, put_blueprint, run, time};
use crate::Catalog;
use crate::dialect::port::{Scope, compile};

/// a -> b -> c -> d -> b (a cycle), all on `zone`; `job` runs on c; d leads to nothing that exists, too.
fn graph() -> Catalog {
    let mut c = Catalog::default();
    put_blueprint(&mut c, json!({"identifier": "zone"}));
    let relations =
        json!({"next": {"target": "app", "many": true}, "zone": {"target": "zone", "required": true}});
    let properties = json!({
        "lead": {"type": "string", "format": "user"}, "backup": {"type": "string", "format": "user"},
        "watchers": {"type": "array", "items": {"type": "string", "format": "user"}},
        "name": {"type": "string"}, "ends": {"type": "string", "format": "timer"}});
    put_blueprint(&mut c, json!({"identifier": "app"}));
    put_blueprint(
        &mut c,
        json!({"identifier": "app", "schema": {"properties": properties}, "relations": relations}),
    );
    put_blueprint(&mut c, json!({"identifier": "job", "relations": {"runs": {"target": "app"}}}));
    put(&mut c, "zone", "eu", NOW, json!({"title": "Europe"}));
    put(&mut c, "zone", "us", NOW, json!({}));
    for (app, next, zone, properties) in [
        ("a", json!(["b"]), "eu", json!({"lead": "ann", "name": "bob", "ends": "2026-06-10T11:59:59Z"})),
        ("b", json!(["c"]), "eu", json!({"backup": "ann", "ends": "2026-06-10T12:00:00Z"})),
        ("c", json!(["d"]), "us", json!({"watchers": ["ann", "bob"], "ends": null, "name": "ann"})),
        ("d", json!(["b", "gone"]), "us", json!({"lead": "bob", "backup": null})),
    ] {
        let relations = json!({"next": next, "zone": zone});
        put(&mut c, "app", app, NOW, json!({"properties": properties, "relations": relations}));
    }
    put(&mut c, "job", "nightly", NOW, json!({"relations": {"runs": "c"}}));
    c
}

fn one(rule: Value) -> Value {
    json!({"combinator": "and", "rules": [rule]})
}

#[test]
fn related_entities_are_found_over_any_number_of_hops() {
    let c = graph();
    let related = |blueprint: &str, value: Value, more: Value| {
        let mut rule = json!({"operator": "relatedTo", "blueprint": blueprint, "value": value});
        for (key, value) in more.as_object().unwrap() {
            rule[key] = value.clone();
        }
        one(rule)
    };
    for (blueprint, value, more, hits) in [
        ("app", json!("a"), json!({"direction": "upstream"}), "b c d eu us"),
        ("app", json!("a"), json!({"direction": "downstream"}), ""),
        ("app", json!("b"), json!({"direction": "upstream"}), "b c d eu us"),
        ("app", json!("b"), json!({"direction": "downstream"}), "a b c d nightly"),
        ("app", json!("b"), json!({}), "a b c d eu nightly us"),
        ("app", json!(["a", "b"]), json!({"direction": "upstream"}), "b c d eu us"),
        ("zone", json!("eu"), json!({"direction": "downstream"}), "a b c d nightly"),
        ("zone", json!("eu"), json!({"direction": "downstream", "required": true}), "a b"),
        ("app", json!("a"), json!({"direction": "upstream", "required": true}), "eu"),
        ("app", json!("a"), json!({"direction": "upstream", "required": false}), "b c d"),
        ("job", json!("nightly"), json!({"direction": "upstream", "required": null}), "b c d eu us"),
        ("app", json!("gone"), json!({"direction": "downstream"}), "a b c d nightly"),
        ("app", json!("none"), json!({}), ""),
        ("app", json!([]), json!({}), ""),
    ] {
        assert_eq!(run(&c, None, &related(blueprint, value.clone(), more.clone())), hits, "{value} {more}");
    }
    assert_eq!(run(&c, Some("zone"), &related("app", json!("a"), json!({}))), "eu us");
}

#[test]
fn paths_are_walked_from_either_end() {
    let c = graph();
    for (only, path, from, value, hits) in [
        (None, json!(["runs"]), json!(null), json!("c"), "nightly"),
        (None, json!(["runs", "next"]), json!(null), json!("d"), "nightly"),
        (None, json!(["zone"]), json!(null), json!(["eu", "us"]), "a b c d"),
        (None, json!(["next", "zone"]), json!(null), json!("eu"), "a d"),
        (None, json!(["runs", "zone"]), json!("job"), json!("nightly"), "us"),
        (None, json!([{"relation": "next", "maxHops": 2}]), json!("app"), json!("a"), "b c"),
        (None, json!([{"relation": "next", "maxHops": 15}]), json!("app"), json!("b"), "b c d"),
        (None, json!([{"relation": "next", "maxHops": 2}, "zone"]), json!("app"), json!("a"), "eu us"),
        (None, json!([{"relation": "next", "maxHops": 2}]), json!(null), json!("c"), "a b d"),
        (None, json!([{"maxHops": 2}]), json!("job"), json!("nightly"), "c d us"),
        (Some("zone"), json!([{"maxHops": 2}]), json!("job"), json!("nightly"), "us"),
        (None, json!(["next"]), json!(null), json!("gone"), "d"),
        (None, json!(["none"]), json!(null), json!("c"), ""),
    ] {
        let mut property = json!({"path": path});
        if !from.is_null() {
            property["fromBlueprint"] = from;
        }
        let query = one(json!({"property": property, "operator": "matchAny", "value": value}));
        assert_eq!(run(&c, only, &query), hits, "{query}");
    }
}

#[test]
fn properties_of_the_other_end() {
    let c = graph();
    for (relation, target, operator, value, hits) in [
        ("zone", "$title", "=", json!("Europe"), "a b"),
        ("zone", "$title", "!=", json!("Europe"), "c d eu nightly us"),
        ("zone", "$identifier", "=", json!("us"), "c d"),
        ("runs", "watchers", "containsAny", json!(["ann", "eve"]), "nightly"),
        ("next", "lead", "isNotEmpty", json!(null), "c"),
        ("next", "lead", "in", json!(["bob"]), "c"),
        ("next", "$title", "isEmpty", json!(null), "a b c d eu nightly us"),
        ("next", "none", "=", json!("x"), ""),
    ] {
        let rule =
            json!({"relation": relation, "targetProperty": target, "operator": operator, "value": value});
        assert_eq!(run(&c, None, &one(rule.clone())), hits, "{rule}");
    }
}

#[test]
fn a_schema_means_every_property_that_has_it() {
    let c = graph();
    for (schema, operator, value, hits) in [
        (json!({"type": "string", "format": "user"}), "=", "ann", "a b"),
        (json!({"type": "string", "format": "user"}), "!=", "ann", "c d eu nightly us"),
        (json!({"type": "string"}), "=", "ann", "a b c"),
        (json!({"type": "string"}), "contains", "nn", "a b c"),
        (json!({"type": "array", "items": {"type": "string", "format": "user"}}), "contains", "bob", "c"),
        (json!({"type": "array", "items": {"type": "number"}}), "contains", "bob", ""),
        (json!({"type": "string", "format": "team"}), "=", "ann", ""),
    ] {
        let rule = json!({"propertySchema": schema, "operator": operator, "value": value});
        assert_eq!(run(&c, None, &one(rule.clone())), hits, "{rule}");
    }
}

#[test]
fn dates_expire() {
    let c = graph();
    let rule = |property: &str, operator: &str| one(json!({"property": property, "operator": operator}));
    assert_eq!(run(&c, None, &rule("ends", "isExpired")), "a");
    assert_eq!(run(&c, None, &rule("ends", "isNotExpired")), "b");
    assert_eq!(run(&c, None, &rule("name", "isExpired")), "");
    assert_eq!(run(&c, None, &rule("$createdAt", "isNotExpired")), "a b c d eu nightly us");
}

#[test]
fn bad_rules_are_named() {
    let c = graph();
    let scope = Scope { blueprints: c.blueprints(), only: None, now: time(NOW), caller: None };
    for (rule, message) in [
        (
            json!({"operator": "relatedTo", "value": "a"}),
            "\"rules/0\" must have required property 'blueprint'",
        ),
        (
            json!({"operator": "relatedTo", "blueprint": "none", "value": "a"}),
            "\"rules/0/blueprint\" names a blueprint that does not exist: \"none\"",
        ),
        (
            json!({"operator": "relatedTo", "blueprint": "app"}),
            "\"rules/0\" must have required property 'value'",
        ),
        (
            json!({"operator": "relatedTo", "blueprint": "app", "value": 1}),
            "\"rules/0/value\" must be string,array",
        ),
        (
            json!({"operator": "relatedTo", "blueprint": "app", "value": ["a", null]}),
            "\"rules/0/value/1\" must be string",
        ),
        (
            json!({"operator": "relatedTo", "blueprint": "app", "value": "a", "direction": "up"}),
            "\"rules/0/direction\" must be equal to one of the allowed values: upstream, downstream",
        ),
        (
            json!({"operator": "relatedTo", "blueprint": "app", "value": "a", "required": "yes"}),
            "\"rules/0/required\" must be boolean",
        ),
        (
            json!({"operator": "matchAny", "property": "next", "value": "a"}),
            "\"rules/0/property\" must be object",
        ),
        (
            json!({"operator": "matchAny", "property": {"path": []}, "value": "a"}),
            "\"rules/0/property/path\" must NOT have fewer than 1 items",
        ),
        (
            json!({"operator": "matchAny", "property": {"path": vec!["next"; 16]}, "value": "a"}),
            "\"rules/0/property/path\" must NOT have more than 15 items",
        ),
        (
            json!({"operator": "matchAny", "property": {"path": [{"relation": "next", "maxHops": 16}]}, "value": "a"}),
            "\"rules/0/property/path/0/maxHops\" must be an integer from 1 to 15",
        ),
        (
            json!({"operator": "matchAny", "property": {"path": ["next"], "fromBlueprint": "none"}, "value": "a"}),
            "\"rules/0/property/fromBlueprint\" names a blueprint that does not exist: \"none\"",
        ),
        (
            json!({"propertySchema": {"type": "strings"}, "operator": "=", "value": "a"}),
            "\"rules/0/propertySchema/type\" must be equal to one of the allowed values: string, number, boolean, object, array",
        ),
        (
            json!({"propertySchema": {"type": "string"}, "operator": "in", "value": ["a"]}),
            "\"rules/0/operator\" must be equal to one of the allowed values: =, !=, contains",
        ),
        (json!({"scorecard": 1, "operator": "=", "value": "Gold"}), "\"rules/0/scorecard\" must be string"),
        (
            json!({"relation": "zone", "targetProperty": "$size", "operator": "=", "value": 1}),
            "\"rules/0/targetProperty\" must be equal to one of the allowed values: $identifier, $title, $blueprint, $team, $icon, $createdAt, $updatedAt, $createdBy, $updatedBy, $datasource",
        ),
    ] {
        match compile(&one(rule.clone()), "", &scope) {
            Ok(expr) => panic!("{rule} compiled to {expr:?}"),
            Err(invalid) => assert_eq!(invalid.message, message, "{rule}"),
        }
    }
}
