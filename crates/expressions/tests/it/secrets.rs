//! Attack case 8: what is made of a secret is known, however it was made.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stagedoor_expressions::{Options, Registry, render, render_value};

use crate::object;

const TOKEN: &str = "hunter2-token";

fn context() -> serde_json::Map<String, Value> {
    object(json!({
        "secrets": { "token": TOKEN, "list": ["first-secret", "other-secret"], "pin": 123456, "short": "ab" },
        "environment": { "secrets": { "key": "env-secret" }, "parameters": { "region": "north" } },
        "parameters": { "name": "plain-name", "list": ["plain-one", "plain-two"] },
    }))
}

fn rendered(template: &str) -> (String, bool, BTreeSet<String>) {
    let mut registry = Registry::new();
    registry.filter("base64", |_| Ok(Some(json!("aHVudGVyMi10b2tlbg=="))));
    let options = Options {
        registry: Some(&registry),
        secret: &["secrets", "environment.secrets"],
        ..Options::default()
    };
    let rendered = render(template, &context(), &options).expect(template);
    (rendered.value, rendered.derived.any, rendered.derived.texts)
}

#[test]
fn every_way_a_text_is_changed_is_followed() {
    for (template, derived) in [
        ("${{ secrets.token }}", TOKEN),
        ("${{ secrets['tok' ~ 'en'] }}", TOKEN),
        ("a ${{ secrets.token | upper }} b", "HUNTER2-TOKEN"),
        ("${{ secrets.token | reverse }}", "nekot-2retnuh"),
        ("${{ secrets.token | urlencode }}", TOKEN),
        ("${{ secrets.token | base64 }}", "aHVudGVyMi10b2tlbg=="),
        ("${{ 'x' ~ secrets.token }}", "xhunter2-token"),
        ("${{ secrets.token.split('-') | join('\\n') }}", "hunter2\ntoken"),
        ("${{ secrets.token[1:5] | join }}", "unte"),
        ("${{ secrets.token.slice(1, 6) }}", "unter"),
        (
            "${{ secrets | dump }}",
            "{\"token\":\"hunter2-token\",\"list\":[\"first-secret\",\"other-secret\"],\"pin\":123456,\"short\":\"ab\"}",
        ),
        ("{% set x = secrets.token %}${{ x }}", TOKEN),
        ("{% set x %}<${{ secrets.token }}>{% endset %}${{ x | lower }}", "<hunter2-token>"),
        ("{% macro m(a) %}${{ a }}!{% endmacro %}${{ m(secrets.token) | upper }}", "HUNTER2-TOKEN!"),
        ("{% filter upper %}${{ secrets.token }}{% endfilter %}", "HUNTER2-TOKEN"),
        ("{% for s in secrets.list %}${{ s }}{% endfor %}", "first-secret"),
        ("${{ secrets.list | first }}", "first-secret"),
        ("${{ [1, secrets.token] | join(':') }}", "1:hunter2-token"),
        ("${{ {a: secrets.token}.a }}", TOKEN),
        ("${{ {a: secrets.token} | dictsort | last | last }}", TOKEN),
        ("${{ secrets.pin }}", "123456"),
        ("${{ secrets.pin + 1 }}", "123457"),
        ("${{ missing | default(secrets.token) }}", TOKEN),
        ("${{ environment.secrets.key }}", "env-secret"),
        ("${{ 'hello' | replace('hello', secrets.token) }}", TOKEN),
        ("{% set l = [] %}{% set z = l.push(secrets.token) %}${{ l }}", TOKEN),
        ("{% set c = cycler(secrets.token) %}${{ c.next() }}", TOKEN),
        ("${{ secrets.token if true else 1 }}", TOKEN),
        ("${{ secrets.token or 1 }}", TOKEN),
    ] {
        let (text, any, texts) = rendered(template);
        assert!(any, "{template}");
        assert!(texts.contains(derived), "{template} -> {text}: {texts:?}");
    }
}

#[test]
fn what_is_too_short_to_be_looked_for_gives_away_the_whole() {
    let (text, any, texts) = rendered("{% for c in secrets.token %}${{ c }} {% endfor %}");
    assert!(any);
    assert!(texts.contains(&text));
    let (text, _, texts) = rendered("pass ${{ secrets.short }} on");
    assert_eq!(texts, [text].into());
}

#[test]
fn what_is_not_secret_is_left_alone() {
    for template in [
        "${{ parameters.name | upper }}",
        "${{ environment.parameters.region }}",
        "{% if secrets.token %}yes{% endif %}",
        "${{ parameters.list | join }}",
        "${{ [secrets.token, 'plain'] | last }}",
        "{% for x in [secrets.token, 'plain'] %}{% if loop.last %}${{ x }}{% endif %}{% endfor %}",
        "${{ {a: secrets.token, b: 'plain'}.b }}",
    ] {
        let (_, any, texts) = rendered(template);
        assert!(!any && texts.is_empty(), "{template}: {texts:?}");
    }
}

#[test]
fn values_tell_their_secrets_too() {
    let options = Options { secret: &["secrets"], ..Options::default() };
    let input = json!({ "all": "${{ secrets }}", "header": "Bearer ${{ secrets.token }}", "plain": "${{ parameters.name }}" });
    let rendered = render_value(&input, &context(), &options);
    assert!(rendered.derived.any);
    for text in [TOKEN, "first-secret", "123456"] {
        assert!(rendered.derived.texts.contains(text), "{text}");
    }
    assert!(!rendered.derived.texts.contains("plain-name"));
    let same = |secret: &str| {
        render_value(&input, &context(), &options).value.expect("a value").to_string().contains(secret)
    };
    assert!(same(TOKEN));
}
