//! Things to store.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_model::{
    Actor, Blueprint, Change, ChangeSet, Claim, EntityRecord, JsonText, Record, SourceRecord, SourceState,
    Stamps, Timestamp, WaitingClaim,
};
use uuid::Uuid;

/// A change set by a source.
#[must_use]
pub fn set(changes: Vec<Change>) -> ChangeSet {
    let actor = Actor::new("file:/srv/catalog", "source");
    ChangeSet { actor, at: Timestamp(1_717_926_000_931), changes }
}

/// Stamps of one moment.
#[must_use]
pub fn stamps() -> Stamps {
    Stamps {
        created_at: Timestamp(1_717_926_000_001),
        created_by: "file:/srv/catalog".to_owned().into(),
        updated_at: Timestamp(1_717_926_000_931),
        updated_by: "admin".to_owned().into(),
        datasource: Some("port-ocean/github/1.2.3".to_owned().into()),
    }
}

/// The identity of the nth sample.
#[must_use]
pub fn uid(n: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n)
}

/// An entity with everything an entity can have.
#[must_use]
pub fn entity(n: u128) -> EntityRecord {
    let name = format!("service-{n}");
    let document = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": {"name": name},
        "spec": {"type": "service", "lifecycle": "production", "owner": "orders-team"},
    });
    EntityRecord {
        uid: uid(n),
        blueprint: "component".to_owned().into(),
        identifier: format!("component:default/{name}").into(),
        entity_ref: format!("component:default/{name}").into(),
        document: Some(JsonText::of(&document)),
        fields: Some(JsonText::of(&json!({"properties": {"tier": n.to_string()}}))),
        claim: Some(Claim {
            source: "file:/srv/catalog".to_owned().into(),
            item: format!("/srv/catalog/{name}.yaml#0"),
            line: 7,
            adopted: n % 2 == 1,
        }),
        stamps: stamps(),
    }
}

/// A `Put` of [`entity`].
#[must_use]
pub fn put_entity(n: u128) -> Change {
    Change::PutEntity(Arc::new(entity(n)))
}

/// A `Put` of an entity under another reference.
#[must_use]
pub fn put_as(n: u128, reference: &str) -> Change {
    Change::PutEntity(Arc::new(EntityRecord { entity_ref: reference.to_owned().into(), ..entity(n) }))
}

/// A `Put` of an entity with another document.
#[must_use]
pub fn put_document(n: u128, document: &Value) -> Change {
    Change::PutEntity(Arc::new(EntityRecord { document: Some(JsonText::of(document)), ..entity(n) }))
}

/// A `Put` of a blueprint with properties, relations and things that only later readers understand.
#[must_use]
pub fn put_blueprint(identifier: &str, shipped_kind: Option<&str>) -> Change {
    let body = json!({
        "identifier": identifier, "title": "A blueprint", "icon": "Microservice",
        "schema": {
            "properties": {
                "zeta": {"type": "string", "enum": ["b", "a"], "default": "b"},
                "alpha": {"type": "number", "default": 0.1},
            },
            "required": ["zeta"],
        },
        "relations": {"uses": {"target": identifier, "many": true, "required": false}},
        "mirrorProperties": {"mirrored": {"path": "uses.zeta"}},
        "futureKey": {"b": 1, "a": [1e300, -0.0, u64::MAX]},
    });
    let blueprint = Blueprint::parse(&body, stamps(), shipped_kind.map(str::to_owned)).unwrap();
    Change::PutBlueprint(Arc::new(blueprint))
}

/// A `Put` of a source.
#[must_use]
pub fn put_source(id: &str, state: SourceState) -> Change {
    let reason = (state != SourceState::Fresh).then(|| "connection refused".to_owned());
    Change::PutSource(Arc::new(SourceRecord { id: id.to_owned(), state, since: Timestamp(5), reason }))
}

/// A `Put` of a waiting claim.
#[must_use]
pub fn put_waiting(source: &str, item: &str) -> Change {
    Change::PutWaitingClaim(Arc::new(WaitingClaim {
        source: source.to_owned(),
        item: item.to_owned(),
        line: 12,
        entity_ref: "component:default/service-1".to_owned(),
        document: JsonText::of(&json!({"kind": "Component", "metadata": {"name": "service-1"}})),
        since: Timestamp(6),
    }))
}

/// A `Put` of a record.
#[must_use]
pub fn put_record(collection: &str, key: &str, body: &Value) -> Change {
    Change::PutRecord(Arc::new(Record {
        collection: collection.to_owned(),
        key: key.to_owned(),
        body: JsonText::of(body),
        stamps: stamps(),
    }))
}

/// One `Put` of each kind, in the order of loading.
#[must_use]
pub fn one_of_each() -> Vec<Change> {
    vec![
        put_blueprint("component", Some("Component")),
        put_source("file:/srv/catalog", SourceState::Held),
        put_entity(1),
        put_waiting("file:/srv/other", "/srv/other/a.yaml#0"),
        put_record("integration", "my \"own\", one", &json!({"installationId": "my-own", "config": {}})),
    ]
}
