//! One kind of definition after another.

use serde_json::{Value, json};
use std::sync::atomic::Ordering;

use super::{Book, DAY, NOW};

fn properties(keys: &[(&str, &str)]) -> Value {
    let all: serde_json::Map<String, Value> =
        keys.iter().map(|(key, kind)| ((*key).to_owned(), json!({"type": kind}))).collect();
    json!({ "properties": all })
}

fn services() -> Book {
    let mut book = Book::new();
    book.define("region", json!({"schema": properties(&[("name", "string")])}));
    book.define(
        "domain",
        json!({"schema": properties(&[("tier", "string"), ("n", "number"), ("tags", "array")]),
            "relations": {"region": {"target": "region"}},
            "calculationProperties": {"loud": {"calculation": "join .title .properties.tier", "type": "string"}}}),
    );
    book.define(
        "service",
        json!({"schema": properties(&[("url", "string")]),
            "relations": {"domain": {"target": "domain"}, "also": {"target": "domain", "many": true}},
            "mirrorProperties": {
                "tier": {"path": "domain.tier"}, "all": {"path": "also.tier"}, "tags": {"path": "also.tags"},
                "region": {"path": "domain.region.name"}, "regions": {"path": "also.region.$identifier"},
                "title": {"path": "domain.$title"}, "team": {"path": "domain.$team"}, "made": {"path": "domain.$createdAt"},
                "of": {"path": "domain.$blueprint"}, "odd": {"path": "domain.none"}, "odder": {"path": "domain.$none"},
                "loud": {"path": "domain.loud"}, "nowhere": {"path": "boss.tier"}}}),
    );
    book.put("region", "eu", json!({"properties": {"name": "Europe"}}));
    let shop = json!({"title": "Shop", "team": ["red"], "properties": {"tier": "gold", "n": 1, "tags": ["a", "b"]},
        "relations": {"region": "eu"}});
    book.put("domain", "shop", shop);
    book.put(
        "domain",
        "pay",
        json!({"properties": {"tier": "iron", "tags": ["c"]}, "relations": {"region": "eu"}}),
    );
    book.put("domain", "bare", json!({"properties": {"tier": null}}));
    book
}

#[test]
fn mirrors_show_what_is_at_the_end() {
    let mut book = services();
    let relations = json!({"relations": {"domain": "shop", "also": ["pay", "gone", "bare", "shop"]}});
    book.put("service", "cart", relations);
    for (key, expected) in [
        ("tier", json!("gold")),
        ("all", json!(["iron", "gold"])),
        ("tags", json!(["c", "a", "b"])),
        ("region", json!("Europe")),
        ("regions", json!(["eu"])),
        ("title", json!("Shop")),
        ("team", json!(["red"])),
        ("of", json!("domain")),
        ("odd", Value::Null),
        ("odder", Value::Null),
        ("loud", json!("\"Shop\"|\"gold\"")),
        ("nowhere", Value::Null),
    ] {
        assert_eq!(book.value("service", "cart", key), expected, "{key}");
    }
    let node = book.catalog.node_of_key("service", "cart").unwrap();
    let titled = |key| book.catalog.mirrored_titles(node, key);
    assert_eq!(titled("title"), Some(json!({"identifier": "shop", "title": "Shop"})));
    assert_eq!(titled("tier"), None);
    assert_eq!(book.problem("service", "cart", "nowhere"), "blueprint \"service\" has no relation \"boss\"");
    assert_eq!(book.catalog.derived(node, "url"), None);

    book.put("service", "lone", json!({"relations": {"domain": "gone"}}));
    let values = book.values("service", "lone");
    assert_eq!(
        (&values["tier"], &values["all"], &values["region"]),
        (&Value::Null, &json!([]), &Value::Null)
    );
    assert_eq!(values.len(), 13);
    // It was only missing.
    book.put("domain", "gone", json!({"properties": {"tier": "new"}}));
    assert_eq!(book.value("service", "lone", "tier"), "new");
    assert_eq!(book.value("service", "cart", "all"), json!(["iron", "new", "gold"]));
}

