//! Programs: personal tokens and those of service accounts, `Authorization: Bearer sdp_...` and `sds_...`.

use stagedoor_auth::SecretKind;
use stagedoor_portal::Portal;

use super::{Authenticator, Presented, Verdict};

/// Tokens, looked up in the newest snapshot by their digest.
pub(crate) struct SecretTokens(Portal);

impl SecretTokens {
    pub(crate) fn new(portal: &Portal) -> Self {
        Self(portal.clone())
    }
}

impl Authenticator for SecretTokens {
    fn authenticate(&self, presented: &Presented<'_>) -> Verdict {
        let Some(token) = presented.bearer.filter(|token| SecretKind::of(token).is_some()) else {
            return Verdict::NotMine;
        };
        self.0.token_viewer(token, presented.now).map_or(Verdict::Refused, Verdict::Viewer)
    }
}
