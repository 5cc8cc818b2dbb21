//! Conditions of checks: `all`, `any`, `not`, and single ones that compare a fact, as json-rules-engine reads them.

use serde_json::{Map, Value, json};

/// Conditions within conditions.
const DEEPEST: usize = 20;
/// Conditions of one check.
const MOST: usize = 500;

/// What has to hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Is(Comparison),
}

/// A fact compared with a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Comparison {
    fact: String,
    operator: Operator,
    value: Value,
    /// As it is written.
    body: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Contains,
    DoesNotContain,
}

const OPERATORS: [(&str, Operator); 10] = [
    ("equal", Operator::Equal),
    ("notEqual", Operator::NotEqual),
    ("lessThan", Operator::Less),
    ("lessThanInclusive", Operator::LessOrEqual),
    ("greaterThan", Operator::Greater),
    ("greaterThanInclusive", Operator::GreaterOrEqual),
    ("in", Operator::In),
    ("notIn", Operator::NotIn),
    ("contains", Operator::Contains),
    ("doesNotContain", Operator::DoesNotContain),
];

impl Operator {
    fn holds(self, fact: &Value, value: &Value) -> bool {
        let ordered =
            |test: fn(f64, f64) -> bool| number(fact).zip(number(value)).is_some_and(|(a, b)| test(a, b));
        let listed =
            |list: &Value, one: &Value| list.as_array().map(|list| list.iter().any(|item| same(item, one)));
        match self {
            Self::Equal => same(fact, value),
            Self::NotEqual => !same(fact, value),
            Self::Less => ordered(|a, b| a < b),
            Self::LessOrEqual => ordered(|a, b| a <= b),
            Self::Greater => ordered(|a, b| a > b),
            Self::GreaterOrEqual => ordered(|a, b| a >= b),
            Self::In => listed(value, fact) == Some(true),
            Self::NotIn => listed(value, fact) != Some(true),
            // What is no list neither contains nor lacks anything.
            Self::Contains => listed(fact, value) == Some(true),
            Self::DoesNotContain => listed(fact, value) == Some(false),
        }
    }
}

/// 1 and 1.0 are the same.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

impl Condition {
    /// Reads conditions.
    ///
    /// # Errors
    /// What is wrong, with its place from `at` on.
    pub(super) fn read(value: &Value, at: &str) -> Result<Self, String> {
        let mut left = MOST;
        Self::within(value, at, 0, &mut left)
    }

    fn within(value: &Value, at: &str, depth: usize, left: &mut usize) -> Result<Self, String> {
        if depth > DEEPEST {
            return Err(format!("{at}: conditions lie deeper than {DEEPEST} within each other"));
        }
        *left = left.checked_sub(1).ok_or_else(|| format!("{at}: a check has at most {MOST} conditions"))?;
        let Some(body) = value.as_object() else { return Err(format!("{at}: expected an object")) };
        let mut list = |key: &str, items: &Value| {
            let place = format!("{at}.{key}");
            let items = items.as_array().ok_or_else(|| format!("{place}: expected a list"))?;
            let each = items.iter().enumerate();
            let each = each.map(|(n, item)| Self::within(item, &format!("{place}[{n}]"), depth + 1, left));
            each.collect::<Result<Vec<_>, _>>()
        };
        if let Some(items) = body.get("all") {
            return list("all", items).map(Self::All);
        }
        if let Some(items) = body.get("any") {
            return list("any", items).map(Self::Any);
        }
        if let Some(one) = body.get("not") {
            return Ok(Self::Not(Box::new(Self::within(one, &format!("{at}.not"), depth + 1, left)?)));
        }
        Comparison::read(body, at).map(Self::Is)
    }

    /// The facts that it looks at.
    pub(super) fn facts<'c>(&'c self, found: &mut Vec<&'c str>) {
        match self {
            Self::All(list) | Self::Any(list) => list.iter().for_each(|one| one.facts(found)),
            Self::Not(one) => one.facts(found),
            Self::Is(comparison) => found.push(&comparison.fact),
        }
    }

    /// Whether it holds, and itself with what it found.
    pub(super) fn evaluate(&self, facts: &Map<String, Value>) -> (bool, Value) {
        let each =
            |list: &[Self]| list.iter().map(|one| one.evaluate(facts)).unzip::<bool, Value, Vec<_>, Vec<_>>();
        match self {
            Self::All(list) => {
                let (holds, shown) = each(list);
                (holds.iter().all(|holds| *holds), json!({ "priority": 1, "all": shown }))
            }
            // Nothing at all holds, as there: an empty list of alternatives is no condition.
            Self::Any(list) => {
                let (holds, shown) = each(list);
                (list.is_empty() || holds.iter().any(|holds| *holds), json!({ "priority": 1, "any": shown }))
            }
            Self::Not(one) => {
                let (holds, shown) = one.evaluate(facts);
                (!holds, json!({ "priority": 1, "not": shown }))
            }
            Self::Is(comparison) => comparison.evaluate(facts),
        }
    }
}

