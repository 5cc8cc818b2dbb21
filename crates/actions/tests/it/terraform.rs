//! TERRAFORM: the real program on a configuration that needs no plug-in (`terraform_data`), where it is installed; and
//! Terraform Cloud by a fake made from developer.hashicorp.com/terraform/cloud-docs/api-docs (runs, plans, workspaces).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use stagedoor_actions::{BackEndSettings, Outcome, Probe, TerraformSettings};
use stagedoor_auth::Secret;

use crate::fake::{Fake, FakeReply, FakeRequest};
use crate::stage::Stage;

const MAIN: &str = r#"
variable "replicas" { type = number }
variable "token" { default = "none" }
resource "terraform_data" "scale" {
  input = var.replicas
  provisioner "local-exec" { command = "echo it is ${self.input} with $AWS_REGION and $STAGEDOOR_CLIENT_SECRET." }
}
"#;

/// None where there is no program; the reason is printed, and CI fails.
fn local(folder: &Path, text: &str) -> Option<Stage> {
    if !["/usr/local/bin/terraform", "/usr/bin/terraform", "/usr/local/bin/tofu", "/usr/bin/tofu"]
        .iter()
        .any(|path| Path::new(path).is_file())
    {
        assert!(std::env::var_os("CI").is_none(), "CI needs terraform or tofu");
        eprintln!("skipped: neither terraform nor tofu is installed");
        return None;
    }
    let configuration = folder.join("scaling");
    std::fs::create_dir_all(&configuration).unwrap();
    std::fs::write(configuration.join("main.tf"), text).unwrap();
    let terraform = TerraformSettings {
        local: true,
        folders: vec![configuration],
        state: Some(folder.join("state")),
        ..TerraformSettings::default()
    };
    Some(Stage::with(None, BackEndSettings { terraform, ..BackEndSettings::default() }))
}

fn plan() -> Value {
    json!({ "type": "TERRAFORM", "folder": "scaling", "variables": { "replicas": 5 },
        "environment": { "AWS_REGION": "eu-1" } })
}

fn apply(stage: &mut Stage) -> Value {
    stage.run.id = "r_fedcba9876543210".into();
    let mut input = plan();
    input["plan"] = "r_0123456789abcdef".into();
    input
}

fn approve(stage: &mut Stage) {
    stage.run.approval = Some(
        serde_json::from_value(json!({ "mode": "ANY", "approvers": ["boss@example.com"], "answers": [
            { "email": "boss@example.com", "verdict": "APPROVE", "at": 0 },
        ] }))
        .unwrap(),
    );
}

#[tokio::test]
async fn a_plan_is_shown_then_approved_then_applied_once() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut stage) = local(folder.path(), MAIN) else { return };
    let Ok(Outcome::Done { output, report }) = stage.perform(&plan()).await else {
        panic!("{:?}", stage.log())
    };
    assert_eq!((&output["changes"], &output["plan"]), (&json!(true), &json!("r_0123456789abcdef")));
    assert!(report.summary.unwrap().contains("Plan: 1 to add, 0 to change, 0 to destroy"));
    assert!(!folder.path().join("scaling/terraform.tfstate").exists(), "nothing was applied");
    assert_eq!(stage.probe(&plan()).await, Probe::Repeat);

    let input = apply(&mut stage);
    let refused = stage.perform(&input).await.unwrap_err();
    assert!(refused.message.contains("somebody has approved"), "{}", refused.message);
    assert_eq!(stage.probe(&input).await, Probe::DidNot);
    approve(&mut stage);
    stage.log();
    stage.done(&input).await;
    let log = stage.log().join("\n");
    // Its environment is what was given, and nothing of ours.
    assert!(log.contains("it is 5 with eu-1 and ."), "{log}");
    assert!(folder.path().join("scaling/terraform.tfstate").exists());
    assert!(matches!(stage.probe(&input).await, Probe::Happened(_)));
    let again = stage.perform(&input).await.unwrap_err();
    assert!(again.message.contains("no such plan"), "{}", again.message);

    // Planned again with the same there is nothing to do.
    stage.run.id = "r_aaaaaaaaaaaaaaaa".into();
    let Ok(Outcome::Done { output, .. }) = stage.perform(&plan()).await else { panic!() };
    assert_eq!(output["changes"], false);
}

