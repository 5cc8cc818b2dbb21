//! Why something outside could not be read, so that a source can tell "gone" from "stale".

use stagedoor_outbound::OutboundError;

/// What is the matter. No text has a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// It is authoritatively not there.
    #[error("{0}")]
    NotFound(String),
    /// The credential is missing, wrong or too weak; what was read before still counts.
    #[error("{0}")]
    Denied(String),
    /// The host wants no more requests before this moment (seconds since 1970), or so many are kept for what is
    /// more urgent.
    #[error("{message}")]
    Exhausted {
        /// In words, with the host.
        message: String,
        /// When there will be more.
        until: i64,
    },
    /// Anything else: no connection, no complete answer, an answer that makes no sense.
    #[error("{0}")]
    Unreachable(String),
}

impl From<OutboundError> for HostError {
    fn from(error: OutboundError) -> Self {
        match error {
            OutboundError::NotFound { .. } => Self::NotFound(error.to_string()),
            _ => Self::Unreachable(error.to_string()),
        }
    }
}