impl Comparison {
    fn read(body: &Map<String, Value>, at: &str) -> Result<Self, String> {
        let text = |key: &str| {
            let value = body.get(key).and_then(Value::as_str);
            value.ok_or_else(|| format!("{at}: lacks \"{key}\", or \"all\", \"any\" or \"not\""))
        };
        let (fact, named) = (text("fact")?.to_owned(), text("operator")?);
        let operator = OPERATORS.iter().find(|(name, _)| *name == named).map(|(_, operator)| *operator);
        let operator = operator.ok_or_else(|| {
            let known: Vec<&str> = OPERATORS.iter().map(|(name, _)| *name).collect();
            format!("{at}.operator: {named:?} is none of {}", known.join(", "))
        })?;
        if body.contains_key("path") {
            return Err(format!("{at}.path: paths into facts are not supported"));
        }
        let value = body.get("value").cloned().ok_or_else(|| format!("{at}: lacks \"value\""))?;
        if value.get("fact").is_some() {
            return Err(format!("{at}.value: facts as values are not supported"));
        }
        Ok(Self { fact, operator, value, body: body.clone() })
    }

    fn evaluate(&self, facts: &Map<String, Value>) -> (bool, Value) {
        let fact = facts.get(&self.fact).unwrap_or(&Value::Null);
        let holds = self.operator.holds(fact, &self.value);
        let mut shown = self.body.clone();
        shown.insert("factResult".into(), fact.clone());
        shown.insert("result".into(), holds.into());
        (holds, Value::Object(shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(condition: Value, facts: Value) -> bool {
        let condition = Condition::read(&condition, "rule.conditions").unwrap();
        condition.evaluate(facts.as_object().unwrap()).0
    }

    #[test]
    fn comparisons_are_those_of_json_rules_engine() {
        let facts = json!({"n": 3, "text": "a", "list": ["a", "b"], "flag": false, "digits": "7"});
        for (fact, operator, value, expected) in [
            ("flag", "equal", json!(false), true),
            ("flag", "equal", json!("false"), false),
            ("n", "equal", json!(3.0), true),
            ("n", "notEqual", json!(3), false),
            ("n", "lessThan", json!(3), false),
            ("n", "lessThanInclusive", json!(3), true),
            ("n", "greaterThan", json!("2"), true),
            ("digits", "greaterThanInclusive", json!(7), true),
            ("text", "greaterThan", json!(1), false),
            ("text", "in", json!(["a"]), true),
            ("text", "notIn", json!(["a"]), false),
            ("list", "contains", json!("b"), true),
            ("list", "doesNotContain", json!("c"), true),
            ("text", "contains", json!("a"), false),
            ("text", "doesNotContain", json!("z"), false),
        ] {
            let condition = json!({"all": [{"fact": fact, "operator": operator, "value": value}]});
            assert_eq!(holds(condition.clone(), facts.clone()), expected, "{condition}");
        }
    }

    #[test]
    fn conditions_lie_within_each_other() {
        let is = |fact: &str| json!({"fact": fact, "operator": "equal", "value": true});
        let condition = json!({"any": [is("a"), {"all": [is("b"), {"not": is("c")}]}]});
        assert!(holds(condition.clone(), json!({"a": false, "b": true, "c": false})));
        assert!(!holds(condition, json!({"a": false, "b": true, "c": true})));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (condition, place) in [
            (json!([]), "rule.conditions: expected an object"),
            (json!({"all": {}}), "rule.conditions.all: expected a list"),
            (
                json!({"all": [{"fact": "a", "operator": "like", "value": 1}]}),
                "rule.conditions.all[0].operator: ",
            ),
            (json!({"any": [{"fact": "a", "operator": "equal"}]}), "rule.conditions.any[0]: lacks \"value\""),
            (json!({"not": {"value": 1}}), "rule.conditions.not: lacks \"fact\""),
            (json!({"fact": "a", "operator": "equal", "value": 1, "path": "$.x"}), "rule.conditions.path: "),
        ] {
            let error = Condition::read(&condition, "rule.conditions").unwrap_err();
            assert!(error.starts_with(place), "{error}");
        }
        let mut deep = json!({"fact": "a", "operator": "equal", "value": 1});
        for _ in 0..40 {
            deep = json!({ "not": deep });
        }
        assert!(Condition::read(&deep, "c").unwrap_err().contains("deeper"));
    }
}
