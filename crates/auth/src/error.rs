//! Why a caller was turned away.

/// Why a caller was turned away. The texts say nothing that helps to guess a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Client id and secret do not belong together, or are unknown.
    #[error("the client id or the client secret is wrong")]
    WrongCredentials,
    /// Not three base64url parts with a header and claims.
    #[error("the token is malformed")]
    Malformed,
    /// `none`, or any algorithm but the one we sign with.
    #[error("the token is signed with an algorithm that is not accepted")]
    WrongAlgorithm,
    /// Not signed by this installation, or changed since.
    #[error("the token was not issued here")]
    WrongSignature,
    /// Its time is over.
    #[error("the token has expired; ask for a new one")]
    Expired,
    /// Issued under another name.
    #[error("the token has another issuer")]
    WrongIssuer,
    /// Meant for another installation.
    #[error("the token is for another audience")]
    WrongAudience,
    /// A claim that is demanded is absent or says something else.
    #[error("the token does not say what is demanded of it")]
    WrongClaim,
    /// Signed with a key that the issuer's set does not have.
    #[error("the token is signed with a key that its issuer does not publish")]
    UnknownKey,
    /// Taken back before its time was over.
    #[error("the token has been revoked")]
    Revoked,
    /// The token could not be signed.
    #[error("the token could not be signed")]
    Signing,
}
