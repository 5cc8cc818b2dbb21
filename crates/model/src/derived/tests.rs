use serde_json::{Value, json};

use super::{Derived, Function, Ownership, PathFilter, Spec};

fn aggregation(definition: &Value) -> Result<Spec, String> {
    let mut definition = definition.clone();
    if definition.get("target").is_none() {
        definition = json!({"target": "issue", "calculationSpec": definition});
    }
    let body = json!({"aggregationProperties": {"n": definition}});
    Derived::parse(&body).map(|d| d.aggregations["n"].spec.clone()).map_err(|e| e.message)
}

#[test]
fn definitions_are_read() {
    let body = json!({
        "mirrorProperties": {"tier": {"path": "domain.region.$title", "title": "T"}},
        "calculationProperties": {"slug": {"calculation": "no [ jq", "type": "string", "format": "url", "colors": {}}},
        "aggregationProperties": {"open": {"title": "O", "target": "issue", "type": "number",
            "calculationSpec": {"calculationBy": "entities", "func": "count"},
            "query": {"combinator": "and", "rules": []},
            "pathFilter": [{"path": ["a", "b"], "fromBlueprint": "issue"}]}},
        "ownership": {"type": "Inherited", "path": "domain.team", "title": "Owners"},
    });
    let derived = Derived::parse(&body).unwrap();
    assert_eq!(derived.mirrors["tier"].relations, ["domain", "region"]);
    assert_eq!(derived.mirrors["tier"].last, "$title");
    assert_eq!(derived.calculations["slug"].program, "no [ jq");
    let open = &derived.aggregations["open"];
    let path = PathFilter { relations: vec!["a".into(), "b".into()], from: Some("issue".into()) };
    assert_eq!((&open.spec, &open.paths), (&Spec::Count, &vec![path]));
    assert_eq!(derived.ownership, Ownership::Inherited(vec!["domain".into(), "team".into()]));
    assert!(derived.has("open") && !derived.has("domain") && !derived.is_empty());
    let legacy = Derived::parse(&json!({"teamInheritance": {"path": "domain"}})).unwrap();
    assert_eq!(legacy.ownership, Ownership::Inherited(vec!["domain".into()]));
    let direct = json!({"ownership": {"type": "Direct"}, "teamInheritance": {"path": "domain"}});
    assert_eq!(Derived::parse(&direct).unwrap().ownership, Ownership::Direct);
}

#[test]
fn specifications_have_their_defaults() {
    let per = |hours: i64| super::Interval { millis: hours * 3_600_000 };
    for (spec, expected) in [
        (
            json!({"calculationBy": "entities", "func": "average"}),
            Spec::CountPer(per(24), "$createdAt".into()),
        ),
        (json!({"calculationBy": "entities", "func": "average", "averageOf": "total"}), Spec::Count),
        (
            json!({"calculationBy": "entities", "func": "average", "averageOf": "week", "measureTimeBy": "at"}),
            Spec::CountPer(per(168), "at".into()),
        ),
        (
            json!({"calculationBy": "property", "func": "median", "property": "p"}),
            Spec::Property(Function::Median, "p".into()),
        ),
        (
            json!({"calculationBy": "property", "func": "average", "property": "p"}),
            Spec::Property(Function::Mean, "p".into()),
        ),
        (
            json!({"calculationBy": "property", "func": "average", "property": "p", "averageOf": "month"}),
            Spec::SumPer(per(720), "p".into(), "$createdAt".into()),
        ),
    ] {
        assert_eq!(aggregation(&spec), Ok(expected), "{spec}");
    }
}

#[test]
fn wrong_shapes_are_refused_with_their_place() {
    let spec = |extra: Value| {
        let mut spec = json!({"calculationBy": "property", "func": "sum", "property": "p"});
        spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({"aggregationProperties": {"n": {"target": "t", "calculationSpec": spec}}})
    };
    for (body, message) in [
        (json!({"mirrorProperties": []}), "\"mirrorProperties\" must be object"),
        (json!({"mirrorProperties": {"x": {}}}), "\"mirrorProperties/x\" must have required property 'path'"),
        (json!({"mirrorProperties": {"x": {"path": 1}}}), "\"mirrorProperties/x/path\" must be string"),
        (
            json!({"mirrorProperties": {"x": {"path": "tier"}}}),
            "\"mirrorProperties/x/path\" must match pattern",
        ),
        (
            json!({"mirrorProperties": {"x": {"path": "a..b"}}}),
            "\"mirrorProperties/x/path\" must match pattern",
        ),
        (json!({"mirrorProperties": {"x y": {"path": "a.b"}}}), "\"mirrorProperties/x y\" must have a name"),
        (
            json!({"mirrorProperties": {"x": {"path": "a.b"}}, "calculationProperties": {"x": {}}}),
            "\"calculationProperties/x\" is defined in \"mirrorProperties\" already",
        ),
        (
            json!({"calculationProperties": {"x": {"calculation": ".a"}}}),
            "\"calculationProperties/x\" must have required property 'type'",
        ),
        (
            json!({"calculationProperties": {"x": {"calculation": ".a", "type": "text"}}}),
            "\"calculationProperties/x/type\" must be equal to one of",
        ),
        (
            spec(json!({"func": "count"})),
            "\"aggregationProperties/n/calculationSpec/func\" must be equal to one of",
        ),
        (
            spec(json!({"calculationBy": "x"})),
            "\"aggregationProperties/n/calculationSpec/calculationBy\" must be",
        ),
        (
            spec(json!({"func": "average", "averageOf": "year"})),
            "\"aggregationProperties/n/calculationSpec/averageOf\" must be equal to one of",
        ),
        (
            json!({"aggregationProperties": {"n": {"target": "t", "calculationSpec": {}, "pathFilter": [{"path": ["r"]}, 2]}}}),
            "\"aggregationProperties/n/pathFilter/1\" must be object",
        ),
        (
            json!({"aggregationProperties": {"n": {"target": "t", "calculationSpec": {}, "pathFilter": vec![1; 65]}}}),
            "\"aggregationProperties/n/pathFilter\" must NOT have more than 64 items",
        ),
        (json!({"ownership": {"type": "Inherited"}}), "\"ownership\" must have required property 'path'"),
        (json!({"ownership": {"type": "Mine"}}), "\"ownership/type\" must be equal to one of"),
        (json!({"ownership": {"type": "Inherited", "path": "a."}}), "\"ownership/path\" must be relations"),
    ] {
        let error = Derived::parse(&body).unwrap_err();
        assert!(error.message.starts_with(message), "{body}: {}", error.message);
        let (read, errors) = Derived::read(&body);
        assert_eq!((read.aggregations.len(), errors.len()), (0, 1), "{body}");
    }
}
