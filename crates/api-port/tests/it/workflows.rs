//! Workflows from end to end: nodes against a receiver of the tests' own, both ways of a condition, nodes that fail,
//! agents, people who answer, events, and a process that dies in the middle.

mod people;
pub(crate) mod stage;

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use stage::{PATIENCE, Receiver, blueprint, ends, make, node, start, until, workflow};

/// A condition with a call on either way, and an entity after them.
fn branching(url: &str) -> Value {
    workflow(
        "deploy",
        json!([
            {"identifier": "env", "config": {"type": "CONDITION", "outlets": [{"identifier": "prod", "title": "Production",
                "expression": ".outputs.form.env == \"prod\"", "workflowStatusLabel": {"text": "to production"}}]}},
            {"identifier": "careful", "config": {"type": "WEBHOOK", "url": format!("{url}/careful"), "body": {"who": "{{ .outputs.form.name }}", "run": "{{ .workflowRun.identifier }}"}}},
            {"identifier": "quick", "title": "Quickly", "variables": {"n": "{{ .response.data.id }}"}, "links": ["https://ci.example.com/{{ .outputs.form.env }}"],
                "config": {"type": "WEBHOOK", "url": format!("{url}/quick"), "method": "PUT"}},
            {"identifier": "put", "config": {"type": "UPSERT_ENTITY", "blueprintIdentifier": "service", "mapping": {
                "identifier": "{{ .outputs.form.name }}", "properties": {"n": "{{ .outputs.quick.n }}", "path": "{{ .outputs.careful.response.data.path }}"}}}},
        ]),
        json!([
            {"sourceIdentifier": "form", "targetIdentifier": "env"},
            {"sourceIdentifier": "env", "targetIdentifier": "careful", "sourceOutletIdentifier": "prod"},
            {"sourceIdentifier": "env", "targetIdentifier": "quick", "fallback": true},
            {"sourceIdentifier": "careful", "targetIdentifier": "put"},
            {"sourceIdentifier": "quick", "targetIdentifier": "put"},
        ]),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_is_taken_each_way_and_nodes_read_what_others_gave() {
    let (portal, mut receiver) = (TestPortal::new().await, Receiver::new().await);
    blueprint(&portal).await;
    make(&portal, &branching(&receiver.url)).await;
    let id = start(&portal, "deploy", json!({"env": "prod"})).await;
    let run = ends(&portal, &id).await;
    assert_eq!((&run["result"], &run["statusLabel"]), (&json!("SUCCESS"), &json!("to production")), "{run}");
    let (path, key, body) = receiver.received().await;
    assert_eq!((path.as_str(), body), ("/careful", json!({"who": "cart", "run": id})));
    assert!(!key.is_empty());
    let outputs = &run["variables"]["outputs"];
    assert_eq!(outputs["form"], json!({"env": "prod", "name": "cart"}));
    assert_eq!(outputs["env"]["selectedOutlet"], json!({"identifier": "prod", "title": "Production"}));
    assert_eq!(
        outputs["careful"],
        json!({"response": {"status": 200, "data": {"id": 7, "path": "/careful"}}})
    );
    assert_eq!(outputs["put"]["response"]["data"]["identifier"], "cart");
    assert_eq!(node(&run, "quick"), &Value::Null, "nothing was run there");
    let entity = portal.get("/v1/blueprints/service/entities/cart").await.json();
    assert_eq!(entity["entity"]["properties"]["path"], "/careful");
    // The other way.
    let id = start(&portal, "deploy", json!({"env": "dev", "name": "shop"})).await;
    let run = ends(&portal, &id).await;
    let (path, _, body) = receiver.received().await;
    assert_eq!((path.as_str(), &body["context"]["workflowRunId"]), ("/quick", &json!(id)));
    assert_eq!(body["context"]["nodeRunId"], node(&run, "quick")["identifier"]);
    assert_eq!(
        run["variables"]["outputs"]["quick"],
        json!({"n": 7}),
        "variables take the place of the answer"
    );
    assert_eq!(node(&run, "quick")["links"], json!(["https://ci.example.com/dev"]));
    assert_eq!(node(&run, "careful"), &Value::Null);
    let entity = portal.get("/v1/blueprints/service/entities/shop").await.json();
    assert_eq!(entity["entity"]["properties"]["n"], 7);
    // The page of runs shows its steps.
    let native = portal.get(&format!("/api/stagedoor/v1/runs/{id}")).await.json();
    assert_eq!((&native["of"]["kind"], &native["status"]), (&json!("workflow"), &json!("SUCCESS")));
    let steps: Vec<(&str, &str, &str)> = native["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| {
            (
                s["name"].as_str().unwrap(),
                s["performer"].as_str().unwrap(),
                s["state"]["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(steps.len(), 5, "{steps:?}");
    assert!(
        steps.contains(&("Quickly", "WEBHOOK", "done")) && steps.contains(&("careful", "WEBHOOK", "skipped"))
    );
    let again = portal.post(&format!("/api/stagedoor/v1/runs/{id}/rerun"), &json!({})).await;
    assert!(again.status < 300, "{}", again.text());
    // Of Port's runs of actions it is none.
    assert_eq!(portal.get(&format!("/v1/actions/runs/{id}")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_fails_ends_the_run_unless_it_says_otherwise() {
    let (portal, receiver) = (TestPortal::new().await, Receiver::new().await);
    let nodes = |on: &str| {
        json!([
            {"identifier": "call", "title": "Call it", "config": {"type": "WEBHOOK", "url": format!("{}/fail", receiver.url), "onFailure": on}},
            {"identifier": "after", "config": {"type": "WEBHOOK", "url": format!("{}/after", receiver.url), "body": {"why": "{{ .outputs.call.error }}"}}},
        ])
    };
    make(&portal, &workflow("strict", nodes("terminate"), json!([]))).await;
    make(&portal, &workflow("lenient", nodes("continue"), json!([]))).await;
    let strict = ends(&portal, &start(&portal, "strict", json!({})).await).await;
    assert_eq!(
        (&strict["result"], node(&strict, "call")["result"].as_str()),
        (&json!("FAILED"), Some("FAILED"))
    );
    assert!(strict["error"].as_str().unwrap().starts_with("\"Call it\": "), "{}", strict["error"]);
    assert_eq!(node(&strict, "after"), &Value::Null);
    let lenient = ends(&portal, &start(&portal, "lenient", json!({})).await).await;
    assert_eq!(lenient["result"], "SUCCESS", "{lenient}");
    assert!(lenient["variables"]["outputs"]["call"]["error"].as_str().unwrap().contains("500"));
    let why = node(&lenient, "after")["config"]["body"]["why"].as_str().unwrap().to_owned();
    assert!(why.contains("500"), "{why}");
    // A model that is not there is said to be missing.
    make(
        &portal,
        &workflow(
            "think",
            json!([{"identifier": "ai", "config": {"type": "AI", "userPrompt": "x"}}]),
            json!([]),
        ),
    )
    .await;
    let run = ends(&portal, &start(&portal, "think", json!({})).await).await;
    assert!(run["error"].as_str().unwrap().contains("stagedoor.ai"), "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_where_the_process_died() {
    let mut receiver = Receiver::new().await;
    let portal = TestPortal::new().await;
    let store = Arc::clone(&portal.store);
    let nodes = json!([
        {"identifier": "first", "config": {"type": "WEBHOOK", "url": format!("{}/first", receiver.url)}},
        {"identifier": "hang", "config": {"type": "WEBHOOK", "url": format!("{}/hang", receiver.url), "method": "PUT"}},
        {"identifier": "agent", "config": {"type": "WEBHOOK", "url": "https://intranet.example.com", "agent": true}},
        {"identifier": "last", "config": {"type": "WEBHOOK", "url": format!("{}/last", receiver.url), "body": {"n": "{{ .outputs.agent.response.data.n }}"}}},
    ]);
    make(&portal, &workflow("long", nodes, json!([]))).await;
    let id = start(&portal, "long", json!({})).await;
    assert_eq!(receiver.received().await.0, "/first");
    let (path, key, _) = receiver.received().await;
    assert_eq!(path, "/hang");
    // Killed within a step: the next process sends the same once more, under the same key.
    portal.portal.halt_runs();
    drop(portal);
    receiver.gate.add_permits(10);
    let portal = TestPortal::builder().store(Arc::clone(&store)).start().await;
    let (path, again, _) = receiver.received().await;
    assert_eq!((path.as_str(), again), ("/hang", key));
    let run = until(&portal, &id, |run| node(run, "agent")["pendingExecution"] == true).await;
    let agent = node(&run, "agent")["identifier"].as_str().unwrap().to_owned();
    // Killed while an agent has it: it stays the agent's.
    let claim = json!({"installationId": "_PORT_EXEC_AGENT", "limit": 10});
    let claimed = portal.post("/v1/workflows/runs/claim-pending", &claim).await.json();
    assert_eq!(claimed["nodeRuns"][0]["identifier"], agent);
    portal.portal.halt_runs();
    drop(portal);
    let portal = TestPortal::builder().store(store).start().await;
    assert_eq!(portal.post("/v1/workflows/runs/claim-pending", &claim).await.json()["nodeRuns"], json!([]));
    let ack = json!({ "nodeRunIdentifier": agent });
    assert_eq!(portal.request("PATCH", "/v1/workflows/runs/ack", Some(&ack)).await.json()["acked"], true);
    let done = json!({"status": "COMPLETED", "result": "SUCCESS", "output": {"response": {"status": 200, "data": {"n": 3}}}});
    let reported = portal.request("PATCH", &format!("/v1/workflows/nodes/runs/{agent}"), Some(&done)).await;
    assert_eq!(reported.status, 200, "{}", reported.text());
    let run = ends(&portal, &id).await;
    assert_eq!(run["result"], "SUCCESS", "{run}");
    let (path, _, body) = receiver.received().await;
    assert_eq!((path.as_str(), body), ("/last", json!({"n": 3})));
    assert!(receiver.inbox.try_recv().is_err(), "nothing was done twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_set_workflows_going_once_each() {
    let portal = TestPortal::new().await;
    blueprint(&portal).await;
    let note = json!({"identifier": "note", "schema": {"properties": {"text": {"type": "string"}}}});
    assert_eq!(portal.post("/v1/blueprints", &note).await.status, 201);
    let body = json!({
        "identifier": "watch", "nodes": [
            {"identifier": "made", "config": {"type": "EVENT_TRIGGER", "event": {"type": "ENTITY_CREATED", "blueprintIdentifier": "service"},
                "condition": {"type": "JQ", "expressions": [".diff.after.properties.n > 3"], "combinator": "and"}}},
            {"identifier": "off", "config": {"type": "EVENT_TRIGGER", "published": false, "event": {"type": "ENTITY_CREATED", "blueprintIdentifier": "service"}}},
            {"identifier": "never", "config": {"type": "SCHEDULE_TRIGGER", "cron": "0 0 29 2 *"}},
            {"identifier": "put", "config": {"type": "UPSERT_ENTITY", "blueprintIdentifier": "note", "mapping": {
                "identifier": "{{ .outputs.made.diff.after.identifier }}", "properties": {"text": "{{ .outputs.made.action }}"}}}}],
        "connections": [{"sourceIdentifier": "made", "targetIdentifier": "put"}, {"sourceIdentifier": "off", "targetIdentifier": "put"}],
    });
    make(&portal, &body).await;
    for (identifier, n) in [("small", 1), ("large", 4)] {
        let entity = json!({"identifier": identifier, "properties": {"n": n}});
        assert_eq!(portal.post("/v1/blueprints/service/entities", &entity).await.status, 201);
    }
    let mut changes = portal.portal.run_changes();
    let wait = async {
        loop {
            let runs = portal.get("/v1/workflows/runs?workflow=watch").await.json()["workflowRuns"].clone();
            if runs[0]["status"] == "COMPLETED" {
                return runs;
            }
            let _ = changes.recv().await;
        }
    };
    let runs = tokio::time::timeout(PATIENCE, wait).await.unwrap();
    assert_eq!(runs.as_array().unwrap().len(), 1, "{runs}");
    let run = &runs[0];
    assert_eq!(
        (&run["result"], &run["source"], &run["trigger"]),
        (&json!("SUCCESS"), &json!("AUTOMATION"), &json!("made"))
    );
    assert_eq!((&run["blueprint"], &run["entity"]), (&json!("service"), &json!("large")));
    let note = portal.get("/v1/blueprints/note/entities/large").await.json();
    assert_eq!(note["entity"]["properties"]["text"], "CREATE");
}
