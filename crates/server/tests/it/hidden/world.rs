//! The same catalog twice, once with entities that some may not see. Both are laid into the store, so that uids, times
//! and commits are the same.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_auth::Viewer;
use stagedoor_model::{
    Actor, Blueprint, Change, ChangeSet, EntityRecord, Face, Fields, JsonText, Record, Stamps, Timestamp,
    kinds,
};
use stagedoor_store::{MemoryStore, Store};
use stagedoor_testkit::{Person, TestPortal};
use uuid::Uuid;

/// Who looks; none of them may see what only one of the worlds has.
pub(super) const LOOKERS: [&str; 3] = ["elsa@larkfell.example", "limited", "nobody@larkfell.example"];

fn stamps(at: i64) -> Stamps {
    Stamps {
        created_at: Timestamp(1_790_000_000_000 + at * 1_000),
        created_by: "fixture".into(),
        updated_at: Timestamp(1_790_000_500_000 + at * 1_000),
        updated_by: "fixture".into(),
        datasource: Some("port-ocean/fake/1.2/x/exporter".into()),
    }
}

fn blueprint(body: &Value) -> Change {
    let identifier = body["identifier"].as_str().unwrap_or_default();
    let shipped = kinds::by_identifier(identifier);
    let mut all = shipped.map_or_else(|| json!({}), |s| s.blueprint.clone());
    all.as_object_mut().unwrap().extend(body.as_object().cloned().unwrap());
    let parsed = Blueprint::parse(&all, stamps(0), shipped.map(|_| identifier.to_owned()));
    Change::PutBlueprint(Arc::new(parsed.unwrap()))
}

fn permissions(blueprint: &str, entities: &Value) -> Change {
    let body = JsonText::of(entities);
    let (collection, key) = ("blueprint_permissions".into(), blueprint.into());
    Change::PutRecord(Arc::new(Record { collection, key, body, stamps: stamps(0) }))
}

/// An entity of Port's making.
fn entity(n: u128, blueprint: &str, identifier: &str, fields: &Value) -> Change {
    let fields: Fields = serde_json::from_value(fields.clone()).unwrap();
    put(n, blueprint, identifier, &reference(blueprint, identifier), None, Some(fields.to_json()))
}

/// The reference that an entity of Port's making gets.
fn reference(blueprint: &str, identifier: &str) -> String {
    let kind = if blueprint.starts_with('_') { format!("!{blueprint}") } else { blueprint.to_owned() };
    let parsed = Blueprint::parse(&json!({ "identifier": blueprint }), stamps(0), None).unwrap();
    let face = Face::compile(&parsed, &kind, &|other: &str| other.to_owned());
    face.reference_of(identifier).unwrap_or_else(|| face.stand_in(identifier))
}

/// An entity as a document.
fn document(n: u128, kind: &str, name: &str, metadata: &Value, spec: &Value) -> Change {
    let mut all = metadata.clone();
    all["name"] = name.into();
    let upper = format!("{}{}", kind[..1].to_uppercase(), &kind[1..]);
    let document =
        json!({"apiVersion": "backstage.io/v1alpha1", "kind": upper, "metadata": all, "spec": spec});
    let reference = format!("{kind}:default/{name}");
    put(n, kind, &reference, &reference, Some(JsonText::of(&document)), None)
}

fn put(
    n: u128,
    blueprint: &str,
    identifier: &str,
    reference: &str,
    document: Option<JsonText>,
    fields: Option<JsonText>,
) -> Change {
    Change::PutEntity(Arc::new(EntityRecord {
        uid: Uuid::from_u128(n),
        blueprint: blueprint.into(),
        identifier: identifier.into(),
        entity_ref: reference.into(),
        document,
        fields,
        claim: None,
        stamps: stamps(n as i64),
    }))
}

/// A scorecard with one rule for each condition.
fn scorecard(blueprint: &str, conditions: &[Value]) -> Change {
    let rule = |(i, condition): (usize, &Value)| {
        json!({"identifier": format!("r{i}"), "title": "Rule", "level": "Gold",
            "query": {"combinator": "and", "conditions": [condition]}})
    };
    let rules: Vec<Value> = conditions.iter().enumerate().map(rule).collect();
    let body = JsonText::of(&json!({"identifier": "ready", "title": "Ready", "rules": rules}));
    let (collection, key) = ("scorecard".into(), format!("{blueprint}/ready"));
    Change::PutRecord(Arc::new(Record { collection, key, body, stamps: stamps(0) }))
}

