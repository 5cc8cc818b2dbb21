//! The results of one scorecard, kept up to date.
//!
//! They are computed once for all entities, by set algebra over the index. After a change only those are looked at
//! again that were touched, or whose values were read from what was touched; when time passes, those whose dates it
//! passes. A change of the blueprints that are read makes a new engine.

use std::sync::Arc;

use stagedoor_model::Timestamp;
use stagedoor_query::{Catalog, NodeSet, Place};

use crate::board::{Board, RuleBoard};
use crate::compile::{Compiled, Condition, Reads, What};
use crate::evaluate::{Dates, Evaluation};
use crate::watch::Watch;

/// Which rules are excused for whom, as sets by rule; and how long that stays so.
#[derive(Clone, Debug, Default)]
pub struct Excused {
    /// In the order of the scorecard's rules; missing ones are empty.
    pub rules: Vec<NodeSet>,
    /// When the next exemption ends.
    pub until: Option<Timestamp>,
}

/// The results of one scorecard, and what they rest on.
pub struct Engine {
    compiled: Arc<Compiled>,
    watch: Watch,
    /// Of each condition that depends on the time: edges and dates.
    dates: Vec<(Vec<i64>, Dates)>,
    excused: Vec<NodeSet>,
    board: Board,
    place: Place,
    model: Model,
    state: u64,
}

/// The blueprints that results rest on.
#[derive(Clone, Copy)]
pub(crate) struct Model {
    mark: u64,
    /// What the blueprints say that are read.
    meaning: u64,
    derived: bool,
    /// Somebody's who does not see all: what is seen may change with the blueprints in any way.
    partial: bool,
}

impl Model {
    pub(crate) fn of(catalog: &Catalog, blueprint: &str, derived: bool) -> Self {
        let partial = catalog.lens().is_some();
        let meaning = catalog.meaning_of(blueprint, derived);
        Self { mark: catalog.model_mark(), meaning, derived, partial }
    }

    /// Whether the blueprints still say the same, as far as they are read.
    pub(crate) fn holds(&mut self, catalog: &Catalog, blueprint: &str) -> bool {
        if self.mark == catalog.model_mark() {
            return true;
        }
        let partial = self.partial || catalog.lens().is_some();
        if partial || self.meaning != catalog.meaning_of(blueprint, self.derived) {
            return false;
        }
        self.mark = catalog.model_mark();
        true
    }
}

impl Engine {
    /// Evaluates a scorecard for every entity.
    #[must_use]
    pub fn new(compiled: Arc<Compiled>, catalog: &Catalog, now: Timestamp, excused: &Excused) -> Self {
        let mut engine = Self::empty(compiled, catalog, now);
        let members = catalog.set_of(&engine.compiled.blueprint);
        engine.excused.clone_from(&excused.rules);
        engine.look_at(catalog, now, members.as_ref(), None);
        engine.watch.settle();
        engine.tell_time(now, excused);
        engine
    }

    /// The results once, without what it takes to follow them. Rules that say the same in `known`, results of the same
    /// state, are taken from there.
    #[must_use]
    pub fn once(
        compiled: Arc<Compiled>,
        catalog: &Catalog,
        now: Timestamp,
        excused: &Excused,
        known: Option<&Board>,
    ) -> Board {
        let mut engine = Self::empty(compiled, catalog, now);
        engine.watch = Watch::default();
        engine.dates.clear();
        let members = catalog.set_of(&engine.compiled.blueprint);
        engine.excused.clone_from(&excused.rules);
        engine.look_at(catalog, now, members.as_ref(), known);
        engine.tell_time(now, excused);
        engine.board
    }

