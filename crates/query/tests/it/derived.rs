//! Derived values: cases by hand, and random catalogs in which every value must be what a naive evaluator says.

mod cases;
mod naive;
mod random;
mod recompute;
mod searching;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use serde_json::{Map, Value, json};
use stagedoor_model::{Blueprint, Change, EntityRecord, Fields, JsonText, Stamps, Timestamp, kinds};
use stagedoor_query::{Calculator, Catalog, NodeId};
use uuid::Uuid;

pub(crate) const NOW: i64 = 1_800_000_000_000;
pub(crate) const DAY: i64 = 86_400_000;

/// A fake of JQ: `<verb> <path>...`, with paths such as `.title` and `.properties.url`. The verb `join` makes a text
/// of all, `value` gives the first as it is, `now` the time, `fail` an error.
pub(crate) struct Fake {
    pub(crate) calls: AtomicUsize,
    pub(crate) inputs: AtomicUsize,
    pub(crate) now: AtomicI64,
}

impl Fake {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { calls: AtomicUsize::new(0), inputs: AtomicUsize::new(0), now: AtomicI64::new(NOW) })
    }

    /// How many programs were run since the last time, on how many inputs.
    pub(crate) fn taken(&self) -> (usize, usize) {
        (self.calls.swap(0, Ordering::Relaxed), self.inputs.swap(0, Ordering::Relaxed))
    }
}

/// What the fake makes of one input.
pub(crate) fn run(program: &str, input: &Value, now: i64) -> Result<Value, String> {
    let mut words = program.split(' ');
    let verb = words.next().unwrap_or_default();
    let at = |path: &str| {
        path.split('.').skip(1).try_fold(input, |v, key| v.get(key)).cloned().unwrap_or(Value::Null)
    };
    let mut values = words.map(at);
    match verb {
        "join" => Ok(values.map(|v| v.to_string()).collect::<Vec<_>>().join("|").into()),
        "value" => Ok(values.next().unwrap_or(Value::Null)),
        "now" => Ok(now.into()),
        _ => Err(format!("{verb} is no verb")),
    }
}

impl Calculator for Fake {
    fn calculate(&self, program: &str, inputs: &[Value]) -> Vec<Result<Value, String>> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.inputs.fetch_add(inputs.len(), Ordering::Relaxed);
        inputs.iter().map(|input| run(program, input, self.now().0)).collect()
    }

    fn reads_clock(&self, program: &str) -> bool {
        program.starts_with("now")
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::Relaxed))
    }
}

pub(crate) fn stamps(created: i64) -> Stamps {
    Stamps {
        created_at: Timestamp(created),
        created_by: "ana".into(),
        updated_at: Timestamp(created + 5),
        updated_by: "ben".into(),
        datasource: Some("test/1".into()),
    }
}

/// A catalog that cases are written down in.
pub(crate) struct Book {
    pub(crate) catalog: Catalog,
    pub(crate) fake: Arc<Fake>,
    changes: Vec<Change>,
    next: u128,
}

impl Book {
    pub(crate) fn new() -> Self {
        let fake = Fake::new();
        let mut catalog = Catalog::default();
        catalog.set_calculator(fake.clone());
        Self { catalog, fake, changes: Vec::new(), next: 1 }
    }

    fn apply(&mut self, change: Change) {
        self.catalog.apply(&change);
        self.changes.push(change);
    }

    /// Defines a blueprint; for a shipped kind on top of what ships.
    pub(crate) fn define(&mut self, identifier: &str, more: Value) {
        let shipped = kinds::by_identifier(identifier);
        let mut body = shipped.map_or_else(|| json!({"identifier": identifier}), |s| s.blueprint.clone());
        for (part, value) in more.as_object().cloned().unwrap_or_default() {
            match (body.get_mut(&part).and_then(Value::as_object_mut), value) {
                (Some(map), Value::Object(new)) => map.extend(new),
                (_, value) => body[part.as_str()] = value,
            }
        }
        let blueprint = Blueprint::parse(&body, stamps(1), shipped.map(|_| identifier.to_owned())).unwrap();
        self.apply(Change::PutBlueprint(Arc::new(blueprint)));
    }

    /// Writes an entity through Port: `{title, team, properties, relations}`.
    pub(crate) fn put(&mut self, blueprint: &str, identifier: &str, fields: Value) -> NodeId {
        self.put_at(blueprint, identifier, fields, NOW - DAY)
    }

    pub(crate) fn put_at(&mut self, blueprint: &str, identifier: &str, fields: Value, at: i64) -> NodeId {
        let fields: Fields = serde_json::from_value(fields).unwrap();
        self.write(blueprint, identifier, None, Some(fields.to_json()), at)
    }

    /// Writes a Backstage document.
    pub(crate) fn document(&mut self, kind: &str, name: &str, spec: Value) -> NodeId {
        let document = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "spec": spec});
        let identifier = format!("{kind}:default/{name}");
        self.write(kind, &identifier, Some(JsonText::of(&document)), None, NOW)
    }

    fn write(
        &mut self,
        blueprint: &str,
        identifier: &str,
        document: Option<JsonText>,
        fields: Option<JsonText>,
        at: i64,
    ) -> NodeId {
        let old = self.catalog.node_of_key(blueprint, identifier).and_then(|n| self.catalog.entity(n));
        let uid = old.map_or(Uuid::from_u128(self.next), |e| e.record.uid);
        self.next += 1;
        let face = &self.catalog.blueprints().get(blueprint).unwrap().face;
        let entity_ref = self.catalog.reference_for(face, uid, identifier);
        let (blueprint, identifier) = (blueprint.to_owned(), identifier.to_owned());
        let key = (blueprint.clone(), identifier.clone());
        let record = EntityRecord {
            uid,
            blueprint: blueprint.into(),
            identifier: identifier.into(),
            entity_ref: entity_ref.into(),
            document,
            fields,
            claim: None,
            stamps: stamps(at),
        };
        self.apply(Change::PutEntity(Arc::new(record)));
        self.catalog.node_of_key(&key.0, &key.1).unwrap()
    }

    pub(crate) fn delete(&mut self, blueprint: &str, identifier: &str) {
        let node = self.catalog.node_of_key(blueprint, identifier).unwrap();
        let uid = self.catalog.entity(node).unwrap().record.uid;
        self.apply(Change::DeleteEntity(uid));
    }

    pub(crate) fn value(&self, blueprint: &str, identifier: &str, key: &str) -> Value {
        let node = self.catalog.node_of_key(blueprint, identifier).unwrap();
        self.catalog.derived(node, key).unwrap()
    }

    pub(crate) fn values(&self, blueprint: &str, identifier: &str) -> Map<String, Value> {
        let node = self.catalog.node_of_key(blueprint, identifier).unwrap();
        self.catalog.derived_all(node)
    }

    pub(crate) fn problem(&self, blueprint: &str, identifier: &str, key: &str) -> String {
        let node = self.catalog.node_of_key(blueprint, identifier).unwrap();
        self.catalog.derived_problem(node, key).unwrap_or_default()
    }
}