#[test]
fn mirrors_follow_what_backstage_documents_say() {
    let mut book = Book::new();
    book.define("group", json!({}));
    book.define("system", json!({}));
    book.define(
        "component",
        json!({"mirrorProperties": {"squad": {"path": "owningGroup.$title"}, "area": {"path": "system.description"},
            "by": {"path": "system.owningGroup.$identifier"}},
        "calculationProperties": {"own": {"calculation": "value .team", "type": "array"}}}),
    );
    book.define("api", json!({"mirrorProperties": {"kind": {"path": "owningGroup.type"}}}));
    book.document("group", "red", json!({"type": "team", "children": []}));
    book.document("system", "shop", json!({"owner": "red"}));
    book.document("component", "cart", json!({"owner": "red", "system": "shop", "type": "service"}));
    book.document("api", "cart", json!({"owner": "group:red"}));
    let values = book.values("component", "component:default/cart");
    let expected = json!({"squad": "red", "area": null, "by": "group:default/red", "own": ["red"]});
    assert_eq!(json!(values), expected);
    assert_eq!(book.value("api", "api:default/cart", "kind"), "team");
    // A relation that the other end states: a group lists its members.
    book.define("user", json!({"mirrorProperties": {"teams": {"path": "memberOf.$title"}}}));
    book.document("group", "ops", json!({"type": "team", "children": [], "members": ["ana"]}));
    book.document("user", "ana", json!({"memberOf": ["red"]}));
    if book.catalog.blueprints().get("user").unwrap().face.relations.contains_key("memberOf") {
        assert_eq!(book.value("user", "user:default/ana", "teams"), json!(["red", "ops"]));
    }
}

#[test]
fn calculations_are_held_to_their_type() {
    let mut book = Book::new();
    book.define(
        "service",
        json!({"schema": properties(&[("url", "string"), ("n", "number")]),
        "calculationProperties": {
            "same": {"calculation": "value .properties.url", "type": "string"},
            "wrong": {"calculation": "value .properties.n", "type": "string"},
            "number": {"calculation": "value .properties.n", "type": "number"},
            "failed": {"calculation": "explode .", "type": "string"},
            "none": {"calculation": "value .properties.absent", "type": "string"},
            "chain": {"calculation": "join .properties.same .properties.number", "type": "string"},
            "circle": {"calculation": "join .properties.round .title", "type": "string"},
            "round": {"calculation": "join .properties.circle", "type": "string"},
            "self": {"calculation": "value .properties.self", "type": "string"},
            "whole": {"calculation": "join .identifier .title .icon .blueprint .team .createdBy .updatedAt", "type": "string"},
            "links": {"calculation": "value .relations", "type": "object"}},
        "relations": {"next": {"target": "service"}, "all": {"target": "service", "many": true}}}),
    );
    let fields = json!({"title": "Cart", "icon": "I", "team": ["red"],
        "properties": {"url": "u", "n": 4, "same": "mine", "self": "mine"}, "relations": {"next": "x", "all": ["cart"]}});
    book.put_at("service", "cart", fields, 0);
    for (key, expected, problem) in [
        ("same", json!("u"), ""),
        ("wrong", Value::Null, "the result is a number, not a string"),
        ("number", json!(4), ""),
        ("failed", Value::Null, "explode is no verb"),
        ("none", Value::Null, ""),
        ("chain", json!("\"u\"|4"), ""),
        ("circle", json!("null|\"Cart\""), ""),
        ("round", json!("null"), ""),
        ("self", Value::Null, ""),
        (
            "whole",
            json!("\"cart\"|\"Cart\"|\"I\"|\"service\"|[\"red\"]|\"ana\"|\"1970-01-01T00:00:00.005Z\""),
            "",
        ),
        ("links", json!({"next": "x", "all": ["cart"]}), ""),
    ] {
        assert_eq!(book.value("service", "cart", key), expected, "{key}");
        assert_eq!(book.problem("service", "cart", key), problem, "{key}");
    }
    let node = book.catalog.node_of_key("service", "cart").unwrap();
    let stored = book.catalog.stored_properties(book.catalog.entity(node).unwrap());
    assert_eq!(json!(stored), json!({"url": "u", "n": 4}));
}

