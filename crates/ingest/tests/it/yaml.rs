use serde_json::{Value, json};
use stagedoor_ingest::yaml::{MAX_DEPTH, MAX_DOCUMENTS, YamlError, parse, parse_one};

fn value(text: &str) -> Value {
    parse_one(text).map(|node| node.to_value()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn refused(text: &str) -> YamlError {
    parse_one(text).expect_err(text)
}

/// The documents of a text, errors as the line they are on.
fn documents(text: &str) -> Value {
    let one = |d: stagedoor_ingest::yaml::YamlDocument| match d.root {
        Ok(node) => node.to_value(),
        Err(error) => json!({ "error": error.line }),
    };
    parse(text).into_iter().map(one).collect()
}

#[test]
fn reads_the_core_schema() {
    let text = "a: yes\nb: 2020-01-01\nc: 017\nd: 0o17\ne: 1e3\nf: ~\ng: '1'\nh: !!str 1\ni: ! 2\nj: 1_000\n";
    let expected = json!({
        "a": "yes", "b": "2020-01-01", "c": 17, "d": 15, "e": 1000, "f": null, "g": "1", "h": "1", "i": "2", "j": "1_000",
    });
    assert_eq!(value(text), expected);
}

#[test]
fn keys_are_texts() {
    assert_eq!(value("1: a\ntrue: b\n0x10: c\n~: d\n"), json!({ "1": "a", "true": "b", "16": "c", "": "d" }));
    assert_eq!(value("name: {{name}}\n"), json!({ "name": { "{ name }": null } }));
    assert_eq!(value("{a: 1, b: [x]}: c\n"), json!({ "{ a: 1, b: [ x ] }": "c" }));
    assert_eq!(value("1: a\n'1': b\n"), json!({ "1": "b" }));
}

/// As JSON has them that is written by programs which keep to ASCII.
#[test]
fn a_character_may_be_written_as_two_halves() {
    assert_eq!(value(r#"{"a": "\ud83d\ude80 \u00e9 \uD83D\uDE80\/"}"#), json!({ "a": "🚀 é 🚀/" }));
    assert!(parse_one(r#"a: "\ud83d""#).is_err());
    assert!(parse_one(r#"a: "\ude80\ud83d""#).is_err());
    assert_eq!(value(r"a: \ud83d\ude80"), json!({ "a": r"\ud83d\ude80" }));
}

#[test]
fn a_repeated_key_is_an_error() {
    let error = refused("a: 1\nb:\n  c: 1\n  c: 2\n");
    assert_eq!((error.line, error.column), (4, 3));
    assert_eq!(error.message, "Map keys must be unique, but \"c\" is repeated");
    let many: String = (0..40).map(|i| format!("k{i}: 1\n")).collect();
    assert_eq!(refused(&format!("{many}k3: 1\n")).line, 41);
}

#[test]
fn anchors_work_within_a_document_and_merge_keys_do_not() {
    let text = "x: &x {a: 1}\ny:\n  <<: *x\n  b: [*x, *x]\n";
    assert_eq!(value(text), json!({ "x": {"a": 1}, "y": { "<<": {"a": 1}, "b": [{"a": 1}, {"a": 1}] } }));
    assert_eq!(documents("a: &x 1\n---\nb: *x\n"), json!([{ "a": 1 }, { "error": 3 }]));
    assert!(refused("a: &a [*a]\n").message.contains("inside the value that it names"));
}

#[test]
fn marks_tabs_and_line_ends_do_not_matter() {
    assert_eq!(value("\u{feff}a: 1\r\nb:\tx\r\n"), json!({ "a": 1, "b": "x" }));
    assert_eq!(value("{\n\t\"a\":\t[1,\t2],\n\t\"b\":\t\"x\"\n}"), json!({ "a": [1, 2], "b": "x" }));
    assert_eq!(value("a: x\u{feff}y\n"), json!({ "a": "x\u{feff}y" }));
    assert!(parse_one("a:\n\tb: 1\n").is_err());
}

#[test]
fn empty_documents_do_not_count() {
    assert_eq!(documents(""), json!([]));
    assert_eq!(documents("# nothing\n---\n---\n# c\n---\nnull\n...\n"), json!([]));
    let found = parse("---\n# first\na: 1\n---\n---\nb: 2\n...\n# c\n---\nc: 3\n");
    let places: Vec<_> = found.iter().map(|d| (d.index, d.line)).collect();
    assert_eq!(places, [(0, 3), (1, 6), (2, 10)]);
    assert!(parse_one("").unwrap().is_null());
    assert!(parse_one("a: 1\n---\nb: 2\n").unwrap_err().message.contains("second one"));
}

#[test]
fn directives_belong_to_the_next_document() {
    assert_eq!(
        documents("%YAML 1.2\n# c\n---\na: 1\n...\n%YAML 1.2\n---\nb: 2\n"),
        json!([{ "a": 1 }, { "b": 2 }])
    );
}

#[test]
fn an_error_stays_in_its_document() {
    let text = "a: 1\n---\nb:\n  {%- if values.x %}\n  c: d\n---\ne: 'open\n---\nf: 2\n---\n- {\n---\n|\n---\ng: 3\n";
    let found = documents(text);
    assert_eq!(found[0], json!({ "a": 1 }));
    assert_eq!(found[1], json!({ "error": 4 }));
    assert_eq!(found[3], json!({ "f": 2 }));
    assert_eq!(found[found.as_array().unwrap().len() - 1], json!({ "g": 3 }));
}

#[test]
fn values_know_where_they_stand() {
    let node = parse_one("# c\na:\n  b: [1,\n      {c: x}]\n  d:\n").unwrap();
    let at = |pointer| node.locate(pointer).unwrap();
    assert_eq!(at(""), (2, 1));
    assert_eq!(at("/a/b/1/c"), (4, 11));
    assert_eq!(at("/a/b/7"), (3, 6));
    assert_eq!(at("/a/d"), (5, 3));
    assert_eq!(at("/a/x/y"), at("/a"));
    assert_eq!(node.locate("a"), None);
    let second = &parse("a: 1\n---\nb:\n  c: 2\n")[1];
    assert_eq!(second.root.as_ref().unwrap().locate("/b/c"), Some((4, 6)));
}

#[test]
fn numbers_must_fit_json() {
    for text in ["a: .inf\n", "a: -.Inf\n", "a: .nan\n", "a: 1e999\n"] {
        assert!(refused(text).message.ends_with("is not a number that JSON can hold"), "{text}");
    }
}

#[test]
fn aliases_cannot_multiply() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..9 {
        let items = vec![format!("*a{}", i - 1); 10].join(", ");
        bomb += &format!("a{i}: &a{i} [{items}]\n");
    }
    assert_eq!(refused(&bomb).message, "Aliases repeat too much content");
    let long = format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(1_000_000), vec!["*a"; 1000].join(", "));
    assert_eq!(refused(&long).message, "Aliases repeat too much content");
    let fine = format!("a: &a x\nb: [{}]\n", vec!["*a"; 50_000].join(", "));
    assert_eq!(value(&fine)["b"].as_array().unwrap().len(), 50_000);
}

#[test]
fn depth_is_bounded() {
    let block: String = (0..10_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    for text in [
        format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
        block,
        "- ".repeat(10_000),
        "? ".repeat(10_000),
    ] {
        assert_eq!(refused(&text).message, format!("Nested more than {MAX_DEPTH} levels deep"));
    }
    let mut chain = "a0: &a0 [x]\n".to_owned();
    for i in 1..MAX_DEPTH + 5 {
        chain += &format!("a{i}: &a{i} [*a{}]\n", i - 1);
    }
    assert!(refused(&chain).message.contains("levels deep"));
    let fine = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    assert!(parse_one(&fine).is_ok());
}

#[test]
fn the_number_of_documents_is_bounded() {
    let found = parse(&"---\n1\n".repeat(MAX_DOCUMENTS + 5));
    assert_eq!(found.len(), MAX_DOCUMENTS + 1);
    assert!(found[MAX_DOCUMENTS].root.as_ref().unwrap_err().message.contains("more than 100000 documents"));
}
