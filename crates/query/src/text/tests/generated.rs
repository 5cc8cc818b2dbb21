//! Rules and texts at random: each says what the other says.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::text::{complete, parse, print};

fn key() -> impl Strategy<Value = String> {
    let odd = [
        "tier",
        "in",
        "a.b",
        "größe",
        "@type",
        "with space",
        "q\"uote",
        "-x",
        "5",
        "true",
        "any",
        "$title",
        "=",
        "it's",
    ];
    prop_oneof![select(odd.to_vec()).prop_map(str::to_owned), "[a-zA-Z_]{1,8}"]
}

fn scalar() -> impl Strategy<Value = Value> {
    let odd = [
        "",
        "gold",
        "or",
        "null",
        "1.0",
        "1e3",
        "01",
        "-",
        "component:default/a-b",
        "two words",
        "a\nb",
        "\"",
        "\\",
        "@me",
        "*",
        "a,b",
        "👍",
    ];
    prop_oneof![
        select(odd.to_vec()).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no other numbers", |f| f.is_finite()).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ]
}

fn context() -> impl Strategy<Value = Value> {
    (select(vec!["user", "userTeams"]), prop_oneof![Just("$identifier".to_owned()), key()])
        .prop_map(|(context, property)| json!({"context": context, "property": property}))
}

fn subject() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => key().prop_map(|k| json!({ "property": k })),
        1 => key().prop_map(|k| json!({ "relation": k })),
        2 => (key(), key()).prop_filter("said in the shorter way", |(_, t)| t != "$identifier")
            .prop_map(|(r, t)| json!({"relation": r, "targetProperty": t})),
        1 => context().prop_map(|c| json!({ "property": c })),
        1 => Just(json!({"propertySchema": {"type": "string", "format": "user"}})),
        1 => Just(json!({"propertySchema": {"type": "array", "items": {"type": "string", "format": "date-time"}}})),
        1 => (key(), key()).prop_map(|(s, r)| json!({"scorecard": s, "scorecardRule": r})),
    ]
}

fn compared() -> impl Strategy<Value = (&'static str, Value)> {
    let one = [
        "=",
        "!=",
        ">",
        ">=",
        "<",
        "<=",
        "contains",
        "doesNotContains",
        "beginsWith",
        "doesNotBeginsWith",
        "endsWith",
        "doesNotEndsWith",
    ];
    let preset = || select(vec!["today", "lastWeek", "next12Months"]).prop_map(|p| json!({ "preset": p }));
    let range = (scalar(), scalar()).prop_map(|(from, to)| json!({"from": from, "to": to}));
    prop_oneof![
        4 => (select(one.to_vec()), prop_oneof![scalar(), context()]),
        1 => (select(vec!["=", "!="]), preset()),
        2 => (select(vec!["in", "notIn", "containsAny"]), prop_oneof![vec(scalar(), 0..4).prop_map(Value::from), context()]),
        2 => (select(vec!["between", "notBetween"]), prop_oneof![range, preset()]),
        1 => (select(vec!["isEmpty", "isNotEmpty", "isExpired", "isNotExpired"]), Just(Value::Null)),
    ]
}

fn comparison() -> impl Strategy<Value = Value> {
    (subject(), compared()).prop_map(|(mut rule, (operator, value))| {
        rule["operator"] = operator.into();
        if !operator.starts_with("is") {
            rule["value"] = value;
        }
        rule
    })
}

fn identifiers() -> impl Strategy<Value = Value> {
    let one = || prop_oneof!["[a-z0-9:/.-]{1,9}", ".{0,6}", Just("in".to_owned()), Just("5".to_owned())];
    prop_oneof![one().prop_map(Value::from), vec(one(), 0..3).prop_map(Value::from), context()]
}

