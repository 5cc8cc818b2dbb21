//! What is different between two boards of a scorecard.

use std::collections::HashMap;
use std::sync::Arc;

use stagedoor_query::{Catalog, NodeId, NodeSet};
use stagedoor_scorecards::{Board, Status};
use uuid::Uuid;

use super::past::Totals;

/// One result of one entity that is another now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) node: NodeId,
    /// Identifier of the rule; `None`: the level.
    pub(super) rule: Option<Arc<str>>,
    /// Level or status; `None`: the scorecard did not apply, or there was no such entity.
    pub(super) from: Option<Arc<str>>,
    pub(super) to: Option<Arc<str>>,
    /// The entity was there before.
    pub(super) was_there: bool,
}

const STATUSES: [Status; 4] = [Status::Passed, Status::Failed, Status::NotMeasured, Status::Exempt];

fn name(status: Status) -> Option<Arc<str>> {
    (status != Status::NotApplicable).then(|| status.name().into())
}

/// What moved from one board to the next of the same scorecard. Rules that are new have not moved.
pub(super) fn boards(old: &Board, new: &Board) -> Vec<Moved> {
    let mut moved = Vec::new();
    let left = if Arc::ptr_eq(&old.applies, &new.applies) {
        NodeSet::new()
    } else {
        old.applies.as_ref() - new.applies.as_ref()
    };
    for (place, rule) in new.scorecard.rules.iter().enumerate() {
        let Some((was, _)) = old.scorecard.rule(&rule.identifier) else { continue };
        let (Some(before), Some(after)) = (old.rules.get(was), new.rules.get(place)) else { continue };
        let identifier: Arc<str> = rule.identifier.as_str().into();
        let of = |node, to| Moved {
            node,
            rule: Some(Arc::clone(&identifier)),
            from: name(before.status(node)),
            to,
            was_there: old.members.contains(node),
        };
        for status in STATUSES {
            let (Some(a), Some(b)) = (before.of(status), after.of(status)) else { continue };
            if !Arc::ptr_eq(a, b) {
                moved.extend((b.as_ref() - a.as_ref()).iter().map(|node| of(node, name(status))));
            }
        }
        moved.extend(left.iter().map(|node| of(node, None)));
    }
    levels(old, new, &left, &mut moved);
    moved
}

fn levels(old: &Board, new: &Board, left: &NodeSet, moved: &mut Vec<Moved>) {
    let titles: Vec<Arc<str>> =
        old.scorecard.levels.iter().map(|level| level.title.as_str().into()).collect();
    let of = |node, to| Moved {
        node,
        rule: None,
        from: old.level(node).and_then(|level| titles.get(level).cloned()),
        to,
        was_there: old.members.contains(node),
    };
    for (place, level) in new.scorecard.levels.iter().enumerate() {
        let Some(after) = new.levels.get(place) else { continue };
        let before = old.scorecard.level(&level.title).and_then(|was| old.levels.get(was));
        if before.is_some_and(|before| Arc::ptr_eq(before, after)) {
            continue;
        }
        let title: Arc<str> = level.title.as_str().into();
        let entered =
            before.map_or_else(|| after.as_ref().clone(), |before| after.as_ref() - before.as_ref());
        moved.extend(entered.iter().map(|node| of(node, Some(Arc::clone(&title)))));
    }
    moved.extend(left.iter().map(|node| of(node, None)));
}

/// How all stood when it was kept, by the uid of entities: nodes are another process's.
#[derive(Debug, Default)]
pub(super) struct Stood {
    pub(super) levels: Vec<String>,
    pub(super) rules: Vec<String>,
    /// The level's place and each rule's status, a letter each.
    pub(super) of: HashMap<Uuid, Vec<u8>>,
}

/// Places of levels.
const PLACES: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

pub(super) fn letter(status: &str) -> u8 {
    match status {
        "passed" => b'p',
        "failed" => b'f',
        "notMeasured" => b'm',
        "exempt" => b'e',
        _ => b'-',
    }
}

