//! Cases as data: what is written, and the expression or the refusal it gives.

use serde_json::Value;

use super::{filter, full_text, predicate, subject};
use crate::expr::{Collation, Expr, Subject, Test};
use crate::index::term::Scalar;

/// An expression in one line.
fn show(expr: &Expr) -> String {
    let list = |parts: &[Expr]| parts.iter().map(show).collect::<Vec<_>>().join(", ");
    match expr {
        Expr::All => "all".into(),
        Expr::And(parts) => format!("and({})", list(parts)),
        Expr::Or(parts) => format!("or({})", list(parts)),
        Expr::Not(part) => format!("not({})", show(part)),
        Expr::Reach(reach) => format!("{reach:?}"),
        Expr::Is { subject, test, collation } => {
            assert_eq!(*collation, Collation::Folded);
            let values = |list: &[Scalar]| list.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join("|");
            let test = match test {
                Test::Exists => "exists".to_owned(),
                Test::In(list) => format!("in [{}]", values(list)),
                Test::Prefix(part) => format!("begins {part}"),
                Test::Contains(part) => format!("contains {part}"),
                other => format!("{other:?}"),
            };
            match subject {
                Subject::Relation { name, target_kind: None, by_identifier: false } => {
                    format!("<{name}> {test}")
                }
                Subject::Field(path) => format!("{path} {test}"),
                other => format!("{other:?} {test}"),
            }
        }
    }
}

#[test]
fn filter_parameters() {
    const CASES: &[(&[&str], &str)] = &[
        (&[], "all"),
        (&[""], "all"),
        (&[" , "], "all"),
        (&["", "kind=domain"], "kind in [domain]"),
        (&["kind=component"], "kind in [component]"),
        (&[" kind = Component , spec.type "], "and(kind in [Component], spec.type exists)"),
        (&["kind=a,kind=b"], "kind in [a|b]"),
        (&["kind=a,Kind=b"], "and(kind in [a], Kind in [b])"),
        (&["kind,kind=b"], "kind in [b]"),
        (&["kind=b,kind"], "kind in [b]"),
        (&["kind=a", "kind=b,spec.type=x"], "or(kind in [a], and(kind in [b], spec.type in [x]))"),
        (&["spec.type="], "spec.type in []"),
        (&["a=b=c"], "a in [b=c]"),
        (&["metadata.tags.java"], "metadata.tags.java exists"),
        (
            &["metadata.annotations.backstage.io/techdocs-ref=dir:."],
            "metadata.annotations.backstage.io/techdocs-ref in [dir:.]",
        ),
        (&["relations.ownedBy=group:default/team-a"], "<ownedBy> in [group:default/team-a]"),
        (&["RELATIONS.ownedby"], "<ownedby> exists"),
        (&["relations"], "relations exists"),
        (&["relations."], "relations. exists"),
        (
            &["=x"],
            "Invalid filter, '=x' is not a valid statement (expected a string on the form a=b or a= or a)",
        ),
        (
            &["kind=a, = "],
            "Invalid filter, '=' is not a valid statement (expected a string on the form a=b or a= or a)",
        ),
    ];
    for (sets, expected) in CASES {
        let found = filter(sets).map_or_else(|refused| refused.to_string(), |expr| show(&expr));
        assert_eq!(&found, expected, "{sets:?}");
    }
}

