//! Revisions and the change log.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::json;
use stagedoor_model::{Actor, Change, ChangeSet, Timestamp};

use super::samples::{one_of_each, put_as, put_blueprint, put_document, put_entity, put_record, set, uid};
use super::{Fixture, commit, log, put, state, words};
use crate::{Store, StoreError, Thing};

fn sets(range: std::ops::Range<u128>) -> Vec<ChangeSet> {
    range
        .map(|n| ChangeSet {
            actor: Actor {
                from: Some("session 192.0.2.7".to_owned()),
                ..Actor::new(format!("person-{n}"), "port")
            },
            at: Timestamp(i64::try_from(n).unwrap()),
            changes: vec![put_entity(n)],
        })
        .collect()
}

fn revisions(store: &dyn Store, after: u64, limit: usize) -> Vec<u64> {
    store.commits_since(after, limit).unwrap().iter().map(|c| c.revision).collect()
}

pub(super) fn one_revision_per_set(fixture: &mut dyn Fixture) {
    assert_eq!(fixture.store().commit(0, &sets(0..3)).unwrap(), 3);
    assert_eq!(fixture.store().commit(3, &sets(3..4)).unwrap(), 4);
    fixture.reopen();
    assert_eq!(fixture.store().head().unwrap(), 4);
    assert_eq!(fixture.store().commit(4, &sets(4..600)).unwrap(), 600);
    fixture.reopen();
    let commits = fixture.store().commits_since(0, usize::MAX).unwrap();
    assert_eq!(commits.len(), 600);
    for ((n, commit), expected) in (1..).zip(commits).zip(sets(0..600)) {
        assert_eq!(commit.revision, n);
        assert_eq!(format!("{:?}", commit.change_set), format!("{expected:?}"));
    }
}

pub(super) fn pages(fixture: &mut dyn Fixture) {
    let store = fixture.store();
    store.commit(0, &sets(0..10)).unwrap();
    assert_eq!(revisions(store, 0, 3), [1, 2, 3]);
    assert_eq!(revisions(store, 3, 3), [4, 5, 6]);
    assert_eq!(revisions(store, 8, 3), [9, 10]);
    assert_eq!(revisions(store, 8, 0), [0; 0]);
    assert_eq!(revisions(store, 10, 3), [0; 0]);
    assert_eq!(revisions(store, u64::MAX, usize::MAX), [0; 0]);
}

pub(super) fn behind(fixture: &mut dyn Fixture) {
    let store = fixture.store();
    let refused = |base, head| match store.commit(base, &sets(5..6)) {
        Err(StoreError::Behind { head: found }) => assert_eq!(found, head),
        other => panic!("expected Behind, got {other:?}"),
    };
    refused(1, 0);
    store.commit(0, &sets(0..2)).unwrap();
    let before = (state(store), log(store));
    for base in [0, 1, 3, u64::MAX] {
        refused(base, 2);
    }
    assert_eq!((state(store), log(store)), before);
    fixture.reopen();
    assert_eq!((state(fixture.store()), log(fixture.store())), before);
}

pub(super) fn empty_commits(fixture: &mut dyn Fixture) {
    assert_eq!(fixture.store().commit(0, &[]).unwrap(), 0);
    put(fixture.store(), one_of_each());
    assert_eq!(fixture.store().commit(1, &[]).unwrap(), 1);
    assert!(matches!(fixture.store().commit(0, &[]), Err(StoreError::Behind { head: 1 })));
    assert_eq!(log(fixture.store()).len(), 1);
    // A set without changes is still a commit: somebody may be waiting for its revision.
    assert_eq!(fixture.store().commit(1, &[set(Vec::new()), set(Vec::new())]).unwrap(), 3);
    fixture.reopen();
    assert_eq!(revisions(fixture.store(), 0, 9), [1, 2, 3]);
    assert!(fixture.store().commits_since(1, 1).unwrap()[0].change_set.changes.is_empty());
}