    fn empty(compiled: Arc<Compiled>, catalog: &Catalog, now: Timestamp) -> Self {
        let (blueprint, scorecard) = (Arc::clone(&compiled.blueprint), Arc::clone(&compiled.scorecard));
        let comparisons = || conditions(&compiled).filter_map(Condition::comparison);
        let columns = comparisons().flat_map(|comparison| &comparison.columns);
        let reads: Vec<Reads> = columns.map(|c| Reads::of(c.subject(), &blueprint, catalog)).collect();
        let far = |read: &Reads| matches!(read, Reads::Teams | Reads::Derived(_));
        let derived = reads.iter().any(far) || conditions(&compiled).any(|c| matches!(c.what, What::Jq(_)));
        let model = Model::of(catalog, &blueprint, derived);
        let clocks = comparisons().filter_map(|comparison| comparison.clock.as_ref());
        let dates = clocks.map(|clock| (clock.edges.clone(), Dates::default())).collect();
        let board = Board {
            members: Arc::default(),
            applies: Arc::default(),
            rules: scorecard.rules.iter().map(|_| RuleBoard::default()).collect(),
            levels: scorecard.levels.iter().map(|_| Arc::default()).collect(),
            scorecard,
            blueprint,
            at: now,
            until: None,
        };
        Self {
            watch: Watch::new(reads),
            dates,
            excused: Vec::new(),
            board,
            place: catalog.place(),
            model,
            state: catalog.state_mark(),
            compiled,
        }
    }

    /// The results.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Programs that took too long and are not asked any more.
    pub fn slow(&self) -> impl Iterator<Item = &str> {
        self.watch.slow.iter().map(String::as_str)
    }

    /// Programs that have answered nobody, each with how it failed first.
    pub fn failing(&self) -> impl Iterator<Item = (&str, &str)> {
        let failing =
            self.watch.failing.iter().filter(|(program, _)| !self.watch.answering.contains(*program));
        failing.map(|(program, problem)| (program.as_str(), problem.as_str()))
    }

    /// What the results were compiled from.
    #[must_use]
    pub fn compiled(&self) -> &Arc<Compiled> {
        &self.compiled
    }

    /// Whether the results are those of this state and time.
    #[must_use]
    pub fn is_at(&self, catalog: &Catalog, now: Timestamp) -> bool {
        self.state == catalog.state_mark()
            && self.model.mark == catalog.model_mark()
            && self.board.at <= now
            && self.board.until.is_none_or(|until| now < until)
    }

    /// Goes on to a later state or time. False when that cannot be done from here: another engine has to be made.
    #[must_use]
    pub fn advance(&mut self, catalog: &Catalog, now: Timestamp, excused: &Excused) -> bool {
        if now < self.board.at || self.is_full() || !self.model.holds(catalog, &self.compiled.blueprint) {
            return false;
        }
        let Some(touched) = catalog.touched_since(self.place) else { return false };
        let mut dirty = self.watch.dirty(catalog, &touched);
        dirty |= self.watch.due(now);
        for (edges, dates) in &self.dates {
            dates.passed(edges, self.board.at, now, &mut dirty);
        }
        for at in 0..self.board.rules.len() {
            let nothing = NodeSet::new();
            let before = self.excused.get(at).unwrap_or(&nothing);
            let after = excused.rules.get(at).unwrap_or(&nothing);
            dirty |= before ^ after;
        }
        self.excused.clone_from(&excused.rules);
        let members = catalog.set_of(&self.compiled.blueprint);
        dirty &= members.as_ref() | self.board.members.as_ref();
        if !dirty.is_empty() {
            self.look_at(catalog, now, &dirty, None);
        }
        self.place = catalog.place();
        self.state = catalog.state_mark();
        self.tell_time(now, excused);
        true
    }

    fn is_full(&self) -> bool {
        self.watch.is_full() || self.dates.iter().any(|(_, dates)| dates.is_full())
    }

