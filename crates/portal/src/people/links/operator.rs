//! Links for whoever runs the program: printed at the first start, and by `stagedoor admin-link`.
//!
//! The command runs beside the portal, or without it, so it makes no commit: it leaves the link's digest among the
//! settings of the database, and the portal takes it from there when somebody comes with the secret. Whoever can write
//! to the database may do everything anyway.

use serde::{Deserialize, Serialize};
use stagedoor_auth::{secret_digest, secret_text};
use stagedoor_model::{Actor, Timestamp};
use stagedoor_store::{Store, StoreError};

use super::{COLLECTION, Link, LinkKind, MOST_SETUP, links};
use crate::error::PortalError;
use crate::people::accounts::Fresh;
use crate::people::sign_ins::Secret;
use crate::people::sign_ins::random::random;
use crate::writer::{Draft, internal};
use crate::{Portal, clock};

/// Settings that hold links of the command, by digest.
const SETTING: &str = "admin_link/";
/// Who makes a link that is printed at a start.
pub(super) const PRINTED: &str = "setup";
/// A link that was used up leaves its trace here.
const USED: &str = "admin_link_used/";

/// A link that `stagedoor admin-link` prints.
#[derive(Clone, Debug)]
pub struct OperatorLink {
    /// What goes behind `/welcome#`.
    pub secret: Secret,
    /// Name of the setting that has to be stored.
    pub setting: String,
    /// Its value.
    pub value: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Left {
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// A fresh link that makes somebody administrator, and what has to be stored for it to be good.
///
/// # Errors
/// When the system has no random numbers.
pub fn operator_link() -> Result<OperatorLink, PortalError> {
    let secret = secret_text(&random()?);
    let digest = secret_digest(&secret).unwrap_or_default();
    let created_at = clock::now();
    let expires_at = Timestamp(created_at.0 + LinkKind::Setup.life());
    let value = serde_json::to_string(&Left { created_at, expires_at }).unwrap_or_default();
    Ok(OperatorLink { secret: Secret(secret), setting: format!("{SETTING}{digest}"), value, expires_at })
}

impl Portal {
    /// A link that makes the first administrator; `None` when one can sign in already.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn setup_link(&self) -> Result<Option<super::MadeLink>, PortalError> {
        if !self.needs_setup() {
            return Ok(None);
        }
        let Fresh { secret, digest, id } = Fresh::new()?;
        let made = id.clone();
        let make = move |draft: &mut Draft| {
            let (created_at, expires_at) = (draft.at, Timestamp(draft.at.0 + LinkKind::Setup.life()));
            draft.put_setup_link(&digest, &made, Left { created_at, expires_at });
            Ok(expires_at)
        };
        let expires_at = self.commit(Actor::new(PRINTED, "system"), false, make).await?;
        Ok(Some(super::MadeLink { id, secret, expires_at }))
    }

    /// Takes a link of the command out of the settings. Answers whether there was one that is good.
    pub(super) async fn fetch_operator_link(
        &self,
        digest: &str,
        now: Timestamp,
    ) -> Result<bool, PortalError> {
        let (store, of) = (std::sync::Arc::clone(&self.shared.store), digest.to_owned());
        let found = tokio::task::spawn_blocking(move || left(store.as_ref(), &of)).await;
        let found = found.map_err(|_| PortalError::Unavailable("the portal is shutting down".into()))?;
        let Some(left) = found.map_err(internal)?.filter(|left| now < left.expires_at) else {
            return Ok(false);
        };
        let id = super::super::sign_ins::random::public_id()?;
        let digest = digest.to_owned();
        let take = move |draft: &mut Draft| {
            let (created_at, expires_at) = (left.created_at, left.expires_at);
            draft.put_setup_link(&digest, &id, Left { created_at, expires_at });
            Ok(())
        };
        self.commit(Actor::new("admin-link", "system"), false, take).await?;
        Ok(true)
    }
}

/// What the command has left, if it was not taken before. Blocks.
fn left(store: &dyn Store, digest: &str) -> Result<Option<Left>, StoreError> {
    let Some(value) = store.setting(&format!("{SETTING}{digest}"))? else { return Ok(None) };
    // Settings are never removed: the first to store this mark has the link, once.
    let mine = uuid::Uuid::new_v4().to_string();
    if store.put_setting_if_absent(&format!("{USED}{digest}"), &mine)? != mine {
        return Ok(None);
    }
    Ok(serde_json::from_str(&value).ok())
}

impl Draft {
    fn put_setup_link(&mut self, digest: &str, id: &str, when: Left) {
        let setup = |(_, link): &(&str, Link)| link.kind == LinkKind::Setup;
        let mut others: Vec<_> =
            links(&self.catalog).filter(setup).map(|(d, l)| (l.created_at, d.to_owned())).collect();
        others.sort();
        let surplus = (others.len() + 1).saturating_sub(MOST_SETUP);
        others.iter().take(surplus).for_each(|(_, digest)| self.drop_link(digest));
        let link = Link {
            id: id.to_owned(),
            kind: LinkKind::Setup,
            email: None,
            uid: None,
            by: self.actor.name.clone(),
            created_at: when.created_at,
            expires_at: when.expires_at,
        };
        self.put_private(COLLECTION, digest, &link);
    }
}
