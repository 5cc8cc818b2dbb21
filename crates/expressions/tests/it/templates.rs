//! Files: what they become, and where an error is.

use std::collections::BTreeSet;

use serde_json::json;
use stagedoor_expressions::{
    Error, ErrorKind, Limits, Options, Problem, Registry, Syntax, Template, check, names, render,
};

use crate::{object, text};

#[test]
fn a_template_is_read_once_and_rendered_often() {
    let template = Template::parse(
        "{% for f in values.files %}${{ loop.index }}. ${{ f | upper }}\n{% else %}none\n{% endfor %}",
        Syntax { trim_blocks: true, ..Syntax::default() },
        &Limits::default(),
    )
    .expect("a template");
    let options = Options::default();
    let render = |files| template.render(&object(json!({ "values": { "files": files } })), &options);
    assert_eq!(render(json!(["a", "b"])).expect("rendered").value, "1. A\n2. B\n");
    assert_eq!(render(json!([])).expect("rendered").value, "none\n");
}

#[test]
fn what_a_template_changes_is_gone_with_it() {
    let context = object(json!({ "list": [2, 1] }));
    for _ in 0..2 {
        let rendered =
            render("${{ list.sort() }}${{ list.push(3) }}${{ list }}", &context, &Options::default());
        assert_eq!(rendered.expect("rendered").value, "1,231,2,3");
    }
}

#[test]
fn errors_have_a_kind_and_a_place() {
    let error = |template: &str| text(template, json!({ "n": 1 })).expect_err(template);
    let wrong = error("line one\n  ${{ n | nosuch }}");
    assert_eq!((wrong.kind, wrong.line, wrong.column), (ErrorKind::Evaluation, 2, 11));
    assert_eq!(wrong.to_string(), "line 2, column 11: there is no filter \"nosuch\"");
    let wrong = error("a\nb {% if n %}c");
    assert_eq!((wrong.kind, wrong.line, wrong.column), (ErrorKind::Syntax, 2, 3));
    assert_eq!(wrong.message, "endif is missing");
    let wrong = error("\u{1f600} ${{ n + }}");
    assert_eq!((wrong.line, wrong.column), (1, 12), "columns are UTF-16 units");
    let wrong: Error = error("{% include 'x' %}");
    assert_eq!(wrong.message, "\"include\" is not supported: a template cannot load others");
    assert_eq!(error("${{ n.foo() }}").message, "\"n.foo\" is undefined: it cannot be called");
}

#[test]
fn checking_tells_the_first_problem() {
    assert_eq!(check("${{ a }}{% if b %}c{% endif %}", Syntax::default()), []);
    assert_eq!(
        check("x\n ${{ \"a }}", Syntax::default()),
        [Problem { line: 2, column: 2, message: "an interpolation is not closed".to_owned() }]
    );
    assert_eq!(check("{% set x = 'a %}{% endset %}' %}", Syntax::default()), []);
    assert_eq!(check("{{ 'a' b }}", Syntax::default()), [], "no template");
    let cookiecutter = Syntax { cookiecutter: true, ..Syntax::default() };
    assert_eq!(check("{{ a b }}", cookiecutter).len(), 1);
}

#[test]
fn names_are_the_paths_that_are_read() {
    let template = "{% set local = parameters.owner.name %}${{ local }}\
        {% for f in parameters.files %}${{ f.path }}${{ loop.index }}{% endfor %}\
        ${{ steps['fetch-base'].output.url | default(user.ref) }}${{ secrets[key] }}${{ range(3) }}${{ a.list.join() }}";
    let expected: BTreeSet<Vec<String>> = [
        vec!["parameters", "owner", "name"],
        vec!["parameters", "files"],
        vec!["steps", "fetch-base", "output", "url"],
        vec!["user", "ref"],
        vec!["secrets"],
        vec!["key"],
        vec!["a", "list"],
    ]
    .into_iter()
    .map(|path| path.into_iter().map(str::to_owned).collect())
    .collect();
    assert_eq!(names(template, Syntax::default()), expected);
    assert_eq!(names("${{ a", Syntax::default()), BTreeSet::new());
}

#[test]
fn the_caller_adds_filters_functions_and_values() {
    let mut registry = Registry::new();
    registry
        .filter("twice", |arguments| Ok(arguments[0].as_ref().map(|value| json!([value, value]))))
        .filter("refuse", |_| Err("not today".to_owned()))
        .function("failure", |arguments| Ok(Some(json!(arguments.len() == 2))))
        .value("version", json!({ "major": 1 }));
    let options = Options { registry: Some(&registry), ..Options::default() };
    let run = |template: &str| render(template, &object(json!({ "version": 7 })), &options);
    assert_eq!(
        run("${{ 1 | twice | join('-') }} ${{ failure(1, missing) }} ${{ version }}")
            .expect("rendered")
            .value,
        "1-1 true 7"
    );
    let refused = run("${{ 1 | refuse }}").expect_err("refused");
    assert_eq!(refused.message, "the filter \"refuse\" failed: not today");
    assert!(run("${{ 1 | twice(a=1) }}").is_err(), "no named arguments");
    let without = render("${{ version.major }}", &object(json!({})), &options).expect("rendered");
    assert_eq!(without.value, "1");
}

#[test]
fn paths_are_followed_the_same_way_with_and_without_what_lies_beside_them() {
    let context = json!({ "a": { "n": 1, "list": [1], "text": "abc", "none": null } });
    let both = |path: &str| {
        let alone = text(&format!("-${{{{ {path} }}}}"), context.clone()).expect("rendered");
        let after =
            text(&format!("{{% set made = a %}}-${{{{ {path} }}}}"), context.clone()).expect("rendered");
        assert_eq!(alone, after, "{path}");
        alone
    };
    assert_eq!(both("a.n"), "-1");
    assert_eq!(both("a.text.length"), "-3");
    assert_eq!(both("a.none.deeper"), "-");
    assert_eq!(both("a.missing.deeper"), "-");
    assert_eq!(both("a.list.length"), "-1");
    assert_eq!(
        text("${{ a.list.push(2) }}${{ a.list.length }}${{ a.n }}", context).expect("rendered"),
        "221"
    );
}