#[test]
fn predicate_queries() {
    const CASES: &[(&str, &str)] = &[
        ("{}", "and()"),
        (r#"{"kind":"Component"}"#, "and(kind in [Component])"),
        (r#"{"a":1,"b":true,"c":1.0}"#, "and(a in [1], b in [true], c in [1])"),
        (r#"{"a":{"$exists":true},"b":{"$exists":false}}"#, "and(a exists, not(b exists))"),
        (r#"{"a":{"$in":["x",1,false]}}"#, "and(a in [x|1|false])"),
        (r#"{"a":{"$hasPrefix":"Ab_%"}}"#, "and(a begins ab_%)"),
        (r#"{"metadata.tags":{"$contains":"java"}}"#, "and(metadata.tags in [java])"),
        (r#"{"relations.ownedBy":"group:default/a"}"#, "and(<ownedBy> in [group:default/a])"),
        (r#"{"$all":[]}"#, "and()"),
        (r#"{"$any":[]}"#, "or()"),
        (r#"{"$not":{}}"#, "not(and())"),
        (r#"{"$any":[{"a":1},{"$not":{"b":2}}]}"#, "or(and(a in [1]), not(and(b in [2])))"),
        (r#"{"$all":[{"a":1},{"$all":[{"b":2}]}]}"#, "and(and(a in [1]), and(and(b in [2])))"),
        (r#"{"relations":{"$contains":{"type":"ownedBy"}}}"#, "and(<ownedBy> exists)"),
        (
            r#"{"relations":{"$contains":{"Type":"ownedBy","TARGETREF":"group:default/a"}}}"#,
            "and(<ownedBy> in [group:default/a])",
        ),
        (
            r#"{"Relations":{"$contains":{"type":"ownedBy","targetRef":{"$in":["a:b/c","d:e/f"]}}}}"#,
            "and(<ownedBy> in [a:b/c|d:e/f])",
        ),
        (r#"{"relations":{"$contains":"x"}}"#, "and(relations in [x])"),
    ];
    for (query, expected) in CASES {
        let value: Value = serde_json::from_str(query).unwrap();
        let found = predicate(&value).map_or_else(|refused| refused.to_string(), |expr| show(&expr));
        assert_eq!(&found, expected, "{query}");
    }
}

#[test]
fn refused_predicate_queries() {
    const VALIDATION: &str = "Invalid query: Validation error: ";
    const CASES: &[(&str, &str)] = &[
        ("[]", VALIDATION),
        ("null", VALIDATION),
        (r#"{"$foo":1}"#, VALIDATION),
        (r#"{"$all":{}}"#, VALIDATION),
        (r#"{"$all":[null]}"#, VALIDATION),
        (r#"{"$all":[],"kind":"a"}"#, VALIDATION),
        (r#"{"kind":"a","$not":{}}"#, VALIDATION),
        (r#"{"$all":[],"$any":[]}"#, VALIDATION),
        (r#"{"kind":null}"#, VALIDATION),
        (r#"{"kind":["a"]}"#, VALIDATION),
        (r#"{"kind":{}}"#, VALIDATION),
        (r#"{"kind":{"a":"b"}}"#, VALIDATION),
        (r#"{"kind":{"$foo":"b"}}"#, VALIDATION),
        (r#"{"kind":{"$exists":"yes"}}"#, VALIDATION),
        (r#"{"kind":{"$in":"a"}}"#, VALIDATION),
        (r#"{"kind":{"$in":[null]}}"#, VALIDATION),
        (r#"{"kind":{"$hasPrefix":1}}"#, VALIDATION),
        (r#"{"kind":{"$in":["a"],"$exists":false}}"#, VALIDATION),
        (r#"{"tags":{"$contains":null}}"#, VALIDATION),
        (r#"{"tags":{"$contains":{"$in":["a"]}}}"#, VALIDATION),
        (r#"{"$not":"x"}"#, "Invalid filter predicate: top-level primitive values are not supported. Wrap "),
        (
            r#"{"spec.objArray":{"$contains":{"a":1}}}"#,
            "Object form of $contains is not supported for field \"spec.objarray\"",
        ),
        (
            r#"{"relations":{"$contains":{"type":"a","other":"b"}}}"#,
            "Unsupported key \"other\" in $contains for \"relations\". Only \"type\" and \"targetRef\" are supported",
        ),
        (
            r#"{"relations":{"$contains":{"targetRef":"b"}}}"#,
            "The $contains operator for \"relations\" requires a \"type\" string property",
        ),
        (
            r#"{"relations":{"$contains":{"type":7}}}"#,
            "The $contains operator for \"relations\" requires a \"type\" string property",
        ),
        (
            r#"{"relations":{"$contains":{"type":"a","targetRef":{"$in":[]}}}}"#,
            "Empty \"$in\" array for $contains on \"relations\" is not allowed",
        ),
        (
            r#"{"relations":{"$contains":{"type":"a","targetRef":7}}}"#,
            "Unsupported value in $contains for \"relations\": expected a string or { \"$in\": [strings] }, but got 7",
        ),
        (
            r#"{"relations":{"$contains":{"type":"a","TYPE":"b"}}}"#,
            "Duplicate key \"TYPE\" in $contains for \"relations\"",
        ),
    ];
    for (query, expected) in CASES {
        let value: Value = serde_json::from_str(query).unwrap();
        let found = predicate(&value).map_or_else(|refused| refused.to_string(), |expr| show(&expr));
        let same = if expected.ends_with(' ') { found.starts_with(expected) } else { found == *expected };
        assert!(same, "{query}: {found}");
    }
}

#[test]
fn full_text_filters() {
    let fields = ["metadata.name".to_owned(), " relations.ownedBy".to_owned()];
    let cases = [
        (full_text("  ", None, None), "all"),
        (full_text(" Shop ", None, None), "metadata.uid contains shop"),
        (full_text("Shop", None, Some("metadata.name")), "metadata.name contains shop"),
        (
            full_text("100%x_", Some(&fields), Some("kind")),
            "or(metadata.name contains 100%x_, <ownedBy> contains 100%x_)",
        ),
        (full_text("a", Some(&[]), Some("kind")), "or()"),
    ];
    for (expr, expected) in cases {
        assert_eq!(show(&expr), expected);
    }
}

#[test]
fn paths_of_fields_that_look_like_relations() {
    assert_eq!(subject("relations"), Subject::Field("relations".into()));
    assert_eq!(subject("spec.relations.x"), Subject::Field("spec.relations.x".into()));
    assert_eq!(subject("ünicode.x"), Subject::Field("ünicode.x".into()));
}
