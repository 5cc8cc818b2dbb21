//! What to fix next: the results that do not pass, by what it is worth to mend them.
//!
//! Worth most is what lifts its entity to a higher level all by itself, then what leaves little to be done for the next
//! level; rules of levels beyond the next come last.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::Timestamp;
use stagedoor_query::{Expr, Meta, NodeId, NodeSet, Scalar, Subject, Test};
use stagedoor_scorecards::{Board, Fix, Status};

use crate::error::PortalError;
use crate::scorecards::SCORECARDS;
use crate::{Portal, Scope, View};

/// Items of one answer.
const MOST: usize = 500;

/// Something to be fixed.
#[derive(Clone, Debug)]
pub struct NextFix {
    /// Blueprint of the entity.
    pub blueprint: String,
    /// Identifier and title.
    pub entity: (String, String),
    /// Identifier and title.
    pub scorecard: (String, String),
    /// Identifier and title.
    pub rule: (String, String),
    /// Failed, or not measured.
    pub status: Status,
    /// Since when, as far as that is known.
    pub since: Option<Timestamp>,
    /// How.
    pub fix: Option<Fix>,
    /// The level that this alone reaches.
    pub level: Option<String>,
    /// Rules that are missing to the next level, this one included where it is one of them.
    pub missing: usize,
}

/// The first of what is to be fixed, and how much there is.
#[derive(Clone, Debug, Default)]
pub struct NextFixes {
    /// The most worthy first.
    pub items: Vec<NextFix>,
    /// How many there are.
    pub total: u64,
}

/// Of one result: smaller is worth more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Worth {
    /// Levels that it lifts its entity, counted from the most.
    lift: std::cmp::Reverse<usize>,
    missing: usize,
    beyond: bool,
    not_measured: bool,
    level: usize,
}

/// A candidate; the heap has the least worthy on top.
struct Candidate {
    worth: Worth,
    board: usize,
    rule: usize,
    node: NodeId,
}

impl Candidate {
    fn rank(&self) -> (Worth, usize, usize, NodeId) {
        (self.worth, self.board, self.rule, self.node)
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl Portal {
    /// What to fix next of what a team owns; without one, of what the viewer's teams own, or of everything where it is
    /// in none.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn next_fixes(
        &self,
        viewer: &Viewer,
        team: Option<String>,
        limit: usize,
    ) -> Result<NextFixes, PortalError> {
        self.may(viewer, Action::ReadScorecards, Resource::Any)?;
        let (portal, view) = (self.clone(), self.view(viewer)?);
        let find = move || portal.find_next(&view, team.as_deref(), limit.clamp(1, MOST));
        tokio::task::spawn_blocking(find).await.map_err(|error| PortalError::Internal(error.to_string()))
    }

    fn find_next(&self, view: &View, team: Option<&str>, limit: usize) -> NextFixes {
        let owned = owned(view, team);
        let keys = view.catalog.records(SCORECARDS).filter_map(|record| record.key.rsplit_once('/'));
        let boards: Vec<Arc<Board>> = keys.filter_map(|(b, s)| view.board(b, s)).collect();
        let (mut total, mut heap) = (0, BinaryHeap::with_capacity(limit + 1));
        for (at, board) in boards.iter().enumerate() {
            for (rule, results) in board.rules.iter().enumerate() {
                let open = results.failed.as_ref() | results.not_measured.as_ref();
                let open = owned.as_ref().map_or_else(|| open.clone(), |owned| &open & owned);
                total += open.len();
                for node in &open {
                    heap.push(Candidate { worth: worth(board, rule, node), board: at, rule, node });
                    if heap.len() > limit {
                        heap.pop();
                    }
                }
            }
        }
        let best = heap.into_sorted_vec().into_iter();
        let items = best.filter_map(|found| Some(self.next_fix(view, boards.get(found.board)?, &found)));
        NextFixes { items: items.flatten().collect(), total }
    }

    fn next_fix(&self, view: &View, board: &Board, found: &Candidate) -> Option<NextFix> {
        let rule = board.scorecard.rules.get(found.rule)?;
        let record = &view.entity(found.node)?.record;
        let identifier = view.identifier(found.node);
        let since = self.score_since(&board.blueprint, &board.scorecard.identifier);
        let reached = board.level(found.node).map(|level| level + found.worth.lift.0);
        let reached =
            reached.filter(|_| found.worth.lift.0 > 0).and_then(|level| board.scorecard.levels.get(level));
        Some(NextFix {
            blueprint: board.blueprint.to_string(),
            entity: (identifier.clone(), view.title(found.node).unwrap_or(identifier)),
            scorecard: (board.scorecard.identifier.clone(), board.scorecard.title.clone()),
            rule: (rule.identifier.clone(), rule.title.clone()),
            status: board.status(found.rule, found.node),
            since: since.of(record.uid, Some(&rule.identifier), record.stamps.created_at),
            fix: rule.fix.clone(),
            level: reached.map(|level| level.title.clone()),
            missing: found.worth.missing,
        })
    }
}

/// The entities that are looked at; `None`: all.
fn owned(view: &View, team: Option<&str>) -> Option<NodeSet> {
    let teams: Vec<Scalar> = match team {
        Some(team) => vec![Scalar::text(team)],
        None => view.rights().teams().map(Scalar::text).collect(),
    };
    if teams.is_empty() {
        return None;
    }
    let expr = Expr::exact(Subject::Meta(Meta::Team), Test::In(teams));
    Some(view.select(&expr, Scope::Everything).nodes().clone())
}

fn worth(board: &Board, rule: usize, node: NodeId) -> Worth {
    let rules = &board.scorecard.rules;
    let level = board.level(node).unwrap_or_default();
    let of = rules.get(rule).map_or(0, |rule| rule.level);
    // The next level that demands anything which is not so.
    let open = |wanted: usize| {
        let demanded = rules.iter().enumerate().filter(move |(_, rule)| rule.level == wanted);
        demanded.filter(|(at, _)| !board.status(*at, node).counts_as_passed()).count()
    };
    let missing = open(level + 1);
    let alone = of == level + 1 && missing == 1;
    let lift = if alone {
        let above = (level + 2..board.scorecard.levels.len()).take_while(|level| open(*level) == 0);
        1 + above.count()
    } else {
        0
    };
    let not_measured = board.status(rule, node) == Status::NotMeasured;
    Worth { lift: std::cmp::Reverse(lift), missing, beyond: of > level + 1, not_measured, level: of }
}
