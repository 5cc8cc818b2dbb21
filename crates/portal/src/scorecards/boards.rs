//! The results of all scorecards, each computed when it is first asked for and brought up to date when it is again.
//!
//! One engine is kept for each scorecard and each way to see the catalog: whoever does not see all has results of
//! what is seen. Snapshots say by a number which way that is, so that nothing of one gets into another.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;
use stagedoor_model::{Record, Timestamp};
use stagedoor_query::budget::apart;
use stagedoor_query::standing::{Standards, Standing, Step};
use stagedoor_query::{Catalog, NodeSet};
use stagedoor_scorecards::{Board, Compiled, Engine, Excused, GroupBy, Groups, Scorecard, Status};

use super::{DRAFTS, SCORECARDS, StoredScorecard, key, read_all};
use crate::exemptions::{Held, Memory, held};

/// Ways to see a scorecard's results that are kept; the one that was not asked for longest goes first.
const KEPT: usize = 16;
/// Groups that are kept.
const KEPT_GROUPS: usize = 64;

/// Everything that is kept of results.
#[derive(Default)]
pub(crate) struct Boards {
    slots: Mutex<HashMap<SlotKey, Arc<Mutex<Slot>>>>,
    groups: Mutex<VecDeque<KeptGroups>>,
    exemptions: Memory,
    definitions: Mutex<Option<Definitions>>,
    /// How often results were computed for all entities.
    computed: AtomicU64,
    previews: Mutex<VecDeque<Previewed>>,
}

