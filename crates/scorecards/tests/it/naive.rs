//! Scorecards evaluated one entity at a time, from plain JSON, with no code of the catalog or of this crate.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::world::{DAY, World, run};

/// True, false, or not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    Yes,
    No,
    Open,
}

/// What is said of one entity: its level, and by rule `passed`, `failed`, `notMeasured` or `exempt`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) level: String,
    pub(crate) rules: Vec<&'static str>,
}

/// Of every entity of a blueprint; `None` where the scorecard is not about it.
pub(crate) fn evaluate(
    world: &World,
    scorecard: &Value,
    blueprint: &str,
    exempt: &[(String, String)],
) -> BTreeMap<String, Option<Said>> {
    let members = world.entities.keys().filter(|(b, _)| b == blueprint);
    members.map(|(_, id)| (id.clone(), one(world, scorecard, blueprint, id, exempt))).collect()
}

fn one(
    world: &World,
    scorecard: &Value,
    blueprint: &str,
    id: &str,
    exempt: &[(String, String)],
) -> Option<Said> {
    let filter = scorecard.get("filter");
    if filter.is_some_and(|filter| query(world, filter, blueprint, id) != Truth::Yes) {
        return None;
    }
    let rules = scorecard["rules"].as_array().unwrap();
    let said = |rule: &Value| {
        let name = rule["identifier"].as_str().unwrap();
        let excused = exempt.iter().any(|(entity, of)| entity == id && of == name);
        match query(world, &rule["query"], blueprint, id) {
            Truth::Yes => "passed",
            _ if excused => "exempt",
            Truth::No => "failed",
            Truth::Open => "notMeasured",
        }
    };
    let said: Vec<&'static str> = rules.iter().map(said).collect();
    let levels = ["Basic", "Bronze", "Silver", "Gold"];
    let mut level = levels[0];
    for next in &levels[1..] {
        let held =
            |(rule, said): (&Value, &&str)| rule["level"] != *next || matches!(*said, "passed" | "exempt");
        if !rules.iter().zip(&said).all(held) {
            break;
        }
        level = next;
    }
    Some(Said { level: level.to_owned(), rules: said })
}

fn query(world: &World, query: &Value, blueprint: &str, id: &str) -> Truth {
    let conditions = query["conditions"].as_array().unwrap();
    let all: Vec<Truth> = conditions.iter().map(|c| condition(world, c, blueprint, id)).collect();
    let (decides, otherwise) =
        if query["combinator"] == "and" { (Truth::No, Truth::Yes) } else { (Truth::Yes, Truth::No) };
    if all.contains(&decides) {
        decides
    } else if all.contains(&Truth::Open) {
        Truth::Open
    } else {
        otherwise
    }
}

/// A value of an entity; `None`: its blueprint has no such property.
pub(crate) fn value(world: &World, blueprint: &str, id: &str, name: &str) -> Option<Value> {
    let known = &world.entities[&(blueprint.to_owned(), id.to_owned())];
    let body = &world.blueprints[blueprint];
    match name {
        "$identifier" => return Some(json!(id)),
        "$team" => return Some(known.fields["team"].clone()),
        "$createdAt" => return Some(json!(known.created)),
        _ => {}
    }
    if body["schema"]["properties"].get(name).is_some() {
        return Some(known.fields["properties"][name].clone());
    }
    if body["relations"].get(name).is_some() {
        return Some(known.fields["relations"][name].clone());
    }
    if let Some(mirror) = body["mirrorProperties"].get(name) {
        let (relation, property) = mirror["path"].as_str().unwrap().split_once('.').unwrap();
        let target = body["relations"][relation]["target"].as_str().unwrap();
        let end = known.fields["relations"][relation].as_str();
        let there = end.filter(|end| world.entities.contains_key(&(target.to_owned(), (*end).to_owned())));
        // What is stored is mirrored, declared there or not.
        let stored = |end: &str| {
            world.entities[&(target.to_owned(), end.to_owned())].fields["properties"][property].clone()
        };
        return Some(
            there
                .map(|end| value(world, target, end, property).unwrap_or_else(|| stored(end)))
                .unwrap_or_default(),
        );
    }
    if let Some(calculation) = body["calculationProperties"].get(name) {
        let result = run(calculation["calculation"].as_str().unwrap(), &input(world, blueprint, id));
        return Some(result.unwrap_or_default());
    }
    if body["aggregationProperties"].get(name).is_some() {
        // The only one: how many services name this domain.
        let points = |fields: &Value| fields["relations"]["domain"] == *id;
        let all = world.entities.iter().filter(|((b, _), k)| b == "service" && points(&k.fields));
        return Some(json!(all.count()));
    }
    None
}

fn input(world: &World, blueprint: &str, id: &str) -> Value {
    let known = &world.entities[&(blueprint.to_owned(), id.to_owned())];
    let mut properties = known.fields["properties"].clone();
    if let Some(tier) = value(world, blueprint, id, "domainTier") {
        properties["domainTier"] = tier;
    }
    json!({ "identifier": id, "properties": properties })
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn condition(world: &World, condition: &Value, blueprint: &str, id: &str) -> Truth {
    if let Some(program) = condition["jq"].as_str() {
        return match run(program, &input(world, blueprint, id)) {
            Ok(Value::Bool(true)) => Truth::Yes,
            Ok(Value::Bool(false)) => Truth::No,
            _ => Truth::Open,
        };
    }
    let name = condition["property"].as_str().or(condition["relation"].as_str()).unwrap();
    let Some(value) = value(world, blueprint, id, name) else { return Truth::Open };
    let operator = condition["operator"].as_str().unwrap();
    let known = |holds: bool| if holds { Truth::Yes } else { Truth::No };
    match operator {
        "isEmpty" => return known(is_empty(&value)),
        "isNotEmpty" => return known(!is_empty(&value)),
        _ => {}
    }
    let positive = match operator {
        "!=" => "=",
        "notIn" => "in",
        "doesNotContains" => "contains",
        "notBetween" => "between",
        other => other,
    };
    let holds = compare(world, &value, positive, &condition["value"]);
    if positive != operator {
        return known(!holds);
    }
    if !holds && is_empty(&value) { Truth::Open } else { known(holds) }
}

/// Milliseconds of a date.
fn date(value: &Value) -> Option<i64> {
    match value {
        Value::Number(_) => value.as_i64(),
        Value::String(text) => stagedoor_model::Timestamp::parse(text).map(|at| at.0),
        _ => None,
    }
}

fn compare(world: &World, value: &Value, operator: &str, operand: &Value) -> bool {
    if let Value::Array(list) = value {
        return list.iter().any(|member| {
            compare(world, member, if operator == "contains" { "=" } else { operator }, operand)
        });
    }
    let now = world.now().0;
    match operator {
        "=" => value == operand,
        "in" | "containsAny" => operand.as_array().unwrap().contains(value),
        "contains" => value.as_str().is_some_and(|text| text.contains(operand.as_str().unwrap())),
        ">=" => value.as_f64().is_some_and(|n| n >= operand.as_f64().unwrap()),
        "<" => value.as_f64().is_some_and(|n| n < operand.as_f64().unwrap()),
        "isExpired" => date(value).is_some_and(|at| at < now),
        "between" => date(value).is_some_and(|at| match operand["preset"].as_str() {
            Some("lastMonth") => now - 30 * DAY <= at && at <= now,
            Some("lastDay") => now - DAY <= at && at <= now,
            Some("today") => at.div_euclid(DAY) == now.div_euclid(DAY),
            other => panic!("{other:?}"),
        }),
        other => panic!("{other}"),
    }
}
