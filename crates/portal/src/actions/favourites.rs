//! What somebody keeps at hand of what can be executed: a personal setting.

use serde_json::{Value, json};
use stagedoor_auth::Viewer;

use crate::Portal;
use crate::error::PortalError;

/// Bucket and key of the setting.
const BUCKET: &str = "actions";
const KEY: &str = "favourites";
/// Of one person.
const MOST: usize = 200;
/// Characters of one.
const LONGEST: usize = 1_200;

impl Portal {
    /// Favourites: `action:<identifier>` and `template:<reference>`. Who has no settings has none.
    #[must_use]
    pub fn favourite_actions(&self, viewer: &Viewer) -> Vec<String> {
        let found = self.user_settings(viewer, [(BUCKET, KEY)]).unwrap_or_default().pop().flatten();
        let list = found.as_ref().and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Sets the caller's favourites.
    ///
    /// # Errors
    /// `Invalid` where there are too many; `Forbidden`.
    pub async fn put_favourite_actions(
        &self,
        viewer: &Viewer,
        favourites: Vec<String>,
    ) -> Result<(), PortalError> {
        if favourites.len() > MOST || favourites.iter().any(|name| name.chars().count() > LONGEST) {
            return Err(PortalError::invalid(format!("\"favourites\" must NOT have more than {MOST} names")));
        }
        self.put_user_setting(viewer, BUCKET, KEY, json!(favourites)).await
    }
}
