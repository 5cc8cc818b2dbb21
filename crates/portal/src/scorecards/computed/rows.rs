//! Scorecards, rules and results as records of entities.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use stagedoor_model::{EntityRecord, Fields, Stamps};
use stagedoor_query::{Catalog, NodeId, stable_hash};
use stagedoor_scorecards::{Board, Rule};
use uuid::Uuid;

use super::{RESULTS, RULES, SCORECARDS_OF, Slice};
use crate::score_entities::{entity_link, of_rule, of_scorecard};
use crate::scorecards::{StoredScorecard, key};

/// The name of the icon that these entities have.
const ICON: &str = "Score";

/// A scorecard.
pub(super) fn scorecard(catalog: &Catalog, stored: &StoredScorecard, board: &Board) -> Option<EntityRecord> {
    let definition = &stored.definition;
    let of_rules = |at| held(board, at);
    let (tested, passed) = (
        board.applies.len() * definition.rules.len() as u64,
        (0..definition.rules.len()).map(of_rules).sum(),
    );
    let counted = json!({
        "of_rules_passed": percent(passed, tested), "rules_tested": tested, "rules_passed": passed,
    });
    let fields = fields(&definition.title, with(of_scorecard(stored), counted), IndexMap::new());
    let identifier = key(&stored.blueprint, &definition.identifier);
    record(catalog, SCORECARDS_OF, &identifier, &fields, stored.stamps.clone())
}

/// A rule of a scorecard.
pub(super) fn rule(
    catalog: &Catalog,
    stored: &StoredScorecard,
    board: &Board,
    (at, rule): (usize, &Rule),
) -> Option<EntityRecord> {
    let definition = &stored.definition;
    let (tested, passed) = (board.applies.len(), held(board, at));
    let counted = json!({
        "of_entities_passed": percent(passed, tested), "entities_tested": tested, "entities_passed": passed,
    });
    let of = key(&stored.blueprint, &definition.identifier);
    let relations = IndexMap::from([("scorecard".to_owned(), Value::from(of.as_str()))]);
    let properties = with(of_rule(stored, (at, rule)), counted);
    let fields = fields(&rule.title, properties, relations);
    record(catalog, RULES, &format!("{of}/{}", rule.identifier), &fields, stored.stamps.clone())
}

/// What a rule says of an entity.
pub(super) fn result(catalog: &Catalog, slice: &Slice, node: NodeId) -> Option<EntityRecord> {
    let entity = Arc::clone(catalog.entity(node)?);
    let identifier = entity.record.identifier.as_str();
    let since = slice.since(&entity);
    let properties = json!({
        "entity": identifier, "result": slice.board.status(slice.rule, node).result(),
        "result_last_change": since.map(|at| at.to_string()),
        "blueprint": &*slice.board.blueprint, "level": slice.level, "scorecard": slice.board.scorecard.title,
        "entity_link": entity_link(&slice.board.blueprint, identifier),
    });
    let related = |key: &str, to: &str| (key.to_owned(), Value::from(to));
    let mut relations = IndexMap::from([related("rule", slice.rule_identifier())]);
    let face = &catalog.blueprints().get(RESULTS)?.face;
    if face.relations.get(&*slice.board.blueprint).is_some_and(|r| r.target == *slice.board.blueprint) {
        relations.extend([related(&slice.board.blueprint, identifier)]);
    }
    let mut fields = fields(&slice.title, properties, relations);
    fields.team = Some(catalog.teams(node)).filter(|teams| !teams.is_empty());
    let mut stamps = slice.stamps.clone();
    if let Some(since) = since {
        stamps.updated_at = stamps.updated_at.max(since);
    }
    record(catalog, RESULTS, &format!("{}{identifier}", slice.prefix), &fields, stamps)
}

/// The properties of an entity, with more.
fn with(mut entity: Value, more: Value) -> Value {
    let mut properties = entity.get_mut("properties").map(Value::take).unwrap_or_default();
    if let (Some(properties), Value::Object(more)) = (properties.as_object_mut(), more) {
        properties.extend(more);
    }
    properties
}

/// How many a rule holds for, exempt ones included.
fn held(board: &Board, rule: usize) -> u64 {
    let counts = board.counts(rule, None);
    counts.passed + counts.exempt
}

fn percent(part: u64, whole: u64) -> u64 {
    (part * 100).checked_div(whole).unwrap_or_default()
}

fn fields(title: &str, properties: Value, relations: IndexMap<String, Value>) -> Fields {
    let mut said: Map<String, Value> = properties.as_object().cloned().unwrap_or_default();
    said.retain(|_, value| !value.is_null());
    Fields {
        title: Some(title.to_owned()),
        icon: Some(ICON.to_owned()),
        properties: said,
        relations,
        team: None,
    }
}

fn record(
    catalog: &Catalog,
    blueprint: &str,
    identifier: &str,
    fields: &Fields,
    stamps: Stamps,
) -> Option<EntityRecord> {
    let entry = catalog.blueprints().get(blueprint)?;
    let half = |of: &str| stable_hash(format!("{of}:{blueprint}:{identifier}").as_bytes());
    let uid = Uuid::from_u64_pair(half("a"), half("b"));
    Some(EntityRecord {
        uid,
        blueprint: blueprint.into(),
        identifier: identifier.into(),
        entity_ref: catalog.reference_for(&entry.face, uid, identifier).into(),
        document: None,
        fields: Some(fields.to_json()),
        claim: None,
        stamps,
    })
}
