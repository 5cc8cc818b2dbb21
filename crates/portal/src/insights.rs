//! Tech Insights: Backstage's checks and facts, answered from the catalog and from scorecards.
//!
//! Facts come from retrievers. Three are those that Backstage ships ([`facts`]); besides, every scorecard is one, whose
//! facts are its rules: true where the rule passes, false where it fails, and not there while it is not measured. Nothing
//! is collected and kept: facts are what the catalog says now. Checks are those of the configuration, and one for each
//! rule of a scorecard.

mod check;
mod condition;
mod facts;

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_auth::Viewer;
use stagedoor_model::EntityRef;
use stagedoor_query::NodeId;
use stagedoor_scorecards::{Board, Scorecard, Status};

use self::check::Check;
pub use self::check::InsightsConfig;
use crate::error::PortalError;
use crate::scorecards::{SCORECARDS, key};
use crate::{Portal, View, clock};

/// Entities of one run of checks.
const MOST_ENTITIES: usize = 1_000;
/// Version of the facts of a scorecard.
const VERSION: &str = "1.0.0";

/// What checks found out about an entity.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Reference, as it was asked for.
    pub entity: String,
    /// Of each check whose facts are there.
    pub results: Vec<Value>,
    /// Why there are none.
    pub error: Option<String>,
}

/// Facts of an entity by one retriever.
struct Facts {
    source: String,
    version: &'static str,
    facts: Map<String, Value>,
}

impl Portal {
    /// Says which checks there are besides those of scorecards. Once, at start.
    pub fn configure_insights(&self, config: InsightsConfig) {
        let _ = self.shared.insights.set(config);
    }

    fn checks_in(&self, view: &View) -> Vec<Check> {
        let configured = self.shared.insights.get().map(|config| config.checks.clone()).unwrap_or_default();
        let of_rules = self.scorecards_of(view).into_iter().flat_map(|(key, scorecard)| {
            let rules = scorecard.rules.iter().map(|rule| Check::of_rule(&key, &scorecard, rule));
            rules.collect::<Vec<_>>()
        });
        configured.into_iter().chain(of_rules).collect()
    }

