//! Nodes of workflows that ask people, as the browser shows and answers them.

use std::time::Duration;

use serde_json::{Value, json};
use stagedoor_testkit::{Answer, Person, TestPortal};

use crate::stage::{NATIVE, made};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A workflow that asks Ida or the owners: two have to say yes, one no is enough.
fn asking() -> Value {
    let inputs = json!({
        "properties": {
            "why": { "type": "string", "minLength": 2 },
            "sure": { "type": "boolean", "default": { "jqQuery": "1 == 1" } },
            "more": { "type": "string", "visible": { "jqQuery": ".form.why == \"other\"" } },
        },
        "required": ["why"],
        "buttons": [{ "identifier": "yes", "label": "Go", "variant": "primary" }, { "identifier": "no" }],
    });
    json!({
        "identifier": "ask", "title": "Ask", "allowAnyoneToViewRuns": false,
        "nodes": [
            { "identifier": "form", "config": { "type": "SELF_SERVE_TRIGGER", "permissions": { "roles": ["Member"] },
                "userInputs": { "properties": { "name": { "type": "string" } } } } },
            { "identifier": "ask:it", "title": "Ask the owner", "config": { "type": "INPUT",
                "description": "Delete {{ .inputs.name }}?", "userInputs": inputs,
                "outlets": [{ "identifier": "yes", "numOfResponders": 2 }, { "identifier": "no" }],
                "responders": { "users": ["ida@larkfell.example", "ada@larkfell.example"] } } },
        ],
        "connections": [{ "sourceIdentifier": "form", "targetIdentifier": "ask:it" }],
    })
}

struct Stage {
    portal: TestPortal,
    mia: Person,
    ida: Person,
    ada: Person,
    otto: Person,
    run: String,
}

impl Stage {
    /// Mia has set a run going, which waits.
    async fn new() -> Self {
        let portal = TestPortal::new().await;
        made(&portal.post("/v1/workflows", &asking()).await);
        let mia = portal.member("mia@larkfell.example").await;
        let ida = portal.member("ida@larkfell.example").await;
        let ada = portal.member("ada@larkfell.example").await;
        let otto = portal.member("otto@larkfell.example").await;
        let body = json!({ "inputs": { "name": "cart" } });
        let started = portal.request_as(&mia, "POST", "/v1/workflows/ask/runs", Some(&body)).await.json();
        let run = started["workflowRun"]["identifier"].as_str().unwrap().to_owned();
        let stage = Self { portal, mia, ida, ada, otto, run };
        stage.until(|run| run["waiting"].is_array()).await;
        stage
    }

