use serde_json::{Value, json};

use super::{parse, print};

mod generated;

fn rules(text: &str) -> Value {
    parse(text).unwrap_or_else(|p| panic!("{text}: {p:?}")).rules
}

/// Every text of the documentation's table, and the rule that it is.
#[test]
fn the_documentation_is_right() {
    let page = include_str!("../../../../docs/reference/query-language.md");
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.strip_suffix("` |")?.split("` | `").collect();
        <[&str; 2]>::try_from(cells).ok()
    });
    let mut seen = 0;
    for [text, rule] in rows {
        let rule: Value = serde_json::from_str(rule).unwrap_or_else(|e| panic!("{rule}: {e}"));
        let found = rules(text);
        let is_group = rule.get("rules").is_some();
        let expected = if is_group { rule } else { json!({"combinator": "and", "rules": [rule]}) };
        assert_eq!(found, expected, "{text}");
        assert_eq!(print(&found).unwrap(), text);
        seen += 1;
    }
    let operators = crate::dialect::port::OPERATORS.iter().map(|o| format!("\"operator\":\"{}\"", o.name));
    let missing: Vec<String> = operators.filter(|o| !page.contains(o)).collect();
    assert!(seen > 40 && missing.is_empty(), "{seen} examples, without {missing:?}");
}

#[test]
fn what_people_type_is_understood() {
    for (typed, printed) in [
        ("  ", ""),
        ("*", ""),
        ("payments api", "payments api"),
        ("payments AND api", "payments api"),
        ("payments tier=gold", "payments and tier = gold"),
        ("a b or c and d", "(a b) or (c d)"),
        ("(tier = gold)", "tier = gold"),
        ("((a or b)) c", "(a or b) and c"),
        ("not tier = gold", "tier != gold"),
        ("not not tier = gold", "tier = gold"),
        ("not (tier in (a) and b)", "not (tier in (a) and b)"),
        ("NOT payments", "not payments"),
        ("tier = 'a b'", "tier = \"a b\""),
        ("tier = \"gold\"", "tier = gold"),
        ("size = 007", "size = 007"),
        ("size = \"7\"", "size = \"7\""),
        ("size > -1.50", "size > -1.5"),
        ("$updatedAt between @LASTWEEK", "$updatedAt in @lastWeek"),
        ("$team in @myteams", "$team in @myTeams"),
        ("owner.$identifier = red", "owner.$identifier = red"),
        ("\"odd.key\".\"in\" is not empty", "\"odd.key\".\"in\" is not empty"),
        ("leadsTo(owner.parent{1,5}.* = x)", "leadsTo(owner.parent{1,5}.* = x)"),
        ("component:default/orders-service", "component:default/orders-service"),
        ("\"tier = gold\"", "\"tier = gold\""),
        ("\"or\"", "\"or\""),
        ("x = \"a\\\"b\\\\c\\n\\u00e9\"", "x = \"a\\\"b\\\\c\\né\""),
    ] {
        let found = rules(typed);
        assert_eq!(print(&found).unwrap(), printed, "{typed}");
        assert_eq!(rules(printed), found, "{typed}");
    }
}

#[test]
fn a_mistake_has_a_place_and_a_hint() {
    for (text, place, message, hint) in [
        ("tier =", "", "a value is missing at the end", ""),
        ("tier = = x", "=", "a second `=` cannot stand here", "one `=` compares"),
        ("tier && x", "&", "a condition is missing here", "write `and`"),
        ("tier ~ gold", "~", "a condition is missing here", "write `contains`"),
        ("tier in gold", "gold", "a list is missing here", "a list is written `(a, b)`"),
        ("tier in (a b)", "b", "`,` is missing here", ""),
        ("(a or b", "", "`)` is missing at the end", ""),
        ("a)", ")", "this cannot stand here", "there is no `(` that this closes"),
        ("tier = or", "or", "a value is missing here", "to mean the word itself, put it between quotes"),
        (
            "tier is gold",
            "gold",
            "`empty` or `expired` is missing here",
            "a value is compared with `=` and `!=`",
        ),
        ("-old", "-old", "a word to find cannot begin with `-`", "to leave out what matches write `not old`"),
        ("pay*", "*", "a condition", ""),
        ("size between 1", "", "`and` is missing at the end", "a range is written `between 1 and 5`"),
        ("\"open", "\"open", "the quote at the beginning has none at the end", ""),
        ("a = \"open", "\"open", "the quote at the beginning has none at the end", ""),
        (
            "a.b.c = 1",
            "a.b.c",
            "a property is at most one relation away",
            "for a longer way write `leadsTo(a.b.c = x)`",
        ),
        ("nosuch(a)", "nosuch", "there is no function \"nosuch\"", "there are `relatedTo`"),
        ("$updatedAt in @nextYear", "@nextYear", "there is no value of this name", "there are `@me`"),
        ("leadsTo(a{5} = x)", "{5", "a relation is followed `{1,2}` to `{1,15}` times", ""),
        ("upstreamOf(service)", ")", "`=` or `in` is missing here", ""),
        ("größe = (", "(", "a value is missing here", "write `in` in front of a list"),
    ] {
        if text == "pay*" {
            // A star is everything: two terms side by side.
            assert_eq!(print(&rules(text)).unwrap(), "pay and *");
            continue;
        }
        let problem = parse(text).expect_err(text);
        assert_eq!(problem.message, message, "{text}");
        assert_eq!(&text[problem.from..problem.to], place, "{text}");
        assert!(problem.hint.clone().unwrap_or_default().starts_with(hint), "{text}: {:?}", problem.hint);
        assert_eq!(problem.hint.is_none(), hint.is_empty(), "{text}: {:?}", problem.hint);
    }
}

#[test]
fn rules_know_their_places() {
    let text = "a and (tier in (x, 5) or not owner.size between 1 and 2)";
    let parsed = parse(text).unwrap();
    let at = |path: &str| {
        let (from, to) = parsed.place(path);
        &text[from..to]
    };
    assert_eq!(at("rules/1/rules/0/value/1"), "5");
    assert_eq!(at("rules/1/rules/0/property"), "tier");
    assert_eq!(at("/rules/1/rules/1/value/to"), "2");
    assert_eq!(at("rules/1/rules/1/targetProperty"), "owner.size");
    assert_eq!(at("rules/1/nothing"), "(tier in (x, 5) or not owner.size between 1 and 2)");
}

#[test]
fn neither_depth_nor_length_breaks_it() {
    for text in ["(".repeat(10_000), "not ".repeat(4_000), "any(array of ".repeat(1_000)] {
        assert!(parse(&text).is_err());
    }
    assert!(parse(&"(a) ".repeat(4_000)).is_ok());
    assert!(parse(&"a".repeat(super::MAX_TEXT + 1)).is_err());
    let mut deep = json!({"combinator": "and", "rules": []});
    for _ in 0..100 {
        deep = json!({"combinator": "not", "rules": [deep]});
    }
    assert!(print(&deep).is_err());
}
