//! What was put is what is loaded, before and after a restart.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_model::{Actor, Change, EntityRecord, JsonText, SourceState, Timestamp};

use super::samples::{
    entity, one_of_each, put_blueprint, put_document, put_entity, put_record, put_source, put_waiting, set,
    stamps, uid,
};
use super::{Fixture, commit, log, put, state, words};

/// The state is these changes, now and after a restart.
fn expect(fixture: &mut dyn Fixture, expected: &[Change]) {
    let expected = words(expected);
    assert_eq!(state(fixture.store()).1, expected);
    let before = log(fixture.store());
    fixture.reopen();
    assert_eq!(state(fixture.store()).1, expected);
    assert_eq!(log(fixture.store()), before);
}

pub(super) fn starts_empty(fixture: &mut dyn Fixture) {
    for _ in 0..2 {
        assert_eq!(fixture.store().head().unwrap(), 0);
        assert_eq!(state(fixture.store()), (0, Vec::new()));
        assert!(log(fixture.store()).is_empty());
        fixture.reopen();
    }
}

pub(super) fn every_kind_makes_the_round_trip(fixture: &mut dyn Fixture) {
    put(fixture.store(), one_of_each());
    expect(fixture, &one_of_each());
    let changed = vec![
        put_blueprint("component", None),
        put_source("file:/srv/catalog", SourceState::Gone),
        put_document(1, &json!({"kind": "Changed"})),
        put_waiting("file:/srv/other", "/srv/other/a.yaml#0"),
        put_record("integration", "my \"own\", one", &json!({"config": {"resources": []}})),
    ];
    put(fixture.store(), changed.clone());
    expect(fixture, &changed);
    let deletes = vec![
        Change::DeleteRecord("integration".to_owned(), "my \"own\", one".to_owned()),
        Change::DeleteWaitingClaim("file:/srv/other".to_owned(), "/srv/other/a.yaml#0".to_owned()),
        Change::DeleteEntity(uid(1)),
        Change::DeleteSource("file:/srv/catalog".to_owned()),
        Change::DeleteBlueprint("component".to_owned()),
    ];
    put(fixture.store(), deletes.clone());
    expect(fixture, &[]);
    let commits = fixture.store().commits_since(0, 10).unwrap();
    let logged: Vec<_> = commits.iter().map(|c| words(&c.change_set.changes)).collect();
    assert_eq!(logged, [words(&one_of_each()), words(&changed), words(&deletes)]);
}

pub(super) fn order_of_first_appearance(fixture: &mut dyn Fixture) {
    let blueprint = |name| put_blueprint(name, None);
    let source = |name| put_source(name, SourceState::Fresh);
    put(fixture.store(), vec![put_entity(3), put_entity(1), blueprint("b"), blueprint("a")]);
    put(fixture.store(), vec![source("y"), put_entity(2), put_waiting("z", "1"), source("x")]);
    put(fixture.store(), vec![put_waiting("a", "2"), put_entity(3), blueprint("b"), put_waiting("a", "1")]);
    put(fixture.store(), vec![Change::DeleteEntity(uid(1)), source("y")]);
    put(fixture.store(), vec![put_entity(1)]);
    let expected = [
        blueprint("b"),
        blueprint("a"),
        source("y"),
        source("x"),
        put_entity(3),
        put_entity(2),
        put_entity(1),
        put_waiting("z", "1"),
        put_waiting("a", "2"),
        put_waiting("a", "1"),
    ];
    expect(fixture, &expected);
}

