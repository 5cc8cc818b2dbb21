//! Entities as bytes, straight from storage; taken apart only where `fields` asks for less.

use stagedoor_portal::View;
use stagedoor_query::NodeId;

use crate::fields::Fields;

/// Writes entities into a body.
pub(crate) struct Items<'v> {
    view: &'v View,
    fields: Option<&'v Fields>,
    entity: Vec<u8>,
}

impl<'v> Items<'v> {
    /// For entities of a snapshot.
    pub(crate) fn new(view: &'v View, fields: Option<&'v Fields>) -> Self {
        Self { view, fields, entity: Vec::new() }
    }

    /// Appends one entity.
    pub(crate) fn append(&mut self, node: NodeId, out: &mut Vec<u8>) {
        let Some(fields) = self.fields else { return self.view.append_backstage(node, out) };
        self.entity.clear();
        self.view.append_backstage(node, &mut self.entity);
        fields.project(&self.entity, out);
    }

    /// Appends entities, separated by commas.
    pub(crate) fn append_all(&mut self, nodes: impl Iterator<Item = NodeId>, out: &mut Vec<u8>) {
        for (i, node) in nodes.enumerate() {
            if i > 0 {
                out.push(b',');
            }
            self.append(node, out);
        }
    }
}
