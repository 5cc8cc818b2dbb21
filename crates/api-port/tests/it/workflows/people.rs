//! Who sees and runs workflows, and people who answer.

use serde_json::{Value, json};
use stagedoor_testkit::{Answer, Person, TestPortal};

use super::stage::{Receiver, ends, id_of, make, node, until, workflow};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_named_neither_sees_nor_runs_a_workflow_nor_its_runs() {
    let portal = TestPortal::new().await;
    let (mia, otto) =
        (portal.member("mia@larkfell.example").await, portal.member("otto@larkfell.example").await);
    let mut body = workflow(
        "secret",
        json!([{"identifier": "wait", "config": {"type": "WEBHOOK", "agent": true, "url": "https://example.com"}}]),
        json!([]),
    );
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
            text.replace("secret", "absent")
                .replace(&id, "wfr_0000000000000000")
                .replace(&wait, "wfnr_000000000000000000000000")
        };
        let theirs = as_(&otto, method, path.clone(), body.clone()).await;
        let absent = as_(&otto, method, none(&path), body).await;
        assert_eq!((theirs.status, absent.status), (404, 404), "{method} {path}: {}", theirs.text());
        assert_eq!(none(&theirs.text()), absent.text(), "{method} {path}");
    }
    assert_eq!(as_(&otto, "GET", "/v1/workflows/runs".into(), None).await.json()["workflowRuns"], json!([]));
    assert_eq!(
        as_(&otto, "GET", "/v1/workflows/nodes/runs".into(), None).await.json()["nodeRuns"],
        json!([])
    );
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

/// A workflow that asks two of several people, or one no.
fn asking(url: &str) -> Value {
    let mut body = workflow(
        "ask",
        json!([
            {"identifier": "ask", "config": {"type": "INPUT", "description": "{{ .outputs.form.name }}?",
                "userInputs": {"properties": {"why": {"type": "string", "minLength": 2}}, "required": ["why"], "buttons": [{"identifier": "yes", "label": "Yes"}, {"identifier": "no", "label": "No"}]},
                "outlets": [{"identifier": "yes", "title": "Yes", "evaluationMethod": "button", "numOfResponders": 2, "workflowStatusLabel": {"text": "approved"}}, {"identifier": "no", "numOfResponders": 1}],
                "notifications": [{"target": "webhook", "url": format!("{}/told", url), "body": {"node": "{{ .nodeRun.identifier }}"}}, {"target": "email", "fields": []}],
                "responders": {"users": ["ida@larkfell.example"], "teams": ["crew"], "usersQuery": {"combinator": "and", "rules": [{"property": "$identifier", "operator": "=", "value": "ada@larkfell.example"}]}}}},
            {"identifier": "go", "config": {"type": "WEBHOOK", "url": format!("{}/go", url), "body": {"why": "{{ .outputs.ask.responses[0].inputs.why }}", "by": "{{ .outputs.ask.responses[1].submitterInfo.submittedBy }}"}}},
            {"identifier": "stop", "config": {"type": "WEBHOOK", "url": format!("{}/stop", url)}},
        ]),
        json!([
            {"sourceIdentifier": "form", "targetIdentifier": "ask"},
            {"sourceIdentifier": "ask", "targetIdentifier": "go", "sourceOutletIdentifier": "yes"},
            {"sourceIdentifier": "ask", "targetIdentifier": "stop", "sourceOutletIdentifier": "no"},
        ]),
    );
    body["allowAnyoneToViewRuns"] = json!(false);
    body
}

