//! Automations: events set runs going, each once, whatever happens in between.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use stagedoor_portal::{RunQuery, RunStatus};
use stagedoor_store::MemoryStore;
use stagedoor_testkit::TestPortal;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A portal with a blueprint `service` with a timer, and `note`, where automations write to.
async fn stage(store: Arc<MemoryStore>) -> TestPortal {
    let test = TestPortal::builder().store(store).start().await;
    for body in [
        json!({"identifier": "service", "schema": {"properties": {
            "tier": {"type": "string"}, "until": {"type": "string", "format": "timer"}}}}),
        json!({"identifier": "note", "schema": {"properties": {"text": {"type": "string"}, "count": {"type": "number"}}}}),
    ] {
        let answer = test.post("/v1/blueprints", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    test
}

/// An automation that writes a note when something happens.
fn automation(identifier: &str, event: Value, condition: Value, note: &str) -> Value {
    let mut trigger = json!({"type": "automation", "event": event});
    if !condition.is_null() {
        trigger["condition"] = condition;
    }
    json!({
        "identifier": identifier, "trigger": trigger, "publish": true,
        "invocationMethod": {"type": "UPSERT_ENTITY", "blueprintIdentifier": "note", "mapping": {
            "identifier": note, "properties": {"text": "{{ .event.action }} {{ .event.diff.after.properties.tier }}"}}}
    })
}

async fn make(test: &TestPortal, body: Value) {
    let answer = test.post("/v1/actions", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}

async fn put(test: &TestPortal, identifier: &str, properties: Value) {
    let body = json!({"identifier": identifier, "properties": properties});
    let answer = test.post("/v1/blueprints/service/entities?upsert=true&merge=true", &body).await;
    assert!(answer.status == 201 || answer.status == 200, "{}", answer.text());
}

/// Waits until so many runs of an automation have ended; returns how they ended, oldest first.
async fn ended(test: &TestPortal, automation: &str, count: usize) -> Vec<RunStatus> {
    let query = RunQuery { of: Some(automation.into()), limit: 100, ..RunQuery::default() };
    let mut changes = test.portal.run_changes();
    let wait = async {
        loop {
            let page = test.portal.runs(&test.viewer(), &query).unwrap();
            let all: Vec<RunStatus> = page.runs.iter().rev().map(|run| run.status).collect();
            if all.len() >= count && all.iter().all(|status| status.has_ended()) {
                return all;
            }
            let _ = changes.recv().await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, wait).await;
    found.unwrap_or_else(|_| {
        let page = test.portal.runs(&test.viewer(), &query).unwrap();
        let all: Vec<_> = page.runs.iter().map(|run| (run.status, &run.steps)).collect();
        panic!("{} of {count} runs: {all:?}", all.len())
    })
}

async fn note(test: &TestPortal, identifier: &str) -> Value {
    test.get(&format!("/v1/blueprints/note/entities/{identifier}")).await.json()["entity"]["properties"]["text"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_entities_set_automations_going_where_their_condition_holds() {
    let test = stage(Arc::default()).await;
    put(&test, "before", json!({"tier": "gold"})).await;
    let of = |kind: &str| json!({"type": kind, "blueprintIdentifier": "service"});
    let named = "{{ .event.action }}-{{ .event.context.entityIdentifier }}";
    make(&test, automation("any", of("ANY_ENTITY_CHANGE"), Value::Null, named)).await;
    let gold = json!({"type": "JQ", "combinator": "and", "expressions": [
        ".diff.before.properties.tier != .diff.after.properties.tier", ".diff.after.properties.tier == \"gold\""]});
    make(
        &test,
        automation("golden", of("ENTITY_UPDATED"), gold, "golden-{{ .event.context.entityIdentifier }}"),
    )
    .await;
    put(&test, "cart", json!({"tier": "silver"})).await;
    put(&test, "cart", json!({"tier": "gold"})).await;
    // The same again is no change, and so no event.
    put(&test, "cart", json!({"tier": "gold"})).await;
    let gone = test.request("DELETE", "/v1/blueprints/service/entities/cart", None).await;
    assert_eq!(gone.status, 200);
    assert_eq!(ended(&test, "any", 3).await, [RunStatus::Success; 3]);
    assert_eq!(ended(&test, "golden", 1).await, [RunStatus::Success]);
    assert_eq!(note(&test, "CREATE-cart").await, "CREATE silver");
    assert_eq!(note(&test, "UPDATE-cart").await, "UPDATE gold");
    assert_eq!(note(&test, "DELETE-cart").await, "DELETE null");
    assert_eq!(note(&test, "golden-cart").await, "UPDATE gold");
    // What was there before the automation is none of its.
    assert_eq!(note(&test, "CREATE-before").await, Value::Null);
    let runs = test.get("/v1/actions/runs?action=golden&source=AUTOMATION").await.json();
    assert_eq!(runs["runs"][0]["entity"]["identifier"], "cart", "{runs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_automation_that_is_off_does_nothing_and_runs_set_others_going() {
    let test = stage(Arc::default()).await;
    let created = json!({"type": "ENTITY_CREATED", "blueprintIdentifier": "service"});
    let mut off = automation("off", created.clone(), Value::Null, "off");
    off["publish"] = json!(false);
    make(&test, off).await;
    make(&test, automation("first", created, Value::Null, "first")).await;
    let of_run = json!({"type": "RUN_UPDATED", "actionIdentifier": "first"});
    let done = json!({"type": "JQ", "expressions": [".diff.after.status == 'SUCCESS'"]});
    let mut second = automation("second", of_run, done, "second");
    second["invocationMethod"]["mapping"]["properties"]["text"] =
        json!("{{ .event.context.action.identifier }}");
    make(&test, second).await;
    put(&test, "cart", json!({})).await;
    assert_eq!(ended(&test, "second", 1).await, [RunStatus::Success]);
    assert_eq!(note(&test, "second").await, "first");
    assert_eq!(note(&test, "off").await, Value::Null);
    let second = &test.get("/v1/actions/runs?action=second").await.json()["runs"];
    assert_eq!(second.as_array().map(Vec::len), Some(1), "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn automations_that_set_each_other_going_come_to_an_end() {
    let test = stage(Arc::default()).await;
    let mut endless = automation(
        "endless",
        json!({"type": "ANY_ENTITY_CHANGE", "blueprintIdentifier": "note"}),
        Value::Null,
        "loop",
    );
    endless["invocationMethod"]["mapping"]["properties"] =
        json!({"count": "{{ (.event.diff.after.properties.count // 0) + 1 }}"});
    make(&test, endless).await;
    let first = json!({"identifier": "loop", "properties": {"count": 0}});
    assert_eq!(test.post("/v1/blueprints/note/entities", &first).await.status, 201);
    // One for each step of the longest chain that is allowed, and no more.
    let all = ended(&test, "endless", 17).await;
    assert_eq!(all, [RunStatus::Success; 17]);
    let count = test.get("/v1/blueprints/note/entities/loop").await.json();
    assert_eq!(count["entity"]["properties"]["count"], 17);
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_expire_once_also_while_no_process_runs() {
    let store = Arc::new(MemoryStore::new());
    let test = stage(Arc::clone(&store)).await;
    let expired = json!({"type": "TIMER_PROPERTY_EXPIRED", "blueprintIdentifier": "service", "propertyIdentifier": "until"});
    make(&test, automation("alarm", expired, Value::Null, "alarm-{{ .event.context.entityIdentifier }}"))
        .await;
    let at = |ms: i64| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let at = i64::try_from(now.as_millis()).unwrap() + ms;
        stagedoor_model::Timestamp(at).to_string()
    };
    put(&test, "past", json!({"until": "2020-01-01T00:00:00.000Z"})).await;
    put(&test, "soon", json!({"until": at(150), "tier": "a"})).await;
    put(&test, "moved", json!({"until": at(100), "tier": "b"})).await;
    put(&test, "moved", json!({"until": at(3_600_000)})).await;
    assert_eq!(ended(&test, "alarm", 1).await, [RunStatus::Success]);
    assert_eq!(note(&test, "alarm-soon").await, "TIMER_EXPIRED a");
    assert_eq!(note(&test, "alarm-past").await, Value::Null);
    // It expires between two processes.
    put(&test, "later", json!({"until": at(300), "tier": "c"})).await;
    test.portal.halt_runs();
    drop(test);
    tokio::time::sleep(Duration::from_millis(350)).await;
    let test = TestPortal::builder().store(store).start().await;
    assert_eq!(ended(&test, "alarm", 2).await, [RunStatus::Success; 2]);
    assert_eq!(note(&test, "alarm-later").await, "TIMER_EXPIRED c");
}

#[tokio::test(flavor = "multi_thread")]
async fn scorecards_and_their_rules_set_automations_going() {
    let test = stage(Arc::default()).await;
    for (identifier, blueprint) in [("cards", "_scorecard"), ("rules", "_rule")] {
        let event = json!({"type": "ANY_ENTITY_CHANGE", "blueprintIdentifier": blueprint});
        let mut body = automation(
            identifier,
            event,
            Value::Null,
            "{{ .event.action }}-{{ .event.diff.after.title // .event.diff.before.title }}",
        );
        body["invocationMethod"]["mapping"]["properties"]["text"] =
            json!("{{ .event.context.entityIdentifier }} {{ .event.diff.after.properties.level }}");
        make(&test, body).await;
    }
    let rule = |identifier: &str, title: &str, level: &str| {
        json!({"identifier": identifier, "title": title, "level": level,
        "query": {"combinator": "and", "conditions": [{"property": "tier", "operator": "isNotEmpty"}]}})
    };
    let card = |rules: Value| json!({"identifier": "ready", "title": "Ready", "rules": rules});
    let path = "/v1/blueprints/service/scorecards";
    let made = test.post(path, &card(json!([rule("a", "A", "Gold"), rule("b", "B", "Gold")]))).await;
    assert_eq!(made.status, 201, "{}", made.text());
    // One rule changes its level, one goes, one comes; the scorecard itself says what it said.
    let body = card(json!([rule("a", "A", "Silver"), rule("c", "C", "Gold")]));
    assert_eq!(test.request("PUT", &format!("{path}/ready"), Some(&body)).await.status, 200);
    ended(&test, "rules", 5).await;
    assert_eq!(ended(&test, "cards", 1).await.len(), 1);
    assert_eq!(note(&test, "CREATE-Ready").await, "service/ready null");
    assert_eq!(note(&test, "CREATE-B").await, "service/ready/b Gold");
    assert_eq!(note(&test, "UPDATE-A").await, "service/ready/a Silver");
    assert_eq!(note(&test, "DELETE-B").await, "service/ready/b null");
    assert_eq!(note(&test, "CREATE-C").await, "service/ready/c Gold");
    assert_eq!(test.request("DELETE", &format!("{path}/ready"), None).await.status, 200);
    ended(&test, "rules", 7).await;
    ended(&test, "cards", 2).await;
    assert_eq!(note(&test, "DELETE-Ready").await, "service/ready null");
}
