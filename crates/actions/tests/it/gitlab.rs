//! GITLAB over a fake GitLab made from docs.gitlab.com/api: pipelines, jobs; AZURE_DEVOPS over one made from
//! learn.microsoft.com: incoming webhooks, "Pipelines - Runs".

use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use stagedoor_actions::{BackEndSettings, Outcome, Probe};

use crate::fake::{Fake, FakeReply, FakeRequest};
use crate::stage::{KEY, Stage};

type Pipelines = Arc<Mutex<Vec<Value>>>;

fn pipeline(status: &str) -> Value {
    json!({ "id": 46, "iid": 3, "status": status, "ref": "main", "source": "api",
        "web_url": "https://gitlab.example/platform/tools/app/-/pipelines/46" })
}

fn gitlab_answer(request: &FakeRequest, pipelines: &Pipelines, start: Option<u16>) -> FakeReply {
    assert_eq!(request.header("authorization"), Some("Bearer glpat"));
    let path = request.path.strip_prefix("/api/v4/projects/platform%2Ftools%2Fapp").unwrap();
    match (request.method.as_str(), path) {
        ("POST", "/pipeline") => {
            if let Some(status) = start {
                let reply = FakeReply::json(&json!({ "message": { "base": ["Reference not found"] } }));
                let reply = reply.and_status(status);
                return if status == 429 { reply.with("retry-after", 2) } else { reply };
            }
            let mut made = pipeline("created");
            made["variables"] = request.json()["variables"].clone();
            pipelines.lock().push(made);
            FakeReply::json(&pipeline("created")).and_status(201)
        }
        ("GET", "/pipelines") => FakeReply::json(&Value::from(pipelines.lock().clone())),
        ("GET", "/pipelines/46/variables") => FakeReply::json(&pipelines.lock()[0]["variables"]),
        ("GET", "/pipelines/46") => FakeReply::json(&pipelines.lock()[0]),
        ("GET", "/pipelines/46/jobs") => FakeReply::json(&json!([
            { "id": 7, "name": "scale", "stage": "deploy", "status": "success" },
            { "id": 8, "name": "later", "stage": "after", "status": "created" },
        ])),
        ("GET", "/jobs/7/trace") => FakeReply::ok("\u{1b}[0Kold\rscaled\u{1b}[32;1m now\u{1b}[0;m\n"),
        ("POST", "/pipelines/46/cancel") => FakeReply::json(&pipeline("canceled")),
        other => panic!("{other:?}"),
    }
}

async fn gitlab(start: Option<u16>) -> (Fake, Pipelines, Stage) {
    let pipelines = Pipelines::default();
    let shared = Arc::clone(&pipelines);
    let fake = Fake::start(move |request| gitlab_answer(request, &shared, start)).await;
    let base = fake.url("/api/v4");
    let stage = Stage::hosted(&json!({ "gitlab": [{
        "host": fake.host, "baseUrl": fake.url(""), "apiBaseUrl": base, "token": "glpat",
    }] }));
    (fake, pipelines, stage)
}

fn trigger() -> Value {
    json!({ "type": "GITLAB", "groupName": "platform/tools", "projectName": "app",
        "pipelineVariables": { "REPLICAS": 5, "DEEP": { "a": true } } })
}

#[tokio::test]
async fn a_pipeline_is_started_found_again_and_followed() {
    let (fake, pipelines, stage) = gitlab(None).await;
    assert_eq!(stage.probe(&trigger()).await, Probe::DidNot);
    let handle = stage.begun(&trigger()).await;
    let sent = fake.take().pop().unwrap().json();
    assert_eq!(
        sent,
        json!({ "ref": "main", "variables": [
            { "key": "STAGEDOOR_RUN_KEY", "value": KEY },
            { "key": "REPLICAS", "value": "5" },
            { "key": "DEEP", "value": "{\"a\":true}" },
        ] })
    );
    let Probe::Happened(found) = stage.probe(&trigger()).await else { panic!() };
    assert!(matches!(*found, Outcome::Following { handle, .. } if handle == json!({ "pipeline": 46 })));
    let Outcome::Following { handle, .. } = stage.follow(&trigger(), &handle).await.unwrap() else {
        panic!()
    };
    assert_eq!(
        stage.log(),
        [
            "Info: started a pipeline of platform/tools/app at main",
            "Info: deploy: scale: success",
            "Info: scaled now",
        ]
    );
    for (status, expected) in
        [("failed", "failed"), ("canceled", "cancelled"), ("success", "done"), ("manual", "waits")]
    {
        pipelines.lock()[0]["status"] = status.into();
        let came = match stage.follow(&trigger(), &handle).await {
            Ok(Outcome::Done { .. }) => "done",
            Ok(Outcome::Cancelled) => "cancelled",
            Ok(_) => "waits",
            Err(failure) => {
                assert!(failure.retry.is_none() && failure.message.contains("/-/pipelines/46"));
                "failed"
            }
        };
        assert_eq!(came, expected);
    }
    assert_eq!(stage.log(), Vec::<String>::new(), "nothing is told twice");
    stage.cancel(&trigger(), Some(&handle)).await.unwrap();
    assert!(fake.asked().last().unwrap().ends_with("/pipelines/46/cancel"));
}

