use serde_json::{Value, json};

use super::errors;

fn stacks(schema: &Value, value: &Value) -> Vec<String> {
    errors(schema, value).iter().map(super::SchemaError::stack).collect()
}

/// What jsonschema 1.5.0 says of the same.
#[test]
fn speaks_as_the_npm_package_does() {
    let cases = [
        (json!({ "required": ["name"] }), json!({}), &["instance requires property \"name\""][..]),
        (json!({ "type": ["string", "null"] }), json!(1), &["instance is not of a type(s) string,null"]),
        (json!({ "type": "unheard-of" }), json!(1), &[]),
        (
            json!({ "properties": { "a": { "enum": ["x", 1] } } }),
            json!({ "a": "y" }),
            &["instance.a is not one of enum values: x,1"],
        ),
        (
            json!({ "properties": { "a b": { "const": 1 }, "0": { "const": 2 } } }),
            json!({ "a b": 2, "0": 1 }),
            &[
                "instance[\"a b\"] does not exactly match expected constant: 1",
                "instance[0] does not exactly match expected constant: 2",
            ],
        ),
        (
            json!({ "items": { "type": "string" }, "minItems": 3 }),
            json!(["a", 1]),
            &["instance[1] is not of a type(s) string", "instance does not meet minimum length of 3"],
        ),
        (
            json!({ "minLength": 3, "pattern": "^b" }),
            json!("ab"),
            &["instance does not meet minimum length of 3", "instance does not match pattern \"^b\""],
        ),
        (json!({ "pattern": "^(?!x)" }), json!("x"), &[]),
        (json!({ "minimum": 3 }), json!(1), &["instance must be greater than or equal to 3"]),
        (
            json!({ "exclusiveMaximum": 3, "multipleOf": 2 }),
            json!(3),
            &["instance must be strictly less than 3", "instance is not a multiple of (divisible by) 2"],
        ),
        (json!({ "format": "email" }), json!("x"), &["instance does not conform to the \"email\" format"]),
        (
            json!({ "additionalProperties": false, "properties": { "a": {} } }),
            json!({ "a": 1, "b": 2 }),
            &["instance is not allowed to have the additional property \"b\""],
        ),
        (
            json!({ "anyOf": [{ "type": "string" }, { "title": "T", "type": "null" }] }),
            json!(1),
            &["instance is not any of [subschema 0],\"T\""],
        ),
        (
            json!({ "oneOf": [{}, {}] }),
            json!(1),
            &["instance is not exactly one from [subschema 0],[subschema 1]"],
        ),
        (
            json!({ "allOf": [{ "type": "string" }] }),
            json!(1),
            &[
                "instance does not match allOf schema [subschema 0] with 1 error[s]:",
                "instance is not of a type(s) string",
            ],
        ),
        (
            json!({ "if": { "properties": { "a": { "const": 1 } } }, "then": { "required": ["b"] } }),
            json!({ "a": 1 }),
            &["instance requires property \"b\""],
        ),
        (
            json!({ "dependencies": { "a": ["b"] } }),
            json!({ "a": 1 }),
            &["instance property b not found, required by instance.a"],
        ),
        (
            json!({ "dependencies": { "a": { "required": ["c"] } } }),
            json!({ "a": 1 }),
            &[
                "instance does not meet dependency required by instance.a",
                "instance.a requires property \"c\"",
            ],
        ),
        (
            json!({ "$ref": "#/definitions/d", "definitions": { "d": { "type": "null" } } }),
            json!(1),
            &["instance is not of a type(s) null"],
        ),
        (json!({ "uniqueItems": true }), json!([1, 1.0]), &["instance contains duplicate item"]),
    ];
    for (schema, value, expected) in cases {
        assert_eq!(stacks(&schema, &value), expected, "{schema} {value}");
    }
}

#[test]
fn an_error_has_the_packages_form() {
    let schema = json!({ "type": "object", "properties": { "n": { "type": "number" } } });
    let found = errors(&schema, &json!({ "n": "x" }));
    assert_eq!(
        found[0].to_json(),
        json!({
            "path": ["n"], "property": "instance.n", "message": "is not of a type(s) number",
            "schema": { "type": "number" }, "instance": "x", "name": "type", "argument": ["number"],
            "stack": "instance.n is not of a type(s) number",
        })
    );
}

#[test]
fn a_schema_that_leads_to_itself_has_an_end() {
    let schema = json!({ "$ref": "#" });
    assert!(errors(&schema, &json!({})).is_empty());
    let schema = json!({ "properties": { "a": { "$ref": "#" } }, "allOf": [{ "$ref": "#" }] });
    assert!(errors(&schema, &json!({ "a": { "a": {} } })).is_empty());
    let schema = json!({ "allOf": [{ "$ref": "#" }, { "$ref": "#" }, { "$ref": "#" }] });
    assert!(errors(&schema, &json!({})).is_empty());
}
