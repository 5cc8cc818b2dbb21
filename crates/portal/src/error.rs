//! Why a use case was refused. Each dialect turns these into its own shape.

use serde_json::Value;
use stagedoor_model::blueprint::Invalid;

/// A refusal, with a code in Port's vocabulary and a message that a person can act on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PortalError {
    /// Nobody is signed in, or the credential is not good. 401.
    #[error("{0}")]
    Unauthenticated(String),
    /// Signed in, but not allowed. 403.
    #[error("{0}")]
    Forbidden(String),
    /// Something named does not exist. 404.
    #[error("{0}")]
    NotFound(String),
    /// Something exists already or belongs to someone else. 409.
    #[error("{message}")]
    Conflict {
        /// `identifier_taken`, ...
        code: &'static str,
        /// What and by whom.
        message: String,
    },
    /// The input is not legal. 422 (400 in Backstage's dialect).
    #[error("{message}")]
    Invalid {
        /// `invalid_request`, `protected_entity`, `has_dependents`, ...
        code: &'static str,
        /// Naming the place.
        message: String,
        /// Machine-readable particulars.
        details: Option<Value>,
    },
    /// Still loading, or shutting down. 503.
    #[error("{0}")]
    Unavailable(String),
    /// Our fault; the message is for the log. 500.
    #[error("{0}")]
    Internal(String),
}

impl PortalError {
    /// `invalid_request` with a message.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid { code: "invalid_request", message: message.into(), details: None }
    }

    /// Any 422 with its code.
    pub fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { code, message: message.into(), details: None }
    }
}

impl From<Invalid> for PortalError {
    fn from(invalid: Invalid) -> Self {
        let details = (!invalid.path.is_empty()).then(|| serde_json::json!({ "path": invalid.path }));
        Self::Invalid { code: "invalid_request", message: invalid.message, details }
    }
}
