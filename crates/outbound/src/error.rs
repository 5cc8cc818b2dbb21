//! What went wrong on the way out.

use std::error::Error;
use std::fmt;

use url::Url;

/// Why there is no answer, so that a source can tell "gone" from "stale".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The rules of this installation forbid it; nothing was sent.
    #[error(transparent)]
    Refused(Refusal),
    /// The server says that there is nothing (404, 410).
    #[error("{url} was not found (status {status})")]
    NotFound {
        /// Address, without its query.
        url: String,
        /// 404 or 410.
        status: u16,
    },
    /// No name, no connection, no valid certificate, no complete answer in time.
    #[error("{url} can't be reached: {reason}")]
    Unreachable {
        /// Address, without its query.
        url: String,
        /// What failed.
        reason: String,
    },
    /// The answer, unpacked, is larger than the caller takes.
    #[error("{url} is larger than the {limit} bytes that are read")]
    TooLarge {
        /// Address, without its query.
        url: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// Any other status than success.
    #[error("{url} answered with status {status}")]
    Status {
        /// Address, without its query.
        url: String,
        /// The status.
        status: u16,
    },
}

/// What was refused, why, and how to allow it where that is possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Address, without its query.
    pub url: String,
    /// What is wrong with it.
    pub reason: String,
    /// The host to name in the allow list, where naming it would help.
    pub allow: Option<String>,
    /// The address that redirected there.
    pub redirected_from: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is refused: {}", self.url, self.reason)?;
        if let Some(from) = &self.redirected_from {
            write!(f, " (redirected from {from})")?;
        }
        if let Some(host) = &self.allow {
            write!(f, "; to allow it, add {host} to STAGEDOOR_OUTBOUND_ALLOW or stagedoor.outbound.allow")?;
        }
        Ok(())
    }
}

impl Error for Refusal {}

/// A special address that no entry of the allow list names; travels through the HTTP client's errors.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Blocked(pub(crate) &'static str);

impl Blocked {
    /// Finds what the resolver said among the causes of `error`.
    pub(crate) fn within(error: &(dyn Error + 'static)) -> Option<Self> {
        causes(error).find_map(|cause| cause.downcast_ref::<Self>()).copied()
    }
}

/// `error` and all that led to it.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// An address as it may be shown and logged: a query often carries a token.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    if url.query().is_some() {
        url.set_query(Some("..."));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // Fails only for addresses that can't have either.
        let _ = url.set_username("...");
        let _ = url.set_password(None);
    }
    url.into()
}
