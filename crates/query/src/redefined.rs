//! The catalog with other definitions, to look at what they would come to.

use std::sync::Arc;

use stagedoor_model::Blueprint;

use crate::blueprints::BlueprintChange;
use crate::catalog::Catalog;
use crate::derived::state::Memory;

impl Catalog {
    /// The same entities under another definition of a blueprint, or without it where `new` is `None`. What is
    /// derived is derived anew, and remembered apart; entities are not indexed again, so that this costs the same
    /// however many there are. A search by a property that only the new definition has finds nothing.
    #[must_use]
    pub fn redefined(&self, identifier: &str, new: Option<&Arc<Blueprint>>) -> Self {
        let mut copy = self.clone();
        let change = new.map_or(BlueprintChange::Delete(identifier), BlueprintChange::Put);
        copy.blueprints = Arc::new(self.blueprints.with(change));
        copy.derived.step();
        copy.derived.blueprints_changed();
        copy.derived = copy.derived.remembering(&Memory::apart(&copy));
        copy
    }
}
