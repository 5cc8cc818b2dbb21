//! Scorecards, rules and results as entities of Port's blueprints `_scorecard`, `_rule` and `_rule_result`: computed
//! whenever somebody looks, never stored.
//!
//! Their identifiers are paths: `<blueprint>/<scorecard>`, then `/<rule>`, then `/<entity>`. None of the first three can
//! have a slash.

use serde_json::{Map, Value, json};
use stagedoor_model::{Record, Stamps, Timestamp};
use stagedoor_scorecards::{Rule, Scorecard, Status};

/// Of scorecards.
pub(crate) const SCORECARD: &str = "_scorecard";
/// Of their rules.
pub(crate) const RULE: &str = "_rule";
/// Of what a rule says of an entity.
pub(crate) const RULE_RESULT: &str = "_rule_result";

/// Whether the entities of a blueprint are computed.
#[must_use]
pub fn is_computed(blueprint: &str) -> bool {
    matches!(blueprint, SCORECARD | RULE | RULE_RESULT)
}

/// Which scorecard, rule and entity an identifier is about, as far as it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Path<'i> {
    pub(crate) blueprint: &'i str,
    pub(crate) scorecard: &'i str,
    pub(crate) rule: Option<&'i str>,
    pub(crate) entity: Option<&'i str>,
}

impl<'i> Path<'i> {
    pub(crate) fn of(identifier: &'i str) -> Option<Self> {
        let mut parts = identifier.splitn(4, '/');
        Some(Self {
            blueprint: parts.next()?,
            scorecard: parts.next()?,
            rule: parts.next(),
            entity: parts.next(),
        })
    }
}

/// What a result's entity says besides the result.
pub(crate) struct Subject<'s> {
    /// Blueprint and identifier of the scorecard with a slash between them.
    pub(crate) key: &'s str,
    pub(crate) scorecard: &'s Scorecard,
    pub(crate) rule: &'s Rule,
    /// Identifier of the entity.
    pub(crate) entity: &'s str,
    pub(crate) teams: Vec<String>,
}

fn dressed(
    blueprint: &str,
    identifier: &str,
    title: &str,
    properties: Value,
    relations: Value,
    stamps: &Stamps,
) -> Value {
    json!({
        "identifier": identifier, "title": title, "icon": "Score", "blueprint": blueprint, "team": [],
        "properties": properties, "relations": relations,
        "createdAt": stamps.created_at.to_string(), "createdBy": stamps.created_by,
        "updatedAt": stamps.updated_at.to_string(), "updatedBy": stamps.updated_by,
    })
}

/// Passed of tested, in whole per cent.
fn share(passed: u64, tested: u64) -> u64 {
    (passed * 100).checked_div(tested).unwrap_or(0)
}

/// A scorecard. `counts` are results that pass and all of them.
pub(crate) fn of_scorecard(key: &str, scorecard: &Scorecard, record: &Record, counts: (u64, u64)) -> Value {
    let blueprint = key.rsplit_once('/').map_or("", |(blueprint, _)| blueprint);
    let body = scorecard.body();
    let levels: Vec<Value> =
        scorecard.levels.iter().map(|level| json!({"title": level.title, "color": level.color})).collect();
    let mut properties = body.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let own = json!({
        "blueprint": blueprint, "filter": body.get("filter").cloned().unwrap_or_default(), "levels": levels,
        "rules_passed": counts.0, "rules_tested": counts.1, "of_rules_passed": share(counts.0, counts.1),
    });
    properties.extend(object(own));
    dressed(SCORECARD, key, &scorecard.title, Value::Object(properties), json!({}), &record.stamps)
}

/// A rule. `counts` are entities that pass it and all that it is about.
pub(crate) fn of_rule(
    key: &str,
    scorecard: &Scorecard,
    rule: &Rule,
    record: &Record,
    counts: (u64, u64),
) -> Value {
    let conditions = &rule.query.conditions;
    let properties = json!({
        "level": scorecard.levels.get(rule.level).map(|level| &level.title),
        "query": {"combinator": if rule.query.all { "and" } else { "or" }, "conditions": conditions},
        "rule_description": rule.description,
        "entities_passed": counts.0, "entities_tested": counts.1, "of_entities_passed": share(counts.0, counts.1),
    });
    let identifier = format!("{key}/{}", rule.identifier);
    dressed(RULE, &identifier, &rule.title, properties, json!({ "scorecard": key }), &record.stamps)
}

/// What a rule says of an entity; `since` when, as far as that is known.
pub(crate) fn of_result(
    subject: &Subject<'_>,
    status: Status,
    since: Option<Timestamp>,
    stamps: &Stamps,
) -> Value {
    let Subject { key, scorecard, rule, entity, teams } = subject;
    let blueprint = key.rsplit_once('/').map_or("", |(blueprint, _)| blueprint);
    let rule_identifier = format!("{key}/{}", rule.identifier);
    let properties = json!({
        "entity": entity, "result": status.result(), "result_last_change": since.map(|at| at.to_string()),
        "blueprint": blueprint, "level": scorecard.levels.get(rule.level).map(|level| &level.title),
        "scorecard": scorecard.title,
        "entity_link": format!("/entity/{}?id={}", escaped(blueprint), escaped(entity)),
    });
    let mut relations = Map::new();
    relations.insert("rule".into(), json!(rule_identifier));
    relations.insert(blueprint.to_owned(), json!(entity));
    let identifier = format!("{rule_identifier}/{entity}");
    let mut value =
        dressed(RULE_RESULT, &identifier, &rule.title, properties, Value::Object(relations), stamps);
    value["team"] = json!(teams);
    value
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Escaped for an address.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_paths_whose_last_part_may_have_slashes() {
        let path = Path::of("service/ready/on-call/team/orders").unwrap();
        assert_eq!((path.blueprint, path.scorecard), ("service", "ready"));
        assert_eq!((path.rule, path.entity), (Some("on-call"), Some("team/orders")));
        assert_eq!(Path::of("service/ready").unwrap().rule, None);
        assert_eq!(Path::of("service"), None);
    }

    #[test]
    fn shares_are_whole_per_cent() {
        assert_eq!([share(2, 3), share(0, 0), share(3, 3)], [66, 0, 100]);
        assert_eq!(escaped("a b/c"), "a%20b%2Fc");
    }
}