#[tokio::test]
async fn a_branch_may_be_an_input_as_ports_does() {
    let (fake, _, mut stage) = gitlab(None).await;
    stage.run.inputs.insert("gitlabRef".into(), "release".into());
    stage.begun(&trigger()).await;
    assert_eq!(fake.take().pop().unwrap().json()["ref"], "release");
}

#[tokio::test]
async fn gitlab_says_why_it_starts_nothing() {
    for (status, retry, unclear) in [
        (400, false, false),
        (401, false, false),
        (403, false, false),
        (404, false, false),
        (422, false, false),
        (429, true, false),
        (500, false, true),
        (503, true, false),
    ] {
        let (_fake, _, stage) = gitlab(Some(status)).await;
        let failure = stage.perform(&trigger()).await.unwrap_err();
        assert_eq!((failure.retry.is_some(), failure.unclear), (retry, unclear), "{status}: {failure:?}");
        assert!(failure.message.contains("Reference not found") && !failure.message.contains("glpat"));
    }
    let (fake, _, stage) = gitlab(None).await;
    for (key, value) in
        [("groupName", "a/../b"), ("groupName", "a?b"), ("projectName", "a/b"), ("projectName", "..")]
    {
        let mut input = trigger();
        input[key] = value.into();
        assert!(stage.perform(&input).await.unwrap_err().message.contains(key), "{value}");
    }
    assert!(fake.asked().is_empty());
}

fn azure_stage(fake: &Fake) -> Stage {
    let (hosts, problems) = stagedoor_hosts::Hosts::new(
        Some(&json!({ "azure": [{
            "host": fake.host, "apiBaseUrl": fake.url(""), "credentials": [{ "personalAccessToken": "pat" }],
        }] })),
        stagedoor_outbound::AllowList::default(),
    );
    assert!(problems.is_empty(), "{problems:?}");
    let settings = BackEndSettings { azure_devops: fake.url(""), ..BackEndSettings::default() };
    Stage::with(Some(Arc::new(hosts)), settings)
}

/// `printf '{"resource":{"n":1}}' | openssl dgst -sha1 -hmac signing-secret`
#[tokio::test]
async fn an_incoming_webhook_of_azure_devops_is_called_with_its_signature() {
    let fake = Fake::start(|request| match request.path.contains("refuses") {
        true => FakeReply::json(&json!({ "message": "no such webhook" })).and_status(404),
        false => FakeReply::status(200),
    })
    .await;
    let stage = azure_stage(&fake);
    let input = |webhook: &str| json!({ "type": "AZURE_DEVOPS", "org": "acme", "webhook": webhook, "payload": { "resource": { "n": 1.0 } } });
    assert!(matches!(stage.perform(&input("deploy")).await, Ok(Outcome::Reported { .. })));
    let sent = fake.take().pop().unwrap();
    assert_eq!(
        sent.line(),
        "POST /acme/_apis/public/distributedtask/webhooks/deploy?api-version=6.0-preview"
    );
    assert_eq!(&sent.body[..], br#"{"resource":{"n":1}}"#);
    assert_eq!(sent.header("x-port-signature"), Some("sha1=56d11222626b711a7f42645133a1a1d3680e1791"));
    assert_eq!(sent.header("authorization"), None);
    assert!(stage.perform(&input("refuses")).await.unwrap_err().message.contains("no such webhook"));
    assert!(stage.perform(&input("../x")).await.unwrap_err().message.contains("invocationMethod.webhook"));
    assert_eq!(stage.probe(&input("deploy")).await, Probe::Unknown);
}

#[tokio::test]
async fn a_pipeline_of_azure_devops_is_run_and_followed() {
    let result = Arc::new(Mutex::new(json!({ "id": 9, "state": "inProgress" })));
    let shown = Arc::clone(&result);
    let fake = Fake::start(move |request| {
        assert_eq!(request.header("authorization"), Some("Basic OnBhdA=="));
        match request.method.as_str() {
            "POST" | "GET" => FakeReply::json(&shown.lock()),
            _ => FakeReply::json(&json!({ "id": 9, "status": "cancelling" })),
        }
    })
    .await;
    let stage = azure_stage(&fake);
    let input = json!({ "type": "AZURE_DEVOPS", "org": "acme", "project": "infra", "pipelineId": 4, "ref": "main",
        "parameters": { "replicas": 5 } });
    let handle = stage.begun(&input).await;
    let sent = fake.take().pop().unwrap();
    assert_eq!(sent.line(), "POST /acme/infra/_apis/pipelines/4/runs?api-version=7.1");
    assert_eq!(
        sent.json(),
        json!({ "templateParameters": { "replicas": "5" },
            "resources": { "repositories": { "self": { "refName": "refs/heads/main" } } } })
    );
    assert!(matches!(stage.follow(&input, &handle).await, Ok(Outcome::Following { .. })));
    for (ended, good) in [("failed", false), ("succeeded", true)] {
        *result.lock() = json!({ "id": 9, "state": "completed", "result": ended });
        assert_eq!(matches!(stage.follow(&input, &handle).await, Ok(Outcome::Done { .. })), good);
    }
    stage.cancel(&input, Some(&handle)).await.unwrap();
    let last = fake.take().pop().unwrap();
    assert_eq!(last.line(), "PATCH /acme/infra/_apis/build/builds/9?api-version=7.1");
}
