//! What a scorecard would say, without writing it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use stagedoor_auth::Viewer;
use stagedoor_model::blueprint::Invalid;
use stagedoor_query::NodeSet;
use stagedoor_query::budget::apart;
use stagedoor_scorecards::{Board, Compiled, Counts, Engine, Excused, Scorecard};

use super::entity::no_entity;
use super::trial::endless;
use super::write::read;
use super::{EntityScorecard, boards};
use crate::blueprints::no_blueprint;
use crate::error::PortalError;
use crate::{Portal, View};

/// Entities that are named as examples.
const EXAMPLES: usize = 20;

/// What a definition would say of the entities that the viewer sees.
#[derive(Clone, Debug, Default)]
pub struct ScorecardPreview {
    /// Everything that is wrong with it; if there is anything, the rest is empty.
    pub problems: Vec<Invalid>,
    /// Title, colour, how many; and how many there are now at the level of this title.
    pub levels: Vec<(String, String, u64, u64)>,
    /// Identifier and counts; and what the rule of this identifier counts now.
    pub rules: Vec<(String, Counts, Option<Counts>)>,
    /// Entities that it would be about.
    pub applies: u64,
    /// Who would rise, who would fall, and all whose level would be another.
    pub moves: (u64, u64, u64),
    /// Some of them.
    pub examples: Vec<PreviewMove>,
    /// The entity that was asked about.
    pub entity: Option<EntityScorecard>,
}

/// An entity whose level would be another.
#[derive(Clone, Debug)]
pub struct PreviewMove {
    /// Identifier.
    pub identifier: String,
    /// Title.
    pub title: String,
    /// Title of its level now; `None` where the scorecard is not about it.
    pub from: Option<String>,
    /// And then.
    pub to: Option<String>,
}

impl Portal {
    /// What a definition would say. Nothing is written.
    ///
    /// # Errors
    /// `NotFound` for the blueprint and the entity; `Forbidden`. A definition that is not legal is no error.
    pub async fn preview_scorecard(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        definition: Value,
        entity: Option<String>,
    ) -> Result<ScorecardPreview, PortalError> {
        let view = self.score_view(viewer)?;
        if view.blueprints().get(blueprint).is_none() {
            return Err(no_blueprint(blueprint));
        }
        let (jq, blueprint) = (Arc::clone(&self.shared.jq), blueprint.to_owned());
        let work = move || {
            let now = view.catalog.now();
            match read(&definition, &blueprint, &view.catalog, &jq, now) {
                Ok(scorecard) => {
                    let problems = endless(&definition, &jq);
                    if problems.is_empty() {
                        return view.preview(scorecard, &blueprint, entity.as_deref());
                    }
                    Ok(ScorecardPreview { problems, ..ScorecardPreview::default() })
                }
                Err(problems) => Ok(ScorecardPreview { problems, ..ScorecardPreview::default() }),
            }
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| PortalError::Internal(error.to_string()))?
    }
}

impl View {
    fn preview(
        &self,
        scorecard: Scorecard,
        blueprint: &str,
        entity: Option<&str>,
    ) -> Result<ScorecardPreview, PortalError> {
        let node = match entity {
            Some(entity) => Some(self.by_key(blueprint, entity).ok_or_else(|| no_entity(entity))?),
            None => None,
        };
        let before = self.board(blueprint, &scorecard.identifier);
        let now = self.catalog.now();
        let excused = before.as_deref().map(|before| excused_in(before, &scorecard)).unwrap_or_default();
        let compiled = Arc::new(Compiled::new(Arc::new(scorecard), blueprint, &self.catalog, now));
        let boards = boards::of(&self.catalog);
        // Whoever writes one changes a rule at a time.
        let known = boards.and_then(|boards| boards.previewed(&self.catalog, blueprint, &compiled.scorecard));
        let known = known.as_ref().or(before.as_ref()).map(Arc::as_ref);
        let after = apart(|| Engine::once(Arc::clone(&compiled), &self.catalog, now, &excused, known));
        let after = Arc::new(after);
        if let Some(boards) = boards {
            boards.remember_preview(&self.catalog, &after);
        }
        let after = after.as_ref();
        let mut preview = counted(before.as_deref(), after);
        let moved = moved(before.as_deref(), after);
        for node in &moved {
            let place = |board: Option<&Board>| board.and_then(|board| board.level(node));
            let (from, to) = (place(before.as_deref()), place(Some(after)));
            preview.moves.0 += u64::from(to > from);
            preview.moves.1 += u64::from(to < from);
            if preview.examples.len() < EXAMPLES {
                let identifier = self.identifier(node);
                let title = |board: Option<&Board>| board?.level_title(node).map(str::to_owned);
                preview.examples.push(PreviewMove {
                    title: self.title(node).unwrap_or_else(|| identifier.clone()),
                    identifier,
                    from: title(before.as_deref()),
                    to: title(Some(after)),
                });
            }
        }
        preview.moves.2 = moved.len();
        preview.entity = node.map(|node| self.one_scorecard(after, &compiled, node, &BTreeMap::new()));
        Ok(preview)
    }
}

/// Who is excused now is excused then, where the rule is still there.
fn excused_in(before: &Board, scorecard: &Scorecard) -> Excused {
    let excused = |rule: &stagedoor_scorecards::Rule| {
        let known = before.scorecard.rule(&rule.identifier).and_then(|(at, _)| before.rules.get(at));
        known.map(|rule| rule.exempt.as_ref().clone()).unwrap_or_default()
    };
    Excused { rules: scorecard.rules.iter().map(excused).collect(), until: None }
}

fn counted(before: Option<&Board>, after: &Board) -> ScorecardPreview {
    let levels = after.scorecard.levels.iter().zip(after.level_counts(None)).map(|(level, count)| {
        let known = before.and_then(|before| {
            let at = before.scorecard.level(&level.title)?;
            before.levels.get(at).map(|set| set.len())
        });
        (level.title.clone(), level.color.clone(), count, known.unwrap_or_default())
    });
    let rules = after.scorecard.rules.iter().enumerate().map(|(at, rule)| {
        let known = before.and_then(|before| {
            let (at, _) = before.scorecard.rule(&rule.identifier)?;
            Some(before.counts(at, None))
        });
        (rule.identifier.clone(), after.counts(at, None), known)
    });
    ScorecardPreview {
        levels: levels.collect(),
        rules: rules.collect(),
        applies: after.applies.len(),
        ..ScorecardPreview::default()
    }
}

/// Those whose level would be another. Of a new scorecard: everyone above the base.
fn moved(before: Option<&Board>, after: &Board) -> NodeSet {
    let Some(before) = before else {
        return after.levels.iter().skip(1).fold(NodeSet::new(), |all, level| all | level.as_ref());
    };
    let mut same = NodeSet::new();
    for (at, level) in after.scorecard.levels.iter().enumerate() {
        let then = after.levels.get(at);
        let now = before.scorecard.level(&level.title).and_then(|at| before.levels.get(at));
        if let (Some(then), Some(now)) = (then, now) {
            same |= then.as_ref() & now.as_ref();
        }
    }
    (after.applies.as_ref() | before.applies.as_ref()) - same
}
