//! A value that nobody may see.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

const SHOWN: &str = "[secret]";

/// A secret's value. Whatever prints or serializes it writes `[secret]`; only [`Secret::expose`] gives it out. Cheap
/// to clone.
#[derive(Clone)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Keeps a value.
    #[must_use]
    pub fn new(value: &str) -> Self {
        Self(value.into())
    }

    /// The value itself, to be handed to what needs it and to nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SHOWN)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SHOWN)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(SHOWN)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn nothing_that_prints_it_shows_it() {
        let secret = Secret::new("hunter2-hunter2");
        let all = format!("{secret} {secret:?} {:#?} {}", Some(&secret), serde_json::json!({ "s": secret }));
        assert!(!all.contains("hunter2"), "{all}");
        assert_eq!(secret.expose(), "hunter2-hunter2");
    }
}
