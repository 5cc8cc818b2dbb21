//! jq's order over all values: null, false, true, numbers, strings, arrays, objects.

use std::cmp::Ordering;

use super::{Map, Val};

fn rank(value: &Val) -> u8 {
    match value {
        Val::Null => 0,
        Val::Bool(false) => 1,
        Val::Bool(true) => 2,
        Val::Num(_) => 3,
        Val::Str(_) => 4,
        Val::Arr(_) => 5,
        Val::Obj(_) => 6,
    }
}

/// By their sorted keys first, then by the values in that order.
fn objects(left: &Map, right: &Map) -> Ordering {
    let sorted = |map: &Map| {
        let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        entries.sort_by(|one, other| one.0.cmp(&other.0));
        entries
    };
    let (left, right) = (sorted(left), sorted(right));
    let keys = left.iter().map(|entry| &entry.0).cmp(right.iter().map(|entry| &entry.0));
    keys.then_with(|| left.iter().map(|entry| &entry.1).cmp(right.iter().map(|entry| &entry.1)))
}

impl Ord for Val {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Num(left), Self::Num(right)) => left.cmp(right),
            (Self::Str(left), Self::Str(right)) => left.cmp(right),
            (Self::Arr(left), Self::Arr(right)) => left.cmp(right),
            (Self::Obj(left), Self::Obj(right)) => objects(left, right),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

impl PartialOrd for Val {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Arr(left), Self::Arr(right)) => left == right,
            (Self::Obj(left), Self::Obj(right)) => {
                left.len() == right.len()
                    && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| other == value))
            }
            _ => self.cmp(other) == Ordering::Equal,
        }
    }
}

impl Eq for Val {}
