//! The far end of a path of relations, each of them followed either way: the services of my systems.

use crate::catalog::{Catalog, NodeId};
use crate::reach::{Bits, Web};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Key of the relation.
    pub relation: String,
    /// `Some`: back, to the entities of this blueprint whose relation it is; `None`: to what it leads to.
    pub back: Option<String>,
}

impl Catalog {
    /// The nodes after each step of a path, each once and in the order of numbers. Ends that do not exist are among
    /// them; the start is not among the last ones. Under a [`crate::budget`] that has run out it is incomplete.
    #[must_use]
    pub fn follow_path(&self, start: NodeId, steps: &[Step]) -> Vec<Vec<NodeId>> {
        let web = Web::new(self);
        let mut levels: Vec<Vec<NodeId>> = Vec::with_capacity(steps.len());
        let mut ends = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            let members = step.back.as_deref().map(|blueprint| self.set_of(blueprint));
            let mut found = Bits::of(self);
            let from = levels.last().map_or(std::slice::from_ref(&start), Vec::as_slice);
            for node in from {
                match &members {
                    None => web.forward(*node, Some(&step.relation), &mut ends),
                    Some(_) => web.backward(*node, Some(&step.relation), &mut ends),
                }
                if !crate::budget::spend(ends.len() as u32 + 1) {
                    break;
                }
                let fits = |node: &NodeId| members.as_ref().is_none_or(|all| all.contains(*node));
                found.extend(ends.drain(..).filter(fits));
            }
            if at + 1 == steps.len() {
                found.remove(start);
            }
            levels.push(found.iter().collect());
        }
        levels
    }
}
