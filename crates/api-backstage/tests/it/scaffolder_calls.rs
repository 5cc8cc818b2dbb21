//! `http:backstage:request`: what a template may call in somebody's name, and what it may not.

use serde_json::{Value, json};
use stagedoor_testkit::{Person, TestPortal};

use crate::scaffolder_steps::{create, events, until_ended};

const TEMPLATES: &str = r#"
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: call}
spec:
  type: service
  steps:
    - id: call
      action: http:backstage:request
      input:
        method: '${{ parameters.input.method }}'
        path: '${{ parameters.input.path }}'
        headers: '${{ parameters.input.headers }}'
        params: '${{ parameters.input.params }}'
        body: '${{ parameters.input.body }}'
        timeout: '${{ parameters.input.timeout }}'
        continueOnBadResponse: '${{ parameters.input.continueOnBadResponse }}'
  output: {code: '${{ steps.call.output.code }}', body: '${{ steps.call.output.body }}', headers: '${{ steps.call.output.headers }}'}
"#;
const COMPONENT: &str = "{apiVersion: backstage.io/v1alpha1, kind: Component, metadata: {name: lamp}, \
    spec: {type: service, lifecycle: production, owner: team-a}}";
const PERSON: &str =
    "{apiVersion: backstage.io/v1alpha1, kind: User, metadata: {name: elsa}, spec: {memberOf: []}}";

async fn portal() -> TestPortal {
    let portal = TestPortal::builder().file("t.yaml", TEMPLATES).location("t.yaml").start().await;
    portal.documents(COMPONENT).await;
    portal.documents(PERSON).await;
    portal
}

