//! What the teams of a caller own.

use std::collections::BTreeMap;

use stagedoor_query::NodeSet;

use crate::{Portal, View};

impl Portal {
    /// The entities that a caller's teams own and the caller sees, by blueprint.
    pub(super) fn owned(&self, view: &View) -> BTreeMap<String, NodeSet> {
        if view.rights().teams().next().is_none() {
            return BTreeMap::new();
        }
        let catalog = self.shared.catalog.load_full();
        let shown = view.blueprints().iter().map(|entry| &entry.blueprint.identifier);
        let shown = shown.filter(|b| !b.starts_with('_') && *b != "location" && view.count(b) > 0);
        let mut all = self.shared.rights.sights.owned(&catalog, shown, view.rights());
        // Nodes are the same in every snapshot of a process; what is seen is up to the view.
        all.iter_mut().for_each(|(blueprint, set)| *set &= view.catalog.set_of(blueprint).as_ref());
        all
    }
}
