//! Changes as the log keeps them: kind, key, and the state afterwards as JSON. Any SQL database's log looks like this.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use stagedoor_model::{
    Blueprint, Change, Claim, EntityRecord, JsonText, Record, SourceState, Stamps, Timestamp, WaitingClaim,
};
use stagedoor_store::{StoreError, Thing};
use uuid::Uuid;

use crate::error::damaged;

const BLUEPRINT: &str = "blueprint";
const ENTITY: &str = "entity";
const SOURCE: &str = "source";
const WAITING_CLAIM: &str = "waiting_claim";
const RECORD: &str = "record";

/// A change as a row of the log.
pub(crate) struct Logged<'a> {
    pub(crate) kind: &'static str,
    pub(crate) key: Cow<'a, str>,
    /// `None`: deleted.
    pub(crate) after: Option<String>,
}

pub(crate) fn encode(change: &Change) -> Logged<'_> {
    let row = |kind, key, after| Logged { kind, key, after };
    match change {
        Change::PutBlueprint(b) => row(BLUEPRINT, (&b.identifier).into(), Some(blueprint(b))),
        Change::DeleteBlueprint(identifier) => row(BLUEPRINT, identifier.into(), None),
        Change::PutEntity(e) => row(ENTITY, e.uid.to_string().into(), Some(entity(e))),
        Change::DeleteEntity(uid) => row(ENTITY, uid.to_string().into(), None),
        Change::PutSource(s) => row(SOURCE, (&s.id).into(), Some(json(&**s))),
        Change::DeleteSource(id) => row(SOURCE, id.into(), None),
        Change::PutWaitingClaim(w) => row(WAITING_CLAIM, pair(&w.source, &w.item), Some(waiting_claim(w))),
        Change::DeleteWaitingClaim(source, item) => row(WAITING_CLAIM, pair(source, item), None),
        Change::PutRecord(r) => row(RECORD, pair(&r.collection, &r.key), Some(record(r))),
        Change::DeleteRecord(collection, key) => row(RECORD, pair(collection, key), None),
    }
}

/// A thing's kind and key in the log.
pub(crate) fn logged_as(thing: Thing<'_>) -> (&'static str, String) {
    match thing {
        Thing::Entity(uid) => (ENTITY, uid.to_string()),
        Thing::Blueprint(identifier) => (BLUEPRINT, identifier.to_owned()),
        Thing::Record(collection, key) => (RECORD, pair(collection, key).into_owned()),
    }
}

pub(crate) fn decode(kind: &str, key: &str, after: Option<&str>) -> Result<Change, StoreError> {
    let what = || format!("the log's {kind} {key}");
    let change = match (kind, after) {
        (BLUEPRINT, Some(after)) => read_blueprint(after).map(Change::PutBlueprint),
        (BLUEPRINT, None) => Ok(Change::DeleteBlueprint(key.to_owned())),
        (ENTITY, Some(after)) => read_entity(key, after).map(Change::PutEntity),
        (ENTITY, None) => Uuid::try_parse(key).map(Change::DeleteEntity).map_err(|e| e.to_string()),
        (SOURCE, Some(after)) => {
            serde_json::from_str(after).map(Change::PutSource).map_err(|e| e.to_string())
        }
        (SOURCE, None) => Ok(Change::DeleteSource(key.to_owned())),
        (WAITING_CLAIM, Some(after)) => read_waiting_claim(after).map(Change::PutWaitingClaim),
        (WAITING_CLAIM, None) => serde_json::from_str::<(String, String)>(key)
            .map(|(source, item)| Change::DeleteWaitingClaim(source, item))
            .map_err(|e| e.to_string()),
        (RECORD, Some(after)) => read_record(key, after).map(Change::PutRecord),
        (RECORD, None) => serde_json::from_str::<(String, String)>(key)
            .map(|(collection, key)| Change::DeleteRecord(collection, key))
            .map_err(|e| e.to_string()),
        _ => Err("unknown kind".to_owned()),
    };
    change.map_err(|why| damaged(&what(), why))
}

/// Understands a stored blueprint again. Its body is kept as it was stored, to the letter.
pub(crate) fn parse_blueprint(
    body: &str,
    stamps: Stamps,
    shipped_kind: Option<String>,
) -> Result<Arc<Blueprint>, String> {
    let tree = serde_json::from_str(body).map_err(|e| e.to_string())?;
    let mut blueprint = Blueprint::parse(&tree, stamps, shipped_kind).map_err(|e| e.to_string())?;
    blueprint.body = JsonText::from_stored(body).map_err(|e| e.to_string())?;
    Ok(Arc::new(blueprint))
}

pub(crate) fn state_name(state: SourceState) -> &'static str {
    match state {
        SourceState::Fresh => "fresh",
        SourceState::Stale => "stale",
        SourceState::Gone => "gone",
        SourceState::Held => "held",
    }
}