pub(super) fn absent_is_absent(fixture: &mut dyn Fixture) {
    let mut bare = EntityRecord { document: None, fields: None, claim: None, ..entity(1) };
    bare.stamps.datasource = None;
    let full = entity(2);
    let one = Change::PutEntity(Arc::new(bare.clone()));
    let null = Change::PutEntity(Arc::new(EntityRecord {
        document: Some(JsonText::of(&Value::Null)),
        fields: Some(JsonText::of(&json!({}))),
        ..full.clone()
    }));
    put(fixture.store(), vec![one.clone(), null.clone()]);
    expect(fixture, &[one.clone(), null]);
    // What was there goes away again.
    let emptied = EntityRecord { uid: full.uid, entity_ref: full.entity_ref, ..bare };
    let emptied = Change::PutEntity(Arc::new(emptied));
    put(fixture.store(), vec![emptied.clone()]);
    expect(fixture, &[one, emptied]);
}

pub(super) fn awkward_text(fixture: &mut dyn Fixture) {
    let texts = [
        "größe/ñ/服务/сервис",
        "e\u{301} \u{1F468}\u{200D}\u{1F469}",
        "'; DROP TABLE entities; --",
        "a\"b\\c%_?1",
    ];
    let mut all = Vec::new();
    for (n, text) in (0..).zip(texts) {
        let mut awkward = entity(n);
        awkward.identifier = text.to_owned().into();
        awkward.blueprint = text.to_owned().into();
        awkward.entity_ref = format!("!{text}").into();
        awkward.document =
            Some(JsonText::of(&json!({"text": text, "control": "\u{0}\u{1}\n\t\u{7f}\u{2028}"})));
        awkward.stamps.updated_by = format!("{text}\n\u{0}end").into();
        awkward.claim = awkward.claim.map(|mut claim| {
            claim.item = format!("{text}#0");
            claim
        });
        all.push(Change::PutEntity(Arc::new(awkward)));
    }
    let mut sources = vec![put_source(texts[0], SourceState::Stale), put_source("", SourceState::Fresh)];
    sources.append(&mut all);
    sources.push(put_waiting(texts[1], texts[2]));
    let mut set = set(sources.clone());
    set.actor =
        Actor { name: texts[1].to_owned(), through: texts[3].to_owned(), from: Some(texts[2].to_owned()) };
    set.at = Timestamp(-1);
    commit(fixture.store(), &[set.clone()]).unwrap();
    expect(fixture, &sources);
    let stored = fixture.store().commits_since(0, 1).unwrap().remove(0);
    assert_eq!((&stored.change_set.actor, stored.change_set.at), (&set.actor, set.at));
    let delete = Change::DeleteWaitingClaim(texts[1].to_owned(), texts[2].to_owned());
    put(fixture.store(), vec![delete.clone()]);
    sources.pop();
    expect(fixture, &sources);
    let last = fixture.store().commits_since(1, 1).unwrap().remove(0);
    assert_eq!(words(&last.change_set.changes), words(&[delete]));
}

pub(super) fn awkward_json(fixture: &mut dyn Fixture) {
    let mut keys = Map::new();
    for key in ["zz", "__proto__", "constructor", "toString", "", "a.b", "a/b~c", "$ref", "0", "ключ", "aa"]
    {
        keys.insert(key.to_owned(), json!({key: null}));
    }
    let numbers = json!([0, -0.0, 1.0, 1e300, 5e-324, 0.1, i64::MIN, u64::MAX, 9_007_199_254_740_993_u64]);
    let document = json!({
        "keys": keys, "numbers": numbers, "empty": [{}, [], "", null], "deep": (0..100).fold(json!(1), |v, _| json!([v])),
    });
    let mut awkward = entity(1);
    awkward.document = Some(JsonText::of(&document));
    awkward.fields =
        Some(JsonText::of(&json!({"properties": keys, "relations": {"__proto__": ["a", null]}})));
    let change = Change::PutEntity(Arc::new(awkward));
    put(fixture.store(), vec![change.clone()]);
    expect(fixture, &[change]);
}

pub(super) fn large_documents(fixture: &mut dyn Fixture) {
    let text: String = "0123456789abcdé\"".chars().cycle().take(1_000_000).collect();
    let documents: Vec<_> = (0..4).map(|n| put_document(n, &json!({"description": text, "n": n}))).collect();
    put(fixture.store(), documents.clone());
    expect(fixture, &documents);
    let small: Vec<_> = (0..4).map(put_entity).collect();
    put(fixture.store(), small.clone());
    expect(fixture, &small);
}

