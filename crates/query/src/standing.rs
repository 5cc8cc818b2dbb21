//! Where entities stand in scorecards, as queries see it: the level, or what a rule says.
//!
//! This crate does not evaluate scorecards. Whoever does says who is where ([`Standards`]); conditions, orders and
//! counts are made of these sets. A name that no scorecard has is like a property that no blueprint has: nothing has a
//! value there.

use std::any::Any;
use std::sync::Arc;

use crate::NodeSet;
use crate::catalog::{Catalog, NodeId};
use crate::expr::Test;
use crate::facet::Bucket;
use crate::index::term::Scalar;
use crate::page::Selection;
use crate::values::{Gather, Values};

/// Evaluates scorecards.
pub trait Standards: Any + Send + Sync {
    /// Where the entities of each blueprint stand that has a scorecard of this name, and a rule of this name where one
    /// is given.
    fn standing(&self, catalog: &Catalog, scorecard: &str, rule: Option<&str>) -> Vec<Standing>;
}

/// The steps of one scorecard, or of one of its rules, from the lowest. No entity is on two of them.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// From the lowest on.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is called. Steps of the same name are one to those who count.
    pub name: String,
    /// Other names that conditions may use.
    pub also: &'static [&'static str],
    /// Its rank; steps of one name have one rank.
    pub rank: u32,
    /// Who is there.
    pub nodes: Arc<NodeSet>,
}

impl Step {
    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.also.contains(&name)
    }

    fn scalar(&self) -> Scalar {
        Scalar { text: self.name.clone(), number: Some(f64::from(self.rank)), is_text: true }
    }
}

impl Standing {
    /// Whether who is on a step satisfies a test.
    fn accepts(&self, step: &Step, test: &Test) -> bool {
        let names = || std::iter::once(step.name.as_str()).chain(step.also.iter().copied());
        match test {
            Test::Exists | Test::Valued | Test::Filled => true,
            Test::In(list) => list.iter().any(|s| s.is_text && step.is_called(&s.text)),
            Test::Prefix(part) => names().any(|name| name.starts_with(part)),
            Test::Suffix(part) => names().any(|name| name.ends_with(part)),
            Test::Contains(part) => names().any(|name| name.contains(part)),
            Test::Compare(order, operand) => {
                let other = self.steps.iter().find(|s| s.is_called(&operand.text));
                other.is_some_and(|other| order.holds(step.rank.cmp(&other.rank)))
            }
        }
    }
}

impl Catalog {
    /// Has scorecards evaluated by this. Successors of the snapshot inherit it.
    pub fn set_standards(&mut self, standards: Arc<dyn Standards>) {
        self.standards = Some(standards);
    }

    /// Who evaluates scorecards.
    #[must_use]
    pub fn standards(&self) -> Option<&dyn Standards> {
        self.standards.as_deref()
    }

    pub(crate) fn standing(&self, scorecard: &str, rule: Option<&str>) -> Vec<Standing> {
        let standards = self.standards.clone();
        standards.map(|standards| standards.standing(self, scorecard, rule)).unwrap_or_default()
    }

    pub(crate) fn standing_condition(
        &self,
        scorecard: &str,
        rule: Option<&str>,
        test: &Test,
        universe: &NodeSet,
    ) -> NodeSet {
        let mut found = NodeSet::new();
        for standing in self.standing(scorecard, rule) {
            for step in standing.steps.iter().filter(|step| standing.accepts(step, test)) {
                found |= step.nodes.as_ref() & universe;
            }
        }
        found
    }

    /// The step that an entity is on. As a number it is the rank.
    pub(crate) fn standing_at(&self, node: NodeId, scorecard: &str, rule: Option<&str>) -> Option<Scalar> {
        let all = self.standing(scorecard, rule);
        let step = all.iter().flat_map(|s| &s.steps).find(|step| step.nodes.contains(node))?;
        Some(step.scalar())
    }
}

impl Selection<'_> {
    fn on_steps(&self, scorecard: &str, rule: Option<&str>) -> Vec<(Step, NodeSet)> {
        let all = self.catalog().standing(scorecard, rule);
        let here = |step: Step| {
            let nodes = step.nodes.as_ref() & self.nodes();
            (step, nodes)
        };
        all.into_iter().flat_map(|s| s.steps).map(here).filter(|(_, nodes)| !nodes.is_empty()).collect()
    }

    pub(crate) fn values_of_standing(&self, scorecard: &str, rule: Option<&str>) -> Values {
        let mut gather = Gather::default();
        for (step, nodes) in self.on_steps(scorecard, rule) {
            let place = gather.place(step.scalar());
            gather.values.pairs.extend(nodes.iter().map(|node| (node, place)));
        }
        gather.values
    }

    /// The texts to sort by: ranks.
    pub(crate) fn standing_ranks(&self, scorecard: &str, rule: Option<&str>) -> Vec<(String, NodeId)> {
        let ranked = |(step, nodes): (Step, NodeSet)| {
            nodes.iter().map(|node| (format!("{:04}", step.rank), node)).collect::<Vec<_>>()
        };
        self.on_steps(scorecard, rule).into_iter().flat_map(ranked).collect()
    }

    /// The buckets, from the lowest step on.
    pub(crate) fn facet_standing(&self, scorecard: &str, rule: Option<&str>) -> Vec<Bucket> {
        let mut steps = self.on_steps(scorecard, rule);
        steps.sort_by_key(|(step, _)| step.rank);
        let mut buckets: Vec<Bucket> = Vec::new();
        for (step, nodes) in steps {
            match buckets.iter_mut().find(|bucket| bucket.value.text == step.name) {
                Some(bucket) => bucket.count += nodes.len(),
                None => buckets.push(Bucket { value: Scalar::text(step.name), count: nodes.len() }),
            }
        }
        buckets
    }
}
