//! Workflows from end to end: nodes against a receiver of the tests' own, both ways of a condition, nodes that fail,
//! agents, people who answer, events, and a process that dies in the middle.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use stagedoor_store::MemoryStore;
use stagedoor_testkit::{Answer, Person, TestPortal};
use tokio::sync::{Semaphore, mpsc};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a receiver was sent: path, idempotency key, body.
type Received = (String, String, Value);

/// A receiver: `/fail` answers 500, `/hang` nothing before a permit, everything else `{"id": 7, "path"}`.
struct Receiver {
    url: String,
    inbox: mpsc::UnboundedReceiver<Received>,
    gate: Arc<Semaphore>,
}

impl Receiver {
    async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (told, inbox) = mpsc::unbounded_channel();
        let gate = Arc::new(Semaphore::new(0));
        let waits = Arc::clone(&gate);
        let handler = move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let (told, waits) = (told.clone(), Arc::clone(&waits));
            async move {
                let key = headers.get("idempotency-key").map_or("", |key| key.to_str().unwrap()).to_owned();
                let body = serde_json::from_slice(&body).unwrap_or_default();
                let _ = told.send((uri.path().to_owned(), key, body));
                match uri.path() {
                    "/fail" => (StatusCode::INTERNAL_SERVER_ERROR, "it broke".to_owned()),
                    path => {
                        if path == "/hang" {
                            waits.acquire().await.unwrap().forget();
                        }
                        (StatusCode::OK, json!({ "id": 7, "path": path }).to_string())
                    }
                }
            }
        };
        let app = axum::Router::new().fallback(handler);
        tokio::spawn(async move { drop(axum::serve(listener, app).await) });
        Self { url, inbox, gate }
    }

    async fn received(&mut self) -> Received {
        tokio::time::timeout(PATIENCE, self.inbox.recv()).await.unwrap().unwrap()
    }
}

/// A workflow of nodes, one after the other where nothing else is said.
fn workflow(identifier: &str, nodes: Value, connections: Value) -> Value {
    let trigger = json!({"identifier": "form", "config": {"type": "SELF_SERVE_TRIGGER", "permissions": {"roles": ["Member"]},
        "userInputs": {"properties": {"env": {"type": "string"}, "name": {"type": "string", "default": "cart"}}}}});
    let mut all = vec![trigger];
    all.extend(nodes.as_array().unwrap().iter().cloned());
    let mut connections = connections.as_array().unwrap().clone();
    if connections.is_empty() {
        connections = all
            .windows(2)
            .map(|pair| json!({"sourceIdentifier": pair[0]["identifier"], "targetIdentifier": pair[1]["identifier"]}))
            .collect();
    }
    json!({"identifier": identifier, "title": identifier, "nodes": all, "connections": connections})
}

async fn make(portal: &TestPortal, body: &Value) {
    let answer = portal.post("/v1/workflows", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let read = portal.get(&format!("/v1/workflows/{}", body["identifier"].as_str().unwrap())).await.json();
    for (key, value) in body.as_object().unwrap() {
        assert_eq!(&read["workflow"][key], value, "as it was sent");
    }
}

fn id_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.json()["workflowRun"]["identifier"].as_str().unwrap().to_owned()
}

async fn start(portal: &TestPortal, workflow: &str, inputs: Value) -> String {
    let body = json!({ "inputs": inputs });
    id_of(&portal.post(&format!("/v1/workflows/{workflow}/runs"), &body).await)
}

/// The run, once something is so.
async fn until(portal: &TestPortal, id: &str, is: impl Fn(&Value) -> bool) -> Value {
    let mut changes = portal.portal.run_changes();
    let wait = async {
        loop {
            let run = portal.get(&format!("/v1/workflows/runs/{id}")).await.json()["workflowRun"].clone();
            if is(&run) {
                return run;
            }
            let _ = changes.recv().await;
        }
    };
    match tokio::time::timeout(PATIENCE, wait).await {
        Ok(run) => run,
        Err(_) => panic!("{}", portal.get(&format!("/v1/workflows/runs/{id}")).await.text()),
    }
}

async fn ends(portal: &TestPortal, id: &str) -> Value {
    until(portal, id, |run| run["status"] == "COMPLETED").await
}

/// The run of a node in a run.
fn node<'r>(run: &'r Value, node: &str) -> &'r Value {
    let all = run["nodeRuns"].as_array().unwrap();
    all.iter().find(|one| one["node"]["identifier"] == node).unwrap_or(&Value::Null)
}

