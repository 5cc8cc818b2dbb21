//! Journals keep their newest lines, each its own.

use serde_json::json;
use stagedoor_model::{JsonText, Timestamp};

use super::Fixture;
use crate::Store;

fn numbers(store: &dyn Store, journal: &str, before: Option<i64>, limit: usize) -> Vec<String> {
    let lines = store.journal(journal, before, limit).unwrap();
    assert!(lines.windows(2).all(|pair| pair[0].id > pair[1].id));
    lines.into_iter().map(|line| line.body.as_str().to_owned()).collect()
}

pub(super) fn newest_lines_are_kept(fixture: &mut dyn Fixture) {
    let body = |n: u32| JsonText::of(&json!(n));
    for n in 0..5 {
        let bodies = [body(2 * n), body(2 * n + 1)];
        fixture.store().append_journal("logs of a", Timestamp(5), &bodies, 7).unwrap();
        fixture.store().append_journal("logs of b", Timestamp(6), &[body(n)], 100).unwrap();
        fixture.store().append_journal("kept", Timestamp(7), &[body(n)], usize::MAX).unwrap();
    }
    fixture.reopen();
    let store = fixture.store();
    assert_eq!(store.head().unwrap(), 0);
    assert_eq!(numbers(store, "logs of a", None, 100), ["9", "8", "7", "6", "5", "4", "3"]);
    assert_eq!(numbers(store, "logs of b", None, 2), ["4", "3"]);
    let third = store.journal("logs of a", None, 3).unwrap()[2].clone();
    assert_eq!((third.at, third.body.as_str()), (Timestamp(5), "7"));
    assert_eq!(numbers(store, "logs of a", Some(third.id), 2), ["6", "5"]);
    assert_eq!(numbers(store, "kept", None, 100), ["4", "3", "2", "1", "0"]);
    assert!(numbers(store, "unknown", None, 10).is_empty());
}