fn model() -> Vec<Change> {
    let text = json!({"type": "string"});
    let number = json!({"type": "number"});
    let service = |key: &str| json!({ key: {"target": "service", "many": true} });
    let policy = json!({"combinator": "and", "rules": [{"property": "lifecycle", "operator": "!=", "value": "hidden"}]});
    let unlike = |id: &str| json!({"combinator": "and", "rules": [{"property": "$identifier", "operator": "!=", "value": id}]});
    let (not_gamma, not_otto) = (unlike("gamma"), unlike("otto@larkfell.example"));
    let mine = json!({"combinator": "and", "rules": [
        {"property": "owner", "operator": "=", "value": {"context": "user", "property": "$identifier"}}]});
    vec![
        blueprint(
            &json!({"identifier": "domain", "title": "Domain", "schema": {"properties": {"tier": text}},
            "aggregationProperties": {
                "services": {"target": "service", "calculationSpec": {"calculationBy": "entities", "func": "count"}},
                "costs": {"target": "service",
                    "calculationSpec": {"calculationBy": "property", "func": "sum", "property": "cost"}}}}),
        ),
        blueprint(&json!({"identifier": "service", "title": "Service",
            "schema": {"properties": {"language": text, "cost": number, "note": text}},
            "relations": {"domain": {"target": "domain"}, "uses": {"target": "service", "many": true}}})),
        blueprint(&json!({"identifier": "service", "title": "Service",
            "schema": {"properties": {"language": text, "cost": number, "note": text}},
            "relations": {"domain": {"target": "domain"}, "uses": {"target": "service", "many": true}},
            "mirrorProperties": {"tier": {"path": "domain.tier"}, "theirs": {"path": "uses.language"}}})),
        blueprint(
            &json!({"identifier": "incident", "title": "Incident", "schema": {"properties": {"text": text}},
            "relations": service("services"), "ownership": {"type": "Inherited", "path": "services"},
            "mirrorProperties": {"languages": {"path": "services.language"}, "titles": {"path": "services.$title"}},
            "calculationProperties": {"loud": {"calculation": ".relations.services | tostring", "type": "string"}}}),
        ),
        blueprint(&json!({"identifier": "plan", "title": "Plan", "schema": {"properties": {"text": text}},
            "relations": service("of")})),
        blueprint(&json!({"identifier": "note", "title": "Note", "schema": {"properties": {"owner": text}}})),
        blueprint(&json!({"identifier": "component"})),
        blueprint(&json!({"identifier": "group"})),
        blueprint(&json!({"identifier": "api"})),
        blueprint(&json!({"identifier": "user"})),
        scorecard(
            "service",
            &[
                json!({"property": "theirs", "operator": "contains", "value": "cobol"}),
                json!({"relation": "uses", "operator": "contains", "value": "ghost"}),
                json!({"property": "note", "operator": "isNotEmpty"}),
                json!({"jq": "(.properties.theirs | length) > 2"}),
            ],
        ),
        scorecard(
            "domain",
            &[
                json!({"property": "services", "operator": ">", "value": 2}),
                json!({"property": "costs", "operator": ">", "value": 100}),
            ],
        ),
        permissions("user", &json!({"read": {"users": ["ada@larkfell.example"]}})),
        permissions("_team", &json!({"read": {"policy": not_gamma}})),
        permissions("_user", &json!({"read": {"policy": not_otto}})),
        permissions("service", &json!({"read": {"ownedByTeam": true}})),
        permissions("plan", &json!({"read": {"roles": ["Admin"]}})),
        permissions("component", &json!({"read": {"policy": policy}})),
        permissions("note", &json!({"read": {"policy": mine}})),
    ]
}

/// What both worlds have.
fn seen() -> Vec<Change> {
    let person = |role: &str| json!({"status": "Active", "port_role": role, "port_type": "Standard"});
    vec![
        entity(1, "_team", "alpha", &json!({"title": "alpha"})),
        entity(2, "_team", "beta", &json!({"title": "beta"})),
        entity(3, "_user", LOOKERS[0], &json!({"team": ["alpha"], "properties": person("Member")})),
        entity(4, "_user", LOOKERS[2], &json!({"team": [], "properties": person("Member")})),
        entity(5, "_user", "ada@larkfell.example", &json!({"team": [], "properties": person("Admin")})),
        entity(
            6,
            "_user",
            "zoe@larkfell.example",
            &json!({"team": ["beta"], "properties": person("Member")}),
        ),
        entity(10, "domain", "hub", &json!({"title": "Hub", "properties": {"tier": "gold"}})),
        entity(
            11,
            "service",
            "orders",
            &json!({"title": "Orders", "team": ["alpha"],
            "properties": {"language": "rust", "cost": 5},
            "relations": {"domain": "hub", "uses": ["ghost", "payments", "Ghost Two", "UPPER"]}}),
        ),
        entity(
            12,
            "service",
            "payments",
            &json!({"title": "Payments", "team": ["alpha", "beta"],
            "properties": {"language": "go", "cost": 7, "note": "plain"}, "relations": {"domain": "hub"}}),
        ),
        entity(13, "incident", "i1", &json!({"title": "One", "relations": {"services": ["ghost"]}})),
        entity(
            14,
            "incident",
            "i2",
            &json!({"title": "Two", "relations": {"services": ["orders", "ghost"]}}),
        ),
        entity(15, "note", "mine", &json!({"title": "Mine", "properties": {"owner": LOOKERS[0]}})),
        document(
            20,
            "component",
            "shop",
            &json!({"title": "Shop", "tags": ["java"]}),
            &json!({
            "type": "service", "lifecycle": "production", "owner": "crew",
            "dependsOn": ["component:ghost", "component:none"], "providesApis": ["shop-api"]}),
        ),
        document(21, "group", "crew", &json!({}), &json!({"type": "team", "children": []})),
        document(
            22,
            "api",
            "shop-api",
            &json!({}),
            &json!({
            "type": "openapi", "lifecycle": "production", "owner": "crew", "definition": "x"}),
        ),
    ]
}

