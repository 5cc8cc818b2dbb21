use serde_json::{Value, json};

use super::{COLORS, check};

fn with(part: &str, value: Value) -> Value {
    let mut body = json!({"identifier": "b", "title": "B", "relations": {"owner": {"target": "b"}}});
    crate::json::set(&mut body, part, Some(value));
    body
}

#[test]
fn accepts_what_clients_send() {
    let good = [
        ("description", json!("")),
        ("includeInGlobalSearch", json!(null)),
        ("changelogDestination", json!({})),
        ("changelogDestination", json!({"type": "KAFKA"})),
        ("changelogDestination", json!({"type": "WEBHOOK", "url": "https://x", "agent": true})),
        ("ownership", json!({"type": "Direct", "title": "Owning Teams"})),
        ("ownership", json!({"type": "Inherited", "path": "owner"})),
        ("schema.properties.p", json!({"type": "object", "format": "labeled-url"})),
        (
            "schema.properties.p",
            json!({"type": "string", "enum": ["a"], "enumColors": {"a": "paleBlue"}, "default": "a"}),
        ),
        ("schema.properties.p", json!({"type": "number", "enum": [1, 2], "default": null})),
        (
            "schema.properties.p",
            json!({"type": "array", "items": {"enum": ["a"], "enumColors": {"a": "red"}}, "default": ["a"]}),
        ),
        (
            "schema.properties.p",
            json!({"type": "string", "format": "url", "spec": "embedded-url",
            "specAuthentication": {"clientId": "c", "authorizationUrl": "a", "tokenUrl": "t", "authorizationScope": ["openid"]}}),
        ),
        (
            "schema.properties.p",
            json!({"type": "string", "vendorKey": {"any": [1]}, "backstage": {"field": "spec.a.b"}}),
        ),
        ("mirrorProperties.m", json!({"path": "owner.$identifier"})),
        ("mirrorProperties.m", json!({"path": "owner.owner.unknown"})),
        (
            "calculationProperties.c",
            json!({"calculation": "this is no | JQ (", "type": "string", "colors": {"x": "green"}}),
        ),
        (
            "aggregationProperties.a",
            json!({"title": "A", "target": "b", "calculationSpec": {"calculationBy": "entities", "func": "count"}}),
        ),
        (
            "aggregationProperties.a",
            json!({"title": "A", "type": "number", "target": "b", "pathFilter": [{"path": ["owner"], "fromBlueprint": "b"}],
            "calculationSpec": {"calculationBy": "property", "func": "average", "averageOf": "week", "measureTimeBy": "$createdAt", "property": "p"}}),
        ),
    ];
    for (part, value) in good {
        assert_eq!(check(&with(part, value.clone())), Ok(()), "{part}: {value}");
    }
    assert_eq!(COLORS.len(), 17);
}

#[test]
fn names_the_place_of_what_it_refuses() {
    let long = "x".repeat(201);
    let bad = [
        ("title", json!(""), "/title"),
        ("title", json!(long), "/title"),
        ("description", json!(long), "/description"),
        ("includeInGlobalSearch", json!("yes"), "/includeInGlobalSearch"),
        ("changelogDestination", json!({"type": "MAIL"}), "/changelogDestination/type"),
        ("changelogDestination", json!({"type": "WEBHOOK"}), "/changelogDestination"),
        ("ownership", json!({"type": "Shared"}), "/ownership/type"),
        ("ownership", json!({"type": "Inherited"}), "/ownership"),
        ("schema.properties.p", json!({"type": "string", "title": long}), "/schema/properties/p/title"),
        (
            "schema.properties.p",
            json!({"type": "string", "enumColors": {"a": "mauve"}}),
            "/schema/properties/p/enumColors/a",
        ),
        (
            "schema.properties.p",
            json!({"type": "array", "items": {"enumColors": {"a": 1}}}),
            "/schema/properties/p/items/enumColors/a",
        ),
        ("schema.properties.p", json!({"type": "string", "enum": ["a", 1]}), "/schema/properties/p/enum/1"),
        ("schema.properties.p", json!({"type": "number", "default": "1"}), "/schema/properties/p/default"),
        (
            "schema.properties.p",
            json!({"type": "string", "enum": ["a"], "default": "b"}),
            "/schema/properties/p/default",
        ),
        (
            "schema.properties.p",
            json!({"type": "string", "format": "labeled-url"}),
            "/schema/properties/p/format",
        ),
        ("schema.properties.p", json!({"type": "string", "spec": "swagger"}), "/schema/properties/p/spec"),
        (
            "schema.properties.p",
            json!({"type": "string", "specAuthentication": {"clientId": "c"}}),
            "/schema/properties/p/specAuthentication",
        ),
        (
            "schema.properties.p",
            json!({"type": "string", "backstage": {"field": "metadata.name"}}),
            "/schema/properties/p/backstage/field",
        ),
        ("relations.owner.required", json!("no"), "/relations/owner/required"),
        ("relations.owner.backstage", json!({"field": "kind"}), "/relations/owner/backstage/field"),
        ("mirrorProperties.m", json!({"path": "owner"}), "/mirrorProperties/m/path"),
        ("mirrorProperties.m", json!({"path": "owner..x"}), "/mirrorProperties/m/path"),
        ("calculationProperties.c", json!({"type": "string"}), "/calculationProperties/c"),
        (
            "calculationProperties.c",
            json!({"calculation": ".", "type": "text"}),
            "/calculationProperties/c/type",
        ),
        (
            "calculationProperties.c",
            json!({"calculation": ".", "type": "string", "format": "timer"}),
            "/calculationProperties/c/format",
        ),
        ("aggregationProperties.a", json!({"target": "b"}), "/aggregationProperties/a"),
        (
            "aggregationProperties.a",
            json!({"target": "b", "calculationSpec": {"calculationBy": "entities", "func": "sum"}}),
            "/aggregationProperties/a/calculationSpec/func",
        ),
        (
            "aggregationProperties.a",
            json!({"target": "b", "calculationSpec": {"calculationBy": "property", "func": "sum"}}),
            "/aggregationProperties/a/calculationSpec",
        ),
        (
            "aggregationProperties.a",
            json!({"target": "b", "calculationSpec": {"calculationBy": "entities", "func": "count"}, "pathFilter": [{"path": "x"}]}),
            "/aggregationProperties/a/pathFilter/0/path",
        ),
    ];
    for (part, value, place) in bad {
        let invalid = check(&with(part, value.clone())).unwrap_err();
        assert_eq!(invalid.path, place, "{part}: {value}: {invalid}");
    }
    let twice = json!({"identifier": "b", "schema": {"properties": {"p": {"type": "string"}}},
        "calculationProperties": {"p": {"calculation": ".", "type": "string"}}});
    assert_eq!(check(&twice).unwrap_err().path, "/calculationProperties/p");
}
