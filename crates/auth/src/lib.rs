//! Who a caller is ([`Viewer`], the [`Credentials`] that prove it and the [`Tokens`] that carry it) and what it may
//! do: [`decide`] over its [`Rights`], an [`Action`] and a [`Resource`].
//!
//! No I/O, no clock, no randomness: the time and the signing key are passed in, so that every refusal can be
//! tested to the second. Access tokens are signed by one secret of this installation and by one algorithm, and so are
//! Backstage's user tokens by another; there is no key lookup by header, hence nothing to confuse.

mod action;
mod backstage_token;
mod cipher;
mod credentials;
mod decide;
mod digest;
mod error;
mod external;
mod password;
mod permissions;
mod redact;
mod rights;
mod scopes;
mod secret;
mod secret_token;
mod session;
mod throttle;
mod tokens;
mod viewer;
mod visitor;

pub use action::{Action, Rule};
pub use backstage_token::{BackstageClaims, BackstageKey, BackstageTokens, USER_TOKEN_LIFE, UserToken};
pub use cipher::{BadKey, NONCE_BYTES, SecretsKey, Unopened, sealed_with};
pub use credentials::Credentials;
pub use decide::{Changes, Denied, Facts, NoFacts, Resource, Why, decide};
pub use digest::{Hex, SecretDigest, digest, digest_of_hex, same_digest};
pub use error::AuthError;
pub use external::{
    ExternalRule, ExternalToken, KeySet, is_legacy_token, is_public_key_token, legacy_secret, verify_legacy,
};
pub use password::{LONGEST, SHORTEST, Weakness, check_password, hash_password, verify_password};
pub use permissions::{Block, BlueprintPermissions, Operation, Policy, Sight, moderator_role};
pub use redact::Redactor;
pub use rights::{Account, Rights, Standing};
pub use scopes::{Scopes, UnknownScope};
pub use secret::Secret;
pub use secret_token::{SecretKind, is_secret, new_secret};
pub use session::{PLAIN_COOKIE, SECURE_COOKIE, SessionLimits, cookies, secret_digest, secret_text};
pub use throttle::Throttle;
pub use tokens::{Issued, Realm, TOKEN_LIFE_SECONDS, Tokens};
pub use viewer::{Principal, Role, Via, Viewer};
pub use visitor::Visitor;

/// The token of an `Authorization` header of the scheme `Bearer`, in any case as RFC 9110 has it.
#[must_use]
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::bearer;

    #[test]
    fn reads_only_bearer_headers() {
        assert_eq!(bearer("Bearer a.b.c"), Some("a.b.c"));
        assert_eq!(bearer("bearer  a.b.c "), Some("a.b.c"));
        assert_eq!(bearer("Basic a.b.c"), None);
        assert_eq!(bearer("Bearer "), None);
        assert_eq!(bearer("a.b.c"), None);
    }
}