/// What nobody of [`LOOKERS`] may see: it points at what they see, and is pointed at.
fn unseen() -> Vec<Change> {
    let otto = json!({"status": "Active", "port_role": "Member", "port_type": "Standard"});
    vec![
        entity(105, "_team", "gamma", &json!({"title": "gamma"})),
        entity(
            106,
            "_user",
            "otto@larkfell.example",
            &json!({"team": ["alpha", "gamma"], "properties": otto}),
        ),
        document(
            107,
            "user",
            "zoe",
            &json!({}),
            &json!({"profile": {"displayName": "Zoe Unseen", "email": "zoe@larkfell.example",
                "picture": "https://larkfell.example/unseen.png"}, "memberOf": ["haunted", "crew"]}),
        ),
        entity(
            100,
            "service",
            "ghost",
            &json!({"title": "Ghost", "team": ["beta"],
            "properties": {"language": "cobol", "cost": 900, "note": "unseen", "odd": "unseen"},
            "relations": {"domain": "hub", "uses": ["orders", "never"]}}),
        ),
        entity(
            101,
            "service",
            "unseen",
            &json!({"title": "Orders", "team": ["beta"],
            "properties": {"language": "rust", "cost": -3}, "relations": {"domain": "hub", "uses": ["orders"]}}),
        ),
        entity(
            104,
            "service",
            "Ghost Two",
            &json!({"title": "Ghost", "team": ["beta"], "properties": {"language": "algol"},
            "relations": {"uses": ["orders"]}}),
        ),
        entity(108, "service", "UPPER", &json!({"title": "Upper", "team": []})),
        entity(
            102,
            "plan",
            "secret",
            &json!({"title": "Secret", "properties": {"text": "unseen"},
            "relations": {"of": ["orders", "payments", "elsewhere"]}}),
        ),
        entity(
            103,
            "note",
            "theirs",
            &json!({"title": "Theirs", "properties": {"owner": "otto@larkfell.example"}}),
        ),
        document(
            110,
            "component",
            "ghost",
            &json!({"title": "Ghost", "tags": ["java", "unseen"],
            "labels": {"unseen": "unseen"}, "annotations": {"unseen": "unseen"}}),
            &json!({
            "type": "unseen", "lifecycle": "hidden", "owner": "haunted", "dependsOn": ["component:shop"],
            "dependencyOf": ["component:shop"], "consumesApis": ["shop-api"], "system": "unseen",
            "unseen": {"unseen": "unseen"}}),
        ),
        document(
            111,
            "component",
            "aaa",
            &json!({"title": "Shop", "tags": ["java"]}),
            &json!({
            "type": "service", "lifecycle": "hidden", "owner": "crew", "providesApis": ["shop-api"]}),
        ),
    ]
}

/// One of the worlds, and who looks at it.
pub(super) struct World {
    pub(super) portal: TestPortal,
    pub(super) lookers: Vec<Person>,
}

impl World {
    pub(super) async fn new(with_unseen: bool) -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let actor = || Actor::new("fixture", "system");
        let mut entities = seen();
        if with_unseen {
            // In the middle, as time would have it.
            entities.splice(9..9, unseen());
        }
        let sets = [model(), entities].map(|changes| ChangeSet {
            actor: actor(),
            at: Timestamp(1_790_000_000_000),
            changes,
        });
        store.commit(0, &sets).unwrap();
        let portal = TestPortal::builder().store(store).start().await;
        let ada = portal.caller(Viewer::person("ada@larkfell.example"));
        let lookers = vec![
            portal.caller(Viewer::person(LOOKERS[0])),
            portal.limited(
                &ada,
                &["read:entities:domain", "read:entities:incident", "read:blueprints", "read:sources"],
            ),
            portal.caller(Viewer::person(LOOKERS[2])),
        ];
        Self { portal, lookers }
    }
}
