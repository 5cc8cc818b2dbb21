//! Scorecards, rules and results as entities of Port's blueprints for them, as events show them: made whenever one is
//! told, never stored.
//!
//! Their identifiers are paths: `<blueprint>/<scorecard>`, of a rule with `/<rule>` behind it, of a result with
//! `/<entity>` behind that.

use serde_json::{Map, Value, json};
use stagedoor_model::{Stamps, Timestamp};
use stagedoor_scorecards::{Rule, Scorecard, Status};

use crate::scorecards::{StoredScorecard, key};

/// Of scorecards.
pub(crate) const SCORECARD: &str = "_scorecard";
/// Of their rules.
pub(crate) const RULE: &str = "_rule";
/// Of what a rule says of an entity.
pub(crate) const RULE_RESULT: &str = "_rule_result";

/// A scorecard, without what is counted.
pub(crate) fn of_scorecard(stored: &StoredScorecard) -> Value {
    let (definition, body) = (&stored.definition, stored.definition.body());
    let mut properties = Map::new();
    properties.insert("blueprint".into(), json!(stored.blueprint));
    properties.extend(["filter", "levels"].iter().filter_map(|part| stated(part, body.get(*part))));
    let identifier = key(&stored.blueprint, &definition.identifier);
    dressed(SCORECARD, &identifier, &definition.title, properties.into(), json!({}), &stored.stamps)
}

/// A rule and its place in its scorecard, without what is counted.
pub(crate) fn of_rule(stored: &StoredScorecard, (at, rule): (usize, &Rule)) -> Value {
    let definition = &stored.definition;
    let written = definition.body().get("rules").and_then(|rules| rules.get(at));
    let mut properties = Map::new();
    properties.extend(definition.levels.get(rule.level).map(|l| ("level".to_owned(), json!(l.title))));
    properties.extend(stated("query", written.and_then(|rule| rule.get("query"))));
    properties.extend(rule.description.as_ref().map(|text| ("rule_description".to_owned(), json!(text))));
    let of = key(&stored.blueprint, &definition.identifier);
    let identifier = format!("{of}/{}", rule.identifier);
    dressed(RULE, &identifier, &rule.title, properties.into(), json!({ "scorecard": of }), &stored.stamps)
}

fn stated(key: &str, value: Option<&Value>) -> Option<(String, Value)> {
    Some((key.to_owned(), value.filter(|value| !value.is_null())?.clone()))
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
        "entity_link": entity_link(blueprint, entity),
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

/// The address of an entity's page.
pub(crate) fn entity_link(blueprint: &str, entity: &str) -> String {
    format!("/entity/{}?id={}", escaped(blueprint), escaped(entity))
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
    fn links_are_escaped() {
        assert_eq!(escaped("a b/c"), "a%20b%2Fc");
    }
}
