//! What a token is limited to, in Port's permission strings.

use std::fmt;
use std::sync::Arc;

use crate::Action;

/// Permission strings of a token: `read:entities`, or `update:entities:service` for one blueprint, page or other
/// named thing only. Cheap to clone. They narrow what the token's owner may do and never widen it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scopes(Arc<[Box<str>]>);

/// A permission string that means nothing here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no scope: expected one such as \"read:entities\" or \"update:entities:service\"")]
pub struct UnknownScope(pub String);

impl Scopes {
    /// Reads permission strings; order and repetitions do not matter.
    ///
    /// # Errors
    /// The first one that no action has.
    pub fn parse<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Result<Self, UnknownScope> {
        let mut all = Vec::new();
        for text in texts {
            let text = text.as_ref();
            if !is_known(text) {
                return Err(UnknownScope(text.to_owned()));
            }
            all.push(Box::from(text));
        }
        all.sort_unstable();
        all.dedup();
        Ok(Self(all.into()))
    }

    /// Whether an action is within them, on a named thing or (`None`) on all of its kind.
    #[must_use]
    pub fn allow(&self, action: Action, name: Option<&str>) -> bool {
        let scope = action.scope();
        self.0.iter().any(|own| match own.strip_prefix(scope) {
            Some("") => true,
            Some(narrow) => name.is_some() && narrow.strip_prefix(':') == name,
            None => false,
        })
    }

    /// Whether there is a named thing on which the action is within them.
    #[must_use]
    pub fn allow_somewhere(&self, action: Action) -> bool {
        let scope = action.scope();
        let fits = |own: &str| own.strip_prefix(scope).is_some_and(|r| r.is_empty() || r.starts_with(':'));
        self.0.iter().any(|own| fits(own))
    }

    /// Whether a token with these may hand out `others`: each is one of its own, or narrower.
    #[must_use]
    pub fn cover(&self, others: &Self) -> bool {
        let within = |other: &str| {
            self.0.iter().any(|own| {
                other.strip_prefix(&**own).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
            })
        };
        others.0.iter().all(|other| within(other))
    }

    /// What these and `others` both allow.
    #[must_use]
    pub fn within(&self, others: &Self) -> Self {
        let one = |text: &str| Self(Arc::from([Box::from(text)]));
        let narrow = |all: &Self, by: &Self| -> Vec<Box<str>> {
            all.0.iter().filter(|own| by.cover(&one(own))).cloned().collect()
        };
        let mut both = narrow(self, others);
        both.extend(narrow(others, self));
        both.sort_unstable();
        both.dedup();
        Self(both.into())
    }

    /// The strings, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// `verb:noun` of an action, perhaps with the name of a thing.
fn is_known(text: &str) -> bool {
    Action::ALL.iter().any(|action| match text.strip_prefix(action.scope()) {
        Some(rest) => rest.is_empty() || rest.strip_prefix(':').is_some_and(|name| !name.is_empty()),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::{Scopes, UnknownScope};
    use crate::Action;

    #[test]
    fn a_scope_holds_for_everything_or_for_one_thing() {
        let scopes = Scopes::parse(["read:entities", "update:entities:service"]).unwrap();
        for (action, name, allowed) in [
            (Action::ReadEntities, None, true),
            (Action::ReadEntities, Some("service"), true),
            (Action::UpdateEntity, Some("service"), true),
            (Action::UpdateEntity, Some("services"), false),
            (Action::UpdateEntity, None, false),
            (Action::RegisterEntity, Some("service"), false),
            (Action::ReadBlueprints, None, false),
        ] {
            assert_eq!(scopes.allow(action, name), allowed, "{action:?} {name:?}");
        }
        assert!(scopes.allow_somewhere(Action::UpdateEntity));
        assert!(!scopes.allow_somewhere(Action::RegisterEntity));
    }

    #[test]
    fn only_known_strings_are_scopes() {
        for text in
            ["", "read", "read:", "read:everything", "read:entities:", "READ:entities", "read:entitiess"]
        {
            assert_eq!(Scopes::parse([text]), Err(UnknownScope(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_token_hands_out_no_more_than_it_has() {
        let of = |texts: &[&str]| Scopes::parse(texts).unwrap();
        let own = of(&["read:entities", "update:entities:service"]);
        assert!(own.cover(&of(&["read:entities:service", "update:entities:service"])));
        assert!(!own.cover(&of(&["update:entities"])));
        assert!(!own.cover(&of(&["update:entities:serviceX"])));
        assert!(own.cover(&of(&[])));
    }

    #[test]
    fn what_two_allow_is_the_narrower_of_each() {
        let of = |texts: &[&str]| Scopes::parse(texts).unwrap();
        let one = of(&["read:entities", "update:entities:service", "create:tokens", "delete:entities"]);
        let other = of(&["read:entities:team", "update:entities", "delete:entities", "read:runs"]);
        let both = of(&["delete:entities", "read:entities:team", "update:entities:service"]);
        assert_eq!(one.within(&other), both);
        assert_eq!(other.within(&one), both);
        assert_eq!(one.within(&of(&[])), of(&[]));
    }
}
