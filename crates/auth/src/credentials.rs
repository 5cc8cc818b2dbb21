//! A client id and its secret.

use std::fmt;

use crate::{AuthError, Hex, Principal, SecretDigest, Via, Viewer, digest, same_digest};

/// A client id and the digest of its secret (`STAGEDOOR_CLIENT_ID`, `STAGEDOOR_CLIENT_SECRET`). The secret
/// itself is not kept.
#[derive(Clone)]
pub struct Credentials {
    id: String,
    id_digest: SecretDigest,
    secret_digest: SecretDigest,
    viewer: Viewer,
}

impl Credentials {
    /// `None` when either is empty: an empty secret would let anybody in.
    #[must_use]
    pub fn new(id: &str, secret: &str) -> Option<Self> {
        if id.is_empty() || secret.is_empty() {
            return None;
        }
        let secret_digest = digest(secret);
        // Another secret is another credential: access tokens that were issued for the one before end with it.
        let credential = format!("{id}/{}", &Hex::of(&secret_digest).as_str()[..16]);
        let viewer = Viewer::new(Principal::Credential(id.to_owned()), Via::AccessToken(credential), None);
        Some(Self { id: id.to_owned(), id_digest: digest(id), secret_digest, viewer })
    }

    /// The client id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The viewer behind them. Its [`Via::AccessToken`] names the client id and a mark of the secret.
    #[must_use]
    pub fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// The viewer behind `id` and `secret`.
    ///
    /// # Errors
    /// [`AuthError::WrongCredentials`], whichever of the two is wrong and after the same time.
    pub fn authenticate(&self, id: &str, secret: &str) -> Result<Viewer, AuthError> {
        let same_id = same_digest(&self.id_digest, &digest(id));
        let same_secret = same_digest(&self.secret_digest, &digest(secret));
        if same_id & same_secret { Ok(self.viewer.clone()) } else { Err(AuthError::WrongCredentials) }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("id", &self.id).field("secret", &"[redacted]").finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Credentials;
    use crate::AuthError;

    #[test]
    fn both_id_and_secret_must_match() {
        let credentials = Credentials::new("ocean", "s3cret").unwrap();
        assert_eq!(credentials.authenticate("ocean", "s3cret").unwrap().name(), "ocean");
        for (id, secret) in
            [("ocean", "s3cre"), ("ocean", ""), ("Ocean", "s3cret"), ("", ""), ("s3cret", "ocean")]
        {
            assert_eq!(
                credentials.authenticate(id, secret),
                Err(AuthError::WrongCredentials),
                "{id} {secret}"
            );
        }
    }

    #[test]
    fn empty_credentials_are_none() {
        assert!(Credentials::new("", "s3cret").is_none());
        assert!(Credentials::new("ocean", "").is_none());
    }

    #[test]
    fn debug_hides_the_secret() {
        let text = format!("{:?}", Credentials::new("ocean", "s3cret").unwrap());
        assert_eq!(text, r#"Credentials { id: "ocean", secret: "[redacted]" }"#);
    }
}
