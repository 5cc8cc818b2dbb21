//! Which results satisfy a query, as sets of the entities that they are about.
//!
//! What is asked of a result is the same for all results of a rule (the rule itself, its scorecard, its level), or one of
//! two sets that the board has (the result), or something of the entity. So a query is answered rule by rule, by set
//! algebra. What cannot be answered so is answered with bounds: who satisfies it for certain, and who may.

use std::sync::Arc;

use stagedoor_model::Timestamp;
use stagedoor_query::budget::spend;
use stagedoor_query::dialect::port;
use stagedoor_query::reach::{Reach, Route, Start};
use stagedoor_query::{Catalog, Collation, Expr, Meta, NodeId, NodeSet, Scalar, Subject, Test};

use super::{RESULTS, Slice};

/// Who satisfies something, and who may.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bounds {
    pub(super) sure: NodeSet,
    pub(super) maybe: NodeSet,
}

impl Bounds {
    pub(super) fn exact(set: NodeSet) -> Self {
        Self { sure: set.clone(), maybe: set }
    }

    pub(super) fn is_exact(&self) -> bool {
        self.sure.len() == self.maybe.len()
    }
}

/// What a condition on a result is about.
#[derive(Clone, Debug)]
enum What {
    Blueprint,
    Level,
    Scorecard,
    Result,
    Entity,
    Since,
    Rule,
    /// The relation to the entities of a blueprint.
    Of(String),
}

/// Where queries find what, under the blueprint of results.
pub(super) struct Places(Vec<(Subject, What)>);

impl Places {
    /// `catalog` has the blueprint with what it derives as plain properties.
    pub(super) fn of(catalog: &Catalog, scored: &[String]) -> Self {
        let blueprints = catalog.blueprints();
        let scope = port::Scope { blueprints, only: Some(RESULTS), now: Timestamp(0), caller: None };
        let plain = [
            ("blueprint", What::Blueprint),
            ("level", What::Level),
            ("scorecard", What::Scorecard),
            ("result", What::Result),
            ("entity", What::Entity),
            ("result_last_change", What::Since),
            ("rule", What::Rule),
        ];
        let targets = scored.iter().map(|blueprint| (blueprint.as_str(), What::Of(blueprint.clone())));
        let subject = |(name, what)| {
            let column = port::named(name, "", &scope).ok()?.into_iter().next()?;
            Some((column.subject().clone(), what))
        };
        Self(plain.into_iter().chain(targets).filter_map(subject).collect())
    }

    /// Whether results have a relation to the entities of a blueprint.
    fn relates(&self, blueprint: &str) -> bool {
        self.0.iter().any(|(_, what)| matches!(what, What::Of(of) if of == blueprint))
    }

    fn what(&self, subject: &Subject) -> Option<&What> {
        self.0.iter().find(|(known, _)| known == subject).map(|(_, what)| what)
    }
}

/// A rule's results under a query.
pub(super) struct Narrow<'a> {
    /// As the viewer sees it.
    pub(super) catalog: &'a Catalog,
    pub(super) places: &'a Places,
    pub(super) slice: &'a Slice,
}