fn aggregated(spec: Value, more: Value) -> Value {
    let mut definition = json!({"target": "issue", "calculationSpec": spec});
    definition.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    definition
}

fn issues(definition: &Value) -> Book {
    let mut book = Book::new();
    book.define(
        "issue",
        json!({"schema": properties(&[("status", "string"), ("points", "number"), ("at", "string")])}),
    );
    book.define("service", json!({}));
    book.define(
        "service",
        json!({"relations": {"needs": {"target": "service", "many": true}},
        "aggregationProperties": {"x": definition}}),
    );
    book.define(
        "issue",
        json!({"schema": properties(&[("status", "string"), ("points", "number"), ("at", "string")]),
            "relations": {"service": {"target": "service"}}}),
    );
    book.put("service", "cart", json!({"relations": {"needs": ["mail"]}}));
    book.put("service", "mail", json!({}));
    for (id, status, points, age) in
        [("a", "open", json!(1), 10), ("b", "open", json!(2.5), 3), ("c", "done", json!(6), 40)]
    {
        let fields = json!({"properties": {"status": status, "points": points, "at": "2027-06-01T00:00:00Z"},
            "relations": {"service": "cart"}});
        book.put_at("issue", id, fields, NOW - age * DAY - 1);
    }
    book.put(
        "issue",
        "d",
        json!({"properties": {"status": "open", "points": "many"}, "relations": {"service": "mail"}}),
    );
    book
}

#[test]
fn aggregations_compute_one_number() {
    let by = |func: &str| json!({"calculationBy": "property", "func": func, "property": "points"});
    let average = |of: &str| json!({"calculationBy": "property", "func": "average", "property": "points", "averageOf": of});
    let entities = |of: &str| json!({"calculationBy": "entities", "func": "average", "averageOf": of});
    let open = json!({"query": {"combinator": "and", "rules": [{"property": "status", "operator": "=", "value": "open"}]}});
    let count = || json!({"calculationBy": "entities", "func": "count"});
    for (spec, more, cart, lone) in [
        (count(), json!({}), json!(3), json!(0)),
        (count(), open.clone(), json!(2), json!(0)),
        (by("sum"), json!({}), json!(9.5), json!(0)),
        (by("min"), json!({}), json!(1), Value::Null),
        (by("max"), open.clone(), json!(2.5), Value::Null),
        (by("median"), json!({}), json!(2.5), Value::Null),
        (by("median"), open.clone(), json!(1.75), Value::Null),
        (average("total"), open.clone(), json!(1.75), Value::Null),
        // The oldest is 40 days and a moment: the 41st day, the 6th week, the second month.
        (average("day"), json!({}), json!(9.5 / 41.0), Value::Null),
        (entities("day"), json!({}), json!(3.0 / 41.0), json!(0)),
        (entities("week"), json!({}), json!(0.5), json!(0)),
        (entities("month"), json!({}), json!(1.5), json!(0)),
        (entities("hour"), open.clone(), json!(2.0 / 241.0), json!(0)),
        (entities("total"), json!({}), json!(3), json!(0)),
    ] {
        let mut book = issues(&aggregated(spec.clone(), more));
        assert_eq!(book.value("service", "cart", "x"), cart, "{spec}");
        book.put("service", "lone", json!({}));
        assert_eq!(book.value("service", "lone", "x"), lone, "{spec}");
    }
    let spec =
        json!({"calculationBy": "entities", "func": "average", "averageOf": "day", "measureTimeBy": "at"});
    // Dates to come: the interval has begun.
    assert_eq!(issues(&aggregated(spec, json!({}))).value("service", "cart", "x"), 3);
}