#[tokio::test]
async fn what_would_be_downloaded_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        "module \"m\" { source = \"git::https://example.com/m.git\" }\nresource \"null_resource\" \"x\" {}\n";
    let Some(stage) = local(folder.path(), text) else { return };
    let failure = stage.perform(&plan()).await.unwrap_err();
    assert!(failure.message.contains("pluginDownloads"), "{}", failure.message);
    assert!(!failure.unclear && failure.retry.is_none());
}

#[tokio::test]
async fn a_program_that_takes_too_long_is_ended_with_all_that_it_began() {
    let folder = tempfile::tempdir().unwrap();
    let text = "data \"external\" \"x\" {}";
    let Some(stage) = local(folder.path(), text) else { return };
    let script = folder.path().join("slow");
    std::fs::write(&script, "#!/bin/sh\nsleep 60 &\necho $! > \"$HOME/child\"\nwait\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let mut settings = (*stage.services.back_ends).clone();
    (settings.terraform.program, settings.terraform.patience) = (Some(script), Duration::from_millis(300));
    settings.terraform.downloads = true;
    let stage = Stage::with(None, settings);
    let failure = stage.perform(&plan()).await.unwrap_err();
    assert!(failure.message.contains("was ended after"), "{}", failure.message);
    let child = folder.path().join("state/r_0123456789abcdef/home/child");
    let child = std::fs::read_to_string(child).unwrap();
    let gone = || {
        !Path::new(&format!("/proc/{}/cmdline", child.trim())).exists()
            || std::fs::read(format!("/proc/{}/cmdline", child.trim())).is_ok_and(|line| line.is_empty())
    };
    for _ in 0..100 {
        if gone() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("what it began goes on");
}

#[tokio::test]
async fn what_leads_out_of_the_folders_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut stage) = local(folder.path(), MAIN) else { return };
    approve(&mut stage);
    for (key, value, said) in [
        ("folder", json!("../scaling"), "among stagedoor.terraform.folders"),
        ("folder", json!("/etc"), "among stagedoor.terraform.folders"),
        ("plan", json!("../../etc"), "invocationMethod.plan"),
        ("plan", json!("-chdir=x"), "invocationMethod.plan"),
        ("plan", json!("-chdir"), "no such plan"),
        ("environment", json!({ "PATH": "/tmp" }), "PATH cannot be set"),
        ("environment", json!({ "LD_PRELOAD": "x" }), "LD_PRELOAD cannot be set"),
        ("environment", json!({ "TF_CLI_ARGS": "-x" }), "TF_CLI_ARGS cannot be set"),
        ("environment", json!({ "a b": "x" }), "cannot be set"),
    ] {
        let mut input = plan();
        input[key] = value;
        let failure = stage.perform(&input).await.unwrap_err();
        assert!(failure.message.contains(said), "{key}: {}", failure.message);
    }
    let off = Stage::new().perform(&plan()).await.unwrap_err();
    assert!(off.message.contains("stagedoor.terraform.local is not true"), "{}", off.message);
}

fn cloud_run(status: &str, confirmable: bool) -> Value {
    json!({ "data": { "id": "run-1", "attributes": {
        "status": status, "has-changes": true,
        "actions": { "is-confirmable": confirmable, "is-discardable": confirmable, "is-cancelable": false },
    }, "relationships": { "plan": { "data": { "id": "plan-1" } } } } })
}

fn cloud_answer(request: &FakeRequest, state: &Mutex<Value>) -> FakeReply {
    assert_eq!(request.header("authorization"), Some("Bearer tfc"));
    let path = request.path.strip_prefix("/api/v2/").unwrap();
    let refuses = state.lock()["refuses"].as_u64();
    match (request.method.as_str(), path) {
        ("GET", "organizations/acme/workspaces/infra") => {
            FakeReply::json(&json!({ "data": { "id": "ws-1" } }))
        }
        ("POST", "runs") => match refuses {
            Some(status) => FakeReply::json(&json!({ "errors": [{ "detail": "so it is" }] }))
                .and_status(u16::try_from(status).unwrap()),
            None => {
                let sent = request.json();
                state.lock()["message"] = sent["data"]["attributes"]["message"].clone();
                state.lock()["sent"] = sent;
                FakeReply::json(&cloud_run("pending", false)).and_status(201)
            }
        },
        ("GET", "runs/run-1") => FakeReply::json(&state.lock()["run"]),
        ("GET", "plans/plan-1") => FakeReply::json(&json!({ "data": { "attributes": {
            "resource-additions": 2, "resource-changes": 1, "resource-destructions": 0,
        } } })),
        ("GET", "workspaces/ws-1/runs") => {
            let message = state.lock()["message"].clone();
            FakeReply::json(&json!({ "data": [
                { "id": "run-0", "attributes": { "message": "another" } },
                { "id": "run-1", "attributes": { "message": message } },
            ] }))
        }
        ("POST", "runs/run-1/actions/apply" | "runs/run-1/actions/discard") => FakeReply::status(202),
        other => panic!("{other:?}"),
    }
}