impl Narrow<'_> {
    /// Who of `all` satisfies a query.
    pub(super) fn bounds(&self, expr: &Expr, all: &NodeSet) -> Bounds {
        match expr {
            _ if !spend(32) => Bounds::exact(NodeSet::new()),
            Expr::All => Bounds::exact(all.clone()),
            Expr::And(parts) => {
                let mut both = Bounds::exact(all.clone());
                for part in parts {
                    let next = self.bounds(part, &both.maybe);
                    both.sure &= &next.sure;
                    both.maybe = next.maybe;
                    if both.maybe.is_empty() {
                        break;
                    }
                }
                both
            }
            Expr::Or(parts) => {
                let mut any = Bounds::exact(NodeSet::new());
                for part in parts {
                    let next = self.bounds(part, all);
                    any.sure |= next.sure;
                    any.maybe |= next.maybe;
                }
                any
            }
            Expr::Not(part) => {
                let inner = self.bounds(part, all);
                Bounds { sure: all - inner.maybe, maybe: all - inner.sure }
            }
            Expr::Is { subject, test, collation } => self.condition(subject, test, *collation, all),
            Expr::Reach(reach) => self.reach(reach, all),
        }
    }

    fn condition(&self, subject: &Subject, test: &Test, collation: Collation, all: &NodeSet) -> Bounds {
        let same = |value: &str| match test.holds(&Scalar::text(value), collation) {
            true => Bounds::exact(all.clone()),
            false => Bounds::exact(NodeSet::new()),
        };
        let of_entity = || {
            let expr = Expr::Is { subject: subject.clone(), test: test.clone(), collation };
            Bounds::exact(self.catalog.satisfying(&expr, all))
        };
        let slice = self.slice;
        match subject {
            Subject::Meta(Meta::Blueprint) => same(RESULTS),
            Subject::Meta(Meta::Title) => same(&slice.title),
            Subject::Meta(Meta::Identifier) => self.identifiers(&slice.prefix, test, collation, all),
            Subject::Meta(Meta::Team) => of_entity(),
            _ => match self.places.what(subject) {
                None => Bounds { sure: NodeSet::new(), maybe: all.clone() },
                Some(What::Blueprint) => same(&slice.board.blueprint),
                Some(What::Level) => same(&slice.level),
                Some(What::Scorecard) => same(&slice.board.scorecard.title),
                Some(What::Rule) => same(slice.rule_identifier()),
                Some(What::Result) => self.results(test, collation, all),
                Some(What::Entity) => self.identifiers("", test, collation, all),
                Some(What::Since) => self.since(test, collation, all),
                Some(What::Of(blueprint)) if **blueprint == *slice.board.blueprint => {
                    self.identifiers("", test, collation, all)
                }
                Some(What::Of(_)) => Bounds::exact(NodeSet::new()),
            },
        }
    }

    /// How many of `nodes` have results of each value of something, and how many of none. `None` where that is not
    /// known without looking at each.
    pub(super) fn groups(&self, by: &Subject, nodes: &NodeSet) -> Option<(Vec<(Scalar, u64)>, u64)> {
        let same = |value: &str| Some((vec![(Scalar::text(value), nodes.len())], 0));
        let slice = self.slice;
        match by {
            Subject::Meta(Meta::Blueprint) => same(RESULTS),
            Subject::Meta(Meta::Title) => same(&slice.title),
            Subject::Meta(Meta::Team) => Some(self.catalog.those(nodes).groups(by, None)),
            _ => match self.places.what(by)? {
                What::Blueprint => same(&slice.board.blueprint),
                What::Level => same(&slice.level),
                What::Scorecard => same(&slice.board.scorecard.title),
                What::Rule => same(slice.rule_identifier()),
                What::Result => {
                    let result = |result: &str| {
                        let is = Test::In(vec![Scalar::text(result)]);
                        let found = self.results(&is, Collation::Exact, nodes).sure;
                        (Scalar::text(result), found.len())
                    };
                    Some((vec![result("Passed"), result("Not passed")], 0))
                }
                What::Entity | What::Since | What::Of(_) => None,
            },
        }
    }

    fn results(&self, test: &Test, collation: Collation, all: &NodeSet) -> Bounds {
        let Some(rule) = self.slice.board.rules.get(self.slice.rule) else {
            return Bounds::exact(NodeSet::new());
        };
        let holds = |result: &str| test.holds(&Scalar::text(result), collation);
        let mut found = NodeSet::new();
        if holds("Passed") {
            found |= rule.passed.as_ref() | rule.exempt.as_ref();
        }
        if holds("Not passed") {
            found |= rule.failed.as_ref() | rule.not_measured.as_ref();
        }
        Bounds::exact(found & all)
    }

    /// A condition on the identifier of the entity behind `prefix`.
    fn identifiers(&self, prefix: &str, test: &Test, collation: Collation, all: &NodeSet) -> Bounds {
        let catalog = self.catalog;
        if let (Test::In(list), Collation::Exact) = (test, collation) {
            let texts = list.iter().filter(|sought| sought.is_text);
            let rests = texts.filter_map(|sought| sought.text.strip_prefix(prefix));
            let nodes = rests.filter_map(|rest| catalog.node_of_key(&self.slice.board.blueprint, rest));
            return Bounds::exact(nodes.filter(|node| all.contains(*node)).collect());
        }
        if matches!(test, Test::Exists | Test::Valued | Test::Filled) {
            return Bounds::exact(all.clone());
        }
        let holds = |node: &NodeId| {
            let text = format!("{prefix}{}", catalog.identifier_at(*node));
            test.holds(&Scalar::text(text), collation)
        };
        Bounds::exact(all.iter().take_while(|_| spend(4)).filter(holds).collect())
    }

    fn since(&self, test: &Test, collation: Collation, all: &NodeSet) -> Bounds {
        let holds = |node: &NodeId| {
            let since = self.catalog.entity(*node).and_then(|entity| self.slice.since(entity));
            since.is_some_and(|at| test.holds(&Scalar::text(at.to_string()), collation))
        };
        Bounds::exact(all.iter().take_while(|_| spend(8)).filter(holds).collect())
    }

    /// A condition on the entity itself, through the relation to it.
    fn reach(&self, reach: &Arc<Reach>, all: &NodeSet) -> Bounds {
        let unknown = Bounds { sure: NodeSet::new(), maybe: all.clone() };
        let (Start::Matching(expr), Route::Path { hops, backward: true }) = (&reach.from, &reach.route)
        else {
            return unknown;
        };
        let blueprint = &*self.slice.board.blueprint;
        match hops.as_slice() {
            [hop]
                if hop.max == 1
                    && hop.relation.as_deref() == Some(blueprint)
                    && self.places.relates(blueprint) =>
            {
                Bounds::exact(self.catalog.satisfying(expr, all))
            }
            _ => unknown,
        }
    }
}
