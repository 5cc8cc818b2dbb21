//! What many changes come to in the end, so that a thousand of them are a few statements.

use std::collections::HashMap;
use std::hash::Hash;

/// The outcome of a sequence of puts and deletes of one kind of thing.
pub(super) struct Net<'a, K, V> {
    /// Deleted at some point, put again afterwards or not.
    pub(super) deleted: Vec<K>,
    /// There in the end, in the order of first appearance since they were last deleted.
    pub(super) puts: Vec<&'a V>,
}

impl<'a, K: Hash + Eq + Copy, V> Net<'a, K, V> {
    pub(super) fn of(steps: impl Iterator<Item = (K, Option<&'a V>)>) -> Self {
        let mut places: HashMap<K, Place> = HashMap::new();
        let mut puts: Vec<Option<&'a V>> = Vec::new();
        let mut deleted = Vec::new();
        for (key, step) in steps {
            let place = places.entry(key).or_default();
            match (step, place.put) {
                (Some(value), Some(at)) => puts[at] = Some(value),
                (Some(value), None) => {
                    place.put = Some(puts.len());
                    puts.push(Some(value));
                }
                (None, at) => {
                    if let Some(at) = at {
                        puts[at] = None;
                        place.put = None;
                    }
                    if !std::mem::replace(&mut place.deleted, true) {
                        deleted.push(key);
                    }
                }
            }
        }
        Self { deleted, puts: puts.into_iter().flatten().collect() }
    }
}

#[derive(Default)]
struct Place {
    put: Option<usize>,
    deleted: bool,
}

#[cfg(test)]
mod tests {
    use super::Net;

    #[test]
    fn the_last_change_wins_and_a_deletion_ends_a_place() {
        let steps = [
            (1, Some("a")),
            (2, Some("b")),
            (1, Some("c")),
            (3, None),
            (2, None),
            (4, Some("d")),
            (2, Some("e")),
            (4, None),
        ];
        let net = Net::of(steps.iter().map(|(key, value)| (*key, value.as_ref())));
        assert_eq!(net.deleted, [3, 2, 4]);
        assert_eq!(net.puts, [&"c", &"e"]);
    }
}
