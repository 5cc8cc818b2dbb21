//! The log newest first: every part of it, page by page.

use serde_json::json;
use stagedoor_model::{Actor, Change, ChangeSet, Timestamp};

use super::Fixture;
use super::samples::{put_blueprint, put_entity, put_record, uid};
use crate::{LogQuery, LoggedChange, Only, Store, Thing};

fn fill(store: &dyn Store) {
    let set = |n: i64, name: &str, changes| ChangeSet {
        actor: Actor { from: Some(format!("session 192.0.2.{n}")), ..Actor::new(name, "port") },
        at: Timestamp(n),
        changes,
    };
    let sets = [
        set(1, "ada", vec![put_blueprint("component", None), put_entity(1), put_entity(2)]),
        set(
            2,
            "größe\u{0}",
            vec![put_entity(1), put_record("integration", "a", &json!({ "n": 1 })), put_entity(1)],
        ),
        set(3, "ada", Vec::new()),
        set(4, "ada", vec![Change::DeleteEntity(uid(1))]),
        set(5, "elsa", (10..40).map(put_entity).collect()),
        set(6, "ada", vec![Change::DeleteRecord("integration".into(), "a".into())]),
    ];
    store.commit(0, &sets[..2]).unwrap();
    store.commit(2, &sets[2..]).unwrap();
}

/// Goes through a part by pages, and holds that pages say what one large one does.
fn all(store: &dyn Store, only: Only<'_>, page: usize) -> Vec<LoggedChange> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let more = store.changes_before(&LogQuery { before, only, limit: page }).unwrap();
        assert!(more.len() <= page);
        if more.is_empty() {
            break;
        }
        found.extend(more);
        before = found.last().map(|change: &LoggedChange| change.id);
    }
    assert!(found.windows(2).all(|pair| pair[0].id > pair[1].id), "newest first");
    let whole = store.changes_before(&LogQuery { before: None, only, limit: usize::MAX }).unwrap();
    assert_eq!(format!("{whole:?}"), format!("{found:?}"));
    found
}

fn revisions(found: &[LoggedChange]) -> Vec<u64> {
    found.iter().map(|change| change.revision).collect()
}

pub(super) fn newest_first(fixture: &mut dyn Fixture) {
    assert!(all(fixture.store(), Only::All, 5).is_empty());
    fill(fixture.store());
    fixture.reopen();
    let store = fixture.store();
    let found = all(store, Only::All, 7);
    assert_eq!(found.len(), 38);
    let mut log: Vec<String> = Vec::new();
    for commit in store.commits_since(0, usize::MAX).unwrap() {
        let set = &commit.change_set;
        log.extend(
            set.changes.iter().map(|c| format!("{} {:?} {:?} {c:?}", commit.revision, set.at, set.actor)),
        );
    }
    log.reverse();
    let words = |c: &LoggedChange| format!("{} {:?} {:?} {:?}", c.revision, c.at, c.actor, c.change);
    assert_eq!(found.iter().map(words).collect::<Vec<_>>(), log, "the log, backwards");
    assert_eq!(revisions(&all(store, Only::Things, 1)), [6, 2, 1]);
    assert_eq!(revisions(&all(store, Only::Of(Thing::Entity(uid(1))), 1)), [4, 2, 2, 1]);
    assert_eq!(revisions(&all(store, Only::Of(Thing::Record("integration", "a")), 9)), [6, 2]);
    assert_eq!(revisions(&all(store, Only::Of(Thing::Blueprint("component")), 9)), [1]);
    assert!(all(store, Only::Of(Thing::Entity(uid(99))), 9).is_empty());
}

pub(super) fn of_one_actor(fixture: &mut dyn Fixture) {
    fill(fixture.store());
    fixture.reopen();
    let store = fixture.store();
    for page in [1, 2, 100] {
        assert_eq!(revisions(&all(store, Only::By("ada"), page)), [6, 4, 1, 1, 1]);
        assert_eq!(revisions(&all(store, Only::By("größe\u{0}"), page)), [2, 2, 2]);
        assert_eq!(all(store, Only::By("elsa"), page).len(), 30);
        assert!(all(store, Only::By("Ada"), page).is_empty());
    }
}
