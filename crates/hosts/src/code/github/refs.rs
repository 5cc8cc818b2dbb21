//! Branches and tags whose names have slashes, as far as an address has asked for them.

use std::collections::HashMap;

use parking_lot::Mutex;
use serde_json::Value;

use super::place::{Address, Place};
use crate::client::now;

/// After so many seconds it is worth asking again for what was not there.
const ASK_AGAIN: i64 = 600;
/// More than these are forgotten.
const MOST: usize = 10_000;

/// By repository and by the first two segments of an address.
#[derive(Default)]
pub(super) struct Refs {
    known: Mutex<HashMap<String, Known>>,
}

struct Known {
    asked: i64,
    names: Vec<String>,
}

impl Refs {
    /// The likeliest reading of an address, of which `left` segments at least are the path: the longest known name,
    /// else the first segment.
    pub(super) fn split(&self, address: &Address, left: usize) -> Place {
        let parts = address.short();
        let longest = stem(address, left).and_then(|stem| {
            let known = self.known.lock();
            let names = known.get(&key(address, &stem))?.names.iter();
            let lengths = names.filter_map(|name| {
                let words: Vec<&str> = name.split('/').collect();
                (parts.len() >= words.len() + left && parts.iter().zip(&words).all(|(a, b)| a == b))
                    .then_some(words.len())
            });
            lengths.max()
        });
        let (branch, path) = parts.split_at(longest.unwrap_or(1).min(parts.len()));
        Place { branch: branch.join("/"), path: path.to_vec() }
    }

    /// What names would have to begin with for the address to mean something else, where that is not known.
    pub(super) fn unknown(&self, address: &Address, left: usize) -> Option<String> {
        let stem = stem(address, left)?;
        let known = self.known.lock();
        let fresh = known.get(&key(address, &stem)).is_some_and(|known| known.asked + ASK_AGAIN > now());
        (!fresh).then_some(stem)
    }

    /// Remembers all names that begin with `stem`.
    pub(super) fn learn(&self, address: &Address, stem: &str, names: Vec<String>) {
        let mut known = self.known.lock();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key(address, stem), Known { asked: now(), names });
    }
}

/// The first two segments, if both can be of a name.
fn stem(address: &Address, left: usize) -> Option<String> {
    match address.short() {
        parts @ [first, second, ..] if parts.len() >= 2 + left => Some(format!("{first}/{second}")),
        _ => None,
    }
}

fn key(address: &Address, stem: &str) -> String {
    format!("{}/{}:{stem}", address.owner.to_lowercase(), address.repo.to_lowercase())
}

/// The names of an answer of `git/matching-refs`: `[{"ref": "refs/heads/a/b", ...}]`.
pub(super) fn names(answer: &Value, sort: &str) -> Vec<String> {
    let prefix = format!("refs/{sort}/");
    let refs = answer.as_array().into_iter().flatten().filter_map(|entry| entry.get("ref")?.as_str());
    refs.filter_map(|name| name.strip_prefix(&prefix)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{Address, Place, Refs};

    #[test]
    fn the_longest_name_wins() {
        let address = |rest: &[&str]| Address {
            owner: "O".into(),
            repo: "r".into(),
            rest: rest.iter().map(|part| (*part).to_owned()).collect(),
        };
        let place = |branch: &str, path: &[&str]| Place {
            branch: branch.into(),
            path: path.iter().map(|part| (*part).to_owned()).collect(),
        };
        let refs = Refs::default();
        let long = address(&["feature", "x", "y", "c.yaml"]);
        assert_eq!(refs.split(&long, 1), place("feature", &["x", "y", "c.yaml"]));
        assert_eq!(refs.unknown(&long, 1).as_deref(), Some("feature/x"));
        refs.learn(&long, "feature/x", vec!["feature/x".into(), "feature/x/y".into(), "feature/xy".into()]);
        assert_eq!(refs.unknown(&long, 1), None);
        assert_eq!(refs.split(&long, 1), place("feature/x/y", &["c.yaml"]));
        assert_eq!(refs.split(&address(&["feature", "x", "z", "c"]), 1), place("feature/x", &["z", "c"]));
        assert_eq!(refs.split(&address(&["feature", "x"]), 0), place("feature/x", &[]));
        assert_eq!(refs.split(&address(&["main", "c.yaml"]), 1), place("main", &["c.yaml"]));
        assert_eq!(refs.unknown(&address(&["main", "c.yaml"]), 1), None, "no room for a longer name");
        assert_eq!(
            refs.split(&address(&["refs", "heads", "feature", "x", "c"]), 1),
            place("feature/x", &["c"])
        );
    }
}
