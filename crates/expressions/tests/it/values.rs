//! JSON values, as the input of a step.

use serde_json::{Value, json};
use stagedoor_expressions::{Limits, Options, Syntax, ValueTemplate, is_truthy, render_value};

use crate::object;

fn context() -> serde_json::Map<String, Value> {
    object(json!({ "parameters": { "n": 3, "list": [1, { "a": null }], "name": "x" } }))
}

#[test]
fn strings_are_evaluated_and_keys_are_not() {
    let input = json!({
        "${{ parameters.name }}": "${{ parameters.n }}",
        "text": "v${{ parameters.n }}",
        "list": ["${{ parameters.list }}", "${{ missing }}", 4, true, null],
        "gone": "${{ parameters.missing.deep }}",
        "empty": "${{ 'a' if false }}",
        "plain": "{{ parameters.name }}",
    });
    let rendered = render_value(&input, &context(), &Options::default());
    let expected = json!({
        "${{ parameters.name }}": 3,
        "text": "v3",
        "list": [[1, { "a": null }], null, 4, true, null],
        "empty": "",
        "plain": "{{ parameters.name }}",
    });
    assert_eq!(rendered.value, Some(expected));
    assert_eq!(rendered.problems, []);
    assert!(!rendered.derived.any);
    assert_eq!(render_value(&json!("${{ missing }}"), &context(), &Options::default()).value, None);
}

#[test]
fn what_fails_stays_and_is_told_about() {
    let input = json!({ "a/b": ["${{ 1 | nosuch }}", "${{ x", "a #} b"], "ok": "${{ 1 }}" });
    let rendered = render_value(&input, &context(), &Options::default());
    assert_eq!(rendered.value, Some(json!({ "a/b": ["${{ 1 | nosuch }}", "${{ x", "a #} b"], "ok": 1 })));
    let told: Vec<_> =
        rendered.problems.iter().map(|problem| (&*problem.pointer, &*problem.problem.message)).collect();
    assert_eq!(
        told,
        [("/a~1b/0", "there is no filter \"nosuch\""), ("/a~1b/1", "an interpolation is not closed")]
    );
    assert_eq!(rendered.problems[0].problem.column, 9);
}

#[test]
fn a_value_is_read_once_for_all_iterations() {
    let template =
        ValueTemplate::new(&json!({ "k": "${{ each.value }}" }), Syntax::default(), &Limits::default());
    let render = |value: Value| {
        template.render(&object(json!({ "each": { "key": "0", "value": value } })), &Options::default()).value
    };
    assert_eq!(render(json!([1])), Some(json!({ "k": [1] })));
    assert_eq!(render(Value::Null), Some(json!({ "k": null })));
}

#[test]
fn a_value_that_is_nested_deeply_stays_as_it_is() {
    let mut value = json!("${{ parameters.n }}");
    for _ in 0..400 {
        value = json!([value]);
    }
    let rendered = render_value(&value, &context(), &Options::default()).value.expect("a value");
    assert_eq!(rendered.to_string(), value.to_string());
}

#[test]
fn conditions_hold_as_backstage_has_them() {
    for falsy in [json!(false), json!(null), json!(""), json!(0), json!(0.0), json!([])] {
        assert!(!is_truthy(Some(&falsy)), "{falsy}");
    }
    assert!(!is_truthy(None));
    for truthy in [json!(true), json!("false"), json!("0"), json!(-1), json!([0]), json!({})] {
        assert!(is_truthy(Some(&truthy)), "{truthy}");
    }
}
