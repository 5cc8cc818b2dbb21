use serde_json::{Value, json};
use stagedoor_jq::Jq;

use super::{Templating, is_template, programs};

fn render(template: Value, context: Value) -> Result<Value, String> {
    Templating::new(&Jq::in_process(), &context).render(&template)
}

#[test]
fn one_block_keeps_its_type_and_others_become_text() {
    let context = json!({"n": 1, "f": 2.0, "s": "x", "l": [1, "a"], "o": {"bar": "bar"}, "t": true});
    for (template, wanted) in [
        (json!("{{ .n }}"), json!(1)),
        (json!(" {{.l}}\n"), json!([1, "a"])),
        (json!("{{ .nothing }}"), json!(null)),
        (json!("a {{ .nothing }} b"), json!("a null b")),
        (
            json!("{{ .s }}-{{ .o }}-{{ .l }}-{{ .f }}-{{ .t }}"),
            json!("x-{\"bar\":\"bar\"}-[1,\"a\"]-2-true"),
        ),
        (json!("{{ empty }}"), json!(null)),
        (json!("<{{ empty }}>"), json!("<undefined>")),
        (json!("{{ .n | error }}"), json!(null)),
        (json!("{{ this is no program }}"), json!(null)),
        (json!("{{ 'https://x/' + .s }}"), json!("https://x/x")),
        (json!("{{ \"}}\" + '{{' }}"), json!("}}{{")),
        (json!("{{{n: .n}}}"), json!(null)),
        (json!("{{ {n: .n} }}"), json!({"n": 1})),
        (json!("no { braces } here"), json!("no { braces } here")),
        (json!([1, null, true, "{{ .n }}"]), json!([1, null, true, 1])),
        (json!("{{}}"), json!(null)),
        (json!("{{ env.PATH }}{{ $ENV.PATH }}"), json!("nullnull")),
    ] {
        assert_eq!(render(template.clone(), context.clone()).as_ref(), Ok(&wanted), "{template}");
    }
}

#[test]
fn keys_are_rendered_dropped_and_spread() {
    let context = json!({"k": "key", "o": {"a": 1, "b": 2}, "e": "", "n": 1, "__proto__": {"x": 1}});
    for (template, wanted) in [
        (json!({"{{ .k }}": "{{ .n }}", "b": 2}), json!({"key": 1, "b": 2})),
        (json!({"{{ .nothing }}": 1, "{{ .e }}": 2, "{{ empty }}": 3, "x": "{{ empty }}"}), json!({})),
        (json!({" {{ spreadValue( ) }} ": "{{ .o }}", "c": 3}), json!({"a": 1, "b": 2, "c": 3})),
        (json!({"{{spreadValue()}}": {"z": "{{ .n }}"}}), json!({"z": 1})),
        (json!({"{{ spreadValue() }}": [7, 8]}), json!({"0": 7, "1": 8})),
        (json!({"__proto__": "{{ .__proto__.x }}"}), json!({"__proto__": 1})),
    ] {
        assert_eq!(render(template.clone(), context.clone()).as_ref(), Ok(&wanted), "{template}");
    }
    for (template, wanted) in [
        (
            json!({"{{ .n }}": 1}),
            "Evaluated object key should be undefined, null or string. Original key: {{ .n }}, evaluated to: 1",
        ),
        (
            json!({"{{ spreadValue() }}": "{{ .k }}"}),
            "Evaluated value should be an object if the key is {{ spreadValue() }}. Original value: {{ .k }}, evaluated to: \"key\"",
        ),
        (json!("ü{{ .a {{ .b }}"), "Found double braces in index 7 inside other one in index 1"),
        (json!("a }} b"), "Found closing double braces in index 2 without opening double braces"),
        (json!("a {{ b"), "Found opening double braces in index 2 without closing double braces"),
    ] {
        assert_eq!(render(template.clone(), context.clone()), Err(wanted.to_owned()), "{template}");
    }
}

#[test]
fn secrets_are_given_only_where_they_are_named_and_are_told_of() {
    let (jq, names) = (Jq::in_process(), vec!["TOKEN".to_owned(), "OTHER".to_owned()]);
    let secret = |name: &str| Some(format!("value-of-{name}"));
    let context = json!({"run": {"id": "r_1"}, "secrets": {"TOKEN": "from the context"}});
    let templating = Templating::new(&jq, &context).with_secrets(&names, &secret);
    let template = json!({"a": "Bearer {{ .secrets.TOKEN }}", "b": "{{ .secrets.TOKEN | explode | reverse | implode }}", "c": "{{ .run.id }}"});
    let rendered = templating.render(&template).unwrap();
    assert_eq!(rendered["a"], "Bearer value-of-TOKEN");
    let hidden = templating.hidden();
    assert!(hidden.contains(&"value-of-TOKEN".to_owned()) && !hidden.iter().any(|h| h.contains("OTHER")));
    assert!(
        hidden.contains(&rendered["b"].as_str().unwrap().to_owned()),
        "what was made of one is hidden too"
    );
    assert!(!hidden.contains(&"r_1".to_owned()));
}

#[test]
fn templates_end() {
    let slow = json!(["{{ [range(1e12)] }}", "{{ [range(1e12)] }}", "{{ def f: f; f }}", "{{ 1 }}"]);
    assert!(render(slow, json!({})).unwrap_err().contains("no worker"));
    let many = Value::Array(vec![json!("{{ 1 }}"); 6000]);
    assert!(render(many, json!({})).unwrap_err().contains("more than"));
}

#[test]
fn programs_are_told_apart() {
    assert_eq!(programs("a {{ .b }} {{.c}}").unwrap(), [" .b ", ".c"]);
    assert!(is_template("{{") && is_template("{{ 1 }}") && !is_template("{ }"));
}
