//! `backend.auth.externalAccess`: who may call from outside with what the configuration itself says or points at.

use stagedoor_auth::{ExternalRule, Scopes};
use url::Url;

use super::types::Text;

/// One way for programs from outside to prove who they are, and what they may then do.
#[derive(Clone, Debug)]
pub struct ExternalAccess {
    /// How they prove it.
    pub way: ExternalWay,
    /// What `accessRestrictions` leaves; `None`: everything.
    pub scopes: Option<Scopes>,
}

/// How a program from outside proves who it is.
#[derive(Clone, Debug)]
pub enum ExternalWay {
    /// `type: static`: by a token that is written here.
    Static {
        /// The token.
        token: Text,
        /// What its bearer is called.
        subject: Text,
    },
    /// `type: legacy`: by a token of Backstage's old server-to-server kind, signed with a shared secret.
    Legacy {
        /// The secret, decoded; never printed.
        secret: Secret,
        /// What its bearer is called.
        subject: Text,
    },
    /// `type: jwks`: by a token of an issuer whose public keys are read from an address.
    Jwks {
        /// Where the keys are.
        url: Url,
        /// What a token of that issuer has to say.
        rule: ExternalRule,
    },
}

/// Bytes that are not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub(super) Vec<u8>);

impl Secret {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}