    /// The checks: those of the configuration, then those of scorecards.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn insight_checks(&self, viewer: &Viewer) -> Result<Vec<Value>, PortalError> {
        let view = self.view(viewer)?;
        Ok(self.checks_in(&view).into_iter().map(|check| Value::Object(check.body)).collect())
    }

    /// Runs checks, all or those of some ids, on entities of these references; on every entity that facts are about
    /// where none is named. Checks whose facts are not there have no result.
    ///
    /// # Errors
    /// `Invalid` where too many are asked for; `Forbidden`. What is wrong with one reference is said with it.
    pub fn run_checks(
        &self,
        viewer: &Viewer,
        references: Vec<String>,
        ids: Option<&[String]>,
    ) -> Result<Vec<Checked>, PortalError> {
        let view = self.view(viewer)?;
        let mut checks = self.checks_in(&view);
        checks.retain(|check| ids.is_none_or(|ids| ids.contains(&check.id)));
        let too_many =
            || PortalError::invalid(format!("at most {MOST_ENTITIES} entities can be checked at once"));
        if references.len() > MOST_ENTITIES {
            return Err(too_many());
        }
        if references.is_empty() {
            let all: Vec<NodeId> = facts::subjects(&view, MOST_ENTITIES + 1);
            if all.len() > MOST_ENTITIES {
                return Err(too_many());
            }
            let each = all.into_iter().map(|node| (view.reference(node).to_owned(), Ok(node)));
            return Ok(each.map(|(reference, node)| self.checked(&view, &checks, reference, node)).collect());
        }
        let each = references.into_iter().map(|reference| {
            let node = node_of(&view, &reference);
            self.checked(&view, &checks, reference, node)
        });
        Ok(each.collect())
    }

    fn checked(
        &self,
        view: &View,
        checks: &[Check],
        entity: String,
        node: Result<NodeId, String>,
    ) -> Checked {
        match node {
            Ok(node) => Checked { results: self.results(view, checks, node), entity, error: None },
            Err(error) => Checked { entity, results: Vec::new(), error: Some(error) },
        }
    }

    fn results(&self, view: &View, checks: &[Check], node: NodeId) -> Vec<Value> {
        let known = self.facts_of(view, node, None);
        let document = view.backstage_value(node);
        let result = |check: &Check| {
            if !check.is_about(&document) {
                return None;
            }
            let mut all = Map::new();
            for facts in known.iter().filter(|facts| check.sources.contains(&facts.source)) {
                all.extend(facts.facts.clone());
            }
            let mut named = Vec::new();
            check.condition.facts(&mut named);
            if !named.iter().all(|fact| all.contains_key(*fact)) {
                return None;
            }
            let (holds, conditions) = check.condition.evaluate(&all);
            let shown = named.into_iter().filter_map(|fact| {
                let described = facts::described(fact);
                let mut one = described.unwrap_or_else(|| json!({"type": "boolean", "description": fact}));
                one["value"] = all.get(fact)?.clone();
                Some((fact.to_owned(), one))
            });
            let shown: Map<String, Value> = shown.collect();
            Some(json!({"facts": shown, "check": check.shown(holds, conditions), "result": holds}))
        };
        checks.iter().filter_map(result).collect()
    }

    /// The facts of an entity, of these retrievers or of all.
    fn facts_of(&self, view: &View, node: NodeId, sources: Option<&[String]>) -> Vec<Facts> {
        let wanted = |source: &str| sources.is_none_or(|sources| sources.iter().any(|known| known == source));
        let document = view.backstage_value(node);
        let shipped = facts::SHIPPED.iter().filter(|shipped| wanted(shipped.id));
        let shipped = shipped.filter_map(|shipped| {
            let facts = shipped.facts_of(&document)?;
            Some(Facts { source: shipped.id.to_owned(), version: shipped.version, facts })
        });
        let mut all: Vec<Facts> = shipped.collect();
        for (key, scorecard, statuses) in self.statuses_of(view, node, &wanted) {
            let rule = |(rule, status): (&stagedoor_scorecards::Rule, Status)| {
                facts::of_status(status).map(|fact| (rule.identifier.clone(), fact.into()))
            };
            let facts: Map<String, Value> = scorecard.rules.iter().zip(statuses).filter_map(rule).collect();
            all.push(Facts { source: key, version: VERSION, facts });
        }
        all
    }

    /// What retrievers find out, all or those of some ids: a description of each of their facts.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn fact_schemas(&self, viewer: &Viewer, ids: Option<&[String]>) -> Result<Vec<Value>, PortalError> {
        let view = self.view(viewer)?;
        let wanted = |id: &str| ids.is_none_or(|ids| ids.iter().any(|known| known == id));
        let shipped = facts::SHIPPED.iter().filter(|shipped| wanted(shipped.id)).map(facts::Shipped::schema);
        let mut all: Vec<Value> = shipped.collect();
        for (key, scorecard) in self.scorecards_of(&view).into_iter().filter(|(key, _)| wanted(key)) {
            let mut schema = Map::new();
            schema.insert("id".into(), json!(key));
            schema.insert("version".into(), json!(VERSION));
            schema.insert("entityFilter".into(), facts::filter_of(&view, &key));
            for rule in &scorecard.rules {
                let description = rule.description.as_ref().unwrap_or(&rule.title);
                schema
                    .insert(rule.identifier.clone(), json!({"type": "boolean", "description": description}));
            }
            all.push(Value::Object(schema));
        }
        Ok(all)
    }

    /// The facts of an entity by the ids of retrievers, as they are now. An entity that is not there has none.
    ///
    /// # Errors
    /// `Invalid` for what is no reference; `Forbidden`.
    pub fn latest_facts(
        &self,
        viewer: &Viewer,
        entity: &str,
        ids: &[String],
    ) -> Result<Map<String, Value>, PortalError> {
        let view = self.view(viewer)?;
        let reference = EntityRef::parse(entity, None, "default");
        let reference = reference.map_err(|error| PortalError::invalid(error.to_string()))?;
        let Ok(node) = node_of(&view, entity) else { return Ok(Map::new()) };
        let now = clock::now().to_string();
        let named = json!({
            "kind": reference.kind.to_lowercase(), "namespace": reference.namespace.to_lowercase(),
            "name": reference.name.to_lowercase(),
        });
        let shown = |facts: Facts| {
            let Facts { source, version, facts } = facts;
            let body =
                json!({"id": source, "entity": named, "timestamp": now, "version": version, "facts": facts});
            (source, body)
        };
        Ok(self.facts_of(&view, node, Some(ids)).into_iter().map(shown).collect())
    }
}

/// The entity of a reference that the viewer sees in Backstage's dialect.
fn node_of(view: &View, reference: &str) -> Result<NodeId, String> {
    let shown: String = reference.chars().take(200).collect();
    let parsed =
        EntityRef::parse(reference, None, "default").map_err(|error| format!("{shown:?}: {error}"))?;
    let node = view.by_ref(&parsed.key()).filter(|node| view.in_backstage(*node));
    node.ok_or_else(|| format!("there is no entity {shown:?}"))
}

/// The scorecards of the blueprints that a view has, by `<blueprint>/<identifier>`.
type Scorecards = Vec<(String, Arc<Scorecard>)>;
/// The same with what the rules of each say of an entity.
type Results = Vec<(String, Arc<Scorecard>, Vec<Status>)>;

impl Portal {
    fn scorecards_of(&self, view: &View) -> Scorecards {
        let all = view.catalog.records(SCORECARDS).filter_map(|record| {
            let (blueprint, scorecard) = record.key.rsplit_once('/')?;
            Some((record.key.clone(), Arc::clone(&view.board(blueprint, scorecard)?.scorecard)))
        });
        all.collect()
    }

    /// Of those that are wanted and apply to the entity.
    fn statuses_of(&self, view: &View, node: NodeId, wanted: &dyn Fn(&str) -> bool) -> Results {
        let Some(entity) = view.entity(node) else { return Vec::new() };
        let blueprint = &entity.record.blueprint;
        let boards = view.boards(blueprint).into_iter().filter(|board| board.applies.contains(node));
        let result = |board: Arc<Board>| {
            let key = key(blueprint, &board.scorecard.identifier);
            let statuses = (0..board.rules.len()).map(|rule| board.status(rule, node)).collect();
            (key, Arc::clone(&board.scorecard), statuses)
        };
        boards.map(result).filter(|(key, ..)| wanted(key)).collect()
    }
}
