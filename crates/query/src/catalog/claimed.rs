//! What each source claims. Whoever asks after one source should not walk the whole catalog.

use std::collections::BTreeMap;
use std::sync::Arc;

use stagedoor_model::{EntityRecord, Text};

use crate::{Catalog, Entity, NodeId, NodeSet};

/// The nodes of each source's entities.
#[derive(Clone, Default)]
pub(crate) struct Claimed(Arc<BTreeMap<Text, Arc<NodeSet>>>);

impl Claimed {
    /// All at once, at start. The nodes come in their order.
    pub(crate) fn from_all<'a>(records: impl Iterator<Item = (NodeId, &'a EntityRecord)>) -> Self {
        let mut all: BTreeMap<&Text, NodeSet> = BTreeMap::new();
        for (node, record) in records {
            if let Some(claim) = &record.claim {
                all.entry(&claim.source).or_default().insert(node);
            }
        }
        Self(Arc::new(all.into_iter().map(|(source, nodes)| (source.clone(), Arc::new(nodes))).collect()))
    }

    pub(crate) fn insert(&mut self, node: NodeId, record: &EntityRecord) {
        let Some(claim) = &record.claim else { return };
        if self.0.get(&claim.source).is_some_and(|nodes| nodes.contains(node)) {
            return;
        }
        let nodes = Arc::make_mut(&mut self.0).entry(claim.source.clone()).or_default();
        Arc::make_mut(nodes).insert(node);
    }

    pub(crate) fn remove(&mut self, node: NodeId, record: &EntityRecord) {
        let Some(claim) = &record.claim else { return };
        let all = Arc::make_mut(&mut self.0);
        if let Some(nodes) = all.get_mut(&claim.source) {
            Arc::make_mut(nodes).remove(node);
            if nodes.is_empty() {
                all.remove(&claim.source);
            }
        }
    }
}

impl Catalog {
    /// The sources that claim anything, with the number of their entities; hidden ones do not count.
    pub fn claimers(&self) -> impl Iterator<Item = (&str, u64)> {
        let seen = |nodes: &NodeSet| match self.lens() {
            Some(_) => nodes.intersection_len(&self.live),
            None => nodes.len(),
        };
        let all = self.claimed.0.iter().map(move |(source, nodes)| (source.as_str(), seen(nodes)));
        all.filter(|(_, count)| *count > 0)
    }

    /// The entities that a source claims, in the order in which they came.
    pub fn claimed_by(&self, source: &str) -> impl Iterator<Item = (NodeId, &Arc<Entity>)> {
        let nodes = self.claimed.0.get(source).into_iter().flat_map(|nodes| nodes.iter());
        nodes.filter_map(|node| Some((node, self.entity(node)?)))
    }
}