async fn blueprint(portal: &TestPortal) {
    let body = json!({"identifier": "service", "title": "Service", "schema": {"properties": {"n": {"type": "number"}, "path": {"type": "string"}}}});
    assert_eq!(portal.post("/v1/blueprints", &body).await.status, 201);
}

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
    assert_eq!(outputs["careful"], json!({"response": {"status": 200, "data": {"id": 7, "path": "/careful"}}}));
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
    assert_eq!(run["variables"]["outputs"]["quick"], json!({"n": 7}), "variables take the place of the answer");
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
        .map(|s| (s["name"].as_str().unwrap(), s["performer"].as_str().unwrap(), s["state"]["state"].as_str().unwrap()))
        .collect();
    assert_eq!(steps.len(), 5, "{steps:?}");
    assert!(steps.contains(&("Quickly", "WEBHOOK", "done")) && steps.contains(&("careful", "WEBHOOK", "skipped")));
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
    assert_eq!((&strict["result"], node(&strict, "call")["result"].as_str()), (&json!("FAILED"), Some("FAILED")));
    assert!(strict["error"].as_str().unwrap().starts_with("\"Call it\": "), "{}", strict["error"]);
    assert_eq!(node(&strict, "after"), &Value::Null);
    let lenient = ends(&portal, &start(&portal, "lenient", json!({})).await).await;
    assert_eq!(lenient["result"], "SUCCESS", "{lenient}");
    assert!(lenient["variables"]["outputs"]["call"]["error"].as_str().unwrap().contains("500"));
    let why = node(&lenient, "after")["config"]["body"]["why"].as_str().unwrap().to_owned();
    assert!(why.contains("500"), "{why}");
    // A model that is not there is said to be missing.
    make(&portal, &workflow("think", json!([{"identifier": "ai", "config": {"type": "AI", "userPrompt": "x"}}]), json!([]))).await;
    let run = ends(&portal, &start(&portal, "think", json!({})).await).await;
    assert!(run["error"].as_str().unwrap().contains("need a model"), "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_named_neither_sees_nor_runs_a_workflow_nor_its_runs() {
    let portal = TestPortal::new().await;
    let (mia, otto) = (portal.member("mia@larkfell.example").await, portal.member("otto@larkfell.example").await);
    let mut body = workflow("secret", json!([{"identifier": "wait", "config": {"type": "WEBHOOK", "agent": true, "url": "https://example.com"}}]), json!([]));
    body["allowAnyoneToViewRuns"] = json!(false);
    body["nodes"][0]["config"]["permissions"] = json!({"users": ["Mia@larkfell.example"]});
    make(&portal, &body).await;
    let as_ = |who: &Person, method: &'static str, path: String, body: Option<Value>| {
        let (portal, who) = (&portal, who.clone());
        async move { portal.request_as(&who, method, &path, body.as_ref()).await }
    };
    let listed = |answer: Answer| answer.json()["workflows"].as_array().unwrap().len();
    assert_eq!(listed(as_(&mia, "GET", "/v1/workflows".into(), None).await), 1);
    assert_eq!(listed(as_(&otto, "GET", "/v1/workflows".into(), None).await), 0);
    let id = id_of(&as_(&mia, "POST", "/v1/workflows/secret/runs".into(), Some(json!({"inputs": {}}))).await);
    let run = until(&portal, &id, |run| node(run, "wait")["pendingExecution"] == true).await;
    let wait = node(&run, "wait")["identifier"].as_str().unwrap().to_owned();
    let done = json!({"status": "COMPLETED", "result": "SUCCESS"});
    for (method, path, body) in [
        ("GET", "/v1/workflows/secret".to_owned(), None),
        ("POST", "/v1/workflows/secret/runs".to_owned(), Some(json!({}))),
        ("GET", format!("/v1/workflows/runs/{id}"), None),
        ("POST", format!("/v1/workflows/runs/{id}/cancel"), None),
        ("GET", format!("/v1/workflows/nodes/runs/{wait}"), None),
        ("PATCH", format!("/v1/workflows/nodes/runs/{wait}"), Some(done.clone())),
        ("PATCH", format!("/v1/workflows/runs/{id}/nodes/{wait}"), Some(done.clone())),
        ("GET", format!("/v1/workflows/nodes/runs/{wait}/logs"), None),
        ("POST", format!("/v1/workflows/nodes/runs/{wait}/logs"), Some(json!({"logs": [{"message": "x"}]}))),
        ("POST", format!("/v1/workflows/nodes/runs/{wait}/responses"), Some(json!({"button": "x"}))),
    ] {
        let none = |text: &str| {
            text.replace("secret", "absent").replace(&id, "wfr_0000000000000000").replace(&wait, "wfnr_000000000000000000000000")
        };
        let theirs = as_(&otto, method, path.clone(), body.clone()).await;
        let absent = as_(&otto, method, none(&path), body).await;
        assert_eq!((theirs.status, absent.status), (404, 404), "{method} {path}: {}", theirs.text());
        assert_eq!(none(&theirs.text()), absent.text(), "{method} {path}");
    }
    assert_eq!(as_(&otto, "GET", "/v1/workflows/runs".into(), None).await.json()["workflowRuns"], json!([]));
    assert_eq!(as_(&otto, "GET", "/v1/workflows/nodes/runs".into(), None).await.json()["nodeRuns"], json!([]));
    for (method, path) in [("POST", "claim-pending"), ("PATCH", "ack")] {
        let body = json!({"installationId": "_PORT_EXEC_AGENT", "nodeRunIdentifier": wait});
        let path = format!("/v1/workflows/runs/{path}");
        assert_eq!(as_(&mia, method, path, Some(body)).await.status, 403, "people are no agents");
    }
    // A token without the right.
    let limited = portal.limited(&mia, &["read:workflows", "read:runs"]);
    let refused = as_(&limited, "POST", "/v1/workflows/secret/runs".into(), Some(json!({}))).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    // Members make no workflows.
    assert_eq!(as_(&mia, "POST", "/v1/workflows".into(), Some(body)).await.status, 403);
    assert_eq!(as_(&mia, "DELETE", "/v1/workflows/secret".into(), None).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_are_asked_answer_and_whoever_began_it_does_not() {
    let (portal, mut receiver) = (TestPortal::new().await, Receiver::new().await);
    let mut people = Vec::new();
    for name in ["mia", "ida", "ada", "otto"] {
        people.push(portal.member(&format!("{name}@larkfell.example")).await);
    }
    let [mia, ida, ada, otto] = people.try_into().unwrap_or_else(|_| panic!("four"));
    let mut body = workflow(
        "ask",
        json!([
            {"identifier": "ask", "config": {"type": "INPUT", "description": "{{ .outputs.form.name }}?",
                "userInputs": {"properties": {"why": {"type": "string", "minLength": 2}}, "required": ["why"], "buttons": [{"identifier": "yes", "label": "Yes"}, {"identifier": "no", "label": "No"}]},
                "outlets": [{"identifier": "yes", "title": "Yes", "evaluationMethod": "button", "numOfResponders": 2, "workflowStatusLabel": {"text": "approved"}}, {"identifier": "no", "numOfResponders": 1}],
                "notifications": [{"target": "webhook", "url": format!("{}/told", receiver.url), "body": {"node": "{{ .nodeRun.identifier }}"}}, {"target": "email", "fields": []}],
                "responders": {"users": ["ida@larkfell.example"], "teams": ["crew"], "usersQuery": {"combinator": "and", "rules": [{"property": "$identifier", "operator": "=", "value": "ada@larkfell.example"}]}}}},
            {"identifier": "go", "config": {"type": "WEBHOOK", "url": format!("{}/go", receiver.url), "body": {"why": "{{ .outputs.ask.responses[0].inputs.why }}", "by": "{{ .outputs.ask.responses[1].submitterInfo.submittedBy }}"}}},
            {"identifier": "stop", "config": {"type": "WEBHOOK", "url": format!("{}/stop", receiver.url)}},
        ]),
        json!([
            {"sourceIdentifier": "form", "targetIdentifier": "ask"},
            {"sourceIdentifier": "ask", "targetIdentifier": "go", "sourceOutletIdentifier": "yes"},
            {"sourceIdentifier": "ask", "targetIdentifier": "stop", "sourceOutletIdentifier": "no"},
        ]),
    );
    body["allowAnyoneToViewRuns"] = json!(false);
    make(&portal, &body).await;
    let started = portal.request_as(&mia, "POST", "/v1/workflows/ask/runs", Some(&json!({}))).await;
    let id = id_of(&started);
    let (path, _, told) = receiver.received().await;
    assert_eq!(path, "/told");
    let ask = told["node"].as_str().unwrap().to_owned();
    until(&portal, &id, |run| node(run, "ask")["config"]["description"] == "cart?").await;
    let answer = |who: &Person, button: &str, inputs: Value| {
        let (portal, who) = (&portal, who.clone());
        let (path, body) = (format!("/v1/workflows/nodes/runs/{ask}/responses"), json!({"button": button, "inputs": inputs}));
        async move { portal.request_as(&who, "POST", &path, Some(&body)).await }
    };
    let why = || json!({"why": "because"});
    assert_eq!(answer(&otto, "yes", why()).await.status, 404, "not even that it is there");
    let own = answer(&mia, "yes", why()).await;
    assert_eq!(own.status, 403, "{}", own.text());
    // Nobody reports on it in place of an answer, by no way.
    let done = json!({"status": "COMPLETED", "result": "SUCCESS", "output": {"selectedOutlet": {"identifier": "yes"}}});
    let forged = portal.request_as(&mia, "PATCH", &format!("/v1/workflows/nodes/runs/{ask}"), Some(&done)).await;
    assert_eq!((forged.status, &forged.json()["error"]), (422, &json!("not_handed_over")));
    let forged = portal.request_as(&mia, "PATCH", &format!("/v1/actions/runs/{id}"), Some(&json!({"status": "SUCCESS"}))).await;
    assert_eq!((forged.status, &forged.json()["error"]), (422, &json!("not_handed_over")), "{}", forged.text());
    for (button, inputs, message) in [
        ("maybe", why(), "\"button\" must be equal to one of the allowed values: yes, no"),
        ("yes", json!({}), "\"inputs\" must have required property 'why'"),
        ("yes", json!({"why": "x"}), "\"inputs/why\" must NOT have fewer than 2 characters"),
        ("yes", json!({"why": "because", "extra": 1}), "\"inputs\" must NOT have additional properties, additional property: extra"),
    ] {
        let wrong = answer(&ida, button, inputs).await;
        assert_eq!((wrong.status, wrong.json()["message"].as_str()), (422, Some(message)), "{}", wrong.text());
    }
    let first = answer(&ida, "yes", why()).await;
    assert_eq!((first.status, &first.json()["nodeRun"]["status"]), (201, &json!("IN_PROGRESS")), "{}", first.text());
    assert_eq!(answer(&ida, "yes", why()).await.json()["error"], "already_answered");
    let second = answer(&ada, "yes", json!({"why": "me too"})).await;
    assert_eq!((second.status, &second.json()["nodeRun"]["result"]), (201, &json!("SUCCESS")), "{}", second.text());
    let run = ends(&portal, &id).await;
    assert_eq!((&run["result"], &run["statusLabel"]), (&json!("SUCCESS"), &json!("approved")), "{run}");
    let (path, _, body) = receiver.received().await;
    assert_eq!((path.as_str(), body), ("/go", json!({"why": "because", "by": "ada@larkfell.example"})));
    assert_eq!(answer(&ada, "yes", why()).await.status, 403, "asked by a search, which is over");
    assert_eq!(answer(&ida, "no", why()).await.json()["error"], "not_waiting");
    // One no is enough for the other way.
    let id = id_of(&portal.request_as(&mia, "POST", "/v1/workflows/ask/runs", Some(&json!({}))).await);
    let ask = receiver.received().await.2["node"].as_str().unwrap().to_owned();
    until(&portal, &id, |run| node(run, "ask")["status"] == "IN_PROGRESS" && node(run, "ask")["config"]["outlets"].is_array()).await;
    let body = json!({"button": "no", "inputs": {"why": "not now"}});
    let path = format!("/v1/workflows/nodes/runs/{ask}/responses");
    let mut changes = portal.portal.run_changes();
    loop {
        let no = portal.request_as(&ida, "POST", &path, Some(&body)).await;
        match no.status {
            201 => break,
            // It is still telling people.
            422 => drop(changes.recv().await),
            other => panic!("{other}: {}", no.text()),
        }
    }
    let run = ends(&portal, &id).await;
    assert_eq!(receiver.received().await.0, "/stop");
    assert_eq!((&run["result"], node(&run, "go")), (&json!("SUCCESS"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_where_the_process_died() {
    let mut receiver = Receiver::new().await;
    let store = Arc::new(MemoryStore::new());
    let portal = TestPortal::builder().store(store.clone()).start().await;
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
    let portal = TestPortal::builder().store(store.clone()).start().await;
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
    assert_eq!((&run["result"], &run["source"], &run["trigger"]), (&json!("SUCCESS"), &json!("AUTOMATION"), &json!("made")));
    assert_eq!((&run["blueprint"], &run["entity"]), (&json!("service"), &json!("large")));
    let note = portal.get("/v1/blueprints/note/entities/large").await.json();
    assert_eq!(note["entity"]["properties"]["text"], "CREATE");
}
