//! The kind and the blueprint of every node, by number: what a walk asks at every edge, with no look at a name.

use std::collections::HashMap;
use std::sync::Arc;

use stagedoor_model::entity_ref::kind_of;

use crate::catalog::NodeId;
use crate::cow::PagedVec;

/// Kind and blueprint of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Class {
    /// Of its reference.
    pub(crate) kind: u32,
    /// Of its entity; 0 where there is none.
    pub(crate) blueprint: u32,
}

/// Numbers for names, from 1. They are kept: there are few.
#[derive(Clone, Default)]
struct Numbers(Arc<HashMap<Arc<str>, u32>>);

impl Numbers {
    fn intern(&mut self, name: &str) -> u32 {
        if let Some(number) = self.0.get(name) {
            return *number;
        }
        let number = self.0.len() as u32 + 1;
        Arc::make_mut(&mut self.0).insert(name.into(), number);
        number
    }
}

/// The classes of all nodes.
#[derive(Clone, Default)]
pub(crate) struct Classes {
    kinds: Numbers,
    blueprints: Numbers,
    of: PagedVec<Class>,
}

impl Classes {
    /// The next node, which has no entity yet.
    pub(crate) fn push(&mut self, reference: &str) {
        let kind = self.kinds.intern(kind_of(reference));
        self.of.push(Class { kind, blueprint: 0 });
    }

    /// A node has got an entity of a blueprint.
    pub(crate) fn set_blueprint(&mut self, node: NodeId, blueprint: &str) {
        let number = self.blueprints.intern(blueprint);
        self.put(node, number);
    }

    /// A node has no entity any more.
    pub(crate) fn clear_blueprint(&mut self, node: NodeId) {
        self.put(node, 0);
    }

    fn put(&mut self, node: NodeId, blueprint: u32) {
        // Its page is shared with readers: most changes leave the class as it is.
        if self.of(node).blueprint != blueprint
            && let Some(class) = self.of.get_mut(node as usize)
        {
            class.blueprint = blueprint;
        }
    }

    pub(crate) fn of(&self, node: NodeId) -> Class {
        self.of.get(node as usize).copied().unwrap_or_default()
    }

    /// The number of a kind, if any node is of it.
    pub(crate) fn kind(&self, name: &str) -> Option<u32> {
        self.kinds.0.get(name).copied()
    }

    /// The number of a blueprint, if it ever had an entity.
    pub(crate) fn blueprint(&self, name: &str) -> Option<u32> {
        self.blueprints.0.get(name).copied()
    }

    /// Every number of a blueprint is below.
    pub(crate) fn blueprints_end(&self) -> usize {
        self.blueprints.0.len() + 1
    }
}
