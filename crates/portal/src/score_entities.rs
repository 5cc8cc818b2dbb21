//! Results as entities of Port's blueprint `_rule_result`, as events show them: made whenever one is told, never stored.
//!
//! Their identifiers are paths: `<blueprint>/<scorecard>/<rule>/<entity>`.

use serde_json::{Map, Value, json};
use stagedoor_model::{Stamps, Timestamp};
use stagedoor_scorecards::{Rule, Scorecard, Status};

/// Of what a rule says of an entity.
pub(crate) const RULE_RESULT: &str = "_rule_result";

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
