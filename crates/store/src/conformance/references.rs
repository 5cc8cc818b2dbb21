//! References are unique after each set, and free to move within one.

use stagedoor_model::{Change, ChangeSet, EntityRecord};

use super::samples::{entity, put_as, put_entity, set, uid};
use super::{Fixture, commit, log, put, state, words};
use crate::{MemoryStore, Store, StoreError};

const R1: &str = "component:default/service-1";
const R2: &str = "component:default/service-2";

pub(super) fn pass_within_a_set(fixture: &mut dyn Fixture) {
    put(fixture.store(), vec![put_entity(1), put_entity(2), put_entity(3)]);
    let swapped = vec![put_as(1, R2), put_as(2, R1), put_entity(3)];
    put(fixture.store(), swapped.clone());
    assert_eq!(state(fixture.store()).1, words(&swapped));
    // A newcomer takes over before the holder goes, or before it gets another one.
    put(fixture.store(), vec![put_as(4, R1), Change::DeleteEntity(uid(2))]);
    put(fixture.store(), vec![put_as(5, R2), put_as(6, R2), put_as(5, "x"), put_as(1, "y")]);
    // One that only passed by leaves everything as it was.
    put(fixture.store(), vec![put_as(7, R1), put_as(7, "z"), put_as(4, R1)]);
    put(fixture.store(), vec![put_as(7, R2), put_as(7, "z")]);
    let expected =
        [put_as(1, "y"), put_entity(3), put_as(4, R1), put_as(5, "x"), put_as(6, R2), put_as(7, "z")];
    fixture.reopen();
    assert_eq!(state(fixture.store()).1, words(&expected));
}

pub(super) fn unique_after_a_set(fixture: &mut dyn Fixture) {
    put(fixture.store(), vec![put_entity(1), put_entity(2)]);
    let before = state(fixture.store());
    let attempts: [&[ChangeSet]; 4] = [
        &[set(vec![put_as(3, R1)])],
        &[set(vec![put_as(3, "z"), put_as(4, "z")])],
        &[set(vec![put_as(1, R2), put_as(2, R1), put_as(3, R1)])],
        // The holder goes, but one set too late.
        &[set(vec![put_as(3, R1)]), set(vec![Change::DeleteEntity(uid(1))])],
    ];
    for sets in attempts {
        let refused = commit(fixture.store(), sets);
        assert!(matches!(refused, Err(StoreError::Taken(_))), "{refused:?}");
        assert_eq!(state(fixture.store()), before);
    }
    assert_eq!(
        commit(fixture.store(), &[set(vec![Change::DeleteEntity(uid(1))]), set(vec![put_as(3, R1)])])
            .unwrap(),
        3
    );
}

/// Random change sets over few entities and fewer references: the same answers as the twin's.
pub(super) fn same_as_the_twin(fixture: &mut dyn Fixture) {
    let twin = MemoryStore::new();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut refused = 0;
    for round in 0..120 {
        let sets: Vec<_> = (0..=random.below(3)).map(|_| random.set()).collect();
        let (ours, theirs) = (commit(fixture.store(), &sets), commit(&twin, &sets));
        match (&ours, &theirs) {
            (Ok(a), Ok(b)) => assert_eq!(a, b),
            (Err(StoreError::Taken(_)), Err(StoreError::Taken(_))) => refused += 1,
            _ => panic!("round {round}: {ours:?}, the twin says {theirs:?}"),
        }
        assert_eq!(state(fixture.store()), state(&twin), "round {round}");
        if round % 40 == 39 {
            fixture.reopen();
        }
    }
    assert!((20..100).contains(&refused), "{refused} refused: the mix is off");
    assert_eq!(log(fixture.store()), log(&twin));
    let replayed = MemoryStore::new();
    for logged in fixture.store().commits_since(0, usize::MAX).unwrap() {
        replayed.commit(logged.revision - 1, &[ChangeSet::clone(&logged.change_set)]).unwrap();
    }
    assert_eq!(state(&replayed), state(&twin), "the log replayed gives the state");
}

/// A small generator of a fixed sequence (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % end
    }

    fn set(&mut self) -> ChangeSet {
        let changes = (0..self.below(4))
            .map(|_| {
                let n = u128::from(self.below(8));
                if self.below(4) == 0 {
                    return Change::DeleteEntity(uid(n));
                }
                let reference = format!("component:default/{}", self.below(10));
                let identifier = format!("i-{}", self.below(1000));
                Change::PutEntity(std::sync::Arc::new(EntityRecord {
                    identifier: identifier.into(),
                    entity_ref: reference.into(),
                    ..entity(n)
                }))
            })
            .collect();
        set(changes)
    }
}
