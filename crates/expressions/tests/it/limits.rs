//! Attack case 1: no template reaches anything, hangs, or exhausts memory.

use serde_json::json;
use stagedoor_expressions::{ErrorKind, Limits, Options, render};

use crate::{object, text};

#[test]
fn nothing_leads_out_of_the_context() {
    for template in [
        "${{ ''.constructor.constructor('return process')() }}",
        "${{ [].__proto__ }}",
        "${{ {}['__proto__'] }}",
        "${{ ({} | attr('constructor')) }}",
        "${{ range.constructor }}",
        "${{ cycler.prototype }}",
        "{% set constructor = 1 %}",
        "${{ x['con' ~ 'structor']['con' ~ 'structor']('return 1')() }}",
        "{% include '/etc/passwd' %}",
        "{% import '/etc/passwd' as p %}",
        "{% from 'x' import y %}",
        "{% extends 'x' %}",
        "${{ require('fs') }}",
        "${{ globals() }}",
        "${{ self.x() }}",
    ] {
        assert!(text(template, json!({ "x": { "a": 1 } })).is_err(), "{template}");
    }
    for template in [
        "${{ process }}",
        "${{ globalThis }}",
        "${{ this }}",
        "${{ x['__pro' ~ 'to__'] }}",
        "${{ range.call }}",
        "${{ x.toString }}",
        "${{ environment }}",
        "${{ x.valueOf }}",
    ] {
        assert_eq!(text(template, json!({ "x": { "a": 1 } })).as_deref(), Ok(""), "{template}");
    }
}

