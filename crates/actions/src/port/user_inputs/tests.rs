use serde_json::{Map, Value, json};
use stagedoor_jq::Jq;

use super::{Form, Scope, UserInputs};

fn form(inputs: &Value, given: Value) -> Form {
    let Value::Object(given) = given else { unreachable!() };
    let (entity, user) =
        (json!({"identifier": "cart", "properties": {"max": 3}}), json!({"teams": [{"name": "crew"}]}));
    let expand = |input: &Map<String, Value>, value: &Value| match input.get("format") {
        Some(format) if format == "entity" => json!({ "identifier": value }),
        _ => value.clone(),
    };
    let scope = Scope { jq: &Jq::in_process(), entity: &entity, user: &user, expand: &expand };
    Form::resolve(UserInputs::of(inputs), &given, &scope)
}

fn errors(inputs: &Value, given: Value) -> Vec<String> {
    form(inputs, given).errors().map(str::to_owned).collect()
}

#[test]
fn values_are_checked_as_the_form_is_now() {
    let inputs = json!({
        "properties": {
            "replicas": {"type": "number", "minimum": 1, "maximum": 20},
            "size": {"type": "string", "enum": {"jqQuery": "if .form.replicas > 5 then [\"l\"] else [\"s\", \"m\"] end"}, "default": {"jqQuery": "if .form.replicas > 5 then \"l\" else \"s\" end"}},
            "code": {"type": "string", "pattern": {"jqQuery": ".user.teams | map(.name)"}},
            "tags": {"type": "array", "minItems": {"jqQuery": ".entity.properties.max"}, "items": {"type": "string"}},
            "secretive": {"type": "string", "visible": {"jqQuery": ".form.replicas == 13"}},
            "after": {"type": "string", "dependsOn": ["code"]},
            "shut": {"type": "string", "disabled": true, "default": "x"},
        },
        "required": {"jqQuery": "[\"replicas\", \"secretive\"]"},
    });
    let good = form(&inputs, json!({"replicas": 6, "undeclared": 1}));
    assert_eq!(good.errors().count(), 0, "{good:?}");
    assert_eq!(good.values["size"], "l", "a default that depends on another input");
    assert_eq!(good.values["undeclared"], 1);
    for (given, wanted) in [
        (json!({}), "\"properties\" must have required property 'replicas'"),
        (json!({"replicas": null}), "\"properties\" must have required property 'replicas'"),
        (json!({"replicas": 21}), "\"properties/replicas\" must be <= 20"),
        (json!({"replicas": "3"}), "\"properties/replicas\" must be number"),
        (
            json!({"replicas": 3, "size": "l"}),
            "\"properties/size\" must be equal to one of the allowed values: s, m",
        ),
        (
            json!({"replicas": 3, "code": "other"}),
            "\"properties/code\" must be equal to one of the allowed values: crew",
        ),
        (json!({"replicas": 3, "tags": ["a"]}), "\"properties/tags\" must NOT have fewer than 3 items"),
        (json!({"replicas": 13}), "\"properties\" must have required property 'secretive'"),
        (json!({"replicas": 3, "after": "a"}), "\"properties/after\" must NOT be given before \"code\""),
        (json!({"replicas": 3, "shut": "y"}), "\"properties/shut\" is disabled and must NOT be given"),
    ] {
        assert_eq!(errors(&inputs, given.clone()), [wanted], "{given}");
    }
}

#[test]
fn entities_are_objects_for_programs_and_datasets_are_found_out() {
    let inputs = json!({"properties": {
        "cluster": {"type": "string", "format": "entity", "blueprint": "cluster"},
        "space": {"type": "string", "format": "entity", "blueprint": "namespace", "dataset": {"combinator": "and", "rules": [
            {"property": "cluster", "operator": "=", "value": {"jqQuery": ".form.cluster.identifier"}},
            {"combinator": "or", "rules": [{"property": "$team", "operator": "=", "value": "x"}]}]}},
    }});
    let form = form(&inputs, json!({"cluster": "east"}));
    let dataset = form.fields[1].dataset.as_ref().unwrap();
    assert_eq!(dataset["rules"][0]["value"], "east");
    assert_eq!(dataset["rules"][1]["rules"][0]["value"], "x");
}

#[test]
fn programs_that_never_end_are_given_up() {
    let endless = json!({"jqQuery": "[limit(1; repeat(1; 2)), range(1e13)]"});
    let properties: Map<String, Value> = (0..50)
        .map(|n| {
            (
                format!("i{n}"),
                json!({"type": "string", "enum": endless, "default": endless, "visible": endless}),
            )
        })
        .collect();
    let form = form(&json!({ "properties": properties }), json!({}));
    assert!(form.fields.iter().all(|field| !field.problems.is_empty() && field.visible));
}

#[test]
fn names_of_the_prototype_are_names() {
    let inputs = json!({"properties": {"__proto__": {"type": "string"}, "constructor": {"type": "number"}}, "required": ["constructor"]});
    assert_eq!(
        errors(&inputs, json!({"__proto__": "a"})),
        ["\"properties\" must have required property 'constructor'"]
    );
    assert_eq!(
        errors(&inputs, json!({"__proto__": {"admin": true}, "constructor": 1})),
        ["\"properties/__proto__\" must be string"]
    );
}