/// Published scorecards or drafts of them, and the key of one.
type SlotKey = (&'static str, String);

/// A preview of the same state is good for this long, in milliseconds, though time goes on.
const PREVIEW_HOLDS: i64 = 30_000;
/// Previews that are kept.
const KEPT_PREVIEWS: usize = 8;

/// What a preview has shown of a state.
struct Previewed {
    sight: Option<u64>,
    model: u64,
    state: u64,
    board: Arc<Board>,
}

/// A collection, by identity, and what it says.
type Definitions = (Arc<BTreeMap<String, Arc<Record>>>, Arc<Vec<StoredScorecard>>);

/// Groups of one blueprint by something, as one sees them: blueprint, by, sight.
type KeptGroups = ((String, String, Option<u64>), Arc<Mutex<Groups>>);

/// Who sees all, `None`; or what somebody else sees, as long as the blueprints are the same.
fn sight(catalog: &Catalog) -> Option<u64> {
    catalog.lens().map(|_| catalog.model_mark())
}

/// The results of one scorecard, as different people see them. The last asked for is first.
#[derive(Default)]
struct Slot {
    kept: VecDeque<Kept>,
}

struct Kept {
    sight: Option<u64>,
    model: u64,
    definition: Arc<Record>,
    held: Arc<Held>,
    engine: Engine,
    board: Arc<Board>,
}

/// The results that belong to a snapshot.
pub(crate) fn of(catalog: &Catalog) -> Option<&Boards> {
    let standards: &dyn std::any::Any = catalog.standards()?;
    standards.downcast_ref()
}

impl Boards {
    /// How often results of a scorecard were computed for all entities.
    pub(crate) fn computed(&self) -> u64 {
        self.computed.load(Relaxed)
    }

    /// All scorecards, blueprint by blueprint, in their order.
    pub(crate) fn definitions(&self, catalog: &Catalog) -> Arc<Vec<StoredScorecard>> {
        let Some(records) = catalog.collection(SCORECARDS) else { return Arc::default() };
        let mut known = self.definitions.lock();
        if let Some((of, definitions)) = known.as_ref()
            && Arc::ptr_eq(of, records)
        {
            return Arc::clone(definitions);
        }
        let definitions = Arc::new(read_all(catalog));
        *known = Some((Arc::clone(records), Arc::clone(&definitions)));
        definitions
    }

    /// The results of a scorecard, now and as the snapshot is seen.
    pub(crate) fn board(&self, catalog: &Catalog, blueprint: &str, scorecard: &str) -> Option<Arc<Board>> {
        self.with(catalog, SCORECARDS, blueprint, scorecard, |kept| Arc::clone(&kept.board))
    }

    /// What the results would be of a draft that can be evaluated.
    pub(crate) fn board_of_draft(
        &self,
        catalog: &Catalog,
        blueprint: &str,
        scorecard: &str,
    ) -> Option<Arc<Board>> {
        self.with(catalog, DRAFTS, blueprint, scorecard, |kept| Arc::clone(&kept.board))
    }

    /// The last preview of a definition, as long as it is of this state and time.
    pub(crate) fn previewed(
        &self,
        catalog: &Catalog,
        blueprint: &str,
        scorecard: &Scorecard,
    ) -> Option<Arc<Board>> {
        let now = catalog.now();
        let fits = |kept: &&Previewed| {
            let board = &kept.board;
            (kept.sight, kept.model, kept.state)
                == (sight(catalog), catalog.model_mark(), catalog.state_mark())
                && *board.blueprint == *blueprint
                && board.scorecard.identifier == scorecard.identifier
                && board.until.is_none_or(|until| now < until)
                && now.0 - board.at.0 < PREVIEW_HOLDS
        };
        self.previews.lock().iter().find(fits).map(|kept| Arc::clone(&kept.board))
    }

    pub(crate) fn remember_preview(&self, catalog: &Catalog, board: &Arc<Board>) {
        let mut previews = self.previews.lock();
        let (sight, model, state) = (sight(catalog), catalog.model_mark(), catalog.state_mark());
        previews.push_front(Previewed { sight, model, state, board: Arc::clone(board) });
        previews.truncate(KEPT_PREVIEWS);
    }

    /// The results with what they were compiled from.
    pub(crate) fn compiled(
        &self,
        catalog: &Catalog,
        blueprint: &str,
        scorecard: &str,
    ) -> Option<(Arc<Board>, Arc<Compiled>)> {
        self.with(catalog, SCORECARDS, blueprint, scorecard, |kept| {
            (Arc::clone(&kept.board), Arc::clone(kept.engine.compiled()))
        })
    }

    /// Programs of a scorecard, or of its draft, that took too long or failed for everybody; and what is to be said of
    /// each.
    pub(crate) fn stuck(
        &self,
        catalog: &Catalog,
        collection: &'static str,
        blueprint: &str,
        scorecard: &str,
    ) -> Vec<(String, String)> {
        let stuck = |kept: &Kept| {
            let slow = kept.engine.slow().map(|program| {
                (
                    program.to_owned(),
                    "takes too long: what it has not been asked about is not measured".to_owned(),
                )
            });
            let slower = |program: &str| kept.engine.slow().any(|slow| slow == program);
            let failing = kept.engine.failing().filter(|(program, _)| !slower(program));
            let failing =
                failing.map(|(program, why)| (program.to_owned(), format!("answers nobody: {why}")));
            slow.chain(failing).collect()
        };
        self.with(catalog, collection, blueprint, scorecard, stuck).unwrap_or_default()
    }

    fn with<T>(
        &self,
        catalog: &Catalog,
        collection: &'static str,
        blueprint: &str,
        scorecard: &str,
        take: impl FnOnce(&Kept) -> T,
    ) -> Option<T> {
        let key = key(blueprint, scorecard);
        let definition = catalog.record(collection, &key)?;
        let slot = Arc::clone(self.slots.lock().entry((collection, key)).or_default());
        let now = catalog.now();
        apart(|| {
            let held = held(&self.exemptions, catalog, now);
            let mut slot = slot.lock();
            self.computed.fetch_add(slot.bring(catalog, definition, &held, blueprint, now)?, Relaxed);
            slot.kept.front().map(take)
        })
    }

    /// The results of every scorecard of a snapshot, by `<blueprint>/<identifier>`.
    pub(crate) fn all(&self, catalog: &Catalog) -> Vec<(String, Arc<Board>)> {
        let board = |record: &Arc<Record>| {
            let (blueprint, scorecard) = record.key.rsplit_once('/')?;
            Some((record.key.clone(), self.board(catalog, blueprint, scorecard)?))
        };
        catalog.records(SCORECARDS).filter_map(board).collect()
    }

    /// Looks at the entities of a blueprint by groups.
    pub(crate) fn groups<T>(
        &self,
        catalog: &Catalog,
        blueprint: &str,
        by: &str,
        look: impl FnOnce(&Groups) -> T,
    ) -> Option<T> {
        let now = catalog.now();
        let of = GroupBy::of(by, blueprint, catalog, now)?;
        let name = (blueprint.to_owned(), by.to_owned(), sight(catalog));
        let known = {
            let mut kept = self.groups.lock();
            let at = kept.iter().position(|(known, _)| *known == name);
            let found = at.and_then(|at| kept.remove(at));
            found.map(|(name, groups)| {
                kept.push_front((name, Arc::clone(&groups)));
                groups
            })
        };
        apart(|| {
            if let Some(groups) = known {
                let mut groups = groups.lock();
                if !groups.advance(catalog, now) {
                    *groups = Groups::new(of, blueprint, catalog, now);
                }
                return Some(look(&groups));
            }
            let groups = Groups::new(of, blueprint, catalog, now);
            let seen = look(&groups);
            let mut kept = self.groups.lock();
            kept.push_front((name, Arc::new(Mutex::new(groups))));
            kept.truncate(KEPT_GROUPS);
            Some(seen)
        })
    }
}

impl Slot {
    /// Brings the results as the snapshot is seen to the front, up to date; tells how often they had to be computed for
    /// all entities.
    fn bring(
        &mut self,
        catalog: &Catalog,
        definition: &Arc<Record>,
        held: &Arc<Held>,
        blueprint: &str,
        now: Timestamp,
    ) -> Option<u64> {
        self.kept.retain(|kept| Arc::ptr_eq(&kept.definition, definition));
        let (sight, model) = (sight(catalog), catalog.model_mark());
        let known = self.kept.iter().position(|kept| kept.sight == sight);
        if let Some(mut kept) = known.and_then(|at| self.kept.remove(at)) {
            let mut computed = 0;
            let same = Arc::ptr_eq(&kept.held, held);
            if !(same && kept.engine.is_at(catalog, now)) {
                let mut compiled = Arc::clone(kept.engine.compiled());
                let excused = excused(catalog, held, blueprint, &compiled.scorecard);
                if !kept.engine.advance(catalog, now, &excused) {
                    if kept.model != model {
                        let scorecard = Arc::clone(&compiled.scorecard);
                        compiled = Arc::new(Compiled::new(scorecard, blueprint, catalog, now));
                    }
                    kept.engine = Engine::new(compiled, catalog, now, &excused);
                    computed = 1;
                }
                kept.model = model;
                kept.board = Arc::new(kept.engine.board().clone());
                kept.held = Arc::clone(held);
            }
            self.kept.push_front(kept);
            return Some(computed);
        }
        let scorecard = Arc::new(Scorecard::parse(&definition.body.value()).ok()?);
        let excused = excused(catalog, held, blueprint, &scorecard);
        let compiled = Arc::new(Compiled::new(scorecard, blueprint, catalog, now));
        let engine = Engine::new(compiled, catalog, now, &excused);
        let board = Arc::new(engine.board().clone());
        let (definition, held) = (Arc::clone(definition), Arc::clone(held));
        self.kept.push_front(Kept { sight, model, definition, held, engine, board });
        self.kept.truncate(KEPT);
        Some(1)
    }
}

fn excused(catalog: &Catalog, held: &Held, blueprint: &str, scorecard: &Scorecard) -> Excused {
    let nodes = |rule: &str| -> NodeSet {
        held.entities(catalog, blueprint, &scorecard.identifier, rule).map(|(node, _)| node).collect()
    };
    let rules = scorecard.rules.iter().map(|rule| nodes(&rule.identifier)).collect();
    Excused { rules, until: held.next }
}

impl Standards for Boards {
    fn standing(&self, catalog: &Catalog, scorecard: &str, rule: Option<&str>) -> Vec<Standing> {
        let of = |record: &Arc<Record>| {
            let (blueprint, identifier) = record.key.rsplit_once('/')?;
            if identifier != scorecard {
                return None;
            }
            let board = self.board(catalog, blueprint, identifier)?;
            match rule {
                None => Some(levels(&board)),
                Some(rule) => results(&board, rule),
            }
        };
        catalog.records(SCORECARDS).filter_map(of).collect()
    }
}

fn levels(board: &Board) -> Standing {
    let steps = board.scorecard.levels.iter().zip(&board.levels).enumerate();
    let step = |(rank, (level, nodes)): (usize, (&stagedoor_scorecards::Level, &Arc<NodeSet>))| Step {
        name: level.title.clone(),
        also: &[],
        exact: None,
        rank: rank as u32,
        nodes: Arc::clone(nodes),
    };
    Standing { steps: steps.map(step).collect(), outside: None }
}

fn results(board: &Board, rule: &str) -> Option<Standing> {
    let (at, _) = board.scorecard.rule(rule)?;
    let of = board.rules.get(at)?;
    let step = |status: Status| Step {
        name: status.result().to_owned(),
        also: match status {
            Status::Passed => &["SUCCESS", "passed"],
            Status::Exempt => &["SUCCESS", "exempt"],
            Status::NotMeasured => &["FAILURE", "notMeasured"],
            Status::Failed | Status::NotApplicable => &["FAILURE", "failed"],
        },
        exact: Some((status.name(), order(status))),
        rank: u32::from(status.counts_as_passed()),
        nodes: of.of(status).map(Arc::clone).unwrap_or_default(),
    };
    let outside = Some((Arc::clone(&board.members), Arc::clone(&board.applies)));
    Some(Standing { steps: ORDER.map(step).into(), outside })
}

/// Statuses from the worst to the best; those that are about nobody come behind.
const ORDER: [Status; 4] = [Status::Failed, Status::NotMeasured, Status::Exempt, Status::Passed];

fn order(status: Status) -> u32 {
    ORDER.iter().position(|known| *known == status).unwrap_or(ORDER.len()) as u32
}
