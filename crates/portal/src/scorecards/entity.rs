//! What scorecards say of one entity, and why.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::Timestamp;
use stagedoor_query::NodeId;
use stagedoor_query::text;
use stagedoor_scorecards::{Board, Compiled, ConditionResult, EntityResult, Fix, Level, Status};

use super::{boards, stored};
use crate::error::PortalError;
use crate::exemptions::EXEMPTIONS;
use crate::provenance::{Origin, StatedBy};
use crate::{ExemptionQuery, ExemptionState, Portal, View};

/// What one scorecard says of an entity.
#[derive(Clone, Debug)]
pub struct EntityScorecard {
    /// Identifier of the scorecard.
    pub identifier: String,
    /// Its title.
    pub title: String,
    /// Its levels, the base first.
    pub levels: Vec<Level>,
    /// Place of the entity's level among them; `None` where the scorecard is not about the entity.
    pub level: Option<usize>,
    /// The rules that are missing to the next level.
    pub next: Option<(String, Vec<String>)>,
    /// In the scorecard's order.
    pub rules: Vec<RuleShown>,
}

/// What a rule says of an entity.
#[derive(Clone, Debug)]
pub struct RuleShown {
    /// Identifier.
    pub identifier: String,
    /// Title.
    pub title: String,
    /// Why, and what exactly.
    pub description: Option<String>,
    /// Title of its level.
    pub level: String,
    /// What it says.
    pub status: Status,
    /// Since when, as far as it was recorded.
    pub since: Option<Timestamp>,
    /// What decided.
    pub conditions: Vec<ConditionShown>,
    /// How it is made to hold.
    pub fix: Option<Fix>,
    /// The exemption that holds: id, end, reason.
    pub exemption: Option<(String, Timestamp, String)>,
}

/// A condition of a rule, as it is for an entity.
#[derive(Clone, Debug)]
pub struct ConditionShown {
    /// In the words of the query language.
    pub text: String,
    /// The value that it looks at.
    pub value: Value,
    /// Whether it holds; `None` where a value is missing that could make it hold.
    pub holds: Option<bool>,
    /// Why it could not be evaluated.
    pub problem: Option<String>,
    /// Who states the value.
    pub source: Option<String>,
    /// When it was set.
    pub at: Option<Timestamp>,
}

impl Portal {
    /// What the scorecards of its blueprint say of an entity.
    ///
    /// # Errors
    /// `NotFound`, for an entity that the viewer does not see too; `Forbidden`.
    pub async fn entity_scorecards(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        identifier: &str,
    ) -> Result<Vec<EntityScorecard>, PortalError> {
        self.may(viewer, Action::ReadScorecards, Resource::Any)?;
        let view = self.view(viewer)?;
        let node = view.by_key(blueprint, identifier).ok_or_else(|| no_entity(identifier))?;
        if stored(&view.catalog, Some(blueprint)).is_empty() {
            return Ok(Vec::new());
        }
        let origins = self.provenance(&view, node).await?;
        let mut all = view.entity_scorecards(node, &origins);
        self.add_exemptions(viewer, blueprint, identifier, &mut all)?;
        if let Some(record) = view.entity(node).map(|entity| Arc::clone(&entity.record)) {
            let (portal, blueprint) = (self.clone(), blueprint.to_owned());
            let dated = tokio::task::spawn_blocking(move || {
                for scorecard in &mut all {
                    let since = portal.score_since(&blueprint, &scorecard.identifier);
                    for rule in &mut scorecard.rules {
                        rule.since = since.of(record.uid, Some(&rule.identifier), record.stamps.created_at);
                    }
                }
                all
            });
            return dated.await.map_err(|error| PortalError::Internal(error.to_string()));
        }
        Ok(all)
    }

    fn add_exemptions(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        identifier: &str,
        all: &mut [EntityScorecard],
    ) -> Result<(), PortalError> {
        if self.shared.catalog.load().records(EXEMPTIONS).next().is_none() {
            return Ok(());
        }
        let query = ExemptionQuery {
            blueprint: Some(blueprint.to_owned()),
            entity: Some(identifier.to_owned()),
            state: Some(ExemptionState::Granted),
            ..ExemptionQuery::default()
        };
        for exemption in self.exemptions(viewer, &query)? {
            let scorecard = all.iter_mut().find(|s| s.identifier == exemption.scorecard.0);
            let rule = scorecard.and_then(|s| s.rules.iter_mut().find(|r| r.identifier == exemption.rule.0));
            if let Some(rule) = rule {
                rule.exemption = Some((exemption.id, exemption.until, exemption.reason));
            }
        }
        Ok(())
    }
}

