//! Whether the caller may do something: `true`, or in words why not.

use serde::Serialize;
use utoipa::ToSchema;

/// `true`, or why not.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum May {
    /// Always true.
    Yes(bool),
    /// Why not.
    No(String),
}

impl From<Option<String>> for May {
    /// Of the reason against it.
    fn from(why_not: Option<String>) -> Self {
        why_not.map_or(Self::Yes(true), Self::No)
    }
}

impl<T, E: std::fmt::Display> From<Result<T, E>> for May {
    fn from(allowed: Result<T, E>) -> Self {
        allowed.err().map(|denied| denied.to_string()).into()
    }
}