pub(super) fn rename(fixture: &mut dyn Fixture) {
    put(fixture.store(), vec![put_entity(1), put_entity(2)]);
    let renamed = EntityRecord {
        blueprint: "database".to_owned().into(),
        identifier: "Renamed".to_owned().into(),
        entity_ref: "database:default/renamed".to_owned().into(),
        stamps: stamps(),
        ..entity(1)
    };
    let renamed = Change::PutEntity(Arc::new(renamed));
    put(fixture.store(), vec![renamed.clone()]);
    expect(fixture, &[renamed.clone(), put_entity(2)]);
    // The old reference is free again.
    let heir = Change::PutEntity(Arc::new(EntityRecord { uid: uid(3), ..entity(1) }));
    put(fixture.store(), vec![heir.clone()]);
    expect(fixture, &[renamed, put_entity(2), heir]);
}

pub(super) fn unknown_things_can_be_deleted(fixture: &mut dyn Fixture) {
    put(fixture.store(), one_of_each());
    let unknown = vec![
        Change::DeleteBlueprint("nothing".to_owned()),
        Change::DeleteEntity(uid(99)),
        Change::DeleteSource("nothing".to_owned()),
        Change::DeleteWaitingClaim("file:/srv/other".to_owned(), "nothing".to_owned()),
        Change::DeleteWaitingClaim("nothing".to_owned(), "/srv/other/a.yaml#0".to_owned()),
    ];
    assert_eq!(put(fixture.store(), unknown.clone()), 2);
    expect(fixture, &one_of_each());
    let last = fixture.store().commits_since(1, 1).unwrap().remove(0);
    assert_eq!(words(&last.change_set.changes), words(&unknown));
}

pub(super) fn the_last_change_of_a_set_wins(fixture: &mut dyn Fixture) {
    let second = put_document(1, &json!({"n": 2}));
    let delete = || Change::DeleteEntity(uid(2));
    put(fixture.store(), vec![put_entity(1), second.clone(), put_entity(2), delete()]);
    expect(fixture, &[second]);
    put(fixture.store(), vec![Change::DeleteEntity(uid(1)), put_entity(1), delete(), put_entity(2)]);
    expect(fixture, &[put_entity(1), put_entity(2)]);
}

pub(super) fn settings(fixture: &mut dyn Fixture) {
    let store = fixture.store();
    assert_eq!(store.setting("signing-key").unwrap(), None);
    assert_eq!(store.put_setting_if_absent("signing-key", "ключ\u{0}\n1").unwrap(), "ключ\u{0}\n1");
    assert_eq!(store.put_setting_if_absent("signing-key", "other").unwrap(), "ключ\u{0}\n1");
    assert_eq!(store.put_setting_if_absent("Signing-Key", "").unwrap(), "");
    fixture.reopen();
    let store = fixture.store();
    assert_eq!(store.setting("signing-key").unwrap().as_deref(), Some("ключ\u{0}\n1"));
    assert_eq!(store.setting("Signing-Key").unwrap().as_deref(), Some(""));
    store.put_setting("signing-key", Some("sealed")).unwrap();
    store.put_setting("Signing-Key", None).unwrap();
    store.put_setting("absent", None).unwrap();
    store.put_setting("new", Some("ключ\u{0}\n2")).unwrap();
    fixture.reopen();
    let store = fixture.store();
    assert_eq!(store.setting("signing-key").unwrap().as_deref(), Some("sealed"));
    assert_eq!(store.setting("Signing-Key").unwrap(), None);
    assert_eq!(store.setting("new").unwrap().as_deref(), Some("ключ\u{0}\n2"));
    assert_eq!(state(store), (0, Vec::new()), "a setting is not a commit");
}
