//! Backstage entity references: `kind:namespace/name`.

use std::fmt;

/// A complete reference. Comparison is by the lower-case text, as in Backstage.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityRef {
    /// As written, e.g. `Component`.
    pub kind: String,
    /// As written, e.g. `default`.
    pub namespace: String,
    /// As written.
    pub name: String,
}

/// Why a text is not a reference.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RefError {
    /// Neither the text nor the context gives a kind.
    #[error(
        "Entity reference \"{0}\" had missing or empty kind (e.g. did not start with \"component:\" or similar)"
    )]
    NoKind(String),
    /// An empty part (`:a`, `c:`, `c:b/`).
    #[error("Entity reference \"{0}\" was not on the form [<kind>:][<namespace>/]<name>")]
    Malformed(String),
}

impl EntityRef {
    /// Parses `[<kind>:][<namespace>/]<name>`: the first `:` ends the kind unless a `/` stands before it,
    /// the first `/` after it ends the namespace.
    ///
    /// # Errors
    /// [`RefError`] when a part is empty or there is no kind.
    pub fn parse(text: &str, default_kind: Option<&str>, default_namespace: &str) -> Result<Self, RefError> {
        let malformed = || RefError::Malformed(text.to_owned());
        let colon = text.find(':').filter(|c| text.find('/').is_none_or(|s| *c < s));
        let (kind, rest) = match colon {
            Some(at) => (Some(&text[..at]), &text[at + 1..]),
            None => (None, text),
        };
        let (namespace, name) = match rest.split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, rest),
        };
        if name.is_empty() || kind == Some("") || namespace == Some("") {
            return Err(malformed());
        }
        let kind = kind.or(default_kind).ok_or_else(|| RefError::NoKind(text.to_owned()))?;
        Ok(Self {
            kind: kind.to_owned(),
            namespace: namespace.unwrap_or(default_namespace).to_owned(),
            name: name.to_owned(),
        })
    }

    /// The text that identifies the entity: all lower-case.
    #[must_use]
    pub fn key(&self) -> String {
        let mut key = String::with_capacity(self.kind.len() + self.namespace.len() + self.name.len() + 2);
        for (part, end) in [(&self.kind, ":"), (&self.namespace, "/"), (&self.name, "")] {
            if part.is_ascii() {
                key.extend(part.bytes().map(|b| char::from(b.to_ascii_lowercase())));
            } else {
                key.push_str(&part.to_lowercase());
            }
            key.push_str(end);
        }
        key
    }
}

impl fmt::Display for EntityRef {
    /// Lower-case, as Backstage's own stringification.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}/{}",
            self.kind.to_lowercase(),
            self.namespace.to_lowercase(),
            self.name.to_lowercase()
        )
    }
}

/// The kind of a complete lower-case reference text (`component` of `component:default/a`).
#[must_use]
pub fn kind_of(reference: &str) -> &str {
    reference.split_once(':').map_or("", |(kind, _)| kind)
}

#[cfg(test)]
mod tests {
    use super::{EntityRef, RefError};

    fn parse(text: &str) -> Result<String, RefError> {
        EntityRef::parse(text, Some("component"), "default").map(|r| r.to_string())
    }

    #[test]
    fn follows_backstages_grammar() {
        assert_eq!(parse("a").unwrap(), "component:default/a");
        assert_eq!(parse("C:B/A").unwrap(), "c:b/a");
        assert_eq!(parse("b/a").unwrap(), "component:b/a");
        assert_eq!(parse("c:a").unwrap(), "c:default/a");
        assert_eq!(parse("x/y/z").unwrap(), "component:x/y/z");
        assert_eq!(parse("x/y:z").unwrap(), "component:x/y:z");
        for bad in [":a", "c:", "c:b/", "", "/a"] {
            assert!(matches!(parse(bad), Err(RefError::Malformed(_))), "{bad}");
        }
        assert!(matches!(EntityRef::parse("a", None, "default"), Err(RefError::NoKind(_))));
    }
}
