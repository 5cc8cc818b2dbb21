//! Results of one scorecard for every entity of its blueprint, as sets.

use std::sync::Arc;

use stagedoor_model::Timestamp;
use stagedoor_query::{NodeId, NodeSet};

use crate::definition::{Rule, Scorecard};
use crate::status::{Counts, Status};

/// The results of one scorecard for one state of the catalog. Cheap to clone: its sets are shared.
#[derive(Clone, Debug)]
pub struct Board {
    /// What it is about.
    pub scorecard: Arc<Scorecard>,
    /// Identifier of its blueprint.
    pub blueprint: Arc<str>,
    /// Every entity of the blueprint.
    pub members: Arc<NodeSet>,
    /// Those that the filter leaves in.
    pub applies: Arc<NodeSet>,
    /// By rule, in the scorecard's order.
    pub rules: Vec<RuleBoard>,
    /// Who is at exactly this level, by level. Who is not in `applies` is at none.
    pub levels: Vec<Arc<NodeSet>>,
    /// The time it was made for.
    pub at: Timestamp,
    /// It holds before this time, as long as the catalog is the same.
    pub until: Option<Timestamp>,
}

/// The results of one rule. The sets are disjoint and together those that the scorecard applies to.
#[derive(Clone, Debug, Default)]
pub struct RuleBoard {
    /// See [`Status::Passed`].
    pub passed: Arc<NodeSet>,
    /// See [`Status::Failed`].
    pub failed: Arc<NodeSet>,
    /// See [`Status::NotMeasured`].
    pub not_measured: Arc<NodeSet>,
    /// See [`Status::Exempt`].
    pub exempt: Arc<NodeSet>,
}

impl RuleBoard {
    /// What the rule says of an entity.
    #[must_use]
    pub fn status(&self, node: NodeId) -> Status {
        if self.passed.contains(node) {
            Status::Passed
        } else if self.exempt.contains(node) {
            Status::Exempt
        } else if self.not_measured.contains(node) {
            Status::NotMeasured
        } else if self.failed.contains(node) {
            Status::Failed
        } else {
            Status::NotApplicable
        }
    }

    /// Who has a status; nothing for [`Status::NotApplicable`], which is the scorecard's.
    #[must_use]
    pub fn of(&self, status: Status) -> Option<&Arc<NodeSet>> {
        match status {
            Status::Passed => Some(&self.passed),
            Status::Failed => Some(&self.failed),
            Status::NotMeasured => Some(&self.not_measured),
            Status::Exempt => Some(&self.exempt),
            Status::NotApplicable => None,
        }
    }
}

impl Board {
    /// The results of a rule that is called and says the same.
    pub(crate) fn same_rule(&self, rule: &Rule) -> Option<&RuleBoard> {
        let (at, known) = self.scorecard.rule(&rule.identifier)?;
        self.rules.get(at).filter(|_| known.query == rule.query)
    }

    /// The place of an entity's level; `None` where the scorecard does not apply to it.
    #[must_use]
    pub fn level(&self, node: NodeId) -> Option<usize> {
        self.levels.iter().position(|level| level.contains(node))
    }

    /// The title of an entity's level.
    #[must_use]
    pub fn level_title(&self, node: NodeId) -> Option<&str> {
        self.scorecard.levels.get(self.level(node)?).map(|level| level.title.as_str())
    }

    /// What a rule says of an entity.
    #[must_use]
    pub fn status(&self, rule: usize, node: NodeId) -> Status {
        self.rules.get(rule).map_or(Status::NotApplicable, |rule| rule.status(node))
    }

    /// How many have which status by a rule; with `within`, of these only.
    #[must_use]
    pub fn counts(&self, rule: usize, within: Option<&NodeSet>) -> Counts {
        let count = |set: &NodeSet| within.map_or(set.len(), |within| set.intersection_len(within));
        let Some(rule) = self.rules.get(rule) else { return Counts::default() };
        Counts {
            passed: count(&rule.passed),
            failed: count(&rule.failed),
            not_measured: count(&rule.not_measured),
            not_applicable: count(&self.members).saturating_sub(count(&self.applies)),
            exempt: count(&rule.exempt),
        }
    }

    /// How many are at each level; with `within`, of these only.
    #[must_use]
    pub fn level_counts(&self, within: Option<&NodeSet>) -> Vec<u64> {
        let count = |set: &Arc<NodeSet>| within.map_or(set.len(), |within| set.intersection_len(within));
        self.levels.iter().map(count).collect()
    }

    /// Those of whom no rule says that they fail, exempt ones included.
    #[must_use]
    pub fn all_passed(&self) -> NodeSet {
        let mut all = self.applies.as_ref().clone();
        for rule in &self.rules {
            all &= rule.passed.as_ref() | rule.exempt.as_ref();
        }
        all
    }
}
