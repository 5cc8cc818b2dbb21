//! Scorecards by group: the heat map.

use stagedoor_auth::Viewer;
use stagedoor_query::NodeSet;
use stagedoor_scorecards::{Board, Counts};

use super::{ScorecardRow, boards, find, missing};
use crate::error::PortalError;
use crate::{Portal, View};

/// Groups in one answer, at most: the largest.
const MOST: usize = 1_000;

/// What entities can be grouped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// `$team`, or the key of a relation or property.
    pub key: String,
    /// For people.
    pub title: String,
}

/// How the entities of one group stand.
#[derive(Clone, Debug)]
pub struct ScoreGroup {
    /// The value; `None`: those that have none.
    pub key: Option<String>,
    /// For people.
    pub title: String,
    /// Entities that the scorecard is about.
    pub total: u64,
    /// By level, the base first.
    pub levels: Vec<u64>,
    /// By rule.
    pub rules: Vec<Counts>,
}

/// A scorecard by group.
#[derive(Clone, Debug)]
pub struct ScoreGroups {
    /// By title; those without a value last.
    pub groups: Vec<ScoreGroup>,
    /// Entities in all of them, each once.
    pub total: u64,
    /// The scorecard.
    pub row: ScorecardRow,
    /// What they are groups by.
    pub by: Grouping,
}

impl Portal {
    /// How the entities that the viewer sees stand in a scorecard, group by group. `filter` is a text in the query
    /// language.
    ///
    /// # Errors
    /// `NotFound` for the scorecard; `Invalid` for what cannot be grouped by and for a filter that is none;
    /// `Forbidden`.
    pub fn scorecard_groups(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        scorecard: &str,
        by: &str,
        filter: Option<&str>,
    ) -> Result<ScoreGroups, PortalError> {
        let view = self.score_view(viewer)?;
        let row = view.row(find(&view.catalog, blueprint, scorecard)?).ok_or_else(|| missing(scorecard))?;
        let board = row.board.clone().ok_or_else(|| missing(scorecard))?;
        let filter = filter.filter(|text| !text.trim().is_empty());
        let among = filter.map(|text| view.asked_for(text, blueprint)).transpose()?;
        let among = among.map(|among| among & board.members.as_ref());
        let look = |groups: &stagedoor_scorecards::Groups| {
            let count = |key: Option<&str>, set: &NodeSet| count(&board, key, set, among.as_ref());
            let mut all: Vec<ScoreGroup> = groups.iter().map(|(key, set)| count(Some(key), set)).collect();
            all.push(count(None, groups.none()));
            all
        };
        let boards = boards::of(&view.catalog).ok_or_else(|| missing(scorecard))?;
        let groups = boards.groups(&view.catalog, blueprint, by, look);
        let mut groups = groups.ok_or_else(|| {
            PortalError::invalid(format!(
                "\"by\" must be $team, or a relation or property of \"{blueprint}\""
            ))
        })?;
        groups.retain(|group| group.total > 0);
        if groups.len() > MOST {
            groups.sort_by_key(|group| std::cmp::Reverse(group.total));
            groups.truncate(MOST);
        }
        for group in &mut groups {
            group.title = view.group_title(blueprint, by, group.key.as_deref());
        }
        groups.sort_by(|a, b| {
            (a.key.is_none(), a.title.to_lowercase(), &a.key).cmp(&(
                b.key.is_none(),
                b.title.to_lowercase(),
                &b.key,
            ))
        });
        let applies = board.applies.as_ref();
        let total = among.map_or(applies.len(), |among| applies.intersection_len(&among));
        let by = Grouping { key: by.to_owned(), title: view.grouping_title(blueprint, by) };
        Ok(ScoreGroups { groups, total, row, by })
    }

    /// What the entities of a blueprint can be grouped by.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn scorecard_groupings(
        &self,
        viewer: &Viewer,
        blueprint: &str,
    ) -> Result<Vec<Grouping>, PortalError> {
        let view = self.score_view(viewer)?;
        Ok(view.groupings(blueprint).into_iter().map(|(key, title)| Grouping { key, title }).collect())
    }
}

fn count(board: &Board, key: Option<&str>, set: &NodeSet, among: Option<&NodeSet>) -> ScoreGroup {
    let narrowed = among.map(|among| among & set);
    let set = narrowed.as_ref().unwrap_or(set);
    ScoreGroup {
        key: key.map(str::to_owned),
        title: String::new(),
        total: board.applies.intersection_len(set),
        levels: board.level_counts(Some(set)),
        rules: (0..board.rules.len()).map(|rule| board.counts(rule, Some(set))).collect(),
    }
}

impl View {
    fn group_title(&self, blueprint: &str, by: &str, key: Option<&str>) -> String {
        let Some(key) = key else { return "Without".to_owned() };
        let target = match by {
            "$team" => Some("_team"),
            by => {
                let entry = self.blueprints().get(blueprint);
                entry.and_then(|e| e.face.relations.get(by)).map(|relation| relation.target.as_str())
            }
        };
        let title = target.and_then(|target| self.title(self.by_key(target, key)?));
        title.unwrap_or_else(|| key.to_owned())
    }
}
