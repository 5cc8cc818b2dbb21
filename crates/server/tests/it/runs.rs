//! Runs in the native API: what the run page and the approvals inbox are made of.

use http::Request;
use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use crate::support::Ask;

const API: &str = "/api/stagedoor/v1";

/// A portal with an action that writes an entity; it has to be approved if `approval`.
async fn portal(approval: Value) -> TestPortal {
    let portal = TestPortal::new().await;
    portal
        .blueprint(json!({ "identifier": "service", "title": "Service", "schema": { "properties": {} } }))
        .await;
    let action = json!({
        "identifier": "add", "title": "Add a service", "requiredApproval": approval,
        "trigger": { "type": "self-service", "operation": "CREATE", "blueprintIdentifier": "service",
            "userInputs": { "properties": { "name": { "type": "string" } }, "required": ["name"] } },
        "invocationMethod": { "type": "UPSERT_ENTITY", "blueprintIdentifier": "service",
            "mapping": { "identifier": "{{ .inputs.name }}", "title": "{{ .inputs.name }}" } }
    });
    let made = portal.post("/v1/actions", &action).await;
    assert!(made.status < 300, "{}", made.text());
    portal
}

/// The whole stream of a run that ends.
async fn events(portal: &TestPortal, id: &str, after: &str) -> String {
    let request = Request::get(format!("{API}/runs/{id}/events{after}"))
        .header("authorization", format!("Bearer {}", portal.token()))
        .body(axum::body::Body::empty())
        .unwrap();
    let answer = portal.send(request).await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    answer.text()
}

async fn start(portal: &TestPortal) -> String {
    let body = json!({ "properties": { "name": "orders" } });
    let started = portal.post("/v1/actions/add/runs", &body).await;
    assert_eq!(started.status, 202, "{}", started.text());
    started.json()["run"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_shown_from_its_start_to_its_end() {
    let portal = portal(json!(false)).await;
    let id = start(&portal).await;
    let told = events(&portal, &id, "").await;
    assert!(told.contains("event: log\n") && told.contains("event: run\n"), "{told}");
    assert!(told.trim_end().lines().rev().nth(1).unwrap().starts_with("event: end"), "{told}");
    let last = told.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().unwrap();
    let rest = events(&portal, &id, &format!("?after={last}")).await;
    assert!(!rest.contains("event: log\n") && rest.contains("event: end\n"), "{rest}");
    let run = portal.get(&format!("{API}/runs/{id}")).await.json();
    assert_eq!((&run["status"], &run["of"]["identifier"]), (&json!("SUCCESS"), &json!("add")), "{run}");
    assert_eq!(run["steps"][0]["state"]["state"], "done");
    assert_eq!((&run["may"]["rerun"], run["may"]["cancel"].is_string()), (&json!(true), true), "{run}");
    assert_eq!(portal.get("/v1/blueprints/service/entities/orders").await.status, 200);
    let again =
        portal.post(&format!("{API}/runs/{id}/rerun"), &json!({ "inputs": { "name": "carts" } })).await;
    assert_eq!((again.status, &again.json()["rerunOf"]), (200, &json!(id)), "{}", again.text());
    events(&portal, again.json()["id"].as_str().unwrap(), "").await;
    let list = portal.get(&format!("{API}/runs?of=add&status=SUCCESS&limit=1")).await.json();
    assert_eq!((&list["total"], list["runs"].as_array().unwrap().len()), (&json!(2), 1));
    for wrong in ["limit=0", "status=DONE", "kind=x", "nothing=1"] {
        assert_eq!(portal.get(&format!("{API}/runs?{wrong}")).await.status, 400, "{wrong}");
    }
    assert_eq!(portal.post(&format!("{API}/runs/{id}/cancel"), &json!({})).await.status, 422);
    portal.portal.flush().await;
    let audit = portal.get(&format!("{API}/audit?limit=100")).await.text();
    assert!(audit.contains("StartRun") && audit.contains(&format!("\"runId\":\"{id}\"")), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_an_answer_is_in_the_inbox_of_who_may_give_it() {
    let portal = portal(json!(true)).await;
    let id = start(&portal).await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let mia = portal.member("mia@larkfell.example").await;
    let inbox =
        async |person| portal.request_as(person, "GET", &format!("{API}/approvals"), None).await.json();
    assert_eq!(inbox(&ada).await["runs"][0]["id"], json!(id));
    assert_eq!(inbox(&mia).await["total"], 0);
    let approval = format!("{API}/runs/{id}/approval");
    let yes = json!({ "verdict": "APPROVE", "description": "fine" });
    let refused = portal.request_as(&mia, "POST", &approval, Some(&yes)).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert_eq!(portal.post(&approval, &yes).await.status, 403, "one's own");
    assert_eq!(portal.post(&approval, &json!({ "verdict": "MAYBE" })).await.status, 422);
    let approved = portal.request_as(&ada, "POST", &approval, Some(&yes)).await;
    assert_eq!((approved.status, &approved.json()["status"]), (200, &json!("IN_PROGRESS")));
    events(&portal, &id, "").await;
    let again = portal.request_as(&ada, "POST", &approval, Some(&yes)).await;
    assert_eq!(again.status, 422, "{}", again.text());
}