pub(super) fn a_refused_commit_leaves_nothing(fixture: &mut dyn Fixture) {
    put(fixture.store(), one_of_each());
    let before = (state(fixture.store()), log(fixture.store()));
    let taken = set(vec![put_as(9, "component:default/service-1")]);
    let refused = commit(fixture.store(), &[set(vec![put_entity(7)]), taken, set(vec![put_entity(8)])]);
    assert!(matches!(refused, Err(StoreError::Taken(_))), "{refused:?}");
    assert_eq!((state(fixture.store()), log(fixture.store())), before);
    assert_eq!(put(fixture.store(), vec![put_entity(7)]), 2, "and the store still works");
    fixture.reopen();
    assert_eq!(state(fixture.store()).1.len(), before.0.1.len() + 1);
}

/// Each set adds one entity, so a state is consistent when it has as many as its revision says.
pub(super) fn readers_beside_a_writer(fixture: &mut dyn Fixture) {
    let store = fixture.store();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                let known = store.head().unwrap();
                let mut count = 0_u64;
                let revision = store.load(&mut |_| count += 1).unwrap();
                assert_eq!(count, revision);
                assert!(revision >= known, "a commit that was visible is gone");
                let tail = revisions(store, known, usize::MAX);
                assert!((known + 1..).zip(&tail).all(|(a, b)| a == *b), "{known}: {tail:?}");
            }
        });
        for n in 0..40 {
            commit(store, &sets(n * 3..n * 3 + 3)).unwrap();
        }
        done.store(true, Ordering::Release);
        reader.join().unwrap();
    });
    assert_eq!(store.head().unwrap(), 120);
}

/// Of several writers at one head one wins; nothing is lost and nothing counted twice.
pub(super) fn writers_race(fixture: &mut dyn Fixture) {
    let store = fixture.store();
    let refused = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for writer in 0..3_u128 {
            let refused = &refused;
            scope.spawn(move || {
                for n in 0..20 {
                    let set = &sets(writer * 100 + n..writer * 100 + n + 1);
                    while let Err(error) = commit(store, set) {
                        assert!(matches!(error, StoreError::Behind { .. }), "{error:?}");
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(state(store).1.len(), 60);
    assert_eq!(revisions(store, 0, 100), (1..=60).collect::<Vec<_>>());
}

pub(super) fn history_of_one_thing(fixture: &mut dyn Fixture) {
    let store = fixture.store();
    let record = |n: u32| put_record("integration", "a", &json!({ "n": n }));
    put(store, vec![put_entity(1), put_entity(2), put_blueprint("component", None)]);
    put(store, vec![put_entity(2), record(1)]);
    put(store, vec![put_document(1, &json!({"v": 1})), put_document(1, &json!({"v": 2})), record(2)]);
    put(store, vec![Change::DeleteEntity(uid(1))]);
    fixture.reopen();
    let history = |thing, before, limit| -> Vec<_> {
        let commits = fixture.store().history(thing, before, limit).unwrap();
        commits.iter().map(|c| (c.revision, words(&c.change_set.changes))).collect()
    };
    let deleted = (4, words(&[Change::DeleteEntity(uid(1))]));
    let changed = (3, words(&[put_document(1, &json!({"v": 1})), put_document(1, &json!({"v": 2}))]));
    let made = (1, words(&[put_entity(1)]));
    let all = [deleted.clone(), changed.clone(), made.clone()];
    assert_eq!(history(Thing::Entity(uid(1)), None, 10), all);
    assert_eq!(history(Thing::Entity(uid(1)), None, 1), [deleted]);
    assert_eq!(history(Thing::Entity(uid(1)), Some(4), 1), [changed]);
    assert_eq!(history(Thing::Entity(uid(1)), Some(3), 9), [made]);
    assert_eq!(history(Thing::Entity(uid(3)), None, 9), []);
    assert_eq!(history(Thing::Record("integration", "a"), None, 1), [(3, words(&[record(2)]))]);
    assert_eq!(
        history(Thing::Blueprint("component"), None, 9),
        [(1, words(&[put_blueprint("component", None)]))]
    );
}
