//! Secrets do not get out, in whatever form: attack case 8.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use stagedoor_actions::{Failure, Outcome, Report};
use stagedoor_portal::{NewLine, RunPatch, RunStatus};

use super::scripted::{Stage, admin, new_run};

const OWN: &str = "s3cret/of+the run";
const ORGANIZATION: &str = "0rganization-wide";

/// Every form in which a careless step could give it away.
fn forms(secret: &str) -> Vec<String> {
    let url: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let json = json!({ "token": secret }).to_string();
    vec![
        secret.to_owned(),
        STANDARD.encode(secret),
        STANDARD.encode(format!("user:{secret}")),
        url,
        hex,
        json,
    ]
}

fn has_none(text: &str, whose: &str) {
    for secret in [OWN, ORGANIZATION] {
        for form in forms(secret) {
            let form = json!(form).to_string();
            assert!(!text.contains(form.trim_matches('"')), "{whose} tells {form}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_logs_outputs_errors_or_records() {
    let stage = Stage::new().await;
    let body = json!({ "secretName": "ORG", "secretValue": ORGANIZATION });
    stage.portal.create_secret(&admin(), &body).await.unwrap();
    let all: Vec<String> = [OWN, ORGANIZATION].into_iter().flat_map(forms).collect();
    let report = Report {
        status_label: Some(all[0].clone()),
        link: Some(all.clone()),
        summary: Some(all.join(" ")),
        response: Some(json!(all)),
        ..Report::default()
    };
    stage.outside.answers(Ok(Outcome::Done { output: json!({ "all": all }), report: report.clone() })).await;
    stage.plain.answers(Err(Failure { report, ..Failure::new(all.join("\n")) })).await;
    let input = json!({ "say": "{{own}} {{ORG}}", "headers": { "authorization": "{{own}}" } });
    let mut new = new_run(&[("outside", input), ("plain", json!({ "say": "{{ORG}}" }))]);
    new.secrets.insert("own".into(), json!(OWN));
    let run = stage.portal.start_run(new).await.unwrap();
    let run = stage.ends(&run.id, RunStatus::Failure).await;
    has_none(&serde_json::to_string(&*run).unwrap(), "the run");
    assert!(run.steps[0].input["headers"]["authorization"].as_str().unwrap().contains("[redacted]"));
    has_none(&stage.log(&run.id).await.join("\n"), "the log");
    // What clients say later goes the same way.
    let line = NewLine { message: forms(ORGANIZATION).join(" "), ..NewLine::default() };
    stage.portal.log_run(&admin(), &run.id, vec![line]).await.unwrap();
    let response = Some(json!({ "echo": forms(OWN) }));
    let patch = RunPatch { response, ..RunPatch::default() };
    let run = stage.portal.report_run(&admin(), &run.id, patch).await.unwrap();
    has_none(&serde_json::to_string(&*run).unwrap(), "the response");
    has_none(&stage.log(&run.id).await.join("\n"), "the log");
    // Nor in anything that is stored: what was given went with the run's end.
    stage
        .store
        .load(&mut |change| {
            if let stagedoor_model::Change::PutRecord(record) = change {
                has_none(record.body.as_str(), &record.collection);
                assert_ne!(record.collection, "run_secret", "it has ended");
            }
        })
        .unwrap();
    for commit in stage.store.commits_since(0, 10_000).unwrap() {
        has_none(&format!("{:?}", commit.change_set), "the change log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_is_given_survives_a_crash_and_is_masked_after_it() {
    let stage = Stage::new().await;
    stage.portal.halt_runs();
    let mut new = new_run(&[("plain", json!({ "say": "{{own}}", "give": "{{own}}" }))]);
    new.secrets.insert("own".into(), json!(OWN));
    let run = stage.portal.start_run(new).await.unwrap();
    let stage = stage.crash().await;
    let run = stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!(run.output, json!({ "s0": "[redacted]" }));
    has_none(&stage.log(&run.id).await.join("\n"), "the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_refused() {
    let stage = Stage::new().await;
    let mut new = new_run(&[("plain", json!({}))]);
    new.inputs.insert("much".into(), Value::String("x".repeat(1024 * 1024)));
    assert!(stage.portal.start_run(new).await.unwrap_err().to_string().contains("inputs"));
    let mut deep = new_run(&[("plain", json!({}))]);
    deep.depth = 17;
    assert!(stage.portal.start_run(deep).await.unwrap_err().to_string().contains("loop"));
    let huge = json!({ "give": "x".repeat(600 * 1024) });
    let run = stage.start(&[("plain", huge)]).await;
    let run = stage.ends(&run.id, RunStatus::Failure).await;
    assert!(run.error.as_ref().unwrap().contains("512 KiB"));
}