async fn cloud() -> (Fake, Arc<Mutex<Value>>, Stage) {
    let state = Arc::new(Mutex::new(json!({})));
    let shared = Arc::clone(&state);
    let fake = Fake::start(move |request| cloud_answer(request, &shared)).await;
    let terraform =
        TerraformSettings { address: fake.url(""), token: Some(Secret::new("tfc")), ..Default::default() };
    let stage = Stage::with(None, BackEndSettings { terraform, ..BackEndSettings::default() });
    (fake, state, stage)
}

#[tokio::test]
async fn a_run_of_terraform_cloud_shows_its_plan_and_waits() {
    let (fake, state, mut stage) = cloud().await;
    let input = json!({ "type": "TERRAFORM", "organization": "acme", "workspace": "infra",
        "variables": { "replicas": 5, "name": "a${b}" } });
    assert_eq!(stage.probe(&input).await, Probe::DidNot);
    let handle = stage.begun(&input).await;
    let attributes = state.lock()["sent"]["data"]["attributes"].clone();
    assert_eq!(attributes["auto-apply"], false);
    assert_eq!(
        attributes["variables"],
        json!([{ "key": "replicas", "value": "5" }, { "key": "name", "value": "\"a$${b}\"" }])
    );
    assert!(matches!(stage.probe(&input).await, Probe::Happened(_)));
    state.lock()["run"] = cloud_run("planned", true);
    let Outcome::Following { handle, report, .. } = stage.follow(&input, &handle).await.unwrap() else {
        panic!()
    };
    assert_eq!(report.summary.as_deref(), Some("Plan: 2 to add, 1 to change, 0 to destroy"));
    // Another run, which somebody has approved, has it applied.
    let confirm = json!({ "type": "TERRAFORM", "confirmRun": "run-1" });
    assert!(stage.perform(&confirm).await.unwrap_err().message.contains("requiredApproval"));
    assert!(!fake.asked().iter().any(|line| line.ends_with("/apply")));
    approve(&mut stage);
    stage.begun(&confirm).await;
    assert_eq!(fake.asked(), ["POST /api/v2/runs/run-1/actions/apply"]);
    stage.cancel(&input, Some(&handle)).await.unwrap();
    assert_eq!(fake.asked().last().unwrap(), "POST /api/v2/runs/run-1/actions/discard");
    for (status, expected) in [("applied", "done"), ("discarded", "cancelled"), ("errored", "failed")] {
        state.lock()["run"] = cloud_run(status, false);
        let came = match stage.follow(&input, &handle).await {
            Ok(Outcome::Done { .. }) => "done",
            Ok(Outcome::Cancelled) => "cancelled",
            Err(failure) if failure.message.contains("errored") => "failed",
            other => panic!("{other:?}"),
        };
        assert_eq!(came, expected);
    }
}

#[tokio::test]
async fn terraform_cloud_says_why_it_begins_nothing() {
    for (status, retry, unclear) in [
        (401, false, false),
        (403, false, false),
        (404, false, false),
        (422, false, false),
        (429, true, false),
        (500, false, true),
        (503, true, false),
    ] {
        let (_fake, state, stage) = cloud().await;
        state.lock()["refuses"] = status.into();
        let input = json!({ "type": "TERRAFORM", "organization": "acme", "workspace": "infra" });
        let failure = stage.perform(&input).await.unwrap_err();
        assert_eq!((failure.retry.is_some(), failure.unclear), (retry, unclear), "{status}");
        assert!(
            failure.message.contains("so it is") && !failure.message.contains("tfc"),
            "{}",
            failure.message
        );
    }
}
