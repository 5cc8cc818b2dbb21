//! What to fix next: the results that do not pass, by what it is worth to mend them.
//!
//! Worth most is what lifts its entity to a higher level all by itself, then what leaves little to be done for the next
//! level; rules of levels beyond the next come last.

use std::sync::Arc;

use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::Timestamp;
use stagedoor_query::{NodeId, NodeSet};
use stagedoor_scorecards::{Board, Fix, Groups, Status};

use crate::error::PortalError;
use crate::scorecards::{SCORECARDS, boards};
use crate::{Portal, View};

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

/// Results of one rule that are worth the same.
struct Bucket {
    worth: Worth,
    board: usize,
    rule: usize,
    nodes: NodeSet,
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
        let keys = view.catalog.records(SCORECARDS).filter_map(|record| record.key.rsplit_once('/'));
        let boards: Vec<Arc<Board>> = keys.filter_map(|(b, s)| view.board(b, s)).collect();
        let teams: Vec<String> = match team {
            Some(team) => vec![team.to_owned()],
            None => view.rights().teams().map(str::to_owned).collect(),
        };
        let (mut total, mut buckets) = (0, Vec::new());
        for (at, board) in boards.iter().enumerate() {
            let among = owned(view, &board.blueprint, &teams).map(|owned| owned & board.applies.as_ref());
            total += gather(at, board, among.as_ref().unwrap_or(&board.applies), &mut buckets);
        }
        buckets.sort_by_key(|bucket| (bucket.worth, bucket.board, bucket.rule));
        let all = buckets.iter().flat_map(|bucket| bucket.nodes.iter().map(move |node| (bucket, node)));
        let items = all
            .take(limit)
            .filter_map(|(bucket, node)| self.next_fix(view, boards.get(bucket.board)?, bucket, node));
        NextFixes { items: items.collect(), total }
    }

    fn next_fix(&self, view: &View, board: &Board, found: &Bucket, node: NodeId) -> Option<NextFix> {
        let rule = board.scorecard.rules.get(found.rule)?;
        let record = &view.entity(node)?.record;
        let identifier = view.identifier(node);
        let since = self.score_since(&board.blueprint, &board.scorecard.identifier);
        let reached = board.level(node).map(|level| level + found.worth.lift.0);
        let reached =
            reached.filter(|_| found.worth.lift.0 > 0).and_then(|level| board.scorecard.levels.get(level));
        Some(NextFix {
            blueprint: board.blueprint.to_string(),
            entity: (identifier.clone(), view.title(node).unwrap_or(identifier)),
            scorecard: (board.scorecard.identifier.clone(), board.scorecard.title.clone()),
            rule: (rule.identifier.clone(), rule.title.clone()),
            status: board.status(found.rule, node),
            since: since.of(record.uid, Some(&rule.identifier), record.stamps.created_at),
            fix: rule.fix.clone(),
            level: reached.map(|level| level.title.clone()),
            missing: found.worth.missing,
        })
    }
}

/// The entities of a blueprint that teams own; `None` without teams: all.
fn owned(view: &View, blueprint: &str, teams: &[String]) -> Option<NodeSet> {
    if teams.is_empty() {
        return None;
    }
    let union = |groups: &Groups| {
        let sets = teams.iter().filter_map(|team| groups.get(team));
        sets.fold(NodeSet::new(), |all, set| all | set)
    };
    let boards = boards::of(&view.catalog);
    boards
        .and_then(|boards| boards.groups(&view.catalog, blueprint, "$team", union))
        .or_else(|| Some(NodeSet::new()))
}

/// Adds what of a board does not pass, by worth; tells how much that is.
fn gather(at: usize, board: &Board, among: &NodeSet, buckets: &mut Vec<Bucket>) -> u64 {
    let rules = || board.scorecard.rules.iter().zip(&board.rules).enumerate();
    let mut total = 0;
    for (level, here) in board.levels.iter().enumerate() {
        let here = here.as_ref() & among;
        if here.is_empty() {
            continue;
        }
        let by_missing = by_missing(board, level + 1, &here);
        // How far the mending of one rule lifts: over every level whose rules all hold already.
        let lifts = lifts(board, level, by_missing.get(1));
        for (rule, (definition, results)) in rules() {
            for (set, not_measured) in [(&results.failed, false), (&results.not_measured, true)] {
                let open = set.as_ref() & &here;
                total += open.len();
                let (of, beyond) = (definition.level, definition.level > level + 1);
                for (missing, nodes) in by_missing.iter().enumerate() {
                    let nodes = &open & nodes;
                    let alone = missing == 1 && of == level + 1;
                    let one = [(0, nodes.clone())];
                    let parts = lifts.iter().map(|(lift, lifted)| (*lift, lifted & &nodes));
                    let parts: Vec<(usize, NodeSet)> = if alone { parts.collect() } else { one.into() };
                    for (lift, nodes) in parts.into_iter().filter(|(_, nodes)| !nodes.is_empty()) {
                        let lift = std::cmp::Reverse(lift);
                        let worth = Worth { lift, missing, beyond, not_measured, level: of };
                        buckets.push(Bucket { worth, board: at, rule, nodes });
                    }
                }
            }
        }
    }
    total
}

/// Those of some entities by how many rules of a level do not hold for them.
fn by_missing(board: &Board, level: usize, here: &NodeSet) -> Vec<NodeSet> {
    let mut counted = vec![here.clone()];
    let of_it = board.scorecard.rules.iter().zip(&board.rules).filter(|(rule, _)| rule.level == level);
    for (_, results) in of_it {
        let open = here & (results.failed.as_ref() | results.not_measured.as_ref());
        counted.push(NodeSet::new());
        for missing in (0..counted.len() - 1).rev() {
            let Some([less, more]) = counted.get_mut(missing..missing + 2) else { continue };
            *more |= &*less & &open;
            *less -= &open;
        }
    }
    counted
}

/// By how many levels those rise who miss one rule of the next one.
fn lifts(board: &Board, level: usize, missing_one: Option<&NodeSet>) -> Vec<(usize, NodeSet)> {
    let (mut rising, mut lifts) = (missing_one.cloned().unwrap_or_default(), Vec::new());
    for (lift, above) in (level + 2..=board.scorecard.levels.len()).enumerate() {
        let goes_on = match above < board.scorecard.levels.len() {
            true => by_missing(board, above, &rising).swap_remove(0),
            false => NodeSet::new(),
        };
        lifts.push((lift + 1, &rising - &goes_on));
        rising = goes_on;
    }
    lifts
}