    /// Looks at some entities again; with `known`, at all of them.
    fn look_at(&mut self, catalog: &Catalog, now: Timestamp, dirty: &NodeSet, known: Option<&Board>) {
        let members = catalog.set_of(&self.compiled.blueprint);
        let nodes = dirty & members.as_ref();
        let compiled = &self.compiled;
        let blueprint = &compiled.blueprint;
        let all: Vec<_> = nodes.iter().collect();
        let mut evaluation = Evaluation { catalog, blueprint, now, watch: &mut self.watch };
        let known = known.filter(|known| known.scorecard.filter == compiled.scorecard.filter);
        let known_rule =
            |at: usize| known.and_then(|known| known.same_rule(compiled.scorecard.rules.get(at)?));
        let unknown = compiled.rules.iter().enumerate().filter(|(at, _)| known_rule(*at).is_none());
        let unknown = compiled.filter.iter().filter(|_| known.is_none()).chain(unknown.map(|(_, rule)| rule));
        for condition in unknown.flat_map(|query| &query.list) {
            if let Some(comparison) = condition.comparison() {
                comparison.prepare(catalog, &all);
            }
        }
        let applies = match &compiled.filter {
            _ if known.is_some() => known.map(|known| known.applies.as_ref().clone()).unwrap_or_default(),
            Some(filter) => evaluation.query(filter, &nodes).yes,
            None => nodes.clone(),
        };
        let mut held = Vec::with_capacity(compiled.rules.len());
        for (at, rule) in compiled.rules.iter().enumerate() {
            if let (Some(results), Some(board)) = (known_rule(at), self.board.rules.get_mut(at)) {
                held.push(results.passed.as_ref() | results.exempt.as_ref());
                board.clone_from(results);
                continue;
            }
            let truth = evaluation.query(rule, &applies);
            let rest = &applies - &truth.yes;
            let exempt = self.excused.get(at).map(|excused| excused & &rest).unwrap_or_default();
            let open = truth.open - &exempt;
            let failed = rest - &open - &exempt;
            held.push(&truth.yes | &exempt);
            let Some(board) = self.board.rules.get_mut(at) else { continue };
            splice(&mut board.passed, dirty, &truth.yes);
            splice(&mut board.failed, dirty, &failed);
            splice(&mut board.not_measured, dirty, &open);
            splice(&mut board.exempt, dirty, &exempt);
        }
        let mut here = applies.clone();
        for (level, at) in self.board.levels.iter_mut().enumerate() {
            let mut next = here.clone();
            let above =
                compiled.scorecard.rules.iter().zip(&held).filter(|(rule, _)| rule.level == level + 1);
            above.for_each(|(_, held)| next &= held);
            if level + 1 == compiled.scorecard.levels.len() {
                next.clear();
            }
            splice(at, dirty, &(&here - &next));
            here = next;
        }
        splice(&mut self.board.applies, dirty, &applies);
        let comparisons = conditions(compiled).filter_map(Condition::comparison);
        let dated = comparisons.filter(|comparison| comparison.clock.is_some());
        for ((_, dates), comparison) in self.dates.iter_mut().zip(dated) {
            dates.note(catalog, comparison, &nodes);
        }
        self.watch.note(catalog, &nodes, now);
        self.board.members = members;
    }

    fn tell_time(&mut self, now: Timestamp, excused: &Excused) {
        let dates = self.dates.iter().filter_map(|(edges, dates)| dates.next(edges, now));
        let next = dates.chain(self.watch.next()).chain(excused.until.map(|until| until.0)).min();
        self.board.at = now;
        self.board.until = next.map(Timestamp);
    }
}

fn conditions(compiled: &Compiled) -> impl Iterator<Item = &Condition> {
    compiled.queries().flat_map(|query| &query.list)
}

/// Of those that were looked at, these are in the set; the others are not. A set that stays the same is not copied.
fn splice(set: &mut Arc<NodeSet>, looked_at: &NodeSet, new: &NodeSet) {
    let before = set.as_ref() & looked_at;
    if before != *new {
        let set = Arc::make_mut(set);
        *set -= before;
        *set |= new;
    }
}

impl Condition {
    pub(crate) fn comparison(&self) -> Option<&crate::compile::Comparison> {
        match &self.what {
            What::Rule(comparison) => Some(comparison),
            What::Jq(_) | What::Broken(_) => None,
        }
    }
}