fn walk() -> impl Strategy<Value = Value> {
    let hop = prop_oneof![
        3 => key().prop_map(Value::from),
        1 => (key(), 2..16_u64).prop_map(|(r, n)| json!({"relation": r, "maxHops": n})),
        1 => (2..16_u64).prop_map(|n| json!({ "maxHops": n })),
        1 => Just(json!({})),
    ];
    let related = (
        key(),
        identifiers(),
        select(vec![None, Some("upstream"), Some("downstream")]),
        any::<Option<bool>>(),
    );
    let led = (vec(hop, 1..4), proptest::option::of(key()), identifiers());
    prop_oneof![
        related.prop_map(|(blueprint, value, direction, required)| {
            let mut rule = json!({"operator": "relatedTo", "blueprint": blueprint, "value": value});
            direction.into_iter().for_each(|d| rule["direction"] = d.into());
            required.into_iter().for_each(|r| rule["required"] = r.into());
            rule
        }),
        led.prop_map(|(path, from, value)| {
            let mut property = json!({ "path": path });
            from.into_iter().for_each(|f| property["fromBlueprint"] = f.into());
            json!({"operator": "matchAny", "property": property, "value": value})
        }),
    ]
}

fn search() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        "[a-z]{1,5}",
        ".{0,8}",
        Just("-x".to_owned()),
        Just("not".to_owned()),
        Just("5".to_owned())
    ];
    word.prop_map(|text| json!({"operator": "search", "value": text}))
}

/// Rules as the parser makes them: no group of one, `not` only where no operator says it.
fn part() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![4 => comparison(), 1 => walk(), 2 => search()];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (select(vec!["and", "or"]), vec(inner.clone(), 2..4))
                .prop_map(|(c, rules)| json!({"combinator": c, "rules": rules})),
            (select(vec!["and", "or"]), vec(inner, 2..4)).prop_map(
                |(c, rules)| json!({"combinator": "not", "rules": [{"combinator": c, "rules": rules}]})
            ),
            Just(json!({"combinator": "and", "rules": []})),
        ]
    })
}

fn query() -> impl Strategy<Value = Value> {
    part().prop_map(|part| match part.get("rules") {
        Some(_) => part,
        None => json!({"combinator": "and", "rules": [part]}),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(6), ..ProptestConfig::default() })]

    #[test]
    fn rules_come_back_from_their_text(rules in query()) {
        let text = print(&rules).unwrap();
        let parsed = parse(&text);
        prop_assert!(parsed.is_ok(), "{text}: {:?}", parsed);
        let back = parsed.unwrap().rules;
        prop_assert_eq!(&back, &rules, "{}", text);
        prop_assert_eq!(print(&back).unwrap(), text);
    }

    #[test]
    fn no_text_breaks_it(words in vec(prop_oneof![
        select(vec!["tier", "=", "not", "and", "or", "(", ")", "in", "gold", "@me", "\"x", "{", "1", ",", "}", "*", "between", "leadsTo(", "any(", "."]).prop_map(str::to_owned),
        ".{0,3}",
    ], 0..12), at in 0..40_usize) {
        let text = words.join(" ");
        if let Ok(parsed) = parse(&text) {
            let printed = print(&parsed.rules).unwrap();
            let again = parse(&printed).unwrap().rules;
            prop_assert_eq!(print(&again).unwrap(), printed);
        }
        let blueprints = crate::Blueprints::default();
        let scope = crate::dialect::port::Scope { blueprints: &blueprints, only: None, now: stagedoor_model::Timestamp(0), caller: None };
        let found = complete(&text, at, &scope, &Nothing);
        prop_assert!(text.get(found.from..found.to).is_some());
    }
}

struct Nothing;

impl crate::text::Known for Nothing {
    fn values(&self, _: &[crate::dialect::port::Column], _: &str) -> Vec<(Value, u64)> {
        Vec::new()
    }

    fn entities(&self, _: &str, _: &str) -> Vec<(String, String)> {
        Vec::new()
    }
}
