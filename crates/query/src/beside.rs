//! Copies of a snapshot with things in them that are nowhere kept.

use crate::catalog::Catalog;
use crate::derived::state::Memory;
use crate::expr::{Candidate, Collation, Test};
use crate::index::term::Scalar;

impl Catalog {
    /// A copy for reading that has room for more: blueprints and entities may be applied to it which exist only there.
    /// Derived values are remembered apart, and where entities stand in scorecards it does not know: both would be
    /// computed anew for each copy. Nodes of the snapshot keep their numbers.
    #[must_use]
    pub fn beside(&self) -> Self {
        let mut copy = self.clone();
        copy.derived = self.derived.remembering(&Memory::apart(self));
        copy.standards = None;
        copy
    }
}

impl Test {
    /// Whether a value satisfies the test.
    #[must_use]
    pub fn holds(&self, value: &Scalar, collation: Collation) -> bool {
        self.accepts(Candidate { text: &value.text, is_text: value.is_text }, collation)
    }
}