/// Nobody reports on a node in place of an answer, by no way.
async fn refuses_reports(portal: &TestPortal, mia: &Person, id: &str, ask: &str) {
    let done = json!({"status": "COMPLETED", "result": "SUCCESS", "output": {"selectedOutlet": {"identifier": "yes"}}});
    let forged =
        portal.request_as(mia, "PATCH", &format!("/v1/workflows/nodes/runs/{ask}"), Some(&done)).await;
    assert_eq!((forged.status, &forged.json()["error"]), (422, &json!("not_handed_over")));
    let forged = portal
        .request_as(mia, "PATCH", &format!("/v1/actions/runs/{id}"), Some(&json!({"status": "SUCCESS"})))
        .await;
    assert_eq!(
        (forged.status, &forged.json()["error"]),
        (422, &json!("not_handed_over")),
        "{}",
        forged.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_are_asked_answer_and_whoever_began_it_does_not() {
    let (portal, mut receiver) = (TestPortal::new().await, Receiver::new().await);
    let mut people = Vec::new();
    for name in ["mia", "ida", "ada", "otto"] {
        people.push(portal.member(&format!("{name}@larkfell.example")).await);
    }
    let [mia, ida, ada, otto] = <[Person; 4]>::try_from(people).ok().unwrap();
    let body = asking(&receiver.url);
    make(&portal, &body).await;
    let started = portal.request_as(&mia, "POST", "/v1/workflows/ask/runs", Some(&json!({}))).await;
    let id = id_of(&started);
    let (path, _, told) = receiver.received().await;
    assert_eq!(path, "/told");
    let ask = told["node"].as_str().unwrap().to_owned();
    until(&portal, &id, |run| node(run, "ask")["config"]["description"] == "cart?").await;
    let answer = |who: &Person, button: &str, inputs: Value| {
        let (portal, who) = (&portal, who.clone());
        let (path, body) = (
            format!("/v1/workflows/nodes/runs/{ask}/responses"),
            json!({"button": button, "inputs": inputs}),
        );
        async move { portal.request_as(&who, "POST", &path, Some(&body)).await }
    };
    let why = || json!({"why": "because"});
    assert_eq!(answer(&otto, "yes", why()).await.status, 404, "not even that it is there");
    let own = answer(&mia, "yes", why()).await;
    assert_eq!(own.status, 403, "{}", own.text());
    refuses_reports(&portal, &mia, &id, &ask).await;
    for (button, inputs, message) in [
        ("maybe", why(), "\"button\" must be equal to one of the allowed values: yes, no"),
        ("yes", json!({}), "\"inputs\" must have required property 'why'"),
        ("yes", json!({"why": "x"}), "\"inputs/why\" must NOT have fewer than 2 characters"),
        (
            "yes",
            json!({"why": "because", "extra": 1}),
            "\"inputs\" must NOT have additional properties, additional property: extra",
        ),
    ] {
        let wrong = answer(&ida, button, inputs).await;
        assert_eq!(
            (wrong.status, wrong.json()["message"].as_str()),
            (422, Some(message)),
            "{}",
            wrong.text()
        );
    }
    let first = answer(&ida, "yes", why()).await;
    assert_eq!(
        (first.status, &first.json()["nodeRun"]["status"]),
        (201, &json!("IN_PROGRESS")),
        "{}",
        first.text()
    );
    assert_eq!(answer(&ida, "yes", why()).await.json()["error"], "already_answered");
    let second = answer(&ada, "yes", json!({"why": "me too"})).await;
    assert_eq!(
        (second.status, &second.json()["nodeRun"]["result"]),
        (201, &json!("SUCCESS")),
        "{}",
        second.text()
    );
    let run = ends(&portal, &id).await;
    assert_eq!((&run["result"], &run["statusLabel"]), (&json!("SUCCESS"), &json!("approved")), "{run}");
    let (path, _, body) = receiver.received().await;
    assert_eq!((path.as_str(), body), ("/go", json!({"why": "because", "by": "ada@larkfell.example"})));
    assert_eq!(answer(&ada, "yes", why()).await.status, 403, "asked by a search, which is over");
    assert_eq!(answer(&ida, "no", why()).await.json()["error"], "not_waiting");
    // Whoever was asked was told, and nobody else.
    for (who, told) in [(&ida, 1), (&ada, 1), (&otto, 0), (&mia, 0)] {
        let inbox = portal.request_as(who, "GET", "/api/notifications/notifications", None).await.json();
        let all = inbox["notifications"].as_array().unwrap();
        assert_eq!(all.len(), told, "{inbox}");
        if let Some(one) = all.first() {
            let payload = &one["payload"];
            assert_eq!(payload["title"], "ask waits for your answer");
            assert_eq!(
                (&payload["description"], &payload["link"]),
                (&json!("cart?"), &json!(format!("/runs/{id}")))
            );
        }
    }
    // One no is enough for the other way.
    let id = id_of(&portal.request_as(&mia, "POST", "/v1/workflows/ask/runs", Some(&json!({}))).await);
    let ask = receiver.received().await.2["node"].as_str().unwrap().to_owned();
    until(&portal, &id, |run| {
        node(run, "ask")["status"] == "IN_PROGRESS" && node(run, "ask")["config"]["outlets"].is_array()
    })
    .await;
    let body = json!({"button": "no", "inputs": {"why": "not now"}});
    let path = format!("/v1/workflows/nodes/runs/{ask}/responses");
    let mut changes = portal.portal.run_changes();
    loop {
        let no = portal.request_as(&ida, "POST", &path, Some(&body)).await;
        match no.status {
            201 => break,
            // It is still telling people.
            422 => drop(changes.recv().await),
            other => assert_eq!(other, 201, "{}", no.text()),
        }
    }
    let run = ends(&portal, &id).await;
    assert_eq!(receiver.received().await.0, "/stop");
    assert_eq!((&run["result"], node(&run, "go")), (&json!("SUCCESS"), &Value::Null));
}
