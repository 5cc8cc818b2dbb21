//! The process dies at every boundary of a step and within it, and another one goes on.

use std::time::Duration;

use serde_json::json;
use stagedoor_actions::{Failure, Outcome, Probe, Report, StepState};
use stagedoor_portal::{RunStatus, Settlement};

use super::scripted::{Stage, admin, done, new_run};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_accepted_and_never_begun_is_begun() {
    let stage = Stage::new().await;
    stage.portal.halt_runs();
    let run = stage.start(&[("outside", json!({}))]).await;
    let stage = stage.crash().await;
    stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!(stage.outside.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_touches_nothing_is_simply_done_again() {
    let stage = Stage::new().await;
    stage.plain.hangs();
    let run = stage.start(&[("plain", json!({ "give": 7 }))]).await;
    stage.plain.has_begun().await;
    let stage = stage.crash().await;
    let run = stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!((run.output.clone(), stage.plain.count()), (json!({ "s0": 7 }), 2));
    let log = stage.log(&run.id).await;
    assert!(log.iter().any(|line| line.contains("another one goes on")), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_before_the_crash_is_not_done_again() {
    let stage = Stage::new().await;
    stage.plain.hangs();
    let run = stage.start(&[("outside", json!({ "give": 1 })), ("plain", json!({}))]).await;
    stage.plain.has_begun().await;
    let stage = stage.crash().await;
    let run = stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!(run.output["s0"], 1);
    assert_eq!(stage.outside.count(), 1);
}

/// A run that was killed within a step outside, and what the back end then says of it.
async fn killed_within(probe: Probe) -> (Stage, String) {
    let stage = Stage::new().await;
    stage.outside.hangs();
    *stage.outside.probe.lock().await = probe;
    let run = stage.start(&[("outside", json!({})), ("plain", json!({}))]).await;
    stage.outside.has_begun().await;
    (stage.crash().await, run.id.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_end_that_knows_is_asked() {
    let report = Report { external_run_id: Some("77".into()), ..Report::default() };
    let outcome = Outcome::Done { output: json!("as it was"), report };
    let (stage, run) = killed_within(Probe::Happened(Box::new(outcome))).await;
    let run = stage.ends(&run, RunStatus::Success).await;
    assert_eq!((run.output["s0"].clone(), stage.outside.count()), (json!("as it was"), 1));
    assert_eq!(run.report.external_run_id.as_deref(), Some("77"));
    for probe in [Probe::DidNot, Probe::Repeat] {
        let (stage, run) = killed_within(probe).await;
        stage.ends(&run, RunStatus::Success).await;
        let keys = stage.outside.keys.lock().await.clone();
        assert_eq!((keys.len(), &keys[0]), (2, &keys[1]), "the same key");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_know_waits_for_a_person() {
    for (settlement, status, performed) in [
        (Settlement::Done, RunStatus::Success, 1),
        (Settlement::Repeat, RunStatus::Success, 2),
        (Settlement::Failed, RunStatus::Failure, 1),
    ] {
        let (stage, id) = killed_within(Probe::Unknown).await;
        let run = stage.until(&id, |run| run.attention.is_some()).await;
        assert_eq!((run.status, &run.steps[0].state), (RunStatus::InProgress, &StepState::Unclear));
        let doings = stage.portal.run_doings(&admin(), &run);
        assert!(doings.settle.is_ok() && doings.retry.is_err());
        // It waits through another crash, too.
        let stage = stage.crash().await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(stage.portal.run(&admin(), &id).unwrap().attention.is_some());
        let why = Some("I looked there");
        stage.portal.settle_step(&admin(), &id, "s0", settlement, why).await.unwrap();
        let run = stage.ends(&id, status).await;
        assert_eq!((stage.outside.count(), run.attention.clone()), (performed, None));
        assert!(stage.log(&id).await.iter().any(|line| line.contains("I looked there")));
        let again = stage.portal.settle_step(&admin(), &id, "s0", settlement, None).await;
        assert!(again.unwrap_err().to_string().contains("nothing is to be decided"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_leaves_open_what_happened_is_no_failure() {
    let stage = Stage::new().await;
    stage.outside.answers(Err(Failure::unclear("the connection broke"))).await;
    let run = stage.start(&[("outside", json!({}))]).await;
    let run = stage.until(&run.id, |run| run.attention.is_some()).await;
    assert_eq!(run.steps[0].state, StepState::Unclear);
    assert!(run.attention.as_ref().unwrap().contains("the connection broke"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_on_outside_is_followed_by_the_next_process() {
    let stage = Stage::new().await;
    let following =
        Outcome::Following { handle: json!(1), again: Duration::from_millis(400), report: Report::default() };
    stage.outside.answers(Ok(following)).await;
    stage.outside.follows.lock().await.push_back(done(json!("followed")));
    let run = stage.start(&[("outside", json!({}))]).await;
    stage
        .until(&run.id, |run| {
            matches!(run.steps.first().map(|s| &s.state), Some(StepState::Following { .. }))
        })
        .await;
    let stage = stage.crash().await;
    let run = stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!((run.output["s0"].clone(), stage.outside.count()), (json!("followed"), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_run_are_made_again_and_go_with_it() {
    let stage = Stage::new().await;
    stage.plain.hangs();
    let steps =
        [("files", json!({ "write": "a.txt" })), ("plain", json!({})), ("files", json!({ "read": "a.txt" }))];
    let run = stage.portal.start_run(new_run(&steps)).await.unwrap();
    stage.plain.has_begun().await;
    let folder = stage.folder.path().join("runs").join(&run.id);
    assert!(folder.join("a.txt").exists());
    let stage = stage.crash().await;
    let run = stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!(run.output["s2"], json!({ "read": "made" }));
    let log = stage.log(&run.id).await;
    assert!(log.iter().any(|line| line.contains("made again by 1 of its steps")), "{log:?}");
    for _ in 0..100 {
        if !folder.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{} is left", folder.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_failed_goes_on_from_what_was_done() {
    let stage = Stage::new().await;
    stage.plain.answers(Err(Failure::new("no"))).await;
    let steps = [("outside", json!({ "give": 1 })), ("plain", json!({ "say": "{{token}}" }))];
    let mut new = new_run(&steps);
    new.secrets.insert("token".into(), json!("first-secret"));
    let run = stage.portal.start_run(new).await.unwrap();
    stage.ends(&run.id, RunStatus::Failure).await;
    let mut given = serde_json::Map::new();
    given.insert("token".into(), json!("second-secret"));
    stage.portal.retry_run(&admin(), &run.id, &given).await.unwrap();
    let run = stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!((stage.outside.count(), stage.plain.count(), run.retries), (1, 2, 1));
    assert!(!stage.log(&run.id).await.join("\n").contains("second-secret"));
    assert!(stage.portal.retry_run(&admin(), &run.id, &given).await.is_err(), "it has not failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_stops_lets_steps_come_to_their_end() {
    let stage = Stage::new().await;
    stage.outside.hangs();
    let run = stage.start(&[("outside", json!({})), ("plain", json!({}))]).await;
    stage.outside.has_begun().await;
    let portal = stage.portal.clone();
    let stopping = tokio::spawn(async move { portal.stop_runs().await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    stage.outside.goes_on();
    stopping.await.unwrap();
    let after = stage.portal.run(&admin(), &run.id).unwrap();
    assert_eq!((&after.steps[0].state, stage.plain.count()), (&StepState::Done, 0));
    let stage = stage.crash().await;
    stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!(stage.outside.count(), 1);
}
