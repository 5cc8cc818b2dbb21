//! Where entities stand in scorecards, as queries see it: the level, or what a rule says.
//!
//! This crate does not evaluate scorecards. Whoever does says who is where ([`Standards`]); conditions, orders and
//! counts are made of these sets. A name that no scorecard has is like a property that no blueprint has: nothing has a
//! value there.

use std::any::Any;
use std::sync::Arc;

use crate::NodeSet;
use crate::catalog::{Catalog, NodeId};
use crate::expr::{Subject, Test};
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

/// What a rule says of those whom its scorecard is not about. Only where statuses are told exactly do they stand there.
pub const OUTSIDE: &str = "notApplicable";

/// The steps of one scorecard, or of one of its rules, from the lowest. No entity is on two of them.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// From the lowest on.
    pub steps: Vec<Step>,
    /// Of a rule: all entities of its blueprint, and those that the scorecard is about. The rest is on no step.
    pub outside: Option<(Arc<NodeSet>, Arc<NodeSet>)>,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is called. Steps of the same name are one to those who count.
    pub name: String,
    /// Other names that conditions may use.
    pub also: &'static [&'static str],
    /// Its own name and its place among those, where several steps share one name.
    pub exact: Option<(&'static str, u32)>,
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
    /// The name of the step that an entity is on.
    #[must_use]
    pub fn at(&self, node: NodeId) -> Option<&str> {
        if let Some(step) = self.steps.iter().find(|step| step.nodes.contains(node)) {
            return Some(&step.name);
        }
        let (all, about) = self.outside.as_ref()?;
        (all.contains(node) && !about.contains(node)).then_some(OUTSIDE)
    }

    /// Its steps, and what is on none of them.
    fn with_outside(self) -> impl Iterator<Item = Step> {
        let rank = self.steps.len() as u32;
        let outside = self.outside.map(|(all, about)| Step {
            name: OUTSIDE.to_owned(),
            also: &[],
            exact: None,
            rank,
            nodes: Arc::new(all.as_ref() - about.as_ref()),
        });
        self.steps.into_iter().chain(outside)
    }

    /// Steps by their own names.
    fn by_status(mut self) -> Self {
        for step in &mut self.steps {
            if let Some((name, rank)) = step.exact {
                (step.name, step.rank) = (name.to_owned(), rank);
            }
        }
        self
    }

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

    fn standing(&self, scorecard: &str, rule: Option<&str>) -> Vec<Standing> {
        let standards = self.standards.clone();
        standards.map(|standards| standards.standing(self, scorecard, rule)).unwrap_or_default()
    }

    /// Where entities stand, of a [`Subject::Standing`]; nothing for any other.
    #[must_use]
    pub fn standing_of(&self, subject: &Subject) -> Vec<Standing> {
        let Subject::Standing { scorecard, rule, exact } = subject else { return Vec::new() };
        let all = self.standing(scorecard, rule.as_deref());
        if *exact {
            return all.into_iter().map(Standing::by_status).collect();
        }
        all.into_iter().map(|standing| Standing { outside: None, ..standing }).collect()
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
            let outside =
                matches!(test, Test::In(list) if list.iter().any(|s| s.is_text && s.text == OUTSIDE));
            if let (true, Some((all, about))) = (outside, &standing.outside) {
                found |= (all.as_ref() & universe) - about.as_ref();
            }
        }
        found
    }

    /// The step that an entity is on. As a number it is the rank.
    pub(crate) fn standing_at(&self, node: NodeId, subject: &Subject) -> Option<Scalar> {
        let mut steps = self.standing_of(subject).into_iter().flat_map(Standing::with_outside);
        Some(steps.find(|step| step.nodes.contains(node))?.scalar())
    }
}

impl Selection<'_> {
    fn on_steps(&self, subject: &Subject) -> Vec<(Step, NodeSet)> {
        let all = self.catalog().standing_of(subject);
        let here = |step: Step| {
            let nodes = step.nodes.as_ref() & self.nodes();
            (step, nodes)
        };
        let steps = all.into_iter().flat_map(Standing::with_outside);
        steps.map(here).filter(|(_, nodes)| !nodes.is_empty()).collect()
    }

    /// Those that stand anywhere.
    pub(crate) fn on_any_step(&self, subject: &Subject) -> NodeSet {
        self.on_steps(subject).into_iter().fold(NodeSet::new(), |all, (_, nodes)| all | nodes)
    }

    pub(crate) fn values_of_standing(&self, subject: &Subject) -> Values {
        let mut gather = Gather::default();
        for (step, nodes) in self.on_steps(subject) {
            let place = gather.place(step.scalar());
            gather.values.pairs.extend(nodes.iter().map(|node| (node, place)));
        }
        gather.values
    }

    /// The texts to sort by: ranks.
    pub(crate) fn standing_ranks(&self, subject: &Subject) -> Vec<(String, NodeId)> {
        let ranked = |(step, nodes): (Step, NodeSet)| {
            nodes.iter().map(|node| (format!("{:04}", step.rank), node)).collect::<Vec<_>>()
        };
        self.on_steps(subject).into_iter().flat_map(ranked).collect()
    }

    /// The buckets, from the lowest step on.
    pub(crate) fn facet_standing(&self, subject: &Subject) -> Vec<Bucket> {
        let mut steps = self.on_steps(subject);
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
