//! What clients report, log and take on.

use serde_json::json;
use stagedoor_actions::{Failure, Outcome, Report};
use stagedoor_portal::{ClaimQuery, NewLine, RunPatch, RunQuery, RunStatus};

use super::scripted::{Stage, admin};

fn handed_over(payload: serde_json::Value) -> Result<Outcome, Failure> {
    Ok(Outcome::Reported { report: Report { payload: Some(payload), ..Report::default() } })
}

async fn reported(stage: &Stage, payload: serde_json::Value) -> String {
    stage.outside.answers(handed_over(payload)).await;
    let run = stage.start(&[("outside", json!({}))]).await;
    stage.until(&run.id, |run| run.report.payload.is_some()).await;
    run.id.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_reports_how_a_run_goes_and_ends() {
    let stage = Stage::new().await;
    let id = reported(&stage, json!({ "type": "WEBHOOK" })).await;
    let patch = RunPatch {
        status_label: Some("building".into()),
        link: Some(vec!["https://ci.example/1".into()]),
        external_run_id: Some("ci-1".into()),
        ..RunPatch::default()
    };
    let run = stage.portal.report_run(&admin(), &id, patch).await.unwrap();
    assert_eq!((run.status, run.report.status_label.as_deref()), (RunStatus::InProgress, Some("building")));
    let query = RunQuery { external_run_id: Some("ci-1".into()), limit: 10, ..RunQuery::default() };
    assert_eq!(stage.portal.runs(&admin(), &query).unwrap().runs[0].id, id);
    let line =
        |message: &str, termination| NewLine { message: message.into(), termination, ..NewLine::default() };
    let kept = stage.portal.log_run(&admin(), &id, vec![line("half", None)]).await.unwrap();
    assert_eq!((kept[0].message.as_str(), kept[0].by.as_deref()), ("half", Some("test")));
    let end = Some(RunStatus::Success);
    stage.portal.log_run(&admin(), &id, vec![line("done", end)]).await.unwrap();
    let run = stage.portal.run(&admin(), &id).unwrap();
    assert_eq!(run.status, RunStatus::Success, "at once");
    assert!(stage.portal.log_run(&admin(), &id, vec![line("done", end)]).await.is_err(), "only once");
    assert!(stage.portal.log_run(&admin(), &id, vec![line("after", None)]).await.is_ok());
    let late = RunPatch { status: Some(RunStatus::Failure), ..RunPatch::default() };
    assert!(stage.portal.report_run(&admin(), &id, late).await.is_err());
    let log = stage.log(&id).await;
    for line in ["half", "done", "after"] {
        assert!(log.iter().any(|known| known == line), "{log:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_comes_before_the_answer_counts() {
    let stage = Stage::new().await;
    stage.outside.hangs();
    stage.outside.answers(Err(Failure::new("too late"))).await;
    let run = stage.start(&[("outside", json!({}))]).await;
    stage.outside.has_begun().await;
    let patch = RunPatch { status: Some(RunStatus::Success), ..RunPatch::default() };
    stage.portal.report_run(&admin(), &run.id, patch).await.unwrap();
    stage.outside.goes_on();
    stage.ends(&run.id, RunStatus::Success).await;
    let long = RunPatch { status_label: Some("x".repeat(201)), ..RunPatch::default() };
    assert!(
        stage
            .portal
            .report_run(&admin(), &run.id, long)
            .await
            .unwrap_err()
            .to_string()
            .contains("statusLabel")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_take_on_what_is_theirs_one_after_the_other() {
    let stage = Stage::new().await;
    let agents = reported(&stage, json!({ "type": "WEBHOOK", "agent": true })).await;
    let oceans =
        reported(&stage, json!({ "type": "INTEGRATION_ACTION", "installationId": "my-github" })).await;
    reported(&stage, json!({ "type": "KAFKA" })).await;
    let claim = async |installation: &str, visibility_timeout| {
        let installation = installation.to_owned();
        let query = ClaimQuery { installation, limit: 10, visibility_timeout, ..ClaimQuery::default() };
        let runs = stage.portal.claim_runs(&admin(), query).await.unwrap();
        runs.iter().map(|run| run.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(claim("_PORT_EXEC_AGENT", 1_000).await, [agents.as_str()]);
    assert!(claim("_PORT_EXEC_AGENT", 1_000).await.is_empty(), "it is taken");
    assert_eq!(claim("my-github", 60_000).await, [oceans.as_str()]);
    assert!(claim("another", 60_000).await.is_empty());
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_eq!(claim("_PORT_EXEC_AGENT", 1_000).await, [agents.as_str()], "nobody acknowledged it");
    assert_eq!(stage.portal.ack_runs(&admin(), std::slice::from_ref(&agents)).await, Ok(1));
    assert_eq!(stage.portal.ack_runs(&admin(), std::slice::from_ref(&agents)).await, Ok(0), "only once");
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert!(claim("_PORT_EXEC_AGENT", 1_000).await.is_empty(), "for good");
    assert!(stage.portal.ack_runs(&admin(), &["r_none".to_owned()]).await.is_err());
}
