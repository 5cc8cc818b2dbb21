//! A catalog whose content a test knows, written down a second time as plain JSON.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::{Map, Value, json};
use stagedoor_model::{Blueprint, Change, EntityRecord, Fields, Stamps, Timestamp};
use stagedoor_query::{Calculator, Catalog, NodeId};
use uuid::Uuid;

pub(crate) const NOW: i64 = 1_800_000_000_000;
pub(crate) const DAY: i64 = 86_400_000;

/// A fake of JQ: `value <path>` gives what stands there, `loop` takes a second each time, anything else fails.
pub(crate) struct Fake(AtomicI64);

pub(crate) fn run(program: &str, input: &Value) -> Result<Value, String> {
    let path = program.strip_prefix("value ").ok_or_else(|| format!("{program} is no program"))?;
    let at = |value: &Value, key: &str| value.get(key).cloned().unwrap_or_default();
    Ok(path.split('.').skip(1).fold(input.clone(), |value, key| at(&value, key)))
}

impl Calculator for Fake {
    fn calculate(&self, program: &str, inputs: &[Value]) -> Vec<Result<Value, String>> {
        if program == "loop" {
            // Each input is stopped after a second.
            self.0.fetch_add(1_000 * inputs.len() as i64, Ordering::Relaxed);
            return inputs.iter().map(|_| Err("it took too long".to_owned())).collect();
        }
        inputs.iter().map(|input| run(program, input)).collect()
    }

    fn reads_clock(&self, _: &str) -> bool {
        false
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

pub(crate) fn stamps(at: i64) -> Stamps {
    Stamps {
        created_at: Timestamp(at),
        created_by: "ana".into(),
        updated_at: Timestamp(at),
        updated_by: "ana".into(),
        datasource: None,
    }
}

/// An entity as the test knows it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    uid: Uuid,
    pub(crate) node: NodeId,
    pub(crate) created: i64,
    /// `{title, team, properties, relations}`.
    pub(crate) fields: Value,
}

pub(crate) struct World {
    pub(crate) catalog: Catalog,
    clock: Arc<Fake>,
    /// By blueprint and identifier.
    pub(crate) entities: BTreeMap<(String, String), Known>,
    /// Bodies of the blueprints.
    pub(crate) blueprints: BTreeMap<String, Value>,
    next: u128,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(Fake(AtomicI64::new(NOW)));
        let mut catalog = Catalog::default();
        catalog.set_calculator(clock.clone());
        Self { catalog, clock, entities: BTreeMap::new(), blueprints: BTreeMap::new(), next: 1 }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn wait(&self, millis: i64) {
        self.clock.0.fetch_add(millis, Ordering::Relaxed);
    }

    pub(crate) fn define(&mut self, identifier: &str, more: &Value) {
        let mut body = Map::from_iter([("identifier".to_owned(), json!(identifier))]);
        body.extend(more.as_object().cloned().unwrap());
        let body = Value::Object(body);
        let blueprint = Blueprint::parse(&body, stamps(1), None).unwrap();
        self.blueprints.insert(identifier.to_owned(), body);
        self.catalog.apply(&Change::PutBlueprint(Arc::new(blueprint)));
    }

    pub(crate) fn put(&mut self, blueprint: &str, identifier: &str, fields: &Value) {
        let key = (blueprint.to_owned(), identifier.to_owned());
        let known = self.entities.get(&key);
        let (uid, created) = known.map_or((Uuid::from_u128(self.next), self.now().0), |k| (k.uid, k.created));
        self.next += 1;
        let face = self.catalog.blueprints().get(blueprint).unwrap().face.clone();
        let parsed: Fields = serde_json::from_value(fields.clone()).unwrap();
        let record = EntityRecord {
            uid,
            blueprint: blueprint.into(),
            identifier: identifier.into(),
            entity_ref: self.catalog.reference_for(&face, uid, identifier).as_str().into(),
            document: None,
            fields: Some(parsed.to_json()),
            claim: None,
            stamps: stamps(created),
        };
        self.catalog.apply(&Change::PutEntity(Arc::new(record)));
        let node = self.catalog.node_of_key(blueprint, identifier).unwrap();
        self.entities.insert(key, Known { uid, node, created, fields: fields.clone() });
    }

    pub(crate) fn delete(&mut self, blueprint: &str, identifier: &str) {
        if let Some(known) = self.entities.remove(&(blueprint.to_owned(), identifier.to_owned())) {
            self.catalog.apply(&Change::DeleteEntity(known.uid));
        }
    }
}
