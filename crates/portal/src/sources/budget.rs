//! The deletion budget: how much a source may lose at once, and what a person has agreed to.

use std::collections::HashSet;
use std::sync::Arc;

/// A source of at least this many entities that would lose over half of them is held for a person.
const MANY: usize = 20;
/// A provider is held from so many losses on where they are over half: whoever answers with an empty list is more
/// often a host in trouble, or a credential that has lost its rights, than a team that has deleted everything.
const OF_A_PROVIDER: usize = 4;

/// What a person has agreed that a source may lose.
#[derive(Clone, Debug, Default)]
pub(crate) enum Agreed {
    /// Nothing that the budget keeps.
    #[default]
    Nothing,
    /// These references, which the person was shown. A reading that would lose others is held once more.
    These(Arc<HashSet<String>>),
    /// All of it: the source itself was absent when the person looked.
    Absent,
    /// All of it: the source is no more.
    All,
}

/// Whether a source that holds `all` entities must not lose these without a person's word.
pub(super) fn is_held(source: &str, all: usize, lost: &[&str], agreed: &Agreed) -> bool {
    let is_location = source.starts_with("file:") || source.starts_with("url:");
    let many = if is_location { all >= MANY } else { all >= MANY || lost.len() >= OF_A_PROVIDER };
    let too_many = many && lost.len() * 2 > all;
    too_many
        && match agreed {
            Agreed::Nothing | Agreed::Absent => true,
            Agreed::These(shown) => !lost.iter().all(|reference| shown.contains(*reference)),
            Agreed::All => false,
        }
}

/// Why it is held, for people.
pub(super) fn words(lost: usize, all: usize) -> String {
    format!("over half of its entities are absent ({lost} of {all}); confirm to remove them")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Agreed, is_held};

    #[test]
    fn a_provider_has_a_smaller_budget_than_a_file() {
        let names: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        let lost = |n: usize| names.iter().take(n).map(String::as_str).collect::<Vec<_>>();
        for (source, all, gone, held) in [
            ("file:/c/*.yaml", 19, 19, false),
            ("file:/c/*.yaml", 20, 10, false),
            ("url:https://h/c.yaml", 20, 11, true),
            ("github-provider:acme", 3, 3, false),
            ("github-provider:acme", 4, 4, true),
            ("github-provider:acme", 7, 4, true),
            ("github-provider:acme", 8, 4, false),
            ("github-provider:acme", 30, 15, false),
            ("github-provider:acme", 30, 16, true),
        ] {
            assert_eq!(is_held(source, all, &lost(gone), &Agreed::Nothing), held, "{source} {gone} of {all}");
        }
    }

    #[test]
    fn who_agrees_to_some_has_not_agreed_to_more() {
        let lost = ["a", "b", "c", "d"];
        let these = |shown: &[&str]| Agreed::These(Arc::new(shown.iter().map(|s| (*s).to_owned()).collect()));
        for (agreed, held) in [
            (these(&lost), false),
            (these(&["a", "b", "c", "d", "e"]), false),
            (these(&["a", "b", "c"]), true),
            (Agreed::Absent, true),
            (Agreed::All, false),
        ] {
            assert_eq!(is_held("provider", 5, &lost, &agreed), held, "{agreed:?}");
        }
    }
}