fn of_letter(letter: u8) -> Option<Arc<str>> {
    let name = match letter {
        b'p' => "passed",
        b'f' => "failed",
        b'm' => "notMeasured",
        b'e' => "exempt",
        _ => return None,
    };
    Some(name.into())
}

impl Stood {
    /// Of a board as it is.
    pub(super) fn of(board: &Board, catalog: &Catalog) -> Self {
        let mut of = HashMap::with_capacity(usize::try_from(board.applies.len()).unwrap_or(0));
        for node in board.applies.iter() {
            let Some(entity) = catalog.entity(node) else { continue };
            let level = board.level(node).and_then(|level| PLACES.get(level).copied()).unwrap_or(b'-');
            let rules = board.rules.iter().map(|rule| letter(rule.status(node).name()));
            of.insert(entity.record.uid, std::iter::once(level).chain(rules).collect());
        }
        Self {
            levels: board.scorecard.levels.iter().map(|level| level.title.clone()).collect(),
            rules: board.scorecard.rules.iter().map(|rule| rule.identifier.clone()).collect(),
            of,
        }
    }

    /// A line that was written after it was kept.
    pub(super) fn follow(&mut self, uid: Uuid, rule: Option<&str>, to: Option<&str>) {
        let width = self.rules.len() + 1;
        let place = match rule {
            None => Some(0),
            Some(rule) => self.rules.iter().position(|known| known == rule).map(|place| place + 1),
        };
        let letter = match (rule, to) {
            (_, None) => b'-',
            (Some(_), Some(status)) => letter(status),
            (None, Some(title)) => {
                let place = self.levels.iter().position(|level| level == title);
                place.and_then(|place| PLACES.get(place).copied()).unwrap_or(b'-')
            }
        };
        let all = self.of.entry(uid).or_insert_with(|| vec![b'-'; width]);
        if let Some(slot) = place.and_then(|place| all.get_mut(place)) {
            *slot = letter;
        }
        if all.iter().all(|letter| *letter == b'-') {
            self.of.remove(&uid);
        }
    }

    fn level(&self, letters: &[u8]) -> Option<Arc<str>> {
        let place = PLACES.iter().position(|place| letters.first() == Some(place))?;
        self.levels.get(place).map(|title| title.as_str().into())
    }

    /// How many stood where.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals { applies: self.of.len() as u64, ..Totals::default() };
        for title in &self.levels {
            totals.levels.insert(title.clone(), 0);
        }
        for rule in &self.rules {
            totals.rules.insert(rule.clone(), [0; 4]);
        }
        for letters in self.of.values() {
            if let Some(count) = self.level(letters).and_then(|title| totals.levels.get_mut(&*title)) {
                *count += 1;
            }
            for (rule, letter) in self.rules.iter().zip(letters.iter().skip(1)) {
                let slot = b"pfme".iter().position(|known| known == letter);
                let counts = totals.rules.get_mut(rule);
                if let Some(count) = slot.and_then(|slot| counts?.get_mut(slot)) {
                    *count += 1;
                }
            }
        }
        totals
    }
}

/// What moved since it was kept. Who was not there then, or has no line of it, has not moved.
pub(super) fn with_kept(kept: &Stood, board: &Board, catalog: &Catalog) -> Vec<Moved> {
    let mut moved = Vec::new();
    for node in board.members.iter() {
        let Some(letters) = catalog.entity(node).and_then(|entity| kept.of.get(&entity.record.uid)) else {
            continue;
        };
        let mut compare = |rule: Option<Arc<str>>, from: Option<Arc<str>>, to: Option<Arc<str>>| {
            if from != to {
                moved.push(Moved { node, rule, from, to, was_there: true });
            }
        };
        for (place, rule) in board.scorecard.rules.iter().enumerate() {
            let Some(was) = kept.rules.iter().position(|known| *known == rule.identifier) else { continue };
            let from = letters.get(was + 1).and_then(|letter| of_letter(*letter));
            compare(Some(rule.identifier.as_str().into()), from, name(board.status(place, node)));
        }
        compare(None, kept.level(letters), board.level_title(node).map(Into::into));
    }
    moved
}