/// Templates that would run for ever, or need more memory than there is. Unoptimised code is slow, so they get a part of
/// what is allowed.
#[test]
fn bombs_end_in_an_error_soon() {
    let limits = Limits { steps: 200_000, memory: 16 << 20, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let doubling = "{% set s = 'aaaaaaaaaaaaaaaa' %}".to_owned()
        + &"{% set s = s ~ s %}".repeat(40)
        + "${{ s | length }}";
    let lists = "{% set l = [1] %}".to_owned() + &"{% set l = [l, l, l, l] %}".repeat(40) + "${{ l }}";
    let nested_loops = "{% for a in range(99999) %}".repeat(4) + "x" + &"{% endfor %}".repeat(4);
    let deep_list = "{% set l = [] %}{% for i in range(90000) %}{% set l = [l] %}{% endfor %}${{ l }}";
    let regex = "${{ ('a' | center(30000) | replace(' ', 'a')) | replace(r/(a+)+b/g, '') }}${{ range(20000) | join('a') | replace(r/.*[^A-Z]|[A-Z]/g, '') | length }}";
    for template in [
        "${{ range(1000000000) }}",
        "${{ range(0, 1, 0.0000001) | length }}",
        "${{ range(0, 1e9) }}",
        "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}",
        "{% macro m() %}${{ m() }}{% endmacro %}${{ m() }}",
        "{% macro m(n) %}{% if n %}${{ m(n - 1) }}{% endif %}{% endmacro %}${{ m(10000) }}",
        "${{ 'x' | center(1000000000000) }}",
        "${{ 'x' | center(16000000) | replace(' ', 'aaaaaaaaaa') }}",
        "${{ 'a\\nb' | indent(1000000000) }}",
        "${{ ('a' | center(60000) | replace(' ', '\\n')) | indent(60000) }}",
        "${{ ('a' | center(60000) | replace('', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') | replace('', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')) }}",
        "${{ range(90000) | join('a' | center(60000)) }}",
        "${{ range(90000).join('a' | center(60000)) }}",
        "${{ [1] | batch(100000000000, 'x') }}",
        "${{ [1] | slice(100000000000) }}",
        "${{ {length: 1e15} | list | length }}${{ {length: 100000000000000} | reverse }}",
        "${{ {length: 100000000000000} | select('defined') }}",
        "{% for i in {length: 100000000000000} %}{% endfor %}",
        "${{ 5[0:] }}",
        "${{ [1, 2, 3][0:1:0.0000001] }}",
        "{% set l = [1] %}{% for x in l %}${{ l.push(x) }}{% endfor %}",
        "{% set l = [1] %}{% for i in range(60) %}{% set l = l.concat(l) %}{% endfor %}${{ l | length }}",
        "{% set l = [] %}{% set z = l.push([l]) %}${{ l }}",
        "{% for i in range(3000) %}${{ values.big | upper | reverse | escape | urlencode }}{% endfor %}",
        "{% for i in range(100000) %}${{ values.list | dump }}{% endfor %}",
        "{% set t = values.big | center(9000000) %}{% for i in range(99999) %}${{ t[0] == t[1] }}{% endfor %}",
        "{% set t = values.big | center(3000000) %}{% set u = t | trim | center(3000000) %}{% for i in range(99999) %}${{ t == u }}{% endfor %}",
        "{% set l = range(90000) %}{% for i in range(99999) %}${{ l.fill(1).length }}{% endfor %}",
        "{% set l = range(90000) %}{% for i in range(99999) %}${{ l.slice(0, 0) }}{% endfor %}",
        &doubling,
        &lists,
        &nested_loops,
        deep_list,
    ] {
        let context = json!({ "values": { "big": "ab cd".repeat(2_000), "list": vec![1; 2_000] } });
        let started = std::time::Instant::now();
        let error = render(template, &object(context), &options).expect_err(template);
        assert!(started.elapsed().as_secs() < 20, "{template} took {:?}", started.elapsed());
        assert!(
            matches!(error.kind, ErrorKind::Limit | ErrorKind::Evaluation | ErrorKind::Syntax),
            "{template}: {error}"
        );
    }
    let started = std::time::Instant::now();
    let ended = text(regex, json!({}));
    assert!(started.elapsed().as_secs() < 20, "{ended:?}");
}

#[test]
fn the_usual_limits_end_them_too() {
    for template in [
        "${{ range(1000000000) }}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    ] {
        assert_eq!(text(template, json!({})).expect_err(template).kind, ErrorKind::Limit);
    }
}

/// Reading takes time in proportion to the length, whatever a template consists of.
#[test]
fn long_templates_are_read_soon() {
    let many = |piece: &dyn Fn(usize) -> String| (0..20_000).map(piece).collect::<String>();
    let macros = many(&|n| format!("{{% macro m{n}() %}}{{% endmacro %}}"));
    for template in [
        many(&|n| format!("${{{{ name{n} }}}}")),
        many(&|n| format!("{{% set name{n} = 1 %}}")),
        many(&|n| format!("{{% block b{n} %}}{{% endblock %}}")),
        macros.clone() + &many(&|_| "{% for a in b %}{% endfor %}".to_owned()),
        macros + &many(&|_| "{% call m1() %}{% endcall %}".to_owned()),
        many(&|_| "{# #}".to_owned()),
        many(&|_| "{% raw %}{% raw %}{% endraw %}{% endraw %}".to_owned()),
    ] {
        let started = std::time::Instant::now();
        text(&template, json!({})).expect("a template");
        assert!(started.elapsed().as_secs() < 20, "{} took {:?}", &template[..40], started.elapsed());
    }
}

#[test]
fn deeply_nested_templates_are_refused_and_fall_apart() {
    let nested = |open: &str, middle: &str, close: &str| {
        format!("${{{{ {}{middle}{} }}}}", open.repeat(10_000), close.repeat(10_000))
    };
    for template in [
        nested("(", "1", ")"),
        nested("[", "", "]"),
        nested("a[", "1", "]"),
        nested("{a: ", "1", " }"),
        nested("not ", "1", ""),
        nested("f(", "1", ")"),
        nested("", "x", ".a"),
        nested("", "x", " | upper"),
        nested("", "x", "[0]"),
        nested("", "x", "()"),
        nested("", "1", " // 2"),
        nested("", "a", " in b"),
        nested("- + ", "1", ""),
        "{% if 1 %}".repeat(10_000) + &"{% endif %}".repeat(10_000),
        "{% for a in b %}".repeat(10_000),
        "{% set x %}".repeat(10_000),
        "{% filter upper %}".repeat(10_000) + "x" + &"{% endfilter %}".repeat(10_000),
    ] {
        let error = text(&template, json!({})).expect_err("too deep");
        assert_eq!(error.kind, ErrorKind::Syntax, "{error}");
    }
    // What is long without being deep is no problem.
    for (template, length) in [("1", 5_000), ("a", 5_000)] {
        let sum = vec![template; length].join(" + ");
        text(&format!("${{{{ {sum} }}}}"), json!({ "a": 1 })).expect("a long sum");
        let either = vec![template; length].join(" or ");
        text(&format!("${{{{ {either} }}}}"), json!({ "a": 1 })).expect("a long choice");
    }
    let branches = "{% elif 0 %}x".repeat(5_000);
    text(&format!("{{% if 0 %}}{branches}{{% endif %}}"), json!({})).expect("many branches");
}

#[test]
fn as_deep_as_allowed_fits_the_stack() {
    let brackets = format!("${{{{ {}1{} }}}}", "(".repeat(95), ")".repeat(95));
    assert_eq!(text(&brackets, json!({})).as_deref(), Ok("1"));
    let tags = "{% if 1 %}".repeat(95) + "x" + &"{% endif %}".repeat(95);
    assert_eq!(text(&tags, json!({})).as_deref(), Ok("x"));
    let recursion =
        "{% macro m(n) %}${{ n }}{% if n %}${{ m(n - 1) }}{% endif %}{% endmacro %}${{ m(45) | length }}";
    assert_eq!(text(recursion, json!({})).as_deref(), Ok("82"));
}

#[test]
fn the_context_may_be_as_deep_as_json_and_no_deeper() {
    let mut value = json!("bottom");
    for _ in 0..400 {
        value = json!([value]);
    }
    let context = object(json!({ "deep": value }));
    let error = render("${{ deep }}", &context, &Options::default()).expect_err("too deep");
    assert_eq!(error.kind, ErrorKind::Limit);
}

#[test]
fn limits_are_the_callers() {
    let limits = Limits { steps: 50, output: 5, source: 30, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let run = |template: &str| render(template, &object(json!({})), &options).map(|rendered| rendered.value);
    assert_eq!(run("12345").as_deref(), Ok("12345"));
    assert_eq!(run("123456").expect_err("too large").message, "the result is too large");
    assert_eq!(run("${{ range(40) | length }}").as_deref(), Ok("40"));
    assert_eq!(
        run("${{ range(60) | length }}").expect_err("steps").message,
        "the template takes too many steps"
    );
    assert_eq!(run(&" ".repeat(31)).expect_err("long").message, "the template is too long");
}