pub(crate) fn read_state(name: &str) -> Option<SourceState> {
    [SourceState::Fresh, SourceState::Stale, SourceState::Gone, SourceState::Held]
        .into_iter()
        .find(|state| state_name(*state) == name)
}

/// Strings, numbers and plain structs, whose serialisation cannot fail.
fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn pair(source: &str, item: &str) -> Cow<'static, str> {
    json(&(source, item)).into()
}

/// Writes an object key by key. Documents are spliced in as they are: they are JSON already.
struct Object(String);

impl Object {
    fn new(capacity: usize) -> Self {
        let mut text = String::with_capacity(capacity);
        text.push('{');
        Self(text)
    }

    fn raw(mut self, key: &str, value: &str) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(key);
        self.0.push_str("\":");
        self.0.push_str(value);
        self
    }

    fn put<T: serde::Serialize + ?Sized>(self, key: &str, value: &T) -> Self {
        self.raw(key, &json(value))
    }

    fn text(self, key: &str, value: Option<&JsonText>) -> Self {
        match value {
            Some(value) => self.raw(key, value.as_str()),
            None => self,
        }
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn blueprint(b: &Blueprint) -> String {
    let mut object = Object::new(b.body.as_str().len() + 256).put("stamps", &b.stamps);
    if let Some(kind) = &b.shipped_kind {
        object = object.put("shippedKind", kind);
    }
    object.text("body", Some(&b.body)).end()
}

fn entity(e: &EntityRecord) -> String {
    let length = |text: &Option<JsonText>| text.as_ref().map_or(0, |text| text.as_str().len());
    let mut object = Object::new(length(&e.document) + length(&e.fields) + 640)
        .put("blueprint", &e.blueprint)
        .put("identifier", &e.identifier)
        .put("entityRef", &e.entity_ref)
        .put("stamps", &e.stamps);
    if let Some(claim) = &e.claim {
        object = object.put("claim", claim);
    }
    object.text("fields", e.fields.as_ref()).text("document", e.document.as_ref()).end()
}

fn waiting_claim(w: &WaitingClaim) -> String {
    Object::new(w.document.as_str().len() + 256)
        .put("source", &w.source)
        .put("item", &w.item)
        .put("line", &w.line)
        .put("entityRef", &w.entity_ref)
        .put("since", &w.since)
        .text("document", Some(&w.document))
        .end()
}

fn record(r: &Record) -> String {
    Object::new(r.body.as_str().len() + 256).put("stamps", &r.stamps).text("body", Some(&r.body)).end()
}

/// A key that is there with null is not a key that is absent.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredBlueprint<'a> {
    stamps: Stamps,
    shipped_kind: Option<String>,
    #[serde(borrow)]
    body: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredEntity<'a> {
    blueprint: String,
    identifier: String,
    entity_ref: String,
    stamps: Stamps,
    claim: Option<Claim>,
    #[serde(borrow, default, deserialize_with = "present")]
    fields: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    document: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct StoredRecord<'a> {
    stamps: Stamps,
    #[serde(borrow)]
    body: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredWaitingClaim<'a> {
    source: String,
    item: String,
    line: u32,
    entity_ref: String,
    since: Timestamp,
    #[serde(borrow)]
    document: &'a RawValue,
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|e| e.to_string())
}

fn text(raw: &RawValue) -> Result<JsonText, String> {
    JsonText::from_stored(raw.get()).map_err(|e| e.to_string())
}

fn read_blueprint(after: &str) -> Result<Arc<Blueprint>, String> {
    let stored: StoredBlueprint<'_> = parse(after)?;
    parse_blueprint(stored.body.get(), stored.stamps, stored.shipped_kind)
}

fn read_entity(key: &str, after: &str) -> Result<Arc<EntityRecord>, String> {
    let stored: StoredEntity<'_> = parse(after)?;
    Ok(Arc::new(EntityRecord {
        uid: Uuid::try_parse(key).map_err(|e| e.to_string())?,
        blueprint: stored.blueprint.into(),
        identifier: stored.identifier.into(),
        entity_ref: stored.entity_ref.into(),
        document: stored.document.map(text).transpose()?,
        fields: stored.fields.map(text).transpose()?,
        claim: stored.claim,
        stamps: stored.stamps,
    }))
}

fn read_waiting_claim(after: &str) -> Result<Arc<WaitingClaim>, String> {
    let stored: StoredWaitingClaim<'_> = parse(after)?;
    Ok(Arc::new(WaitingClaim {
        source: stored.source,
        item: stored.item,
        line: stored.line,
        entity_ref: stored.entity_ref,
        document: text(stored.document)?,
        since: stored.since,
    }))
}

fn read_record(key: &str, after: &str) -> Result<Arc<Record>, String> {
    let (collection, key) = parse(key)?;
    let stored: StoredRecord<'_> = parse(after)?;
    Ok(Arc::new(Record { collection, key, body: text(stored.body)?, stamps: stored.stamps }))
}
