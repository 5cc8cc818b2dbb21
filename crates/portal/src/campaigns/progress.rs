//! How far a campaign is.

use std::any::Any;

use stagedoor_query::dialect::port;
use stagedoor_query::{NodeSet, text};

use super::CampaignGoal;
use crate::scorecards::Boards;
use crate::{Portal, Scope, View, clock};

/// How far a campaign is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignProgress {
    /// Entities that it is about.
    pub total: u64,
    /// Those that have reached the goal, excused ones included.
    pub done: u64,
    /// Those among them that need not, because of an exemption.
    pub exempt: u64,
    /// Of each team that owns any; of nobody's last.
    pub teams: Vec<TeamProgress>,
}

/// How far a team is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamProgress {
    /// Identifier; `None`: of nobody's.
    pub team: Option<String>,
    /// What it is called.
    pub title: Option<String>,
    /// Its entities.
    pub total: u64,
    /// Those that have reached the goal.
    pub done: u64,
}

/// Which entities a campaign is about, and which have reached its goal.
pub(super) struct Fleet {
    pub(super) all: NodeSet,
    pub(super) done: NodeSet,
    pub(super) exempt: NodeSet,
}

impl Fleet {
    pub(super) fn left(&self) -> NodeSet {
        &self.all - &self.done
    }
}

/// Compiles a filter and selects by it.
fn filtered(view: &View, blueprint: &str, filter: &str) -> Result<NodeSet, String> {
    let parsed = text::parse(filter).map_err(|problem| format!("\"filter\": {}", problem.message))?;
    let scope =
        port::Scope { blueprints: view.blueprints(), only: Some(blueprint), now: clock::now(), caller: None };
    let expr =
        port::compile(&parsed.rules, "", &scope).map_err(|error| format!("\"filter\": {}", error.message))?;
    Ok(view.select(&expr, Scope::Everything).nodes().clone())
}

/// Looks at a goal, as a view has it.
///
/// # Errors
/// What is not there, or wrong with the filter.
pub(super) fn fleet(view: &View, goal: &CampaignGoal) -> Result<Fleet, String> {
    let CampaignGoal { blueprint, scorecard, rule, level, filter } = goal;
    let board = view.board(blueprint, scorecard);
    let board =
        board.ok_or_else(|| format!("there is no scorecard \"{scorecard}\" of blueprint \"{blueprint}\""))?;
    let mut all = board.applies.as_ref().clone();
    if let Some(filter) = filter.as_deref().filter(|filter| !filter.trim().is_empty()) {
        all &= filtered(view, blueprint, filter)?;
    }
    let (done, exempt) = match (rule, level) {
        (Some(rule), _) => {
            let found = board.scorecard.rule(rule).and_then(|(at, _)| board.rules.get(at));
            let results = found.ok_or_else(|| format!("scorecard \"{scorecard}\" has no rule \"{rule}\""))?;
            (results.passed.as_ref() | results.exempt.as_ref(), results.exempt.as_ref().clone())
        }
        (None, Some(level)) => {
            let wanted = board.scorecard.level(level);
            let wanted =
                wanted.ok_or_else(|| format!("scorecard \"{scorecard}\" has no level \"{level}\""))?;
            let reached = board.levels.iter().skip(wanted).fold(NodeSet::new(), |all, at| all | at.as_ref());
            let excused =
                board.scorecard.rules.iter().zip(&board.rules).filter(|(rule, _)| rule.level <= wanted);
            let excused = excused.fold(NodeSet::new(), |all, (_, results)| all | results.exempt.as_ref());
            (reached, excused)
        }
        (None, None) => {
            let excused =
                board.rules.iter().fold(NodeSet::new(), |all, results| all | results.exempt.as_ref());
            (board.all_passed(), excused)
        }
    };
    let done = &all & &done;
    Ok(Fleet { exempt: &done & &exempt, done, all })
}

impl Portal {
    /// How far a goal is, of what the viewer of a view sees.
    pub(super) fn progress(&self, view: &View, goal: &CampaignGoal) -> Result<CampaignProgress, String> {
        let fleet = fleet(view, goal)?;
        let titled = |team: &str| view.team(team).map(|team| team.name);
        let mut teams: Vec<TeamProgress> = by_team(view, &goal.blueprint, &fleet.all)
            .into_iter()
            .map(|(team, owned)| TeamProgress {
                title: team.as_deref().and_then(titled),
                team,
                total: owned.len(),
                done: owned.intersection_len(&fleet.done),
            })
            .collect();
        teams.sort_by(|a, b| {
            let left = |team: &TeamProgress| team.total - team.done;
            (a.team.is_none(), left(b), &a.team).cmp(&(b.team.is_none(), left(a), &b.team))
        });
        Ok(CampaignProgress {
            total: fleet.all.len(),
            done: fleet.done.len(),
            exempt: fleet.exempt.len(),
            teams,
        })
    }
}

/// Some entities of a blueprint by the teams that own them; those of nobody under none.
pub(super) fn by_team(view: &View, blueprint: &str, among: &NodeSet) -> Vec<(Option<String>, NodeSet)> {
    let standards: Option<&dyn Any> = view.catalog.standards().map(|standards| standards as &dyn Any);
    let Some(boards) = standards.and_then(|standards| standards.downcast_ref::<Boards>()) else {
        return Vec::new();
    };
    let grouped = boards.groups(&view.catalog, blueprint, "$team", |groups| {
        let each = groups.iter().map(|(team, set)| (Some(team.to_owned()), set & among));
        let nobodys = std::iter::once((None, groups.none() & among));
        each.chain(nobodys).filter(|(_, set)| !set.is_empty()).collect::<Vec<_>>()
    });
    grouped.unwrap_or_default()
}
