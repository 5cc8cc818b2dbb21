//! An entity's level, for a picture of it.

use stagedoor_auth::{Action, Resource, Viewer};

use crate::Portal;
use crate::error::PortalError;

/// What a badge says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    /// Title of the scorecard.
    pub label: String,
    /// The level.
    pub value: String,
    /// Its colour, by Port's name.
    pub color: String,
}

impl Portal {
    /// The level of an entity in a scorecard.
    ///
    /// # Errors
    /// `NotFound` for the entity or the scorecard, the same for one that the viewer does not see; `Forbidden`.
    pub fn badge(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        entity: &str,
        scorecard: &str,
    ) -> Result<Badge, PortalError> {
        let view = self.view_for(viewer, Action::ReadBadges, Resource::Named(blueprint))?;
        let missing = || PortalError::NotFound("there is no such entity or scorecard".into());
        let node = view.by_key(blueprint, entity).filter(|node| view.entity(*node).is_some());
        let node = node.ok_or_else(missing)?;
        let board = view.board(blueprint, scorecard).ok_or_else(missing)?;
        let level = board.level(node).and_then(|level| board.scorecard.levels.get(level));
        let (value, color) = match level {
            Some(level) => (level.title.clone(), level.color.clone()),
            None => ("not applicable".to_owned(), "lightGray".to_owned()),
        };
        Ok(Badge { label: board.scorecard.title.clone(), value, color })
    }
}