    async fn until(&self, is: impl Fn(&Value) -> bool) -> Value {
        let mut changes = self.portal.portal.run_changes();
        let wait = async {
            loop {
                let run = self.portal.get(&format!("{NATIVE}/runs/{}", self.run)).await.json();
                if is(&run) {
                    return run;
                }
                let _ = changes.recv().await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap()
    }

    async fn get(&self, who: &Person, path: &str) -> Answer {
        self.portal.request_as(who, "GET", &format!("{NATIVE}{path}"), None).await
    }

    async fn answer(&self, who: &Person, button: &str, inputs: Value) -> Answer {
        let body = json!({ "button": button, "inputs": inputs });
        let path = format!("{NATIVE}/runs/{}/inputs/ask%3Ait", self.run);
        self.portal.request_as(who, "POST", &path, Some(&body)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_is_shown_with_its_form_and_with_whether_one_may_answer() {
    let stage = Stage::new().await;
    let run = stage.get(&stage.ida, &format!("/runs/{}", stage.run)).await.json();
    let asked = &run["waiting"][0];
    assert_eq!(
        (&asked["node"], &asked["title"], &asked["description"], &asked["may"], &asked["answered"]),
        (&json!("ask:it"), &json!("Ask the owner"), &json!("Delete cart?"), &json!(true), &json!([])),
        "{run}"
    );
    assert_eq!(asked["inputs"]["required"], json!(["why"]));
    let more = &asked["inputs"]["properties"];
    assert_eq!((&more["more"]["visible"], &more["sure"]["default"]), (&json!(false), &json!(true)), "{more}");
    assert_eq!(asked["values"], json!({ "sure": true }));
    assert_eq!(
        asked["buttons"],
        json!([
            { "identifier": "yes", "label": "Go", "variant": "primary", "needed": 2, "pressed": 0 },
            { "identifier": "no", "label": "no", "needed": 1, "pressed": 0 },
        ])
    );
    // Whoever set it going sees what it waits for, and why that is for others.
    let run = stage.get(&stage.mia, &format!("/runs/{}", stage.run)).await.json();
    assert!(run["waiting"][0]["may"].as_str().unwrap().contains("people named there"), "{run}");
    // What is filled in so far decides what is shown.
    let path = format!("{NATIVE}/runs/{}/inputs/ask%3Ait/form", stage.run);
    let filled = json!({ "inputs": { "why": "other" } });
    let form = stage.portal.request_as(&stage.ida, "POST", &path, Some(&filled)).await.json();
    assert_eq!(form["userInputs"]["properties"]["more"]["visible"], true, "{form}");
    assert_eq!(form["errors"], json!({}));
    let hidden = stage.portal.request_as(&stage.otto, "POST", &path, Some(&filled)).await;
    assert_eq!(hidden.status, 404, "{}", hidden.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_are_asked_answer_once_each_and_nobody_else_does() {
    let stage = Stage::new().await;
    let why = || json!({ "why": "because" });
    assert_eq!(stage.answer(&stage.otto, "yes", why()).await.status, 404, "not even that it is there");
    assert_eq!(stage.answer(&stage.mia, "yes", why()).await.status, 403);
    for (button, inputs, says) in [
        ("maybe", why(), "\"button\" must be equal to one of the allowed values: yes, no"),
        ("yes", json!({}), "\"inputs\" must have required property 'why'"),
        ("yes", json!({ "why": "because", "else": 1 }), "additional property: else"),
    ] {
        let wrong = stage.answer(&stage.ida, button, inputs).await;
        assert!(
            wrong.status == 422 && wrong.json()["error"]["message"].as_str().unwrap().contains(says),
            "{}",
            wrong.text()
        );
    }
    for (path, status) in [("nothing", 404), ("form", 404)] {
        let path = format!("{NATIVE}/runs/{}/inputs/{path}", stage.run);
        let body = json!({ "button": "yes" });
        let none = stage.portal.request_as(&stage.ida, "POST", &path, Some(&body)).await;
        assert_eq!(none.status, status, "{}", none.text());
    }
    let first = stage.answer(&stage.ida, "yes", why()).await;
    assert_eq!(first.status, 200, "{}", first.text());
    let asked = &first.json()["waiting"][0];
    assert_eq!(
        (&asked["buttons"][0]["pressed"], &asked["may"]),
        (&json!(1), &json!("you have answered already"))
    );
    assert_eq!(
        (&asked["answered"][0]["by"], &asked["answered"][0]["button"]),
        (&json!("ida@larkfell.example"), &json!("yes"))
    );
    assert_eq!(stage.answer(&stage.ida, "no", why()).await.status, 422);
    let second = stage.answer(&stage.ada, "yes", why()).await;
    assert_eq!((second.status, &second.json()["waiting"]), (200, &Value::Null), "{}", second.text());
    stage.until(|run| run["status"] == "SUCCESS").await;
    assert_eq!(stage.answer(&stage.ada, "yes", why()).await.status, 422, "it is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_in_the_inbox_on_the_home_page_and_counted() {
    let stage = Stage::new().await;
    for (who, waits) in [(&stage.ida, 1), (&stage.mia, 0), (&stage.otto, 0)] {
        let inbox = stage.get(who, "/approvals").await.json();
        assert_eq!(inbox["total"], waits, "{inbox}");
        let home = stage.get(who, "/home").await.json();
        assert_eq!(home["approvalsTotal"], waits, "{home}");
        assert_eq!(stage.get(who, "/session").await.json()["approvals"].as_u64().unwrap_or(0), waits);
    }
    let row = stage.get(&stage.ida, "/approvals").await.json()["runs"][0].clone();
    let waits =
        json!({ "kind": "input", "node": "ask:it", "title": "Ask the owner", "description": "Delete cart?" });
    assert_eq!((&row["id"], &row["waits"]), (&json!(stage.run), &waits), "{row}");
    // A token that may read and not answer is not asked.
    let reads = stage.portal.limited(&stage.ida, &["read:runs", "read:workflows", "read:entities"]);
    let inbox = stage.get(&reads, "/approvals").await;
    assert_eq!(inbox.json()["total"], 0, "{}", inbox.text());
    assert_eq!(stage.answer(&reads, "yes", json!({ "why": "because" })).await.status, 403);
    made(&stage.answer(&stage.ida, "yes", json!({ "why": "because" })).await);
    assert_eq!(stage.get(&stage.ida, "/approvals").await.json()["total"], 0, "answered");
    assert_eq!(stage.get(&stage.ada, "/approvals").await.json()["total"], 1);
    // Approvals are told apart from what nodes ask.
    use stagedoor_portal::{Approval, NewRun, RunOrigin, starter};
    let starter = starter(&stage.portal.viewer(), RunOrigin::Api);
    let approval = Some(Approval { approvers: vec!["ada@larkfell.example".into()], ..Approval::default() });
    let new = NewRun { starter, approval, definition: json!({}), ..NewRun::default() };
    stage.portal.portal.start_run(new).await.unwrap();
    let inbox = stage.get(&stage.ada, "/approvals").await.json();
    assert_eq!(
        (&inbox["total"], &inbox["runs"][1]["waits"]),
        (&json!(2), &json!({ "kind": "approval" })),
        "{inbox}"
    );
}
