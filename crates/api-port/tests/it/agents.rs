//! Clients that take on what uses secrets are given it as it is, once for each claim, and nobody else is.

use serde_json::{Value, json};
use stagedoor_testkit::{Person, TestPortal};

use super::workflows::stage::{id_of, make, node, until, workflow};

const VALUE: &str = "s3cr3t-value-of-the-agent";
const CLAIM: &str = "/v1/actions/runs/claim-pending";

async fn portal() -> TestPortal {
    let portal = TestPortal::new().await;
    let secret = json!({ "secretName": "TOKEN", "secretValue": VALUE });
    assert_eq!(portal.post("/v1/organization/secrets", &secret).await.status, 201);
    let action = json!({
        "identifier": "call", "trigger": { "type": "self-service", "operation": "CREATE", "userInputs": { "properties": {} } },
        "invocationMethod": { "type": "WEBHOOK", "agent": true, "url": "https://intranet.example.com",
            "headers": { "authorization": "Bearer {{ .secrets.TOKEN }}" }, "body": { "token": "{{ .secrets.TOKEN }}" } },
    });
    assert_eq!(portal.post("/v1/actions", &action).await.status, 201);
    portal
}

/// A run that waits for the agent.
async fn waiting(portal: &TestPortal) -> String {
    let mut changes = portal.portal.run_changes();
    let begun = portal.post("/v1/actions/call/runs", &json!({})).await.json();
    let id = begun["run"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/stagedoor/v1/runs/{id}");
    while portal.get(&path).await.json()["steps"][0]["state"]["state"] != "reported" {
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), changes.recv()).await;
    }
    id
}

/// Everything that is kept of a run and may be read, as text.
async fn everything(portal: &TestPortal, id: &str) -> String {
    portal.portal.flush().await;
    let mut all = String::new();
    for path in [
        format!("/v1/actions/runs/{id}"),
        format!("/v1/actions/runs/{id}/logs?limit=100&offset=0"),
        format!("/v1/workflows/runs/{id}"),
        format!("/api/stagedoor/v1/runs/{id}"),
        "/v1/audit-log".to_owned(),
        "/api/stagedoor/v1/audit?limit=100".to_owned(),
    ] {
        all.push_str(&portal.get(&path).await.text());
    }
    all
}

async fn claim(portal: &TestPortal, who: Option<&Person>, path: &str) -> Value {
    let body = json!({ "installationId": "_PORT_EXEC_AGENT", "limit": 10, "visibilityTimeoutMs": 1000 });
    let answer = match who {
        Some(person) => portal.request_as(person, "POST", path, Some(&body)).await,
        None => portal.post(path, &body).await,
    };
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_given_secrets_with_its_claim_and_they_are_kept_nowhere() {
    let portal = portal().await;
    let id = waiting(&portal).await;
    assert!(!everything(&portal, &id).await.contains(VALUE), "before");
    let claimed = claim(&portal, None, CLAIM).await;
    let payload = &claimed["runs"][0]["payload"];
    assert_eq!(payload["headers"]["authorization"], format!("Bearer {VALUE}"), "{claimed}");
    assert_eq!((&payload["body"]["token"], &payload["agent"]), (&json!(VALUE), &json!(true)));
    let kept = everything(&portal, &id).await;
    assert!(!kept.contains(VALUE) && kept.contains("[redacted]"), "{kept}");
    assert!(kept.contains("HandOverSecrets"), "{kept}");
    // Nothing more with the same claim; with the next one again.
    assert_eq!(claim(&portal, None, CLAIM).await["runs"], json!([]));
    tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
    let again = claim(&portal, None, CLAIM).await;
    assert_eq!(again["runs"][0]["payload"]["body"]["token"], VALUE);
    // What the agent says of it is masked, as everything is.
    let path = format!("/v1/actions/runs/{id}");
    portal.post(&format!("{path}/logs"), &json!({ "message": format!("sent {VALUE}") })).await;
    let response = json!({ "response": { "echo": VALUE } });
    portal.request("PATCH", &format!("{path}/response"), Some(&response)).await;
    assert!(!everything(&portal, &id).await.contains(VALUE), "after");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_given_no_secrets_even_where_they_may_claim() {
    let portal = portal().await;
    waiting(&portal).await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let claimed = claim(&portal, Some(&ada), CLAIM).await;
    assert_eq!(claimed["runs"][0]["payload"]["body"]["token"], "[redacted]", "{claimed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_of_workflows_are_handed_over_alike() {
    let portal = portal().await;
    let nodes = json!([{ "identifier": "call", "config": { "type": "WEBHOOK", "agent": true, "url": "https://intranet.example.com",
        "body": { "token": "{{ .secrets.TOKEN }}" } } }]);
    make(&portal, &workflow("flow", nodes, json!([]))).await;
    let id = id_of(&portal.post("/v1/workflows/flow/runs", &json!({ "inputs": {} })).await);
    until(&portal, &id, |run| node(run, "call")["pendingExecution"] == true).await;
    let claimed = claim(&portal, None, "/v1/workflows/runs/claim-pending").await;
    assert_eq!(claimed["nodeRuns"][0]["config"]["body"]["token"], VALUE, "{claimed}");
    let kept = everything(&portal, &id).await;
    assert!(!kept.contains(VALUE) && kept.contains("HandOverSecrets"), "{kept}");
}