#[test]
fn aggregations_take_what_is_related() {
    let count = |target: &str, more: Value| {
        let mut definition =
            json!({"target": target, "calculationSpec": {"calculationBy": "entities", "func": "count"}});
        definition.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        definition
    };
    let path =
        |path: &[&str], from: Option<&str>| json!({"pathFilter": [{"path": path, "fromBlueprint": from}]});
    for (definition, expected, problem) in [
        // Issues of the services of the systems: down, and not by way of what services need.
        (count("issue", json!({})), json!(2), ""),
        // Up: the domain, and not the systems beside.
        (count("domain", json!({})), json!(1), ""),
        (count("region", json!({})), json!(0), "no relations lead to blueprint \"region\""),
        (count("nothing", json!({})), Value::Null, "there is no blueprint \"nothing\""),
        (count("system", json!({})), json!(2), ""),
        (count("system", path(&["after"], None)), json!(1), ""),
        (count("system", path(&["after"], Some("system"))), json!(1), ""),
        (count("service", path(&["system"], Some("service"))), json!(1), ""),
        (count("service", path(&["needs", "system"], Some("service"))), json!(1), ""),
        (count("issue", path(&["service", "system"], Some("issue"))), json!(2), ""),
        (
            count("issue", path(&["service"], Some("issue"))),
            Value::Null,
            "the path leads to blueprint \"service\", not to \"system\"",
        ),
        (count("issue", path(&["nope"], None)), Value::Null, "blueprint \"system\" has no relation \"nope\""),
        (
            count("issue", path(&["system"], Some("domain"))),
            Value::Null,
            "\"fromBlueprint\" must be \"system\" or \"issue\", not \"domain\"",
        ),
    ] {
        let mut book = Book::new();
        let relations = |r: Value| json!({ "relations": r });
        book.define("region", json!({}));
        book.define("domain", json!({}));
        for body in
            [json!({}), relations(json!({"domain": {"target": "domain"}, "after": {"target": "system"}}))]
        {
            book.define("system", body);
        }
        book.define(
            "system",
            json!({"relations": {"domain": {"target": "domain"}, "after": {"target": "system"}},
            "aggregationProperties": {"x": definition}}),
        );
        book.define(
            "service",
            relations(json!({"system": {"target": "system"}, "needs": {"target": "service", "many": true}})),
        );
        book.define("issue", relations(json!({"service": {"target": "service"}})));
        book.put("domain", "d", json!({}));
        book.put("system", "s", relations(json!({"domain": "d", "after": "t"})));
        book.put("system", "t", relations(json!({"domain": "d"})));
        book.put("system", "u", relations(json!({"after": "s"})));
        book.put("service", "cart", relations(json!({"system": "s"})));
        book.put("service", "mail", relations(json!({"system": "t", "needs": ["cart"]})));
        for (id, service) in [("1", "cart"), ("2", "cart"), ("3", "mail"), ("4", "gone")] {
            book.put("issue", id, relations(json!({ "service": service })));
        }
        assert_eq!(book.value("system", "s", "x"), expected, "{definition}");
        assert_eq!(book.problem("system", "s", "x"), problem, "{definition}");
    }
}

#[test]
fn teams_come_through_relations() {
    let mut book = Book::new();
    book.define("domain", json!({"ownership": {"type": "Inherited", "path": "squad"}}));
    book.define("domain", json!({"relations": {"squad": {"target": "_team"}}, "ownership": {"type": "Inherited", "path": "squad"}}));
    book.define("system", json!({"relations": {"domain": {"target": "domain"}}}));
    book.define(
        "system",
        json!({"relations": {"domain": {"target": "domain"}}, "teamInheritance": {"path": "domain"}}),
    );
    book.define(
        "service",
        json!({"relations": {"system": {"target": "system"}}, "ownership": {"type": "Inherited", "path": "system"},
            "mirrorProperties": {"theirs": {"path": "system.$team"}}}),
    );
    book.define("a", json!({}));
    book.define(
        "b",
        json!({"relations": {"a": {"target": "a"}}, "ownership": {"type": "Inherited", "path": "a"}}),
    );
    book.define(
        "a",
        json!({"relations": {"b": {"target": "b"}}, "ownership": {"type": "Inherited", "path": "b"}}),
    );
    book.put("_team", "red", json!({"title": "Red"}));
    book.put("domain", "d", json!({"team": ["ignored"], "relations": {"squad": "red"}}));
    book.put("system", "s", json!({"relations": {"domain": "d"}}));
    let service = book.put("service", "x", json!({"team": ["mine"], "relations": {"system": "s"}}));
    let round = book.put("a", "1", json!({"team": ["mine"]}));
    assert_eq!(book.catalog.teams(service), ["red"]);
    assert_eq!(book.catalog.teams(round), [""; 0]);
    assert_eq!(book.value("service", "x", "theirs"), json!(["red"]));
    book.put("domain", "d", json!({"relations": {"squad": "blue"}}));
    assert_eq!(book.catalog.teams(service), [""; 0]);
    assert_eq!(book.value("service", "x", "theirs"), json!([]));
}