/// What came of a call: the output of the run, or why it failed.
async fn call(portal: &TestPortal, person: Option<&Person>, input: Value) -> Result<Value, String> {
    let made = create(portal, person, "call", json!({ "input": input }), json!({})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let ended = until_ended(portal, &id).await;
    let events = events(portal, &id).await;
    let last = events.last().unwrap()["body"].clone();
    match ended["status"].as_str() {
        Some("completed") => Ok(last["output"].clone()),
        _ => Err(json!(events).to_string()),
    }
}

/// The status of a call that is answered, whatever the answer is.
async fn status(portal: &TestPortal, person: Option<&Person>, method: &str, path: &str, body: Value) -> u64 {
    let input = json!({ "method": method, "path": path, "body": body, "continueOnBadResponse": true });
    let output = call(portal, person, input).await.unwrap_or_else(|why| panic!("{method} {path}: {why}"));
    output["code"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_asks_the_catalog_in_the_name_of_who_executes_it() {
    let portal = portal().await;
    let milo = portal.member("milo@larkfell.example").await;
    let input = json!({
        "method": "GET", "path": "/catalog/entities", "headers": { "Accept": "application/json" },
        "params": { "filter": "kind=component", "fields": ["kind", "metadata.name"] },
    });
    let output = call(&portal, Some(&milo), input).await.unwrap();
    assert_eq!(output["code"], 200, "{output}");
    assert_eq!(output["body"][0]["metadata"]["name"], "lamp");
    assert!(output["headers"]["content-type"].as_str().unwrap().contains("application/json"));
    // A refusal is a failure, but for who wants to see it.
    let path = "/api/catalog/entities/by-name/component/default/none";
    let why = call(&portal, Some(&milo), json!({ "method": "GET", "path": path })).await.unwrap_err();
    assert!(why.contains("Unable to complete request: status 404") && why.contains("NotFoundError"), "{why}");
    assert_eq!(status(&portal, Some(&milo), "GET", path, Value::Null).await, 404);
    // A body goes out as JSON.
    let refs = json!({ "entityRefs": ["component:default/lamp", "component:default/none"] });
    let input = json!({ "method": "POST", "path": "catalog/entities/by-refs", "body": refs });
    let output = call(&portal, Some(&milo), input).await.unwrap();
    assert_eq!(output["body"]["items"][0]["metadata"]["name"], "lamp", "{output}");
    // The form of the step is told like any other's.
    let actions = portal.get("/api/scaffolder/v2/actions").await.json();
    let known = actions.as_array().unwrap().iter().find(|action| action["id"] == "http:backstage:request");
    assert_eq!(known.unwrap()["schema"]["input"]["required"], json!(["path", "method"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_writes_what_its_starter_may_write() {
    let portal = portal().await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let milo = portal.member("milo@larkfell.example").await;
    let lamp = portal.get("/api/catalog/entities/by-name/component/default/lamp").await.json();
    let path = format!("/catalog/entities/by-uid/{}", lamp["metadata"]["uid"].as_str().unwrap());
    assert_eq!(status(&portal, Some(&milo), "DELETE", &path, Value::Null).await, 403);
    let limited =
        portal.limited(&ada, &["execute:templates", "read:entities", "read:templates", "read:runs"]);
    assert_eq!(status(&portal, Some(&limited), "DELETE", &path, Value::Null).await, 403, "as its token");
    let without = portal.limited(&ada, &["execute:templates", "delete:entities:api", "read:entities"]);
    assert_eq!(status(&portal, Some(&without), "DELETE", &path, Value::Null).await, 403, "as its token");
    assert_eq!(status(&portal, Some(&ada), "DELETE", &path, Value::Null).await, 204);
    let gone = portal.get("/api/catalog/entities/by-name/component/default/lamp").await;
    assert_eq!(gone.status, 404);
}

/// Attack case 10 and the like: a template that an administrator executes wants more than the catalog.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_gets_no_rights_to_people_tokens_runs_and_secrets() {
    let portal = portal().await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let users = portal.get("/api/catalog/entities?filter=kind=user").await.json();
    let person = users[0]["metadata"]["uid"].as_str().map(str::to_owned);
    let task = create(&portal, None, "call", json!({ "input": { "method": "GET" } }), json!({})).await;
    let task = task.json()["id"].as_str().unwrap().to_owned();
    let run = json!({ "templateRef": "template:default/call", "values": {} });
    for caller in [Some(&ada), None] {
        for (method, path, body) in [
            ("POST", "/scaffolder/v2/tasks".to_owned(), run.clone()),
            (
                "POST",
                "/scaffolder/v2/dry-run".to_owned(),
                json!({ "template": {}, "values": {}, "directoryContents": [] }),
            ),
            ("GET", "/scaffolder/v2/tasks".to_owned(), Value::Null),
            ("GET", format!("/scaffolder/v2/tasks/{task}/events"), Value::Null),
            ("POST", format!("/scaffolder/v2/tasks/{task}/cancel"), Value::Null),
            ("POST", format!("/scaffolder/v2/tasks/{task}/retry"), json!({})),
        ] {
            let code = status(&portal, caller, method, &path, body).await;
            assert!(matches!(code, 403 | 404), "{method} {path}: {code}");
        }
        if let Some(uid) = &person {
            let path = format!("/catalog/entities/by-uid/{uid}");
            assert_eq!(status(&portal, caller, "DELETE", &path, Value::Null).await, 403, "a person");
        }
        for (method, path) in [
            ("POST", "/stagedoor/v1/tokens".to_owned()),
            ("GET", "/stagedoor/v1/secrets".to_owned()),
            ("POST", format!("/api/stagedoor/v1/runs/{task}/approval")),
            ("GET", "/stagedoor/v1/audit".to_owned()),
            ("POST", "/permission/authorize".to_owned()),
            ("GET", "/auth/.well-known/jwks.json".to_owned()),
            ("GET", "/v1/organization".to_owned()),
            ("GET", "/metrics".to_owned()),
            ("GET", "/proxy/x".to_owned()),
            ("GET", "/catalog/../stagedoor/v1/secrets".to_owned()),
            ("GET", "/catalog/%2e%2e/stagedoor/v1/secrets".to_owned()),
            ("GET", "https://evil.example/catalog/entities".to_owned()),
        ] {
            let input = json!({ "method": method, "path": path, "continueOnBadResponse": true });
            let why = call(&portal, caller, input).await.unwrap_err();
            assert!(why.contains("\"status\":\"failed\""), "{path}: {why}");
        }
    }
    assert!(person.is_some(), "there are people to be protected");
}

/// Attack case 33: no value ends its line, and no header says who calls.
#[tokio::test(flavor = "multi_thread")]
async fn headers_are_passed_on_with_care() {
    let portal = portal().await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let token = ada.token.clone();
    let milo = portal.member("milo@larkfell.example").await;
    for headers in [
        json!({ "accept": "a\r\nauthorization: Bearer x" }),
        json!({ "accept\r\nx": "a" }),
        json!({ "accept": "\u{e4}" }),
        json!({ "accept": ["a"] }),
        json!({ "Authorization": format!("Bearer {token}") }),
        json!({ "COOKIE": "session=x" }),
        json!({ "X-Forwarded-For": "127.0.0.1" }),
    ] {
        let input = json!({ "method": "GET", "path": "/catalog/entities", "headers": headers });
        let why = call(&portal, Some(&milo), input).await.unwrap_err();
        assert!(why.contains("the header"), "{headers}: {why}");
    }
    // What is not known stays here, and is no failure.
    let input = json!({ "method": "GET", "path": "/catalog/entities", "headers": { "x-request-id": "1" } });
    assert_eq!(call(&portal, Some(&milo), input).await.unwrap()["code"], 200);
    for wrong in [
        json!({ "method": "TRACE", "path": "/catalog/entities" }),
        json!({ "method": "GET", "path": "/catalog/entities", "body": "x" }),
        json!({ "method": "GET", "path": "/catalog/entities", "timeout": 1e9 }),
        json!({ "method": "GET", "path": "/catalog/entities", "params": { "a": { "b": 1 } } }),
    ] {
        assert!(call(&portal, Some(&milo), wrong.clone()).await.is_err(), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_reads_and_writes_nothing() {
    let portal = portal().await;
    let dry = async |method: &str, path: &str| {
        let template = json!({
            "apiVersion": "scaffolder.backstage.io/v1beta3", "kind": "Template", "metadata": { "name": "x" },
            "spec": { "type": "service", "output": { "code": "${{ steps.a.output.code }}" },
                "steps": [{ "id": "a", "action": "http:backstage:request", "input": { "method": method, "path": path } }] },
        });
        let body = json!({ "template": template, "values": {}, "directoryContents": [] });
        portal.post("/api/scaffolder/v2/dry-run", &body).await.json()
    };
    assert_eq!(dry("GET", "/catalog/entities").await["output"]["code"], 200);
    let lamp = portal.get("/api/catalog/entities/by-name/component/default/lamp").await.json();
    let path = format!("/catalog/entities/by-uid/{}", lamp["metadata"]["uid"].as_str().unwrap());
    let told = dry("DELETE", &path).await;
    assert!(told["log"].to_string().contains("left out"), "{told}");
    assert_eq!(portal.get("/api/catalog/entities/by-name/component/default/lamp").await.status, 200);
}
