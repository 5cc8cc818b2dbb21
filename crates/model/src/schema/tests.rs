use serde_json::{Value, json};

use super::*;

fn text(schema: Value, value: Value) -> String {
    check(&schema, &value).map(|v| v.text()).unwrap_or_default()
}

#[test]
fn speaks_as_ajv_does() {
    let cases = [
        (json!({"type": "string"}), json!(1), "<root> must be string - type: string"),
        (json!({"type": ["string", "null"]}), json!(1), "<root> must be string,null - type: string,null"),
        (
            json!({"required": ["a"]}),
            json!({}),
            "<root> must have required property 'a' - missingProperty: a",
        ),
        (
            json!({"properties": {"a/b": {"type": "integer"}}}),
            json!({"a/b": 1.5}),
            "/a~1b must be integer - type: integer",
        ),
        (
            json!({"properties": {}, "additionalProperties": false}),
            json!({"x": 1}),
            "<root> must NOT have additional properties - additionalProperty: x",
        ),
        (
            json!({"additionalProperties": {"type": "string"}}),
            json!({"x": 1}),
            "/x must be string - type: string",
        ),
        (
            json!({"items": {"minLength": 1}}),
            json!(["a", ""]),
            "/1 must NOT have fewer than 1 characters - limit: 1",
        ),
        (json!({"maxLength": 1}), json!("ää"), "<root> must NOT have more than 1 characters - limit: 1"),
        (
            json!({"enum": ["a", 1]}),
            json!("b"),
            "<root> must be equal to one of the allowed values - allowedValues: a,1",
        ),
        (json!({"const": "a"}), json!("b"), "<root> must be equal to constant - allowedValue: a"),
        (json!({"minimum": 2}), json!(1), "<root> must be >= 2 - comparison: >=, limit: 2"),
        (json!({"exclusiveMaximum": 2}), json!(2), "<root> must be < 2 - comparison: <, limit: 2"),
        (json!({"minItems": 1}), json!([]), "<root> must NOT have fewer than 1 items - limit: 1"),
        (
            json!({"uniqueItems": true}),
            json!([1, 2, 1]),
            "<root> must NOT have duplicate items (items ## 0 and 2 are identical) - i: 2, j: 0",
        ),
        (json!({"pattern": "^a$"}), json!("b"), "<root> must match pattern \"^a$\" - pattern: ^a$"),
        (json!({"format": "email"}), json!("b"), "<root> must match format \"email\" - format: email"),
    ];
    for (schema, value, expected) in cases {
        assert_eq!(text(schema, value), expected);
    }
}

#[test]
fn combines() {
    let any = json!({"anyOf": [{"type": "string"}, {"type": "number"}]});
    assert_eq!(text(any.clone(), json!("a")), "");
    assert_eq!(check_all(&any, &json!(true)).last().unwrap().message, "must match a schema in anyOf");
    let one = json!({"oneOf": [{"type": "number"}, {"type": "integer"}]});
    assert!(check(&one, &json!(1)).is_some());
    assert!(check(&one, &json!(1.5)).is_none());
    let when = json!({"if": {"required": ["a"]}, "then": {"required": ["b"]}});
    assert!(check(&when, &json!({"a": 1})).is_some());
    assert!(check(&when, &json!({})).is_none());
}

#[test]
fn finds_every_violation_in_order() {
    let schema = json!({"required": ["x"], "properties": {"a": {"type": "string"}, "b": {"minLength": 1}}});
    let found: Vec<_> =
        check_all(&schema, &json!({"b": "", "a": 1})).iter().map(|v| v.path.clone()).collect();
    assert_eq!(found, ["", "/a", "/b"]);
}

#[test]
fn knows_formats() {
    let good = [
        ("date-time", "2026-11-01T10:00:00Z"),
        ("timer", "2026-11-01T10:00:00.000+01:00"),
        ("email", "a@example.com"),
        ("ipv4", "127.0.0.1"),
        ("ipv6", "::1"),
        ("url", "https://example.com/a?b"),
        ("user", "anything"),
        ("made-up", "anything"),
    ];
    let bad = [
        ("date-time", "2026-11-01"),
        ("date-time", "soon"),
        ("email", "a@b@c"),
        ("email", "a b@c.d"),
        ("ipv4", "256.0.0.1"),
        ("ipv6", "1.2.3.4"),
        ("url", "example.com"),
        ("url", "https://"),
    ];
    for (format, value) in good {
        assert!(
            check_property(&json!({"type": "string", "format": format}), &json!(value)).is_none(),
            "{value}"
        );
    }
    for (format, value) in bad {
        assert!(
            check_property(&json!({"type": "string", "format": format}), &json!(value)).is_some(),
            "{value}"
        );
    }
    assert!(check_property(&json!({"type": "string"}), &json!(null)).is_none());
    let labeled = json!({"type": "object", "format": "labeled-url"});
    for (value, path) in [
        (json!({"url": "https://a.example"}), None),
        (json!({"url": "https://a.example", "displayText": "A"}), None),
        (json!({"displayText": "A"}), Some("")),
        (json!({"url": "no"}), Some("/url")),
        (json!({"url": "https://a.example", "displayText": 1}), Some("/displayText")),
    ] {
        assert_eq!(check_property(&labeled, &value).map(|v| v.path).as_deref(), path, "{value}");
    }
}

#[test]
fn refuses_illegal_definitions() {
    let good = [
        json!({"type": "string", "format": "url", "pattern": "^a\\/b$", "minLength": 1}),
        json!({"type": "array", "items": {"type": "object", "properties": {}}, "uniqueItems": true}),
        json!({"type": "string", "enum": ["a"], "enumColors": {"a": "red"}}),
    ];
    for definition in good {
        assert_eq!(check_definition(&definition, "/p"), Ok(()), "{definition}");
    }
    let bad = [
        (json!({"type": "text"}), "/p/type"),
        (json!({"type": "array", "items": {"type": "list"}}), "/p/items/type"),
        (json!({"type": "string", "enum": []}), "/p/enum"),
        (json!({"type": "string", "pattern": "("}), "/p/pattern"),
        (json!({"type": "string", "pattern": "a(?=b)"}), "/p/pattern"),
        (json!({"type": "string", "minLength": "1"}), "/p/minLength"),
        (json!({"type": "string", "format": 1}), "/p/format"),
        (json!({"type": "number", "minimum": "x"}), "/p/minimum"),
    ];
    for (definition, path) in bad {
        assert_eq!(check_definition(&definition, "/p").unwrap_err().path, path, "{definition}");
    }
}
