//! What somebody could do with one entity, asked and not done.

use stagedoor_auth::{Action, Changes, Denied, Resource, decide};
use stagedoor_query::NodeId;

use super::EntityFacts;
use crate::{Portal, View, clock};

impl Portal {
    /// Whether the viewer of a view could do something with the entity at a node of it; without a trace. `None` where
    /// there is no entity that it may see.
    #[must_use]
    pub fn could_with(&self, view: &View, action: Action, node: NodeId) -> Option<Result<(), Denied>> {
        let entity = view.entity(node)?;
        let permissions = self.permissions().get(&entity.record.blueprint);
        // Whose it is may be told by an entity that the viewer does not see.
        let whole = self.shared.catalog.load();
        let facts = EntityFacts { catalog: &whole, node, now: clock::now() };
        let resource = Resource::Entity { permissions: &permissions, facts: &facts, changes: Changes::None };
        Some(decide(view.rights(), action, &resource))
    }

    /// Whether a viewer could do something with entities of any blueprint that Backstage's dialect shows.
    #[must_use]
    pub fn could_somewhere(&self, view: &View, action: Action) -> bool {
        let permissions = self.permissions();
        let anywhere = decide(view.rights(), action, &Resource::Any).is_ok();
        anywhere
            || view.blueprints().iter().filter(|entry| entry.visible).any(|entry| {
                let of = permissions.get(&entry.blueprint.identifier);
                decide(view.rights(), action, &Resource::Entities(&of)).is_ok()
            })
    }
}