#[test]
fn the_clock_makes_values_change() {
    let mut book = issues(&aggregated(
        json!({"calculationBy": "entities", "func": "average", "averageOf": "week"}),
        json!({}),
    ));
    book.define("clock", json!({"calculationProperties": {"t": {"calculation": "now", "type": "number"}}}));
    book.put("clock", "c", json!({}));
    assert_eq!(book.value("service", "cart", "x"), json!(0.5));
    assert_eq!(book.value("clock", "c", "t"), NOW);
    book.fake.now.store(NOW + 3 * DAY, Ordering::Relaxed);
    assert_eq!(book.value("service", "cart", "x"), json!(3.0 / 7.0));
    assert_eq!(book.value("clock", "c", "t"), NOW + 3 * DAY);

    let recent = json!({"query": {"combinator": "and", "rules": [{"property": "$createdAt", "operator": "between", "value": {"preset": "lastWeek"}}]}});
    let book = issues(&aggregated(json!({"calculationBy": "entities", "func": "count"}), recent));
    assert_eq!(book.value("service", "cart", "x"), 1);
    book.fake.now.store(NOW + 5 * DAY, Ordering::Relaxed);
    assert_eq!(book.value("service", "cart", "x"), 0);
}

#[test]
fn a_query_that_is_none_is_told() {
    let bad =
        json!({"query": {"combinator": "and", "rules": [{"property": "status", "operator": "resembles"}]}});
    let book = issues(&aggregated(json!({"calculationBy": "entities", "func": "count"}), bad));
    assert_eq!(book.value("service", "cart", "x"), Value::Null);
    let problem = book.problem("service", "cart", "x");
    assert!(problem.starts_with("\"query/rules/0/operator\" must be equal to one of"), "{problem}");
}

/// Definitions that rest on one another, in a long chain and in circles through other blueprints.
#[test]
fn circles_are_null_and_chains_end() {
    let mut book = Book::new();
    let mirrors: serde_json::Map<String, Value> = (0..60)
        .map(|i| (format!("m{i}"), json!({"path": format!("next.m{}", i + 1)})))
        .chain([("m60".to_owned(), json!({"path": "next.$identifier"}))])
        .chain([("loop".to_owned(), json!({"path": "next.loop"}))])
        .collect();
    book.define("a", json!({"relations": {"next": {"target": "a"}}, "mirrorProperties": mirrors,
        "aggregationProperties": {"sum": {"target": "a", "calculationSpec": {"calculationBy": "property", "func": "sum", "property": "sum"}}}}));
    book.put("a", "x", json!({"relations": {"next": "x"}}));
    assert_eq!(book.value("a", "x", "m50"), "x");
    assert_eq!(book.value("a", "x", "m0"), Value::Null);
    let entry = book.catalog.blueprints().get("a").unwrap();
    let problems: Vec<&str> = entry.derived.problems().map(|(key, _)| key).collect();
    assert_eq!((problems.len(), problems.contains(&"loop"), problems.contains(&"m59")), (31, true, false));
    for key in ["loop", "sum"] {
        assert_eq!(book.value("a", "x", key), Value::Null);
        assert!(book.problem("a", "x", key).contains("leads back to itself"), "{key}");
    }
}