pub(super) fn no_entity(identifier: &str) -> PortalError {
    let shown: String = identifier.chars().take(100).collect();
    PortalError::NotFound(format!("Entity with identifier \"{shown}\" was not found"))
}

impl View {
    fn entity_scorecards(&self, node: NodeId, origins: &BTreeMap<String, Origin>) -> Vec<EntityScorecard> {
        let Some(boards) = boards::of(&self.catalog) else { return Vec::new() };
        let Some(blueprint) = self.entity(node).map(|e| e.record.blueprint.clone()) else {
            return Vec::new();
        };
        let all = stored(&self.catalog, Some(&blueprint)).into_iter();
        all.filter_map(|s| {
            let (board, compiled) = boards.compiled(&self.catalog, &blueprint, &s.definition.identifier)?;
            Some(self.one_scorecard(&board, &compiled, node, origins))
        })
        .collect()
    }

    /// What a scorecard says of an entity; `origins` by field, for where values come from.
    pub(super) fn one_scorecard(
        &self,
        board: &Board,
        compiled: &Compiled,
        node: NodeId,
        origins: &BTreeMap<String, Origin>,
    ) -> EntityScorecard {
        let scorecard = &board.scorecard;
        let result = EntityResult::of(board, compiled, &self.catalog, node, board.at);
        let title = |level: usize| scorecard.levels.get(level).map_or("", |l| &l.title).to_owned();
        let rules: Vec<RuleShown> = scorecard
            .rules
            .iter()
            .zip(result.rules)
            .map(|(rule, result)| RuleShown {
                identifier: rule.identifier.clone(),
                title: rule.title.clone(),
                description: rule.description.clone(),
                level: title(rule.level),
                status: result.status,
                since: None,
                conditions: result.conditions.into_iter().map(|c| self.condition_shown(c, origins)).collect(),
                fix: result.fix,
                exemption: None,
            })
            .collect();
        let next = result.level.map(|level| level + 1).filter(|next| *next < scorecard.levels.len());
        let next = next.map(|next| {
            let of_it = scorecard.rules.iter().zip(&rules).filter(|(rule, _)| rule.level == next);
            let missing = of_it.filter(|(_, shown)| !shown.status.counts_as_passed());
            (title(next), missing.map(|(rule, _)| rule.identifier.clone()).collect())
        });
        EntityScorecard {
            identifier: scorecard.identifier.clone(),
            title: scorecard.title.clone(),
            levels: scorecard.levels.clone(),
            level: result.level,
            next,
            rules,
        }
    }

    fn condition_shown(&self, result: ConditionResult, origins: &BTreeMap<String, Origin>) -> ConditionShown {
        let name = |key: &str| result.condition.get(key).and_then(Value::as_str);
        let field = match (name("property"), name("relation")) {
            (Some("$team"), _) => "team".to_owned(),
            (Some(meta), _) if meta.starts_with('$') => meta.trim_start_matches('$').to_owned(),
            (Some(property), _) => format!("properties.{property}"),
            (None, relation) => format!("relations.{}", relation.unwrap_or_default()),
        };
        let relation = || format!("relations.{}", name("property").unwrap_or_default());
        let origin = origins.get(&field).or_else(|| origins.get(&relation()));
        let actor = || Some(origin?.since.as_ref()?.actor.name.clone());
        let source = match origin.map(|origin| &origin.by) {
            Some(StatedBy::Others(nodes)) => nodes.first().map(|node| self.reference(*node).to_owned()),
            Some(_) => actor(),
            None => None,
        };
        ConditionShown {
            text: condition_text(&result.condition),
            value: result.value,
            holds: result.holds,
            problem: result.problem,
            source,
            at: origin.and_then(|origin| Some(origin.since.as_ref()?.at)),
        }
    }
}

/// A condition in the words of the query language; a program as it is.
fn condition_text(condition: &Value) -> String {
    if let Some(program) = condition.get("jq").and_then(Value::as_str) {
        return format!("jq: {program}");
    }
    let rules = json!({ "combinator": "and", "rules": [condition] });
    text::print(&rules).unwrap_or_else(|_| condition.to_string())
}
